/**
 * `submit`: the way a person or a worker hands a commit over. It pushes, approves by naming the commit, and says that it
 * is final; a triple that was blocked or superseded is resumed instead.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, TelecError } from '../../errors.ts';
import { branchHead, currentBranch, hasPath, pushBranch } from '../../io/git/clone.ts';
import { todoFolder } from '../../io/todos/paths.ts';
import { branchProblem, candidateKey, SLUG_LENGTH_MAX, SLUG_PATTERN } from '../../machines/identity.ts';
import type { SubmitView } from '../client.ts';
import { actorOf } from '../workspace.ts';
import { handIn } from './hand-in.ts';
import { requireResolved } from './resume.ts';
import { lookAtRemote, type Opened, privateGit } from './session.ts';

/** What to do about a push that the remote or a hook refused. */
const PUSH_MEND =
  'mend what the remote or the hook says (a rewritten branch: git push --force-with-lease), then submit again';
/** Rounds tried when another reviewer takes the next free one at the same moment. */
const ROUND_TRIES = 5;

export async function submit(
  opened: Opened,
  request: { branch: string | null; slug: string | null },
): Promise<SubmitView> {
  const { workspace, host } = opened;
  const { remote } = workspace.config;
  const branch = await branchOf(opened, request.branch);
  const slug = slugOf(request.slug, branch);
  const sha = await branchHead(workspace.clone, branch);
  if (sha === null) {
    throw new TelecError('NO_BRANCH', EXIT.domain, `there is no local branch ${branch}`, { hint: 'git branch --list' });
  }
  const triple = { slug, branch, sha };
  const known = host.repository.find(candidateKey(triple));
  if (known?.state === 'completed') return { ...triple, state: 'completed', events: [] };
  if (known) await requireResolved(opened, known);
  // Asked before anything leaves this machine, and again when it is approved.
  const isTodo = await hasTodo(opened, slug, sha);
  if (isTodo) requireReview(opened, triple);

  const pushed = await pushBranch(workspace.clone, remote, branch, sha);
  if (pushed.kind !== 'pushed') {
    const exit = pushed.kind === 'rejected' ? EXIT.domain : EXIT.unreachable;
    throw new TelecError('PUSH_FAILED', exit, `${branch} could not be pushed to ${remote}: ${pushed.detail}`, {
      hint: pushed.kind === 'rejected' ? PUSH_MEND : 'telec doctor',
    });
  }
  const view = await lookAtRemote(await privateGit(opened));
  const events = await approve(opened, triple, isTodo);
  const { sessionId } = actorOf(opened.context);
  const handed = await handIn(opened, triple, view, sessionId);
  return { ...triple, state: handed.state, events: [...events, ...handed.events] };
}

async function branchOf({ workspace }: Opened, given: string | null): Promise<string> {
  const branch = given ?? (await currentBranch(workspace.clone));
  if (branch === null) {
    throw new TelecError('NO_BRANCH', EXIT.usage, 'no branch is checked out here', { hint: 'telec submit <branch>' });
  }
  const problem = branchProblem(branch);
  if (problem) {
    throw new TelecError('INVALID_BRANCH', EXIT.usage, `${JSON.stringify(branch)} is no branch name: it ${problem}`, {
      hint: 'git branch --list',
    });
  }
  if (branch === workspace.config.main) {
    throw new TelecError(
      'IS_MAIN',
      EXIT.usage,
      `${branch} is main itself; work is submitted from a branch of its own`,
      {
        hint: 'git switch -c my-change, then telec submit',
      },
    );
  }
  return branch;
}

function slugOf(given: string | null, branch: string): string {
  const last = branch.slice(branch.lastIndexOf('/') + 1).toLowerCase();
  // A letter outside a to z has no place in a slug, and dropping it would make another word of the name.
  const spelled = /^[\x20-\x7e]*$/.test(last) ? last.replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '') : '';
  const slug = given ?? spelled;
  if (SLUG_PATTERN.test(slug) && slug.length <= SLUG_LENGTH_MAX) return slug;
  const what =
    given === null
      ? `no slug can be made from the branch ${JSON.stringify(branch)}`
      : `${JSON.stringify(given)} is no slug`;
  throw new TelecError('INVALID_SLUG', EXIT.usage, what, {
    hint: 'give one with --slug: lower-case letters and digits in parts joined by single -',
  });
}

/** Refuses a work item that no review has approved as it is. Thrown: NEEDS_REVIEW (6). */
function requireReview({ host }: Opened, { slug, sha }: { slug: string; sha: string }): void {
  const standing = host.repository.review(slug) ?? null;
  if (standing?.verdict === 'approved' && (standing.sha === null || standing.sha === sha)) return;
  throw new TelecError('NEEDS_REVIEW', EXIT.refused, `${slug} is a work item of its own and needs its review`, {
    hint: `telec todo show ${slug}; once its review has approved it, telec todo finalize ${slug}`,
  });
}

/** Approves the commit in the next free round, unless the newest approval names it already. */
async function approve(
  opened: Opened,
  { slug, sha }: { slug: string; sha: string },
  isTodo: boolean,
): Promise<string[]> {
  const { host, context } = opened;
  for (let tries = 0; tries < ROUND_TRIES; tries += 1) {
    const standing = host.repository.review(slug) ?? null;
    if (standing?.verdict === 'approved' && standing.sha === sha) return [];
    if (isTodo) {
      requireReview(opened, { slug, sha });
      return [];
    }
    const result = await host.producer.emit('review.approved', {
      slug,
      approved_at: new Date(host.clock.now()).toISOString(),
      review_round: (standing?.round ?? 0) + 1,
      reviewer_session_id: actorOf(context).sessionId,
      sha,
    });
    await host.dispatcher.catchUp();
    if (result.status === 'appended') return result.ids;
  }
  throw new TelecError('ROUND_TAKEN', EXIT.domain, `other reviews of ${slug} kept taking the next round`, {
    hint: 'submit again',
    retryable: true,
  });
}

/**
 * Whether the slug is a work item: in the commit itself, on main as this clone knows it, or in a work tree that a
 * command was given in. A branch that drops its folder does not get around its review while main has it.
 */
async function hasTodo({ workspace }: Opened, slug: string, sha: string): Promise<boolean> {
  const { clone, config, mainWorkTree } = workspace;
  const folder = todoFolder(slug);
  if ([mainWorkTree, clone.workTree].some((top) => existsSync(join(top, folder)))) return true;
  const onMain = `refs/remotes/${config.remote}/${config.main}`;
  return (await hasPath(clone, sha, folder)) || (await hasPath(clone, onMain, folder));
}
