/**
 * Runs the integrator machine over a load in virtual time. All decisions are the machine's own; here is only what the
 * world answers: which deliveries are ready, what merges, what passes, and how long each step takes.
 *
 * Invariants: nothing bad comes to main; every delivery ends; the same load and settings give the same run.
 */
import { type ActorRefFrom, createActor, type NonReducibleUnknown } from 'xstate';
import { InvariantViolation } from '../../errors.ts';
import type {
  AuditOutcome,
  BooksOutcome,
  CheckInput,
  CheckOutcome,
  CleanOutcome,
  EjectInput,
  EjectOutcome,
  FollowUpOutcome,
  Member,
  MergeOutcome,
  PushOutcome,
  RecheckOutcome,
  ReconcileOutcome,
  RecordOutcome,
  SelectOutcome,
  TakeLeaseOutcome,
  Taken,
} from '../../machines/effects.ts';
import type { Violation } from '../../machines/events.ts';
import { integratorMachine } from '../../machines/integrator.ts';
import type { ReleaseInput, SelectInput } from '../../machines/integrator-context.ts';
import { openWindow, type Window } from '../../machines/speculation.ts';
import { Ground } from './ground.ts';
import type { Change, Load } from './load.ts';
import { type Tip, Tips } from './tips.ts';
import { VirtualTime } from './virtual-time.ts';

/** What a simulation is run under; durations in ms. */
export interface Settings {
  window: number;
  batch: number;
  patience: number;
  /** Checks that run at a time. */
  parallel: number;
  pushBatch: number;
  /** Further runs of a check that failed, over the life of a delivery. */
  retries: number;
  /** Recheck, merge and books of one delivery. */
  mergeMs: number;
  /** One push, whatever it carries. */
  pushMs: number;
}

/** As a session waits and cleans up unless told otherwise. */
const GRACE_MS = 2000;
const CLEAN_AT = 50;

export interface Ended {
  change: Change;
  end: 'landed' | 'checks' | 'conflict';
  /** Since the simulation began, ms. */
  at: number;
}

export interface Run {
  /** In the order in which they ended. */
  ended: Ended[];
  runs: number;
  totalMs: number;
  /** Of `totalMs`, what led neither to a landing nor to a block. */
  wastedMs: number;
  cancelled: number;
  flakes: number;
  pushes: number;
  /** Most deliveries that were ready and had not ended. */
  longestQueue: number;
  /** When the first one was ready, and when the last one ended. */
  beganMs: number;
  endMs: number;
  /** Width of the window, by how long it was so: its mean, and its least. */
  window: { mean: number; least: number };
}

/** Thrown: InvariantViolation when the machine does what it must not, or stands still with work left. */
export function simulate(load: Load, settings: Settings): Run {
  return new World(load, settings).run();
}

interface MergeInput {
  candidate: Taken;
  base: string;
  train: Member[];
}

type Session = ActorRefFrom<typeof integratorMachine>;

class World {
  readonly #load: Load;
  readonly #settings: Settings;
  readonly #time = new VirtualTime();
  readonly #tips = new Tips();
  readonly #ground: Ground;
  readonly #machine;
  /** Indices of those to become ready, the next one last, and of those who are and were not taken, in their order. */
  readonly #coming: number[];
  readonly #queue: number[] = [];
  #arrived = 0;
  readonly #landed = new Set<number>();
  readonly #ended: Ended[] = [];
  #session: Session | null = null;
  #sessions = 0;
  #window: Window;
  #fault: InvariantViolation | null = null;
  #useful = 0;
  #pushes = 0;
  #longestQueue = 0;
  #width = { since: 0, sum: 0, least: Number.POSITIVE_INFINITY };

