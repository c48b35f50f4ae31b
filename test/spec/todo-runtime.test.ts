/** The work item's machine as it is kept: in the file, in the log, and in the words of its refusals. */
import { describe, expect, test } from 'vitest';
import {
  recordTodo,
  restoreTodo,
  SILENT_LOG,
  stepTodo,
  type TodoLog,
  type TodoRecord,
  type TodoSnapshot,
  todoMachine,
  todoRefusals,
} from '../../src/machines/todo.ts';
import { handOverProblems } from '../../src/machines/todo-rules.ts';
import { explore } from '../support/exploration.ts';
import { BUILDABLE, HANDABLE, TODO_EVENTS, TODO_INPUT, todoEssence, todoEventsAt } from '../support/todo-model.ts';

const walk = explore(todoMachine, {
  input: TODO_INPUT,
  events: todoEventsAt,
  serialize: todoEssence,
  nameOf: (event) => event.name,
  limit: 5000,
});
/** What the log says of the candidate in that state. */
const logOf = (state: string): TodoLog => ({
  ...SILENT_LOG,
  candidate:
    state === 'handedOff' ? 'underWay' : state === 'blocked' ? 'blocked' : state === 'delivered' ? 'delivered' : null,
});
const FRESH: TodoRecord = {
  build: 'pending',
  review: 'pending',
  fix: 'pending',
  review_round: 0,
  max_review_rounds: 3,
  review_baseline_commit: null,
  unresolved_findings: [],
  resolved_findings: [],
};
const built: TodoRecord = { ...FRESH, build: 'complete' };
const HEAD = HANDABLE.head ?? '';
const at = (record: TodoRecord, log: Partial<TodoLog> = {}, head: string | null = HEAD) =>
  restoreTodo('login', record, { ...SILENT_LOG, ...log }, head);
const codes = (snapshot: TodoSnapshot, event: Parameters<typeof todoRefusals>[1]) =>
  todoRefusals(snapshot, event).map(({ code }) => code);

describe('the state file is the machine', () => {
  test('Card-Kind every state that can be reached is found again in what the file and the log keep of it', () => {
    for (const snapshot of walk.snapshots) {
      const found = restoreTodo('login', recordTodo(snapshot), logOf(snapshot.value));
      expect(found.value).toBe(snapshot.value);
      // What is delivered is told by the log alone; its file goes.
      if (snapshot.value !== 'delivered') expect(found.context).toEqual(snapshot.context);
    }
  });

  test('Card-Kind what the chart takes is refused by nobody, and what it does not take names its reasons', () => {
    for (const { from, event, to } of walk.steps) {
      const refused = todoRefusals(from, event);
      expect(refused.length === 0, `${from.value} ${event.name}`).toBe(
        (todoMachine.getTransitionData(from, event) ?? []).length > 0,
      );
      if (refused.length > 0) expect(to).toBe(from);
      expect(stepTodo(from, event).value).toBe(to.value);
    }
  });

  test('a file that says nothing is a work item in preparation', () => {
    expect(at(FRESH).value).toBe('preparing');
  });
});

describe('a review the file has not heard of', () => {
  test.each<[string, TodoRecord, Partial<TodoLog>, string, number]>([
    ['an approval of the round in hand', { ...built, review: 'started', review_round: 1 }, approved(1), 'approved', 1],
    ['an approval of a later round', built, approved(4), 'approved', 4],
    ['changes in the round in hand', { ...built, review: 'started', review_round: 1 }, changes(1), 'returned', 1],
    [
      'changes in the round the file calls approved',
      { ...built, review: 'approved', review_round: 1 },
      changes(1),
      'returned',
      1,
    ],
    ['changes in a later round', { ...built, review: 'approved', review_round: 1 }, changes(2), 'returned', 2],
    ['an approval of an earlier round', { ...built, review: 'started', review_round: 2 }, approved(1), 'reviewing', 2],
    ['changes that are mended since', { ...built, fix: 'complete', review_round: 1 }, changes(1), 'built', 1],
    ['an approval of this very commit', built, approved(1, HEAD), 'approved', 1],
    ['an approval of another commit', built, approved(1, '2'.repeat(40)), 'built', 1],
  ])('%s counts as it should', (_what, record, log, state, round) => {
    const snapshot = at(record, log);
    expect([snapshot.value, snapshot.context.round]).toEqual([state, round]);
  });

  test('findings that only the log has are taken over', () => {
    const snapshot = at(built, changes(2));
    expect(snapshot.context.unresolved).toEqual([{ id: 'r2-1', text: 'too slow' }]);
    expect(recordTodo(snapshot)).toMatchObject({ review: 'changes_requested', review_round: 2 });
  });

  test('the same request for changes again changes nothing, another one is refused', () => {
    const snapshot = at(built, changes(1));
    expect(stepTodo(snapshot, { type: 'review.changes_requested', findings: ['too slow'] })).toEqual(snapshot);
    expect(codes(snapshot, { type: 'review.changes_requested', findings: ['too slow'] })).toEqual([]);
    expect(codes(snapshot, { type: 'review.changes_requested', findings: ['too loud'] })).toEqual(['round_over']);
  });
});

