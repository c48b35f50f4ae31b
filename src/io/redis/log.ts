/**
 * The log: one Redis Stream a repository, appended by one idempotent, fenced Lua script and read from an id on.
 * Knows fields and digests, never what an event means.
 *
 * Invariants: one entry for a key, however often and over however many cut connections it is appended; nothing is
 * appended under a proof that does not hold at that moment by the server's clock; a blocked read never hangs longer
 * than one block and its watchdog.
 */
import { EXIT, invariant, TelecError } from '../../errors.ts';
import { type Clock, type Ids, systemClock, systemIds } from '../clock.ts';
import { type ArchiveStore, openArchiveStore } from './archive-store.ts';
import type { RedisConnection } from './connection.ts';
import { repositoryKeys } from './keys.ts';
import { runScript } from './scripts.ts';
import { openTail } from './tail.ts';

/** How far ahead of the Redis clock an instant inside an event may lie, ms. */
export const AHEAD_MAX_MS = 5 * 60_000;
/** Items of one append. One step blocks the server for all of them. */
const APPEND_ITEMS_MAX = 1000;
/** Fields of one entry; Lua hands over at most 8,000 values at once. */
const FIELDS_MAX = 1000;
/** Entries `wait` returns at most. With entries of at most 256 KiB this bounds what one call holds in memory. */
export const WAIT_ENTRIES_MAX = 256;

/** One stream entry as stored: a flat map of strings. `id` is the Redis stream id, `<ms>-<n>`. */
export interface LogEntry {
  id: string;
  fields: Record<string, string>;
}

/** One entry to append. */
export interface AppendItem {
  /** Idempotency key: any text, compared whole. */
  key: string;
  /** Hex digest of what the event says; the same key with another digest is a conflict. */
  digest: string;
  /** The latest instant inside the event, ms since the epoch; 0 when it has none. Refused when more than 5 minutes ahead of the Redis clock. */
  latestInstantMs: number;
  fields: Record<string, string>;
}

/** What became of one item of an append. `conflict` names the entry that holds the key; `future` appends nothing. */
export type AppendOutcome =
  | { kind: 'appended'; id: string }
  | { kind: 'duplicate'; id: string }
  | { kind: 'conflict'; id: string }
  | { kind: 'future'; aheadMs: number };

/** What a fenced append shows: the live lease's token and its fence. */
export interface FenceProof {
  token: string;
  fence: number;
}

/** The whole append: all items in one atomic step, or none because the proof no longer holds. */
export type AppendResult = { kind: 'done'; outcomes: AppendOutcome[] } | { kind: 'fenced_out' };

export interface LogStats {
  lastId: string;
  length: number;
  dead: number;
  archived: number;
}

export interface DeadLetter {
  /** Id in the dead-letter stream. */
  id: string;
  /** Id of the entry in the log that could not be applied. */
  entryId: string;
  reason: string;
  fields: Record<string, string>;
}

/** What a reader remembers of the log: its id and the newest entry it has applied ('0' for none). */
interface KnownLog {
  logId: string;
  lastId: string;
}

/**
 * Whether a log still is what a reader remembers. `replaced`: wiped, or another log stands in its place. `lost_tail`:
 * the same log, but the remembered entry is gone and no archive explains it. `archived`: entries that the reader has not
 * seen are in archives up to `through`; what it remembers is no fault of the log.
 */
export type LogCheck =
  | { kind: 'intact' }
  | { kind: 'archived'; through: string }
  | { kind: 'replaced'; logId: string }
  | { kind: 'lost_tail'; lastId: string };

/** Code of the fault of asking for entries that are in archives; `whole-log.ts` finds them there. */
export const LOG_ARCHIVED = 'LOG_ARCHIVED';

/**
 * The log as Redis has it. Entries that went to archives are not in it: asked for them, `read` and `wait` throw
 * LOG_ARCHIVED (3), so that nobody goes on past a gap.
 */
