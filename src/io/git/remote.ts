/**
 * Everything the private repository does to the remote: looking, fetching, pushing. Owns the ref names on both sides.
 * One process for each act; the URL and the settings travel in the environment. Never forces main: it is pushed by
 * plain refspec, and only the fence is leased.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { scrubber } from '../secrets.ts';
import { classifyPush, describe, readPorcelain } from './classify.ts';
import { discreet, secretsOfTransport } from './credentials.ts';
import { REMOTE, type TransportSettings, transportEnvironment } from './environment.ts';
import type { History } from './history.ts';
import type { GitRunner } from './launcher.ts';
import { isObjectId } from './objects.ts';
import type {
  BranchTarget,
  DeleteOutcome,
  FetchOutcome,
  LookOutcome,
  ProbeOutcome,
  PushOutcome,
  PushRequest,
  RemoteView,
} from './port.ts';
import type { GitResult } from './run.ts';

const FENCE_REF = 'refs/telec/fence';
/** Where fetched refs are kept in the private repository. */
const LOCAL = 'refs/telec/remote';
const LOCAL_BRANCHES = 'refs/telec/branch/';
/** A listing is read into memory; a remote with more refs than this is not one telec can watch. */
const LISTING_LIMIT = 512 * 1024 * 1024;
/** How often a fetch that met another one is made, and the pause that grows with each, ms. */
const FETCH_TRIES = 6;
const FETCH_PAUSE_MS = 50;

export interface RemoteLimits {
  /** Milliseconds. */
  lookTimeoutMs: number;
  fetchTimeoutMs: number;
  pushTimeoutMs: number;
}

/** The ref that keeps a fetched branch: names are hashed, so no branch name can become a path or clash with another. */
export function localBranchRef(branch: string): string {
  return `${LOCAL_BRANCHES}${createHash('sha256').update(branch).digest('hex').slice(0, 40)}`;
}

