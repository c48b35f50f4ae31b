/** What is told after a delivery is on main: what was cleaned up behind it, and how the configured command went. */
import { z } from 'zod';
import * as field from './fields.ts';
import { type Definition, LEVEL } from './schema.ts';

const told = {
  level: LEVEL.OPERATIONAL,
  emitter: 'telec',
  canonicalName: null,
} as const;

/** What of a delivery is cleaned up. The first is the remote's, the others belong to one clone. */
export const CLEAN_STEPS = ['remote_branch', 'worktree', 'local_branch', 'local_main'] as const;
/**
 * How a step ended. `done`: removed, or brought forward. `absent`: there was nothing to do it to. `kept`: left alone on
 * purpose. `failed`: it was tried.
 */
export const CLEAN_OUTCOMES = ['done', 'absent', 'kept', 'failed'] as const;

/** One step of a clean-up and its end. */
const cleanStep = z.strictObject({
  step: z.enum(CLEAN_STEPS).describe('What was to be cleaned up'),
  outcome: z.enum(CLEAN_OUTCOMES).describe('How it ended'),
  detail: field.note('Why, or what a person can do about it').nullable(),
});
export type CleanStep = z.output<typeof cleanStep>;

/** One run of the command belongs to one drain: the session names it, on every host. */
const OF_DRAIN = ['session_id'] as const;

export const aftercareEvents = {
  'integration.candidate.cleaned': {
    ...told,
    description: 'It was cleaned up behind a delivery',
    payload: z.strictObject({
      ...field.triple(),
      session_id: field.sessionId('Session or process that cleaned up'),
      host: field.word('Machine it was done on'),
      clone: field
        .text('Git directory of the clone')
        .nullable()
        .describe('Git directory of the clone; null for the remote'),
      steps: z.array(cleanStep).min(1, 'is empty').describe('What was done, in order'),
      command_id: field.commandId(),
    }),
    idempotencyFields: ['command_id'],
    lifecycle: null,
    entityField: 'slug',
  },
  'integration.after_delivery.started': {
    ...told,
    description: 'The command after a drain began',
    payload: z.strictObject({
      session_id: field.sessionId('Session whose drain it follows'),
      host: field.word('Machine it runs on'),
      folder: field.text('State folder of telec it runs from'),
    }),
    idempotencyFields: OF_DRAIN,
    lifecycle: null,
    entityField: 'session_id',
  },
  'integration.after_delivery.finished': {
    ...told,
    raised: { field: 'failure', level: LEVEL.BUSINESS },
    description: 'The command after a drain ended',
    payload: z.strictObject({
      session_id: field.sessionId('Session whose drain it followed'),
      host: field.word('Machine it ran on'),
      exit_status: field
        .count('Exit status')
        .nullable()
        .describe('Exit status; null when it ended otherwise, or nobody saw it end'),
      signal: field.word('Signal that ended it').nullable(),
      duration_ms: field.count('How long it ran, ms').nullable().describe('How long it ran, ms; null when unknown'),
      output_tail: field.note('End of what it wrote'),
      failure: field
        .text('Why it counts as failed')
        .nullable()
        .describe('Why it counts as failed; null when it did not'),
    }),
    idempotencyFields: OF_DRAIN,
    lifecycle: {
      family: 'system',
      creates: false,
      updates: true,
      resolves: false,
      groupKey: null,
      key: 'AFTER_DELIVERY_FAILED',
      meaningfulFields: ['failure'],
      settledWithout: 'failure',
    },
    entityField: 'session_id',
  },
} satisfies Record<string, Definition>;
