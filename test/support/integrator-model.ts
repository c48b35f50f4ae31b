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
  OvertakeOutcome,
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
import { checkInput } from '../../src/machines/integrator-line.ts';
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
  window: openWindow(2, 4),
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
  taken: ({ worklist, order }) => {
    const queue = NAMES.map(taken).filter((one) => !order.includes(candidateKey(one)));
    const [head, ...behind] = [...worklist, ...queue];
    return head ? [{ kind: 'taken', candidate: head, behind: behind.length }] : [];
  },
  // While something waits to be rebuilt the queue is called empty only by a session that is told to end.
  empty: ({ worklist, stopping }) => (worklist.length === 0 || stopping ? [{ kind: 'empty' }] : []),
  on_hold: ({ worklist }) => (worklist.length === 0 ? [{ kind: 'on_hold' }] : []),
  stopped: aborted,
};
const recheckCandidate: ByKind<RecheckOutcome> = {
  holds: ({ chain }) => [{ kind: 'holds', base: chain.at(-1)?.tip ?? 'main' }],
  fell: () => [{ kind: 'fell', reasons: ['sha_not_reachable'] }],
  stopped: aborted,
};
const mergeCandidate: ByKind<MergeOutcome> = {
  merged: ({ candidate, base }) => {
    if (!candidate || base === null) return [];
    // As in git: another base is another commit.
    const tip = `${base === 'main' ? '' : base}+${candidate.slug}`;
    const member: Member = { ...candidate, base, mergeCommit: tip, tip, tree: 'tree', skipped: 0 };
    return [{ kind: 'merged', member }];
  },
  // Only what is merged onto a tip that is not on main yet is judged provisionally.
  provisional: ({ chain }) => (chain.length > 0 ? [{ kind: 'provisional' }] : []),
  settled: () => [{ kind: 'settled' }],
  stopped: aborted,
};
const keepBooks: ByKind<BooksOutcome> = {
  booked: ({ merged }) => (merged ? [{ kind: 'booked', member: { ...merged, tip: `${merged.tip}*` } }] : []),
  provisional: ({ chain }) => (chain.length > 0 ? [{ kind: 'provisional' }] : []),
  settled: () => [{ kind: 'settled' }],
  stopped: aborted,
};
const startChecks: ByKind<CheckOutcome> = {
  begun: (context) => {
    const { entry, closed } = checkInput(context);
    const verdicts = closed
      ? (['free', 'running', 'passed', 'failed'] as const)
      : (['free', 'untested', 'running'] as const);
    return verdicts.map((verdict) => ({ kind: 'begun' as const, tip: entry.tip, verdict }));
  },
  stopped: aborted,
};
const ejectCandidate: ByKind<EjectOutcome> = {
  ejected: () => [{ kind: 'ejected' }],
  returned: () => [{ kind: 'returned' }],
  stopped: aborted,
};
const letPast: ByKind<OvertakeOutcome> = {
  // Another one may have been found clear since it was asked.
  let_past: ({ chain }) => chain.slice(1).map(({ tip }) => ({ kind: 'let_past' as const, tip })),
  kept: () => [{ kind: 'kept' }],
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
  letPast,
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
  if (output.kind === 'begun') return `begun, ${(output as Extract<CheckOutcome, { kind: 'begun' }>).verdict}`;
  const same = all.filter(({ kind }) => kind === output.kind).length;
  return same > 1 ? `${output.kind} (${index + 1})` : output.kind;
}

export const CALLS: readonly (IntegratorEvent & { name: string })[] = [
  { type: 'session.wake', name: 'session.wake' },
  { type: 'session.stop', reason: 'SIGTERM', name: 'session.stop' },
  { type: 'lease.lost', reason: 'expired', name: 'lease.lost' },
  { type: 'hold.lifted', name: 'hold.lifted' },
];

/** What is told of the checks that run, and of those in hand who are no longer to be delivered. */
function toldAt({ value, context }: IntegratorSnapshot): (IntegratorEvent & { name: string })[] {
  if (!pathOf(value).startsWith('draining')) return [];
  const { chain, order } = context;
  const verdicts = chain
    .filter(({ verdict }) => verdict === 'running')
    .flatMap(({ tip }, at) =>
      (['passed', 'failed'] as const).map((verdict) => ({
        type: 'checks.settled' as const,
        tip,
        verdict,
        name: `checks.settled: ${verdict} (${at + 1})`,
      })),
    );
  const stopped = {
    type: 'checks.stopped' as const,
    stop: null,
    fault: new Error('it failed'),
    name: 'checks.stopped',
  };
  const left = order.map((key, at) => ({ type: 'member.left' as const, key, name: `member.left (${at + 1})` }));
  const clear = chain
    .slice(1)
    .map(({ tip }, at) => ({ type: 'lane.clear' as const, tip, name: `lane.clear (${at + 2})` }));
  return [...verdicts, ...(verdicts.length > 0 ? [stopped] : []), ...left, ...clear];
}

export function sessionEventsAt(snapshot: IntegratorSnapshot): InnerEvent[] {
  const isLive = snapshot.context.mode === 'live';
  return [...CALLS, ...(isLive ? toldAt(snapshot) : []), ...innerEvents(integratorMachine, snapshot, answers)];
}

