/**
 * What one integrator session carries from effect to effect: its proof, the remote as last seen, the fence it left
 * there, its counts. Also the three ways an effect talks to the world: `record` (fenced append, then catch up),
 * `patiently` (transient faults of the remote are retried) and `stop`.
 */

import { InvariantViolation, TelecError } from '../../errors.ts';
import type { CheckGround } from '../../io/checks/port.ts';
import type { Clock, Ids } from '../../io/clock.ts';
import { sleep } from '../../io/clock.ts';
import type { CheckDefinition, Speculation } from '../../io/config-checks.ts';
import type { IntegrationRepository, RemoteView } from '../../io/git/port.ts';
import { GitFault } from '../../io/git/run.ts';
import { SignerFault } from '../../io/guards/signer.ts';
import type { EventLog } from '../../io/redis/log.ts';
import type { Stop, Stopped } from '../../machines/effects.ts';
import type { EventCatalogue, EventType, PayloadOf } from '../../machines/events.ts';
import type { CandidateKey } from '../../machines/identity.ts';
import type { CandidateRecord } from '../candidate-record.ts';
import type { Dispatcher } from '../dispatcher.ts';
import type { Faults } from '../faults.ts';
import { type LeaseKeeper, LeaseLost, type LeaseProof } from '../lease-keeper.ts';
import { compareIds } from '../pipeline.ts';
import type { Prober } from '../prober.ts';
import type { Emission, EmitResult, NotificationProducer } from '../producer.ts';
import type { Repository } from '../repository.ts';
import type { AuditUnderWay } from './audit.ts';
import { fenceLost } from './fence-lost.ts';
import type { TestBed } from './tests/bed.ts';

/** What of the configuration a session needs. */
export interface SessionConfig {
  repoId: string;
  main: string;
  strategy: 'merge' | 'squash';
  graceMs: number;
  pushAttempts: number;
  pushBatch: number;
  /** `Name <mail>`. */
  author: string;
  /** `strict`: a commit on main without receipt halts and takes the cutover back. */
  guards: 'normal' | 'strict';
  /** What is cleaned up behind a delivery. */
  cleanup: { worktree: boolean; localBranch: boolean; remoteBranch: boolean; todo: boolean };
  leaseTtlMs: number;
  leaseRenewMs: number;
  /** What the main work tree's file says, for a main that has none. */
  checks: readonly CheckDefinition[];
  speculation: Speculation;
}

/** Delays of a session, ms; given by the composition root so that tests can be fast. */
export interface Timings {
  /** First and longest pause between tries of a remote that cannot be reached, and how long they go on. */
  retryFirstMs: number;
  retryMaxMs: number;
  retryTotalMs: number;
  /** Base of the growing pause after a lost race. */
  rebuildMs: number;
}

export const TIMINGS: Timings = { retryFirstMs: 1000, retryMaxMs: 60_000, retryTotalMs: 300_000, rebuildMs: 200 };

/** What a session needs from outside. */
export interface SessionParts {
  sessionId: string;
  /** In shadow nothing of the remote is changed, the fence included. */
  mode: 'live' | 'shadow';
  host: string;
  version: string;
  config: SessionConfig;
  timings: Timings;
  clock: Clock;
  ids: Ids;
  logId: string;
  /** The log itself, to be read again where the fold does not keep what is asked. */
  log: Pick<EventLog, 'read'>;
  catalogue: EventCatalogue;
  git: IntegrationRepository;
  /** Opens the place where checks run, when the first one is to. */
  openGround(): Promise<CheckGround>;
  repository: Repository;
  dispatcher: Dispatcher;
  producer: NotificationProducer;
  prober: Prober;
  keeper: LeaseKeeper;
  faults: Faults;
  /** For what it was started; told with its beginning. */
  about?: { project?: string; candidate?: CandidateKey };
  /** One line of the operating log. */
  report(message: string, details: Record<string, unknown>): void;
}

export type AlarmCode = NonNullable<PayloadOf<'integration.hold.placed'>['alarm']>;

/** Thrown inside an effect to stop the session; the effect's wrapper turns it into an outcome. */
export class SessionStop extends Error {
  override name = 'SessionStop';
  readonly stop: Stop;

  constructor(stop: Stop) {
    super(stop.detail);
    this.stop = stop;
  }
}

/** Stops the session with an outcome that is no bug. */
export function stop(outcome: Stop['outcome'], reason: string, detail: string, code: string | null = null): never {
  throw new SessionStop({ outcome, reason, detail, code });
}

type Answer = { kind: string; detail?: string };

