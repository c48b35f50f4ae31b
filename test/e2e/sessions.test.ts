/**
 * Sessions of all roles as their users meet them, against a real Redis and a real remote: how they start, what they are
 * given, how they end, and what the register says. The daemon's part is in sessions-daemon.test.ts.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import type { HoldView } from '../../src/actors/client.ts';
import type { SessionEndView, SessionRow, SessionStartView } from '../../src/actors/sessions/views.ts';
import { processMark } from '../../src/io/process.ts';
import { isAlive } from '../support/daemon-world.ts';
import { endWorlds, expectSound, makeWorld, type Run, shortType, type World } from '../support/e2e-world.ts';
import { git, tryGit } from '../support/git-repo.ts';
import { poll } from '../support/redis-server.ts';
import { approve, makeTodoWorld } from '../support/todo-world.ts';

afterAll(endWorlds);

type Refusal = { error: { code: string; message: string; hint: string; problems?: { path: string }[] } };

const sessions = async (world: World, ...args: string[]) => (await world.run<SessionRow[]>(['sessions', ...args])).json;
const as = (role: string, id = 'someone') => ({ env: { TELEC_ROLE: role, TELEC_SESSION_ID: id } });

async function start(world: World, args: string[], options = {}): Promise<Run<SessionStartView>> {
  const run = await world.run<SessionStartView>(['sessions', 'start', ...args], options);
  const pid = run.json?.pid;
  if (pid) {
    onTestFinished(() => {
      try {
        process.kill(-pid, 'SIGKILL');
      } catch {
        // It is gone, as it should be.
      }
    });
  }
  return run;
}

/** A program that writes down what it was given and then waits; `--command` for it. */
function agent(world: World, ...words: string[]): { command: string; given(): Record<string, unknown> } {
  const [script, out] = [join(world.dir, 'agent.mjs'), join(world.dir, 'given.json')];
  const text = `import { renameSync, writeFileSync } from 'node:fs';
    writeFileSync('${out}.new', JSON.stringify({ argv: process.argv.slice(2), cwd: process.cwd(), env: process.env }));
    renameSync('${out}.new', '${out}');
    console.log('up');
    setInterval(() => {}, 1000);`;
  writeFileSync(script, text);
  const command = [process.execPath, script, ...words].map((word) => `'${word}'`).join(' ');
  return { command, given: () => JSON.parse(readFileSync(out, 'utf8')) as Record<string, unknown> };
}

/** A commit of its own on a branch, submitted: ready at once, since submitting asks git. */
async function submit(world: World, slug: string): Promise<void> {
  git(world.cloneDir, 'switch', '--quiet', '-C', `work/${slug}`, world.first);
  writeFileSync(join(world.cloneDir, `${slug}.txt`), `${slug}\n`);
  git(world.cloneDir, 'add', `${slug}.txt`);
  git(world.cloneDir, 'commit', '--quiet', '-m', slug);
  const run = await world.run<{ state: string }>(['submit', '--slug', slug]);
  expect([run.code, run.json.state], run.stderr).toEqual([0, 'ready']);
}

const started = (world: World) => poll(() => existsSync(join(world.dir, 'given.json')));

