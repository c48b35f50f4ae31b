/** The charts as law: what holds for every state and every edge of each, found from the definitions alone. */

import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type AnyActorRef, type AnyStateMachine, createActor, fromPromise } from 'xstate';
import { CANDIDATE_STATES, candidateMachine } from '../../src/machines/candidate.ts';
import { deliveryMachine } from '../../src/machines/delivery.ts';
import { diagramOf } from '../../src/machines/diagram.ts';
import { integratorMachine } from '../../src/machines/integrator.ts';
import { INTEGRATOR_LAWS } from '../../src/machines/integrator-laws.ts';
import {
  brokenLaws,
  CANDIDATE_LAWS,
  DELIVERY_LAWS,
  type Law,
  LEASE_LAWS,
  TODO_LAWS,
} from '../../src/machines/invariants.ts';
import { leaseMachine } from '../../src/machines/lease.ts';
import { todoMachine } from '../../src/machines/todo.ts';
import { type CandidateSnapshot, essenceOf, eventsAt, INPUT } from '../support/candidate-model.ts';
import { DELIVERY_INPUT, deliveryEssence, deliveryEventsAt } from '../support/delivery-model.ts';
import { type Exploration, edgeName, edgesOf, explore, pathOf, statesOf } from '../support/exploration.ts';
import { type IntegratorSnapshot, SESSION_INPUT, walkSessions } from '../support/integrator-model.ts';
import { LEASE_INPUT, leaseEssence, leaseEventsAt } from '../support/lease-model.ts';
import { TODO_INPUT, todoEssence, todoEventsAt } from '../support/todo-model.ts';

type AnySnapshot = { value: unknown; context: unknown; status: string };

interface Subject {
  name: string;
  machine: AnyStateMachine;
  input: unknown;
  laws: readonly Law<never>[];
  walk: Exploration<AnyStateMachine, { type: string }>;
}

const named = <E extends { name: string }>(event: E) => event.name;
const subjects: Subject[] = [
  {
    name: 'candidate',
    machine: candidateMachine,
    input: INPUT,
    laws: CANDIDATE_LAWS as readonly Law<never>[],
    walk: explore(candidateMachine, {
      input: INPUT,
      events: eventsAt,
      serialize: essenceOf,
      nameOf: (event) => event.id,
      limit: 40_000,
    }) as never,
  },
  {
    name: 'integrator',
    machine: integratorMachine,
    input: SESSION_INPUT,
    laws: INTEGRATOR_LAWS as readonly Law<never>[],
    walk: walkSessions() as never,
  },
  {
    name: 'lease',
    machine: leaseMachine,
    input: LEASE_INPUT,
    laws: LEASE_LAWS as readonly Law<never>[],
    walk: explore(leaseMachine, {
      input: LEASE_INPUT,
      events: leaseEventsAt,
      serialize: leaseEssence,
      nameOf: named,
      limit: 2000,
    }) as never,
  },
  {
    name: 'todo',
    machine: todoMachine,
    input: TODO_INPUT,
    laws: TODO_LAWS as readonly Law<never>[],
    walk: explore(todoMachine, {
      input: TODO_INPUT,
      events: todoEventsAt,
      serialize: todoEssence,
      nameOf: named,
      limit: 5000,
    }) as never,
  },
  {
    name: 'delivery',
    machine: deliveryMachine,
    input: DELIVERY_INPUT,
    laws: DELIVERY_LAWS as readonly Law<never>[],
    walk: explore(deliveryMachine, {
      input: DELIVERY_INPUT,
      events: deliveryEventsAt,
      serialize: deliveryEssence,
      nameOf: named,
      limit: 5000,
    }) as never,
  },
];

const idOf = (node: { path: string[] }) => node.path.join('.');
const prefixes = (id: string) => id.split('.').map((_, at, parts) => parts.slice(0, at + 1).join('.'));

