/**
 * Asks, before a command's code is loaded, whether the role that was declared may run it: the one place on the command
 * line where rights are enforced. A command that only reads needs none; where no role was declared nothing is narrowed.
 */
import { InvariantViolation } from '../errors.ts';
import { declaredRole } from '../io/acting.ts';
import type { Call } from './call.ts';

/** Thrown: INVALID_ROLE (2), PERMISSION_DENIED (6). */
export async function authorize(command: string, call: Pick<Call, 'args' | 'options' | 'context'>): Promise<void> {
  const { permissionFor, permit, roleOf } = await import('../machines/permissions.ts');
  const row = permissionFor(command, { options: call.options, args: call.args });
  if (!row) throw new InvariantViolation(`nobody said who may run telec ${command}`);
  if (row.may === 'reading') return;
  const declared = declaredRole(call.context.env);
  if (declared) permit(row, roleOf(declared.value, declared.name));
}
