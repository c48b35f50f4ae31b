/** The simulator against what can be worked out by hand: full queues, queues by chance, windows, batches, flakes. */
import { describe, expect, test } from 'vitest';
import { type Change, generatedLoad, type Load } from '../../src/actors/simulate/load.ts';
import { simulateAll } from '../../src/actors/simulate/simulate.ts';
import type { GeneratedRequest, SettingsRequest } from '../../src/actors/simulate/views.ts';
import { type Settings, simulate } from '../../src/actors/simulate/world.ts';
import { runTelec } from '../support/fake-runtime.ts';

const T = 600_000;

const generated = (request: Partial<GeneratedRequest> = {}): Load =>
  generatedLoad({
    candidates: 100,
    rate: null,
    checkMs: T,
    spread: 0,
    failureRate: 0,
    conflictRate: 0,
    flakeRate: 0,
    seed: 1,
    ...request,
  });

/** Nothing but checks takes time, and there is a place for each. */
const free = (settings: Partial<Settings> = {}): Settings => ({
  window: 1,
  batch: 1,
  patience: 0,
  parallel: Number.POSITIVE_INFINITY,
  pushBatch: 10,
  retries: 0,
  mergeMs: 0,
  pushMs: 0,
  ...settings,
});

/** A load of deliveries ready at once, with something wrong at some of them. */
function loadOf(count: number, wrong: Record<number, Partial<Change>>): Load {
  const load = generated({ candidates: count });
  return { ...load, changes: load.changes.map((change, at) => ({ ...change, ...wrong[at] })) };
}

const meanWait = ({ ended }: ReturnType<typeof simulate>): number =>
  ended.reduce((sum, { change, at }) => sum + at - change.readyMs, 0) / ended.length;
const told = { signal: new AbortController().signal, progress: () => undefined };

describe('a full queue', () => {
  test('one at a time takes as long as all merges, checks and pushes, and the lease', () => {
    const run = simulate(generated({ candidates: 25 }), free({ mergeMs: 20, pushMs: 60 }));
    expect(run.endMs).toBe(60 + 25 * (20 + T + 60));
    expect([run.runs, run.totalMs, run.wastedMs, run.pushes]).toEqual([25, 25 * T, 0, 25]);
    expect(run.longestQueue).toBe(25);
  });

  test.each([
    [2, 1],
    [8, 1],
    [8, 3],
    [64, 1],
  ])('in a window of %i with batches of %i it lands so many in each round of checks', (window, batch) => {
    const run = simulate(generated({ candidates: 200 }), free({ window, batch }));
    expect(run.endMs).toBe(Math.ceil(200 / (window * batch)) * T);
    expect(run.window).toEqual({ mean: window, least: window });
  });

  test('fewer places than the window run in turns, those nearest to main first', () => {
    const run = simulate(generated({ candidates: 40 }), free({ window: 8, parallel: 4 }));
    expect(run.endMs).toBe((40 / 4) * T);
    expect(run.wastedMs).toBe(0);
  });

  test('with failures each round lands up to the first bad one', () => {
    const [bad, window] = [0.05, 4];
    const run = simulate(generated({ candidates: 4000, failureRate: bad }), free({ window }));
    const landed = run.ended.filter(({ end }) => end === 'landed').length;
    const expected = ((1 - bad) * (1 - (1 - bad) ** window)) / bad;
    expect(Math.abs(landed / (run.endMs / T) / expected - 1)).toBeLessThan(0.03);
  });
});

describe('a queue by chance', () => {
  test('one at a time waits as the formula for constant service says', () => {
    const share = 0.5;
    const run = simulate(generated({ candidates: 8000, rate: (share * 3_600_000) / T }), free());
    const expected = T + (share * T) / (2 * (1 - share));
    expect(Math.abs(meanWait(run) / expected - 1)).toBeLessThan(0.05);
  });

  test('in a wide window nobody waits for anybody', () => {
    const run = simulate(generated({ candidates: 2000, rate: 3 }), free({ window: 64 }));
    expect(meanWait(run)).toBe(T);
  });
});

describe('what goes wrong', () => {
  test('a bad one is blocked on what landed before it; those behind it take one more round', () => {
    const run = simulate(loadOf(8, { 2: { bad: true } }), free({ window: 8 }));
    expect(run.ended.map(({ change, end, at }) => [change.slug, end, at / T])).toEqual([
      ['change-1', 'landed', 1],
      ['change-2', 'landed', 1],
      ['change-3', 'checks', 1],
      ...[4, 5, 6, 7, 8].map((n) => [`change-${n}`, 'landed', 2]),
    ]);
    // Five runs were cancelled or failed for the sake of the third.
    expect([run.runs, run.wastedMs]).toEqual([13, 5 * T]);
  });

  test('a bad one in a batch is found among the others, which land', () => {
    const run = simulate(loadOf(4, { 1: { bad: true } }), free({ window: 1, batch: 4 }));
    expect(run.ended.map(({ end }) => end)).toEqual(['landed', 'checks', 'landed', 'landed']);
  });

  test('what does not merge onto the one before it is blocked once that one landed, and lands when it did not', () => {
    const conflict = { 1: { conflict: 'before' as const } };
    expect(simulate(loadOf(3, conflict), free({ window: 4 })).ended.map(({ end }) => end)).toEqual([
      'landed',
      'conflict',
      'landed',
    ]);
    const run = simulate(loadOf(3, { ...conflict, 0: { bad: true } }), free({ window: 4 }));
    expect(run.ended.map(({ end }) => end)).toEqual(['checks', 'landed', 'landed']);
  });

  test('a flake blocks a good one, unless it is tried again or a later one clears it', () => {
    const load = loadOf(3, { 1: { flakes: 1 } });
    const ends = (settings: Partial<Settings>) =>
      simulate(load, free({ window: 4, ...settings })).ended.map((one) => one.end);
    expect(ends({})).toEqual(['landed', 'checks', 'landed']);
    expect(ends({ retries: 1 })).toEqual(['landed', 'landed', 'landed']);
    expect(ends({ patience: 1 })).toEqual(['landed', 'landed', 'landed']);
  });
});

