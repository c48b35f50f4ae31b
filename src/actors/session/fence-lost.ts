/**
 * The remote's fence is not the one this session left there: the session is over. Who stands in it says whether somebody
 * took over, as may happen, or whether two sessions acted under one fence, which takes the cutover back.
 */
import { LeaseLost } from '../lease-keeper.ts';
import { rollBack } from '../modes/rollback.ts';
import type { SessionWork } from './work.ts';

/** `fence`: the commit found there; null when there is none any more. */
export async function fenceLost(work: SessionWork, fence: string | null): Promise<never> {
  const { parts } = work;
  const { fence: own } = work.held();
  const note = fence === null ? null : await noteOf(work, fence);
  if (note?.fence === own && note.session !== parts.sessionId) {
    const evidence = `fence ${own} of the remote was written by ${note.session}, and ${parts.sessionId} holds it`;
    const mainSha = work.view?.main ?? null;
    await rollBack(parts, { trigger: 'fence_shared', evidence, mainSha, actor: parts.sessionId });
  }
  throw new LeaseLost('fence_moved');
}

/** Null when it cannot be read: then nobody is accused, and the session ends all the same. */
async function noteOf({ parts, lost }: SessionWork, fence: string) {
  const note = await parts.git.readFence(fence);
  if (note) return note;
  const fetched = await parts.git.fetch([], lost.signal);
  return fetched.kind === 'fetched' ? parts.git.readFence(fence) : null;
}
