/** The hand-over: what finalize verifies, whose lock it is, and the orchestrator's half in its order. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { FinalizeView, HandoverView } from '../../src/actors/todos/flow.ts';
import { endWorlds, MORTAL_TELEC, shortType, TELEC } from '../support/e2e-world.ts';
import { git } from '../support/git-repo.ts';
import { poll } from '../support/redis-server.ts';
import { approve, makeTodoWorld, refusal, type TodoWorld, type WorkTree } from '../support/todo-world.ts';

afterAll(endWorlds);

const as = (session: string) => ({ env: { TELEC_SESSION_ID: session } });
const finalize = ['todo', 'finalize', 'login'];

async function approved(): Promise<{ world: TodoWorld; tree: WorkTree }> {
  const world = await makeTodoWorld(['login', 'logout']);
  const tree = world.workTree('work/login');
  await approve(tree, 'login');
  return { world, tree };
}

const started = async (world: TodoWorld) => (await world.trail('deployment.started')).length;

describe('what finalize verifies', () => {
  test('S4-FR2.2 F11 nothing is said before it is true: each thing in the way is refused with the command that mends it, all at once', async () => {
    const { world, tree } = await approved();
    const before = await world.events();

    tree.write('later.txt', 'not committed\n');
    expect(refusal(await tree.run(finalize))).toMatchObject({ exit: 1, code: 'FINALIZE_REFUSED', problems: ['dirty'] });
    tree.commit('later');
    const unpushed = await tree.run(finalize);
    expect(refusal(unpushed)).toMatchObject({ exit: 1, problems: ['remote_differs'] });
    expect(unpushed.stderr).toContain('git push origin work/login');
    expect(unpushed.stdout).not.toContain('FINALIZE_READY');

    git(tree.path, 'switch', '--quiet', '--detach');
    expect(refusal(await tree.run(finalize)).problems).toEqual(['detached']);
    git(tree.path, 'switch', '--quiet', '-c', 'never-pushed');
    tree.write('more.txt', 'more\n');
    expect(refusal(await tree.run(finalize)).problems).toEqual(['dirty', 'not_pushed']);
    expect(refusal(await tree.run(['todo', 'finalize', 'logout'])).problems).toEqual([
      'out_of_place',
      'dirty',
      'not_pushed',
    ]);
    expect(refusal(await tree.run(['todo', 'finalize', 'nothing'])).problems).toEqual([
      'no_todo',
      'dirty',
      'not_pushed',
    ]);
    expect(refusal(await world.run(finalize)).problems).toEqual(['dirty', 'on_main']);
    expect(await world.events()).toEqual(before);
  });

  test('F34 a remote that cannot be asked counts as not pushed', async () => {
    const { world, tree } = await approved();
    git(world.cloneDir, 'remote', 'set-url', 'origin', join(world.dir, 'gone.git'));
    expect(refusal(await tree.run(finalize))).toMatchObject({ exit: 3, code: 'REMOTE_UNREACHABLE' });
    expect(await started(world)).toBe(0);
  });

  test('commits after the reviewed one are handed over with a word about them', async () => {
    const { tree } = await approved();
    expect((await tree.run(finalize)).stderr).toBe('');
    tree.write('after.txt', 'after the review\n');
    tree.commit('after the review');
    tree.push();
    const run = await tree.run<FinalizeView>(finalize);
    expect(run.json).toMatchObject({ state: 'ready', sha: tree.head() });
    expect(run.stderr).toMatch(
      /^1 commit came after the commit that the review of login looked at \([0-9a-f]{12}\)\n$/,
    );
  });

  test('again for the same commit it adds nothing', async () => {
    const { world, tree } = await approved();
    const first = await tree.ok<FinalizeView>(finalize);
    const events = await world.events();
    expect(await tree.ok<FinalizeView>(finalize)).toEqual(first);
    expect(await world.events()).toEqual(events);
  });
});

describe('the finalize lock', () => {
  test('F35 it is taken before anything is looked at: who comes second hears of the first, not of a dirty tree', async () => {
    const { world, tree } = await approved();
    let second: ReturnType<typeof refusal> | null = null;
    const first = await tree.run(finalize, {
      ...as('first'),
      faults: {
        async reach(point) {
          if (point !== 'finalize-locked') return;
          tree.write('half-written.txt', '');
          second = refusal(await tree.run(finalize, as('second')));
          git(tree.path, 'clean', '--quiet', '-f');
        },
      },
    });
    expect(first.code, first.stderr).toBe(0);
    expect(second).toMatchObject({ exit: 6, code: 'FINALIZE_LOCKED', problems: [] });
    expect(await started(world)).toBe(1);
    expect((await tree.run(finalize, as('second'))).code).toBe(0);
  });

  test('two at once hand over once', async () => {
    const { world, tree } = await approved();
    const runs = await Promise.all([tree.run(finalize, as('a')), tree.run(finalize, as('b'))]);
    const codes = runs.map((run) => (run.code === 0 ? 'handed over' : refusal(run).code)).sort();
    expect(['FINALIZE_LOCKED handed over', 'handed over handed over']).toContain(codes.join(' '));
    expect(await world.trail('review.', 'deployment.', 'branch.')).toEqual([
      'review.approved',
      'deployment.started',
      'branch.pushed',
    ]);
  });

  test('F5 killed before it gave the lock back, the same session goes on at once and another one after its end', async () => {
    const { world, tree } = await approved();
    const dying = { TEST_KILL: 'finalize-told:1', TELEC_SESSION_ID: 'dead' };
    const die = (more: Record<string, string>) =>
      world.start(finalize, { program: MORTAL_TELEC, cwd: tree.path, env: { ...dying, ...more } }).done;
    expect((await die({})).signal).toBe('SIGKILL');
    expect(await started(world)).toBe(1);
    const events = await world.events();
    expect(refusal(await tree.run(finalize, as('other')))).toMatchObject({ exit: 6, code: 'FINALIZE_LOCKED' });

    expect((await die({ TEST_TUNING: '{"finalizeLockMs": 200}' })).signal).toBe('SIGKILL');
    const runs: FinalizeView[] = [];
    await poll(async () => {
      const run = await tree.run<FinalizeView>(finalize, as('other'));
      if (run.code === 0) runs.push(run.json);
      return run.code === 0;
    });
    expect(runs).toMatchObject([{ state: 'ready', report: 'FINALIZE_READY: login' }]);
    expect((await world.start(finalize, { program: TELEC, cwd: tree.path, env: as('dead').env }).done).code).toBe(0);
    expect(await world.events()).toEqual(events);
  });

  test('a refused finalize gives it back', async () => {
    const { tree } = await approved();
    tree.write('later.txt', '');
    expect((await tree.run(finalize, as('a'))).code).toBe(1);
    git(tree.path, 'clean', '--quiet', '-f');
    expect((await tree.run(finalize, as('b'))).code).toBe(0);
  });
});

describe('the hand-over by an orchestrator', () => {
  /** The worker verifies and stops; what it printed lies in a file outside the work tree. */
  async function ready() {
    const { world, tree } = await approved();
    const text = await tree.run([...finalize, '--for-orchestrator'], { ...as('worker'), text: true });
    expect(text.code, text.stderr).toBe(0);
    const file = join(world.dir, 'output.txt');
    writeFileSync(file, `building...\nFINALIZE_READY: other\n${text.stdout}`);
    const command = ['todo', 'handover', 'login', '--worker-output', file];
    return { world, tree, file, command };
  }
  const boss = { env: { TELEC_SESSION_ID: 'boss', TELEC_ROLE: 'orchestrator' } };

  test('S3-4.1a S3-2.3a S3-2.3b S4-FR4.1 S4-FR4.4 seven steps in their order, and then it stops', async () => {
    const { world, tree, command } = await ready();
    expect(await started(world)).toBe(0);
    const passed: string[] = [];
    const seen: number[] = [];
    const run = await tree.run<HandoverView>([...command, '--worker-session', 'worker'], {
      ...boss,
      faults: {
        async reach(point) {
          passed.push(point);
          if (point.startsWith('handover-')) seen.push(await started(world));
        },
      },
    });
    expect(run.code, run.stderr).toBe(0);
    expect(run.json.steps).toEqual([
      { step: 'finalize_ready_confirmed', detail: 'FINALIZE_READY: login' },
      { step: 'lock_verified', detail: 'worker, the worker, has it' },
      { step: 'worker_ended', detail: expect.stringMatching(/^worker: (ended|unknown)$/) },
      { step: 'deployment_started', detail: `work/login@${tree.head()}` },
      { step: 'lock_released', detail: 'worker' },
      { step: 'reported', detail: 'Candidate queued for integration. Integrator will process.' },
      { step: 'next_call', detail: 'telec todo next' },
    ]);
    expect(run.json.report).toBe('Candidate queued for integration. Integrator will process.');
    expect(passed).toEqual([
      'handover-finalize_ready_confirmed',
      'handover-lock_verified',
      'handover-worker_ended',
      'finalize-told',
      'handover-deployment_started',
      'handover-lock_released',
      'handover-reported',
      'handover-next_call',
    ]);
    expect(seen).toEqual([0, 0, 0, 1, 1, 1, 1]);
    const [event] = (await world.events()).filter(({ event: type }) => shortType(type) === 'deployment.started');
    expect(event?.payload).toMatchObject({ worker_session_id: 'worker', orchestrator_session_id: 'boss' });
    // The lock is free: anybody may go on with the slug.
    expect((await tree.run(finalize, as('third'))).code).toBe(0);
  });

  test('S3-4.1b S3-7b S4-FR4.2 S4-FR4.3 S4-C3 neither half moves a ref, keeps a book or touches a work tree', async () => {
    const { world, tree, command } = await ready();
    const refs = world.refs();
    const local = git(world.cloneDir, 'for-each-ref', '--format=%(refname) %(objectname)');
    const files = world.files();
    expect((await tree.run([...command, '--worker-session', 'worker'], boss)).code).toBe(0);
    expect((await tree.run(finalize, as('worker'))).code).toBe(0);
    expect(world.refs()).toEqual(refs);
    expect(git(world.cloneDir, 'for-each-ref', '--format=%(refname) %(objectname)')).toBe(local);
    expect(world.files()).toEqual(files);
    expect(git(tree.path, 'status', '--porcelain')).toBe('');
    expect(await world.trail('integration.')).toEqual([
      'integration.configured',
      'integration.cutover.enabled',
      'integration.candidate.probed',
    ]);
  });

  test('the lock of a session that nobody named stops it, before the worker is ended', async () => {
    const { world, tree, command } = await ready();
    const passed: string[] = [];
    const faults = { reach: (point: string) => void passed.push(point) };
    const unnamed = await tree.run(command, { ...boss, faults });
    expect(refusal(unnamed)).toMatchObject({ exit: 6, code: 'FINALIZE_LOCK_MISMATCH' });
    expect(passed).toEqual(['handover-finalize_ready_confirmed']);
    const wrong = await tree.run([...command, '--worker-session', 'another'], boss);
    expect(refusal(wrong)).toMatchObject({ exit: 6, code: 'FINALIZE_LOCK_MISMATCH' });
    expect(await started(world)).toBe(0);
  });

  test('what the worker said is verified again before it is ended', async () => {
    const { world, tree, command } = await ready();
    tree.write('later.txt', '');
    const passed: string[] = [];
    const faults = { reach: (point: string) => void passed.push(point) };
    const run = await tree.run([...command, '--worker-session', 'worker'], { ...boss, faults });
    expect(refusal(run)).toMatchObject({ exit: 1, code: 'FINALIZE_REFUSED', problems: ['dirty'] });
    expect(passed).toEqual(['handover-finalize_ready_confirmed']);
    expect(await started(world)).toBe(0);
    // The worker still has its lock, and mends it.
    expect(refusal(await tree.run(finalize, as('third')))).toMatchObject({ code: 'FINALIZE_LOCKED' });
  });

  test.each([
    ['nothing', ''],
    ['another slug', 'FINALIZE_READY: logout\n'],
    ['another slug last', 'FINALIZE_READY: login\nFINALIZE_READY: logout\n'],
    ['more on the line', 'FINALIZE_READY: login now\n'],
    ['something before it', '> FINALIZE_READY: login\n'],
    ['no space', 'FINALIZE_READY:login\n'],
  ])('an output with %s is no word of the worker', async (_what, output) => {
    const world = await makeTodoWorld(['login']);
    const run = await world.run(['todo', 'handover', 'login', '--worker-output', '-'], { stdin: output });
    expect(refusal(run)).toMatchObject({ exit: 1, code: 'NO_FINALIZE_READY' });
  });

  test('the output is a plain file, or stdin; a person alone hands over the same way', async () => {
    const { world, tree } = await approved();
    const folder = join(world.dir, 'folder');
    mkdirSync(folder);
    for (const file of [folder, join(world.dir, 'missing')])
      expect(refusal(await tree.run(['todo', 'handover', 'login', '--worker-output', file]))).toMatchObject({
        exit: 2,
        code: 'WORKER_OUTPUT',
      });
    const stdin = 'FINALIZE_READY: login\r\n';
    const run = await tree.run<HandoverView>(['todo', 'handover', 'login', '--worker-output', '-'], { stdin });
    expect(run.json.steps.map(({ detail }) => detail).slice(1, 3)).toEqual([
      'this session has it',
      'no session was named',
    ]);
    expect(run.json.state).toBe('ready');
    const text = await tree.run(['todo', 'handover', 'login', '--worker-output', '-'], { stdin, text: true });
    expect(text.stdout).toContain(
      '\nCandidate queued for integration. Integrator will process.\nnext: telec todo next',
    );
  });

  test('killed at any step, the same call goes on to the same end', async () => {
    const { world, tree, command } = await ready();
    const line = [...command, '--worker-session', 'worker'];
    for (const point of [
      'handover-lock_verified',
      'finalize-told',
      'handover-deployment_started',
      'handover-lock_released',
    ]) {
      const env = { ...boss.env, TEST_KILL: `${point}:1` };
      const { signal } = await world.start(line, { program: MORTAL_TELEC, cwd: tree.path, env }).done;
      expect(signal, point).toBe('SIGKILL');
    }
    expect((await tree.run(line, boss)).code).toBe(0);
    expect(await world.trail('review.', 'deployment.', 'branch.')).toEqual([
      'review.approved',
      'deployment.started',
      'branch.pushed',
    ]);
  });
});
