/**
 * `telec events archive`: moves the oldest entries of the log from Redis into files of this machine, part by part. For
 * each part: its entries are folded, written to a file and read back, and then one step of Redis takes them out and keeps
 * the fold up to there. A process that ends before that step has moved nothing, one that ends after it has moved the part.
 *
 * Decides what stays: the newest entry, by which a lost tail is noticed, and what the next audit of main or the comparison
 * of a running shadow reads, so that no session on any host ever needs an archive. Deletes no file.
 */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { EXIT, TelecError } from '../../errors.ts';
import { archiveFolder, partFile, writePart } from '../../io/archive-files.ts';
import { lockFile } from '../../io/lock.ts';
import type { ArchivePart } from '../../io/redis/archive-store.ts';
import type { LogEntry } from '../../io/redis/log.ts';
import type { Standing } from '../../machines/standing.ts';
import type { Opened } from '../commands/session.ts';
import type { Host } from '../host.ts';
import { compareIds } from '../pipeline.ts';
import { foldVersion, snapshotText } from '../snapshot.ts';
import type { ArchiveRequest, ArchiveView } from './views.ts';

/** Entries of one file, and the characters of them after which it ends; what is read again is held in memory whole. */
const PART_ENTRIES = 10_000;
const PART_CHARS = 8 * 1024 * 1024;
const PAGE_ENTRIES = 1000;

/** Opens another host that folds from where the archives end, appends nothing and saves nothing. */
type OpenFold = () => Promise<Host>;

/**
 * Archives what is asked for, as far as it may leave Redis. Thrown: NEWER_LOG (6), ARCHIVE_RUNNING (6), NO_SUCH_ENTRY (1)
 * for an id above the newest, ARCHIVE_WRITE (1) when the disk refuses.
 */
export async function archive(
  { context, host, workspace }: Opened,
  request: ArchiveRequest,
  openFold: OpenFold,
): Promise<ArchiveView> {
  const { stale } = host.dispatcher;
  if (stale) {
    throw new TelecError('NEWER_LOG', EXIT.refused, `entry ${stale.id} of the log was written by a newer telec`, {
      hint: 'upgrade telec on this machine; what it cannot fold it does not archive',
    });
  }
  const before = await boundOf(host, request);
  const floor = floorOf(host.repository.standing);
  const lock = lockFile(join(workspace.folder, 'archive.lock'));
  if (!lock) {
    throw new TelecError('ARCHIVE_RUNNING', EXIT.refused, 'another process archives this log now', {
      hint: 'run it again when that one has ended',
    });
  }
  const files: string[] = [];
  let archived = 0;
  const folder = archiveFolder(workspace.folder, host.logId);
  try {
    let fold = await openFold();
    try {
      while (!context.signal.aborted) {
        const after = (await host.log.archived())?.through ?? '0';
        const entries = (await pageOf(host, after)).filter(({ id }) => isBefore(id, before) && !isBefore(floor.id, id));
        const last = entries.at(-1);
        if (!last) break;
        // Another host archived meanwhile, and this fold is ahead of what is left to do.
        if (isBefore(last.id, fold.dispatcher.appliedId)) fold = await reopened(fold, openFold);
        await fold.dispatcher.catchUp(last.id);
        await context.faults?.reach('archive-folded');
        const part = written(folder, host.logId, entries);
        await context.faults?.reach('archive-written');
        const kept = { version: foldVersion(), text: snapshotText(fold.dump()) };
        if ((await host.log.archive({ logId: host.logId, after, part, fold: kept })) === 'moved') continue;
        await context.faults?.reach('archive-recorded');
        files.push(partFile(folder, part));
        archived += part.entries;
      }
    } finally {
      await fold.close();
    }
  } finally {
    lock.release();
  }
  const { length, archived: inArchives, lastId } = await host.log.stats();
  const end = isBefore(before, lastId) ? before : lastId;
  const isHeld = isBefore(floor.id, end) && (await hasBetween(host, floor.id, end));
  return {
    archived,
    files,
    through: (await host.log.archived())?.through ?? null,
    in_archives: inArchives,
    in_redis: length - inArchives,
    held_back: isHeld ? { through: floor.id, why: floor.why } : null,
  };
}

const isBefore = (a: string, b: string): boolean => compareIds(a, b) < 0;

/** The first entry that is to stay, at the latest the newest. */
async function boundOf({ log }: Host, { beforeId, olderThanMs }: ArchiveRequest): Promise<string> {
  const { lastId } = await log.stats();
  const asked = beforeId ?? `${Math.max(0, (await log.time()) - (olderThanMs ?? 0))}-0`;
  if (beforeId !== null && isBefore(lastId, beforeId)) {
    throw new TelecError('NO_SUCH_ENTRY', EXIT.domain, `the log ends at ${lastId}, before ${beforeId}`, {
      hint: 'telec events tail shows the ids',
    });
  }
  return isBefore(asked, lastId) ? asked : lastId;
}

/** The last entry that no session needs any more, and what needs those behind it. */
function floorOf({ mode, modes, authority }: Standing): { id: string; why: string } {
  if (mode !== 'live')
    return { id: modes.shadow?.id ?? '0', why: 'a shadow runs, and its comparison is read from them' };
  return { id: authority.audited?.id ?? '0', why: 'the next audit of main begins with them' };
}

/** What one file takes of what follows `after`. */
async function pageOf({ log }: Host, after: string): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  let chars = 0;
  for (;;) {
    const page = await log.read(entries.at(-1)?.id ?? after, PAGE_ENTRIES);
    for (const entry of page) {
      entries.push(entry);
      for (const [name, value] of Object.entries(entry.fields)) chars += name.length + value.length;
      if (entries.length >= PART_ENTRIES || chars >= PART_CHARS) return entries;
    }
    if (page.length < PAGE_ENTRIES) return entries;
  }
}

async function hasBetween({ log }: Host, floor: string, end: string): Promise<boolean> {
  const [next] = await log.read(floor, 1).catch(() => []);
  return next !== undefined && isBefore(next.id, end);
}

async function reopened(fold: Host, openFold: OpenFold): Promise<Host> {
  await fold.close();
  return openFold();
}

function written(folder: string, logId: string, entries: readonly LogEntry[]): ArchivePart {
  try {
    return writePart(folder, logId, entries, hostname());
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (typeof code !== 'string' || error instanceof TelecError) throw error;
    throw new TelecError('ARCHIVE_WRITE', EXIT.domain, `the archive cannot be written to ${folder} (${code})`, {
      hint: 'mend that and run it again; the entries are still in the log',
      cause: error,
    });
  }
}

/**
 * Keeps the fold of the archives for this version of telec where it is missing and the archives are here, so that hosts
 * without them can begin. To be called by who lives long, once.
 */
export async function keepFoldForThisVersion(host: Host, openFromFirst: OpenFold): Promise<boolean> {
  const archived = await host.log.archived();
  if (!archived || (await host.log.keptFold(foldVersion())) || !(await host.log.isWhole())) return false;
  const fold = await openFromFirst();
  try {
    await fold.dispatcher.catchUp(archived.through);
    if (fold.dispatcher.appliedId !== archived.through) return false;
    return await host.log.keepFold(archived.through, { version: foldVersion(), text: snapshotText(fold.dump()) });
  } finally {
    await fold.close();
  }
}
