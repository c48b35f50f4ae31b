/**
 * The work tree a todo command acts on, who acts, and the permission to write in it. Reading needs neither set-up nor
 * remote nor Redis; the log is opened only for what writes, and only to ask whether telec is set up and what it knows.
 */
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { EXIT, TelecError } from '../../errors.ts';
import { type FileLock, lockFile } from '../../io/lock.ts';
import { WorkFiles } from '../../io/todos/work-files.ts';
import { SLUG_LENGTH_MAX, SLUG_PATTERN } from '../../machines/identity.ts';
import type { CommandContext } from '../client.ts';
import { actorOf, cloneOf } from '../workspace.ts';

/** What the log adds for a command that writes. */
export interface Admission {
  /** Whether a candidate of the slug is on main. */
  isDelivered(slug: string): boolean;
  /** Whether the session was started to judge the readiness of work items. */
  wasDispatched(sessionId: string): boolean;
}

/** One work tree, for one command. */
export interface WorkTree {
  files: WorkFiles;
  /** Git directory of this work tree. */
  gitDir: string;
  context: CommandContext;
  role: string;
  sessionId: string;
  /** Thrown: NOT_INITIALIZED (6) and the faults of opening the log. */
  admit(): Promise<Admission>;
}

/** The work tree around the working directory. Thrown: NOT_A_REPOSITORY (2). */
export function findWorkTree(context: CommandContext, admit: () => Promise<Admission>): WorkTree {
  const { role, sessionId } = actorOf(context);
  const { workTree, gitDir } = cloneOf(context);
  return { files: new WorkFiles(realpathSync(workTree)), gitDir, context, role, sessionId, admit };
}

/** How long a command that writes waits for another one, and how often it looks. */
const LOCK_WAIT_MS = 30_000;
const LOCK_LOOK_MS = 20;

/**
 * Runs what reads and then writes while no other command does so in this work tree: what two write at once, one would
 * lose. Thrown: PAPERS_BUSY (5) when another takes too long, CANNOT_WRITE (1) when the disk refuses.
 */
export async function alone<T>(
  { gitDir, context }: Pick<WorkTree, 'gitDir' | 'context'>,
  write: () => Promise<T>,
): Promise<T> {
  const until = performance.now() + LOCK_WAIT_MS;
  let lock = tryLock(gitDir);
  while (lock === null) {
    if (performance.now() > until) {
      throw new TelecError('PAPERS_BUSY', EXIT.timeout, 'another telec command has been writing here for a while', {
        hint: 'see what it is doing, then try again',
        retryable: true,
      });
    }
    await pause(LOCK_LOOK_MS, undefined, { signal: context.signal });
    lock = tryLock(gitDir);
  }
  try {
    return await write();
  } catch (error) {
    throw inWords(error);
  } finally {
    if (lock !== 'unsupported') lock.release();
  }
}

/** What the disk may refuse to anybody, told as such; everything else as it is. */
function inWords(error: unknown): unknown {
  const { code = '', path } = error as NodeJS.ErrnoException;
  if (!['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT'].includes(code)) return error;
  const where = path === undefined ? '' : ` (${path})`;
  return new TelecError('CANNOT_WRITE', EXIT.domain, `the work tree cannot be written: ${code}${where}`, {
    hint: 'give it room and rights, then do it again: what was written already stays as it is',
    cause: error,
  });
}

/** Where the platform has no locks, commands at once are the user's own care. */
function tryLock(gitDir: string): FileLock | 'unsupported' | null {
  try {
    return lockFile(join(gitDir, 'telec-papers.lock'));
  } catch (error) {
    if (error instanceof TelecError && error.code === 'LOCK_UNSUPPORTED') return 'unsupported';
    throw inWords(error);
  }
}

/** The slug a person typed. Thrown: BAD_SLUG (2). */
export function slugGiven(text: string): string {
  if (SLUG_PATTERN.test(text) && text.length <= SLUG_LENGTH_MAX) return text;
  throw new TelecError('BAD_SLUG', EXIT.usage, `${JSON.stringify(text)} is no slug`, {
    hint: 'a slug is made of lower-case letters and digits in parts joined by single -',
  });
}

/** No work item of that name, or none any more. */
export function unknownTodo(slug: string, isDelivered: boolean): TelecError {
  if (isDelivered)
    return new TelecError('DELIVERED', EXIT.domain, `${slug} is delivered; its folder is gone`, {
      hint: 'plan what is new under a slug of its own: telec todo create <slug>',
    });
  return new TelecError('NOT_FOUND', EXIT.domain, `there is no work item ${slug} in this work tree`, {
    hint: `telec roadmap list shows all; telec roadmap add ${slug} plans a new one`,
  });
}
