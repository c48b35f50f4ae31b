/**
 * What is verified before work is handed over, by the worker's side and by the orchestrator's alike: all of it read
 * anew, nothing taken from what somebody said. Reads the work tree, the log and the remote; changes nothing.
 */
import { EXIT, TelecError } from '../../errors.ts';
import { changedPaths, commitsOutside } from '../../io/git/clone.ts';
import type { RemoteView } from '../../io/git/port.ts';
import { todoFolder } from '../../io/todos/paths.ts';
import { FRESH_STATE } from '../../io/todos/state-file.ts';
import { branchProblem, candidateKey } from '../../machines/identity.ts';
import { restoreTodo, type TodoSnapshot, todoRefusals } from '../../machines/todo.ts';
import type { HandOverFacts } from '../../machines/todo-rules.ts';
import type { Triple } from '../commands/hand-in.ts';
import { type Opened, privateGit } from '../commands/session.ts';
import { type Desk, standingOf } from './desk.ts';
import type { TodoFacts } from './papers.ts';

/** What may be handed over, as it was when it was verified. */
export interface Verified {
  triple: Triple;
  view: RemoteView;
  snapshot: TodoSnapshot;
  facts: TodoFacts | null;
  /** This very triple is on main already: nothing is left to hand over. */
  delivered: boolean;
}

/** Thrown: DELIVERED (1); FINALIZE_REFUSED (1) with every problem and what mends it; REMOTE_UNREACHABLE (3) when that is all there is. */
export async function verify(desk: Desk, opened: Opened, slug: string): Promise<Verified> {
  const { clone, branch, head, papers } = desk;
  const { config } = opened.workspace;
  const facts = papers.todos.find((other) => other.slug === slug) ?? null;
  const look = await (await privateGit(opened)).look();
  const known =
    branch !== null && head !== null ? opened.host.repository.find(candidateKey({ slug, branch, sha: head })) : null;
  const delivered = known?.state === 'completed';
  const handOver: HandOverFacts = {
    slug,
    hasFolder: facts?.hasFolder ?? false,
    isContainer: facts?.isContainer ?? false,
    dirty: await changedPaths(clone),
    branch: branch !== null && branchProblem(branch) === null ? branch : null,
    main: config.main,
    remote: config.remote,
    head,
    remoteHead: look.kind === 'unreachable' ? 'unknown' : ((branch && look.view.heads.get(branch)) ?? 'absent'),
  };
  const snapshot = facts ? await standingOf(desk, facts) : restoreTodo(slug, FRESH_STATE);
  const refused = delivered ? [] : todoRefusals(snapshot, { type: 'deployment.started', facts: handOver });
  if (!facts && !delivered && desk.isDelivered(slug))
    throw new TelecError('DELIVERED', EXIT.domain, `${slug} is delivered; nothing is left to hand over`, {
      hint: `telec todo show ${slug}`,
    });
  // Of what has no folder here nothing is known that could be out of place.
  const told = facts ? refused : refused.filter(({ code }) => code !== 'out_of_place');
  const problems = [
    ...told.map(({ code, text, mend }) => ({ path: code, message: mend ? `${text} (${mend})` : text })),
    ...(facts?.problems ?? []),
  ];
  if (look.kind === 'unreachable' && problems.every(({ path }) => path === 'remote_unknown')) {
    throw new TelecError('REMOTE_UNREACHABLE', EXIT.unreachable, `the remote cannot be reached: ${look.detail}`, {
      hint: 'telec doctor',
      retryable: true,
    });
  }
  if (problems.length > 0 || branch === null || head === null || look.kind === 'unreachable') {
    throw new TelecError('FINALIZE_REFUSED', EXIT.domain, `${slug} cannot be handed over`, {
      hint: `mend what is listed, then telec todo finalize ${slug}`,
      problems,
    });
  }
  return { triple: { slug, branch, sha: head }, view: look.view, snapshot, facts, delivered };
}

/** An approval covers the slug, not the commit; who merges main in or mends a word after it should know that it shows. */
export async function warnOfLaterCommits(
  { context, workspace }: Opened,
  { snapshot, triple }: Verified,
): Promise<void> {
  const { slug, baseline } = snapshot.context;
  const { sha: head } = triple;
  if (baseline === null || baseline === head) return;
  const count = await commitsOutside(workspace.clone, baseline, head, todoFolder(slug));
  if (count === 0) return;
  const what = count === null ? 'git cannot tell what came' : `${count} commit${count === 1 ? '' : 's'} came`;
  context.say(`${what} after the commit that the review of ${slug} looked at (${baseline.slice(0, 12)})`);
}
