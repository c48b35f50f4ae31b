/**
 * `finalize`: the worker's half of the hand-over. Takes the finalize lock first, so that two who hand over one slug hear
 * of each other and not of each other's traces; verifies; says that the work is final; gives the lock back; stops.
 * What follows (merge, books, demo, clean-up, main, restart) belongs to the integrator and cannot be reached from here.
 */
import { EXIT, TelecError } from '../../errors.ts';
import { handIn } from '../commands/hand-in.ts';
import type { Opened } from '../commands/session.ts';
import { actorOf } from '../workspace.ts';
import type { Desk } from './desk.ts';
import type { FinalizeRequest, FinalizeView, NextStep } from './flow.ts';
import { tellReview } from './tell.ts';
import { type Verified, verify, warnOfLaterCommits } from './verify.ts';
import { slugGiven } from './work-tree.ts';

/** Ms. It protects the hand-over alone, which takes seconds. */
const LOCK_TTL_MS = 10 * 60_000;

export const readyLine = (slug: string): string => `FINALIZE_READY: ${slug}`;

export const lockTtlMs = ({ context }: Opened): number => context.tuning?.finalizeLockMs ?? LOCK_TTL_MS;

/** `lay` reads the desk anew: what another did before the lock was free is seen. */
export async function finalize(
  lay: () => Promise<Desk>,
  opened: Opened,
  { slug, forOrchestrator }: FinalizeRequest,
): Promise<FinalizeView> {
  slugGiven(slug);
  const { host, context } = opened;
  const { sessionId } = actorOf(context);
  const taken = await host.finalizeLocks.take(slug, sessionId, lockTtlMs(opened));
  if (taken.kind === 'other') {
    const seconds = Math.ceil(taken.leftMs / 1000);
    throw new TelecError('FINALIZE_LOCKED', EXIT.refused, `${taken.owner} hands ${slug} over now`, {
      hint: `wait for it; its lock is gone in ${seconds} s at the latest`,
      retryable: true,
    });
  }
  let keep = false;
  try {
    await context.faults?.reach('finalize-locked');
    const verified = await verify(await lay(), opened, slug);
    const { triple, delivered } = verified;
    const view = { ...triple, report: readyLine(slug) };
    if (delivered) return { ...view, state: 'completed', events: [], next: { command: null, text: 'it is on main' } };
    await warnOfLaterCommits(opened, verified);
    if (forOrchestrator) {
      keep = true;
      const command = `telec todo handover ${slug} --worker-output <file> --worker-session ${sessionId}`;
      return { ...view, state: null, events: [], next: { command, text: 'the orchestrator hands it over' } };
    }
    const handed = await handOver(opened, verified, sessionId);
    return { ...view, ...handed, next: afterHandOver(slug) };
  } finally {
    if (!keep) await host.finalizeLocks.release(slug, sessionId);
  }
}

/** Tells the log what it lacks: the approval, if only the file has it, and that the work is final. */
export async function handOver(
  opened: Opened,
  { triple, view, snapshot }: Verified,
  workerSessionId: string,
): Promise<{ state: Awaited<ReturnType<typeof handIn>>['state']; events: string[] }> {
  const approval = await tellReview(opened, snapshot);
  const handed = await handIn(opened, triple, view, workerSessionId);
  await opened.context.faults?.reach('finalize-told');
  return { state: handed.state, events: [...approval, ...handed.events] };
}

export const afterHandOver = (slug: string): NextStep => ({
  command: 'telec todo next',
  text: `the integrator brings ${slug} to main; telec why ${slug} says what it waits for`,
});
