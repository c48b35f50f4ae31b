/**
 * The other path of a world in shadow: somebody who moves main past telec, by merges, squashes, resolutions by hand and
 * changes that no branch brings. Also the judge of what telec said of it, by code that the product does not use.
 */
import { type CommitGraph, plainFile } from '../support/twins/commits.ts';
import { MAIN_REF } from '../support/twins/remote.ts';
import { changes, recompute } from './content.ts';
import { Model, type ModelCandidate, type Told, told } from './model.ts';
import type { World } from './world.ts';

/** What no session in shadow writes. */
const NEVER =
  /^(integration\.(push\.|merge\.|candidate\.(dequeued|cleaned|requeued)|followup\.|main\.foreign|main\.rewound|after_delivery\.)|deployment\.failed)/;

/** Brings one branch of the remote to main, if there is one that is not there. */
export function moveMainElsewhere({ remote, kernel }: World): void {
  const { graph } = remote;
  const { chance } = kernel;
  const main = remote.main ?? '';
  const heads = [...remote.view().heads.values()].filter((sha) => !graph.isAncestor(sha, main));
  if (heads.length === 0) return;
  const head = chance.pick(heads);
  const files = mergedByHand(graph, main, head);
  const evil = chance.hit(0.1);
  if (evil) files.set('elsewhere.txt', plainFile(`${kernel.now}`));
  const parents = chance.hit(0.6) ? [main, head] : [main];
  kernel.trace(
    `another path brings ${head} ${parents.length === 2 ? 'by a merge' : 'by a squash'}${evil ? ', and more' : ''}`,
  );
  const timeSeconds = Math.floor(kernel.now / 1000);
  remote.setRef(MAIN_REF, remote.commit({ parents, files, message: `elsewhere ${kernel.now}`, timeSeconds }));
}

/** Both sides; where they conflict the branch is taken. */
function mergedByHand(graph: CommitGraph, main: string, head: string): Map<string, string> {
  const [origin = ''] = graph.mergeBases(main, head);
  const files = new Map(graph.get(main).files);
  for (const [path, value] of changes(graph, origin, head)) {
    if (value === undefined) files.delete(path);
    else files.set(path, value);
  }
  return files;
}

/** I13: what a world in shadow must keep beside all other laws. */
export function judgeShadow(world: World): void {
  const { store, remote } = world;
  for (const { by, mainTo, fenceTo } of remote.moves)
    if (by !== null) world.fail('I13', `${by} moved main to ${mainTo} and the fence to ${fenceTo}`);
  const model = new Model();
  const queues = new Map<string, ModelCandidate[]>([['0', []]]);
  const judged = new Set<string>();
  const compared = new Set<string>();
  let seen: string | null = null;
  for (const entry of store.entries) {
    const said = told(entry);
    const { id, type, payload } = said;
    if (type !== null && NEVER.test(type)) world.fail('I13', `${id} is ${type}`);
    if (type === 'integration.shadow.judged') judgeVerdict(world, said, queues, judged);
    if (type === 'integration.shadow.compared') judgeComparison(world, said, compared);
    if (type === 'integration.shadow.observed') {
      if (seen !== null && payload.from !== seen)
        world.fail('I13', `${id} goes on from ${payload.from}, not from ${seen}`);
      for (const sha of payload.unmatched)
        if (compared.has(`by ${sha}`)) world.fail('I13', `${id} says that ${sha} brings nobody`);
      seen = payload.to;
    }
    model.apply(said);
    queues.set(id, model.queue());
  }
}

const keyOf = (p: Record<string, unknown>): string => `${p['slug']}/${p['branch']}@${p['sha']}`;

