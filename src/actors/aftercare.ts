/**
 * What the daemon does after deliveries: tidies the clones of this machine, and sees that the configured command follows
 * each drain. One thing at a time, beside everything else, and never the reason for which something else ends.
 */
import type { Clock } from '../io/clock.ts';
import type { Config } from '../io/config.ts';
import type { DomainEvent } from '../machines/events.ts';
import { followDrain } from './after-delivery.ts';
import type { Opened } from './commands/session.ts';
import { sweep } from './janitor.ts';

/** Deliveries are tidied up after this long at the latest, should the end of their session never be told. */
const LATE_MS = 30_000;
/** Another process tidies: looked at again after this long. */
const BUSY_MS = 2000;
/** A timer never runs longer, ms: leftovers are looked at again at least this often. */
const LOOK_MAX_MS = 3_600_000;

export interface AftercareParts {
  opened: Opened;
  /** The configuration as last read. */
  config(): Config;
  report(message: string, details: Record<string, unknown>): void;
  onError(error: unknown): void;
}

export class Aftercare {
  readonly #parts: AftercareParts;
  readonly #clock: Clock;
  #turn: Promise<void> = Promise.resolve();
  #timer: unknown = null;
  #timerAt = Number.POSITIVE_INFINITY;
  #stopped = false;

  constructor(parts: AftercareParts) {
    this.#parts = parts;
    this.#clock = parts.opened.host.clock;
  }

  /** Takes up what an earlier process left. */
  start(): void {
    this.#do(() => this.#sweep(true));
    this.#do(() => this.#follow());
  }

  /** One entry was applied, written by whomever. */
  applied({ type }: DomainEvent): void {
    if (type === 'deployment.completed') this.#arm(LATE_MS);
    if (type === 'integration.session.completed' || type === 'integration.session.aborted') this.#arm(0);
  }

  /** A session of this process ended, its lease is given back and the state is saved. */
  drained(): void {
    this.#do(() => this.#follow());
  }

  /** Tidies no more; resolves when what was begun has ended. A drain that ended is still followed. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#disarm();
    await this.#turn;
  }

  #do(work: () => Promise<void>): void {
    this.#turn = this.#turn.then(() => work().catch(this.#parts.onError));
  }

  #follow(): Promise<void> {
    return followDrain(this.#parts.opened, this.#parts.config());
  }

  async #sweep(all: boolean): Promise<void> {
    if (this.#stopped) return;
    const { opened, config, report } = this.#parts;
    const done = await sweep(opened, { config: config(), all }).catch((error: unknown) => {
      // Redis may be away for a while: that is no reason to forget it.
      this.#arm(LATE_MS);
      throw error;
    });
    if (done === null) return this.#arm(BUSY_MS);
    for (const remark of done.remarks) report('not cleaned up', { remark });
    if (done.nextAt !== null) this.#arm(Math.max(0, done.nextAt - this.#clock.now()));
  }

  /** Sweeps after `ms`, or earlier if that was asked for before. */
  #arm(ms: number): void {
    const at = this.#clock.monotonic() + Math.min(ms, LOOK_MAX_MS);
    if (this.#stopped || at >= this.#timerAt) return;
    this.#disarm();
    this.#timerAt = at;
    this.#timer = this.#clock.setTimeout(
      () => {
        this.#timer = null;
        this.#timerAt = Number.POSITIVE_INFINITY;
        this.#do(() => this.#sweep(false));
      },
      Math.min(ms, LOOK_MAX_MS),
    );
  }

  #disarm(): void {
    if (this.#timer !== null) this.#clock.clearTimeout(this.#timer as never);
    this.#timer = null;
    this.#timerAt = Number.POSITIVE_INFINITY;
  }
}
