/** The two types that end a candidate's way through the queue, with the receipt and the evidence they carry. Fenced. */
import { z } from 'zod';
import * as field from './fields.ts';
import { type Definition, LEVEL } from './schema.ts';

/** Why a candidate was blocked. */
const BLOCKED_KINDS = ['conflict', 'checks', 'push', 'remote', 'not_ready', 'error'] as const;

const blockedKind = () => z.enum(BLOCKED_KINDS).describe('What stood in the way');
const position = () => field.count('Place in the train it was pushed with, 1 for the first', 1);

const receipt = z.strictObject({
  base: field.sha('Main the delivery was built on'),
  merge_commit: field.sha('Commit that brought the candidate'),
  tip: field.sha('Last commit of the delivery'),
  tree: field.sha('Tree of the last commit'),
  fence: field.fence(),
  strategy: z.enum(['merge', 'squash']).describe('How it was merged'),
  checks: z
    .array(
      z.strictObject({
        check: field.word('Name of the check'),
        tree: field.sha('Tree it passed on'),
        duration_ms: field.count('How long it ran, ms'),
      }),
    )
    .describe('Checks that passed; empty means merged, not tested'),
  skipped: field.count('Paths the self-check could not judge'),
  landed_by: field.sha('Commit of main that held the candidate already').optional(),
  train: position().optional(),
});

const evidence = z.strictObject({
  kind: blockedKind(),
  base: field.sha('Main it was tried on').nullable(),
  attempt: field.count('Dequeue it happened in', 1).nullable(),
  paths: z
    .array(
      z.strictObject({
        path: z.string().describe('File name as git gives it'),
        stages: z
          .array(field.count('Stage', 1).max(3, 'is above 3'))
          .describe('Index stages git left: 1 merge base, 2 main, 3 candidate'),
      }),
    )
    .describe('Paths in conflict'),
  touched_by: z
    .array(
      z.strictObject({
        merge_commit: field.sha('Commit on main that touched them'),
        candidate: field
          .text('Delivered candidate, slug/branch@sha')
          .nullable()
          .describe('Null for a commit telec did not make'),
      }),
    )
    .describe('Delivered candidates that touched the paths'),
  check: field.word('The check that failed').nullable(),
  output_tail: z.string().nullable().describe('End of what git, the check or the remote said'),
  cut: z.array(z.string()).optional().describe('What was left out so that the event fits'),
});

export const terminalEvents = {
  'deployment.completed': {
    canonicalName: 'integration_completed',
    level: LEVEL.WORKFLOW,
    emitter: 'integrator',
    description: 'The candidate is on main',
    payload: z.strictObject({
      ...field.triple(),
      merge_commit: field.sha("Commit that brought it; the candidate's own when main held it already"),
      integrated_at: field.instant('When it was proven to be on main'),
      outcome: z.enum(['merged', 'already_integrated']).describe('Merged by this session, or found on main'),
      fence: field.fence(),
      receipt: receipt.optional().describe('What proves the delivery'),
    }),
    idempotencyFields: ['slug', 'merge_commit'],
    idempotencyVariant: { field: 'outcome', equals: 'already_integrated', fields: ['slug', 'branch', 'sha'] },
    lifecycle: {
      family: 'deployment',
      creates: false,
      updates: false,
      resolves: true,
      groupKey: 'slug',
      meaningfulFields: ['integrated_at'],
      subject: ['branch', 'sha'],
      alsoResolves: ['review'],
    },
    fenced: true,
    moves: 'completed',
    entityField: 'slug',
  },
  'deployment.failed': {
    canonicalName: 'integration_blocked',
    level: LEVEL.BUSINESS,
    emitter: 'integrator',
    actionable: true,
    description: 'The candidate could not be delivered and needs somebody',
    payload: z.strictObject({
      ...field.triple(),
      conflict_evidence: z.array(field.text('One finding')).min(1, 'is empty').describe('What stands in the way'),
      diagnostics: z.array(field.text('One remark')).min(1, 'is empty').describe('What was tried and seen'),
      next_action: field.text('The one thing to do next'),
      blocked_at: field.instant('When it was blocked'),
      kind: blockedKind(),
      fence: field.fence(),
      follow_up_slug: field.slug('Todo opened for it').optional(),
      evidence: evidence.optional().describe('The findings as data'),
      reproduce: field.text('One command line that shows it again').optional(),
    }),
    idempotencyFields: ['slug', 'branch', 'sha', 'blocked_at'],
    lifecycle: {
      family: 'deployment',
      creates: false,
      updates: true,
      resolves: false,
      groupKey: 'slug',
      meaningfulFields: ['blocked_at'],
      subject: ['branch', 'sha'],
      agentStatus: 'none',
    },
    fenced: true,
    moves: 'blocked',
    entityField: 'slug',
    actions: {
      resume: {
        description: 'After mending the cause: telec resume <slug>',
        produces: 'integration.candidate.resumed',
      },
      supersede: {
        description: 'Push a new commit of the branch and hand it over',
        produces: 'deployment.started',
      },
    },
    terminalWhen: 'the candidate is resumed, completed or superseded by a newer one',
    resolutionShape: { sha: 'the commit that mends it, when it is another', reason: 'why it may go on' },
  },
} satisfies Record<string, Definition>;
