/** What a snapshot keeps of the candidates and their log: JSON, a cache of the fold. Types alone. */
import type { Snapshot } from 'xstate';
import type { CheckBookDump } from '../machines/check-book.ts';
import type { Placed } from '../machines/queue.ts';
import type { RadarDump } from '../machines/radar.ts';
import type { ReviewStanding } from '../machines/readiness.ts';
import type { SessionBook } from '../machines/session-book.ts';
import type { Standing } from '../machines/standing.ts';
import type { CandidateRecord } from './candidate-record.ts';

/** What is known of a slug beside its candidates. */
export interface SlugEntry {
  review: ReviewStanding | null;
  /** Ids of its candidates, oldest first. */
  ids: string[];
  top: Placed | null;
}

export interface RepositoryDump {
  standing: Standing;
  sessions: SessionBook;
  tests: CheckBookDump;
  radar: RadarDump;
  slugs: [string, SlugEntry][];
  pushes: string[];
  records: { record: CandidateRecord; snapshot: Snapshot<unknown> | null }[];
  landed: [string, string][];
}
