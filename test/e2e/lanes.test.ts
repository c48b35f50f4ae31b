/** Lanes in whole sessions: what has nothing in common with those before it does not wait for their checks. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { LANE_FAULT_POINTS } from '../../src/actors/faults.ts';
import { type ChecksOptions, type ChecksWorld, checksWorld, testing } from '../support/checks-world.ts';
import { ago, endWorlds, expectSound, MORTAL_TELEC } from '../support/e2e-world.ts';
import { poll } from '../support/redis-server.ts';

afterAll(endWorlds);

/** As the usual one, for files one folder down: scoped checks see nothing else. */
const SCRIPT = (dir: string) => `
echo "$TELEC_CHECK $TELEC_TREE $$" >> '${dir}/ran'
for f in */*.wait; do
  [ -e "$f" ] || continue
  while [ ! -e '${dir}/gates/'"$(basename "$f")" ]; do sleep 0.02; done
done
for f in */*.bad; do [ -e "$f" ] && exit 1; done
exit 0
`;

const LANES = 'window: 4, parallel: 4, lanes: [{name: app, paths: ["app/**"]}, {name: docs, paths: ["docs/**"]}]';

/** A world with two lanes, whose main was tested once. */
async function laneWorld(options: Partial<ChecksOptions> = {}): Promise<ChecksWorld> {
  const world = await checksWorld({
    files: { 'app/a.txt': 'a\n', 'docs/d.txt': 'd\n', 'README.md': 'a project\n' },
    onMain: true,
    check: 'paths: ["app/**"]',
    checks: ['{name: docs, run: RUN, paths: ["docs/**"]}'],
    speculation: LANES,
    ...options,
  });
  writeFileSync(join(world.dir, 'check.sh'), SCRIPT(world.dir));
  await world.ready([{ slug: 'seed', files: { 'app/seed.txt': 'x\n', 'docs/seed.txt': 'x\n' } }]);
  expect((await world.integrate()).json).toMatchObject({ completed: 1 });
  return world;
}

const slow = { slug: 'slow', readyAt: ago(300), files: { 'app/slow.wait': 'x\n' } };
const quick = { slug: 'quick', readyAt: ago(200), files: { 'docs/quick.txt': 'x\n' } };
const deviations = async (world: ChecksWorld) =>
  (await world.events()).filter(({ event }) => event.endsWith('.order.deviated')).map(({ payload }) => payload);

/** Drains while `slow` is kept waiting until `when` holds. */
async function drainHolding(world: ChecksWorld, when: () => boolean | Promise<boolean>): Promise<void> {
  const drained = world.integrate();
  await poll(when, 30_000);
  world.open('slow.wait');
  expect((await drained).json).toMatchObject({ outcome: 'drained' });
}

/** Of no lane, and behind all others: once it has passed what it can, whoever might have gone first was looked at. */
const last = { slug: 'last', readyAt: ago(50), files: { 'README.md': 'the last\n' } };
const whenLooked = (world: ChecksWorld) => async () =>
  (await world.runs()).some((line) => /^last docs \d+ passed/.test(line));

