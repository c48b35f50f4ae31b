/**
 * What the log of a repository says to a rollout: what was delivered and approved. Asks a log that is folded already and
 * opens none; `read-log.ts` does.
 */
import { PARITY_MIN_DEFAULT } from '../../io/config-schema.ts';
import { evidenceOf, type LogEvidence, noEvidence } from '../modes/evidence.ts';
import type { Repository } from '../repository.ts';

export interface RolloutLog {
  /** `none`: the clone is not registered. `unreachable`: it is, and the log cannot be read now. */
  state: 'read' | 'none' | 'unreachable';
  /** Why it cannot be read. */
  fault: unknown;
  /** Null until telec was set up. */
  mode: 'live' | 'shadow' | null;
  /** What it shows for a cutover. */
  evidence: LogEvidence;
  /** Where the delivery of a slug stands; null while it is not delivered. */
  delivered(slug: string): string | null;
  /** Where the approval of a slug stands; null while its newest review is none. */
  approved(slug: string): string | null;
}

/** A log that says nothing. */
export function silentLog(state: 'none' | 'unreachable', fault: unknown = null): RolloutLog {
  const evidence = noEvidence(PARITY_MIN_DEFAULT);
  return { state, fault, mode: null, evidence, delivered: () => null, approved: () => null };
}

/** The log as it is folded. `parityMin`: as configured. */
export function logOf(repository: Repository, parityMin: number = PARITY_MIN_DEFAULT): RolloutLog {
  return {
    state: 'read',
    fault: null,
    mode: repository.standing.mode,
    evidence: evidenceOf(repository.standing, { deliveries: repository.counts().completed, parityMin }),
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
