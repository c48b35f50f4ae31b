/** `priority`: a person decides how urgent a work item is. */
import { PRIORITIES } from '../../machines/priority-names.ts';
import { requiredOption } from '../arguments.ts';
import { type Handler, withClient } from '../call.ts';
import { priorityText } from '../priority-messages.ts';

export const priority: Handler = async (call) => {
  const [slug = '', named] = call.args;
  const reason = requiredOption(call.options, 'reason', 'the order of the queue is changed with a reason');
  const chosen = PRIORITIES.find((one) => one === named) ?? 'normal';
  const view = await withClient(call, (client) => client.setPriority({ slug, priority: chosen, reason }));
  await call.output.answer(view, priorityText);
  return undefined;
};
