/**
 * Rollouts in the shapes of `--json` (docs/cli.md), and the interface by which commands ask for them. Types, and the
 * one way from what was judged to what is shown.
 */
import type { JudgedRollout, JudgedSlice, OpenBlocker, RolloutFacts, Stage } from '../../machines/rollout.ts';
import type { RolloutProblem } from '../../machines/rollout-checks.ts';
import type { GoDecision } from '../../machines/rollout-evidence.ts';
import { BUILD_SCORE_MIN } from '../../machines/todo.ts';

/** One gate of a work item. `reason` is empty where nobody judged it. */
export interface GateRow {
  name: string;
  verdict: 'pass' | 'fail' | 'unjudged';
  reason: string;
}

export interface SliceView {
  slug: string;
  stage: Stage;
  /** Where its delivery stands; null while it is not delivered. */
  delivered: string | null;
  artifacts: { complete: boolean; missing: string[] };
  /** The verdict of its readiness gate; null while nobody judged it. */
  status: string | null;
  score: number | null;
  drafted_by: string | null;
  judged_by: string | null;
  /** `dispatched` or `direct`; see docs/rollout.md. */
  via: string | null;
  /** All gates, in their order. */
  gates: GateRow[];
  blockers: { gate: string | null; text: string; remedy: string }[];
  /** Why it may not be built now; none means that it may. */
  reasons: { code: string; text: string }[];
  next_action: string;
}

export interface RolloutView {
  slug: string;
  /** Whether its slices follow one another. */
  ordered: boolean;
  status: string | null;
  score: number | null;
  /** Whether its slices may be dispatched in order; if not, why. */
  ready: boolean;
  not_ready: string[];
  slices: SliceView[];
  /** The slice to work on now; null when none may be. */
  next: string | null;
  /** Open points of slices that are not delivered. */
  blockers: OpenBlocker[];
  go: GoDecision | null;
  problems: RolloutProblem[];
}

export interface RolloutStatusView {
  /** Whether the log was read: `none` in a clone that telec is not set up in. */
  log: 'read' | 'none' | 'unreachable';
  mode: 'live' | 'shadow' | null;
  /** False when anything contradicts itself or is missing. */
  consistent: boolean;
  rollouts: RolloutView[];
  /** Problems of the work tree as a whole. */
  problems: RolloutProblem[];
}

export interface GateView extends SliceView {
  /** The rollout it belongs to, if any. */
  rollout: string | null;
  may_be_built: boolean;
  /** Of a cutover slice: whether the cutover may go. */
  go: GoDecision | null;
  problems: RolloutProblem[];
}

export interface ReportView {
  slug: string;
  /** The report as Markdown. */
  text: string;
  /** Files that changed, as paths from the top of the work tree. */
  written: string[];
  /** The work item that gathers what is missing; null when none was asked for. */
  follow_up: string | null;
}

export interface ReportRequest {
  slug: string;
  write: boolean;
  followUp: boolean;
}

/** The rollouts of one work tree. Every method reads the files anew; the log was read when it was opened. */
export interface RolloutDesk {
  /** Thrown: UNSAFE_PATH (2). */
  status(): RolloutStatusView;
  /** Thrown: NOT_FOUND (1). */
  gate(slug: string): GateView;
  /** Thrown: NOT_FOUND, NOTHING_MISSING, NO_FOLDER (1), REPORT_MARKS, UNSAFE_PATH (2), what keeps the log from being read (3). */
  report(request: ReportRequest): ReportView;
}

export function sliceView(slice: JudgedSlice, gates: readonly string[]): SliceView {
  const { facts, stage, reasons, nextAction } = slice;
  const { slug, delivered, missingPapers, verdict, drafter } = facts;
  return {
    slug,
    stage,
    delivered,
    artifacts: { complete: missingPapers.length === 0, missing: [...missingPapers] },
    status: verdict?.status ?? null,
    score: verdict?.score ?? null,
    drafted_by: drafter,
    judged_by: verdict?.session ?? null,
    via: verdict?.via ?? null,
    gates: gates.map((name) => {
      const gate = verdict?.gates.find((one) => one.name === name);
      return {
        name,
        verdict: gate ? (gate.verdict === 'pass' ? 'pass' : 'fail') : 'unjudged',
        reason: gate?.reason ?? '',
      };
    }),
    blockers: (verdict?.blockers ?? []).map(({ gate, text, remedy }) => ({ gate, text, remedy })),
    reasons,
    next_action: nextAction,
  };
}

export function rolloutView(facts: RolloutFacts, judged: JudgedRollout, problems: RolloutProblem[]): RolloutView {
  const { verdict, delivered } = facts.container;
  const not_ready = [
    ...(verdict === null && delivered === null ? ['nobody judged the readiness of the rollout itself'] : []),
    ...(verdict && verdict.status !== 'pass' ? [`its readiness gate says ${verdict.status}`] : []),
    ...(verdict && verdict.score < BUILD_SCORE_MIN
      ? [`its readiness score is ${verdict.score}, below ${BUILD_SCORE_MIN}`]
      : []),
    ...problems.map(({ slug, text }) => `${slug}: ${text}`),
  ];
  return {
    slug: judged.slug,
    ordered: judged.ordered,
    status: verdict?.status ?? null,
    score: verdict?.score ?? null,
    ready: not_ready.length === 0,
    not_ready,
    slices: judged.slices.map((slice) => sliceView(slice, facts.gates)),
    next: judged.next,
    blockers: judged.blockers,
    go: judged.go,
    problems,
  };
}
