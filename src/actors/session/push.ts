/**
 * The push of a train or of follow-ups, and what becomes of it. Before it, every member is rechecked against a fresh look
 * at the remote; `push attempted` is in the log before anything can land; an outcome that is not known is burned.
 */
import { invariant } from '../../errors.ts';
import type { PushOutcome as GitPush } from '../../io/git/port.ts';
import type { Member, PushOutcome, RecordOutcome } from '../../machines/effects.ts';
import type { Violation } from '../../machines/events.ts';
import type { FollowUpChange } from '../../machines/follow-up.ts';
import { type CandidateKey, candidateKey } from '../../machines/identity.ts';
import { readinessReasons } from '../../machines/readiness.ts';
import type { Emission } from '../producer.ts';
import { answerViolations, audited, beginAudit, seenOf } from './audit.ts';
import { fenceLost } from './fence-lost.ts';
import { sendBack } from './merge.ts';
import { noticeMain } from './reconcile.ts';
import { fenceNote } from './take-lease.ts';
import { SessionStop, type SessionWork, stop } from './work.ts';

/** Pushes all members and a new fence commit in one atomic push. */
export async function pushTrain(work: SessionWork, train: Member[]): Promise<PushOutcome> {
  const { parts } = work;
  const making = makeFence(work);
  const base = train[0]?.base;
  invariant(base !== undefined, 'a push was prepared without members');
  // Nothing is pushed that was not tested as that very tree.
  work.tests.proofs(train);
  beginAudit(work, train);
  const view = await lookAndProbe(work, train, base);
  if (view.main !== base) {
    await work.patiently(() => parts.git.fetch([]), 'unreachable');
    await noticeMain(work, view.main);
    return { kind: 'main_moved' };
  }
  if (view.unknown) return { kind: 'main_moved' };
  const left = await sendBackFallen(work, train);
  if (left.length > 0) return { kind: 'members_left', left };

  const tip = train.at(-1)?.tip ?? base;
  const attempt = await announce(work, making, { base, tip, members: train, followUps: [] });
  // From here on the log refuses to supersede a member; one that fell out just before is found now, for the last time.
  const gone = train.some((member) => {
    const { context } = work.recordOf(candidateKey(member));
    return context.openPush !== attempt.seq || readinessReasons(context).length > 0;
  });
  if (gone) {
    await settle(work, 'integration.push.rejected', attempt.seq, 'a member left before the push');
    return { kind: 'members_left', left: await sendBackFallen(work, train) };
  }
  return carryOut(work, attempt);
}

/**
 * Pushes one commit on `base` that brings no candidate, and a new fence commit, by the same steps as a train. Nothing
 * is looked at before: who calls made the commit on main as it was just seen.
 */
export function pushFollowUps(
  work: SessionWork,
  commit: { base: string; tip: string; followUps: FollowUpChange[] },
): Promise<Exclude<PushOutcome, { kind: 'members_left' }>> {
  const making = makeFence(work);
  return announce(work, making, { ...commit, members: [] }).then((attempt) => carryOut(work, attempt));
}

/** What a push brings to main. */
interface Freight {
  base: string;
  tip: string;
  members: Member[];
  followUps: FollowUpChange[];
}

interface Fence {
  seq: number;
  fenceFrom: string;
  /** Fence commit that it brings. */
  fenceTo: Promise<string>;
  timeSeconds: number;
}

interface Attempt {
  tip: string;
  seq: number;
  fenceFrom: string;
  fenceTo: string;
  timeSeconds: number;
}

/** Written while the remote is asked; one that is not pushed is an object nobody refers to. */
function makeFence(work: SessionWork): Fence {
  const fenceFrom = work.fenceCommit;
  invariant(fenceFrom !== null, 'a push was prepared before the fence was moved');
  const seq = work.seq + 1;
  const timeSeconds = work.seconds();
  const fenceTo = work.parts.git.writeFence(fenceFrom, fenceNote(work, seq), work.parts.config.author, timeSeconds);
  fenceTo.catch(() => undefined);
  return { seq, fenceFrom, fenceTo, timeSeconds };
}

