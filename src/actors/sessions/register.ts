/**
 * The register of sessions as this machine sees it: rows for people, who was dispatched, and which of the sessions that
 * the log takes for running have no process any more.
 */
import { hostname } from 'node:os';
import { processMark } from '../../io/process.ts';
import type { SessionEntry } from '../../machines/session-book.ts';
import { KIND_OF_COMMAND } from '../../machines/session-kinds.ts';
import type { Host } from '../host.ts';
import { leaseView } from '../status.ts';
import type { SessionDesk, SessionRow } from './views.ts';

/** Sessions that are over and shown without being asked for. */
const RECENT = 20;

/** True when the session's process was on this machine and is no more. */
export function isGone(entry: SessionEntry): boolean {
  if (entry.endedAt !== null || entry.pid === null || entry.host !== hostname()) return false;
  const mark = processMark(entry.pid);
  return mark === null || (entry.mark !== null && mark !== entry.mark);
}

/** The rows of the register, the newest first. Reads the lease for the integrator's: it alone says who integrates. */
export async function sessionRows(host: Host, filter: Parameters<SessionDesk['list']>[0]): Promise<SessionRow[]> {
  const lease = leaseView(await host.leases.read());
  const holder = lease?.live ? lease.owner_session_id : null;
  const rows = host.repository.sessions
    .filter(({ role }) => filter.role === undefined || role === filter.role)
    .map((entry) => rowOf(entry, holder))
    .reverse();
  if (filter.all) return rows;
  let over = 0;
  return rows.filter(({ state }) => {
    if (state !== 'ended') return true;
    over += 1;
    return over <= RECENT;
  });
}

function rowOf(entry: SessionEntry, holder: string | null): SessionRow {
  const { id, role, kind, reason, project, command, host, pid, parent, candidate, checkpoint } = entry;
  // Of a run of the integrator the lease is the life; it has no process of its own.
  const isRun = kind === 'integrator' && parent === null;
  const lives = isRun ? holder === id : !isGone(entry);
  return {
    id,
    role,
    kind,
    state: entry.endedAt !== null ? 'ended' : lives ? 'running' : 'gone',
    started_at: entry.startedAt,
    ended_at: entry.endedAt,
    reason,
    project,
    command,
    host,
    pid,
    parent,
    candidate,
    checkpoint: checkpoint && {
      completed: checkpoint.completed,
      blocked: checkpoint.blocked,
      superseded: checkpoint.superseded,
      duration_ms: checkpoint.durationMs,
      last_log_id: checkpoint.lastLogId,
      outcome: checkpoint.outcome,
    },
  };
}

export function findSession(host: Host, id: string): SessionEntry | undefined {
  return host.repository.sessions.find((entry) => entry.id === id);
}

/**
 * Whether the session was started for that work-flow command (`next-prepare-gate`), by somebody else. What the register
 * does not know was not.
 */
export function wasDispatched(host: Host, sessionId: string, command: string): boolean {
  const entry = findSession(host, sessionId);
  if (!entry || entry.command === null || entry.parent === null || entry.parent === sessionId) return false;
  return Object.hasOwn(KIND_OF_COMMAND, command) && KIND_OF_COMMAND[command] === entry.kind;
}
