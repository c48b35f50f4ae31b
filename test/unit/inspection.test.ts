/** The feed of the running actors: what a late or slow follower gets, and what it costs when nobody looks. */
import type { StatelyInspectionEvent } from '@statelyai/inspect';
import { expect, test } from 'vitest';
import { assign, createActor, setup } from 'xstate';
import { createInspection, type Inspection } from '../../src/actors/inspection.ts';

/** Counts how often somebody makes a text of it. */
class Weight {
  looks = 0;
  toJSON() {
    this.looks += 1;
    return { looked: true };
  }
}

interface Context {
  count: number;
  lease_token: string;
  weight: Weight;
  url: string;
}

const machine = setup({
  types: { context: {} as Context, events: {} as { type: 'step' } | { type: 'end' } },
  actions: { count: assign({ count: ({ context }) => context.count + 1 }) },
}).createMachine({
  id: 'counter',
  context: () => ({ count: 0, lease_token: 'lease-of-mine', weight: new Weight(), url: 'open-sesame' }),
  initial: 'counting',
  states: { counting: { on: { step: { actions: 'count' }, end: 'ended' } }, ended: { type: 'final' } },
});

const start = (inspection: Inspection, id: string) => createActor(machine, { id, inspect: inspection.inspect }).start();
const brief = (frame: StatelyInspectionEvent): unknown[] => {
  if (frame.type === '@xstate.actor') return ['actor', frame.name];
  if (frame.type !== '@xstate.snapshot') return [frame.type];
  const { status, context } = frame.snapshot as unknown as { status: string; context: Context };
  return ['snapshot', status, context.count];
};

test('who comes late gets every living actor with its newest snapshot, and none that ended', async () => {
  const inspection = createInspection();
  const [one, two] = [start(inspection, 'one'), start(inspection, 'two')];
  for (const actor of [one, one, two]) actor.send({ type: 'step' });
  expect((await inspection.frames()).map(brief)).toEqual([
    ['actor', 'one'],
    ['snapshot', 'active', 2],
    ['actor', 'two'],
    ['snapshot', 'active', 1],
  ]);
  one.send({ type: 'end' });
  two.stop();
  expect(await inspection.frames()).toEqual([]);
});

test('nothing is made while nobody looks', async () => {
  const inspection = createInspection();
  const actor = start(inspection, 'one');
  const { weight } = actor.getSnapshot().context;
  const before = weight.looks;
  for (let at = 0; at < 500; at++) actor.send({ type: 'step' });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(weight.looks).toBe(before);
  await inspection.frames();
  expect(weight.looks).toBeGreaterThan(before);
});

test('tokens are masked by their name, other secrets by what is known of them', async () => {
  const inspection = createInspection((text) => text.replaceAll('open-sesame', '***'));
  start(inspection, 'one');
  const text = JSON.stringify(await inspection.frames());
  expect(text).not.toMatch(/lease-of-mine|open-sesame/);
  expect(text).toContain('"lease_token":"***"');
});

test('a follower gets the same, then what happens, the last snapshot of what ends among it', async () => {
  const inspection = createInspection();
  const one = start(inspection, 'one');
  const ending = new AbortController();
  const heard: unknown[][] = [];
  const following = (async () => {
    for await (const texts of inspection.follow(ending.signal)) {
      for (const text of texts) heard.push(brief(JSON.parse(text)));
      if (heard.length === 2) {
        start(inspection, 'two');
        one.send({ type: 'end' });
      }
      if (heard.length === 7) ending.abort();
    }
  })();
  await following;
  expect(heard).toEqual([
    ['actor', 'one'],
    ['snapshot', 'active', 0],
    ['actor', 'two'],
    ['@xstate.event'],
    ['snapshot', 'active', 0],
    ['@xstate.event'],
    ['snapshot', 'done', 0],
  ]);
});

test('a follower that is too slow loses what came in between, never an actor or its newest snapshot', async () => {
  const inspection = createInspection();
  const actors = ['one', 'two', 'three'].map((id) => start(inspection, id));
  const ending = new AbortController();
  const lots = inspection.follow(ending.signal)[Symbol.asyncIterator]();
  const heard: unknown[][] = [];
  const take = async () => {
    for (const text of (await lots.next()).value ?? []) heard.push(brief(JSON.parse(text)));
  };
  await take();
  for (let at = 0; at < 20_000; at++) actors[at % 2]?.send({ type: 'step' });
  start(inspection, 'four');
  actors[2]?.send({ type: 'end' });
  const wanted = [
    ['snapshot', 'active', 10_000],
    ['snapshot', 'done', 0],
    ['actor', 'four'],
  ];
  const isHeard = (one: unknown) => heard.some((each) => JSON.stringify(each) === JSON.stringify(one));
  for (let lot = 0; lot < 100 && !wanted.every(isHeard); lot++) await take();
  ending.abort();
  expect(wanted.filter((one) => !isHeard(one))).toEqual([]);
  // Of 40,000 messages.
  expect(heard.length).toBeLessThan(2100);
  expect(heard.filter((each) => each[1] === 'active' && each[2] === 10_000)).toHaveLength(2);
});
