/**
 * The report of a rollout and of one of its slices as Markdown: verdict, matrix, gates, go and no-go, dispatch. Made from
 * the views alone, so that no number is ever typed; the same views give the same text. Pure.
 */
import { GATE_TITLES } from '../../io/todos/dor-report.ts';
import type { DorGate } from '../../io/todos/state-file.ts';
import type { GoDecision } from '../../machines/rollout-evidence.ts';
import { code, inline, numbered, table } from './markdown.ts';
import type { GateRow, GateView, RolloutView, SliceView } from './views.ts';

const gateTitle = (name: string): string => GATE_TITLES[name as DorGate] ?? inline(name);

/** The report of a whole rollout. `verdict`: whether to state the verdict, which a file may have elsewhere. */
export function rolloutReport(view: RolloutView, mode: 'live' | 'shadow' | null, verdict: boolean): string {
  return [
    ...(verdict ? [verdictPart(view, readyDecision(view))] : []),
    matrixPart(view),
    mappingPart(view),
    ...(view.go ? [policyPart(view.go, mode)] : []),
    dispatchPart(view),
  ].join('\n\n');
}

/** The report of one slice: where it stands, and for a cutover slice the evidence that is missing. */
export function sliceReport(view: GateView, verdict: boolean): string {
  const notYet = view.stage === 'delivered' ? '**Delivered**' : '**Not ready**: see what stands against building it';
  const decision = view.may_be_built ? '**Ready**: it may be built' : notYet;
  return [
    ...(verdict ? [verdictPart(view, decision), gatesPart(view.gates)] : []),
    ['## Dispatch Readiness', numbered(standing(view))].join('\n\n'),
    ...(view.go ? [evidencePart(view.go)] : []),
  ].join('\n\n');
}

function verdictPart(view: { status: string | null; score: number | null }, decision: string): string {
  const lines = [
    `- Status: ${view.status === null ? 'not judged' : code(view.status)}`,
    `- Score: ${view.score === null ? 'none' : code(`${view.score}/10`)}`,
    `- Ready Decision: ${decision}`,
  ];
  return `## Gate Verdict\n\n${lines.join('\n')}`;
}

function readyDecision({ ready, not_ready }: RolloutView): string {
  if (ready) return '**Ready**: the rollout is prepared; its slices are dispatched one after the other';
  return `**Not ready**: ${not_ready.map(inline).join('; ')}`;
}

function matrixPart({ slices, problems }: RolloutView): string {
  const open = slices.filter(({ stage }) => stage !== 'delivered');
  const done = slices.filter(({ stage }) => stage === 'delivered');
  const rows = open.map((slice) => [
    code(slice.slug),
    slice.artifacts.complete ? 'complete' : `missing: ${slice.artifacts.missing.map(inline).join(', ')}`,
    slice.status === null ? 'not judged' : inline(slice.status),
    slice.score === null ? 'none' : String(slice.score),
    blockersCell(slice),
    inline(slice.next_action),
  ]);
  const heading = ['Slice', 'Draft Artifacts', 'Gate Verdict', 'Score', 'Blockers', 'Remediation / Next Action'];
  return [
    '## Rollout Readiness Matrix',
    rows.length > 0 ? table(heading, rows) : 'No slice is open.',
    ...(done.length > 0 ? [`Delivered, in order:\n\n${numbered(done.map(deliveredLine))}`] : []),
    problems.length === 0
      ? 'Container, slices and roadmap agree.'
      : `What contradicts itself or is missing:\n\n${numbered(problems.map(({ slug, text }) => `${code(slug)}: ${inline(text)}`))}`,
  ].join('\n\n');
}

const deliveredLine = ({ slug, delivered }: SliceView): string => `${code(slug)} (${inline(delivered ?? '')})`;

function blockersCell({ blockers }: SliceView): string {
  if (blockers.length === 0) return 'none';
  return blockers.map(({ gate, text }) => `${gate === null ? '' : `${gateTitle(gate)}: `}${inline(text)}`).join('; ');
}

function mappingPart({ slices, blockers }: RolloutView): string {
  const open = slices.filter(({ stage }) => stage !== 'delivered');
  const names = open[0]?.gates.map(({ name }) => name) ?? [];
  const items = names.map((name, at) => {
    const gates = open.map(({ slug, gates: all }) => ({ slug, gate: all.find((one) => one.name === name) }));
    const lines = gates.map(({ slug, gate }) => `   - ${code(slug)}: ${gate ? gateText(gate) : 'not judged'}`);
    const passed = gates.filter(({ gate }) => gate?.verdict === 'pass').length;
    return [`${at + 1}. **${gateTitle(name)}:** passed by ${passed} of ${open.length}.`, ...lines].join('\n');
  });
  const unresolved = blockers.map(({ slug, gate, text, remedy }) => {
    const where = gate === null ? 'no gate' : gateTitle(gate);
    return `${code(slug)}, ${where}: ${inline(text)}. Remedy: ${inline(remedy)}`;
  });
  return [
    '## Blocker-to-Gate Mapping',
    items.length > 0 ? items.join('\n') : 'No slice is open.',
    unresolved.length === 0
      ? 'Unresolved blockers: **none**.'
      : `Unresolved blockers: **${unresolved.length}**.\n\n${numbered(unresolved)}`,
  ].join('\n\n');
}

