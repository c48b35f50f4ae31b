/**
 * Follow-ups as the fold knows them, beside the candidates they were opened for: which are still to be brought to main,
 * which wait for somebody. Reads only.
 */
import type { FollowUp, FollowUpChange } from '../machines/follow-up.ts';
import { isResolvedByLog } from '../machines/follow-up.ts';
import { type CandidateKey, candidateKey } from '../machines/identity.ts';
import type { CandidateRecord } from './candidate-record.ts';
import type { Repository } from './repository.ts';

/** A follow-up that main does not have as the log says it should be. */
export interface DueFollowUp {
  followUp: FollowUp;
  change: FollowUpChange['change'];
  /** The candidate it was opened for, in its newest generation. */
  record: CandidateRecord;
}

/** A follow-up that waits for somebody, as lists show it. */
export interface OpenFollowUp {
  slug: string;
  /** Key of the blocked candidate. */
  source: CandidateKey;
  /** Commit of main that brought it; null while it stands in the log alone. */
  landed: string | null;
  blocked_at: string;
  /** The log says that it is resolved: the candidate can be resumed. */
  resolved: boolean;
  next_action: string;
}

/** All that the next push of follow-ups has to bring, in the order in which they were opened. */
export function dueFollowUps(repository: Repository): DueFollowUp[] {
  return repository.standing.followUps.flatMap((followUp): DueFollowUp[] => {
    const record = repository.find(candidateKey(followUp.source));
    if (!record) return [];
    const isFinal = record.state === 'completed' || record.state === 'superseded';
    if (isFinal) return followUp.over && followUp.onMain ? [{ followUp, record, change: 'closed' }] : [];
    // Delivered since the block, it has nothing left to say on main, where its row and folder would be planned again.
    if (followUp.landed !== null || followUp.delivered || !isBlockedBy(record, followUp)) return [];
    return [{ followUp, record, change: followUp.onMain ? 'reopened' : 'opened' }];
  });
}

/** Work for a session of its own: due, and not given up by an earlier one, which would only fail again. */
export function needFollowUpSession(repository: Repository): boolean {
  return dueFollowUps(repository).some(({ followUp }) => followUp.left === null);
}

/** The follow-ups of candidates that are blocked now. */
export function openFollowUps(repository: Repository): OpenFollowUp[] {
  return repository.standing.followUps.flatMap((followUp): OpenFollowUp[] => {
    const record = repository.find(candidateKey(followUp.source));
    if (!record || !isBlockedBy(record, followUp)) return [];
    const { slug, landed, blockedAt: blocked_at } = followUp;
    const resolved = isResolvedByLog(followUp);
    const next_action = resolved ? `telec resume ${slug}` : (record.context.failure?.next_action ?? '');
    return [{ slug, source: record.key, landed, blocked_at, resolved, next_action }];
  });
}

/** The follow-up of that name; undefined when the log knows none. */
export function findFollowUp(repository: Repository, slug: string): FollowUp | undefined {
  return repository.standing.followUps.find((one) => one.slug === slug);
}

/** The follow-up that a blocked candidate waits for; undefined for one that is not blocked or has none. */
export function followUpOf(repository: Repository, record: CandidateRecord): FollowUp | undefined {
  return repository.standing.followUps.find(
    (one) => candidateKey(one.source) === record.key && isBlockedBy(record, one),
  );
}

/** True while the candidate is blocked and the follow-up was (re)opened for this very block. */
function isBlockedBy({ state, context }: CandidateRecord, { slug, blockedAt }: FollowUp): boolean {
  const { failure } = context;
  return state === 'blocked' && failure?.follow_up_slug === slug && failure.blocked_at === blockedAt;
}
