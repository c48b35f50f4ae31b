/**
 * One load under many settings, beside a serial gate and an oracle. It runs what it is asked and counts what came of it;
 * which settings are worth having is for who reads it.
 */
import { EXIT, TelecError } from '../../errors.ts';
import { batchFor } from '../../machines/speculation.ts';
import type { Load } from './load.ts';
import type { SettingsRequest, SimulateRow, SimulateView } from './views.ts';
import { type Run, type Settings, simulate } from './world.ts';

/** Rows of one answer. */
const SETTINGS_MAX = 100;

interface Told {
  signal: AbortSignal;
  progress(line: string): void;
}

/**
 * All settings on the load; baselines come first (serial) and last (an oracle for each window). The same load and settings
 * give the same answer. Thrown: USAGE (2) for too many combinations, NOTHING_TO_SIMULATE (1) for an empty load.
 */
export async function simulateAll(load: Load, request: SettingsRequest, told: Told): Promise<SimulateView> {
  if (load.changes.length === 0) {
    throw new TelecError('NOTHING_TO_SIMULATE', EXIT.domain, 'nothing in that part of the log came to an end', {
      hint: 'take more of the log, or generate a load: telec simulate --candidates 1000 --check-time 10m',
    });
  }
  const all = combinations(request, load);
  if (all.length > SETTINGS_MAX) {
    throw new TelecError('USAGE', EXIT.usage, `${all.length} combinations are more than ${SETTINGS_MAX}`, {
      hint: 'give fewer values for --window, --batch, --patience, --parallel, --push-batch or --retries',
    });
  }
  const rows = new Rows(load);
  const [first] = all as [Settings];
  const serial = rows.row('serial', { ...first, window: 1, batch: 1, patience: 0 });
  const view: SimulateRow[] = [serial];
  for (const [at, settings] of all.entries()) {
    told.progress(`simulated ${at} of ${all.length} settings`);
    await letOthersIn(told.signal);
    view.push(rows.row('setting', settings));
  }
  view.push(...rows.oracles());
  return { load: load.view, rows: view };
}

/** Baselines are run once for all rows that are compared with them. */
class Rows {
  readonly #load: Load;
  readonly #good: Load;
  readonly #oracles = new Map<string, SimulateRow>();
  #serial: number | null = null;

  constructor(load: Load) {
    this.#load = load;
    const good = load.changes.filter(({ bad, conflict }) => !bad && conflict === 'none');
    this.#good = { ...load, changes: good.map((change) => ({ ...change, flakes: 0 })), flakeRate: 0 };
  }

  row(kind: 'serial' | 'setting', settings: Settings): SimulateRow {
    const oracle = this.#oracleOf(settings, kind === 'setting');
    const row = summary(kind, settings, simulate(this.#load, settings));
    this.#serial ??= row.throughput_per_hour;
    return { ...row, ...this.#compared(row, oracle) };
  }

  oracles(): SimulateRow[] {
    return [...this.#oracles.values()].map((row) => ({ ...row, ...this.#compared(row, row) }));
  }

  #compared(row: SimulateRow, oracle: SimulateRow): Pick<SimulateRow, 'times_serial' | 'times_oracle'> {
    return {
      times_serial: ratio(row.throughput_per_hour, this.#serial ?? 0),
      times_oracle: ratio(row.wait_ms.mean, oracle.wait_ms.mean),
    };
  }

  #oracleOf(settings: Settings, isShown: boolean): SimulateRow {
    const { window, parallel, pushBatch } = settings;
    const key = [window, parallel, pushBatch].join(' ');
    const known = this.#oracles.get(key);
    if (known) return known;
    const plain = { ...settings, batch: 1, patience: 0, retries: 0 };
    const row = summary('oracle', plain, simulate(this.#good, plain));
    if (isShown) this.#oracles.set(key, row);
    return row;
  }
}

/** Lets a signal be heard between two runs. */
async function letOthersIn(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  signal.throwIfAborted();
}

function combinations(request: SettingsRequest, { view }: Load): Settings[] {
  const { mergeMs, pushMs } = request;
  const all: Settings[] = [];
  for (const window of request.window)
    for (const batch of request.batch)
      for (const patience of request.patience)
        for (const parallel of request.parallel)
          for (const pushBatch of request.pushBatch)
            for (const retries of request.retries)
              all.push({
                window,
                batch: batch === 'auto' ? batchFor(view.failure_rate) : batch,
                patience,
                parallel: parallel ?? Number.POSITIVE_INFINITY,
                pushBatch,
                retries,
                mergeMs,
                pushMs,
              });
  return all;
}

function summary(kind: SimulateRow['kind'], settings: Settings, run: Run): SimulateRow {
  const landed = run.ended.filter(({ end }) => end === 'landed');
  const waits = landed.map(({ change, at }) => at - change.readyMs).sort((a, b) => a - b);
  const failed = run.ended.filter(({ end }) => end === 'checks');
  const makespan = run.endMs - run.beganMs;
  const { window, batch, patience, parallel, pushBatch, retries } = settings;
  return {
    kind,
    window,
    batch,
    patience,
    parallel: Number.isFinite(parallel) ? parallel : null,
    push_batch: pushBatch,
    retries,
    landed: landed.length,
    blocked: {
      checks: failed.length,
      conflict: run.ended.length - landed.length - failed.length,
      wrongly: failed.filter(({ change }) => !change.bad).length,
    },
    wait_ms: {
      mean: Math.round(waits.reduce((sum, wait) => sum + wait, 0) / Math.max(1, waits.length)),
      p50: percentile(waits, 0.5),
      p95: percentile(waits, 0.95),
      max: percentile(waits, 1),
    },
    makespan_ms: makespan,
    throughput_per_hour: ratio(landed.length * 3_600_000, makespan),
    check_runs: run.runs,
    check_ms: run.totalMs,
    wasted_ms: run.wastedMs,
    flaked_runs: run.flakes,
    pushes: run.pushes,
    longest_queue: run.longestQueue,
    window_size: { mean: rounded(run.window.mean), least: run.window.least },
    times_serial: 0,
    times_oracle: 0,
  };
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000;
const ratio = (a: number, b: number): number => (b === 0 ? 0 : rounded(a / b));

/** Of sorted values, the least that so many are not above; 0 without any. */
function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
