/** `config show / schema`: what is in force, where it comes from, and what may be written. */
import type { Handler } from '../call.ts';
import { configText } from '../messages.ts';

export const show: Handler = async (call) => {
  const rows = await (await call.runtime()).configuration(call.context);
  await call.output.answer(rows, configText);
  return undefined;
};

export const schema: Handler = async (call) => {
  const { configJsonSchema } = await import('../../io/config.ts');
  await call.output.answer(configJsonSchema(), (value) => JSON.stringify(value, null, 2));
  return undefined;
};