/** True for names safe inside a refspec; git refuses all others as branch names anyway. */
function isBranchName(name: string): boolean {
  if (name === '' || name.startsWith('-') || name.startsWith('/') || name.endsWith('/')) return false;
  return !/[\0-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|(^|\/)\.|\.lock(\/|$)|\.$/.test(name);
}

export class Remote {
  readonly #dir: string;
  readonly #main: string;
  readonly #env: Record<string, string>;
  readonly #limits: RemoteLimits;
  readonly #history: History;
  readonly #run: GitRunner;
  readonly #scrub: (text: string) => string;
  #counter = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    dir: string,
    main: string,
    settings: TransportSettings,
    globalConfig: string,
    limits: RemoteLimits,
    history: History,
    run: GitRunner,
  ) {
    this.#dir = dir;
    this.#main = main;
    this.#env = transportEnvironment(dir, settings, globalConfig);
    this.#limits = limits;
    this.#history = history;
    this.#run = discreet(run, settings);
    this.#scrub = scrubber(secretsOfTransport(settings));
  }

  async look(signal?: AbortSignal): Promise<LookOutcome> {
    const result = await this.#run({
      args: ['ls-remote', '--quiet', '--refs', REMOTE],
      cwd: this.#dir,
      env: this.#env,
      timeoutMs: this.#limits.lookTimeoutMs,
      outputLimit: LISTING_LIMIT,
      signal,
    });
    if (result.ended !== 'exited' || result.status !== 0) return { kind: 'unreachable', detail: describe(result) };
    return { kind: 'seen', view: readListing(result.stdout, this.#main) };
  }

  /** One fetch at a time in this process; those of other processes on the same repository are met by asking again. */
  fetch(branches: string[], signal?: AbortSignal): Promise<FetchOutcome> {
    const turn = this.#turn.then(() => this.#fetchPatiently(branches, signal));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #fetchPatiently(branches: string[], signal: AbortSignal | undefined): Promise<FetchOutcome> {
    for (let tries = 1; ; tries += 1) {
      const outcome = await this.#fetchOnce(branches, signal);
      if (outcome.kind !== 'collided') return outcome;
      if (tries === FETCH_TRIES) return { kind: 'unreachable', detail: outcome.detail };
      await new Promise((resolve) => setTimeout(resolve, FETCH_PAUSE_MS * tries));
    }
  }

  /** `collided`: the remote answers and has all that was asked for, and yet git failed, as when another moved a ref of ours. */
  async #fetchOnce(
    branches: string[],
    signal: AbortSignal | undefined,
  ): Promise<FetchOutcome | { kind: 'collided'; detail: string }> {
    const strange = branches.filter((branch) => !isBranchName(branch));
    if (strange.length > 0) return { kind: 'gone', detail: `no branch can be called ${JSON.stringify(strange[0])}` };
    const result = await this.#fetch(
      [
        `+refs/heads/${this.#main}:${LOCAL}/main`,
        // A pattern, because the fence need not exist; below it nothing of ours can be.
        `+${FENCE_REF}*:${LOCAL}/fence*`,
        `^${FENCE_REF}/*`,
        ...branches.map((branch) => `+refs/heads/${branch}:${localBranchRef(branch)}`),
      ],
      REMOTE,
      this.#env,
      signal,
    );
    if (result.ended === 'exited' && result.status === 0) return { kind: 'fetched' };
    if (signal?.aborted) return { kind: 'unreachable', detail: describe(result) };
    // Git says in words only which ref was missing, so the remote is asked again.
    const seen = await this.look(signal);
    if (seen.kind === 'unreachable') return seen;
    const missing = branches.filter((branch) => branch !== this.#main && !seen.view.heads.has(branch));
    if (seen.view.main === null) missing.unshift(this.#main);
    if (missing.length > 0) return { kind: 'gone', detail: `not on the remote: ${missing.join(', ')}` };
    return { kind: result.ended === 'exited' ? 'collided' : 'unreachable', detail: describe(result) };
  }

  /** Fills an empty repository from a clone on this machine; a failure costs only time at the first real fetch. */
  async seed(clonePath: string, env: Record<string, string>): Promise<boolean> {
    const refs = ['+refs/heads/*:refs/telec/seed/heads/*', '+refs/remotes/*:refs/telec/seed/remotes/*'];
    const result = await this.#fetch(refs, clonePath, env, undefined);
    return result.ended === 'exited' && result.status === 0;
  }

  async push(request: PushRequest, signal?: AbortSignal): Promise<PushOutcome> {
    const mainRef = request.tip === null ? null : `refs/heads/${this.#main}`;
    const refspecs = [`${request.fenceTo}:${FENCE_REF}`];
    if (request.tip !== null) refspecs.unshift(`${request.tip}:refs/heads/${this.#main}`);
    const ids = [
      request.fenceTo,
      ...(request.tip === null ? [] : [request.tip]),
      ...(request.fenceFrom === null ? [] : [request.fenceFrom]),
    ];
    if (!ids.every(isObjectId)) return { kind: 'refused', detail: 'a push needs full commit ids' };
    if (request.fenceFrom === null) {
      // Without a fence on the remote, git would push it to a planted ref that ends like it.
      const seen = await this.look(signal);
      if (seen.kind === 'unreachable') return { kind: 'transient', detail: seen.detail };
      if (seen.view.planted.length > 0) return { kind: 'planted', detail: seen.view.planted.join(', ') };
    }
    const lease = `--force-with-lease=${FENCE_REF}:${request.fenceFrom ?? ''}`;
    const { result, sent } = await this.#traced(['--atomic', lease, REMOTE, ...refspecs], signal);
    const verdict = classifyPush({ result, sent, mainRef });
    if (verdict.kind === 'refused') return await this.#overtaken(request, verdict);
    if (verdict.kind !== 'ask') return verdict;
    return await this.#settle(request, verdict.detail);
  }

  /** One push for all, not atomic: what the remote refuses of one says nothing about the others. */
  async deleteBranches(targets: readonly BranchTarget[], signal?: AbortSignal): Promise<DeleteOutcome[]> {
    const suits = ({ branch, sha }: BranchTarget) => isBranchName(branch) && isObjectId(sha) && branch !== this.#main;
    const asked = targets.filter(suits);
    if (asked.length === 0) return targets.map(refusedTarget);
    const refOf = ({ branch }: BranchTarget) => `refs/heads/${branch}`;
    const leases = asked.map((target) => `--force-with-lease=${refOf(target)}:${target.sha}`);
    const { result } = await this.#traced([...leases, REMOTE, ...asked.map((target) => `:${refOf(target)}`)], signal);
    const lines = new Map(readPorcelain(result.stdout.toString('utf8')).map((line) => [line.to, line]));
    const isGone = (target: BranchTarget) => lines.get(refOf(target))?.flag === '-';
    // Only what the push does not tell is asked for.
    const seen = asked.every(isGone) ? null : await this.look(signal);
    return targets.map((target): DeleteOutcome => {
      if (!suits(target)) return refusedTarget(target);
      if (isGone(target)) return { kind: 'deleted' };
      if (seen === null || seen.kind === 'unreachable') return { kind: 'unreachable', detail: describe(result) };
      const head = seen.view.heads.get(target.branch);
      if (head === undefined) return { kind: 'deleted' };
      if (head !== target.sha) return { kind: 'moved', detail: `it is at ${head}` };
      const line = lines.get(refOf(target));
      if (line === undefined) return { kind: 'unreachable', detail: describe(result) };
      return { kind: 'refused', detail: this.#scrub(line.reason) || describe(result) };
    });
  }

  /** Whether the remote can be written to and takes several refs as one; nothing is changed. */
  async probe(commit: string, signal?: AbortSignal): Promise<ProbeOutcome> {
    const args = ['--dry-run', '--atomic', REMOTE, `${commit}:refs/telec/probe`];
    const { result, sent } = await this.#traced(args, signal);
    if (result.ended === 'exited' && result.status === 0) return { kind: 'ok' };
    const verdict = classifyPush({ result: { ...result, stdout: '' }, sent, mainRef: null });
    const detail = describe(result);
    return verdict.kind === 'unsupported' ? { kind: 'unsupported', detail } : { kind: 'unreachable', detail };
  }

  /** Nothing happened; the refs as they are now tell why. */
  async #settle(request: PushRequest, detail: string): Promise<PushOutcome> {
    const seen = await this.look();
    if (seen.kind === 'unreachable') return { kind: 'transient', detail };
    const { view } = seen;
    if (view.planted.length > 0) return { kind: 'planted', detail: view.planted.join(', ') };
    const inMain =
      request.tip === null || view.main === null ? null : await this.#history.ancestry(request.tip, view.main);
    if (view.fence === request.fenceTo)
      return request.tip === null || inMain === 'yes' ? { kind: 'pushed' } : { kind: 'unknown', detail };
    if (view.fence !== request.fenceFrom) return { kind: 'fence_moved', detail };
    if (request.tip !== null && view.main !== null && (await this.#history.ancestry(view.main, request.tip)) !== 'yes')
      return { kind: 'main_moved', detail };
    return { kind: 'transient', detail };
  }

  /** A hook refuses who was overtaken, too; then it is the fence that says no, and not this delivery. */
  async #overtaken(request: PushRequest, verdict: PushOutcome & { detail: string }): Promise<PushOutcome> {
    const seen = await this.look();
    const moved = seen.kind === 'seen' && seen.view.fence !== request.fenceFrom;
    return moved ? { kind: 'fence_moved', detail: verdict.detail } : verdict;
  }

  #fetch(
    refspecs: string[],
    from: string,
    env: Record<string, string>,
    signal: AbortSignal | undefined,
  ): Promise<GitResult> {
    return this.#run({
      args: [
        'fetch',
        '--quiet',
        '--no-tags',
        '--no-write-fetch-head',
        '--no-auto-maintenance',
        '--no-recurse-submodules',
        '--no-show-forced-updates',
        '--refmap=',
        '--stdin',
        from,
      ],
      cwd: this.#dir,
      env,
      stdin: `${refspecs.join('\n')}\n`,
      timeoutMs: this.#limits.fetchTimeoutMs,
      signal,
    });
  }

  /** Runs a push and tells, from git's own trace, whether it began to send objects. */
  async #traced(args: string[], signal: AbortSignal | undefined): Promise<{ result: GitResult; sent: boolean }> {
    const scratch = join(this.#dir, 'scratch');
    await mkdir(scratch, { recursive: true });
    const trace = join(scratch, `push-${process.pid}-${this.#counter++}`);
    await writeFile(trace, '');
    try {
      const result = await this.#run({
        args: ['push', '--porcelain', '--no-verify', '--no-signed', '--recurse-submodules=no', ...args],
        cwd: this.#dir,
        env: { ...this.#env, GIT_TRACE2_EVENT: trace, GIT_TRACE2_EVENT_NESTING: '2' },
        timeoutMs: this.#limits.pushTimeoutMs,
        signal,
      });
      return { result, sent: !endedUnsent(await readFile(trace, 'utf8')) };
    } finally {
      await unlink(trace).catch(() => undefined);
    }
  }
}

