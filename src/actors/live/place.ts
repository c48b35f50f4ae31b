/**
 * Where the fold is in the log, as a number of entries. A stream tells no numbers of its entries, so they are counted
 * once from its end and then with each entry that is applied.
 */
import type { EventLog } from '../../io/redis/log.ts';
import type { Dispatcher } from '../dispatcher.ts';
import { compareIds } from '../pipeline.ts';
import type { Surroundings } from '../status-now.ts';
import type { Moment } from './views.ts';

const PAGE_ENTRIES = 1000;

/** Tells the moment of the fold, by what the server said of its log. To be called between two entries. */
export type MomentOf = (stats: Surroundings['stats']) => Moment;

export class Place {
  readonly #log: EventLog;
  readonly #dispatcher: Dispatcher;
  #base: Promise<number> | null = null;

  constructor(log: EventLog, dispatcher: Dispatcher) {
    this.#log = log;
    this.#dispatcher = dispatcher;
  }

  /** Gives what tells the moment at any later time, between two entries. Thrown: REDIS_UNREACHABLE (3). */
  async open(): Promise<MomentOf> {
    this.#base ??= this.#count();
    const base = await this.#base.catch((error: unknown) => {
      this.#base = null;
      throw error;
    });
    return ({ length }) => {
      const { appliedId: id, applied } = this.#dispatcher;
      const index = base + applied;
      return { id, at: instantOf(id), index, length: Math.max(length, index) };
    };
  }

  /** Entries up to the applied one, less those that this dispatcher applied itself. */
  async #count(): Promise<number> {
    const { appliedId, applied } = this.#dispatcher;
    const { length, lastId } = await this.#log.stats();
    let left = 0;
    for (let after = appliedId; compareIds(after, lastId) < 0; ) {
      const page = await this.#log.read(after, PAGE_ENTRIES);
      left += page.filter(({ id }) => compareIds(id, lastId) <= 0).length;
      after = page.at(-1)?.id ?? lastId;
    }
    return length - left - applied;
  }
}

/** By the clock of the log's server; null before the first entry. */
export function instantOf(id: string): string | null {
  return id === '0' ? null : new Date(Number(id.split('-')[0])).toISOString();
}
