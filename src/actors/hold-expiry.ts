/**
 * The end of a hold that was placed for a time: an event like any other, appended once `until` has passed by the Redis
 * clock. Any number of hosts may watch the same hold; the event's id is made from the hold, so one comes of it.
 */
import { createHash } from 'node:crypto';
import { type Clock, sleep } from '../io/clock.ts';
import type { PayloadOf } from '../machines/events.ts';
import type { Hold } from '../machines/standing.ts';
import type { Host } from './host.ts';
import type { Session } from './integrator.ts';

/** The clocks may drift apart while the timer runs, so it never runs longer than this. */
const LOOK_MS = 60_000;
/** A look that failed is repeated after this. */
const RETRY_MS = 1000;

/** Lifts the hold if its time is over. Gives the ms until it is; null when nothing will end it by itself. */
export async function liftExpiredHold(host: Host): Promise<number | null> {
  const { hold } = host.repository.standing;
  if (!hold || hold.until === null) return null;
  const left = Date.parse(hold.until) - (await host.log.time());
  if (left > 0) return left;
  await host.producer.emit('integration.hold.lifted', expiryOf(hold));
  await host.dispatcher.catchUp();
  return null;
}

/**
 * Beside a session without a daemon, where nobody else notices that the time of a hold is over; until `signal` aborts.
 * The session is told again and again: a hold lifted just as it went to wait for that was not heard.
 */
export async function watchHold(host: Host, session: Session, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await liftExpiredHold(host).catch((error: unknown) =>
      host.report('an ended hold could not be lifted; trying again', { error: String(error) }),
    );
    if (!host.repository.standing.hold) session.holdLifted();
    await sleep(host.clock, RETRY_MS, signal).catch(() => undefined);
  }
}

/** What is told of the end of a hold whose time is over: the same words whoever comes by, so that they are one entry. */
export function expiryOf({ owner, since, until }: Hold): PayloadOf<'integration.hold.lifted'> {
  const digest = createHash('sha256')
    .update(JSON.stringify(['hold expired', owner, since, until]))
    .digest('hex');
  return { actor: 'telec', reason: 'expired', command_id: digest.slice(0, 26) };
}

export class HoldExpiry {
  readonly #host: Host;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  #timer: unknown = null;
  #stopped = false;

  constructor(host: Host, onError: (error: unknown) => void) {
    this.#host = host;
    this.#clock = host.clock;
    this.#onError = onError;
  }

  /** To be called at the start and whenever a hold was placed or lifted. */
  look(): void {
    this.#arm(0);
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) this.#clock.clearTimeout(this.#timer as never);
  }

  #arm(ms: number): void {
    if (this.#stopped) return;
    if (this.#timer !== null) this.#clock.clearTimeout(this.#timer as never);
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = null;
      liftExpiredHold(this.#host)
        .catch((error: unknown) => {
          this.#onError(error);
          return RETRY_MS;
        })
        .then((left) => {
          if (left !== null && this.#timer === null) this.#arm(Math.min(left + 1, LOOK_MS));
        });
    }, ms);
  }
}
