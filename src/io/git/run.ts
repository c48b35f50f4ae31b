/**
 * Runs one git process: argv array, bytes in, bytes out, exit status as a value. Never a shell. The process leads a
 * group of its own, and the whole group is ended on a time limit, an output limit or an abort; a terminated git
 * removes its lock files, so it is asked first and killed only when it does not listen.
 */
import { spawn } from 'node:child_process';
import { EXIT, TelecError } from '../../errors.ts';

export interface GitRun {
  args: string[];
  cwd: string;
  env: Record<string, string>;
  stdin?: Uint8Array | string;
  /** Milliseconds; default 60,000. */
  timeoutMs?: number;
  /** Bytes of stdout; default 256 MiB. */
  outputLimit?: number;
  signal?: AbortSignal | undefined;
}

/**
 * How the process ended. `exited`: `status` is its exit status. Everything else says nothing about what it had done by
 * then, except `unstarted`: it never ran.
 */
export interface GitResult {
  ended: 'exited' | 'signalled' | 'timeout' | 'overflow' | 'aborted' | 'unstarted';
  status: number | null;
  stdout: Buffer;
  /** The last 64 KiB, bytes that are not UTF-8 replaced. */
  stderr: string;
}

/** Thrown when git broke a promise (died, answered nonsense, lacks an object); a value where the interface has one. */
export class GitFault extends TelecError {
  override name = 'GitFault';

  constructor(message: string) {
    super('GIT_FAILED', EXIT.domain, message, { hint: 'telec doctor', retryable: true });
  }
}

const TIMEOUT_MS = 60_000;
const OUTPUT_LIMIT = 256 * 1024 * 1024;
const STDERR_LIMIT = 64 * 1024;
const TERM_GRACE_MS = 2_000;
/** How long pipes may stay open after the process itself is gone (a grandchild that left the group may hold them). */
const PIPE_GRACE_MS = 500;

/** Ends the group led by `pid`; a group that is gone already is fine. */
export function endGroup(pid: number | undefined, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // ESRCH: nothing is left to end.
  }
}

/** Runs git to its end and tells how it went; never throws for what git does. */
export function runGit(run: GitRun): Promise<GitResult> {
  const limit = run.outputLimit ?? OUTPUT_LIMIT;
  return new Promise((resolve) => {
    if (run.signal?.aborted) {
      resolve({ ended: 'unstarted', status: null, stdout: Buffer.alloc(0), stderr: 'aborted before the start' });
      return;
    }
    const child = spawn('git', run.args, {
      cwd: run.cwd,
      env: run.env,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
    });
    const out: Buffer[] = [];
    let outBytes = 0;
    let stderr = Buffer.alloc(0);
    let cause: 'timeout' | 'overflow' | 'aborted' | null = null;
    let settled = false;
    let grace: NodeJS.Timeout | undefined;
    let pipes: NodeJS.Timeout | undefined;

    const stop = (why: 'timeout' | 'overflow' | 'aborted') => {
      if (cause !== null || settled) return;
      cause = why;
      endGroup(child.pid, 'SIGTERM');
      grace = setTimeout(() => endGroup(child.pid, 'SIGKILL'), TERM_GRACE_MS);
    };
    const onAbort = () => stop('aborted');
    const clock = setTimeout(() => stop('timeout'), run.timeoutMs ?? TIMEOUT_MS);
    run.signal?.addEventListener('abort', onAbort, { once: true });

    const settle = (result: Omit<GitResult, 'stdout' | 'stderr'>, note = '') => {
      if (settled) return;
      settled = true;
      clearTimeout(clock);
      clearTimeout(grace);
      clearTimeout(pipes);
      run.signal?.removeEventListener('abort', onAbort);
      child.stdout.destroy();
      child.stderr.destroy();
      // Helpers that outlived their parent in the group go with it.
      if (cause !== null) endGroup(child.pid, 'SIGKILL');
      resolve({ ...result, stdout: Buffer.concat(out), stderr: note + stderr.toString('utf8') });
    };
    const finish = (status: number | null) => {
      if (cause !== null) settle({ ended: cause, status });
      else settle({ ended: status === null ? 'signalled' : 'exited', status });
    };

    child.on('error', (error) => settle({ ended: 'unstarted', status: null }, `${error.message}\n`));
    child.stdin.on('error', () => {
      // EPIPE: git did not want all of it; its exit status tells the story.
    });
    child.stdout.on('data', (chunk: Buffer) => {
      outBytes += chunk.length;
      if (outBytes > limit) stop('overflow');
      else out.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr = Buffer.concat([stderr, chunk]).subarray(-STDERR_LIMIT);
    });
    child.on('exit', (status) => {
      pipes = setTimeout(() => finish(status), PIPE_GRACE_MS);
    });
    child.on('close', (status) => finish(status));
    child.stdin.end(run.stdin ?? '');
  });
}

/** One line about a failed process for people: how it ended and the end of what it said. */
export function failure(what: string, result: GitResult): string {
  const how = result.ended === 'exited' ? `exit ${result.status}` : result.ended;
  const said = result.stderr.trim().slice(-2000);
  return said === '' ? `${what}: ${how}` : `${what}: ${how}: ${said}`;
}
