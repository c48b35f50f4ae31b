/** The finalize lock on a real Redis: one owner, its own end, and nobody else's release. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect } from '../../src/io/redis/connection.ts';
import { type FinalizeLocks, openFinalizeLocks } from '../../src/io/redis/finalize-lock.ts';
import { poll, type ScratchRedis, startRedis } from '../support/redis-server.ts';

let redis: ScratchRedis;
let connection: Awaited<ReturnType<typeof connect>>;
let locks: FinalizeLocks;
beforeAll(async () => {
  redis = await startRedis();
  connection = await connect({ socketPath: redis.socketPath });
  locks = openFinalizeLocks(connection, 'app');
});
afterAll(async () => {
  await connection.close();
  await redis.stop();
});

test('a free lock is taken, an own one again, and another session hears whose it is and for how long', async () => {
  expect(await locks.owner('login')).toBeNull();
  expect(await locks.take('login', 'a', 60_000)).toEqual({ kind: 'taken' });
  expect(await locks.take('login', 'a', 60_000)).toEqual({ kind: 'taken' });
  const other = await locks.take('login', 'b', 60_000);
  expect(other).toEqual({ kind: 'other', owner: 'a', leftMs: expect.any(Number) });
  expect(other.kind === 'other' && other.leftMs > 50_000 && other.leftMs <= 60_000).toBe(true);
  expect(await locks.owner('login')).toBe('a');
});

test('each slug and each repository has its own', async () => {
  await locks.take('one', 'a', 60_000);
  expect(await locks.take('two', 'b', 60_000)).toEqual({ kind: 'taken' });
  expect(await openFinalizeLocks(connection, 'other').take('one', 'b', 60_000)).toEqual({ kind: 'taken' });
});

test('only its owner releases it', async () => {
  await locks.take('mine', 'a', 60_000);
  expect(await locks.release('mine', 'b')).toBe(false);
  expect(await locks.owner('mine')).toBe('a');
  expect(await locks.release('mine', 'a')).toBe(true);
  expect(await locks.release('mine', 'a')).toBe(false);
});

test('F5 of many askers one has it, and it passes by itself', async () => {
  const askers = Array.from({ length: 10 }, (_, index) => `s${index}`);
  const kinds = await Promise.all(askers.map(async (asker) => (await locks.take('race', asker, 60_000)).kind));
  expect(kinds.filter((kind) => kind === 'taken')).toHaveLength(1);
  await locks.take('brief', 'a', 30);
  await poll(async () => (await locks.owner('brief')) === null);
  expect(await locks.take('brief', 'b', 60_000)).toEqual({ kind: 'taken' });
});
