/** What only a real Redis and a real connection can do wrong. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TelecError } from '../../src/errors.ts';
import { type ConnectOptions, connect, type RedisConnection } from '../../src/io/redis/connection.ts';
import { openLeaseStore } from '../../src/io/redis/lease.ts';
import { openLog } from '../../src/io/redis/log.ts';
import { type RedisProxy, startProxy } from '../support/redis-proxy.ts';
import { freePort, type ScratchRedis, startRedis } from '../support/redis-server.ts';
import { fastClock } from '../support/simple-clock.ts';
import { appendOne, item, readAll } from './log-suite.ts';

const ids = { ulid: () => '0'.repeat(26) };

/** The fault that `promise` ends in, and how long it took. */
async function faultOf(promise: Promise<unknown>): Promise<{ fault: TelecError; tookMs: number }> {
  const began = performance.now();
  try {
    await promise;
  } catch (error) {
    if (error instanceof TelecError) return { fault: error, tookMs: performance.now() - began };
    throw error;
  }
  throw new Error('did not fail');
}

describe('a connection that breaks', () => {
  let redis: ScratchRedis;
  let proxy: RedisProxy;
  const open: RedisConnection[] = [];
  let repositories = 0;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    proxy = await startProxy(redis.socketPath);
    repositories += 1;
  });
  afterEach(async () => {
    for (const connection of open.splice(0)) await connection.close();
    await proxy.close();
  });
  const reach = async (options?: ConnectOptions) => {
    const connection = await connect({ socketPath: proxy.socketPath }, options);
    open.push(connection);
    return {
      connection,
      log: openLog(connection, `r${repositories}`),
      lease: openLeaseStore(connection, `r${repositories}`),
    };
  };

  test('the answer to an append is lost: the repeat is a duplicate and the log has one entry', async () => {
    const { log } = await reach();
    await appendOne(log, item('warm'));
    proxy.loseAnswerTo('the-key');
    const began = performance.now();
    const result = await log.append([item('the-key'), item('the-key-2')]);
    expect(result).toMatchObject({ kind: 'done', outcomes: [{ kind: 'duplicate' }, { kind: 'duplicate' }] });
    // Noticed by the cut itself, not by a time limit on the answer.
    expect(performance.now() - began).toBeLessThan(3000);
    expect((await log.stats()).length).toBe(3);
  });

  test('many appends on the way while the connection is cut again and again: each is in the log once', async () => {
    const { log } = await reach();
    const appends = Array.from({ length: 300 }, (_, i) => log.append([item(`k${i}`, { n: String(i) })]));
    for (let cut = 0; cut < 5; cut += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      proxy.cutAll();
    }
    for (const result of await Promise.all(appends)) expect(result.kind).toBe('done');
    const seen = (await readAll(log)).map((entry) => entry.fields['n']);
    expect(seen).toHaveLength(300);
    expect(new Set(seen).size).toBe(300);
  });

  test('the answer to a grant is lost: the repeat holds the same lease under the same fence', async () => {
    const { lease } = await reach();
    await lease.acquire('s0', 't0', 60_000, 0);
    await lease.release('s0', 't0');
    proxy.loseAnswerTo('the-token');
    expect(await lease.acquire('s1', 'the-token', 60_000, 0)).toMatchObject({ kind: 'held', record: { fence: 2 } });
  });

  test('the answer to a release or a break is lost: it still tells that it was done', async () => {
    const { lease } = await reach();
    await lease.acquire('s0', 't0', 60_000, 0);
    await lease.break();
    await lease.acquire('s1', 't1', 60_000, 0);
    await lease.release('nobody', 'none');
    proxy.loseAnswerTo('t1');
    expect(await lease.release('s1', 't1')).toBe(true);
    const { record } = await lease.acquire('s2', 'the-token', 60_000, 0);
    proxy.loseAnswerTo('the-token');
    expect(await lease.break()).toEqual(record);
    expect((await lease.read()).record).toBeNull();
  });

  test('a lease that changes hands while a person breaks it: the one removed is the one told', async () => {
    const { connection, lease } = await reach();
    await lease.acquire('s1', 't1', 60_000, 0);
    let looks = 0;
    const interrupted: RedisConnection = {
      ...connection,
      async call(command) {
        const answer = await connection.call(command);
        looks += 1;
        if (looks === 1) {
          await lease.release('s1', 't1');
          await lease.acquire('s2', 't2', 60_000, 0);
        }
        return answer;
      },
    };
    const broken = await openLeaseStore(interrupted, `r${repositories}`).break();
    expect(broken).toMatchObject({ ownerSessionId: 's2', leaseToken: 't2', fence: 2 });
    expect((await lease.read()).record).toBeNull();
  });

  test('a blocked read whose connection is cut goes on waiting and sees the next entry', async () => {
    const { log } = await reach();
    const blocked = proxy.sawRequest('BLOCK');
    const waiting = log.wait('0', 20_000);
    await blocked;
    proxy.cutAll();
    const id = await appendOne(log, item('k'));
    expect((await waiting).map((entry) => entry.id)).toEqual([id]);
  });

  test('a blocked read that hangs for ever is ended by its watchdog, and the next entry seen', async () => {
    const { connection } = await reach({ commandTimeoutMs: 100 });
    const log = openLog(connection, `r${repositories}`, ids, fastClock(20));
    const direct = await connect({ socketPath: redis.socketPath });
    open.push(direct);
    const blocked = proxy.sawRequest('BLOCK');
    const waiting = log.wait('0', 600_000);
    await blocked;
    proxy.freeze();
    const id = await appendOne(openLog(direct, `r${repositories}`), item('k'));
    expect((await waiting).map((entry) => entry.id)).toEqual([id]);
    // The next one blocks on a new connection, not behind the hung read.
    const blockedAgain = proxy.sawRequest('BLOCK');
    const next = log.wait(id, 600_000);
    await blockedAgain;
    const second = await appendOne(openLog(direct, `r${repositories}`), item('l'));
    expect((await next).map((entry) => entry.id)).toEqual([second]);
  });

  test('a connection that goes silent is replaced, and the append is in the log once', async () => {
    const { log } = await reach({ commandTimeoutMs: 100 });
    await appendOne(log, item('warm'));
    proxy.freeze();
    expect(await log.append([item('k')])).toMatchObject({ kind: 'done' });
    expect((await log.stats()).length).toBe(2);
  });

  test('a server that died and came back within the time limit: the call succeeds, nothing acknowledged is lost', async () => {
    const { log } = await reach();
    const id = await appendOne(log, item('before'));
    await redis.kill();
    const during = log.append([item('during')]);
    await redis.restart();
    expect(await during).toMatchObject({ kind: 'done' });
    expect((await readAll(log)).map((entry) => entry.id)[0]).toBe(id);
    expect((await log.stats()).length).toBe(2);
  });

  test('a server that stays away is reported as unreachable when the time limit is over, to a waiting reader too', async () => {
    const { log } = await reach({ retryForMs: 200 });
    const waiting = faultOf(log.wait('0', 60_000));
    await redis.kill();
    const { fault, tookMs } = await faultOf(log.append([item('k')]));
    expect(fault).toMatchObject({ code: 'REDIS_UNREACHABLE', exit: 3, retryable: true });
    expect(fault.hint).toBeDefined();
    expect(tookMs).toBeLessThan(3000);
    expect((await waiting).fault.code).toBe('REDIS_UNREACHABLE');
    await redis.restart();
  });

  test('a closed connection says so at once', async () => {
    const { connection, log } = await reach();
    await connection.close();
    const { fault, tookMs } = await faultOf(log.stats());
    expect(fault.code).toBe('REDIS_UNREACHABLE');
    expect(tookMs).toBeLessThan(500);
  });
});

