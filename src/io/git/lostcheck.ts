/**
 * Looks for changes that a merge undid without its own side having touched them, by walking the commits it brings: no
 * merge is made, and nobody is asked what the two sides have in common. So a merge made from a wrong base does not pass,
 * nor does a branch that dropped in a merge of its own what main had brought.
 *
 * Undone is a path when the result differs from the base there, has what the branch has, no commit of the branch
 * touched it, and what the base had there did not move elsewhere.
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
  /** Asked for merges of the branch itself. */
  mergeBases(one: string, other: string): Promise<string[]>;
}

/** Paths that `result` undoes, shown and sorted. Thrown: GitFault when a commit is missing. */
export async function lostPaths(tools: LostCheckTools, base: string, sha: string, result: string): Promise<string[]> {
  const own = await tools.beyond(base, sha);
  const [ours, theirs, merged] = await Promise.all([treeOf(tools, base), treeOf(tools, sha), treeOf(tools, result)]);
  const steps = await Promise.all(own.map(([commit, parents]) => stepOf(tools, commit, parents)));
  const [changed = [], apart = [], ...diffs] = await tools.plain.all([
    [ours, merged],
    [theirs, merged],
    ...steps.flatMap(({ pairs }) => pairs),
  ]);
  const differing = new Set(apart.map(({ path }) => path));
  const suspects = changed.filter(
    ({ path, before, after }) => !differing.has(path) && !isMoved(changed, before, after),
  );
  if (suspects.length === 0) return [];
  const touched = new Set<string>();
  for (const { pairs, touches } of steps) for (const path of touches(diffs.splice(0, pairs.length))) touched.add(path);
  const lost = suspects.filter(({ path }) => !touched.has(path));
  return lost.map(({ path }) => showPath(Buffer.from(path, 'latin1'))).sort();
}

/** The trees to compare for one commit of the branch, and which paths it touched by what they differ in. */
interface Step {
  pairs: (readonly [string, string])[];
  touches(diffs: TreeChange[][]): string[];
}

async function stepOf(tools: LostCheckTools, commit: string, parents: readonly string[]): Promise<Step> {
  const tree = await treeOf(tools, commit);
  const sides = await Promise.all(parents.map((parent) => treeOf(tools, parent)));
  const pairs = (sides.length === 0 ? [tools.emptyTree] : sides).map((side) => [side, tree] as const);
  const all = (diffs: TreeChange[][]) => diffs.flat().map(({ path }) => path);
  if (sides.length < 2) return { pairs, touches: all };
  const [one = '', other = ''] = parents;
  const bases = sides.length === 2 ? await tools.mergeBases(one, other) : [];
  // What its sides have from different origins nobody can tell from what it decided.
  if (bases.length !== 1) return { pairs, touches: all };
  const origin = await treeOf(tools, bases[0] ?? '');
  // Of a merge: what neither side had so, and what both had changed. The rest was only for it to take over.
  return {
    pairs: [...pairs, ...sides.map((side) => [origin, side] as const)],
    touches: ([left = [], right = [], ...before]) => [
      ...inBoth(left, right),
      ...inBoth(before[0] ?? [], before[1] ?? []),
    ],
  };
}

async function treeOf({ objects }: LostCheckTools, commit: string): Promise<string> {
  const found = await objects.commit(commit);
  if (found === null) throw new GitFault(`commit ${commit} is missing`);
  return found.tree;
}

function inBoth(one: readonly TreeChange[], other: readonly TreeChange[]): string[] {
  const paths = new Set(other.map(({ path }) => path));
  return one.map(({ path }) => path).filter((path) => paths.has(path));
}

/** A folder that the branch moved takes along what main put into it. */
function isMoved(changed: readonly TreeChange[], before: Entry | null, after: Entry | null): boolean {
  if (before === null || after !== null) return false;
  return changed.some((other) => other.before === null && other.after?.id === before.id);
}
