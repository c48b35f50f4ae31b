/**
 * A queue, a main and checks as plain lists, and an integrator machine that works on them: every answer of its effects is
 * given at once, in an order that a seed draws. What lands and what is blocked is noted in the order in which it happens.
 */
import { type AnyActorRef, createActor, fromPromise, type SnapshotFrom } from 'xstate';
import type { CheckInput, EjectInput, Member, Taken } from '../../src/machines/effects.ts';
import { candidateKey } from '../../src/machines/identity.ts';
import { integratorMachine } from '../../src/machines/integrator.ts';
import type { IntegratorInput } from '../../src/machines/integrator-context.ts';
import { INTEGRATOR_LAWS } from '../../src/machines/integrator-laws.ts';
import { brokenLaws } from '../../src/machines/invariants.ts';
import { pathOf, statesOf } from './exploration.ts';

/** `bad`: every tree with it fails its checks. `refused`: the remote takes no push with it. `flaky`: its trees fail now and then. */
export type Nature = 'good' | 'bad' | 'refused' | 'flaky';

export interface LineWorld {
  natures: readonly Nature[];
  /** Places in the queue of those that do not merge with each other. */
  conflicts: readonly (readonly [number, number])[];
  /** Foreign commits that come between, and deliveries that are superseded, at most. */
  foreign: number;
  leaving: number;
  input: Pick<IntegratorInput, 'window' | 'batch' | 'patience' | 'pushBatch'>;
  seed: number;
}

export interface LineStory {
  /** `landed 3`, `blocked 4`, in their order. */
  ends: string[];
  /** Places of those that were superseded. */
  left: number[];
  /** Broken promises. */
  wrong: string[];
  runs: number;
  window: IntegratorInput['window'];
}

const STEPS_MAX = 6000;
const EFFECTS = new Map(statesOf(integratorMachine).map((node) => [node.path.join('.'), node.invoke[0]?.id]));
const takenAt = (place: number): Taken => {
  return { slug: `s${place}`, branch: `b${place}`, sha: `${place}`, attempt: 1, dequeuedAt: '' };
};
const placeOf = ({ slug }: Pick<Taken, 'slug'>) => Number(slug.slice(1));

/** The same as a gate that takes one after the other. */
export function serialEnds({ natures, conflicts }: LineWorld, left: readonly number[]): string[] {
  const main: number[] = [];
  return natures.flatMap((nature, place) => {
    if (left.includes(place)) return [];
    const isClean = !conflicts.some(([a, b]) => (a === place && main.includes(b)) || (b === place && main.includes(a)));
    if (!isClean || nature === 'bad' || nature === 'refused') return [`blocked ${place}`];
    main.push(place);
    return [`landed ${place}`];
  });
}

/** Works the queue off. */
export function workOff(world: LineWorld): LineStory {
  return new Work(world).run();
}

class Work {
  readonly #world: LineWorld;
  readonly #actor: AnyActorRef;
  readonly #story: LineStory;
  /** Content of a commit: places of the deliveries in it. */
  readonly #contents = new Map<string, readonly number[]>([['main', []]]);
  readonly #passed = new Set<string>();
  readonly #open = new Map<string, readonly number[]>();
  #main = 'main';
  #queue: number[];
  #foreign: number;
  #leaving: number;
  #random: number;

  constructor(world: LineWorld) {
    this.#world = world;
    this.#queue = world.natures.map((_, place) => place);
    this.#foreign = world.foreign;
    this.#leaving = world.leaving;
    this.#random = world.seed;
    this.#story = { ends: [], left: [], wrong: [], runs: 0, window: world.input.window };
    const never = fromPromise(() => new Promise(() => undefined));
    const names = [...EFFECTS.values()].filter((name) => name !== undefined);
    const quiet = integratorMachine.provide({
      actors: Object.fromEntries(names.map((name) => [name, never])) as never,
    });
    const times = { sessionId: 's', mode: 'live' as const, graceMs: 1, pushAttempts: 99, rebuildMs: 1, cleanAt: 3 };
    const clock = { setTimeout: () => 0, clearTimeout: () => undefined };
    this.#actor = createActor(quiet, { input: { ...times, ...world.input }, clock, logger: () => undefined } as never);
  }

