/**
 * What a session does first under its fence: it finds out from the remote what really happened before it. Pushes of
 * unknown outcome are settled (our fence makes a late one impossible), candidates found integrating are completed or
 * requeued, commits that nobody recorded are noticed, and every open candidate is probed.
 */
import type { MainCommit, RemoteView } from '../../io/git/port.ts';
import type { ReconcileOutcome } from '../../machines/effects.ts';
import type { OpenPush } from '../../machines/standing.ts';
import type { CandidateRecord } from '../candidate-record.ts';
import type { Emission } from '../producer.ts';
import type { Repository } from '../repository.ts';
import { auditLeft } from './audit.ts';
import { uncleanedOf } from './clean-remote.ts';
import type { ReceiptCheck } from './tests/bed.ts';
import { proofsInLog } from './tests/proofs.ts';
import type { SessionWork } from './work.ts';

/** Foreign commits named in one event; more are counted, not listed. */
const FOREIGN_LISTED_MAX = 100;

export async function reconcileCandidates(work: SessionWork): Promise<ReconcileOutcome> {
  const { parts } = work;
  const { main: known } = parts.repository.standing;
  const view = await work.lookHolding();
  await work.patiently(() => parts.git.fetch([]), 'unreachable');
  for (const push of [...parts.repository.standing.openPushes]) await settlePush(work, push, view.main);
  for (const record of parts.repository.live()) {
    if (record.state === 'integrating') await settleCandidate(work, record, view.main);
  }
  await noticeMain(work, view.main);
  if (parts.mode === 'live') await auditLeft(work, known, view.main);
  await probeAll(work, view);
  await parts.faults.reach('after-reconcile');
  return { kind: 'reconciled', uncleaned: uncleanedOf(parts.repository).length };
}

/** Probes every candidate that is not final, and completes those that are on main already. */
export async function probeAll(work: SessionWork, view: RemoteView): Promise<void> {
  const { parts } = work;
  await work.patiently(() => parts.prober.probe(parts.repository.live(), view), 'unreachable');
  await parts.dispatcher.catchUp();
  const main = view.main;
  if (main === null) return;
  for (const record of parts.repository.live()) {
    if (record.context.facts?.integrated && record.state !== 'integrating') {
      await completeIntegrated(work, record, 'ancestry', main);
    }
  }
}

/** A push whose outcome the log does not know: on main, or impossible since the fence moved. */
async function settlePush(work: SessionWork, push: OpenPush, main: string): Promise<void> {
  if (await isOnMain(work, push.tip, main)) return recordLanded(work, push);
  await work.record({
    type: 'integration.push.burned',
    payload: { ...work.stamp(), ...numbersOf(push), reason: 'the fence moved before it landed' },
  });
}

/** Completes the members of a push that is found on main. */
export async function recordLanded(work: SessionWork, push: OpenPush): Promise<void> {
  const emissions: Emission[] = [
    { type: 'integration.push.succeeded', payload: { ...work.stamp(), ...numbersOf(push), reason: 'found on main' } },
  ];
  const proofs = await proofsInLog(work, push);
  for (const [index, member] of push.members.entries()) {
    emissions.push(await completionOf(work, push, member, { index, checks: proofs[index] ?? [] }));
  }
  if (push.followUps.length > 0) emissions.push(...(await landings(work, push)));
  await work.record(...emissions);
  work.counts.completed += push.members.length;
}

/** That the follow-ups of a push are on main: the receipt of its commit, once for each. */
export async function landings(
  work: SessionWork,
  { base, tip: commit, followUps }: Pick<OpenPush, 'base' | 'tip' | 'followUps'>,
): Promise<Emission[]> {
  const tree = (await work.parts.git.treeOf(commit)) ?? '';
  return followUps.map((change) => ({
    type: 'integration.followup.landed',
    payload: { ...work.stamp(), ...change, commit, base, tree },
  }));
}

const numbersOf = ({ seq, pushNumber }: OpenPush) => ({ seq, push_number: pushNumber });

async function completionOf(
  work: SessionWork,
  push: OpenPush,
  member: OpenPush['members'][number],
  { index, checks }: { index: number; checks: ReceiptCheck[] },
): Promise<Emission> {
  const { slug, branch, sha, merge_commit, tip } = member;
  const base = push.members[index - 1]?.tip ?? push.base;
  const tree = (await work.parts.git.treeOf(tip)) ?? '';
  const { fence } = work.held();
  // The session that merged it may have been configured otherwise.
  const parents = (await work.parts.git.commitOf(merge_commit))?.parents.length;
  const receipt = {
    base,
    merge_commit,
    tip,
    tree,
    fence,
    strategy: parents === 1 ? ('squash' as const) : ('merge' as const),
    checks,
    skipped: 0,
  };
  const payload = { slug, branch, sha, merge_commit, integrated_at: work.now(), outcome: 'merged' as const, fence };
  return { type: 'deployment.completed', payload: { ...payload, receipt: { ...receipt, train: index + 1 } } };
}

/** A candidate that a dead session left integrating, without an open push. */
async function settleCandidate(work: SessionWork, record: CandidateRecord, main: string): Promise<void> {
  const { sha, landed } = record.context;
  if (landed || (await isOnMain(work, sha, main))) return completeIntegrated(work, record, 'ancestry', main);
  await requeueLeft(work, record);
}

