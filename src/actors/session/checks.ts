/**
 * The checks of a delivery, begun and told, and the end of one that did not pass them. What is run on which tree is decided
 * here; the chart decides what follows.
 */
import type { CheckInput, CheckOutcome, EjectInput, EjectOutcome } from '../../machines/effects.ts';
import { mergeCandidate } from './merge.ts';
import { noticeMain } from './reconcile.ts';
import type { SessionWork } from './work.ts';

/** Begins the checks of the entry, or of the batch that it closes. */
export async function startChecks(_work: SessionWork, { entry }: CheckInput): Promise<CheckOutcome> {
  return { kind: 'begun', tip: entry.tip, verdict: 'free' };
}

/** Ends the turn of one that was set aside: everything before it is on main, or main has moved under it. */
export async function ejectCandidate(work: SessionWork, { aside }: EjectInput): Promise<EjectOutcome> {
  const { main } = await work.lookHolding();
  if (main !== aside.base) {
    await work.patiently(() => work.parts.git.fetch([]), 'unreachable');
    await noticeMain(work, main);
    return { kind: 'returned' };
  }
  const outcome = await mergeCandidate(work, { candidate: aside, base: main, train: [] });
  return outcome.kind === 'settled' ? { kind: 'ejected' } : { kind: 'returned' };
}
