/** `todo demo list`, `validate`, `run`, `create`: the demos of work items. */
import type { DemoBeat, DemoRunView } from '../../actors/todos/demos.ts';
import { EXIT, TelecError } from '../../errors.ts';
import { durationOption } from '../arguments.ts';
import type { Call, Handler } from '../call.ts';
import { complain, INTERRUPTED } from '../exit.ts';
import { demoCheckText, demoCreateText, demoRunText, demosText } from '../papers-messages.ts';

/** How long one block may take when nobody says, ms. */
const BLOCK_MS = 600_000;

export const list: Handler = async (call) => {
  const papers = await (await call.runtime()).todoPapers(call.context);
  await call.output.answer(await papers.demos(), demosText);
  return undefined;
};

export const check: Handler = async (call) => {
  const papers = await (await call.runtime()).todoPapers(call.context);
  const view = await papers.demo(call.args[0] ?? '');
  await call.output.answer(view, demoCheckText);
  if (view.ok && view.exempt !== null) call.output.say(`warning: ${view.slug} has no demo: ${view.exempt}`);
  if (view.ok) return undefined;
  complain(call.output, {
    message: `the demo of ${view.slug} cannot be shown`,
    hint: view.path === null ? `telec todo draft ${view.slug}` : `mend ${view.path}`,
  });
  return EXIT.domain;
};

export const run: Handler = async (call) => {
  const timeoutMs = durationOption(call.options, 'timeout') ?? BLOCK_MS;
  const papers = await (await call.runtime()).todoPapers(call.context);
  const limits = { timeoutMs, signal: call.context.signal };
  const view = await papers.runDemo(call.args[0] ?? '', limits, (beat) => tell(call, beat));
  await call.output.answer(view, demoRunText);
  return view.ok ? undefined : ended(call, view);
};

function tell({ output }: Call, beat: DemoBeat): void {
  if (beat.kind === 'skipped') output.say(`line ${beat.line}: passed over: ${beat.reason}`);
  if (beat.kind === 'output') output.say(`  ${beat.text}`);
  if (beat.kind !== 'block') return;
  output.say(`line ${beat.line}, block ${beat.at} of ${beat.of}:`);
  for (const line of beat.code.split('\n')) output.say(`  $ ${line}`);
}

function ended(call: Call, view: DemoRunView): number {
  const last = view.blocks.find(({ outcome }) => !['passed', 'skipped', 'left'].includes(outcome));
  if (!last || last.outcome === 'interrupted') return INTERRUPTED;
  if (last.outcome === 'unstarted')
    throw new TelecError('NO_BASH', EXIT.domain, `bash could not be started: ${last.output}`, { hint: 'install bash' });
  const how = last.outcome === 'timeout' ? 'took too long and was ended' : `ended with ${last.status ?? 'a signal'}`;
  complain(call.output, {
    message: `the block in line ${last.line} of ${view.path} ${how}`,
    hint: last.outcome === 'timeout' ? 'give it more with --timeout' : `mend what it shows, or ${view.path}`,
  });
  return last.outcome === 'timeout' ? EXIT.timeout : EXIT.domain;
}

export const create: Handler = async (call) => {
  const papers = await (await call.runtime()).todoPapers(call.context);
  await call.output.answer(await papers.createDemo(call.args[0] ?? ''), demoCreateText);
  return undefined;
};
