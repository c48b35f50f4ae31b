/**
 * The kept output of a run, read for people. A name comes from the log, which other hosts write too: it is looked for in
 * the folder of this host's own logs and nowhere else.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Bytes; above what is kept of one run. What a file has beyond it is left out. */
const READ_MAX = 32 * 1024 * 1024;

/** Where the runs of this host leave what they wrote; `folder` is the state folder of the repository. */
export const checkLogFile = (folder: string, log: string): string => join(folder, 'checks', 'logs', basename(log));

/** The file of that name as text; null when this host has none. */
export function readCheckLog(folder: string, log: string): string | null {
  const name = basename(log);
  if (!/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,250}$/.test(name)) return null;
  let file: number;
  try {
    file = openSync(checkLogFile(folder, name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return null;
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) return null;
    const bytes = Buffer.alloc(Math.min(stat.size, READ_MAX));
    let length = 0;
    while (length < bytes.length) {
      const read = readSync(file, bytes, length, bytes.length - length, length);
      if (read === 0) break;
      length += read;
    }
    return bytes.toString('utf8', 0, length);
  } finally {
    closeSync(file);
  }
}
