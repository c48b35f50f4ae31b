/**
 * Removes the branches of delivered candidates from the remote: all of them in one push, each only if it is still where
 * it was delivered. What an earlier session left is done as well. Nothing here undoes a delivery: a branch that cannot
 * be removed is told in the log and tried again by the sessions that follow.
 */
import type { DeleteOutcome } from '../../io/git/port.ts';
import { dueOnRemote, type Uncleaned } from '../../machines/aftercare.ts';
import type { CleanOutcome } from '../../machines/effects.ts';
import type { CleanStep } from '../../machines/events.ts';
import type { Emission } from '../producer.ts';
import type { Repository } from '../repository.ts';
import type { SessionWork } from './work.ts';

/** Branches in one push at most: each takes two arguments of a process. */
const AT_ONCE = 100;
/** Branches that failed before are asked for one by one, so that they do not take others along; so many a session. */
const AGAIN_MAX = 5;
/** Events in one append at most. */
const APPEND_MAX = 100;

/** Deliveries whose branch a session would remove now. A candidate that is not final keeps the branch it names. */
export function uncleanedOf(repository: Repository): Uncleaned[] {
  const inUse = new Set(repository.live().map(({ context }) => context.branch));
  return dueOnRemote(repository.standing.aftercare, inUse);
}

/** Cleans up behind all deliveries of which the log does not know that it was done. */
export async function cleanRemote(work: SessionWork): Promise<CleanOutcome> {
  const { parts } = work;
  const due = uncleanedOf(parts.repository);
  if (due.length > 0) {
    await parts.faults.reach('before-clean');
    const { heads } = work.view ?? (await work.look());
    const told: Emission[] = [];
    const asked: Uncleaned[] = [];
    for (const item of due) {
      const step = withoutAsking(work, item, heads);
      if (step) told.push(emissionOf(work, item, step));
      else asked.push(item);
    }
    told.push(...(await remove(work, asked)));
    await parts.faults.reach('after-clean');
    for (let at = 0; at < told.length; at += APPEND_MAX) await work.record(...told.slice(at, at + APPEND_MAX));
  }
  return { kind: 'cleaned' };
}

/** What is known of a branch before the remote is asked; null: it is to be removed. */
function withoutAsking(
  { parts }: SessionWork,
  { branch, sha }: Uncleaned,
  heads: ReadonlyMap<string, string>,
): Omit<CleanStep, 'step'> | null {
  const { cleanup, main } = parts.config;
  if (!cleanup.remoteBranch) return { outcome: 'kept', detail: 'cleanup.remote_branch is off' };
  if (branch === main) return { outcome: 'kept', detail: 'it is the main branch' };
  const head = heads.get(branch);
  if (head === undefined) return { outcome: 'absent', detail: null };
  return head === sha ? null : { outcome: 'kept', detail: `it moved on to ${head}` };
}

async function remove(work: SessionWork, items: readonly Uncleaned[]): Promise<Emission[]> {
  const { parts } = work;
  const told: Emission[] = [];
  for (const batch of batchesOf(items)) {
    if (work.hurried.signal.aborted) break;
    work.held().assertHeld();
    // Two work items may have named the same branch.
    const targets = [...new Map(batch.map(({ branch, sha }) => [branch, { branch, sha }])).values()];
    const outcomes = await parts.git.deleteBranches(targets, work.lost.signal);
    const byBranch = new Map(targets.map(({ branch }, index) => [branch, outcomes[index]]));
    for (const item of batch) {
      const outcome = byBranch.get(item.branch);
      if (outcome?.kind === 'unreachable') {
        // Nothing is known of it, and nothing is told: it is due for the next session as it was for this one.
        parts.report('a branch could not be removed', { branch: item.branch, detail: outcome.detail });
        return told;
      }
      if (outcome) told.push(emissionOf(work, item, stepOf(outcome)));
    }
  }
  return told;
}

function batchesOf(items: readonly Uncleaned[]): Uncleaned[][] {
  const fresh = items.filter(({ tries }) => tries === 0);
  const batches: Uncleaned[][] = [];
  for (let at = 0; at < fresh.length; at += AT_ONCE) batches.push(fresh.slice(at, at + AT_ONCE));
  const again = items.filter(({ tries }) => tries > 0).slice(0, AGAIN_MAX);
  return [...batches, ...again.map((item) => [item])];
}

function stepOf(outcome: Exclude<DeleteOutcome, { kind: 'unreachable' }>): Omit<CleanStep, 'step'> {
  switch (outcome.kind) {
    case 'deleted':
      return { outcome: 'done', detail: null };
    case 'moved':
      return { outcome: 'kept', detail: outcome.detail };
    case 'refused':
      return { outcome: 'failed', detail: outcome.detail };
  }
}

function emissionOf({ parts }: SessionWork, item: Uncleaned, step: Omit<CleanStep, 'step'>): Emission {
  const { slug, branch, sha } = item;
  return {
    type: 'integration.candidate.cleaned',
    payload: {
      slug,
      branch,
      sha,
      session_id: parts.sessionId,
      host: parts.host,
      clone: null,
      steps: [{ step: 'remote_branch', ...step }],
      command_id: parts.ids.ulid(),
    },
  };
}