export class SessionWork {
  readonly parts: SessionParts;
  readonly tests: TestBed;
  readonly startedAt: number;
  /** Ends pauses, when the session is told to stop; what is under way is finished. */
  readonly stopping = new AbortController();
  /** Ends everything, git processes included, when the lease is lost. */
  readonly lost = new AbortController();
  /** Aborts with either of them: pauses end. Not `AbortSignal.any`, whose signal can be collected while it is waited for. */
  readonly hurried = new AbortController();
  proof: LeaseProof | null = null;
  /** The remote as last read, or as our own last push left it. */
  view: RemoteView | null = null;
  /** Fence commit that the remote has from us, and its sequence number. */
  fenceCommit: string | null = null;
  seq = 0;
  /** Pushes attempted so far; tells two apart that would replace the same fence. */
  pushNumber = 0;
  /** Of the push in hand; null when none is, or it brings no candidate. */
  audit: AuditUnderWay | null = null;
  readonly counts = { completed: 0, blocked: 0, superseded: 0 };
  /** What a session in shadow said and compared. */
  readonly shadow = { would_integrate: 0, would_block: 0, compared: 0 };
  /** The mode of the repository when the session began; the session's own may be narrower. */
  readonly modeAtStart: 'live' | 'shadow' | null;
  /** In shadow: the entry as of which the candidate in hand was chosen. */
  chosenAsOf = '0';
  /** In shadow: what a commit of main would have grown to by all that was judged on it so far. */
  chain: { base: string; tip: string } | null = null;
  /** Times a condition sent a candidate back in this drain. */
  readonly fallen = new Map<CandidateKey, number>();
  /** Records that were counted as superseded. */
  readonly #superseded = new Set<string>();

  constructor(parts: SessionParts, makeBed: (work: SessionWork) => TestBed) {
    this.parts = parts;
    this.startedAt = parts.clock.monotonic();
    this.modeAtStart = parts.repository.standing.mode;
    for (const { signal } of [this.stopping, this.lost]) signal.addEventListener('abort', () => this.hurried.abort());
    this.tests = makeBed(this);
  }

  now(): string {
    return new Date(this.parts.clock.now()).toISOString();
  }

  seconds(): number {
    return Math.floor(this.parts.clock.now() / 1000);
  }

  /** The proof; without one nothing that needs it may be reached. */
  held(): LeaseProof {
    if (!this.proof) throw new InvariantViolation('an effect that needs the lease ran without it');
    return this.proof;
  }

  /** Session id and fence, as every fenced event carries them. */
  stamp(): { session_id: string; fence: number } {
    return { session_id: this.parts.sessionId, fence: this.held().fence };
  }

  /** Appends fenced events in one step under the lease, then applies the log up to its end. */
  async record(...events: Emission[]): Promise<void> {
    const proof = this.held();
    proof.assertHeld();
    const { producer, dispatcher } = this.parts;
    // The read goes out right behind the append and usually brings what was appended: one round trip instead of two.
    const taken = producer.emitAll(events, { proof: { token: proof.token, fence: proof.fence } });
    const [result] = await Promise.all([taken, dispatcher.catchUp()]);
    expectTaken(result);
    if (result.ids.some((id) => compareIds(id, dispatcher.appliedId) > 0)) await dispatcher.catchUp();
  }

  /** Appends one event that needs no lease. */
  async note<T extends EventType>(type: T, payload: PayloadOf<T>): Promise<void> {
    expectTaken(await this.parts.producer.emit(type, payload as never));
    await this.parts.dispatcher.catchUp();
  }

  /**
   * Appends what the session saw of main, in one step. Its types need no lease, but a session that had one and lost it
   * compares an old view with a log that went on: its word no longer counts.
   */
  async testify(...events: Emission[]): Promise<void> {
    if (events.length === 0) return;
    this.proof?.assertHeld();
    const proof = this.proof && { token: this.proof.token, fence: this.proof.fence };
    expectTaken(await this.parts.producer.emitAll(events, proof ? { proof } : {}));
    await this.parts.dispatcher.catchUp();
  }

  /** The hold that makes a halt, for one append with what it is about; none when that halt stands already. */
  haltOf(alarm: AlarmCode, detail: string): Emission[] {
    const { repository, sessionId: owner, ids } = this.parts;
    if (repository.standing.hold?.alarm === alarm) return [];
    const payload = { owner, reason: detail, until: null, main_busy: false, alarm, command_id: ids.ulid() };
    return [{ type: 'integration.hold.placed', payload }];
  }

  /** Places the hold that makes a halt, then stops. */
  async halt(code: AlarmCode, detail: string): Promise<never> {
    await this.testify(...this.haltOf(code, detail));
    return stop('halted', code.toLowerCase(), detail, code);
  }

