/**
 * The private repository: a bare repository with objects of its own in the state folder, and everything telec does
 * to the remote. Knows commits and refs, never what a candidate is. Every outcome is a value; ids are full hex.
 */
import { join, resolve } from 'node:path';
import { AttributeViews } from './attributes.ts';
import { DiffTree } from './difftree.ts';
import { closedEnvironment, type TransportSettings, transportEnvironment } from './environment.ts';
import { readFence, writeFence } from './fence.ts';
import { commandIn, type GitCommand, History } from './history.ts';
import { Launcher, type LauncherOptions } from './launcher.ts';
import { type MergeTools, mergeCommits } from './merge.ts';
import { formatCommit, ObjectStore } from './objects.ts';
import { pathBytes, showPath } from './paths.ts';
import { localBranchRef, Remote, type RemoteLimits } from './remote.ts';
import { GitFault } from './run.ts';
import { checkMerge, type SelfCheckTools } from './selfcheck.ts';
import { markSeeded, packStore, prepareStore } from './store.ts';
import { findEntry, isRegularFile, listTree, rewriteTree } from './trees.ts';

/** What the remote announces, read in one request (`ls-remote`). */
export interface RemoteView {
  main: string | null;
  fence: string | null;
  /** Branch name (without refs/heads/) -> head, the main branch left out. */
  heads: Map<string, string>;
  /** Refs that git would confuse with main or the fence: full names. */
  planted: string[];
}

export type LookOutcome = { kind: 'seen'; view: RemoteView } | { kind: 'unreachable'; detail: string };

/** `gone`: some of the asked branches do not exist (any more); nothing else was fetched then. */
export type FetchOutcome =
  | { kind: 'fetched' }
  | { kind: 'gone'; detail: string }
  | { kind: 'unreachable'; detail: string };

export type Ancestry = 'yes' | 'no' | 'unknown';

export interface MergeRequest {
  /** The main commit to merge into. */
  base: string;
  /** Exactly this commit is merged. */
  sha: string;
  strategy: 'merge' | 'squash';
  /** Whole commit message, trailers included. */
  message: string;
  /** `Name <mail>`, author and committer. */
  author: string;
  /** Seconds since the epoch; both dates of the commit. */
  timeSeconds: number;
}

/** One conflicted path with the index stages git left (1 base, 2 ours, 3 theirs). Bytes that are not UTF-8 are shown as \xNN. */
export interface ConflictPath {
  path: string;
  stages: number[];
}

export type MergeOutcome =
  | { kind: 'merged'; commit: string; tree: string; base: string }
  | { kind: 'integrated'; how: 'ancestry' | 'content' }
  | { kind: 'conflict'; paths: ConflictPath[] }
  | { kind: 'error'; detail: string };

/** `skipped`: number of paths that the check had to leave out (rename pairs, several merge bases). */
export type SelfCheckOutcome =
  | { kind: 'same'; skipped: number }
  | { kind: 'differs'; paths: string[] }
  | { kind: 'error'; detail: string };

/** What a fence commit says, in trailers. `seq` counts all fence commits of the remote. */
export interface FenceNote {
  fence: number;
  seq: number;
  session: string;
  log: string;
  repo: string;
  main: string;
}

export interface PushRequest {
  /** Main's new commit, or null to move the fence alone (grant, burn). Pushed by plain refspec. */
  tip: string | null;
  /** The fence commit this push replaces; null when the remote has none. */
  fenceFrom: string | null;
  fenceTo: string;
}

/**
 * `main_moved`: main is no fast-forward any more. `fence_moved`: another holder was faster. `refused`: hook, protection or
 * rights. `transient`: surely nothing happened, try again. `unknown`: it may have happened. `planted`: refs in the way.
 */
export type PushOutcome =
  | { kind: 'pushed' }
  | { kind: 'main_moved'; detail: string }
  | { kind: 'fence_moved'; detail: string }
  | { kind: 'refused'; detail: string }
  | { kind: 'transient'; detail: string }
  | { kind: 'planted'; detail: string }
  | { kind: 'unsupported'; detail: string }
  | { kind: 'unknown'; detail: string };

/** One first-parent commit of main. `candidate` and `fence` are its telec trailers, raw, null when absent. */
export interface MainCommit {
  sha: string;
  parents: string[];
  tree: string;
  candidate: string | null;
  fence: string | null;
  subject: string;
}