describe('refusals', () => {
  test('S0-2.2b S0-4.2a S2-D1 a build is refused with every reason at once, a container and a low score among them', () => {
    const facts = {
      ...BUILDABLE,
      missingPapers: ['demo.md'],
      dor: { status: 'needs_work', score: 7 },
      undelivered: ['base'],
      isContainer: true,
    };
    expect(codes(at(FRESH), { type: 'build.started', facts })).toEqual([
      'is_container',
      'missing_papers',
      'score_too_low',
      'gate_not_passed',
      'waiting_for',
    ]);
  });

  test('a follow-up is built without a verdict on its readiness, but not without its own papers', () => {
    const facts = { ...BUILDABLE, needsGate: false, dor: null };
    expect(codes(at(FRESH), { type: 'build.started', facts })).toEqual([]);
    expect(codes(at(FRESH), { type: 'build.started', facts: { ...facts, needsGate: true } })).toEqual(['not_gated']);
    const bare = { ...facts, missingPapers: ['requirements.md'] };
    expect(codes(at(FRESH), { type: 'build.started', facts: bare })).toEqual(['missing_papers']);
  });

  test('F45 no review begins beyond the limit, and the refusal says whose decision more is', () => {
    const snapshot = at({ ...built, fix: 'complete', review_round: 3 });
    const [problem] = todoRefusals(snapshot, { type: 'review.started' });
    expect(problem).toEqual({
      code: 'rounds_used_up',
      text: 'its 3 review rounds are used up',
      mend: 'split it, or let a person raise max_review_rounds in todos/login/state.yaml',
    });
    expect(codes(at({ ...built, review_round: 3, max_review_rounds: 4 }), { type: 'review.started' })).toEqual([]);
  });

  test('F34 what git cannot tell is never taken for clean, committed or pushed', () => {
    expect(codes(at({ ...FRESH, build: 'started' }), { type: 'build.complete', dirty: null })).toEqual(['git_unknown']);
    const facts = { ...HANDABLE, dirty: null, remoteHead: 'unknown' };
    expect(handOverProblems(facts).map(({ code }) => code)).toEqual(['git_unknown', 'remote_unknown']);
    expect(handOverProblems({ ...HANDABLE, head: null }).map(({ code }) => code)).toEqual(['git_unknown']);
  });

  test('a hand-over without approval is told about the work tree in the same breath', () => {
    const facts = { ...HANDABLE, dirty: ['a', 'b', 'c', 'd', 'e', 'f', 'g'], remoteHead: '2'.repeat(40) };
    const problems = todoRefusals(at(built), { type: 'deployment.started', facts });
    expect(problems.map(({ code }) => code)).toEqual(['out_of_place', 'dirty', 'remote_differs']);
    expect(problems[1]?.text).toBe('the work tree has changes that are not committed: a, b, c, d, e and 2 more');
  });

  test('every refusal of the chart is a sentence', () => {
    for (const snapshot of walk.snapshots)
      for (const event of TODO_EVENTS)
        for (const { code, text } of todoRefusals(snapshot, event)) {
          expect(code).toMatch(/^[a-z_]+$/);
          expect(text).toMatch(/^\S.{10,}[^\s]$/);
        }
  });
});

function approved(round: number, sha: string | null = null): Partial<TodoLog> {
  return { review: { round, verdict: 'approved', sha } };
}

function changes(round: number): Partial<TodoLog> {
  return { review: { round, verdict: 'changes_requested', sha: null }, findings: ['too slow'] };
}
