/**
 * Runs one integrator session: the integrator machine with its effects provided, beside the lease keeper. The machine
 * decides, the files in `session/` act; this is where they meet and where a session is told to wake or to stop.
 */
import { type AnyMachineSnapshot, createActor, fromPromise } from 'xstate';
import type { Clock, Ids } from '../io/clock.ts';
import type { LeaseStore } from '../io/redis/lease.ts';
import type {
  AuditOutcome,
  BlockOutcome,
  BooksOutcome,
  CheckInput,
  CheckOutcome,
  CleanOutcome,
  EjectInput,
  EjectOutcome,
  FollowUpOutcome,
  JudgeOutcome,
  Member,
  MergeOutcome,
  OvertakeInput,
  OvertakeOutcome,
  PushOutcome,
  RecheckOutcome,
  ReconcileOutcome,
  RecordOutcome,
  SelectOutcome,
  SessionOutcome,
  Stop,
  TakeLeaseOutcome,
  Taken,
} from '../machines/effects.ts';
import type { Violation } from '../machines/events.ts';
import { integratorMachine } from '../machines/integrator.ts';
import type { ReleaseInput, SelectInput } from '../machines/integrator-context.ts';
import { batchFor } from '../machines/speculation.ts';
import type { InspectionSink } from './inspection.ts';
import { createLeaseKeeper } from './lease-keeper.ts';
import { auditTrain } from './session/audit.ts';
import { blockRefused } from './session/block.ts';
import { keepBooks } from './session/books.ts';
import { ejectCandidate, startChecks } from './session/checks.ts';
import { cleanRemote } from './session/clean-remote.ts';
import { landFollowUps } from './session/follow-ups.ts';
import { judgeCandidate, recheckToJudge, selectToJudge } from './session/judge.ts';
import { Lanes, letPast, watchLanes } from './session/lanes.ts';
import { mergeCandidate, recheckCandidate, selectCandidate } from './session/merge.ts';
import { pushTrain, recordDeliveries } from './session/push.ts';
import { reconcileCandidates } from './session/reconcile.ts';
import { releaseLease } from './session/release.ts';
import { reconcileInShadow } from './session/shadow-reconcile.ts';
import { takeLease, takeLeaseInShadow } from './session/take-lease.ts';
import { TestBed } from './session/tests/bed.ts';
import { followLine } from './session/tests/follow-line.ts';
import { type SessionParts, SessionWork, stoppable } from './session/work.ts';
import type { ChainOf } from './tests/shown.ts';

/** One request to the remote removes so many branches that it costs next to nothing for each. */
const CLEAN_AT = 50;

/** The steps that differ between the modes; the others are either reached in one of them alone, or the same in both. */
interface Way {
  take(work: SessionWork): Promise<TakeLeaseOutcome>;
  reconcile(work: SessionWork): Promise<ReconcileOutcome>;
  select(work: SessionWork, input: SelectInput): Promise<SelectOutcome>;
  recheck(work: SessionWork, input: { candidate: Taken; train: Member[] }): Promise<RecheckOutcome>;
}

const WAYS: Record<SessionParts['mode'], Way> = {
  live: { take: takeLease, reconcile: reconcileCandidates, select: selectCandidate, recheck: recheckCandidate },
  shadow: { take: takeLeaseInShadow, reconcile: reconcileInShadow, select: selectToJudge, recheck: recheckToJudge },
};

/** What starting a session needs; ids, lease keeper and session id are made here. */
export interface SessionOptions extends Omit<SessionParts, 'sessionId' | 'keeper' | 'prober'> {
  leases: LeaseStore;
  clock: Clock;
  ids: Ids;
  inspect?: InspectionSink;
  /** Makes the prober of the session, which writes under its id. */
  makeProber(sessionId: string): SessionParts['prober'];
}

export interface SessionResult {
  sessionId: string;
  mode: 'live' | 'shadow';
  outcome: SessionOutcome;
  /** Why it stopped early; null when it drained the queue. */
  stop: Stop | null;
  completed: number;
  blocked: number;
  superseded: number;
  /** What a session in shadow said and compared; null for a live one. */
  shadow: { would_integrate: number; would_block: number; compared: number } | null;
  durationMs: number;
  /** The error behind a stop for reason `bug`; to be thrown by who ran the session. */
  fault: unknown;
}

export interface Session {
  readonly id: string;
  /** State path joined by dots, as `draining.merging`. */
  state(): string;
  /** Key of the candidate in hand. */
  candidate(): Taken | null;
  /** Its window and those it has in hand. */
  chain(): ChainOf;
  /** The queue grew. */
  wake(): void;
  /** The hold is lifted. */
  holdLifted(): void;
  /** Finishes the train in hand, requeues the rest, releases. */
  stop(reason: string): void;
  /** The session's own actor, and the keeper of its lease while it holds one. */
  actors(): RunningActor[];
  readonly done: Promise<SessionResult>;
}

/** One live actor of a session. */
export interface RunningActor {
  id: string;
  machine: 'integrator' | 'lease';
  snapshot: AnyMachineSnapshot;
  /** When it entered its state, RFC 3339. */
  since: string;
}

