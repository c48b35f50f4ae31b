/** What every lease store must do; run against the twin and against a real Redis. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LeaseStore } from '../../src/io/redis/lease.ts';

export interface LeaseWorld {
  lease: LeaseStore;
  /** A second handle on the same record, as another process has. */
  other: LeaseStore;
  /** Lets the server's clock move on by at least `ms`. */
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

const LONG = 60_000;
const SHORT = 40;

export function leaseSuite(name: string, open: () => Promise<LeaseWorld>): void {
  describe(name, () => {
    let world: LeaseWorld;
    let lease: LeaseStore;
    beforeEach(async () => {
      world = await open();
      lease = world.lease;
    });
    afterEach(() => world.close());

    test('a free lease is granted with fence 1 and the times of the server', async () => {
      const before = await lease.read();
      expect(before.record).toBeNull();
      const outcome = await lease.acquire('s1', 't1', LONG, 0);
      expect(outcome).toMatchObject({
        kind: 'acquired',
        replacedStale: null,
        record: { ownerSessionId: 's1', leaseToken: 't1', fence: 1 },
      });
      const { acquiredAt, renewedAt, expiresAt } = outcome.record;
      expect(renewedAt).toBe(acquiredAt);
      expect(expiresAt).toBe(acquiredAt + LONG);
      const after = await world.other.read();
      expect(after.record).toEqual(outcome.record);
      expect(acquiredAt).toBeGreaterThanOrEqual(before.now);
      expect(acquiredAt).toBeLessThanOrEqual(after.now);
    });

    test('the holder asking again holds the same lease, unchanged', async () => {
      const { record } = await lease.acquire('s1', 't1', LONG, 0);
      await world.pass(2);
      expect(await lease.acquire('s1', 't1', LONG, 7)).toEqual({ kind: 'held', record });
    });

    test('a live lease is busy for another session, and for the same session with another token', async () => {
      const { record } = await lease.acquire('s1', 't1', LONG, 0);
      expect(await world.other.acquire('s2', 't2', LONG, 0)).toEqual({ kind: 'busy', record });
      expect(await world.other.acquire('s1', 't2', LONG, 0)).toEqual({ kind: 'busy', record });
      expect(await world.other.acquire('s2', 't1', LONG, 0)).toEqual({ kind: 'busy', record });
    });

    test('of many askers at once exactly one is granted the lease', async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, i) => (i % 2 ? lease : world.other).acquire(`s${i}`, `t${i}`, LONG, 0)),
      );
      expect(outcomes.filter(({ kind }) => kind === 'acquired')).toHaveLength(1);
      expect(new Set(outcomes.map(({ record }) => record.leaseToken)).size).toBe(1);
    });

    test('an expired lease is still seen, and replaced with a higher fence and the stale record shown', async () => {
      const { record: stale } = await lease.acquire('s1', 't1', SHORT, 0);
      await world.pass(SHORT + 10);
      const seen = await lease.read();
      expect(seen.record).toEqual(stale);
      expect(seen.now).toBeGreaterThanOrEqual(stale.expiresAt);
      const outcome = await world.other.acquire('s2', 't2', LONG, 0);
      expect(outcome).toMatchObject({
        kind: 'acquired',
        replacedStale: stale,
        record: { ownerSessionId: 's2', fence: 2 },
      });
    });

    test('an own expired lease is granted anew under a higher fence', async () => {
      const { record: stale } = await lease.acquire('s1', 't1', SHORT, 0);
      await world.pass(SHORT + 10);
      expect(await lease.acquire('s1', 't1', LONG, 0)).toMatchObject({
        kind: 'acquired',
        replacedStale: stale,
        record: { fence: 2 },
      });
    });

    test('the fence rises above the floor and never falls, whatever the floor and the release', async () => {
      const fences: number[] = [];
      for (const [i, floor] of [0, 41, 9, 100, 99, 0, 9_000_000_000_000].entries()) {
        const outcome = await lease.acquire(`s${i}`, `t${i}`, LONG, floor);
        fences.push(outcome.record.fence);
        if (i % 2) await lease.break();
        else await lease.release(`s${i}`, `t${i}`);
      }
      expect(fences).toEqual([1, 42, 43, 101, 102, 103, 9_000_000_000_001]);
    });

    test('the holder renews: new end, same fence and grant', async () => {
      const { record } = await lease.acquire('s1', 't1', LONG, 0);
      await world.pass(5);
      const renewed = await lease.renew('s1', 't1', LONG);
      if (renewed.kind !== 'renewed') throw new Error('was not renewed');
      expect(renewed.record).toEqual({
        ...record,
        renewedAt: renewed.record.renewedAt,
        expiresAt: renewed.record.renewedAt + LONG,
      });
      expect(renewed.record.renewedAt).toBeGreaterThan(record.renewedAt);
      expect((await lease.read()).record).toEqual(renewed.record);
    });

    test('a renewal is judged missing, then stolen, then expired', async () => {
      expect(await lease.renew('s1', 't1', LONG)).toEqual({ kind: 'missing' });
      await lease.acquire('s1', 't1', SHORT, 0);
      expect(await lease.renew('s2', 't1', LONG)).toEqual({ kind: 'stolen' });
      expect(await lease.renew('s1', 't2', LONG)).toEqual({ kind: 'stolen' });
      await world.pass(SHORT + 10);
      expect(await lease.renew('s2', 't2', LONG)).toEqual({ kind: 'stolen' });
      expect(await lease.renew('s1', 't1', LONG)).toEqual({ kind: 'expired' });
      expect(await lease.renew('s1', 't1', LONG)).toEqual({ kind: 'expired' });
      await lease.acquire('s2', 't2', LONG, 0);
      expect(await lease.renew('s1', 't1', LONG)).toEqual({ kind: 'stolen' });
      await lease.release('s2', 't2');
      expect(await lease.renew('s1', 't1', LONG)).toEqual({ kind: 'missing' });
    });

    test('only the matching owner and token release, expired or not', async () => {
      expect(await lease.release('s1', 't1')).toBe(false);
      await lease.acquire('s1', 't1', SHORT, 0);
      expect(await lease.release('s2', 't1')).toBe(false);
      expect(await lease.release('s1', 't2')).toBe(false);
      await world.pass(SHORT + 10);
      expect(await lease.release('s1', 't1')).toBe(true);
      expect((await lease.read()).record).toBeNull();
      expect(await lease.release('s1', 't1')).toBe(false);
    });

    test('a person breaks the lease whoever holds it, and the next grant has a higher fence', async () => {
      expect(await lease.break()).toBeNull();
      const { record } = await lease.acquire('s1', 't1', LONG, 0);
      expect(await world.other.break()).toEqual(record);
      expect((await lease.read()).record).toBeNull();
      expect(await lease.renew('s1', 't1', LONG)).toEqual({ kind: 'missing' });
      expect((await lease.acquire('s2', 't2', LONG, 0)).record.fence).toBe(2);
    });

    test('owners and tokens of any text are kept apart', async () => {
      const { record } = await lease.acquire('a b\0|', 'é"\r\n', LONG, 0);
      expect((await lease.read()).record).toEqual(record);
      expect(await lease.release('a b', 'é"\r\n')).toBe(false);
      expect(await lease.release('a b\0|', 'é"\r\n')).toBe(true);
    });

    test('a time to live or a floor that makes no sense is a bug of the caller', async () => {
      for (const ttl of [0, -1, 1.5, Number.NaN])
        await expect(lease.acquire('s', 't', ttl, 0)).rejects.toThrow('time to live');
      for (const floor of [-1, 0.5, 2 ** 60])
        await expect(lease.acquire('s', 't', LONG, floor)).rejects.toThrow('fence');
      await expect(lease.acquire('s', '', LONG, 0)).rejects.toThrow('token');
    });
  });
}
