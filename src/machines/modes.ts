/**
 * Whether telec moves main: the table that decides it, and the fold of what the table asks. Live or shadow follows from
 * the log alone; an environment can narrow one session to shadow, nothing can widen one.
 */
import type { DomainEvent, PayloadOf } from './events.ts';

/** The four questions of the table. */
export interface CutoverControls {
  /** Somebody wants this session to move nothing. */
  shadowRequested: boolean;
  /** A person enabled the cutover. */
  enabled: boolean;
  /** The evidence that both ways do the same stands. */
  parityAccepted: boolean;
  /** What happens to an enabled cutover without that evidence: back to shadow, or nothing at all. */
  rollbackOnIncompleteParity: boolean;
}

/** `refused`: nobody may integrate, not even in shadow, until a person decides. */
export type ModeDecision =
  | { kind: 'live' }
  | { kind: 'shadow'; rollbackRequired: boolean }
  | { kind: 'refused'; detail: string };

/** The table, row by row. */
export function decideMode(controls: CutoverControls): ModeDecision {
  const { shadowRequested, enabled, parityAccepted, rollbackOnIncompleteParity } = controls;
  if (shadowRequested || !enabled) return { kind: 'shadow', rollbackRequired: false };
  if (parityAccepted) return { kind: 'live' };
  if (rollbackOnIncompleteParity) return { kind: 'shadow', rollbackRequired: true };
  return { kind: 'refused', detail: 'the cutover is enabled, but its evidence was withdrawn' };
}

export type RollbackTrigger = PayloadOf<'integration.cutover.rolled_back'>['trigger'];

/** What was compared since the comparison began. */
export interface ParityCounts {
  compared: number;
  agreeing: number;
  /** Among the agreeing: those both ways met a conflict on, and those that had taken the place of an older candidate. */
  conflicts: number;
  supersessions: number;
  /** Commits that the other path brought and that bring no candidate. */
  unmatched: number;
  /** Pushes made by sessions in shadow, grants that did not exceed the one before, candidates judged out of turn. */
  pushes: number;
  leaseOverlaps: number;
  fifoViolations: number;
  /** Sessions in shadow that ended by themselves, and the newest of them. */
  sessions: number;
  lastSession: string | null;
}

/** A moment of the log: entry, instant, and main as it was then. */
export interface Moment {
  id: string;
  at: string;
  main: string | null;
}

export interface Modes {
  /** False until the repository was set up, live or in shadow. */
  begun: boolean;
  enabled: boolean;
  parityAccepted: boolean;
  rollbackOnIncompleteParity: boolean;
  /** The newest cutover, with the deliveries of an older flow that it gave up; null before the first. */
  cutover: (Moment & { evidence: string; dropped: readonly string[] }) | null;
  /** The newest way back that was no drill; null before the first. */
  rollback: (Moment & { trigger: RollbackTrigger; reason: string }) | null;
  /** The newest way back, drill or not. */
  exercised: { id: string; at: string; drill: boolean } | null;
  /** Since when is compared, and main before any other path moved it; null while there never was a shadow. */
  shadow: Moment | null;
  parity: ParityCounts;
  /** The newest grant of the lease. */
  grant: { fence: number; sessionId: string } | null;
  /** Main was found with something that takes the cutover back, and integration was halted over it. */
  alarmed: { trigger: 'tree_differs' | 'foreign_commit'; evidence: string } | null;
  /** Two sessions wrote under one fence. */
  fenceShared: { fence: number; sessions: [string, string] } | null;
  /** Sessions in a row that ended by a fault of telec itself. */
  faultyAborts: number;
}

const NO_PARITY: ParityCounts = {
  compared: 0,
  agreeing: 0,
  conflicts: 0,
  supersessions: 0,
  unmatched: 0,
  pushes: 0,
  leaseOverlaps: 0,
  fifoViolations: 0,
  sessions: 0,
  lastSession: null,
};

