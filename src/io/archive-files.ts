/**
 * The files that archived entries lie in: one gzip a part, a line of JSON an entry behind a line that says what it is,
 * named by its first and its last entry. A file is written whole and read whole; one whose digest is not the one that
 * was recorded is never read from. Decides nothing about what is archived, and deletes nothing.
 */
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { EXIT, invariant, TelecError } from '../errors.ts';
import type { ArchivePart } from './redis/archive-store.ts';
import type { LogEntry } from './redis/log.ts';
import { ensurePrivateFolder } from './state.ts';

const FORMAT = 'telec-archive-1';
const ENTRY_ID = /^\d{1,20}-\d{1,20}$/;
const LOG_ID = /^[0-9a-z]{26}$/;

/** Folder of the archives of one log in a state folder. */
export function archiveFolder(stateFolder: string, logId: string): string {
  invariant(LOG_ID.test(logId), 'the id of a log is a ULID');
  return join(stateFolder, 'archives', logId);
}

/** Path of a part. What Redis says of it becomes a path, so it has to be what it claims. */
export function partFile(folder: string, { first, through }: Pick<ArchivePart, 'first' | 'through'>): string {
  if (!ENTRY_ID.test(first) || !ENTRY_ID.test(through))
    throw new TelecError('ARCHIVE_LIST', EXIT.domain, 'the list of archives in Redis is not as telec writes it', {
      hint: 'find out who wrote it; the files themselves are in the folder archives of the state folder',
    });
  return join(folder, `${first}_${through}.ndjson.gz`);
}

/** Writes entries that follow each other, at least one, for good; what is on the disk is read again before it counts. */
export function writePart(folder: string, logId: string, entries: readonly LogEntry[], host: string): ArchivePart {
  const [first] = entries;
  const last = entries.at(-1);
  invariant(first && last, 'an archive has an entry');
  ensurePrivateFolder(folder);
  const head = { format: FORMAT, log_id: logId, first: first.id, through: last.id, entries: entries.length };
  const bytes = gzipSync([head, ...entries].map((line) => `${JSON.stringify(line)}\n`).join(''));
  const part = { first: first.id, through: last.id, entries: entries.length, digest: digestOf(bytes), host };
  const path = partFile(folder, part);
  const temporary = `${path}.${process.pid}.${randomBytes(6).toString('hex')}`;
  try {
    const descriptor = openSync(temporary, 'wx', 0o600);
    try {
      let at = 0;
      while (at < bytes.length) at += writeSync(descriptor, bytes, at);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
    syncFolder(folder);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  invariant(JSON.stringify(readPart(folder, logId, part)) === JSON.stringify(entries), 'an archive reads as written');
  return part;
}

/** The name of a file is on the disk only with its folder. */
function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Whether a file of that name is here. */
export function isPartHere(folder: string, part: ArchivePart): boolean {
  return existsSync(partFile(folder, part));
}

/** The entries of a part. Thrown: ARCHIVE_ELSEWHERE (3) when it is not on this machine, ARCHIVE_DAMAGED (1). */
export function readPart(folder: string, logId: string, part: ArchivePart): LogEntry[] {
  const path = partFile(folder, part);
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    throw elsewhere(path, part);
  }
  if (digestOf(bytes) !== part.digest) throw damaged(path, 'its digest is not the one that was recorded');
  const [head = '{}', ...lines] = gunzipSync(bytes).toString('utf8').split('\n');
  const { format, log_id } = JSON.parse(head) as { format?: unknown; log_id?: unknown };
  if (format !== FORMAT || log_id !== logId) throw damaged(path, 'it is no archive of this log');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as LogEntry);
}

const digestOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

function elsewhere(path: string, { through, host }: ArchivePart): TelecError {
  return new TelecError(
    'ARCHIVE_ELSEWHERE',
    EXIT.unreachable,
    `entries up to ${through} were archived on ${host}, and the file ${path} is not here`,
    { hint: `copy it from that machine to this path, or begin behind it: --from ${through}` },
  );
}

function damaged(path: string, why: string): TelecError {
  return new TelecError('ARCHIVE_DAMAGED', EXIT.domain, `the archive ${path} cannot be trusted: ${why}`, {
    hint: 'put a good copy in its place; states and queue do not need it, older entries do',
  });
}
