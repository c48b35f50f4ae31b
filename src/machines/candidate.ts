/**
 * The life of one candidate, as a statechart. Driven by events of the log and nothing else: no invoke, no timer, no
 * clock, so a restart is a replay. It decides when the candidate is ready, integrating, and how it ends; it never
 * acts on the world.
 *
 * Invariants kept here: I6 (an event changes state once: the log holds it once), I7 (one end), and that nothing of a
 * push that is neither proven landed nor burned is requeued, blocked or superseded.
 */
import { assign, setup } from 'xstate';
import type { DomainEvent, PayloadOf } from './events.ts';
import { type BranchName, type CandidateKey, candidateKey, parseInstant, type Sha, type Slug } from './identity.ts';
import { outranks, type Placed } from './queue.ts';
import { foldReview, type ProbedFacts, type ReviewStanding, readinessReasons } from './readiness.ts';

/** The log events a candidate hears: those of its slug, and the pushes it is a member of. */
export type CandidateEvent = DomainEvent<
  | 'review.approved'
  | 'review.changes_requested'
  | 'branch.pushed'
  | 'deployment.started'
  | 'deployment.completed'
  | 'deployment.failed'
  | 'integration.candidate.probed'
  | 'integration.candidate.dequeued'
  | 'integration.candidate.requeued'
  | 'integration.candidate.already_merged'
  | 'integration.candidate.resumed'
  | 'integration.push.attempted'
  | 'integration.push.succeeded'
  | 'integration.push.rejected'
  | 'integration.push.burned'
>;

export interface CandidateInput {
  slug: string;
  branch: string;
  sha: string;
  /** Counts the resumptions after being superseded; 0 for the first life. */
  generation: number;
  readyAt: string;
  /** What the slug's earlier events already said. */
  review: ReviewStanding | null;
  pushed: boolean;
  facts: ProbedFacts | null;
  /** Dequeues of the triple so far, over all generations. */
  attempt: number;
  /** The candidate of the slug that ranks highest so far, if it outranks this one. */
  top: Placed | null;
}

export interface CandidateContext {
  slug: Slug;
  branch: BranchName;
  sha: Sha;
  generation: number;
  /** As given (with its offset) and as an instant in ms. */
  readyAt: string;
  readyAtMs: number;
  review: ReviewStanding | null;
  pushed: boolean;
  facts: ProbedFacts | null;
  outrankedBy: CandidateKey | null;
  attempt: number;
  /** Fence and stamp of the newest dequeue; the stamp dates the commits, so a rebuild is the same commit. */
  fence: number | null;
  dequeuedAt: string | null;
  /** Sequence number of a push of this candidate whose outcome is open. */
  openPush: number | null;
  /** True once a push of it is proven landed: from then on it can only complete. */
  landed: boolean;
  /** True once something the log holds could explain a completion. */
  borneOut: boolean;
  lastRequeue: { reasons: string[]; after: string } | null;
  failure: PayloadOf<'deployment.failed'> | null;
  delivery: PayloadOf<'deployment.completed'> | null;
}

const isSame = (context: CandidateContext, payload: { slug: string; branch: string; sha: string }): boolean =>
  payload.slug === context.slug && payload.branch === context.branch && payload.sha === context.sha;

/** The rank an event gives to a candidate of this slug; null when it gives none. */
function announced(event: CandidateEvent): Placed | null {
  if (event.type !== 'deployment.started' && event.type !== 'integration.candidate.resumed') return null;
  const { slug, branch, sha, ready_at } = event.payload;
  return { slug, branch, sha, readyAtMs: parseInstant(ready_at) ?? 0 };
}

