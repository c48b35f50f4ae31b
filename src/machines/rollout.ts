/**
 * A rollout: a container and the slices it holds, delivered one after the other. Judges from plain facts in which order
 * they stand, which may be worked on now, what keeps the others back, and whether the cutover may go. Pure: who calls
 * reads the files and the log. The container itself is never work (F29), and nothing is next before all before it is
 * delivered.
 */
import { decideGo, type GoDecision, type GoFacts } from './rollout-evidence.ts';
import type { BuildProblem } from './todo.ts';

/** The verdict of a readiness gate, as a state file holds it. */
export interface Verdict {
  status: string;
  /** Of 10. */
  score: number;
  session: string | null;
  via: string | null;
  gates: readonly { name: string; verdict: string; reason: string }[];
  blockers: readonly { gate: string | null; text: string; remedy: string }[];
}

/** One slice, or the container itself, as its files have it. */
export interface SliceFacts {
  slug: string;
  hasFolder: boolean;
  /** Its row of the roadmap; null when it has none. */
  row: { group: string | null; after: readonly string[] } | null;
  missingPapers: readonly string[];
  /** Where its delivery stands; null while it is not delivered. */
  delivered: string | null;
  build: 'pending' | 'started' | 'complete';
  /** The session that drafted its papers. */
  drafter: string | null;
  verdict: Verdict | null;
  /** The verdicts its report states, in words; null without a report. */
  reported: { status: string | null; score: number | null } | null;
  /** What it waits for by its row and is not delivered. */
  undelivered: readonly string[];
  notBuildable: readonly BuildProblem[];
  /** What its files have wrong. */
  broken: readonly string[];
}

export interface RolloutFacts {
  container: SliceFacts;
  /** Work items of the container: named by its breakdown or grouped under it, and those its list names. */
  slices: readonly SliceFacts[];
  breakdown: { assessed: boolean; todos: readonly string[] };
  /** Slugs its input.md lists in order; null without that file. */
  listed: readonly string[] | null;
  /** What its state file says of the rollout; null when it says nothing. */
  declared: { shadow: string | null; cutover: string | null } | null;
  /** All slugs that are a work item or delivered. */
  known: ReadonlySet<string>;
  /** The order of the roadmap. */
  roadmap: readonly { slug: string; after: readonly string[] }[];
  /** Names of the gates, in their order. */
  gates: readonly string[];
  go: GoFacts;
}

/** Why a slice may not be built now: stable code, sentence for people. */
export interface DispatchProblem {
  code: BuildProblem['code'] | 'delivered';
  text: string;
}

export type Stage = 'delivered' | 'waiting' | 'next' | 'building' | 'built';

export interface JudgedSlice {
  facts: SliceFacts;
  stage: Stage;
  /** All reasons against building it; none when it may be built. */
  reasons: DispatchProblem[];
  /** Those that the rollout adds to what the slice has itself. */
  heldBack: BuildProblem[];
  nextAction: string;
}

/** One open point of a slice with the gate it belongs to. */
export interface OpenBlocker {
  slug: string;
  gate: string | null;
  text: string;
  remedy: string;
}

export interface JudgedRollout {
  slug: string;
  /** Whether its slices follow one another; a plain container holds them side by side. */
  ordered: boolean;
  /** In order. */
  slices: JudgedSlice[];
  /** The slice to work on now; never the container. */
  next: string | null;
  blockers: OpenBlocker[];
  /** Null when the rollout names no cutover slice. */
  go: GoDecision | null;
}

/** Whether something orders the slices: a list, a declaration, or a dependency among them. */
export function isOrdered({ listed, declared, slices }: RolloutFacts): boolean {
  const slugs = new Set(slices.map(({ slug }) => slug));
  const chained = slices.some(({ row }) => row?.after.some((other) => slugs.has(other)));
  return declared !== null || (listed ?? []).some((slug) => slugs.has(slug)) || chained;
}

/** The slices in order: as listed, then as broken down, then as the roadmap has them. */
export function inOrder({ listed, breakdown, roadmap, slices }: RolloutFacts): SliceFacts[] {
  const order = [...new Set([...(listed ?? []), ...breakdown.todos, ...roadmap.map(({ slug }) => slug)])];
  // One that stands nowhere any more is history, if it is delivered.
  const place = ({ slug, delivered }: SliceFacts) =>
    order.includes(slug) ? order.indexOf(slug) : delivered === null ? order.length : -1;
  return [...slices].sort((a, b) => place(a) - place(b));
}

