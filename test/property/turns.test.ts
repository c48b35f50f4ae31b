/**
 * The order of turns: with priorities off nothing but first in, first out can happen, whatever the log says; with them on
 * it is a total order of instants in which nobody is overtaken for ever.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Repository } from '../../src/actors/repository.ts';
import type { DomainEvent } from '../../src/machines/events.ts';
import {
  compareTurns,
  deviationOf,
  FRESH_PRIORITIES,
  HEAD_START_MS,
  type Priorities,
  priorityOf,
} from '../../src/machines/priority.ts';
import { PRIORITIES } from '../../src/machines/priority-names.ts';
import { compareQueue, type Placed } from '../../src/machines/queue.ts';
import { plainLogs, queueLogs, type Said, START_MS } from '../support/random-logs.ts';

const HOUR_MS = 3_600_000;
const asEvents = (said: readonly Said[]): DomainEvent[] =>
  said.map(
    ({ type, payload }, index) =>
      ({
        type,
        payload,
        id: `${index + 1}-0`,
        timestamp: new Date(START_MS + index).toISOString(),
        source: 't/1',
      }) as never,
  );

const slugs = ['a', 'b', 'c', 'd', 'constructor'];
const placed: fc.Arbitrary<Placed> = fc.record({
  slug: fc.constantFrom(...slugs),
  branch: fc.constantFrom('x', 'y'),
  sha: fc.constantFrom('1', '2', '3'),
  readyAtMs: fc.integer({ min: 0, max: 4 * HOUR_MS }),
});
const settings: fc.Arbitrary<Priorities> = fc
  .tuple(fc.boolean(), fc.uniqueArray(fc.constantFrom(...slugs)), fc.infiniteStream(fc.constantFrom('urgent', 'low')))
  .map(([on, named, priority]) => ({
    on,
    changedAt: '1-0',
    settings: Object.fromEntries(
      named.map((slug) => [
        slug,
        { priority: priority.next().value as 'urgent', actor: `of ${slug}`, reason: 'x', since: '' },
      ]),
    ),
  }));

describe('with priorities off', () => {
  test('the queue of any log is first in, first out after every entry, and nothing deviates from it', () => {
    fc.assert(
      fc.property(plainLogs, (said) => {
        const repository = new Repository();
        for (const event of asEvents(said)) {
          repository.apply(event);
          const places = repository.queue.map(({ context }) => context);
          expect(places).toEqual([...places].sort(compareQueue));
          const [head] = places;
          const { priorities } = repository.standing;
          if (head) expect(deviationOf(priorities, head, places)).toBeNull();
        }
      }),
      { numRuns: 400 },
    );
  });
});

describe('with priorities on', () => {
  test('every queue is in turn, and its head deviates exactly where an older one waits', () => {
    let deviations = 0;
    fc.assert(
      fc.property(queueLogs, (said) => {
        const repository = new Repository();
        for (const event of asEvents(said)) {
          repository.apply(event);
          const { priorities } = repository.standing;
          const places = repository.queue.map(({ context }) => context);
          expect(places).toEqual([...places].sort(compareTurns(priorities)));
          const [head] = places;
          const older = places.filter((other) => head && compareQueue(other, head) < 0).sort(compareQueue);
          const deviation = head ? deviationOf(priorities, head, places) : null;
          expect(deviation?.overtaken ?? []).toEqual(older);
          if (deviation) deviations += 1;
        }
      }),
      { numRuns: 400 },
    );
    expect(deviations).toBeGreaterThan(50);
  });

  test('the order is total: antisymmetric and transitive, equal for the same candidate alone', () => {
    fc.assert(
      fc.property(settings, placed, placed, placed, (priorities, a, b, c) => {
        const compare = compareTurns(priorities);
        expect(Math.sign(compare(a, b))).toBe(-Math.sign(compare(b, a)) || 0);
        if (compare(a, b) <= 0 && compare(b, c) <= 0) expect(compare(a, c)).toBeLessThanOrEqual(0);
        if (compare(a, b) === 0) expect(compareQueue(a, b)).toBe(0);
      }),
      { numRuns: 2000 },
    );
  });

  test('nobody is overtaken by what became ready later than their head starts differ, two hours at most', () => {
    fc.assert(
      fc.property(settings, placed, placed, (priorities, older, younger) => {
        fc.pre(older.readyAtMs <= younger.readyAtMs && older.slug !== younger.slug);
        const gain =
          HEAD_START_MS[priorityOf(priorities, younger.slug)] - HEAD_START_MS[priorityOf(priorities, older.slug)];
        expect(gain).toBeLessThanOrEqual(2 * HOUR_MS);
        if (younger.readyAtMs - older.readyAtMs > Math.max(0, gain))
          expect(compareTurns(priorities)(older, younger)).toBeLessThan(0);
      }),
      { numRuns: 2000 },
    );
  });

  test('a deviation names who decided it: the one that goes ahead, or the one that stands back', () => {
    fc.assert(
      fc.property(settings, fc.array(placed, { minLength: 2, maxLength: 6 }), (priorities, list) => {
        const [head, ...rest] = [...list].sort(compareTurns(priorities));
        const deviation = head ? deviationOf(priorities, head, rest) : null;
        if (!deviation || !head) return;
        const { slug, setting, overtaken } = deviation;
        expect(setting).toBe(priorities.settings[slug]);
        if (slug === head.slug) expect(setting.priority).toBe('urgent');
        else expect([slug, setting.priority]).toEqual([overtaken[0]?.slug, 'low']);
      }),
      { numRuns: 2000 },
    );
  });

  test('nothing but the three classes moves anything', () => {
    expect(PRIORITIES.map((priority) => HEAD_START_MS[priority])).toEqual([HOUR_MS, 0, -HOUR_MS]);
    expect(priorityOf({ ...FRESH_PRIORITIES, on: true }, 'constructor')).toBe('normal');
  });
});
