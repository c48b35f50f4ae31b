/**
 * The file in which a machine remembers its clean-up: how far in the log it has come, and what is still to be done in
 * which clone. Written before the work and after it, so that an end at any moment loses nothing. A file that cannot be
 * read counts as none: then the log is looked through once more, and what is gone already is found gone.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { atomicWrite } from './state.ts';

const leftover = z.object({
  slug: z.string(),
  branch: z.string(),
  sha: z.string(),
  /** Git directory that the clone's work trees share. */
  clone: z.string(),
  tries: z.int(),
  /** Not to be tried before, ms of the epoch. */
  due_at: z.number(),
  /** As last tried; empty when it never was. */
  steps: z.array(z.object({ step: z.string(), outcome: z.string(), detail: z.string().nullable() })),
  /** What a person can do about it. */
  mend: z.string().nullable(),
});

const memory = z.object({
  log_id: z.string(),
  /** Last entry of the log whose delivery is in the list or done. */
  position: z.string(),
  leftovers: z.array(leftover),
});

/** A delivery that is not cleaned up in one clone. */
export type Leftover = z.output<typeof leftover>;
export type CleanMemory = z.output<typeof memory>;

/** Leftovers kept at most, the newest; what falls out stays where it is. */
const LEFTOVERS_MAX = 500;

const pathIn = (folder: string): string => join(folder, 'cleanup.json');

/** What the state folder remembers of the clean-up behind this log. */
export function readCleanMemory(folder: string, logId: string): CleanMemory {
  const fresh = { log_id: logId, position: '0', leftovers: [] };
  try {
    const read = memory.parse(JSON.parse(readFileSync(pathIn(folder), 'utf8')));
    return read.log_id === logId ? read : { ...fresh, leftovers: read.leftovers };
  } catch {
    return fresh;
  }
}

export function writeCleanMemory(folder: string, memory: CleanMemory): void {
  const leftovers = memory.leftovers.slice(-LEFTOVERS_MAX);
  atomicWrite(pathIn(folder), `${JSON.stringify({ ...memory, leftovers })}\n`);
}