  get #snapshot(): SnapshotFrom<typeof integratorMachine> {
    return this.#actor.getSnapshot() as never;
  }

  run(): LineStory {
    this.#actor.start();
    this.#actor.send({ type: 'session.wake' });
    for (let steps = 0; this.#snapshot.status === 'active'; steps += 1) {
      if (steps > STEPS_MAX) return this.#fail(`it does not come to an end: ${pathOf(this.#snapshot.value)}`);
      const { value, context } = this.#snapshot;
      const state = pathOf(value);
      const broken = brokenLaws(INTEGRATOR_LAWS, state, context);
      if (broken.length > 0) return this.#fail(`${state} breaks ${broken.join('; ')}`);
      if (this.#hit(0.35) && this.#tell()) continue;
      const effect = EFFECTS.get(state);
      if (effect !== undefined) {
        const output = this.#answer(effect);
        this.#actor.send({ type: `xstate.done.actor.${effect}`, output } as never);
      } else if (state === 'draining.waiting') this.#pass('grace', state);
      else if (state === 'draining.rebuilding') this.#pass('rebuild', state);
      else if (!this.#tell()) return this.#fail(`it waits in ${state} for nothing`);
    }
    this.#story.window = this.#snapshot.context.window;
    const { stop } = this.#snapshot.context;
    return stop ? this.#fail(`it stopped: ${stop.reason} ${stop.detail}`) : this.#story;
  }

  #fail(what: string): LineStory {
    this.#story.wrong.push(what);
    return this.#story;
  }

  #next(): number {
    this.#random = (this.#random * 1_103_515_245 + 12_345) % 2_147_483_648;
    return this.#random / 2_147_483_648;
  }

  #hit(probability: number): boolean {
    return this.#next() < probability;
  }

  #pass(delay: string, state: string): void {
    this.#actor.send({ type: `xstate.after.${delay}.integrator.${state}` } as never);
  }

  /** Something from outside; false when nothing is left to tell. */
  #tell(): boolean {
    const { chain } = this.#snapshot.context;
    if (this.#leaving > 0 && chain.length > 0 && this.#hit(0.1)) {
      this.#leaving -= 1;
      const one = chain[Math.floor(this.#next() * chain.length)] ?? chain[0];
      const place = one ? placeOf(one) : -1;
      const isBound = this.#world.conflicts.some((pair) => pair.includes(place));
      if (one && !isBound && this.#world.natures[place] === 'good') {
        this.#story.left.push(place);
        this.#actor.send({ type: 'member.left', key: candidateKey(one) });
        return true;
      }
    }
    const tips = [...this.#open.keys()];
    const tip = tips[Math.floor(this.#next() * tips.length)];
    if (tip === undefined) return false;
    const content = this.#open.get(tip) ?? [];
    this.#open.delete(tip);
    const natures = content.map((place) => this.#world.natures[place]);
    const fails = natures.includes('bad') || (natures.includes('flaky') && this.#hit(0.3));
    if (!fails) this.#passed.add(tip);
    this.#actor.send({ type: 'checks.settled', tip, verdict: fails ? 'failed' : 'passed' });
    return true;
  }

  #clashes(place: number, content: readonly number[]): boolean {
    return this.#world.conflicts.some(
      ([a, b]) => (a === place && content.includes(b)) || (b === place && content.includes(a)),
    );
  }

  #answer(effect: string): unknown {
    const { context } = this.#snapshot;
    const { worklist, chain, candidate, base, merged, train } = context;
    const { left, ends } = this.#story;
    switch (effect) {
      case 'takeLease':
        return { kind: 'granted', fence: 1 };
      case 'reconcileCandidates':
        return { kind: 'reconciled', uncleaned: 0 };
      case 'selectCandidate': {
        const queued = worklist.length > 0 ? undefined : this.#queue.shift();
        const next = worklist[0] ?? (queued === undefined ? undefined : takenAt(queued));
        if (next)
          return { kind: 'taken', candidate: next, behind: Math.max(0, worklist.length - 1) + this.#queue.length };
        return { kind: 'empty' };
      }
      case 'recheckCandidate':
        if (left.includes(placeOf(candidate as Taken))) return { kind: 'fell', reasons: [] };
        return { kind: 'holds', base: chain.at(-1)?.tip ?? this.#main };
      case 'mergeCandidate': {
        const place = placeOf(candidate as Taken);
        const content = this.#contents.get(base ?? '') ?? [];
        if (this.#clashes(place, content)) {
          if (chain.length > 0) return { kind: 'provisional' };
          if (base !== this.#main) this.#fail(`${place} is judged on ${base}, and main is ${this.#main}`);
          ends.push(`blocked ${place}`);
          return { kind: 'settled' };
        }
        const tip = `${base}+${place}`;
        this.#contents.set(tip, [...content, place]);
        return {
          kind: 'merged',
          member: { ...(candidate as Taken), base, mergeCommit: tip, tip, tree: tip, skipped: 0 },
        };
      }
      case 'keepBooks':
        return { kind: 'booked', member: merged };
      case 'startChecks':
        return this.#start(this.#inputOf<CheckInput>(effect));
      case 'ejectCandidate': {
        const { aside } = this.#inputOf<EjectInput>(effect);
        if (this.#main !== aside.base) return { kind: 'returned' };
        ends.push(`blocked ${placeOf(aside)}`);
        return { kind: 'ejected' };
      }
      case 'pushTrain':
        return this.#push(train);
      case 'blockCandidate':
        ends.push(`blocked ${placeOf(train[0] as Member)}`);
        return { kind: 'blocked' };
      case 'auditTrain':
        return { kind: 'audited', violations: [] };
      case 'recordDeliveries':
        return { kind: 'recorded' };
      case 'cleanRemote':
        return { kind: 'cleaned' };
      case 'landFollowUps':
        return { kind: 'followed_up' };
      default:
        return undefined;
    }
  }

  /** What the effect under way was asked. */
  #inputOf<I>(effect: string): I {
    const child = this.#snapshot.children[effect as never] as unknown as { getSnapshot(): { input: I } };
    return child.getSnapshot().input;
  }

  #start({ entry, closed }: CheckInput): unknown {
    const { tip } = entry;
    if (!closed) return { kind: 'begun', tip, verdict: 'untested' };
    if (this.#passed.has(tip)) return { kind: 'begun', tip, verdict: 'passed' };
    this.#story.runs += 1;
    this.#open.set(tip, this.#contents.get(tip) ?? []);
    return { kind: 'begun', tip, verdict: 'running' };
  }

  #push(train: readonly Member[]): unknown {
    const { natures } = this.#world;
    const gone = train.filter((member) => this.#story.left.includes(placeOf(member)));
    if (gone.length > 0) return { kind: 'members_left', left: gone.map(candidateKey) };
    if (this.#foreign > 0 && this.#hit(0.3)) {
      this.#foreign -= 1;
      const moved = `${this.#main}~`;
      this.#contents.set(moved, this.#contents.get(this.#main) ?? []);
      this.#main = moved;
    }
    if (train[0]?.base !== this.#main) return { kind: 'main_moved' };
    if (train.some((member) => natures[placeOf(member)] === 'refused')) return { kind: 'refused', detail: 'no' };
    const tip = train.at(-1)?.tip ?? '';
    if (!this.#passed.has(tip)) this.#fail(`${tip} landed and had not passed`);
    this.#main = tip;
    this.#story.ends.push(...train.map((member) => `landed ${placeOf(member)}`));
    return { kind: 'pushed' };
  }
}
