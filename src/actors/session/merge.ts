/**
 * The way of one candidate to the train: taken from the queue, rechecked, merged in the object database, checked by
 * a second computation. Every way out is in the log before the effect ends.
 */
import { invariant } from '../../errors.ts';
import { sleep } from '../../io/clock.ts';
import { quoted } from '../../io/git/housekeeping.ts';
import type { ConflictPath, MergeOutcome as GitMerge, MainCommit } from '../../io/git/port.ts';
import type { Member, MergeOutcome, RecheckOutcome, SelectOutcome, Taken } from '../../machines/effects.ts';
import { candidateKey } from '../../machines/identity.ts';
import { type Reason, readinessReasons } from '../../machines/readiness.ts';
import { mayEndItself } from '../../machines/self-end.ts';
import { block, type Finding } from './block.ts';
import { completeIntegrated, noticeMain, probeAll } from './reconcile.ts';
import { deviationOfDequeue } from './turn.ts';
import type { SessionWork } from './work.ts';

export const UNTOLD: Reason = { code: 'not_probed', text: 'git could not tell whether the branch contains the commit' };
/** How often git may break down over one candidate before that is its outcome. */
const GIT_TRIES = 3;

/** Takes the next candidate: one to rebuild first, else the head of the queue, which is dequeued. */
export async function selectCandidate(
  work: SessionWork,
  input: { worklist: Taken[]; train: Member[]; last: boolean; stopping: boolean },
): Promise<SelectOutcome> {
  const { parts } = work;
  if (input.stopping) return { kind: 'empty' };
  await parts.dispatcher.catchUp();
  work.stopIfModeMoved();
  const [again] = input.worklist;
  const queued = parts.repository.queue.length;
  if (again) return { kind: 'taken', candidate: again, behind: input.worklist.length - 1 + queued };
  if (parts.repository.standing.hold) return { kind: 'on_hold' };
  if (input.last && parts.repository.queue.length === 0) await probeAll(work, await work.lookHolding());
  for (;;) {
    await parts.faults.reach('before-dequeue');
    // The choice and the entry it is made as of belong together: nothing may be applied between them.
    const [head] = parts.repository.queue;
    if (!head) {
      if (input.last && input.train.length === 0) insistOnDone(work);
      return { kind: 'empty' };
    }
    const { slug, branch, sha, attempt } = head.context;
    const base = input.train.at(-1)?.tip ?? work.view?.main ?? sha;
    await work.record(...deviationOfDequeue(work, head), {
      type: 'integration.candidate.dequeued',
      payload: {
        ...work.stamp(),
        slug,
        branch,
        sha,
        attempt: attempt + 1,
        as_of: parts.dispatcher.appliedId,
        base,
        train: input.train.length + 1,
      },
    });
    await parts.faults.reach('after-dequeue');
    const { dequeuedAt } = head.context;
    // Another event may have come between the look at the queue and the dequeue; then it is not ours.
    if (head.state !== 'integrating' || dequeuedAt === null) continue;
    return {
      kind: 'taken',
      candidate: { slug, branch, sha, attempt: head.context.attempt, dequeuedAt },
      behind: parts.repository.queue.length,
    };
  }
}

/** The end of the grace window is the end of the session, if the rule for integrators says that it may end itself. */
function insistOnDone(work: SessionWork): void {
  const { repository } = work.parts;
  const { fence } = work.held();
  const inHand = repository.live().filter(({ state, context }) => state === 'integrating' && context.fence === fence);
  const unfinished = { queued: repository.queue.length, integrating: inHand.length, handOvers: 0 };
  invariant(
    mayEndItself('integrator', unfinished),
    `a session was about to end with ${inHand.length} candidates in hand`,
  );
}

