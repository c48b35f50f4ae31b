/**
 * The program that runs the command after a drain (see after-delivery.ts): waits for its turn, tells that it begins, runs
 * the command, tells how it ended. Belongs to nobody: who started it may be gone by then, killed by that very command.
 */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { type CommandEnd, commandEnvironment, runCommand } from '../io/command-run.ts';
import { type FileLock, lockFile } from '../io/lock.ts';
import type { PayloadOf } from '../machines/events.ts';
import { closeLostRuns, type Job, turnLock } from './after-delivery.ts';
import { type Host, openHost } from './host.ts';

const TURN_LOOK_MS = 100;
/** How much longer than the longest run one may wait for its turn. */
const TURN_GRACE_MS = 60_000;
/** How long the end is tried to be told to a log that does not answer, and the pause between two tries. */
const TELL_MS = 120_000;
const TELL_PAUSE_MS = 1000;

const job = JSON.parse(await text(process.stdin)) as Job;
const turn = await takeTurn(job);
if (turn) await follow(job);

/**
 * The lock, once nobody else runs the command. One process waits at most: when its turn comes, it follows all drains
 * that ended by then, so that another one waiting would have nothing to do.
 */
async function takeTurn({ folder, timeoutMs }: Job): Promise<FileLock | null> {
  const next = lockFile(join(folder, 'after-delivery.next.lock'));
  if (!next) return null;
  try {
    for (let waited = 0; waited < timeoutMs + TURN_GRACE_MS; waited += TURN_LOOK_MS) {
      const lock = lockFile(turnLock(folder));
      if (lock) return lock;
      await pause(TURN_LOOK_MS);
    }
    return null;
  } finally {
    next.release();
  }
}

async function follow(job: Job): Promise<void> {
  const { repoId, folder, redisUrl, secrets } = job;
  const host = await openHost({ repoId, folder, redisUrl, secrets, source: `after-delivery/${hostname()}` });
  try {
    await closeLostRuns(host);
    const { owed } = host.repository.standing.aftercare;
    if (owed === null) return;
    const { sessionId } = owed;
    const begun = { session_id: sessionId, host: hostname(), folder };
    // Told before by another process: then that drain has its run.
    if ((await host.producer.emit('integration.after_delivery.started', begun)).status !== 'appended') return;
    const logPath = join(folder, 'after-delivery.log');
    const { command, cwd, timeoutMs } = job;
    const ended = await runCommand({ command, cwd, env: commandEnvironment(process.env), logPath, timeoutMs });
    await tell(host, {
      session_id: sessionId,
      host: hostname(),
      exit_status: ended.ended === 'exited' ? ended.status : null,
      signal: ended.signal,
      duration_ms: ended.durationMs,
      output_tail: ended.outputTail,
      failure: failureOf(ended, timeoutMs),
    });
  } finally {
    await host.close();
  }
}

function failureOf({ ended, status, signal, detail }: CommandEnd, timeoutMs: number): string | null {
  switch (ended) {
    case 'exited':
      return status === 0 ? null : `it ended with ${status}`;
    case 'signalled':
      return `it was ended by ${signal}`;
    case 'timeout':
      return `it ran longer than ${Math.round(timeoutMs / 1000)} s and was ended`;
    case 'unstarted':
      return `it could not be started: ${detail}`;
  }
}

/** The command may have restarted Redis as well, so the log gets its time. */
async function tell(host: Host, finished: PayloadOf<'integration.after_delivery.finished'>): Promise<void> {
  const deadline = performance.now() + TELL_MS;
  for (;;) {
    try {
      await host.producer.emit('integration.after_delivery.finished', finished);
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await host.revive().catch(() => undefined);
      await pause(TELL_PAUSE_MS);
    }
  }
}
