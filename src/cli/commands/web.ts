/** `web`: opens the web view, or prints where it is. */
import type { WebRequest } from '../../actors/web-entry.ts';
import { EXIT, TelecError } from '../../errors.ts';
import { flagOption } from '../arguments.ts';
import type { Handler } from '../call.ts';
import { webText } from '../web-messages.ts';

type Shown = NonNullable<WebRequest['show']>;

export const web: Handler = async (call) => {
  const [what, which] = call.args;
  if (what !== undefined && which === undefined)
    throw new TelecError('WEB_TARGET', EXIT.usage, `which ${what} is to be shown?`, {
      hint: `telec web ${what} <which>`,
    });
  const show: Shown | null = which === undefined ? null : { what: what as Shown['what'], which };
  const print = flagOption(call.options, 'print');
  const view = await (await call.runtime()).openWeb(call.context, { show, print });
  await call.output.answer(view, webText);
  return undefined;
};
