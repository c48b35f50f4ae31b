/**
 * `redis.json` in the state folder: where the embedded server of this folder listens. A note for those who look for
 * it, never a proof that it runs: that is the lock's word and the server's own answer.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { z } from 'zod';

const recordSchema = z.object({
  /** Process id, null until the process exists. */
  pid: z.number().int().positive().nullable(),
  /** Absolute path of the unix socket. */
  socket: z.string().refine(isAbsolute),
  /** RFC 3339. */
  started_at: z.string(),
});

export type ServerRecord = z.infer<typeof recordSchema>;

const pathIn = (dir: string) => join(dir, 'redis.json');

/** The record in `dir`; null when there is none or what is there cannot be one. */
export function readServerRecord(dir: string): ServerRecord | null {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(pathIn(dir), 'utf8')));
  } catch {
    return null;
  }
}

/** Writes the record in one step: a reader sees the old or the new one. */
export function writeServerRecord(dir: string, record: ServerRecord): void {
  const temporary = `${pathIn(dir)}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify(record)}\n`, { mode: 0o600 });
  renameSync(temporary, pathIn(dir));
}

export function removeServerRecord(dir: string): void {
  rmSync(pathIn(dir), { force: true });
}
