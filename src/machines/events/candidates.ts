/** The steps of one candidate between its signals and its end: facts from git, dequeue, merge, push. */
import { z } from 'zod';
import * as field from './fields.ts';
import { followUpChange } from './follow-ups.ts';
import { type Definition, LEVEL } from './schema.ts';

/** Why a session put a candidate back. */
const REQUEUE_CAUSES = ['recheck', 'rebuild', 'reconcile', 'shutdown', 'unreachable', 'contention'] as const;

const onePush = () => ({
  ...field.fencedSession(),
  seq: field.count('Sequence number of the fence commit of the push meant', 1),
  push_number: field.count('Number of this push in its session: a rejected push leaves its sequence number free', 1),
});

const pushOutcome = () =>
  z.strictObject({ ...onePush(), reason: field.note('What the remote said, cut to its end').optional() });

const stepOf = { level: LEVEL.OPERATIONAL, emitter: 'integrator', canonicalName: null, lifecycle: null } as const;
const TRIPLE = ['slug', 'branch', 'sha'] as const;

export const candidateEvents = {
  'integration.candidate.probed': {
    ...stepOf,
    emitter: 'telec',
    description: 'What git says about the candidate changed',
    payload: z.strictObject({
      ...field.triple(),
      session_id: field.sessionId('Session or process that asked'),
      reachable: field.flag("The commit is reachable from the remote's branch"),
      integrated: field.flag('The commit is on main'),
      undelivered: z
        .array(field.slug('A slug'))
        .describe('Slugs the roadmap lets it wait for and that are not delivered'),
      branch_head: field.sha("Head of the remote's branch").optional(),
      main_head: field.sha("Head of the remote's main").optional(),
      previous: field.streamId('Entry of the probe before it').nullable(),
      probed_at: field.instant('When it was asked'),
    }),
    idempotencyFields: [...TRIPLE, 'previous'],
    moves: 'pending/ready',
    entityField: 'slug',
  },
  'integration.candidate.dequeued': {
    ...stepOf,
    description: 'A session took the candidate from the head of the queue',
    payload: z.strictObject({
      ...field.fencedTriple(),
      as_of: field.streamId('Entry as of which the order was judged'),
      base: field.sha('Main, or the tip of the train, it is built on'),
      train: field.count('Place in the train, 1 for the first', 1),
    }),
    idempotencyFields: [...TRIPLE, 'fence', 'attempt'],
    fenced: true,
    moves: 'integrating',
    entityField: 'slug',
  },
  'integration.candidate.requeued': {
    ...stepOf,
    description: 'The candidate went back to the queue with its seniority',
    payload: z.strictObject({
      ...field.fencedTriple(),
      reasons: z.array(field.text('One reason')).describe('Conditions that did not hold, or what happened'),
      after: z.enum(REQUEUE_CAUSES).describe('What sent it back'),
    }),
    idempotencyFields: [...TRIPLE, 'fence', 'attempt'],
    fenced: true,
    moves: 'ready/pending',
    entityField: 'slug',
  },
  'integration.candidate.already_merged': {
    ...stepOf,
    description: 'The candidate was found on main',
    payload: z.strictObject({
      ...field.fencedTriple(),
      attempt: field.count('Dequeues of the candidate so far; 0 when it was never dequeued'),
      how: z.enum(['ancestry', 'content', 'receipt']).describe('What shows it'),
      main_head: field.sha('Main it was found on'),
    }),
    idempotencyFields: [...TRIPLE, 'fence', 'attempt'],
    fenced: true,
    entityField: 'slug',
  },
  'integration.candidate.resumed': {
    ...stepOf,
    emitter: 'person',
    description: 'A blocked or superseded candidate may go on',
    payload: z.strictObject({
      ...field.triple(),
      generation: field.count('Generation it goes on as; rises when it was superseded'),
      ready_at: field.instant('Its place in the queue: the old one, or the instant of the resume for a new generation'),
      actor: field.actor(),
      reason: field.note('Why').optional(),
      forced: field.flag('Without a resolved follow-up'),
      command_id: field.commandId(),
    }),
    idempotencyFields: [...TRIPLE, 'command_id'],
    lifecycle: {
      family: 'deployment',
      creates: false,
      updates: true,
      resolves: false,
      groupKey: 'slug',
      meaningfulFields: [],
      agentStatus: 'in_progress',
      subject: ['branch', 'sha'],
      rank: ['ready_at', 'branch', 'sha'],
    },
    moves: 'ready/pending',
    entityField: 'slug',
  },
  'integration.merge.succeeded': {
    ...stepOf,
    description: 'The commits of the delivery were made',
    payload: z.strictObject({
      ...field.fencedTriple(),
      base: field.sha('Main, or the tip of the train, it was merged into'),
      merge_commit: field.sha('Commit that brings the candidate'),
      tip: field.sha('Last commit of the delivery'),
      tree: field.sha('Tree of the last commit'),
    }),
    idempotencyFields: [...TRIPLE, 'fence', 'attempt', 'base'],
    fenced: true,
    entityField: 'slug',
  },
  'integration.merge.conflicted': {
    ...stepOf,
    description: 'The candidate does not merge',
    payload: z.strictObject({
      ...field.fencedTriple(),
      base: field.sha('Main, or the tip of the train, it was merged into'),
      paths: z.array(z.string()).describe('Paths in conflict'),
      provisional: field.flag('The base is not on main yet: it is judged again on the main that results'),
    }),
    // A provisional verdict and the one on main that confirms it may name the same base: the tip that has landed since.
    idempotencyFields: [...TRIPLE, 'fence', 'attempt', 'base', 'provisional'],
    fenced: true,
    entityField: 'slug',
  },
  'integration.push.attempted': {
    ...stepOf,
    description: 'A push of main is about to be made; from here on it may have landed',
    payload: z
      .strictObject({
        ...onePush(),
        base: field.sha('Main it fast-forwards'),
        fence_from: field.sha('Fence commit it replaces'),
        fence_to: field.sha('Fence commit it brings'),
        members: z
          .array(
            z.strictObject({
              ...field.triple(),
              merge_commit: field.sha('Commit that brings the member'),
              tip: field.sha('Last commit of its delivery'),
            }),
          )
          .describe('Deliveries in it, in order; none in a push of follow-ups'),
        tip: field.sha('What main becomes; without it the tip of the last member').optional(),
        follow_ups: z.array(followUpChange()).describe('Follow-ups that its commit changes').optional(),
      })
      .refine(({ members, tip }) => members.length > 0 || tip !== undefined, { error: 'is empty', path: ['members'] }),
    idempotencyFields: ['fence', 'seq', 'push_number'],
    fenced: true,
    moves: 'supersession closed',
    entityField: null,
  },
  'integration.push.succeeded': {
    ...stepOf,
    description: 'The push is proven to have landed',
    payload: pushOutcome(),
    idempotencyFields: ['fence', 'seq', 'push_number'],
    fenced: true,
    moves: 'supersession open again',
    entityField: null,
  },
  'integration.push.rejected': {
    ...stepOf,
    description: 'The remote surely did not take the push',
    payload: pushOutcome(),
    idempotencyFields: ['fence', 'seq', 'push_number'],
    fenced: true,
    moves: 'supersession open again',
    entityField: null,
  },
  'integration.push.burned': {
    ...stepOf,
    description: 'The fence was moved so that a push of unknown outcome can never land any more',
    payload: pushOutcome(),
    idempotencyFields: ['fence', 'seq', 'push_number'],
    fenced: true,
    moves: 'supersession open again',
    entityField: null,
  },
} satisfies Record<string, Definition>;
