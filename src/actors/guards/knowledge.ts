/**
 * Asks log and lease on behalf of a guard, and tells the log what the guard did. Asks the log that the guards were put in
 * for and no other, whatever the environment says; starts the private server when it is needed. What cannot be asked
 * comes back as such, never as an error.
 */
import { existsSync } from 'node:fs';
import { type GuardFile, workTreeOf } from '../../io/guards/guard-file.ts';
import { registeredClones } from '../../io/state.ts';
import type { EventType, PayloadOf } from '../../machines/events.ts';
import type { GuardKnowledge } from '../../machines/guard.ts';
import type { Host } from '../host.ts';
import { actorOf, redisUrl } from '../workspace.ts';

type Env = Record<string, string | undefined>;

export interface Asked {
  known: GuardKnowledge;
  /** Who acts, `<role>/<session id>`. */
  actor: string;
  /** Appends one event; why it could not be recorded, else null. */
  tell<T extends 'integration.guard.refused' | 'integration.guard.passed'>(
    type: T,
    payload: (commandId: string) => PayloadOf<T>,
  ): Promise<string | null>;
  close(): Promise<void>;
}

/** What the log that the guards belong to says now. */
export async function askLog(file: GuardFile, env: Env, say: (line: string) => void): Promise<Asked> {
  const { source } = actorOf({ env });
  let host: Host | null = null;
  const unasked = (detail: string): Asked => ({
    known: { kind: 'unasked', detail },
    actor: source,
    tell: async () => detail,
    close: async () => host?.close(),
  });
  try {
    const opened = await openLog(file, env, source, say);
    host = opened;
    if (opened.logId !== file.log_id) {
      return unasked(`another log answers (${opened.logId}) than the one the guards were put in for (${file.log_id})`);
    }
    await opened.dispatcher.catchUp();
    const { stale } = opened.dispatcher;
    if (stale) return unasked(`entry ${stale.id} of the log (${stale.type}) was written by a newer telec`);
    const { record, now } = await opened.leases.read();
    return {
      known: {
        kind: 'asked',
        standing: opened.repository.standing,
        lease: record && record.expiresAt > now ? { owner: record.ownerSessionId } : null,
        now,
      },
      actor: source,
      tell: (type, payload) => tell(opened, type, payload(opened.ids.ulid())),
      close: () => opened.close(),
    };
  } catch (error) {
    return unasked((error as Error).message);
  }
}

async function openLog(file: GuardFile, env: Env, source: string, say: (line: string) => void): Promise<Host> {
  const trees = [file.work_tree, ...registeredClones(file.folder).map(workTreeOf)];
  const mainWorkTree = trees.find((tree) => existsSync(tree)) ?? file.work_tree;
  const place = { commonDir: '', mainWorkTree, repoId: file.repo_id, folder: file.folder };
  const url = await redisUrl(place, env);
  if (url === null && file.shared) throw new Error('the log is on a shared Redis, and TELEC_REDIS_URL is not set here');
  const { openHost } = await import('../host.ts');
  return openHost({
    repoId: file.repo_id,
    folder: file.folder,
    redisUrl: url,
    source,
    onWait: say,
  });
}

async function tell<T extends EventType>(host: Host, type: T, payload: PayloadOf<T>): Promise<string | null> {
  try {
    const result = await host.producer.emit(type, payload as never);
    if (result.status === 'appended' || result.status === 'duplicate') return null;
    return 'problems' in result ? result.problems.map(({ message }) => message).join('; ') : result.status;
  } catch (error) {
    return (error as Error).message;
  }
}
