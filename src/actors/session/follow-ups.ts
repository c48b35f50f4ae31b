/**
 * The way of follow-ups to main at the end of a drain, all of them in one commit with one push. Nothing here undoes a block or a delivery: what cannot be brought is left, told
 * once, and tried by later sessions.
 */
import { sleep } from '../../io/clock.ts';
import type { FollowUpOutcome } from '../../machines/effects.ts';
import { type FollowUpChange, leftText } from '../../machines/follow-up.ts';
import { dueFollowUps, findFollowUp } from '../follow-ups.ts';
import { answerViolations, audited, auditFollowUps } from './audit.ts';
import { draftFollowUps, type FollowUpDraft, type Left } from './follow-up-draft.ts';
import { pushFollowUps } from './push.ts';
import { landings, noticeMain } from './reconcile.ts';
import type { SessionWork } from './work.ts';

/** Names written out in the subject of the commit. */
const NAMED_MAX = 3;

/** Follow-ups of one commit at most: its events have to fit into the log. */
const PER_PUSH = 100;

/** Lands every follow-up that main does not have as the log says it should be, in one fenced commit. */
export async function landFollowUps(work: SessionWork): Promise<FollowUpOutcome> {
  const { parts } = work;
  const givenUp = new Set<string>();
  for (let lostRaces = 0; lostRaces < parts.config.pushAttempts; ) {
    await parts.dispatcher.catchUp();
    const due = dueFollowUps(parts.repository).filter(({ followUp }) => !givenUp.has(followUp.slug));
    // A hold freezes main for this, too; the follow-ups come when it is lifted.
    if (due.length === 0 || parts.repository.standing.hold || work.stopping.signal.aborted) break;
    if (lostRaces > 0) await pause(work, lostRaces);
    const { main } = await work.lookHolding();
    if (!(await parts.git.hasCommit(main))) await work.patiently(() => parts.git.fetch([]), 'unreachable');
    await noticeMain(work, main);
    const draft = await draftFollowUps(parts.git, main, due.slice(0, PER_PUSH));
    const answer = await land(work, main, draft);
    if (answer.kind === 'lost') {
      lostRaces += 1;
      continue;
    }
    const left = [...draft.left, ...answer.left];
    for (const { slug } of left) givenUp.add(slug);
    await tellLeft(work, left);
  }
  return { kind: 'followed_up' };
}

type Landing = { kind: 'done'; left: Left[] } | { kind: 'lost' };

async function land(work: SessionWork, main: string, { changes, done }: FollowUpDraft): Promise<Landing> {
  const { parts } = work;
  if (done.length === 0) return { kind: 'done', left: [] };
  const commit = await parts.git.commitChanges({
    parent: main,
    changes,
    message: messageOf(work, done),
    author: parts.config.author,
    // The same on every try, so that the same commit on the same main has the same id.
    timeSeconds: Math.floor(Math.max(...done.map(({ blocked_at }) => Date.parse(blocked_at))) / 1000),
  });
  const landing = { base: main, tip: commit ?? main, followUps: done };
  if (commit === null) {
    // Main is that way already: the books of the delivery removed what was to be removed.
    await work.record(...(await landings(work, landing)));
    return { kind: 'done', left: [] };
  }
  await parts.faults.reach('before-follow-ups');
  const outcome = await pushFollowUps(work, landing);
  switch (outcome.kind) {
    case 'pushed': {
      const claim = { base: main, tree: await parts.git.treeOf(commit), slugs: done.map(({ slug }) => slug) };
      const violations = await auditFollowUps(work, commit, claim);
      await work.record(
        {
          type: 'integration.push.succeeded',
          payload: { ...work.stamp(), seq: work.seq, push_number: work.pushNumber },
        },
        ...(await landings(work, landing)),
        ...audited(work, { from: main, to: commit, commits: 1, violations }),
      );
      await parts.faults.reach('after-follow-ups');
      await answerViolations(work, violations);
      return { kind: 'done', left: [] };
    }
    case 'refused': {
      const { detail } = outcome;
      const nextAction = 'mend what the remote says; the session after that brings it (telec integrate)';
      return { kind: 'done', left: done.map(({ slug }) => ({ slug, reason: 'refused', detail, nextAction })) };
    }
    default:
      return { kind: 'lost' };
  }
}

function messageOf(work: SessionWork, done: readonly FollowUpChange[]): string {
  const verbs = { opened: 'open', reopened: 'reopen', closed: 'close' };
  const named = done.slice(0, NAMED_MAX).map(({ slug, change }) => `${verbs[change]} ${slug}`);
  const more = done.length > NAMED_MAX ? [`${done.length - NAMED_MAX} more`] : [];
  return [
    `Follow-ups: ${[...named, ...more].join(', ')}`,
    '',
    ...done.map(({ slug }) => `Telec-Follow-Up: ${slug}`),
    `Telec-Fence: ${work.held().fence}`,
    '',
  ].join('\n');
}

async function pause(work: SessionWork, lostRaces: number): Promise<void> {
  const { clock, timings } = work.parts;
  await sleep(clock, timings.rebuildMs * 2 ** (lostRaces - 1), work.hurried.signal).catch(() => undefined);
}

/** Tells what is left behind; the same reason only once for a block, however many sessions meet it. */
async function tellLeft(work: SessionWork, left: readonly Left[]): Promise<void> {
  const { parts } = work;
  for (const { slug, reason, detail, nextAction } of left) {
    parts.report('a follow-up was left behind', { follow_up: slug, reason, detail });
    const followUp = findFollowUp(parts.repository, slug);
    if (!followUp || followUp.left === leftText(reason, detail)) continue;
    await work.record({
      type: 'integration.followup.left',
      payload: {
        ...work.stamp(),
        follow_up_slug: slug,
        blocked_at: followUp.blockedAt,
        reason,
        detail,
        next_action: nextAction,
        command_id: parts.ids.ulid(),
      },
    });
  }
}

/** Slugs of the follow-ups of `slug` that main still has; a delivery of `slug` removes them with its books. */
export function followUpsToClose(work: SessionWork, slug: string): string[] {
  const { followUps } = work.parts.repository.standing;
  return followUps.filter((one) => one.source.slug === slug && one.onMain).map((one) => one.slug);
}
