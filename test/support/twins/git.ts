/**
 * The private repository in memory, on a twin of the remote: the same behaviour as the one with git, held by the same
 * conformance suite. Objects arrive by fetch only. Every operation goes through the port, so that a simulation decides
 * when it happens, whether the remote is reached and whether its answer arrives.
 */
import type {
  BranchTarget,
  DeleteOutcome,
  IntegrationRepository,
  MainCommit,
  MergeOutcome,
  MergeRequest,
  PushOutcome,
  SelfCheckOutcome,
  TreeItem,
} from '../../../src/io/git/port.ts';
import { GitFault } from '../../../src/io/git/run.ts';
import { lostChanges, mergedAgain, pathChanges } from './audit.ts';
import { digest, type Files, plainFile, type TwinCommit, trailerOf } from './commits.ts';
import { twinForesight } from './foresight.ts';
import { MAIN_REF, type TwinRemote } from './remote.ts';
import { threeWay } from './three-way.ts';

/**
 * What becomes of one request to the remote. `cut`: it never arrived, and the client knows. `lost`: it arrived, the
 * answer did not. `dropped`: neither arrived. `late`: the client gives up first, the request arrives afterwards.
 */
export type Fate = 'whole' | 'cut' | 'lost' | 'dropped' | 'late';

export interface GitPort {
  /** As `TwinPort.perform`. */
  perform<T>(name: string, op: () => T): Promise<T>;
  /** What becomes of the next request of that name. */
  fate(name: string): Fate;
  /** Runs the rest of a late request. */
  later(name: string, op: () => void): void;
}

/** The port without faults. */
export const directGitPort: GitPort = {
  perform: (_name, op) => Promise.resolve().then(op),
  fate: () => 'whole',
  later: (_name, op) => op(),
};

export interface TwinGitOptions {
  remote: TwinRemote;
  port: GitPort;
  /** Ids of the commits that are here; outlives the process, as files do. */
  objects?: Set<string>;
  /** Who pushes, for the history of the remote. */
  name?: string;
  /** Called with every listing of the remote. */
  onLook?(heads: ReadonlyMap<string, string>): void;
}

