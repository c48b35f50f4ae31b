/**
 * What Redis keeps of entries that went to files: how far, which files, and the fold up to there. The step that takes
 * entries out of the log is one script, so that no end of a process leaves it half done. Never reads or writes a file.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import type { RedisConnection } from './connection.ts';
import { repositoryKeys } from './keys.ts';
import { runScript } from './scripts.ts';

/** One file of archived entries. */
export interface ArchivePart {
  /** Its first and its last entry; they name the file. */
  first: string;
  through: string;
  entries: number;
  /** SHA-256 of the file, hex. */
  digest: string;
  /** Machine that wrote it. */
  host: string;
}

/** All there is in archives: every entry from the first of the log up to `through`. */
export interface Archived {
  through: string;
  entries: number;
  /** Oldest first, without a gap. */
  parts: ArchivePart[];
}

/** One step of archiving. */
export interface ArchiveStep {
  logId: string;
  /** Where the archives end before it; '0' for none. */
  after: string;
  part: ArchivePart;
  fold: Fold;
}

/** A fold as text. `version`: who can read it. */
export interface Fold {
  version: string;
  text: string;
}

export interface ArchiveStore {
  /** Null while nothing was archived. */
  archived(): Promise<Archived | null>;
  /** Whether every entry from the first can be read where this is asked; true when none was archived. */
  isWhole(): Promise<boolean>;
  /**
   * Takes the entries of a written file out of the log. `moved`: nothing was done, since the archives end elsewhere, or
   * the log is another one, or lost those entries. A repeat after a lost answer says `done`.
   */
  archive(step: ArchiveStep): Promise<'done' | 'moved'>;
  /** The fold up to the end of the archives for that version; null when there is none. */
  keptFold(version: string): Promise<{ through: string; text: string } | null>;
  /** Keeps the fold up to `through` for one more version; false when the archives end elsewhere. */
  keepFold(through: string, fold: Fold): Promise<boolean>;
}

/** Text made small, with where it ends in front. */
const packed = (through: string, text: string): string => `${through} ${gzipSync(text).toString('base64')}`;

export function openArchiveStore(connection: RedisConnection, repoId: string): ArchiveStore {
  const keys = repositoryKeys(repoId);

  async function archived(): Promise<Archived | null> {
    const [through, entries] = await connection.call((redis) => redis.hmget(keys.archive, 'through', 'entries'));
    if (through == null) return null;
    const lines = await connection.call((redis) => redis.lrange(keys.archiveFiles, 0, -1));
    const parts = lines.map((line) => JSON.parse(line) as ArchivePart);
    // The list may have grown in between; what is told goes together.
    const known = parts.slice(0, parts.findIndex((part) => part.through === through) + 1);
    return { through, entries: Number(entries), parts: known };
  }

  return {
    archived,
    isWhole: async () => (await archived()) === null,

    async archive({ logId, after, part, fold: { version, text } }) {
      const used = [keys.log, keys.logId, keys.archive, keys.archiveFiles, keys.archiveFolds];
      const [ms = '0', n = '0'] = part.through.split('-');
      const next = `${ms}-${BigInt(n) + 1n}`;
      const fold = packed(part.through, text);
      const args = [logId, after, part.through, next, JSON.stringify(part), version, fold];
      return connection.call(async (redis, attempt) => {
        const answer = (await runScript(redis, 'archiveEntries-5', used, args)) as 'done' | 'moved';
        if (answer === 'done' || attempt === 1) return answer;
        const last = await redis.lindex(keys.archiveFiles, -1);
        return last === JSON.stringify(part) ? 'done' : answer;
      });
    },

    async keptFold(version) {
      const [through, kept] = await connection.call((redis) =>
        Promise.all([redis.hget(keys.archive, 'through'), redis.hget(keys.archiveFolds, version)]),
      );
      const [end, body] = kept?.split(' ') ?? [];
      if (through == null || end !== through || body === undefined) return null;
      return { through, text: gunzipSync(Buffer.from(body, 'base64')).toString('utf8') };
    },

    async keepFold(through, { version, text }) {
      const args = [through, version, packed(through, text)];
      const used = [keys.archive, keys.archiveFolds];
      return (await connection.call((redis) => runScript(redis, 'keepFold-2', used, args))) === '1';
    },
  };
}