/** Asks the log and the remote once more whether all conditions hold, and gives the commit to merge into. */
export async function recheckCandidate(
  work: SessionWork,
  input: { candidate: Taken; train: Member[] },
): Promise<RecheckOutcome> {
  const { parts } = work;
  const record = work.recordOf(candidateKey(input.candidate));
  const first = input.train.length === 0;
  // The remote as our last push left it is good enough to begin with: every fact is asked again before the push.
  let view = await work.viewOf(record.context.branch);
  for (let fresh = false; ; fresh = true) {
    const seen = view;
    const { unknown } = await work.patiently(() => parts.prober.probe([record], seen), 'unreachable');
    await parts.dispatcher.catchUp();
    if (record.state !== 'integrating') {
      work.countSuperseded(record);
      return { kind: 'fell', reasons: [] };
    }
    const reasons = readinessReasons(record.context).map(({ code }) => code);
    if (reasons.length === 0 && unknown.length === 0) break;
    // An old view is good enough to go on, not to send a candidate back.
    if (fresh) {
      await sendBack(work, input.candidate, 'recheck');
      return { kind: 'fell', reasons };
    }
    view = await work.lookHolding();
  }
  const base = input.train.at(-1)?.tip ?? view.main;
  if (base === null || base === undefined) return work.halt('MAIN_REWOUND', 'main is gone from the remote');
  if (first) await noticeMain(work, base);
  await parts.faults.reach('after-recheck');
  return { kind: 'holds', base };
}

/**
 * Ends the turn of a candidate whose conditions do not hold (any more): completed when it is on main, blocked when the
 * same happened too often in this drain, else requeued with its seniority.
 */
export async function sendBack(work: SessionWork, candidate: Taken, after: 'recheck' | 'rebuild'): Promise<void> {
  const { parts } = work;
  const key = candidateKey(candidate);
  const record = work.recordOf(key);
  const failing = readinessReasons(record.context);
  const reasons: Reason[] = failing.length > 0 ? failing : [UNTOLD];
  if (reasons.some(({ code }) => code === 'already_integrated') && work.view?.main) {
    return completeIntegrated(work, record, 'ancestry', work.view.main);
  }
  const times = (work.fallen.get(key) ?? 0) + 1;
  work.fallen.set(key, times);
  if (times >= parts.config.pushAttempts) {
    return block(work, candidate, {
      kind: 'not_ready',
      base: work.view?.main ?? null,
      evidence: reasons.map(({ text }) => text),
      diagnostics: [`the same conditions sent it back ${times} times in one drain`],
      nextAction: `telec why ${candidate.slug}`,
    });
  }
  const { slug, branch, sha, attempt } = candidate;
  await work.record({
    type: 'integration.candidate.requeued',
    payload: { ...work.stamp(), slug, branch, sha, attempt, reasons: reasons.map(({ code }) => code), after },
  });
}

/** Merges exactly the candidate's commit into `base` and checks the result by another computation. */
export async function mergeCandidate(
  work: SessionWork,
  input: { candidate: Taken; base: string; train: Member[] },
): Promise<MergeOutcome> {
  const { parts } = work;
  const { candidate, train } = input;
  let { base } = input;
  for (;;) {
    const merged = await merge(work, candidate, base);
    await parts.faults.reach('after-merge');
    if (merged.kind === 'merged') return couple(work, candidate, base, merged);
    // Judged on a tip that is not on main yet, it may look different on the main that results.
    if (train.length > 0) {
      if (merged.kind === 'conflict') await recordConflict(work, candidate, base, merged, true);
      return { kind: 'provisional' };
    }
    const { main } = await work.lookHolding();
    if (main !== base) {
      await work.patiently(() => parts.git.fetch([]), 'unreachable');
      await noticeMain(work, main);
      base = main;
      continue;
    }
    await settle(work, candidate, base, merged);
    return { kind: 'settled' };
  }
}

function merge(work: SessionWork, candidate: Taken, base: string): Promise<GitMerge> {
  const { config, git } = work.parts;
  const { slug, branch, sha, dequeuedAt } = candidate;
  const message = [
    `Merge ${slug} (${branch})`,
    '',
    `Telec-Candidate: ${candidateKey(candidate)}`,
    `Telec-Fence: ${work.held().fence}`,
    '',
  ].join('\n');
  const timeSeconds = Math.floor(Date.parse(dequeuedAt) / 1000);
  const request = { base, sha, strategy: config.strategy, message, author: config.author, timeSeconds };
  return insistently(work, () => git.merge(request, work.lost.signal));
}

/** Asks again when git broke down (killed, out of memory): only what fails each time says something of the candidate. */
export async function insistently<A extends { kind: string }>(work: SessionWork, ask: () => Promise<A>): Promise<A> {
  const { clock, timings } = work.parts;
  for (let tries = 1; ; tries += 1) {
    const answer = await ask();
    if (answer.kind !== 'error' || tries === GIT_TRIES || work.lost.signal.aborted) return answer;
    await sleep(clock, timings.retryFirstMs, work.lost.signal).catch(() => undefined);
  }
}

