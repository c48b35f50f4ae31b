/**
 * The private repository: a bare repository with objects of its own in the state folder, and everything telec does
 * to the remote. Knows commits and refs, never what a candidate is. Every outcome is a value; ids are full hex.
 */

import { join, resolve } from 'node:path';
import { AttributeViews } from './attributes.ts';
import { DiffTree } from './difftree.ts';
import { closedEnvironment, type TransportSettings, transportEnvironment } from './environment.ts';
import { type FenceSigner, readFence, writeFence } from './fence.ts';
import { Foreseer } from './foresight.ts';
import { commandIn, type GitCommand, History, toMainCommit } from './history.ts';
import { Launcher, type LauncherOptions } from './launcher.ts';
import { type LostCheckTools, lostPaths } from './lostcheck.ts';
import { type MergeTools, mergeCommits } from './merge.ts';
import { formatCommit, ObjectStore } from './objects.ts';
import { pathBytes, showPath } from './paths.ts';
import type {
  Ancestry,
  BranchTarget,
  CommitRequest,
  DeleteOutcome,
  FenceNote,
  FetchOutcome,
  IntegrationRepository,
  LookOutcome,
  LostOutcome,
  MainCommit,
  MergeOutcome,
  MergeRequest,
  PathChange,
  ProbeOutcome,
  PushOutcome,
  PushRequest,
  RemergeOutcome,
  RemergeRequest,
  SelfCheckOutcome,
  TreeItem,
} from './port.ts';
import { type RemergeTools, remerge } from './remerge.ts';
import { localBranchRef, Remote, type RemoteLimits } from './remote.ts';
import { GitFault } from './run.ts';
import { checkMerge, type SelfCheckTools } from './selfcheck.ts';
import { markSeeded, packStore, prepareStore } from './store.ts';
import { findEntry, isRegularFile, listItems, listTree, rewriteTree } from './trees.ts';

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
  /** Signs fences; without it they are not signed. */
  sign?: FenceSigner;
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
  const sign = options.sign ?? null;
  return new PrivateRepository(dir, env, emptyTree, limits, { objects, launcher, git, history, remote, sign });
}

interface Parts {
  objects: ObjectStore;
  launcher: Launcher;
  git: GitCommand;
  history: History;
  remote: Remote;
  sign: FenceSigner | null;
}

class PrivateRepository implements IntegrationRepository {
  readonly #limits: RepositoryLimits;
  readonly #parts: Parts;
  readonly #attributes: AttributeViews;
  readonly #merge: MergeTools;
  readonly #remerge: RemergeTools;
  readonly #check: SelfCheckTools;
  readonly #lost: LostCheckTools;
  readonly #emptyTree: string;
  readonly foresight: Foreseer;
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
    this.#remerge = { objects, attributes: this.#attributes, run, env, timeoutMs: limits.mergeTimeoutMs };
    this.#check = {
      plain: new DiffTree(dir, env, ['--no-renames']),
      renames: new DiffTree(dir, env, ['-M', '-l7000']),
    };
    this.#lost = {
      objects,
      plain: this.#check.plain,
      emptyTree,
      beyond: (base, sha) => history.beyond(base, sha),
      mergeBases: (one, other) => history.mergeBases(one, other),
    };
    const { launcher, git } = parts;
    const timeoutMs = limits.mergeTimeoutMs;
    this.foresight = new Foreseer({ dir, env, emptyTree, objects, git, run: launcher.run, timeoutMs });
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

  remerge(requests: readonly RemergeRequest[], signal?: AbortSignal): Promise<RemergeOutcome[]> {
    return remerge(this.#remerge, requests, signal);
  }

  async lostChanges(base: string, sha: string, result: string): Promise<LostOutcome> {
    try {
      const paths = await lostPaths(this.#lost, base, sha, result);
      return paths.length === 0 ? { kind: 'kept' } : { kind: 'lost', paths };
    } catch (error) {
      if (error instanceof GitFault) return { kind: 'error', detail: error.message };
      throw error;
    }
  }

  async commitOf(sha: string): Promise<MainCommit | null> {
    const commit = await this.#parts.objects.storedCommit(sha);
    if (commit === null) return null;
    const { parents, tree, committer, message: body } = commit;
    const timeSeconds = Number(/ (\d+) [-+]\d+$/.exec(committer)?.[1] ?? 0);
    return toMainCommit({ sha, parents, tree, timeSeconds, body });
  }

  firstParents(from: string | null, tip: string): Promise<string[]> {
    return this.#parts.history.firstParents(from, tip);
  }

  async pathChanges(before: string, after: string): Promise<PathChange[]> {
    const [from, to] = await Promise.all([before, after].map((commit) => this.treeOf(commit)));
    if (!from || !to) throw new GitFault('a commit to compare is missing');
    return this.treeChanges(from, to);
  }

  async treeChanges(before: string, after: string): Promise<PathChange[]> {
    return (await this.#check.plain.between(before, after)).map(({ path, after: entry }) => ({
      path: showPath(Buffer.from(path, 'latin1')),
      removed: entry === null,
    }));
  }

  async treeOf(commit: string): Promise<string | null> {
    return (await this.#parts.objects.commit(commit))?.tree ?? null;
  }

  writeFence(parent: string | null, note: FenceNote, author: string, timeSeconds: number): Promise<string> {
    const { objects, sign } = this.#parts;
    return writeFence(objects, this.#emptyTree, parent, note, author, timeSeconds, sign);
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

  async changedPaths(base: string, tip: string): Promise<string[]> {
    // A step of main is asked for most often, and its parent is where it left.
    const isStep = (await this.#parts.objects.commit(tip))?.parents.includes(base) === true;
    const bases = isStep ? [base] : await this.#parts.history.mergeBases(base, tip);
    const [after = null, ...before] = await Promise.all([tip, ...bases].map((commit) => this.treeOf(commit)));
    if (after === null || !before.every((tree) => tree !== null)) throw new GitFault(`commit ${tip} is missing`);
    const changes = await this.#check.plain.all(before.map((tree) => [tree, after] as const));
    return [...new Set(changes.flat().map(({ path }) => showPath(Buffer.from(path, 'latin1'))))].sort();
  }

  sameChanges(from: string, tip: string, sha: string): Promise<string[]> {
    return this.#parts.history.sameChanges(from, tip, sha);
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

  deleteBranches(targets: readonly BranchTarget[], signal?: AbortSignal): Promise<DeleteOutcome[]> {
    return this.#parts.remote.deleteBranches(targets, signal);
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

  async itemsOf(tree: string): Promise<TreeItem[]> {
    return listItems(this.#parts.objects, tree);
  }

  async contentOf(id: string, bytesMax: number): Promise<Uint8Array | null> {
    const info = await this.#parts.objects.info(id);
    if (info?.type !== 'blob') throw new GitFault(`${id} is no file`);
    if (info.size > bytesMax) return null;
    return (await this.#parts.objects.read(id))?.content ?? null;
  }

  async close(): Promise<void> {
    await Promise.all([
      this.#parts.objects.close(),
      this.#attributes.close(),
      this.foresight.close(),
      this.#check.plain.close(),
      this.#check.renames.close(),
      this.#parts.launcher.close(),
    ]);
  }
}
