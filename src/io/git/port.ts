/**
 * What telec asks of git: the interface of the private repository and of the remote behind it, with every outcome as a
 * value. Types alone; `repository.ts` fulfils them, a twin does so in simulations.
 */

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

/** A merge that is to be made once more. */
export interface RemergeRequest {
  base: string;
  sha: string;
}

/** `conflict`: it does not merge cleanly. `error`: git could not tell; nothing follows from it. */
export type RemergeOutcome =
  | { kind: 'clean'; tree: string }
  | { kind: 'conflict'; paths: ConflictPath[] }
  | { kind: 'error'; detail: string };

/** A path that a commit changes on its own line. */
export interface OwnChange {
  path: string;
  how: 'added' | 'changed' | 'removed';
}

/**
 * What branches would do to main and to each other. Writes no ref and no commit, and shares no process with what brings
 * deliveries to main, so that asking for much here makes nothing there wait.
 */
export interface Foresight {
  /**
   * For each commit, what it changes beyond where its line left that of `main`; `merged` when main has it; null when it is
   * not here, or shares no history with main. Thrown: GitFault when main is missing.
   */
  ownChanges(main: string, commits: readonly string[]): Promise<(OwnChange[] | 'merged' | null)[]>;
  /** As `IntegrationRepository.remerge`. */
  merges(requests: readonly RemergeRequest[], signal?: AbortSignal): Promise<RemergeOutcome[]>;
  /** Who wrote a commit, `Name <mail>`, and its committer's clock in seconds; null when it is not here. */
  authored(commit: string): Promise<{ author: string; timeSeconds: number } | null>;
}

/** `lost`: paths (shown) on which the commit undoes what its base had and its own side left alone. */
export type LostOutcome = { kind: 'kept' } | { kind: 'lost'; paths: string[] } | { kind: 'error'; detail: string };

/** A path whose entry differs between two commits; `removed`: the later one has nothing there. */
export interface PathChange {
  path: string;
  removed: boolean;
}

