/**
 * Work items before their hand-over: what must be there before one may be built. Pure.
 */

/** What decides whether a work item may be built. */
export interface BuildFacts {
  slug: string;
  /** Papers that do not exist. */
  missingPapers: readonly string[];
  /** False for a follow-up: what it has to do is what keeps a candidate from main, and nobody judges that first. */
  needsGate: boolean;
  /** The verdict of its readiness gate; null when it was not judged. */
  dor: { status: string; score: number } | null;
  /** Slugs it waits for that are not delivered. */
  undelivered: readonly string[];
  /** It holds other work items and is no work itself. */
  isContainer: boolean;
  /** What the rollout it belongs to has against it. */
  heldBack: readonly BuildProblem[];
}

/** Why a work item may not be built: stable code, sentence for people. */
export interface BuildProblem {
  code:
    | 'is_container'
    | 'missing_papers'
    | 'not_gated'
    | 'score_too_low'
    | 'gate_not_passed'
    | 'waiting_for'
    | 'phase_gate'
    | 'evidence_missing';
  text: string;
}

/** Of 10. */
export const BUILD_SCORE_MIN = 8;

/** All reasons against building it, in a fixed order; none means that it may be built. */
export function buildProblems(facts: BuildFacts): BuildProblem[] {
  const { missingPapers, needsGate, undelivered, isContainer, heldBack } = facts;
  const dor = needsGate ? facts.dor : null;
  const problems: BuildProblem[] = [];
  if (isContainer)
    problems.push({ code: 'is_container', text: 'it is a container of other work items, not work itself' });
  if (missingPapers.length > 0)
    problems.push({ code: 'missing_papers', text: `papers are missing: ${missingPapers.join(', ')}` });
  if (needsGate && !dor) problems.push({ code: 'not_gated', text: 'its readiness was not judged yet' });
  if (dor && dor.score < BUILD_SCORE_MIN)
    problems.push({ code: 'score_too_low', text: `its readiness score is ${dor.score}, below ${BUILD_SCORE_MIN}` });
  if (dor && dor.status !== 'pass')
    problems.push({ code: 'gate_not_passed', text: `its readiness gate says ${dor.status}` });
  if (undelivered.length > 0) problems.push({ code: 'waiting_for', text: `it waits for ${undelivered.join(', ')}` });
  return [...problems, ...heldBack];
}
