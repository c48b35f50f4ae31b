/** `todo create`, `list`, `show`, `next`, `mark-phase`, `finalize`, `handover`: work items and their flow. */
import type { TodoDesk } from '../../actors/todos/todo-desk.ts';
import { readWorkerOutput, readWorkerStream } from '../../io/worker-output.ts';
import { flagOption, requiredOption, textOption } from '../arguments.ts';
import type { Call, Handler } from '../call.ts';
import {
  createdText,
  finalizeText,
  handoverText,
  markedText,
  nextText,
  todosText,
  todoText,
} from '../todo-messages.ts';

/** Lays the desk for `use` and clears it whatever happens. */
async function withDesk<T>(call: Call, use: (desk: TodoDesk) => Promise<T>): Promise<T> {
  const { desk, close } = await (await call.runtime()).openTodos(call.context);
  try {
    return await use(desk);
  } finally {
    await close();
  }
}

const slugOf = (call: Call): string => call.args[0] ?? '';

export const create: Handler = async (call) => {
  const { options } = call;
  const after = (textOption(options, 'after') ?? '').split(',').map((slug) => slug.trim());
  const view = await withDesk(call, (desk) =>
    desk.create({
      slug: slugOf(call),
      description: textOption(options, 'description'),
      group: textOption(options, 'group'),
      after: after.filter(Boolean),
    }),
  );
  await call.output.answer(view, createdText);
  return undefined;
};

export const list: Handler = async (call) => {
  const rows = await withDesk(call, (desk) => desk.list({ all: flagOption(call.options, 'all') }));
  await call.output.answer(rows, todosText);
  return undefined;
};

export const show: Handler = async (call) => {
  const view = await withDesk(call, (desk) => desk.show(slugOf(call)));
  await call.output.answer(view, todoText);
  return undefined;
};

export const next: Handler = async (call) => {
  const view = await withDesk(call, (desk) => desk.next());
  await call.output.answer(view, nextText);
  return undefined;
};

export const markPhase: Handler = async (call) => {
  const [slug = '', phase = '', status = ''] = call.args;
  const findings = (call.options['finding'] ?? []) as string[];
  const view = await withDesk(call, (desk) => desk.markPhase({ slug, phase, status, findings }));
  await call.output.answer(view, markedText);
  return undefined;
};

export const finalize: Handler = async (call) => {
  const forOrchestrator = flagOption(call.options, 'forOrchestrator');
  const view = await withDesk(call, (desk) => desk.finalize({ slug: slugOf(call), forOrchestrator }));
  await call.output.answer(view, finalizeText);
  return undefined;
};

export const handover: Handler = async (call) => {
  const file = requiredOption(call.options, 'workerOutput', 'its last line says that the work is ready');
  const output = file === '-' ? await readWorkerStream(call.stdin) : readWorkerOutput(call.context.cwd, file);
  const workerSessionId = textOption(call.options, 'workerSession');
  const view = await withDesk(call, (desk) => desk.handover({ slug: slugOf(call), output, workerSessionId }));
  await call.output.answer(view, handoverText);
  return undefined;
};
