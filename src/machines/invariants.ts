/**
 * What holds in every state a machine can reach, as named predicates over state and context. The spec tests check all
 * of them in every reachable snapshot; the repository asserts those of the candidate after each event. Pure.
 *
 * A law speaks about one snapshot. What concerns a step (a final state is never left, an event is decided on purpose)
 * is checked by the tests from the charts themselves.
 */
import type { CandidateContext } from './candidate.ts';
import type { DeliveryContext } from './delivery.ts';
import { candidateKey } from './identity.ts';
import type { LeaseContext } from './lease.ts';
import { readinessReasons } from './readiness.ts';
import type { TodoContext } from './todo-rules.ts';

/** `state` is the path of the active state joined by dots. */
export interface Law<Context> {
  id: string;
  /** The law as a sentence. */
  says: string;
  holds(state: string, context: Context): boolean;
}

/** Implication, so that a law reads as the sentence it stands for. */
export const where = (condition: boolean, consequence: () => boolean): boolean => !condition || consequence();

export const CANDIDATE_LAWS: readonly Law<CandidateContext>[] = [
  {
    id: 'push-unsettled-stays',
    says: 'a candidate whose push is open or has landed is integrating or completed: never requeued, blocked or superseded',
    holds: (state, { openPush, landed }) =>
      where(openPush !== null || landed, () => state === 'integrating' || state === 'completed'),
  },
  {
    id: 'push-bears-out',
    says: 'a push that was attempted bears a completion out',
    holds: (_, { openPush, landed, borneOut }) => where(openPush !== null || landed, () => borneOut),
  },
  {
    id: 'ready-means-all-conditions',
    says: 'a ready candidate has no failing condition and no candidate above it',
    holds: (state, context) =>
      where(state === 'ready', () => readinessReasons(context).length === 0 && context.outrankedBy === null),
  },
  {
    id: 'pending-is-not-ready',
    says: 'a pending candidate has at least one failing condition, so that it can be told what it waits for',
    holds: (state, context) => where(state === 'pending', () => readinessReasons(context).length > 0),
  },
  {
    id: 'integrating-under-a-fence',
    says: 'an integrating candidate was dequeued: it has a fence, an attempt and the stamp of its dequeue',
    holds: (state, { fence, attempt, dequeuedAt }) =>
      where(state === 'integrating', () => fence !== null && attempt > 0 && dequeuedAt !== null),
  },
  {
    id: 'completed-has-delivery',
    says: 'exactly the completed candidates have a delivery, of their own and borne out by the log',
    holds: (state, { delivery, borneOut, slug, branch, sha }) =>
      (state === 'completed') === (delivery !== null) &&
      where(delivery !== null, () => {
        const own = delivery?.slug === slug && delivery.branch === branch && delivery.sha === sha;
        return own && borneOut;
      }),
  },
  {
    id: 'blocked-has-evidence',
    says: 'a blocked candidate has a failure with evidence, diagnostics and one next action',
    holds: (state, { failure }) =>
      where(
        state === 'blocked',
        () =>
          failure !== null &&
          failure.conflict_evidence.length > 0 &&
          failure.diagnostics.length > 0 &&
          failure.next_action.trim() !== '',
      ),
  },
  {
    id: 'superseded-names-successor',
    says: 'a superseded candidate names the one that took its place, which is another',
    holds: (state, context) =>
      where(
        state === 'superseded',
        () => context.outrankedBy !== null && context.outrankedBy !== candidateKey(context),
      ),
  },
];

export const LEASE_LAWS: readonly Law<LeaseContext>[] = [
  {
    id: 'holding-has-grant',
    says: 'who holds has a grant with a token, a fence and time left',
    holds: (state, { grant }) =>
      where(
        state.startsWith('holding'),
        () => grant !== null && grant.token !== '' && grant.fence > 0 && grant.validForMs > 0,
      ),
  },
  {
    id: 'lost-has-reason',
    says: 'a lost lease says why',
    holds: (state, { lostBecause }) => where(state === 'lost', () => lostBecause !== null),
  },
  {
    id: 'busy-names-holder',
    says: 'a busy lease names its holder, and gives no grant',
    holds: (state, { busy, grant }) => where(state === 'busy', () => busy !== null && grant === null),
  },
  {
    id: 'released-is-forgotten',
    says: 'a released lease keeps no token',
    holds: (state, { grant }) => where(state === 'released', () => grant === null),
  },
  {
    id: 'failed-has-error',
    says: 'a failed lease says what failed',
    holds: (state, { error }) => where(state === 'failed', () => error !== null),
  },
];

export const DELIVERY_LAWS: readonly Law<DeliveryContext>[] = [
  {
    id: 'pacing-has-a-full-minute',
    says: 'who paces sent as many messages as a minute takes, and waits no longer than the minute',
    holds: (state, { sentAt, perMinute, pauseMs }) =>
      where(state === 'pacing', () => sentAt.length === perMinute && pauseMs <= 60_000),
  },
  {
    id: 'gone-says-why',
    says: 'a surface that refuses for good, or could not be reached, has said why',
    holds: (state, { fault }) => where(state === 'gone' || state === 'backingOff', () => fault !== null),
  },
  {
    id: 'pause-has-an-end',
    says: 'a pause after a failure is at least a moment and at most ten minutes',
    holds: (state, { pauseMs, failures }) =>
      where(state === 'backingOff', () => failures > 0 && pauseMs >= 750 && pauseMs <= 600_000),
  },
  {
    id: 'news-is-not-left',
    says: 'at rest, no news is left that came while a message was on its way',
    holds: (state, { again }) => where(state === 'idle', () => !again),
  },
];

export const TODO_LAWS: readonly Law<TodoContext>[] = [
  {
    id: 'unbuilt-is-unreviewed',
    says: 'what is not built yet has no review round and no finding',
    holds: (state, { round, unresolved }) =>
      where(state === 'preparing' || state === 'building', () => round === 0 && unresolved.length === 0),
  },
  {
    id: 'review-has-round',
    says: 'what is in review, or has been reviewed, has a review round',
    holds: (state, { round }) =>
      where(/^(reviewing|returned|fixing|approved|handedOff|blocked)$/.test(state), () => round > 0),
  },
  {
    id: 'returned-has-findings',
    says: 'a review that asked for changes left at least one finding open',
    holds: (state, { unresolved }) => where(state === 'returned', () => unresolved.length > 0),
  },
  {
    id: 'approved-has-none-open',
    says: 'what is approved has no finding open, and names the commit the review looked at',
    holds: (state, { unresolved, baseline }) =>
      where(/^(approved|handedOff|blocked)$/.test(state), () => unresolved.length === 0 && baseline !== null),
  },
  {
    id: 'rounds-within-limit',
    says: 'no review round is begun beyond the limit',
    holds: (_, { round, maxRounds }) => round <= maxRounds,
  },
];

/** The laws that `state` and `context` break, as sentences; empty when all hold. */
export function brokenLaws<Context>(laws: readonly Law<Context>[], state: string, context: Context): string[] {
  return laws.filter((law) => !law.holds(state, context)).map((law) => `${law.id}: ${law.says}`);
}
