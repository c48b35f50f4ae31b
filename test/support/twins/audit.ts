/** What an audit asks of the twin of git, answered from the graph alone. A commit that is not here is null. */
import type { LostOutcome, PathChange, RemergeOutcome } from '../../../src/io/git/port.ts';
import type { CommitGraph, TwinCommit } from './commits.ts';
import { threeWay } from './three-way.ts';

type Commit = TwinCommit | null;

const MISSING = { kind: 'error', detail: 'a commit is missing' } as const;

export function mergedAgain(graph: CommitGraph, base: Commit, side: Commit): RemergeOutcome {
  if (!base || !side) return MISSING;
  const origins = graph.mergeBases(base.sha, side.sha).map((commit) => graph.get(commit).files);
  if (origins.length === 0) return { kind: 'error', detail: 'no history is shared' };
  const { files, conflicts } = threeWay(origins, base.files, side.files);
  if (conflicts.length > 0) return { kind: 'conflict', paths: conflicts };
  return { kind: 'clean', tree: graph.make({ parents: [], files, message: '' }).tree };
}

export function lostChanges(graph: CommitGraph, base: Commit, side: Commit, result: Commit): LostOutcome {
  if (!base || !side || !result) return MISSING;
  const own = [...graph.reach(side.sha)].filter((commit) => !graph.isAncestor(commit, base.sha));
  const paths = pathChanges(base, result)
    .map(({ path }) => path)
    .filter((path) => side.files.get(path) === result.files.get(path))
    .filter((path) => !own.some((commit) => touches(graph, graph.get(commit), path)));
  return paths.length === 0 ? { kind: 'kept' } : { kind: 'lost', paths };
}

/** Whether the commit changed the path itself; of a merge, whether it had to decide. */
function touches(graph: CommitGraph, { files, parents }: TwinCommit, path: string): boolean {
  const sides = parents.map((parent) => graph.get(parent).files.get(path));
  const differs = sides.map((value) => value !== files.get(path));
  if (sides.length === 0) return files.has(path);
  if (differs.every(Boolean)) return true;
  if (sides.length === 1 || !differs.some(Boolean)) return false;
  const bases = sides.length === 2 ? graph.mergeBases(parents[0] ?? '', parents[1] ?? '') : [];
  const [origin] = bases;
  if (origin === undefined || bases.length > 1) return true;
  return sides.every((value) => value !== graph.get(origin).files.get(path));
}

export function pathChanges(before: Pick<TwinCommit, 'files'>, after: Pick<TwinCommit, 'files'>): PathChange[] {
  const paths = [...new Set([...before.files.keys(), ...after.files.keys()])];
  const changed = paths.filter((path) => before.files.get(path) !== after.files.get(path));
  return changed.sort().map((path) => ({ path, removed: !after.files.has(path) }));
}
