/**
 * The work tree a todo command acts on, who acts, and the permission to write in it. Reading needs neither set-up nor
 * remote nor Redis; the log is opened only for what writes, and only to ask whether telec is set up and what it knows.
 */
import { realpathSync } from 'node:fs';
import { EXIT, TelecError } from '../../errors.ts';
import { WorkFiles } from '../../io/todos/work-files.ts';
import { SLUG_LENGTH_MAX, SLUG_PATTERN } from '../../machines/identity.ts';
import type { CommandContext } from '../client.ts';
import { actorOf, workTreeOf } from '../workspace.ts';

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
  context: CommandContext;
  role: string;
  sessionId: string;
  /** Thrown: NOT_INITIALIZED (6) and the faults of opening the log. */
  admit(): Promise<Admission>;
}

/** The work tree around the working directory. Thrown: NOT_A_REPOSITORY (2). */
export function findWorkTree(context: CommandContext, admit: () => Promise<Admission>): WorkTree {
  const { role, sessionId } = actorOf(context);
  return { files: new WorkFiles(realpathSync(workTreeOf(context))), context, role, sessionId, admit };
}

/** The slug a person typed. Thrown: BAD_SLUG (2). */
export function slugGiven(text: string): string {
  if (SLUG_PATTERN.test(text) && text.length <= SLUG_LENGTH_MAX) return text;
  throw new TelecError('BAD_SLUG', EXIT.usage, `${JSON.stringify(text)} is no slug`, {
    hint: 'a slug is made of lower-case letters and digits in parts joined by single -',
  });
}

/** No work item of that name. */
export function unknownTodo(slug: string): TelecError {
  return new TelecError('NOT_FOUND', EXIT.domain, `there is no work item ${slug} in this work tree`, {
    hint: `telec roadmap list shows all; telec roadmap add ${slug} plans a new one`,
  });
}
