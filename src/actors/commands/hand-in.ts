/**
 * What every hand-over ends with: the event that the work is final, with its push as the remote showed it; the facts
 * asked for at once; and a triple that was blocked or superseded going on. Moves no ref.
 */
import { EXIT, TelecError } from '../../errors.ts';
import type { RemoteView } from '../../io/git/port.ts';
import { candidateKey } from '../../machines/identity.ts';
import { readinessReasons } from '../../machines/readiness.ts';
import { createBridge } from '../bridge.ts';
import type { CandidateState } from '../client.ts';
import type { CandidateRecord } from '../repository.ts';
import { actorOf } from '../workspace.ts';
import { heard, type Opened, probe, say } from './session.ts';

export interface Triple {
  slug: string;
  branch: string;
  sha: string;
}

/**
 * Says that the work is final. `view` is the remote as just read: the push goes in with the event only if the branch is
 * there at this commit. Saying it again changes nothing. Thrown: EVENT_REFUSED (2), NOT_READY (1), REMOTE_UNREACHABLE (3).
 */
export async function handIn(
  opened: Opened,
  triple: Triple,
  view: RemoteView,
  workerSessionId: string,
): Promise<{ state: CandidateState; events: string[] }> {
  const { host, workspace, context } = opened;
  const { branch, sha } = triple;
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

/** Lets a blocked or superseded candidate go on. Thrown: NOT_READY (1), EVENT_REFUSED (2). */
export async function resumeRecord(
  { context, host }: Opened,
  record: CandidateRecord,
  forced: boolean,
  reason: string | null,
): Promise<void> {
  const { slug, branch, sha, generation, readyAt } = record.context;
  const reasons = readinessReasons(record.context);
  if (record.state === 'blocked' && reasons.length > 0) {
    throw new TelecError('NOT_READY', EXIT.domain, `${record.key} is not ready to go on`, {
      hint: `telec why ${slug}`,
      problems: reasons.map(({ code, text }) => ({ path: code, message: text })),
    });
  }
  const again = record.state === 'superseded';
  await say(host, 'integration.candidate.resumed', {
    slug,
    branch,
    sha,
    generation: again ? generation + 1 : generation,
    ready_at: again ? new Date(host.clock.now()).toISOString() : readyAt,
    actor: actorOf(context).source,
    ...(reason === null ? {} : { reason }),
    forced,
    command_id: host.ids.ulid(),
  });
}
