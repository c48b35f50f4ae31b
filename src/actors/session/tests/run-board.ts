/**
 * The runs of a test bed: which are wanted by whom, which go on, and which comes next when a place is free. Knows nothing
 * of what a run does or says.
 *
 * Invariants: no more than `parallel` go on at a time, one that is being ended included; the first of the line goes
 * first; one that nobody wants gives way to one that somebody does.
 */
import type { CheckRunEnd } from '../../../io/checks/port.ts';
import type { CheckDefinition } from '../../../io/config-checks.ts';
import { verdictKey } from '../../../machines/check-book.ts';
import type { PayloadOf } from '../../../machines/events.ts';

export type About = Pick<PayloadOf<'integration.checks.started'>, 'seen' | 'definition' | 'toolchain'>;

export interface Wish {
  definition: CheckDefinition;
  about: About;
  /** Place among the checks of its delivery. */
  place: number;
}

export interface Job<W> extends Wish {
  key: string;
  waiters: W[];
  state: 'waiting' | 'running' | 'over';
  ending: AbortController;
  /** It passed while nobody wanted it: kept for who is built again. */
  end: CheckRunEnd | null;
}

export interface RunBoardParts<W> {
  parallel: number;
  /** One run to its end, its words in the log included. Never rejects. */
  execute(job: Job<W>): Promise<void>;
  /** Place in the line of one that waits. */
  rank(waiter: W): number;
}

export class RunBoard<W> {
  readonly #parts: RunBoardParts<W>;
  readonly #jobs = new Map<string, Job<W>>();
  readonly #underWay = new Set<Promise<void>>();
  #isClosed = false;

  constructor(parts: RunBoardParts<W>) {
    this.#parts = parts;
  }

  /** The run about exactly that, a new one when there is none; nothing begins before `schedule`. */
  jobOf(wish: Wish): Job<W> {
    const key = verdictKey(wish.about);
    const known = this.#jobs.get(key);
    if (known) return known;
    const job: Job<W> = { ...wish, key, waiters: [], state: 'waiting', ending: new AbortController(), end: null };
    this.#jobs.set(key, job);
    return job;
  }

  /** From now on who wants the same begins anew. */
  forget(job: Job<W>): void {
    if (this.#jobs.get(job.key) === job) this.#jobs.delete(job.key);
  }

  /** Ends the run: what comes of it is of no interest any more. */
  end(job: Job<W>): void {
    job.ending.abort();
    this.forget(job);
  }

  /** Nobody waits for these any more through `waiter`; gives those that nobody at all waits for now and that go on. */
  leave(waiter: W): Job<W>[] {
    const left = [...this.#jobs.values()].filter(({ waiters }) => waiters.includes(waiter));
    for (const job of left) {
      job.waiters = job.waiters.filter((other) => other !== waiter);
      if (job.waiters.length === 0 && job.state === 'waiting') this.forget(job);
    }
    return left.filter(({ waiters, state }) => waiters.length === 0 && state === 'running');
  }

  /** Ends all that nobody waits for. */
  endIdle(): void {
    for (const job of this.#jobs.values()) if (job.waiters.length === 0) this.end(job);
  }

  /** Ends everything; nothing begins any more. */
  shut(): void {
    this.#isClosed = true;
    for (const job of this.#jobs.values()) this.end(job);
  }

  /** Resolves when nothing goes on any more; after `shut`. */
  async over(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  /** Begins what is wanted while there is room. */
  schedule(): void {
    for (const job of this.#waiting()) {
      if (this.#isClosed) return;
      if (this.#underWay.size < this.#parts.parallel) this.#launch(job);
      else {
        const idle = [...this.#jobs.values()].findLast((one) => one.state === 'running' && one.waiters.length === 0);
        if (!idle) return;
        this.end(idle);
      }
    }
  }

  #waiting(): Job<W>[] {
    const rank = ({ waiters }: Job<W>) => Math.min(...waiters.map((waiter) => this.#parts.rank(waiter)));
    return [...this.#jobs.values()]
      .filter(({ state, waiters }) => state === 'waiting' && waiters.length > 0)
      .sort((a, b) => rank(a) - rank(b) || a.place - b.place);
  }

  #launch(job: Job<W>): void {
    job.state = 'running';
    const run = this.#parts.execute(job).finally(() => {
      this.#underWay.delete(run);
      this.schedule();
    });
    this.#underWay.add(run);
  }
}
