/**
 * The rules of speculation: which deliveries of the chain may land, which one has failed, what is tested next, and how
 * wide the window is. The chain holds deliveries merged each into the one before it, in the order of the queue, that are
 * on no main yet. Pure; the integrator machine acts by these rules and keeps nothing of its own beside them.
 *
 * Invariant: nothing lands but up to an entry that passed as that very tree (or that has nothing to pass).
 */
import type { Member, Taken } from './effects.ts';

/**
 * `free`: no check is configured for it. `untested`: it waits for a later entry of its batch, tested with it.
 * `running`: its checks run. `passed` and `failed`: all of them passed, or one failed for good.
 */
export type Verdict = 'free' | 'untested' | 'running' | 'passed' | 'failed';

/** One delivery of the chain. */
export interface Entry extends Member {
  verdict: Verdict;
}

/**
 * A candidate that failed, or does not merge, on a tip that was not on main yet. It is judged for good once everything
 * before it has landed; those behind it are built without it meanwhile.
 */
export interface Aside extends Taken {
  /** The tip it was tried on. */
  base: string;
  because: 'checks' | 'conflict';
}

/** How wide the session tests: a credit that grows and halves, and what of it counts. */
export interface Window {
  /** Tests at a time now, 1 to `max`. */
  size: number;
  /** As configured. */
  max: number;
  /** 1 to `CREDIT_TIMES` times `max`: what is above `max` lets rare failures pass without a narrower window. */
  credit: number;
}

/** With four, two failures close together do not narrow the window; where failures are many it comes to the same. */
export const CREDIT_TIMES = 4;

export function openWindow(max: number, credit = CREDIT_TIMES * max): Window {
  const within = Math.min(Math.max(1, credit), CREDIT_TIMES * max);
  return { size: Math.min(within, max), max, credit: within };
}

/** One more place for each delivery that was tested and landed. */
export const grown = ({ max, credit }: Window, landed: number): Window => openWindow(max, credit + landed);
/** Half of it after a failure that was no accident of the ones before. */
export const halved = ({ max, credit }: Window): Window => openWindow(max, Math.floor(credit / 2));

/** Tests of one batch at most, whatever the failure rate says. */
export const BATCH_MAX = 8;

/**
 * Deliveries to test together at a failure rate between 0 and 1: one less than 1/sqrt(rate). There the tests that batches
 * save and those that bisecting costs are even, but those behind a batch that failed are built and tested again, too; so
 * simulated waits are shortest a little before. 1 without experience.
 */
export function batchFor(failureRate: number | null): number {
  if (failureRate === null) return 1;
  if (failureRate <= 0) return BATCH_MAX;
  return Math.min(BATCH_MAX, Math.max(1, Math.round(1 / Math.sqrt(failureRate) - 1)));
}

export interface ChainState {
  chain: readonly Entry[];
  aside: readonly Aside[];
  /** Entries behind a failed one whose verdicts are waited for before it is set aside; 0: none. */
  patience: number;
  /** Deliveries that one push may bring: what lands by one test lands in one push. */
  trainLimit: number;
}

/** Whether somebody set aside stands right before the entry at `at`: its turn comes first, and no test reaches over it. */
const isParted = ({ chain, aside }: ChainState, at: number): boolean =>
  aside.some(({ base }) => base === chain[at]?.base);

/** Whether a later entry that contains the failed one at `at` still may pass, or has, and both fit into one push. */
function isHeld(state: ChainState, at: number): boolean {
  const { chain, patience, trainLimit } = state;
  for (let later = at + 1; later <= at + Math.min(patience, trainLimit - 1); later += 1) {
    const verdict = chain[later]?.verdict;
    if (verdict === undefined || isParted(state, later)) return false;
    if (verdict === 'running' || verdict === 'passed') return true;
  }
  return false;
}

/**
 * How many deliveries from the front of the chain may land in a push of at most `most` as they are: up to one that passed,
 * or is free with nothing before it left to prove. What a later passed one contains landed in combination.
 */
function landableWithin(state: ChainState, most: number): number {
  const { chain, trainLimit } = state;
  const patience = Math.min(state.patience, trainLimit - 1);
  let landing = 0;
  /** Index of the first failed entry that only a later passed one can redeem. */
  let failedAt = -1;
  for (const [at, { verdict }] of chain.slice(0, most).entries()) {
    if (verdict === 'running' || isParted(state, at)) break;
    if (verdict === 'failed') {
      if (patience === 0) break;
      if (failedAt < 0) failedAt = at;
    } else if (verdict === 'free' && landing === at) landing = at + 1;
    else if (verdict === 'passed' && (failedAt < 0 || at - failedAt <= patience)) {
      landing = at + 1;
      failedAt = -1;
    }
  }
  return landing;
}

/** How many deliveries from the front of the chain may land in one push. */
export const landable = (state: ChainState): number => landableWithin(state, state.trainLimit);

/** Whether the front of the chain ends where somebody set aside waits for it to land. */
export function isAwaited({ chain, aside }: Pick<ChainState, 'chain' | 'aside'>, landing: number): boolean {
  const tip = chain[landing - 1]?.tip;
  return tip !== undefined && aside.some(({ base }) => base === tip);
}

/** The first entry that failed and is not held; -1 for none. */
function failedAt(state: ChainState): number {
  return state.chain.findIndex(({ verdict }, at) => verdict === 'failed' && !isHeld(state, at));
}

/** Entries right before `at` that share its test. */
export function companyAt(state: ChainState, at: number): number {
  let count = 0;
  while (state.chain[at - 1 - count]?.verdict === 'untested' && !isParted(state, at - count)) count += 1;
  return count;
}

/**
 * Index of the entry to test next: the middle of a batch that failed; the last of a batch that is closed, because nothing
 * more is taken for now (`closed`) or because what stands behind it shares no test; or where a batch that passed is too
 * much for one push, what of it would fit. -1 for none.
 */
export function nextToTest(state: ChainState, closed: boolean): number {
  const { chain, trainLimit } = state;
  const failed = failedAt(state);
  if (failed >= 0) {
    const before = companyAt(state, failed);
    return before === 0 ? -1 : failed - before + Math.floor((before + 1) / 2) - 1;
  }
  const isClosed = (at: number) =>
    at + 1 === chain.length ? closed : chain[at + 1]?.verdict === 'free' || isParted(state, at + 1);
  const ends = chain.findIndex(({ verdict }, at) => verdict === 'untested' && isClosed(at));
  if (ends >= 0) return ends;
  if (landable(state) > 0 || landableWithin(state, chain.length) === 0) return -1;
  return chain.slice(0, trainLimit).findLastIndex(({ verdict }) => verdict === 'untested');
}

/** The entry that failed by itself: nothing before it shares its test; -1 for none. */
export function culpritAt(state: ChainState): number {
  const failed = failedAt(state);
  return failed >= 0 && companyAt(state, failed) === 0 ? failed : -1;
}

export const running = (chain: readonly Entry[]): number => chain.filter(({ verdict }) => verdict === 'running').length;

/** Deliveries a chain may hold: those of one push where nothing is tested, else what the window can test in batches. */
export function capacity(
  chain: readonly Entry[],
  { window, batch, trainLimit }: { window: Window; batch: number; trainLimit: number },
): number {
  if (chain.every(({ verdict }) => verdict === 'free')) return trainLimit;
  return Math.max(trainLimit, window.size * batch);
}
