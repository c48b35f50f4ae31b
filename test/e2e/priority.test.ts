/** Who goes first, by decision of a person: off by default, recorded with actor and reason, never more than the queue allows. */
import { afterAll, describe, expect, test } from 'vitest';
import type { QueueRow, WhyView } from '../../src/actors/client.ts';
import type { PriorityView } from '../../src/actors/turns/views.ts';
import { ago, endWorlds, expectSound, makeWorld, shortType, type World } from '../support/e2e-world.ts';

afterAll(endWorlds);

const ON = 'speculation: {priorities: true}\n';
const files = { 'README.md': 'a project\n', 'app.txt': 'one\n' };
const on = () => makeWorld({ files: { ...files, 'telec.yaml': ON } });

const three = (world: World) =>
  world.ready([
    { slug: 'first', readyAt: ago(300) },
    { slug: 'second', readyAt: ago(200) },
    { slug: 'third', readyAt: ago(100) },
  ]);
const setUrgent = (world: World, slug: string, priority = 'urgent') =>
  world.run<PriorityView>(['priority', slug, priority, '--reason', 'customers cannot log in']);

/** A drain that looks once, before it takes the first: by then all conditions are known. */
async function drain<T>(world: World, look: () => Promise<T>): Promise<T | undefined> {
  let seen: T | undefined;
  const reach = async (point: string) => {
    if (point === 'before-dequeue') seen ??= await look();
  };
  const { json } = await world.integrate({ faults: { reach } });
  expect(json.outcome).toBe('drained');
  return seen;
}

