/**
 * Validation: everything that is wrong with the work items of a work tree, each with its mend. Judges files alone, and
 * removes on request what holds no data; whatever else is wrong is named and left.
 */
import { verdictIn } from '../../io/todos/dor-report.ts';
import { tasksIn } from '../../io/todos/markdown.ts';
import { stateFile, TODOS_FOLDER, todoFile, todoFolder } from '../../io/todos/paths.ts';
import { DOR_GATES } from '../../io/todos/state-file.ts';
import { verdictProblems } from '../../machines/gate.ts';
import { childProblems } from './children.ts';
import { failure, type ValidationRow } from './findings.ts';
import { type Papers, readPapers, type TodoFacts } from './papers.ts';
import { planProblems } from './planning.ts';
import { slugGiven, unknownTodo, type WorkTree } from './work-tree.ts';

export interface ValidationView {
  ok: boolean;
  problems: ValidationRow[];
  /** What `--fix` did, a sentence each. */
  fixed: { path: string; text: string }[];
}

/**
 * Validates one work item or all. Thrown: BAD_SLUG (2), NOT_FOUND (1); to fix: NOT_INITIALIZED (6).
 */
export async function validate(tree: WorkTree, slug: string | null, fix: boolean): Promise<ValidationView> {
  if (slug !== null) slugGiven(slug);
  if (fix) await tree.admit();
  const papers = readPapers(tree.files);
  const emptyFolders = emptyIn(tree, papers).filter((name) => slug === null || name === slug);
  const isKnown = slug === null || emptyFolders.includes(slug) || papers.delivered.has(slug);
  if (!isKnown && !papers.todos.some((each) => each.slug === slug)) throw unknownTodo(slug, false);
  const fixed = fix ? emptyFolders.filter((name) => tree.files.removeEmpty(`${TODOS_FOLDER}/${name}`)) : [];
  // What is gone now may be missed elsewhere.
  const now = fixed.length > 0 ? readPapers(tree.files) : papers;
  const rows = [
    ...now.problems.map(({ path, message }) =>
      failure('unreadable', null, path, message, 'mend the file by hand; telec does not change what it cannot read'),
    ),
    ...emptyFolders
      .filter((name) => !fixed.includes(name))
      .map((name) =>
        failure(
          'empty_folder',
          name,
          `${TODOS_FOLDER}/${name}`,
          'the folder holds no file',
          'telec todo validate --fix',
        ),
      ),
    ...planProblems(tree.files, now),
    ...now.todos.flatMap((facts) => itemProblems(tree, now, facts)),
    ...now.todos.flatMap((facts) => childProblems(tree.files, now, facts)),
  ];
  const problems = rows.filter((row) => slug === null || row.slug === slug || row.slug === null);
  return {
    ok: problems.every(({ status }) => status === 'warn'),
    problems,
    fixed: fixed.map((name) => ({ path: `${TODOS_FOLDER}/${name}`, text: 'the empty folder is removed' })),
  };
}

/** Names of empty folders below todos/. */
function emptyIn({ files }: WorkTree, papers: Papers): string[] {
  const unsafe = new Set(papers.problems.map(({ path }) => path));
  if (unsafe.has(TODOS_FOLDER)) return [];
  return files.list(TODOS_FOLDER).filter((name) => {
    if (unsafe.has(`${TODOS_FOLDER}/${name}`) || isLink(files, name)) return false;
    return files.isEmpty(`${TODOS_FOLDER}/${name}`);
  });
}

function isLink(files: WorkTree['files'], name: string): boolean {
  try {
    files.has(`${TODOS_FOLDER}/${name}`);
    return false;
  } catch {
    return true;
  }
}

/** Whether somebody says of it that it is built. */
const isBuilt = ({ state: { build, review } }: TodoFacts) => build === 'complete' || review !== 'pending';

