/**
 * Keeps one integrator session running while there is work: wakes it, looks at the queue once more after it ended,
 * and wakes it from a watchdog when a wake was lost or another session died. The lease decides who really integrates;
 * any number of supervisors may run on any number of hosts.
 *
 * Invariants: at most one session of this supervisor at a time; a session that failed, or that found nothing it could
 * do, is followed by a growing pause, so that no fault becomes a tight loop.
 */
import type { Clock } from '../io/clock.ts';
import type { LeaseStore } from '../io/redis/lease.ts';
import type { Session, SessionResult } from './integrator.ts';
import type { Repository } from './repository.ts';
import { isWorkDue } from './work-due.ts';

/** First pause after a session that was aborted or achieved nothing, ms; doubled each time. */
const PAUSE_FIRST_MS = 1000;

export interface SupervisorOptions {
  clock: Clock;
  leases: LeaseStore;
  repository: Repository;
  /** False while this host must not integrate, whatever the queue says. */
  mayIntegrate(): boolean;
  /** In which mode a session would run now; null while none may. */
  mode(): 'live' | 'shadow' | null;
  /** Makes ready and starts a session. */
  start(): Promise<Session>;
  /** How often the watchdog looks, ms. */
  watchdogMs: number;
  /** Pause after a session that could not reach the remote or was refused; the longest of all pauses, ms. */
  retryMs: number;
  /** Called with every ended session. */
  onEnded(result: SessionResult): void | Promise<void>;
  onError(error: unknown): void;
}

/** What asking for a session came to. The lease alone says whether another one runs. */
export type SpawnResult =
  | { kind: 'spawned' | 'already_running'; sessionId: string }
  | { kind: 'check_failed' | 'spawn_failed'; detail: string };

