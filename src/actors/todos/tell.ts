/**
 * The end of a review as an event: the one way by which it reaches the log, whoever marks it and however often. A round
 * ends once: its number makes the event's key, so that saying it again, at once or after a crash, adds nothing.
 */
import { EXIT, TelecError } from '../../errors.ts';
import type { TodoSnapshot } from '../../machines/todo.ts';
import { createBridge } from '../bridge.ts';
import { heard, type Opened } from '../commands/session.ts';
import { actorOf } from '../workspace.ts';

/**
 * Tells the newest round's end as the work item has it, unless the log knows that round already. Answers the entry ids.
 * Thrown: ROUND_TAKEN (1) when the log has another end of that round, EVENT_REFUSED (2) when it takes none of this.
 */
export async function tellReview({ host, context }: Opened, { value, context: todo }: TodoSnapshot): Promise<string[]> {
  const { slug, round } = todo;
  const approved = value === 'approved' || value === 'handedOff' || value === 'blocked';
  if ((!approved && value !== 'returned') || round === 0) return [];
  const told = host.repository.review(slug) ?? null;
  if (told !== null && told.round > round) return [];
  if (told !== null && told.round === round && (approved ? told.verdict === 'approved' : told.verdict !== 'approved'))
    return [];
  const { sessionId } = actorOf(context);
  const texts = todo.unresolved.filter(({ id }) => id.startsWith(`r${round}-`)).map(({ text }) => text);
  const result = approved
    ? await createBridge(host.producer, host.clock).emitReviewApproved(slug, sessionId, round)
    : await host.producer.emit('review.changes_requested', {
        slug,
        requested_at: new Date(host.clock.now()).toISOString(),
        review_round: round,
        reviewer_session_id: sessionId,
        findings: texts,
      });
  if (result.status === 'conflict') {
    throw new TelecError('ROUND_TAKEN', EXIT.domain, `review round ${round} of ${slug} has ended otherwise already`, {
      hint: `telec todo show ${slug}`,
      problems: result.problems,
    });
  }
  return heard(host, approved ? 'review.approved' : 'review.changes_requested', result);
}
