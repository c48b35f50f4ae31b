/**
 * What the log shows of an integrator session: the state of its chart, what it has in hand, and its lease. The chart itself
 * runs in one process; from the events that a session writes everybody else can tell how far it is, and how far any session
 * was at any entry. Pure. It lights charts and decides nothing: between two events a session may be further than its trace.
 */
import type { DomainEvent } from './events.ts';
import { type CandidateKey, candidateKey } from './identity.ts';

export interface Trace {
  /** The session that was granted the lease last; null once it gave it back. */
  session: string | null;
  fence: number | null;
  /** State path of the integrator chart, joined by dots. */
  state: string;
  candidate: CandidateKey | null;
  /** Who did not merge on a tip that was not on main yet, with that tip: on it they are judged for good. */
  aside: readonly (readonly [CandidateKey, string])[];
  /** The lease as grants, returns and breaks have it; renewals and its end by time are in no log. */
  lease: { owner: string; fence: number; acquiredAt: string } | null;
}

export const FRESH_TRACE: Trace = {
  session: null,
  fence: null,
  state: 'standby',
  candidate: null,
  aside: [],
  lease: null,
};

const SELECTING = 'draining.selecting';
const TESTING = 'draining.testing';

/** The trace after one more event; the same object when the event says nothing of the session. */
export function foldTrace(trace: Trace, event: DomainEvent): Trace {
  switch (event.type) {
    case 'integration.lease.acquired': {
      const { session_id: session, fence } = event.payload;
      const lease = { owner: session, fence, acquiredAt: event.timestamp };
      return { session, fence, state: 'acquiring', candidate: null, aside: [], lease };
    }
    case 'integration.lease.broken':
      return trace.lease === null ? trace : { ...trace, lease: null };
    default:
      return isOf(trace, event) ? step(trace, event) : trace;
  }
}

/** Whether the session of the trace wrote it, or it is about what that session does. */
function isOf({ session, fence }: Trace, { type, payload }: DomainEvent): boolean {
  if (session === null) return false;
  if (type === 'integration.hold.placed' || type === 'integration.hold.lifted') return true;
  if ('session_id' in payload) return payload.session_id === session;
  return 'fence' in payload && payload.fence === fence;
}

function step(trace: Trace, event: DomainEvent): Trace {
  const at = (state: string, candidate: CandidateKey | null = trace.candidate): Trace => moved(trace, state, candidate);
  switch (event.type) {
    case 'integration.session.started':
      return at('reconciling');
    case 'integration.session.completed':
      return at('releasing', null);
    case 'integration.session.aborted': {
      // Of a session that is gone, or has nothing to give back, no more will come.
      const { reason } = event.payload;
      return reason === 'died' || reason === 'lease_lost' ? over(trace) : at('releasing', null);
    }
    case 'integration.lease.lost':
    case 'integration.lease.released':
      return over(trace);
    case 'integration.hold.placed': {
      const { owner, alarm } = event.payload;
      if (alarm !== null && owner === trace.session) return at('releasing', null);
      return at(trace.state === SELECTING && alarm === null ? 'draining.holding' : trace.state);
    }
    case 'integration.hold.lifted':
      return at(trace.state === 'draining.holding' ? SELECTING : trace.state);
    default:
      return trace.state === 'reconciling' && !BEGINS.has(event.type)
        ? trace
        : trace.state === 'releasing'
          ? trace
          : draining(event, trace);
  }
}

/** What a session writes first when it has found out what was left: it is at work on the queue from then on. */
const BEGINS: ReadonlySet<string> = new Set([
  'integration.candidate.dequeued',
  'integration.shadow.judged',
  'integration.merge.succeeded',
  'integration.push.attempted',
]);

const moved = (trace: Trace, state: string, candidate: CandidateKey | null): Trace =>
  state === trace.state && candidate === trace.candidate ? trace : { ...trace, state, candidate };

function draining(event: DomainEvent, trace: Trace): Trace {
  const { state, aside } = trace;
  const at = (to: string, candidate: CandidateKey | null = trace.candidate): Trace => moved(trace, to, candidate);
  switch (event.type) {
    case 'integration.candidate.dequeued':
      return at('draining.rechecking', candidateKey(event.payload));
    case 'integration.shadow.judged':
      return at('draining.judging', candidateKey(event.payload));
    case 'integration.merge.conflicted': {
      const key = candidateKey(event.payload);
      const { base, provisional } = event.payload;
      if (provisional) return { ...at('draining.merging', key), aside: [...aside, [key, base]] };
      const isDue = aside.some(([other, on]) => other === key && on === base);
      return at(isDue ? 'draining.ejecting' : 'draining.merging', key);
    }
    case 'integration.checks.started':
      // The others begin behind what the session does meanwhile.
      return at(state === 'draining.bookkeeping' && isInHand(trace, event.payload) ? TESTING : state);
    case 'integration.order.deviated':
      return at(event.payload.by === 'lane' ? SELECTING : state);
    case 'integration.merge.succeeded':
      return at('draining.bookkeeping', candidateKey(event.payload));
    case 'integration.push.attempted':
      return at(event.payload.members.length > 0 ? 'draining.pushing' : 'draining.followingUp', null);
    case 'integration.push.succeeded':
      return at(state === 'draining.followingUp' ? state : 'draining.recording', null);
    case 'integration.main.audited':
      // Told last of what follows a push.
      return at(state === 'draining.recording' ? TESTING : state);
    case 'deployment.completed':
      // Behind a landing it is one that was set aside, or is built again, and is found on main when its turn comes.
      return at(state === 'draining.recording' || state === TESTING ? state : SELECTING, null);
    case 'deployment.failed':
      return at(event.payload.kind === 'checks' || state === 'draining.ejecting' ? TESTING : SELECTING, null);
    case 'integration.candidate.requeued': {
      const { after } = event.payload;
      if (after === 'recheck') return at(SELECTING, null);
      return at(after === 'rebuild' || after === 'reconcile' ? state : 'releasing', null);
    }
    case 'integration.candidate.cleaned':
      return at('draining.cleaning');
    case 'integration.followup.landed':
    case 'integration.followup.left':
      return at('draining.followingUp');
    default:
      return at(state);
  }
}

const isInHand = ({ candidate }: Trace, of: Parameters<typeof candidateKey>[0]) => candidate === candidateKey(of);

const over = (trace: Trace): Trace => ({
  ...FRESH_TRACE,
  lease: trace.lease?.owner === trace.session ? null : trace.lease,
});
