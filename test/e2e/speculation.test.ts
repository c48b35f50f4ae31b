/**
 * The chain in whole sessions: deliveries tested ahead of main while others of it fail, are replaced, held or tested
 * together. Real commands, steered by gates.
 */
import { afterAll, expect, test } from 'vitest';
import { type ChecksWorld, checksWorld, testing } from '../support/checks-world.ts';
import { endWorlds, expectSound, shortType } from '../support/e2e-world.ts';
import { poll } from '../support/redis-server.ts';

afterAll(endWorlds);

const bad = (slug: string) => ({ slug, files: { [`${slug}.bad`]: 'x\n' } });
const waiting = (slug: string) => ({ slug, files: { [`${slug}.txt`]: 'x\n', [`${slug}.wait`]: 'x\n' } });

/** Types of the events about a slug that end or send back, in order. */
async function story(world: ChecksWorld, slug: string): Promise<string[]> {
  return (await world.events())
    .filter(({ event, payload }) => payload['slug'] === slug && /requeued|completed|failed$/.test(event))
    .map(({ event }) => shortType(event))
    .filter((type) => !type.startsWith('integration.checks.'));
}

test('window 1 is a serial gate: nothing is built behind what is being tested', async () => {
  const world = await checksWorld({ speculation: 'window: 1, parallel: 4' });
  await world.ready([waiting('one'), { slug: 'two' }]);
  const going = world.integrate();
  await world.began(1);
  expect(await world.states()).toEqual({ one: 'integrating', two: 'ready' });
  world.open('one.wait');
  expect((await going).json).toMatchObject({ completed: 2 });
  expect(world.landed()).toEqual(['one', 'two']);
  expect(world.ran()).toHaveLength(2);
  await expectSound(world);
});

test('one that is replaced while it is tested leaves the chain at once; those behind are built without it', async () => {
  const world = await checksWorld({ speculation: 'window: 3, parallel: 3' });
  const [one] = await world.ready([waiting('one'), { slug: 'two', files: { 'two.txt': 'two\n' } }]);
  const going = world.integrate();
  await world.began(2);
  const [newer] = world.work([{ slug: 'one', branch: 'work/one', files: { 'one.txt': 'better\n' } }]);
  if (!one || !newer) throw new Error('no work was made');
  await world.announce([newer], { signals: ['started', 'pushed'] });
  expect((await going).json).toMatchObject({ outcome: 'drained', completed: 2, superseded: 1 });
  // Nobody opened the gate: the runs on trees with the old one were ended.
  expect(testing(world)).toEqual([]);
  expect(world.landed()).toEqual(['two', 'one']);
  expect(Object.keys(world.files())).not.toContain('one.wait');
  expect((await world.candidate(one.key)).state).toBe('superseded');
  await expectSound(world);
}, 60_000);

test('one that is built again takes over the run about what it still sees; the rest is begun anew', async () => {
  const world = await checksWorld({
    check: 'paths: ["*.wait"]',
    checks: ['{name: rest, run: RUN}'],
    speculation: 'window: 2, parallel: 4',
  });
  await world.ready([bad('one'), waiting('two')]);
  const going = world.integrate();
  await poll(async () => (await world.states())['one'] === 'blocked', 30_000);
  // What was begun with the bad one below it: one about its paths, which goes on, and one about all, which is ended.
  await poll(
    () => testing(world).length > 0 && world.ran().filter((line) => line.startsWith('rest ')).length === 3,
    30_000,
  );
  world.open('two.wait');
  expect((await going).json).toMatchObject({ completed: 1, blocked: 1 });
  const own = (name: string) => world.ran().filter((line) => line.startsWith(name));
  expect({ unit: own('unit ').length, rest: own('rest ').length }).toEqual({ unit: 2, rest: 3 });
  expect((await world.runs()).filter((line) => line.startsWith('two unit'))).toEqual([
    'two unit 1 started',
    'two unit 1 started',
    'two unit 1 passed',
  ]);
  await expectSound(world);
}, 60_000);

test('under a hold what was taken is tested and lands, and nothing more is taken', async () => {
  const world = await checksWorld({ speculation: 'window: 2, parallel: 2' });
  await world.ready([waiting('one'), { slug: 'two' }, { slug: 'three' }]);
  const going = world.integrate();
  await world.began(2);
  expect((await world.run(['hold', '--reason', 'a release'])).code).toBe(0);
  world.open('one.wait');
  await poll(async () => (await world.states())['two'] === 'completed', 30_000);
  expect(await world.states()).toEqual({ one: 'completed', two: 'completed', three: 'ready' });
  expect((await world.run(['unhold', '--reason', 'done'])).code).toBe(0);
  expect((await going).json).toMatchObject({ outcome: 'drained', completed: 3 });
  expect(world.landed()).toEqual(['one', 'two', 'three']);
  await expectSound(world);
}, 60_000);

