/**
 * Two orders, each in one place: the queue's (who goes first) and a slug's rank (who supersedes whom). Pure.
 */
import { compareText } from './identity.ts';

export interface Placed {
  slug: string;
  branch: string;
  sha: string;
  /** Instant of readiness, ms since the epoch: offsets are gone, so equal instants are equal. */
  readyAtMs: number;
}

/** First in, first out by instant; slug, branch and sha break ties so that the order is total. */
export function compareQueue(a: Placed, b: Placed): number {
  return (
    a.readyAtMs - b.readyAtMs ||
    compareText(a.slug, b.slug) ||
    compareText(a.branch, b.branch) ||
    compareText(a.sha, b.sha)
  );
}

/** The rank among candidates of one slug: the greatest wins, the others are superseded. */
export function compareRank(a: Placed, b: Placed): number {
  return a.readyAtMs - b.readyAtMs || compareText(a.branch, b.branch) || compareText(a.sha, b.sha);
}

/** True when `other` takes the place of `own`, both of one slug. A candidate never outranks itself, whatever instant it is told again with. */
export function outranks(other: Placed, own: Placed): boolean {
  return (other.branch !== own.branch || other.sha !== own.sha) && compareRank(other, own) > 0;
}
