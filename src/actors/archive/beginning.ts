/**
 * Where what this machine can read of a log begins: at its first entry, or where the archives end when they are not all
 * here; then with the fold that was kept of them. Reads only.
 */
import type { EventLog } from '../../io/redis/log.ts';
import { foldVersion, readSnapshot, type SnapshotFile } from '../snapshot.ts';

export interface Beginning {
  /** Entries after this one can be read; '0' for all. */
  id: string;
  /** How many there are up to it. */
  index: number;
  /** The fold of those; null for none. */
  fold: SnapshotFile | null;
}

const FIRST: Beginning = { id: '0', index: 0, fold: null };

/** Without a fold for this version it is the first entry all the same: reading then says which archive is missing. */
export async function beginningOf(log: EventLog): Promise<Beginning> {
  if (await log.isWhole()) return FIRST;
  const [archived, logId] = await Promise.all([log.archived(), log.logId()]);
  const fold = await keptSnapshot(log, logId);
  return fold && archived?.through === fold.lastId ? { id: fold.lastId, index: archived.entries, fold } : FIRST;
}

/** The fold of all that is in archives, when one was kept for this version; null when there is none. */
export async function keptSnapshot(log: EventLog, logId: string): Promise<SnapshotFile | null> {
  const kept = await log.keptFold(foldVersion());
  return kept && readSnapshot(kept.text, logId);
}
