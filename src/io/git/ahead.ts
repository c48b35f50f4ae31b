/**
 * The commits ahead of main, as a graph in memory: what git listed once, and what telec wrote itself. Answers questions
 * of ancestry and of merge bases that this graph alone decides; everything else is git's to answer. Asks nothing.
 *
 * Invariants: a commit in the graph is no ancestor of the floor; a parent that is not in the graph is the floor or an
 * ancestor of it. So two commits share what they share in the graph, and below that what the floor holds.
 */

/** Commits kept at most; beyond that the graph is begun anew. */
const COMMITS_MAX = 200_000;
/** First parents between the tips of two deliveries at most. */
const STEPS_MAX = 3;

export class AheadGraph {
  /** A commit of main that every listing left out, with all its history. */
  #floor: string | null = null;
  readonly #parents = new Map<string, readonly string[]>();
  /** What one tip holds beyond the floor; grown along the first parents, as tips are. */
  #held: { tip: string; commits: Set<string>; onFloor: boolean } | null = null;

  /** True when the graph holds all of the commit's history down to the floor. */
  knows(commit: string): boolean {
    return commit === this.#floor || this.#parents.has(commit);
  }

  /** Takes lines `<commit> <parent>...`: everything that some commits hold and `tip` does not. */
  learn(tip: string, lines: readonly string[]): void {
    // A tip that does not stand on the floor leaves commits in its listing that the floor holds.
    if (!this.knows(tip) || !this.#heldBy(tip).onFloor || this.#parents.size > COMMITS_MAX) {
      this.#parents.clear();
      this.#held = null;
      this.#floor = tip;
    }
    for (const line of lines) {
      const [commit, ...parents] = line.split(' ');
      if (commit) this.#parents.set(commit, parents);
    }
  }

  /** Takes a commit telec made; one whose parents are not known is left out. */
  add(commit: string, parents: readonly string[]): void {
    if (parents.length > 0 && parents.every((parent) => this.knows(parent))) this.#parents.set(commit, parents);
  }

  /** Whether `tip` holds `commit`; null when the graph cannot tell. */
  contains(tip: string, commit: string): boolean | null {
    if (!this.knows(tip) || !this.knows(commit)) return null;
    const held = this.#heldBy(tip);
    if (commit === this.#floor) return held.onFloor ? true : null;
    return held.commits.has(commit);
  }

  /** The commits, with their parents, that `commit` holds and a tip of main does not; null when the graph cannot tell. */
  beyond(tip: string, commit: string): [commit: string, parents: readonly string[]][] | null {
    if (!this.knows(tip) || !this.#parents.has(commit)) return null;
    const held = this.#heldBy(tip);
    return held.onFloor ? [...this.#walk([commit], held.commits)] : null;
  }

  /** All merge bases of a tip of main and another commit; null when the graph cannot tell. */
  mergeBases(tip: string, commit: string): string[] | null {
    if (!this.knows(tip) || !this.#parents.has(commit)) return null;
    const held = this.#heldBy(tip);
    // A tip that does not stand on the floor may lack what the other commit has below it.
    if (!held.onFloor) return null;
    if (held.commits.has(commit)) return [commit];
    const below = new Set<string>();
    for (const [, parents] of this.#walk([commit])) {
      for (const parent of parents) {
        // Shared above the floor: which of the shared commits are the best is git's to say.
        if (held.commits.has(parent)) return null;
        if (!this.#parents.has(parent)) below.add(parent);
      }
    }
    // Where the other commit leaves the floor twice, one place may be behind the other.
    return below.size === 1 ? [...below] : null;
  }

  #heldBy(tip: string): { commits: ReadonlySet<string>; onFloor: boolean } {
    if (this.#held?.tip === tip) return this.#held;
    const before = this.#held !== null && this.#isRightBelow(this.#held.tip, tip) ? this.#held : null;
    const held = before ?? { tip, commits: new Set<string>(), onFloor: tip === this.#floor };
    for (const [commit, above] of this.#walk([tip], held.commits)) {
      held.commits.add(commit);
      if (above.includes(this.#floor ?? '')) held.onFloor = true;
    }
    this.#held = { ...held, tip };
    return this.#held;
  }

  /** A delivery is a merge and a commit or two behind it, so the tip before it is a few first parents down. */
  #isRightBelow(below: string, tip: string): boolean {
    let at = this.#parents.get(tip)?.[0];
    for (let steps = 1; at !== undefined && at !== below && steps < STEPS_MAX; steps += 1)
      at = this.#parents.get(at)?.[0];
    return at === below;
  }

  /** The commits of the graph that `starts` hold, each once, those in `without` and their history left out. */
  *#walk(starts: readonly string[], without?: ReadonlySet<string>): Generator<[string, readonly string[]]> {
    const seen = new Set<string>();
    const open = [...starts];
    for (let commit = open.pop(); commit !== undefined; commit = open.pop()) {
      const parents = this.#parents.get(commit);
      if (parents === undefined || seen.has(commit) || without?.has(commit)) continue;
      seen.add(commit);
      yield [commit, parents];
      open.push(...parents);
    }
  }
}
