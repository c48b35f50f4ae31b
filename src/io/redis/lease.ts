/**
 * The lease record and its fence counter: three Lua scripts, all times from the server's clock, no Redis expiry
 * (an expired lease must still be seen).
 */

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
  /** Grants the lease with `fence = max(counter, floor) + 1`. `token` is made by the caller, once per session. */
  acquire(ownerSessionId: string, token: string, ttlMs: number, floor: number): Promise<AcquireOutcome>;
  renew(ownerSessionId: string, token: string, ttlMs: number): Promise<RenewOutcome>;
  /** True only when owner and token match; then the record is gone, the counter stays. */
  release(ownerSessionId: string, token: string): Promise<boolean>;
  /** The record as it is (also when expired) and the server's clock. */
  read(): Promise<{ record: LeaseRecord | null; now: number }>;
  /** Removes the record whoever holds it (a person's decision) and returns it. */
  break(): Promise<LeaseRecord | null>;
}
