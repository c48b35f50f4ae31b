/**
 * What every hand-over ends with: the event that the work is final, with its push as the remote showed it; the facts
 * asked for at once; and a triple that was blocked or superseded going on. Moves no ref.
 */
import type { RemoteView } from '../../io/git/port.ts';
import { candidateKey } from '../../machines/identity.ts';
import { createBridge } from '../bridge.ts';
import type { CandidateRecord } from '../candidate-record.ts';
import type { CandidateState } from '../client.ts';
import { actorOf } from '../workspace.ts';
import { requireResolved, resumeRecord } from './resume.ts';
import { heard, type Opened, probe } from './session.ts';

export interface Triple {
  slug: string;
  branch: string;
  sha: string;
}

/**
 * Says that the work is final. `view` is the remote as just read: the push goes in with the event only if the branch is
 * there at this commit. Saying it again changes nothing. A triple that is blocked goes on as by a
 * resume. Thrown: EVENT_REFUSED (2), FOLLOW_UP_UNRESOLVED, NOT_READY (1), REMOTE_UNREACHABLE (3).
 */
export async function handIn(
  opened: Opened,
  triple: Triple,
  view: RemoteView,
  workerSessionId: string,
): Promise<{ state: CandidateState; events: string[] }> {
  const { host, workspace, context } = opened;
  const { branch, sha } = triple;
  const known = host.repository.find(candidateKey(triple));
  if (known) await requireResolved(opened, known);
  const { sessionId } = actorOf(context);
  const at = new Date(host.clock.now()).toISOString();
  const pushed = { branch, sha, remote: workspace.config.remote, pushed_at: at, pusher: workerSessionId };
  const told = await createBridge(host.producer, host.clock).emitDeploymentStarted(
    triple.slug,
    branch,
    sha,
    workerSessionId,
    sessionId,
    view.heads.get(branch) === sha ? pushed : undefined,
  );
  const events = await heard(host, 'deployment.started', told);
  const record = host.repository.find(candidateKey(triple)) as CandidateRecord;
  await probe(opened, [record], view);
  if (record.state === 'blocked' || record.state === 'superseded') await resumeRecord(opened, record, false, null);
  return { state: host.repository.find(candidateKey(triple))?.state ?? record.state, events };
}
