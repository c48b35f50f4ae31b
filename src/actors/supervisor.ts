/**
 * Keeps one integrator session running while there is work: wakes it, looks at the queue once more after it ended,
 * and wakes it from a watchdog when a wake was lost or another session died. The lease decides who really integrates;
 * any number of supervisors may run on any number of hosts.
 */
import type { Clock } from '../io/clock.ts';
import type { LeaseStore } from '../io/redis/lease.ts';
import type { Session, SessionResult } from './integrator.ts';
import type { CandidateRecord, Repository } from './repository.ts';

export interface SupervisorOptions {
  clock: Clock;
  leases: LeaseStore;
  repository: Repository;
  /** Starts a session at once. */
  start(): Session;
  /** How often the watchdog looks, ms. */
  watchdogMs: number;
  /** Pause after a session that could not reach the remote, or that was aborted, ms. */
  retryMs: number;
  /** Called with every ended session. */
  onEnded(result: SessionResult): void;
  onError(error: unknown): void;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  #session: Session | null = null;
  #timer: unknown = null;
  /** Monotonic instant before which no session is started: the pause after one that failed. */
  #notBefore = 0;
  #stopped = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#arm(options.watchdogMs);
  }

  get session(): Session | null {
    return this.#session;
  }

  /** A candidate became ready (or was found on main): wakes the one integrator. */
  spawn(): void {
    if (this.#session) this.#session.wake();
    else this.#startIfDue();
  }

  /** The lease became free elsewhere, or a hold was lifted. */
  lookAgain(): void {
    this.#session?.holdLifted();
    this.#notBefore = 0;
    this.#startIfDue();
  }

  /** Stops the session in hand and starts no other. */
  async stop(reason: string): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) this.#options.clock.clearTimeout(this.#timer as never);
    this.#session?.stop(reason);
    await this.#session?.done;
  }

  #hasWork(): boolean {
    const { repository } = this.#options;
    const { standing } = repository;
    if (standing.mode !== 'live' || standing.hold) return false;
    return repository.queue.length > 0 || standing.openPushes.length > 0 || repository.live().some(needsSession);
  }

  #startIfDue(): void {
    const { clock, onEnded } = this.#options;
    if (this.#stopped || this.#session || !this.#hasWork() || clock.monotonic() < this.#notBefore) return;
    const session = this.#options.start();
    this.#session = session;
    void session.done.then((result) => {
      this.#session = null;
      onEnded(result);
      this.#afterwards(result).catch(this.#options.onError);
    });
  }

  /** What comes next depends on how the session ended; the watchdog repairs whatever is missed here. */
  async #afterwards(result: SessionResult): Promise<void> {
    const { clock, leases, retryMs, watchdogMs } = this.#options;
    if (result.outcome === 'drained') return this.#startIfDue();
    if (result.outcome !== 'busy') {
      this.#notBefore = clock.monotonic() + retryMs;
      return;
    }
    const { record, now } = await leases.read();
    const wait = record ? Math.max(0, record.expiresAt - now) : 0;
    this.#arm(Math.min(wait + 1, watchdogMs));
  }

  #arm(ms: number): void {
    const { clock } = this.#options;
    if (this.#stopped) return;
    if (this.#timer !== null) clock.clearTimeout(this.#timer as never);
    this.#timer = clock.setTimeout(() => {
      this.#timer = null;
      this.#watch()
        .catch(this.#options.onError)
        .finally(() => {
          if (this.#timer === null) this.#arm(this.#options.watchdogMs);
        });
    }, ms);
  }

  async #watch(): Promise<void> {
    // A hold lifted in the very moment in which the session went to wait for that was not heard.
    if (this.#session && !this.#options.repository.standing.hold) this.#session.holdLifted();
    if (this.#session || !this.#hasWork()) return;
    const { record, now } = await this.#options.leases.read();
    if (record === null || record.expiresAt <= now) this.#startIfDue();
  }
}

/** Work that is not in the queue: one left integrating by a dead session, or one found on main. */
function needsSession({ state, context }: CandidateRecord): boolean {
  return state === 'integrating' || context.facts?.integrated === true;
}