/** Puts into the log what is about to be pushed: from here on it may have landed. */
async function announce(work: SessionWork, making: Fence, freight: Freight): Promise<Attempt> {
  const { faults } = work.parts;
  const { seq, fenceFrom } = making;
  const { base, tip, members, followUps } = freight;
  const fenceTo = await making.fenceTo;
  work.pushNumber += 1;
  await faults.reach('before-push-attempted');
  await work.record({
    type: 'integration.push.attempted',
    payload: {
      ...work.stamp(),
      seq,
      push_number: work.pushNumber,
      base,
      fence_from: fenceFrom,
      fence_to: fenceTo,
      members: members.map(({ slug, branch, sha, mergeCommit, tip: own }) => ({
        slug,
        branch,
        sha,
        merge_commit: mergeCommit,
        tip: own,
      })),
      ...(members.length > 0 ? {} : { tip }),
      ...(followUps.length === 0 ? {} : { follow_ups: followUps }),
    },
  });
  await faults.reach('after-push-attempted');
  // From here on the log says who was first; what a person or an alarm took back just before is not pushed any more.
  if (work.parts.repository.standing.mode !== 'live') {
    await settle(work, 'integration.push.rejected', seq, 'the cutover was taken back before the push');
    work.stopIfModeMoved();
  }
  return { ...making, tip, fenceTo };
}

async function carryOut(work: SessionWork, attempt: Attempt): Promise<Exclude<PushOutcome, { kind: 'members_left' }>> {
  const { parts } = work;
  const { seq, fenceFrom, fenceTo, tip } = attempt;
  const push = (): Promise<GitPush> => {
    work.held().assertHeld();
    // One that surely did not happen is not tried again once the cutover was taken back.
    work.stopIfModeMoved();
    return parts.git.push({ tip, fenceFrom, fenceTo }, work.lost.signal);
  };
  const outcome = await transientlyPatient(work, seq, push);
  await parts.faults.reach('after-push');
  switch (outcome.kind) {
    case 'pushed':
      landed(work, attempt);
      return { kind: 'pushed' };
    case 'main_moved':
      await settle(work, 'integration.push.rejected', seq, outcome.detail);
      await work.lookHolding();
      return { kind: 'main_moved' };
    case 'refused':
      await settle(work, 'integration.push.rejected', seq, outcome.detail);
      return { kind: 'refused', detail: outcome.detail };
    case 'planted':
      await settle(work, 'integration.push.rejected', seq, outcome.detail);
      return work.halt('REF_PLANTED', outcome.detail);
    case 'unsupported':
      await settle(work, 'integration.push.rejected', seq, outcome.detail);
      return stop(
        'refused',
        'remote',
        `the remote cannot take main and the fence together: ${outcome.detail}`,
        'REMOTE_UNSUITABLE',
      );
    case 'fence_moved':
    case 'unknown':
      // A burned push counts as a lost race, so that a remote that never answers does not keep the session for ever.
      if ((await burn(work, attempt)) === 'burned') return { kind: 'main_moved' };
      landed(work, attempt);
      return { kind: 'pushed' };
  }
}

/** Retries a push that surely did not happen; when the time is over, the attempt is rejected and the session ends. */
async function transientlyPatient(
  work: SessionWork,
  seq: number,
  push: () => Promise<GitPush>,
): Promise<Exclude<GitPush, { kind: 'transient' }>> {
  try {
    return await work.patiently(push, 'transient');
  } catch (error) {
    // Anything else says nothing about the push: it stays open, for the next session to find out.
    if (error instanceof SessionStop) {
      const { outcome, detail } = error.stop;
      const reason = outcome === 'unreachable' ? 'the remote could not be reached' : detail;
      await settle(work, 'integration.push.rejected', seq, reason);
    }
    throw error;
  }
}

function landed(work: SessionWork, { seq, fenceTo, tip }: Attempt): void {
  work.fenceCommit = fenceTo;
  work.seq = seq;
  if (work.view) work.view = { ...work.view, main: tip, fence: fenceTo };
}

/**
 * Makes an outcome known: moves the fence alone from the value that the push expected. Once that succeeds the push
 * can never land any more; when the fence is found moved to what the push brought, it has landed.
 */
