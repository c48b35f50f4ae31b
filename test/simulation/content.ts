/** I3, I4: what main contains, computed once more from the commits alone, by code that neither twin nor product uses. */
import { type CommitGraph, type TwinCommit, trailerOf } from '../support/twins/commits.ts';
import { booksOf, judgeBooks } from './books.ts';
import type { World } from './world.ts';

/** Tree of the three-way merge of two commits; 'conflict' when both changed one file differently. */
export function recompute(graph: CommitGraph, base: string, sha: string): string {
  const bases = graph.mergeBases(base, sha);
  const [origin] = bases;
  if (bases.length !== 1 || origin === undefined) return bases.length === 0 ? 'unrelated' : 'many';
  const theirs = changes(graph, origin, sha);
  const ours = changes(graph, origin, base);
  const files = new Map(graph.get(base).files);
  for (const [path, value] of theirs) {
    if (ours.has(path) && ours.get(path) !== value) return 'conflict';
    if (value === undefined) files.delete(path);
    else files.set(path, value);
  }
  return graph.make({ parents: [], files, message: 'recomputed' }).tree;
}

/** Path -> new value, undefined when it was removed. */
export function changes(graph: CommitGraph, from: string, to: string): Map<string, string | undefined> {
  const [before, after] = [graph.get(from).files, graph.get(to).files];
  const paths = [...new Set([...before.keys(), ...after.keys()])];
  return new Map(paths.filter((path) => before.get(path) !== after.get(path)).map((path) => [path, after.get(path)]));
}

export function judgeContent(world: World): void {
  const { graph, main } = world.remote;
  if (main === null) {
    world.fail('I2', 'main is gone');
    return;
  }
  const landed = new Set<string>();
  const brought = new Set(
    world.remote.moves
      .filter(({ by, mainFrom, mainTo }) => by !== null && mainFrom !== mainTo)
      .flatMap(({ mainFrom, mainTo }) => graph.line(mainTo ?? '', (sha) => sha === mainFrom).map(({ sha }) => sha)),
  );
  /** The newest commit of the books whose merge is still to come on the way down. */
  let tip: TwinCommit | null = null;
  for (const commit of graph.line(main)) {
    if (!brought.has(commit.sha)) continue;
    if (booksOf(commit) !== null) {
      tip ??= commit;
      continue;
    }
    const key = trailerOf(commit.message, 'Telec-Candidate');
    if (key !== null) judgeBooks(world, key, commit, tip ?? commit);
    tip = null;
    if (key === null) {
      judgeFollowUps(world, commit);
      continue;
    }
    if (landed.has(key)) world.fail('I6', `${key} landed twice`);
    else judgeMerge(world, commit, key);
    landed.add(key);
  }
}

/** A commit without a candidate brings follow-ups: their own files and the roadmap, nothing else. */
function judgeFollowUps(world: World, { sha, parents, message }: TwinCommit): void {
  const { graph } = world.remote;
  const slugs = [...message.matchAll(/^Telec-Follow-Up: (.+)$/gm)].map(([, slug]) => slug);
  if (slugs.length === 0) world.fail('I3', `${sha} on main names neither a candidate nor a follow-up`);
  const [parent = ''] = parents;
  for (const path of changes(graph, parent, sha).keys()) {
    const own = path === 'todos/roadmap.yaml' || slugs.some((slug) => path.startsWith(`todos/${slug}/`));
    if (!own) world.fail('I4', `${sha} brings ${slugs.join(', ')} and changes ${path}`);
  }
}

function judgeMerge(world: World, commit: TwinCommit, key: string): void {
  const { graph } = world.remote;
  const [base = '', sha = ''] = commit.parents;
  const approved = key.slice(key.lastIndexOf('@') + 1);
  if (sha !== approved) {
    world.fail('I3', `${commit.sha} brought ${sha} for ${key}`);
    return;
  }
  const tree = recompute(graph, base, sha);
  if (tree !== 'many' && tree !== commit.tree)
    world.fail('I3', `${commit.sha} has another tree than the merge of ${key} into ${base} (${tree})`);
  const origins = graph.mergeBases(base, sha);
  const own = new Set(origins.flatMap((origin) => [...changes(graph, origin, sha).keys()]));
  for (const path of changes(graph, base, commit.sha).keys())
    if (!own.has(path)) world.fail('I4', `${commit.sha} changed ${path}, which ${key} left alone`);
}
