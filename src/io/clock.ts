/**
 * Time and ids as parameters: nothing else in telec reads a clock or draws a random number, so the whole runtime can
 * run under a simulated clock. The shape is a superset of XState's `Clock`, so the same object drives the machines.
 */
import { monotonicFactory } from 'ulid';

export interface Clock {
  /** Wall time, ms since the epoch. For stamps only, never to measure. */
  now(): number;
  /** Local monotonic time, ms. For deadlines. */
  monotonic(): number;
  setTimeout(fn: (...args: never[]) => void, ms: number): unknown;
  clearTimeout(handle: never): void;
}

export interface Ids {
  /** A fresh ULID (26 characters of Crockford base 32, lower case). */
  ulid(): string;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (fn, ms) => setTimeout(fn, ms),
  clearTimeout: (handle) => clearTimeout(handle),
};

/** Ids from the system's randomness, stamped by `clock`. */
export function systemIds(clock: Clock = systemClock): Ids {
  const next = monotonicFactory();
  return { ulid: () => next(clock.now()).toLowerCase() };
}

/** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      clock.clearTimeout(handle as never);
      reject(signal?.reason);
    };
    const handle = clock.setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
