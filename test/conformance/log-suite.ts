/** What every log must do; run against the twin and against a real Redis. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ArchiveStep } from '../../src/io/redis/archive-store.ts';
import type { LeaseStore } from '../../src/io/redis/lease.ts';
import { type AppendItem, compareIds, type EventLog, type LogEntry } from '../../src/io/redis/log.ts';

/** One fresh log and lease of one repository. */
export interface LogWorld {
  log: EventLog;
  /** A second handle on the same log, as another process has. */
  other: EventLog;
  lease: LeaseStore;
  /** Lets the server's clock move on by at least `ms`. */
  pass(ms: number): Promise<void>;
  /** Raises the fence counter without touching the lease record, as a record brought back from a copy would find it. */
  raiseFence(): Promise<void>;
  /** Removes the newest entry as a crash could, leaving the rest and the id counter as if it had never been. */
  loseTail(): Promise<void>;
  /** Removes everything. */
  wipe(): Promise<void>;
  close(): Promise<void>;
}

export const item = (key: string, fields: Record<string, string> = { event: 'x' }, digest = 'd0'): AppendItem => ({
  key,
  digest,
  latestInstantMs: 0,
  fields,
});

export async function readAll(log: EventLog, page = 500): Promise<LogEntry[]> {
  const all: LogEntry[] = [];
  for (let after = '0'; ; ) {
    const entries = await log.read(after, page);
    all.push(...entries);
    const last = entries.at(-1);
    if (last === undefined) return all;
    after = last.id;
  }
}

/** Appends one item and returns the id of its entry. */
export async function appendOne(log: EventLog, appended: AppendItem): Promise<string> {
  const result = await log.append([appended]);
  if (result.kind !== 'done' || result.outcomes[0]?.kind !== 'appended') throw new Error('was not appended');
  return result.outcomes[0].id;
}

