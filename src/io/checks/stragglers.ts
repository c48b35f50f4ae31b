/**
 * Ends what a run left behind: its process group, and whoever went out of the group but still has the run's environment.
 * Finds them by what the kernel says (on Linux; elsewhere by the group alone). Never signals a process that is not of
 * the run.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { statOf } from '../process.ts';

const LOOK_MS = 20;
/** How long the kernel may take to carry out what cannot be refused. */
const KILL_MS = 5000;

/** Whose processes: those of the group (null: none), and those whose environment names this home folder. */
export interface RunMark {
  group: number | null;
  home: string;
}

/**
 * Asks them to end, kills after `graceMs`, and answers true once nobody lives. False: somebody cannot be ended, and what
 * they write to is not safe to use.
 */
export async function endStragglers(mark: RunMark, graceMs: number): Promise<boolean> {
  if (!signalAll(mark, 'SIGTERM')) return true;
  const asked = performance.now();
  while (performance.now() - asked < graceMs) {
    await pause(LOOK_MS);
    if (!lives(mark)) return true;
  }
  const killed = performance.now();
  while (performance.now() - killed < KILL_MS) {
    // Again and again: one that is being killed may have started others.
    if (!signalAll(mark, 'SIGKILL')) return true;
    await pause(LOOK_MS);
  }
  return !lives(mark);
}

/** Signals the group at once, without looking who is in it; true when there was somebody. */
export function signalGroup(group: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function lives(mark: RunMark): boolean {
  const found = members(mark);
  return found === null ? mark.group !== null && groupAnswers(mark.group) : found.length > 0;
}

/** True when somebody was there. */
function signalAll(mark: RunMark, signal: NodeJS.Signals): boolean {
  const found = members(mark);
  if (found === null) return mark.group !== null && signalGroup(mark.group, signal);
  for (const pid of found) {
    try {
      process.kill(pid, signal);
    } catch {
      // Gone meanwhile, or another user's; whether it still lives is looked at again.
    }
  }
  return found.length > 0;
}

function groupAnswers(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Living processes of the run; null where the kernel does not show processes. */
function members({ group, home }: RunMark): number[] | null {
  const shown = shownProcesses();
  if (shown === null) return null;
  const found: number[] = [];
  for (const name of shown) {
    if (name === String(process.pid)) continue;
    const stat = statOf(name);
    if (!stat?.lives) continue;
    if ((group !== null && stat.group === String(group)) || hasHome(name, home)) found.push(Number(name));
  }
  return found;
}

function shownProcesses(): string[] | null {
  if (process.platform !== 'linux') return null;
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return null;
  }
}

function hasHome(pid: string, home: string): boolean {
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, 'utf8')}`.includes(`\0HOME=${home}\0`);
  } catch {
    // Another user's, or gone.
    return false;
  }
}
