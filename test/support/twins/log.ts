/**
 * The log in memory. Same behaviour as the Redis one, held by the same conformance suite; every operation goes
 * through the port, so that a simulation decides when it happens and whether its answer arrives.
 */
import {
  AHEAD_MAX_MS,
  type AppendItem,
  type AppendOutcome,
  type AppendResult,
  archivedFault,
  checkItems,
  compareIds,
  type EventLog,
  entryId,
  type FenceProof,
  type LogCheck,
  type LogEntry,
  WAIT_ENTRIES_MAX,
} from '../../../src/io/redis/log.ts';
import { nextId, type TwinPort, type TwinStore } from './store.ts';

function proves(store: TwinStore, proof: FenceProof): boolean {
  const { lease, fence } = store;
  if (lease === null || lease.leaseToken !== proof.token) return false;
  return lease.fence === proof.fence && fence === proof.fence && lease.expiresAt > store.now();
}

function appendOne(store: TwinStore, item: AppendItem): AppendOutcome {
  const known = store.idempotency.get(item.key);
  if (known !== undefined) return { kind: known.digest === item.digest ? 'duplicate' : 'conflict', id: known.id };
  const aheadMs = item.latestInstantMs - store.now();
  if (aheadMs > AHEAD_MAX_MS) return { kind: 'future', aheadMs };
  const id = nextId(store);
  store.lastId = id;
  store.entries.push({ id, fields: { ...item.fields } });
  store.idempotency.set(item.key, { id, digest: item.digest });
  return { kind: 'appended', id };
}

/** Index of the first entry after `id`; entries are in order. */
function firstAfter(entries: LogEntry[], id: string): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const entry = entries[middle];
    if (entry !== undefined && compareIds(entry.id, id) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function copy(entry: LogEntry): LogEntry {
  return { id: entry.id, fields: { ...entry.fields } };
}

/** A handle on the log in `store`; any number may be open at once, each with a port of its own. */
export function openTwinLog(store: TwinStore, port: TwinPort): EventLog {
  const closed = new AbortController();

  const idOf = (): string => {
    store.logId ??= store.newLogId();
    return store.logId;
  };

  const page = (after: string, count: number): LogEntry[] => {
    const through = store.archived?.through;
    if (through !== undefined && compareIds(after, through) < 0) throw archivedFault(after, through);
    const from = firstAfter(store.entries, after);
    return store.entries.slice(from, from + count).map(copy);
  };

  const check = (logId: string, remembered: string): LogCheck => {
    const current = idOf();
    if (current !== logId) return { kind: 'replaced', logId: current };
    const lost: LogCheck = { kind: 'lost_tail', lastId: store.lastId };
    if (compareIds(store.lastId, remembered) < 0) return lost;
    const through = store.archived?.through;
    if (through !== undefined && compareIds(remembered, through) < 0) return { kind: 'archived', through };
    if (remembered === '0' || remembered === through) return { kind: 'intact' };
    const at = store.entries[firstAfter(store.entries, remembered) - 1];
    return at?.id === remembered ? { kind: 'intact' } : lost;
  };

  const advance = (name: string, id: string): string => {
    const old = store.positions.get(name) ?? '0';
    const next = compareIds(id, old) > 0 ? id : old;
    if (next !== '0') store.positions.set(name, next);
    return next;
  };

  return {
    logId: () => port.perform('log.logId', idOf),
    time: () => port.perform('log.time', () => store.now()),

    async append(items, proof) {
      checkItems(items);
      return await port.perform('log.append', (): AppendResult => {
        if (proof !== undefined && !proves(store, proof)) return { kind: 'fenced_out' };
        const outcomes = items.map((item) => appendOne(store, item));
        if (outcomes.some(({ kind }) => kind === 'appended')) for (const wake of [...store.arrivals]) wake();
        return { kind: 'done', outcomes };
      });
    },

    async check(known) {
      const remembered = entryId(known.lastId);
      return await port.perform('log.check', () => check(known.logId, remembered));
    },

    async read(after, count) {
      const from = entryId(after);
      return await port.perform('log.read', () => page(from, count));
    },

    async upTo(until, count) {
      const end = firstAfter(store.entries, entryId(until));
      return await port.perform('log.upTo', () => store.entries.slice(Math.max(0, end - count), end).map(copy));
    },

    async wait(after, timeoutMs, signal) {
      const from = entryId(after);
      const stop = signal === undefined ? closed.signal : AbortSignal.any([signal, closed.signal]);
      let over = timeoutMs <= 0;
      let wake: () => void = () => undefined;
      const onArrival = () => wake();
      const limit = port.clock.setTimeout(() => {
        over = true;
        wake();
      }, timeoutMs);
      store.arrivals.add(onArrival);
      stop.addEventListener('abort', onArrival);
      try {
        while (!stop.aborted) {
          const isLastLook = over;
          // Armed before the look, so that an entry between the two still wakes.
          const arrival = new Promise<void>((resolve) => {
            wake = resolve;
          });
          const entries = await port.perform('log.wait', () => page(from, WAIT_ENTRIES_MAX));
          if (entries.length > 0 || isLastLook) return stop.aborted ? [] : entries;
          if (!stop.aborted && !over) await arrival;
        }
        return [];
      } finally {
        port.clock.clearTimeout(limit as never);
        store.arrivals.delete(onArrival);
        stop.removeEventListener('abort', onArrival);
      }
    },

    stats: () =>
      port.perform('log.stats', () => {
        const archived = store.archived?.entries ?? 0;
        return { lastId: store.lastId, length: store.entries.length + archived, dead: store.dead.length, archived };
      }),

    async bury(id, reason, fields) {
      entryId(id);
      return await port.perform('log.bury', () => {
        if (store.dead.some((letter) => letter.entryId === id)) return false;
        const last = store.dead.at(-1)?.id ?? '0';
        store.dead.push({ id: nextId({ now: store.now, lastId: last }), entryId: id, reason, fields: { ...fields } });
        return true;
      });
    },

    dead: (count) =>
      port.perform('log.dead', () =>
        store.dead.slice(0, count).map((letter) => ({ ...letter, fields: { ...letter.fields } })),
      ),

    position: (name) => port.perform('log.position', () => store.positions.get(name) ?? '0'),

    async advance(name, id) {
      entryId(id);
      return await port.perform('log.advance', () => advance(name, id));
    },

    archived: () => port.perform('log.archived', () => structuredClone(store.archived)),
    isWhole: () => port.perform('log.isWhole', () => store.archived === null),

    archive: ({ logId, after, part, fold }) =>
      port.perform('log.archive', () => {
        const { through = '0', entries = 0, parts = [] } = store.archived ?? {};
        const count = firstAfter(store.entries, part.through);
        if (idOf() !== logId || through !== after || store.entries[count - 1]?.id !== part.through) return 'moved';
        store.entries.splice(0, count);
        store.archived = { through: part.through, entries: entries + count, parts: [...parts, { ...part }] };
        store.folds = new Map([[fold.version, { through: part.through, text: fold.text }]]);
        return 'done';
      }),

    keptFold: (version) => port.perform('log.keptFold', () => store.folds.get(version) ?? null),

    keepFold: (through, { version, text }) =>
      port.perform('log.keepFold', () => {
        if (store.archived?.through !== through) return false;
        store.folds.set(version, { through, text });
        return true;
      }),

    async close() {
      closed.abort();
    },
  };
}
