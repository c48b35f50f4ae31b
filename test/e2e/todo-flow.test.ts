/** Work items from create to main, as workers, reviewers and orchestrators take them there. */
import { afterAll, describe, expect, test } from 'vitest';
import type { CandidateView } from '../../src/actors/client.ts';
import type {
  FinalizeView,
  MarkPhaseView,
  TodoCreateView,
  TodoDetailView,
  TodoNextView,
  TodoView,
} from '../../src/actors/todos/flow.ts';
import { ago, endWorlds, expectSound, shortType } from '../support/e2e-world.ts';
import { git } from '../support/git-repo.ts';
import { approve, makeTodoWorld, PASSED, refusal, todoFiles } from '../support/todo-world.ts';

afterAll(endWorlds);

const SIGNALS = ['review.', 'deployment.', 'branch.'];

describe('the way of a work item', () => {
  test('S3-2.2a S3-2.3a S3-2.3b S4-Sc2 S4-Sc4 S4-FR2.1 S4-FR2.2 S4-FR2.3 from create to main, each step telling the next', async () => {
    const world = await makeTodoWorld([]);
    const tree = world.workTree('work/login');
    const mark = (...words: string[]) => tree.ok<MarkPhaseView>(['todo', 'mark-phase', 'login', ...words]);

    const created = await tree.ok<TodoCreateView>(['todo', 'create', 'login', '--description', 'let people sign in']);
    expect(created).toEqual({
      slug: 'login',
      files: ['todos/login/input.md', 'todos/login/state.yaml', 'todos/roadmap.yaml'],
      next: {
        command: 'telec todo draft login',
        text: 'say in todos/login/input.md what is wanted, then draft its papers',
      },
    });
    expect(tree.read('todos/roadmap.yaml')).toContain(
      '- slug: login\n    description: let people sign in\n'.replace('    ', '  '),
    );
    for (const [path, text] of Object.entries(todoFiles('login'))) tree.write(path, text);
    tree.commit('papers of login');

    expect((await mark('build', 'started')).next.command).toBe('telec todo mark-phase login build complete');
    tree.write('login.txt', 'a form\n');
    tree.commit('build login');
    expect(await mark('build', 'complete')).toMatchObject({ state: 'built', review_round: 0 });
    expect(await mark('review', 'started')).toMatchObject({ state: 'reviewing', review_round: 1 });
    const returned = await mark('review', 'changes_requested', '--finding', 'no test', '--finding', 'no words');
    expect(returned).toMatchObject({ state: 'returned', review_round: 1, changed: true });
    expect(await mark('fix', 'started')).toMatchObject({ state: 'fixing' });
    tree.write('login.txt', 'a form, tested\n');
    const mended = tree.commit('mend login');
    expect(await mark('fix', 'complete')).toMatchObject({ state: 'built' });
    expect(await mark('review', 'approved')).toMatchObject({
      state: 'approved',
      review_round: 2,
      next: { command: 'telec todo finalize login' },
    });
    expect(tree.read('todos/login/state.yaml')).toBe(
      [
        '# kept by telec, and by people',
        'kind: todo',
        'build: complete # not begun',
        'review: approved',
        'dor:',
        '  status: pass',
        '  score: 8',
        'review_round: 2',
        'unresolved_findings: []',
        'fix: pending',
        `review_baseline_commit: ${mended}`,
        'resolved_findings:',
        '  - id: r1-1',
        '    text: no test',
        '  - id: r1-2',
        '    text: no words',
        '',
      ].join('\n'),
    );
    const sha = tree.commit('login is approved');
    tree.push();

    const refs = world.refs();
    const text = await tree.run(['todo', 'finalize', 'login'], { text: true });
    expect(text.stderr).toBe('');
    expect(text.stdout.split('\n')[0]).toBe('FINALIZE_READY: login');
    expect(world.refs()).toEqual(refs);

    const events = (await world.events()).filter(({ event }) =>
      SIGNALS.some((name) => shortType(event).startsWith(name)),
    );
    expect(events.map(({ event, payload }) => [shortType(event), payload])).toEqual([
      [
        'review.changes_requested',
        expect.objectContaining({ slug: 'login', review_round: 1, findings: ['no test', 'no words'] }),
      ],
      [
        'review.approved',
        { slug: 'login', review_round: 2, reviewer_session_id: 'tester', approved_at: expect.any(String) },
      ],
      [
        'deployment.started',
        expect.objectContaining({
          slug: 'login',
          branch: 'work/login',
          sha,
          worker_session_id: 'tester',
          orchestrator_session_id: 'tester',
        }),
      ],
      ['branch.pushed', expect.objectContaining({ branch: 'work/login', sha, remote: 'origin', pusher: 'tester' })],
    ]);
    expect((await tree.ok<TodoDetailView>(['todo', 'show', 'login'])).state).toBe('handedOff');

    // The work tree stays, so that what is said in it afterwards can be asked for.
    const kept = { TELEC_CLEANUP_WORKTREE: 'false' };
    expect((await world.integrate({ env: kept })).json).toMatchObject({ outcome: 'drained', completed: 1 });
    expect(world.landed()).toEqual(['login']);
    expect(await world.states()).toEqual({ login: 'completed' });
    expect(await tree.ok<TodoView[]>(['todo', 'list'])).toEqual([]);
    expect((await tree.ok<TodoView[]>(['todo', 'list', '--all'])).map(({ slug, state }) => [slug, state])).toEqual([
      ['login', 'delivered'],
    ]);
    // The same hand-over once more finds it on main and adds nothing.
    const before = await world.events();
    expect(await tree.ok<FinalizeView>(['todo', 'finalize', 'login'])).toMatchObject({
      state: 'completed',
      events: [],
    });
    expect(await world.events()).toEqual(before);
    await expectSound(world);
  });

  test('a blocked hand-over is mended, reviewed again and handed over at its new commit', async () => {
    const world = await makeTodoWorld(['login']);
    const tree = world.workTree('work/login');
    await approve(tree, 'login');
    world.foreign({ 'login.txt': 'another idea\n' });
    await tree.ok(['todo', 'finalize', 'login']);
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', blocked: 1 });
    const shown = await tree.ok<TodoDetailView>(['todo', 'show', 'login']);
    expect(shown).toMatchObject({ state: 'blocked', candidate: { state: 'blocked' } });
    expect(shown.next.command).toBe('telec todo mark-phase login fix started');

    await tree.ok(['todo', 'mark-phase', 'login', 'fix', 'started']);
    git(tree.path, 'fetch', '--quiet', 'origin');
    git(tree.path, 'merge', '--quiet', '-X', 'ours', '-m', 'merge main', 'refs/remotes/origin/main');
    await tree.ok(['todo', 'mark-phase', 'login', 'fix', 'complete']);
    expect(await tree.ok(['todo', 'mark-phase', 'login', 'review', 'approved'])).toMatchObject({ review_round: 2 });
    tree.commit('approved again');
    tree.push();
    expect(await tree.ok(['todo', 'finalize', 'login'])).toMatchObject({ state: 'ready' });
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1 });
    // Its work tree went with the delivery; the clone knows it still.
    expect((await world.run<TodoDetailView>(['todo', 'show', 'login'])).json.state).toBe('delivered');
    await expectSound(world);
  });

  test('changes asked for after the hand-over take it out of the queue until it is approved again', async () => {
    const world = await makeTodoWorld(['login']);
    const tree = world.workTree('work/login');
    await approve(tree, 'login');
    expect(await tree.ok(['todo', 'finalize', 'login'])).toMatchObject({ state: 'ready' });
    const ask = ['todo', 'mark-phase', 'login', 'review', 'changes_requested', '--finding', 'one word'];
    expect(await tree.ok(ask)).toMatchObject({ state: 'returned', review_round: 2 });
    expect(await world.states()).toEqual({ login: 'pending' });
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 0 });
    await tree.ok(['todo', 'mark-phase', 'login', 'fix', 'started']);
    await tree.ok(['todo', 'mark-phase', 'login', 'fix', 'complete']);
    await tree.ok(['todo', 'mark-phase', 'login', 'review', 'approved']);
    expect(await world.states()).toEqual({ login: 'ready' });
  });

  test('a blocked commit that is finalized again is resumed, once its follow-up is resolved', async () => {
    const world = await makeTodoWorld(['login']);
    const tree = world.workTree('work/login');
    await approve(tree, 'login');
    world.foreign({ 'login.txt': 'another idea\n' });
    await tree.ok(['todo', 'finalize', 'login']);
    await world.integrate();
    expect(await world.states()).toEqual({ login: 'blocked' });
    world.foreign({ 'login.txt': null });
    expect(refusal(await tree.run(['todo', 'finalize', 'login']))).toMatchObject({
      exit: 1,
      code: 'FOLLOW_UP_UNRESOLVED',
    });
    const { follow_up_slug: followUp } = await world.candidate('login');
    const approval = { slug: followUp, approved_at: ago(0), review_round: 1, reviewer_session_id: 'reviewer' };
    await tree.ok(['events', 'emit', 'review.approved', '--payload', JSON.stringify(approval)]);
    expect(await tree.ok(['todo', 'finalize', 'login'])).toMatchObject({ state: 'ready' });
    expect(await world.trail('integration.candidate.resumed')).toEqual(['integration.candidate.resumed']);
  });

  test('S4-FR2.1 a work item is not submitted around its review, whichever tree its folder is in', async () => {
    const world = await makeTodoWorld(['login']);
    const onMain = world.workTree('login');
    git(onMain.path, 'rm', '-r', '--quiet', 'todos/login');
    onMain.commit('drop the folder');
    expect(refusal(await onMain.run(['submit']))).toMatchObject({ exit: 6, code: 'NEEDS_REVIEW' });

    const own = world.workTree('logout');
    for (const [path, text] of Object.entries(todoFiles('logout'))) own.write(path, text);
    own.commit('papers');
    expect(refusal(await own.run(['submit']))).toMatchObject({ exit: 6, code: 'NEEDS_REVIEW' });
    // From another work tree, where the folder is in the branch alone.
    expect(refusal(await world.run(['submit', 'logout']))).toMatchObject({ exit: 6, code: 'NEEDS_REVIEW' });
    expect(await world.trail('review.')).toEqual([]);
    // Refused before it was pushed: the remote knows nothing of either.
    expect(git(world.remoteDir, 'for-each-ref', '--format=%(refname)', 'refs/heads')).toBe('refs/heads/main');
  });
});

