/**
 * From files and log to what people and programs are shown of work items, the next call of each included. Reads only.
 */
import { EXIT, type Problem, TelecError } from '../../errors.ts';
import { readDelivered } from '../../io/todos/delivered.ts';
import { DELIVERED_FILE, ICEBOX_FILE, ROADMAP_FILE, stateFile } from '../../io/todos/paths.ts';
import { readRoadmap } from '../../io/todos/roadmap.ts';
import { SLUG_PATTERN } from '../../machines/identity.ts';
import { BUILD_SCORE_MIN, type TodoSnapshot } from '../../machines/todo.ts';
import { type OpenFollowUp, openFollowUps } from '../follow-ups.ts';
import { reasonsOf } from '../views.ts';
import { candidateOf, type Desk, findTodo, standingOf } from './desk.ts';
import type { NextStep, TodoDetailView, TodoNextView, TodoView } from './flow.ts';
import { bookProblems, type TodoFacts } from './papers.ts';

/** The next call that fits the state of a work item. */
export function nextStep(desk: Desk, facts: TodoFacts, snapshot: TodoSnapshot): NextStep {
  const { slug } = facts;
  const [broken] = facts.problems;
  if (broken) return { command: null, text: `its state cannot be read: ${broken.path}: ${broken.message}` };
  const mark = (rest: string, text: string) => ({ command: `telec todo mark-phase ${slug} ${rest}`, text });
  switch (snapshot.value) {
    case 'preparing':
      return beforeBuild(facts);
    case 'building':
      return mark('build complete', 'build it, commit, then say so');
    case 'built':
      if (snapshot.context.round >= snapshot.context.maxRounds)
        return { command: null, text: usedUp(snapshot.context) };
      return mark('review started', 'let somebody else review it');
    case 'reviewing':
      return mark('review approved', 'look at it, then say so; or review changes_requested --finding "…"');
    case 'returned':
      return mark('fix started', 'mend what the review found');
    case 'fixing':
      return mark('fix complete', 'mend it, commit, then say so');
    case 'approved':
      return { command: `telec todo finalize ${slug}`, text: 'commit and push all of it, then hand it over' };
    case 'handedOff':
      return { command: null, text: `the integrator brings it to main; telec why ${slug} says what it waits for` };
    case 'blocked': {
      const failure = candidateOf(desk, slug)?.context.failure;
      return mark('fix started', failure?.next_action ?? `telec candidate ${slug} says what stands in the way`);
    }
    case 'delivered':
      return { command: null, text: 'it is on main' };
  }
}

function usedUp({ slug, maxRounds }: TodoSnapshot['context']): string {
  const raise = `let a person raise max_review_rounds in ${stateFile(slug)}`;
  return `its ${maxRounds} review rounds are used up: split it, or ${raise}`;
}

function beforeBuild({
  slug,
  hasFolder,
  isContainer,
  missingPapers,
  undelivered,
  notBuildable,
  heldBack,
  state: { dor },
}: TodoFacts): NextStep {
  if (isContainer) return { command: null, text: 'it is a container; its work items are built, not it' };
  if (!SLUG_PATTERN.test(slug)) return { command: null, text: `its row of ${ROADMAP_FILE} names no slug` };
  if (!hasFolder)
    return { command: `telec todo draft ${slug}`, text: `it has no folder todos/${slug} yet; write its papers there` };
  if (missingPapers.length > 0)
    return { command: `telec todo draft ${slug}`, text: `write what is missing: ${missingPapers.join(', ')}` };
  const unready = notBuildable.filter((problem) => problem.code !== 'waiting_for' && !heldBack.includes(problem));
  if (unready.length > 0)
    return {
      command: `telec todo gate ${slug} --score <0-10> --status <verdict>`,
      text:
        dor === null
          ? `let somebody else judge its readiness; it needs ${BUILD_SCORE_MIN} of 10`
          : unready.map(({ text }) => text).join('; '),
    };
  if (undelivered.length > 0) return { command: null, text: `it waits for ${undelivered.join(', ')}` };
  if (heldBack.length > 0)
    return { command: `telec rollout gate ${slug}`, text: heldBack.map(({ text }) => text).join('; ') };
  return { command: `telec todo mark-phase ${slug} build started`, text: 'build it' };
}

/** The call as it is typed here: one for another work tree names it. */
function fromHere({ homes }: Desk, slug: string, step: NextStep): NextStep {
  const home = homes.get(slug);
  if (!home || step.command === null) return step;
  return { ...step, command: step.command.replace(/^telec /, `telec -C ${quoted(home.path)} `) };
}

