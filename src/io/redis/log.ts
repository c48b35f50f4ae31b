/**
 * The log: one Redis Stream a repository, appended by one idempotent, fenced Lua script and read from an id on.
 * Knows fields and digests, never what an event means.
 */

/** One stream entry as stored: a flat map of strings. `id` is the Redis stream id, `<ms>-<n>`. */
export interface LogEntry {
  id: string;
  fields: Record<string, string>;
}

/** One entry to append. */
export interface AppendItem {
  /** Idempotency key: any text, compared whole. */
  key: string;
  /** Hex digest of what the event says; the same key with another digest is a conflict. */
  digest: string;
  /** The latest instant inside the event, ms since the epoch; 0 when it has none. Refused when more than 5 minutes ahead of the Redis clock. */
  latestInstantMs: number;
  fields: Record<string, string>;
}

/** What became of one item of an append. `conflict` names the entry that holds the key; `future` appends nothing. */
export type AppendOutcome =
  | { kind: 'appended'; id: string }
  | { kind: 'duplicate'; id: string }
  | { kind: 'conflict'; id: string }
  | { kind: 'future'; aheadMs: number };

/** What a fenced append shows: the live lease's token and its fence. */
export interface FenceProof {
  token: string;
  fence: number;
}

/** The whole append: all items in one atomic step, or none because the proof no longer holds. */
export type AppendResult = { kind: 'done'; outcomes: AppendOutcome[] } | { kind: 'fenced_out' };

export interface DeadLetter {
  /** Id in the dead-letter stream. */
  id: string;
  /** Id of the entry in the log that could not be applied. */
  entryId: string;
  reason: string;
  fields: Record<string, string>;
}

export interface EventLog {
  /** Id of this log, made once with the first access and kept for its life (a ULID). */
  logId(): Promise<string>;
  /** The server's clock, ms since the epoch. */
  time(): Promise<number>;
  /** Appends all items atomically; with `proof` only while that lease is live and its fence the newest. Safe to repeat: a repeat answers `duplicate`. */
  append(items: AppendItem[], proof?: FenceProof): Promise<AppendResult>;
  /** Entries after `after` ('0' for the first), oldest first, at most `count`. */
  read(after: string, count: number): Promise<LogEntry[]>;
  /** As `read`, but waits up to `timeoutMs` for the first entry; resolves empty on timeout or abort. Uses the reader connection. */
  wait(after: string, timeoutMs: number, signal?: AbortSignal): Promise<LogEntry[]>;
  /** Newest id ('0' when empty), number of entries, number of dead letters. */
  stats(): Promise<{ lastId: string; length: number; dead: number }>;
  /** Moves one unreadable entry to the dead-letter stream; once per entry id, however often it is called. Returns false when it was there. */
  bury(entryId: string, reason: string, fields: Record<string, string>): Promise<boolean>;
  /** Dead letters, oldest first. */
  dead(count: number): Promise<DeadLetter[]>;
  close(): Promise<void>;
}