describe('where main has priorities on', () => {
  test('the urgent one is taken first, and the log says before whom, by whom and why in the same append', async () => {
    const world = await on();
    const [first, second, third] = await three(world);
    const { json: set } = await setUrgent(world, 'third');
    expect(set).toMatchObject({ slug: 'third', priority: 'urgent', changed: true });
    const queue = await drain(world, async () => (await world.run<QueueRow[]>(['queue'])).json);
    expect(queue?.map(({ slug, priority, overtakes }) => [slug, priority, overtakes])).toEqual([
      ['third', 'urgent', 2],
      ['first', 'normal', 0],
      ['second', 'normal', 0],
    ]);
    expect(world.landed()).toEqual(['third', 'first', 'second']);
    const events = await world.events();
    const told = events.filter(({ event }) => event.endsWith('.order.deviated'));
    expect(told.map(({ payload }) => payload)).toMatchObject([
      {
        slug: 'third',
        sha: third?.sha,
        by: 'priority',
        overtaken: [
          { slug: 'first', branch: first?.branch, sha: first?.sha },
          { slug: 'second', branch: second?.branch, sha: second?.sha },
        ],
        overtaken_count: 2,
        actor: set.decided?.actor,
        reason: 'customers cannot log in',
        priority: { slug: 'third', priority: 'urgent' },
      },
    ]);
    const at = events.findIndex(({ id }) => id === told[0]?.id);
    const next = events[at + 1];
    expect([shortType(next?.event ?? ''), next?.payload['slug']]).toEqual(['integration.candidate.dequeued', 'third']);
    expect(next?.payload['as_of']).toBe(told[0]?.payload['as_of']);
    expect((await world.candidate('third')).turn).toMatchObject({
      ahead: { overtaken: 2, by: 'priority' },
      behind: null,
    });
    expect((await world.candidate('second')).turn).toMatchObject({
      ahead: null,
      behind: { key: third?.key, times: 1 },
    });
    await expectSound(world);
  });

  test('why says who goes first although it is younger, in the words of who decided it', async () => {
    const world = await on();
    await three(world);
    await setUrgent(world, 'third');
    const seen = await drain(world, async () => ({
      why: (await world.run<WhyView>(['why', 'second'])).json,
      own: (await world.run<WhyView>(['why', 'third'])).json,
      again: (await setUrgent(world, 'third')).json,
      queue: (await world.run(['queue'], { text: true })).stdout,
    }));
    expect([seen?.why.place, seen?.why.waiting_for.map(({ code }) => code)]).toEqual([3, ['queued', 'overtaken']]);
    expect(seen?.why.waiting_for[1]?.text).toMatch(
      /^third became ready later and goes first, since it is urgent: customers cannot log in \(set by /,
    );
    expect(seen?.own.waiting_for.map(({ text }) => text)).toEqual([
      expect.stringMatching(/^its turn in the queue, as urgent: customers cannot log in \(set by /),
    ]);
    expect(seen?.again).toMatchObject({ changed: false, place: 1, overtakes: 2 });
    expect(seen?.queue.split('\n')[1]).toMatch(/third.*urgent, ahead of 2 older/);
  });

  test('a low one stands back; what lets the others by is its own setting', async () => {
    const world = await on();
    await three(world);
    await setUrgent(world, 'first', 'low');
    expect((await world.integrate()).json).toMatchObject({ completed: 3 });
    expect(world.landed()).toEqual(['second', 'third', 'first']);
    const told = (await world.events()).filter(({ event }) => event.endsWith('.order.deviated'));
    expect(told.map(({ payload: { slug, overtaken_count: count, priority } }) => [slug, count, priority])).toEqual([
      ['second', 1, { slug: 'first', priority: 'low' }],
      ['third', 1, { slug: 'first', priority: 'low' }],
    ]);
  });

  test('nobody is overtaken by more than the head start: an older one of two hours goes first all the same', async () => {
    const world = await on();
    await world.ready([
      { slug: 'old', readyAt: ago(7200) },
      { slug: 'young', readyAt: ago(10) },
    ]);
    await setUrgent(world, 'young');
    const queue = await drain(world, async () => (await world.run<QueueRow[]>(['queue'])).json);
    expect(queue?.map(({ slug, overtakes }) => [slug, overtakes])).toEqual([
      ['old', 0],
      ['young', 0],
    ]);
    expect(world.landed()).toEqual(['old', 'young']);
    expect(await world.trail('integration.order.')).toEqual([]);
  });

  test('it counts until the slug is delivered, is told once, and can be taken back', async () => {
    const world = await on();
    await three(world);
    await setUrgent(world, 'third');
    expect((await setUrgent(world, 'third')).json.changed).toBe(false);
    expect((await setUrgent(world, 'second', 'low')).json.changed).toBe(true);
    expect((await setUrgent(world, 'second', 'normal')).json).toMatchObject({ priority: 'normal', decided: null });
    await world.integrate();
    expect(world.landed()).toEqual(['third', 'first', 'second']);
    expect((await world.trail('integration.priority.')).length).toBe(3);
    expect((await setUrgent(world, 'third', 'normal')).json).toMatchObject({ changed: false, place: null });
  });

  test('it is refused for what nobody knows, without a reason, and to a worker', async () => {
    const world = await on();
    expect((await setUrgent(world, 'nobody')).code).toBe(1);
    await three(world);
    expect((await world.run(['priority', 'third', 'urgent'])).code).toBe(2);
    const args = ['priority', 'third', 'urgent', '--reason', 'me first'];
    expect((await world.run(args, { env: { TELEC_ROLE: 'worker' } })).code).toBe(6);
    expect(await world.trail('integration.priority.')).toEqual([]);
  });
});

describe('where main does not have them on', () => {
  test('the command is refused, though the work tree and a branch have them on, and the order is that of readiness', async () => {
    const world = await makeWorld({ files: { ...files, 'telec.yaml': '# nothing\n' } });
    world.writeConfig(ON);
    await world.ready([
      { slug: 'first', readyAt: ago(300) },
      { slug: 'second', readyAt: ago(200), files: { 'telec.yaml': ON } },
      { slug: 'third', readyAt: ago(100) },
    ]);
    const refused = await world.run<{ error: { code: string; hint: string } }>([
      ...['priority', 'third', 'urgent', '--reason', 'x'],
    ]);
    expect([refused.code, refused.json.error.code]).toEqual([6, 'PRIORITIES_OFF']);
    expect(refused.json.error.hint).toMatch(/speculation: \{priorities: true\}/);
    await world.integrate();
    expect(world.landed()).toEqual(['first', 'second', 'third']);
    expect(await world.trail('integration.order.', 'integration.priority.')).toEqual([]);
    // Now that a delivery brought it to main, it counts for the sessions that follow.
    await world.ready([{ slug: 'fourth', readyAt: ago(60) }]);
    await world.integrate();
    await world.ready([
      { slug: 'fifth', readyAt: ago(50) },
      { slug: 'sixth', readyAt: ago(40) },
    ]);
    expect((await setUrgent(world, 'sixth')).json).toMatchObject({ priority: 'urgent', changed: true });
    await world.integrate();
    expect(world.landed().slice(-3)).toEqual(['fourth', 'sixth', 'fifth']);
  });
});
