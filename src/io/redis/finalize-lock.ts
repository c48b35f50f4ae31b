/**
 * The finalize lock of a slug: who hands it over now. It keeps two hand-overs of one slug apart and guards nothing else;
 * main is guarded by the lease. Gone by itself after its time, so that no lost session blocks a slug.
 */
import { invariant } from '../../errors.ts';
import type { RedisConnection } from './connection.ts';
import { finalizeLockKey } from './keys.ts';
import { runScript } from './scripts.ts';

/** `other`: another session has it, for `leftMs` more. */
export type TakeOutcome = { kind: 'taken' } | { kind: 'other'; owner: string; leftMs: number };

export interface FinalizeLocks {
  /** Takes the lock for `ttlMs`, also when the session has it already. */
  take(slug: string, sessionId: string, ttlMs: number): Promise<TakeOutcome>;
  /** The session that has the lock; null when nobody has. */
  owner(slug: string): Promise<string | null>;
  /** Removes the lock of that session; true when it is gone by this call, false when it was free or another's. */
  release(slug: string, sessionId: string): Promise<boolean>;
}

/**
 * The locks of `repoId` on `connection`. Every method throws REDIS_UNREACHABLE or the server's fault (exit 3) when the
 * server cannot serve it; whatever failed so is safe to repeat.
 */
export function openFinalizeLocks(connection: RedisConnection, repoId: string): FinalizeLocks {
  return {
    async take(slug, sessionId, ttlMs) {
      invariant(sessionId !== '' && Number.isSafeInteger(ttlMs) && ttlMs > 0, 'a lock has an owner and an end');
      const key = finalizeLockKey(repoId, slug);
      const reply = await connection.call((redis) => runScript(redis, 'takeLock-1', [key], [sessionId, String(ttlMs)]));
      const [kind, owner, left] = reply as [string, string, string];
      return kind !== 'other' ? { kind: 'taken' } : { kind: 'other', owner, leftMs: Math.max(0, Number(left)) };
    },

    owner: (slug) => connection.call((redis) => redis.get(finalizeLockKey(repoId, slug))),

    release: (slug, sessionId) =>
      connection.call(async (redis, attempt) => {
        const reply = await runScript(redis, 'releaseLock-1', [finalizeLockKey(repoId, slug)], [sessionId]);
        // Gone after an attempt without an answer: that attempt released it.
        return reply === 'released' || (reply === 'missing' && attempt > 1);
      }),
  };
}
