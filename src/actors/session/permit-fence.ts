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
  /** The remote's fence commit, null before its first; and its number in their sequence, 0 then. */
  from: string | null;
  seq: number;
  /** The log that grants the lease, and what the fence is of. */
  of: Pick<FenceNote, 'log' | 'repo' | 'main'>;
  permit: NonNullable<FenceNote['permit']>;
  author: string;
  timeSeconds: number;
}

/** Writes the commit, and signs it where that is asked for; moves nothing. Thrown: SignerFault. */
export function writePermitFence({ git, proof, from, seq, of, ...parts }: PermitFence): Promise<string> {
  const note = { ...of, fence: proof.fence, seq: seq + 1, session: proof.sessionId, permit: parts.permit };
  return git.writeFence(from, note, parts.author, parts.timeSeconds);
}

/** Moves the fence to the commit. Thrown: PERMIT_NOT_BROUGHT (1) when the remote did not take it. */
export async function movePermitFence({ git, proof, from }: PermitFence, fence: string): Promise<void> {
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