export const FRESH_MODES: Modes = {
  begun: false,
  enabled: false,
  parityAccepted: false,
  rollbackOnIncompleteParity: true,
  cutover: null,
  rollback: null,
  exercised: null,
  shadow: null,
  parity: NO_PARITY,
  grant: null,
  alarmed: null,
  fenceShared: null,
  faultyAborts: 0,
};

/** Sessions in a row, ended by one of these, that take the cutover back. */
export const FAULTY_ABORTS_MAX = 3;
const FAULTY: ReadonlySet<string> = new Set(['invariant', 'self_check', 'bug']);

/** Alarms over main that are triggers, too. */
const ALARMING: Partial<Record<string, 'tree_differs' | 'foreign_commit'>> = {
  TREE_DIFFERS: 'tree_differs',
  FOREIGN_COMMIT: 'foreign_commit',
};

/** Whether a session that stopped for that reason was ended by a fault of telec itself. */
export const isFaulty = (reason: string): boolean => FAULTY.has(reason);

/** The table's answer as the log stands; null before the repository was set up. */
export function modeOf(modes: Modes, narrowed: Partial<CutoverControls> = {}): ModeDecision | null {
  if (!modes.begun) return null;
  const { enabled, parityAccepted, rollbackOnIncompleteParity } = modes;
  return decideMode({ shadowRequested: false, enabled, parityAccepted, rollbackOnIncompleteParity, ...narrowed });
}

/** Why nothing is pushed, for people; null while telec is live. */
export function whyNotLive(modes: Modes): string | null {
  const decision = modeOf(modes);
  if (decision === null) return 'not set up yet';
  if (decision.kind === 'live') return null;
  const taken = modes.rollback && `the cutover was taken back at ${modes.rollback.at}: ${modes.rollback.reason}`;
  if (decision.kind === 'refused') return `no session begins, not even in shadow: ${taken ?? decision.detail}`;
  if (decision.rollbackRequired) return `${taken ?? 'evidence is missing'}; a person has to decide how it goes on`;
  return taken ?? 'another path moves main';
}

/** After one more event; the same object when it does not concern the modes. `inShadow`: the session that runs is. */
export function foldModes(modes: Modes, event: DomainEvent, inShadow: boolean): Modes {
  switch (event.type) {
    case 'integration.shadow.started': {
      const shadow = momentOf(event, event.payload.main_sha);
      return { ...modes, begun: true, shadow, parity: NO_PARITY };
    }
    case 'integration.cutover.enabled': {
      const { main_sha, evidence, dropped = [] } = event.payload;
      const { rollback_on_incomplete_parity: rollbackOnIncompleteParity = true } = event.payload;
      const cutover = { ...momentOf(event, main_sha), evidence, dropped };
      const decided = { enabled: true, parityAccepted: true, rollbackOnIncompleteParity };
      return { ...modes, ...decided, begun: true, cutover, alarmed: null, fenceShared: null, faultyAborts: 0 };
    }
    case 'integration.cutover.rolled_back':
      return rolledBack(modes, event);
    case 'integration.shadow.observed': {
      const { unmatched } = modes.parity;
      return withParity(modes, { unmatched: unmatched + event.payload.unmatched.length });
    }
    case 'integration.shadow.compared':
      return compared(modes, event.payload);
    case 'integration.hold.placed': {
      const { alarm, reason: evidence } = event.payload;
      const trigger = alarm === null ? undefined : ALARMING[alarm];
      return trigger ? { ...modes, alarmed: { trigger, evidence } } : modes;
    }
    case 'integration.push.attempted':
      return inShadow ? withParity(modes, { pushes: modes.parity.pushes + 1 }) : modes;
    case 'integration.lease.acquired': {
      const { fence, session_id: sessionId } = event.payload;
      const overlap = modes.grant !== null && fence <= modes.grant.fence && sessionId !== modes.grant.sessionId;
      const counted = overlap ? withParity(modes, { leaseOverlaps: modes.parity.leaseOverlaps + 1 }) : modes;
      return { ...shared(counted, fence, sessionId), grant: { fence, sessionId } };
    }
    case 'integration.session.started':
    case 'integration.candidate.dequeued':
      return shared(modes, event.payload.fence, event.payload.session_id);
    case 'integration.session.completed': {
      const { session_id: lastSession } = event.payload;
      const counted = inShadow ? withParity(modes, { sessions: modes.parity.sessions + 1, lastSession }) : modes;
      return { ...counted, faultyAborts: 0 };
    }
    case 'integration.session.aborted':
      return isFaulty(event.payload.reason) ? { ...modes, faultyAborts: modes.faultyAborts + 1 } : modes;
    default:
      return modes;
  }
}

