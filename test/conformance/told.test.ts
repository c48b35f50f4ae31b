/** What surfaces were told, and whose turn it is: the store in Redis and its twin keep the same promises. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/io/clock.ts';
import { connect, type RedisConnection } from '../../src/io/redis/connection.ts';
import { openToldStore, type ToldStore } from '../../src/io/redis/told.ts';
import { freePort, startRedis } from '../support/redis-server.ts';
import { toldTwin } from '../support/twins/told.ts';

const SURFACE = 'telegram:0123456789ab';
let connection: RedisConnection;
let server: { stop(): Promise<void> };
let made = 0;

beforeAll(async () => {
  const port = await freePort();
  server = await startRedis(['--port', String(port)]);
  connection = await connect({ url: `redis://127.0.0.1:${port}` });
});
afterAll(async () => {
  await connection.close();
  await server.stop();
});

const stores: [string, () => ToldStore][] = [
  [
    'in Redis',
    () => {
      made += 1;
      return openToldStore(connection, `app-${made}`);
    },
  ],
  ['twin', () => toldTwin(systemClock)],
];
const until = async (probe: () => Promise<boolean>) => {
  while (!(await probe())) await new Promise((resolve) => setImmediate(resolve));
};

describe.each(stores)('the store %s', (_, open) => {
  test('gives the turn to one, says so to the other, and takes it back when it is over or given back', async () => {
    const store = open();
    expect(await store.takeTurn(SURFACE, 'a', 60_000)).toEqual({ kind: 'taken' });
    expect(await store.takeTurn(SURFACE, 'a', 60_000)).toEqual({ kind: 'kept' });
    const other = await store.takeTurn(SURFACE, 'b', 60_000);
    expect(other).toEqual({ kind: 'other', leftMs: expect.any(Number) });
    expect(other.kind === 'other' && other.leftMs > 50_000 && other.leftMs <= 60_000).toBe(true);
    expect(await store.takeTurn('discord:1', 'b', 60_000)).toEqual({ kind: 'taken' });
    await store.endTurn(SURFACE, 'b');
    expect((await store.takeTurn(SURFACE, 'b', 60_000)).kind).toBe('other');
    await store.endTurn(SURFACE, 'a');
    expect(await store.takeTurn(SURFACE, 'b', 20)).toEqual({ kind: 'taken' });
    await until(async () => (await store.takeTurn(SURFACE, 'a', 60_000)).kind === 'taken');
  });

  test('keeps marks, many at once, for who has the turn or while nobody has it', async () => {
    const store = open();
    expect(await store.load(SURFACE, '5-0')).toEqual({ since: '5-0', marks: new Map() });
    await store.takeTurn(SURFACE, 'a', 60_000);
    const many = new Map(Array.from({ length: 1200 }, (_, at) => [`deployment/${at}`, `{"news":"${at}-0"}`]));
    expect(await store.write(SURFACE, 'a', many)).toBe(true);
    expect(await store.write(SURFACE, 'b', new Map([['deployment/1', 'older']]))).toBe(false);
    // The entry it hears from is the one of its first time.
    expect(await store.load(SURFACE, '9-0')).toEqual({ since: '5-0', marks: many });
    await store.endTurn(SURFACE, 'a');
    expect(await store.write(SURFACE, 'b', new Map([['deployment/1', 'newer']]))).toBe(true);
    expect((await store.load(SURFACE, '9-0')).marks.get('deployment/1')).toBe('newer');
  });

  test('says how surfaces are, and does what is to be done once, once', async () => {
    const store = open();
    await store.setState('telegram', 'fine');
    await store.setState('discord', 'gone');
    await store.dropStates(['discord', 'webhook']);
    await store.dropStates([]);
    expect(await store.states()).toEqual({ telegram: 'fine' });
    const asked = await Promise.all(['a', 'b', 'c'].map((owner) => store.once('launcher', '77', owner, 60_000)));
    expect(asked.filter(Boolean)).toHaveLength(1);
    expect(await store.once('launcher', '78', 'a', 60_000)).toBe(true);
  });
});
