/**
 * What stands in for one Redis server in the twins: the state of one repository and the clock that judges it. All
 * operations are synchronous and atomic, as a script is; how they reach a caller is the port's affair.
 */
import type { Clock } from '../../../src/io/clock.ts';
import type { Archived } from '../../../src/io/redis/archive-store.ts';
import type { LeaseRecord } from '../../../src/io/redis/lease.ts';
import type { DeadLetter, LogEntry } from '../../../src/io/redis/log.ts';

/** One repository's keys. */
export interface TwinStore {
  /** The server's clock, ms since the epoch. */
  now: () => number;
  newLogId: () => string;
  logId: string | null;
  entries: LogEntry[];
  /** Newest id ever given. */
  lastId: string;
  idempotency: Map<string, { id: string; digest: string }>;
  positions: Map<string, string>;
  dead: DeadLetter[];
  lease: LeaseRecord | null;
  fence: number;
  archived: Archived | null;
  /** Version -> the fold of what is archived, and where it ends. */
  folds: Map<string, { through: string; text: string }>;
  /** Called after every append. */
  arrivals: Set<() => void>;
}

/** How an operation reaches the store, and the local clock that bounds a wait. */
export interface TwinPort {
  /**
   * Runs `op` and hands its result to the caller. A harness may delay or reorder the call, run `op` and then reject
   * (the answer was lost), reject without running it, or never settle (the process died).
   */
  perform<T>(name: string, op: () => T): Promise<T>;
  clock: Pick<Clock, 'setTimeout' | 'clearTimeout'>;
}

/** The port without faults: every operation happens on a microtask. */
export function directPort(clock: TwinPort['clock']): TwinPort {
  return { perform: (_name, op) => Promise.resolve().then(op), clock };
}

export function createStore(now: () => number, newLogId: () => string): TwinStore {
  return {
    now,
    newLogId,
    logId: null,
    entries: [],
    lastId: '0',
    idempotency: new Map(),
    positions: new Map(),
    dead: [],
    lease: null,
    fence: 0,
    archived: null,
    folds: new Map(),
    arrivals: new Set(),
  };
}

/** The id Redis would give next: its clock, or the newest id plus one when the clock did not move on. */
export function nextId(store: Pick<TwinStore, 'now' | 'lastId'>): string {
  const [ms = 0, n = 0] = store.lastId.split('-').map(Number);
  const now = store.now();
  return now > ms ? `${now}-0` : `${ms}-${n + 1}`;
}
