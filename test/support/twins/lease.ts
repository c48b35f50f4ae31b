/**
 * The lease in memory: same behaviour as the Redis one, held by the same conformance suite; every operation goes
 * through the port.
 */
import {
  type AcquireOutcome,
  checkGrant,
  type LeaseRecord,
  type LeaseStore,
  type RenewOutcome,
} from '../../../src/io/redis/lease.ts';
import type { TwinPort, TwinStore } from './store.ts';

/** A handle on the lease in `store`; any number may be open at once, each with a port of its own. */
export function openTwinLease(store: TwinStore, port: TwinPort): LeaseStore {
  const acquire = (ownerSessionId: string, leaseToken: string, ttlMs: number, floor: number): AcquireOutcome => {
    const now = store.now();
    const old = store.lease;
    if (old !== null && old.expiresAt > now) {
      const own = old.ownerSessionId === ownerSessionId && old.leaseToken === leaseToken;
      return { kind: own ? 'held' : 'busy', record: { ...old } };
    }
    store.fence = Math.max(store.fence, floor) + 1;
    const expiresAt = now + ttlMs;
    const record: LeaseRecord = {
      ownerSessionId,
      leaseToken,
      fence: store.fence,
      acquiredAt: now,
      renewedAt: now,
      expiresAt,
    };
    store.lease = record;
    return { kind: 'acquired', record: { ...record }, replacedStale: old === null ? null : { ...old } };
  };

  const renew = (ownerSessionId: string, token: string, ttlMs: number): RenewOutcome => {
    const now = store.now();
    const record = store.lease;
    if (record === null) return { kind: 'missing' };
    if (record.ownerSessionId !== ownerSessionId || record.leaseToken !== token) return { kind: 'stolen' };
    if (record.expiresAt <= now) return { kind: 'expired' };
    store.lease = { ...record, renewedAt: now, expiresAt: now + ttlMs };
    return { kind: 'renewed', record: { ...store.lease } };
  };

  return {
    async acquire(ownerSessionId, token, ttlMs, floor) {
      checkGrant(ownerSessionId, token, ttlMs, floor);
      return await port.perform('lease.acquire', () => acquire(ownerSessionId, token, ttlMs, floor));
    },

    async renew(ownerSessionId, token, ttlMs) {
      checkGrant(ownerSessionId, token, ttlMs);
      return await port.perform('lease.renew', () => renew(ownerSessionId, token, ttlMs));
    },

    release: (ownerSessionId, token) =>
      port.perform('lease.release', () => {
        if (store.lease?.ownerSessionId !== ownerSessionId || store.lease.leaseToken !== token) return false;
        store.lease = null;
        return true;
      }),

    read: () =>
      port.perform('lease.read', () => ({
        record: store.lease === null ? null : { ...store.lease },
        now: store.now(),
      })),

    break: () =>
      port.perform('lease.break', () => {
        const record = store.lease;
        store.lease = null;
        return record;
      }),
  };
}
