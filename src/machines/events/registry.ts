/** The register of sessions of all roles: that one began, as which process it runs, that it is over. Decides no candidate. */
import { z } from 'zod';
import { ROLES } from '../permissions.ts';
import { SESSION_KINDS } from '../self-end.ts';
import * as field from './fields.ts';
import { type Definition, LEVEL } from './schema.ts';

const ofRegister = {
  level: LEVEL.OPERATIONAL,
  canonicalName: null,
  lifecycle: null,
  emitter: 'telec',
  entityField: 'session_id',
  idempotencyFields: ['session_id', 'command_id'],
} as const;

export const registryEvents = {
  'session.started': {
    ...ofRegister,
    description: 'A session of some role was registered',
    payload: z.strictObject({
      session_id: field.sessionId('Session that began'),
      role: z.enum(ROLES).describe('Role it has'),
      kind: z.enum(SESSION_KINDS).describe('Kind of session, which says whether it may end itself'),
      project: field.note('Folder it works in'),
      command: field.word('What it runs, without secrets').nullable().describe('What it runs; null for a shell'),
      host: field.word('Machine it runs on'),
      parent: field.word('Session that started it'),
      command_id: field.commandId(),
    }),
  },
  'session.spawned': {
    ...ofRegister,
    description: 'The process of a registered session was started',
    payload: z.strictObject({
      session_id: field.sessionId('Session it belongs to'),
      host: field.word('Machine it runs on'),
      pid: field.count('Process, leader of its group', 2),
      mark: field.word('What tells the process from a later one of the same number').nullable(),
      command_id: field.commandId(),
    }),
  },
  'session.ended': {
    ...ofRegister,
    description: 'A registered session is over',
    payload: z.strictObject({
      session_id: field.sessionId('Session that is over'),
      actor: field.actor(),
      reason: field.code('Why, as a code: asked, self, exited, spawn_failed'),
      command_id: field.commandId(),
    }),
  },
} satisfies Record<string, Definition>;
