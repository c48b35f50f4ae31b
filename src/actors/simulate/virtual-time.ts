/**
 * Time that passes only as far as something is to happen: a queue of what happens when. It is the clock of the simulated
 * machine as well. Decides nothing; what happens at the same instant happens in the order in which it was asked for.
 */
import type { PromiseActorLogic } from 'xstate';

interface Due {
  at: number;
  run: () => void;
}

const DONE = 'simulate.done';

export class VirtualTime {
  /** Ms since the simulation began. */
  now = 0;
  /** Latest first. */
  #queue: Due[] = [];

  /** Lets `run` happen after `ms`; answers what `cancel` takes. */
  after(ms: number, run: () => void): Due {
    const due = { at: this.now + Math.max(0, ms), run };
    let low = 0;
    let high = this.#queue.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#queue[middle] as Due).at > due.at) low = middle + 1;
      else high = middle;
    }
    this.#queue.splice(low, 0, due);
    return due;
  }

  cancel(due: Due): void {
    const at = this.#queue.indexOf(due);
    if (at >= 0) this.#queue.splice(at, 1);
  }

  /** Lets the next thing happen; false when there is none. */
  step(): boolean {
    const due = this.#queue.pop();
    if (!due) return false;
    this.now = due.at;
    due.run();
    return true;
  }

  /** As XState wants it. */
  readonly clock = {
    setTimeout: (run: (...args: never[]) => void, ms: number): Due => this.after(ms, run as () => void),
    clearTimeout: (due: Due): void => this.cancel(due),
  };

  /**
   * An effect that takes `ms` and then answers what `work` says. It stands where a promise would, and is none, so that
   * nothing happens beside the queue.
   */
  effect<O, I>(ms: number, work: (input: I) => O): PromiseActorLogic<O, I> {
    return {
      config: null,
      transition: (snapshot, event) => {
        if (event.type === DONE) {
          return { ...snapshot, status: 'done', output: work(snapshot.input as I), input: undefined, error: undefined };
        }
        if (event.type !== 'xstate.stop') return snapshot;
        return { ...snapshot, status: 'stopped', output: undefined, error: undefined };
      },
      getInitialSnapshot: (_, input) => ({ status: 'active', output: undefined, error: undefined, input }),
      getPersistedSnapshot: (snapshot) => snapshot,
      restoreSnapshot: (snapshot) => snapshot as never,
      start: (_, { self }) => {
        this.after(ms, () => self.send({ type: DONE }));
      },
    };
  }
}
