/**
 * The register of sessions as the log tells it: those of the integrator and those of all other roles in one book. A pure
 * fold beside the candidates. Whether a process still lives is for who reads to find out; the book knows what was said.
 *
 * Invariant: it does not grow without end: of sessions that are over the newest are kept.
 */
import type { DomainEvent } from './events.ts';
import { candidateKey } from './identity.ts';
import type { Role } from './permissions.ts';
import type { SessionKind } from './self-end.ts';

/** Sessions that are over and still known. */
export const ENDED_MAX = 200;
/** Hand-overs remembered of one session. */
const HAND_OVERS_MAX = 100;

/** What an integrator says of itself when it ends. */
export interface Checkpoint {
  completed: number;
  blocked: number;
  superseded: number;
  durationMs: number;
  lastLogId: string;
  outcome: string;
}

export interface SessionEntry {
  id: string;
  role: Role;
  kind: SessionKind;
  startedAt: string;
  /** Null while it runs, as far as the log knows. */
  endedAt: string | null;
  /** Code of why it ended. */
  reason: string | null;
  project: string | null;
  command: string | null;
  host: string;
  /** Its process on `host`; null when it has none of its own. */
  pid: number | null;
  mark: string | null;
  /** Who started it. */
  parent: string | null;
  /** Key of the candidate that woke it. */
  candidate: string | null;
  checkpoint: Checkpoint | null;
  /** Keys of the candidates it handed over. */
  handOvers: string[];
}

/** In the order in which they began. */
export type SessionBook = readonly SessionEntry[];

const FRESH = { endedAt: null, reason: null, pid: null, mark: null, checkpoint: null, handOvers: [] };

/** The book after one more event; the same object when the event does not concern it. */
export function foldSessions(book: SessionBook, event: DomainEvent): SessionBook {
  switch (event.type) {
    case 'session.started': {
      const { session_id: id, role, kind, project, command, host, parent } = event.payload;
      if (book.some((entry) => entry.id === id)) return book;
      const entry = { ...FRESH, id, role, kind, startedAt: event.timestamp, project, command, host, parent };
      return [...book, { ...entry, candidate: null }];
    }
    case 'session.spawned': {
      const { session_id, pid, mark, host } = event.payload;
      return change(book, session_id, () => ({ pid, mark, host }));
    }
    case 'session.ended':
      return end(book, event.payload.session_id, event.timestamp, { reason: event.payload.reason });
    case 'integration.session.started': {
      const { session_id: id, host, project = null, candidate = null } = event.payload;
      if (book.some((entry) => entry.id === id)) return book;
      const about = { role: 'integrator', kind: 'integrator', command: null, parent: null } as const;
      return [...book, { ...FRESH, ...about, id, startedAt: event.timestamp, project, host, candidate }];
    }
    case 'integration.session.completed': {
      const { session_id, counts, duration_ms: durationMs, last_log_id: lastLogId, outcome } = event.payload;
      const checkpoint = { ...counts, durationMs, lastLogId, outcome };
      return end(book, session_id, event.timestamp, { reason: outcome, checkpoint });
    }
    case 'integration.session.aborted':
      return end(book, event.payload.session_id, event.timestamp, { reason: event.payload.reason });
    case 'deployment.started': {
      const key = candidateKey(event.payload);
      return change(book, event.payload.worker_session_id, ({ handOvers }) =>
        handOvers.includes(key) ? {} : { handOvers: [...handOvers, key].slice(-HAND_OVERS_MAX) },
      );
    }
    default:
      return book;
  }
}

function change(book: SessionBook, id: string, make: (entry: SessionEntry) => Partial<SessionEntry>): SessionBook {
  const at = book.findIndex((entry) => entry.id === id);
  const entry = book[at];
  if (!entry || entry.endedAt !== null) return book;
  return book.with(at, { ...entry, ...make(entry) });
}

function end(book: SessionBook, id: string, endedAt: string, more: Partial<SessionEntry>): SessionBook {
  const changed = change(book, id, () => ({ ...more, endedAt }));
  const over = changed.filter((entry) => entry.endedAt !== null).length - ENDED_MAX;
  if (over <= 0) return changed;
  let dropped = 0;
  return changed.filter((entry) => {
    if (entry.endedAt === null || dropped === over) return true;
    dropped += 1;
    return false;
  });
}
