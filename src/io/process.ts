/**
 * Processes that telec started for others: starting one detached, telling one from a later process of the same number,
 * ending one with all it started. Never through a shell; never signals a process that is not proven to be the one meant.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const LOOK_MS = 20;
const PS_MS = 2000;

/**
 * What tells a living process from every other one that ever had or will have its number: when it began, and in which
 * run of the machine. Null when there is no such process (a zombie counts as none), or nothing can be told.
 */
export function processMark(pid: number): string | null {
  if (!Number.isSafeInteger(pid) || pid <= 1) return null;
  if (process.platform !== 'linux') return markByPs(pid);
  const stat = statOf(String(pid));
  return stat?.lives && stat.began ? `${bootId()}/${stat.began}` : null;
}

/** What the kernel of Linux says of a process. */
export function statOf(pid: string): { lives: boolean; group: string; began: string } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in brackets may hold anything; fields are counted from behind it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { lives: fields[0] !== 'Z' && fields[0] !== 'X', group: fields[2] ?? '', began: fields[19] ?? '' };
  } catch {
    return null;
  }
}

/** Tells one run of the machine from another, where the system says so. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return 'boot';
  }
}

function markByPs(pid: number): string | null {
  try {
    const args = ['-o', 'stat=,lstart=', '-p', String(pid)];
    const said = execFileSync('ps', args, { timeout: PS_MS, env: { PATH: '/bin:/usr/bin', LC_ALL: 'C' } });
    const [state = '', ...began] = said.toString('utf8').trim().split(/\s+/);
    return state === '' || state.startsWith('Z') ? null : began.join(' ');
  } catch {
    return null;
  }
}

/** How a process is to be started. */
export interface Launch {
  /** Program and arguments. */
  words: readonly string[];
  cwd: string;
  env: Record<string, string | undefined>;
  /** File its output is added to; made for this user alone. */
  log: string;
}

/** Starts a process of its own group that outlives this one. Answers its id, or why it could not be started. */
export async function launch({ words, cwd, env, log }: Launch): Promise<{ pid: number } | { failed: string }> {
  const [program = '', ...args] = words;
  const out = openSync(log, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  try {
    const child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', out, out] });
    await once(child, 'spawn');
    child.unref();
    return { pid: child.pid as number };
  } catch (error) {
    const { code = 'unknown', message } = error as NodeJS.ErrnoException;
    return { failed: code === 'ENOENT' ? `there is no program ${program}` : `${program}: ${message}` };
  } finally {
    closeSync(out);
  }
}

/**
 * Ends the process and everything in its group: asks, waits up to `graceMs`, then kills. `gone`: no such process lives
 * (any more); `foreign`: the number belongs to another process, or to another user; nothing was signalled.
 */
export async function endProcess(
  { pid, mark }: { pid: number; mark: string | null },
  graceMs: number,
): Promise<'ended' | 'gone' | 'foreign'> {
  const now = processMark(pid);
  if (now === null) return 'gone';
  if (mark === null || now !== mark) return 'foreign';
  if (!signalGroup(pid, 'SIGTERM')) return 'foreign';
  const deadline = performance.now() + graceMs;
  while (groupLives(pid)) {
    if (performance.now() > deadline) {
      // The number is still taken by the group that was asked; it cannot have been given away.
      signalGroup(pid, 'SIGKILL');
      break;
    }
    await pause(LOOK_MS);
  }
  return 'ended';
}

/** Asks the process and its group to end without waiting; false when it is not proven to be the one meant. */
export function askToEnd({ pid, mark }: { pid: number; mark: string | null }): boolean {
  return mark !== null && processMark(pid) === mark && signalGroup(pid, 'SIGTERM');
}

function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** True while somebody of the group lives; who is dead and was only not fetched by its parent does not count. */
function groupLives(pid: number): boolean {
  try {
    process.kill(-pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  if (process.platform !== 'linux') return true;
  const others = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return others.map(statOf).some((stat) => stat?.lives && stat.group === String(pid));
}
