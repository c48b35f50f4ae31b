/** `shadow report`, `shadow restart`. */
import { requiredOption } from '../arguments.ts';
import { type Handler, withClient } from '../call.ts';
import { shadowRestartText, shadowText } from '../shadow-messages.ts';

export const report: Handler = async (call) => {
  const view = await withClient(call, async (client) => (await client.shadow()).report());
  await call.output.answer(view, shadowText);
  return undefined;
};

export const restart: Handler = async (call) => {
  const reason = requiredOption(call.options, 'reason', 'what was compared so far is set aside, and the log keeps why');
  const view = await withClient(call, async (client) => (await client.shadow()).restart({ reason }));
  await call.output.answer(view, shadowRestartText);
  return undefined;
};
