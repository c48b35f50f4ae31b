/**
 * The only place that spells Redis keys. All keys of a repository carry one hash tag, so that every script stays in
 * one slot of a clustered server. Never reads or writes a key.
 */

/** The keys of one repository. */
export interface RepositoryKeys {
  /** Stream: the log. */
  log: string;
  /** String: the id of the log. */
  logId: string;
  /** Hash: idempotency key -> `<entry id> <digest>`. Kept when the log is trimmed. */
  idempotency: string;
  /** Hash: reader's name -> id of the last entry it is done with. */
  positions: string;
  /** Stream: entries that could not be applied. */
  dead: string;
  /** Hash: id of a buried entry -> its id in the dead-letter stream. */
  buried: string;
  /** Hash: the lease record. */
  lease: string;
  /** String: the highest fence ever granted; outlives the record. */
  fence: string;
  /** Hash: `through`, the last entry that went to a file, and `entries`, how many did. */
  archive: string;
  /** List: what each file of archived entries holds, the oldest first. */
  archiveFiles: string;
  /** Hash: version of the fold -> the fold of all archived entries. */
  archiveFolds: string;
}

/** String: the session that hands this slug over now; expires by itself. Throws a RangeError as `repositoryKeys`. */
export const finalizeLockKey = (repoId: string, slug: string): string => `${prefixOf(repoId)}finalize:${slug}`;

/** Keys about one surface: whose turn it is (string), what it was told (hash), and what happens once (strings; a prefix). */
export function toldKeys(repoId: string, surface: string): { turn: string; told: string; once: string } {
  const key = (name: string) => `${prefixOf(repoId)}${name}:${surface}`;
  return { turn: key('turn'), told: key('told'), once: `${key('once')}:` };
}

/** Hash: surface -> how it is, for whoever looks. */
export const surfaceStatesKey = (repoId: string): string => `${prefixOf(repoId)}surfaces`;

/** What a repository may be called: it becomes part of keys, paths and messages. */
const REPO_ID_PATTERN = /^[a-z0-9._-]{1,64}$/;

/** The keys of `repoId`. Throws a RangeError when it is no repository id. */
export function repositoryKeys(repoId: string): RepositoryKeys {
  const prefix = prefixOf(repoId);
  const key = (name: string) => `${prefix}${name}`;
  return {
    log: key('log'),
    logId: key('log-id'),
    idempotency: key('idempotency'),
    positions: key('positions'),
    dead: key('dead'),
    buried: key('buried'),
    lease: key('lease:integration/main'),
    fence: key('fence'),
    archive: key('archive'),
    archiveFiles: key('archive-files'),
    archiveFolds: key('archive-folds'),
  };
}

function prefixOf(repoId: string): string {
  if (!REPO_ID_PATTERN.test(repoId)) throw new RangeError('a repository id is 1 to 64 characters of a-z, 0-9, . _ -');
  return `{telec:${repoId}}:`;
}
