/**
 * What an integrator session keeps in mind and what may be said to it: its input, context and events. Types alone; the
 * chart is `integrator.ts`, its guards and actions are in `integrator-rules.ts`.
 */
import type { Member, Stop, Taken } from './effects.ts';
import type { Violation } from './events.ts';
import type { CandidateKey } from './identity.ts';
import type { Aside, Entry, Verdict, Window } from './speculation.ts';

export interface IntegratorInput {
  sessionId: string;
  mode: 'live' | 'shadow';
  graceMs: number;
  /** Rebuilds after a lost race before the session gives up. */
  pushAttempts: number;
  /** Whole deliveries in one push at most. */
  pushBatch: number;
  /** Base of the growing delay between rebuilds, ms. */
  rebuildMs: number;
  /** Deliveries after which a drain that goes on cleans up between two trains. */
  cleanAt: number;
  /** How wide it tests to begin with. */
  window: Window;
  /** Deliveries tested together, 1 for each by itself. */
  batch: number;
  /** Later verdicts that a failed entry waits for before it is set aside. */
  patience: number;
}

export interface IntegratorContext extends IntegratorInput {
  fence: number | null;
  /** Candidates taken earlier that are to be merged (again) before anything new is dequeued, in order. */
  worklist: Taken[];
  candidate: Taken | null;
  /** Main or the train's last tip: what the candidate in hand is merged into. */
  base: string | null;
  /** The candidate in hand once it is merged, before its books are kept. */
  merged: Member | null;
  /** Deliveries on main whose branch on the remote is still to be cleaned up. */
  uncleaned: number;
  /** What is pushed next, or was pushed and is not recorded yet. */
  train: Entry[];
  /** Deliveries built on each other behind the train, and what is known of their tests, in the order of the queue. */
  chain: Entry[];
  /** Those that failed on a tip that is not on main yet, in the order of the queue. */
  aside: Aside[];
  /** Everybody taken and not yet settled, in the order in which they were dequeued. */
  order: CandidateKey[];
  /** Tip of the one in the chain to be tested by itself or for its batch; null: the one built last, when its batch is full. */
  chosen: string | null;
  /** False once the queue was found empty or on hold, until there may be more. */
  more: boolean;
  /** How many more could have been taken when the last one was. */
  behind: number;
  /** Somebody became ready while the queue was looked at. */
  woken: boolean;
  /** Told to have left: no longer to be delivered, and perhaps still in the line. */
  left: CandidateKey[];
  /** Tip of the entry that was last found clear to go first, for there is nothing it has in common with those before it. */
  clear: string | null;
  /** What the audit of the train that was just pushed found. */
  violations: Violation[];
  /** Members the next push may have; halved while a refusal is being narrowed down. */
  trainLimit: number;
  refusal: string | null;
  /** Last member of the train that was refused: until it is settled, the refused one is searched for. */
  suspect: CandidateKey | null;
  lostRaces: number;
  graceOver: boolean;
  stopping: boolean;
  stop: Stop | null;
  /** The error behind a stop for reason `bug`, for the one who runs the session. */
  fault: unknown;
}

/** `last`: the grace window is over, so all candidates are probed before the queue is called empty. */
export interface SelectInput {
  worklist: Taken[];
  train: Member[];
  last: boolean;
  stopping: boolean;
}

export interface ReleaseInput {
  stop: Stop | null;
  worklist: Taken[];
  train: Member[];
  candidate: Taken | null;
}

export type IntegratorEvent =
  /** A candidate became ready: look at the queue again. */
  | { type: 'session.wake' }
  /** Finish the train in hand, then end. */
  | { type: 'session.stop'; reason: string }
  /** The lease can no longer be trusted. */
  | { type: 'lease.lost'; reason: string }
  /** A hold was lifted. */
  | { type: 'hold.lifted' }
  /** The checks of the entry with that tip came to an end. */
  | { type: 'checks.settled'; tip: string; verdict: Verdict }
  /** The entry with that tip would pass all checks at the front of the chain, as far as is known. */
  | { type: 'lane.clear'; tip: string }
  /** What runs the checks cannot go on; `fault` when that is a bug. */
  | { type: 'checks.stopped'; stop: Stop | null; fault: unknown }
  /** Somebody in the chain or aside is no longer to be delivered: superseded, or found on main. */
  | { type: 'member.left'; key: CandidateKey };
