/**
 * Starts git processes through a small process of telec's own. Starting a process copies the page tables of the one
 * that starts it, so a process with much in memory pays milliseconds for each git command, and does nothing else
 * meanwhile; the small one does not. Owns that process; what a run means and how it ends is `runGit`'s, on either side.
 *
 * Invariants: a run whose launching process is lost ends as `signalled`, which says nothing about what it did; the
 * launching process never outlives this one, and never keeps it alive.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { pick } from './environment.ts';
import { type GitResult, type GitRun, runGit } from './run.ts';

export type GitRunner = (run: GitRun) => Promise<GitResult>;

/** What goes to the launching process: a run, or the wish to end one. */
export type LaunchRequest = { id: number; run: Omit<GitRun, 'signal'> } | { id: number; run: null };
/** What comes back: that it is up, or how a run ended. `stdout` is bytes, whatever the channel made of the Buffer. */
export type LaunchReply =
  | { kind: 'up' }
  | { kind: 'ended'; id: number; result: Omit<GitResult, 'stdout'> & { stdout: Uint8Array } };

export interface LauncherOptions {
  /** Runs made directly before the launching process is worth its start. */
  after?: number;
  /** Arguments for node and its working directory, so that it can be run from its sources. */
  execArgv?: string[];
  cwd?: string;
}

/** A short command runs git a few times; a session some hundred times. */
const AFTER = 10;
const RUN_TIMEOUT_MS = 60_000;
/** How much longer than its own limit a run may take before the launching process counts as hung. */
const HUNG_MS = 10_000;
const LOST: GitResult = {
  ended: 'signalled',
  status: null,
  stdout: Buffer.alloc(0),
  stderr: 'its launcher was lost\n',
};
const FROM_SOURCES = import.meta.url.endsWith('.ts');

export class Launcher {
  readonly #options: Required<LauncherOptions>;
  readonly #waiting = new Map<number, (result: GitResult) => void>();
  #child: ChildProcess | null = null;
  #up = false;
  #closed = false;
  #direct = 0;
  #counter = 0;

  constructor(options: LauncherOptions = {}) {
    const enabled = !FROM_SOURCES || options.execArgv !== undefined;
    this.#options = { after: enabled ? AFTER : Number.POSITIVE_INFINITY, execArgv: [], cwd: '/', ...options };
  }

  /** True once runs go through the launching process. */
  get isUp(): boolean {
    return this.#up;
  }

  /** As `runGit`. */
  readonly run: GitRunner = (run) => {
    if (!this.#up || run.signal?.aborted) {
      this.#direct += 1;
      if (this.#direct > this.#options.after) this.#start();
      return runGit(run);
    }
    return this.#send(run);
  };

  /** Ends the launching process; runs still under way end as lost. */
  async close(): Promise<void> {
    this.#closed = true;
    const child = this.#child;
    if (child === null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGKILL');
    await gone;
  }

  #start(): void {
    if (this.#child !== null || this.#closed) return;
    const program = fileURLToPath(import.meta.url).replace(/launcher\.(ts|js)$/, 'launcher-process.$1');
    const child = fork(program, {
      execArgv: this.#options.execArgv,
      env: pick(process.env, ['PATH', 'TMPDIR', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH', 'SystemRoot']),
      cwd: this.#options.cwd,
      serialization: 'advanced',
      // A session of its own: an interrupt typed into the terminal is for telec to answer, not for a push under way.
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.#child = child;
    child.on('message', (reply: LaunchReply) => this.#take(reply));
    child.on('error', () => this.#lose(child));
    child.on('exit', () => this.#lose(child));
    child.on('disconnect', () => this.#lose(child));
    this.#idle();
  }

  #take(reply: LaunchReply): void {
    if (reply.kind === 'up') {
      this.#up = true;
      return;
    }
    const { stdout, ...rest } = reply.result;
    this.#waiting.get(reply.id)?.({ ...rest, stdout: Buffer.from(stdout) });
  }

  #send(run: GitRun): Promise<GitResult> {
    const { signal, ...plain } = run;
    const id = ++this.#counter;
    return new Promise((resolve) => {
      const onAbort = () => this.#child?.send({ id, run: null } satisfies LaunchRequest, () => undefined);
      const hung = setTimeout(() => this.#child?.kill('SIGKILL'), (run.timeoutMs ?? RUN_TIMEOUT_MS) + HUNG_MS);
      this.#waiting.set(id, (result) => {
        this.#waiting.delete(id);
        clearTimeout(hung);
        signal?.removeEventListener('abort', onAbort);
        this.#idle();
        resolve(result);
      });
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#child?.ref();
      this.#child?.channel?.ref();
      // A message that could not be sent shows as a lost process.
      this.#child?.send({ id, run: plain } satisfies LaunchRequest, () => undefined);
    });
  }

  #lose(child: ChildProcess): void {
    if (this.#child !== child) return;
    this.#child = null;
    this.#up = false;
    this.#direct = 0;
    child.kill('SIGKILL');
    for (const settle of [...this.#waiting.values()]) settle(LOST);
  }

  #idle(): void {
    if (this.#waiting.size > 0) return;
    this.#child?.unref();
    this.#child?.channel?.unref();
  }
}
