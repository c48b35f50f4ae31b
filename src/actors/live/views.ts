/**
 * What is shown of a repository to whoever watches it: the whole at a moment, and what changed since. The web page, the
 * terminal view and programs get the same shapes. Types only; field names are snake_case because they are sent as they
 * are, instants are RFC 3339 text.
 */
import type { Priority } from '../../machines/priority.ts';
import type {
  ActorDetailView,
  ActorRow,
  CandidateDetailView,
  CandidateState,
  NotificationRow,
  ReasonView,
  ShadowView,
  StatusView,
  WhyView,
} from '../client.ts';
import type { EnvelopeView } from '../event-views.ts';
import type { RadarRow } from '../radar/views.ts';
import type { CheckRunView } from '../tests/views.ts';

/** A place in the log. */
export interface Moment {
  /** The last entry that counts; `0` before the first. */
  id: string;
  /** Instant of that entry; null before the first. */
  at: string | null;
  /** Entries up to it, itself counted. */
  index: number;
  /** Entries of the whole log. */
  length: number;
}

/** One candidate in a list. The rest of it is asked for by its key. */
export interface CandidateRow {
  /** `<slug>/<branch>@<sha>`. */
  key: string;
  slug: string;
  branch: string;
  sha: string;
  generation: number;
  state: CandidateState;
  /** Its state in the words of the machine. */
  meaning: string;
  ready_at: string;
  /** The instant from which on its turn is counted: `ready_at` with the head start of its priority. */
  turn_at: string;
  priority: Priority;
  attempt: number;
  /** What it waits for, in the words of `telec why`; empty when final. */
  waiting_for: WhyView['waiting_for'];
  /** Conditions that fail. */
  reasons: ReasonView[];
  /** Kind of the block, as `conflict`; null when it is not blocked. */
  blocked_kind: string | null;
  next_action: string | null;
  follow_up_slug: string | null;
  superseded_by: string | null;
  merge_commit: string | null;
  /** In shadow: what would become of it. */
  verdict: ShadowView['verdict'] | 'not_judged' | null;
  /** As in a candidate: its place in the chain stands in `status.tests`. */
  checks: CheckRunView[];
  updated_at: string;
}

/** One delivery as main has it. */
export interface DeliveryRow {
  /** Entry that told it. */
  entry: string;
  key: string;
  slug: string;
  branch: string;
  sha: string;
  merge_commit: string;
  outcome: 'merged' | 'already_integrated';
  integrated_at: string;
  receipt: Record<string, unknown> | null;
}

/** Everything one look needs, with bounds: finished candidates, deliveries and entries are the newest of many. */
export interface Overview {
  moment: Moment;
  /** The clock by which ages are to be told. */
  now: string;
  status: StatusView;
  /** All that are not final, and the newest of those that are, in queue order. */
  candidates: CandidateRow[];
  /** Final ones left out. */
  candidates_hidden: number;
  /** The newest first. */
  deliveries: DeliveryRow[];
  /** The most recently changed first; of many, what is not seen is kept before what is, and what needs somebody before all. */
  notifications: NotificationRow[];
  /** Notifications nobody has seen, those left out counted. */
  unseen: number;
  /** Conflicts that owners of branches were told of and that are not settled; the first 200. */
  radar: RadarRow[];
  /** The newest entries, oldest first. */
  recent: EnvelopeView[];
}

/** What changed since the message before; lists hold what is new or other than before, nothing else. */
export interface LiveChange {
  kind: 'change';
  moment: Moment;
  now: string;
  status: StatusView;
  candidates: CandidateRow[];
  deliveries: DeliveryRow[];
  notifications: NotificationRow[];
  /** As in an overview. */
  unseen: number;
  /** All of it, where something of it changed; else null. */
  radar: RadarRow[] | null;
  recent: EnvelopeView[];
  /** Entries applied that `recent` leaves out, because there were too many at once. */
  recent_omitted: number;
}

/**
 * The first message is an overview; another one replaces everything known (the reader was too slow, the log changed).
 * `run` names one following by its maker; another one says that the daemon, or the command, was started anew.
 */
export type LiveMessage = { kind: 'overview'; run: string; overview: Overview } | LiveChange;

/** Watching one repository, now and as it was. `at` is the id of a log entry; thrown: NO_SUCH_ENTRY (1). */
export interface LiveDesk {
  overview(at?: string): Promise<Overview>;
  /** The place of entry `index` (0: before the first; above the end: the end). */
  moment(index: number): Promise<Moment>;
  candidate(selector: string, at: string): Promise<CandidateDetailView>;
  actors(at: string): Promise<ActorRow[]>;
  actor(id: string, at: string): Promise<ActorDetailView>;
  /** Changes as they come, those close to each other in one message; ends when `signal` aborts. */
  follow(signal: AbortSignal): AsyncIterable<LiveMessage>;
}