describe('a session with a command', () => {
  test('is recorded, runs detached in its folder with role and session, and ends with all it started', async () => {
    const world = await makeWorld();
    const folder = join(world.dir, 'work');
    mkdirSync(folder);
    const { command, given } = agent(world, '/next-build login', '$HOME;rm');
    const env = {
      TELEC_ROLE: 'orchestrator',
      TELEC_SESSION_ID: 'boss-1',
      TELEC_INTEGRATOR_PARITY_EVIDENCE: 'accepted',
      TELECLAUDE_SESSION_ID: 'older',
      API_TOKEN: 'open-sesame',
      GIT_DIR: '/nowhere',
    };
    const run = await start(world, ['--role', 'worker', '--project', folder, '--command', `${command} open-sesame`], {
      env,
    });
    expect(run.code, run.stderr).toBe(0);
    const { session_id: id, pid } = run.json;
    expect(run.json).toMatchObject({ result: 'spawned', role: 'worker', kind: 'builder', detail: null });
    expect(id).toMatch(/^builder-[0-9a-z]{26}$/);

    await started(world);
    const seen = given() as { argv: string[]; cwd: string; env: Record<string, string> };
    expect(seen.argv).toEqual(['/next-build login', '$HOME;rm', 'open-sesame']);
    expect(seen.cwd).toBe(folder);
    expect(seen.env).toMatchObject({
      TELEC_ROLE: 'worker',
      TELECLAUDE_SYSTEM_ROLE: 'worker',
      TELEC_SESSION_ID: id,
      TELECLAUDE_SESSION_ID: id,
      TELEC_INTEGRATOR_CUTOVER_ENABLED: '1',
      TELEC_HOME: world.home,
    });
    expect(seen.env).not.toHaveProperty('TELEC_INTEGRATOR_PARITY_EVIDENCE');
    expect(seen.env).not.toHaveProperty('GIT_DIR');
    await poll(() => readFileSync(run.json.log ?? '', 'utf8') === 'up\n');

    const [row] = await sessions(world);
    expect(row).toMatchObject({
      id,
      role: 'worker',
      kind: 'builder',
      state: 'running',
      project: folder,
      host: hostname(),
      pid,
      parent: 'boss-1',
      checkpoint: null,
    });
    expect(row?.command).toContain('/next-build login');
    expect(row?.command).toContain('***');
    expect(JSON.stringify(await world.events())).not.toContain('open-sesame');
    expect(await sessions(world, '--role', 'integrator')).toEqual([]);
    expect((await sessions(world, 'list', '--role', 'worker')).map((each) => each.id)).toEqual([id]);

    const ended = await world.run<SessionEndView>(['sessions', 'end', id ?? ''], as('orchestrator', 'boss-1'));
    expect([ended.code, ended.json]).toEqual([0, { session_id: id, result: 'ended' }]);
    expect(isAlive(pid ?? 0)).toBe(false);
    expect(await sessions(world)).toMatchObject([{ id, state: 'ended', reason: 'asked' }]);
    const again = await world.run<SessionEndView>(['sessions', 'end', id ?? '']);
    expect([again.code, again.json]).toEqual([0, { session_id: id, result: 'already_ended' }]);
    expect(await world.trail('session.')).toEqual(['session.started', 'session.spawned', 'session.ended']);
  });

  test('that never begins is recorded as ended, and says why', async () => {
    const world = await makeWorld();
    const run = await start(world, ['--role', 'worker', '--command', 'no-such-program-anywhere x']);
    expect(run.code).toBe(1);
    expect(run.json).toMatchObject({ result: 'spawn_failed', session_id: null, pid: null });
    expect(run.json.detail).toBe('there is no program no-such-program-anywhere');
    expect(await sessions(world)).toMatchObject([{ state: 'ended', reason: 'spawn_failed' }]);
  });

  test('whose process was not started from this state folder is recorded as ended, and its process left alone', async () => {
    const world = await makeWorld();
    const { command } = agent(world);
    const { json } = await start(world, ['--role', 'worker', '--command', command]);
    await started(world);
    // What is left is the log's word for it, and others may write there.
    rmSync((json.log ?? '').replace(/log$/, 'json'));
    expect((await world.run<SessionEndView>(['sessions', 'end', json.session_id ?? ''])).json.result).toBe('ended');
    expect(await sessions(world)).toMatchObject([{ state: 'ended', reason: 'asked' }]);
    expect(isAlive(json.pid ?? 0)).toBe(true);
  });

  test('whose process ended without a word is gone, and the next start records it', async () => {
    const world = await makeWorld();
    const { json } = await start(world, ['--role', 'worker', '--command', `'${process.execPath}' -e ''`]);
    await poll(() => processMark(json.pid ?? 0) === null);
    expect(await sessions(world)).toMatchObject([{ id: json.session_id, state: 'gone' }]);
    await start(world, ['--role', 'worker']);
    const [, first] = await sessions(world);
    expect(first).toMatchObject({ id: json.session_id, state: 'ended', reason: 'exited' });
  });

  test.each([
    [['--role', 'worker', '--command', 'a "b'], 2, 'INVALID_COMMAND'],
    [['--role', 'worker', '--command', 'next-integrate'], 2, 'WRONG_ROLE'],
    [['--role', 'worker', '--project', 'nowhere'], 2, 'NO_FOLDER'],
    [['--role', 'nobody'], 2, 'USAGE'],
    [[], 2, 'USAGE'],
  ])('is refused with %j, and nothing is recorded', async (args, code, error) => {
    const world = await makeWorld();
    const run = await world.run<Refusal>(['sessions', 'start', ...args]);
    expect([run.code, run.json.error.code]).toEqual([code, error]);
    expect(await world.trail('session.')).toEqual([]);
  });

  test('of another repository is refused', async () => {
    const world = await makeWorld();
    const other = await makeWorld();
    const run = await world.run<Refusal>(['sessions', 'start', '--role', 'worker', '--project', other.cloneDir]);
    expect([run.code, run.json.error.code]).toEqual([6, 'OTHER_REPOSITORY']);
  });

  test('S3-5.1b an agent that integrates is given the acceptance of parity, and is one kind with it', async () => {
    const world = await makeWorld();
    const { command, given } = agent(world, 'next-integrate');
    const run = await start(world, ['--role', 'integrator', '--command', command]);
    expect(run.json).toMatchObject({ result: 'spawned', role: 'integrator', kind: 'integrator' });
    await started(world);
    expect(given()['env']).toMatchObject({
      TELEC_ROLE: 'integrator',
      TELEC_INTEGRATOR_CUTOVER_ENABLED: '1',
      TELEC_INTEGRATOR_PARITY_EVIDENCE: 'accepted',
    });
  });
});

