/**
 * A whole world for end-to-end tests: a bare remote, clones, a state folder and a real redis-server shared by the
 * worlds of a file. Commands run in this process through `main`, or as processes of the built program where the
 * process is the point. Nothing of the machine's configuration gets in; everything is removed at the end.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import type { AuditView } from '../../src/actors/audit/views.ts';
import type { CandidateView, EnvelopeView, Faults, IntegrateView, Tuning } from '../../src/actors/client.ts';
import { openServerGuard } from '../../src/actors/guards/server.ts';
import { main } from '../../src/cli/main.ts';
import { type FileSpec, git, importCommits, initBare, tryGit } from './git-repo.ts';
import { makeKey } from './guarded-remote.ts';
import { freePort, startRedis } from './redis-server.ts';

// The user's own git settings are read from this process's environment; the tests' user has none.
Object.assign(process.env, { HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' });

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The built program. */
export const TELEC = join(ROOT, 'dist/cli/telec.js');
/** The built program with points at which it dies; reads `TEST_KILL` (point and how many times it is passed). */
export const MORTAL_TELEC = join(ROOT, 'test/support/mortal-telec.js');

/** Pauses short enough for tests; what is decided by them stays the same. */
const QUICK: Tuning = {
  timings: { retryFirstMs: 20, retryMaxMs: 50, retryTotalMs: 400, rebuildMs: 5 },
};

export interface Run<T = unknown> {
  code: number;
  stdout: string;
  stderr: string;
  /** The one document on stdout; null when there is none. */
  json: T;
  /** Every line of stdout as a document. */
  lines: T[];
}

export interface RunOptions {
  cwd?: string;
  env?: Record<string, string>;
  stdin?: string;
  /** Without it `--json` is added. */
  text?: boolean;
  faults?: Faults;
  tuning?: Tuning;
  signal?: AbortSignal;
}

/** One piece of work: a commit on a branch of the remote, on top of `from` (default: main's first commit). */
export interface Work {
  slug: string;
  branch?: string;
  /** Changed files; null removes one. */
  files?: Record<string, FileSpec | null>;
  from?: string;
  /** Seconds before now at which it was ready; default: order of the list, one second apart. */
  readyAt?: string;
  message?: string;
}

export interface Candidate {
  slug: string;
  branch: string;
  sha: string;
  readyAt: string;
  key: string;
}

export interface World {
  dir: string;
  remoteDir: string;
  cloneDir: string;
  home: string;
  env: Record<string, string>;
  /** Main's first commit. */
  first: string;
  run<T = unknown>(args: string[], options?: RunOptions): Promise<Run<T>>;
  /** The built program as a process of its own. */
  start(args: string[], options?: { env?: Record<string, string>; program?: string; cwd?: string }): Started;
  integrate(options?: RunOptions): Promise<Run<IntegrateView>>;
  /** Makes commits and branches on the remote, reports nothing. */
  work(items: Work[]): Candidate[];
  /** Emits the signals of all candidates as workers do, in one go. */
  announce(candidates: readonly Candidate[], sends?: { signals?: readonly Signal[]; bindSha?: boolean }): Promise<void>;
  /** `work` and `announce`. */
  ready(items: Work[]): Promise<Candidate[]>;
  candidate(
    selector: string,
  ): Promise<CandidateView & { history: { event: string; from: string | null; to: string }[] }>;
  /** Slug -> state of every candidate, in queue order. */
  states(): Promise<Record<string, string>>;
  events(): Promise<EnvelopeView[]>;
  /** Short types of all events whose type starts with one of `families`. */
  trail(...families: string[]): Promise<string[]>;
  /** Another clone of the same remote. */
  clone(name: string, home?: string): Promise<string>;
  /** Commits directly on main of the remote, as somebody else would. */
  foreign(files: Record<string, FileSpec | null>, from?: string): string;
  ref(name: string): string | null;
  refs(): Map<string, string>;
  main(): string;
  /** Path -> content of the regular files at a commit of the remote. */
  files(commit?: string): Record<string, string>;
  /** Slugs in the order in which main took them, by the trailers of its first-parent line. */
  landed(): string[];
  writeConfig(yaml: string): void;
}

