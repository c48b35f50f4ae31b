/**
 * Whether there is anything for a session to do. In shadow each candidate is judged once on each main, so a drained
 * queue stays full and is no work. Reads the fold alone.
 */
import { owesEnd } from '../machines/standing.ts';
import { needsSession } from './candidate-record.ts';
import { needFollowUpSession } from './follow-ups.ts';
import type { Repository } from './repository.ts';
import { isJudgedOn } from './shadow-record.ts';

/** `seenMain`: main of the remote as it was just seen, when somebody looked. */
export function isWorkDue(repository: Repository, mode: 'live' | 'shadow' | null, seenMain: string | null): boolean {
  const { standing, queue } = repository;
  if (mode === null || standing.mode === null || standing.hold) return false;
  if (owesEnd(standing) || repository.live().some((record) => needsSession(record, mode))) return true;
  if (mode === 'live') return queue.length > 0 || standing.openPushes.length > 0 || needFollowUpSession(repository);
  const hasMoved = seenMain !== null && seenMain !== standing.main;
  return hasMoved || queue.some((record) => !isJudgedOn(record, standing.main));
}