/** Judges the rollout. Contradictions in it are told by `rolloutProblems`. */
export function judgeRollout(facts: RolloutFacts): JudgedRollout {
  const ordered = isOrdered(facts);
  const inRow = inOrder(facts);
  const cutover = inRow.find(({ slug }) => slug === facts.declared?.cutover);
  const go = cutover ? decideGo({ slug: cutover.slug, delivered: cutover.delivered !== null }, facts.go) : null;
  const judged = inRow.map((slice, at) => {
    const before = ordered ? inRow.slice(0, at).filter(({ delivered }) => delivered === null) : [];
    // Where its own row waits for the slice before it, the row says all there is to say.
    const previous = before.at(-1)?.slug;
    const isNamed = previous === undefined || slice.undelivered.includes(previous);
    const gated = isNamed ? [] : before.map(({ slug }) => slug);
    const waits = [...new Set([...slice.undelivered, ...gated.slice(-1)])];
    const held = heldBackBy(slice, gated, go);
    return { slice, waits, held, reasons: reasonsAgainst(slice, held) };
  });
  const next = judged.find(({ reasons }) => reasons.length === 0);
  return {
    slug: facts.container.slug,
    ordered,
    slices: judged.map(({ slice, waits, held, reasons }) => {
      const stage = stageOf(slice, slice === next?.slice);
      return { facts: slice, stage, reasons, heldBack: held, nextAction: actionOf(slice, stage, reasons, waits, go) };
    }),
    next: next?.slice.slug ?? null,
    blockers: inRow.filter(({ delivered }) => delivered === null).flatMap(openBlockers),
    go,
  };
}

/** Judges a work item outside any rollout. */
export function judgeAlone(item: SliceFacts): JudgedSlice {
  const reasons = reasonsAgainst(item, []);
  const stage = stageOf(item, reasons.length === 0);
  return {
    facts: item,
    stage,
    reasons,
    heldBack: [],
    nextAction: actionOf(item, stage, reasons, item.undelivered, null),
  };
}

/** What the rollout of a slice has against building it, beside what the slice has itself; none for any other slug. */
export function heldBack(rollouts: readonly JudgedRollout[], slug: string): BuildProblem[] {
  return rollouts.flatMap(({ slices }) => slices.find(({ facts }) => facts.slug === slug)?.heldBack ?? []);
}

/** What keeps a slug from being dispatched because evidence for its rollout's cutover is missing; none for any other. */
export function cutoverBlockers(rollouts: readonly JudgedRollout[], slug: string): BuildProblem[] {
  return rollouts.flatMap(({ go }) => (go?.cutover === slug ? evidenceProblems(go) : []));
}

function evidenceProblems(go: GoDecision): BuildProblem[] {
  if (go.verdict !== 'no_go') return [];
  return go.points.flatMap(({ met, asks, missing }) =>
    met ? [] : [{ code: 'evidence_missing' as const, text: `no evidence yet that ${asks} (${missing.join('; ')})` }],
  );
}

function heldBackBy(slice: SliceFacts, gated: readonly string[], go: GoDecision | null): BuildProblem[] {
  if (slice.delivered !== null) return [];
  return [
    ...(gated.length > 0 ? [{ code: 'phase_gate' as const, text: `it comes after ${gated.join(', ')}` }] : []),
    ...(go?.cutover === slice.slug ? evidenceProblems(go) : []),
  ];
}

function reasonsAgainst(slice: SliceFacts, held: readonly BuildProblem[]): DispatchProblem[] {
  return slice.delivered === null ? [...slice.notBuildable, ...held] : [{ code: 'delivered', text: 'it is delivered' }];
}

function stageOf(slice: SliceFacts, isNext: boolean): Stage {
  if (slice.delivered !== null) return 'delivered';
  if (slice.build === 'complete') return 'built';
  if (slice.build === 'started') return 'building';
  return isNext ? 'next' : 'waiting';
}

function actionOf(
  slice: SliceFacts,
  stage: Stage,
  reasons: DispatchProblem[],
  waits: readonly string[],
  go: GoDecision | null,
): string {
  if (stage === 'delivered') return 'delivered';
  const has = (...codes: DispatchProblem['code'][]) => reasons.some(({ code }) => codes.includes(code));
  if (has('is_container')) return 'holds slices of its own, which are judged there';
  if (slice.missingPapers.length > 0) return `write ${slice.missingPapers.join(', ')}`;
  if (slice.verdict === null) return 'have its readiness judged';
  const remedies = slice.verdict.blockers.map(({ remedy }) => remedy);
  if (has('gate_not_passed', 'score_too_low'))
    return `${remedies.length > 0 ? remedies.join('; ') : 'mend what its gates name'}; then have it judged again`;
  if (has('evidence_missing')) {
    const points = go?.points ?? [];
    const met = points.filter((one) => one.met).length;
    const first = waits.length > 0 ? `after ${waits.join(', ')}, and ` : '';
    return `dispatch ${first}only after evidence of shadow parity (${met} of ${points.length} points met)`;
  }
  if (waits.length > 0) return `dispatch after the delivery of ${waits.join(', ')}`;
  if (stage === 'building') return 'is being built';
  if (stage === 'built') return 'is built: review it and hand it over';
  return stage === 'next' ? 'dispatch now, as the first slice to build' : 'may be built beside the one that is next';
}

function openBlockers({ slug, verdict }: SliceFacts): OpenBlocker[] {
  return (verdict?.blockers ?? []).map(({ gate, text, remedy }) => ({ slug, gate, text, remedy }));
}