/** Whether live mode is possible: the remote can be written to and takes several refs as one (`atomic`). */
export type ProbeOutcome =
  | { kind: 'ok' }
  | { kind: 'unsupported'; detail: string }
  | { kind: 'unreachable'; detail: string };

/** `deleted`: it is gone, by this call or before it. `moved`: it is elsewhere and was left alone. */
export type DeleteOutcome =
  | { kind: 'deleted' }
  | { kind: 'moved'; detail: string }
  | { kind: 'refused'; detail: string }
  | { kind: 'unreachable'; detail: string };

/** One commit that changes files by name; `content` null removes the file or the whole folder. */
export interface CommitRequest {
  parent: string;
  changes: { path: string; content: string | null }[];
  message: string;
  author: string;
  timeSeconds: number;
}

export interface IntegrationRepository {
  /** Main, fence, heads and planted refs of the remote, in one request. */
  look(signal?: AbortSignal): Promise<LookOutcome>;
  /** Brings main, the fence and the named branches (as the remote has them now) into the private repository. */
  fetch(branches: string[], signal?: AbortSignal): Promise<FetchOutcome>;
  /** True when the object is here and a commit. */
  hasCommit(sha: string): Promise<boolean>;
  /** Whether `ancestor` is reachable from `descendant`; 'unknown' when an object is missing or git failed. */
  ancestry(ancestor: string, descendant: string): Promise<Ancestry>;
  /** Of `commits`, those that `tip` surely does not contain or that are not here; one request however many. */
  unmerged(commits: readonly string[], tip: string): Promise<ReadonlySet<string>>;
  merge(request: MergeRequest, signal?: AbortSignal): Promise<MergeOutcome>;
  /** Compares `result` with the three-way rule path by path; shares no code with `merge`. */
  selfCheck(base: string, sha: string, result: string, signal?: AbortSignal): Promise<SelfCheckOutcome>;
  treeOf(commit: string): Promise<string | null>;
  /** Writes a fence commit: empty tree, `parent` the fence before it (null for the first). */
  writeFence(parent: string | null, note: FenceNote, author: string, timeSeconds: number): Promise<string>;
  /** What a fence commit says and its committer time in seconds; null when it is no fence commit. */
  readFence(sha: string): Promise<(FenceNote & { timeSeconds: number }) | null>;
  push(request: PushRequest, signal?: AbortSignal): Promise<PushOutcome>;
  /** First-parent commits of `tip` that `from` does not reach, oldest first, at most `limit`. `from` null: from the root. */
  mainCommits(from: string | null, tip: string, limit?: number): Promise<MainCommit[]>;
  /** Of the first-parent commits between the merge base of (base, sha) and base, those that touched a path, newest first. */
  touchedBy(base: string, sha: string, paths: string[]): Promise<MainCommit[]>;
  /** The file's bytes as text at that commit, or null when it is not a regular file there. */
  readFile(commit: string, path: string): Promise<string | null>;
  /** True when a commit on the first-parent line of `main` reverts `sha` or a merge of it. */
  reverted(sha: string, main: string): Promise<boolean>;
  /** Packs loose objects when there are many; never while `signal` is aborted. */
  pack(signal?: AbortSignal): Promise<void>;
  /** Asks the remote whether it can serve live mode; changes nothing there. */
  probe(signal?: AbortSignal): Promise<ProbeOutcome>;
  /** Removes a branch of the remote if it is still at `sha`. Never main. */
  deleteBranch(branch: string, sha: string, signal?: AbortSignal): Promise<DeleteOutcome>;
  /** Commits changed files on `parent`; null when they change nothing. Same request, same commit id. */
  commitChanges(request: CommitRequest): Promise<string | null>;
  /** Paths of all files below `folder` ('' for all) at that commit, sorted; empty when there is no such folder. */
  listFiles(commit: string, folder: string): Promise<string[]>;
  /** Ends every process; the files stay. */
  close(): Promise<void>;
}

export interface OpenOptions {
  /** Folder of the bare repository; made when it is not there. */
  dir: string;
  /** A clone on this machine to take the first objects from; its object format is taken over. */
  clonePath: string;
  remote: TransportSettings;
  /** Name of the main branch, without refs/heads/. */
  main: string;
  limits?: Partial<RepositoryLimits>;
  launcher?: LauncherOptions;
}