describe('what waits for another', () => {
  test('a work item whose after: stands on main waits, and goes on by itself once the other is delivered', async () => {
    const world = await makeTodoWorld(['login', 'logout'], {
      // A row between the two: the books take `after:` and the other row away, the branch the `after:` alone.
      'todos/roadmap.yaml': '- slug: logout\n  after: [login]\n- slug: later\n- slug: login\n',
    });
    const [login, logout] = [world.workTree('login'), world.workTree('logout')];
    expect(refusal(await logout.run(['todo', 'mark-phase', 'logout', 'build', 'started']))).toMatchObject({
      exit: 1,
      code: 'PHASE_REFUSED',
      problems: ['waiting_for'],
    });
    logout.write('todos/roadmap.yaml', '- slug: logout\n- slug: later\n- slug: login\n');
    await approve(logout, 'logout');
    await logout.ok(['todo', 'finalize', 'logout']);
    const [waiting] = (await world.run<CandidateView[]>(['candidates'])).json;
    expect(waiting).toMatchObject({ state: 'pending', reasons: [{ code: 'waiting_for' }] });
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 0 });

    await approve(login, 'login');
    await login.ok(['todo', 'finalize', 'login']);
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 2 });
    expect(world.landed()).toEqual(['login', 'logout']);
    await expectSound(world);
  });

  test('a cycle is refused with the way around it, and nothing is written', async () => {
    const world = await makeTodoWorld(['b'], { 'todos/roadmap.yaml': '- slug: b\n  after: [a]\n' });
    const tree = world.workTree('a');
    const run = await tree.run(['todo', 'create', 'a', '--after', 'b']);
    expect(refusal(run)).toMatchObject({ exit: 1, code: 'DEPENDENCY_CYCLE' });
    expect(run.stderr).toContain('b -> a -> b');
    expect(git(tree.path, 'status', '--porcelain')).toBe('');
  });

  test('S0-4.2a S2-D1 a container is never built and never named as work; next names the first item with something to do', async () => {
    const world = await makeTodoWorld(['rollout', 'first', 'second'], {
      'todos/roadmap.yaml':
        '- slug: rollout\n- {slug: second, group: rollout, after: [first]}\n- {slug: first, group: rollout}\n',
      'todos/rollout/state.yaml': `${PASSED}breakdown: {assessed: true, todos: [first, second]}\n`,
    });
    const tree = world.workTree('anything');
    expect(refusal(await tree.run(['todo', 'mark-phase', 'rollout', 'build', 'started']))).toMatchObject({
      exit: 1,
      problems: ['is_container'],
    });
    expect(await tree.ok<TodoNextView>(['todo', 'next'])).toEqual({
      slug: 'first',
      state: 'preparing',
      next: { command: 'telec todo mark-phase first build started', text: 'build it' },
      waiting: [{ slug: 'second', state: 'preparing', text: 'it waits for first' }],
    });
  });
});

