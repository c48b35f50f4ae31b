/**
 * Runs one configured command to its end, apart from who asked for it: a process group of its own, no input, output
 * to a file that cannot grow without bound. The file stays open to what the command leaves running, so that a program it
 * started does not lose its output with it.
 *
 * Invariant: the environment is a closed list. Nothing in it opens telec's sockets, names a token or lends anybody's
 * right to push.
 */
import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';

/** Enough to find programs and to speak the user's language. */
export const BARE_ENV = ['PATH', 'USER', 'LOGNAME', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TZ'];
/** With these also to restart a service of the user or telec itself. */
const PASSED_ON = [
  ...BARE_ENV,
  'HOME',
  'SHELL',
  'TMPDIR',
  'XDG_RUNTIME_DIR',
  'XDG_CONFIG_HOME',
  'XDG_STATE_HOME',
  'TELEC_HOME',
];

/** Bytes of output kept while it runs; of more, only the end. */
const LOG_BYTES_MAX = 4 * 1024 * 1024;
const KEPT_BYTES = 64 * 1024;
const TAIL_BYTES = 8 * 1024;
const LOOK_MS = 500;
const TERM_GRACE_MS = 5000;

export interface CommandRun {
  /** A line for the shell, or a program with its arguments, which no shell reads. */
  command: string | readonly string[];
  /** Absolute. */
  cwd: string;
  env: Record<string, string>;
  /** File that gets stdout and stderr; the one of the run before becomes `<path>.1`. */
  logPath: string;
  timeoutMs: number;
  /** Between asking it to end and ending it; default 5000. */
  graceMs?: number;
}

/** `exited` and `signalled` by itself; `timeout`: it was ended; `unstarted`: it never ran. */
export interface CommandEnd {
  ended: 'exited' | 'signalled' | 'timeout' | 'unstarted';
  status: number | null;
  signal: string | null;
  durationMs: number;
  /** End of what it wrote; bytes that are not UTF-8 and control characters replaced. */
  outputTail: string;
  /** Why it never ran. */
  detail: string | null;
}

/** The environment a command gets out of `inherited`. */
export function commandEnvironment(inherited: Record<string, string | undefined>): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of PASSED_ON) {
    const value = inherited[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}

/** Runs the command, a line with `/bin/sh`, and waits for its end; what it left running goes on, except after a timeout. */
export function runCommand(run: CommandRun): Promise<CommandEnd> {
  const file = openLog(run.logPath);
  const startedAt = performance.now();
  const end = (rest: Pick<CommandEnd, 'ended' | 'status' | 'signal' | 'detail'>): CommandEnd => {
    const outputTail = readable(wholeLines(tailOf(file, TAIL_BYTES), fstatSync(file).size > TAIL_BYTES));
    closeSync(file);
    return { ...rest, durationMs: Math.round(performance.now() - startedAt), outputTail };
  };
  return new Promise((resolve) => {
    const [program = '', ...args] = typeof run.command === 'string' ? ['/bin/sh', '-c', run.command] : run.command;
    const child = spawn(program, args, {
      cwd: run.cwd,
      env: run.env,
      detached: true,
      stdio: ['ignore', file, file],
    });
    let late = false;
    let grace: NodeJS.Timeout | undefined;
    const looking = setInterval(() => capLog(file), LOOK_MS);
    const clock = setTimeout(() => {
      late = true;
      endGroup(child.pid, 'SIGTERM');
      grace = setTimeout(() => endGroup(child.pid, 'SIGKILL'), run.graceMs ?? TERM_GRACE_MS);
    }, run.timeoutMs);
    const settle = (rest: Pick<CommandEnd, 'ended' | 'status' | 'signal' | 'detail'>) => {
      for (const timer of [looking, clock, grace]) clearTimeout(timer);
      // What ignored the signal, or came after its leader, goes with the group.
      if (late) endGroup(child.pid, 'SIGKILL');
      capLog(file);
      resolve(end(rest));
    };
    child.once('error', ({ message }) => {
      // The system names the shell in its complaint, whichever of the two is missing.
      const detail = existsSync(run.cwd) ? message : `${run.cwd} is gone`;
      if (child.pid === undefined) settle({ ended: 'unstarted', status: null, signal: null, detail });
    });
    child.once('exit', (status, signal) => {
      settle({ ended: late ? 'timeout' : signal === null ? 'exited' : 'signalled', status, signal, detail: null });
    });
  });
}

function endGroup(pid: number | undefined, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Nothing is left to end.
  }
}

/** A new file, opened for appending by all who write to it. */
function openLog(path: string): number {
  if (statSync(path, { throwIfNoEntry: false })) {
    rmSync(`${path}.1`, { force: true });
    renameSync(path, `${path}.1`);
  }
  return openSync(path, 'ax+', 0o600);
}

function capLog(file: number): void {
  if (fstatSync(file).size <= LOG_BYTES_MAX) return;
  const kept = tailOf(file, KEPT_BYTES);
  // Who appends goes on at the new end.
  ftruncateSync(file, 0);
  writeSync(file, '[the beginning was cut]\n');
  writeSync(file, kept);
}

/** The last `bytes` of an open file. */
export function tailOf(file: number, bytes: number): Buffer {
  const { size } = fstatSync(file);
  const start = Math.max(0, size - bytes);
  const buffer = Buffer.alloc(size - start);
  let read = 0;
  while (read < buffer.length) {
    const more = readSync(file, buffer, read, buffer.length - read, start + read);
    if (more === 0) break;
    read += more;
  }
  return buffer.subarray(0, read);
}

/** Without the line that was cut, when there are others: half a secret is not known for one. */
export function wholeLines(bytes: Buffer, cut: boolean): Buffer {
  const first = bytes.indexOf(10) + 1;
  return cut && first < bytes.length ? bytes.subarray(first) : bytes;
}

/** Control characters would move a terminal's cursor; line ends and tabs may stay. */
export function readable(bytes: Buffer): string {
  return bytes.toString('utf8').replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\ufffd');
}
