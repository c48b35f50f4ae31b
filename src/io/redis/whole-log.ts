/**
 * The log with its archives: `read` and `wait` give every entry from the very first, wherever it lies now, in one order
 * and without a gap. What archives do not hold is the log's own; nothing else of it changes.
 *
 * To read a whole log (a fold from its beginning, time travel, an audit) call `read('0', n)` and go on from the last id,
 * until fewer than `n` come. No reader has to know that there are archives.
 */
import { TelecError } from '../../errors.ts';
import { archiveFolder, isPartHere, readPart } from '../archive-files.ts';
import type { Archived, ArchivePart } from './archive-store.ts';
import { compareIds, type EventLog, LOG_ARCHIVED, type LogEntry, WAIT_ENTRIES_MAX } from './log.ts';

/** `stateFolder`: where this machine keeps the archives of the repository. */
export function openWholeLog(log: EventLog, stateFolder: string): EventLog {
  /** The part read last: readers go through a log in order. */
  let kept: { digest: string; entries: LogEntry[] } | null = null;

  const entriesOf = (logId: string, part: ArchivePart): LogEntry[] => {
    if (kept?.digest !== part.digest)
      kept = { digest: part.digest, entries: readPart(archiveFolder(stateFolder, logId), logId, part) };
    return kept.entries;
  };

  /** Entries of the archives after `after`, at most `count`. */
  async function fromArchives(archived: Archived, after: string, count: number): Promise<LogEntry[]> {
    const logId = await log.logId();
    const found: LogEntry[] = [];
    for (const part of archived.parts) {
      if (found.length >= count) break;
      if (compareIds(part.through, after) <= 0) continue;
      const entries = entriesOf(logId, part);
      const from = entries.findIndex(({ id }) => compareIds(id, after) > 0);
      found.push(...entries.slice(from, from + count - found.length));
    }
    return found;
  }

  /** What `ask` gives, unless entries it is about are in archives: then those, and behind them what the log has. */
  async function orArchived(after: string, count: number, ask: () => Promise<LogEntry[]>): Promise<LogEntry[]> {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof TelecError && error.code === LOG_ARCHIVED)) throw error;
      const archived = await log.archived();
      const old = archived ? await fromArchives(archived, after, count) : [];
      const last = old.at(-1);
      if (!last) throw error;
      return old.length === count ? old : [...old, ...(await read(last.id, count - old.length))];
    }
  }

  const read = (after: string, count: number) => orArchived(after, count, () => log.read(after, count));

  return {
    ...log,
    read,

    wait: (after, timeoutMs, signal) => orArchived(after, WAIT_ENTRIES_MAX, () => log.wait(after, timeoutMs, signal)),

    async upTo(until, count) {
      const found = await log.upTo(until, count);
      const archived = found.length < count ? await log.archived() : null;
      if (archived === null) return found;
      const logId = await log.logId();
      const [next] = found;
      const isOlder = ({ id }: LogEntry) => (next ? compareIds(id, next.id) < 0 : compareIds(id, until) <= 0);
      for (const part of archived.parts.toReversed()) {
        if (found.length >= count) break;
        // The newest of many are asked for: those that are here are better than none.
        if (!isPartHere(archiveFolder(stateFolder, logId), part)) break;
        found.unshift(
          ...entriesOf(logId, part)
            .filter(isOlder)
            .slice(found.length - count),
        );
      }
      return found;
    },

    async isWhole() {
      const archived = await log.archived();
      if (archived === null) return true;
      const folder = archiveFolder(stateFolder, await log.logId());
      return archived.parts.every((part) => isPartHere(folder, part));
    },
  };
}