export interface EventLog extends ArchiveStore {
  /** Id of this log, made once with the first access and kept for its life (a ULID). Asks the server every time. */
  logId(): Promise<string>;
  /** The server's clock, ms since the epoch. */
  time(): Promise<number>;
  /** Appends all items atomically; with `proof` only while that lease is live and its fence the newest. Safe to repeat: a repeat answers `duplicate`. */
  append(items: AppendItem[], proof?: FenceProof): Promise<AppendResult>;
  /** Compares the log with what a reader remembers of it; to be asked before a fold goes on after a pause. */
  check(known: KnownLog): Promise<LogCheck>;
  /** Entries after `after` ('0' for the first), oldest first, at most `count`; fewer only at the end of the log. */
  read(after: string, count: number): Promise<LogEntry[]>;
  /** The last `count` entries up to and including `until`, oldest first; fewer when those before are not at hand. */
  upTo(until: string, count: number): Promise<LogEntry[]>;
  /**
   * As `read` (at most `WAIT_ENTRIES_MAX` entries), but waits up to `timeoutMs` for the first one; resolves empty on
   * timeout or abort. Any number of calls may wait at once. Uses the reader connection.
   */
  wait(after: string, timeoutMs: number, signal?: AbortSignal): Promise<LogEntry[]>;
  /**
   * Newest id ever given ('0' when none), number of entries, archived ones counted, number of dead letters, and how many
   * entries are in archives.
   */
  stats(): Promise<LogStats>;
  /** Moves one unreadable entry to the dead-letter stream; once per entry id, however often it is called. Returns false when it was there. */
  bury(entryId: string, reason: string, fields: Record<string, string>): Promise<boolean>;
  /** Dead letters, oldest first. */
  dead(count: number): Promise<DeadLetter[]>;
  /** Up to which entry the reader `name` is done; '0' at first. */
  position(name: string): Promise<string>;
  /** Records that position, forward only; returns the position that now stands. */
  advance(name: string, id: string): Promise<string>;
  /** Ends pending waits and frees what the log holds; the connection is its owner's to close. */
  close(): Promise<void>;
}

const ENTRY_ID = /^\d{1,20}-\d{1,20}$/;
const START = '0';

