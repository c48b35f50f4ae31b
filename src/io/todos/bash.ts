/**
 * Runs one block of a demo with bash, as the person who asked for it would: in the work tree, with their environment.
 * The block leads a process group of its own, and whatever of it is left when the block ends is ended with it.
 */
import { spawn } from 'node:child_process';
import { StringDecoder } from 'node:string_decoder';
import { endGroup } from '../git/run.ts';

export interface BashRun {
  code: string;
  /** Absolute. */
  cwd: string;
  env: Record<string, string | undefined>;
  timeoutMs: number;
  signal: AbortSignal;
  /** Both streams as they come, whole lines without their end. */
  onLine(line: string): void;
}

/** `status` only for `exited`. `unstarted`: there is no bash, or it took no such block; `output` says why. */
export interface BashResult {
  ended: 'exited' | 'signalled' | 'timeout' | 'aborted' | 'unstarted';
  status: number | null;
  /** The last of both streams. */
  output: string;
}

/** Characters of output kept. */
const TAIL_MAX = 8 * 1024;
/** Characters of output told; a block that never stops writing is not told for ever. */
const TOLD_MAX = 1024 * 1024;
/** Characters of one line told at once. */
const LINE_MAX = 10_000;
const TERM_GRACE_MS = 2_000;
/** How long pipes may stay open after bash is gone: what left the group may hold them. */
const PIPE_GRACE_MS = 500;

/** Runs the block to its end; the first command that fails ends it. Never throws for what the block does. */
export function runBash(run: BashRun): Promise<BashResult> {
  return new Promise((resolve) => {
    if (run.signal.aborted) return resolve({ ended: 'aborted', status: null, output: '' });
    const child = spawn('bash', ['--noprofile', '--norc', '-e', '-o', 'pipefail', '-c', run.code], {
      cwd: run.cwd,
      env: run.env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let told = 0;
    let cause: 'timeout' | 'aborted' | null = null;
    let settled = false;
    let grace: NodeJS.Timeout | undefined;
    let pipes: NodeJS.Timeout | undefined;

    const tell = (line: string) => {
      if (told > TOLD_MAX) return;
      told += line.length + 1;
      run.onLine(told > TOLD_MAX ? '… more output is not shown' : line);
    };
    const ends = [child.stdout, child.stderr].map((stream) => {
      const decoder = new StringDecoder('utf8');
      let begun = '';
      const take = (text: string) => {
        output = (output + text).slice(-TAIL_MAX);
        const lines = (begun + text).split('\n');
        begun = lines.pop() ?? '';
        if (begun.length > LINE_MAX) lines.push(begun);
        if (begun.length > LINE_MAX) begun = '';
        for (const line of lines) tell(line.replace(/\r$/, ''));
      };
      stream.on('data', (chunk: Buffer) => take(decoder.write(chunk)));
      return () => {
        take(decoder.end());
        if (begun !== '') tell(begun);
      };
    });
    const stop = (why: 'timeout' | 'aborted') => {
      if (cause !== null || settled) return;
      cause = why;
      endGroup(child.pid, 'SIGTERM');
      grace = setTimeout(() => endGroup(child.pid, 'SIGKILL'), TERM_GRACE_MS);
    };
    const onAbort = () => stop('aborted');
    const clock = setTimeout(() => stop('timeout'), run.timeoutMs);
    run.signal.addEventListener('abort', onAbort, { once: true });

    const settle = (ended: BashResult['ended'], status: number | null) => {
      if (settled) return;
      settled = true;
      for (const timer of [clock, grace, pipes]) clearTimeout(timer);
      run.signal.removeEventListener('abort', onAbort);
      for (const end of ends) end();
      child.stdout.destroy();
      child.stderr.destroy();
      endGroup(child.pid, 'SIGKILL');
      resolve({ ended, status, output });
    };
    const finish = (status: number | null) => {
      if (cause !== null) settle(cause, null);
      else settle(status === null ? 'signalled' : 'exited', status);
    };
    child.on('error', (error) => {
      output = error.message;
      settle('unstarted', null);
    });
    child.on('exit', (status) => {
      pipes = setTimeout(() => finish(status), PIPE_GRACE_MS);
    });
    child.on('close', finish);
  });
}
