/**
 * `resume`: a blocked candidate goes back to the queue. What is asked, in this order: whether its follow-up is known and
 * resolved, whether it is blocked, whether its conditions hold; each refusal has a code of its own.
 */
import { EXIT, TelecError } from '../../errors.ts';
import { readDelivered } from '../../io/todos/delivered.ts';
import { DELIVERED_FILE, stateFile } from '../../io/todos/paths.ts';
import { readState } from '../../io/todos/state-file.ts';
import { type FollowUp, isResolvedByLog, namesFollowUp } from '../../machines/follow-up.ts';
import { candidateKey } from '../../machines/identity.ts';
import { readinessReasons } from '../../machines/readiness.ts';
import type { CandidateRecord } from '../candidate-record.ts';
import type { CandidateView } from '../client.ts';
import { findFollowUp, followUpOf } from '../follow-ups.ts';
import { candidateView, selectCandidate, topOf } from '../views.ts';
import { actorOf } from '../workspace.ts';
import { lookAtRemote, type Opened, privateGit, probe, say } from './session.ts';

/**
 * Puts a blocked or superseded candidate back, found by its own name or that of its follow-up. Thrown: NOT_FOUND,
 * FOLLOW_UP_UNKNOWN, FOLLOW_UP_UNRESOLVED, ALREADY_COMPLETED, NOT_BLOCKED, NOT_READY (1).
 */
export async function resume(
  opened: Opened,
  request: { slug: string; force: boolean; reason: string | null },
): Promise<CandidateView> {
  const { repository } = opened.host;
  const { record, byFollowUp } = named(opened, request.slug);
  if (!request.force) await requireResolved(opened, record);
  if (record.state === 'completed') {
    throw new TelecError('ALREADY_COMPLETED', EXIT.domain, `${record.key} is on main already`, {
      hint: 'push a new commit and submit it',
    });
  }
  if (record.state === 'superseded' && byFollowUp) {
    const by = record.context.outrankedBy ?? 'a newer commit';
    throw new TelecError('NOT_BLOCKED', EXIT.domain, `${record.key} gave way to ${by}; its follow-up is settled`, {
      hint: `telec why ${record.context.slug}`,
    });
  }
  if (record.state !== 'blocked' && record.state !== 'superseded') return candidateView(repository, record);
  await probe(opened, [record]);
  await resumeRecord(opened, record, request.force, request.reason);
  return candidateView(repository, repository.find(record.key) ?? record);
}

/** A follow-up that was handed over and failed itself is meant by its own name, else its name means its source. */
function named({ host: { repository } }: Opened, name: string): { record: CandidateRecord; byFollowUp: boolean } {
  const followUp = findFollowUp(repository, name);
  const own = topOf(repository.ofSlug(name));
  const source = followUp && repository.find(candidateKey(followUp.source));
  if (source && own?.state !== 'blocked' && own?.state !== 'superseded') return { record: source, byFollowUp: true };
  if (!own && namesFollowUp(name)) {
    throw new TelecError('FOLLOW_UP_UNKNOWN', EXIT.domain, `no follow-up is called ${name}`, {
      hint: 'telec candidates --state blocked',
    });
  }
  return { record: selectCandidate(repository, name), byFollowUp: false };
}

/**
 * Refuses a candidate whose follow-up nobody resolved since it was blocked; one without a follow-up passes.
 * Thrown: FOLLOW_UP_UNRESOLVED (1).
 */
export async function requireResolved(opened: Opened, record: CandidateRecord): Promise<void> {
  const followUp = followUpOf(opened.host.repository, record);
  if (!followUp || isResolvedByLog(followUp) || (await isResolvedOnMain(opened, followUp))) return;
  throw new TelecError('FOLLOW_UP_UNRESOLVED', EXIT.domain, `${followUp.slug} is not resolved since the last block`, {
    hint: `let ${followUp.slug} be reviewed or delivered, or telec resume ${followUp.slug} --force --reason "..."`,
    problems: [
      { path: followUp.slug, message: record.context.failure?.next_action ?? 'see telec candidate' },
      { path: record.key, message: `blocked at ${followUp.blockedAt}` },
    ],
  });
}

/** What main's files say; an approval or delivery from before the last block does not count. */
async function isResolvedOnMain(opened: Opened, followUp: FollowUp): Promise<boolean> {
  const { slug, source, blockedAt, landed } = followUp;
  const git = await privateGit(opened);
  const { main } = await lookAtRemote(git);
  if (main === null) return false;
  if (!(await git.hasCommit(main))) await git.fetch([]);
  if (!(await git.hasCommit(main))) return false;
  const path = stateFile(slug);
  const { state } = readState(path, await git.readFile(main, path));
  const link = state.follow_up;
  const isOfThisBlock =
    link !== null && link.slug === source.slug && link.sha === source.sha && link.blocked_at === blockedAt;
  if (isOfThisBlock && state.review === 'approved') return true;
  const deliveredAt = async (commit: string) =>
    readDelivered(await git.readFile(commit, DELIVERED_FILE)).rows.some((row) => row.slug === slug);
  if (landed === null || !(await git.hasCommit(landed))) return false;
  return (await deliveredAt(main)) && !(await deliveredAt(landed));
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
