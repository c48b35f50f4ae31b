/** `machine list / show`: the charts that decide, as data and diagram. */
import { EXIT, TelecError } from '../../errors.ts';
import { flagOption } from '../arguments.ts';
import type { Handler } from '../call.ts';
import { machineText } from '../messages.ts';

export const list: Handler = async (call) => {
  const names = await (await call.runtime()).machines();
  await call.output.answer(names, (value) => value.join('\n'));
  return undefined;
};

export const show: Handler = async (call) => {
  const runtime = await call.runtime();
  const name = call.args[0] ?? '';
  const machine = await runtime.machine(name);
  if (!machine) {
    const names = (await runtime.machines()).join(', ');
    throw new TelecError('NOT_FOUND', EXIT.domain, `there is no machine ${name}`, { hint: `name one of: ${names}` });
  }
  const mermaid = flagOption(call.options, 'mermaid');
  await call.output.answer(machine, (value, paint) => (mermaid ? value.mermaid.trimEnd() : machineText(value, paint)));
  return undefined;
};
