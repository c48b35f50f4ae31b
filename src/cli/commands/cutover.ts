/** `cutover status`, `enable`, `rollback`. */
import { listOption, requiredOption } from '../arguments.ts';
import { type Handler, withClient } from '../call.ts';
import { cutoverText, enabledText, rolledBackText } from '../cutover-messages.ts';

export const status: Handler = async (call) => {
  const view = await withClient(call, async (client) => (await client.cutover()).status());
  await call.output.answer(view, cutoverText);
  return undefined;
};

export const enable: Handler = async (call) => {
  const { options } = call;
  const request = {
    reason: requiredOption(options, 'reason', 'a cutover is a decision, and the log keeps why'),
    drop: listOption(options, 'drop'),
    // Named without a value: commander reads `--no-x` as x being false.
    noOtherPath: options['otherPath'] === false,
    noRollback: options['rollback'] === false,
  };
  const view = await withClient(call, async (client) => (await client.cutover()).enable(request));
  await call.output.answer(view, enabledText);
  return undefined;
};

export const rollback: Handler = async (call) => {
  const reason = requiredOption(call.options, 'reason', 'the log keeps why the cutover was taken back');
  const view = await withClient(call, async (client) => (await client.cutover()).rollback({ reason }));
  await call.output.answer(view, rolledBackText);
  return undefined;
};