describe('all settings on one load', () => {
  const settings = (more: Partial<SettingsRequest> = {}): SettingsRequest => ({
    window: [1, 8],
    batch: [1],
    patience: [0],
    parallel: [null],
    pushBatch: [10],
    retries: [0],
    mergeMs: 20,
    pushMs: 60,
    ...more,
  });

  test('a window of 1 is the serial gate, and an oracle is its own measure', async () => {
    const { rows } = await simulateAll(generated({ failureRate: 0.1 }), settings(), told);
    const [serial, one, eight, ...oracles] = rows;
    expect([serial?.kind, one?.kind, eight?.kind]).toEqual(['serial', 'setting', 'setting']);
    expect({ ...one, kind: 'serial' }).toEqual(serial);
    expect(one?.times_serial).toBe(1);
    expect(oracles.map(({ kind, window, times_oracle: times }) => [kind, window, times])).toEqual([
      ['oracle', 1, 1],
      ['oracle', 8, 1],
    ]);
    expect(oracles.every(({ blocked }) => blocked.checks === 0)).toBe(true);
  });

  test('auto is the batch for the failure rate of the load', async () => {
    const { rows } = await simulateAll(
      generated({ failureRate: 0.05 }),
      settings({ window: [8], batch: ['auto'] }),
      told,
    );
    expect(rows.find(({ kind }) => kind === 'setting')?.batch).toBe(3);
  });

  test('the same load and settings give the same answer', async () => {
    const load = () =>
      generated({
        candidates: 300,
        rate: 40,
        spread: 0.5,
        failureRate: 0.1,
        conflictRate: 0.05,
        flakeRate: 0.02,
        seed: 7,
      });
    const first = await simulateAll(load(), settings({ batch: [1, 4] }), told);
    expect(await simulateAll(load(), settings({ batch: [1, 4] }), told)).toEqual(first);
    expect((await simulateAll({ ...load(), ...generated({ seed: 8 }) }, settings(), told)).rows[0]).not.toEqual(
      first.rows[0],
    );
  });

  test('an empty load and too many combinations are refused', async () => {
    await expect(simulateAll({ ...generated(), changes: [] }, settings(), told)).rejects.toMatchObject({
      code: 'NOTHING_TO_SIMULATE',
    });
    const many = Array.from({ length: 11 }, (_, at) => at);
    await expect(simulateAll(generated(), settings({ patience: many, retries: many }), told)).rejects.toMatchObject({
      code: 'USAGE',
      message: '242 combinations are more than 100',
    });
  });

  test('window 8 with 5 % failures lands six times what a serial gate lands, and waits 1.3 times as long as an oracle', async () => {
    const load = generated({ candidates: 2000, failureRate: 0.05 });
    const { rows } = await simulateAll(load, settings({ window: [8], batch: [1, 'auto'] }), told);
    const [plain, batched] = rows.filter(({ kind }) => kind === 'setting');
    expect(plain?.times_serial).toBeGreaterThanOrEqual(6);
    expect(batched?.times_serial).toBeGreaterThanOrEqual(6);
    expect(batched?.times_oracle).toBeLessThanOrEqual(1.3);
  });
});

describe('telec simulate', () => {
  test.each([
    [['--rate', '5'], '--rate is about a generated load'],
    [['--candidates', '5', '--from', '1-0'], '--from is about the log, and --candidates generates a load'],
    [['--candidates', '0'], '--candidates is no whole number from 1 to 50000'],
    [['--candidates', '5', '--failure-rate', '120%'], '--failure-rate is no share from 0 to 100%'],
    [['--candidates', '5', '--window', '1,,2'], '--window is no list of 1 to 64'],
    [['--candidates', '5', '--batch', 'all'], '--batch is no list of 1 to 8 or auto'],
    [['--candidates', '5', '--check-time', 'long'], '--checkTime is no duration'],
  ])('%j is wrong usage', async (argv, message) => {
    const run = await runTelec(['simulate', ...argv]);
    expect([run.status, run.stdout]).toEqual([2, '']);
    expect(run.stderr).toContain(`error: ${message}`);
  });
});
