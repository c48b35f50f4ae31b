/** The desk of sessions: what commands and the daemon ask of it, each loaded when it is asked. Decides nothing itself. */
import type { IntegrateView } from '../client.ts';
import type { Opened } from '../commands/session.ts';
import type { Host } from '../host.ts';
import { sessionRows } from './register.ts';
import type { IntegratorDesk, SessionDesk } from './views.ts';

export interface DeskParts {
  /** The fold, up to date. */
  folded(): Promise<Host>;
  /** The repository for a command that writes. Thrown: NOT_INITIALIZED (6). */
  writing(): Promise<Opened>;
  integrator: IntegratorDesk;
  /** One session of the integrator in this process. */
  integrate(opened: Opened, signal: AbortSignal): Promise<IntegrateView>;
}

export function openDesk({ folded, writing, integrator, integrate }: DeskParts): SessionDesk {
  return {
    list: async (filter) => sessionRows(await folded(), filter),
    async start(request, signal) {
      const { startSession } = await import('./start.ts');
      const opened = await writing();
      return startSession(opened, integrator, request, () => integrate(opened, signal));
    },
    async end(id) {
      const { endItself, endSession } = await import('./end.ts');
      const opened = await writing();
      return id === 'self' ? endItself(opened, integrator) : endSession(opened, integrator, id);
    },
    async leave() {
      const { leaveSession } = await import('./end.ts');
      leaveSession(await writing());
    },
    async adopt(request) {
      const { adopt } = await import('./adopt.ts');
      return adopt(await writing(), request);
    },
  };
}
