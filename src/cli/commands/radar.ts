/** `radar`: which pushed branches will conflict, before anybody hands them over. */
import { EXIT } from '../../errors.ts';
import { type Handler, withClient } from '../call.ts';
import { leftOutLine, radarText } from '../radar-messages.ts';

export const radar: Handler = async (call) => {
  const branch = (call.args[0] as string | undefined) ?? null;
  const view = await withClient(call, (client) => client.radar(branch));
  if (view.left_out > 0) call.output.say(leftOutLine(view));
  await call.output.answer(view.rows, (_rows, paint) => radarText(view, branch, paint));
  return EXIT.done;
};
