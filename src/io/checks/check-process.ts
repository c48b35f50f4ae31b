/**
 * One check as a process: a line for `/bin/sh`, a process group of its own, no input, its output to a bounded log, an end
 * after its time or when it is called off. Ends with it all that it left running.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import type { RunOutput } from './output.ts';
import { endStragglers, signalGroup } from './stragglers.ts';

export interface CheckProcess {
  /** Read by `/bin/sh`. */
  line: string;
  cwd: string;
  /** Its home folder is what its processes are known by. */
  env: Record<string, string> & { HOME: string };
  timeoutMs: number;
  /** Between asking one that is out of time to end, and ending it. */
  graceMs: number;
  /** The same for one that is called off. */
  cancelGraceMs: number;
  signal: AbortSignal;
  output: RunOutput;
  /** Called with the id of the process group before anything else happens. */
  onStart(group: number): void;
}

/** `clean`: nobody of it lives any more. `detail`: why it never ran. */
export interface ProcessEnd {
  ended: 'exited' | 'killed' | 'timed_out' | 'cancelled' | 'not_started';
  status: number | null;
  signal: string | null;
  durationMs: number;
  clean: boolean;
  detail: string | null;
}

/** Both streams into one, so that what was written in turns is read in turns; then the line in the same process. */
const WRAPPER = 'exec /bin/sh -c "$1" 2>&1';
/** What runs on after its leader has ended is given so long to end by itself. */
const LEFTOVER_GRACE_MS = 1000;
const PIPE_MS = 500;
/** Output read at most in so much time; who writes faster waits. */
const WRITE_BYTES = 4 * 1024 * 1024;
const WRITE_MS = 50;
/** Signals that a shell hands on as 128 and their number when one of its commands died of them. */
const TOLD_SIGNALS = [
  'SIGHUP',
  'SIGQUIT',
  'SIGILL',
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGKILL',
  'SIGSEGV',
  'SIGTERM',
] as const;

type Cause = 'timed_out' | 'cancelled' | null;

/** Runs it to its end. Throws nothing for what it does. */
export function runCheckProcess(check: CheckProcess): Promise<ProcessEnd> {
  const { cwd, env, signal, output } = check;
  if (signal.aborted) return Promise.resolve(notRun('cancelled', null));
  return new Promise((resolve) => {
    const child = spawn('/bin/sh', ['-c', WRAPPER, 'telec-check', check.line], {
      cwd,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const { pid } = child;
    const startedAt = performance.now();
    child.once('error', ({ message }) => {
      // The system names the shell in its complaint, whichever of the two is missing.
      if (pid === undefined) resolve(notRun('not_started', existsSync(cwd) ? message : `${cwd} is gone`));
    });
    if (pid === undefined) return;
    check.onStart(pid);
    const stream = child.stdout;
    const drained = new Promise<void>((done) => stream.once('close', () => done()));
    let fault: string | null = null;
    const throttle = new Throttle();
    stream.on('error', () => undefined);
    stream.on('data', (bytes: Buffer) => {
      try {
        output.write(bytes);
      } catch (error) {
        // A full disk: the verdict of a run that could not write its log is not to be had.
        fault ??= (error as Error).message;
        signalGroup(pid, 'SIGKILL');
      }
      if (throttle.isOver(bytes.length)) {
        stream.pause();
        setTimeout(() => stream.resume(), WRITE_MS);
      }
    });
    let cause: Cause = null;
    let grace: NodeJS.Timeout | undefined;
    const stop = (why: Cause) => {
      if (cause !== null) return;
      cause = why;
      signalGroup(pid, 'SIGTERM');
      const ms = why === 'cancelled' ? check.cancelGraceMs : check.graceMs;
      grace = setTimeout(() => signalGroup(pid, 'SIGKILL'), ms);
    };
    const onAbort = () => stop('cancelled');
    signal.addEventListener('abort', onAbort, { once: true });
    const clock = setTimeout(() => stop('timed_out'), check.timeoutMs);
    child.once('exit', async (status, died) => {
      const durationMs = Math.round(performance.now() - startedAt);
      for (const timer of [clock, grace]) clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      const clean = await endStragglers({ group: pid, home: env.HOME }, cause === null ? LEFTOVER_GRACE_MS : 0);
      await Promise.race([drained, wait(PIPE_MS)]);
      stream.destroy();
      const told = died ?? signalOf(status);
      const end = { status, signal: told, durationMs, clean, detail: fault };
      if (fault !== null) resolve({ ...end, ended: 'not_started' });
      else if (cause !== null) resolve({ ...end, ended: cause });
      else resolve({ ...end, ended: told === null ? 'exited' : 'killed' });
    });
  });
}

function notRun(ended: 'cancelled' | 'not_started', detail: string | null): ProcessEnd {
  return { ended, status: null, signal: null, durationMs: 0, clean: true, detail };
}

const wait = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

/** The signal that a command of the shell died of, as the shell's own status tells it. */
function signalOf(status: number | null): string | null {
  return TOLD_SIGNALS.find((name) => status === 128 + constants.signals[name]) ?? null;
}

/** Counts bytes by stretches of time. */
class Throttle {
  #since = 0;
  #bytes = 0;

  isOver(bytes: number): boolean {
    const now = performance.now();
    if (now - this.#since > WRITE_MS) {
      this.#since = now;
      this.#bytes = 0;
    }
    this.#bytes += bytes;
    return this.#bytes > WRITE_BYTES;
  }
}
