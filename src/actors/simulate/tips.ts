/**
 * The commits of a simulated main: each tip is a delivery merged into another tip. The same delivery on the same tip is
 * the same tree, and verdicts are about trees. What is no longer reachable from main forwards is forgotten.
 */
import { InvariantViolation } from '../../errors.ts';

export interface Tip {
  id: string;
  /** Index of the delivery that it brings; -1 for the first main. */
  at: number;
  /** Null for main. */
  parent: Tip | null;
  built: Map<number, Tip>;
  /** It contains a bad delivery. */
  isBad: boolean;
  verdict: 'passed' | 'failed' | null;
  /** What its runs have cost so far, ms. */
  costMs: number;
}

export class Tips {
  #last = 0;
  #known = new Map<string, Tip>();
  main: Tip;

  constructor() {
    this.main = this.#make(-1, null, false);
  }

  /** Thrown: InvariantViolation when nothing is known of it. */
  of(id: string): Tip {
    const tip = this.#known.get(id);
    if (!tip) throw new InvariantViolation(`the simulated tip ${id} is not known`);
    return tip;
  }

  find(id: string): Tip | null {
    return this.#known.get(id) ?? null;
  }

  /** The delivery merged into the base: the tip made earlier, or a new one. */
  build(base: Tip, at: number, bad: boolean): Tip {
    const earlier = base.built.get(at);
    if (earlier) return earlier;
    const tip = this.#make(at, base, base.isBad || bad);
    base.built.set(at, tip);
    return tip;
  }

  /** Deliveries between main and the tip, the newest first. */
  *line(tip: Tip): Generator<Tip> {
    for (let at: Tip | null = tip; at?.parent; at = at.parent) yield at;
  }

  /** Main moves to the tip. */
  land(tip: Tip): void {
    this.main = tip;
    tip.parent = null;
    this.#known = new Map();
    const reachable = [tip];
    for (const one of reachable) {
      this.#known.set(one.id, one);
      reachable.push(...one.built.values());
    }
  }

  #make(at: number, parent: Tip | null, isBad: boolean): Tip {
    this.#last += 1;
    const tip: Tip = { id: `t${this.#last}`, at, parent, built: new Map(), isBad, verdict: null, costMs: 0 };
    this.#known.set(tip.id, tip);
    return tip;
  }
}
