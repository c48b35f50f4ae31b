/**
 * The queue: the ready candidates in the order of their turns. It keeps them sorted and knows nothing else; what the order is
 * depends on the log alone, so whoever folds it has the same queue.
 */
import { compareTurns, type Priorities } from '../machines/priority.ts';
import type { CandidateRecord } from './candidate-record.ts';

export class ReadyQueue {
  #records: CandidateRecord[] = [];
  #priorities: Priorities;

  constructor(priorities: Priorities) {
    this.#priorities = priorities;
  }

  /** The next one first. */
  get records(): readonly CandidateRecord[] {
    return this.#records;
  }

  add(record: CandidateRecord): void {
    const compare = compareTurns(this.#priorities);
    const isBefore = ({ context }: CandidateRecord) => compare(context, record.context) <= 0;
    this.#records.splice(this.#records.findLastIndex(isBefore) + 1, 0, record);
  }

  remove(record: CandidateRecord): void {
    this.#records = this.#records.filter((other) => other !== record);
  }

  /** Takes over the ready ones of many. */
  fill(records: Iterable<CandidateRecord>): void {
    this.#records = [...records].filter(({ state }) => state === 'ready');
    this.#sort();
  }

  /** Goes by these priorities from here on. */
  order(priorities: Priorities): void {
    if (priorities === this.#priorities) return;
    this.#priorities = priorities;
    this.#sort();
  }

  #sort(): void {
    const compare = compareTurns(this.#priorities);
    this.#records = [...this.#records].sort((a, b) => compare(a.context, b.context));
  }
}
