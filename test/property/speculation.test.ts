/**
 * Speculation against what it stands for: whatever the window, the batches, the patience and the order of the verdicts, the
 * same deliveries land and are blocked, in the same order, as at a gate that takes one after the other.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batchFor, CREDIT_TIMES, grown, halved, openWindow } from '../../src/machines/speculation.ts';
import { type LineWorld, type Nature, serialEnds, workOff } from '../support/line-world.ts';

/** More of them: `LINE_RUNS=5000`. */
const RUNS = Number(process.env['LINE_RUNS'] ?? 400);

const worlds = (natures: readonly Nature[]): fc.Arbitrary<LineWorld> =>
  fc
    .record({
      natures: fc.array(fc.constantFrom(...natures), { minLength: 1, maxLength: 9 }),
      pairs: fc.array(fc.tuple(fc.nat(8), fc.nat(8)), { maxLength: 3 }),
      foreign: fc.nat(2),
      leaving: fc.nat(2),
      window: fc.integer({ min: 1, max: 5 }),
      batch: fc.integer({ min: 1, max: 5 }),
      patience: fc.nat(3),
      pushBatch: fc.integer({ min: 1, max: 6 }),
      seed: fc.nat(1_000_000),
    })
    .map(({ pairs, window, batch, patience, pushBatch, ...world }) => ({
      ...world,
      conflicts: pairs.filter(([a, b]) => a !== b),
      input: { window: openWindow(window), batch, patience, pushBatch },
    }));

/** What became of everybody, and of those who left nothing: they may have landed before it was known. */
const endsOf = (ends: readonly string[], left: readonly number[]) =>
  ends.filter((end) => !left.some((place) => end.endsWith(` ${place}`)));

describe('a line of deliveries', () => {
  test('ends as at a serial gate, in its order, and nothing lands that had not passed', () => {
    fc.assert(
      fc.property(worlds(['good', 'good', 'good', 'bad', 'refused']), (world) => {
        const { ends, left, wrong } = workOff(world);
        expect(wrong).toEqual([]);
        expect(endsOf(ends, left)).toEqual(serialEnds(world, left));
      }),
      { numRuns: RUNS },
    );
  });

  test('with checks that fail by chance nothing lands untested, nothing is left over, and who lands does so in order', () => {
    fc.assert(
      fc.property(worlds(['good', 'good', 'flaky', 'flaky', 'bad']), (world) => {
        const { ends, left, wrong } = workOff({ ...world, conflicts: [] });
        expect(wrong).toEqual([]);
        const places = endsOf(ends, left).map((end) => Number(end.split(' ')[1]));
        expect(places).toEqual(world.natures.map((_, place) => place).filter((place) => !left.includes(place)));
        const bad = ends.filter((end) => world.natures[Number(end.split(' ')[1])] === 'bad');
        expect(bad.filter((end) => end.startsWith('landed'))).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  test('with a window of one and nothing that fails is tested once a delivery', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.nat(1_000_000), (count, seed) => {
        const natures = Array.from({ length: count }, () => 'good' as const);
        const input = { window: openWindow(1), batch: 1, patience: 0, pushBatch: 5 };
        const { runs, wrong, ends } = workOff({ natures, conflicts: [], foreign: 0, leaving: 0, input, seed });
        expect(wrong).toEqual([]);
        expect(runs).toBe(count);
        expect(ends).toHaveLength(count);
      }),
    );
  });
});

test('the window stays between one and as wide as configured, forgets no failure at once and comes back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 64 }), fc.array(fc.boolean(), { maxLength: 200 }), (max, ends) => {
      let window = openWindow(max);
      for (const landed of ends) {
        const before = window;
        window = landed ? grown(window, 1) : halved(window);
        expect(window.size).toBe(Math.min(max, window.credit));
        expect(window.credit).toBe(
          landed ? Math.min(CREDIT_TIMES * max, before.credit + 1) : Math.max(1, Math.floor(before.credit / 2)),
        );
      }
      expect(grown(window, CREDIT_TIMES * max).size).toBe(max);
    }),
  );
});

test('a batch is the smaller the more fails', () => {
  expect(batchFor(null)).toBe(1);
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (a, b) => {
      const [few, many] = [Math.min(a, b), Math.max(a, b)];
      expect(batchFor(few)).toBeGreaterThanOrEqual(batchFor(many));
      expect(batchFor(many)).toBeGreaterThanOrEqual(1);
    }),
  );
});