describe.each(subjects)('the $name machine', ({ machine, input, laws, walk }) => {
  test('Card-S4 every state is reached, those that are only passed through as well', () => {
    const reached = new Set([...walk.reached].flatMap(prefixes));
    expect(
      statesOf(machine)
        .map(idOf)
        .filter((id) => !reached.has(id)),
    ).toEqual([]);
  });

  test('Card-S4 every edge is taken', () => {
    expect(
      edgesOf(machine)
        .filter((edge) => !walk.taken.has(edge))
        .map(edgeName),
    ).toEqual([]);
  });

  test('every invariant holds in every reachable snapshot', () => {
    const broken = (walk.snapshots as unknown as AnySnapshot[]).flatMap(({ value, context }) =>
      brokenLaws(laws, pathOf(value), context as never).map((law) => `${pathOf(value)} breaks ${law}`),
    );
    expect(broken).toEqual([]);
  });

  test('no invariant is empty talk: each one is broken by some state in which it does not belong', () => {
    // A law that no pairing of a reached state with a reached context breaks would forbid nothing.
    const contexts = (walk.snapshots as unknown as AnySnapshot[]).map(({ context }) => context);
    const states = [...new Set((walk.snapshots as unknown as AnySnapshot[]).map(({ value }) => pathOf(value)))];
    const idle = laws.filter((law) =>
      contexts.every((context) => states.every((state) => law.holds(state, context as never))),
    );
    expect(idle.map(({ id }) => id)).toEqual(CONTEXT_ONLY.filter((id) => laws.some((law) => law.id === id)));
  });

  test('every state says what it is, and every state that is not final says what ends the wait', () => {
    const silent = statesOf(machine).filter(
      (node) => !node.description || (node.type !== 'final' && !(node.meta as { endsBy?: string } | undefined)?.endsBy),
    );
    expect(silent.map(idOf)).toEqual([]);
  });

  test('every wait has an end: a way out of each state that is not final, by event, delay, effect or at once', () => {
    const { edges } = diagramOf(machine);
    const stuck = statesOf(machine)
      .filter((node) => node.type !== 'final')
      .map(idOf)
      .filter((id) => {
        const sources = new Set(['', ...prefixes(id)]);
        return !edges.some(
          (edge) => sources.has(edge.from) && !edge.internal && edge.to !== id && !edge.to.startsWith(`${id}.`),
        );
      });
    expect(stuck).toEqual([]);
  });

  test('every effect has an edge for its outcome and one for its failure, and some outcome leads on whatever it says', () => {
    for (const node of statesOf(machine)) {
      for (const { id } of node.invoke) {
        const done = node.transitions.get(`xstate.done.actor.${id}`) ?? [];
        const failed = node.transitions.get(`xstate.error.actor.${id}`) ?? [];
        expect(done.at(-1)?.guard, `${idOf(node)}: the last outcome edge of ${id} has a guard`).toBeUndefined();
        expect(
          failed.some(({ guard, target }) => guard === undefined && target),
          `${idOf(node)}: ${id} may fail`,
        ).toBe(true);
        expect(done.length).toBeGreaterThan(0);
      }
    }
  });

  test('guards, actions, delays and effects go by a name, so that the chart can be read as data', () => {
    const inline = edgesOf(machine).flatMap((edge) =>
      [edge.guard, ...edge.actions]
        .filter((part) => part !== undefined && typeof part !== 'string')
        .map(() => edgeName(edge)),
    );
    const others = statesOf(machine).flatMap((node) =>
      [
        ...node.entry,
        ...node.exit,
        ...node.invoke.map(({ src }) => src),
        ...node.after.map(({ delay }) => delay),
      ].filter((part) => typeof part !== 'string' && !ofDelay(part)),
    );
    expect([...inline, ...others]).toEqual([]);
  });

  test('a final state refuses everything', () => {
    // XState warns of each event that comes too late, which is what is done here on purpose.
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    onTestFinished(() => warn.mockRestore());
    const finals = (walk.paths as unknown as { end: AnySnapshot; events: { type: string }[] }[]).filter(
      ({ end }) => end.status === 'done',
    );
    const alphabet = new Map(walk.steps.map(({ event }) => [JSON.stringify(event), event]));
    const seen = new Set<string>();
    for (const { end, events } of finals) {
      const state = pathOf(end.value);
      if (seen.has(state)) continue;
      seen.add(state);
      const actor = quietActor(machine, input);
      for (const event of events) actor.send(event);
      const before = actor.getSnapshot();
      expect(pathOf((before as unknown as AnySnapshot).value)).toBe(state);
      for (const event of alphabet.values()) actor.send(event);
      expect(actor.getSnapshot()).toBe(before);
    }
    expect([...seen].sort()).toEqual(
      statesOf(machine)
        .filter((node) => node.type === 'final')
        .map(idOf)
        .sort(),
    );
  });
});

