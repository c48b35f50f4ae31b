/** What people read of the papers of work items. Text from outside passes `plain` here. */
import type { DemoCheckView, DemoCreateView, DemoRow, DemoRunView } from '../actors/todos/demos.ts';
import type { DraftView } from '../actors/todos/draft.ts';
import type { GateView } from '../actors/todos/gate.ts';
import type { ValidationView } from '../actors/todos/validate.ts';
import { type Paint, plain, table } from './output.ts';

const comma = (words: readonly string[]): string => (words.length === 0 ? 'none' : words.join(', '));

export function draftText({ drafted, skipped }: DraftView, paint: Paint): string {
  const rows = drafted.map(({ slug, written, kept }, index) => {
    if (written.length === 0) return `${index + 1}. ${plain(slug, 200)}: has all its papers`;
    const stay = kept.length === 0 ? '' : paint('dim', ` (kept: ${kept.join(', ')})`);
    return `${index + 1}. ${plain(slug, 200)}: ${paint('good', 'wrote')} ${written.join(', ')}${stay}`;
  });
  const over = skipped.map(
    ({ slug, reason }) => `${paint('warn', 'passed over')} ${plain(slug, 200)}: ${plain(reason)}`,
  );
  if (rows.length + over.length === 0) return 'nothing is planned; telec roadmap add <slug> plans a work item';
  const wrote = drafted.filter(({ written }) => written.length > 0);
  const next =
    wrote.length === 0 ? [] : [`next: fill them in; then another session judges: telec todo gate ${wrote[0]?.slug}`];
  return [...rows, ...over, ...next].join('\n');
}

export function gateText(view: GateView, paint: Paint): string {
  const { slug, status, score, gates, blockers, not_judged, via } = view;
  const tone = status === 'pass' ? 'good' : 'warn';
  return [
    `${plain(slug, 200)}: ${paint(tone, status)} with ${score} of 10, judged ${via === 'dispatched' ? 'in a session started for it' : 'directly'}`,
    ...gates.map(
      (each) =>
        `  ${paint(each.verdict === 'pass' ? 'good' : 'bad', each.verdict)}  ${each.name}: ${plain(each.reason)}`,
    ),
    ...(not_judged.length === 0 ? [] : [`  not judged: ${not_judged.join(', ')}`]),
    ...blockers.map(
      (each) => `  open in ${each.gate ?? 'no gate'}: ${plain(each.text)}; remedy: ${plain(each.remedy)}`,
    ),
  ].join('\n');
}

export function validationText({ problems, fixed }: ValidationView, paint: Paint): string {
  const done = fixed.map(({ path, text }) => `${paint('good', 'fixed')}  ${plain(path, 300)}: ${plain(text)}`);
  const rows = problems.flatMap(({ status, code, slug, path, text, mend }) => [
    `${paint(status === 'fail' ? 'bad' : 'warn', status)}  ${code}  ${slug === null ? '' : `${plain(slug, 200)}: `}${plain(text)}`,
    paint('dim', `      ${plain(path, 300)}`),
    `      mend: ${plain(mend)}`,
  ]);
  const left =
    fixed.length > 0 && problems.length > 0
      ? ['what is named above is left as it is: it holds data, or needs a decision']
      : [];
  if (done.length + rows.length === 0) return 'the work items are in order';
  return [...done, ...rows, ...left].join('\n');
}

export function demosText(rows: DemoRow[], paint: Paint): string {
  if (rows.length === 0) return 'no work item has a demo; telec todo demo create <slug> begins one';
  return table(
    ['SLUG', 'BLOCKS', 'SNAPSHOT', 'FILE', 'STATE'],
    rows.map(({ slug, blocks, skipped, snapshot, path, problems, exempt }) => [
      slug,
      skipped === 0 ? blocks : `${blocks} (${skipped} passed over)`,
      snapshot ? 'yes' : 'no',
      path,
      path === null && problems.length === 0 ? 'snapshot alone' : stateOf(problems, exempt),
    ]),
    paint,
  );
}

function stateOf(problems: DemoRow['problems'], exempt: string | null) {
  if (problems.length > 0)
    return { text: problems.map(({ path, message }) => `${path} ${message}`.trim()).join('; '), tone: 'bad' as const };
  return exempt === null
    ? { text: 'ok', tone: 'good' as const }
    : { text: `no demo: ${exempt}`, tone: 'warn' as const };
}

export function demoCheckText(view: DemoCheckView, paint: Paint): string {
  const { slug, path, blocks, skipped, exempt, problems } = view;
  const name = plain(path ?? slug, 300);
  if (problems.length > 0)
    return problems
      .map((each) => `${paint('bad', 'fail')}  ${`${name} ${plain(each.path)}`.trim()}: ${plain(each.message)}`)
      .join('\n');
  if (exempt !== null) return `${paint('warn', 'exempt')}  ${name}: ${plain(exempt)}`;
  const over = skipped === 0 ? '' : `, ${skipped} passed over`;
  return `${paint('good', 'ok')}  ${name}: ${blocks} to run${over}`;
}

export function demoRunText({ path, ok, blocks }: DemoRunView, paint: Paint): string {
  const rows = blocks.map(({ line, outcome, status, reason, duration_ms }) => {
    const tone = outcome === 'passed' ? 'good' : outcome === 'skipped' || outcome === 'left' ? 'dim' : 'bad';
    const why = reason === null ? '' : `: ${plain(reason)}`;
    const took =
      outcome === 'passed' || outcome === 'failed' ? ` (exit ${status ?? 'by signal'}, ${duration_ms} ms)` : '';
    return `line ${line}: ${paint(tone, outcome)}${took}${why}`;
  });
  const name = plain(path, 300);
  if (blocks.length === 0) return `${name} has nothing to run`;
  return [...rows, ok ? `${paint('good', 'ok')}  ${name}` : `${paint('bad', 'failed')}  ${name}`].join('\n');
}

export function demoCreateText({ slug, written, kept }: DemoCreateView): string {
  if (written.length === 0) return `the demo of ${plain(slug, 200)} is there already: ${comma(kept)}`;
  const stay = kept.length === 0 ? '' : ` (kept: ${comma(kept)})`;
  return `wrote ${comma(written)}${stay}\nnext: fill it in, then telec todo demo validate ${plain(slug, 200)}`;
}