describe('shown from another work tree', () => {
  test('a work item is told as it stands where it is worked on, and its next call names that place', async () => {
    const world = await makeTodoWorld(['login', 'logout']);
    const tree = world.workTree('work/login');
    await tree.ok(['todo', 'mark-phase', 'login', 'build', 'started']);
    // The main work tree has main as it was cloned; its own copy of the state is not asked.
    const next = (await world.run<TodoNextView>(['todo', 'next'])).json;
    expect(next).toMatchObject({
      slug: 'login',
      state: 'building',
      next: { command: `telec -C ${tree.path} todo mark-phase login build complete` },
    });
    const rows = (await world.run<TodoView[]>(['todo', 'list'])).json;
    expect(rows.map(({ slug, state, work_tree }) => [slug, state, work_tree])).toEqual([
      ['login', 'building', tree.path],
      ['logout', 'preparing', null],
    ]);
    expect((await tree.ok<TodoView[]>(['todo', 'list'])).map(({ work_tree }) => work_tree)).toEqual([null, null]);
  });
});

describe('what is next', () => {
  test('is never a call that would be refused: rounds that are used up wait for a person, a row without a folder for its papers', async () => {
    const world = await makeTodoWorld([]);
    const tree = world.workTree('work');
    const state = `${PASSED.replace('build: pending # not begun', 'build: complete')}review_round: 3\n`;
    for (const [path, text] of Object.entries(todoFiles('login', state))) tree.write(path, text);
    tree.write('todos/roadmap.yaml', '- slug: login\n- slug: logout\n');
    tree.commit('planned');
    expect(await tree.ok<TodoNextView>(['todo', 'next'])).toEqual({
      slug: 'logout',
      state: 'preparing',
      next: {
        command: 'telec todo draft logout',
        text: 'it has no folder todos/logout yet; write its papers there',
      },
      waiting: [
        {
          slug: 'login',
          state: 'built',
          text: 'its 3 review rounds are used up: split it, or let a person raise max_review_rounds in todos/login/state.yaml',
        },
      ],
    });
    await tree.ok(['todo', 'draft', 'logout']);
    expect((await tree.ok<TodoDetailView>(['todo', 'show', 'logout'])).missing_papers).toEqual([]);
  });
});