describe('a delivery of another lane', () => {
  test('lands before a slow one, is told with what shows that it may, and costs no run of a check', async () => {
    const world = await laneWorld();
    const [first, second] = await world.ready([slow, quick]);
    await drainHolding(world, () => world.landed().includes('quick'));
    expect(world.landed()).toEqual(['seed', 'quick', 'slow']);
    expect(await deviations(world)).toMatchObject([
      {
        slug: 'quick',
        sha: second?.sha,
        by: 'lane',
        overtaken: [{ slug: 'slow', branch: first?.branch, sha: first?.sha }],
        overtaken_count: 1,
        actor: expect.stringMatching(/^integrator-/),
        reason: expect.stringContaining('lane docs has no path in common with app'),
        lanes: { own: 'docs', others: ['app'], paths: 1, other_paths: 1 },
      },
    ]);
    // One run for the seed and one for its own each: all that was known or under way counted in the new order, too.
    expect(
      world
        .ran()
        .map((line) => line.split(' ')[0])
        .sort(),
    ).toEqual(['docs', 'docs', 'unit', 'unit']);
    expect((await world.candidate('slow')).turn).toMatchObject({
      ahead: null,
      behind: { key: second?.key, by: 'lane' },
    });
    await expectSound(world);
  });

  test('stays behind where a check sees the whole tree', async () => {
    const world = await laneWorld({ checks: ['{name: docs, run: RUN}'] });
    await world.ready([slow, quick]);
    await drainHolding(world, async () => (await world.runs()).filter((line) => /^quick/.test(line)).length >= 2);
    expect(world.landed()).toEqual(['seed', 'slow', 'quick']);
    expect(await deviations(world)).toEqual([]);
  });

  test('stays behind when it changes something beyond its lane, or what one before it changes', async () => {
    const world = await laneWorld();
    await world.ready([
      { ...slow, files: { 'app/slow.wait': 'x\n', 'docs/both.txt': 'x\n' } },
      { ...quick, readyAt: ago(200) },
      { slug: 'wide', readyAt: ago(100), files: { 'docs/wide.txt': 'x\n', 'top.txt': 'x\n' } },
      last,
    ]);
    await drainHolding(world, whenLooked(world));
    expect(world.landed()).toEqual(['seed', 'slow', 'quick', 'wide', 'last']);
    expect(await deviations(world)).toEqual([]);
  });

  test('stays behind what it is built on: a branch on top of another one brings nobody along', async () => {
    const world = await laneWorld();
    const [base] = await world.ready([slow]);
    await world.ready([{ ...quick, from: base?.sha ?? '' }, last]);
    await drainHolding(world, whenLooked(world));
    expect(world.landed()).toEqual(['seed', 'slow', 'quick', 'last']);
    expect(await deviations(world)).toEqual([]);
  });

  test('stays behind when what it has passed does not speak for it alone: nobody tested main without the other', async () => {
    const world = await laneWorld();
    // Main moves by another hand: what the checks of the other lane would see at the front was never tested.
    world.foreign({ 'app/by-hand.txt': 'x\n' });
    await world.ready([slow, quick, last]);
    await drainHolding(world, whenLooked(world));
    expect(world.landed()).toEqual(['seed', 'slow', 'quick', 'last']);
    expect(await deviations(world)).toEqual([]);
  });
});

test('without lanes on main nobody is let past, though a work tree has them', async () => {
  const world = await laneWorld({ speculation: 'window: 4, parallel: 4' });
  world.writeConfig(`speculation: {${LANES}}\n`);
  await world.ready([slow, quick, last]);
  await drainHolding(world, whenLooked(world));
  expect(world.landed()).toEqual(['seed', 'slow', 'quick', 'last']);
  expect(await deviations(world)).toEqual([]);
});

test.each(LANE_FAULT_POINTS)('killed at %s: the next session shows it anew and tells it itself', async (point) => {
  const world = await laneWorld();
  await world.ready([slow, quick]);
  const env = { TEST_KILL: `${point}:1` };
  expect((await world.start(['integrate'], { program: MORTAL_TELEC, env }).done).signal).toBe('SIGKILL');
  expect((await world.run(['lease', 'break', '--reason', 'it was killed'])).code).toBe(0);
  const before = await deviations(world);
  expect(before).toHaveLength(point === 'after-let-past' ? 1 : 0);
  expect(world.landed()).toEqual(['seed']);
  await drainHolding(world, () => world.landed().includes('quick'));
  expect(world.landed()).toEqual(['seed', 'quick', 'slow']);
  const told = await deviations(world);
  expect(told.map(({ slug }) => slug)).toEqual([...before, null].map(() => 'quick'));
  expect(new Set(told.map(({ session_id }) => session_id)).size).toBe(told.length);
  expect(testing(world)).toEqual([]);
  await expectSound(world);
});