async function burn(work: SessionWork, attempt: Attempt): Promise<'landed' | 'burned'> {
  const { parts } = work;
  const { fenceFrom, fenceTo } = attempt;
  const { seq } = attempt;
  // Both replace the same fence under the same number; another second makes them different commits.
  const timeSeconds = attempt.timeSeconds + 1;
  const fence = await parts.git.writeFence(fenceFrom, fenceNote(work, seq), parts.config.author, timeSeconds);
  const outcome = await work.patiently(
    () => {
      work.held().assertHeld();
      return parts.git.push({ tip: null, fenceFrom, fenceTo: fence }, work.lost.signal);
    },
    'transient',
    'unknown',
  );
  if (outcome.kind !== 'pushed') {
    const view = await work.look();
    if (view.fence === fenceTo) return 'landed';
    // A burn whose own answer was lost shows as moved, too: to our burning fence.
    if (view.fence !== fence) return fenceLost(work, view.fence);
  }
  work.fenceCommit = fence;
  work.seq = seq;
  await settle(work, 'integration.push.burned', attempt.seq, 'its outcome was not known');
  await work.lookHolding();
  return 'burned';
}

async function settle(
  work: SessionWork,
  type: 'integration.push.rejected' | 'integration.push.burned',
  seq: number,
  reason: string,
): Promise<void> {
  await work.record({ type, payload: { ...work.stamp(), seq, push_number: work.pushNumber, reason } });
}

/** How often a remote whose branches move between look and fetch is asked anew. */
const LOOKS_MAX = 3;

/** Asks the remote about every member. `unknown`: git could not tell of one, so nothing may be pushed. */
async function lookAndProbe(
  work: SessionWork,
  train: Member[],
  base: string,
): Promise<{ main: string; unknown: boolean }> {
  const { parts } = work;
  const records = train.map((member) => work.recordOf(candidateKey(member)));
  for (let looks = 1; ; looks += 1) {
    const view = await work.lookHolding();
    if (view.main !== base) return { main: view.main, unknown: false };
    const { unknown } = await work.patiently(() => parts.prober.probe(records, view), 'unreachable');
    if (unknown.length === 0 || looks === LOOKS_MAX) return { main: view.main, unknown: unknown.length > 0 };
  }
}

/** Keys of the members that no longer hold; their way back is in the log. */
async function sendBackFallen(work: SessionWork, train: Member[]): Promise<CandidateKey[]> {
  await work.parts.dispatcher.catchUp();
  const left: CandidateKey[] = [];
  for (const member of train) {
    const key = candidateKey(member);
    const record = work.recordOf(key);
    if (record.state !== 'integrating') {
      left.push(key);
      work.countSuperseded(record);
    } else if (readinessReasons(record.context).length > 0) {
      left.push(key);
      await sendBack(work, member, 'recheck');
    }
  }
  return left;
}

/** Writes the proof of the push and the receipt of every member, in order and in one append. */
export async function recordDeliveries(
  work: SessionWork,
  { train, violations }: { train: Member[]; violations: Violation[] },
): Promise<RecordOutcome> {
  const { fence } = work.held();
  const { strategy } = work.parts.config;
  const emissions: Emission[] = [
    { type: 'integration.push.succeeded', payload: { ...work.stamp(), seq: work.seq, push_number: work.pushNumber } },
  ];
  const proofs = work.tests.proofs(train);
  for (const [index, member] of train.entries()) {
    const { slug, branch, sha, base, mergeCommit, tip, tree, skipped } = member;
    const receipt = {
      base,
      merge_commit: mergeCommit,
      tip,
      tree,
      fence,
      strategy,
      checks: proofs[index] ?? [],
      skipped,
      train: index + 1,
    };
    emissions.push({
      type: 'deployment.completed',
      payload: {
        slug,
        branch,
        sha,
        merge_commit: mergeCommit,
        integrated_at: work.now(),
        outcome: 'merged',
        fence,
        receipt,
      },
    });
  }
  const [first] = train;
  const tip = train.at(-1)?.tip;
  if (first && tip) {
    const { commits } = await seenOf(work, train);
    emissions.push(...audited(work, { from: first.base, to: tip, commits, violations }));
  }
  await work.record(...emissions);
  work.counts.completed += train.length;
  work.audit = null;
  await work.parts.faults.reach('after-push-recorded');
  await answerViolations(work, violations);
  return { kind: 'recorded' };
}
