/**
 * Compares branches with main and with each other by merging them in memory, as much as the given time allows, and goes
 * on where it stopped. Remembers every verdict by the commits it is about, so that what did not move is not merged again.
 * Tells nobody.
 *
 * Invariants: what two branches do to each other is asked of git for every pair whose changes may meet; a conflict that
 * main alone has with one of them is not told as one between them.
 */
import type { Clock } from '../../io/clock.ts';
import type { IntegrationRepository, RemergeRequest } from '../../io/git/port.ts';
import { collide, collidingPairs, type Footprint, footprintOf } from '../../machines/footprint.ts';
import type { ForeseenConflict, Sighting } from '../../machines/radar.ts';
import type { Node, Target } from './aim.ts';

/** Merges asked of git at once; what is wanted meanwhile waits for no more than that. */
const BATCH = 16;
/** Verdicts remembered. */
const PAIRS_MAX = 50_000;
const HEADS_MAX = 2000;

/** Conflicted paths; null where it merges cleanly. */
type Verdict = readonly string[] | null;

/** `pair` is null for a merge into main. */
interface Asked extends RemergeRequest {
  pair: string | null;
}

const keyOf = ({ base, sha }: Asked): string => `${base} ${sha}`;

interface Head {
  footprint: Footprint;
  /** What merging it into `main` gives; undefined while nobody asked. */
  onMain: { main: string; verdict: Verdict } | null;
}

export class Survey {
  readonly #git: IntegrationRepository;
  readonly #clock: Clock;
  readonly #heads = new Map<string, Head>();
  readonly #pairs = new Map<string, Verdict>();
  #target: Target = { main: '', mainBranch: '', nodes: [], leftOut: 0, isWhole: true };
  /** Indexes into the nodes, the most recently moved first. */
  #close: [number, number][] = [];
  /** Merges that git could not tell about, as `#keyOf`; asked again with the next aim. */
  #failed = new Set<string>();
  /** Commits that main has. */
  #merged = new Set<string>();
  /** Since `aimed`, merges asked of git. */
  merges = 0;

  constructor(git: IntegrationRepository, clock: Clock) {
    this.#git = git;
    this.#clock = clock;
  }

  /** From now on these are compared. Thrown: GitFault. */
  async aimAt(target: Target): Promise<void> {
    const { main, nodes } = target;
    this.merges = 0;
    this.#failed.clear();
    const changes = await this.#git.foresight.ownChanges(
      main,
      nodes.map(({ sha }) => sha),
    );
    this.#merged = new Set(nodes.flatMap(({ sha }, index) => (changes[index] === 'merged' ? [sha] : [])));
    // What shares no history with main can be merged with nothing.
    const own = new Map<string, Footprint>();
    nodes.forEach(({ sha }, index) => {
      const found = changes[index];
      if (Array.isArray(found)) own.set(sha, footprintOf(found));
    });
    this.#target = { ...target, nodes: nodes.filter(({ sha }) => own.has(sha)) };
    const steps = new Map<string, Promise<Footprint>>();
    for (const [sha, footprint] of own) {
      const head = this.#heads.get(sha);
      const onMain = head?.onMain && (await this.#carried(head.onMain, footprint, main, steps));
      this.#heads.delete(sha);
      this.#heads.set(sha, { footprint, onMain: onMain ?? null });
    }
    forgetOldest(this.#heads, HEADS_MAX);
    const here = this.#target.nodes;
    this.#close = collidingPairs(here.map(({ sha }) => own.get(sha) ?? null)).filter(
      ([one, other]) => here[one]?.branch !== here[other]?.branch && here[one]?.sha !== here[other]?.sha,
    );
  }

  /** True for a head of the last aim that main has. */
  isMerged(sha: string): boolean {
    return this.#merged.has(sha);
  }

