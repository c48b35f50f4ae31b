/**
 * What may happen to an integrator session: the answers its effects may give in a context, and the calls from outside.
 * Every kind of every outcome is here, or this file does not compile.
 */
import type { SnapshotFrom } from 'xstate';
import type {
  AuditOutcome,
  BlockOutcome,
  BooksOutcome,
  CheckOutcome,
  CleanOutcome,
  EjectOutcome,
  FollowUpOutcome,
  JudgeOutcome,
  Member,
  MergeOutcome,
  PushOutcome,
  RecheckOutcome,
  ReconcileOutcome,
  RecordOutcome,
  SelectOutcome,
  SessionOutcome,
  Stopped,
  TakeLeaseOutcome,
  Taken,
} from '../../src/machines/effects.ts';
import { candidateKey } from '../../src/machines/identity.ts';
import { integratorMachine } from '../../src/machines/integrator.ts';
import type { IntegratorContext, IntegratorEvent, IntegratorInput } from '../../src/machines/integrator-context.ts';
import { openWindow } from '../../src/machines/speculation.ts';
import {
  type Answers,
  type Exploration,
  explore,
  type InnerEvent,
  innerEvents,
  pathOf,
  together,
} from './exploration.ts';

export type IntegratorSnapshot = SnapshotFrom<typeof integratorMachine>;

export const SESSION_INPUT: IntegratorInput = {
  sessionId: 'integrator-1',
  mode: 'live',
  graceMs: 1,
  pushAttempts: 2,
  pushBatch: 2,
  rebuildMs: 1,
  cleanAt: 2,
  window: openWindow(2),
  batch: 1,
  patience: 0,
};

const NAMES = ['one', 'two', 'three'];
const taken = (slug: string): Taken => ({ slug, branch: `b/${slug}`, sha: slug, attempt: 1, dequeuedAt: '' });

const STOPS: Record<SessionOutcome, Stopped> = Object.fromEntries(
  (['drained', 'busy', 'held', 'halted', 'aborted', 'unreachable', 'refused'] satisfies SessionOutcome[]).map(
    (outcome) => [outcome, { kind: 'stopped', stop: { outcome, reason: outcome, detail: '', code: null } }],
  ),
) as Record<SessionOutcome, Stopped>;

/** For each kind of an outcome the answers of that kind that are possible in a context. */
type ByKind<O extends { kind: string }> = {
  [K in O['kind']]: (context: IntegratorContext) => Extract<O, { kind: K }>[];
};

const aborted = () => [STOPS.aborted];

const takeLease: ByKind<TakeLeaseOutcome> = {
  granted: () => [{ kind: 'granted', fence: 1 }],
  stopped: () => Object.values(STOPS),
};
const reconcileCandidates: ByKind<ReconcileOutcome> = {
  // In shadow nothing of the remote is cleaned up, so nothing is counted.
  reconciled: ({ mode }) =>
    (mode === 'live' ? [0, 1] : [0]).map((uncleaned) => ({ kind: 'reconciled' as const, uncleaned })),
  stopped: aborted,
};
const selectCandidate: ByKind<SelectOutcome> = {
  taken: ({ worklist, train }) => {
    const head = worklist[0] ?? NAMES.map(taken).find((one) => !train.some(({ slug }) => slug === one.slug));
    return head ? [{ kind: 'taken', candidate: head, behind: 0 }] : [];
  },
  // While something waits to be rebuilt the queue is called empty only by a session that is told to end.
  empty: ({ worklist, stopping }) => (worklist.length === 0 || stopping ? [{ kind: 'empty' }] : []),
  on_hold: ({ worklist }) => (worklist.length === 0 ? [{ kind: 'on_hold' }] : []),
  stopped: aborted,
};
const recheckCandidate: ByKind<RecheckOutcome> = {
  holds: ({ train }) => [{ kind: 'holds', base: train.at(-1)?.tip ?? 'main' }],
  fell: () => [{ kind: 'fell', reasons: ['sha_not_reachable'] }],
  stopped: aborted,
};
const mergeCandidate: ByKind<MergeOutcome> = {
  merged: ({ candidate, base }) => {
    if (!candidate || base === null) return [];
    const tip = `tip-${candidate.slug}`;
    const member: Member = { ...candidate, base, mergeCommit: tip, tip, tree: 'tree', skipped: 0 };
    return [{ kind: 'merged', member }];
  },
  // Only what is merged onto a tip that is not on main yet is judged provisionally.
  provisional: ({ train }) => (train.length > 0 ? [{ kind: 'provisional' }] : []),
  settled: () => [{ kind: 'settled' }],
  stopped: aborted,
};
const keepBooks: ByKind<BooksOutcome> = {
  booked: ({ merged }) => (merged ? [{ kind: 'booked', member: { ...merged, tip: `books-${merged.slug}` } }] : []),
  provisional: ({ train }) => (train.length > 0 ? [{ kind: 'provisional' }] : []),
  settled: () => [{ kind: 'settled' }],
  stopped: aborted,
};
const startChecks: ByKind<CheckOutcome> = {
  begun: ({ chain }) => {
    const tip = chain.at(-1)?.tip;
    const verdicts = ['free', 'running', 'passed', 'failed'] as const;
    return tip === undefined ? [] : verdicts.map((verdict) => ({ kind: 'begun' as const, tip, verdict }));
  },
  stopped: aborted,
};
const ejectCandidate: ByKind<EjectOutcome> = {
  ejected: () => [{ kind: 'ejected' }],
  returned: () => [{ kind: 'returned' }],
  stopped: aborted,
};
const cleanRemote: ByKind<CleanOutcome> = { cleaned: () => [{ kind: 'cleaned' }], stopped: aborted };
const landFollowUps: ByKind<FollowUpOutcome> = { followed_up: () => [{ kind: 'followed_up' }], stopped: aborted };
const pushTrain: ByKind<PushOutcome> = {
  pushed: () => [{ kind: 'pushed' }],
  members_left: ({ train }) => train.map((member) => ({ kind: 'members_left', left: [candidateKey(member)] })),
  main_moved: () => [{ kind: 'main_moved' }],
  refused: () => [{ kind: 'refused', detail: 'hook declined' }],
  stopped: aborted,
};
const blockCandidate: ByKind<BlockOutcome> = { blocked: () => [{ kind: 'blocked' }], stopped: aborted };
const judgeCandidate: ByKind<JudgeOutcome> = { judged: () => [{ kind: 'judged' }], stopped: aborted };
const auditTrain: ByKind<AuditOutcome> = {
  audited: ({ train }) => [
    { kind: 'audited', violations: [] },
    { kind: 'audited', violations: [{ commit: train[0]?.tip ?? '', code: 'tree_differs', text: 'another tree' }] },
  ],
  stopped: aborted,
};
const recordDeliveries: ByKind<RecordOutcome> = { recorded: () => [{ kind: 'recorded' }], stopped: aborted };