export class Supervisor {
  readonly #options: SupervisorOptions;
  #session: Session | null = null;
  #running: Promise<void> | null = null;
  /** Settles when the session that is being made has begun. */
  #beginning: Promise<Session> | null = null;
  #timer: unknown = null;
  /** Monotonic instants before which no session is started, by cause. */
  readonly #notBefore = { failure: 0, busy: 0, idle: 0 };
  /** Sessions in a row that failed or achieved nothing. */
  #fruitless = 0;
  #stopReason: string | null = null;
  /** Main of the remote as last seen, until a session has looked for itself. */
  #seenMain: string | null = null;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#arm(options.watchdogMs);
  }

  get session(): Session | null {
    return this.#session;
  }

  /** A candidate became ready (or was found on main): wakes the one integrator. */
  spawn(): void {
    this.#notBefore.idle = 0;
    if (this.#session) this.#session.wake();
    else this.#startIfDue();
  }

  /** Main of the remote was seen. In shadow another path moves it, and a session compares what that brought. */
  mainSeen(main: string): void {
    this.#seenMain = main;
    if (this.#options.mode() === 'shadow' && main !== this.#options.repository.standing.main) this.spawn();
  }

  /** Starts a session whatever the queue says, unless one runs here or elsewhere; that one is woken. Never throws. */
  async spawnNow(): Promise<SpawnResult> {
    for (;;) {
      const begun = await this.#beginning?.catch(() => null);
      const session = begun ?? this.#session;
      if (session) {
        session.wake();
        return { kind: 'already_running', sessionId: session.id };
      }
      if (this.#stopReason !== null) return { kind: 'spawn_failed', detail: `the daemon ends: ${this.#stopReason}` };
      if (!this.#options.mayIntegrate()) return { kind: 'spawn_failed', detail: 'the log cannot be followed' };
      const { hold } = this.#options.repository.standing;
      if (hold) return { kind: 'spawn_failed', detail: `merging is on hold: ${hold.reason}` };
      const other = await this.#holder();
      if (other) return other;
      // Another may have begun meanwhile: that one is it. One that is just ending has to be over first.
      if (this.#beginning || this.#session) continue;
      if (!this.#running) break;
      await this.#running;
    }
    try {
      const { id } = await this.#begin();
      return { kind: 'spawned', sessionId: id };
    } catch (error) {
      return { kind: 'spawn_failed', detail: error instanceof Error ? error.message : String(error) };
    }
  }

  async #holder(): Promise<SpawnResult | null> {
    try {
      const { record, now } = await this.#options.leases.read();
      return record && record.expiresAt > now ? { kind: 'already_running', sessionId: record.ownerSessionId } : null;
    } catch (error) {
      return { kind: 'check_failed', detail: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Tells the session of that id to end; false when it is not this supervisor's. */
  endSession(sessionId: string): boolean {
    if (this.#session?.id !== sessionId) return false;
    this.#session.stop('asked');
    return true;
  }

  /** The hold is lifted: the waiting session goes on, or a new one starts. */
  holdLifted(): void {
    this.#session?.holdLifted();
    this.lookAgain();
  }

  /** The lease became free elsewhere, or the remote answers again: earlier pauses have lost their reason. */
  lookAgain(): void {
    Object.assign(this.#notBefore, { failure: 0, busy: 0, idle: 0 });
    this.#startIfDue();
  }

  /** Stops the session in hand and starts no other; resolves when it has ended. */
  async stop(reason: string): Promise<void> {
    this.#stopReason ??= reason;
    if (this.#timer !== null) this.#options.clock.clearTimeout(this.#timer as never);
    this.#timer = null;
    this.#session?.stop(this.#stopReason);
    await this.#running;
  }

  #hasWork(): boolean {
    const { repository, mayIntegrate, mode } = this.#options;
    return mayIntegrate() && isWorkDue(repository, mode(), this.#seenMain);
  }

  #startIfDue(leaseIsFree = false): void {
    const { clock } = this.#options;
    if (this.#stopReason !== null || this.#running || !this.#hasWork()) return;
    const { failure, busy, idle } = this.#notBefore;
    if (clock.monotonic() < Math.max(failure, idle, leaseIsFree ? 0 : busy)) return;
    // Who asked for it hears of a failure; a wake is tried again.
    this.#begin().catch(() => undefined);
  }

  #begin(): Promise<Session> {
    const { onError, start } = this.#options;
    const beginning = start();
    this.#beginning = beginning;
    this.#running = this.#run(beginning)
      .catch((error: unknown) => {
        this.#notBefore.failure = this.#options.clock.monotonic() + this.#pause();
        onError(error);
      })
      .finally(() => {
        this.#running = null;
        // What became ready while the session ended woke nobody.
        this.#startIfDue();
      });
    return beginning;
  }

  async #run(beginning: Promise<Session>): Promise<void> {
    try {
      this.#session = await beginning;
    } finally {
      this.#beginning = null;
    }
    const session = this.#session;
    if (this.#stopReason !== null) session.stop(this.#stopReason);
    const result = await session.done;
    this.#session = null;
    this.#seenMain = null;
    await this.#options.onEnded(result);
    await this.#afterwards(result);
  }

  /** When the next session may start depends on how this one ended. */
  async #afterwards(result: SessionResult): Promise<void> {
    const { clock, leases, retryMs } = this.#options;
    const now = clock.monotonic();
    switch (result.outcome) {
      case 'drained':
        if (achieved(result) > 0) this.#fruitless = 0;
        else this.#notBefore.idle = now + this.#pause();
        return;
      case 'busy': {
        const { record, now: redisNow } = await leases.read();
        this.#notBefore.busy = now + (record ? Math.max(0, record.expiresAt - redisNow) + 1 : 0);
        return;
      }
      case 'held':
      case 'halted':
        return;
      case 'aborted':
        this.#notBefore.failure = now + this.#pause();
        return;
      default:
        this.#notBefore.failure = now + retryMs;
    }
  }

  #pause(): number {
    const pause = Math.min(PAUSE_FIRST_MS * 2 ** this.#fruitless, this.#options.retryMs);
    this.#fruitless = Math.min(this.#fruitless + 1, 20);
    return pause;
  }

  #arm(ms: number): void {
    const { clock } = this.#options;
    this.#timer = clock.setTimeout(() => {
      this.#watch()
        .catch(this.#options.onError)
        .finally(() => {
          if (this.#stopReason === null) this.#arm(this.#options.watchdogMs);
        });
    }, ms);
  }

  async #watch(): Promise<void> {
    // A hold lifted in the very moment in which the session went to wait for that was not heard.
    if (this.#session && !this.#options.repository.standing.hold) this.#session.holdLifted();
    if (this.#running || !this.#hasWork()) return;
    const { record, now } = await this.#options.leases.read();
    if (record === null || record.expiresAt <= now) this.#startIfDue(true);
  }
}

function achieved({ completed, blocked, superseded, shadow }: SessionResult): number {
  const { would_integrate, would_block, compared } = shadow ?? { would_integrate: 0, would_block: 0, compared: 0 };
  return completed + blocked + superseded + would_integrate + would_block + compared;
}
