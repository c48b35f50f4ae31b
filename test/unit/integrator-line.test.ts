/** The line of a session and the steps of its chart that change it: who may be built, lands, is tested, and what is learnt. */

import { describe, expect, test } from 'vitest';
import { type SnapshotFrom, transition } from 'xstate';
import { followLine } from '../../src/actors/session/tests/follow-line.ts';
import type { Taken } from '../../src/machines/effects.ts';
import { candidateKey } from '../../src/machines/identity.ts';
import { integratorMachine } from '../../src/machines/integrator.ts';
import type { IntegratorContext } from '../../src/machines/integrator-context.ts';
import { checkInput, freshContext, hasRoom, landingNow, leftBehind } from '../../src/machines/integrator-line.ts';
import { type Aside, type Entry, openWindow, type Verdict } from '../../src/machines/speculation.ts';

const VERDICTS: Record<string, Verdict> = { f: 'free', u: 'untested', r: 'running', P: 'passed', X: 'failed' };
const taken = (slug: string): Taken => ({ slug, branch: 'b', sha: 'c', attempt: 1, dequeuedAt: '' });
const key = (slug: string) => candidateKey(taken(slug));

/** A line `s0`, `s1`... with a letter an entry. */
function entries(letters: string, first = 0): Entry[] {
  return [...letters].map((letter, index) => {
    const slug = `s${first + index}`;
    const base = first + index === 0 ? 'main' : `s${first + index - 1}`;
    const made = { base, tip: slug, mergeCommit: slug, tree: slug, skipped: 0 };
    return { ...taken(slug), ...made, verdict: VERDICTS[letter] ?? 'free' };
  });
}
const asideAt = (slug: string, base: string, because: Aside['because'] = 'checks'): Aside => ({
  ...taken(slug),
  base,
  because,
});

function context(letters: string, more: Partial<IntegratorContext> = {}): IntegratorContext {
  const times = { graceMs: 1, pushAttempts: 3, rebuildMs: 1, cleanAt: 99 };
  const widths = { pushBatch: 4, window: openWindow(4), batch: 1, patience: 0 };
  const chain = entries(letters);
  const order = chain.map(candidateKey);
  return { ...freshContext({ sessionId: 's', mode: 'live', ...times, ...widths }), chain, order, ...more };
}

/** The context after one event in a state of `draining`. */
function stepped(state: string, before: IntegratorContext, event: object): IntegratorContext {
  const snapshot = integratorMachine.resolveState({ value: { draining: state }, context: before } as never);
  const [next] = transition(integratorMachine, snapshot as never, event as never);
  return (next as SnapshotFrom<typeof integratorMachine>).context;
}
const done = (effect: string, output: object) => ({ type: `xstate.done.actor.${effect}`, output });

describe('whether one more is built', () => {
  test.each<[string, boolean, Partial<IntegratorContext>?]>([
    ['rrr', true],
    ['rrrr', false],
    ['rrrr', false, { batch: 2 }],
    // Passed ones take no place of a test; the chain is as long as it may be.
    ['PPPr', false],
    ['fff', true],
    ['ffff', false],
    ['r', false, { more: false }],
    ['r', true, { more: false, worklist: [taken('w')] }],
    ['r', false, { stopping: true }],
  ])('behind %s: %s', (letters, is, more = {}) => {
    expect(hasRoom(context(letters, more))).toBe(is);
  });
});

describe('how many land now', () => {
  test.each<[string, number, Partial<IntegratorContext>?]>([
    // Free ones wait for company, as long as there may be any.
    ['ff', 0],
    ['ff', 2, { more: false }],
    ['ffff', 4],
    ['ffr', 2],
    ['P', 1],
    // Somebody waits for them to be on main.
    ['ff', 2, { aside: [asideAt('a', 's1')] }],
    ['ff', 1, { aside: [asideAt('a', 's0')] }],
  ])('of %s: %i', (letters, count, more = {}) => {
    expect(landingNow(context(letters, more))).toBe(count);
  });
});

describe('what the one built last is tested with', () => {
  const batchOf = (letters: string, more: Partial<IntegratorContext>) => {
    const { entry, batch, closed } = checkInput(context(letters, { batch: 8, ...more }));
    return [entry.slug, batch.length, closed];
  };

  test.each<[string, number, boolean, Partial<IntegratorContext>]>([
    ['one of two', 0, false, { batch: 2, behind: 9 }],
    ['two of two', 1, true, { batch: 2, behind: 9 }],
    ['no more than a push brings', 1, true, { trainLimit: 2, behind: 99 }],
    ['alone when everybody who waits can be tested at once', 0, true, { behind: 3 }],
    ['two each when twice as many wait', 0, false, { behind: 7 }],
    ['two each when twice as many wait', 1, true, { behind: 6 }],
  ])('%s: %i before it, closed %s', (_, before, closed, more) => {
    const letters = 'u'.repeat(before + 1);
    expect(batchOf(letters, more)).toEqual([`s${before}`, before, closed]);
  });

  test('fewer places are free where tests run', () => {
    expect(batchOf('rrru', { behind: 3 })).toEqual(['s3', 0, false]);
    expect(batchOf('rrru', { behind: 0 })).toEqual(['s3', 0, true]);
  });

  test('is itself where it was chosen', () => {
    expect(batchOf('uuu', { chosen: 's1' })).toEqual(['s1', 1, true]);
  });
});

