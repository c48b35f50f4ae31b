/** A clock moved by hand: time stands still until `advance`, which runs what is due in order. */
import type { Clock } from '../../src/io/clock.ts';

export interface HandClock extends Clock {
  /** Moves on by `ms`, running every timer that falls due, and lets what they started settle. */
  advance(ms: number): Promise<void>;
}

/** Enough microtasks for a chain of awaits to come to rest. */
async function settle(): Promise<void> {
  for (let i = 0; i < 50; i += 1) await Promise.resolve();
}

export function handClock(start = 1_700_000_000_000): HandClock {
  let now = start;
  let last = 0;
  const timers = new Map<number, { at: number; fn: () => void }>();
  return {
    now: () => now,
    monotonic: () => now - start,
    setTimeout(fn, ms) {
      last += 1;
      timers.set(last, { at: now + ms, fn: fn as () => void });
      return last;
    },
    clearTimeout(handle) {
      timers.delete(handle);
    },
    async advance(ms) {
      const end = now + ms;
      await settle();
      for (;;) {
        const due = [...timers]
          .filter(([, timer]) => timer.at <= end)
          .sort((a, b) => a[1].at - b[1].at || a[0] - b[0])[0];
        if (due === undefined) break;
        timers.delete(due[0]);
        now = Math.max(now, due[1].at);
        due[1].fn();
        await settle();
      }
      now = end;
    },
  };
}

/** The system's clock running `factor` times as fast, for time limits that real sockets have to meet. */
export function fastClock(factor: number): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now() * factor,
    setTimeout: (fn, ms) => setTimeout(fn, ms / factor),
    clearTimeout: (handle) => clearTimeout(handle),
  };
}
