/** The log suite on the twin and on a real Redis. */
import { afterAll, beforeAll } from 'vitest';
import { systemIds } from '../../src/io/clock.ts';
import { connect } from '../../src/io/redis/connection.ts';
import { repositoryKeys } from '../../src/io/redis/keys.ts';
import { openLeaseStore } from '../../src/io/redis/lease.ts';
import { openLog } from '../../src/io/redis/log.ts';
import { type ScratchRedis, startRedis } from '../support/redis-server.ts';
import { handClock } from '../support/simple-clock.ts';
import { openTwinLease } from '../support/twins/lease.ts';
import { openTwinLog } from '../support/twins/log.ts';
import { createStore, directPort } from '../support/twins/store.ts';
import { logSuite } from './log-suite.ts';

logSuite('the log in memory', async () => {
  const clock = handClock();
  const store = createStore(clock.now, systemIds(clock).ulid);
  const port = directPort(clock);
  return {
    log: openTwinLog(store, port),
    other: openTwinLog(store, port),
    lease: openTwinLease(store, port),
    pass: (ms) => clock.advance(ms),
    async raiseFence() {
      store.fence += 1;
    },
    async loseTail() {
      store.entries.pop();
      store.lastId = store.entries.at(-1)?.id ?? '0';
    },
    async wipe() {
      Object.assign(store, createStore(store.now, store.newLogId));
    },
    async close() {},
  };
});

let redis: ScratchRedis;
let worlds = 0;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

logSuite('the log in Redis', async () => {
  worlds += 1;
  const repoId = `r${worlds}`;
  const keys = repositoryKeys(repoId);
  const connections = [
    await connect({ socketPath: redis.socketPath }),
    await connect({ socketPath: redis.socketPath }),
  ] as const;
  const raw = connections[0].call;
  return {
    log: openLog(connections[0], repoId),
    other: openLog(connections[1], repoId),
    lease: openLeaseStore(connections[0], repoId),
    pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    async raiseFence() {
      await raw((client) => client.incr(keys.fence));
    },
    async loseTail() {
      const entries = await raw((client) => client.xrange(keys.log, '-', '+'));
      await raw((client) => client.del(keys.log));
      for (const [id, flat] of entries.slice(0, -1)) await raw((client) => client.xadd(keys.log, id, ...flat));
    },
    async wipe() {
      await raw((client) => client.del(Object.values(keys)));
    },
    async close() {
      for (const connection of connections) await connection.close();
    },
  };
});
