/** What `telec simulate` is asked and answers. Types only; durations in ms, shares between 0 and 1. */

/** What is simulated: what a log says, or what rates say. */
export type LoadRequest = ({ kind: 'recorded' } & RecordedRequest) | ({ kind: 'generated' } & GeneratedRequest);

export interface RecordedRequest {
  /** Entries after this one, up to and with that one; null for the ends of the log. */
  from: string | null;
  to: string | null;
  /** In place of what the checks took, ms. */
  checkMs: number | null;
}

export interface GeneratedRequest {
  candidates: number;
  /** An hour; null: all are ready at once. */
  rate: number | null;
  checkMs: number;
  /** Deviation of the check time as a share of its mean; 0: all the same. */
  spread: number;
  failureRate: number;
  conflictRate: number;
  flakeRate: number;
  seed: number;
}

/** Each list gives rows of its own: all are combined with all. */
export interface SettingsRequest {
  window: number[];
  batch: (number | 'auto')[];
  patience: number[];
  /** Checks at a time; null: as many as are begun. */
  parallel: (number | null)[];
  pushBatch: number[];
  retries: number[];
  mergeMs: number;
  pushMs: number;
}

export interface SimulateRequest {
  load: LoadRequest;
  settings: SettingsRequest;
}

export interface LoadView {
  source: 'generated' | 'recorded';
  candidates: number;
  /** Null where all are ready at once. */
  rate_per_hour: number | null;
  /** Mean of the checks of one delivery. */
  check_ms: number;
  /** Shares of the deliveries. */
  failure_rate: number;
  conflict_rate: number;
  /** Share of the runs that fail by accident. */
  flake_rate: number;
  /** Of a log: those that never came to an end that can be simulated. */
  left_out: number;
}

export interface SimulateRow {
  /** `serial`: one at a time. `oracle`: it knows beforehand who would fail, and tests nobody of them. */
  kind: 'serial' | 'setting' | 'oracle';
  window: number;
  batch: number;
  patience: number;
  parallel: number | null;
  push_batch: number;
  retries: number;
  landed: number;
  /** `wrongly`: of those blocked for their checks, how many were good: their checks flaked. */
  blocked: { checks: number; conflict: number; wrongly: number };
  /** From ready to on main, of those that landed. */
  wait_ms: { mean: number; p50: number; p95: number; max: number };
  makespan_ms: number;
  throughput_per_hour: number;
  check_runs: number;
  check_ms: number;
  /** Of `check_ms`, what led neither to a landing nor to a block. */
  wasted_ms: number;
  flaked_runs: number;
  pushes: number;
  longest_queue: number;
  window_size: { mean: number; least: number };
  /** Throughput as a multiple of the serial row's, mean wait as a multiple of the oracle's with the same window; 0 when nothing landed. */
  times_serial: number;
  times_oracle: number;
}

export interface SimulateView {
  load: LoadView;
  rows: SimulateRow[];
}
