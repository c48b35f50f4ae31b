/**
 * What the log says of follow-ups: the work items that telec opens for blocked candidates. A pure fold beside the
 * candidates; it decides nothing about one of them and never looks at main.
 *
 * Invariants: a follow-up belongs to one candidate for good, and a candidate has one that is not delivered; what was
 * said before the newest block (an approval, a delivery, a landing) does not count for it.
 */
import type { DomainEvent, PayloadOf } from './events.ts';
import { SLUG_LENGTH_MAX } from './identity.ts';
import { foldReview, type ReviewStanding } from './readiness.ts';

/** A candidate as its follow-up names it. */
export interface FollowUpSource {
  slug: string;
  branch: string;
  sha: string;
}

export interface FollowUp {
  slug: string;
  source: FollowUpSource;
  /** Instant of the newest block, as its event has it; names the block. */
  blockedAt: string;
  /** Commit of main that brought it as the newest block left it; null while main does not have it so. */
  landed: string | null;
  /** Whether main was given its files and not seen without them since. */
  onMain: boolean;
  /** Reviews of it since the newest block. */
  review: ReviewStanding | null;
  /** Since the newest block it was delivered as a work item of its own. */
  delivered: boolean;
  /** A candidate of the source's slug came to main since; where that was not an older one, nothing is left to follow up. */
  over: boolean;
  /** Why the last attempt to bring it to main was given up; null when there was none since the newest block. */
  left: string | null;
}

/** What a commit does to a follow-up on main. */
export type FollowUpChange = NonNullable<PayloadOf<'integration.push.attempted'>['follow_ups']>[number];

/** The follow-ups after one more event; the same list when it concerns none of them. */
export function foldFollowUps(followUps: readonly FollowUp[], event: DomainEvent): readonly FollowUp[] {
  switch (event.type) {
    case 'deployment.failed':
      return blocked(followUps, event.payload);
    case 'integration.followup.landed': {
      const { slug, commit, change, blocked_at } = event.payload;
      return changed(
        followUps,
        (one) => one.slug === slug,
        (one) => {
          if (change === 'closed') return { ...one, onMain: false, left: null };
          const isNewest = blocked_at === one.blockedAt;
          return { ...one, onMain: true, ...(isNewest ? { landed: commit, left: null } : {}) };
        },
      );
    }
    case 'integration.followup.left': {
      const { follow_up_slug: slug, blocked_at, reason, detail } = event.payload;
      const isMeant = (one: FollowUp) => one.slug === slug && one.blockedAt === blocked_at;
      return changed(followUps, isMeant, (one) => ({ ...one, left: leftText(reason, detail) }));
    }
    case 'review.approved':
    case 'review.changes_requested': {
      const { slug, review_round: round } = event.payload;
      const verdict = event.type === 'review.approved' ? 'approved' : 'changes_requested';
      return changed(
        followUps,
        (one) => one.slug === slug,
        (one) => {
          return { ...one, review: foldReview(one.review, { round, verdict, sha: null }) };
        },
      );
    }
    case 'deployment.completed':
      return delivered(followUps, event.payload.slug);
    default:
      return followUps;
  }
}

/** The one text by which two reasons for leaving a follow-up behind are compared. */
export const leftText = (reason: string, detail: string): string => `${reason}: ${detail}`;

/** True when the log alone says that what blocked the source was seen to since the newest block. */
export function isResolvedByLog({ review, delivered }: FollowUp): boolean {
  return delivered || review?.verdict === 'approved';
}

function blocked(followUps: readonly FollowUp[], failure: PayloadOf<'deployment.failed'>): readonly FollowUp[] {
  const { slug, branch, sha, follow_up_slug: name, blocked_at: blockedAt } = failure;
  if (name === undefined) return followUps;
  const fresh = { blockedAt, landed: null, review: null, delivered: false, over: false, left: null };
  const known = followUps.find((one) => one.slug === name);
  if (!known) return [...followUps, { slug: name, source: { slug, branch, sha }, onMain: false, ...fresh }];
  const isSame = known.source.slug === slug && known.source.branch === branch && known.source.sha === sha;
  return isSame
    ? changed(
        followUps,
        (one) => one === known,
        (one) => ({ ...one, ...fresh }),
      )
    : followUps;
}

/** Whether main still has its files is another matter: that is told when it was looked at. */
function delivered(followUps: readonly FollowUp[], slug: string): readonly FollowUp[] {
  const after = changed(
    followUps,
    (one) => one.source.slug === slug,
    (one) => ({ ...one, over: true }),
  );
  return changed(
    after,
    (one) => one.slug === slug,
    (one) => ({ ...one, delivered: true }),
  );
}

function changed(
  followUps: readonly FollowUp[],
  isMeant: (one: FollowUp) => boolean,
  change: (one: FollowUp) => FollowUp,
): readonly FollowUp[] {
  return followUps.some(isMeant) ? followUps.map((one) => (isMeant(one) ? change(one) : one)) : followUps;
}

/**
 * The name of a follow-up: that of the work item with the beginning of the commit, cut so that it is a slug, and
 * numbered while `isTaken` says that something else has it.
 */
export function followUpSlug(slug: string, sha: string, isTaken: (name: string) => boolean): string {
  for (let number = 1; ; number += 1) {
    const tail = `-integration-blocked-${sha.slice(0, 7)}${number === 1 ? '' : `-${number}`}`;
    const name = slug.slice(0, SLUG_LENGTH_MAX - tail.length).replace(/-+$/, '') + tail;
    if (!isTaken(name)) return name;
  }
}

const NAME = /-integration-blocked-[0-9a-f]{7}(-\d+)?$/;

/** True for a name of that form. A follow-up stands in the group of its source, which makes no container of that. */
export function namesFollowUp(slug: string): boolean {
  return NAME.test(slug);
}
