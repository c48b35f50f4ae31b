/**
 * How a session ends: what was not pushed goes back to the queue, the checkpoint is written, the lease given back. Then
 * the private repository is tidied, when nobody waits for it any more.
 */
import type { Stop } from '../../machines/effects.ts';
import { isFaulty } from '../../machines/modes.ts';
import { rollBackWhenDue } from '../modes/rollback.ts';
import type { SessionWork } from './work.ts';

type RequeueCause = 'shutdown' | 'unreachable' | 'contention' | 'rebuild';

/** Ends the session; without a lease there is nothing to undo. */
export async function releaseLease(work: SessionWork, { stop }: { stop: Stop | null }): Promise<void> {
  try {
    // First of all: what still runs would go on to write, and its work trees are wanted by the next session.
    await work.tests.close();
    if (work.proof) await leave(work, stop);
  } finally {
    // Whatever failed before: a lease that is not given back must not be renewed for ever either. The script lets go
    // of nobody else's, so this is right for a lost one, too.
    await work.parts.keeper.release();
  }
  if (!work.proof) return;
  await work.parts.faults.reach('after-release');
  await tidy(work);
}

/** Merges walk over the commits of earlier ones, and loose ones make that slow. A failure costs nothing but time. */
async function tidy({ parts, stopping }: SessionWork): Promise<void> {
  try {
    await parts.git.pack(stopping.signal);
  } catch (error) {
    parts.report('the private repository could not be packed', { error: String(error) });
  }
}

async function leave(work: SessionWork, stop: Stop | null): Promise<void> {
  const { parts } = work;
  const lost = stop?.reason === 'lease_lost';
  if (lost) {
    await work.note('integration.lease.lost', {
      ...work.stamp(),
      reason: code(stop.detail),
      command_id: parts.ids.ulid(),
    });
    await abort(work, stop);
    await rollBackWhenDue(parts, parts.sessionId);
    return;
  }
  await requeueRest(work, causeOf(stop));
  await parts.faults.reach('before-session-completed');
  if (stop && isAbort(stop)) await abort(work, stop);
  else await checkpoint(work, stop);
  // Before the lease is free: the next session shall find what this one's end made of the mode.
  await rollBackWhenDue(parts, parts.sessionId);
  await parts.faults.reach('after-session-completed');
  await work.record({ type: 'integration.lease.released', payload: work.stamp() });
}

/** A session that halted because telec's own work was wrong is an abort, too: three of them in a row take the cutover back. */
const isAbort = ({ outcome, reason }: Stop): boolean =>
  (outcome === 'aborted' && reason !== 'shutdown') || isFaulty(reason);

function causeOf(stop: Stop | null): RequeueCause {
  if (stop?.outcome === 'unreachable') return 'unreachable';
  return stop?.reason === 'contention' ? 'contention' : stop?.reason === 'shutdown' ? 'shutdown' : 'rebuild';
}

/** Everything still integrating goes back, except members of a push whose outcome is open: the next session settles those. */
async function requeueRest(work: SessionWork, after: RequeueCause): Promise<void> {
  const { parts } = work;
  await parts.dispatcher.catchUp();
  for (const record of parts.repository.live()) {
    const { slug, branch, sha, attempt, openPush, landed } = record.context;
    if (record.state !== 'integrating' || openPush !== null || landed) continue;
    await work.record({
      type: 'integration.candidate.requeued',
      payload: { ...work.stamp(), slug, branch, sha, attempt, reasons: [after], after },
    });
  }
}

async function checkpoint(work: SessionWork, stop: Stop | null): Promise<void> {
  const { parts } = work;
  const outcome = stop === null ? 'drained' : stop.outcome === 'aborted' ? 'shutdown' : stop.outcome;
  await work.record({
    type: 'integration.session.completed',
    payload: {
      ...work.stamp(),
      counts: { ...work.counts },
      duration_ms: Math.round(parts.clock.monotonic() - work.startedAt),
      last_log_id: parts.dispatcher.appliedId,
      outcome: outcome === 'busy' || outcome === 'refused' ? 'held' : outcome,
    },
  });
}

async function abort(work: SessionWork, stop: Stop): Promise<void> {
  const { parts } = work;
  await work.note('integration.session.aborted', {
    session_id: parts.sessionId,
    fence: work.proof?.fence ?? null,
    reason: code(stop.reason),
    detail: stop.detail,
    command_id: parts.ids.ulid(),
  });
}

/** A word as the events want codes: lower case, words joined by `_`. */
function code(text: string): string {
  const word = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
  return /^[a-z]/.test(word) ? word.slice(0, 64) : 'unknown';
}