describe('a server that cannot serve', () => {
  let redis: ScratchRedis;
  let port: number;
  const secret = 'hunter2-secret';
  beforeAll(async () => {
    port = await freePort();
    redis = await startRedis(['--port', String(port), '--bind', '127.0.0.1', '--requirepass', secret]);
  });
  afterAll(() => redis.stop());
  const withServer = async <T>(work: (connection: RedisConnection) => Promise<T>): Promise<T> => {
    const connection = await connect({ url: `redis://:${secret}@127.0.0.1:${port}` });
    try {
      return await work(connection);
    } finally {
      await connection.close();
    }
  };

  test('the right password in the URL lets in', async () => {
    await withServer(async (connection) => {
      expect((await openLog(connection, 'r').stats()).length).toBe(0);
      expect(connection.address).toBe(`127.0.0.1:${port}`);
    });
  });

  test('a wrong password and none are told apart, and no password is shown', async () => {
    for (const [url, says] of [
      [`redis://:not-${secret}@127.0.0.1:${port}`, 'refuses this user or password'],
      [`redis://someone:not-${secret}@127.0.0.1:${port}/0`, 'refuses this user or password'],
      [`redis://127.0.0.1:${port}`, 'asks for a password'],
    ] as const) {
      const { fault, tookMs } = await faultOf(connect({ url }));
      expect(fault).toMatchObject({ code: 'REDIS_AUTH', exit: 3 });
      expect(fault.message).toContain(says);
      expect(inspect(fault, { depth: 10, showHidden: true })).not.toContain(secret);
      expect(tookMs).toBeLessThan(3000);
    }
  });

  test('a memory limit and a read-only replica are told with their mend, and nothing is half written', async () => {
    await withServer(async (connection) => {
      const log = openLog(connection, 'r2');
      await appendOne(log, item('before'));
      await connection.call((client) => client.config('SET', 'maxmemory', '1'));
      const full = await faultOf(log.append([item('a'), item('b')]));
      expect(full.fault).toMatchObject({ code: 'REDIS_OUT_OF_MEMORY', exit: 3, retryable: true });
      await connection.call((client) => client.config('SET', 'maxmemory', '0'));
      await connection.call((client) => client.call('REPLICAOF', '127.0.0.1', '1'));
      const replica = await faultOf(log.append([item('a'), item('b')]));
      expect(replica.fault).toMatchObject({ code: 'REDIS_READ_ONLY', exit: 3 });
      await connection.call((client) => client.call('REPLICAOF', 'NO', 'ONE'));
      expect((await log.stats()).length).toBe(1);
      expect(await log.append([item('a')])).toMatchObject({ outcomes: [{ kind: 'appended' }] });
    });
  });

  test('a key that holds something else is told as foreign data', async () => {
    await withServer(async (connection) => {
      await connection.call((client) => client.set('{telec:r3}:log', 'mine'));
      const { fault } = await faultOf(openLog(connection, 'r3').append([item('a')]));
      expect(fault.code).toBe('REDIS_FOREIGN_DATA');
    });
  });

  test('no server, a silent one and an unknown host are unreachable within three seconds, with a hint', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = silent.address();
    const silentPort = typeof address === 'object' ? address?.port : 0;
    try {
      for (const target of [
        { url: `redis://user:${secret}@127.0.0.1:${await freePort()}/2` },
        { url: `redis://user:${secret}@127.0.0.1:${silentPort}` },
        { url: `redis://user:${secret}@no-such-host.invalid` },
        { socketPath: '/nonexistent/r.sock' },
      ]) {
        const { fault, tookMs } = await faultOf(connect(target, { connectTimeoutMs: 1500 }));
        expect(fault).toMatchObject({ code: 'REDIS_UNREACHABLE', exit: 3, retryable: true });
        expect(fault.hint).toBeDefined();
        expect(inspect(fault, { depth: 10, showHidden: true })).not.toContain(secret);
        expect(tookMs).toBeLessThan(3000);
      }
    } finally {
      silent.close();
    }
  });

  test('a URL that is none is a fault of use and is not repeated', async () => {
    for (const url of [
      '',
      secret,
      `http://u:${secret}@h`,
      `redis://u:${secret}@h/x`,
      `redis://u:${secret}@h?maxRetriesPerRequest=9`,
      `redis://u:%zz${secret}@h`,
      `redis://u:${secret}@`,
      `redis://u:${secret}@h:99999`,
    ]) {
      const { fault } = await faultOf(connect({ url }));
      expect(fault, url).toMatchObject({ code: 'REDIS_URL_INVALID', exit: 2 });
      expect(inspect(fault, { depth: 10, showHidden: true })).not.toContain(secret);
    }
  });
});
