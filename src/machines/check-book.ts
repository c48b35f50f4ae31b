/**
 * What the log says of checks: the runs of each candidate in hand, verdicts that may be used again, retries that were
 * spent, how often deliveries fail and checks flake, and the credit of the window. Folded beside the candidates; moves none.
 *
 * Invariants: a verdict is found only by all it was about (what the command saw, its definition, its tools). The book is
 * bounded, whatever the length of the log: the oldest of each kind is forgotten.
 */
import type { CHECK_FAILURES } from './events/checks.ts';
import type { DomainEvent, PayloadOf } from './events.ts';
import { type CandidateKey, candidateKey } from './identity.ts';
import { grown, halved, openWindow, type Window } from './speculation.ts';

export type CheckFailure = (typeof CHECK_FAILURES)[number];
type Began = PayloadOf<'integration.checks.started'>;

/** One run of one check, newest run of it in the attempt. */
export interface CheckRun {
  check: string;
  /** Tree that would land. */
  tree: string;
  run: number;
  state: 'running' | 'passed' | 'failed';
  /** RFC 3339. */
  since: string;
  /** Null while it runs. */
  durationMs: number | null;
  cached: boolean;
  flaked: boolean;
  failure: Pick<
    PayloadOf<'integration.checks.failed'>,
    'kind' | 'exit_status' | 'signal' | 'output_tail' | 'log' | 'final'
  > | null;
}

/** A verdict that may be used again. */
export interface Pass {
  durationMs: number;
  /** Entry of the run that passed. */
  entryId: string;
}

export interface CheckTally {
  check: string;
  passed: number;
  failed: number;
  flaked: number;
  /** Verdicts that were taken from the book instead of a run. */
  cached: number;
  /** Of runs that were not taken from the book, ms. */
  totalMs: number;
}

/** What a snapshot keeps of it. */
export interface CheckBookDump {
  runs: [CandidateKey, CheckRun[]][];
  passes: [string, Pass][];
  failures: [string, string][];
  spent: [string, Partial<Record<CheckFailure, number>>][];
  tallies: CheckTally[];
  recent: boolean[];
  credit: number;
  max: number;
  tested: boolean | null;
}

/** Candidates whose runs are known: those that left without an end are forgotten, the oldest first. */
const RUNS_MAX = 2000;
const PASSES_MAX = 5000;
const SPENT_MAX = 5000;
const TALLIES_MAX = 200;
/** Deliveries whose end tells the failure rate. */
const RECENT_MAX = 100;
/** With fewer ends than that nothing is said of a rate. */
const RECENT_MIN = 10;

const NO_RUNS: readonly CheckRun[] = [];

/** Names a verdict by all it is about. */
export const verdictKey = ({ seen, definition, toolchain }: Pick<Began, 'seen' | 'definition' | 'toolchain'>): string =>
  `${seen} ${definition} ${toolchain}`;
const spentKey = ({ slug, sha, check }: Pick<Began, 'slug' | 'sha' | 'check'>): string => `${slug} ${sha} ${check}`;

export class CheckBook {
  #runs = new Map<CandidateKey, CheckRun[]>();
  #passes = new Map<string, Pass>();
  /** Verdict key -> entry of the newest failure on it: a pass after it is a flake. */
  #failures = new Map<string, string>();
  #spent = new Map<string, Partial<Record<CheckFailure, number>>>();
  #tallies = new Map<string, CheckTally>();
  #recent: boolean[] = [];
  #max = 1;
  #credit = openWindow(1).credit;
  #tested: boolean | null = null;

  apply(event: DomainEvent): void {
    switch (event.type) {
      case 'integration.session.started':
        this.#open(event.payload.window);
        return;
      case 'integration.candidate.dequeued':
        this.#runs.delete(candidateKey(event.payload));
        return;
      case 'integration.checks.started':
        this.#begin(event);
        return;
      case 'integration.checks.passed':
        this.#pass(event);
        return;
      case 'integration.checks.failed':
        this.#fail(event);
        return;
      case 'deployment.completed':
        this.#land(event);
        return;
      case 'deployment.failed':
        this.#stop(candidateKey(event.payload));
        if (event.payload.kind !== 'checks') return;
        this.#remember(true);
        this.#credit = halved(openWindow(this.#max, this.#credit)).credit;
        return;
      default:
    }
  }

  /**
   * Runs of a candidate in its newest attempt, one a check, in the order in which they were told last; another array
   * whenever one of them is told.
   */
  runsOf(key: CandidateKey): readonly CheckRun[] {
    return this.#runs.get(key) ?? NO_RUNS;
  }

  /** An earlier verdict about exactly that; null for none. */
  passOf(about: Pick<Began, 'seen' | 'definition' | 'toolchain'>): Pass | null {
    return this.#passes.get(verdictKey(about)) ?? null;
  }

  /** Whether a run failed on exactly that before. */
  hasFailed(about: Pick<Began, 'seen' | 'definition' | 'toolchain'>): boolean {
    return this.#failures.has(verdictKey(about));
  }

  /** Runs of the check on the commit that ended so, over its whole life and all but the first of each attempt. */
  spent(about: Pick<Began, 'slug' | 'sha' | 'check'>): Readonly<Partial<Record<CheckFailure, number>>> {
    return this.#spent.get(spentKey(about)) ?? {};
  }

