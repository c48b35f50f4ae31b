/** What the families about decisions, modes and guards declare alike. Holds no type. */
import * as field from './fields.ts';
import { LEVEL, type Lifecycle } from './schema.ts';

/** A decision of a person, told once for each command. */
export const decision = {
  level: LEVEL.OPERATIONAL,
  canonicalName: null,
  emitter: 'person',
  idempotencyFields: ['command_id'],
  lifecycle: null,
  entityField: null,
} as const;

/** A row of the family `system`, which the type itself has to make something of. */
export const system = {
  family: 'system',
  creates: false,
  updates: false,
  resolves: false,
  groupKey: null,
  meaningfulFields: [],
} as const satisfies Lifecycle;

/** Who decided, why, and the command it was. */
export const decided = () => ({ actor: field.actor(), reason: field.text('Why'), command_id: field.commandId() });
