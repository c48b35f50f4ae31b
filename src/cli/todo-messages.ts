/** The sentences and tables people read about work items. Pure: a view and a paint in, text out, made harmless here. */
import type {
  FinalizeView,
  HandoverView,
  MarkPhaseView,
  NextStep,
  TodoCreateView,
  TodoDetailView,
  TodoNextView,
  TodoView,
} from '../actors/todos/flow.ts';
import { type Paint, plain, type Tone, table } from './output.ts';

const TONES: Record<string, Tone> = {
  preparing: 'dim',
  building: 'warn',
  built: 'strong',
  reviewing: 'warn',
  returned: 'bad',
  fixing: 'warn',
  approved: 'strong',
  handedOff: 'strong',
  blocked: 'bad',
  delivered: 'good',
};

const short = (sha: string | null) => (sha ? plain(sha.slice(0, 10)) : '-');
const toned = (state: string) => ({ text: state, tone: TONES[state] ?? ('dim' as const) });

function nextLine({ command, text }: NextStep): string {
  return command === null ? `next: ${plain(text)}` : `next: ${plain(command)}  (${plain(text)})`;
}

export function todosText(rows: TodoView[], paint: Paint): string {
  if (rows.length === 0) return 'no work items\nnext: telec todo create <slug>';
  return table(
    ['SLUG', 'STATE', 'SCORE', 'ROUND', 'CANDIDATE', 'NEXT'],
    rows.map((row) => [
      row.slug,
      row.container ? { text: 'container', tone: 'dim' } : toned(row.state),
      row.dor ? row.dor.score : null,
      row.review.round === 0 ? null : `${row.review.round}/${row.review.max_rounds}`,
      row.candidate?.state ?? null,
      row.next.command ?? row.next.text,
    ]),
    paint,
  );
}

export function todoText(view: TodoDetailView, paint: Paint): string {
  const { review, candidate } = view;
  const rows: [string, string | null][] = [
    ['about', view.description],
    ['group', view.group],
    ['after', view.after.join(', ') || null],
    ['waits for', view.waiting_for.join(', ') || null],
    ['holds', view.children.join(', ') || null],
    ['work tree', view.work_tree],
    ['papers', view.papers.join(', ') || 'none'],
    ['missing', view.missing_papers.join(', ') || null],
    ['readiness', view.dor ? `${view.dor.status}, ${view.dor.score} of 10` : 'not judged'],
    ['review', review.round === 0 ? 'none yet' : `round ${review.round} of ${review.max_rounds}`],
    ['looked at', view.baseline_commit === null ? null : short(view.baseline_commit)],
    ['candidate', candidate ? `${candidate.branch}@${candidate.sha.slice(0, 10)} ${candidate.state}` : null],
    ...(candidate?.reasons ?? []).map(({ text }): [string, string] => ['', text]),
    ['follow-ups', view.follow_ups.join(', ') || null],
  ];
  const lines = rows.flatMap(([name, value]) =>
    value === null ? [] : [`  ${paint('dim', name.padEnd(11))}${plain(value)}`],
  );
  const state = view.container ? 'container' : view.state;
  return [
    `${paint('strong', plain(view.slug, 120))}  ${paint(TONES[state] ?? 'dim', plain(state, 40))}`,
    ...lines,
    ...view.findings.map(
      ({ id, text, resolved }) =>
        `  ${paint(resolved ? 'dim' : 'bad', `${resolved ? 'mended' : 'open'} ${plain(id, 40)}`)}: ${plain(text)}`,
    ),
    ...(view.state === 'preparing' ? view.not_buildable.map(({ text }) => `  not to be built: ${plain(text)}`) : []),
    ...view.problems.map(({ path, message }) => `  ${paint('bad', `${plain(path, 200)}: ${plain(message)}`)}`),
    nextLine(view.next),
  ].join('\n');
}

export function nextText(view: TodoNextView, paint: Paint): string {
  const head =
    view.slug === null
      ? plain(view.next.text)
      : `${paint('strong', plain(view.slug, 120))} is ${paint(TONES[view.state ?? ''] ?? 'dim', plain(view.state ?? '', 40))}: ${plain(view.next.text)}`;
  return [
    head,
    ...(view.next.command === null ? [] : [`next: ${plain(view.next.command)}`]),
    ...view.waiting.map(({ slug, state, text }) =>
      paint('dim', `  ${plain(slug, 120)} (${plain(state, 40)}): ${plain(text)}`),
    ),
  ].join('\n');
}

export function createdText(view: TodoCreateView): string {
  return [...view.files.map((path) => `wrote ${plain(path)}`), nextLine(view.next)].join('\n');
}

export function markedText(view: MarkPhaseView, paint: Paint): string {
  const round = view.review_round === 0 ? '' : `, review round ${view.review_round}`;
  const said = view.changed ? '' : ' (said before)';
  return `${paint('strong', plain(view.slug, 120))} is ${plain(view.state, 40)}${round}${said}\n${nextLine(view.next)}`;
}

/** The first line is looked for by orchestrators, and stands without any colour. */
export function finalizeText(view: FinalizeView): string {
  const where = `${plain(view.branch, 250)}@${short(view.sha)}`;
  const what =
    view.state === null ? 'is verified; its lock is kept for the orchestrator' : `is ${plain(view.state, 40)}`;
  return [plain(view.report, 200), `${where} ${what}`, nextLine(view.next)].join('\n');
}

export function handoverText(view: HandoverView, paint: Paint): string {
  const steps = view.steps
    .filter(({ step }) => step !== 'reported' && step !== 'next_call')
    .map(({ step, detail }, index) =>
      paint('dim', `${index + 1}. ${plain(step.replaceAll('_', ' '), 60)}: ${plain(detail)}`),
    );
  return [...steps, plain(view.report), nextLine(view.next)].join('\n');
}
