/**
 * Lanes in a session: shows that a delivery of the chain has nothing in common with those before it and would pass every
 * check without them, by what the log knows already; then tells that it goes first. The chart decides when that is asked.
 *
 * Invariants: it brings to the front exactly what it brings behind the others, path by path and byte by byte; nothing is
 * let past by a verdict that is not in the log about what its checks would see there; without lanes in the log nothing is.
 */
import { createHash } from 'node:crypto';
import type { ActorRefFrom } from 'xstate';
import type { CheckDefinition } from '../../io/config-checks.ts';
import { GitFault } from '../../io/git/run.ts';
import { coversPath, pathScope } from '../../io/path-patterns.ts';
import type { Member, OvertakeInput, OvertakeOutcome } from '../../machines/effects.ts';
import type { integratorMachine } from '../../machines/integrator.ts';
import { type InLane, isApart, laneOf, overtaker } from '../../machines/lanes.ts';
import { triplesOf } from './turn.ts';
import type { SessionWork } from './work.ts';

/** Pairs of a delivery and a front that are remembered: more than any chain has. */
const KNOWN_MAX = 500;

/** What shows that the delivery may stand at the front. */
interface Proof {
  own: InLane;
  others: InLane[];
  /** What it would be built on. */
  front: string;
  /** Tree of its merge there, and where it is merged now; both without books. */
  treeAtFront: string;
  treeNow: string;
}

export class Lanes {
  readonly #work: SessionWork;
  readonly #known = new Map<string, Promise<Proof | null>>();

  constructor(work: SessionWork) {
    this.#work = work;
  }

  get areOn(): boolean {
    return this.#configured.length > 0;
  }