/** Milliseconds, but `packAbove`: the number of loose objects from which packing is worth it. */
export interface RepositoryLimits extends RemoteLimits {
  mergeTimeoutMs: number;
  commandTimeoutMs: number;
  packAbove: number;
}

const LIMITS: RepositoryLimits = {
  lookTimeoutMs: 60_000,
  fetchTimeoutMs: 600_000,
  pushTimeoutMs: 300_000,
  mergeTimeoutMs: 120_000,
  commandTimeoutMs: 120_000,
  packAbove: 2_000,
};
const READ_LIMIT = 64 * 1024 * 1024;

/**
 * Opens the private repository, making and filling it the first time. Thrown: TelecError `GIT_TOO_OLD` (before 2.38)
 * or `GIT_FAILED` when the folder cannot be made a repository.
 */
export async function openRepository(options: OpenOptions): Promise<IntegrationRepository> {
  const limits = { ...LIMITS, ...options.limits };
  const dir = resolve(options.dir);
  const env = closedEnvironment(dir);
  const { emptyTree, globalConfig, fresh } = await prepareStore(dir, options.clonePath, options.remote, env);
  const objects = new ObjectStore(dir, env);
  const launcher = new Launcher(options.launcher);
  const git = commandIn(dir, env, limits.commandTimeoutMs, launcher.run);
  const history = new History(git, objects);
  const remote = new Remote(dir, options.main, options.remote, globalConfig, limits, history, launcher.run);
  if (fresh) {
    const local: TransportSettings = { ...options.remote, url: resolve(options.clonePath), config: [] };
    if (await remote.seed(local.url, transportEnvironment(dir, local, globalConfig))) await markSeeded(dir);
  }
  return new PrivateRepository(dir, env, emptyTree, limits, { objects, launcher, git, history, remote });
}

interface Parts {
  objects: ObjectStore;
  launcher: Launcher;
  git: GitCommand;
  history: History;
  remote: Remote;
}

class PrivateRepository implements IntegrationRepository {
  readonly #limits: RepositoryLimits;
  readonly #parts: Parts;
  readonly #attributes: AttributeViews;
  readonly #merge: MergeTools;
  readonly #check: SelfCheckTools;
  readonly #emptyTree: string;
  /** Local refs of the branches seen last; null before the first look. */
  #seen: Set<string> | null = null;

