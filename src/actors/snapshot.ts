/**
 * The snapshot file: the fold at one entry, as a cache. A snapshot of another log, another version of the machine or
 * another shape is ignored, and the log is read from its start; nothing depends on it but speed. So what can be told
 * from the rest is left out, and rows carry no names: a starting command reads the whole file.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { atomicWrite } from '../io/state.ts';
import { type CandidateContext, candidateMachine } from '../machines/candidate.ts';
import type { NotificationRow } from '../machines/notification.ts';
import { compareRank } from '../machines/queue.ts';
import { deliveryEnds } from '../machines/standing.ts';
import type { CandidateRecord } from './candidate-record.ts';
import { SHAPE, type Summary, saveSummary } from './glance.ts';
import type { RepositoryDump } from './repository-dump.ts';

export interface SnapshotFile {
  logId: string;
  /** Last entry that is in it. */
  lastId: string;
  positions: Record<string, string>;
  repository: RepositoryDump;
  notifications: NotificationRow[];
}

/** Rows of one shape: the names once, then the values in their order. */
interface Table {
  names: string[];
  rows: unknown[][];
}

type Slugs = RepositoryDump['slugs'];
type Snapshots = RepositoryDump['records'][number]['snapshot'][];

interface StoredFile extends Omit<SnapshotFile, 'repository' | 'notifications'> {
  shape: number;
  machine: string;
  repository: Pick<RepositoryDump, 'standing' | 'sessions' | 'tests' | 'radar' | 'pushes'> & {
    reviews: [slug: string, review: Slugs[number][1]['review']][];
    records: Table;
    contexts: Table;
    snapshots: Snapshots;
  };
  notifications: Table;
}

const pathIn = (folder: string): string => join(folder, 'snapshot.json');

/** Digest of the candidate chart: a snapshot made under another chart is not restored. */
export function chartDigest(): string {
  return createHash('sha256').update(JSON.stringify(candidateMachine.config)).digest('hex');
}

/** Names who can read a fold as text: the same shape, the same chart. */
export function foldVersion(): string {
  return `${SHAPE}-${chartDigest().slice(0, 16)}`;
}

/** Writes the snapshot, and beside it the summary from which a short answer is made without a fold. */
export function saveSnapshot(
  folder: string,
  snapshot: SnapshotFile,
  { counts, tests }: Pick<Summary, 'counts' | 'tests'>,
): void {
  atomicWrite(pathIn(folder), snapshotText(snapshot));
  const { logId, lastId, repository } = snapshot;
  saveSummary(folder, { logId, lastId, counts, tests, standing: repository.standing });
}

/** The snapshot as text, for `readSnapshot`. */
export function snapshotText(snapshot: SnapshotFile): string {
  const { repository, notifications, ...rest } = snapshot;
  const stored: StoredFile = {
    shape: SHAPE,
    machine: chartDigest(),
    ...rest,
    repository: {
      standing: repository.standing,
      sessions: repository.sessions,
      tests: repository.tests,
      radar: repository.radar,
      pushes: repository.pushes,
      reviews: repository.slugs.map(([slug, { review }]) => [slug, review]),
      records: tableOf(repository.records.map(({ record: { context: _, ...record } }) => record)),
      contexts: tableOf(repository.records.map(({ record }) => record.context)),
      snapshots: repository.records.map((entry) => entry.snapshot),
    },
    notifications: tableOf(notifications),
  };
  return JSON.stringify(stored);
}

/** The snapshot of this log, or null when there is none that fits. */
export function loadSnapshot(folder: string, logId: string): SnapshotFile | null {
  try {
    return readSnapshot(readFileSync(pathIn(folder), 'utf8'), logId);
  } catch {
    return null;
  }
}

/** What `snapshotText` made of a snapshot of this log; null for anything else. */
export function readSnapshot(text: string, logId: string): SnapshotFile | null {
  try {
    const stored = JSON.parse(text) as StoredFile;
    if (stored.shape !== SHAPE || stored.logId !== logId || stored.machine !== chartDigest()) return null;
    const { lastId, positions } = stored;
    const { standing, sessions, tests, radar, pushes, reviews, snapshots } = stored.repository;
    const contexts = rowsOf<CandidateContext>(stored.repository.contexts);
    const records = rowsOf<CandidateRecord>(stored.repository.records).map((record, index) => {
      record.context = contexts[index] as CandidateContext;
      return { record, snapshot: snapshots[index] ?? null };
    });
    const slugs = slugsOf(reviews, records);
    const repository = { standing, sessions, tests, radar, pushes, records, slugs, landed: landedOf(records) };
    return { logId, lastId, positions, repository, notifications: rowsOf(stored.notifications) };
  } catch {
    return null;
  }
}

/** Candidates stand in the order in which they came, so a slug's do, too. */
function slugsOf(reviews: StoredFile['repository']['reviews'], records: RepositoryDump['records']): Slugs {
  const slugs = new Map<string, Slugs[number][1]>(
    reviews.map(([slug, review]) => [slug, { review, ids: [], top: null }]),
  );
  for (const { record } of records) {
    const { slug, branch, sha, readyAtMs } = record.context;
    const entry = slugs.get(slug);
    if (!entry) continue;
    entry.ids.push(record.id);
    if (entry.top === null || compareRank(record.context, entry.top) > 0) entry.top = { slug, branch, sha, readyAtMs };
  }
  return [...slugs];
}

function landedOf(records: RepositoryDump['records']): RepositoryDump['landed'] {
  return records.flatMap(({ record }): RepositoryDump['landed'] => {
    const { delivery } = record.context;
    return delivery ? deliveryEnds(delivery).map((commit) => [commit, record.id]) : [];
  });
}

function tableOf(items: readonly object[]): Table {
  const names = Object.keys(items[0] ?? {});
  const rows = items.map((item) => names.map((name) => (item as Record<string, unknown>)[name]));
  return { names, rows };
}

function rowsOf<T extends object>({ names, rows }: Table): T[] {
  return rows.map((row) => {
    const item: Record<string, unknown> = {};
    for (let at = 0; at < names.length; at += 1) item[names[at] as string] = row[at];
    return item as T;
  });
}
