/** The four types that workers and orchestrators emit: the signals a candidate is made of. Anyone may emit them. */
import { z } from 'zod';
import * as field from './fields.ts';
import { type Definition, LEVEL } from './schema.ts';

const branchPushed = () =>
  z.strictObject({
    branch: field.branch(),
    sha: field.sha('Commit the branch was pushed at'),
    remote: field.word("Name of the configured remote, as 'origin'"),
    pushed_at: field.instant('When the push was seen'),
    pusher: field.word('Who pushed'),
  });

export const workerEvents = {
  'review.approved': {
    canonicalName: 'review_approved',
    level: LEVEL.WORKFLOW,
    emitter: 'worker',
    description: 'A review round of the slug ended in approval',
    payload: z.strictObject({
      slug: field.slug(),
      approved_at: field.instant('When the reviewer approved'),
      review_round: field.count('Review round of the slug', 1),
      reviewer_session_id: field.sessionId('Session of the reviewer'),
      sha: field.sha('Commit the approval is bound to; without it any commit of the slug').optional(),
    }),
    idempotencyFields: ['slug', 'review_round'],
    lifecycle: {
      family: 'review',
      creates: true,
      updates: false,
      resolves: false,
      groupKey: 'slug',
      meaningfulFields: ['approved_at'],
      subject: ['sha'],
      rank: ['review_round'],
    },
    moves: 'pending/ready',
    entityField: 'slug',
  },
  'review.changes_requested': {
    canonicalName: null,
    level: LEVEL.WORKFLOW,
    emitter: 'worker',
    description: 'A review round of the slug ended with findings to mend',
    payload: z.strictObject({
      slug: field.slug(),
      requested_at: field.instant('When the reviewer asked for changes'),
      review_round: field.count('Review round of the slug', 1),
      reviewer_session_id: field.sessionId('Session of the reviewer'),
      findings: z.array(field.text('One finding')).describe('What the reviewer found'),
    }),
    idempotencyFields: ['slug', 'review_round'],
    lifecycle: {
      family: 'review',
      creates: true,
      updates: false,
      resolves: false,
      groupKey: 'slug',
      meaningfulFields: ['requested_at'],
      rank: ['review_round'],
      rankBias: 1,
    },
    moves: 'pending/ready',
    entityField: 'slug',
  },
  'branch.pushed': {
    canonicalName: 'branch_pushed',
    level: LEVEL.WORKFLOW,
    emitter: 'worker',
    description: 'A branch was pushed to the remote at a commit',
    payload: branchPushed(),
    idempotencyFields: ['branch', 'sha', 'remote'],
    lifecycle: null,
    moves: 'pending/ready',
    entityField: 'branch',
  },
  'deployment.started': {
    canonicalName: 'finalize_ready',
    level: LEVEL.WORKFLOW,
    emitter: 'worker',
    description: 'Work on the slug is final at a commit and handed over for integration',
    payload: z.strictObject({
      ...field.triple(),
      worker_session_id: field.sessionId('Session that did the work'),
      orchestrator_session_id: field.sessionId('Session that handed it over'),
      ready_at: field.instant('When the work was final; the place in the queue'),
      pushed: branchPushed().optional().describe('The push of the commit, appended as its own branch.pushed'),
    }),
    idempotencyFields: ['slug', 'branch', 'sha'],
    lifecycle: {
      family: 'deployment',
      creates: true,
      updates: false,
      resolves: false,
      groupKey: 'slug',
      meaningfulFields: ['ready_at'],
      agentStatus: 'in_progress',
      subject: ['branch', 'sha'],
      rank: ['ready_at', 'branch', 'sha'],
    },
    moves: 'makes the candidate',
    entityField: 'slug',
  },
} satisfies Record<string, Definition>;
