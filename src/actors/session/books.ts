/**
 * The books of a delivery: the commits behind its merge that enter it in the files of the repository. At most two, made
 * in the object database on the tree of the merge, dated like it, pushed together with it. Nothing else writes these
 * files on main; a file that cannot be read is never written over.
 */
import type { Problem } from '../../errors.ts';
import { CONFIG_FILE } from '../../io/config.ts';
import { quoted } from '../../io/git/housekeeping.ts';
import type { BooksOutcome, Member } from '../../machines/effects.ts';
import { candidateKey } from '../../machines/identity.ts';
import { block } from './block.ts';
import { entriesOf } from './book-entries.ts';
import { followUpsToClose } from './follow-ups.ts';
import { mergeCandidate } from './merge.ts';
import { noticeMain } from './reconcile.ts';
import type { SessionWork } from './work.ts';

/** Problems of one file told at most; the first ones say what is wrong. */
const PROBLEMS_TOLD_MAX = 10;

/** Adds the bookkeeping commits to a merged candidate; its tip and tree are then theirs. The log names all of it. */
export async function keepBooks(work: SessionWork, input: { member: Member; train: Member[] }): Promise<BooksOutcome> {
  const { parts } = work;
  const { train } = input;
  let { member } = input;
  for (;;) {
    const { slug, branch, sha, dequeuedAt, base, mergeCommit } = member;
    const entries = await entriesOf(parts.git, {
      slug,
      base,
      mergeCommit,
      date: new Date(Date.parse(dequeuedAt)).toISOString().slice(0, 10),
      closes: followUpsToClose(work, slug),
      removesTodo: parts.config.cleanup.todo,
    });
    if (entries.kind === 'kept') {
      const booked = await commit(work, member, [
        { subject: `Deliver ${slug}: bookkeeping`, changes: entries.bookkeeping },
        { subject: `Deliver ${slug}: todo cleanup`, changes: entries.cleanup },
      ]);
      return record(work, booked);
    }
    // Judged on a tip that is not on main yet, they may look different on the main that results.
    if (train.length > 0) return { kind: 'provisional' };
    const { main } = await work.lookHolding();
    if (main !== base) {
      await work.patiently(() => parts.git.fetch([]), 'unreachable');
      await noticeMain(work, main);
      const again = await mergeCandidate(work, { candidate: member, base: main, train });
      if (again.kind !== 'merged') return again;
      member = again.member;
      continue;
    }
    await block(work, member, {
      kind: 'error',
      base,
      ...findingOf(entries.problems, entries.isOnBase, { slug, branch, at: entries.isOnBase ? base : sha }),
    });
    return { kind: 'settled' };
  }
}

/** Each set of changes as a commit on the one before, none for none. */
async function commit(
  work: SessionWork,
  member: Member,
  steps: { subject: string; changes: Parameters<typeof work.parts.git.commitChanges>[0]['changes'] }[],
): Promise<Member> {
  const { git, config } = work.parts;
  let { tip } = member;
  for (const { subject, changes } of steps) {
    if (changes.length === 0) continue;
    const made = await git.commitChanges({
      parent: tip,
      changes,
      message: `${subject}\n\nTelec-Books: ${candidateKey(member)}\n`,
      author: config.author,
      timeSeconds: Math.floor(Date.parse(member.dequeuedAt) / 1000),
    });
    tip = made ?? tip;
  }
  return tip === member.tip ? member : { ...member, tip, tree: (await git.treeOf(tip)) ?? member.tree };
}

async function record(work: SessionWork, member: Member): Promise<BooksOutcome> {
  await work.parts.faults.reach('after-books');
  const { slug, branch, sha, attempt, base, mergeCommit, tip, tree } = member;
  const made = { base, merge_commit: mergeCommit, tip, tree };
  await work.record({
    type: 'integration.merge.succeeded',
    payload: { ...work.stamp(), slug, branch, sha, attempt, ...made },
  });
  await work.parts.faults.reach('after-merge-recorded');
  return { kind: 'booked', member };
}

function findingOf(
  problems: readonly Problem[],
  isOnBase: boolean,
  { slug, branch, at }: { slug: string; branch: string; at: string },
): { evidence: string[]; diagnostics: string[]; nextAction: string; reproduce: string } {
  const file = (problems[0]?.path ?? '').replace(/ line \d+$/, '');
  const told = problems.slice(0, PROBLEMS_TOLD_MAX).map(({ path, message }) => `${path}: ${message}`);
  if (problems.length > told.length) told.push(`${problems.length - told.length} more`);
  return {
    evidence: told,
    diagnostics: [
      file === CONFIG_FILE
        ? 'the merge is clean, but no command could use the configuration that it brings; nothing was pushed'
        : 'the merge is clean, but its books cannot be kept; nothing was pushed and nothing written over',
      isOnBase ? `main has ${file} like that already` : `${branch} brings ${file} like that`,
    ],
    nextAction: isOnBase
      ? `deliver a branch that mends ${file}, then telec resume ${slug}`
      : `mend ${file} on ${branch}, push, then telec submit ${quoted(branch)} --slug ${slug}`,
    reproduce: `git show ${at}:${file}`,
  };
}
