/** What the log says becomes candidates, a queue and records: the fold, without log or git. */
import { describe, expect, test } from 'vitest';
import { at, type FoldWorld, foldWorld, refold, sha, work } from '../support/fold-world.ts';

const login = work('login');
const queued = (world: FoldWorld) => world.repository.queue.map(({ context }) => context.slug);

/** All orders of three. */
const ORDERS = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
] as const;

const SIGNALS: [string, (world: FoldWorld) => unknown][] = [
  ['approved', (world) => world.approved('login')],
  ['pushed', (world) => world.pushed(login)],
  ['started', (world) => world.started(login, 10)],
];

describe('becoming ready', () => {
  test.each(ORDERS.map((order) => ({ order, names: order.map((at) => SIGNALS[at]?.[0]).join(', ') })))(
    'S1-FR3.1 Spec-3 the three signals make a candidate ready in any order: $names',
    ({ order }) => {
      const world = foldWorld();
      for (const index of order) SIGNALS[index]?.[1](world);
      expect(world.record(login).state).toBe('pending');
      world.probed(login);
      expect(world.record(login).state).toBe('ready');
      expect(queued(world)).toEqual(['login']);
    },
  );

  test.each([0, 1, 2])('S1-FR3.1 with signal %i missing it never gets ready', (missing) => {
    const world = foldWorld();
    for (const [index, [, tell]] of SIGNALS.entries()) if (index !== missing) tell(world);
    world.probed(login);
    expect(queued(world)).toEqual([]);
    expect(world.repository.counts().ready).toBe(0);
  });

  test('S1-FR3.2 a push of another commit, branch or remote is not its push', () => {
    const world = foldWorld();
    world.approved('login');
    world.started(login, 10);
    world.probed(login);
    world.pushed({ ...login, sha: sha('b') });
    world.pushed({ ...login, branch: 'feature/other' });
    world.pushed(login, 'fork');
    expect(world.record(login).state).toBe('pending');
    world.pushed(login);
    expect(world.record(login).state).toBe('ready');
  });

  test('S1-FR3.2 what is not reachable, on main, or waits for another is held back until a probe says otherwise', () => {
    const world = foldWorld();
    world.ready(login, 10);
    for (const facts of [{ reachable: false }, { integrated: true }, { undelivered: ['base'] }]) {
      world.probed(login, facts);
      expect(world.record(login).state, JSON.stringify(facts)).toBe('pending');
      expect(queued(world)).toEqual([]);
      world.probed(login);
      expect(queued(world)).toEqual(['login']);
    }
  });

  test('an approval that names a commit binds that commit, and in one round a request for changes wins', () => {
    const world = foldWorld();
    world.ready(login, 10);
    world.approved('login', 2, sha('b'));
    expect(world.record(login).state).toBe('pending');
    world.approved('login', 3, login.sha);
    expect(world.record(login).state).toBe('ready');
    world.changesRequested('login', 3);
    expect(world.record(login).state).toBe('pending');
    world.approved('login', 3);
    expect(world.record(login).state).toBe('pending');
    world.approved('login', 4);
    expect(world.record(login).state).toBe('ready');
  });
});

describe('the queue', () => {
  test('S1-FR4.2 S4-FR5.2 S4-VR4 goes by the instant of readiness, whatever the order of arrival, ties by slug', () => {
    const world = foldWorld();
    for (const [slug, seconds] of [
      ['late', 30],
      ['early', 10],
      ['tie-b', 20],
      ['tie-a', 20],
    ] as const) {
      world.ready(work(slug), seconds);
    }
    expect(queued(world)).toEqual(['early', 'tie-a', 'tie-b', 'late']);
  });

  test('instants are compared as instants, whatever their offset', () => {
    const world = foldWorld();
    for (const [slug, readyAt] of [
      ['second', '2026-01-01T12:00:00.002Z'],
      ['first', '2026-01-01T14:00:00.001+02:00'],
    ] as const) {
      world.started(work(slug), readyAt);
      world.approved(slug);
      world.pushed(work(slug));
      world.probed(work(slug));
    }
    expect(queued(world)).toEqual(['first', 'second']);
  });

  test('Spec-4 the same triple told again is one candidate, queued once, whatever it is told with', () => {
    const world = foldWorld();
    world.ready(login, 10);
    world.started(login, 50);
    world.pushed(login);
    world.approved('login');
    world.probed(login);
    expect(world.repository.all()).toHaveLength(1);
    expect(queued(world)).toEqual(['login']);
    expect(world.record(login).context.readyAt).toBe(at(10));
  });

  test('Spec-5 a candidate is counted in exactly one state', () => {
    const world = foldWorld();
    const states = ['pending', 'ready', 'integrating', 'blocked', 'superseded'] as const;
    world.started(work('pending'), 1);
    world.ready(work('ready'), 2);
    for (const slug of ['integrating', 'blocked']) {
      world.ready(work(slug), 3);
      world.dequeued(work(slug));
    }
    world.failed(work('blocked'));
    world.ready(work('superseded'), 4);
    world.started(work('superseded', 'b'), 5);
    const counts = world.repository.counts();
    for (const state of states) {
      expect(world.record(work(state)).state).toBe(state);
      expect(world.repository.all().filter((record) => record.state === state)).toHaveLength(counts[state]);
    }
    expect(Object.values(counts).reduce((sum, count) => sum + count)).toBe(world.repository.all().length);
  });
});

