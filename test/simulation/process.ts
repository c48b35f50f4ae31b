/**
 * One simulated process: its clocks, its way to Redis and to the remote, and what can befall it. Each operation of a
 * twin is two trips, out and back; on either the process may die or be paused, and the answer may be lost. A request
 * that is under way arrives although its sender died: only answers are never heard by the dead.
 */
import { EXIT, TelecError } from '../../src/errors.ts';
import type { Clock, Ids } from '../../src/io/clock.ts';
import type { Fate, GitPort } from '../support/twins/git.ts';
import type { TwinPort } from '../support/twins/store.ts';
import type { Chance, Kernel } from './kernel.ts';

/** What may go wrong, as probabilities for one operation. */
export interface Weather {
  crash: number;
  pause: number;
  pauseMaxMs: number;
  /** The answer of Redis is lost after the effect, or the request before it. */
  redisLost: number;
  slow: number;
  gitCut: number;
  gitLost: number;
  gitDropped: number;
  gitLate: number;
}

export const CALM: Weather = {
  crash: 0,
  pause: 0,
  pauseMaxMs: 0,
  redisLost: 0,
  slow: 0,
  gitCut: 0,
  gitLost: 0,
  gitDropped: 0,
  gitLate: 0,
};

export const EPOCH = 1_750_000_000_000;
/** A push that its sender gave up on arrives this much later at most, ms. */
const LATE_MAX_MS = 60_000;
const LETTERS = '0123456789abcdefghjkmnpqrstvwxyz';

export class Process {
  readonly name: string;
  readonly kernel: Kernel;
  readonly clock: Clock;
  readonly port: TwinPort & GitPort;
  /** Ends the process from within, at the operation in hand. */
  onCrash: () => void = () => undefined;
  /** Called before each operation; what others do just then. */
  onOperation: (what: string) => void = () => undefined;
  alive = true;
  /** How far the wall clock is off, ms. */
  skewMs = 0;
  readonly #weather: () => Weather;
  #pausedUntil = 0;
  #held: (() => void)[] = [];
  /** Redis serves one connection in order. */
  #redisFreeAt = 0;

  constructor(kernel: Kernel, name: string, weather: () => Weather) {
    this.kernel = kernel;
    this.name = name;
    this.#weather = weather;
    this.clock = {
      now: () => Math.round(EPOCH + kernel.now + this.skewMs),
      monotonic: () => kernel.now,
      setTimeout: (fn, ms) => kernel.after(ms, () => this.#deliver(fn as () => void)),
      clearTimeout: (callOff) => (callOff as unknown as () => void)?.(),
    };
    this.port = {
      clock: this.clock,
      perform: (what, op) => this.#perform(what, op),
      fate: (what) => this.#fate(what),
      later: (what, op) => {
        kernel.after(this.#chance.between(10, LATE_MAX_MS), () => {
          kernel.trace(`${this.name} late ${what}`);
          op();
        });
      },
    };
  }