/** Once on each main, in the order of the queue as it was looked at, and what the merge really gives. */
function judgeVerdict(
  world: World,
  { id, payload }: Told,
  queues: Map<string, ModelCandidate[]>,
  judged: Set<string>,
): void {
  const key = keyOf(payload);
  const once = `${key} ${payload.base}`;
  const first = (queues.get(payload.as_of) ?? []).find((candidate) => !judged.has(`${candidate.key} ${payload.base}`));
  if (first?.key !== key) world.fail('I8', `${id} judges ${key}, as of ${payload.as_of} ${first?.key} came first`);
  if (judged.has(once)) world.fail('I13', `${id} judges ${once} a second time`);
  judged.add(once);
  for (const said of [payload, payload.on_top]) judgeTree(world, id, payload.sha, said);
}

interface Said {
  base: string;
  verdict: string;
  tree: string | null;
}

function judgeTree(world: World, id: string, sha: string, { base, verdict, tree }: Said): void {
  const really = recompute(world.remote.graph, base, sha);
  if (really === 'many') return;
  const said = verdict === 'would_integrate' ? tree : 'conflict';
  if (said !== (really === 'unrelated' ? 'conflict' : really))
    world.fail('I3', `${id} says ${said} of ${sha} on ${base}, and it is ${really}`);
}

function judgeComparison(world: World, { id, payload }: Told, compared: Set<string>): void {
  const { graph, main } = world.remote;
  const key = keyOf(payload);
  if (compared.has(key)) world.fail('I13', `${id} compares ${key} a second time`);
  // One that came along inside a newer one of its slug replaces nobody.
  if (payload.class === 'superseded_landed' && compared.has(`${payload.slug} by ${payload.landed_by}`))
    world.fail('I13', `${id} says that ${key} landed instead of a newer one, which came by the same commit`);
  compared.add(key).add(`by ${payload.landed_by}`).add(`${payload.slug} by ${payload.landed_by}`);
  if (main === null || !graph.isAncestor(payload.landed_by, main))
    world.fail('I13', `${id} names ${payload.landed_by}, which is not on main`);
  const commit = graph.get(payload.landed_by);
  if (commit.tree !== payload.landed_tree) world.fail('I13', `${id} names another tree of ${payload.landed_by}`);
  const carries =
    graph.isAncestor(payload.sha, payload.landed_by) ||
    recompute(graph, payload.landed_by, payload.sha) === commit.tree;
  if (!carries) world.fail('I13', `${id} says that ${payload.landed_by} brought ${key}, and it does not`);
  if (!payload.evidence.some((line: string) => line.startsWith('it was not ready')))
    judgeTree(world, id, payload.sha, payload);
  if (payload.agrees !== ['same', 'conflict'].includes(payload.class))
    world.fail('I13', `${id} is ${payload.class} and agrees: ${payload.agrees}`);
  const alone = graph.get(payload.base).sha === commit.parents[0];
  if (payload.class === 'same' && alone && payload.tree !== commit.tree && !sharesCommit(world, payload))
    world.fail('I13', `${id} calls trees the same that differ`);
}

/** Another candidate came by the same commit, so that its tree is that of both. */
function sharesCommit({ store }: World, payload: Told['payload']): boolean {
  return store.entries
    .map(told)
    .some(
      ({ type, payload: other }) =>
        type === 'integration.shadow.compared' &&
        other.landed_by === payload.landed_by &&
        keyOf(other) !== keyOf(payload),
    );
}

/** What shadow still owes: each ready candidate a verdict on main as it is, and main a look. */
export function owedInShadow({ store, remote }: World, ready: readonly ModelCandidate[]): string[] {
  const said = store.entries.map(told);
  const verdicts = said.filter(
    ({ type, payload }) => type === 'integration.shadow.judged' && payload.base === remote.main,
  );
  const judged = new Set(verdicts.map(({ payload }) => keyOf(payload)));
  const seen = said.findLast(({ type }) => type === 'integration.shadow.observed')?.payload.to;
  const begun = said.find(({ type }) => type === 'integration.shadow.started')?.payload.main_sha;
  return [
    ...ready.filter(({ key }) => !judged.has(key)).map(({ key }) => `${key} is not judged on main as it is`),
    ...((seen ?? begun) === remote.main ? [] : [`main is ${remote.main} and was seen as ${seen}`]),
  ];
}
