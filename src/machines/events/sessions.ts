/** The life of integrator sessions and of the lease they hold. */
import { z } from 'zod';
import * as field from './fields.ts';
import { type Definition, LEVEL } from './schema.ts';

const ofSession = {
  level: LEVEL.OPERATIONAL,
  canonicalName: null,
  lifecycle: null,
  entityField: 'session_id',
} as const;
const FENCED_SESSION = ['session_id', 'fence'] as const;

export const sessionEvents = {
  'integration.session.started': {
    ...ofSession,
    emitter: 'integrator',
    description: 'An integrator session began',
    payload: z.strictObject({
      ...field.fencedSession(),
      host: field.word('Machine it runs on'),
      version: field.word('Version of telec'),
      mode: z.enum(['live', 'shadow']).describe('Whether it may move main'),
      project: field.note('Folder it was started for').optional(),
      candidate: field.word('Key of the candidate that woke it').optional(),
      window: field.count('Deliveries tested at a time at most; absent where nothing is tested', 1).optional(),
    }),
    idempotencyFields: FENCED_SESSION,
    fenced: true,
  },
  'integration.session.completed': {
    ...ofSession,
    emitter: 'integrator',
    description: 'A session ended by itself; this is its checkpoint',
    payload: z.strictObject({
      ...field.fencedSession(),
      counts: z
        .strictObject({
          completed: field.count('Candidates delivered'),
          blocked: field.count('Candidates blocked'),
          superseded: field.count('Candidates superseded'),
        })
        .describe('What became of its candidates'),
      duration_ms: field.count('How long it lived, ms'),
      last_log_id: field.streamId('Last entry it had applied').or(z.literal('0')),
      outcome: z.enum(['drained', 'held', 'halted', 'shutdown', 'unreachable']).describe('Why it ended'),
    }),
    idempotencyFields: FENCED_SESSION,
    fenced: true,
  },
  'integration.session.aborted': {
    ...ofSession,
    emitter: 'telec',
    description: 'A session ended without a checkpoint; written by itself or for it by the next holder',
    payload: z.strictObject({
      session_id: field.sessionId('Session that ended'),
      fence: field.fence().nullable().describe('Its fence; null when it never had one'),
      reason: field.code('Why, as a code'),
      detail: field.note('What was seen').optional(),
      command_id: field.commandId(),
    }),
    idempotencyFields: ['command_id'],
  },
  'integration.lease.acquired': {
    ...ofSession,
    emitter: 'integrator',
    description: 'A session was granted the lease',
    payload: z.strictObject({
      ...field.fencedSession(),
      replaced_stale: field.flag('It took the place of an expired lease'),
      floor: field.count('Fence found on the remote, which the new one must exceed'),
    }),
    idempotencyFields: FENCED_SESSION,
    fenced: true,
  },
  'integration.lease.released': {
    ...ofSession,
    emitter: 'integrator',
    description: 'A session is about to give its lease back',
    payload: z.strictObject(field.fencedSession()),
    idempotencyFields: FENCED_SESSION,
    fenced: true,
  },
  'integration.lease.lost': {
    ...ofSession,
    emitter: 'telec',
    description: 'A session found that it holds the lease no more',
    payload: z.strictObject({
      ...field.fencedSession(),
      reason: field.code('Why, as a code: missing, stolen, expired'),
      command_id: field.commandId(),
    }),
    idempotencyFields: ['command_id'],
  },
  'integration.lease.broken': {
    ...ofSession,
    emitter: 'person',
    description: 'A person took the lease from its holder',
    payload: z.strictObject({
      actor: field.actor(),
      reason: field.text('Why'),
      command_id: field.commandId(),
      fence: field.fence().nullable().describe('Fence of the lease that was broken; null when there was none'),
    }),
    idempotencyFields: ['command_id'],
    entityField: null,
  },
} satisfies Record<string, Definition>;
