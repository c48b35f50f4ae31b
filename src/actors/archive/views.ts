/** What is asked of archiving, and what is told of it. Types only. */

export interface ArchiveRequest {
  /** Only entries before this one; null when a time is given. */
  beforeId: string | null;
  /** Only entries older than this, ms by the clock of Redis; null when an entry is given. */
  olderThanMs: number | null;
}

export interface ArchiveView {
  /** Entries that went to files now. */
  archived: number;
  /** The files written, absolute paths, oldest first. */
  files: string[];
  /** Last entry in archives; null while there is none. */
  through: string | null;
  /** Entries in archives and in Redis, now. */
  in_archives: number;
  in_redis: number;
  /** Why entries that were old enough stay in Redis, and the last one that may leave it; null when none had to stay. */
  held_back: { through: string; why: string } | null;
}