/** Laws of contexts that are never reached in any state, so that no pairing breaks them. */
const CONTEXT_ONLY = [
  'push-bears-out',
  'line-shares-its-base',
  'line-is-in-order',
  'order-is-of-those-in-hand',
  'aside-waits-for-its-seniors',
  'window-within-bounds',
  'window-of-one-is-a-serial-gate',
  'pushed-was-proven',
  'train-within-limit',
  'nobody-twice',
  'races-are-bounded',
  'rounds-within-limit',
];

/** A delay arms and disarms itself by actions that XState adds to entry and exit. */
const ofDelay = (part: unknown) =>
  typeof part === 'function' && /^xstate\.(raise|cancel)$/.test(String(Reflect.get(part, 'type')));

/** An actor of the machine whose effects never answer: the events that stand for their answers are sent by hand. */
function quietActor(machine: AnyStateMachine, input: unknown): AnyActorRef {
  const never = fromPromise(() => new Promise(() => undefined));
  const effects = new Set(statesOf(machine).flatMap((node) => node.invoke.map(({ src }) => String(src))));
  const quiet = machine.provide({ actors: Object.fromEntries([...effects].map((id) => [id, never])) } as never);
  const clock = { setTimeout: () => 0, clearTimeout: () => undefined };
  const actor = createActor(quiet, { input, clock, logger: () => undefined } as never);
  actor.start();
  return actor;
}

test('Card-S1 the candidate machine has exactly the six states, two of them final', () => {
  expect(statesOf(candidateMachine).map(({ key, type }) => [key, type])).toEqual([
    ['pending', 'atomic'],
    ['ready', 'atomic'],
    ['integrating', 'atomic'],
    ['blocked', 'atomic'],
    ['completed', 'final'],
    ['superseded', 'final'],
  ]);
  expect(statesOf(candidateMachine).map(idOf).sort()).toEqual([...CANDIDATE_STATES].sort());
});

test('candidates are driven by the log alone: no effect, no delay', () => {
  for (const node of statesOf(candidateMachine)) {
    expect(node.invoke).toEqual([]);
    expect(node.after).toEqual([]);
  }
});

test('Card-S2 S4-FR5.1 the integrator acquires, reconciles, drains, releases and ends, in this order', () => {
  const walk = subjects.find(({ name }) => name === 'integrator')?.walk;
  const top = (snapshot: unknown) => pathOf((snapshot as AnySnapshot).value).split('.')[0];
  const moves = new Set(
    (walk?.steps ?? [])
      .map(({ from, to }) => `${top(from)} -> ${top(to)}`)
      .filter((move) => {
        const [from, to] = move.split(' -> ');
        return from !== to;
      }),
  );
  expect([...moves].sort()).toEqual([
    'acquiring -> ended',
    'acquiring -> reconciling',
    'acquiring -> releasing',
    'draining -> releasing',
    'reconciling -> draining',
    'reconciling -> releasing',
    'releasing -> ended',
    'standby -> acquiring',
    'standby -> ended',
  ]);
});