test('a session without a command is an environment that a shell takes over', async () => {
  const world = await makeWorld();
  const run = await world.run(['sessions', 'start', '--role', 'worker'], {
    text: true,
    env: { TELEC_INTEGRATOR_PARITY_EVIDENCE: 'accepted' },
  });
  const [row] = await sessions(world);
  expect(row).toMatchObject({ kind: 'utility', state: 'running', pid: null, command: null });
  const wrappers = join(world.home, readdirSync(world.home)[0] ?? '', 'bin');
  expect(run.stdout.split('\n').filter(Boolean)).toEqual([
    `export PATH='${wrappers}:${world.env['PATH']}'`,
    "export TELEC_ROLE='worker'",
    "export TELECLAUDE_SYSTEM_ROLE='worker'",
    "export TELECLAUDE_ROLE='worker'",
    `export TELEC_SESSION_ID='${row?.id}'`,
    `export TELECLAUDE_SESSION_ID='${row?.id}'`,
    "export TELEC_INTEGRATOR_CUTOVER_ENABLED='1'",
    "export TELECLAUDE_INTEGRATOR_CUTOVER_ENABLED='1'",
    'unset TELEC_INTEGRATOR_PARITY_EVIDENCE',
    'unset TELECLAUDE_INTEGRATOR_PARITY_EVIDENCE',
  ]);
});