  /** Merges for `budgetMs` at most, or one batch; true when nothing is left to compare. */
  async step(budgetMs: number, signal?: AbortSignal): Promise<boolean> {
    const until = this.#clock.monotonic() + budgetMs;
    do {
      const open = this.#open();
      if (open.length === 0) return true;
      this.merges += open.length;
      const outcomes = await this.#git.foresight.merges(
        open.map(({ base, sha }) => ({ base, sha })),
        signal,
      );
      if (signal?.aborted) return false;
      open.forEach((asked, index) => {
        const outcome = outcomes[index];
        if (outcome?.kind === 'conflict')
          this.#note(
            asked,
            outcome.paths.map(({ path }) => path),
          );
        else if (outcome?.kind === 'clean') this.#note(asked, null);
        else this.#failed.add(keyOf(asked));
      });
    } while (this.#clock.monotonic() < until);
    return this.#open().length === 0;
  }

  /** What is known of each branch by now. */
  sightings(): Sighting[] {
    const { main, mainBranch, nodes } = this.#target;
    const found = nodes.map((node): Sighting => {
      const { branch, sha, slug, owner, owner_from } = node;
      const onMain = this.#onMain(sha);
      const conflicts = onMain ? [conflictWith(mainNode(mainBranch, main), node, onMain)] : [];
      return { branch, sha, slug, owner, owner_from, base: main, conflicts, complete: onMain !== undefined };
    });
    for (const [one, other] of this.#close) {
      const [a, b] = [nodes[one], nodes[other]];
      if (!a || !b) continue;
      const verdict = this.#pairs.get(pairOf(a, b));
      for (const index of [one, other]) if (verdict === undefined) markOpen(found[index]);
      if (!verdict) continue;
      // A branch that has a newer main than the other brings main's part of it along.
      const ofMain = [this.#onMain(a.sha), this.#onMain(b.sha)];
      const paths = verdict.filter((path) => !ofMain.some((known) => known?.includes(path)));
      if (paths.length === 0) continue;
      found[one]?.conflicts.push(conflictWith(b, a, paths));
      found[other]?.conflicts.push(conflictWith(a, b, paths));
    }
    return found;
  }

  #onMain(sha: string): Verdict | undefined {
    const onMain = this.#heads.get(sha)?.onMain;
    return onMain?.main === this.#target.main ? onMain.verdict : undefined;
  }

  /** The next merges that nobody made yet. */
  #open(): Asked[] {
    const open: Asked[] = [];
    for (const asked of this.#wanted()) {
      if (open.length === BATCH) break;
      if (!this.#failed.has(keyOf(asked))) open.push(asked);
    }
    return open;
  }

  *#wanted(): Generator<Asked> {
    const { main, nodes } = this.#target;
    for (const { sha } of nodes) if (this.#onMain(sha) === undefined) yield { base: main, sha, pair: null };
    for (const [one, other] of this.#close) {
      const [a, b] = [nodes[one], nodes[other]];
      if (!a || !b) continue;
      const pair = pairOf(a, b);
      if (!this.#pairs.has(pair)) yield { base: a.sha, sha: b.sha, pair };
    }
  }

  #note({ sha, pair }: Asked, verdict: Verdict): void {
    if (pair !== null) {
      this.#pairs.set(pair, verdict);
      forgetOldest(this.#pairs, PAIRS_MAX);
      return;
    }
    const head = this.#heads.get(sha);
    if (head) head.onMain = { main: this.#target.main, verdict };
  }

  /** The verdict on an older main, where what main took since does not meet the branch. */
  async #carried(
    { main: before, verdict }: { main: string; verdict: Verdict },
    footprint: Footprint,
    main: string,
    steps: Map<string, Promise<Footprint>>,
  ): Promise<{ main: string; verdict: Verdict } | null> {
    if (before === main) return { main, verdict };
    const step = steps.get(before) ?? this.#stepOf(before, main);
    steps.set(before, step);
    return collide(await step, footprint) ? null : { main, verdict };
  }

  /** What main took between two of its commits; null, which meets everything, where that cannot be told. */
  async #stepOf(before: string, main: string): Promise<Footprint> {
    const [changes] = await this.#git.foresight.ownChanges(before, [main]);
    return Array.isArray(changes) ? footprintOf(changes) : null;
  }
}

const pairOf = (a: Node, b: Node): string => (a.sha < b.sha ? `${a.sha} ${b.sha}` : `${b.sha} ${a.sha}`);

function markOpen(sighting: Sighting | undefined): void {
  if (sighting) sighting.complete = false;
}

const mainNode = (branch: string, sha: string): Node & { isMain: true } => ({
  branch,
  sha,
  slug: null,
  place: null,
  owner: null,
  owner_from: null,
  isMain: true,
});

/** `other` as the owner of `node` is told of it. */
function conflictWith(other: Node & { isMain?: true }, node: Node, paths: readonly string[]): ForeseenConflict {
  const { branch, sha, slug, owner, owner_from, place } = other;
  const kind = other.isMain ? 'main' : place === null ? 'branch' : 'candidate';
  const lands = other.isMain ? 'before' : landing(place, node.place);
  return { kind, branch, sha, slug, owner, owner_from, lands, paths: [...paths], paths_omitted: 0 };
}

function landing(other: number | null, own: number | null): ForeseenConflict['lands'] {
  if (other === null) return own === null ? null : 'after';
  return own === null || other < own ? 'before' : 'after';
}

function forgetOldest(map: Map<string, unknown>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) return;
    map.delete(key);
  }
}
