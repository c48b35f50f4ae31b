/**
 * The lease record and its fence counter: Lua scripts, all times from the server's clock, no Redis expiry (an expired
 * lease must still be seen). Decides nothing about when to renew or what a lost lease means.
 *
 * Invariants: at most one live lease; each grant has a higher fence than every one before, whatever became of the
 * records; only the owner with its token renews or releases.
 */
import { invariant } from '../../errors.ts';
import type { RedisConnection } from './connection.ts';
import { repositoryKeys } from './keys.ts';
import { runScript } from './scripts.ts';

/** The stored record. Times are ms since the epoch by the Redis clock. */
export interface LeaseRecord {
  ownerSessionId: string;
  leaseToken: string;
  fence: number;
  acquiredAt: number;
  renewedAt: number;
  expiresAt: number;
}

/** `acquired`: granted with a new fence. `held`: own and live, unchanged. `busy`: another's and live. */
export type AcquireOutcome =
  | { kind: 'acquired'; record: LeaseRecord; replacedStale: LeaseRecord | null }
  | { kind: 'held'; record: LeaseRecord }
  | { kind: 'busy'; record: LeaseRecord };

/** Checked in this order. */
export type RenewOutcome =
  | { kind: 'missing' }
  | { kind: 'stolen' }
  | { kind: 'expired' }
  | { kind: 'renewed'; record: LeaseRecord };

export interface LeaseStore {
  /**
   * Grants the lease with `fence = max(counter, floor) + 1`. `token` is made by the caller, once per session. A repeat
   * after a lost answer says `held`; the same owner with another token is another holder.
   */
  acquire(ownerSessionId: string, token: string, ttlMs: number, floor: number): Promise<AcquireOutcome>;
  renew(ownerSessionId: string, token: string, ttlMs: number): Promise<RenewOutcome>;
  /** True only when owner and token match; then the record is gone, the counter stays. */
  release(ownerSessionId: string, token: string): Promise<boolean>;
  /** The record as it is (also when expired) and the server's clock. */
  read(): Promise<{ record: LeaseRecord | null; now: number }>;
  /** Removes the record whoever holds it (a person's decision) and returns it. */
  break(): Promise<LeaseRecord | null>;
}

function recordOf(reply: unknown): LeaseRecord {
  const [ownerSessionId, leaseToken, fence, acquiredAt, renewedAt, expiresAt] = reply as string[];
  invariant(ownerSessionId !== undefined && leaseToken !== undefined, 'a lease record has an owner and a token');
  return {
    ownerSessionId,
    leaseToken,
    fence: Number(fence),
    acquiredAt: Number(acquiredAt),
    renewedAt: Number(renewedAt),
    expiresAt: Number(expiresAt),
  };
}

/** Refuses what no caller may pass, before anything is sent. */
export function checkGrant(ownerSessionId: string, token: string, ttlMs: number, floor = 0): void {
  invariant(ownerSessionId !== '' && token !== '', 'a lease has an owner and a token');
  invariant(Number.isSafeInteger(ttlMs) && ttlMs > 0, 'a time to live is a whole number of ms above 0');
  invariant(Number.isSafeInteger(floor) && floor >= 0, 'a fence is a whole number from 0');
}

/**
 * The lease of `repoId` on `connection`. Every method throws REDIS_UNREACHABLE or the server's fault (exit 3) when the
 * server cannot serve it; whatever failed so is safe to repeat.
 */
export function openLeaseStore(connection: RedisConnection, repoId: string): LeaseStore {
  const keys = repositoryKeys(repoId);

  async function read(): Promise<{ record: LeaseRecord | null; now: number }> {
    const reply = await connection.call((redis) => runScript(redis, 'readLease-1', [keys.lease], []));
    const [now, record] = reply as [string, unknown?];
    return { record: record === undefined ? null : recordOf(record), now: Number(now) };
  }

  return {
    read,

    async acquire(ownerSessionId, token, ttlMs, floor) {
      checkGrant(ownerSessionId, token, ttlMs, floor);
      const args = [ownerSessionId, token, String(ttlMs), String(floor)];
      const reply = await connection.call((redis) =>
        runScript(redis, 'acquireLease-2', [keys.lease, keys.fence], args),
      );
      const [kind, record, replaced] = reply as [string, unknown, unknown?];
      if (kind === 'held' || kind === 'busy') return { kind, record: recordOf(record) };
      const replacedStale = replaced === undefined ? null : recordOf(replaced);
      return { kind: 'acquired', record: recordOf(record), replacedStale };
    },

    async renew(ownerSessionId, token, ttlMs) {
      checkGrant(ownerSessionId, token, ttlMs);
      const args = [ownerSessionId, token, String(ttlMs)];
      const reply = await connection.call((redis) => runScript(redis, 'renewLease-1', [keys.lease], args));
      const [kind, record] = reply as [string, unknown?];
      if (kind === 'missing' || kind === 'stolen' || kind === 'expired') return { kind };
      return { kind: 'renewed', record: recordOf(record) };
    },

    async release(ownerSessionId, token) {
      return await connection.call(async (redis, attempt) => {
        const reply = await runScript(redis, 'releaseLease-1', [keys.lease], [ownerSessionId, token]);
        // Gone after an attempt without an answer: that attempt released it.
        return reply === 'released' || (reply === 'missing' && attempt > 1);
      });
    },

    async break() {
      for (;;) {
        const { record } = await read();
        if (record === null) return null;
        const outcome = await connection.call(async (redis, attempt) => {
          const reply = await runScript(redis, 'breakLease-1', [keys.lease], [record.leaseToken]);
          return reply === 'missing' && attempt > 1 ? 'broken' : reply;
        });
        if (outcome === 'broken') return record;
        if (outcome === 'missing') return null;
      }
    },
  };
}
