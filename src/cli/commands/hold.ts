/** `hold`, `unhold`: a person freezes merging and lets it go on. */
import type { HoldView } from '../../actors/client.ts';
import { durationOption, flagOption, textOption } from '../arguments.ts';
import { type Call, type Handler, withClient } from '../call.ts';
import { holdText } from '../messages.ts';

const answer = (call: Call, hold: HoldView | null) =>
  call.output.answer({ hold }, (view, paint) => holdText(view.hold, paint));

export const hold: Handler = async (call) => {
  const request = {
    reason: textOption(call.options, 'reason'),
    forMs: durationOption(call.options, 'for'),
    mainBusy: flagOption(call.options, 'mainBusy'),
  };
  await answer(call, await withClient(call, (client) => client.hold(request)));
  return undefined;
};

export const unhold: Handler = async (call) => {
  const request = { reason: textOption(call.options, 'reason') };
  await answer(call, await withClient(call, (client) => client.unhold(request)));
  return undefined;
};
