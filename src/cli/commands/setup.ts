/** `init`, `doctor`: the first command of a repository, and the one that says what stands in the way. */
import { EXIT } from '../../errors.ts';
import { flagOption } from '../arguments.ts';
import type { Handler } from '../call.ts';
import { doctorText } from '../messages.ts';
import { plain } from '../output.ts';

export const init: Handler = async (call) => {
  const shadow = flagOption(call.options, 'shadow');
  const client = await (await call.runtime()).openForInit(call.context);
  const view = await client.init({ shadow }).finally(() => client.close());
  await call.output.answer(view, ({ repo_id, config, mode, changed }) => {
    const next = mode === 'shadow' ? IN_SHADOW : 'next: telec up';
    return changed
      ? `${plain(repo_id, 100)} is set up (${mode}); configuration: ${plain(config, 400)}\n${next}`
      : `${plain(repo_id, 100)} was set up before (${mode}); nothing changed${mode === 'shadow' ? `\n${IN_SHADOW}` : ''}`;
  });
  return undefined;
};

/** What shadow means and how it ends. */
const IN_SHADOW = [
  'in shadow: candidates are judged, nothing moves main but who moved it before',
  'next: telec up; then telec shadow report, telec cutover status, and when it says go: telec cutover enable',
].join('\n');

export const doctor: Handler = async (call) => {
  const rows = await (await call.runtime()).doctor(call.context);
  await call.output.answer(rows, doctorText);
  return rows.some((row) => row.status === 'fail') ? EXIT.domain : EXIT.done;
};