test('whoever is told to have left is looked for in the chain and aside', () => {
  const left = ['s1', 'a', 'gone'].map(key);
  expect(leftBehind(context('rr', { left, aside: [asideAt('a', 's0')] }))).toEqual(['s1', 'a'].map(key));
});

describe('the window', () => {
  const half = openWindow(4, 8);
  const eject = (because: Aside['because']) => {
    const aside = [asideAt('a', 'main', because)];
    const before = context('', { aside, order: [key('a')], window: half, more: false });
    return stepped('ejecting', before, done('ejectCandidate', { kind: 'ejected' }));
  };

  test('is halved by one that failed its checks, and not by one that does not merge', () => {
    expect(eject('checks').window).toEqual(openWindow(4, 4));
    expect(eject('conflict').window).toEqual(half);
  });

  test('grows by those that were tested alone', () => {
    const before = { ...context('', { window: half, more: false }), train: entries('fPu') };
    expect(stepped('recording', before, done('recordDeliveries', { kind: 'recorded' })).window).toEqual(
      openWindow(4, 10),
    );
  });
});

describe('a verdict', () => {
  const heard = (letters: string, tip: string, verdict: Verdict) => {
    const told = stepped('merging', context(letters), { type: 'checks.settled', tip, verdict });
    return told.chain.map((entry) => entry.verdict);
  };

  test('is taken of one that runs, or that was not heard of as running yet', () => {
    expect(heard('ru', 's0', 'passed')).toEqual(['passed', 'untested']);
    expect(heard('ru', 's1', 'failed')).toEqual(['running', 'failed']);
  });

  test('is final: nothing takes it back', () => {
    expect(heard('PX', 's0', 'failed')).toEqual(['passed', 'failed']);
    expect(heard('PX', 's1', 'passed')).toEqual(['passed', 'failed']);
    expect(heard('r', 'gone', 'passed')).toEqual(['running']);
  });
});

describe('a refused push', () => {
  const refused = done('pushTrain', { kind: 'refused', detail: 'hook declined' });
  const train = entries('PPP');
  const order = train.map(candidateKey);

  test('is halved, and the whole of it is suspect until it is settled', () => {
    const next = stepped('pushing', context('', { train, order, more: false }), refused);
    expect([next.trainLimit, next.suspect, next.train.length]).toEqual([2, key('s2'), 2]);
    const again = stepped('pushing', next, refused);
    expect([again.trainLimit, again.suspect, again.train.length]).toEqual([1, key('s2'), 1]);
  });

  test('keeps the next ones small until the suspect is settled', () => {
    const landed = (last: number, suspect: string) =>
      stepped(
        'recording',
        context('', { train: train.slice(0, last), order, suspect: key(suspect), trainLimit: 1, more: false }),
        done('recordDeliveries', { kind: 'recorded' }),
      );
    expect(landed(1, 's2')).toMatchObject({ trainLimit: 1, suspect: key('s2') });
    expect(landed(3, 's2')).toMatchObject({ trainLimit: 4, suspect: null });
  });
});

test('whoever left and comes again has a new turn', () => {
  const before = context('', { left: [key('one'), key('two')] });
  const took = done('selectCandidate', { kind: 'taken', candidate: taken('one'), behind: 2 });
  expect(stepped('selecting', before, took)).toMatchObject({ left: [key('two')], behind: 2, order: [key('one')] });
});

test('who became ready while the queue was looked at is looked for again', () => {
  const empty = done('selectCandidate', { kind: 'empty' });
  const more = { more: true, window: openWindow(1) };
  expect(stepped('selecting', context('r', { ...more, woken: false }), empty).more).toBe(false);
  expect(stepped('selecting', context('r', { ...more, woken: true }), empty).more).toBe(true);
});

test('no batch is tested that the window has no room for', () => {
  const before = context('rru', { window: openWindow(4, 2), more: false });
  const told = { type: 'checks.settled', tip: 'gone', verdict: 'passed' };
  expect(stepped('testing', before, told).chosen).toBeNull();
  expect(stepped('testing', { ...before, chain: entries('rPu') }, told).chosen).toBe('s2');
});

test('whoever left while it was merged is not tested: it leaves as soon as it stands in the line', () => {
  const before = context('Pr', { left: [key('s1')], more: false });
  const begun = done('startChecks', { kind: 'begun', tip: 's1', verdict: 'running' });
  const next = stepped('checking', { ...before, trainLimit: 9 }, begun);
  expect(next.order).toEqual([key('s0')]);
  expect([...next.train, ...next.chain].map(({ slug }) => slug)).toEqual(['s0']);
});

test('the line tells of whoever is superseded in the chain, aside or in hand, and of nobody else', () => {
  const told: unknown[] = [];
  const now = context('r', { aside: [asideAt('a', 's0')], candidate: taken('hand') });
  let heard: (entry: unknown, changes: unknown[]) => void = () => undefined;
  const parts = { dispatcher: { watch: (watcher: typeof heard) => (heard = watcher) } };
  const actor = {
    getSnapshot: () => ({ context: now }),
    send: (event: unknown) => told.push(event),
    subscribe: () => 0,
  };
  followLine({ parts, countSuperseded: () => undefined } as never, actor as never);
  for (const slug of ['s0', 'a', 'hand', 'other']) heard(null, [{ record: { key: key(slug) }, to: 'superseded' }]);
  heard(null, [{ record: { key: key('s0') }, to: 'blocked' }]);
  expect(told).toEqual(['s0', 'a', 'hand'].map((slug) => ({ type: 'member.left', key: key(slug) })));
});
