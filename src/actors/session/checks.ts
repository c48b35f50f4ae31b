/**
 * The checks of a delivery, begun and told, and the end of one that did not pass them. Which checks are run on which tree
 * is decided here; the chart decides what follows.
 */
import type { CheckInput, CheckOutcome, EjectInput, EjectOutcome } from '../../machines/effects.ts';
import { candidateKey } from '../../machines/identity.ts';
import { block } from './block.ts';
import { mergeCandidate } from './merge.ts';
import { noticeMain } from './reconcile.ts';
import { checkFinding } from './tests/finding.ts';
import type { SessionWork } from './work.ts';

/** Begins the checks of the entry, or of the batch that it closes. */
export async function startChecks(work: SessionWork, { entry, batch, closed }: CheckInput): Promise<CheckOutcome> {
  const { tests } = work;
  const { tip, tree, base } = entry;
  const checks = await tests.definitions.of(base);
  const changesChecks = await tests.definitions.change(base, tip);
  const subject = { candidate: entry, tip, tree, base, company: batch.map(candidateKey), changesChecks };
  if (checks.length === 0) {
    tests.free(subject);
    return { kind: 'begun', tip, verdict: 'free' };
  }
  // What is tested behind it would be tested by its own checks.
  if (!closed && !changesChecks) return { kind: 'begun', tip, verdict: 'untested' };
  return { kind: 'begun', tip, verdict: await tests.begin(subject, checks) };
}

/** Ends the turn of one that was set aside: everything before it is on main, or main has moved under it. */
export async function ejectCandidate(work: SessionWork, { aside }: EjectInput): Promise<EjectOutcome> {
  const { faults, git } = work.parts;
  const { main } = await work.lookHolding();
  if (main !== aside.base) {
    await work.patiently(() => git.fetch([]), 'unreachable');
    await noticeMain(work, main);
    return { kind: 'returned' };
  }
  if (aside.because === 'conflict') {
    const outcome = await mergeCandidate(work, { candidate: aside, base: main, train: [] });
    return outcome.kind === 'settled' ? { kind: 'ejected' } : { kind: 'returned' };
  }
  const failure = work.tests.takeFailure(candidateKey(aside));
  if (failure?.subject.base !== main) return { kind: 'returned' };
  await faults.reach('before-eject');
  await block(work, aside, checkFinding(failure, work.parts.host));
  return { kind: 'ejected' };
}