/** Orders stream ids (`<ms>-<n>`, or '0'): negative when `a` is older than `b`. */
export function compareIds(a: string, b: string): number {
  const [aMs = '0', aN = '0'] = a.split('-');
  const [bMs = '0', bN = '0'] = b.split('-');
  const difference = BigInt(aMs) - BigInt(bMs) || BigInt(aN) - BigInt(bN);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** Returns `id` when it is a stream id or '0'. Thrown: LOG_ID_INVALID (exit 2). */
export function entryId(id: string): string {
  if (id !== START && !ENTRY_ID.test(id)) {
    throw new TelecError('LOG_ID_INVALID', EXIT.usage, 'this is no id of a log entry', {
      hint: 'an id looks like 1735689600000-0; 0 stands for the beginning',
    });
  }
  return id;
}

/** The fault of asking for entries after `after` while those up to `through` are in archives. */
export function archivedFault(after: string, through: string): TelecError {
  return new TelecError(LOG_ARCHIVED, EXIT.unreachable, `entries after ${after} are in archives, up to ${through}`, {
    hint: 'telec events tail reads them where the archives are',
  });
}

/** Refuses what no caller may pass, before anything is sent. */
export function checkItems(items: AppendItem[]): void {
  invariant(items.length <= APPEND_ITEMS_MAX, `an append takes at most ${APPEND_ITEMS_MAX} items`);
  for (const { fields, digest, latestInstantMs } of items) {
    const size = Object.keys(fields).length;
    invariant(size >= 1 && size <= FIELDS_MAX, `an entry has 1 to ${FIELDS_MAX} fields`);
    invariant(digest !== '', 'an item to append has a digest');
    invariant(Number.isSafeInteger(latestInstantMs), 'an instant is a whole number of ms');
  }
}

function fieldsOf(flat: string[]): Record<string, string> {
  const pairs: [string, string][] = [];
  for (let i = 0; i < flat.length; i += 2) pairs.push([flat[i] ?? '', flat[i + 1] ?? '']);
  // fromEntries defines own properties, so a field called __proto__ is only a field.
  return Object.fromEntries(pairs);
}

function outcomesOf(flat: string[]): AppendOutcome[] {
  const outcomes: AppendOutcome[] = [];
  for (let i = 0; i < flat.length; i += 2) {
    const kind = flat[i];
    const text = flat[i + 1] ?? '';
    if (kind === 'future') outcomes.push({ kind, aheadMs: Number(text) });
    else if (kind === 'appended' || kind === 'duplicate' || kind === 'conflict') outcomes.push({ kind, id: text });
    else invariant(false, 'the append script answered an unknown outcome');
  }
  return outcomes;
}

/**
 * The log of `repoId` on `connection`. Every method throws REDIS_UNREACHABLE or the server's fault (exit 3) when the
 * server cannot serve it; an append that failed so may have taken effect and is safe to repeat.
 */
export function openLog(
  connection: RedisConnection,
  repoId: string,
  ids: Ids = systemIds(),
  clock: Clock = systemClock,
): EventLog {
  const keys = repositoryKeys(repoId);
  const closed = new AbortController();
  const tail = openTail(connection.reader, keys.log, clock);

  async function read(after: string, count: number): Promise<LogEntry[]> {
    const from = `(${entryId(after)}`;
    // Asked in this order: what is archived in between is missed by the first question and told by the second.
    const [entries, through] = await connection.call((redis) =>
      Promise.all([redis.xrange(keys.log, from, '+', 'COUNT', count), redis.hget(keys.archive, 'through')]),
    );
    if (through !== null && compareIds(after, through) < 0) throw archivedFault(after, through);
    return entries.map(([id, flat]) => ({ id, fields: fieldsOf(flat) }));
  }

  async function logId(): Promise<string> {
    const known = await connection.call((redis) => redis.get(keys.logId));
    if (known !== null) return known;
    const fresh = ids.ulid();
    await connection.call((redis) => redis.set(keys.logId, fresh, 'NX'));
    return (await connection.call((redis) => redis.get(keys.logId))) ?? fresh;
  }

  async function stats(): Promise<LogStats> {
    const used = [keys.log, keys.dead, keys.archive];
    const reply = await connection.call((redis) => runScript(redis, 'readStats-3', used, []));
    const [lastId = START, length = '0', dead = '0', archived = '0'] = reply as string[];
    return { lastId, length: Number(length), dead: Number(dead), archived: Number(archived) };
  }

  async function position(name: string): Promise<string> {
    return (await connection.call((redis) => redis.hget(keys.positions, name))) ?? START;
  }

  async function advance(name: string, id: string): Promise<string> {
    if (entryId(id) === START) return position(name);
    return (await connection.call((redis) =>
      runScript(redis, 'advancePosition-1', [keys.positions], [name, id]),
    )) as string;
  }

  return {
    ...openArchiveStore(connection, repoId),
    logId,
    stats,
    read,
    position,
    advance,

    async upTo(until, count) {
      const entries = await connection.call((redis) => redis.xrevrange(keys.log, entryId(until), '-', 'COUNT', count));
      return entries.map(([id, flat]) => ({ id, fields: fieldsOf(flat) })).reverse();
    },

    async time() {
      const [seconds, micros] = await connection.call((redis) => redis.time());
      return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
    },

    async append(items, proof) {
      checkItems(items);
      const args = [proof === undefined ? '0' : '1', proof?.token ?? '', String(proof?.fence ?? 0)];
      args.push(String(AHEAD_MAX_MS), String(items.length));
      for (const { key, digest, latestInstantMs, fields } of items) {
        const pairs = Object.entries(fields);
        args.push(key, digest, String(latestInstantMs), String(pairs.length));
        for (const [name, value] of pairs) args.push(name, value);
      }
      const used = [keys.log, keys.idempotency, keys.lease, keys.fence];
      const reply = (await connection.call((redis) => runScript(redis, 'append-4', used, args))) as string[];
      return reply[0] === 'done' ? { kind: 'done', outcomes: outcomesOf(reply.slice(1)) } : { kind: 'fenced_out' };
    },

    async check(known) {
      const current = await logId();
      if (current !== known.logId) return { kind: 'replaced', logId: current };
      const { lastId } = await stats();
      const remembered = entryId(known.lastId);
      const lost: LogCheck = { kind: 'lost_tail', lastId };
      if (compareIds(lastId, remembered) < 0) return lost;
      // Asked in this order, as in `read`.
      const [found, through] = await connection.call((redis) =>
        Promise.all([
          remembered === START ? null : redis.xrange(keys.log, remembered, remembered),
          redis.hget(keys.archive, 'through'),
        ]),
      );
      if (through !== null && compareIds(remembered, through) < 0) return { kind: 'archived', through };
      if (found === null || remembered === through) return { kind: 'intact' };
      return found.length === 1 ? { kind: 'intact' } : lost;
    },

    async wait(after, timeoutMs, signal) {
      const deadline = clock.monotonic() + timeoutMs;
      const stop = signal === undefined ? closed.signal : AbortSignal.any([signal, closed.signal]);
      while (!stop.aborted) {
        // Armed before the look, so that an entry between the two still wakes.
        const left = deadline - clock.monotonic();
        const arrival = left > 0 ? tail.arrival(after, left, stop) : null;
        const entries = await read(after, WAIT_ENTRIES_MAX);
        if (entries.length > 0 || arrival === null) return stop.aborted ? [] : entries;
        await arrival;
      }
      return [];
    },

    async bury(id, reason, fields) {
      const args = [entryId(id), reason, JSON.stringify(fields)];
      return (
        (await connection.call((redis) => runScript(redis, 'buryEntry-2', [keys.dead, keys.buried], args))) === '1'
      );
    },

    async dead(count) {
      const entries = await connection.call((redis) => redis.xrange(keys.dead, '-', '+', 'COUNT', count));
      return entries.map(([id, flat]) => {
        const { entry_id = '', reason = '', fields = '{}' } = fieldsOf(flat);
        return { id, entryId: entry_id, reason, fields: JSON.parse(fields) as Record<string, string> };
      });
    },

    async close() {
      closed.abort();
    },
  };
}