  /** Null when something speaks against it, or is not known yet. Thrown: GitFault when git cannot tell. */
  async proofOf({ entry, before }: OvertakeInput): Promise<Proof | null> {
    if (!this.areOn) return null;
    const key = [...before, entry].map(({ tip }) => tip).join(' ');
    const known = this.#known.get(key) ?? this.#show(entry, before);
    this.#known.set(key, known);
    known.catch(() => this.#known.delete(key));
    const [oldest] = this.#known.keys();
    if (this.#known.size > KNOWN_MAX && oldest !== undefined) this.#known.delete(oldest);
    const proof = await known;
    return proof && (await this.#wouldPass(entry, proof)) ? proof : null;
  }

  get #configured() {
    return this.#work.parts.repository.standing.configured?.lanes ?? [];
  }

  async #show(entry: Member, before: readonly Member[]): Promise<Proof | null> {
    const { git } = this.#work.parts;
    const { definitions } = this.#work.tests;
    const front = before[0]?.base;
    if (front === undefined) return null;
    // Where one of them changes the checks, others would count than those it was tested by.
    for (const one of [...before, entry]) if (await definitions.change(one.base, one.tip)) return null;
    const [own, ...others] = await Promise.all([entry, ...before].map((one) => this.#inLane(one)));
    if (!own || !isApart(own, others)) return null;
    const [merged] = await git.remerge([{ base: front, sha: entry.sha }], this.#work.lost.signal);
    const [frontTree, treeNow] = await Promise.all([front, entry.mergeCommit].map((commit) => git.treeOf(commit)));
    if (merged?.kind !== 'clean' || !frontTree || !treeNow) return null;
    const { tree: treeAtFront } = merged;
    const there = await this.#between(frontTree, treeAtFront);
    const apart = new Set(await this.#between(treeAtFront, treeNow));
    const isSame = there.join('\n') === own.paths.join('\n') && !own.paths.some((path) => apart.has(path));
    return isSame ? { own, others, front, treeAtFront, treeNow } : null;
  }

  /** Whether the log has a pass of every check about what it would see there. */
  async #wouldPass(entry: Member, { front, treeAtFront, treeNow }: Proof): Promise<boolean> {
    const { tests, parts } = this.#work;
    const definitions = await tests.definitions.of(front);
    const aboutOf = async (definition: CheckDefinition, tree: string) =>
      (await tests.wish(definition, 0, { tree })).about;
    for (const definition of definitions) {
      const there = await aboutOf(definition, treeAtFront);
      if (!parts.repository.tests.passOf(there)) return false;
      // Its books are made anew there; who looks at them would see others.
      const [now, booked] = [await aboutOf(definition, treeNow), await aboutOf(definition, entry.tree)];
      if (now.seen !== booked.seen) return false;
    }
    return definitions.length > 0;
  }

  async #inLane({ base, mergeCommit }: Member): Promise<InLane> {
    const { git } = this.#work.parts;
    const [before, after] = await Promise.all([base, mergeCommit].map((commit) => git.treeOf(commit)));
    if (!before || !after) throw new GitFault('a commit of the chain is missing');
    const paths = await this.#between(before, after);
    const scopes = this.#configured.map(({ name, paths: patterns }) => ({ name, scope: pathScope(patterns) }));
    return { lane: laneOf(scopes, ({ scope }, path) => coversPath(scope, path), paths), paths };
  }

  async #between(before: string, after: string): Promise<string[]> {
    return (await this.#work.parts.git.treeChanges(before, after)).map(({ path }) => path).sort();
  }
}

const digestOf = (paths: readonly string[]): string => createHash('sha256').update(paths.join('\0')).digest('hex');

/** Tells that the delivery goes first, with what shows that it may; nothing when something speaks against it. */
export async function letPast(work: SessionWork, lanes: Lanes, input: OvertakeInput): Promise<OvertakeOutcome> {
  const { dispatcher, sessionId, faults } = work.parts;
  await dispatcher.catchUp();
  const proof = await lanes.proofOf(input);
  if (!proof?.own.lane) return { kind: 'kept' };
  const { entry, before } = input;
  const { slug, branch, sha, attempt } = entry;
  const { own, others, front: base } = proof;
  const names = [...new Set(others.map(({ lane }) => lane ?? ''))].sort();
  const paths = [...new Set(others.flatMap((other) => other.paths))].sort();
  await faults.reach('before-let-past');
  await work.record({
    type: 'integration.order.deviated',
    payload: {
      ...work.stamp(),
      slug,
      branch,
      sha,
      attempt,
      as_of: dispatcher.appliedId,
      by: 'lane',
      overtaken: triplesOf(before),
      overtaken_count: before.length,
      actor: sessionId,
      reason: `lane ${own.lane} has no path in common with ${names.join(', ')}, and it has passed all that its checks see without them`,
      lanes: {
        own: proof.own.lane,
        others: names,
        paths: own.paths.length,
        digest: digestOf(own.paths),
        other_paths: paths.length,
        other_digest: digestOf(paths),
        base,
      },
    },
  });
  await faults.reach('after-let-past');
  return { kind: 'let_past', tip: entry.tip };
}

/** Looks, whenever the line waits or something passed, whether one of it may go first, and tells the chart. Until the session has ended. */
export function watchLanes(work: SessionWork, lanes: Lanes, actor: ActorRefFrom<typeof integratorMachine>): void {
  const { dispatcher } = work.parts;
  let isLooking = false;
  let isDue = false;
  const found = async (): Promise<string | null> => {
    const snapshot = actor.getSnapshot();
    if (!lanes.areOn || !snapshot.matches({ draining: 'testing' })) return null;
    const { context } = snapshot;
    for (const { tip } of context.chain.slice(1)) {
      const asked = overtaker({ ...context, clear: tip });
      if (asked && (await lanes.proofOf(asked))) return tip;
    }
    return null;
  };
  const look = async () => {
    while (isDue) {
      isDue = false;
      const tip = await found();
      if (tip !== null && actor.getSnapshot().status === 'active') actor.send({ type: 'lane.clear', tip });
    }
  };
  const arm = () => {
    isDue = true;
    if (isLooking) return;
    isLooking = true;
    // What cannot be told now is asked again when something changes; nothing depends on it.
    look()
      .catch((error: unknown) =>
        work.parts.report('whether a delivery may go first could not be told', { error: String(error) }),
      )
      .finally(() => {
        isLooking = false;
      });
  };
  const unwatch = dispatcher.watch(({ fields }) => {
    if (fields['event']?.endsWith('.integration.checks.passed')) arm();
  });
  actor.subscribe((snapshot) => {
    if (snapshot.status === 'done') unwatch();
    else if (lanes.areOn && snapshot.matches({ draining: 'testing' })) arm();
  });
}
