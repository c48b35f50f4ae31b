/**
 * What the simulator says: of the queue that is measured, for the settings that are not, and of queues too long to be
 * measured. Says how long simulating takes, too.
 */
import { generatedLoad, type Load } from '../src/actors/simulate/load.ts';
import { simulateAll } from '../src/actors/simulate/simulate.ts';
import type { SimulateRow } from '../src/actors/simulate/views.ts';
import { simulate } from '../src/actors/simulate/world.ts';
import type { Line } from './lines.ts';

/** Windows with their batches that the picture shows. */
const SHOWN: readonly [window: number, batch: number][] = [
  [1, 1],
  [2, 1],
  [4, 1],
  [8, 1],
  [16, 1],
  [8, 4],
];
/** What the simulator takes for a merge and for a push unless it is told, ms. */
const STEPS = { mergeMs: 20, pushMs: 60 };
const QUEUED = 1_000;
const SEEDS = 5;
const CHECK_MS = 600_000;
const WINDOW = 8;
const BATCH = 4;

export interface Guess {
  window: number;
  batch: number;
  /** Deliveries that land. */
  perMinute: number;
}

/** The queue under each setting, all of it ready at once. */
export function foresight(
  changes: readonly { slug: string; checkMs: number; bad: boolean }[],
  settings: readonly (readonly [window: number, batch: number])[] = SHOWN,
): Guess[] {
  const load: Load = {
    changes: changes.map((change) => ({ ...change, readyMs: 0, conflict: 'none', flakes: 0 })),
    flakeRate: 0,
    seed: 1,
    view: generatedLoad({ ...GENERATED, candidates: 1, seed: 1 }).view,
  };
  return settings.map(([window, batch]) => {
    const plain = { patience: 0, parallel: window, pushBatch: 10, retries: 0, ...STEPS };
    const { ended } = simulate(load, { window, batch, ...plain });
    const landed = ended.filter(({ end }) => end === 'landed');
    return { window, batch, perMinute: (landed.length * 60_000) / Math.max(...ended.map(({ at }) => at)) };
  });
}

const GENERATED = {
  rate: null,
  checkMs: CHECK_MS,
  spread: 0,
  failureRate: 0.05,
  conflictRate: 0,
  flakeRate: 0,
};

/** A thousand queued at once, each bad by chance, in the mean of several loads. */
export async function simulated(quick: boolean): Promise<Line[]> {
  const seeds = Array.from({ length: quick ? 1 : SEEDS }, (_, at) => at + 1);
  const rows: SimulateRow[][] = [];
  const began = performance.now();
  for (const seed of seeds) {
    const load = generatedLoad({ ...GENERATED, candidates: QUEUED, seed });
    const plain = { patience: [0], parallel: [null], pushBatch: [10], retries: [0], ...STEPS };
    const told = { signal: new AbortController().signal, progress: () => undefined };
    rows.push((await simulateAll(load, { window: [WINDOW], batch: [1, BATCH], ...plain }, told)).rows);
  }
  const seconds = (performance.now() - began) / 1000 / rows.flat().length;
  const mean = (kind: SimulateRow['kind'], batch: number, of: (row: SimulateRow) => number): number => {
    const values = rows.flat().flatMap((row) => (row.kind === kind && row.batch === batch ? [of(row)] : []));
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  const about = `${QUEUED.toLocaleString('en-US')} queued, simulated, 5 % fail`;
  const ofSetting = (batch: number): Line[] => {
    const name = `window ${WINDOW}${batch === 1 ? '' : `, batches of ${batch}`}`;
    return [
      {
        name: `${about}, ${name}: landed, a check of 10 minutes`,
        measured: mean('setting', batch, (row) => row.throughput_per_hour),
        unit: 'an hour',
        limit: mean('serial', 1, (row) => row.throughput_per_hour),
        against: 'a serial gate',
        goal: { of: 'ratio', least: 6 },
        note: `${(mean('setting', batch, (row) => row.check_runs) / QUEUED).toFixed(2)} runs of the check for each`,
      },
      {
        name: `${about}, ${name}: mean time from ready to main`,
        measured: mean('setting', batch, (row) => row.wait_ms.mean) / 3_600_000,
        unit: 'hours',
        limit: mean('oracle', 1, (row) => row.wait_ms.mean) / 3_600_000,
        against: 'an oracle',
        goal: { of: 'ratio', most: 1.3 },
      },
    ];
  };
  return [
    ...ofSetting(1),
    ...ofSetting(BATCH),
    {
      name: 'one setting simulated for 1,000 queued candidates',
      measured: seconds,
      unit: 's',
      goal: { of: 'value', most: 10 },
    },
  ];
}
