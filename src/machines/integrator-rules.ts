/**
 * The words of the integrator machine: its context, events, guards and actions. The chart that uses them is
 * `integrator.ts`. Pure.
 */
import { assign, fromPromise, setup } from 'xstate';
import { InvariantViolation } from '../errors.ts';
import {
  type AuditOutcome,
  type BlockOutcome,
  type BooksOutcome,
  type CleanOutcome,
  type FollowUpOutcome,
  type JudgeOutcome,
  type Member,
  type MergeOutcome,
  notProvided,
  type PushOutcome,
  type RecheckOutcome,
  type ReconcileOutcome,
  type RecordOutcome,
  type SelectOutcome,
  type SessionEffectOutcome,
  type Stop,
  type TakeLeaseOutcome,
  type Taken,
} from './effects.ts';
import type { Violation } from './events.ts';
import { candidateKey } from './identity.ts';

export interface IntegratorInput {
  sessionId: string;
  mode: 'live' | 'shadow';
  graceMs: number;
  /** Rebuilds after a lost race before the session gives up. */
  pushAttempts: number;
  /** Whole deliveries in one push at most. */
  pushBatch: number;
  /** Base of the growing delay between rebuilds, ms. */
  rebuildMs: number;
  /** Deliveries after which a drain that goes on cleans up between two trains. */
  cleanAt: number;
}

export interface IntegratorContext extends IntegratorInput {
  fence: number | null;
  /** Candidates taken earlier that are to be merged (again) before anything new is dequeued, in order. */
  worklist: Taken[];
  candidate: Taken | null;
  /** Main or the train's last tip: what the candidate in hand is merged into. */
  base: string | null;
  /** The candidate in hand once it is merged, before its books are kept. */
  merged: Member | null;
  /** Deliveries on main whose branch on the remote is still to be cleaned up. */
  uncleaned: number;
  train: Member[];
  /** What the audit of the train that was just pushed found. */
  violations: Violation[];
  /** Members the next push may have; halved while a refusal is being narrowed down. */
  trainLimit: number;
  refusal: string | null;
  lostRaces: number;
  graceOver: boolean;
  stopping: boolean;
  stop: Stop | null;
  /** The error behind a stop for reason `bug`, for the one who runs the session. */
  fault: unknown;
}

/** `last`: the grace window is over, so all candidates are probed before the queue is called empty. */
export interface SelectInput {
  worklist: Taken[];
  train: Member[];
  last: boolean;
  stopping: boolean;
}

export interface ReleaseInput {
  stop: Stop | null;
  worklist: Taken[];
  train: Member[];
  candidate: Taken | null;
}

export type IntegratorEvent =
  /** A candidate became ready: look at the queue again. */
  | { type: 'session.wake' }
  /** Finish the train in hand, then end. */
  | { type: 'session.stop'; reason: string }
  /** The lease can no longer be trusted. */
  | { type: 'lease.lost'; reason: string }
  /** A hold was lifted. */
  | { type: 'hold.lifted' };

const asTaken = ({ slug, branch, sha, attempt, dequeuedAt }: Taken): Taken => ({
  slug,
  branch,
  sha,
  attempt,
  dequeuedAt,
});

type KindOf = SessionEffectOutcome['kind'];
type Outcome<K extends KindOf> = Extract<SessionEffectOutcome, { kind: K }>;

/** The outcome that an effect's done event carries, if it is of that kind. XState types done events by invoke only. */
function outcome<K extends KindOf>(event: unknown, kind: K): Outcome<K> | null {
  const { output } = event as { output?: SessionEffectOutcome };
  return output?.kind === kind ? (output as Outcome<K>) : null;
}

const is =
  (kind: KindOf) =>
  ({ event }: { event: unknown }) =>
    outcome(event, kind) !== null;

const aborted = (reason: string, detail: string): Stop => ({ outcome: 'aborted', reason, detail, code: null });

