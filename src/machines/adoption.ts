/**
 * Deliveries begun under an older flow: whether one may be adopted, why not, and what the log has to be told of it.
 * Pure; what git and the files say comes in as facts.
 */
import { branchProblem, parseInstant, SHA_PATTERN } from './identity.ts';
import type { ReviewStanding } from './readiness.ts';

/** How far ahead of the log's clock an instant may lie, ms. */
const AHEAD_MAX_MS = 5 * 60_000;

/** What is known of one delivery. */
export interface AdoptionFacts {
  slug: string;
  branch: string;
  /** Head of the branch in the clone. */
  head: string;
  /** Head of the branch on the remote; null when it has none. */
  pushedHead: string | null;
  /** Commit that was handed over; null when only the branch says. */
  sha: string | null;
  readyAt: string | null;
  /** The older flow's review approved it, in this round. */
  approvedRound: number | null;
  /** Changed paths of its work tree beside its own state file; null when git cannot tell. */
  changed: readonly string[] | null;
  /** It is on main, by its commit or by the list of what is delivered. */
  isOnMain: boolean;
  /** What the log knows of its slug's review. */
  review: ReviewStanding | null;
  /** What the log knows of the triple; null for nothing. */
  known: { pushed: boolean; isFinal: boolean } | null;
  /** The log has a delivery of the slug that ranks higher. */
  isOutranked: boolean;
  now: number;
}

/** Types of the events that adoption tells. */
export type Missing = 'review.approved' | 'branch.pushed' | 'deployment.started';

export interface AdoptionReason {
  code:
    | 'bad_branch'
    | 'bad_sha'
    | 'bad_ready_at'
    | 'not_clean'
    | 'head_moved'
    | 'not_pushed'
    | 'not_reviewed'
    | 'review_elsewhere'
    | 'newer_delivery';
  text: string;
}

export type AdoptionJudgement =
  | { kind: 'already_known' }
  | { kind: 'not_adoptable'; reasons: AdoptionReason[] }
  | { kind: 'adoptable'; missing: Missing[]; reviewRound: number };

const short = (sha: string) => sha.slice(0, 12);

/** What is to be done about one delivery; all reasons against it are named. */
export function judgeAdoption(facts: AdoptionFacts): AdoptionJudgement {
  const { known, isOnMain } = facts;
  if (isOnMain || known?.isFinal) return { kind: 'already_known' };
  const reviewRound = facts.approvedRound ?? 1;
  const missing: Missing[] = [];
  const isApproved = boundTo(facts);
  if (!isApproved) missing.push('review.approved');
  if (!known?.pushed) missing.push('branch.pushed');
  if (!known) missing.push('deployment.started');
  if (missing.length === 0) return { kind: 'already_known' };
  const reasons = [...wrongNames(facts), ...wrongPlace(facts), ...(isApproved ? [] : wrongReview(facts, reviewRound))];
  if (!known && facts.isOutranked)
    reasons.push({ code: 'newer_delivery', text: 'the log has a newer delivery of the slug' });
  return reasons.length > 0 ? { kind: 'not_adoptable', reasons } : { kind: 'adoptable', missing, reviewRound };
}

/** Whether the log's newest review approves this very commit. */
function boundTo({ review, head }: AdoptionFacts): boolean {
  return review?.verdict === 'approved' && (review.sha === null || review.sha === head);
}

function wrongNames({ branch, sha, readyAt, now }: AdoptionFacts): AdoptionReason[] {
  const reasons: AdoptionReason[] = [];
  const problem = branchProblem(branch);
  if (problem) reasons.push({ code: 'bad_branch', text: `the name of its branch ${problem}` });
  if (sha !== null && !SHA_PATTERN.test(sha))
    reasons.push({ code: 'bad_sha', text: 'the commit that was handed over is no full commit id' });
  const at = readyAt === null ? now : parseInstant(readyAt);
  if (at === null) reasons.push({ code: 'bad_ready_at', text: 'the moment of its hand-over is no instant' });
  else if (at > now + AHEAD_MAX_MS)
    reasons.push({ code: 'bad_ready_at', text: 'the moment of its hand-over lies in the future' });
  return reasons;
}

function wrongPlace({ head, pushedHead, sha, changed }: AdoptionFacts): AdoptionReason[] {
  const reasons: AdoptionReason[] = [];
  if (changed === null) reasons.push({ code: 'not_clean', text: 'git cannot tell whether its work tree is clean' });
  else if (changed.length > 0) {
    const more = changed.length > 3 ? ` and ${changed.length - 3} more` : '';
    const named = changed.slice(0, 3).join(', ');
    reasons.push({ code: 'not_clean', text: `its work tree has changes that no commit has: ${named}${more}` });
  }
  if (sha !== null && SHA_PATTERN.test(sha) && sha !== head) {
    const text = `its branch is at ${short(head)}, handed over was ${short(sha)}`;
    reasons.push({ code: 'head_moved', text });
  }
  if (pushedHead !== head) {
    const there = pushedHead === null ? 'is not on the remote' : `is at ${short(pushedHead)} on the remote`;
    reasons.push({ code: 'not_pushed', text: `its branch ${there}, here at ${short(head)}` });
  }
  return reasons;
}

function wrongReview({ approvedRound, review }: AdoptionFacts, round: number): AdoptionReason[] {
  if (approvedRound === null) return [{ code: 'not_reviewed', text: 'no review has approved it' }];
  if (review === null || review.round < round) return [];
  const verdict = review.verdict === 'approved' ? 'approves another commit' : 'asks for changes';
  return [{ code: 'review_elsewhere', text: `round ${review.round} of its review in the log ${verdict}` }];
}