export function sessionEssence({ value, context }: IntegratorSnapshot): string {
  const { worklist, candidate, base, train, trainLimit, refusal, lostRaces, graceOver, stopping, stop } = context;
  const { merged, uncleaned, chain, aside, order, more, woken, left, window } = context;
  const path = pathOf(value);
  // Where in the line a base is; the commits get other names with everything that lands.
  const at = (tip: string | null) => [...train, ...chain].findIndex((member) => member.tip === tip);
  const inHand = [worklist, train, chain, aside, candidate ? [candidate] : []].map((list) => list.length > 0);
  // The end is the same whatever it leaves; only the laws about it look back.
  if (path === 'releasing' || path === 'ended') return JSON.stringify([path, stop?.reason, inHand]);
  return JSON.stringify([
    path,
    worklist.map(({ slug }) => slug),
    candidate?.slug,
    base !== null && at(base),
    train.map(({ slug, base: on }) => [slug, at(on)]),
    trainLimit,
    context.suspect,
    path.endsWith('checking') && context.chosen !== null && at(context.chosen),
    refusal !== null,
    lostRaces,
    graceOver,
    stopping,
    stop !== null,
    merged?.slug,
    chain.map(({ slug, base: on, verdict }) => [slug, at(on), verdict]),
    aside.map(({ slug, base: on, because }) => [slug, at(on), because]),
    order.map((key) => key.split('/')[0]),
    more,
    path.endsWith('selecting') && woken,
    left,
    context.clear !== null && at(context.clear),
    window.size,
    Math.min(uncleaned, SESSION_INPUT.cleanAt),
    path.endsWith('recording') && context.violations.length,
  ]);
}

/** A part of all that may happen: every combination of everything at once would be too much to walk. */
interface Scope {
  input?: Partial<IntegratorInput>;
  /** Whether somebody may be found clear to go first. */
  lanes?: boolean;
  /** How many candidates there are. */
  names: number;
  /** Parts of the names of events that do not happen here. */
  never: readonly string[];
}

const NO_TESTS = ['running', 'passed', 'failed', 'untested'].map((verdict) => `startChecks: begun, ${verdict}`);
const NO_PUSH_TROUBLE = ['members_left', 'main_moved', 'refused'].map((kind) => `pushTrain: ${kind}`);
const NO_ENDS = ['session.stop', 'lease.lost', 'stopped', 'throws', 'checks.stopped'];
/** What leads to the end from every state, to nothing that depends on checks, or is walked without them. */
const CALM = [
  'reconcileCandidates: reconciled (2)',
  'recheckCandidate: fell',
  'selectCandidate: on_hold',
  'hold.lifted',
];
const NO_CONFLICTS = [
  'mergeCandidate: provisional',
  'mergeCandidate: settled',
  'keepBooks: provisional',
  'keepBooks: settled',
];
const CACHED = ['startChecks: begun, passed', 'startChecks: begun, failed'];
const FREE = 'startChecks: begun, free';

const SCOPES: readonly Scope[] = [
  { input: { mode: 'shadow' }, names: 3, never: [] },
  { names: 3, never: [...NO_TESTS, 'member.left'] },
  {
    names: 2,
    never: [...NO_PUSH_TROUBLE, ...CALM, FREE, 'keepBooks: provisional', 'keepBooks: settled', 'member.left'],
  },
  { names: 3, never: [...NO_PUSH_TROUBLE, ...CALM, ...NO_ENDS, 'session.wake', 'member.left', ...CACHED] },
  { names: 2, never: [...NO_PUSH_TROUBLE, ...CALM, ...NO_ENDS, ...CACHED, 'session.wake'] },
  { names: 2, never: ['reconcileCandidates: reconciled (2)', ...NO_ENDS, 'session.wake', 'member.left'] },
  { input: { window: openWindow(1, 2) }, names: 2, never: [...NO_PUSH_TROUBLE, ...CALM, 'member.left'] },
  {
    input: { batch: 2 },
    names: 3,
    never: [...NO_PUSH_TROUBLE, ...CALM, ...NO_ENDS, ...CACHED, ...NO_CONFLICTS, FREE, 'session.wake', 'member.left'],
  },
  {
    input: { batch: 2 },
    names: 2,
    never: ['members_left', 'main_moved', ...CALM, ...NO_ENDS, 'keepBooks: provisional', 'session.wake', 'member.left'],
  },
  { input: { patience: 1 }, names: 2, never: [...CALM, ...NO_ENDS, 'session.wake', 'member.left'] },
  {
    lanes: true,
    names: 2,
    never: [
      ...NO_PUSH_TROUBLE,
      ...CALM,
      ...CACHED,
      ...NO_CONFLICTS,
      FREE,
      'session.wake',
      'session.stop',
      'lease.lost',
      'checks.stopped',
      'member.left',
    ],
  },
];

const isNever = (
  { names, never, lanes = false }: Scope,
  { value }: IntegratorSnapshot,
  { name, output }: InnerEvent,
): boolean => {
  const slug = (output as { candidate?: Taken } | undefined)?.candidate?.slug;
  // Without it nothing would begin.
  if (value === 'standby' && name === 'session.wake') return false;
  if (!lanes && name.startsWith('lane.clear')) return true;
  return never.some((part) => name.includes(part)) || (slug !== undefined && NAMES.indexOf(slug) >= names);
};

/** All that may happen to a session, a scope at a time. */
export function walkSessions(): Exploration<typeof integratorMachine, InnerEvent> {
  return together(
    ...SCOPES.map((scope) =>
      explore(integratorMachine, {
        input: { ...SESSION_INPUT, ...scope.input },
        events: (snapshot) => sessionEventsAt(snapshot).filter((event) => !isNever(scope, snapshot, event)),
        serialize: sessionEssence,
        nameOf: ({ name }) => name,
        limit: 60_000,
      }),
    ),
  );
}
