/** `roadmap list`, `add`, `deps`, `move`, `remove`, `deliver`, `freeze`: what is planned. */
import type { RoadmapChange, RoadmapDesk } from '../../actors/todos/roadmap-desk.ts';
import { flagOption, textOption } from '../arguments.ts';
import type { Call, Handler } from '../call.ts';
import { usage } from '../exit.ts';
import { changeText, roadmapText } from '../roadmap-messages.ts';

async function changed(call: Call, change: (desk: RoadmapDesk, slug: string) => Promise<RoadmapChange>) {
  const desk = await (await call.runtime()).roadmap(call.context);
  await call.output.answer(await change(desk, call.args[0] ?? ''), changeText);
  return undefined;
}

/** The slugs of `--after a,b`. */
function afterOf(call: Call): string[] {
  const text = textOption(call.options, 'after');
  return text === null ? [] : text.split(',').map((each) => each.trim());
}

export const list: Handler = async (call) => {
  const desk = await (await call.runtime()).roadmap(call.context);
  const rows = await desk.list({
    icebox: flagOption(call.options, 'includeIcebox'),
    delivered: flagOption(call.options, 'includeDelivered'),
  });
  await call.output.answer(rows, roadmapText);
  return undefined;
};

export const add: Handler = (call) =>
  changed(call, (desk, slug) =>
    desk.add(slug, {
      group: textOption(call.options, 'group'),
      after: afterOf(call),
      before: textOption(call.options, 'before'),
      description: textOption(call.options, 'description'),
    }),
  );

export const deps: Handler = (call) => changed(call, (desk, slug) => desk.deps(slug, afterOf(call)));

export const move: Handler = async (call) => {
  const before = textOption(call.options, 'before');
  const after = textOption(call.options, 'after');
  if ((before === null) === (after === null))
    throw usage('a move needs one of --before and --after', 'name the work item it is to stand next to');
  const place = before === null ? { after: after ?? '' } : { before };
  return changed(call, (desk, slug) => desk.move(slug, place));
};

export const remove: Handler = (call) =>
  changed(call, (desk, slug) => desk.remove(slug, flagOption(call.options, 'force')));

export const deliver: Handler = (call) =>
  changed(call, (desk, slug) => desk.deliver(slug, textOption(call.options, 'commit')));

export const freeze: Handler = (call) =>
  changed(call, (desk, slug) => (flagOption(call.options, 'undo') ? desk.unfreeze(slug) : desk.freeze(slug)));
