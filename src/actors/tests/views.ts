/**
 * Checks, the chain and its window as people and programs see them (docs/cli.md), and the interface by which commands
 * ask for them. Types only.
 */
import type { CheckFailure } from '../../machines/check-book.ts';
import type { Place } from '../../machines/check-words.ts';
import type { Aside } from '../../machines/speculation.ts';

/** One delivery that the session has in hand, in the order in which it would land. */
export interface ChainRow {
  /** `<slug>/<branch>@<sha>`. */
  key: string;
  /**
   * `landing`: it is being pushed. `free`: nothing is to be tested of it. `untested`: its test has not
   * begun, or is that of a later one of its batch.
   * `running`, `passed`, `failed`: of its checks. `aside`: out of the chain until those before it have landed. `again`: to
   * be merged anew.
   */
  verdict: Place;
  /** Why it stands aside; null for the others. */
  because: Aside['because'] | null;
}

/** What is tested now. */
export interface TestsView {
  /** Whether the newest session found checks to run; null before the first session. */
  configured: boolean | null;
  /** Tests at a time now, and at most; null where nothing is tested. */
  window: { size: number; max: number } | null;
  /** Those in hand, the next to land first; 200 at most, empty while no session tests. */
  chain: ChainRow[];
  /** Checks that run now. */
  running: number;
  /** Share of the last 100 tested deliveries that their checks stopped, 0 to 1; null while fewer than 10 have ended. */
  failure_rate: number | null;
}

/** The newest run of one check on a candidate. */
export interface CheckRunView {
  check: string;
  /** Tree that would land. */
  tree: string;
  /** From 1; above that a further try. */
  run: number;
  state: 'running' | 'passed' | 'failed';
  since: string;
  /** Null while it runs. */
  duration_ms: number | null;
  /** An earlier verdict on the same was taken. */
  cached: boolean;
  /** It passed after it had failed on the same. */
  flaked: boolean;
  /** Null unless it failed. `log`: its whole output, on the host of the session; null where there is none. */
  failure: {
    kind: CheckFailure;
    exit_status: number | null;
    signal: string | null;
    log: string | null;
    final: boolean;
  } | null;
}

/** With the end of what it wrote; null unless it failed. */
export interface CheckRunDetail extends CheckRunView {
  output_tail: string | null;
}

/** One check with what came of its runs, as far as the log remembers. */
export interface CheckRow {
  check: string;
  /** As configured on main; null for one that is configured no more. */
  run: string | null;
  timeout_ms: number | null;
  paths: string[] | null;
  passed: number;
  failed: number;
  /** Passes after a failure on the same. */
  flaked: number;
  cached: number;
  /** Of those that ran, 0 to 1; null before the first. */
  pass_rate: number | null;
  flake_rate: number | null;
  mean_ms: number | null;
}

/** A candidate that goes on, or is blocked, with a failed run. */
export interface FailingRow extends CheckRunView {
  slug: string;
  branch: string;
  sha: string;
  candidate_state: string;
}

export interface ChecksView {
  window: TestsView['window'];
  failure_rate: number | null;
  /** As configured, then those that are configured no more. */
  checks: CheckRow[];
  /** The newest first. */
  failing: FailingRow[];
}

/** The whole output of a failed run, as it was kept on this host. */
export interface CheckLogView {
  slug: string;
  branch: string;
  sha: string;
  check: string;
  tree: string;
  run: number;
  /** File on this host. */
  file: string;
  text: string;
}

export interface ChecksDesk {
  list(): Promise<ChecksView>;
  /**
   * `selector`: `<slug>[/<branch>][@<sha-prefix>]`. `check` null: the one that failed.
   * Thrown: NOT_FOUND, AMBIGUOUS, NO_CHECK_LOG (1), CHECK_LOG_ELSEWHERE (3).
   */
  log(selector: string, check: string | null): Promise<CheckLogView>;
}