const gateText = ({ verdict, reason }: GateRow): string =>
  verdict === 'unjudged' ? 'not judged' : `${verdict}: ${inline(reason)}`;

function gatesPart(gates: readonly GateRow[]): string {
  const rows = gates.map((gate) => [gateTitle(gate.name), gate.verdict, inline(gate.reason)]);
  return `### Gates\n\n${table(['Gate', 'Verdict', 'Reason'], rows)}`;
}

const VERDICTS: Record<GoDecision['verdict'], string> = {
  go: '**go**: all evidence is there',
  no_go: '**no-go**: evidence is missing',
  passed: '**passed**: the cutover is delivered',
};

const pointLine = ({ asks, met, evidence, missing }: GoDecision['points'][number], absent = '**missing**'): string =>
  `${inline(asks)}: ${met ? `met (${inline(evidence ?? '')})` : `${absent} (${missing.map(inline).join('; ')})`}`;

function policyPart(go: GoDecision, mode: 'live' | 'shadow' | null): string {
  const { cutover, verdict, points } = go;
  const passed = verdict === 'passed';
  return [
    '## Shadow-to-Cutover Go/No-Go Policy',
    `Decision for ${code(cutover)}: ${VERDICTS[verdict]}.`,
    '### Minimum Evidence Required (Go)',
    numbered(points.map((one) => pointLine(one, passed ? 'not seen here' : undefined))),
    '### Incomplete Evidence Containment (No-Go)',
    passed ? 'The cutover is delivered; there is nothing left to contain.' : numbered(containment(go, mode)),
  ].join('\n\n');
}

function containment({ cutover, shadow }: GoDecision, mode: 'live' | 'shadow' | null): string[] {
  const report = `telec rollout report ${cutover} --write`;
  const moves = mode === 'live' ? 'telec moves main of this repository already' : 'telec does not move main here';
  return [
    `While a point is missing, ${code(cutover)} is not dispatched: ${code(`telec todo mark-phase ${cutover} build started`)} is refused.`,
    `Integration stays as it is and goes on gathering evidence${shadow === null ? '' : ` from ${code(shadow)}`}; ${moves}.`,
    `Each missing point stands as a blocker in ${code(`todos/${cutover}/dor-report.md`)}, put there by ${code(report)}.`,
    `${code(`${report} --follow-up`)} opens a work item for what is missing, before the cutover is judged again.`,
  ];
}

/** The blockers of a cutover slice. */
function evidencePart({ verdict, points }: GoDecision): string {
  const missing = points.filter(({ met }) => !met);
  const head = `## Cutover Evidence\n\nDecision: ${VERDICTS[verdict]}.`;
  const met = `${points.length - missing.length} of ${points.length} points are met.`;
  if (verdict !== 'no_go') return `${head} ${met}`;
  const blockers = missing.map((one) => `**Blocker:** ${pointLine(one)}`);
  return [`${head} ${met} Until then the cutover is not dispatched.`, numbered(blockers)].join('\n\n');
}

function standing(view: GateView): string[] {
  return [
    view.rollout === null ? 'It belongs to no rollout.' : `It is a slice of ${code(view.rollout)}.`,
    `Next: ${inline(view.next_action)}.`,
    ...(view.may_be_built
      ? ['Nothing stands against building it.']
      : view.reasons.flatMap(({ code, text }) =>
          code === 'evidence_missing' ? [] : [`Against building it: ${inline(text)}.`],
        )),
    ...(view.go?.verdict === 'no_go' ? ['Against building it: evidence for the cutover is missing, see below.'] : []),
  ];
}

function dispatchPart({ slug, slices, next, ordered }: RolloutView): string {
  const row = slices.find((slice) => slice.slug === next);
  const open = slices.filter(({ stage }) => stage !== 'delivered');
  const waiting = open[0]
    ? `no slice; ${code(open[0].slug)} is first: ${inline(open[0].next_action)}`
    : 'nothing, all are delivered';
  return [
    '## Dispatch Readiness Summary',
    numbered([
      `${code(slug)} is a container${ordered ? ' of slices in order' : ''}: it is never built itself.`,
      `Next to work on: ${row ? `${code(row.slug)} (${inline(row.next_action)})` : waiting}.`,
    ]),
  ].join('\n\n');
}