export function logSuite(name: string, open: () => Promise<LogWorld>): void {
  describe(name, () => {
    let world: LogWorld;
    let log: EventLog;
    beforeEach(async () => {
      world = await open();
      log = world.log;
    });
    afterEach(() => world.close());

    test('a new log is empty and has one id for all its readers', async () => {
      expect(await log.stats()).toEqual({ lastId: '0', length: 0, dead: 0, archived: 0 });
      expect(await log.read('0', 10)).toEqual([]);
      const [a, b] = await Promise.all([log.logId(), world.other.logId()]);
      expect(a).toMatch(/^[0-9a-z]{26}$/);
      expect(b).toBe(a);
      expect(await log.logId()).toBe(a);
    });

    test('entries are read back in the order of their append, from any id on', async () => {
      const ids: string[] = [];
      for (const key of ['a', 'b', 'c'])
        ids.push(await appendOne(log, item(key, { event: key, payload: `{"k":"${key}"}` })));
      const all = await log.read('0', 10);
      expect(all).toEqual(
        ['a', 'b', 'c'].map((key, i) => ({ id: ids[i], fields: { event: key, payload: `{"k":"${key}"}` } })),
      );
      expect(await log.read(ids[0] ?? '', 1)).toEqual([all[1]]);
      expect(await log.read(ids[2] ?? '', 10)).toEqual([]);
      expect(await log.stats()).toEqual({ lastId: ids[2], length: 3, dead: 0, archived: 0 });
    });

    test('the same key and digest is a duplicate of the first entry, another digest a conflict with it', async () => {
      const id = await appendOne(log, item('k', { v: '1' }, 'aa'));
      expect(await world.other.append([item('k', { v: '2' }, 'aa')])).toEqual({
        kind: 'done',
        outcomes: [{ kind: 'duplicate', id }],
      });
      expect(await log.append([item('k', { v: '1' }, 'ab')])).toEqual({
        kind: 'done',
        outcomes: [{ kind: 'conflict', id }],
      });
      expect((await log.read('0', 10)).map((entry) => entry.fields)).toEqual([{ v: '1' }]);
    });

    test('the last entries up to one are given oldest first, and no more than there are', async () => {
      const ids = [await appendOne(log, item('a')), await appendOne(log, item('b')), await appendOne(log, item('c'))];
      const upTo = async (until: string, count: number) => (await log.upTo(until, count)).map(({ id }) => id);
      expect(await upTo(ids[1] ?? '', 10)).toEqual(ids.slice(0, 2));
      expect(await upTo(ids[2] ?? '', 2)).toEqual(ids.slice(1));
      expect(await upTo('0', 10)).toEqual([]);
      expect((await log.upTo(ids[2] ?? '', 1))[0]).toEqual((await log.read(ids[1] ?? '', 1))[0]);
    });

    test('each item of one append is judged by itself, a repeat inside it included', async () => {
      const first = await appendOne(log, item('k'));
      const now = await log.time();
      const result = await log.append([
        item('n1', { n: '1' }),
        item('k', { x: 'y' }, 'other'),
        { ...item('n2'), latestInstantMs: now + 3_600_000 },
        item('n1', { n: '1' }),
        item('n3', { n: '3' }),
      ]);
      if (result.kind !== 'done') throw new Error('fenced out without a proof');
      expect(result.outcomes.map(({ kind }) => kind)).toEqual([
        'appended',
        'conflict',
        'future',
        'duplicate',
        'appended',
      ]);
      expect(result.outcomes[1]).toEqual({ kind: 'conflict', id: first });
      expect(result.outcomes[3]).toEqual({ ...result.outcomes[0], kind: 'duplicate' });
      expect((await readAll(log)).map((entry) => entry.fields['n'])).toEqual([undefined, '1', '3']);
    });

    test('an append of no items does nothing', async () => {
      expect(await log.append([])).toEqual({ kind: 'done', outcomes: [] });
      expect((await log.stats()).length).toBe(0);
    });

    test('an instant more than five minutes ahead of the server is refused and can be appended later', async () => {
      const now = await log.time();
      const refused = await log.append([{ ...item('late'), latestInstantMs: now + 360_000 }]);
      if (refused.kind !== 'done' || refused.outcomes[0]?.kind !== 'future') throw new Error('was not refused');
      expect(refused.outcomes[0].aheadMs).toBeGreaterThan(300_000);
      expect(refused.outcomes[0].aheadMs).toBeLessThanOrEqual(360_000);
      expect((await log.stats()).length).toBe(0);
      await appendOne(log, { ...item('late'), latestInstantMs: now + 290_000 });
    });

    test('keys with separators, spaces, quotes or nothing in them stay apart', async () => {
      const keys = [
        'a|b',
        'a',
        'b',
        'a |b',
        '',
        ' ',
        'a\nb',
        'a\0b',
        '"a"',
        'é',
        'e\u0301',
        '{x}:y',
        '__proto__',
        '%s',
      ];
      for (const key of keys) await appendOne(log, item(key, { key: key === '' ? 'empty' : key }));
      expect((await log.stats()).length).toBe(keys.length);
      for (const key of keys) {
        expect(await log.append([item(key)])).toMatchObject({ outcomes: [{ kind: 'duplicate' }] });
      }
    });

    test('hostile fields come back as they were', async () => {
      const fields = Object.fromEntries([
        ['nul', 'a\0b\0'],
        ['long', 'x'.repeat(65_536)],
        ['unicode', '\u{1f9ea} é e\u0301 \u202e \ufeff'],
        ['crlf', '\r\n$5\r\nhello\r\n*1\r\n'],
        ['empty', ''],
        ['', 'no name'],
        ['__proto__', 'only a field'],
        ['constructor', 'toString'],
        ['number', '900719925474099301'],
        ['json', '{"a":[],"b":1e400}'],
      ]);
      await appendOne(log, item('hostile', fields));
      const [entry] = await log.read('0', 1);
      expect(Object.entries(entry?.fields ?? {})).toEqual(Object.entries(fields));
      expect(Object.getPrototypeOf(entry?.fields)).toBe(Object.prototype);
    });

    test('an entry of a thousand fields passes, more or none are a bug of the caller', async () => {
      const many = (n: number) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`f${i}`, String(i)]));
      await appendOne(log, item('many', many(1000)));
      expect(Object.keys((await log.read('0', 1))[0]?.fields ?? {})).toHaveLength(1000);
      await expect(log.append([item('more', many(1001))])).rejects.toThrow('1 to 1000 fields');
      await expect(log.append([item('none', {})])).rejects.toThrow('1 to 1000 fields');
    });

    test('ten thousand entries are read in pages without a gap or a repeat', async () => {
      for (let i = 0; i < 10_000; i += 1000) {
        await log.append(Array.from({ length: 1000 }, (_, j) => item(`k${i + j}`, { n: String(i + j) })));
      }
      const all = await readAll(log, 777);
      expect(all.map((entry) => entry.fields['n'])).toEqual(Array.from({ length: 10_000 }, (_, i) => String(i)));
      expect(all.every((entry, i) => i === 0 || compareIds(entry.id, all[i - 1]?.id ?? '') > 0)).toBe(true);
    });

    describe('under a proof', () => {
      const owner = 'integrator-1';
      async function granted(ttlMs = 60_000, token = 't1') {
        const outcome = await world.lease.acquire(owner, token, ttlMs, 0);
        if (outcome.kind !== 'acquired') throw new Error('no lease');
        return { token, fence: outcome.record.fence };
      }

      test('the live holder appends', async () => {
        const proof = await granted();
        expect(await log.append([item('k')], proof)).toMatchObject({ kind: 'done', outcomes: [{ kind: 'appended' }] });
      });

      test('another token, another fence and no lease at all are fenced out, and nothing is appended', async () => {
        expect(await log.append([item('k')], { token: 't1', fence: 1 })).toEqual({ kind: 'fenced_out' });
        const proof = await granted();
        expect(await log.append([item('k'), item('l')], { ...proof, token: 't2' })).toEqual({ kind: 'fenced_out' });
        expect(await log.append([item('k')], { ...proof, token: '' })).toEqual({ kind: 'fenced_out' });
        expect(await log.append([item('k')], { ...proof, fence: proof.fence + 1 })).toEqual({ kind: 'fenced_out' });
        await world.lease.release(owner, 't1');
        expect(await log.append([item('k')], proof)).toEqual({ kind: 'fenced_out' });
        expect((await log.stats()).length).toBe(0);
      });

      test('an expired lease is fenced out before anyone took it over, and after', async () => {
        const proof = await granted(40);
        await world.pass(50);
        expect(await log.append([item('k')], proof)).toEqual({ kind: 'fenced_out' });
        const newer = await granted(60_000, 't2');
        expect(await log.append([item('k')], proof)).toEqual({ kind: 'fenced_out' });
        expect(await log.append([item('k')], newer)).toMatchObject({ kind: 'done' });
        expect((await log.stats()).length).toBe(1);
      });

      test('a live record whose fence is not the newest granted is fenced out', async () => {
        const proof = await granted();
        await world.raiseFence();
        expect(await log.append([item('k')], proof)).toEqual({ kind: 'fenced_out' });
      });

      test('a repeat of what a lost holder appended is fenced out too', async () => {
        const proof = await granted();
        await log.append([item('k')], proof);
        await world.lease.break();
        expect(await log.append([item('k')], proof)).toEqual({ kind: 'fenced_out' });
      });
    });

    describe('waiting', () => {
      test('returns at once what is there already', async () => {
        const id = await appendOne(log, item('k'));
        expect((await log.wait('0', 5000)).map((entry) => entry.id)).toEqual([id]);
      });

      test('several waiters at different ids all see the next entry', async () => {
        const first = await appendOne(log, item('a'));
        const waits = [log.wait(first, 10_000), world.other.wait(first, 10_000), log.wait(first, 10_000)];
        const second = await appendOne(world.other, item('b'));
        const seen = await Promise.all(waits);
        expect(seen.map((entries) => entries.map((entry) => entry.id))).toEqual([[second], [second], [second]]);
        expect((await log.wait('0', 1000)).map((entry) => entry.id)).toEqual([first, second]);
      });

      test('follows a writer entry by entry without missing one', async () => {
        const seen: string[] = [];
        const follow = async () => {
          for (let after = '0'; seen.length < 200; ) {
            for (const entry of await log.wait(after, 10_000)) {
              seen.push(entry.fields['n'] ?? '');
              after = entry.id;
            }
          }
        };
        const write = async () => {
          for (let i = 0; i < 200; i += 1) await appendOne(world.other, item(`k${i}`, { n: String(i) }));
        };
        await Promise.all([follow(), write()]);
        expect(seen).toEqual(Array.from({ length: 200 }, (_, i) => String(i)));
      });

      test('resolves empty when its time is over', async () => {
        const waiting = log.wait('0', 30);
        await world.pass(40);
        expect(await waiting).toEqual([]);
        expect(await log.wait('0', 0)).toEqual([]);
      });

      test('resolves empty when it is aborted, before or while waiting, and when the log is closed', async () => {
        expect(await log.wait('0', 10_000, AbortSignal.abort())).toEqual([]);
        const abort = new AbortController();
        const waiting = log.wait('0', 10_000, abort.signal);
        const closing = world.other.wait('0', 10_000);
        await log.stats();
        abort.abort();
        expect(await waiting).toEqual([]);
        await world.other.close();
        expect(await closing).toEqual([]);
      });
    });

    test('an entry is buried once, with its reason and fields, and the log keeps it', async () => {
      const id = await appendOne(log, item('bad', { event: '??', 'a|b': '\0' }));
      expect(await log.bury(id, 'payload: not JSON', { event: '??', 'a|b': '\0' })).toBe(true);
      expect(await world.other.bury(id, 'again', {})).toBe(false);
      const other = await appendOne(log, item('bad too'));
      expect(await log.bury(other, 'unknown', {})).toBe(true);
      expect(await log.stats()).toMatchObject({ length: 2, dead: 2 });
      expect(await log.dead(10)).toMatchObject([
        { entryId: id, reason: 'payload: not JSON', fields: { event: '??', 'a|b': '\0' } },
        { entryId: other, reason: 'unknown', fields: {} },
      ]);
      expect(await log.dead(1)).toHaveLength(1);
    });

    test('a position starts at 0 and only moves forward', async () => {
      expect(await log.position('notify')).toBe('0');
      expect(await log.advance('notify', '1000-5')).toBe('1000-5');
      expect(await log.advance('notify', '999-9')).toBe('1000-5');
      expect(await log.advance('notify', '1000-10')).toBe('1000-10');
      expect(await log.advance('notify', '0')).toBe('1000-10');
      expect(await log.advance('notify', '10000-0')).toBe('10000-0');
      expect(await world.other.position('notify')).toBe('10000-0');
      expect(await log.position('other')).toBe('0');
    });

    test('what is no entry id is refused as a fault of use', async () => {
      for (const id of ['', '-', '+', '$', '1', '1-', '(1-1', '1-1 ', '1-1\n']) {
        await expect(log.read(id, 1), id).rejects.toMatchObject({ code: 'LOG_ID_INVALID', exit: 2 });
      }
    });

    describe('after a pause', () => {
      test('a log that went on is intact, for a reader from the beginning too', async () => {
        const known = { logId: await log.logId(), lastId: await appendOne(log, item('a')) };
        await appendOne(log, item('b'));
        expect(await log.check(known)).toEqual({ kind: 'intact' });
        expect(await log.check({ ...known, lastId: '0' })).toEqual({ kind: 'intact' });
      });

      test('a log that lost its tail is noticed, also when newer entries cover the gap', async () => {
        await appendOne(log, item('a'));
        const known = { logId: await log.logId(), lastId: await appendOne(log, item('b')) };
        await world.loseTail();
        expect(await log.check(known)).toMatchObject({ kind: 'lost_tail' });
        await world.pass(2);
        await appendOne(log, item('c'));
        expect(await log.check(known)).toMatchObject({ kind: 'lost_tail' });
      });

      test('a wiped log is noticed', async () => {
        const known = { logId: await log.logId(), lastId: await appendOne(log, item('a')) };
        await world.wipe();
        expect(await log.check(known)).toEqual({ kind: 'replaced', logId: await log.logId() });
        expect(await log.logId()).not.toBe(known.logId);
      });
    });

    describe('archived entries', () => {
      /** A step that archives everything from the end of the archives up to `through`. */
      const step = async (after: string, through: string, more: Partial<ArchiveStep> = {}): Promise<ArchiveStep> => ({
        logId: await log.logId(),
        after,
        part: { first: '1-1', through, entries: 1, digest: 'd'.repeat(64), host: 'one' },
        fold: { version: 'v1', text: `{"up to":"${through}"}` },
        ...more,
      });
      const three = async () => [
        await appendOne(log, item('a')),
        await appendOne(log, item('b')),
        await appendOne(log, item('c')),
      ];

      test('nothing is archived at first', async () => {
        expect(await log.archived()).toBeNull();
        expect(await log.isWhole()).toBe(true);
        expect(await log.keptFold('v1')).toBeNull();
        expect(await log.keepFold('1-1', { version: 'v1', text: '{}' })).toBe(false);
      });

      test('leave the log, and are counted; their keys stay, and the next entry comes behind them', async () => {
        const [a = '', b = '', c = ''] = await three();
        const archived = await step('0', b);
        expect(await log.archive(archived)).toBe('done');
        expect(await world.other.archived()).toEqual({ through: b, entries: 2, parts: [archived.part] });
        expect(await log.isWhole()).toBe(false);
        expect((await log.read(b, 10)).map((entry) => entry.id)).toEqual([c]);
        expect((await log.upTo(c, 10)).map((entry) => entry.id)).toEqual([c]);
        expect(await log.upTo(b, 10)).toEqual([]);
        expect(await log.stats()).toEqual({ lastId: c, length: 3, dead: 0, archived: 2 });
        expect(await log.append([item('a')])).toEqual({ kind: 'done', outcomes: [{ kind: 'duplicate', id: a }] });
        expect(await log.archive(await step(b, c))).toBe('done');
        expect(await log.stats()).toEqual({ lastId: c, length: 3, dead: 0, archived: 3 });
        expect((await log.archived())?.parts.map(({ through }) => through)).toEqual([b, c]);
        expect(compareIds(await appendOne(log, item('d')), c)).toBe(1);
        expect((await log.stats()).length).toBe(4);
      });

      test('are never passed over: who asks for them is told, whether it reads or waits', async () => {
        const [a = '', b = '', c = ''] = await three();
        await log.archive(await step('0', b));
        for (const after of ['0', a]) {
          await expect(log.read(after, 10)).rejects.toMatchObject({ code: 'LOG_ARCHIVED', exit: 3 });
          await expect(log.wait(after, 10)).rejects.toMatchObject({ code: 'LOG_ARCHIVED', exit: 3 });
        }
        expect((await log.wait(b, 1000)).map((entry) => entry.id)).toEqual([c]);
      });

      test('are no loss: a reader behind them is told so, one at their end or later goes on', async () => {
        const [a = '', b = '', c = ''] = await three();
        const logId = await log.logId();
        await log.archive(await step('0', b));
        for (const lastId of ['0', a])
          expect(await log.check({ logId, lastId })).toEqual({ kind: 'archived', through: b });
        for (const lastId of [b, c]) expect(await log.check({ logId, lastId })).toEqual({ kind: 'intact' });
        await world.loseTail();
        expect(await log.check({ logId, lastId: c })).toMatchObject({ kind: 'lost_tail' });
      });

      test('of two who archive at once one does it, and nothing happens for a step that fits no more', async () => {
        const [a = '', b = '', c = ''] = await three();
        const both = await Promise.all([log.archive(await step('0', a)), world.other.archive(await step('0', b))]);
        expect([...both].sort()).toEqual(['done', 'moved']);
        const { through = '' } = (await log.archived()) ?? {};
        const misfits: ArchiveStep[] = [
          await step('0', c),
          await step(c, c),
          await step(through, c, { logId: '0'.repeat(26) }),
          await step(through, `${c.split('-')[0]}-999`),
        ];
        for (const misfit of misfits) expect(await log.archive(misfit)).toBe('moved');
        expect(await log.archived()).toMatchObject({ through, parts: [{ through }] });
        expect((await log.read(through, 10)).at(-1)?.id).toBe(c);
      });

      test('keep the fold up to their end, for each version that brings one, and none that ends earlier', async () => {
        const [a = '', b = ''] = await three();
        const text = JSON.stringify({ hostile: ' \u0000\n é \u{1f9ea}', long: 'x'.repeat(100_000) });
        await log.archive(await step('0', a, { fold: { version: 'v1', text } }));
        expect(await world.other.keptFold('v1')).toEqual({ through: a, text });
        expect(await log.keptFold('v2')).toBeNull();
        expect(await world.other.keepFold(a, { version: 'v2', text: '{}' })).toBe(true);
        expect(await log.keptFold('v2')).toEqual({ through: a, text: '{}' });
        await log.archive(await step(a, b, { fold: { version: 'v2', text: '{"b":1}' } }));
        expect(await log.keptFold('v1')).toBeNull();
        expect(await log.keepFold(a, { version: 'v1', text: '{}' })).toBe(false);
        expect(await log.keptFold('v2')).toEqual({ through: b, text: '{"b":1}' });
      });
    });
  });
}