describe('Spec-11 a session that asks to end itself', () => {
  const endSelf = (world: World, role: string, id: string | null) =>
    world.run<SessionEndView & Refusal>(['sessions', 'end', 'self'], as(role, id ?? ''));

  test.each([
    ['next-build', 'worker', 'builder'],
    ['next-review', 'worker', 'reviewer'],
    ['next-fix-review', 'worker', 'fixer'],
    ['next-finalize', 'worker', 'finalizer'],
    ['next-prepare-draft', 'worker', 'drafter'],
    ['next-prepare-gate', 'worker', 'gate-checker'],
    ['next-work', 'orchestrator', 'orchestrator'],
  ])('after %s in the role %s may not, as a %s', async (command, role, kind) => {
    const world = await makeWorld();
    const { command: words } = agent(world, command);
    const { json } = await start(world, ['--role', role, '--command', words]);
    expect(json.kind).toBe(kind);
    const run = await endSelf(world, role, json.session_id);
    expect([run.code, run.json.error.code]).toEqual([6, 'SELF_END']);
    expect(run.json.error.hint).toContain('telec sessions end <id>');
    expect(isAlive(json.pid ?? 0)).toBe(true);
    expect(await sessions(world)).toMatchObject([{ id: json.session_id, state: 'running' }]);
  });

  test('may, when it hands nothing over: its process is asked to end with it', async () => {
    const world = await makeWorld();
    const { command } = agent(world);
    const { json } = await start(world, ['--role', 'worker', '--command', command]);
    await started(world);
    const run = await endSelf(world, 'worker', json.session_id);
    expect([run.code, run.json]).toEqual([0, { session_id: json.session_id, result: 'ended' }]);
    await poll(() => !isAlive(json.pid ?? 0));
    expect(await sessions(world)).toMatchObject([{ id: json.session_id, state: 'ended', reason: 'self' }]);
  });

  test('S4-R1 F40 may not while a hand-over of it still waits for a signal, and may once the queue has it', async () => {
    const world = await makeWorld();
    const { json } = await start(world, ['--role', 'worker']);
    const id = json.session_id ?? '';
    const [work] = world.work([{ slug: 'login' }]);
    const { slug = '', branch = '', sha = '', readyAt = '' } = work ?? {};
    const payload = { slug, branch, sha, worker_session_id: id, orchestrator_session_id: 'o', ready_at: readyAt };
    await world.run(['events', 'emit', 'deployment.started', '--payload', JSON.stringify(payload)]);
    const refused = await endSelf(world, 'worker', id);
    expect([refused.code, refused.json.error.code]).toEqual([6, 'SELF_END']);
    expect(refused.json.error.problems).toMatchObject([{ path: 'handOvers' }]);
    if (work) await world.announce([work], { signals: ['review', 'pushed'] });
    await world.integrate();
    expect((await endSelf(world, 'worker', id)).json).toEqual({ session_id: id, result: 'ended' });
  });

  test('as the integrator may only with an empty queue', async () => {
    const world = await makeWorld();
    await submit(world, 'login');
    const { command } = agent(world, 'next-integrate');
    const { json } = await start(world, ['--role', 'integrator', '--command', command]);
    await started(world);
    const refused = await endSelf(world, 'integrator', json.session_id);
    expect([refused.code, refused.json.error.code]).toEqual([6, 'SELF_END']);
    expect(refused.json.error.problems).toMatchObject([{ path: 'queued' }]);
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1 });
    expect((await endSelf(world, 'integrator', json.session_id)).json).toMatchObject({ result: 'ended' });
    await poll(() => !isAlive(json.pid ?? 0));
  });

  test('is told when nothing says which it is, or when nobody registered it', async () => {
    const world = await makeWorld();
    const nameless = await endSelf(world, 'worker', null);
    expect([nameless.code, nameless.json.error.code]).toEqual([2, 'NO_SESSION']);
    const unknown = await endSelf(world, 'worker', 'nobody-1');
    expect([unknown.code, unknown.json.error.code]).toEqual([1, 'NOT_FOUND']);
    const orchestrator = await endSelf(world, 'orchestrator', 'nobody-1');
    expect([orchestrator.code, orchestrator.json.error.code]).toEqual([6, 'SELF_END']);
    const other = await world.run<Refusal>(['sessions', 'end', 'nobody-1']);
    expect([other.code, other.json.error.code]).toEqual([1, 'NOT_FOUND']);
  });
});

