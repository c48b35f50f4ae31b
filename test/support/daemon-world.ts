/**
 * A world for tests of the built program: a bare remote, a clone, a state folder of its own, and `telec` run as its users
 * run it, as a process. Everything it started is ended by pid when it closes: daemon, Redis, and what a test left.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ask } from '../../src/io/daemon-socket.ts';
import { readDaemonFile } from '../../src/io/state.ts';
import { git, hermeticEnv, initBare, scratch } from './git-repo.ts';
import { poll } from './redis-server.ts';

const entry = fileURLToPath(new URL('../../dist/cli/telec.js', import.meta.url));

export interface Run {
  code: number | null;
  stdout: string;
  stderr: string;
  /** stdout as one JSON document. */
  json<T = Record<string, unknown>>(): T;
}

export interface RunOptions {
  cwd?: string;
  env?: Record<string, string>;
  stdin?: string;
  /** Another script than the built program. */
  program?: string;
}

export interface World {
  dir: string;
  remote: string;
  clone: string;
  env: Record<string, string>;
  /** State folder of the repository; throws before the first command that registers it. */
  state(): string;
  /** Runs `telec` with `args` in the clone, to its end. */
  run(args: string[], options?: RunOptions): Promise<Run>;
  /** As `run`; throws unless it ends with 0, and gives its JSON. */
  ok<T = Record<string, unknown>>(args: string[], options?: RunOptions): Promise<T>;
  /** Starts `telec` and leaves it running; ended with the world at the latest. */
  start(args: string[], options?: RunOptions): ChildProcess;
  /** A branch of the clone, made from main as the remote has it, with these files on top; gives its commit. */
  branch(name: string, files: Record<string, string>): string;
  /** From now on a push of main waits in the remote until `open` is called. */
  gate(): { reached(): boolean; open(): void };
  /** Candidates that the remote's main has on its first-parent line, oldest first: `<slug>/<branch>@<sha>`. */
  landed(): string[];
  /** Asks `probe` until it says true. */
  until(probe: () => boolean | Promise<boolean>, limitMs?: number): Promise<void>;
  /** What the daemon answers on its socket; null when none listens. Throws what it refuses with. */
  ask<T = unknown>(path: string, body?: unknown): Promise<T | null>;
  /** Waits until the daemon says that a candidate of the slug is in that state. */
  settled(slug: string, state?: string): Promise<void>;
  /** All entries of the log as `events tail --json` shows them. */
  events(): Promise<{ id: string; event: string; source: string; payload: Record<string, unknown> }[]>;
  /** Process ids that the state folder names. */
  daemonPid(): number | null;
  redisPid(): number | null;
  close(): Promise<void>;
}

export interface WorldOptions {
  /** Text of main's telec.yaml. */
  config?: string;
  /** Further files of main's first commit. */
  files?: Record<string, string>;
  /** False: `telec init` is left to the test. */
  init?: boolean;
  env?: Record<string, string>;
}

/** No pause at the end of a drain, and a lease that a killed holder does not keep for long. */
const CONFIG = 'integration:\n  grace_ms: 0\nlease:\n  ttl_ms: 3000\n  renew_ms: 300\n';

