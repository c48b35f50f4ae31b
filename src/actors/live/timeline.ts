/**
 * The entries of the log by their number. A stream knows ids only, so every so many entries one id is kept, and what lies
 * between is read. Grows as it is asked; nothing that was kept ever changes, because a log only grows. Where archives are
 * not on this machine the timeline begins behind them, with the number that entry has in the whole log.
 */
import { EXIT, TelecError } from '../../errors.ts';
import type { EventLog } from '../../io/redis/log.ts';
import type { Beginning } from '../archive/beginning.ts';
import { compareIds } from '../pipeline.ts';
import { instantOf } from './place.ts';
import type { Moment } from './views.ts';

/** Entries from one kept id to the next. */
export const STRIDE = 1000;

/** What of the log is read: everything that shows the past goes through this. */
export type Entries = Pick<EventLog, 'read' | 'upTo' | 'stats'>;

type Start = Pick<Beginning, 'id' | 'index'>;

export class Timeline {
  readonly #entries: Entries;
  readonly #begins: () => Promise<Start>;
  /** Number of the entry that the first mark is; 0 stands before the first. */
  #base = 0;
  /** `[k]` is the id of entry number `base + k * STRIDE`; before the first entry it is '0'. */
  #marks: string[] = ['0'];
  #turn: Promise<unknown> = Promise.resolve();

  constructor(entries: Entries, begins: () => Promise<Start>) {
    this.#entries = entries;
    this.#begins = begins;
  }

  /** The place of entry `index`; above the end the end, before what can be read the beginning of that. */
  moment(index: number): Promise<Moment> {
    return this.#inTurn(async () => {
      await this.#begin();
      const { length } = await this.#entries.stats();
      const wanted = Math.min(Math.max(0, Math.trunc(index) - this.#base), length - this.#base);
      const mark = await this.#reach((marks) => marks * STRIDE > wanted);
      const start = Math.min(mark, Math.floor(wanted / STRIDE));
      const id = this.#marks[start] ?? '0';
      const page = wanted > start * STRIDE ? await this.#entries.read(id, wanted - start * STRIDE) : [];
      const last = page.at(-1)?.id ?? id;
      return { id: last, at: instantOf(last), index: this.#base + start * STRIDE + page.length, length };
    });
  }

  /** The place of the entry of that id; `0` is the beginning. Thrown: NO_SUCH_ENTRY (1). */
  momentOf(id: string): Promise<Moment> {
    return this.#inTurn(async () => {
      await this.#begin();
      const { length } = await this.#entries.stats();
      if (id === '0') return { id, at: null, index: 0, length };
      if (id === this.#marks[0]) return { id, at: instantOf(id), index: this.#base, length };
      // Asking for what is before says where it is.
      if (compareIds(id, this.#marks[0] ?? '0') < 0) await this.#entries.read('0', 1);
      await this.#reach((_count, newest) => compareIds(newest, id) >= 0);
      const start = this.#marks.findLastIndex((mark) => compareIds(mark, id) < 0);
      const page = start < 0 ? [] : await this.#entries.read(this.#marks[start] ?? '0', STRIDE);
      const at = page.findIndex((entry) => entry.id === id);
      if (at < 0) {
        throw new TelecError('NO_SUCH_ENTRY', EXIT.domain, `the log has no entry ${id}`, {
          hint: 'telec events tail lists them',
        });
      }
      const index = this.#base + start * STRIDE + at + 1;
      return { id, at: instantOf(id), index, length: Math.max(length, index) };
    });
  }

  /** What was archived to another machine since the last question cannot be read any more. */
  async #begin(): Promise<void> {
    const { id, index } = await this.#begins();
    if (compareIds(id, this.#marks[0] ?? '0') === 0) return;
    this.#base = index;
    this.#marks = [id];
  }

  /** Keeps further ids until `enough` (of their number and the newest) says so or the log ends; gives the newest's number. */
  async #reach(enough: (count: number, newest: string) => boolean): Promise<number> {
    for (;;) {
      const newest = this.#marks.at(-1) ?? '0';
      if (enough(this.#marks.length, newest)) break;
      const page = await this.#entries.read(newest, STRIDE);
      const last = page[STRIDE - 1];
      if (last === undefined) break;
      this.#marks.push(last.id);
    }
    return this.#marks.length - 1;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}