  /**
   * Asks the remote until it answers with something else than one of the `transient` kinds, at growing intervals.
   * Stops the session as unreachable when the time for it is over or the session is told to stop.
   */
  async patiently<A extends Answer, K extends A['kind']>(
    ask: () => Promise<A>,
    ...transient: K[]
  ): Promise<Exclude<A, { kind: K }>> {
    const { clock, timings } = this.parts;
    const deadline = clock.monotonic() + timings.retryTotalMs;
    for (let pause = timings.retryFirstMs; ; pause = Math.min(pause * 2, timings.retryMaxMs)) {
      const answer = await ask();
      if (!(transient as string[]).includes(answer.kind)) return answer as Exclude<A, { kind: K }>;
      const detail = answer.detail ?? answer.kind;
      this.parts.report('the remote did not answer; trying again', { detail, pause });
      if (this.stopping.signal.aborted || this.lost.signal.aborted || clock.monotonic() + pause > deadline)
        stop('unreachable', 'unreachable', detail);
      await sleep(clock, pause, this.hurried.signal).catch(() => undefined);
    }
  }

  /** Reads the remote anew; refuses to go on when refs are planted in the way of main or the fence. */
  async look(): Promise<RemoteView> {
    const { view } = await this.patiently(() => this.parts.git.look(this.lost.signal), 'unreachable');
    if (view.planted.length > 0) {
      await this.halt(
        'REF_PLANTED',
        `the remote has refs that git confuses with main or the fence: ${view.planted.join(', ')}`,
      );
    }
    this.view = view;
    return view;
  }

  /**
   * As `look`, under the lease: a fence that is not ours any more means that another session took over. In shadow there is
   * none of ours.
   */
  async lookHolding(): Promise<RemoteView & { main: string }> {
    const view = await this.look();
    if (this.parts.mode === 'live' && view.fence !== this.fenceCommit) return fenceLost(this, view.fence);
    const { main } = view;
    if (main === null) return this.halt('MAIN_REWOUND', 'main is gone from the remote');
    return Object.assign(view, { main });
  }

  /**
   * Stops the session when the repository's mode is no longer what it was made for: a live one that was taken back, one
   * in shadow behind which main was handed over. One that its environment narrows to shadow goes on.
   */
  stopIfModeMoved(): void {
    const { mode, repository } = this.parts;
    const { mode: now } = repository.standing;
    if (mode === 'live' && now !== 'live') stop('aborted', 'rolled_back', 'the cutover was taken back');
    if (mode === 'shadow' && now === 'live' && this.modeAtStart !== 'live') {
      stop('aborted', 'mode_changed', 'the cutover was enabled; what was judged so far is recorded');
    }
  }

  /** The remote as last seen, which is good enough to begin with; read anew when it shows nothing of the branch that is here. */
  async viewOf(branch: string): Promise<RemoteView> {
    const view = this.view ?? (await this.lookHolding());
    const head = view.heads.get(branch);
    return head !== undefined && (await this.parts.git.hasCommit(head)) ? view : this.lookHolding();
  }

  /** Counts a candidate that was in hand when a newer one of its slug took its place. */
  countSuperseded({ id, state }: CandidateRecord): void {
    if (state !== 'superseded' || this.#superseded.has(id)) return;
    this.#superseded.add(id);
    this.counts.superseded += 1;
  }

  /** The record of a candidate in hand. */
  recordOf(key: CandidateKey): CandidateRecord {
    const record = this.parts.repository.find(key);
    if (!record) throw new InvariantViolation(`candidate ${key} is not in the log`);
    return record;
  }
}

/** Appending by telec itself is refused only when the lease is gone; anything else is a mistake in the program. */
function expectTaken(result: EmitResult): void {
  if (result.status === 'fenced_out') throw new LeaseLost('fenced_out');
  if (result.status === 'appended' || result.status === 'duplicate') return;
  const problems =
    'problems' in result ? result.problems.map(({ path, message }) => `${path} ${message}`).join('; ') : '';
  throw new InvariantViolation(`the log did not take an event of the session: ${result.status}: ${problems}`);
}

/** Runs the body of an effect; a stop or a lost lease becomes the outcome `stopped`, anything else is a bug. */
export async function stoppable<T>(body: () => Promise<T>): Promise<T | Stopped> {
  try {
    return await body();
  } catch (error) {
    if (error instanceof SessionStop) return { kind: 'stopped', stop: error.stop };
    if (error instanceof LeaseLost) {
      return { kind: 'stopped', stop: { outcome: 'aborted', reason: 'lease_lost', detail: error.reason, code: null } };
    }
    // Git died or lacks an object: nothing is known to be wrong with this program, and the next session tries again.
    if (error instanceof GitFault) {
      return { kind: 'stopped', stop: { outcome: 'aborted', reason: 'git', detail: error.message, code: error.code } };
    }
    // Nothing was pushed: the remote would refuse a fence that is not signed.
    if (error instanceof SignerFault) {
      return {
        kind: 'stopped',
        stop: { outcome: 'refused', reason: 'signer', detail: error.message, code: error.code },
      };
    }
    // Redis that cannot be reached is no bug of the session; what it left is settled by the next one.
    if (error instanceof TelecError && error.retryable) {
      const { code, message: detail } = error;
      return { kind: 'stopped', stop: { outcome: 'unreachable', reason: code.toLowerCase(), detail, code: null } };
    }
    throw error;
  }
}
