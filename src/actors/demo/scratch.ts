/**
 * The demo's own world: a temporary folder with a bare remote, clones, worktrees and a state folder, and the ways to
 * run git and telec in it as a worker would. Nothing of the caller's git configuration, telec state or shared Redis gets in.
 *
 * Invariant: `close` leaves no process and no file of it, however far the demo came.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { EXIT, TelecError } from '../../errors.ts';
import { runGit } from '../../io/git/run.ts';
import { stopServer } from '../../io/redis/server.ts';
import { readDaemonFile } from '../../io/state.ts';

/** Somebody with a checkout: a clone, or a worktree beside one. */
export interface Worker {
  name: string;
  folder: string;
}

/** What a telec command answered: its document, or the error in it. */
export type Answer =
  | { ok: true; value: unknown }
  | { ok: false; status: number; code: string; message: string; hint: string | null };

/** No command of the demo takes longer, ms. */
const COMMAND_MAX_MS = 60_000;
const OUTPUT_MAX = 16 * 1024 * 1024;

export class Scratch {
  readonly folder: string;
  readonly remote: string;
  readonly state: string;
  readonly #program: readonly string[];
  readonly #env: Record<string, string>;
  readonly #signal: AbortSignal;

  constructor(program: readonly string[], callerEnv: Record<string, string | undefined>, signal: AbortSignal) {
    this.folder = realpathSync(mkdtempSync(join(tmpdir(), 'telec-demo-')));
    this.remote = join(this.folder, 'remote.git');
    this.state = join(this.folder, 'state');
    this.#program = program;
    this.#signal = signal;
    const home = join(this.folder, 'home');
    mkdirSync(home);
    this.#env = {
      PATH: callerEnv['PATH'] ?? '',
      ...(callerEnv['TMPDIR'] ? { TMPDIR: callerEnv['TMPDIR'] } : {}),
      HOME: home,
      LC_ALL: 'C',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_TERMINAL_PROMPT: '0',
      TELEC_HOME: this.state,
      TELEC_ROLE: 'worker',
    };
  }

  /** The environment of `name`'s commands. */
  env(name: string): Record<string, string> {
    const email = `${name.replace(/[^a-z0-9]+/g, '-')}@bakery.example`;
    return {
      ...this.#env,
      TELEC_SESSION_ID: name,
      GIT_AUTHOR_NAME: name,
      GIT_AUTHOR_EMAIL: email,
      GIT_COMMITTER_NAME: name,
      GIT_COMMITTER_EMAIL: email,
    };
  }

  /** A clone of the remote for `name`. */
  async clone(name: string): Promise<Worker> {
    const folder = join(this.folder, name);
    await this.git({ name, folder: this.folder }, 'clone', '--quiet', this.remote, folder);
    return { name, folder };
  }

  /** A second checkout of `worker`'s clone, at main. */
  async worktree(worker: Worker, name: string): Promise<Worker> {
    const folder = join(this.folder, name);
    await this.git(worker, 'worktree', 'add', '--quiet', '--detach', folder, 'origin/main');
    return { name, folder };
  }

  /** stdout of a git command without the last line end. Thrown: DEMO_GIT (1) when it fails, GIT_MISSING (3) when there is none. */
  async git(worker: Worker, ...args: string[]): Promise<string> {
    const { ended, status, stdout, stderr } = await runGit({
      args,
      cwd: worker.folder,
      env: this.env(worker.name),
      signal: this.#signal,
    });
    if (ended === 'exited' && status === 0) return stdout.toString('utf8').replace(/\n$/, '');
    this.#signal.throwIfAborted();
    if (ended === 'unstarted')
      throw new TelecError('GIT_MISSING', EXIT.unreachable, 'git cannot be run', { hint: 'install git 2.38 or newer' });
    throw new TelecError('DEMO_GIT', EXIT.domain, `git ${args.join(' ')} failed: ${stderr.trim()}`);
  }

  /** What `git` says, whether it succeeds or not: for commands that are expected to fail. */
  async tryGit(worker: Worker, ...args: string[]): Promise<{ ok: boolean; stdout: string }> {
    const { status, stdout } = await runGit({
      args,
      cwd: worker.folder,
      env: this.env(worker.name),
      signal: this.#signal,
    });
    return { ok: status === 0, stdout: stdout.toString('utf8') };
  }

  /** Writes files in `worker`'s checkout and commits them; the new commit's id. */
  async commit(worker: Worker, message: string, files: Record<string, string>): Promise<string> {
    for (const [path, text] of Object.entries(files)) {
      const file = join(worker.folder, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    await this.git(worker, 'add', '--all');
    await this.git(worker, 'commit', '--quiet', '-m', message);
    return this.git(worker, 'rev-parse', '--verify', 'HEAD');
  }

  /** Runs `telec ...args --json` as `worker`. */
  telec(worker: Worker, ...args: string[]): Promise<Answer> {
    return this.#telec(worker, args, this.#signal);
  }

  #telec(worker: Worker, args: string[], signal: AbortSignal | undefined): Promise<Answer> {
    const [program = '', ...first] = this.#program;
    const options = {
      cwd: worker.folder,
      env: this.env(worker.name),
      timeout: COMMAND_MAX_MS,
      maxBuffer: OUTPUT_MAX,
      ...(signal ? { signal } : {}),
    };
    return new Promise((resolve, reject) => {
      execFile(program, [...first, ...args, '--json'], options, (error, stdout, stderr) => {
        if (signal?.aborted) return reject(signal.reason);
        resolve(answerOf(error ? Number(error.code) || 1 : 0, stdout, stderr));
      }).stdin?.end();
    });
  }

  /** Ends the daemon and Redis and removes the folder; with `keep` both stay. */
  async close(keep: boolean): Promise<void> {
    // Somebody may have cleared the temporary files meanwhile.
    if (keep || !existsSync(this.folder)) return;
    const states = existsSync(this.state) ? readdirSync(this.state).map((name) => join(this.state, name)) : [];
    const clone = readdirSync(this.folder).find((name) => existsSync(join(this.folder, name, '.git', 'telec')));
    if (clone !== undefined && states.length > 0) {
      await this.#telec({ name: 'demo', folder: join(this.folder, clone) }, ['down', '--redis'], undefined);
    }
    // What that command did not end, because it failed or the set-up stopped half-way, ends here.
    for (const folder of states) {
      const daemon = readDaemonFile(folder);
      if (daemon) endProcess(daemon.pid);
      await stopServer(folder);
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }
}

function answerOf(status: number, stdout: string, stderr: string): Answer {
  let value: unknown = null;
  try {
    value = JSON.parse(stdout);
  } catch {
    // Told below by what it said on stderr.
  }
  const said = (value as { error?: { code?: string; message?: string; hint?: string | null } } | null)?.error;
  if (status === 0 && !said) return { ok: true, value };
  const message = said?.message ?? stderr.trim().split('\n')[0] ?? '';
  return { ok: false, status, code: said?.code ?? 'FAILED', message, hint: said?.hint ?? null };
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
