/**
 * Waits for new entries of one stream: one blocked read on the reader connection shared by all who wait. Tells only
 * that something may have come; whoever waits then reads for itself. Never returns entries and never throws.
 *
 * Invariant: a blocked read lasts at most `BLOCK_MS`; one that outlives it by `GRACE_MS` is cut with its connection
 * (a blocked command can hang for ever after a reset).
 */
import type { Redis } from 'ioredis';
import type { Clock } from '../clock.ts';

const BLOCK_MS = 5000;
const GRACE_MS = 2000;
/** After a failed read, so that a broken connection is not asked in a tight loop. */
const PAUSE_MS = 200;

export interface Tail {
  /**
   * Resolves when the stream may hold an entry after `after`, after `timeoutMs`, at the latest after one block, or
   * when `signal` aborts.
   */
  arrival(after: string, timeoutMs: number, signal: AbortSignal): Promise<void>;
}

export function openTail(reader: Redis, key: string, clock: Clock): Tail {
  let blocked: Promise<void> | null = null;

  /** One blocked read; a later caller may share it, since ids only grow. */
  async function block(after: string): Promise<void> {
    let watchdog: unknown;
    const hung = new Promise<'hung'>((resolve) => {
      watchdog = clock.setTimeout(() => resolve('hung'), BLOCK_MS + GRACE_MS);
    });
    try {
      const answer = reader.xread('COUNT', 1, 'BLOCK', BLOCK_MS, 'STREAMS', key, after);
      if ((await Promise.race([answer, hung])) === 'hung') {
        // The cut rejects the command; nobody listens to it any more.
        answer.catch(() => undefined);
        reader.disconnect(true);
      }
    } catch {
      if (reader.status === 'end') return;
      await new Promise<void>((resolve) => {
        clock.setTimeout(() => resolve(), PAUSE_MS);
      });
    } finally {
      clock.clearTimeout(watchdog as never);
    }
  }

  return {
    arrival(after, timeoutMs, signal) {
      blocked ??= block(after).finally(() => {
        blocked = null;
      });
      const shared = blocked;
      return new Promise((resolve) => {
        const settle = () => {
          clock.clearTimeout(timer as never);
          signal.removeEventListener('abort', settle);
          resolve();
        };
        const timer = clock.setTimeout(settle, timeoutMs);
        signal.addEventListener('abort', settle, { once: true });
        if (signal.aborted) settle();
        shared.then(settle);
      });
    },
  };
}
