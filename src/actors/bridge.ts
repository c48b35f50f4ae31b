/**
 * The hand-over of work as named calls: what a worker flow says at its milestones and what a session says at the end.
 * Each call makes one event through the producer and stamps it with the present; nothing is kept here.
 */
import type { Clock } from '../io/clock.ts';
import type { FenceProof } from '../io/redis/log.ts';
import type { PayloadOf } from '../machines/events.ts';
import type { EmitResult, NotificationProducer } from './producer.ts';

export interface Bridge {
  /** The review round of the slug ended in approval; with `sha` of that commit alone. */
  emitReviewApproved(slug: string, reviewerSessionId: string, reviewRound: number, sha?: string): Promise<EmitResult>;
  /** The work is final; `pushed` is the push of it as read from the remote. */
  emitDeploymentStarted(
    slug: string,
    branch: string,
    sha: string,
    workerSessionId: string,
    orchestratorSessionId: string,
    pushed?: PayloadOf<'branch.pushed'>,
  ): Promise<EmitResult>;
  /** The candidate is on main; needs the lease's proof. */
  emitDeploymentCompleted(
    slug: string,
    branch: string,
    sha: string,
    mergeCommit: string,
    proof: FenceProof,
    more?: Partial<Pick<PayloadOf<'deployment.completed'>, 'outcome' | 'receipt' | 'integrated_at'>>,
  ): Promise<EmitResult>;
  /** The candidate is blocked; needs the lease's proof. Without more it is a conflict. */
  emitDeploymentFailed(
    slug: string,
    branch: string,
    sha: string,
    conflictEvidence: string[],
    diagnostics: string[],
    nextAction: string,
    proof: FenceProof,
    more?: Partial<
      Pick<PayloadOf<'deployment.failed'>, 'kind' | 'blocked_at' | 'follow_up_slug' | 'evidence' | 'reproduce'>
    >,
  ): Promise<EmitResult>;
}

export function createBridge(producer: NotificationProducer, clock: Pick<Clock, 'now'>): Bridge {
  const now = () => new Date(clock.now()).toISOString();
  return {
    emitReviewApproved: (slug, reviewerSessionId, reviewRound, sha) =>
      producer.emit('review.approved', {
        slug,
        approved_at: now(),
        review_round: reviewRound,
        reviewer_session_id: reviewerSessionId,
        sha,
      }),
    emitDeploymentStarted: (slug, branch, sha, workerSessionId, orchestratorSessionId, pushed) =>
      producer.emit('deployment.started', {
        slug,
        branch,
        sha,
        worker_session_id: workerSessionId,
        orchestrator_session_id: orchestratorSessionId,
        ready_at: now(),
        pushed,
      }),
    emitDeploymentCompleted: (slug, branch, sha, mergeCommit, proof, more) =>
      producer.emit(
        'deployment.completed',
        {
          slug,
          branch,
          sha,
          merge_commit: mergeCommit,
          integrated_at: now(),
          outcome: 'merged',
          fence: proof.fence,
          ...more,
        },
        { proof },
      ),
    emitDeploymentFailed: (slug, branch, sha, conflictEvidence, diagnostics, nextAction, proof, more) =>
      producer.emit(
        'deployment.failed',
        {
          slug,
          branch,
          sha,
          conflict_evidence: conflictEvidence,
          diagnostics,
          next_action: nextAction,
          blocked_at: now(),
          kind: 'conflict',
          fence: proof.fence,
          ...more,
        },
        { proof },
      ),
  };
}
