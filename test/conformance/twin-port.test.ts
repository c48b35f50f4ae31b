/** What a simulation can do to the twins through their port. */
import { beforeEach, expect, test } from 'vitest';
import { type HandClock, handClock } from '../support/simple-clock.ts';
import { openTwinLease } from '../support/twins/lease.ts';
import { openTwinLog } from '../support/twins/log.ts';
import { createStore, directPort, type TwinPort, type TwinStore } from '../support/twins/store.ts';
import { item } from './log-suite.ts';

let clock: HandClock;
let store: TwinStore;
beforeEach(() => {
  clock = handClock();
  store = createStore(clock.now, () => 'log-1');
});

test('an answer lost after the effect: the repeat is a duplicate, the repeated grant held', async () => {
  let loses = true;
  const port: TwinPort = {
    clock,
    async perform(_name, op) {
      const answer = op();
      if (loses) throw new Error('lost');
      return answer;
    },
  };
  const log = openTwinLog(store, port);
  const lease = openTwinLease(store, port);
  await expect(log.append([item('k')])).rejects.toThrow('lost');
  await expect(lease.acquire('s', 't', 1000, 0)).rejects.toThrow('lost');
  loses = false;
  expect(await log.append([item('k')])).toMatchObject({ outcomes: [{ kind: 'duplicate' }] });
  expect(await lease.acquire('s', 't', 1000, 0)).toMatchObject({ kind: 'held', record: { fence: 1 } });
});

test('operations held back happen in the order the harness gives them', async () => {
  const held: { name: string; run: () => void }[] = [];
  const port: TwinPort = {
    clock,
    perform: (name, op) => new Promise((resolve) => held.push({ name, run: () => resolve(op()) })),
  };
  const log = openTwinLog(store, port);
  const appends = [log.append([item('a', { n: 'a' })]), log.append([item('b', { n: 'b' })])];
  expect(held.map(({ name }) => name)).toEqual(['log.append', 'log.append']);
  expect(store.entries).toEqual([]);
  for (const { run } of held.reverse()) run();
  await Promise.all(appends);
  expect(store.entries.map(({ fields }) => fields['n'])).toEqual(['b', 'a']);
});

test('a wait ends by the simulated clock alone, to the millisecond, and leaves no timer', async () => {
  const log = openTwinLog(store, directPort(clock));
  let answer: unknown = 'waiting';
  const waiting = log.wait('0', 300_000).then((entries) => {
    answer = entries;
  });
  await clock.advance(299_999);
  expect(answer).toBe('waiting');
  await clock.advance(1);
  expect(answer).toEqual([]);
  await waiting;
  expect(store.arrivals.size).toBe(0);
});

test('what a caller gets or gave is its own: changing it does not change the store', async () => {
  const log = openTwinLog(store, directPort(clock));
  const fields = { n: '1' };
  await log.append([item('k', fields)]);
  fields.n = '2';
  const [entry] = await log.read('0', 1);
  if (entry) entry.fields['n'] = '3';
  expect((await log.read('0', 1))[0]?.fields).toEqual({ n: '1' });
});
