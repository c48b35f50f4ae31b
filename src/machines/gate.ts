/**
 * The readiness gate of a work item: which verdicts hang together and which contradict themselves. Pure.
 */
import { BUILD_SCORE_MIN } from './todo.ts';

/** From here on a work item needs work; below it, a decision. Of 10. */
export const WORK_SCORE_MIN = 7;
const SCORE_MAX = 10;

export const GATE_STATUSES = ['pass', 'needs_work', 'needs_decision'] as const;

/** A verdict on a work item as a whole. */
export interface GateVerdict {
  status: string;
  score: number;
  gates: readonly { name: string; verdict: string; reason: string }[];
  blockers: readonly { gate: string | null; text: string; remedy: string }[];
}

/** Why the verdict cannot stand: what it is about, and a sentence. None: it holds together. */
export interface VerdictProblem {
  about: string;
  text: string;
}

/** All contradictions of a verdict, in a fixed order. `names` are the gates there are; a pass needs each judged. */
export function verdictProblems(verdict: GateVerdict, names: readonly string[]): VerdictProblem[] {
  const { status, score, gates, blockers } = verdict;
  const problems: VerdictProblem[] = [];
  const say = (about: string, text: string) => problems.push({ about, text });
  const isScore = Number.isInteger(score) && score >= 0 && score <= SCORE_MAX;
  if (!isScore) say('score', `is no whole number from 0 to ${SCORE_MAX}`);
  if (!GATE_STATUSES.some((known) => known === status)) say('status', `is none of ${GATE_STATUSES.join(', ')}`);
  if (status === 'pass') {
    if (isScore && score < BUILD_SCORE_MIN) say('score', `a pass needs ${BUILD_SCORE_MIN} or more, it is ${score}`);
    for (const { name, verdict: said } of gates) if (said === 'fail') say(name, 'fails, so this is no pass');
    const missing = names.filter((name) => !gates.some((gate) => gate.name === name));
    if (missing.length > 0) say('gates', `a pass needs all of them judged; missing: ${missing.join(', ')}`);
    for (const { gate, text } of blockers) say(gate ?? 'blockers', `stands in the way of a pass: ${text}`);
  }
  if (status === 'needs_work' && isScore && score < WORK_SCORE_MIN)
    say('status', `a score below ${WORK_SCORE_MIN} means needs_decision, it is ${score}`);
  if ((status === 'needs_work' || status === 'needs_decision') && blockers.length === 0)
    say('blockers', `${status} needs at least one, with its gate and its remedy`);
  for (const { gate, text } of blockers) {
    if (gates.some(({ name, verdict: said }) => name === gate && said === 'pass'))
      say(gate ?? '', `passes, and yet has a blocker: ${text}`);
  }
  return problems;
}
