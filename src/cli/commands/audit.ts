/** `audit`: what main has, held against what the log says was brought to it. */
import { EXIT } from '../../errors.ts';
import { auditText } from '../audit-messages.ts';
import { type Handler, withClient } from '../call.ts';

export const audit: Handler = async (call) => {
  const view = await withClient(call, (client) => client.audit());
  await call.output.answer(view, auditText);
  return view.violations.length === 0 ? EXIT.done : EXIT.domain;
};