/** Starts a session at once. Its promise never rejects: a bug is a result with `fault`. */
export function startSession(options: SessionOptions): Session {
  const { clock, ids, config, inspect } = options;
  const sessionId = `integrator-${ids.ulid()}`;
  const keeper = createLeaseKeeper({
    store: options.leases,
    clock,
    sessionId,
    makeToken: () => ids.ulid(),
    ttlMs: config.leaseTtlMs,
    renewMs: config.leaseRenewMs,
    ...(inspect ? { inspect } : {}),
    onLost: (reason) => {
      work.lost.abort();
      actor.send({ type: 'lease.lost', reason });
    },
  });
  const parts = { ...options, sessionId, keeper, prober: options.makeProber(sessionId) };
  const work = new SessionWork(parts, (made) => new TestBed(made, (told) => actor.send(told)));
  const lanes = new Lanes(work);
  const way = WAYS[options.mode];
  const machine = integratorMachine.provide({
    actors: {
      takeLease: fromPromise<TakeLeaseOutcome, { sessionId: string }>(() => stoppable(() => way.take(work))),
      reconcileCandidates: fromPromise<ReconcileOutcome>(() => stoppable(() => way.reconcile(work))),
      selectCandidate: fromPromise<SelectOutcome, SelectInput>(({ input }) => stoppable(() => way.select(work, input))),
      recheckCandidate: fromPromise<RecheckOutcome, { candidate: Taken; train: Member[] }>(({ input }) =>
        stoppable(() => way.recheck(work, input)),
      ),
      mergeCandidate: fromPromise<MergeOutcome, { candidate: Taken; base: string; train: Member[] }>(({ input }) =>
        stoppable(() => mergeCandidate(work, input)),
      ),
      keepBooks: fromPromise<BooksOutcome, { member: Member; train: Member[] }>(({ input }) =>
        stoppable(() => keepBooks(work, input)),
      ),
      startChecks: fromPromise<CheckOutcome, CheckInput>(({ input }) => stoppable(() => startChecks(work, input))),
      letPast: fromPromise<OvertakeOutcome, OvertakeInput>(({ input }) => stoppable(() => letPast(work, lanes, input))),
      ejectCandidate: fromPromise<EjectOutcome, EjectInput>(({ input }) =>
        stoppable(() => ejectCandidate(work, input)),
      ),
      pushTrain: fromPromise<PushOutcome, { train: Member[] }>(({ input }) =>
        stoppable(() => pushTrain(work, input.train)),
      ),
      blockCandidate: fromPromise<BlockOutcome, { member: Member; detail: string }>(({ input }) =>
        stoppable(() => blockRefused(work, input.member, input.detail)),
      ),
      judgeCandidate: fromPromise<JudgeOutcome, { candidate: Taken; base: string }>(({ input }) =>
        stoppable(() => judgeCandidate(work, input)),
      ),
      auditTrain: fromPromise<AuditOutcome, { train: Member[] }>(({ input }) =>
        stoppable(() => auditTrain(work, input.train)),
      ),
      recordDeliveries: fromPromise<RecordOutcome, { train: Member[]; violations: Violation[] }>(({ input }) =>
        stoppable(() => recordDeliveries(work, input)),
      ),
      cleanRemote: fromPromise<CleanOutcome>(() => stoppable(() => cleanRemote(work))),
      landFollowUps: fromPromise<FollowUpOutcome>(() => stoppable(() => landFollowUps(work))),
      releaseLease: fromPromise<void, ReleaseInput>(async ({ input }) => {
        await stoppable(() => releaseLease(work, input));
      }),
    },
  });
  const actor = createActor(machine, {
    id: sessionId,
    clock,
    input: {
      sessionId,
      mode: options.mode,
      graceMs: config.graceMs,
      pushAttempts: config.pushAttempts,
      pushBatch: config.pushBatch,
      rebuildMs: options.timings.rebuildMs,
      cleanAt: CLEAN_AT,
      window: options.repository.tests.windowOf(config.speculation.window),
      batch:
        config.speculation.batch === 'auto'
          ? batchFor(options.repository.tests.failureRate())
          : config.speculation.batch,
      patience: config.speculation.patience,
    },
    ...(inspect ? { inspect } : {}),
  });
  followLine(work, actor);
  watchLanes(work, lanes, actor);
  let since = clock.now();
  let path = '';
  const done = new Promise<SessionResult>((resolve) => {
    actor.subscribe((snapshot) => {
      if (statePath(snapshot.value) !== path) since = clock.now();
      path = statePath(snapshot.value);
      if (snapshot.status !== 'done') return;
      const { stop, fault } = snapshot.context;
      resolve({
        sessionId,
        mode: options.mode,
        outcome: stop?.outcome ?? 'drained',
        stop,
        ...work.counts,
        shadow: options.mode === 'shadow' ? { ...work.shadow } : null,
        durationMs: Math.round(clock.monotonic() - work.startedAt),
        fault,
      });
    });
  });
  actor.start();
  actor.send({ type: 'session.wake' });
  return {
    id: sessionId,
    state: () => statePath(actor.getSnapshot().value),
    candidate: () => actor.getSnapshot().context.candidate,
    chain: () => actor.getSnapshot().context,
    wake: () => actor.send({ type: 'session.wake' }),
    holdLifted: () => actor.send({ type: 'hold.lifted' }),
    stop(reason) {
      work.stopping.abort();
      actor.send({ type: 'session.stop', reason });
    },
    actors: () => [
      { id: sessionId, machine: 'integrator', snapshot: actor.getSnapshot(), since: new Date(since).toISOString() },
      ...keeper.actors(),
    ],
    done,
  };
}

/** `{draining: 'merging'}` -> `draining.merging`. */
export function statePath(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return '';
  return Object.entries(value)
    .map(([name, inner]) => (Object.keys(inner as object).length === 0 ? name : `${name}.${statePath(inner)}`))
    .join(' ');
}