export type Signal = 'review' | 'pushed' | 'started';
export const SIGNALS: readonly Signal[] = ['review', 'started', 'pushed'];

export interface Started {
  child: ChildProcess;
  done: Promise<{ code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string }>;
}

export interface WorldOptions {
  /** Files of main's first commit. */
  files?: Record<string, FileSpec>;
  /** `telec.yaml` of the main work tree. */
  config?: string;
  /** Leaves `telec init` out. */
  raw?: boolean;
  /** `telec init --shadow`. */
  shadow?: boolean;
  format?: 'sha1' | 'sha256';
  /** The hooks of the remote are in; `signed`: they ask for signed fences, with the key at `<dir>/key`. */
  guard?: 'plain' | 'signed';
}

let shared: Promise<{ url: string; stop(): Promise<void> }> | null = null;

/** The redis-server of this test file. */
export function sharedRedis(): Promise<{ url: string; stop(): Promise<void> }> {
  shared ??= (async () => {
    const port = await freePort();
    const server = await startRedis(['--port', String(port), '--bind', '127.0.0.1', '--appendfsync', 'no']);
    return { url: `redis://127.0.0.1:${port}/0`, stop: () => server.stop() };
  })();
  return shared;
}

/** To be called in `afterAll` of a file that makes worlds. */
export async function endWorlds(): Promise<void> {
  const server = await shared;
  shared = null;
  await server?.stop();
}

const FULL = 'domain.software-development.';
export const shortType = (type: string): string => type.replace(FULL, '');

/** RFC 3339 instant `seconds` before now. */
export const ago = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString();

/**
 * A world set up for live mode, or for shadow. The worlds of a file share one server: their folders differ, so their ids do. Removed when
 * the running test ends.
 */
