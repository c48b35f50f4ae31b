/**
 * A person's way past the guards: main may be brought to one commit by hand, for a while. Nothing here moves main. The
 * permission is an event before it is anything else, so that none is in force that nobody heard of; merging is on hold
 * meanwhile, and the next live session ends it.
 */
import { EXIT, TelecError } from '../../errors.ts';
import { isInHistory, isOnFirstParents, resolveCommit } from '../../io/git/clone.ts';
import type { RemoteView } from '../../io/git/port.ts';
import { lookAtRemote, type Opened, privateGit, say } from '../commands/session.ts';
import { createLeaseKeeper, type LeaseProof } from '../lease-keeper.ts';
import { movePermitFence, writePermitFence } from '../session/permit-fence.ts';
import { actorOf } from '../workspace.ts';
import { permitView } from './permit.ts';
import type { AllowRequest, PermitView } from './server-views.ts';

const USUAL_MS = 10 * 60_000;
const LONGEST_MS = 24 * 60 * 60_000;

/** Thrown: NOT_FOUND, NOT_FORWARD, PERMIT_NOT_BROUGHT (1), PERMIT_TOO_LONG (2), LEASE_BUSY (4), CUTOVER_PENDING, OTHER_LOG (6). */
export async function allowCommit(opened: Opened, request: AllowRequest): Promise<PermitView> {
  const { host, workspace } = opened;
  const forMs = request.forMs ?? USUAL_MS;
  if (forMs > LONGEST_MS) {
    throw new TelecError('PERMIT_TOO_LONG', EXIT.usage, 'a permission is good for a day at most', {
      hint: '--for 10m',
    });
  }
  if (host.repository.standing.modes.cutover === null) {
    throw new TelecError(
      'CUTOVER_PENDING',
      EXIT.refused,
      'main is still moved by another path; nobody needs permission',
      {
        hint: 'push as before',
      },
    );
  }
  const git = await privateGit(opened);
  const commit = await forwardCommit(opened, request.commit, (await lookAtRemote(git)).main);
  const sessionId = `permission-${host.ids.ulid()}`;
  const keeper = createLeaseKeeper({
    store: host.leases,
    clock: host.clock,
    sessionId,
    makeToken: () => host.ids.ulid(),
    ttlMs: workspace.config.lease.ttlMs,
    renewMs: workspace.config.lease.renewMs,
    // The proof says so before anything is pushed.
    onLost: () => undefined,
  });
  const fence = await fenceOf(opened, await lookAtRemote(git));
  const grant = await keeper.acquire(fence?.note.fence ?? 0);
  if (grant.kind === 'busy') {
    throw new TelecError('LEASE_BUSY', EXIT.busy, `${grant.holder} holds main`, {
      hint: 'telec hold, then again when it has ended (telec lease)',
    });
  }
  try {
    const until = host.clock.now() + forMs;
    const parts = {
      git,
      proof: grant.proof,
      from: fence?.from ?? null,
      seq: fence?.note.seq ?? 0,
      of: {
        log: host.logId,
        repo: fence?.note.repo ?? workspace.repoId,
        main: fence?.note.main ?? workspace.config.main,
      },
      permit: { commit, untilSeconds: Math.floor(until / 1000) },
      author: workspace.config.integration.author,
      timeSeconds: Math.floor(host.clock.now() / 1000),
    };
    // A permission that cannot be signed is none, and is not announced.
    const permitFence = await writePermitFence(parts);
    await announce(opened, grant.proof, { ...request, commit, until });
    await movePermitFence(parts, permitFence);
    const { token, fence: number } = grant.proof;
    const released = { session_id: sessionId, fence: number };
    await host.producer.emit('integration.lease.released', released, { proof: { token, fence: number } });
  } finally {
    await keeper.release();
  }
  await host.dispatcher.catchUp();
  return permitView(host.repository.standing, host.clock.now()) as PermitView;
}

/** The full id; main has to be in its history, since nothing rewinds main, and on its line, where deliveries are looked for. */
async function forwardCommit({ workspace }: Opened, named: string, main: string | null): Promise<string> {
  const { clone, config } = workspace;
  const commit = /^[0-9a-f]{4,64}$/.test(named) ? await resolveCommit(clone, named) : null;
  if (commit === null) {
    throw new TelecError('NOT_FOUND', EXIT.domain, `this clone has no single commit ${named}`, {
      hint: 'name it by its id: git rev-parse <name>',
    });
  }
  if (main !== null && (commit === main || !(await isInHistory(clone, main, commit)))) {
    throw new TelecError('NOT_FORWARD', EXIT.domain, `${commit.slice(0, 12)} does not lead on from main as it is`, {
      hint: `git fetch ${config.remote}, then make the commit on top of ${config.remote}/${config.main}`,
    });
  }
  if (main !== null && !(await isOnFirstParents(clone, main, commit))) {
    throw new TelecError(
      'NOT_FORWARD',
      EXIT.domain,
      `main is not on the line of first parents of ${commit.slice(0, 12)}: what was delivered would leave that line`,
      { hint: `git switch --detach ${config.remote}/${config.main}, merge the other into it, and permit what results` },
    );
  }
  return commit;
}

/** The remote's fence, null before its first; it has to be this log's. */
async function fenceOf({ host, workspace }: Opened, { fence }: RemoteView) {
  if (fence === null) return null;
  const git = await host.git(workspace.clone, workspace.config);
  if (!(await git.hasCommit(fence))) await git.fetch([]);
  const note = await git.readFence(fence);
  if (note === null || (note.log !== host.logId && host.repository.standing.adoptedLog !== note.log)) {
    throw new TelecError('OTHER_LOG', EXIT.refused, "the remote's fence belongs to another log", {
      hint: 'telec lease adopt --reason "..."',
    });
  }
  return { from: fence, note };
}

/** Tells log and people, and keeps sessions away, before the remote hears of it. */
async function announce(
  { context, host }: Opened,
  { sessionId, token, fence }: LeaseProof,
  { commit, reason, until }: { commit: string; reason: string; until: number },
): Promise<void> {
  const actor = actorOf(context).source;
  const end = new Date(until).toISOString();
  const acquired = { session_id: sessionId, fence, replaced_stale: false, floor: 0 };
  await host.producer.emit('integration.lease.acquired', acquired, { proof: { token, fence } });
  await say(host, 'integration.guard.permitted', {
    commit,
    until: end,
    reason,
    actor,
    command_id: host.ids.ulid(),
  });
  const { hold } = host.repository.standing;
  // A hold that lasts longer, and any halt, stays as it is.
  if (hold && (hold.until === null || Date.parse(hold.until) >= until)) return;
  await say(host, 'integration.hold.placed', {
    owner: actorOf(context).sessionId,
    reason: `break-glass: main may be brought to ${commit.slice(0, 12)} by hand (${reason})`,
    until: end,
    main_busy: true,
    alarm: null,
    command_id: host.ids.ulid(),
  });
}
