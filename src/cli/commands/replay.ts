/** `replay`: folds the log up to an entry, and compares the result with the running daemon's. */
import { EXIT } from '../../errors.ts';
import { entryOption, flagOption } from '../arguments.ts';
import { type Handler, withClient } from '../call.ts';
import { complain } from '../exit.ts';
import { replayText } from '../messages.ts';

export const replay: Handler = async (call) => {
  const request = { at: entryOption(call.options, 'at'), verify: flagOption(call.options, 'verify') };
  const view = await withClient(call, (client) => client.replay(request));
  await call.output.answer(view, (value, paint) => replayText(value, call.now(), paint));
  if (view.equal !== false) return undefined;
  complain(call.output, {
    message: 'the daemon holds another state than the log gives',
    hint: 'telec down and telec up make it fold again; please report it',
  });
  return EXIT.domain;
};
