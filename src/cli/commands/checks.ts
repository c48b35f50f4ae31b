/** `checks`, `checks log`: how the configured checks do, and all that a failed run wrote. */
import { type Handler, read, route } from '../call.ts';
import { checkLogText, checksText } from '../checks-messages.ts';

export const list: Handler = async (call) => {
  const view = await read(call, route('checks'), async (client) => (await client.checks()).list());
  await call.output.answer(view, checksText);
  return undefined;
};

export const log: Handler = async (call) => {
  const [selector = '', check = null] = call.args;
  const view = await read(call, route('checks/log', { selector, check }), async (client) =>
    (await client.checks()).log(selector, check),
  );
  if (!call.output.json)
    call.output.say(
      `${view.check} on ${view.slug}@${view.sha.slice(0, 7)}, tree ${view.tree.slice(0, 10)}: ${view.file}`,
    );
  await call.output.answer(view, checkLogText);
  return undefined;
};
