/** The end of a review is told once, from whichever side it is said, however often, and whatever dies in between. */
import { afterAll, describe, expect, test } from 'vitest';
import type { MarkPhaseView, TodoDetailView } from '../../src/actors/todos/flow.ts';
import { endWorlds, MORTAL_TELEC, shortType } from '../support/e2e-world.ts';
import { makeTodoWorld, PASSED, refusal, type TodoWorld, type WorkTree } from '../support/todo-world.ts';

afterAll(endWorlds);

const BUILT = PASSED.replace('build: pending', 'build: complete');
const approveLine = ['todo', 'mark-phase', 'login', 'review', 'approved'];
const returnLine = ['todo', 'mark-phase', 'login', 'review', 'changes_requested', '--finding', 'too slow'];

async function built(): Promise<{ world: TodoWorld; tree: WorkTree }> {
  const world = await makeTodoWorld(['login'], { 'todos/login/state.yaml': BUILT });
  return { world, tree: world.workTree('work/login') };
}

async function reviews(world: TodoWorld): Promise<[string, unknown, unknown][]> {
  const events = (await world.events()).filter(({ event }) => shortType(event).startsWith('review.'));
  return events.map(({ event, payload }) => [
    shortType(event),
    payload['review_round'],
    payload['reviewer_session_id'],
  ]);
}

const ONCE = [['review.approved', 1, 'tester']];

describe('an approval is told once', () => {
  test('S3-2.2a S4-FR2.1 by mark-phase, with slug, session and round, and again changes nothing', async () => {
    const { world, tree } = await built();
    const first = await tree.ok<MarkPhaseView>(approveLine);
    expect(first).toMatchObject({ state: 'approved', review_round: 1, changed: true, events: [expect.any(String)] });
    const file = tree.read('todos/login/state.yaml');
    expect(await tree.ok<MarkPhaseView>(approveLine)).toMatchObject({ review_round: 1, changed: false, events: [] });
    expect(tree.read('todos/login/state.yaml')).toBe(file);
    expect(await reviews(world)).toEqual(ONCE);
  });

  test('S3-2.2b by many reviewers at once, in a round that was begun or not', async () => {
    for (const begin of [false, true]) {
      const { world, tree } = await built();
      if (begin) await tree.ok(['todo', 'mark-phase', 'login', 'review', 'started']);
      const runs = await Promise.all(Array.from({ length: 5 }, () => tree.run<MarkPhaseView>(approveLine)));
      expect(runs.map(({ code, json }) => [code, json.review_round])).toEqual(runs.map(() => [0, 1]));
      expect(await reviews(world)).toEqual(ONCE);
      expect((await tree.ok<TodoDetailView>(['todo', 'show', 'login'])).state).toBe('approved');
    }
  });

  test('S3-2.2b when its writer died between the event and the file', async () => {
    const { world, tree } = await built();
    const env = { TEST_KILL: 'review-told:1' };
    const { signal } = await world.start(approveLine, { program: MORTAL_TELEC, cwd: tree.path, env }).done;
    expect(signal).toBe('SIGKILL');
    expect(tree.read('todos/login/state.yaml')).toBe(BUILT);
    // The log is believed before the file, and saying it again brings the file in line.
    expect((await tree.ok<TodoDetailView>(['todo', 'show', 'login'])).state).toBe('approved');
    expect(await tree.ok<MarkPhaseView>(approveLine)).toMatchObject({
      state: 'approved',
      review_round: 1,
      changed: true,
    });
    expect(tree.read('todos/login/state.yaml')).toMatch(/^review: approved$[\s\S]*^review_round: 1$/m);
    expect(await reviews(world)).toEqual(ONCE);
  });

  test('S3-2.2b when the file says so and nobody has told it: by the mark, or by the hand-over', async () => {
    const approvedFile = `${BUILT.replace('review: pending', 'review: approved')}review_round: 1\n`;
    for (const line of [approveLine, ['todo', 'finalize', 'login']]) {
      const { world, tree } = await built();
      tree.write('todos/login/state.yaml', approvedFile);
      tree.commit('approved elsewhere');
      tree.push();
      expect(await reviews(world)).toEqual([]);
      await tree.ok(line);
      expect(await reviews(world)).toEqual(ONCE);
      await tree.ok(approveLine);
      await tree.ok(['todo', 'finalize', 'login']);
      expect(await reviews(world)).toEqual(ONCE);
      expect((await tree.ok<TodoDetailView>(['todo', 'show', 'login'])).candidate?.state).toBe('ready');
    }
  });

  test('S3-2.2b when the log was told by hand, the mark adds nothing and takes its round', async () => {
    const { world, tree } = await built();
    const payload = { slug: 'login', approved_at: '2026-01-01T00:00:00Z', review_round: 4, reviewer_session_id: 'ann' };
    await tree.ok(['events', 'emit', 'review.approved', '--payload', JSON.stringify(payload)]);
    expect(await tree.ok<MarkPhaseView>(approveLine)).toMatchObject({ state: 'approved', review_round: 4 });
    expect(await reviews(world)).toEqual([['review.approved', 4, 'ann']]);
  });

  test('an approval of another commit by submit does not count; the next free round does', async () => {
    const { world, tree } = await built();
    const payload = { slug: 'login', approved_at: '2026-01-01T00:00:00Z', review_round: 2, reviewer_session_id: 'ann' };
    const other = { ...payload, sha: '1'.repeat(40) };
    await tree.ok(['events', 'emit', 'review.approved', '--payload', JSON.stringify(other)]);
    expect((await tree.ok<TodoDetailView>(['todo', 'show', 'login'])).state).toBe('built');
    expect(await tree.ok<MarkPhaseView>(approveLine)).toMatchObject({ state: 'approved', review_round: 3 });
    expect((await reviews(world)).map(([, round]) => round)).toEqual([2, 3]);
  });
});

