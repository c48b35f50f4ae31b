/** `actors`, `actor`: the running actors, their states and the events they accept now. */
import { flagOption, textOption } from '../arguments.ts';
import { type Handler, read, route } from '../call.ts';
import { actorsText, actorText } from '../messages.ts';
import { plainLines } from '../output.ts';

export const list: Handler = async (call) => {
  const machine = textOption(call.options, 'machine');
  const rows = await read(call, route('actors', { machine }), (client) => client.actors(machine ? { machine } : {}));
  await call.output.answer(rows, actorsText);
  return undefined;
};

export const show: Handler = async (call) => {
  const id = call.args[0] ?? '';
  const view = await read(call, route('actor', { id }), (client) => client.actor(id));
  const mermaid = flagOption(call.options, 'mermaid');
  // A diagram keeps its lines, but names inside it come from branches and slugs.
  await call.output.answer(view, (value, paint) =>
    mermaid ? plainLines(value.mermaid, 5000).join('\n') : actorText(value, paint),
  );
  return undefined;
};
