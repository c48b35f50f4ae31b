/**
 * What the log of a repository says to a rollout: what was delivered and approved. Asks a log that is folded already and
 * opens none; `read-log.ts` does.
 */
import type { Repository } from '../repository.ts';

export interface RolloutLog {
  /** `none`: the clone is not registered. `unreachable`: it is, and the log cannot be read now. */
  state: 'read' | 'none' | 'unreachable';
  /** Why it cannot be read. */
  fault: unknown;
  /** Null until telec was set up. */
  mode: 'live' | 'shadow' | null;
  /** Number of candidates that are on main. */
  deliveries: number;
  /** Where the delivery of a slug stands; null while it is not delivered. */
  delivered(slug: string): string | null;
  /** Where the approval of a slug stands; null while its newest review is none. */
  approved(slug: string): string | null;
}

/** A log that says nothing. */
export function silentLog(state: 'none' | 'unreachable', fault: unknown = null): RolloutLog {
  return { state, fault, mode: null, deliveries: 0, delivered: () => null, approved: () => null };
}

/** The log as it is folded. */
export function logOf(repository: Repository): RolloutLog {
  return {
    state: 'read',
    fault: null,
    mode: repository.standing.mode,
    deliveries: repository.counts().completed,
    delivered(slug) {
      const record = repository.ofSlug(slug).findLast(({ state }) => state === 'completed');
      const delivery = record?.context.delivery;
      return delivery ? `the log: merged as ${delivery.merge_commit.slice(0, 12)}` : null;
    },
    approved(slug) {
      const review = repository.review(slug);
      return review?.verdict === 'approved' ? `the log: review round ${review.round} approved it` : null;
    },
  };
}
