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
  type CheckInput,
  type CheckOutcome,
  type CleanOutcome,
  type EjectInput,
  type EjectOutcome,
  type FollowUpOutcome,
  type JudgeOutcome,
  type Member,
  type MergeOutcome,
  notProvided,
  type OvertakeInput,
  type OvertakeOutcome,
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
import type {
  IntegratorContext,
  IntegratorEvent,
  IntegratorInput,
  ReleaseInput,
  SelectInput,
} from './integrator-context.ts';
import {
  asTaken,
  dueAside,
  forgetInHand,
  hasRoom,
  hasSome,
  landingNow,
  leftBehind,
  toTest,
  uncoupled,
  without,
} from './integrator-line.ts';
import { movedToFront, overtaker } from './lanes.ts';
import { type Aside, culpritAt, type Entry, grown, halved, running } from './speculation.ts';

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

function faulty(fault: unknown): Pick<IntegratorContext, 'stop' | 'fault'> {
  const reason = fault instanceof InvariantViolation ? 'invariant' : 'bug';
  return { stop: aborted(reason, fault instanceof Error ? fault.message : String(fault)), fault };
}

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
    startChecks: fromPromise<CheckOutcome, CheckInput>(notProvided('startChecks')),
    ejectCandidate: fromPromise<EjectOutcome, EjectInput>(notProvided('ejectCandidate')),
    letPast: fromPromise<OvertakeOutcome, OvertakeInput>(notProvided('letPast')),
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
    haveBegun: is('begun'),
    wasEjected: is('ejected'),
    hasReturned: is('returned'),
    wasLetPast: is('let_past'),
    wasKept: is('kept'),
    mayOvertake: ({ context }) => overtaker(context) !== null,
    hasStop: ({ context }) => context.stop !== null,
    hasRoom: ({ context }) => hasRoom(context),
    mayLand: ({ context }) => landingNow(context) > 0,
    isAsideDue: ({ context }) => dueAside(context) !== null,
    hasLeft: ({ context }) => leftBehind(context).length > 0,
    hasCulprit: ({ context }) => culpritAt(context) >= 0,
    hasToTest: ({ context }) => toTest(context) >= 0 && running(context.chain) < context.window.size,
    hasNobody: ({ context }) => context.chain.length === 0 && context.aside.length === 0,
    isEmptyWithSome: ({ context, event }) => outcome(event, 'empty') !== null && hasSome(context),
    isHoldWithSome: ({ context, event }) => outcome(event, 'on_hold') !== null && hasSome(context),
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
    rememberFault: assign(({ event }) => faulty((event as { error?: unknown }).error)),
    rememberBreakdown: assign(({ event }) => {
      if (event.type !== 'checks.stopped') return {};
      return event.stop ? { stop: event.stop } : faulty(event.fault);
    }),
    rememberLeaseLost: assign(({ event }) =>
      event.type === 'lease.lost' ? { stop: aborted('lease_lost', event.reason) } : {},
    ),
    rememberContention: assign({ stop: aborted('contention', 'main kept moving while the merge was made') }),
    rememberShutdown: assign({ stop: aborted('shutdown', 'the session was told to end') }),
    beginStopping: assign({ stopping: true }),
    take: assign(({ context, event }) => {
      const taken = outcome(event, 'taken');
      if (!taken) return {};
      const { candidate, behind } = taken;
      const key = candidateKey(candidate);
      const order = context.order.includes(key) ? context.order : [...context.order, key];
      const worklist = context.worklist.filter((other) => candidateKey(other) !== key);
      // Whoever left and comes again has a new turn.
      const left = context.left.filter((other) => other !== key);
      return { candidate, graceOver: false, worklist, order, left, more: true, behind };
    }),
    rememberBase: assign(({ event }) => ({ base: outcome(event, 'holds')?.base ?? null })),
    dropCandidate: assign(({ context }) => forgetInHand(context)),
    couple: assign(({ context, event }) => {
      const member = outcome(event, 'booked')?.member;
      if (!member) return {};
      const chain: Entry[] = [...context.chain, { ...member, verdict: 'untested' }];
      return { chain, candidate: null, merged: null, chosen: null };
    }),
    rememberVerdict: assign(({ context, event }) => {
      const told = event.type === 'checks.settled' ? event : outcome(event, 'begun');
      if (!told) return {};
      // The end of a test may be heard of before its beginning.
      const isOpen = ({ tip, verdict }: Entry) => tip === told.tip && (verdict === 'untested' || verdict === 'running');
      return { chain: context.chain.map((entry) => (isOpen(entry) ? { ...entry, verdict: told.verdict } : entry)) };
    }),
    setAside: assign(({ context }) => {
      const { candidate, aside, base } = context;
      if (!candidate || base === null) return {};
      const set: Aside = { ...asTaken(candidate), base, because: 'conflict' };
      return { aside: [...aside, set], candidate: null, merged: null };
    }),
    setCulpritAside: assign(({ context }) => {
      const culprit = context.chain[culpritAt(context)];
      if (!culprit) return {};
      const cutAt = context.order.indexOf(candidateKey(culprit));
      const rest = without(context, [], cutAt);
      const key = candidateKey(culprit);
      return {
        ...rest,
        worklist: (rest.worklist ?? []).filter((other) => candidateKey(other) !== key),
        aside: [...(rest.aside ?? []), { ...asTaken(culprit), base: culprit.base, because: 'checks' }],
      };
    }),
    dropAside: assign(({ context }) => {
      const due = dueAside(context);
      if (!due) return {};
      const key = candidateKey(due);
      return {
        aside: context.aside.filter((other) => candidateKey(other) !== key),
        order: context.order.filter((other) => other !== key),
        window: due.because === 'checks' ? halved(context.window) : context.window,
      };
    }),
    formTrain: assign(({ context }) => {
      const landing = landingNow(context);
      return { train: context.chain.slice(0, landing), chain: context.chain.slice(landing) };
    }),
    uncouple: assign(({ context }) => uncoupled(context)),
    uncoupleSurvivors: assign(({ context, event }) => uncoupled(context, outcome(event, 'members_left')?.left ?? [])),
    rememberLeft: assign(({ context, event }) =>
      event.type === 'member.left' && !context.left.includes(event.key) ? { left: [...context.left, event.key] } : {},
    ),
    uncoupleBehindLeft: assign(({ context }) => {
      const keys = leftBehind(context);
      const cutAt = Math.min(...keys.map((key) => context.order.indexOf(key)));
      return { ...without(context, keys, cutAt), left: [] };
    }),
    rememberClear: assign(({ event }) => (event.type === 'lane.clear' ? { clear: event.tip } : {})),
    moveToFront: assign(({ context, event }) => movedToFront(context, outcome(event, 'let_past')?.tip ?? null)),
    forgetClear: assign({ clear: null }),
    countLostRace: assign(({ context }) => ({ lostRaces: context.lostRaces + 1 })),
    forgetLostRaces: assign({ lostRaces: 0 }),
    halve: assign(({ context }) => {
      const { train, chain, order } = context;
      const last = order[train.length - 1] ?? null;
      return {
        trainLimit: Math.max(1, Math.ceil(train.length / 2)),
        suspect: order.find((key) => key === context.suspect) ?? last,
        train: [],
        chain: [...train, ...chain],
      };
    }),
    chooseTest: assign(({ context }) => ({ chosen: context.chain[toTest(context)]?.tip ?? null })),
    uncoupleChain: assign(({ context }) => {
      const last = context.train.at(-1);
      return without(context, [], last ? context.order.indexOf(candidateKey(last)) + 1 : 0);
    }),
    rememberAudit: assign(({ event }) => ({ violations: outcome(event, 'audited')?.violations ?? [] })),
    rememberRefusal: assign(({ event }) => ({ refusal: outcome(event, 'refused')?.detail ?? null })),
    emptyTrain: assign(({ context }) => {
      const { train, trainLimit, pushBatch } = context;
      const order = context.order.filter((key) => !train.some((member) => candidateKey(member) === key));
      const suspect = order.find((key) => key === context.suspect) ?? null;
      return {
        train: [],
        violations: [],
        refusal: null,
        order,
        suspect,
        more: true,
        trainLimit: suspect === null ? pushBatch : trainLimit,
      };
    }),
    growWindow: assign(({ context }) => ({
      window: grown(context.window, context.train.filter(({ verdict }) => verdict !== 'free').length),
    })),
    lookAgain: assign({ more: true, woken: true }),
    beginLook: assign({ woken: false }),
    endLook: assign(({ context }) => ({ more: context.woken })),
    beginGrace: assign({ graceOver: false }),
    endGrace: assign({ graceOver: true }),
  },
  delays: {
    grace: ({ context }) => context.graceMs,
    rebuild: ({ context }) => context.rebuildMs * 2 ** Math.max(0, context.lostRaces - 1),
  },
});
