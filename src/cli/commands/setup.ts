/** `init`, `doctor`: the first command of a repository, and the one that says what stands in the way. */
import { EXIT } from '../../errors.ts';
import type { Handler } from '../call.ts';
import { doctorText } from '../messages.ts';
import { plain } from '../output.ts';

export const init: Handler = async (call) => {
  const client = await (await call.runtime()).openForInit(call.context);
  const view = await client.init().finally(() => client.close());
  await call.output.answer(view, ({ repo_id, config, mode, changed }) =>
    changed
      ? `${plain(repo_id, 100)} is set up (${mode}); configuration: ${plain(config, 400)}\nnext: telec up`
      : `${plain(repo_id, 100)} was set up before (${mode}); nothing changed`,
  );
  return undefined;
};

export const doctor: Handler = async (call) => {
  const rows = await (await call.runtime()).doctor(call.context);
  await call.output.answer(rows, doctorText);
  return rows.some((row) => row.status === 'fail') ? EXIT.domain : EXIT.done;
};
