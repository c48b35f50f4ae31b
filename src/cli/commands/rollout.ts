/** `rollout status / gate / report`: how a rollout stands, what may be built, and its report. */
import { EXIT } from '../../errors.ts';
import { flagOption } from '../arguments.ts';
import type { Handler } from '../call.ts';
import { usage } from '../exit.ts';
import { gateText, reportText, rolloutText } from '../rollout-messages.ts';

export const status: Handler = async (call) => {
  const view = (await (await call.runtime()).rollout(call.context)).status();
  await call.output.answer(view, rolloutText);
  return view.consistent ? EXIT.done : EXIT.domain;
};

export const gate: Handler = async (call) => {
  const view = (await (await call.runtime()).rollout(call.context)).gate(call.args[0] ?? '');
  await call.output.answer(view, gateText);
  return view.may_be_built ? EXIT.done : EXIT.domain;
};

export const report: Handler = async (call) => {
  const write = flagOption(call.options, 'write');
  const followUp = flagOption(call.options, 'followUp');
  if (followUp && !write) throw usage('--follow-up needs --write', 'add --write, or leave --follow-up out');
  const desk = await (await call.runtime()).rollout(call.context);
  const view = desk.report({ slug: call.args[0] ?? '', write, followUp });
  if (write) {
    const said = view.written.length === 0 ? 'nothing changed' : `written: ${view.written.join(', ')}`;
    call.output.say(view.follow_up === null ? said : `${said}; missing evidence is gathered in ${view.follow_up}`);
  }
  await call.output.answer(view, reportText);
  return undefined;
};