describe('what is delivered', () => {
  test('a work item whose folder is gone is shown as delivered, and no refusal sends people to make it again', async () => {
    const world = await makeTodoWorld([]);
    const tree = world.workTree('work/login');
    tree.write('todos/delivered.yaml', '- slug: login\n  date: 2026-01-01\n  commit: abcdef1234\n');
    tree.commit('login is delivered');
    expect(await tree.ok<TodoDetailView>(['todo', 'show', 'login'])).toMatchObject({
      slug: 'login',
      state: 'delivered',
      folder: false,
      findings: [],
    });
    for (const [args, code] of [
      [['todo', 'mark-phase', 'login', 'build', 'started'], 'DELIVERED'],
      [['todo', 'gate', 'login', '--score', '9', '--status', 'pass'], 'DELIVERED'],
      [['todo', 'draft', 'login'], 'DELIVERED'],
      [['todo', 'set-deps', 'login'], 'NOT_PLANNED'],
      [['todo', 'finalize', 'login'], 'DELIVERED'],
    ] as const) {
      const run = await tree.run([...args]);
      expect([refusal(run).exit, refusal(run).code]).toEqual([1, code]);
      expect(run.stderr).toContain('error: login is delivered');
    }
  });
});

describe('before telec init', () => {
  test('work items are shown from the files alone, and no step of one is written', async () => {
    const world = await makeTodoWorld(['login'], {}, { raw: true });
    const tree = world.workTree('login');
    const env = { TELEC_REDIS_URL: '' };
    const rows = await tree.ok<TodoView[]>(['todo', 'list'], { env });
    expect(rows.map(({ slug, state, waiting_for }) => [slug, state, waiting_for])).toEqual([
      ['login', 'preparing', []],
    ]);
    const before = git(tree.path, 'status', '--porcelain', '--untracked-files=all');
    for (const args of [
      ['todo', 'create', 'logout'],
      ['todo', 'mark-phase', 'login', 'build', 'started'],
      ['todo', 'mark-phase', 'login', 'review', 'approved'],
      ['todo', 'finalize', 'login'],
    ])
      expect(refusal(await tree.run(args, { env }))).toMatchObject({ exit: 6, code: 'NOT_INITIALIZED' });
    expect(git(tree.path, 'status', '--porcelain', '--untracked-files=all')).toBe(before);
  });

  test('with a log that cannot be reached the files are shown, and that is said', async () => {
    const world = await makeTodoWorld(['login']);
    const tree = world.workTree('login');
    const env = { TELEC_REDIS_URL: 'redis://127.0.0.1:1/0' };
    const run = await tree.run<TodoView[]>(['todo', 'list'], { env });
    expect(run.json.map(({ slug }) => slug)).toEqual(['login']);
    expect(run.stderr).toContain('known from the files alone');
  });
});
