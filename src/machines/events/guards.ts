/** Authority over main: what guards refused and let pass, permissions of people, and what the audit found. */
import { z } from 'zod';
import { decision, system } from './decided.ts';
import * as field from './fields.ts';
import { type Definition, LEVEL } from './schema.ts';

/** Codes of a refusal, the same on stderr and in the log. */
export const GUARD_CODES = [
  'MAIN_GUARDRAIL_BLOCKED',
  'INTEGRATOR_CUTOVER_NOT_READY',
  'INTEGRATOR_MAIN_AUTH_BLOCKED',
] as const;

/** What an audit may find. */
export const VIOLATIONS = ['no_receipt', 'tree_differs', 'merge_differs', 'change_lost', 'out_of_chain'] as const;

const told = { ...decision, emitter: 'telec' } as const;

const updated = { ...system, updates: true } as const;

const by = () => ({ actor: field.actor(), command_id: field.commandId() });

/** One thing an audit found. */
const violation = z.strictObject({
  commit: field.sha('Commit of main'),
  code: z.enum(VIOLATIONS).describe('What is wrong with it'),
  text: field.text('The same for people'),
});
export type Violation = z.output<typeof violation>;

export const guardEvents = {
  'integration.guard.refused': {
    ...told,
    description: 'A guard refused a way to main',
    payload: z.strictObject({
      code: z.enum(GUARD_CODES).describe('Why'),
      route: field.code('Which guard met it: pre_push, git, gh'),
      ref: field.note('Ref it was about'),
      sha: field.sha('Commit that was to be brought').nullable().describe('Commit that was to be brought, where known'),
      detail: field.note('What was asked for, shortened'),
      ...by(),
    }),
  },
  'integration.guard.passed': {
    ...told,
    level: LEVEL.BUSINESS,
    description: 'A guard let a push of main pass, by the permission of a person',
    payload: z.strictObject({
      route: field.code('Which guard met it: pre_push, git, gh'),
      commit: field.sha('Commit that was permitted'),
      ...by(),
    }),
    lifecycle: { ...updated, key: 'GUARD_PERMITTED', meaningfulFields: ['commit'] },
  },
  'integration.guard.permitted': {
    ...told,
    level: LEVEL.BUSINESS,
    emitter: 'person',
    description: 'A person was permitted to bring main to one commit by hand, once',
    payload: z.strictObject({
      commit: field.sha('The only commit it is good for'),
      until: field.instant('When it ends by itself'),
      reason: field.text('Why'),
      ...by(),
    }),
    lifecycle: { ...updated, key: 'GUARD_PERMITTED', meaningfulFields: ['commit'] },
    moves: 'guards',
  },
  'integration.guard.tried': {
    ...told,
    description: 'The guards were tried against a scratch remote that carries them',
    payload: z.strictObject({
      refused: field.count('Ways of others to main that were refused'),
      leaked: field.count('Ways of others that got through'),
      passed: field.flag("The integrator's own push got through"),
      guards: z.array(field.word('A guard')).describe('Guards that were tried: pre_push, git, gh, server'),
      ...by(),
    }),
    moves: 'guards',
  },
  'integration.main.audited': {
    ...told,
    emitter: 'integrator',
    raised: { field: 'alarm', level: LEVEL.BUSINESS },
    description: 'What landed was compared with its receipts',
    payload: z.strictObject({
      ...field.fencedSession(),
      from: field.sha('Main before'),
      to: field.sha('Main that was looked at'),
      commits: field.count('Commits of the first-parent line between them'),
      violations: z.array(violation).describe('What is wrong; empty when all is well'),
      alarm: field
        .word('Code of the alarm')
        .nullable()
        .describe('Code of the alarm; null when nothing of it has to stop the queue'),
    }),
    idempotencyFields: ['session_id', 'fence', 'to'],
    fenced: true,
    entityField: 'session_id',
  },
} satisfies Record<string, Definition>;