export const integratorSetup = setup({
  types: { context: {} as IntegratorContext, events: {} as IntegratorEvent, input: {} as IntegratorInput },
  actors: {
    takeLease: fromPromise<TakeLeaseOutcome, { sessionId: string }>(notProvided('takeLease')),
    reconcileCandidates: fromPromise<ReconcileOutcome>(notProvided('reconcileCandidates')),
    selectCandidate: fromPromise<SelectOutcome, SelectInput>(notProvided('selectCandidate')),
    recheckCandidate: fromPromise<RecheckOutcome, { candidate: Taken; train: Member[] }>(
      notProvided('recheckCandidate'),
    ),
    mergeCandidate: fromPromise<MergeOutcome, { candidate: Taken; base: string; train: Member[] }>(
      notProvided('mergeCandidate'),
    ),
    keepBooks: fromPromise<BooksOutcome, { member: Member; train: Member[] }>(notProvided('keepBooks')),
    pushTrain: fromPromise<PushOutcome, { train: Member[] }>(notProvided('pushTrain')),
    judgeCandidate: fromPromise<JudgeOutcome, { candidate: Taken; base: string }>(notProvided('judgeCandidate')),
    auditTrain: fromPromise<AuditOutcome, { train: Member[] }>(notProvided('auditTrain')),
    blockCandidate: fromPromise<BlockOutcome, { member: Member; detail: string }>(notProvided('blockCandidate')),
    recordDeliveries: fromPromise<RecordOutcome, { train: Member[]; violations: Violation[] }>(
      notProvided('recordDeliveries'),
    ),
    cleanRemote: fromPromise<CleanOutcome>(notProvided('cleanRemote')),
    landFollowUps: fromPromise<FollowUpOutcome>(notProvided('landFollowUps')),
    releaseLease: fromPromise<void, ReleaseInput>(notProvided('releaseLease')),
  },
  guards: {
    wasGranted: is('granted'),
    wasReconciled: is('reconciled'),
    wasTaken: is('taken'),
    isOnHold: is('on_hold'),
    isEmpty: is('empty'),
    stillHolds: is('holds'),
    hasFallen: is('fell'),
    holdsInShadow: ({ context, event }) => outcome(event, 'holds') !== null && context.mode === 'shadow',
    wasJudged: is('judged'),
    wasAudited: is('audited'),
    wasMerged: is('merged'),
    wasBooked: is('booked'),
    isProvisional: is('provisional'),
    isSettled: is('settled'),
    wasPushed: is('pushed'),
    haveMembersLeft: is('members_left'),
    hasMainMoved: is('main_moved'),
    wasRefused: is('refused'),
    wasBlocked: is('blocked'),
    wasRecorded: is('recorded'),
    wasCleaned: is('cleaned'),
    wereFollowedUp: is('followed_up'),
    isRecordedWithMuchToClean: ({ context, event }) =>
      outcome(event, 'recorded') !== null && context.uncleaned + context.train.length >= context.cleanAt,
    isEmptyWithToClean: ({ context, event }) =>
      outcome(event, 'empty') !== null && context.uncleaned > 0 && context.mode === 'live',
    endsWithoutLease: ({ event }) => ['busy', 'held'].includes(outcome(event, 'stopped')?.stop.outcome ?? ''),
    isStopping: ({ context }) => context.stopping,
    hasRoom: ({ context }) => context.train.length < context.trainLimit && !context.stopping,
    isEmptyWithTrain: ({ context, event }) => outcome(event, 'empty') !== null && context.train.length > 0,
    isHoldWithTrain: ({ context, event }) => outcome(event, 'on_hold') !== null && context.train.length > 0,
    isEmptyInShadow: ({ context, event }) =>
      outcome(event, 'empty') !== null && context.graceOver && context.mode === 'shadow',
    isEmptyAfterGrace: ({ context, event }) => outcome(event, 'empty') !== null && context.graceOver,
    isLostRaceTooMany: ({ context, event }) =>
      outcome(event, 'main_moved') !== null && context.lostRaces + 1 >= context.pushAttempts,
    isRefusedAlone: ({ context, event }) => outcome(event, 'refused') !== null && context.train.length === 1,
  },
  actions: {
    rememberUncleaned: assign(({ event }) => ({ uncleaned: outcome(event, 'reconciled')?.uncleaned ?? 0 })),
    rememberMerged: assign(({ event }) => ({ merged: outcome(event, 'merged')?.member ?? null })),
    countLanded: assign(({ context }) => ({ uncleaned: context.uncleaned + context.train.length })),
    forgetLanded: assign({ uncleaned: 0 }),
    rememberGrant: assign(({ event }) => ({ fence: outcome(event, 'granted')?.fence ?? null })),
    rememberStop: assign(({ event }) => ({ stop: outcome(event, 'stopped')?.stop ?? null })),
    rememberFault: assign(({ event }) => {
      const { error } = event as { error?: unknown };
      const reason = error instanceof InvariantViolation ? 'invariant' : 'bug';
      return { stop: aborted(reason, error instanceof Error ? error.message : String(error)), fault: error };
    }),
    rememberLeaseLost: assign(({ event }) =>
      event.type === 'lease.lost' ? { stop: aborted('lease_lost', event.reason) } : {},
    ),
    rememberContention: assign({ stop: aborted('contention', 'main kept moving while the merge was made') }),
    rememberShutdown: assign({ stop: aborted('shutdown', 'the session was told to end') }),
    beginStopping: assign({ stopping: true }),
    take: assign(({ context, event }) => {
      const candidate = outcome(event, 'taken')?.candidate;
      if (!candidate) return {};
      const key = candidateKey(candidate);
      return { candidate, graceOver: false, worklist: context.worklist.filter((other) => candidateKey(other) !== key) };
    }),
    rememberBase: assign(({ event }) => ({ base: outcome(event, 'holds')?.base ?? null })),
    dropCandidate: assign({ candidate: null, merged: null }),
    couple: assign(({ context, event }) => {
      const member = outcome(event, 'booked')?.member;
      return member ? { train: [...context.train, member], candidate: null, merged: null } : {};
    }),
    postpone: assign(({ context }) =>
      context.candidate ? { worklist: [context.candidate, ...context.worklist], candidate: null, merged: null } : {},
    ),
    uncouple: assign(({ context }) => ({ worklist: [...context.train.map(asTaken), ...context.worklist], train: [] })),
    uncoupleSurvivors: assign(({ context, event }) => {
      const left = outcome(event, 'members_left')?.left ?? [];
      const survivors = context.train.filter((member) => !left.includes(candidateKey(member))).map(asTaken);
      return { worklist: [...survivors, ...context.worklist], train: [] };
    }),
    countLostRace: assign(({ context }) => ({ lostRaces: context.lostRaces + 1 })),
    forgetLostRaces: assign({ lostRaces: 0 }),
    halve: assign(({ context }) => {
      const limit = Math.max(1, Math.ceil(context.train.length / 2));
      return {
        trainLimit: limit,
        train: context.train.slice(0, limit),
        worklist: [...context.train.slice(limit).map(asTaken), ...context.worklist],
      };
    }),
    rememberAudit: assign(({ event }) => ({ violations: outcome(event, 'audited')?.violations ?? [] })),
    rememberRefusal: assign(({ event }) => ({ refusal: outcome(event, 'refused')?.detail ?? null })),
    emptyTrain: assign(({ context }) => ({
      train: [],
      violations: [],
      refusal: null,
      // The search for the refused member is over once nothing waits to be rebuilt.
      trainLimit: context.worklist.length === 0 ? context.pushBatch : context.trainLimit,
    })),
    beginGrace: assign({ graceOver: false }),
    endGrace: assign({ graceOver: true }),
  },
  delays: {
    grace: ({ context }) => context.graceMs,
    rebuild: ({ context }) => context.rebuildMs * 2 ** Math.max(0, context.lostRaces - 1),
  },
});
