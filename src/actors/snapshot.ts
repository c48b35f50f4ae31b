/**
 * The snapshot file: the fold at one entry, as a cache. A snapshot of another log, another version of the machine or
 * another shape is ignored, and the log is read from its start; nothing depends on it but speed.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { atomicWrite } from '../io/state.ts';
import { type CandidateState, candidateMachine } from '../machines/candidate.ts';
import type { NotificationRow } from '../machines/notification.ts';
import { saveSummary } from './glance.ts';
import type { RepositoryDump } from './repository.ts';

/** Raised whenever the shape of what is stored changes. */
const SHAPE = 1;

export interface SnapshotFile {
  shape: number;
  machine: string;
  logId: string;
  /** Last entry that is in it. */
  lastId: string;
  positions: Record<string, string>;
  repository: RepositoryDump;
  notifications: NotificationRow[];
}

const pathIn = (folder: string): string => join(folder, 'snapshot.json');

/** Digest of the candidate chart: a snapshot made under another chart is not restored. */
export function chartDigest(): string {
  return createHash('sha256').update(JSON.stringify(candidateMachine.config)).digest('hex');
}

/** Writes the snapshot, and beside it the summary from which a short answer is made without a fold. */
export function saveSnapshot(
  folder: string,
  snapshot: Omit<SnapshotFile, 'shape' | 'machine'>,
  counts: Record<CandidateState, number>,
): void {
  atomicWrite(pathIn(folder), JSON.stringify({ shape: SHAPE, machine: chartDigest(), ...snapshot }));
  const { logId, lastId, repository } = snapshot;
  saveSummary(folder, { logId, lastId, counts, standing: repository.standing });
}

/** The snapshot of this log, or null when there is none that fits. */
export function loadSnapshot(folder: string, logId: string): SnapshotFile | null {
  try {
    const snapshot = JSON.parse(readFileSync(pathIn(folder), 'utf8')) as SnapshotFile;
    const fits = snapshot.shape === SHAPE && snapshot.logId === logId && snapshot.machine === chartDigest();
    return fits ? snapshot : null;
  } catch {
    return null;
  }
}
