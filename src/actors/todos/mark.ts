/**
 * `mark-phase`: one step of the machine, asked for by a person or a worker. Writes `state.yaml` of the work item in the
 * current work tree and nothing else; the end of a review is told to the log first, so that a file never says more than
 * everybody knows. Invariant: what was marked can be marked again, at any time, with the same outcome.
 */
import { EXIT, TelecError } from '../../errors.ts';
import { changedPaths } from '../../io/git/clone.ts';
import { stateFile, todoFolder } from '../../io/todos/paths.ts';
import { readState, withState } from '../../io/todos/state-file.ts';
import { recordTodo, stepTodo, type TodoRecord, todoRefusals } from '../../machines/todo.ts';
import type { TodoEvent } from '../../machines/todo-rules.ts';
import type { Opened } from '../commands/session.ts';
import { type Desk, findTodo, standingOf } from './desk.ts';
import type { MarkPhaseRequest, MarkPhaseView } from './flow.ts';
import type { TodoFacts } from './papers.ts';
import { tellReview } from './tell.ts';
import { nextStep } from './view.ts';

/** The marks there are. */
const MARKS: Record<string, readonly string[]> = {
  build: ['started', 'complete'],
  review: ['started', 'changes_requested', 'approved'],
  fix: ['started', 'complete'],
};

/** `opened` is asked for only when something is to be told. */
export async function markPhase(
  desk: Desk,
  opened: () => Promise<Opened>,
  request: MarkPhaseRequest,
): Promise<MarkPhaseView> {
  const { slug, phase, status } = request;
  checkMark(request);
  const facts = findTodo(desk, slug);
  refuseUnreadable(facts);
  const before = await standingOf(desk, facts);
  const event = await eventOf(desk, facts, request);
  const refused = todoRefusals(before, event);
  if (refused.length > 0) {
    throw new TelecError('PHASE_REFUSED', EXIT.domain, `${slug} cannot be marked ${phase} ${status}`, {
      hint: `telec todo show ${slug}`,
      problems: refused.map(({ code, text, mend }) => ({ path: code, message: mend ? `${text} (${mend})` : text })),
    });
  }
  const after = stepTodo(before, event);
  const ends = event.type === 'review.approved' || event.type === 'review.changes_requested';
  const events = ends ? await tellReview(await opened(), after) : [];
  await desk.context.faults?.reach('review-told');
  const changed = writeRecord(desk, slug, recordTodo(after));
  return {
    slug,
    phase,
    status,
    state: after.value,
    review_round: after.context.round,
    changed: changed || before.value !== after.value,
    events,
    next: nextStep(desk, facts, after),
  };
}

function checkMark({ phase, status, findings }: MarkPhaseRequest): void {
  const all = Object.entries(MARKS).flatMap(([name, statuses]) => statuses.map((each) => `${name} ${each}`));
  const wrong = (message: string, hint: string) => new TelecError('USAGE', EXIT.usage, message, { hint });
  if (!MARKS[phase]?.includes(status))
    throw wrong(`${JSON.stringify(`${phase} ${status}`)} is no mark of a phase`, `one of: ${all.join(', ')}`);
  if (findings.length > 0 && status !== 'changes_requested')
    throw wrong('--finding belongs to review changes_requested', 'leave it out, or ask for changes');
  if (findings.some((text) => text.trim() === '')) throw wrong('--finding is empty', 'say what is to be mended');
}

/** A state that cannot be read is not written over. */
function refuseUnreadable({ slug, hasFolder, problems }: TodoFacts): void {
  if (!hasFolder)
    throw new TelecError('NOT_FOUND', EXIT.domain, `there is no folder ${todoFolder(slug)} in this work tree`, {
      hint: 'name the work tree of its branch with -C <dir>',
    });
  if (problems.length > 0)
    throw new TelecError('TODOS_BROKEN', EXIT.domain, `${stateFile(slug)} cannot be read`, {
      hint: 'mend it by hand, or telec todo validate',
      problems,
    });
}

async function eventOf(
  desk: Desk,
  facts: TodoFacts,
  { phase, status, findings }: MarkPhaseRequest,
): Promise<TodoEvent> {
  const { slug, missingPapers, state, undelivered, isContainer, heldBack } = facts;
  switch (`${phase}.${status}`) {
    case 'build.started':
      return {
        type: 'build.started',
        facts: {
          slug,
          missingPapers,
          needsGate: state.follow_up === null,
          dor: state.dor,
          undelivered,
          isContainer,
          heldBack,
        },
      };
    case 'build.complete':
      return { type: 'build.complete', dirty: await dirtyOutside(desk, slug) };
    case 'review.started':
      return { type: 'review.started' };
    case 'review.changes_requested':
      return { type: 'review.changes_requested', findings };
    case 'review.approved':
      return { type: 'review.approved', dirty: await dirtyOutside(desk, slug), commit: desk.head };
    case 'fix.started':
      return { type: 'fix.started' };
    default:
      return { type: 'fix.complete', dirty: await dirtyOutside(desk, slug) };
  }
}

/** Changed paths outside the work item's own folder, which its marks are written to; null when git cannot tell. */
async function dirtyOutside({ clone }: Desk, slug: string): Promise<string[] | null> {
  const changed = await changedPaths(clone);
  return changed?.filter((path) => !path.startsWith(`${todoFolder(slug)}/`)) ?? null;
}

/** Brings the file in line; what is the same already is left as it is written. True when it was changed. */
function writeRecord({ files }: Desk, slug: string, record: TodoRecord): boolean {
  const path = stateFile(slug);
  const text = files.read(path);
  const { state } = readState(path, text);
  const changes = Object.fromEntries(
    Object.entries(record).filter(
      ([key, value]) => JSON.stringify(state[key as keyof TodoRecord]) !== JSON.stringify(value),
    ),
  );
  if (Object.keys(changes).length === 0) return false;
  files.write(path, withState(path, text, changes));
  return true;
}