/** What a fence commit says, in trailers. `seq` counts all fence commits of the remote. */
export interface FenceNote {
  fence: number;
  seq: number;
  session: string;
  log: string;
  repo: string;
  main: string;
  /** A person may bring main to that commit, once, until then (seconds since the epoch). */
  permit?: { commit: string; untilSeconds: number };
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

/**
 * One first-parent commit of main. `candidate`, `books` (the candidate whose books it keeps) and `fence` are its telec
 * trailers, raw, null when absent.
 */
export interface MainCommit {
  sha: string;
  parents: string[];
  tree: string;
  candidate: string | null;
  books: string | null;
  fence: string | null;
  subject: string;
  /** Its committer's clock, seconds since the epoch. */
  timeSeconds: number;
}

/** Whether live mode is possible: the remote can be written to and takes several refs as one (`atomic`). */
export type ProbeOutcome =
  | { kind: 'ok' }
  | { kind: 'unsupported'; detail: string }
  | { kind: 'unreachable'; detail: string };

/** A branch and where it is expected to be. */
export interface BranchTarget {
  branch: string;
  sha: string;
}

/** `deleted`: it is gone, by this call or before it. `moved`: it is elsewhere and was left alone. */
export type DeleteOutcome =
  | { kind: 'deleted' }
  | { kind: 'moved'; detail: string }
  | { kind: 'refused'; detail: string }
  | { kind: 'unreachable'; detail: string };

/** What stands in a folder. Equal ids say equal contents; `other` is a link or a submodule. */
export interface TreeItem {
  name: string;
  kind: 'file' | 'folder' | 'other';
  id: string;
}

/** One commit that changes files by name; `content` null removes the file or the whole folder. */
export interface CommitRequest {
  parent: string;
  changes: { path: string; content: string | Uint8Array | null }[];
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
  /**
   * Makes merges once more and keeps nothing of them; one outcome each, in order. Shares no process and no memory with
   * `merge`, and asks nobody for merge bases.
   */
  remerge(requests: readonly RemergeRequest[], signal?: AbortSignal): Promise<RemergeOutcome[]>;
  /** Whether `result`, which brings `sha` to `base`, undoes what the commits of `sha` beyond `base` did not touch. */
  lostChanges(base: string, sha: string, result: string): Promise<LostOutcome>;
  /** The commit as it is stored, whatever was remembered of it; null when it is not here. */
  commitOf(sha: string): Promise<MainCommit | null>;
  /** Ids of the first-parent commits of `tip` that `from` does not reach, oldest first. `from` null: from the root. */
  firstParents(from: string | null, tip: string): Promise<string[]>;
  /** Paths that differ between two commits, moved files as a removed and a new one. Thrown: GitFault when one is missing. */
  pathChanges(before: string, after: string): Promise<PathChange[]>;
  /** The same between two trees. */
  treeChanges(before: string, after: string): Promise<PathChange[]>;
  treeOf(commit: string): Promise<string | null>;
  /**
   * Writes a fence commit: empty tree, `parent` the fence before it (null for the first); signed where a key was set.
   * Thrown: SignerFault when it cannot be signed.
   */
  writeFence(parent: string | null, note: FenceNote, author: string, timeSeconds: number): Promise<string>;
  /** What a fence commit says and its committer time in seconds; null when it is no fence commit. */
  readFence(sha: string): Promise<(FenceNote & { timeSeconds: number }) | null>;
  push(request: PushRequest, signal?: AbortSignal): Promise<PushOutcome>;
  /** First-parent commits of `tip` that `from` does not reach, oldest first, at most `limit`. `from` null: from the root. */
  mainCommits(from: string | null, tip: string, limit?: number): Promise<MainCommit[]>;
  /** Of the first-parent commits between the merge base of (base, sha) and base, those that touched a path, newest first. */
  touchedBy(base: string, sha: string, paths: string[]): Promise<MainCommit[]>;
  /** Paths, as shown, in which `tip` differs from where its line left that of `base`. Empty without a common history. */
  changedPaths(base: string, tip: string): Promise<string[]>;
  /**
   * Of the commits that `tip` has and `from` has not, those that make the same change as a commit of `sha`'s own line:
   * picked or rebased from it. `sha` itself is not in `tip`.
   */
  sameChanges(from: string, tip: string, sha: string): Promise<string[]>;
  /** The file's bytes as text at that commit, or null when it is not a regular file there. */
  readFile(commit: string, path: string): Promise<string | null>;
  /** True when a commit on the first-parent line of `main` reverts `sha` or a merge of it. */
  reverted(sha: string, main: string): Promise<boolean>;
  /** Packs loose objects when there are many; never while `signal` is aborted. */
  pack(signal?: AbortSignal): Promise<void>;
  /** Asks the remote whether it can serve live mode; changes nothing there. */
  probe(signal?: AbortSignal): Promise<ProbeOutcome>;
  /**
   * Removes branches of the remote in one push, each if it is still at its `sha`; one outcome each, in order. Never main.
   * One that the remote keeps does not keep the others.
   */
  deleteBranches(targets: readonly BranchTarget[], signal?: AbortSignal): Promise<DeleteOutcome[]>;
  /** Commits changed files on `parent`; null when they change nothing. Same request, same commit id. */
  commitChanges(request: CommitRequest): Promise<string | null>;
  /** Paths of all files below `folder` ('' for all) at that commit, sorted; empty when there is no such folder. */
  listFiles(commit: string, folder: string): Promise<string[]>;
  /** What stands in the folder of that tree id, as `treeOf` or an item gave it, in git's order. */
  itemsOf(tree: string): Promise<TreeItem[]>;
  /** The bytes of a file by an item's id, or null when there are more than `bytesMax`. */
  contentOf(id: string, bytesMax: number): Promise<Uint8Array | null>;
  readonly foresight: Foresight;
  /** Ends every process; the files stay. */
  close(): Promise<void>;
}