  get #chance(): Chance {
    return this.kernel.chance;
  }

  ids(): Ids {
    return { ulid: () => Array.from({ length: 26 }, () => this.#chance.pick([...LETTERS])).join('') };
  }

  crash(why: string): void {
    if (!this.alive) return;
    this.kernel.trace(`${this.name} dies: ${why}`);
    this.alive = false;
    this.#held = [];
    this.onCrash();
  }

  pause(ms: number): void {
    this.kernel.trace(`${this.name} pauses for ${Math.round(ms)}`);
    this.#pausedUntil = Math.max(this.#pausedUntil, this.kernel.now + ms);
    this.kernel.after(ms, () => this.#resume());
  }

  #resume(): void {
    if (this.kernel.now < this.#pausedUntil) return;
    const held = this.#held;
    this.#held = [];
    // What was held back happens one by one, each after the microtasks of the one before.
    for (const run of held) this.kernel.after(0, () => this.#deliver(run));
  }

  #deliver(run: () => void): void {
    if (!this.alive) return;
    if (this.kernel.now < this.#pausedUntil) this.#held.push(run);
    else run();
  }

  #perform<T>(what: string, op: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!this.alive) return;
      const weather = this.#weather();
      if (this.#chance.hit(weather.crash)) return this.crash(`before ${what}`);
      this.onOperation(what);
      if (isNear(what) && !this.#chance.hit(what.startsWith('at ') ? 0.6 : 0.2)) return settle(op, resolve, reject);
      this.kernel.after(this.#delay(what, weather), () => this.#arrive(what, op, resolve, reject));
    });
  }

  /** The request is where it was sent to. */
  #arrive<T>(what: string, op: () => T, resolve: (value: T) => void, reject: (error: unknown) => void): void {
    const weather = this.#weather();
    const redis = what.startsWith('log.') || what.startsWith('lease.');
    const lost = redis && this.#chance.hit(weather.redisLost);
    if (lost && this.#chance.hit(0.5)) {
      this.kernel.trace(`${this.name} ${what} never arrives`);
      this.#answer(what, () => reject(silence()));
      return;
    }
    settle(
      op,
      (value) => {
        this.kernel.trace(`${this.name} ${what} ${summary(value)}${lost ? ' (answer lost)' : ''}`);
        this.#answer(what, () => (lost ? reject(silence()) : resolve(value)));
      },
      (error) => this.#answer(what, () => reject(error)),
    );
  }

  #answer(what: string, run: () => void): void {
    const weather = this.#weather();
    this.kernel.after(isNear(what) ? 0 : this.#chance.next() * 2, () => {
      if (this.alive && this.#chance.hit(weather.crash)) return this.crash(`after ${what}`);
      if (this.alive && this.#chance.hit(weather.pause)) this.pause(this.#chance.between(1000, weather.pauseMaxMs));
      this.#deliver(run);
    });
  }

  #delay(what: string, weather: Weather): number {
    const slow = this.#chance.hit(weather.slow);
    if (what.startsWith('git.')) {
      if (isNear(what)) return this.#chance.next() * 20;
      return slow ? this.#chance.between(1000, 15_000) : this.#chance.between(10, 300);
    }
    const delay = slow ? this.#chance.between(100, 5000) : this.#chance.next() * 3;
    if (what === 'log.wait') return delay;
    this.#redisFreeAt = Math.max(this.#redisFreeAt, this.kernel.now + delay);
    return this.#redisFreeAt - this.kernel.now;
  }

  #fate(what: string): Fate {
    const { gitCut, gitLost, gitDropped, gitLate } = this.#weather();
    let roll = this.#chance.next();
    const fates: [Fate, number][] = [
      ['cut', gitCut],
      ['lost', gitLost],
      ['dropped', gitDropped],
      ['late', gitLate],
    ];
    for (const [fate, probability] of fates) {
      if (roll < probability) {
        this.kernel.trace(`${this.name} ${what} is ${fate}`);
        return fate;
      }
      roll -= probability;
    }
    return 'whole';
  }
}

/** Operations on the own disk; most of them are done at once, so that a world has fewer steps. */
function isNear(what: string): boolean {
  return !/^(log|lease)\.|^git\.(look|fetch|push|probe|deleteBranches)$/.test(what);
}

function settle<T>(op: () => T, resolve: (value: T) => void, reject: (error: unknown) => void): void {
  try {
    resolve(op());
  } catch (error) {
    reject(error);
  }
}

/** What the real connection throws when it has tried long enough. */
function silence(): TelecError {
  return new TelecError('REDIS_UNREACHABLE', EXIT.unreachable, 'Redis does not answer', { retryable: true });
}

function summary(value: unknown): string {
  if (Array.isArray(value)) return `[${value.length}]`;
  if (typeof value === 'string') return value.slice(0, 40);
  if (typeof value !== 'object' || value === null) return String(value);
  const { kind, outcomes, detail } = value as Record<string, unknown>;
  const told = Array.isArray(outcomes)
    ? outcomes.map((one: { kind: string; id?: string }) => `${one.kind} ${one.id}`)
    : [];
  return [kind, detail, ...told].filter((part) => part !== undefined).join(' ') || '{}';
}
