/**
 * `handover`: the orchestrator's half, after its worker has said that the work is ready. Seven steps in a fixed order,
 * each recorded; the worker's word is verified again before anything is done. Moves no ref, keeps no books: main is the
 * integrator's alone.
 */
import { EXIT, TelecError } from '../../errors.ts';
import type { Opened } from '../commands/session.ts';
import { endWorkerSession } from '../sessions/end.ts';
import { actorOf } from '../workspace.ts';
import type { Desk } from './desk.ts';
import { afterHandOver, handOver, lockTtlMs, readyLine } from './finalize.ts';
import type { HandoverRequest, HandoverStep, HandoverView } from './flow.ts';
import { verify } from './verify.ts';
import { slugGiven } from './work-tree.ts';

/** What is reported at the end, word for word. */
const REPORT = 'Candidate queued for integration. Integrator will process.';

export async function handover(
  lay: () => Promise<Desk>,
  opened: Opened,
  { slug, output, workerSessionId }: HandoverRequest,
): Promise<HandoverView> {
  slugGiven(slug);
  const { host, context } = opened;
  const { sessionId } = actorOf(context);
  const steps: HandoverView['steps'] = [];
  const done = async (step: HandoverStep, detail: string) => {
    steps.push({ step, detail });
    await context.faults?.reach(`handover-${step}`);
  };

  // 1. The worker's own word, and for this slug.
  confirmReady(output, slug);
  await done('finalize_ready_confirmed', readyLine(slug));

  // 2. Nobody else hands it over; and what the worker said is true. Nothing is ended before both are known.
  const owner = await takeLock(opened, slug, workerSessionId);
  let left: string | null = owner;
  try {
    await verify(await lay(), opened, slug);
    await done('lock_verified', owner === sessionId ? 'this session has it' : `${owner}, the worker, has it`);

    // 3.
    const ended = workerSessionId === null ? null : await endWorkerSession(opened, workerSessionId);
    await done('worker_ended', ended === null ? 'no session was named' : `${workerSessionId}: ${ended}`);

    // 4. Verified once more, so that the push is the one the remote has at this moment.
    const verified = await verify(await lay(), opened, slug);
    const { triple, delivered } = verified;
    const worker = workerSessionId ?? sessionId;
    const handed = delivered ? { state: 'completed' as const, events: [] } : await handOver(opened, verified, worker);
    await done('deployment_started', `${triple.branch}@${triple.sha}`);

    // 5.
    left = null;
    await host.finalizeLocks.release(slug, owner);
    await done('lock_released', owner);

    // 6. and 7.
    await done('reported', REPORT);
    const next = afterHandOver(slug);
    await done('next_call', next.command ?? '');
    return { ...triple, ...handed, steps, report: REPORT, next };
  } finally {
    // A worker that waits for another try keeps its lock; one that this call took is given back.
    if (left === sessionId) await host.finalizeLocks.release(slug, left);
  }
}

/** Thrown: NO_FINALIZE_READY (1) unless the last such line of the output names this slug and nothing else. */
function confirmReady(output: string, slug: string): void {
  const said = output.split(/\r?\n/).findLast((line) => line.startsWith('FINALIZE_READY:'));
  if (said === readyLine(slug)) return;
  const what = said === undefined ? 'has no line' : `says ${JSON.stringify(said.slice(0, 200))} instead of`;
  throw new TelecError('NO_FINALIZE_READY', EXIT.domain, `the worker's output ${what} ${readyLine(slug)}`, {
    hint: `let the worker run telec todo finalize ${slug} --for-orchestrator`,
  });
}

/** The session that has the lock: the worker named, or this one. Thrown: FINALIZE_LOCK_MISMATCH (6) for any other. */
async function takeLock(opened: Opened, slug: string, workerSessionId: string | null): Promise<string> {
  const { finalizeLocks } = opened.host;
  const { sessionId } = actorOf(opened.context);
  const ttlMs = lockTtlMs(opened);
  const own = await finalizeLocks.take(slug, sessionId, ttlMs);
  if (own.kind === 'taken') return sessionId;
  if (own.owner === workerSessionId && (await finalizeLocks.take(slug, own.owner, ttlMs)).kind === 'taken')
    return own.owner;
  throw new TelecError('FINALIZE_LOCK_MISMATCH', EXIT.refused, `${own.owner} has the finalize lock of ${slug}`, {
    hint: `name it with --worker-session if it is the worker; else wait, its lock is gone in ${Math.ceil(own.leftMs / 1000)} s at the latest`,
  });
}
