/** The simulator on anything: everybody ends once and in turn, whoever may land lands, nobody else does. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Change, Load } from '../../src/actors/simulate/load.ts';
import { type Settings, simulate } from '../../src/actors/simulate/world.ts';

const RUNS = 300;

const changes = fc
  .array(
    fc.record({
      gap: fc.constantFrom(0, 0, 0, 1, 30, 100, 5000),
      checkMs: fc.constantFrom(0, 1, 50, 100, 100, 250),
      bad: fc.boolean().chain((bad) => (bad ? fc.boolean() : fc.constant(false))),
      conflict: fc.constantFrom<Change['conflict']>('none', 'none', 'none', 'before', 'always'),
      flakes: fc.constantFrom(0, 0, 0, 0, 1, 3),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((list) => {
    let readyMs = 0;
    return list.map(({ gap, ...rest }, at): Change => {
      readyMs += gap;
      return { slug: `c${at}`, readyMs, ...rest };
    });
  });

const settings: fc.Arbitrary<Settings> = fc.record({
  window: fc.integer({ min: 1, max: 10 }),
  batch: fc.integer({ min: 1, max: 8 }),
  patience: fc.integer({ min: 0, max: 3 }),
  parallel: fc.constantFrom(1, 2, 5, Number.POSITIVE_INFINITY),
  pushBatch: fc.integer({ min: 1, max: 12 }),
  retries: fc.integer({ min: 0, max: 2 }),
  mergeMs: fc.constantFrom(0, 0, 7),
  pushMs: fc.constantFrom(0, 0, 20),
});

const loadOf = (list: readonly Change[], flakeRate = 0): Load => ({
  changes: list,
  flakeRate,
  seed: 3,
  view: {
    source: 'generated',
    candidates: list.length,
    rate_per_hour: null,
    check_ms: 0,
    failure_rate: 0,
    conflict_rate: 0,
    flake_rate: flakeRate,
    left_out: 0,
  },
});

test('everybody ends once, in the order of the queue, and nothing bad lands', () => {
  fc.assert(
    fc.property(changes, settings, fc.constantFrom(0, 0.2), (list, how, flakeRate) => {
      const run = simulate(loadOf(list, flakeRate), how);
      expect(run.ended.map(({ change }) => change.slug)).toEqual(list.map(({ slug }) => slug));
      expect(run.ended.some(({ change, end }) => end === 'landed' && change.bad)).toBe(false);
      expect(run.ended.every(({ change, at }) => at >= change.readyMs)).toBe(true);
      expect(run.wastedMs).toBeGreaterThanOrEqual(0);
      expect(run.window.least).toBeGreaterThanOrEqual(1);
    }),
    { numRuns: RUNS },
  );
});

test('without flakes everybody comes to the same end under any settings: that of the serial gate', () => {
  fc.assert(
    fc.property(changes, settings, (list, how) => {
      const steady = list.map((change) => ({ ...change, flakes: 0 }));
      const ends = (which: Settings) =>
        simulate(loadOf(steady), which).ended.map(({ change, end }) => [change.slug, end]);
      expect(ends(how)).toEqual(ends({ ...how, window: 1, batch: 1, patience: 0 }));
    }),
    { numRuns: RUNS },
  );
});
