/**
 * `telec adopt`: finds deliveries begun under an older flow in the clone, and tells the log what it does not know of
 * them, with the moments and sessions their files name. Changes no file, moves no ref; done twice it does nothing.
 */
import type { OlderState } from '../../io/todos/older-state.ts';
import { type AdoptionFacts, judgeAdoption } from '../../machines/adoption.ts';
import { candidateKey } from '../../machines/identity.ts';
import type { CandidateRecord } from '../candidate-record.ts';
import { lookAtRemote, type Opened, privateGit, probe, say } from '../commands/session.ts';
import { actorOf } from '../workspace.ts';
import { type OlderDelivery, olderDeliveries } from './older-flow.ts';
import type { AdoptRow, AdoptView } from './views.ts';

/** Characters of a session id that an event takes. */
const SESSION_MAX = 500;

/** Thrown: REMOTE_UNREACHABLE (3). What cannot be adopted is a row, not an error. */
export async function adopt(opened: Opened, { dryRun }: { dryRun: boolean }): Promise<AdoptView> {
  const { host } = opened;
  const view = await lookAtRemote(await privateGit(opened));
  const deliveries: AdoptRow[] = [];
  const adopted: CandidateRecord[] = [];
  for await (const { found, facts } of olderDeliveries(opened, view.heads)) {
    const judgement = judgeAdoption(facts);
    const row = rowOf(found, facts, judgement, dryRun);
    if (judgement.kind === 'adoptable' && !dryRun) {
      await tell(opened, facts, found.state, judgement);
      const record = host.repository.find(candidateKey({ ...found, sha: found.head }));
      if (record) adopted.push(record);
    }
    deliveries.push(row);
  }
  if (adopted.length > 0) await probe(opened, adopted, view);
  return { dry_run: dryRun, deliveries };
}

function rowOf(
  { slug, branch, head, worktree, foundBy, state }: OlderDelivery,
  { readyAt }: AdoptionFacts,
  judgement: ReturnType<typeof judgeAdoption>,
  dryRun: boolean,
): AdoptRow {
  return {
    slug,
    branch,
    sha: head,
    worktree,
    found_by: foundBy,
    ready_at: readyAt,
    worker_session_id: state.finalize?.sessionId ?? null,
    result: judgement.kind === 'adoptable' && !dryRun ? 'adopted' : judgement.kind,
    reasons: judgement.kind === 'not_adoptable' ? judgement.reasons : [],
    events: judgement.kind === 'adoptable' ? judgement.missing : [],
  };
}

/** Tells the log what it lacks. */
async function tell(
  { host, context, workspace }: Opened,
  { slug, branch, head: sha, readyAt, known }: AdoptionFacts,
  state: OlderState,
  { missing, reviewRound }: Extract<ReturnType<typeof judgeAdoption>, { kind: 'adoptable' }>,
): Promise<void> {
  const { sessionId } = actorOf(context);
  const at = new Date(host.clock.now()).toISOString();
  const worker = state.finalize?.sessionId?.trim().slice(0, SESSION_MAX) || sessionId;
  const pushed = { branch, sha, remote: workspace.config.remote, pushed_at: at, pusher: worker };
  if (missing.includes('review.approved')) {
    await say(host, 'review.approved', {
      slug,
      approved_at: readyAt ?? at,
      review_round: reviewRound,
      reviewer_session_id: sessionId,
      // The older flow approved what then was handed over, and nothing that comes later.
      sha,
    });
  }
  if (missing.includes('deployment.started')) {
    await say(host, 'deployment.started', {
      slug,
      branch,
      sha,
      worker_session_id: worker,
      orchestrator_session_id: sessionId,
      ready_at: readyAt ?? at,
      pushed,
    });
  } else if (known && !known.pushed) await say(host, 'branch.pushed', pushed);
}
