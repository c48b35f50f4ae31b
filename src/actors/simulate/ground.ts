/**
 * Where the checks of a simulation run: so many at a time, those nearest to main first. It knows which trees fail, what
 * each run cost and whether that was of use; what follows from a verdict is decided by the machine.
 */
import { type Change, chanceOf, type Load } from './load.ts';
import type { Tip } from './tips.ts';
import type { VirtualTime } from './virtual-time.ts';

interface Run {
  tip: Tip;
  since: number;
  due: ReturnType<VirtualTime['after']>;
}

/** Number that names the draw of a flake; see `chanceOf`. */
const DRAW_FLAKE = 11;

export interface GroundParts {
  time: VirtualTime;
  load: Load;
  /** Runs at a time. */
  parallel: number;
  /** Further runs of a check that failed, over the life of a delivery. */
  retries: number;
  settled(tip: Tip, verdict: 'passed' | 'failed'): void;
}

export class Ground {
  runs = 0;
  totalMs = 0;
  cancelled = 0;
  flakes = 0;
  readonly #parts: GroundParts;
  readonly #waiting = new Map<string, Tip>();
  readonly #running = new Map<string, Run>();
  /** Index of a delivery -> runs that failed and were tried again; runs that flaked; all runs. */
  readonly #spent = new Map<number, number>();
  readonly #flaked = new Map<number, number>();
  readonly #tried = new Map<number, number>();

  constructor(parts: GroundParts) {
    this.#parts = parts;
  }

  isTesting(tip: Tip): boolean {
    return this.#waiting.has(tip.id) || this.#running.has(tip.id);
  }

  start(tip: Tip): void {
    this.#waiting.set(tip.id, tip);
    this.#fill();
  }

  /** Ends the runs that `isWanted` does not want any more. */
  keep(isWanted: (tip: Tip) => boolean): void {
    for (const [id, tip] of this.#waiting) if (!isWanted(tip)) this.#waiting.delete(id);
    for (const [id, { tip, due }] of this.#running) {
      if (isWanted(tip)) continue;
      this.#parts.time.cancel(due);
      this.#count(id);
      this.cancelled += 1;
    }
    this.#fill();
  }

  #fill(): void {
    const { time, parallel } = this.#parts;
    while (this.#running.size < parallel && this.#waiting.size > 0) {
      const tip = [...this.#waiting.values()].reduce((first, other) => (other.at < first.at ? other : first));
      this.#waiting.delete(tip.id);
      const due = time.after(this.#change(tip).checkMs, () => this.#end(tip));
      this.#running.set(tip.id, { tip, since: time.now, due });
    }
  }

  #end(tip: Tip): void {
    const { retries, settled } = this.#parts;
    this.#count(tip.id);
    const hasFlaked = this.#flakes(tip);
    if (hasFlaked) this.flakes += 1;
    const spent = this.#spent.get(tip.at) ?? 0;
    const hasFailed = tip.isBad || hasFlaked;
    if (hasFailed && spent < retries) {
      this.#spent.set(tip.at, spent + 1);
      this.#waiting.set(tip.id, tip);
    } else {
      tip.verdict = hasFailed ? 'failed' : 'passed';
      settled(tip, tip.verdict);
    }
    this.#fill();
  }

  /** Whether a run that should have passed fails by accident. */
  #flakes(tip: Tip): boolean {
    const { load } = this.#parts;
    if (tip.isBad) return false;
    const tried = this.#tried.get(tip.at) ?? 0;
    this.#tried.set(tip.at, tried + 1);
    const flaked = this.#flaked.get(tip.at) ?? 0;
    if (flaked < this.#change(tip).flakes) {
      this.#flaked.set(tip.at, flaked + 1);
      return true;
    }
    return load.flakeRate > 0 && chanceOf(load.seed, tip.at, DRAW_FLAKE, tried) < load.flakeRate;
  }

  #count(id: string): void {
    const run = this.#running.get(id);
    if (!run) return;
    this.#running.delete(id);
    const ms = this.#parts.time.now - run.since;
    this.runs += 1;
    this.totalMs += ms;
    run.tip.costMs += ms;
  }

  #change(tip: Tip): Change {
    return this.#parts.load.changes[tip.at] as Change;
  }
}
