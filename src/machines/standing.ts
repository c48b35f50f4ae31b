/**
 * What the log says about the repository as a whole: configuration, mode, hold, main as it is known, sessions and
 * pushes whose outcome is open, follow-ups. A pure fold beside the candidates; it decides nothing about one of them.
 */
import {
  type Aftercare,
  FRESH_AFTERCARE,
  foldCleaned,
  foldCommandEnd,
  foldCommandStart,
  foldDelivered,
  foldSessionEnd,
} from './aftercare.ts';
import { type Authority, FRESH_AUTHORITY, foldAuthority } from './authority.ts';
import type { DomainEvent, PayloadOf } from './events.ts';
import { type FollowUp, type FollowUpChange, foldFollowUps } from './follow-up.ts';
import { type CandidateKey, candidateKey } from './identity.ts';
import { FRESH_TRACE, foldTrace, type Trace } from './integrator-trace.ts';
import { FRESH_MODES, foldModes, type Modes, modeOf, whyNotLive, withOwnLanding } from './modes.ts';
import { FRESH_PRIORITIES, foldPriorities, type Priorities } from './priority.ts';

export interface Hold {
  owner: string;
  reason: string;
  since: string;
  until: string | null;
  main_busy: boolean;
  /** Code of the alarm when telec placed it (a halt); null when a person did. */
  alarm: string | null;
}

/** A push that was attempted and not yet reported as succeeded, rejected or burned. */
export interface OpenPush {
  seq: number;
  pushNumber: number;
  base: string;
  fenceFrom: string;
  fenceTo: string;
  sessionId: string;
  members: PayloadOf<'integration.push.attempted'>['members'];
  /** What main is once it has landed. */
  tip: string;
  followUps: FollowUpChange[];
}

export interface SessionRecord {
  id: string;
  fence: number;
  host: string;
  mode: 'live' | 'shadow';
  startedAt: string;
}

export interface Standing {
  configured: (PayloadOf<'integration.configured'> & { id: string }) | null;
  /** As `modes` amount to; `null` until the repository was set up: nothing but reading is allowed before. */
  mode: 'live' | 'shadow' | null;
  /** Why nothing is pushed, for people, and whether a person has to decide; null while live. */
  notLive: { why: string; rollbackRequired: boolean } | null;
  modes: Modes;
  authority: Authority;
  hold: Hold | null;
  /** Main as last brought, seen or accepted; null before the first. */
  main: string | null;
  /** The session that began last and has not ended; a crashed one stays here until the next holder ends it. */
  session: SessionRecord | null;
  openPushes: OpenPush[];
  /** The log whose fence a person decided to take over, if any. */
  adoptedLog: string | null;
  aftercare: Aftercare;
  /** All there ever were, in the order in which they were opened. */
  followUps: readonly FollowUp[];
  /** How far the session is, by what it wrote. */
  trace: Trace;
  /** Who goes ahead or stands back in the queue, where the configuration has that on. */
  priorities: Priorities;
}

export const FRESH_STANDING: Standing = {
  configured: null,
  mode: null,
  notLive: { why: whyNotLive(FRESH_MODES) ?? '', rollbackRequired: false },
  modes: FRESH_MODES,
  authority: FRESH_AUTHORITY,
  hold: null,
  main: null,
  session: null,
  openPushes: [],
  adoptedLog: null,
  aftercare: FRESH_AFTERCARE,
  followUps: [],
  trace: FRESH_TRACE,
  priorities: FRESH_PRIORITIES,
};

