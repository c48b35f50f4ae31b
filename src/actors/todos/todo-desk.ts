/**
 * Everything about work items that can be asked or done, as one interface made of its parts. Each call lays the desk
 * anew and loads only what it needs.
 */
import { EXIT, TelecError } from '../../errors.ts';
import type { Opened } from '../commands/session.ts';
import { cloneOf } from '../workspace.ts';
import { type DeskParts, layDesk, layWholeDesk } from './desk.ts';
import type { TodoFlow } from './flow.ts';
import { alone } from './work-tree.ts';

export interface TodoDesk extends TodoFlow {}

export function createTodoDesk(parts: DeskParts): TodoDesk {
  const lay = () => layDesk(parts);
  const { context } = parts;
  const writing = <T>(write: () => Promise<T>) => alone({ gitDir: cloneOf(context).gitDir, context }, write);
  /** Before `init` nothing is written; a log that cannot be reached stops no mark that only the files hear of. */
  const layToWrite = async () => {
    try {
      await parts.opened();
    } catch (error) {
      if (!(error instanceof TelecError) || error.exit !== EXIT.unreachable) throw error;
    }
    return lay();
  };
  return {
    list: async ({ all }) => (await import('./view.ts')).listTodos(await layWholeDesk(parts), all),
    show: async (slug) => (await import('./view.ts')).showTodo(await layWholeDesk(parts), slug),
    next: async () => (await import('./view.ts')).nextTodo(await layWholeDesk(parts)),
    create: (request) => writing(async () => (await import('./create.ts')).createTodo(await layToWrite(), request)),
    markPhase: (request) =>
      writing(async () => (await import('./mark.ts')).markPhase(await layToWrite(), () => parts.opened(), request)),
    finalize: async (request) => {
      const opened: Opened = await parts.opened();
      return (await import('./finalize.ts')).finalize(lay, opened, request);
    },
    handover: async (request) => {
      const opened: Opened = await parts.opened();
      return (await import('./handover.ts')).handover(lay, opened, request);
    },
  };
}
