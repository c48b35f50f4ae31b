/** Checks and the chain in words: one run, one place in the chain, and what a receipt proves. The same on every surface. Pure. */
import type { CheckFailure, CheckRun } from './check-book.ts';
import type { Aside, Verdict } from './speculation.ts';

/** How a run ended that did not pass, after the name of its check. */
export const FAILURE_WORDS: Readonly<Record<CheckFailure, string>> = {
  failed: 'failed',
  timed_out: 'ran out of its time',
  killed: 'was killed',
  not_started: 'could not be started',
};

/** Where one of the chain stands. */
export type Place = Verdict | 'landing' | 'aside' | 'again';

const PLACE_WORDS: Readonly<Record<Exclude<Place, 'aside'>, string>> = {
  landing: 'is landing',
  free: 'merged, nothing to test',
  untested: 'waits for its test, or for that of its batch',
  running: 'is tested',
  passed: 'passed',
  failed: 'failed',
  again: 'is merged again',
};

/** `because`: why it stands aside. */
export function placeWords(verdict: Place, because: Aside['because'] | null): string {
  if (verdict !== 'aside') return PLACE_WORDS[verdict];
  return because === 'conflict' ? 'set aside: does not merge yet' : 'set aside: failed';
}

/** One run as its views tell it; durations in ms. */
export interface SaidRun extends Pick<CheckRun, 'state' | 'run' | 'cached' | 'flaked'> {
  duration_ms: number | null;
  failure: { kind: CheckFailure; exit_status: number | null; signal: string | null; final: boolean } | null;
}

/** What became of a run, after the name of its check: `passed in 1.2 s`, `failed with status 1 in 12 s`. */
export function runWords({ state, run, duration_ms: ms, cached, flaked, failure }: SaidRun): string {
  const again = run > 1 ? `, try ${run}` : '';
  if (state === 'running') return `runs${again}`;
  if (cached) return 'passed before on the same';
  const took = ms === null ? '' : ` in ${shortSpan(ms)}`;
  if (failure === null) return `passed${took}${again}${flaked ? ' (flaky)' : ''}`;
  const { kind, exit_status: status, signal, final } = failure;
  const how = kind === 'failed' && status !== null ? ` with status ${status}` : signal === null ? '' : ` by ${signal}`;
  return `${FAILURE_WORDS[kind]}${how}${took}${again}${final ? '' : '; it is tried again'}`;
}

/** `40 ms`, `1.2 s`, `42 s`, `3 min 5 s`: short enough for a row. */
export function shortSpan(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60];
  if (minutes < 60) return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/**
 * What a receipt proves of tests: `tested: unit 1.2 s, lint 300 ms`, or `merged, not tested`. Null for a receipt that
 * says nothing of it, or for none.
 */
export function receiptWords(receipt: Readonly<Record<string, unknown>> | null): string | null {
  const checks = receipt?.['checks'];
  if (!Array.isArray(checks)) return null;
  if (checks.length === 0) return 'merged, not tested';
  const named = checks.slice(0, NAMED_MAX).map(({ check, duration_ms: ms }) => `${check} ${shortSpan(Number(ms))}`);
  const more = checks.length - named.length;
  return `tested: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

const NAMED_MAX = 5;

/** How wide it tests and how many it has in hand: `window 4 of 8, 5 in the chain`; null where nothing is tested. */
export const widthWords = (window: { size: number; max: number } | null, chain: readonly unknown[]): string | null =>
  window && `window ${window.size} of ${window.max}${chain.length > 0 ? `, ${chain.length} in the chain` : ''}`;

/** What is tested of the line, in one line: `window 4 of 8; 5 in the chain: 3 tested now, 1 passed, 1 set aside`. */
export function chainWords({
  configured,
  window,
  chain,
}: {
  configured: boolean | null;
  window: { size: number; max: number } | null;
  chain: readonly { verdict: Place }[];
}): string | null {
  if (configured === null) return null;
  if (!configured || window === null) return 'no checks are configured: what lands is merged, not tested';
  const wide = `window ${window.size} of ${window.max}`;
  if (chain.length === 0) return `${wide}; nothing is tested`;
  const counted = PLACES.flatMap((place) => {
    const count = chain.filter(({ verdict }) => verdict === place).length;
    return count === 0 ? [] : [`${count} ${COUNT_WORDS[place]}`];
  });
  return `${wide}; ${chain.length} in the chain: ${counted.join(', ')}`;
}

/** All places, in the order in which they are told. */
export const PLACES: readonly Place[] = [
  'landing',
  'running',
  'untested',
  'passed',
  'free',
  'failed',
  'aside',
  'again',
];

const COUNT_WORDS: Readonly<Record<Place, string>> = {
  landing: 'landing',
  running: 'tested now',
  untested: 'waiting for a test',
  passed: 'passed',
  free: 'without a test',
  failed: 'failed',
  aside: 'set aside',
  again: 'merged again',
};
