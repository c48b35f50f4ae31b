/**
 * The command that follows a drain (`integration.after_delivery`). A small process of its own runs it and tells the log
 * how it went, since the command may well restart whoever asked for it. Here is decided when one is due.
 *
 * Invariants: one drain, one run: the session's id is the key of both events. Never two at once from one state folder: a
 * kernel lock is held for as long as the process lives, and one more may wait for it. A run whose end nobody saw is
 * closed by the next process that finds the lock free.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commandEnvironment } from '../io/command-run.ts';
import type { Config } from '../io/config.ts';
import { lockFile } from '../io/lock.ts';
import type { PayloadOf } from '../machines/events.ts';
import type { Opened } from './commands/session.ts';
import type { Host } from './host.ts';

/** What the process is told on its standard input: the Redis URL may hold a password, which argv would show. */
export interface Job {
  repoId: string;
  folder: string;
  redisUrl: string | null;
  command: string;
  /** Absolute. */
  cwd: string;
  timeoutMs: number;
  /** What the command may print and nobody is to see in the log. */
  secrets: readonly string[];
}

/** Long enough for a deployment, short enough that a hung one is noticed the same day. */
const TIMEOUT_MS = 600_000;

type Finished = PayloadOf<'integration.after_delivery.finished'>;

/** Held by the process that runs the command. */
export const turnLock = (folder: string): string => join(folder, 'after-delivery.lock');

/** Starts the command if a drain of this machine is not followed yet, else closes runs that nobody saw end. */
export async function followDrain(opened: Opened, config: Config): Promise<void> {
  const { host, workspace } = opened;
  const { owed, runs } = host.repository.standing.aftercare;
  const { afterDelivery } = config.integration;
  const { folder } = workspace;
  // In shadow nothing is delivered; what a live drain still owes is due once the mode is live again.
  if (afterDelivery !== null && owed?.host === hostname() && host.mode === 'live') {
    const { repoId, redisUrl } = host.options;
    await host.dispatcher.between(() => host.save());
    const job = {
      repoId,
      folder,
      redisUrl,
      command: afterDelivery,
      cwd: workspace.mainWorkTree,
      timeoutMs: TIMEOUT_MS,
      secrets: host.secrets,
    };
    await launch(job, opened.context.env);
    return;
  }
  if (!runs.some((run) => isOurs(host, run))) return;
  const turn = lockFile(turnLock(folder));
  if (!turn) return;
  try {
    await closeLostRuns(host);
  } finally {
    turn.release();
  }
}

/** Tells the end of runs whose process is gone. To be called with the lock held: then none of them can be alive. */
export async function closeLostRuns(host: Host): Promise<void> {
  await host.dispatcher.catchUp();
  for (const run of host.repository.standing.aftercare.runs) {
    if (!isOurs(host, run)) continue;
    await host.producer.emit('integration.after_delivery.finished', {
      session_id: run.sessionId,
      host: run.host,
      exit_status: null,
      signal: null,
      duration_ms: null,
      output_tail: '',
      failure: 'nobody saw it end; its process is gone',
    } satisfies Finished);
  }
  await host.dispatcher.catchUp();
}

function isOurs(host: Host, run: { host: string; folder: string }): boolean {
  return run.host === hostname() && run.folder === host.options.folder;
}

/** Starts the process and leaves it to itself; it outlives this one. */
async function launch(job: Job, env: Opened['context']['env']): Promise<void> {
  const program = fileURLToPath(import.meta.url).replace(/after-delivery\.(ts|js)$/, 'after-delivery-process.$1');
  const child = spawn(process.execPath, [...process.execArgv, program], {
    cwd: '/',
    env: commandEnvironment(env),
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.stdin.on('error', () => undefined);
  const failed = once(child, 'error').then(([error]) => Promise.reject(error));
  const told = new Promise<void>((resolve) => child.stdin.end(JSON.stringify(job), () => resolve()));
  await Promise.race([told, failed]);
  failed.catch(() => undefined);
  child.unref();
}
