/**
 * One simulated world: two or three machines, one Redis, one remote, people and weather, all from one seed. It runs a
 * stormy while, then calm until everything has come to its end, and is judged.
 */
import type { SessionConfig } from '../../src/actors/session/work.ts';
import { buildDefaultCatalogue } from '../../src/machines/events.ts';
import { TwinRemote } from '../support/twins/remote.ts';
import { createStore } from '../support/twins/store.ts';
import { isAtRest, judge } from './checkers.ts';
import { Host, type Look, type Shared } from './host.ts';
import { Kernel, Runaway } from './kernel.ts';
import { PLANTS, type Plant, type PlantName } from './plants.ts';
import { CALM, EPOCH, type Weather } from './process.ts';
import { People } from './script.ts';
import { drawTests } from './tests.ts';

const catalogue = buildDefaultCatalogue();
/** One world of so many is in shadow. */
const SHADOW_EVERY = 5;
/** How long a world may take to come to rest once nothing disturbs it any more, ms. */
const REST_MAX_MS = 600_000;

export interface Violation {
  law: string;
  detail: string;
}

export interface Verdict {
  seed: number;
  violations: Violation[];
  /** Digest of everything that happened, in order. */
  digest: string;
  entries: number;
  landed: number;
  simulatedMs: number;
  steps: number;
}

export class World implements Shared {
  readonly kernel: Kernel;
  readonly store;
  readonly remote: TwinRemote;
  readonly catalogue = catalogue;
  readonly config: SessionConfig;
  readonly hosts: Host[];
  readonly people: People;
  readonly looks: Look[] = [];
  readonly plant: Plant;
  readonly violations: Violation[] = [];
  /** In shadow another path moves main. */
  readonly mode: 'live' | 'shadow';
  readonly skewMaxMs: number;
  /** How long people act, ms. */
  readonly spanMs: number;
  readonly #weather: Weather;
  /** How often somebody acts just when a session does. */
  readonly #mischief: number;
  #calm = false;
  #redisSkewMs = 0;

  constructor(seed: number, plant: Plant, print: ((line: string) => void) | null) {
    this.kernel = new Kernel(seed, print);
    const { chance } = this.kernel;
    this.plant = plant;
    this.mode = seed % SHADOW_EVERY === 0 ? 'shadow' : 'live';
    this.store = createStore(
      () => Math.round(EPOCH + this.kernel.now + this.#redisSkewMs),
      () => 'log-1',
    );
    this.remote = new TwinRemote(() => this.store.entries.length);
    this.config = {
      repoId: 'repo',
      main: 'main',
      strategy: 'merge',
      graceMs: chance.pick([0, 500, 2000]),
      pushAttempts: 3,
      pushBatch: chance.pick([1, 1, 2, 3, 5]),
      author: 'telec <telec@localhost>',
      leaseTtlMs: 30_000,
      leaseRenewMs: 8000,
      guards: 'normal',
      ...drawTests(seed, this.mode, chance),
      cleanup: { worktree: true, localBranch: true, remoteBranch: true, todo: true },
    };
    this.spanMs = chance.pick([5000, 20_000, 60_000]);
    this.skewMaxMs = chance.pick([0, 0, 100, 60_000]);
    this.#weather = drawWeather(this.kernel);
    this.#mischief = chance.hit(0.4) ? 0.08 * chance.next() : 0;
    plant.remote(this.remote);
    const names = ['ant', 'bee', 'cat'].slice(0, chance.pick([1, 2, 2, 2, 3]));
    this.hosts = names.map((name) => new Host(this, name));
    this.people = new People(this);
  }

  readonly weather = (): Weather => (this.#calm ? CALM : this.#weather);

  meddle(): void {
    if (!this.#calm && this.kernel.chance.hit(this.#mischief)) this.people.meddle();
  }

  fail(law: string, detail: string): void {
    this.kernel.trace(`VIOLATION ${law}: ${detail}`);
    this.violations.push({ law, detail });
  }

  async run(): Promise<void> {
    const { kernel, hosts, people } = this;
    void people.begin();
    for (const host of hosts) kernel.after(kernel.chance.between(0, 5000), () => host.start());
    if (kernel.chance.hit(0.15)) {
      kernel.after(kernel.chance.between(0, this.spanMs), () => {
        this.#redisSkewMs = kernel.chance.between(0, 90_000);
        kernel.trace(`the clock of Redis jumps by ${this.#redisSkewMs}`);
      });
    }
    await kernel.run(this.spanMs + 50_000);
    this.#calm = true;
    kernel.trace('calm from here on');
    await kernel.run(kernel.now + REST_MAX_MS, { everyMs: 5000, reached: () => isAtRest(this) });
    // Whoever lags behind catches up; a push on its way from before the calm may arrive and make work once more.
    await kernel.run(kernel.now + 20_000);
    await kernel.run(kernel.now + REST_MAX_MS, { everyMs: 5000, reached: () => isAtRest(this) });
  }
}

/** Each kind of fault is in some worlds and not in others, so that one does not hide another. */
function drawWeather({ chance }: Kernel): Weather {
  const some = (probability: number, rate: number) => (chance.hit(probability) ? rate * chance.next() : 0);
  return {
    crash: some(0.4, 0.004),
    pause: some(0.3, 0.004),
    pauseMaxMs: 100_000,
    redisLost: some(0.3, 0.03),
    slow: some(0.3, 0.1),
    gitCut: some(0.3, 0.1),
    gitLost: some(0.3, 0.15),
    gitDropped: some(0.2, 0.1),
    gitLate: some(0.3, 0.15),
  };
}

export interface SimulateOptions {
  plant?: PlantName;
  print?: (line: string) => void;
}

/** Runs the world of a seed to its end and judges it. */
export async function simulate(seed: number, options: SimulateOptions = {}): Promise<Verdict> {
  const world = new World(seed, PLANTS[options.plant ?? 'healthy'], options.print ?? null);
  try {
    await world.run();
  } catch (error) {
    if (!(error instanceof Runaway)) throw error;
    world.fail('rest', error.message);
  }
  await judge(world);
  for (const { id, fields } of world.store.entries) world.kernel.trace(`${id} ${fields['event']} ${fields['payload']}`);
  for (const [ref, sha] of world.remote.refs) world.kernel.trace(`${ref} ${sha}`);
  return {
    seed,
    violations: world.violations,
    digest: world.kernel.digest(),
    entries: world.store.entries.length,
    landed: world.remote.moves.filter(({ by, mainFrom, mainTo }) => by !== null && mainFrom !== mainTo).length,
    simulatedMs: world.kernel.now,
    steps: world.kernel.steps,
  };
}
