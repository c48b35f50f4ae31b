/**
 * The status of a moment of the past. What the log tells is as it was then: counts, hold, mode, main, lease, the session
 * and its state. What no log holds is as little as can be said: there was no daemon to ask, nothing is known of guards,
 * and of a lease only who was granted it.
 */
import type { StatusView } from '../client.ts';
import { statusView } from '../status.ts';
import { aroundNow } from '../status-now.ts';
import { testsView } from '../tests/shown.ts';
import type { Look } from './look.ts';
import type { PastFold } from './past.ts';
import type { Moment } from './views.ts';

export function lookThen(repoId: string, { repository, notifications, stale }: PastFold, moment: Moment): Look {
  const now = moment.at ?? new Date(0).toISOString();
  const status = statusThen(repoId, { repository, stale }, moment, Date.parse(now));
  return { repository, notifications, status, around: aroundNow({ repository }, status, false), moment, now };
}

function statusThen(
  repo_id: string,
  { repository, stale }: Pick<PastFold, 'repository' | 'stale'>,
  { id, length }: Moment,
  now: number,
): StatusView {
  const { standing } = repository;
  const { session, state, candidate, lease } = standing.trace;
  const status = statusView({
    repo_id,
    standing,
    narrowed: false,
    counts: repository.counts(),
    tests: testsView(repository, null),
    session: session === null ? null : { id: session, state, candidate },
    daemon: { running: false, pid: null, since: null, web: null },
    surfaces: [],
    guards: { in_force: false, missing: [], mend: null },
    lease: { record: null, now },
    stale,
    log: { last_id: id, applied_id: id, length, dead: 0, state: 'intact' },
  });
  return { ...status, lease: lease && leaseThen(lease, new Date(now).toISOString()) };
}

/** Renewals are in no log: that it was granted and not given back is all that is known of its time. */
function leaseThen(
  { owner, fence, acquiredAt }: { owner: string; fence: number; acquiredAt: string },
  now: string,
): StatusView['lease'] {
  return {
    owner_session_id: owner,
    fence,
    acquired_at: acquiredAt,
    renewed_at: acquiredAt,
    expires_at: now,
    live: true,
  };
}
