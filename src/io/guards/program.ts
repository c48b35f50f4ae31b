/** The words that start the guard program: this node, and the built script of this telec. */
import { fileURLToPath } from 'node:url';

/** From the sources it is the built program beside them: a hook outlives the process that put it in. */
export function guardProgram(): string[] {
  const root = new URL(import.meta.url.endsWith('.ts') ? '../../../dist/' : '../../', import.meta.url);
  return [process.execPath, fileURLToPath(new URL('cli/telec.js', root))];
}