function itemProblems(tree: WorkTree, papers: Papers, facts: TodoFacts): ValidationRow[] {
  const { slug, hasFolder } = facts;
  if (!hasFolder || tree.files.isEmpty(todoFolder(slug))) return [];
  const rows = facts.problems.map(({ path, message }) =>
    failure('unreadable_state', slug, path, message, 'mend the file by hand; until then it counts as fresh'),
  );
  if (papers.delivered.has(slug)) {
    const text = 'it is delivered, and its folder is still there';
    return [
      ...rows,
      { ...failure('delivered_folder', slug, todoFolder(slug), text, 'remove the folder'), status: 'warn' },
    ];
  }
  const unsafe = new Set(facts.problems.map(({ path }) => path));
  for (const paper of facts.missingPapers.filter((each) => !unsafe.has(todoFile(slug, each))))
    rows.push(
      failure('missing_paper', slug, todoFile(slug, paper), 'the paper is missing', `telec todo draft ${slug}`),
    );
  return [...rows, ...taskProblems(tree, facts), ...verdictRows(tree, facts)];
}

/** The text of a paper that is there and can be read. */
function paperText({ files }: WorkTree, facts: TodoFacts, paper: TodoFacts['papers'][number]): string | null {
  if (!facts.papers.includes(paper)) return null;
  try {
    return files.read(todoFile(facts.slug, paper));
  } catch {
    return null;
  }
}

function taskProblems(tree: WorkTree, facts: TodoFacts): ValidationRow[] {
  const { slug, isContainer, state } = facts;
  const rows: ValidationRow[] = [];
  const path = todoFile(slug, 'implementation-plan.md');
  const plan = paperText(tree, facts, 'implementation-plan.md');
  if (facts.papers.includes('implementation-plan.md') && plan === null)
    rows.push(failure('unreadable', slug, path, 'the paper is no plain file, or far too large', 'replace it'));
  if (plan === null) return rows;
  const judged = isContainer && (state.breakdown.assessed || state.dor !== null);
  if (judged || (!isContainer && isBuilt(facts))) {
    for (const { line, text } of tasksIn(plan).filter(({ required, checked }) => required && !checked))
      rows.push(
        failure(
          'unchecked_task',
          slug,
          `${path} line ${line}`,
          `the task is not done: ${text === '' ? '(without words)' : text}`,
          'do it and check it, or put it under a heading that says (optional)',
        ),
      );
  }
  const isPart = facts.row?.group != null;
  if (isPart && state.dor?.status === 'pass') {
    for (const [what, pattern] of [
      ['test', /\btest(s|ing)?\b/i],
      ['lint', /\blint(s|er|ing)?\b/i],
    ] as const)
      if (!pattern.test(plan))
        rows.push(
          failure('plan_lacks_gate', slug, path, `the plan names no ${what} gate`, `add a task for ${what}s to it`),
        );
  }
  return rows;
}

function verdictRows(tree: WorkTree, facts: TodoFacts): ValidationRow[] {
  const { slug, state } = facts;
  const { dor } = state;
  const rows: ValidationRow[] = [];
  const path = todoFile(slug, 'dor-report.md');
  const judge = `let another session judge it: telec todo gate ${slug} --score N --status pass|needs_work|needs_decision`;
  if (dor)
    for (const { about, text } of verdictProblems(dor, dor.gates.length === 0 ? [] : DOR_GATES))
      rows.push(failure('verdict_contradicts', slug, `${stateFile(slug)} dor ${about}`, `${about} ${text}`, judge));
  const report = paperText(tree, facts, 'dor-report.md');
  if (report === null) return rows;
  const verdict = verdictIn(report);
  if (!verdict) {
    const row = failure('no_verdict', slug, path, 'the report has no verdict', judge);
    const claims = dor !== null || state.build !== 'pending';
    rows.push(claims ? row : { ...row, status: 'warn', text: 'the report is a draft: nobody has judged it yet' });
  } else if (!dor) {
    rows.push(
      failure('verdict_differs', slug, path, `the report says ${verdict.status}, the state says nothing`, judge),
    );
  } else if (verdict.status !== dor.status || verdict.score !== dor.score) {
    const text = `the report says ${verdict.status} with ${verdict.score}, the state ${dor.status} with ${dor.score}`;
    rows.push(failure('verdict_differs', slug, path, text, judge));
  }
  return rows;
}