export async function makeWorld(options: WorldOptions = {}): Promise<World> {
  const { dir, remove } = scratch('telec-e2e-');
  const remote = initBare(join(dir, 'remote.git'));
  const clone = join(dir, 'clone');
  const home = join(dir, 'state');
  const env = { ...hermeticEnv, HOME: join(dir, 'home'), TELEC_HOME: home, TELEC_SESSION_ID: 'tester', ...options.env };
  mkdirSync(env.HOME);
  git('/', 'init', '--quiet', '--template=', '--initial-branch=main', clone);
  git(clone, 'remote', 'add', 'origin', remote);
  write(clone, { 'telec.yaml': options.config ?? CONFIG, ...options.files });
  git(clone, 'add', '.');
  git(clone, 'commit', '--quiet', '-m', 'first');
  git(clone, 'push', '--quiet', '-u', 'origin', 'main');
  const started: ChildProcess[] = [];

  const start = (args: string[], { cwd = clone, env: more = {}, program = entry }: RunOptions = {}): ChildProcess => {
    const child = spawn(process.execPath, [program, ...args], { cwd, env: { ...env, ...more }, stdio: 'pipe' });
    started.push(child);
    return child;
  };

  const run = async (args: string[], runOptions: RunOptions = {}): Promise<Run> => {
    const child = start(args, runOptions);
    const said = { stdout: '', stderr: '' };
    child.stdout?.on('data', (chunk) => {
      said.stdout += chunk;
    });
    child.stderr?.on('data', (chunk) => {
      said.stderr += chunk;
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(runOptions.stdin ?? '');
    await once(child, 'close');
    started.splice(started.indexOf(child), 1);
    return { code: child.exitCode, ...said, json: <T>() => JSON.parse(said.stdout) as T };
  };

  const state = () => {
    const [folder] = existsSync(home) ? readdirSync(home) : [];
    if (folder === undefined) throw new Error('no state folder yet');
    return join(home, folder);
  };
  const pidIn = (name: string): number | null => {
    try {
      const { pid } = JSON.parse(readFileSync(join(state(), name), 'utf8')) as { pid: unknown };
      return typeof pid === 'number' ? pid : null;
    } catch {
      return null;
    }
  };

  const world: World = {
    dir,
    remote,
    clone,
    env,
    state,
    run,
    async ok<T>(args: string[], runOptions?: RunOptions) {
      const result = await run([...args, '--json'], runOptions);
      if (result.code !== 0) throw new Error(`telec ${args.join(' ')} ended with ${result.code}: ${result.stderr}`);
      return result.json<T>();
    },
    start,
    branch(name, files) {
      git(clone, 'fetch', '--quiet', 'origin', 'main');
      git(clone, 'checkout', '--quiet', '-B', name, '--no-track', 'origin/main');
      write(clone, files);
      git(clone, 'add', '--all');
      git(clone, 'commit', '--quiet', '--allow-empty', '-m', name);
      return git(clone, 'rev-parse', 'HEAD');
    },
    gate() {
      const hook = join(remote, 'hooks', 'pre-receive');
      const [closed, reached] = [join(dir, 'gate-closed'), join(dir, 'gate-reached')];
      const wait = `touch '${reached}'; while [ -e '${closed}' ]; do sleep 0.05; done`;
      writeFileSync(closed, '');
      rmSync(reached, { force: true });
      mkdirSync(dirname(hook), { recursive: true });
      writeFileSync(
        hook,
        `#!/bin/sh\nwhile read old new ref; do case $ref in refs/heads/main) ${wait};; esac; done\n`,
        { mode: 0o755 },
      );
      return {
        reached: () => existsSync(reached),
        open() {
          rmSync(closed, { force: true });
          rmSync(hook, { force: true });
        },
      };
    },
    landed() {
      const format = '--format=%(trailers:key=Telec-Candidate,valueonly,separator=)';
      return git(remote, 'log', '--first-parent', '--reverse', format, 'main').split('\n').filter(Boolean);
    },
    until: (probe, limitMs = 30_000) => poll(probe, limitMs),
    async ask<T>(path: string, body?: unknown) {
      const socket = readDaemonFile(state())?.socket;
      if (socket === undefined) return null;
      const answer = await ask(socket, body === undefined ? { path } : { method: 'POST', path, body });
      return answer && (answer.value as T);
    },
    async settled(slug, wanted = 'completed') {
      await poll(async () => {
        const rows = await world.ask<{ state: string }[]>(`/v1/candidates?slug=${slug}`);
        return rows?.some((row) => row.state === wanted) === true;
      }, 60_000);
    },
    async events() {
      const { stdout } = await run(['events', 'tail', '--json']);
      const lines = stdout.split('\n').filter(Boolean);
      return lines.map((line) => JSON.parse(line) as Awaited<ReturnType<World['events']>>[number]);
    },
    daemonPid: () => pidIn('daemon.json'),
    redisPid: () => pidIn('redis.json'),
    async close() {
      for (const child of started) child.kill('SIGKILL');
      const daemon = world.daemonPid();
      const redis = world.redisPid();
      // The daemon first: it would start the other again.
      for (const pid of [daemon, redis]) if (pid !== null) await end(pid);
      remove();
    },
  };
  if (options.init !== false) await world.ok(['init']);
  return world;
}

function write(folder: string, files: Record<string, string>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  // A process that ended and that nobody waited for is gone all the same.
  const status = `/proc/${pid}/status`;
  return !existsSync(status) || !/^State:\tZ/m.test(readFileSync(status, 'utf8'));
}

/** Ends a process at once and waits until it is gone. */
export async function end(pid: number): Promise<void> {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    return;
  }
  await poll(() => !isAlive(pid));
}
