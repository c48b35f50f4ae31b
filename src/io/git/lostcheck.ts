/**
 * Looks for changes that a merge undid without its own side having touched them, by walking the commits it brings: no
 * merge is made and no merge base is asked for, so a merge made from a wrong base does not pass, nor does a branch that
 * dropped in a merge of its own what main had brought.
 *
 * Undone is a path when the result differs from the base there, has what the branch has, no commit of the branch
 * changed it, and what the base had there did not move elsewhere.
 */
import type { DiffTree, Entry, TreeChange } from './difftree.ts';
import type { ObjectStore } from './objects.ts';
import { showPath } from './paths.ts';
import { GitFault } from './run.ts';

export interface LostCheckTools {
  objects: ObjectStore;
  /** Without rename detection. */
  plain: DiffTree;
  emptyTree: string;
  /** The commits, with their parents, that a commit holds and a base does not. */
  beyond(base: string, sha: string): Promise<[commit: string, parents: readonly string[]][]>;
}

/** Paths that `result` undoes, shown and sorted. Thrown: GitFault when a commit is missing. */
export async function lostPaths(tools: LostCheckTools, base: string, sha: string, result: string): Promise<string[]> {
  const { plain } = tools;
  const [ours, theirs, merged] = await Promise.all([base, sha, result].map((commit) => treeOf(tools, commit)));
  const own = await tools.beyond(base, sha);
  const steps = own.map(([commit, parents]) => pairsOf(tools, commit, parents));
  const pairs = await Promise.all(steps);
  const [changed = [], apart = [], ...diffs] = await plain.all([
    [ours ?? '', merged ?? ''],
    [theirs ?? '', merged ?? ''],
    ...pairs.flat(),
  ]);
  const differing = new Set(apart.map(({ path }) => path));
  const suspects = changed.filter(
    ({ path, before, after }) => !differing.has(path) && !isMoved(changed, before, after),
  );
  if (suspects.length === 0) return [];
  const touched = new Set<string>();
  for (const { length } of pairs) for (const path of changedFromAll(diffs.splice(0, length))) touched.add(path);
  const lost = suspects.filter(({ path }) => !touched.has(path));
  return lost.map(({ path }) => showPath(Buffer.from(path, 'latin1'))).sort();
}

/** A commit beside each of its parents. */
async function pairsOf(
  tools: LostCheckTools,
  commit: string,
  parents: readonly string[],
): Promise<(readonly [string, string])[]> {
  const after = await treeOf(tools, commit);
  if (parents.length === 0) return [[tools.emptyTree, after]];
  return Promise.all(parents.map(async (parent) => [await treeOf(tools, parent), after] as const));
}

async function treeOf({ objects }: LostCheckTools, commit: string): Promise<string> {
  const found = await objects.commit(commit);
  if (found === null) throw new GitFault(`commit ${commit} is missing`);
  return found.tree;
}

/** What a commit changed by itself: of a merge, only what none of its parents had so. */
function changedFromAll([first = [], ...others]: TreeChange[][]): string[] {
  const sets = others.map((changes) => new Set(changes.map(({ path }) => path)));
  return first.map(({ path }) => path).filter((path) => sets.every((set) => set.has(path)));
}

/** A folder that the branch moved takes along what main put into it. */
function isMoved(changed: readonly TreeChange[], before: Entry | null, after: Entry | null): boolean {
  if (before === null || after !== null) return false;
  return changed.some((other) => other.before === null && other.after?.id === before.id);
}
