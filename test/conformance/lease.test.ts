/** The lease suite on the twin and on a real Redis. */
import { afterAll, beforeAll } from 'vitest';
import { systemIds } from '../../src/io/clock.ts';
import { connect } from '../../src/io/redis/connection.ts';
import { openLeaseStore } from '../../src/io/redis/lease.ts';
import { type ScratchRedis, startRedis } from '../support/redis-server.ts';
import { handClock } from '../support/simple-clock.ts';
import { openTwinLease } from '../support/twins/lease.ts';
import { createStore, directPort } from '../support/twins/store.ts';
import { leaseSuite } from './lease-suite.ts';

leaseSuite('the lease in memory', async () => {
  const clock = handClock();
  const store = createStore(clock.now, systemIds(clock).ulid);
  const port = directPort(clock);
  return {
    lease: openTwinLease(store, port),
    other: openTwinLease(store, port),
    pass: (ms) => clock.advance(ms),
    async close() {},
  };
});

let redis: ScratchRedis;
let worlds = 0;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

leaseSuite('the lease in Redis', async () => {
  worlds += 1;
  const connections = [
    await connect({ socketPath: redis.socketPath }),
    await connect({ socketPath: redis.socketPath }),
  ] as const;
  return {
    lease: openLeaseStore(connections[0], `r${worlds}`),
    other: openLeaseStore(connections[1], `r${worlds}`),
    pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    async close() {
      for (const connection of connections) await connection.close();
    },
  };
});
