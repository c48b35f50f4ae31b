/**
 * What a simulation is fed with: deliveries with the instant each became ready, what is wrong with it, and how long its
 * checks take. Generated here from rates and a seed; taken from a log in `recorded.ts`. The same seed is the same load.
 */
import type { GeneratedRequest, LoadView } from './views.ts';

/** One delivery. Instants and durations in ms, instants since the first one. */
export interface Change {
  slug: string;
  readyMs: number;
  checkMs: number;
  /** Every tree that contains it fails its checks. */
  bad: boolean;
  /** `before`: it does not merge once the delivery before it in the queue is in. `always`: with no main. */
  conflict: 'none' | 'before' | 'always';
  /** So many of its runs fail by accident before one tells the truth. */
  flakes: number;
}

export interface Load {
  /** In the order of the queue. */
  changes: readonly Change[];
  /** Share of runs that fail by accident, beside `flakes`. */
  flakeRate: number;
  seed: number;
  view: LoadView;
}

/** A number in [0, 1) that hangs on nothing but its arguments. */
export function chanceOf(seed: number, ...about: number[]): number {
  let hash = seed | 0;
  for (const part of about) hash = Math.imul(hash ^ (part + 0x9e3779b9 + (hash << 6) + (hash >>> 2)), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
  return ((hash ^ (hash >>> 15)) >>> 0) / 4_294_967_296;
}

/** What a number of `chanceOf` is drawn for. */
const DRAW = { arrival: 1, bad: 2, conflict: 3, radius: 4, angle: 5 } as const;

/** Deliveries that come by chance at the rate, each good or bad by itself. */
export function generatedLoad(request: GeneratedRequest): Load {
  const { candidates, rate, checkMs, spread, failureRate, conflictRate, flakeRate, seed } = request;
  const changes: Change[] = [];
  let readyMs = 0;
  for (let at = 0; at < candidates; at += 1) {
    const draw = (what: number) => chanceOf(seed, at, what);
    if (rate !== null && at > 0) readyMs += (-Math.log(1 - draw(DRAW.arrival)) * 3_600_000) / rate;
    changes.push({
      slug: `change-${at + 1}`,
      readyMs: Math.round(readyMs),
      checkMs: Math.round(checkMs * spreadOf(spread, draw(DRAW.radius), draw(DRAW.angle))),
      bad: draw(DRAW.bad) < failureRate,
      conflict: at > 0 && draw(DRAW.conflict) < conflictRate ? 'before' : 'none',
      flakes: 0,
    });
  }
  return {
    changes,
    flakeRate,
    seed,
    view: {
      source: 'generated',
      candidates,
      rate_per_hour: rate,
      check_ms: checkMs,
      failure_rate: failureRate,
      conflict_rate: conflictRate,
      flake_rate: flakeRate,
      left_out: 0,
    },
  };
}

/** A factor with mean 1 and the deviation, log-normal: check times are never negative, and some are long. */
function spreadOf(deviation: number, radius: number, angle: number): number {
  if (deviation === 0) return 1;
  const variance = Math.log(1 + deviation ** 2);
  const normal = Math.sqrt(-2 * Math.log(1 - radius)) * Math.cos(2 * Math.PI * angle);
  return Math.exp(Math.sqrt(variance) * normal - variance / 2);
}