describe('a request for changes', () => {
  test('is told once with what was found, also when its writer died before the file', async () => {
    const { world, tree } = await built();
    expect(refusal(await tree.run(returnLine.slice(0, 5)))).toMatchObject({ exit: 1, problems: ['no_findings'] });
    const env = { TEST_KILL: 'review-told:1' };
    await world.start(returnLine, { program: MORTAL_TELEC, cwd: tree.path, env }).done;
    const shown = await tree.ok<TodoDetailView>(['todo', 'show', 'login']);
    expect([shown.state, shown.findings]).toEqual(['returned', [{ id: 'r1-1', text: 'too slow', resolved: false }]]);
    expect(await tree.ok<MarkPhaseView>(returnLine)).toMatchObject({
      state: 'returned',
      review_round: 1,
      changed: true,
    });
    expect(await tree.ok<MarkPhaseView>(returnLine)).toMatchObject({ changed: false });
    expect(tree.read('todos/login/state.yaml')).toContain('- id: r1-1\n    text: too slow\n');
    expect(refusal(await tree.run([...returnLine, '--finding', 'too loud']))).toMatchObject({
      problems: ['round_over'],
    });
    expect(await reviews(world)).toEqual([['review.changes_requested', 1, 'tester']]);
  });

  test('in the same round wins over an approval, in the log and for the work item', async () => {
    const { tree } = await built();
    await tree.ok(approveLine);
    const payload = {
      slug: 'login',
      requested_at: '2026-01-01T00:00:00Z',
      review_round: 1,
      reviewer_session_id: 'ann',
      findings: ['no words'],
    };
    await tree.ok(['events', 'emit', 'review.changes_requested', '--payload', JSON.stringify(payload)]);
    const shown = await tree.ok<TodoDetailView>(['todo', 'show', 'login']);
    expect([shown.state, shown.findings.map(({ text }) => text)]).toEqual(['returned', ['no words']]);
    expect(refusal(await tree.run(['todo', 'finalize', 'login'])).problems).toContain('out_of_place');
  });
});