const NO_BRANCH = /^$|^-|^\/|\/$|[\0-\x20\x7f~^:?*[\\+]|\.\.|@\{|\/\//;
const unreachable = { kind: 'unreachable', detail: 'could not connect' } as const;

export function openTwinGit(options: TwinGitOptions): IntegrationRepository {
  const { remote, port, objects = new Set<string>(), name = 'telec' } = options;
  const { graph } = remote;

  /** Folders and files by id, once somebody came by them. */
  const folders = new Map<string, Files>();
  const contents = new Map<string, Buffer>();

  const here = (sha: string): TwinCommit | null => (objects.has(sha) ? graph.get(sha) : null);

  const take = (sha: string | null): void => {
    if (sha === null || objects.has(sha)) return;
    for (const other of graph.reach(sha)) objects.add(other);
  };

  const keep = (commit: TwinCommit): string => {
    objects.add(commit.sha);
    return commit.sha;
  };

  const needed = (sha: string): TwinCommit => {
    const commit = here(sha);
    if (!commit) throw new Error(`commit ${sha} is missing`);
    return commit;
  };

  const local = <T>(what: string, op: () => T): Promise<T> => port.perform(`git.${what}`, op);

  /** A request that changes nothing: a lost answer is as good as none. */
  const ask = <T>(what: string, signal: AbortSignal | undefined, op: () => T): Promise<T | typeof unreachable> =>
    port.perform(`git.${what}`, () => {
      const fate = remote.reachable ? port.fate(what) : 'cut';
      return fate !== 'whole' || signal?.aborted ? unreachable : op();
    });

  const merge = ({ base, sha, strategy, message, author, timeSeconds }: MergeRequest): MergeOutcome => {
    const ours = here(base);
    const theirs = here(sha);
    if (!ours || !theirs) return { kind: 'error', detail: 'a commit to merge is missing' };
    const bases = graph.mergeBases(base, sha);
    if (bases.length === 0) return { kind: 'error', detail: `${sha} shares no history with ${base}` };
    if (bases.includes(sha)) return { kind: 'integrated', how: 'ancestry' };
    const origins = bases.map((commit) => graph.get(commit).files);
    const { files, conflicts } = threeWay(origins, ours.files, theirs.files);
    if (conflicts.length > 0) return { kind: 'conflict', paths: conflicts };
    const parents = strategy === 'merge' ? [base, sha] : [base];
    const commit = graph.make({ parents, files, message, author, timeSeconds });
    if (commit.tree === ours.tree) return { kind: 'integrated', how: 'content' };
    return { kind: 'merged', commit: keep(commit), tree: commit.tree, base };
  };

  const check = (base: string, sha: string, result: string): SelfCheckOutcome => {
    if (!here(base) || !here(sha) || !here(result)) return { kind: 'error', detail: 'a commit to compare is missing' };
    const bases = graph.mergeBases(base, sha);
    if (bases.length === 0) return { kind: 'error', detail: `${sha} shares no history with ${base}` };
    const origins = bases.map((commit) => graph.get(commit).files);
    const [ours, theirs, merged] = [base, sha, result].map((commit) => graph.get(commit).files) as [
      Files,
      Files,
      Files,
    ];
    const paths = new Set([...origins, ours, theirs, merged].flatMap((files) => [...files.keys()]));
    const wrong = [...paths].filter((path) => {
      const values = new Set(origins.map((files) => files.get(path)));
      if (values.size > 1) return false;
      const [origin] = values;
      const [left, right, got] = [ours.get(path), theirs.get(path), merged.get(path)];
      if (left === origin) return got !== right;
      return right === origin || left === right ? got !== left : false;
    });
    return wrong.length === 0 ? { kind: 'same', skipped: 0 } : { kind: 'differs', paths: wrong.sort() };
  };

  const asMainCommit = ({ sha, parents, tree, message, timeSeconds }: TwinCommit): MainCommit => ({
    sha,
    parents: [...parents],
    tree,
    candidate: trailerOf(message, 'Telec-Candidate'),
    books: trailerOf(message, 'Telec-Books'),
    fence: trailerOf(message, 'Telec-Fence'),
    subject: message.split('\n', 1)[0] ?? '',
    timeSeconds,
  });

  const removeBranch = ({ branch, sha }: BranchTarget): DeleteOutcome => {
    const ref = `refs/heads/${branch}`;
    if (ref === MAIN_REF || NO_BRANCH.test(branch)) return { kind: 'refused', detail: 'not a branch telec deletes' };
    const head = remote.branch(branch);
    if (head !== null && head !== sha) return { kind: 'moved', detail: `it is at ${head}` };
    remote.setRef(ref, null);
    return { kind: 'deleted' };
  };

  return {
    look: (signal) =>
      ask('look', signal, () => {
        const view = remote.view();
        options.onLook?.(new Map(view.heads));
        return { kind: 'seen', view };
      }),

    fetch: (branches, signal) =>
      ask('fetch', signal, () => {
        const gone = branches.filter((branch) => NO_BRANCH.test(branch) || remote.branch(branch) === null);
        if (remote.main === null) gone.unshift('main');
        if (gone.length > 0) return { kind: 'gone', detail: `not on the remote: ${gone.join(', ')}` };
        for (const sha of [remote.main, remote.fence, ...branches.map((branch) => remote.branch(branch))]) take(sha);
        return { kind: 'fetched' };
      }),

    hasCommit: (sha) => local('hasCommit', () => objects.has(sha)),

    ancestry: (ancestor, descendant) =>
      local('ancestry', () => {
        if (!here(ancestor) || !here(descendant)) return 'unknown';
        return graph.isAncestor(ancestor, descendant) ? 'yes' : 'no';
      }),

    unmerged: (commits, tip) =>
      local('unmerged', () => {
        const known = commits.filter((sha) => objects.has(sha));
        if (known.length > 0) needed(tip);
        return new Set(commits.filter((sha) => !objects.has(sha) || !graph.isAncestor(sha, tip)));
      }),

    merge: (request) => local('merge', () => merge(request)),
    selfCheck: (base, sha, result) => local('selfCheck', () => check(base, sha, result)),
    remerge: (requests) =>
      local('remerge', () => requests.map(({ base, sha }) => mergedAgain(graph, here(base), here(sha)))),
    lostChanges: (base, sha, result) =>
      local('lostChanges', () => lostChanges(graph, here(base), here(sha), here(result))),
    commitOf: (sha) =>
      local('commitOf', () => {
        const commit = here(sha);
        return commit && asMainCommit(commit);
      }),
    firstParents: (from, tip) =>
      local('firstParents', () => {
        if (from !== null) needed(from);
        const stop = (sha: string) => from !== null && graph.isAncestor(sha, from);
        return graph
          .line(needed(tip).sha, stop)
          .map(({ sha }) => sha)
          .reverse();
      }),
    pathChanges: (before, after) => local('pathChanges', () => pathChanges(needed(before), needed(after))),
    treeChanges: (before, after) =>
      local('treeChanges', () => {
        const [from, to] = [graph.filesOf(before), graph.filesOf(after)];
        if (!from || !to) throw new GitFault('a tree to compare is missing');
        return pathChanges({ files: from }, { files: to });
      }),
    treeOf: (commit) =>
      local('treeOf', () => {
        const known = here(commit);
        if (known) folders.set(known.tree, known.files);
        return known?.tree ?? null;
      }),

    writeFence: (parent, note, author, timeSeconds) =>
      local('writeFence', () => {
        const parents = parent === null ? [] : [parent];
        const permit = Object.values(note.permit ?? {});
        const lines = [note.fence, note.seq, note.session, note.log, note.repo, note.main, ...permit];
        const message = `telec fence\n\n${lines.join('\n')}\n`;
        return keep(graph.make({ parents, files: new Map(), message, author, timeSeconds, note }));
      }),

    readFence: (sha) => local('readFence', () => here(sha)?.note ?? null),

    push: (request, signal) =>
      port.perform('git.push', (): PushOutcome => {
        const fate = remote.reachable ? port.fate('push') : 'cut';
        if (fate === 'cut' || signal?.aborted) return { kind: 'transient', detail: 'could not connect' };
        const gaveUp: PushOutcome = { kind: 'unknown', detail: 'no answer' };
        if (fate === 'dropped') return gaveUp;
        if (fate === 'late') {
          port.later('git.push', () => remote.push(name, request));
          return gaveUp;
        }
        const outcome = remote.push(name, request);
        return fate === 'lost' ? gaveUp : outcome;
      }),

    mainCommits: (from, tip, limit) =>
      local('mainCommits', () => {
        needed(tip);
        if (from !== null) needed(from);
        const line = graph.line(tip, (sha) => from !== null && graph.isAncestor(sha, from)).reverse();
        return line.slice(0, limit ?? line.length).map(asMainCommit);
      }),

    touchedBy: (base, sha, paths) =>
      local('touchedBy', () => {
        needed(base);
        const bases = graph.mergeBases(base, needed(sha).sha);
        const line = graph.line(base, (commit) => bases.some((origin) => graph.isAncestor(commit, origin)));
        return line.filter((commit) => touches(commit, paths)).map(asMainCommit);
      }),

    changedPaths: (base, tip) =>
      local('changedPaths', () => {
        const { files } = needed(tip);
        const paths = graph
          .mergeBases(needed(base).sha, tip)
          .flatMap((origin) => changes(graph.get(origin).files, files));
        return [...new Set(paths)].sort();
      }),

    sameChanges: (from, tip, sha) =>
      local('sameChanges', () => {
        const inFrom = graph.reach(needed(from).sha);
        const ours = [...graph.reach(needed(tip).sha)].filter((one) => !inFrom.has(one) && !graph.isAncestor(one, sha));
        const theirs = [...graph.reach(needed(sha).sha)].filter((one) => !graph.isAncestor(one, tip));
        const made = new Set(theirs.map(patchOf));
        return ours.filter((one) => graph.get(one).parents.length < 2 && made.has(patchOf(one)));
      }),

    readFile: (commit, path) =>
      local('readFile', () => {
        const file = here(commit)?.files.get(path);
        return file?.startsWith('100644 ') ? file.slice(7) : null;
      }),

    reverted: (sha, main) =>
      local('reverted', () => {
        const since = [...graph.reach(needed(main).sha)].filter((commit) => !graph.isAncestor(commit, sha));
        const commits = since.map((commit) => graph.get(commit)).sort((a, b) => depth(b) - depth(a));
        const carriers = new Set([sha]);
        for (const commit of commits) if (commit.parents.slice(1).includes(sha)) carriers.add(commit.sha);
        const undone = new Set<string>();
        for (const commit of commits) {
          const target = /This reverts commit ([0-9a-f]{40})/.exec(commit.message)?.[1];
          if (target === undefined || undone.has(commit.sha)) continue;
          if (carriers.has(target)) return true;
          undone.add(target);
        }
        return false;
      }),

    pack: () => local('pack', () => undefined),
    probe: (signal) => ask('probe', signal, () => ({ kind: 'ok' as const })),

    deleteBranches: (targets, signal) =>
      port.perform('git.deleteBranches', () => {
        const fate = remote.reachable ? port.fate('deleteBranches') : 'cut';
        const remove = () => targets.map((target) => removeBranch(target));
        const silence = () => targets.map((): DeleteOutcome => unreachable);
        if (fate === 'cut' || fate === 'dropped' || signal?.aborted) return silence();
        if (fate === 'late') {
          port.later('git.deleteBranches', remove);
          return silence();
        }
        const outcomes = remove();
        return fate === 'lost' ? silence() : outcomes;
      }),

    commitChanges: ({ parent, changes, message, author, timeSeconds }) =>
      local('commitChanges', () => {
        const before = needed(parent);
        const files = new Map(before.files);
        for (const { path, content } of changes) {
          if (content !== null) files.set(path, plainFile(Buffer.from(content).toString('utf8')));
          else for (const known of before.files.keys()) if (`${known}/`.startsWith(`${path}/`)) files.delete(known);
        }
        const commit = graph.make({ parents: [parent], files, message, author, timeSeconds });
        return commit.tree === before.tree ? null : keep(commit);
      }),

    listFiles: (commit, folder) =>
      local('listFiles', () => {
        const paths = [...needed(commit).files.keys()];
        return paths.filter((path) => folder === '' || path.startsWith(`${folder}/`)).sort();
      }),

    itemsOf: (tree) =>
      local('itemsOf', () => {
        const files = folders.get(tree);
        if (!files) throw new Error(`tree ${tree} is missing`);
        return itemsIn(files);
      }),

    contentOf: (id, bytesMax) =>
      local('contentOf', () => {
        const bytes = contents.get(id);
        if (!bytes) throw new Error(`file ${id} is missing`);
        return bytes.length > bytesMax ? null : bytes;
      }),

    foresight: twinForesight(graph, here, local),
    close: async () => undefined,
  };

  function itemsIn(files: Files): TreeItem[] {
    const below = new Map<string, Map<string, string>>();
    const items: TreeItem[] = [];
    for (const [path, value] of files) {
      const [name = '', ...rest] = path.split('/');
      if (rest.length > 0) below.set(name, (below.get(name) ?? new Map()).set(rest.join('/'), value));
      else {
        const [mode, content] = [value.slice(0, 6), value.slice(7)];
        const id = digest(`blob ${content}`);
        contents.set(id, Buffer.from(content));
        items.push({ name, kind: mode.startsWith('100') ? 'file' : 'other', id });
      }
    }
    for (const [name, children] of below) {
      const id = digest(`folder ${JSON.stringify([...children])}`);
      folders.set(id, children);
      items.push({ name, kind: 'folder', id });
    }
    return items.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  function touches(commit: TwinCommit, paths: readonly string[]): boolean {
    const [parent] = commit.parents;
    const before: Files = parent === undefined ? new Map() : graph.get(parent).files;
    return paths.some((path) => before.get(path) !== commit.files.get(path));
  }

  /** What a commit does to its first parent; a merge does nothing of its own. */
  function patchOf(sha: string): string {
    const { parents, files } = graph.get(sha);
    const [parent] = parents;
    const before: Files = parent === undefined ? new Map() : graph.get(parent).files;
    const paths = parents.length > 1 ? [] : changes(before, files).sort();
    return paths.length === 0
      ? `nothing ${sha}`
      : JSON.stringify(paths.map((path) => [path, before.get(path), files.get(path)]));
  }

  function depth(commit: TwinCommit): number {
    return graph.reach(commit.sha).size;
  }
}

function changes(before: Files, after: Files): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter((path) => before.get(path) !== after.get(path));
}
