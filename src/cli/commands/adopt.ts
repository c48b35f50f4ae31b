/** `adopt`: deliveries begun under an older flow. */
import { EXIT } from '../../errors.ts';
import { flagOption } from '../arguments.ts';
import { type Handler, withClient } from '../call.ts';
import { complain } from '../exit.ts';
import { adoptText } from '../sessions-messages.ts';

export const adopt: Handler = async (call) => {
  const dryRun = flagOption(call.options, 'dryRun');
  const view = await withClient(call, async (client) => (await client.sessions()).adopt({ dryRun }));
  await call.output.answer(view, adoptText);
  const left = view.deliveries.filter(({ result }) => result === 'not_adoptable').length;
  if (dryRun || left === 0) return undefined;
  complain(call.output, {
    message: left === 1 ? 'one delivery cannot be adopted' : `${left} deliveries cannot be adopted`,
    hint: 'mend what stands beside each, then telec adopt again; or hand it over anew with telec submit',
  });
  return EXIT.domain;
};
