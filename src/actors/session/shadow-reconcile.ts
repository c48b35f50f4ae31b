/**
 * What a session in shadow does first: what a live session left integrating goes back to the queue or is completed, what
 * another path brought is compared. A push of a live session that is neither on main nor burned stays open: only a moved
 * fence makes it impossible, and in shadow the fence stays where it is.
 */
import type { ReconcileOutcome } from '../../machines/effects.ts';
import { completeIntegrated, isOnMain, recordLanded, requeueLeft } from './reconcile.ts';
import { observeMain, probeAllInShadow } from './shadow-ledger.ts';
import type { SessionWork } from './work.ts';

export async function reconcileInShadow(work: SessionWork): Promise<ReconcileOutcome> {
  const { git, repository, faults } = work.parts;
  const view = await work.lookHolding();
  await work.patiently(() => git.fetch([]), 'unreachable');
  for (const push of [...repository.standing.openPushes]) {
    if (await isOnMain(work, push.tip, view.main)) await recordLanded(work, push);
  }
  for (const record of repository.live()) {
    const { state, context } = record;
    if (state !== 'integrating' || context.openPush !== null) continue;
    // Its push is proven landed: all it lacks is the receipt. Any other may have been brought by another path, and is compared.
    if (context.landed) await completeIntegrated(work, record, 'ancestry', view.main);
    else await requeueLeft(work, record);
  }
  await observeMain(work, view.main);
  await probeAllInShadow(work, view);
  await faults.reach('after-reconcile');
  return { kind: 'reconciled', uncleaned: 0 };
}
