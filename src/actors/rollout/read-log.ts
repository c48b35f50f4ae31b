/**
 * Opens the log of a repository for a rollout, reads it to its end and closes it. Appends nothing. While Redis cannot be
 * reached, a rollout is judged from its files alone.
 */
import { EXIT, TelecError } from '../../errors.ts';
import type { Host, HostOptions } from '../host.ts';
import { logOf, type RolloutLog, silentLog } from './log.ts';

/** Reads the log to its end; null where there can be none. Thrown: what is no fault of reach, as it came. */
export async function readRolloutLog(options: HostOptions | null, parityMin?: number): Promise<RolloutLog> {
  if (!options) return silentLog('none');
  const { openHost } = await import('../host.ts');
  let host: Host | null = null;
  try {
    host = await openHost({ ...options, readOnly: true });
    await host.dispatcher.catchUp();
    return logOf(host.repository, parityMin);
  } catch (error) {
    if (!(error instanceof TelecError && error.exit === EXIT.unreachable)) throw error;
    return silentLog('unreachable', error);
  } finally {
    await host?.close();
  }
}
