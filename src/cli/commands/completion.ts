/** `completion`: a script for the shell, made from the command table. */

import type { Handler } from '../call.ts';
import { completionScript } from '../completion.ts';
import { buildProgram } from '../program.ts';

export const completion: Handler = async (call) => {
  const program = buildProgram(() => async () => undefined);
  const script = completionScript(program, call.args[0] ?? '');
  await call.output.answer({ shell: call.args[0], script }, (value) => value.script.trimEnd());
  return undefined;
};
