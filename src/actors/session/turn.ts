/**
 * What a session tells of the order: every candidate that it takes before older ones, and why. Told in the very append that
 * takes it, so that the log has no such step without its reason.
 */
import { OVERTAKEN_MAX } from '../../machines/events/turns.ts';
import { deviationOf } from '../../machines/priority.ts';
import type { CandidateRecord } from '../candidate-record.ts';
import type { Emission } from '../producer.ts';
import type { SessionWork } from './work.ts';

export const triplesOf = (overtaken: readonly { slug: string; branch: string; sha: string }[]) =>
  overtaken.slice(0, OVERTAKEN_MAX).map(({ slug, branch, sha }) => ({ slug, branch, sha }));

/** The event to go with the dequeue of the head of the queue as it is now; none where nobody older waits. */
export function deviationOfDequeue(work: SessionWork, head: CandidateRecord): Emission[] {
  const { repository, dispatcher } = work.parts;
  const deviation = deviationOf(
    repository.standing.priorities,
    head.context,
    repository.queue.map(({ context }) => context),
  );
  if (!deviation) return [];
  const { overtaken, slug: decided, setting } = deviation;
  const { slug, branch, sha, attempt } = head.context;
  const payload = {
    ...work.stamp(),
    slug,
    branch,
    sha,
    attempt: attempt + 1,
    as_of: dispatcher.appliedId,
    by: 'priority' as const,
    overtaken: triplesOf(overtaken),
    overtaken_count: overtaken.length,
    actor: setting.actor,
    reason: setting.reason,
    priority: { slug: decided, priority: setting.priority },
  };
  return [{ type: 'integration.order.deviated', payload }];
}
