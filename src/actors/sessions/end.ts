/** Ends sessions that others run. None is registered here, so none is known. */
import type { Opened } from '../commands/session.ts';

/** Ends the session of a worker whose result was taken. `unknown`: nothing here has started it. */
export async function endWorkerSession(_opened: Opened, _sessionId: string): Promise<'ended' | 'unknown'> {
  return 'unknown';
}