describe('superseding', () => {
  test('Spec-16 what was superseded can be looked up: its state, its successor, when, and its attempts', () => {
    const world = foldWorld();
    world.ready(login, 10);
    world.dequeued(login);
    const newer = work('login', 'b');
    const { changes } = world.started(newer, 20);
    expect(changes.map(({ record, from, to }) => [record.context.sha, from, to])).toEqual([
      [newer.sha, null, 'pending'],
      [login.sha, 'integrating', 'superseded'],
    ]);
    const record = world.record(login);
    expect(record).toMatchObject({ state: 'superseded', updatedAt: world.told.at(-1)?.timestamp });
    expect(record.context).toMatchObject({ outrankedBy: world.record(newer).key, attempt: 1, readyAt: at(10) });
    expect(world.repository.find(record.key)).toBe(record);
    expect(world.repository.ofSlug('login')).toHaveLength(2);
    expect(world.repository.actor(record.id)).toBeUndefined();
  });

  test('the greater instant wins, whichever is told first, and other slugs never supersede', () => {
    const world = foldWorld();
    const newer = work('login', 'b');
    world.started(newer, 20);
    world.started(login, 10);
    world.started(work('other', 'c'), 30);
    expect(world.record(login).state).toBe('superseded');
    expect(world.record(newer).state).toBe('pending');
  });

  test('two resumes of a superseded candidate, made at once, give one new generation that lives', () => {
    const world = foldWorld();
    world.ready(login, 10);
    world.started(work('login', 'b'), 20);
    world.resumed(login, 1, at(30));
    world.resumed(login, 1, at(31));
    const generations = world.repository.ofSlug('login').filter(({ context }) => context.sha === login.sha);
    expect(generations.map(({ id, state }) => [id.includes('#1'), state])).toEqual([
      [false, 'superseded'],
      [true, 'ready'],
    ]);
    expect(queued(world)).toEqual(['login']);
  });

  test('a resume that skips a generation makes none', () => {
    const world = foldWorld();
    world.ready(login, 10);
    world.started(work('login', 'b'), 20);
    world.resumed(login, 2, at(30));
    expect(world.repository.ofSlug('login').map(({ state }) => state)).toEqual(['superseded', 'pending']);
  });
});

describe('blocking and resuming', () => {
  test('S1-FR5.3 a blocked candidate keeps its evidence and, resumed, its old place in the queue', () => {
    const world = foldWorld();
    world.ready(login, 10);
    world.dequeued(login);
    world.failed(login);
    expect(world.record(login).context.failure).toMatchObject({ kind: 'conflict', next_action: 'rebase' });
    world.ready(work('later', 'b'), 20);
    world.resumed(login, 0, world.record(login).context.readyAt);
    expect(queued(world)).toEqual(['login', 'later']);
  });

  test('resumed while a condition fails, it waits for that condition', () => {
    const world = foldWorld();
    world.ready(login, 10);
    world.dequeued(login);
    world.failed(login);
    world.changesRequested('login', 2);
    world.resumed(login, 0, at(10));
    expect(world.record(login).state).toBe('pending');
  });
});

test('S3-5.2d the same events give the same state, whoever folds them and however often it was put aside', () => {
  const world = foldWorld();
  world.ready(login, 10);
  world.dequeued(login);
  world.failed(login);
  world.resumed(login, 0, at(10));
  world.ready(work('other', 'b'), 5);
  world.started(work('other', 'c'), 6);
  const again = refold(world.told);
  expect(again.dump()).toEqual(world.repository.dump());
  const half = refold(world.told.slice(0, 5));
  const restored = refold([]);
  restored.load(JSON.parse(JSON.stringify(half.dump())));
  for (const event of world.told.slice(5)) restored.apply(event);
  expect(JSON.parse(JSON.stringify(restored.dump()))).toEqual(JSON.parse(JSON.stringify(world.repository.dump())));
});