/** Sends back what a dead session left integrating. */
export async function requeueLeft(work: SessionWork, record: CandidateRecord): Promise<void> {
  const { slug, branch, sha, attempt } = record.context;
  await work.record({
    type: 'integration.candidate.requeued',
    payload: { ...work.stamp(), slug, branch, sha, attempt, reasons: ['its session ended'], after: 'reconcile' },
  });
}

/** Writes that a candidate is on main without a push of ours, and completes it. */
export async function completeIntegrated(
  work: SessionWork,
  record: CandidateRecord,
  how: 'ancestry' | 'content' | 'receipt',
  main: string,
): Promise<void> {
  await work.record(...(await integrationOf(work, record, how, main)));
  work.counts.completed += 1;
}

/** What completes a candidate that is on `main` without a push of ours. */
export async function integrationOf(
  work: SessionWork,
  record: CandidateRecord,
  how: 'ancestry' | 'content' | 'receipt',
  main: string,
): Promise<Emission[]> {
  const { slug, branch, sha, attempt } = record.context;
  const { fence } = work.held();
  const tree = (await work.parts.git.treeOf(main)) ?? '';
  const { strategy } = work.parts.config;
  return [
    {
      type: 'integration.candidate.already_merged',
      payload: { ...work.stamp(), slug, branch, sha, attempt, how, main_head: main },
    },
    {
      type: 'deployment.completed',
      payload: {
        slug,
        branch,
        sha,
        merge_commit: sha,
        integrated_at: work.now(),
        outcome: 'already_integrated',
        fence,
        receipt: {
          base: main,
          merge_commit: sha,
          tip: main,
          tree,
          fence,
          strategy,
          checks: [],
          skipped: 0,
          landed_by: main,
        },
      },
    },
  ];
}

/** Compares main with what the log knows of it: commits without a receipt are foreign, missing ones a rewind. */
export async function noticeMain(work: SessionWork, main: string): Promise<void> {
  const { parts } = work;
  const known = await knownBefore(work, main);
  if (known === null) return;
  const commits = await parts.git.mainCommits(known, main, FOREIGN_LISTED_MAX);
  const foreign = foreignOf(parts.repository, commits);
  if (foreign.length === 0) return;
  const seen = { from: known, to: main, commits: foreign, session_id: parts.sessionId, command_id: parts.ids.ulid() };
  const told: Emission = { type: 'integration.main.foreign', payload: seen };
  const detail = strictlyForeign(work, foreign);
  if (detail === null) return work.testify(told);
  // In one append: a death between the two would let the next session take the commits for known.
  await work.testify(told, ...work.haltOf('FOREIGN_COMMIT', detail));
  await work.halt('FOREIGN_COMMIT', detail);
}

/** Why foreign commits stop everything: guards are strict, and no person permitted them. Null: they do not. */
function strictlyForeign({ parts }: SessionWork, foreign: readonly string[]): string | null {
  if (parts.config.guards !== 'strict') return null;
  const { permitted } = parts.repository.standing.authority;
  // What a permitted commit has below it came along with it.
  const rest = foreign.slice(foreign.findLastIndex((sha) => permitted.includes(sha)) + 1);
  if (rest.length === 0) return null;
  return `main has ${rest.length} commit(s) that telec did not bring and nobody permitted: ${rest.slice(0, 5).join(', ')}; see who brought them, then telec unhold --reason "..."`;
}

/** Main as the log knew it when it has moved on since; null when it has not, or cannot be judged yet. A rewind halts. */
export async function knownBefore(work: SessionWork, main: string): Promise<string | null> {
  const { parts } = work;
  const known = parts.repository.standing.main;
  if (known === null || known === main) return null;
  if (!(await parts.git.hasCommit(main))) {
    await work.patiently(() => parts.git.fetch([]), 'unreachable');
    // Main moved on once more: what was seen of it cannot be judged, and the next look sees more.
    if (!(await parts.git.hasCommit(main))) return null;
  }
  if (!(await isOnMain(work, known, main))) {
    const detail = `main was ${known} and is ${main} now, which does not contain it`;
    const seen = { from: known, to: main, commits: [], session_id: parts.sessionId, command_id: parts.ids.ulid() };
    const rewound: Emission = { type: 'integration.main.rewound', payload: seen };
    await work.testify(rewound, ...work.haltOf('MAIN_REWOUND', detail));
    await work.halt('MAIN_REWOUND', detail);
  }
  return known;
}

/**
 * Of commits of main, oldest first, those that no receipt covers. One covers its merge commit, its tip and the commits
 * of its books between them.
 */
export function foreignOf(repository: Repository, commits: readonly MainCommit[]): string[] {
  let foreign: string[] = [];
  const merged = new Set<CandidateRecord>();
  let openUntil: string | null = null;
  for (const { sha } of commits) {
    const record = repository.deliveredBy(sha);
    const tip: string | undefined = record?.context.delivery?.receipt?.tip;
    if (record && sha !== tip) openUntil = tip ?? null;
    // The first commits may be the end of a delivery whose merge is older than what was asked for.
    if (record && sha === tip && sha !== record.context.delivery?.merge_commit && !merged.has(record)) foreign = [];
    if (record) merged.add(record);
    else if (openUntil === null) foreign.push(sha);
    if (sha === openUntil) openUntil = null;
  }
  return foreign;
}

/** Unknown objects are not on main: all of main was fetched. */
export async function isOnMain(work: SessionWork, commit: string, main: string): Promise<boolean> {
  if (commit === main) return true;
  if (!(await work.parts.git.hasCommit(commit))) return false;
  return (await work.parts.git.ancestry(commit, main)) === 'yes';
}