const EFFECTS = {
  takeLease,
  reconcileCandidates,
  selectCandidate,
  recheckCandidate,
  mergeCandidate,
  keepBooks,
  startChecks,
  ejectCandidate,
  cleanRemote,
  landFollowUps,
  pushTrain,
  judgeCandidate,
  auditTrain,
  blockCandidate,
  recordDeliveries,
} as const;

type AnyKinds = Record<string, (context: IntegratorContext) => { kind: string }[]>;

const answers: Answers<IntegratorContext> = {
  ...Object.fromEntries(
    Object.entries(EFFECTS).map(([id, kinds]) => [
      id,
      (context: IntegratorContext) =>
        Object.values(kinds as unknown as AnyKinds)
          .flatMap((possible) => possible(context))
          .map((output, index, all) => ({ name: nameOf(output, index, all), output })),
    ]),
  ),
  releaseLease: () => [{ name: 'done', output: undefined }],
};

function nameOf(output: { kind: string }, index: number, all: { kind: string }[]): string {
  if (output.kind === 'stopped') return `stopped, ${(output as Stopped).stop.outcome}`;
  const same = all.filter(({ kind }) => kind === output.kind).length;
  return same > 1 ? `${output.kind} (${index + 1})` : output.kind;
}

export const CALLS: readonly (IntegratorEvent & { name: string })[] = [
  { type: 'session.wake', name: 'session.wake' },
  { type: 'session.stop', reason: 'SIGTERM', name: 'session.stop' },
  { type: 'lease.lost', reason: 'expired', name: 'lease.lost' },
  { type: 'hold.lifted', name: 'hold.lifted' },
];

export function sessionEventsAt(snapshot: IntegratorSnapshot): InnerEvent[] {
  return [...CALLS, ...innerEvents(integratorMachine, snapshot, answers)];
}

export function sessionEssence({ value, context }: IntegratorSnapshot): string {
  const { worklist, candidate, base, train, trainLimit, refusal, lostRaces, graceOver, stopping, stop } = context;
  const { merged, uncleaned } = context;
  return JSON.stringify([
    pathOf(value),
    worklist.map(({ slug }) => slug),
    candidate?.slug,
    base,
    train.map(({ slug, base: on }) => [slug, on]),
    trainLimit,
    refusal !== null,
    lostRaces,
    graceOver,
    stopping,
    stop?.reason,
    merged?.slug,
    Math.min(uncleaned, SESSION_INPUT.cleanAt),
    pathOf(value).endsWith('recording') && context.violations.length,
  ]);
}

/** All that may happen to a session of either mode. */
export function walkSessions(): Exploration<typeof integratorMachine, InnerEvent> {
  const walk = (mode: IntegratorInput['mode']) =>
    explore(integratorMachine, {
      input: { ...SESSION_INPUT, mode },
      events: sessionEventsAt,
      serialize: sessionEssence,
      nameOf: ({ name }) => name,
      limit: 40_000,
    });
  return together(walk('live'), walk('shadow'));
}