/** One candidate more that was judged although an older one waited for its turn. */
export function withFifoViolation(modes: Modes): Modes {
  return withParity(modes, { fifoViolations: modes.parity.fifoViolations + 1 });
}

/** A push of telec's own that was under way when shadow began: no other path moved main by it. */
export function withOwnLanding(modes: Modes, { from, to }: { from: string | null; to: string | null }): Modes {
  const { shadow } = modes;
  if (shadow === null || shadow.main !== from || modeOf(modes)?.kind === 'live') return modes;
  return { ...modes, shadow: { ...shadow, main: to } };
}

/** What takes the cutover back without anybody's word, as the log stands; null while nothing does. */
export function rollbackDue(modes: Modes): { trigger: Exclude<RollbackTrigger, 'person'>; evidence: string } | null {
  if (!modes.enabled || !modes.parityAccepted) return null;
  if (modes.alarmed) return modes.alarmed;
  if (modes.fenceShared) {
    const { fence, sessions } = modes.fenceShared;
    return { trigger: 'fence_shared', evidence: `fence ${fence} was used by ${sessions.join(' and ')}` };
  }
  if (modes.faultyAborts >= FAULTY_ABORTS_MAX) {
    return { trigger: 'faulty_aborts', evidence: `${modes.faultyAborts} sessions in a row ended by a fault of telec` };
  }
  return null;
}

function momentOf({ id, timestamp }: DomainEvent, main: string | null): Moment {
  return { id, at: timestamp, main };
}

function withParity(modes: Modes, parity: Partial<ParityCounts>): Modes {
  return { ...modes, parity: { ...modes.parity, ...parity } };
}

/** A drill changes no mode. What a person takes back is disabled; what a trigger takes back stays enabled, without evidence. */
function rolledBack(modes: Modes, event: DomainEvent<'integration.cutover.rolled_back'>): Modes {
  const { main_sha, trigger, reason, drill } = event.payload;
  const exercised = { id: event.id, at: event.timestamp, drill };
  if (drill) return { ...modes, exercised };
  const moment = momentOf(event, main_sha);
  const rollback = { ...moment, trigger, reason };
  const enabled = trigger === 'person' ? false : modes.enabled;
  return { ...modes, enabled, parityAccepted: false, exercised, rollback, shadow: moment, parity: NO_PARITY };
}

function compared(modes: Modes, payload: PayloadOf<'integration.shadow.compared'>): Modes {
  const { agrees, class: kind, superseded } = payload;
  const { parity } = modes;
  const one = (counts: boolean) => (agrees && counts ? 1 : 0);
  return withParity(modes, {
    compared: parity.compared + 1,
    agreeing: parity.agreeing + one(true),
    conflicts: parity.conflicts + one(kind === 'conflict'),
    supersessions: parity.supersessions + one(superseded > 0),
  });
}

function shared(modes: Modes, fence: number, sessionId: string): Modes {
  const { grant } = modes;
  if (grant === null || grant.fence !== fence || grant.sessionId === sessionId) return modes;
  return { ...modes, fenceShared: { fence, sessions: [grant.sessionId, sessionId] } };
}