/** The standing after one more event; the same object when the event does not concern it. */
export function foldStanding(before: Standing, event: DomainEvent): Standing {
  const standing = withTurns(withTrace(withModes(before, event), event), event);
  switch (event.type) {
    case 'integration.configured':
      return { ...standing, configured: { ...event.payload, id: event.id } };
    case 'integration.cutover.enabled':
      // What another path brought up to the cutover is not foreign, whether or not shadow had looked at it yet.
      return { ...standing, main: (before.mode === 'live' ? standing.main : event.payload.main_sha) ?? standing.main };
    case 'integration.shadow.started':
      return { ...standing, main: standing.main ?? event.payload.main_sha };
    case 'integration.shadow.observed':
      return { ...standing, main: event.payload.to };
    case 'integration.hold.placed': {
      const { owner, reason, until, main_busy, alarm } = event.payload;
      // A person's hold never hides a halt: the alarm stays until it is lifted.
      if (standing.hold?.alarm && !alarm) return standing;
      return { ...standing, hold: { owner, reason, since: event.timestamp, until, main_busy, alarm } };
    }
    case 'integration.hold.lifted':
      return { ...standing, hold: null };
    case 'integration.main.foreign':
      return { ...standing, main: event.payload.to };
    case 'integration.main.accepted':
      return { ...standing, main: event.payload.main };
    case 'integration.session.started': {
      const { session_id: id, fence, host, mode } = event.payload;
      return { ...standing, session: { id, fence, host, mode, startedAt: event.timestamp } };
    }
    case 'integration.session.completed':
    case 'integration.session.aborted': {
      const { session_id: id } = event.payload;
      const own = standing.session?.id === id ? standing.session : null;
      const aftercare = foldSessionEnd(standing.aftercare, id, own?.host ?? null);
      return { ...standing, aftercare, session: own ? null : standing.session };
    }
    case 'integration.candidate.cleaned':
      return { ...standing, aftercare: foldCleaned(standing.aftercare, event.payload) };
    case 'integration.after_delivery.started': {
      const { session_id: sessionId, host, folder } = event.payload;
      return { ...standing, aftercare: foldCommandStart(standing.aftercare, { sessionId, host, folder }) };
    }
    case 'integration.after_delivery.finished':
      return { ...standing, aftercare: foldCommandEnd(standing.aftercare, event.payload.session_id) };
    case 'integration.push.attempted': {
      const { seq, push_number: pushNumber, base, session_id: sessionId, members } = event.payload;
      const { fence_from: fenceFrom, fence_to: fenceTo } = event.payload;
      const { tip = members.at(-1)?.tip ?? base, follow_ups: followUps = [] } = event.payload;
      const push: OpenPush = { seq, pushNumber, base, fenceFrom, fenceTo, sessionId, members, tip, followUps };
      return { ...standing, openPushes: [...standing.openPushes, push] };
    }
    case 'integration.push.succeeded': {
      const push = standing.openPushes.find(({ seq }) => seq === event.payload.seq);
      const { tip: main = standing.main } = push ?? {};
      const after = withOwnLanding(standing.modes, { from: standing.main, to: main });
      return { ...withoutPush(standing, event.payload.seq), main, modes: after };
    }
    case 'integration.push.rejected':
    case 'integration.push.burned':
      return withoutPush(standing, event.payload.seq);
    case 'integration.log.adopted':
      return { ...standing, adoptedLog: event.payload.from_log };
    default: {
      const followUps = foldFollowUps(standing.followUps, event);
      return followUps === standing.followUps ? standing : { ...standing, followUps };
    }
  }
}

/** Mode and guards after the event; the same object when it concerns neither. */
function withModes(standing: Standing, event: DomainEvent): Standing {
  const modes = foldModes(standing.modes, event, isOfShadow(standing, event));
  const authority = foldAuthority(standing.authority, event);
  if (modes === standing.modes && authority === standing.authority) return standing;
  const decision = modeOf(modes);
  const mode = decision && (decision.kind === 'live' ? 'live' : 'shadow');
  const why = whyNotLive(modes);
  const rollbackRequired = decision?.kind === 'shadow' && decision.rollbackRequired;
  return { ...standing, modes, authority, mode, notLive: why === null ? null : { why, rollbackRequired } };
}

function withTrace(standing: Standing, event: DomainEvent): Standing {
  const trace = foldTrace(standing.trace, event);
  return trace === standing.trace ? standing : { ...standing, trace };
}

function withTurns(standing: Standing, event: DomainEvent): Standing {
  const priorities = foldPriorities(standing.priorities, event);
  return priorities === standing.priorities ? standing : { ...standing, priorities };
}

/** Whether the event was written by the session that runs, and that one runs in shadow. */
function isOfShadow({ session }: Standing, { payload }: DomainEvent): boolean {
  return session?.mode === 'shadow' && 'session_id' in payload && payload.session_id === session.id;
}

/**
 * The standing after a delivery. Told by who knows that the log bears it out. What a session in shadow found on main was
 * brought there by another path, and nobody of telec cleans up behind that.
 */
export function withDelivery(standing: Standing, delivery: PayloadOf<'deployment.completed'>): Standing {
  if (standing.session?.mode === 'shadow' && delivery.outcome === 'already_integrated') return standing;
  return { ...standing, aftercare: foldDelivered(standing.aftercare, delivery) };
}

/** A session that delivered something and has not ended: unless it lives, the next one has to end it and clean up behind it. */
export function owesEnd({ session, aftercare }: Standing): boolean {
  return session !== null && aftercare.delivered;
}

function withoutPush(standing: Standing, seq: number): Standing {
  return { ...standing, openPushes: standing.openPushes.filter((push) => push.seq !== seq) };
}

/** The candidates that a push concerns. */
export function pushMembers(push: OpenPush | undefined): CandidateKey[] {
  return push?.members.map(candidateKey) ?? [];
}

/** First and last commit of a delivery. What was on main already has one only: its receipt's tip is somebody else's. */
export function deliveryEnds({ outcome, merge_commit, receipt }: PayloadOf<'deployment.completed'>): string[] {
  const tip = outcome === 'merged' ? receipt?.tip : undefined;
  return tip === undefined || tip === merge_commit ? [merge_commit] : [merge_commit, tip];
}
