/**
 * Time and chance of a simulated world: one queue of things to happen, one stream of random numbers from the seed.
 * Nothing in a world happens but by this queue, so a seed is a run. Microtasks come to rest between two steps because
 * each step is a task of its own in Node's loop: no timer of the real clock is ever used.
 */
import { createHash, type Hash } from 'node:crypto';

/** Seeded random numbers (mulberry32). */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed ^ 0x9e3779b9) >>> 0;
    for (let i = 0; i < 8; i += 1) this.next();
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  hit(probability: number): boolean {
    return this.next() < probability;
  }

  /** Whole number in [from, to]. */
  between(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  pick<T>(list: readonly T[]): T {
    const item = list[Math.floor(this.next() * list.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }

  shuffle<T>(list: readonly T[]): T[] {
    const left = [...list];
    const out: T[] = [];
    while (left.length > 0) out.push(...left.splice(Math.floor(this.next() * left.length), 1));
    return out;
  }
}

interface Step {
  at: number;
  order: number;
  run: () => void;
}

/** Ends the run of a world at a state that never comes to rest. */
export class Runaway extends Error {
  override name = 'Runaway';
}

const STEPS_MAX = 200_000;

export class Kernel {
  readonly chance: Chance;
  /** True time, ms; every clock of the world is derived from it. */
  now = 0;
  steps = 0;
  readonly #queue: Step[] = [];
  readonly #hash: Hash = createHash('sha256');
  readonly #print: ((line: string) => void) | null;
  #order = 0;

  constructor(seed: number, print: ((line: string) => void) | null = null) {
    this.chance = new Chance(seed);
    this.#print = print;
  }

  /** Lets `run` happen after `ms`. Returns a function that calls it off. */
  after(ms: number, run: () => void): () => void {
    const step: Step = { at: this.now + Math.max(0, ms), order: this.#order++, run };
    push(this.#queue, step);
    return () => {
      step.run = idle;
    };
  }

  /** One line of the run; all of them make its digest. */
  trace(line: string): void {
    const text = `${String(Math.round(this.now)).padStart(8)} ${line}`;
    this.#hash.update(`${text}\n`);
    this.#print?.(text);
  }

  digest(): string {
    return this.#hash.copy().digest('hex');
  }

  /** Runs what is due up to the instant `until`, or up to when `rest` says so (asked every `everyMs`). */
  async run(until: number, rest?: { everyMs: number; reached: () => boolean }): Promise<boolean> {
    let ask = this.now;
    for (;;) {
      const [first] = this.#queue;
      if (!first || first.at > until) {
        this.now = until;
        return rest?.reached() ?? true;
      }
      if (rest && first.at > ask) {
        if (rest.reached()) return true;
        ask = first.at + rest.everyMs;
      }
      const step = pop(this.#queue);
      this.now = step.at;
      if (step.run === idle) continue;
      this.steps += 1;
      if (this.steps > STEPS_MAX) throw new Runaway(`${STEPS_MAX} steps and no end`);
      step.run();
      await settled();
    }
  }
}

const idle = (): void => undefined;

/** Resolves when no microtask is left: they are all run before the next task of the loop. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const before = (a: Step, b: Step): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

function push(heap: Step[], step: Step): void {
  let at = heap.length;
  heap.push(step);
  while (at > 0) {
    const up = (at - 1) >> 1;
    const parent = heap[up];
    if (!parent || !before(step, parent)) break;
    heap[at] = parent;
    at = up;
  }
  heap[at] = step;
}

function pop(heap: Step[]): Step {
  const top = heap[0];
  const last = heap.pop();
  if (!top || !last) throw new Error('nothing is due');
  if (heap.length === 0) return top;
  let at = 0;
  for (;;) {
    let down = 2 * at + 1;
    const right = heap[down + 1];
    let child = heap[down];
    if (!child) break;
    if (right && before(right, child)) {
      child = right;
      down += 1;
    }
    if (!before(child, last)) break;
    heap[at] = child;
    at = down;
  }
  heap[at] = last;
  return top;
}