  constructor(load: Load, settings: Settings) {
    this.#load = load;
    this.#settings = settings;
    this.#window = openWindow(settings.window);
    const { changes } = load;
    this.#coming = [...changes.keys()].sort((a, b) => this.#change(b).readyMs - this.#change(a).readyMs || b - a);
    this.#ground = new Ground({
      time: this.#time,
      load,
      parallel: settings.parallel,
      retries: settings.retries,
      settled: (tip, verdict) => this.#session?.send({ type: 'checks.settled', tip: tip.id, verdict }),
    });
    const { mergeMs, pushMs } = settings;
    const time = this.#time;
    this.#machine = integratorMachine.provide({
      actors: {
        takeLease: time.effect<TakeLeaseOutcome, { sessionId: string }>(pushMs, () => ({
          kind: 'granted',
          fence: this.#sessions,
        })),
        reconcileCandidates: time.effect<ReconcileOutcome, NonReducibleUnknown>(0, () => ({
          kind: 'reconciled',
          uncleaned: 0,
        })),
        selectCandidate: time.effect<SelectOutcome, SelectInput>(0, ({ worklist }) => this.#select(worklist)),
        recheckCandidate: time.effect<RecheckOutcome, { candidate: Taken; train: Member[] }>(0, ({ train }) => ({
          kind: 'holds',
          base: train.at(-1)?.tip ?? this.#tips.main.id,
        })),
        mergeCandidate: time.effect<MergeOutcome, MergeInput>(mergeMs, (input) => this.#merge(input)),
        keepBooks: time.effect<BooksOutcome, { member: Member; train: Member[] }>(0, ({ member }) => ({
          kind: 'booked',
          member,
        })),
        startChecks: time.effect<CheckOutcome, CheckInput>(0, (input) => this.#check(input)),
        ejectCandidate: time.effect<EjectOutcome, EjectInput>(0, (input) => this.#eject(input)),
        pushTrain: time.effect<PushOutcome, { train: Member[] }>(pushMs, ({ train }) => this.#push(train)),
        auditTrain: time.effect<AuditOutcome, { train: Member[] }>(0, () => ({ kind: 'audited', violations: [] })),
        recordDeliveries: time.effect<RecordOutcome, { train: Member[]; violations: Violation[] }>(0, () => ({
          kind: 'recorded',
        })),
        cleanRemote: time.effect<CleanOutcome, NonReducibleUnknown>(0, () => ({ kind: 'cleaned' })),
        landFollowUps: time.effect<FollowUpOutcome, NonReducibleUnknown>(0, () => ({ kind: 'followed_up' })),
        releaseLease: time.effect<void, ReleaseInput>(0, () => undefined),
      },
    });
  }

  run(): Run {
    const { changes } = this.#load;
    this.#arrive();
    while (this.#ended.length < changes.length) {
      if (this.#fault === null && this.#time.step()) continue;
      if (this.#fault) throw this.#fault;
      const state = JSON.stringify(this.#session?.getSnapshot().value ?? null);
      throw new InvariantViolation(`the simulation stands still in ${state}, with ${this.#ended.length} ended`);
    }
    const endMs = this.#ended.at(-1)?.at ?? 0;
    this.#session?.stop();
    const { runs, totalMs, cancelled, flakes } = this.#ground;
    this.#noteWidth(this.#window.size);
    return {
      ended: this.#ended,
      runs,
      totalMs,
      wastedMs: totalMs - this.#useful,
      cancelled,
      flakes,
      pushes: this.#pushes,
      longestQueue: this.#longestQueue,
      beganMs: Math.min(...changes.map(({ readyMs }) => readyMs)),
      endMs,
      window: {
        mean: this.#width.since === 0 ? this.#window.size : this.#width.sum / this.#width.since,
        least: this.#width.least,
      },
    };
  }

  /** Everybody who is ready by now is in the queue; the next one comes in its time. */
  #arrive(): void {
    for (;;) {
      const next = this.#coming.at(-1);
      if (next === undefined) break;
      const { readyMs } = this.#change(next);
      if (readyMs > this.#time.now) {
        this.#time.after(readyMs - this.#time.now, () => this.#arrive());
        break;
      }
      this.#coming.pop();
      this.#enqueue(next);
    }
    this.#longestQueue = Math.max(this.#longestQueue, this.#arrived - this.#ended.length);
    if (this.#session) this.#session.send({ type: 'session.wake' });
    else if (this.#queue.length > 0) this.#begin();
  }

  /** The queue has the order of the load, whoever became ready first. */
  #enqueue(at: number): void {
    const place = this.#queue.findLastIndex((other) => other < at);
    this.#queue.splice(place + 1, 0, at);
    this.#arrived += 1;
  }

  #begin(): void {
    this.#sessions += 1;
    const { batch, patience, pushBatch } = this.#settings;
    const session = createActor(this.#machine, {
      clock: this.#time.clock as never,
      input: {
        sessionId: `integrator-${this.#sessions}`,
        mode: 'live',
        graceMs: GRACE_MS,
        pushAttempts: 1,
        pushBatch,
        rebuildMs: 0,
        cleanAt: CLEAN_AT,
        window: this.#window,
        batch,
        patience,
      },
    });
    this.#session = session;
    // What a listener throws XState would throw beside the run; so it is kept for the run to throw.
    session.subscribe({ next: (snapshot) => this.#heard(snapshot), error: (error) => this.#fail(error) });
    session.start();
    session.send({ type: 'session.wake' });
  }

  #heard({ status, context }: ReturnType<Session['getSnapshot']>): void {
    if (context.window.size !== this.#window.size) this.#noteWidth(this.#window.size);
    this.#window = context.window;
    const again = [...context.worklist, ...(context.candidate ? [context.candidate] : [])];
    const built = new Set([...context.train, ...context.chain].map(({ tip }) => tip));
    this.#ground.keep((tip) => built.has(tip.id) || again.some(({ attempt }) => attempt === tip.at));
    if (status !== 'done') return;
    this.#session = null;
    if (context.stop) this.#fail(context.fault ?? context.stop.detail);
    else if (this.#queue.length > 0) this.#begin();
  }

  #fail(cause: unknown): void {
    this.#fault ??= new InvariantViolation(
      `the simulated session stopped: ${cause instanceof Error ? cause.message : cause}`,
    );
  }

  #noteWidth(size: number): void {
    const { since, sum, least } = this.#width;
    this.#width = { since: this.#time.now, sum: sum + size * (this.#time.now - since), least: Math.min(least, size) };
  }

  #select(worklist: readonly Taken[]): SelectOutcome {
    const [again] = worklist;
    const behind = this.#queue.length - 1;
    if (again) return { kind: 'taken', candidate: again, behind: behind + worklist.length };
    const at = this.#queue.shift();
    if (at === undefined) return { kind: 'empty' };
    const { slug } = this.#change(at);
    // The number of the attempt names the delivery: nobody is dequeued twice here.
    return { kind: 'taken', candidate: { slug, branch: slug, sha: slug, attempt: at, dequeuedAt: '' }, behind };
  }

  #merge({ candidate, base, train }: MergeInput): MergeOutcome {
    const at = candidate.attempt;
    const into = this.#tips.of(base);
    if (this.#conflicts(at, into)) {
      if (train.length > 0) return { kind: 'provisional' };
      this.#settle(at, 'conflict');
      return { kind: 'settled' };
    }
    const { id } = this.#tips.build(into, at, this.#change(at).bad);
    return { kind: 'merged', member: { ...candidate, base, mergeCommit: id, tip: id, tree: id, skipped: 0 } };
  }

  #conflicts(at: number, into: Tip): boolean {
    const { conflict } = this.#change(at);
    if (conflict !== 'before') return conflict === 'always';
    return this.#landed.has(at - 1) || [...this.#tips.line(into)].some((tip) => tip.at === at - 1);
  }

  #check({ entry, closed }: CheckInput): CheckOutcome {
    const tip = this.#tips.of(entry.tip);
    if (!closed) return { kind: 'begun', tip: tip.id, verdict: 'untested' };
    if (tip.verdict === 'passed') return { kind: 'begun', tip: tip.id, verdict: 'passed' };
    if (!this.#ground.isTesting(tip)) this.#ground.start(tip);
    return { kind: 'begun', tip: tip.id, verdict: 'running' };
  }

  #eject({ aside }: EjectInput): EjectOutcome {
    const { main } = this.#tips;
    if (aside.base !== main.id) return { kind: 'returned' };
    const at = aside.attempt;
    this.#useful += main.built.get(at)?.costMs ?? 0;
    this.#settle(at, aside.because);
    return { kind: 'ejected' };
  }

  #push(train: readonly Member[]): PushOutcome {
    const last = this.#tips.of(train.at(-1)?.tip ?? '');
    if (last.isBad || last.verdict !== 'passed')
      throw new InvariantViolation(`${last.id} came to main untested or bad`);
    const line = [...this.#tips.line(last)].reverse();
    for (const tip of line) {
      this.#useful += tip.costMs;
      this.#landed.add(tip.at);
      this.#settle(tip.at, 'landed');
    }
    this.#pushes += 1;
    this.#tips.land(last);
    return { kind: 'pushed' };
  }

  #settle(at: number, end: Ended['end']): void {
    this.#ended.push({ change: this.#change(at), end, at: this.#time.now });
  }

  #change(at: number): Change {
    return this.#load.changes[at] as Change;
  }
}
