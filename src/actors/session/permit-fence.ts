/**
 * The fence commit by which a person's permission reaches a remote with a server guard: the next fence, moved alone and
 * under the lease, that names the one commit. Main stays where it is; who pushes it is somebody else.
 */
import { EXIT, TelecError } from '../../errors.ts';
import type { FenceNote, IntegrationRepository } from '../../io/git/port.ts';
import type { LeaseProof } from '../lease-keeper.ts';

export interface PermitFence {
  git: IntegrationRepository;
  proof: LeaseProof;
  /** The remote's fence commit, and what it says. */
  from: string;
  note: FenceNote;
  /** The log that grants the lease. */
  log: string;
  permit: NonNullable<FenceNote['permit']>;
  author: string;
  timeSeconds: number;
}

/** Thrown: PERMIT_NOT_BROUGHT (1) when the remote did not take it; SignerFault. */
export async function movePermitFence(parts: PermitFence): Promise<void> {
  const { git, proof, from, note, log, permit } = parts;
  const next = { ...note, fence: proof.fence, seq: note.seq + 1, session: proof.sessionId, log, permit };
  const fence = await git.writeFence(from, next, parts.author, parts.timeSeconds);
  proof.assertHeld();
  const outcome = await git.push({ tip: null, fenceFrom: from, fenceTo: fence });
  if (outcome.kind === 'pushed') return;
  const seen = await git.look();
  if (seen.kind === 'seen' && seen.view.fence === fence) return;
  throw new TelecError('PERMIT_NOT_BROUGHT', EXIT.domain, `the remote did not take the permission: ${outcome.detail}`, {
    hint: 'telec doctor; then permit it again',
    retryable: true,
  });
}
