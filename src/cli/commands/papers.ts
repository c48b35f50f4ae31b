/** `todo draft`, `todo gate`, `todo set-deps`, `todo validate`: the papers of work items. */
import { EXIT } from '../../errors.ts';
import { flagOption, listOption, requiredOption } from '../arguments.ts';
import type { Handler } from '../call.ts';
import { complain } from '../exit.ts';
import { draftText, gateText, validationText } from '../papers-messages.ts';
import { changeText } from '../roadmap-messages.ts';

export const draft: Handler = async (call) => {
  const papers = await (await call.runtime()).todoPapers(call.context);
  await call.output.answer(await papers.draft(call.args[0] ?? null), draftText);
  return undefined;
};

export const gate: Handler = async (call) => {
  const score = requiredOption(call.options, 'score', 'a verdict has a score from 0 to 10');
  const status = requiredOption(call.options, 'status', 'a verdict is pass, needs_work or needs_decision');
  const request = {
    score: /^\d{1,3}$/.test(score.trim()) ? Number(score) : Number.NaN,
    status: status.trim(),
    gates: listOption(call.options, 'gate').map((text) => {
      const [name, rest] = parted(text, '=');
      const [verdict, reason] = parted(rest, ':');
      return { name, verdict, reason };
    }),
    blockers: listOption(call.options, 'blocker').map((text) => {
      const [gateName, rest] = parted(text, ':');
      const [what, remedy] = parted(rest, ':');
      return { gate: gateName, text: what, remedy };
    }),
  };
  const papers = await (await call.runtime()).todoPapers(call.context);
  await call.output.answer(await papers.gate(call.args[0] ?? '', request), gateText);
  return undefined;
};

/** What stands before and behind the first `mark`; nothing behind it when there is none. */
function parted(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text.trim(), ''] : [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}

export const setDeps: Handler = async (call) => {
  const papers = await (await call.runtime()).todoPapers(call.context);
  const after = listOption(call.options, 'after').flatMap((text) => text.split(',').map((each) => each.trim()));
  await call.output.answer(await papers.setDeps(call.args[0] ?? '', after), changeText);
  return undefined;
};

export const validate: Handler = async (call) => {
  const papers = await (await call.runtime()).todoPapers(call.context);
  const view = await papers.validate(call.args[0] ?? null, flagOption(call.options, 'fix'));
  await call.output.answer(view, validationText);
  if (view.ok) return undefined;
  const count = view.problems.filter(({ status }) => status === 'fail').length;
  complain(call.output, {
    message: count === 1 ? 'one thing is wrong with the work items' : `${count} things are wrong with the work items`,
    hint: 'each names its mend; then telec todo validate again',
  });
  return EXIT.domain;
};