describe('the integrator without a daemon', () => {
  test('S3-3.2c S3-3.3a S3-3.3j S3-3.3k sessions start and telec integrate are one entry: lease, drain, one push of main, checkpoint, release, end', async () => {
    const world = await makeWorld();
    const runs: [string[], string][] = [
      [['sessions', 'start', '--role', 'integrator'], 'one'],
      [['integrate'], 'two'],
    ];
    for (const [argv, slug] of runs) {
      await world.ready([{ slug }]);
      const before = (await world.events()).length;
      const run = await world.run<SessionStartView & { session_id: string }>(argv, as('integrator', 'agent-7'));
      expect(run.code, run.stderr).toBe(0);
      const ended = run.json.integrate ?? run.json;
      expect(ended).toMatchObject({ mode: 'live', outcome: 'drained', completed: 1, blocked: 0 });
      const told = (await world.events()).slice(before).map(({ event }) => shortType(event));
      expect(told.filter((type) => /^integration\.(session|lease|push)|^deployment/.test(type))).toEqual([
        'integration.lease.acquired',
        'integration.session.started',
        'integration.push.attempted',
        'integration.push.succeeded',
        'deployment.completed',
        'integration.session.completed',
        'integration.lease.released',
      ]);
      const [row] = await sessions(world, '--role', 'integrator');
      expect(row).toMatchObject({
        id: run.json.session_id,
        role: 'integrator',
        kind: 'integrator',
        state: 'ended',
        project: world.cloneDir,
        checkpoint: { completed: 1, blocked: 0, superseded: 0, outcome: 'drained' },
      });
      expect((await world.run(['lease'])).json).toBeNull();
    }
    expect(world.landed()).toEqual(['one', 'two']);
    await expectSound(world);
  });

  test('S3-3.2b S3-3.2d S3-6.1b S4-FR3.4 while one runs nothing starts: what becomes ready is queued, and taken after', async () => {
    const world = await makeWorld();
    await world.ready([{ slug: 'first' }]);
    let seen: unknown[] = [];
    let reached = 0;
    const faults = {
      reach: async (point: string) => {
        if (point !== 'after-merge' || reached > 0) return;
        reached += 1;
        await submit(world, 'second');
        const again = await start(world, ['--role', 'integrator']);
        const states = await world.states();
        const rows = await sessions(world, '--role', 'integrator');
        seen = [again.code, again.json.result, again.json.session_id, states, rows.map(({ id, state }) => [id, state])];
      },
    };
    const run = await world.integrate({ faults });
    const id = run.json.session_id;
    expect(seen).toEqual([0, 'already_running', id, { first: 'integrating', second: 'ready' }, [[id, 'running']]]);
    expect(run.json).toMatchObject({ outcome: 'drained', completed: 2 });
    expect(world.landed()).toEqual(['first', 'second']);
    expect(await sessions(world, '--role', 'integrator')).toHaveLength(1);
    await expectSound(world);
  });

  test('a run whose machine died is gone in the register as soon as its lease is', async () => {
    const world = await makeWorld({ config: 'lease: {ttl_ms: 1500, renew_ms: 300}\n' });
    await world.ready([{ slug: 'login' }]);
    const faults = {
      reach: async (point: string) => {
        if (point === 'after-merge') await world.run(['lease', 'break', '--reason', 'a test']);
      },
    };
    const run = await world.integrate({ faults });
    expect(run.code).toBe(1);
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1 });
    const rows = await sessions(world);
    expect(rows.map(({ state, checkpoint }) => [state, checkpoint?.completed ?? null])).toEqual([
      ['ended', 1],
      ['ended', null],
    ]);
  });

  test('F37 is refused to workers and orchestrators; scripts without a role are not narrowed, and sign as worker', async () => {
    const world = await makeWorld();
    for (const role of ['worker', 'orchestrator']) {
      const run = await world.run<Refusal>(['integrate'], as(role));
      expect([run.code, run.json.error.code]).toEqual([6, 'PERMISSION_DENIED']);
    }
    const script = await world.run(['integrate'], { env: { TELEC_ROLE: '' } });
    expect(script.code, script.stderr).toBe(0);
    await world.run(['hold'], { env: { TELEC_ROLE: '', TELEC_SESSION_ID: 'cron' } });
    const hold = (await world.events()).find(({ event }) => event.endsWith('hold.placed'));
    expect(hold?.source).toBe('worker/cron');
    // Whoever may not integrate may still hand over and wait: the lease decides who runs the session.
    await world.run(['unhold']);
    await submit(world, 'mine');
    const waited = await world.run(['submit', '--slug', 'mine', '--wait', '--timeout', '60000'], as('worker'));
    expect([waited.code, waited.json]).toMatchObject([0, { state: 'completed' }]);
  });

  test('a halt is lifted by admins alone, a plain hold by everybody', async () => {
    const world = await makeWorld();
    await world.run(['hold']);
    expect((await world.run(['unhold'], as('worker'))).code).toBe(0);
    await world.ready([{ slug: 'login' }]);
    git(world.remoteDir, 'update-ref', 'refs/heads/main', world.foreign({ 'x.txt': 'x\n' }));
    await world.integrate();
    git(world.remoteDir, 'update-ref', 'refs/heads/main', world.first);
    await world.ready([{ slug: 'later' }]);
    expect((await world.integrate()).code).toBe(6);
    for (const role of ['worker', 'orchestrator', 'integrator']) {
      const run = await world.run<Refusal>(['unhold', '--reason', 'mine'], as(role));
      expect([run.code, run.json.error.code]).toEqual([6, 'PERMISSION_DENIED']);
    }
    const lifted = await world.run<{ hold: HoldView | null }>(['unhold', '--reason', 'meant'], as('admin'));
    expect([lifted.code, lifted.json.hold]).toEqual([0, null]);
  });
});

