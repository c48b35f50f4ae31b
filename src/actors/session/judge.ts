/** In shadow: what a live session would do with a candidate, told to the log; nothing of the remote changes. */
import type { JudgeOutcome, Taken } from '../../machines/effects.ts';
import type { SessionWork } from './work.ts';

/** Judges the candidate on main as it is, and on top of those before it. */
export async function judgeCandidate(
  _work: SessionWork,
  _input: { candidate: Taken; base: string },
): Promise<JudgeOutcome> {
  return { kind: 'judged' };
}
