/**
 * Which kind of session may end itself, and when: the matrix as data, and the one question asked of it. Everybody but
 * the integrator is ended from outside, by whoever consumes what it leaves. Pure.
 */

/** Kinds of session, as the work flow knows them; `utility` stands for all that hand nothing over. */
export const SESSION_KINDS = [
  'builder',
  'reviewer',
  'fixer',
  'finalizer',
  'drafter',
  'gate-checker',
  'orchestrator',
  'integrator',
  'utility',
] as const;
export type SessionKind = (typeof SESSION_KINDS)[number];

/** What is still open when a session wants to end. */
export interface Unfinished {
  /** Candidates that are ready. */
  queued: number;
  /** Candidates somebody works on. */
  integrating: number;
  /** Hand-overs of the session that nobody took yet. */
  handOvers: number;
}

export interface SelfEndRule {
  /** True when the session may end itself once `open` allows it. */
  may: boolean;
  /** What of the unfinished work stands in the way. */
  open: readonly (keyof Unfinished)[];
  condition: string;
}

export const SELF_END: Readonly<Record<SessionKind, SelfEndRule>> = {
  builder: { may: false, open: [], condition: 'ended by the orchestrator that consumed its evidence' },
  reviewer: { may: false, open: [], condition: 'ended by the orchestrator that consumed its evidence' },
  fixer: { may: false, open: [], condition: 'ended by the orchestrator that consumed its evidence' },
  finalizer: { may: false, open: [], condition: 'says that it is final, then waits to be ended' },
  drafter: { may: false, open: [], condition: 'ended by the orchestrator that consumed its papers' },
  'gate-checker': { may: false, open: [], condition: 'ended by the orchestrator that consumed its verdict' },
  orchestrator: { may: false, open: [], condition: 'stays resumable; ended from outside' },
  integrator: {
    may: true,
    open: ['queued', 'integrating'],
    condition: 'queue empty, nothing in hand; then it writes its checkpoint and gives the lease back',
  },
  utility: { may: true, open: ['handOvers'], condition: 'no hand-over of it is pending' },
};

/** Whether a session of that kind may end itself now. */
export function mayEndItself(kind: SessionKind, unfinished: Unfinished): boolean {
  const rule = SELF_END[kind];
  return rule.may && rule.open.every((what) => unfinished[what] === 0);
}