export const candidateMachine = setup({
  types: {
    context: {} as CandidateContext,
    events: {} as CandidateEvent,
    input: {} as CandidateInput,
  },
  guards: {
    isReady: ({ context }) => readinessReasons(context).length === 0,
    isNotReady: ({ context }) => readinessReasons(context).length > 0,
    isOutranked: ({ context }) => context.outrankedBy !== null,
    mayBeSuperseded: ({ context }) => context.outrankedBy !== null && context.openPush === null && !context.landed,
    pushIsSettled: ({ context }) => context.openPush === null && !context.landed,
    pushIsSettledAndReady: ({ context }) =>
      context.openPush === null && !context.landed && readinessReasons(context).length === 0,
    isBorneOut: ({ context }) => context.borneOut,
    isOwnResume: ({ context, event }) =>
      event.type === 'integration.candidate.resumed' && isSame(context, event.payload),
    isOwnResumeAndReady: ({ context, event }) =>
      event.type === 'integration.candidate.resumed' &&
      isSame(context, event.payload) &&
      readinessReasons(context).length === 0,
    isOutrankedByEvent: ({ context, event }) => {
      const other = announced(event);
      return other !== null && outranks(other, context);
    },
    isOpenPush: ({ context, event }) => 'seq' in event.payload && context.openPush === event.payload.seq,
  },
  actions: {
    rememberReview: assign(({ context, event }) => {
      if (event.type === 'review.approved') {
        const { review_round: round, sha = null } = event.payload;
        return { review: foldReview(context.review, { round, verdict: 'approved', sha }) };
      }
      if (event.type === 'review.changes_requested') {
        const { review_round: round } = event.payload;
        return { review: foldReview(context.review, { round, verdict: 'changes_requested', sha: null }) };
      }
      return {};
    }),
    rememberBranchPush: assign({ pushed: true }),
    rememberFacts: assign(({ context, event }) => {
      if (event.type !== 'integration.candidate.probed') return {};
      const { reachable, integrated, undelivered } = event.payload;
      return { facts: { reachable, integrated, undelivered }, borneOut: context.borneOut || integrated };
    }),
    rememberOutranked: assign(({ event }) => {
      const other = announced(event);
      return other ? { outrankedBy: candidateKey(other) } : {};
    }),
    rememberOnMain: assign({ borneOut: true }),
    rememberDequeue: assign(({ event }) => {
      if (event.type !== 'integration.candidate.dequeued') return {};
      const { attempt, fence } = event.payload;
      return { attempt, fence, dequeuedAt: event.timestamp, failure: null, lastRequeue: null };
    }),
    /** A dequeue that came too late is still one: its number is not given again. */
    countDequeue: assign(({ event }) =>
      event.type === 'integration.candidate.dequeued' ? { attempt: event.payload.attempt } : {},
    ),
    rememberRequeue: assign(({ event }) => {
      if (event.type !== 'integration.candidate.requeued') return {};
      return { lastRequeue: { reasons: event.payload.reasons, after: event.payload.after } };
    }),
    rememberPushAttempt: assign(({ event }) =>
      event.type === 'integration.push.attempted' ? { openPush: event.payload.seq, borneOut: true } : {},
    ),
    rememberLanded: assign({ openPush: null, landed: true }),
    rememberPushSettled: assign({ openPush: null }),
    rememberFailure: assign(({ event }) => (event.type === 'deployment.failed' ? { failure: event.payload } : {})),
    rememberDelivery: assign(({ event }) => (event.type === 'deployment.completed' ? { delivery: event.payload } : {})),
  },
}).createMachine({
  id: 'candidate',
  description: 'One (slug, branch, sha) on its way to main.',
  initial: 'pending',
  context: ({ input }) => {
    const readyAtMs = parseInstant(input.readyAt) ?? 0;
    const own: Placed = { slug: input.slug, branch: input.branch, sha: input.sha, readyAtMs };
    return {
      slug: input.slug as Slug,
      branch: input.branch as BranchName,
      sha: input.sha as Sha,
      generation: input.generation,
      readyAt: input.readyAt,
      readyAtMs,
      review: input.review,
      pushed: input.pushed,
      facts: input.facts,
      outrankedBy: input.top && outranks(input.top, own) ? candidateKey(input.top) : null,
      attempt: input.attempt,
      fence: null,
      dequeuedAt: null,
      openPush: null,
      landed: false,
      borneOut: input.facts?.integrated ?? false,
      lastRequeue: null,
      failure: null,
      delivery: null,
    };
  },
  on: {
    'review.approved': { actions: 'rememberReview' },
    'review.changes_requested': { actions: 'rememberReview' },
    'branch.pushed': { actions: 'rememberBranchPush' },
    'deployment.started': { guard: 'isOutrankedByEvent', actions: 'rememberOutranked' },
    'deployment.completed': { guard: 'isBorneOut', target: '.completed', actions: 'rememberDelivery' },
    'integration.candidate.probed': { actions: 'rememberFacts' },
    'integration.candidate.dequeued': { actions: 'countDequeue' },
    'integration.candidate.already_merged': { actions: 'rememberOnMain' },
    'integration.candidate.resumed': { guard: 'isOutrankedByEvent', actions: 'rememberOutranked' },
  },
  states: {
    pending: {
      description: 'Waits for the conditions of readiness that do not hold yet.',
      tags: ['waiting'],
      meta: { endsBy: 'the event each failing condition names' },
      always: [
        { guard: 'isOutranked', target: 'superseded' },
        { guard: 'isReady', target: 'ready' },
      ],
    },
    ready: {
      description: 'All conditions hold; waits in the queue for its turn.',
      tags: ['waiting', 'queued'],
      meta: { endsBy: 'integration.candidate.dequeued by an integrator session' },
      always: [
        { guard: 'isOutranked', target: 'superseded' },
        { guard: 'isNotReady', target: 'pending' },
      ],
      on: {
        'integration.candidate.dequeued': { target: 'integrating', actions: 'rememberDequeue' },
      },
    },
    integrating: {
      description: 'An integrator session has taken it from the queue and works on it.',
      tags: ['working'],
      meta: { endsBy: 'the outcome of the session, or the reconciliation of the next one' },
      always: { guard: 'mayBeSuperseded', target: 'superseded' },
      on: {
        'integration.push.attempted': { actions: 'rememberPushAttempt' },
        'integration.push.succeeded': { guard: 'isOpenPush', actions: 'rememberLanded' },
        'integration.push.rejected': { guard: 'isOpenPush', actions: 'rememberPushSettled' },
        'integration.push.burned': { guard: 'isOpenPush', actions: 'rememberPushSettled' },
        'integration.candidate.requeued': [
          { guard: 'pushIsSettledAndReady', target: 'ready', actions: 'rememberRequeue' },
          { guard: 'pushIsSettled', target: 'pending', actions: 'rememberRequeue' },
        ],
        'deployment.failed': { guard: 'pushIsSettled', target: 'blocked', actions: 'rememberFailure' },
      },
    },
    blocked: {
      description: 'Could not be integrated; the evidence says why and what to do next.',
      tags: ['blocked'],
      meta: { endsBy: 'integration.candidate.resumed, or a newer candidate of the slug' },
      always: { guard: 'isOutranked', target: 'superseded' },
      on: {
        'integration.candidate.resumed': [
          { guard: 'isOwnResumeAndReady', target: 'ready' },
          { guard: 'isOwnResume', target: 'pending' },
        ],
      },
    },
    completed: {
      type: 'final',
      description: 'Its change is on main, with a receipt.',
      tags: ['done'],
    },
    superseded: {
      type: 'final',
      description: 'A newer candidate of the same slug took its place.',
      tags: ['done'],
    },
  },
});

export type CandidateState = 'pending' | 'ready' | 'integrating' | 'completed' | 'blocked' | 'superseded';
export const CANDIDATE_STATES: readonly CandidateState[] = [
  'pending',
  'ready',
  'integrating',
  'completed',
  'blocked',
  'superseded',
];
