/**
 * What may happen to one candidate, as events of the log: the alphabet with which its chart is explored. The events
 * are whole and valid, so the same ones can be sent through the real producer.
 */
import type { SnapshotFrom } from 'xstate';
import type { CandidateEvent, CandidateInput, candidateMachine } from '../../src/machines/candidate.ts';
import type { EventType, PayloadOf } from '../../src/machines/events.ts';
import { readinessReasons } from '../../src/machines/readiness.ts';

export type CandidateSnapshot = SnapshotFrom<typeof candidateMachine>;

export const START_MS = 1_700_000_000_000;
/** An instant `seconds` after the start, which is also the stamp of all envelopes. */
export const at = (seconds: number): string => new Date(START_MS + seconds * 1000).toISOString();

const hex = (digit: string): string => digit.repeat(40);
export const OWN = { slug: 'fix-login', branch: 'feature/fix-login', sha: hex('a') };
/** Known before the own candidate, and ranked below it until it is resumed. */
export const OLDER = { slug: 'fix-login', branch: 'feature/fix-login-1', sha: hex('0') };
export const NEWER = { slug: 'fix-login', branch: 'feature/fix-login-2', sha: hex('b') };
export const LOWER = { slug: 'fix-login', branch: 'feature/fix-login-0', sha: hex('c') };
export const FENCE = 1;
const SESSION = { session_id: 'integrator-1', fence: FENCE };

export const INPUT: CandidateInput = {
  ...OWN,
  generation: 0,
  readyAt: at(10),
  review: null,
  pushed: false,
  facts: null,
  attempt: 0,
  top: { ...OLDER, readyAtMs: START_MS },
};

export const started = (triple: typeof OWN, seconds: number): PayloadOf<'deployment.started'> => ({
  ...triple,
  worker_session_id: 'w-1',
  orchestrator_session_id: 'o-1',
  ready_at: at(seconds),
});

function named<T extends CandidateEvent['type']>(name: string, type: T, payload: PayloadOf<T & EventType>) {
  return { type, id: name, timestamp: at(0), source: 'spec/s-1', payload } as unknown as CandidateEvent;
}

const resumed = (name: string, triple: typeof OWN, generation: number, readyAt: string): CandidateEvent =>
  named(name, 'integration.candidate.resumed', {
    ...triple,
    generation,
    ready_at: readyAt,
    actor: 'ada@desk',
    forced: false,
    // The driver gives each its own.
    command_id: '01hf8zq9k7m3c5t2x4v6w8y0ab',
  });

/** Everything that may happen next. `id` is the step's name, unique in the list. */
export function eventsAt({ context }: CandidateSnapshot): CandidateEvent[] {
  const attempt = Math.max(1, context.attempt);
  const step = { ...OWN, ...SESSION, attempt };
  const push = { ...SESSION, seq: attempt, push_number: 1 };
  const probe = (name: string, facts: { reachable: boolean; integrated: boolean; undelivered: string[] }) =>
    named(name, 'integration.candidate.probed', {
      ...OWN,
      session_id: 'daemon-1',
      ...facts,
      previous: null,
      probed_at: at(0),
    });
  const review = { slug: OWN.slug, reviewer_session_id: 'rev-1' };
  return [
    named('approved for another commit', 'review.approved', {
      ...review,
      review_round: 1,
      approved_at: at(0),
      sha: hex('d'),
    }),
    named('approved', 'review.approved', { ...review, review_round: 2, approved_at: at(0) }),
    named('changes requested', 'review.changes_requested', {
      ...review,
      review_round: 3,
      requested_at: at(0),
      findings: ['name it'],
    }),
    named('pushed', 'branch.pushed', {
      branch: OWN.branch,
      sha: OWN.sha,
      remote: 'origin',
      pushed_at: at(0),
      pusher: 'ada',
    }),
    named('a newer one started', 'deployment.started', started(NEWER, 20)),
    named('a lower one started', 'deployment.started', started(LOWER, 5)),
    resumed('the older one resumed above it', OLDER, 1, at(30)),
    resumed('resumed', OWN, context.generation, context.readyAt),
    resumed('resumed with a later instant', OWN, context.generation + 1, at(40)),
    probe('probed: fine', { reachable: true, integrated: false, undelivered: [] }),
    probe('probed: not reachable', { reachable: false, integrated: false, undelivered: [] }),
    probe('probed: on main', { reachable: true, integrated: true, undelivered: [] }),
    probe('probed: waits for another', { reachable: true, integrated: false, undelivered: ['base-work'] }),
    named('dequeued', 'integration.candidate.dequeued', {
      ...OWN,
      ...SESSION,
      attempt: context.attempt + 1,
      as_of: '1700000000000-0',
      base: hex('e'),
      train: 1,
    }),
    named('requeued', 'integration.candidate.requeued', { ...step, reasons: ['main moved'], after: 'rebuild' }),
    named('already merged', 'integration.candidate.already_merged', { ...step, how: 'ancestry', main_head: hex('e') }),
    named('push attempted', 'integration.push.attempted', {
      ...push,
      base: hex('e'),
      fence_from: hex('1'),
      fence_to: hex('2'),
      members: [{ ...OWN, merge_commit: hex('f'), tip: hex('f') }],
    }),
    named('push succeeded', 'integration.push.succeeded', push),
    named('push rejected', 'integration.push.rejected', { ...push, reason: 'hook declined' }),
    named('push burned', 'integration.push.burned', push),
    named('another push succeeded', 'integration.push.succeeded', { ...SESSION, seq: 900, push_number: 1 }),
    named('another push burned', 'integration.push.burned', { ...SESSION, seq: 900, push_number: 1 }),
    named('completed', 'deployment.completed', {
      ...OWN,
      merge_commit: hex('f'),
      integrated_at: at(0),
      outcome: 'merged',
      fence: FENCE,
    }),
    named('failed', 'deployment.failed', {
      ...OWN,
      conflict_evidence: ['login.ts: both sides changed it'],
      diagnostics: ['merged into main'],
      next_action: 'rebase feature/fix-login on main',
      blocked_at: at(attempt),
      kind: 'conflict',
      fence: FENCE,
    }),
  ];
}

/** What matters of a snapshot: counters and texts are left out, so that the walk ends. */
export function essenceOf({ value, context }: CandidateSnapshot): string {
  const { review, pushed, facts, outrankedBy, openPush, landed, borneOut, failure } = context;
  const reasons = readinessReasons(context).map(({ code }) => code);
  return JSON.stringify([
    value,
    review?.round ?? 0,
    pushed,
    facts && [facts.reachable, facts.integrated, facts.undelivered.length],
    outrankedBy !== null,
    openPush !== null,
    landed,
    borneOut,
    failure !== null,
    context.attempt > 0,
    reasons,
  ]);
}
