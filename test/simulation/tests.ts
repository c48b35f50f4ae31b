/**
 * The checks of a world: how a run on a tree goes, told by what the tree holds, and the laws of tested deliveries, read
 * from the log and the remote alone. Every third live world has checks.
 */

import type { SessionConfig } from '../../src/actors/session/work.ts';
import type { CheckDefinition } from '../../src/io/config-checks.ts';
import type { TwinRun } from '../support/twins/checks.ts';
import { type Files, treeId } from '../support/twins/commits.ts';
import type { Chance } from './kernel.ts';
import { type Model, type Told, told } from './model.ts';
import type { World } from './world.ts';

const EVERY = 3;
const SCOPE = ['a', 'b', 'slug-1.txt'];

const check = (name: string, chance: Chance, paths: string[] | null): CheckDefinition => ({
  name,
  run: name,
  timeoutMs: 5000,
  paths,
  toolchain: null,
  retries: { failed: chance.pick([0, 0, 1]), timed_out: 0, killed: 1, not_started: 1 },
});

/** What the world of a seed tests, and how far ahead; nothing in two of three, and in shadow. */
export function drawTests(
  seed: number,
  mode: World['mode'],
  chance: Chance,
): Pick<SessionConfig, 'checks' | 'speculation'> {
  const still = { window: 4, parallel: 4, batch: 1, patience: 0, lanes: [], priorities: false };
  if (seed % EVERY !== 0 || mode === 'shadow') return { checks: [], speculation: still };
  const checks = [check('unit', chance, null)];
  if (chance.hit(0.5)) checks.push(check('scoped', chance, SCOPE));
  const speculation = {
    ...still,
    window: chance.pick([1, 2, 4, 8]),
    parallel: chance.pick([1, 2, 8]),
    batch: chance.pick([1, 1, 2, 4]),
    patience: chance.pick([0, 0, 1, 2]),
  };
  return { checks, speculation };
}

/** Number of each edit of a slug that is still there. */
const editsIn = (files: Files): number[] =>
  [...files.values()].flatMap((content) => /slug-\d+ (\d+)$/.exec(content)?.slice(1).map(Number) ?? []);
/** A tree with such an edit never passes; one with such another only now and then. */
const isBad = (files: Files): boolean => editsIn(files).some((edit) => edit % 6 === 5);
const isFlaky = (files: Files): boolean => editsIn(files).some((edit) => edit % 6 === 3);

export function runOn(files: Files, chance: Chance): TwinRun {
  const ms = chance.between(10, 3000);
  if (isBad(files)) return { ends: chance.hit(0.1) ? 'hangs' : 'failed', ms, says: 'it is bad' };
  if (isFlaky(files) && chance.hit(0.4)) return { ends: 'failed', ms, says: 'it is flaky' };
  return { ends: chance.hit(0.02) ? 'killed' : 'passed', ms };
}

/** A verdict of the log is about the tree that it names; a cached one was given before, about the very same. */
export function judgeVerdicts(world: World): void {
  const { config, remote, store } = world;
  const given = new Set<string>();
  for (const { id, type, payload } of store.entries.map(told)) {
    if (!type?.startsWith('integration.checks.')) continue;
    const { check: name, tree, seen, definition, toolchain, cached } = payload;
    const { paths } = config.checks.find((one) => one.name === name) ?? { paths: null };
    const files: Files = remote.graph.filesOf(tree) ?? new Map();
    const shown: Files = paths === null ? files : new Map([...files].filter(([path]) => paths.includes(path)));
    if (seen !== (paths === null ? tree : treeId(shown)))
      world.fail('verdict', `${id} is about another tree than ${tree}`);
    if (type !== 'integration.checks.passed') continue;
    const about = `${name} ${seen} ${definition} ${toolchain}`;
    if (isBad(shown)) world.fail('tested', `${id} calls what is bad passed`);
    if (cached && !given.has(about)) world.fail('verdict', `${id} uses a verdict that nobody gave`);
    given.add(about);
  }
}

/** Every member of a push that landed passed all checks before: on its own tree, or on that of one behind it in the push. */
export function judgeTested(world: World, { payload }: Told, index: number): void {
  const { config, remote, store } = world;
  const passed = new Set(
    store.entries
      .slice(0, index)
      .map(told)
      .filter(({ type }) => type === 'integration.checks.passed')
      .map(({ payload: { check: name, tree } }) => `${name} ${tree}`),
  );
  const trees = payload.members.map(({ tip }: { tip: string }) => remote.graph.get(tip).tree);
  const isTested = (tree: string) => config.checks.every(({ name }) => passed.has(`${name} ${tree}`));
  for (const [at, { slug }] of payload.members.entries())
    if (!trees.slice(at).some(isTested)) world.fail('tested', `${slug} was pushed and had not passed`);
  if (trees.length > 0 && !isTested(trees.at(-1))) world.fail('tested', `a tree was pushed that had not passed`);
}

/** Nobody lands before one that the same session took earlier and that has no end yet. */
export function judgeTurns(world: World, model: Model, { payload }: Told, index: number): void {
  const hand = new Set<string>();
  const keyOf = ({ slug, branch, sha }: { slug: string; branch: string; sha: string }) => `${slug}/${branch}@${sha}`;
  for (const { type, payload: p } of world.store.entries.slice(0, index).map(told)) {
    if (type === 'integration.candidate.dequeued' && p.fence === payload.fence) {
      hand.delete(keyOf(p));
      hand.add(keyOf(p));
    }
    if (type === 'deployment.completed' || type === 'deployment.failed' || type === 'integration.candidate.requeued')
      hand.delete(keyOf(p));
  }
  const live = (key: string) => model.candidates.some((one) => one.key === key && one.state === 'integrating');
  const members = payload.members.map(keyOf);
  const waiting = [...hand].filter((key) => members.includes(key) || live(key));
  if (waiting.slice(0, members.length).join() !== members.join())
    world.fail('I8', `a push brings ${members.join(', ')} before ${waiting.join(', ')}`);
}

/** One that is blocked for its checks failed one, for good, on a tree that can fail. */
export function judgeCheckFailure(world: World, { id, payload }: Told): void {
  const failed = world.store.entries
    .slice(
      0,
      world.store.entries.findIndex((entry) => entry.id === id),
    )
    .map(told)
    .filter(({ type, payload: p }) => type === 'integration.checks.failed' && p.final && p.sha === payload.sha);
  if (failed.length === 0) world.fail('I11', `${id} blames checks of which none failed for good`);
  if (payload.evidence.check === null) world.fail('I11', `${id} names no check`);
  for (const { id: run, payload: p } of failed) {
    const files: Files = world.remote.graph.filesOf(p.tree) ?? new Map();
    if (p.kind === 'failed' && !isBad(files) && !isFlaky(files))
      world.fail('I11', `${run} fails what is neither bad nor flaky`);
  }
}
