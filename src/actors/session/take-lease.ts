/**
 * How a session begins: read main and fence in one request, ask for the lease with a fence above the remote's, and
 * move the fence ref on the remote, leased on exactly the value read. From then on no earlier holder can push.
 */
import type { FenceNote, RemoteView } from '../../io/git/port.ts';
import type { TakeLeaseOutcome } from '../../machines/effects.ts';
import { expiryOf } from '../hold-expiry.ts';
import type { AcquireResult } from '../lease-keeper.ts';
import { rollBackWhenDue } from '../modes/rollback.ts';
import { type SessionWork, stop } from './work.ts';

/** How often the fence may move under the grant before the session gives up. */
const GRANT_TRIES = 5;

type RemoteFence = FenceNote & { timeSeconds: number };

export async function takeLease(work: SessionWork): Promise<TakeLeaseOutcome> {
  const { parts } = work;
  await mayBegin(work);
  for (let tries = 0; tries < GRANT_TRIES; tries += 1) {
    const view = await lookForMain(work);
    const note = view.fence === null ? null : await readRemoteFence(work, view.fence);
    const result = await acquire(work, note?.fence ?? 0);
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

/**
 * As `takeLease`, and nothing of the remote changes: the number of the fence counts in Redis alone, above the remote's.
 * Whose log that fence belongs to does not matter, since none is replaced.
 */
export async function takeLeaseInShadow(work: SessionWork): Promise<TakeLeaseOutcome> {
  await mayBegin(work);
  const { fence } = await lookForMain(work);
  const floor = fence === null ? 0 : await numberOf(work, fence);
  const result = await acquire(work, floor);
  await recordGrant(work, result.replacedStale, floor);
  return { kind: 'granted', fence: result.proof.fence };
}

/** Brings the fold up to date and refuses what no session may begin with. */
async function mayBegin(work: SessionWork): Promise<void> {
  const { parts } = work;
  await parts.dispatcher.catchUp();
  await rollBackWhenDue(parts, parts.sessionId);
  work.stopIfModeMoved();
  await liftExpiredHold(work);
  refuseUnderHold(work);
  if (!parts.dispatcher.stale) return;
  const { id, type } = parts.dispatcher.stale;
  stop('refused', 'stale', `entry ${id} of the log (${type}) was written by a newer telec`, 'NEWER_LOG');
}

async function lookForMain(work: SessionWork): Promise<RemoteView> {
  const { config, repository } = work.parts;
  const view = await work.look();
  if (view.main !== null) return view;
  const known = repository.standing.main;
  if (known !== null) await work.halt('MAIN_REWOUND', `main is gone from the remote; it was ${known}`);
  return stop('refused', 'no_main', `the remote has no branch ${config.main}`, 'NO_MAIN');
}

/** Asks for the lease with a fence above `floor`; ends the session when another one has it. */
async function acquire(work: SessionWork, floor: number): Promise<Extract<AcquireResult, { kind: 'granted' }>> {
  const { parts } = work;
  await parts.faults.reach('before-acquire');
  const result = await parts.keeper.acquire(floor);
  if (result.kind === 'busy') {
    return stop('busy', 'busy', `${result.holder} holds the lease (fence ${result.fence})`);
  }
  work.proof = result.proof;
  await parts.faults.reach('after-acquire');
  return result;
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

/** The number of the remote's fence; 0 for what is no fence commit. */
async function numberOf(work: SessionWork, fence: string): Promise<number> {
  return (await bringFence(work, fence))?.fence ?? 0;
}

async function bringFence(work: SessionWork, fence: string): Promise<RemoteFence | null> {
  const { git } = work.parts;
  const note = await git.readFence(fence);
  if (note) return note;
  await work.patiently(() => git.fetch([]), 'unreachable');
  return git.readFence(fence);
}

/** What the remote's fence says; refuses one of another log, another repository id or another main branch. */
async function readRemoteFence(work: SessionWork, fence: string): Promise<RemoteFence> {
  const { parts } = work;
  const { config } = parts;
  const note = await bringFence(work, fence);
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
      payload: {
        ...work.stamp(),
        host: parts.host,
        version: parts.version,
        mode: parts.mode,
        ...(parts.config.checks.length > 0 ? { window: parts.config.speculation.window } : {}),
        ...parts.about,
      },
    },
  );
}
