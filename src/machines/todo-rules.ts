/**
 * What a work item's machine asks before it lets a step pass, each condition with every reason why it does not hold.
 * The guards of the chart and the refusals that people read come from the same functions. Pure.
 */
import { type BuildFacts, buildProblems } from './build-rules.ts';

/** One thing that stands in the way: stable code, sentence for people, and the command that mends it where one does. */
export interface TodoProblem {
  code: string;
  text: string;
  mend?: string;
}

/** Something a review found. */
export interface Finding {
  /** `r<round>-<number>`. */
  id: string;
  text: string;
}

export interface TodoContext {
  slug: string;
  /** Of the newest review round, begun or ended; 0 before the first. */
  round: number;
  maxRounds: number;
  /** Commit that the newest approval looked at. */
  baseline: string | null;
  unresolved: readonly Finding[];
  resolved: readonly Finding[];
  /** A fix was completed and no review has begun since. */
  mended: boolean;
}

/** What of the work tree stands in the way of calling a phase complete. */
export interface TreeFacts {
  /** Changed paths outside the work item's own folder; null when git could not tell. */
  dirty: readonly string[] | null;
}

/** What must be true before work is handed over, as it was just read; null where git or the remote could not tell. */
export interface HandOverFacts {
  slug: string;
  hasFolder: boolean;
  isContainer: boolean;
  /** All changed paths. */
  dirty: readonly string[] | null;
  /** The branch checked out; null when none is. */
  branch: string | null;
  main: string;
  remote: string;
  head: string | null;
  /** `unknown`: the remote could not be asked. `absent`: it has no such branch. Else the commit it has there. */
  remoteHead: string;
}

/** What happens to a work item: the marks of its phases, and what the log says of its candidate. */
export type TodoEvent =
  | { type: 'build.started'; facts: BuildFacts }
  | ({ type: 'build.complete' } & TreeFacts)
  | { type: 'review.started' }
  | { type: 'review.changes_requested'; findings: readonly string[] }
  | ({ type: 'review.approved'; commit: string | null } & TreeFacts)
  | { type: 'fix.started' }
  | ({ type: 'fix.complete' } & TreeFacts)
  | { type: 'deployment.started'; facts: HandOverFacts }
  | { type: 'deployment.failed' }
  | { type: 'deployment.completed' }
  | { type: 'integration.candidate.resumed' };

/** Paths named in one sentence; the others are counted. */
const PATHS_SHOWN = 5;

function named(paths: readonly string[]): string {
  const rest = paths.length - PATHS_SHOWN;
  return `${paths.slice(0, PATHS_SHOWN).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

const GIT_UNKNOWN = { code: 'git_unknown', mend: 'git status' };

/** Why the work tree does not count as clean; what git cannot tell is never taken for clean. */
function treeProblems(dirty: readonly string[] | null): TodoProblem[] {
  if (dirty === null) return [{ ...GIT_UNKNOWN, text: 'git cannot tell whether the work tree is clean' }];
  if (dirty.length === 0) return [];
  return [
    {
      code: 'dirty',
      text: `the work tree has changes that are not committed: ${named(dirty)}`,
      mend: 'git add -A && git commit',
    },
  ];
}

/** All that is wrong with handing work over, in a fixed order. */
export function handOverProblems(facts: HandOverFacts): TodoProblem[] {
  const { slug, branch, head, remote, remoteHead, main } = facts;
  const problems: TodoProblem[] = [];
  if (!facts.hasFolder)
    problems.push({
      code: 'no_todo',
      text: `there is no folder todos/${slug} in this work tree`,
      mend: `telec submit --slug ${slug}, for work without a folder; else run this in the work tree of its branch (-C <dir>)`,
    });
  if (facts.isContainer)
    problems.push({ code: 'is_container', text: 'it is a container of other work items, not work itself' });
  problems.push(...treeProblems(facts.dirty));
  if (branch === null)
    problems.push({ code: 'detached', text: 'no branch is checked out here', mend: 'git switch <branch>' });
  else if (branch === main)
    problems.push({
      code: 'on_main',
      text: `${main} is checked out here; work is handed over from a branch of its own`,
      mend: 'git switch <branch>',
    });
  if (head === null) problems.push({ ...GIT_UNKNOWN, text: 'git cannot tell which commit is checked out' });
  if (branch === null || branch === main || head === null) return problems;
  if (remoteHead === 'unknown')
    problems.push({
      code: 'remote_unknown',
      text: `${remote} cannot be asked where ${branch} is`,
      mend: 'telec doctor',
    });
  else if (remoteHead === 'absent')
    problems.push({
      code: 'not_pushed',
      text: `${remote} has no branch ${branch}`,
      mend: `git push ${remote} ${branch}`,
    });
  else if (remoteHead !== head)
    problems.push({
      code: 'remote_differs',
      text: `${remote} has ${branch} at ${remoteHead.slice(0, 12)}, here it is at ${head.slice(0, 12)}`,
      mend: `git push ${remote} ${branch}`,
    });
  return problems;
}

function roundProblems({ round, maxRounds, slug }: TodoContext): TodoProblem[] {
  if (round < maxRounds) return [];
  return [
    {
      code: 'rounds_used_up',
      text: `its ${maxRounds} review rounds are used up`,
      mend: `split it, or let a person raise max_review_rounds in todos/${slug}/state.yaml`,
    },
  ];
}

function findingProblems(findings: readonly string[]): TodoProblem[] {
  if (findings.length > 0) return [];
  return [{ code: 'no_findings', text: 'a request for changes names at least one finding', mend: 'add --finding "…"' }];
}

/** The findings of one round, as texts. */
const textsOf = (findings: readonly Finding[], round: number): string[] =>
  findings.filter(({ id }) => id.startsWith(`r${round}-`)).map(({ text }) => text);

/** Why saying the newest round's end again says something else than the first time. */
function repeatProblems({ round, unresolved }: TodoContext, findings: readonly string[]): TodoProblem[] {
  if (JSON.stringify(textsOf(unresolved, round)) === JSON.stringify(findings)) return [];
  return [
    { code: 'round_over', text: `review round ${round} has ended with other findings; they are to be mended first` },
  ];
}

const NOT_MENDED: TodoProblem = { code: 'not_mended', text: 'no fix was begun' };

/** Each guard of the chart: all reasons why it does not hold; none means that it holds. */
export const TODO_GUARDS = {
  mayBeBuilt: (_context, event) =>
    event.type === 'build.started' ? buildProblems(event.facts).map(({ code, text }) => ({ code, text })) : [],
  isClean: (_context, event) => ('dirty' in event ? treeProblems(event.dirty) : []),
  roundIsLeft: (context) => roundProblems(context),
  hasFindings: (_context, event) => (event.type === 'review.changes_requested' ? findingProblems(event.findings) : []),
  hasFindingsAndRound: (context, event) => [
    ...roundProblems(context),
    ...(event.type === 'review.changes_requested' ? findingProblems(event.findings) : []),
  ],
  isCleanAndRoundIsLeft: (context, event) => [
    ...roundProblems(context),
    ...('dirty' in event ? treeProblems(event.dirty) : []),
  ],
  isSameReview: (context, event) =>
    event.type === 'review.changes_requested' ? repeatProblems(context, event.findings) : [],
  isMended: ({ mended }) => (mended ? [] : [NOT_MENDED]),
  mayBeHandedOver: (_context, event) => (event.type === 'deployment.started' ? handOverProblems(event.facts) : []),
} satisfies Record<string, (context: TodoContext, event: TodoEvent) => TodoProblem[]>;

export type TodoGuard = keyof typeof TODO_GUARDS;