  tallies(): readonly CheckTally[] {
    return [...this.#tallies.values()];
  }

  /** Share of tested deliveries that were blocked by their checks; null while too few have ended. */
  failureRate(): number | null {
    if (this.#recent.length < RECENT_MIN) return null;
    return this.#recent.filter(Boolean).length / this.#recent.length;
  }

  /** Credit of the window as the ends so far left it; see `speculation.ts`. */
  get credit(): number {
    return this.#credit;
  }

  /** The window that a session begins with: as the ends so far left it, wide open when another width was configured. */
  windowOf(max: number): Window {
    return max === this.#max ? openWindow(max, this.#credit) : openWindow(max);
  }

  /** Whether the newest session found checks to run; null before the first one. */
  get tested(): boolean | null {
    return this.#tested;
  }

  /** How wide a session that began now would test. */
  get window(): Window {
    return openWindow(this.#max, this.#credit);
  }

  dump(): CheckBookDump {
    return {
      runs: [...this.#runs],
      passes: [...this.#passes],
      failures: [...this.#failures],
      spent: [...this.#spent],
      tallies: this.tallies().map((tally) => ({ ...tally })),
      recent: [...this.#recent],
      credit: this.#credit,
      max: this.#max,
      tested: this.#tested,
    };
  }

  static from(dump: CheckBookDump): CheckBook {
    const book = new CheckBook();
    book.#runs = new Map(dump.runs);
    book.#passes = new Map(dump.passes);
    book.#failures = new Map(dump.failures);
    book.#spent = new Map(dump.spent);
    book.#tallies = new Map(dump.tallies.map((tally) => [tally.check, tally]));
    book.#recent = dump.recent;
    book.#credit = dump.credit;
    book.#max = dump.max;
    book.#tested = dump.tested;
    return book;
  }

  /** Its turn is over: what still ran of it was ended without a verdict, and nobody will tell one. */
  #stop(key: CandidateKey): void {
    const runs = this.#runs.get(key);
    if (runs?.some(({ state }) => state === 'running'))
      this.#runs.set(
        key,
        runs.filter(({ state }) => state !== 'running'),
      );
  }

  #open(window: number | undefined): void {
    this.#tested = window !== undefined;
    if (window === undefined || window === this.#max) return;
    // Another width was configured: experience with the old one says little.
    this.#max = window;
    this.#credit = openWindow(window).credit;
  }

  #begin({ payload, timestamp }: DomainEvent<'integration.checks.started'>): void {
    const { check, tree, run } = payload;
    this.#note(payload, {
      check,
      tree,
      run,
      state: 'running',
      since: timestamp,
      durationMs: null,
      cached: false,
      flaked: false,
      failure: null,
    });
  }

  #pass({ payload, timestamp, id }: DomainEvent<'integration.checks.passed'>): void {
    const { check, tree, run, duration_ms: durationMs, cached, flaked } = payload;
    this.#note(payload, {
      check,
      tree,
      run,
      state: 'passed',
      since: timestamp,
      durationMs,
      cached,
      flaked,
      failure: null,
    });
    const tally = this.#tally(check);
    if (cached) {
      tally.cached += 1;
      return;
    }
    const key = verdictKey(payload);
    keep(this.#passes, key, { durationMs, entryId: id }, PASSES_MAX);
    this.#failures.delete(key);
    tally.passed += 1;
    tally.totalMs += durationMs;
    if (flaked) tally.flaked += 1;
  }

  #fail({ payload, timestamp, id }: DomainEvent<'integration.checks.failed'>): void {
    const { check, tree, run, duration_ms: durationMs, kind, exit_status, signal, output_tail, log, final } = payload;
    const failure = { kind, exit_status, signal, output_tail, log, final };
    this.#note(payload, {
      check,
      tree,
      run,
      state: 'failed',
      since: timestamp,
      durationMs,
      cached: false,
      flaked: false,
      failure,
    });
    keep(this.#failures, verdictKey(payload), id, PASSES_MAX);
    this.#passes.delete(verdictKey(payload));
    if (!final) {
      const key = spentKey(payload);
      const spent = this.#spent.get(key) ?? {};
      keep(this.#spent, key, { ...spent, [kind]: (spent[kind] ?? 0) + 1 }, SPENT_MAX);
    }
    const tally = this.#tally(check);
    tally.failed += 1;
    tally.totalMs += durationMs;
  }

  #land({ payload }: DomainEvent<'deployment.completed'>): void {
    this.#runs.delete(candidateKey(payload));
    if ((payload.receipt?.checks.length ?? 0) === 0) return;
    this.#remember(false);
    this.#credit = grown(openWindow(this.#max, this.#credit), 1).credit;
  }

  #note(about: Began, run: CheckRun): void {
    const key = candidateKey(about);
    const others = (this.#runs.get(key) ?? []).filter(({ check, tree }) => check !== run.check || tree !== run.tree);
    keep(this.#runs, key, [...others.filter(({ tree }) => tree === run.tree), run], RUNS_MAX);
  }

  #tally(check: string): CheckTally {
    const known = this.#tallies.get(check);
    if (known) return known;
    const tally = { check, passed: 0, failed: 0, flaked: 0, cached: 0, totalMs: 0 };
    keep(this.#tallies, check, tally, TALLIES_MAX);
    return tally;
  }

  #remember(failed: boolean): void {
    this.#recent = [...this.#recent.slice(1 - RECENT_MAX), failed];
  }
}

/** Sets a key as the newest; the oldest goes when there are too many. */
function keep<K, V>(map: Map<K, V>, key: K, value: V, most: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= most) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
