/**
 * What the integrator machine may ask of the world: each effect's outcomes, as unions whose kinds are the decisions
 * the machine takes. The effects themselves live in `actors/`. Pure: types, and the placeholder that fails loudly.
 */
import type { Violation } from './events.ts';
import type { ReasonCode } from './readiness.ts';
import type { Aside, Entry, Verdict } from './speculation.ts';

/** A candidate taken from the queue, with what dates and orders its commits. */
export interface Taken {
  slug: string;
  branch: string;
  sha: string;
  attempt: number;
  dequeuedAt: string;
}

/** A delivery that is merged and waits in the train for its push. */
export interface Member extends Taken {
  /** Main, or the tip of the member before it. */
  base: string;
  mergeCommit: string;
  tip: string;
  tree: string;
  /** Paths that the self-check had to leave out. */
  skipped: number;
}

export type SessionOutcome = 'drained' | 'busy' | 'held' | 'halted' | 'aborted' | 'unreachable' | 'refused';

/** Why a session stops before its queue is empty; `detail` is for people. */
export interface Stop {
  outcome: SessionOutcome;
  reason: string;
  detail: string;
  /** Stable code of a refusal, for exit 6; null for the others. */
  code: string | null;
}

/** Something that stops the session, whatever it was doing. */
export interface Stopped {
  kind: 'stopped';
  stop: Stop;
}

export type TakeLeaseOutcome = { kind: 'granted'; fence: number } | Stopped;
/** `uncleaned`: deliveries of earlier sessions whose branch on the remote nobody has cleaned up yet. */
export type ReconcileOutcome = { kind: 'reconciled'; uncleaned: number } | Stopped;
/** `taken` comes from the worklist, or from the queue and is dequeued by then. */
export type SelectOutcome =
  /** `behind`: how many more could be taken after it. */
  { kind: 'taken'; candidate: Taken; behind: number } | { kind: 'empty' } | { kind: 'on_hold' } | Stopped;
/** `fell`: it left the session (requeued, superseded, completed); the log says how. */
export type RecheckOutcome = { kind: 'holds'; base: string } | { kind: 'fell'; reasons: ReasonCode[] } | Stopped;
/** `provisional`: judged on a base that is not on main yet, so it is judged again after the push. `settled`: its end is in the log. */
export type MergeOutcome = { kind: 'merged'; member: Member } | { kind: 'provisional' } | { kind: 'settled' } | Stopped;
/** The commits that keep the books were added (or none was needed), else as for the merge. */
export type BooksOutcome = { kind: 'booked'; member: Member } | { kind: 'provisional' } | { kind: 'settled' } | Stopped;
/** Every outcome of the clean-up is in the log; none undoes a delivery. */
export type CleanOutcome = { kind: 'cleaned' } | Stopped;
/** Follow-ups that were not on main yet are there, or there were none. */
export type FollowUpOutcome = { kind: 'followed_up' } | Stopped;
/** The checks of an entry were begun, or need not be: what is known of it now. A later verdict comes as an event. */
export type CheckOutcome = { kind: 'begun'; tip: string; verdict: Verdict } | Stopped;
/**
 * What stood in the way of a candidate that was set aside is confirmed and in the log (`ejected`), or main is not what it
 * was judged on, and it is built again (`returned`).
 */
export type EjectOutcome = { kind: 'ejected' } | { kind: 'returned' } | Stopped;
export interface CheckInput {
  entry: Entry;
  /** What it is tested in the place of: deliveries of its batch before it. */
  batch: readonly Entry[];
  /** False: a later entry of its batch is tested instead, if anything is. */
  closed: boolean;
}
/** The one with that tip goes first, and that is in the log (`let_past`), or something speaks against it (`kept`). */
export type OvertakeOutcome = { kind: 'let_past'; tip: string } | { kind: 'kept' } | Stopped;
export interface OvertakeInput {
  entry: Entry;
  /** Those of the chain before it, in order. */
  before: readonly Entry[];
}
export interface EjectInput {
  aside: Aside;
}
export type PushOutcome =
  | { kind: 'pushed' }
  /** A member no longer holds; the survivors are rebuilt. */
  | { kind: 'members_left'; left: string[] }
  | { kind: 'main_moved' }
  | { kind: 'refused'; detail: string }
  | Stopped;
/** In shadow: what a live session would have done with the candidate is in the log, and nothing else happened. */
export type JudgeOutcome = { kind: 'judged' } | Stopped;
/** What landed was compared with what was to land; with violations it is recorded all the same, and then halted. */
export type AuditOutcome = { kind: 'audited'; violations: Violation[] } | Stopped;
export type RecordOutcome = { kind: 'recorded' } | Stopped;
export type BlockOutcome = { kind: 'blocked' } | Stopped;

export type SessionEffectOutcome =
  | TakeLeaseOutcome
  | ReconcileOutcome
  | SelectOutcome
  | RecheckOutcome
  | MergeOutcome
  | BooksOutcome
  | CheckOutcome
  | EjectOutcome
  | OvertakeOutcome
  | CleanOutcome
  | FollowUpOutcome
  | PushOutcome
  | JudgeOutcome
  | AuditOutcome
  | RecordOutcome
  | BlockOutcome;

/** Stands in for an effect that nobody provided; a machine run without its effects fails instead of doing nothing. */
export const notProvided = (effect: string) => (): never => {
  throw new Error(`effect ${effect} was not provided`);
};
