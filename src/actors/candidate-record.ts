/** One candidate as the read model has it, and what applying an event does to it. Data alone; `repository.ts` keeps it. */
import type { CandidateContext, CandidateState } from '../machines/candidate.ts';
import type { CandidateKey } from '../machines/identity.ts';
import type { ShadowRecord } from './shadow-record.ts';
import type { TurnNotes } from './turns/notes.ts';

/** One candidate of one generation, live or finished. `context` is the machine's own; treat it as read-only. */
export interface CandidateRecord {
  /** `<key>` for the first generation, `<key>#<n>` for the others. Also the actor's id. */
  id: string;
  key: CandidateKey;
  state: CandidateState;
  context: CandidateContext;
  /** Stamp of the event that changed it last. */
  updatedAt: string;
  /** Entry of its newest probe, the `previous` of the next. */
  lastProbe: string | null;
  /** Entry that made it ready last; null before the first time. */
  readySince: string | null;
  /** Entry that told its delivery; null before. */
  deliveryEntry: string | null;
  /** Null while no session in shadow said anything of it. */
  shadow: ShadowRecord | null;
  /** Null while nobody went ahead of it, nor it of anybody. */
  turn: TurnNotes | null;
}

/** One step of one candidate; `from` is null for its first. */
export interface Change {
  record: CandidateRecord;
  from: CandidateState | null;
  to: CandidateState;
  entryId: string;
}

/** What applying an event did. `unbelieved`: nothing in the log bears the completion out; the entry is to be buried. */
export interface Applied {
  changes: Change[];
  unbelieved: string | null;
}

export const NOTHING: Applied = { changes: [], unbelieved: null };

/**
 * Work that is not in the queue: one left integrating by a dead session, or one found on main. In shadow a push of a live
 * session that is neither on main nor burned stays open: to burn it would move the remote's fence.
 */
export function needsSession({ state, context }: CandidateRecord, mode: 'live' | 'shadow'): boolean {
  if (state === 'integrating' && mode === 'shadow' && context.openPush !== null) return false;
  return state === 'integrating' || context.facts?.integrated === true;
}