async function couple(
  work: SessionWork,
  candidate: Taken,
  base: string,
  merged: Extract<GitMerge, { kind: 'merged' }>,
): Promise<MergeOutcome> {
  const { slug, sha } = candidate;
  const check = await insistently(work, () => work.parts.git.selfCheck(base, sha, merged.commit, work.lost.signal));
  if (check.kind === 'error') {
    await block(work, candidate, {
      kind: 'error',
      base,
      evidence: [check.detail],
      diagnostics: ['the merge is clean, but its self-check could not be made; nothing was pushed'],
      nextAction: `mend the cause, then telec resume ${slug}`,
    });
    return { kind: 'settled' };
  }
  if (check.kind === 'differs') {
    await block(work, candidate, {
      kind: 'error',
      base,
      evidence: check.paths.map((path) => `the merge result differs from the three-way rule: ${path}`),
      diagnostics: ['the self-check of the merge failed; nothing was pushed'],
      nextAction: 'report this; then telec unhold --reason "..."',
    });
    return work.halt('SELF_CHECK', `the merge of ${candidateKey(candidate)} differs from its second computation`);
  }
  const { commit, tree } = merged;
  return {
    kind: 'merged',
    member: { ...candidate, base, mergeCommit: commit, tip: commit, tree, skipped: check.skipped },
  };
}

async function settle(
  work: SessionWork,
  candidate: Taken,
  base: string,
  merged: Exclude<GitMerge, { kind: 'merged' }>,
): Promise<void> {
  if (merged.kind === 'integrated') {
    return completeIntegrated(work, work.recordOf(candidateKey(candidate)), merged.how, base);
  }
  if (merged.kind === 'error') {
    return block(work, candidate, {
      kind: 'error',
      base,
      evidence: [merged.detail],
      diagnostics: ['git could not merge it; nothing was pushed'],
      nextAction: `mend the cause, then telec resume ${candidate.slug}`,
    });
  }
  await recordConflict(work, candidate, base, merged, false);
  await block(work, candidate, await conflictFinding(work, candidate, base, merged));
}

async function recordConflict(
  work: SessionWork,
  { slug, branch, sha, attempt }: Taken,
  base: string,
  conflict: Extract<GitMerge, { kind: 'conflict' }>,
  provisional: boolean,
): Promise<void> {
  const paths = conflict.paths.map(({ path }) => path).slice(0, 1000);
  await work.record({
    type: 'integration.merge.conflicted',
    payload: { ...work.stamp(), slug, branch, sha, attempt, base, paths, provisional },
  });
}

async function conflictFinding(
  work: SessionWork,
  candidate: Taken,
  base: string,
  conflict: Extract<GitMerge, { kind: 'conflict' }>,
): Promise<Finding> {
  const { parts } = work;
  const paths = conflict.paths.map(({ path }) => path);
  const touched = await parts.git.touchedBy(base, candidate.sha, paths);
  const named = touched.map((commit) => ({ commit, candidate: delivered(work, commit) }));
  return {
    kind: 'conflict',
    base,
    evidence: conflict.paths.map(conflictLine),
    diagnostics: [
      `merging ${candidate.sha} into ${base} leaves ${paths.length} path(s) in conflict`,
      ...named.map(({ commit, candidate: by }) => `touched on main by ${by ?? commit.sha}: ${commit.subject}`),
    ],
    nextAction: `merge main into ${candidate.branch}, resolve, push, then telec submit ${quoted(candidate.branch)} --slug ${candidate.slug}`,
    paths: conflict.paths,
    touchedBy: named.map(({ commit, candidate: by }) => ({ merge_commit: commit.sha, candidate: by })),
    reproduce: `git merge-tree --write-tree ${base} ${candidate.sha}`,
  };
}

/** One line, whatever the name of the file: the next line of evidence is somebody else's to write. */
export function conflictLine({ path, stages }: ConflictPath): string {
  const name = path.replace(/[\n\r\t]/g, (char) => JSON.stringify(char).slice(1, -1));
  return `conflict in ${name} (stages ${stages.join(', ')})`;
}

function delivered(work: SessionWork, commit: MainCommit): string | null {
  return work.parts.repository.deliveredBy(commit.sha)?.key ?? commit.candidate ?? commit.books;
}