function refusedTarget({ branch }: BranchTarget): DeleteOutcome {
  return { kind: 'refused', detail: `not a branch telec deletes: ${JSON.stringify(branch)}` };
}

/** True when the trace is whole (each process that started also ended in order) and no pack was begun. */
function endedUnsent(trace: string): boolean {
  const running = new Set<string>();
  let started = false;
  for (const line of trace.split('\n')) {
    if (line === '') continue;
    const event = parseEvent(line);
    if (event === null) return false;
    if (event.event === 'start') {
      started = true;
      running.add(event.sid);
    } else if (event.event === 'atexit') running.delete(event.sid);
    else if (event.event === 'child_start' && event.argv.includes('pack-objects')) return false;
  }
  return started && running.size === 0;
}

function parseEvent(line: string): { event: string; sid: string; argv: string[] } | null {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null) return null;
    const { event, sid, argv } = value as Record<string, unknown>;
    if (typeof event !== 'string' || typeof sid !== 'string') return null;
    return { event, sid, argv: Array.isArray(argv) ? argv.map(String) : [] };
  } catch {
    return null;
  }
}

/** Lines `<id>\t<ref>`. Names are compared whole: git's own patterns match the tails of names. */
function readListing(stdout: Buffer, main: string): RemoteView {
  const view: RemoteView = { main: null, fence: null, heads: new Map(), planted: [] };
  for (const line of stdout.toString('utf8').split('\n')) {
    const tab = line.indexOf('\t');
    const id = line.slice(0, Math.max(tab, 0));
    if (!isObjectId(id)) continue;
    const ref = line.slice(tab + 1);
    if (isPlanted(ref)) view.planted.push(ref);
    if (ref === `refs/heads/${main}`) view.main = id;
    else if (ref === FENCE_REF) view.fence = id;
    else if (ref.startsWith('refs/heads/')) view.heads.set(ref.slice('refs/heads/'.length), id);
  }
  return view;
}

/** Refs that git takes for main or the fence when it reads a full name as the end of a longer one. */
function isPlanted(ref: string): boolean {
  return ref.startsWith('refs/heads/refs/') || ref.startsWith('refs/tags/refs/') || ref.startsWith(`${FENCE_REF}/`);
}