describe('what the integrator promises', () => {
  const steps = (subjects.find(({ name }) => name === 'integrator')?.walk.steps ?? []) as unknown as {
    from: IntegratorSnapshot;
    event: { name: string };
    to: IntegratorSnapshot;
  }[];

  test('Spec-10 Spec-7 S4-FR5.6 S4-VR5 S3-6.1d a session ends by itself only with an empty queue after the grace window, nothing in hand, no train and no hold', () => {
    const ends = steps.filter(
      ({ from, to }) => from.value !== 'releasing' && to.value === 'releasing' && to.context.stop === null,
    );
    expect(ends.length).toBeGreaterThan(0);
    const inShadow = ends.filter(({ from }) => from.context.mode === 'shadow');
    expect(inShadow.length).toBeGreaterThan(0);
    for (const { from, event } of ends.filter((end) => !inShadow.includes(end))) {
      expect(pathOf(from.value)).toBe('draining.followingUp');
      expect(event.name).toBe('landFollowUps: followed_up');
    }
    const last = inShadow.concat(
      steps.filter(
        ({ from, to }) => pathOf(from.value) !== 'draining.followingUp' && pathOf(to.value) === 'draining.followingUp',
      ),
    );
    expect(last.length).toBeGreaterThan(inShadow.length);
    for (const { from, event } of last) {
      expect(pathOf(from.value)).toBe('draining.selecting');
      expect(event.name).toBe('selectCandidate: empty');
      expect(from.context).toMatchObject({
        graceOver: true,
        candidate: null,
        train: [],
        worklist: [],
        stopping: false,
        uncleaned: 0,
      });
    }
  });

  test('Spec-7 the grace window is over only by its delay, and a new candidate begins it anew', () => {
    for (const { from, event, to } of steps) {
      if (!from.context.graceOver && to.context.graceOver) expect(event.name).toBe('after grace');
      if (event.name === 'selectCandidate: taken') expect(to.context.graceOver).toBe(false);
    }
  });

  test('Spec-6 nothing is merged that was not rechecked directly before, and nothing pushed that was not merged', () => {
    for (const { from, event, to } of steps) {
      const [before, after] = [pathOf(from.value), pathOf(to.value)];
      if (after === 'draining.merging' && before !== after)
        expect([before, event.name]).toEqual(['draining.rechecking', 'recheckCandidate: holds']);
      if (after === 'draining.bookkeeping' && before !== after)
        expect([before, event.name]).toEqual(['draining.merging', 'mergeCandidate: merged']);
      const built = to.context.chain.filter(({ tip }) => !from.context.chain.some((entry) => entry.tip === tip));
      const known = from.context.train.map(({ tip }) => tip);
      if (built.some(({ tip }) => !known.includes(tip)))
        expect([before, event.name, built.length]).toEqual(['draining.bookkeeping', 'keepBooks: booked', 1]);
      const fresh = to.context.train.filter(({ tip }) => !known.includes(tip));
      // The first of a chain that lands.
      expect(fresh.map(({ tip }) => tip)).toEqual(
        [...from.context.chain, ...built].slice(0, fresh.length).map(({ tip }) => tip),
      );
    }
  });

  test('S1-FR5.1 in shadow a candidate is judged and left alone: every way from the queue leads back to it or to the end', () => {
    const inShadow = steps.filter(({ from }) => from.context.mode === 'shadow');
    const judging = inShadow.filter(({ to }) => pathOf(to.value) === 'draining.judging');
    expect(judging.length).toBeGreaterThan(0);
    for (const { from, event } of judging.filter(({ from }) => pathOf(from.value) !== 'draining.judging'))
      expect([pathOf(from.value), event.name]).toEqual(['draining.rechecking', 'recheckCandidate: holds']);
    const states = new Set(inShadow.map(({ to }) => pathOf(to.value)));
    expect([...states].sort()).toEqual([
      'acquiring',
      'draining.holding',
      'draining.judging',
      'draining.rechecking',
      'draining.selecting',
      'draining.waiting',
      'ended',
      'reconciling',
      'releasing',
      'standby',
    ]);
  });

  test('a lease that is lost ends the session from every state in which it may hold one', () => {
    for (const { from, event, to } of steps) {
      if (event.name !== 'lease.lost' || from.value === 'standby' || from.value === 'releasing') continue;
      expect(to.value).toBe('releasing');
      expect(to.context.stop).toMatchObject({ outcome: 'aborted', reason: 'lease_lost' });
    }
  });

  test('S4-R2 an effect that throws ends the session as a bug, with the lease given back', () => {
    for (const { from, event, to } of steps) {
      if (!event.name.endsWith(' throws') || from.value === 'releasing') continue;
      expect(to.value).toBe('releasing');
      expect(to.context.stop?.reason).toBe('bug');
    }
  });
});

test('Spec-15 a blocked candidate is no member of a push, whatever the log says of one', () => {
  const steps = (subjects.find(({ name }) => name === 'candidate')?.walk.steps ?? []) as unknown as {
    from: CandidateSnapshot;
    event: { type: string };
    to: CandidateSnapshot;
  }[];
  const told = steps.filter(
    ({ from, event }) => from.value === 'blocked' && event.type.startsWith('integration.push.'),
  );
  expect(told.length).toBeGreaterThan(0);
  for (const { from, to } of told) {
    expect(to.value).toBe('blocked');
    expect(to.context).toEqual(from.context);
    expect(to.context).toMatchObject({ openPush: null, landed: false });
  }
});
