/** Facts about the repository as a whole and the decisions of people: configuration, mode, holds, main, notifications. */
import { z } from 'zod';
import { decided, decision, system } from './decided.ts';
import * as field from './fields.ts';
import { type Definition, LEVEL } from './schema.ts';

/** Codes of the alarms that halt integration or ask for a person. */
export const ALARM_CODES = [
  'MAIN_REWOUND',
  'TREE_DIFFERS',
  'CHANGE_LOST',
  'REF_PLANTED',
  'FOREIGN_COMMIT',
  'SELF_CHECK',
  'OTHER_LOG',
  'DEAD_LETTER',
  'INVARIANT',
] as const;

const ofRow = () =>
  z.strictObject({
    row: field.word('Id of the notification, family/key'),
    actor: field.actor(),
    command_id: field.commandId(),
  });

const rowEvent = {
  ...decision,
  idempotencyFields: ['row', 'command_id'],
  moves: 'the row',
  entityField: 'row',
} as const;

export const decisionEvents = {
  'integration.configured': {
    ...decision,
    emitter: 'telec',
    description: 'The settings that decide states were read and differ from those before',
    payload: z.strictObject({
      remote: field.word("Name of the remote, as 'origin'"),
      main: field.branch('Canonical branch'),
      strategy: z.enum(['merge', 'squash']).describe('How candidates are merged'),
      digest: field.word('Digest of the whole configuration'),
      lanes: z
        .array(z.strictObject({ name: field.word('Its name'), paths: z.array(field.text('One pattern')) }))
        .describe('Lanes whose deliveries may overtake each other; without it there are none')
        .optional(),
      priorities: field.flag('Whether priorities move candidates in the queue; without it they do not').optional(),
      previous: field.streamId('Entry of the configuration before it').nullable(),
      actor: field.actor(),
    }),
    idempotencyFields: ['previous'],
  },
  'integration.log.adopted': {
    ...decision,
    description: 'A person made this log take over the fence of another',
    payload: z.strictObject({ from_log: field.word('Id of the other log'), ...decided() }),
  },
  'integration.hold.placed': {
    ...decision,
    emitter: 'telec',
    raised: { field: 'alarm', level: LEVEL.BUSINESS },
    description: 'Merging is frozen; with an alarm it is a halt that only a person lifts',
    payload: z.strictObject({
      owner: field.word('Who placed it'),
      reason: field.note('Why'),
      until: field.instant('When it ends by itself').nullable(),
      main_busy: field.flag('Manual work on main is declared'),
      alarm: z.enum(ALARM_CODES).nullable().describe('Code of the alarm; null for a hold of a person'),
      command_id: field.commandId(),
    }),
    lifecycle: { ...system, updates: true, groupKey: 'alarm', meaningfulFields: ['alarm'] },
    moves: 'hold',
  },
  'integration.hold.lifted': {
    ...decision,
    emitter: 'telec',
    description: 'Merging goes on; after a halt a person accepts main as it is',
    payload: z.strictObject({ actor: field.actor(), reason: field.note('Why'), command_id: field.commandId() }),
    lifecycle: { ...system, resolves: true, resolvesRowsOf: ['integration.hold.placed', 'integration.main.rewound'] },
    moves: 'hold',
  },
  'integration.main.foreign': {
    ...decision,
    level: LEVEL.BUSINESS,
    emitter: 'telec',
    description: 'Main has commits that telec did not bring',
    payload: z.strictObject({
      from: field.sha('Main as it was known'),
      to: field.sha('Main as it was found'),
      commits: z.array(field.sha('Commit')).describe('Commits without a receipt, oldest first'),
      session_id: field.sessionId('Session that saw it'),
      command_id: field.commandId(),
    }),
    lifecycle: { ...system, updates: true, key: 'MAIN_FOREIGN', meaningfulFields: ['to'] },
  },
  'integration.main.rewound': {
    ...decision,
    level: LEVEL.BUSINESS,
    emitter: 'telec',
    description: 'Main lost commits that it had',
    payload: z.strictObject({
      from: field.sha('Main as it was known'),
      to: field.sha('Main as it was found').nullable().describe('Main as it was found; null when it is gone'),
      commits: z.array(field.sha('Commit')).describe('Commits that are gone, as far as they are known'),
      session_id: field.sessionId('Session that saw it'),
      command_id: field.commandId(),
    }),
    lifecycle: { ...system, updates: true, key: 'MAIN_REWOUND', meaningfulFields: ['to'] },
  },
  'integration.main.accepted': {
    ...decision,
    description: 'A person accepts main as it is',
    payload: z.strictObject({
      main: field
        .sha('Main that is accepted')
        .nullable()
        .describe('Main that is accepted; null when it could not be read'),
      ...decided(),
    }),
    lifecycle: { ...system, resolves: true, resolvesRowsOf: ['integration.main.foreign', 'integration.main.rewound'] },
  },
  'notification.seen': { ...rowEvent, description: 'A person saw the notification', payload: ofRow() },
  'notification.claimed': { ...rowEvent, description: 'Somebody takes care of it', payload: ofRow() },
  'notification.resolved': { ...rowEvent, description: 'It is settled', payload: ofRow() },
} satisfies Record<string, Definition>;
