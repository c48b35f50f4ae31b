/**
 * How a session begins: read main and fence in one request, ask for the lease with a fence above the remote's, and
 * move the fence ref on the remote, leased on exactly the value read. From then on no earlier holder can push.
 */
import type { FenceNote } from '../../io/git/port.ts';
import type { TakeLeaseOutcome } from '../../machines/effects.ts';
import { expiryOf } from '../hold-expiry.ts';
import { rollBackWhenDue } from '../modes/rollback.ts';
import { type SessionWork, stop } from './work.ts';

/** How often the fence may move under the grant before the session gives up. */
const GRANT_TRIES = 5;

type RemoteFence = FenceNote & { timeSeconds: number };

export async function takeLease(work: SessionWork): Promise<TakeLeaseOutcome> {
  const { parts } = work;
  await parts.dispatcher.catchUp();
  await rollBackWhenDue(parts, parts.sessionId);
  if (parts.mode === 'live' && parts.repository.standing.mode !== 'live')
    stop('aborted', 'rolled_back', 'the cutover was taken back; nothing moves main until the next one');
  await liftExpiredHold(work);
  refuseUnderHold(work);
  if (parts.dispatcher.stale) {
    const { id, type } = parts.dispatcher.stale;
    stop('refused', 'stale', `entry ${id} of the log (${type}) was written by a newer telec`, 'NEWER_LOG');
  }
  for (let tries = 0; tries < GRANT_TRIES; tries += 1) {
    const view = await work.look();
    if (view.main === null) {
      const known = parts.repository.standing.main;
      if (known !== null) await work.halt('MAIN_REWOUND', `main is gone from the remote; it was ${known}`);
      stop('refused', 'no_main', `the remote has no branch ${parts.config.main}`, 'NO_MAIN');
    }
    const note = view.fence === null ? null : await readRemoteFence(work, view.fence);
    await parts.faults.reach('before-acquire');
    const result = await parts.keeper.acquire(note?.fence ?? 0);
    if (result.kind === 'busy') {
      stop('busy', 'busy', `${result.holder} holds the lease (fence ${result.fence})`);
    }
    work.proof = result.proof;
    await parts.faults.reach('after-acquire');
    if (await moveFence(work, view.fence, note)) {
      await parts.faults.reach('after-fence');
      await recordGrant(work, result.replacedStale, note?.fence ?? 0);
      return { kind: 'granted', fence: result.proof.fence };
    }
    work.proof = null;
    await parts.keeper.release();
  }
  return stop('aborted', 'contention', 'the fence kept moving while the lease was taken');
}

/** The end of a hold is an event, too: written by whoever comes by first after its time. */
async function liftExpiredHold(work: SessionWork): Promise<void> {
  const { hold } = work.parts.repository.standing;
  if (!hold?.until || Date.parse(hold.until) > work.parts.clock.now()) return;
  await work.note('integration.hold.lifted', expiryOf(hold));
}

function refuseUnderHold({ parts }: SessionWork): void {
  const { hold } = parts.repository.standing;
  if (!hold) return;
  stop(
    hold.alarm ? 'halted' : 'held',
    hold.alarm ? 'halt' : 'hold',
    hold.reason || `held by ${hold.owner}`,
    hold.alarm ?? 'HELD',
  );
}

/** What the remote's fence says; refuses one of another log, another repository id or another main branch. */
async function readRemoteFence(work: SessionWork, fence: string): Promise<RemoteFence> {
  const { parts } = work;
  const { config } = parts;
  let note = await parts.git.readFence(fence);
  if (!note) {
    await work.patiently(() => parts.git.fetch([]), 'unreachable');
    note = await parts.git.readFence(fence);
  }
  if (!note) {
    return stop('refused', 'fence', `refs/telec/fence of the remote (${fence}) is no fence commit`, 'FENCE_UNREADABLE');
  }
  if (note.repo !== config.repoId) {
    stop('refused', 'repository', `the remote is known as ${note.repo}, here as ${config.repoId}`, 'OTHER_REPOSITORY');
  }
  if (note.main !== config.main) {
    stop('refused', 'main', `the remote's main branch is ${note.main}, configured is ${config.main}`, 'OTHER_MAIN');
  }
  if (note.log !== parts.logId && parts.repository.standing.adoptedLog !== note.log) {
    stop('refused', 'other_log', `the remote's fence belongs to another log (${note.log})`, 'OTHER_LOG');
  }
  return note;
}

/** True when the fence on the remote is ours now; false when somebody moved it first. */
async function moveFence(work: SessionWork, from: string | null, note: RemoteFence | null): Promise<boolean> {
  const { parts } = work;
  const seq = (note?.seq ?? 0) + 1;
  const fence = await parts.git.writeFence(from, fenceNote(work, seq), parts.config.author, work.seconds());
  const request = { tip: null, fenceFrom: from, fenceTo: fence };
  const outcome = await work.patiently(() => parts.git.push(request), 'transient', 'unknown');
  switch (outcome.kind) {
    case 'pushed':
      work.fenceCommit = fence;
      work.seq = seq;
      return true;
    case 'fence_moved': {
      // The first try may have landed and its answer been lost: then the fence is ours after all.
      const view = await work.look();
      if (view.fence !== fence) return false;
      work.fenceCommit = fence;
      work.seq = seq;
      return true;
    }
    case 'planted':
      return work.halt('REF_PLANTED', outcome.detail);
    case 'main_moved':
      return false;
    default:
      return stop(
        'refused',
        'remote',
        `the remote does not take refs/telec/fence: ${outcome.detail}`,
        'REMOTE_UNSUITABLE',
      );
  }
}

export function fenceNote(work: SessionWork, seq: number): FenceNote {
  const { config, sessionId, logId } = work.parts;
  return { fence: work.held().fence, seq, session: sessionId, log: logId, repo: config.repoId, main: config.main };
}

/** Ends the record of a session that died, then writes the grant and the start of this one. */
async function recordGrant(work: SessionWork, replacedStale: boolean, floor: number): Promise<void> {
  const { parts } = work;
  const { session } = parts.repository.standing;
  if (session && session.id !== parts.sessionId) {
    await work.note('integration.session.aborted', {
      session_id: session.id,
      fence: session.fence,
      reason: 'died',
      detail: `ended for it by ${parts.sessionId}`,
      command_id: parts.ids.ulid(),
    });
  }
  await work.record(
    { type: 'integration.lease.acquired', payload: { ...work.stamp(), replaced_stale: replacedStale, floor } },
    {
      type: 'integration.session.started',
      payload: { ...work.stamp(), host: parts.host, version: parts.version, mode: parts.mode, ...parts.about },
    },
  );
}
