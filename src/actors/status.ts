/**
 * `telec status` as a view, made from what the log says as a whole. Loads nothing, so that the short way to the answer
 * (see `glance.ts`) and the long one say the same at their own price.
 */
import type { LeaseRecord } from '../io/redis/lease.ts';
import type { Standing } from '../machines/standing.ts';
import type { HoldView, LeaseView, StatusView } from './client.ts';
import { permitView } from './guards/permit.ts';

export interface StatusParts
  extends Pick<StatusView, 'repo_id' | 'daemon' | 'guards' | 'stale' | 'counts' | 'tests' | 'surfaces' | 'log'> {
  standing: Standing;
  /** The session in this process, when there is one. */
  session: { state: string; id: string; candidate: string | null } | null;
  /** The environment of this process, or of the daemon that answers, keeps sessions to shadow. */
  narrowed: boolean;
  lease: { record: Omit<LeaseRecord, 'leaseToken'> | null; now: number };
}

/** Told where the log says live and nothing would be pushed all the same. */
const NARROWED = 'live by the log, but switches of the environment keep sessions to shadow';

export function statusView({ standing, session, lease, narrowed, ...parts }: StatusParts): StatusView {
  const integrator = session
    ? { state: session.state, session_id: session.id, candidate: session.candidate }
    : elsewhere(standing, lease);
  const { remote = 'origin', main = 'main' } = standing.configured ?? {};
  return {
    repo_id: parts.repo_id,
    main: { ref: `${remote}/${main}`, sha: standing.main },
    mode: standing.mode ?? 'shadow',
    hold: holdAt(standing, lease.now),
    daemon: parts.daemon,
    integrator,
    lease: leaseView(lease),
    rollback_required: standing.notLive?.rollbackRequired ?? false,
    mode_reason: standing.notLive?.why ?? (narrowed ? NARROWED : null),
    permit: permitView(standing, lease.now),
    guards: parts.guards,
    stale: parts.stale,
    counts: parts.counts,
    // What nobody works on is tested by nobody.
    tests: integrator.session_id === null ? { ...parts.tests, chain: [], running: 0 } : parts.tests,
    surfaces: parts.surfaces,
    log: parts.log,
  };
}

/** A session of which no more is known than that it began. */
const BEGUN = { state: 'reconciling', candidate: null };

/**
 * The session of another process, as far as its events tell; between two of them only that process knows more. That it
 * works is known while it holds the lease: one that crashed works on nothing, though the log has it until the next begins.
 */
function elsewhere({ session, trace }: Standing, { record, now }: StatusParts['lease']): StatusView['integrator'] {
  const works = session !== null && record?.ownerSessionId === session.id && record.expiresAt > now;
  if (!works) return { state: 'standby', session_id: null, candidate: null };
  const { state, candidate } = trace.session === session.id ? trace : BEGUN;
  return { state, session_id: session.id, candidate };
}

/** The hold as it binds at `now`: one whose time is over is lifted by whoever comes by next, and binds nobody till then. */
export function holdAt({ hold }: Pick<Standing, 'hold'>, now: number): HoldView | null {
  return hold?.until && Date.parse(hold.until) <= now ? null : hold;
}

export function leaseView({ record, now }: StatusParts['lease']): LeaseView | null {
  if (!record) return null;
  return {
    owner_session_id: record.ownerSessionId,
    fence: record.fence,
    acquired_at: instant(record.acquiredAt),
    renewed_at: instant(record.renewedAt),
    expires_at: instant(record.expiresAt),
    live: record.expiresAt > now,
  };
}

const instant = (ms: number): string => new Date(ms).toISOString();