describe('marks', () => {
  test('are refused with every reason, and leave the file alone', async () => {
    const world = await makeTodoWorld(['login'], {
      'todos/login/state.yaml': PASSED.replace('score: 8', 'score: 7').replace('pass', 'needs_work'),
    });
    const tree = world.workTree('work/login');
    const before = tree.read('todos/login/state.yaml');
    const run = await tree.run(['todo', 'mark-phase', 'login', 'build', 'started']);
    expect(refusal(run)).toEqual({
      exit: 1,
      code: 'PHASE_REFUSED',
      problems: ['score_too_low', 'gate_not_passed'],
      hint: 'telec todo show login',
    });
    expect(refusal(await tree.run(['todo', 'mark-phase', 'login', 'fix', 'complete']))).toMatchObject({
      exit: 1,
      problems: ['out_of_place'],
    });
    expect(tree.read('todos/login/state.yaml')).toBe(before);
  });

  test('of completion need a clean work tree but for the work item itself', async () => {
    const world = await makeTodoWorld(['login'], {
      'todos/login/state.yaml': PASSED.replace('build: pending', 'build: started'),
    });
    const tree = world.workTree('work/login');
    tree.write('half.txt', '');
    tree.write('todos/login/notes.md', '');
    const complete = ['todo', 'mark-phase', 'login', 'build', 'complete'];
    const run = await tree.run(complete);
    expect(refusal(run)).toMatchObject({ exit: 1, problems: ['dirty'] });
    expect(run.stderr).toContain('half.txt');
    expect(run.stderr).not.toContain('notes.md');
    tree.commit();
    tree.write('todos/login/notes.md', 'more');
    expect(await tree.ok(complete)).toMatchObject({ state: 'built' });
  });

  test.each([
    [['nonsense', 'started'], 'USAGE'],
    [['build', 'approved'], 'USAGE'],
    [['build', 'started', '--finding', 'x'], 'USAGE'],
    [['review', 'changes_requested', '--finding', ' '], 'USAGE'],
  ])('that do not exist are wrong use: %j', async (words, code) => {
    const { tree } = await built();
    expect(refusal(await tree.run(['todo', 'mark-phase', 'login', ...words]))).toMatchObject({ exit: 2, code });
  });

  test('of what is not there, of a hostile name, or of a state that cannot be read', async () => {
    const { tree } = await built();
    const mark = (slug: string) => tree.run(['todo', 'mark-phase', slug, 'review', 'started']);
    expect(refusal(await mark('nothing'))).toMatchObject({ exit: 1, code: 'NOT_FOUND' });
    expect(refusal(await mark('../../etc'))).toMatchObject({ exit: 2, code: 'INVALID_SLUG' });
    tree.write('todos/login/state.yaml', 'build: [unfinished\n');
    expect(refusal(await mark('login'))).toMatchObject({ exit: 1, code: 'TODOS_BROKEN' });
    expect(tree.read('todos/login/state.yaml')).toBe('build: [unfinished\n');
  });

  test('create refuses a name that is taken, and dependencies that nobody knows, all at once', async () => {
    const { tree } = await built();
    expect(refusal(await tree.run(['todo', 'create', 'login']))).toMatchObject({ exit: 1, code: 'SLUG_TAKEN' });
    expect(refusal(await tree.run(['todo', 'create', 'Log In']))).toMatchObject({ exit: 2, code: 'INVALID_SLUG' });
    expect(
      refusal(await tree.run(['todo', 'create', 'new', '--after', 'ghost,../x,login', '--group', 'new'])),
    ).toMatchObject({ exit: 2, code: 'INVALID_TODO', problems: ['--after', '--after', '--group'] });
    // What is under way would become a container, which nobody can hand over.
    for (const [group, why] of [
      ['login', 'login is work under way, and no container'],
      ['nowhere', 'nowhere is no work item that could hold others'],
    ] as const) {
      for (const args of [
        ['todo', 'create', 'new', '--group', group],
        ['roadmap', 'add', 'new', '--group', group],
      ]) {
        const run = await tree.run(args);
        expect(run.code).not.toBe(0);
        expect(run.stderr.replace('login: is', 'login is').replace('nowhere: is', 'nowhere is')).toContain(why);
      }
    }
  });
});
