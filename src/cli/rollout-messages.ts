/**
 * What people read about rollouts. Pure: a view and a paint in, text out. Every text of a view comes from files or the
 * log and is made plain here or in `table`.
 */
import type { GateView, ReportView, RolloutStatusView, RolloutView, SliceView } from '../actors/rollout/views.ts';
import { type Cell, type Paint, plain, table } from './output.ts';

const LOGS: Record<RolloutStatusView['log'], string> = {
  read: 'judged from files and log',
  none: 'judged from files alone: telec is not set up in this clone',
  unreachable: 'judged from files alone: the log cannot be reached',
};

export function rolloutText(view: RolloutStatusView, paint: Paint): string {
  const parts = view.rollouts.map((rollout) => oneRollout(rollout, paint));
  if (parts.length === 0) parts.push('no work item holds others, so there is no rollout');
  const found = [...view.problems, ...view.rollouts.flatMap(({ problems }) => problems)];
  const lines = found.map(({ slug, text }) => `  ${paint('bad', plain(slug, 100))}: ${plain(text)}`);
  const agree = view.log === 'read' ? 'files and log agree' : 'the files agree';
  const end = found.length === 0 ? paint('good', agree) : ['problems:', ...lines].join('\n');
  return [...parts, `${end}\n${paint('dim', LOGS[view.log])}`].join('\n\n');
}

function oneRollout(view: RolloutView, paint: Paint): string {
  const { slug, status, score, slices, next, go, ready } = view;
  const verdict = status === null ? 'not judged' : `${plain(status, 40)}, ${score} of 10`;
  const lines = [
    `${paint('strong', plain(slug, 100))} (${verdict}) ${ready ? paint('good', 'ready') : paint('warn', 'not ready')}`,
    table(['SLICE', 'PAPERS', 'GATE', 'SCORE', 'BLOCKERS', 'NEXT ACTION'], slices.map(row), paint),
    next === null ? 'next: nothing may be built now' : `next: ${paint('strong', plain(next, 100))}`,
  ];
  if (go) lines.push(goText(go, paint));
  return lines.join('\n');
}

function row({ slug, stage, artifacts, status, score, blockers, next_action }: SliceView): Cell[] {
  if (stage === 'delivered') return [{ text: slug, tone: 'dim' }, '-', '-', '-', '-', 'delivered'];
  return [
    stage === 'waiting' ? slug : { text: slug, tone: 'strong' },
    artifacts.complete ? 'complete' : { text: `${artifacts.missing.length} missing`, tone: 'bad' },
    status ?? 'not judged',
    score,
    blockers.length === 0 ? 'none' : String(blockers.length),
    next_action,
  ];
}

function goText({ cutover, verdict, points }: NonNullable<RolloutView['go']>, paint: Paint): string {
  const words = { go: paint('good', 'go'), no_go: paint('warn', 'no-go'), passed: paint('good', 'passed') };
  const lines = points.map(({ asks, met, evidence, missing }) => {
    const mark = met ? paint('good', 'met    ') : paint('warn', 'missing');
    return `  ${mark}  ${plain(asks)}: ${plain(met ? (evidence ?? '') : missing.join('; '))}`;
  });
  return [`cutover ${plain(cutover, 100)}: ${words[verdict]}`, ...(verdict === 'passed' ? [] : lines)].join('\n');
}

export function gateText(view: GateView, paint: Paint): string {
  const { slug, rollout, status, score, gates, blockers, reasons, problems, may_be_built, next_action, go } = view;
  const verdict = status === null ? 'not judged' : `${plain(status, 40)}, ${score} of 10`;
  const tones = { pass: 'good', fail: 'bad', unjudged: 'dim' } as const;
  const rows = gates.map((gate): Cell[] => [gate.name, { text: gate.verdict, tone: tones[gate.verdict] }, gate.reason]);
  const lines = [
    `${paint('strong', plain(slug, 100))} (${verdict})${rollout === null ? '' : `, a slice of ${plain(rollout, 100)}`}`,
    table(['GATE', 'VERDICT', 'REASON'], rows, paint),
    ...blockers.map(({ gate, text, remedy }) => {
      const where = gate === null ? '' : `${plain(gate, 100)}: `;
      return `blocker: ${where}${plain(text)} (remedy: ${plain(remedy)})`;
    }),
    may_be_built ? paint('good', 'may be built') : paint('warn', 'may not be built:'),
    ...reasons.map(({ text }) => `  ${plain(text)}`),
    ...problems.map(({ text }) => `${paint('bad', 'contradiction')}: ${plain(text)}`),
    // Points that are missing were told as reasons.
    ...(go && go.verdict !== 'no_go' ? [goText(go, paint)] : []),
    `next: ${plain(next_action)}`,
  ];
  return lines.join('\n');
}

/** Markdown as it would be written; each line made harmless for a terminal. */
export function reportText({ text }: ReportView): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => plain(line, 20_000))
    .join('\n');
}