  constructor(dir: string, env: Record<string, string>, emptyTree: string, limits: RepositoryLimits, parts: Parts) {
    this.#limits = limits;
    this.#parts = parts;
    this.#emptyTree = emptyTree;
    const { objects, history } = parts;
    this.#attributes = new AttributeViews(join(dir, 'attributes'), dir, env, objects, emptyTree);
    const { run } = parts.launcher;
    this.#merge = { objects, history, attributes: this.#attributes, run, env, timeoutMs: limits.mergeTimeoutMs };
    this.#check = {
      plain: new DiffTree(dir, env, ['--no-renames']),
      renames: new DiffTree(dir, env, ['-M', '-l7000']),
    };
  }

  async look(signal?: AbortSignal): Promise<LookOutcome> {
    const seen = await this.#parts.remote.look(signal);
    if (seen.kind === 'seen') this.#seen = new Set([...seen.view.heads.keys()].map(localBranchRef));
    return seen;
  }

  fetch(branches: string[], signal?: AbortSignal): Promise<FetchOutcome> {
    return this.#parts.remote.fetch(branches, signal);
  }

  async hasCommit(sha: string): Promise<boolean> {
    return (await this.#parts.objects.info(sha))?.type === 'commit';
  }

  unmerged(commits: readonly string[], tip: string): Promise<ReadonlySet<string>> {
    return this.#parts.history.unmerged(commits, tip);
  }

  ancestry(ancestor: string, descendant: string): Promise<Ancestry> {
    return this.#parts.history.ancestry(ancestor, descendant);
  }

  merge(request: MergeRequest, signal?: AbortSignal): Promise<MergeOutcome> {
    return mergeCommits(this.#merge, request, signal);
  }

  async selfCheck(base: string, sha: string, result: string, signal?: AbortSignal): Promise<SelfCheckOutcome> {
    try {
      const bases = await this.#parts.history.mergeBases(base, sha);
      if (bases.length === 0) return { kind: 'error', detail: `${sha} shares no history with ${base}` };
      const [ours = null, theirs = null, merged = null, ...origins] = await Promise.all(
        [base, sha, result, ...bases].map((commit) => this.treeOf(commit)),
      );
      if (ours === null || theirs === null || merged === null || !origins.every((tree) => tree !== null))
        return { kind: 'error', detail: 'a commit to compare is missing' };
      if (signal?.aborted) return { kind: 'error', detail: 'aborted' };
      return await checkMerge(this.#check, { bases: origins, ours, theirs, result: merged });
    } catch (error) {
      if (error instanceof GitFault) return { kind: 'error', detail: error.message };
      throw error;
    }
  }

  async treeOf(commit: string): Promise<string | null> {
    return (await this.#parts.objects.commit(commit))?.tree ?? null;
  }

  writeFence(parent: string | null, note: FenceNote, author: string, timeSeconds: number): Promise<string> {
    return writeFence(this.#parts.objects, this.#emptyTree, parent, note, author, timeSeconds);
  }

  readFence(sha: string): Promise<(FenceNote & { timeSeconds: number }) | null> {
    return readFence(this.#parts.objects, this.#emptyTree, sha);
  }

  push(request: PushRequest, signal?: AbortSignal): Promise<PushOutcome> {
    return this.#parts.remote.push(request, signal);
  }

  mainCommits(from: string | null, tip: string, limit?: number): Promise<MainCommit[]> {
    return this.#parts.history.mainCommits(from, tip, limit);
  }

  touchedBy(base: string, sha: string, paths: string[]): Promise<MainCommit[]> {
    return this.#parts.history.touchedBy(base, sha, paths);
  }

  async readFile(commit: string, path: string): Promise<string | null> {
    const tree = await this.treeOf(commit);
    if (tree === null) return null;
    for (const bytes of pathBytes(path)) {
      const entry = await findEntry(this.#parts.objects, tree, bytes);
      if (entry === null || !isRegularFile(entry)) continue;
      const info = await this.#parts.objects.info(entry.id);
      if (info === null || info.size > READ_LIMIT) throw new GitFault(`${path} cannot be read at ${commit}`);
      return (await this.#parts.objects.read(entry.id))?.content.toString('utf8') ?? null;
    }
    return null;
  }

  reverted(sha: string, main: string): Promise<boolean> {
    return this.#parts.history.reverted(sha, main);
  }

  pack(signal?: AbortSignal): Promise<void> {
    return packStore(this.#parts.git, this.#limits.packAbove, this.#seen, signal);
  }

  async probe(signal?: AbortSignal): Promise<ProbeOutcome> {
    const message = 'telec probe\n';
    const content = formatCommit({ tree: this.#emptyTree, parents: [], author: 'telec <>', timeSeconds: 0, message });
    return await this.#parts.remote.probe(await this.#parts.objects.write('commit', content), signal);
  }

  deleteBranch(branch: string, sha: string, signal?: AbortSignal): Promise<DeleteOutcome> {
    return this.#parts.remote.deleteBranch(branch, sha, signal);
  }

  async commitChanges(request: CommitRequest): Promise<string | null> {
    const { objects } = this.#parts;
    const before = await this.treeOf(request.parent);
    if (before === null) throw new GitFault(`commit ${request.parent} is missing`);
    const tree = await rewriteTree(objects, before, request.changes);
    if (tree === before) return null;
    return await objects.write('commit', formatCommit({ ...request, tree, parents: [request.parent] }));
  }

  async listFiles(commit: string, folder: string): Promise<string[]> {
    const { objects } = this.#parts;
    const tree = await this.treeOf(commit);
    if (tree === null) throw new GitFault(`commit ${commit} is missing`);
    const root = folder === '' ? { mode: '40000', id: tree } : await findEntry(objects, tree, Buffer.from(folder));
    if (root === null || root.mode !== '40000') return [];
    const prefix = folder === '' ? '' : `${Buffer.from(folder).toString('latin1')}/`;
    const paths = await listTree(objects, root.id, prefix);
    return paths.map((path) => showPath(Buffer.from(path, 'latin1'))).sort();
  }

  async close(): Promise<void> {
    await Promise.all([
      this.#parts.objects.close(),
      this.#attributes.close(),
      this.#check.plain.close(),
      this.#check.renames.close(),
      this.#parts.launcher.close(),
    ]);
  }
}
