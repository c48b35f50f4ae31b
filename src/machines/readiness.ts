/**
 * When is a candidate ready? One predicate with reason codes, used by the candidate machine, `telec why` and every
 * surface, so all of them say the same words. Pure.
 */

/** The highest review round of a slug: within a round a request for changes wins over an approval. */
export interface ReviewStanding {
  round: number;
  verdict: 'approved' | 'changes_requested';
  /** An approval that names a commit binds only that commit. */
  sha: string | null;
}

/** What git said about a candidate when it was last probed. */
export interface ProbedFacts {
  reachable: boolean;
  integrated: boolean;
  /** Slugs named by the roadmap's `after:` on main that are not delivered yet. */
  undelivered: string[];
}

/** Everything readiness depends on. */
export interface ReadinessInput {
  sha: string;
  review: ReviewStanding | null;
  pushed: boolean;
  facts: ProbedFacts | null;
}

export type ReasonCode =
  | 'missing_review_approved'
  | 'approval_for_other_sha'
  | 'missing_deployment_started'
  | 'missing_branch_pushed'
  | 'not_probed'
  | 'sha_not_reachable'
  | 'already_integrated'
  | 'waiting_for';

export interface Reason {
  code: ReasonCode;
  text: string;
}

/** What ends the wait for a reason: the event that satisfies it (null: no event, a person must act) and who may emit it. */
export const REASON_ENDS: Record<ReasonCode, { event: string | null; who: string }> = {
  missing_review_approved: { event: 'review.approved', who: 'a reviewer (telec submit, or telec events emit)' },
  approval_for_other_sha: { event: 'review.approved', who: 'a reviewer, naming this commit or none' },
  missing_deployment_started: { event: 'deployment.started', who: 'the worker or its orchestrator (telec submit)' },
  missing_branch_pushed: { event: 'branch.pushed', who: 'the worker, after pushing the branch' },
  not_probed: { event: 'integration.candidate.probed', who: 'telec (the daemon or the next session)' },
  sha_not_reachable: {
    event: 'integration.candidate.probed',
    who: 'the worker, by pushing the branch so that it contains the commit',
  },
  already_integrated: { event: 'deployment.completed', who: 'the next integrator session' },
  waiting_for: { event: 'integration.candidate.probed', who: 'the integrator, once the dependency is delivered' },
};

/**
 * The conditions that fail, in the contract's order; empty means ready. While no push is reported the facts of git
 * are not asked for, so they are not listed.
 */
export function readinessReasons(input: ReadinessInput): Reason[] {
  const reasons: Reason[] = [];
  const { review, facts } = input;
  if (review?.verdict !== 'approved') {
    const text = review
      ? `review round ${review.round} asks for changes; an approval in a later round is needed`
      : 'no review has approved it yet';
    reasons.push({ code: 'missing_review_approved', text });
  } else if (review.sha !== null && review.sha !== input.sha) {
    const text = `review round ${review.round} approved ${review.sha.slice(0, 12)}, not this commit`;
    reasons.push({ code: 'approval_for_other_sha', text });
  }
  if (!input.pushed) {
    reasons.push({ code: 'missing_branch_pushed', text: 'no push of this branch at this commit was reported' });
  } else if (facts === null) {
    reasons.push({ code: 'not_probed', text: 'the remote has not been asked about this commit yet' });
  } else {
    if (!facts.reachable) {
      reasons.push({ code: 'sha_not_reachable', text: 'the branch on the remote does not contain this commit' });
    }
    if (facts.integrated) {
      reasons.push({ code: 'already_integrated', text: 'this commit is on main already' });
    }
  }
  for (const slug of facts?.undelivered ?? []) {
    reasons.push({ code: 'waiting_for', text: `waits for ${slug} to be delivered` });
  }
  return reasons;
}

/** The standing after one more review event of the slug. */
export function foldReview(standing: ReviewStanding | null, next: ReviewStanding): ReviewStanding {
  if (standing === null || next.round > standing.round) return next;
  if (next.round < standing.round) return standing;
  return next.verdict === 'changes_requested' ? next : standing;
}