export async function makeWorld(options: WorldOptions = {}): Promise<World> {
  const { url } = await sharedRedis();
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'telec-e2e-')));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));
  const remoteDir = initBare(join(dir, 'remote.git'), options.format);
  const contents = new Map<string, Record<string, FileSpec>>();
  const base = options.files ?? { 'README.md': 'a project\n', 'app.txt': 'one\ntwo\nthree\n' };
  const commitAll = (
    specs: { parents: string[]; files: Record<string, FileSpec>; message: string; time: number }[],
  ) => {
    const shas = importCommits(remoteDir, specs);
    shas.forEach((sha, index) => {
      contents.set(sha, specs[index]?.files ?? {});
    });
    return shas;
  };
  const updateRefs = (lines: string[]) => {
    // As somebody who may write the remote's files; hooks are not asked.
    const answer = tryGit(remoteDir, ['-c', 'core.hooksPath=/dev/null', 'update-ref', '--stdin'], {
      stdin: `${lines.join('\n')}\n`,
    });
    if (answer.status !== 0) throw new Error(answer.stderr);
  };
  const dropImports = (count: number) => Array.from({ length: count }, (_, index) => `delete refs/import/${index}`);
  const [first = ''] = commitAll([{ parents: [], files: base, message: 'first', time: 1_000_000_000 }]);
  updateRefs([...dropImports(1), `update refs/heads/main ${first}`]);
  const cloneDir = join(dir, 'clone');
  git(dir, 'clone', '--quiet', '--template=', remoteDir, cloneDir);
  const home = join(dir, 'home');
  const env: Record<string, string> = {
    PATH: process.env['PATH'] ?? '',
    HOME: '/nonexistent',
    TELEC_HOME: home,
    TELEC_REDIS_URL: url,
    TELEC_ROLE: 'admin',
    TELEC_SESSION_ID: 'tester',
    TELEC_INTEGRATION_GRACE_MS: '0',
  };
  let made = 0;

  const world: World = {
    dir,
    remoteDir,
    cloneDir,
    home,
    env,
    first,
    async run<T>(args: string[], run: RunOptions = {}): Promise<Run<T>> {
      const stdout = sink();
      const stderr = sink();
      const code = await main(run.text ? args : ['--json', ...args], {
        env: { ...env, ...run.env },
        cwd: run.cwd ?? cloneDir,
        stdin: inputOf(run.stdin ?? ''),
        stdout,
        stderr,
        tuning: { ...QUICK, ...run.tuning },
        ...(run.faults ? { faults: run.faults } : {}),
        ...(run.signal ? { signal: run.signal } : {}),
      });
      const lines = run.text
        ? []
        : (stdout.text
            .split('\n')
            .filter(Boolean)
            .map((line) => JSON.parse(line)) as T[]);
      return { code, stdout: stdout.text, stderr: stderr.text, json: (lines[0] ?? null) as T, lines };
    },
    start(args, run = {}) {
      const child = spawn(process.execPath, [run.program ?? TELEC, '--json', ...args], {
        cwd: run.cwd ?? cloneDir,
        env: { ...env, GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', ...run.env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', (chunk) => {
        stdout += chunk;
      });
      child.stderr.on('data', (chunk) => {
        stderr += chunk;
      });
      const done = once(child, 'close').then(([code, signal]) => ({ code, signal, stdout, stderr }));
      onTestFinished(() => {
        if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      });
      return { child, done };
    },
    integrate: (run = {}) => world.run<IntegrateView>(['integrate'], run),
    work(items) {
      const specs = items.map((item) => {
        const from = item.from ?? first;
        const files: Record<string, FileSpec> = { ...(contents.get(from) ?? readTree(remoteDir, from)) };
        for (const [path, spec] of Object.entries(item.files ?? { [`${item.slug}.txt`]: `${item.slug}\n` })) {
          if (spec === null) delete files[path];
          else files[path] = spec;
        }
        made += 1;
        return { parents: [from], files, message: item.message ?? `work on ${item.slug}`, time: 1_000_000_000 + made };
      });
      const shas = commitAll(specs);
      const branches = items.map(({ slug, branch }) => branch ?? `work/${slug}`);
      updateRefs([
        ...dropImports(items.length),
        ...branches.map((branch, index) => `update refs/heads/${branch} ${shas[index]}`),
      ]);
      return items.map(({ slug, readyAt }, index) => {
        const branch = branches[index] ?? '';
        const sha = shas[index] ?? '';
        const at = readyAt ?? new Date(Date.now() - 200_000 + (made - items.length + index) * 1000).toISOString();
        return { slug, branch, sha, readyAt: at, key: `${slug}/${branch}@${sha}` };
      });
    },
    async announce(candidates, { signals = SIGNALS, bindSha = false } = {}) {
      const lines = candidates.flatMap((candidate) =>
        signals.map((signal) => JSON.stringify(signalOf(candidate, signal, bindSha))),
      );
      const answer = await world.run(['events', 'emit', '--stdin'], { stdin: `${lines.join('\n')}\n` });
      expect({ code: answer.code, lines: answer.lines.filter((line) => !isTaken(line)) }).toEqual({
        code: 0,
        lines: [],
      });
    },
    async ready(items) {
      const candidates = world.work(items);
      await world.announce(candidates);
      return candidates;
    },
    async candidate(selector) {
      const answer = await world.run(['candidate', selector]);
      expect(answer.code, answer.stderr).toBe(0);
      return answer.json as Awaited<ReturnType<World['candidate']>>;
    },
    async states() {
      const { json } = await world.run<CandidateView[]>(['candidates']);
      return Object.fromEntries(json.map(({ slug, state }) => [slug, state]));
    },
    events: async () => (await world.run<EnvelopeView>(['events', 'tail'])).lines,
    async trail(...families) {
      const types = (await world.events()).map(({ event }) => shortType(event));
      return types.filter((type) => families.some((family) => type.startsWith(family)));
    },
    async clone(name) {
      const path = join(dir, name);
      git(dir, 'clone', '--quiet', '--template=', remoteDir, path);
      return path;
    },
    foreign(files, from = world.main()) {
      const before = contents.get(from) ?? readTree(remoteDir, from);
      const after: Record<string, FileSpec> = { ...before };
      for (const [path, spec] of Object.entries(files)) {
        if (spec === null) delete after[path];
        else after[path] = spec;
      }
      made += 1;
      const [sha = ''] = commitAll([{ parents: [from], files: after, message: 'by hand', time: 1_000_000_000 + made }]);
      updateRefs([...dropImports(1), `update refs/heads/main ${sha}`]);
      return sha;
    },
    ref(name) {
      return world.refs().get(name) ?? null;
    },
    refs() {
      const lines = git(remoteDir, 'for-each-ref', '--format=%(refname) %(objectname)').split('\n').filter(Boolean);
      return new Map(lines.map((line) => line.split(' ') as [string, string]));
    },
    main: () => world.ref('refs/heads/main') ?? '',
    files(commit = 'refs/heads/main') {
      return Object.fromEntries(
        Object.entries(readTree(remoteDir, commit)).map(([path, spec]) => [
          path,
          typeof spec === 'object' && 'mode' in spec ? `${spec.mode} ${spec.content}` : String(spec),
        ]),
      );
    },
    landed() {
      const format = '--format=%(trailers:key=Telec-Candidate,valueonly,separator=%x2C)';
      const lines = git(remoteDir, 'log', '--first-parent', '--reverse', format, 'refs/heads/main').split('\n');
      return lines.filter(Boolean).map((key) => key.slice(0, key.indexOf('/')));
    },
    writeConfig(yaml) {
      writeFileSync(join(cloneDir, 'telec.yaml'), yaml);
    },
  };
  mkdirSync(dirname(home), { recursive: true });
  world.writeConfig(options.config ?? '');
  if (!options.raw) {
    const answer = await world.run(['init', ...(options.shadow ? ['--shadow'] : [])]);
    expect(answer.code, answer.stderr).toBe(0);
    if (options.guard !== undefined) await guardServer(world, options.guard === 'signed');
  }
  return world;
}

/** Puts the hooks into the remote, as a person would. */
async function guardServer(world: World, signed: boolean): Promise<void> {
  const key = signed ? makeKey(join(world.dir, 'key')) : null;
  const context = { cwd: world.cloneDir, env: world.env, say: () => undefined, signal: new AbortController().signal };
  const view = await openServerGuard(context).install({ path: null, key });
  expect(view).toMatchObject({ path: world.remoteDir, signed, signs: signed, changed: true });
}

/** The event a worker emits for one of the three signals. */
export function signalOf(
  { slug, branch, sha, readyAt }: Candidate,
  signal: Signal,
  bindSha = false,
): { event: string; payload: Record<string, unknown> } {
  switch (signal) {
    case 'review':
      return {
        event: 'review.approved',
        payload: {
          slug,
          approved_at: readyAt,
          review_round: 1,
          reviewer_session_id: 'reviewer',
          ...(bindSha ? { sha } : {}),
        },
      };
    case 'pushed':
      return {
        event: 'branch.pushed',
        payload: { branch, sha, remote: 'origin', pushed_at: readyAt, pusher: 'worker' },
      };
    case 'started':
      return {
        event: 'deployment.started',
        payload: {
          slug,
          branch,
          sha,
          worker_session_id: 'worker',
          orchestrator_session_id: 'orchestrator',
          ready_at: readyAt,
        },
      };
  }
}

const isTaken = (line: unknown): boolean =>
  ['appended', 'duplicate'].includes(String((line as { status?: string }).status));

/** Files at a commit; executable files, links and submodules with their mode. */
function readTree(repo: string, commit: string): Record<string, FileSpec> {
  const listed = tryGit(repo, ['ls-tree', '-r', '-z', commit]).stdout.toString('utf8').split('\0').filter(Boolean);
  const files: Record<string, FileSpec> = {};
  for (const line of listed) {
    const [meta = '', path = ''] = [line.slice(0, line.indexOf('\t')), line.slice(line.indexOf('\t') + 1)];
    const [mode = '', type = '', id = ''] = meta.split(' ');
    const content = type === 'blob' ? tryGit(repo, ['cat-file', 'blob', id]).stdout.toString('utf8') : id;
    files[path] = mode === '100644' ? content : { mode, content };
  }
  return files;
}

function sink() {
  return {
    text: '',
    write(text: string, callback?: () => void) {
      this.text += text;
      callback?.();
      return true;
    },
  };
}

async function* inputOf(text: string): AsyncGenerator<string> {
  if (text !== '') yield text;
}

/**
 * What holds after every run, whatever happened: fences of grants strictly rise, main is exactly what the recorded
 * pushes and the noticed foreign commits made of it, which an audit confirms, every terminal event stands once for each
 * delivery, and folding the log again gives the same candidates.
 */
export async function expectSound(world: World): Promise<void> {
  const events = await world.events();
  const grants = events.filter(({ event }) => event === `${FULL}integration.lease.acquired`);
  const fences = grants.map(({ payload }) => Number(payload['fence']));
  expect(fences).toEqual([...new Set(fences)].sort((a, b) => a - b));

  const completed = events.filter(({ event }) => event === `${FULL}deployment.completed`);
  const keys = completed.map(({ payload }) => `${payload['slug']}/${payload['branch']}@${payload['sha']}`);
  expect(keys).toEqual([...new Set(keys)]);

  const landed = events.filter(({ event }) => event === `${FULL}integration.followup.landed`);
  const line = git(world.remoteDir, 'rev-list', '--first-parent', `${world.first}..refs/heads/main`).split('\n');
  const byUs = new Set([
    ...completed.flatMap(({ payload }) => coveredBy(line, payload)),
    ...landed.map(({ payload }) => String(payload['commit'])),
  ]);
  const foreign = new Set(
    events
      .filter(({ event }) => event === `${FULL}integration.main.foreign`)
      .flatMap(({ payload }) => payload['commits'] as string[]),
  );
  const unknown = line.filter((sha) => sha !== '' && !byUs.has(sha) && !foreign.has(sha));
  expect(unknown, 'commits of main that nobody recorded').toEqual([]);
  const { json: audit } = await world.run<AuditView>(['audit']);
  const isTold = ({ commit, code }: AuditView['violations'][number]) => code === 'no_receipt' && foreign.has(commit);
  expect(audit.violations.filter((violation) => !isTold(violation))).toEqual([]);

  const folded = await world.run<CandidateView[]>(['candidates']);
  const replayed = await world.run<{ candidates: CandidateView[] }>(['replay']);
  expect(replayed.json.candidates).toEqual(folded.json);
}

/** Of main's first-parent line, newest first, what a completion covers: its merge commit and the books behind it. */
function coveredBy(line: readonly string[], payload: Record<string, unknown>): string[] {
  const merge = String(payload['merge_commit']);
  const receipt = payload['receipt'] as { tip: string; tree: string };
  if (payload['outcome'] !== 'merged') return [merge];
  const covered = line.slice(line.indexOf(receipt.tip), line.indexOf(merge) + 1);
  expect(covered.length, `${merge} and what stands behind it up to ${receipt.tip}`).toBeGreaterThanOrEqual(1);
  expect(covered.length).toBeLessThanOrEqual(3);
  return covered;
}
