/**
 * The files of started sessions in the state folder: what each prints, and the proof that its process was started from
 * here. The proof never leaves the machine and the user: whoever may write to a shared log may not name processes to end.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { atomicWrite } from '../../io/state.ts';
import type { SessionBook, SessionEntry } from '../../machines/session-book.ts';

/** What a session's process is known by. */
export interface OwnProcess {
  pid: number;
  mark: string | null;
}

/** Ids that telec makes; another one from the log is no name of a file. */
const SESSION_ID = /^[a-z-]{1,40}-[0-9a-z]{26}$/;

const folderIn = (folder: string): string => join(folder, 'sessions');

/** Path for the output of a new session. The files of sessions that nobody remembers are removed. */
export function openProcessFiles(folder: string, id: string, known: SessionBook): string {
  const own = folderIn(folder);
  mkdirSync(own, { recursive: true, mode: 0o700 });
  const kept = new Set(known.map((entry) => entry.id));
  for (const name of readdirSync(own)) {
    if (!kept.has(name.replace(/\.(log|json)$/, ''))) rmSync(join(own, name), { force: true });
  }
  return join(own, `${id}.log`);
}

/** Keeps the proof that the process was started from here. */
export function keepProcess(folder: string, id: string, process: OwnProcess): void {
  atomicWrite(join(folderIn(folder), `${id}.json`), JSON.stringify(process));
}

/** The session's process when it was started from here, whatever the log says of it; else null. */
export function ownProcess(folder: string, { id }: Pick<SessionEntry, 'id'>): OwnProcess | null {
  if (!SESSION_ID.test(id)) return null;
  try {
    const kept = JSON.parse(readFileSync(join(folderIn(folder), `${id}.json`), 'utf8')) as Partial<OwnProcess>;
    const { pid, mark = null } = kept;
    return typeof pid === 'number' ? { pid, mark } : null;
  } catch {
    return null;
  }
}