/** A path as a shell takes it for one word. */
const quoted = (path: string): string => (/^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`);

async function todoView(desk: Desk, facts: TodoFacts): Promise<TodoView> {
  const snapshot = await standingOf(desk, facts);
  const { slug, row, state } = facts;
  const candidate = candidateOf(desk, slug);
  const { round, maxRounds, unresolved } = snapshot.context;
  return {
    slug,
    kind: state.kind,
    state: snapshot.value,
    description: row?.description ?? null,
    group: row?.group ?? null,
    after: row?.after ?? [],
    waiting_for: facts.delivered ? [] : facts.undelivered,
    children: facts.children,
    container: facts.isContainer,
    folder: facts.hasFolder,
    work_tree: desk.homes.get(slug)?.path ?? null,
    papers: facts.papers,
    missing_papers: facts.missingPapers,
    dor: state.dor && { status: state.dor.status, score: state.dor.score },
    review: { round, max_rounds: maxRounds, open_findings: unresolved.length },
    candidate: candidate
      ? {
          branch: candidate.context.branch,
          sha: candidate.context.sha,
          state: candidate.state,
          reasons: reasonsOf(candidate).map(({ code, text }) => ({ code, text })),
        }
      : null,
    follow_ups: followUpsOf(desk, slug),
    next: fromHere(desk, slug, nextStep(desk, facts, snapshot)),
  };
}

/** Work items that were opened because this one was blocked, by the files and by the log. */
function followUpsOf(desk: Desk, slug: string): string[] {
  const filed = desk.papers.todos.filter(({ state, delivered }) => state.follow_up?.slug === slug && !delivered);
  const candidate = candidateOf(desk, slug);
  const told = candidate?.state === 'blocked' ? candidate.context.failure?.follow_up_slug : undefined;
  return [...new Set([...filed.map((facts) => facts.slug), ...(told ? [told] : [])])];
}

/** Work items that are put aside: they are neither shown as work nor named next. */
function frozen({ files }: Desk): ReadonlySet<string> {
  return new Set(readRoadmap(files.read(ICEBOX_FILE), ICEBOX_FILE).rows.map(({ slug }) => slug));
}

export async function listTodos(desk: Desk, all: boolean): Promise<TodoView[]> {
  tellProblems(desk);
  const iced = frozen(desk);
  const views: TodoView[] = [];
  for (const facts of desk.papers.todos) {
    if (!all && iced.has(facts.slug)) continue;
    const view = await todoView(desk, facts);
    if (all || view.state !== 'delivered') views.push(view);
  }
  const here = new Set(desk.papers.todos.map(({ slug }) => slug));
  const isElsewhere = ({ slug }: OpenFollowUp) => !here.has(slug) && !desk.isDelivered(slug);
  const elsewhere = desk.host ? openFollowUps(desk.host.repository).filter(isElsewhere) : [];
  for (const followUp of elsewhere) views.push(followUpView(followUp));
  const broken = bookProblems(desk.papers);
  if (views.length === 0 && broken.length > 0) throw unreadable('no work item can be listed', broken);
  if (!all) return views;
  const shown = new Set(views.map(({ slug }) => slug));
  for (const { slug, children } of readDelivered(desk.files.read(DELIVERED_FILE)).rows)
    if (!shown.has(slug)) views.push(deliveredView(desk, slug, children));
  return views;
}

/** A follow-up that the log knows and this work tree has not got: not brought to main yet, or main was not taken in. */
function followUpView({ slug, source, landed, next_action }: OpenFollowUp): TodoView {
  const text = landed === null ? 'the integrator brings it to main at the end of its drain' : 'main has it: git pull';
  return {
    ...ABSENT,
    slug,
    state: 'preparing',
    description: `${source} is blocked: ${next_action}`,
    group: source.slice(0, source.indexOf('/')),
    children: [],
    container: false,
    follow_ups: [],
    next: { command: null, text },
  };
}

/** What is shown of a work item that has no folder here. */
const ABSENT = {
  kind: 'todo',
  after: [],
  waiting_for: [],
  folder: false,
  work_tree: null,
  papers: [],
  missing_papers: [],
  dor: null,
  review: { round: 0, max_rounds: 0, open_findings: 0 },
  candidate: null,
} satisfies Partial<TodoView>;

/** What stands in the book of deliveries alone. */
function deliveredView(desk: Desk, slug: string, children: string[]): TodoView {
  return {
    ...ABSENT,
    slug,
    state: 'delivered',
    description: null,
    group: null,
    children,
    container: children.length > 0,
    follow_ups: followUpsOf(desk, slug),
    next: { command: null, text: 'it is on main' },
  };
}

function unreadable(what: string, problems: Problem[]): TelecError {
  return new TelecError('TODOS_BROKEN', EXIT.domain, `${what} from files that cannot be read`, {
    hint: 'telec todo validate',
    problems,
  });
}

/** A list that cannot be read is not an empty one: what is wrong with it is said. */
function tellProblems({ papers, context }: Desk): void {
  for (const { path, message } of papers.problems) context.say(`${path}: ${message}`);
}

export async function showTodo(desk: Desk, slug: string): Promise<TodoDetailView> {
  const known = desk.papers.todos.some((facts) => facts.slug === slug);
  if (!known && desk.isDelivered(slug)) {
    const row = readDelivered(desk.files.read(DELIVERED_FILE)).rows.find((each) => each.slug === slug);
    const { problems } = desk.papers;
    const view = deliveredView(desk, slug, row?.children ?? []);
    return { ...view, not_buildable: [], findings: [], baseline_commit: null, problems };
  }
  const facts = findTodo(desk, slug);
  const { context } = await standingOf(desk, facts);
  return {
    ...(await todoView(desk, facts)),
    not_buildable: facts.notBuildable.map(({ code, text }) => ({ code, text })),
    findings: [
      ...context.unresolved.map(({ id, text }) => ({ id, text, resolved: false })),
      ...context.resolved.map(({ id, text }) => ({ id, text, resolved: true })),
    ],
    baseline_commit: context.baseline,
    problems: [...facts.problems, ...desk.papers.problems],
  };
}

/** The first work item with something to do now, in the order of the roadmap, and why the others wait. */
export async function nextTodo(desk: Desk): Promise<TodoNextView> {
  const { problems } = desk.papers;
  if (problems.length > 0) {
    throw unreadable('what is next cannot be told', problems);
  }
  const views = await listTodos(desk, false);
  const found = views.find(({ container, next }) => !container && next.command !== null);
  const waiting = views
    .filter((view) => view !== found && !view.container)
    .map(({ slug, state, next }) => ({ slug, state, text: next.text }));
  if (found) return { slug: found.slug, state: found.state, next: found.next, waiting };
  const text = views.length === 0 ? 'there is no work item' : 'nothing can be done now';
  const next = { command: views.length === 0 ? 'telec todo create <slug>' : null, text };
  return { slug: null, state: null, next, waiting };
}