test('a batch is tested once for all of it; each receipt names the tree that was tested', async () => {
  const world = await checksWorld({ speculation: 'window: 1, parallel: 2, batch: 3' });
  await world.ready([{ slug: 'one' }, { slug: 'two' }, { slug: 'three' }]);
  expect((await world.integrate()).json).toMatchObject({ completed: 3 });
  expect(world.ran()).toHaveLength(1);
  expect(await world.runs()).toEqual(['three unit 1 started', 'three unit 1 passed']);
  const trees = (await world.events())
    .filter(({ event }) => shortType(event) === 'deployment.completed')
    .map(({ payload }) => (payload['receipt'] as { checks: { tree: string }[] }).checks.map(({ tree }) => tree));
  const [tested = ''] = world.ran().map((line) => line.split(' ')[1] ?? '');
  expect(trees).toEqual([[tested], [tested], [tested]]);
  expect(await world.trail('integration.push.attempted')).toHaveLength(1);
  await expectSound(world);
});

test('a batch that fails is halved until the one to blame is found; the innocent keep their order', async () => {
  const world = await checksWorld({ speculation: 'window: 1, parallel: 1, batch: 4' });
  await world.ready([{ slug: 'one' }, { slug: 'two' }, bad('three'), { slug: 'four' }]);
  expect((await world.integrate()).json).toMatchObject({ completed: 3, blocked: 1 });
  expect(world.landed()).toEqual(['one', 'two', 'four']);
  expect((await world.candidate('three')).blocked).toMatchObject({ kind: 'checks' });
  for (const slug of ['one', 'two', 'four']) expect(await story(world, slug)).toEqual(['deployment.completed']);
  expect(await story(world, 'three')).toEqual(['deployment.failed']);
  await expectSound(world);
}, 60_000);

test('with patience a failed one is kept while one behind it that contains it may pass, and lands with it', async () => {
  const world = await checksWorld({ speculation: 'window: 2, parallel: 2, patience: 1' });
  await world.ready([
    { slug: 'one', files: { 'one.bad': 'x\n' } },
    { slug: 'two', files: { 'two.txt': 'x\n' } },
  ]);
  expect((await world.integrate()).json).toMatchObject({ completed: 1, blocked: 1 });
  expect(world.landed()).toEqual(['two']);
  // A failure that was an accident of the moment: the very next tree contains it and passes.
  await world.ready([
    { slug: 'three', from: world.main(), files: { 'three.once': 'x\n' } },
    { slug: 'four', from: world.main(), files: { 'four.txt': 'x\n' } },
  ]);
  expect((await world.integrate()).json).toMatchObject({ completed: 2, blocked: 0 });
  expect(world.landed()).toEqual(['two', 'three', 'four']);
  expect(await world.trail('deployment.failed')).toHaveLength(1);
  await expectSound(world);
}, 60_000);

test('with patience one that changes the checks is redeemed by nobody: what passes by its own does not speak for it', async () => {
  const world = await checksWorld({ onMain: true, speculation: 'window: 3, parallel: 3, patience: 2' });
  const from = world.main();
  const loose = `checks:\n  - {name: unit, run: "true"}\nintegration: {grace_ms: 0}\nspeculation: {window: 3, patience: 2}\n`;
  await world.ready([
    { slug: 'sly', from, files: { 'telec.yaml': loose, 'sly.bad': 'x\n' } },
    { slug: 'two', from, files: { 'two.txt': 'x\n' } },
    { slug: 'three', from, files: { 'three.txt': 'x\n' } },
  ]);
  expect((await world.integrate()).json).toMatchObject({ completed: 2, blocked: 1 });
  expect(world.landed()).toEqual(['two', 'three']);
  expect((await world.candidate('sly')).blocked).toMatchObject({ kind: 'checks' });
  await expectSound(world);
}, 60_000);

test('in shadow the checks are run, too: what does not pass them would be blocked, and main stays', async () => {
  const world = await checksWorld({ shadow: true });
  const main = world.main();
  await world.ready([{ slug: 'one' }, bad('two')]);
  expect((await world.integrate()).json).toMatchObject({
    mode: 'shadow',
    shadow: { would_integrate: 1, would_block: 1, compared: 0 },
  });
  const judged = (await world.events()).filter(({ event }) => shortType(event) === 'integration.shadow.judged');
  expect(judged.map(({ payload }) => [payload['slug'], payload['verdict']])).toEqual([
    ['one', 'would_integrate'],
    ['two', 'would_block'],
  ]);
  expect(judged[1]?.payload['evidence']).toEqual(
    expect.arrayContaining([expect.stringMatching(/^check unit failed with status 1 after/)]),
  );
  expect(world.main()).toBe(main);
  expect(testing(world)).toEqual([]);
}, 60_000);