test('S0-2.2p the way around a dispatched gate leaves the same record, and says that it came directly', async () => {
  const world = await makeWorld();
  const { command } = agent(world, '/next-prepare-gate login');
  const gate = ['todo', 'gate', 'login', '--score', '9', '--status', 'pass'];
  for (const argv of [
    ['todo', 'create', 'login'],
    ['todo', 'draft', 'login'],
  ]) {
    const run = await world.run(argv, as('worker', 'drafter'));
    expect(run.code, run.stderr).toBe(0);
  }
  const denied = await world.run<Refusal>(
    ['sessions', 'start', '--role', 'worker', '--command', command],
    as('worker'),
  );
  expect([denied.code, denied.json.error.code]).toEqual([6, 'PERMISSION_DENIED']);
  const direct = await world.run<Record<string, unknown>>(gate, as('worker', 'judge'));
  expect(direct.json).toMatchObject({ status: 'pass', score: 9, via: 'direct', session_id: 'judge' });

  const { json } = await start(world, ['--role', 'worker', '--command', command], as('orchestrator', 'boss'));
  const dispatched = await world.run<Record<string, unknown>>(gate, as('worker', json.session_id ?? ''));
  const said = { via: 'dispatched', session_id: json.session_id, assessed_at: dispatched.json['assessed_at'] };
  expect(dispatched.json).toEqual({ ...direct.json, ...said });
});

test('the hand-over ends the session of the worker that said it is ready, with its process', async () => {
  const world = await makeTodoWorld(['login']);
  const tree = world.workTree('work/login');
  await approve(tree, 'login');
  const { command } = agent(world, '/next-finalize login');
  const { json } = await start(world, ['--role', 'worker', '--command', command], as('orchestrator', 'boss'));
  const worker = as('worker', json.session_id ?? '');
  const said = await tree.run(['todo', 'finalize', 'login', '--for-orchestrator'], { ...worker, text: true });
  const output = join(world.dir, 'output.txt');
  writeFileSync(output, said.stdout);
  const handover = ['todo', 'handover', 'login', '--worker-output', output, '--worker-session', json.session_id ?? ''];
  expect((await tree.run(handover, worker)).code).toBe(6);
  expect(isAlive(json.pid ?? 0)).toBe(true);
  const run = await tree.run<{ steps: { step: string; detail: string }[] }>(handover, as('orchestrator', 'boss'));
  expect(run.code, run.stderr).toBe(0);
  expect(run.json.steps.find(({ step }) => step === 'worker_ended')?.detail).toBe(`${json.session_id}: ended`);
  expect(isAlive(json.pid ?? 0)).toBe(false);
  expect(await sessions(world, '--role', 'worker')).toMatchObject([{ id: json.session_id, reason: 'asked' }]);
});

test('S4-Out2 the work tree of a worker is as it was while and after its commit is integrated', async () => {
  const world = await makeWorld();
  const tree = join(world.dir, 'tree');
  git(world.cloneDir, 'worktree', 'add', '--quiet', '-b', 'work/login', tree);
  writeFileSync(join(tree, 'login.txt'), 'login\n');
  git(tree, 'add', '.');
  git(tree, 'commit', '--quiet', '-m', 'login');
  const pushed = await world.run(['submit', 'work/login', '--slug', 'login'], { cwd: tree, ...as('worker') });
  expect(pushed.code, pushed.stderr).toBe(0);
  writeFileSync(join(tree, 'next.txt'), 'not committed\n');
  writeFileSync(join(tree, 'login.txt'), 'login, changed\n');
  const look = () => [
    git(tree, 'status', '--porcelain'),
    git(tree, 'rev-parse', 'HEAD'),
    tryGit(tree, ['stash', 'list']).status,
  ];
  const before = look();
  expect((await world.integrate()).json).toMatchObject({ completed: 1 });
  expect(look()).toEqual(before);
  expect(readFileSync(join(tree, 'login.txt'), 'utf8')).toBe('login, changed\n');
});
