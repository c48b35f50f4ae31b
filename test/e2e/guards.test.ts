/** The guards as telec puts them in: who passes, who does not and why, when nobody can be asked, and what is shown of them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { endWorlds, makeWorld, sharedRedis } from '../support/e2e-world.ts';
import { git, hermeticEnv, tryGit } from '../support/git-repo.ts';
import { type GuardWorld, makeGuardWorld, TELEC } from '../support/guard-world.ts';
import { freePort, poll, startRedis } from '../support/redis-server.ts';

afterAll(endWorlds);

async function world(): Promise<GuardWorld> {
  const made = makeGuardWorld((await sharedRedis()).url);
  onTestFinished(made.remove);
  return made;
}

const refusedWith = (code: string, marker = 'PRE_PUSH_MAIN') =>
  expect.stringContaining(`GUARDRAIL_MARKER: TELEC_${marker}_GUARD_BLOCK\nERROR: ${code}\n`);

/** The state folder of the only repository there is. */
const stateIn = (home: string) => join(home, readdirSync(home)[0] ?? '');
const hookPath = ({ clone }: Pick<GuardWorld, 'clone'>) => join(clone, '.git', 'hooks', 'pre-push');
const PUSH = ['push', 'origin', 'HEAD:main'];

describe('S1-FR5.2 S4-VR3 the matrix of the guards', () => {
  test('a worker in the main work tree is refused for who it is; in a work tree, with --no-verify, implicitly, for where it is', async () => {
    const made = await world();
    const env = { ...made.wrapped(), TELEC_ROLE: 'worker' };
    expect(made.git(PUSH, { env })).toMatchObject({
      status: 1,
      stderr: refusedWith('INTEGRATOR_MAIN_AUTH_BLOCKED', 'GIT_PUSH_MAIN'),
    });
    for (const words of [PUSH, ['push', '--no-verify', 'origin', 'HEAD:main']]) {
      expect(made.git(words, { env, cwd: made.tree })).toMatchObject({
        status: 1,
        stderr: refusedWith('MAIN_GUARDRAIL_BLOCKED', 'GIT_PUSH_MAIN'),
      });
    }
    expect(made.git(['push', 'origin', 'HEAD:side'], { env, cwd: made.tree }).status).toBe(0);
    expect(made.moved()).toEqual([]);
  });

  test('the push that the session with the lease announced passes the hook and the wrapper; a fence that looks like it does not', async () => {
    const made = await makeWorld();
    const [candidate] = await made.ready([{ slug: 'login' }]);
    const state = stateIn(made.home);
    let tried = 0;
    const faults = {
      async reach(point: string) {
        if (point !== 'after-push-attempted' || tried > 0) return;
        tried += 1;
        const attempted = (await made.events()).find(({ event }) => event.endsWith('.push.attempted'))?.payload ?? {};
        const { fence_to: fence, members } = attempted as { fence_to: string; members: { tip: string }[] };
        const tip = members.at(-1)?.tip;
        writeFileSync(join(made.cloneDir, '.git/objects/info/alternates'), `${join(state, 'git', 'objects')}\n`);
        // Everything public is right in it; only the holder of the lease can have announced it.
        const message = git(made.cloneDir, 'log', '-1', '--format=%B', `${fence}`);
        const tree = git(made.cloneDir, 'rev-parse', `${fence}^{tree}`);
        const forged = git(made.cloneDir, 'commit-tree', '-p', `${fence}^`, '-m', message, tree);
        const push = (folder: string, id: string | undefined) =>
          tryGit(made.cloneDir, ['push', '--atomic', 'origin', `${tip}:refs/heads/main`, `${id}:refs/telec/fence`], {
            env: { ...hermeticEnv, ...made.env, PATH: `${folder}:${hermeticEnv['PATH']}` },
          });
        const none = join(made.dir, 'none');
        expect(push(none, forged)).toMatchObject({ status: 1, stderr: refusedWith('INTEGRATOR_MAIN_AUTH_BLOCKED') });
        expect(push(join(state, 'bin'), forged)).toMatchObject({
          status: 1,
          stderr: refusedWith('INTEGRATOR_MAIN_AUTH_BLOCKED', 'GIT_PUSH_MAIN'),
        });
        expect(made.main()).toBe(made.first);
        const passed = push(join(state, 'bin'), fence);
        expect([passed.status, made.main()], passed.stderr).toEqual([0, tip]);
        tried += 1;
      },
    };
    const run = await made.integrate({ faults });
    expect([tried, run.json.outcome, run.json.completed], run.stderr).toEqual([2, 'drained', 1]);
    expect(made.landed()).toEqual([candidate?.slug]);
  });

  test('after the way back to shadow the guards stay on, and an integrator is told to wait for the cutover', async () => {
    const made = await world();
    const back = {
      main_sha: made.first,
      trigger: 'person',
      evidence: null,
      actor: 'ann',
      reason: 'r',
      drill: false,
    } as const;
    await made.tell('integration.cutover.rolled_back', {
      ...back,
      evidence: 'said so',
      command_id: '01jgfjz0q7v5m8n3k2h1g0f9e8',
    } as never);
    expect(made.git(PUSH)).toMatchObject({ status: 1, stderr: refusedWith('INTEGRATOR_MAIN_AUTH_BLOCKED') });
    for (const [env, marker] of [
      [{}, 'PRE_PUSH_MAIN'],
      [made.wrapped(), 'GIT_PUSH_MAIN'],
    ] as const) {
      const pushed = made.git(['push', 'origin', 'HEAD:main', 'HEAD:refs/telec/fence'], { env });
      expect(pushed).toMatchObject({ status: 1, stderr: refusedWith('INTEGRATOR_CUTOVER_NOT_READY', marker) });
    }
    expect(made.moved()).toEqual([]);
    expect(made.refusals().map(({ code }) => code)).toEqual([
      'INTEGRATOR_MAIN_AUTH_BLOCKED',
      'INTEGRATOR_CUTOVER_NOT_READY',
      'INTEGRATOR_CUTOVER_NOT_READY',
    ]);
  });

  test('before the first cutover main is still moved by another path: let pass, with a word', async () => {
    const made = await world();
    const fresh = await shadowed(made);
    const pushed = made.git(PUSH, { env: fresh });
    expect([pushed.status, pushed.stderr.split('\n')[0]]).toEqual([
      0,
      'telec: main is still moved by another path (shadow); this is not hindered',
    ]);
    expect(made.moved()).toEqual(['refs/heads/main']);
    const planted = made.git(['push', 'origin', 'HEAD:refs/heads/refs/heads/main'], { env: fresh });
    expect(planted).toMatchObject({ status: 1, stderr: refusedWith('INTEGRATOR_MAIN_AUTH_BLOCKED') });
  });

  test('what a person permitted passes, that commit alone and once in the log, until its time is over', async () => {
    const made = await world();
    const permit = (commit: string, ms: number, mark: string) =>
      made.tell('integration.guard.permitted', {
        commit,
        until: new Date(Date.now() + ms).toISOString(),
        reason: 'the house is on fire',
        actor: 'admin/ann',
        command_id: `01jgfjz0q7v5m8n3k2h1g0f9e${mark}`,
      });
    await permit(made.commit, -1, '1');
    expect(made.git(PUSH).status).toBe(1);
    await permit(made.commit, 600_000, '2');
    expect(made.git(['push', 'origin', 'topic:main'])).toMatchObject({ status: 1 });
    const pushed = made.git(PUSH, { env: made.wrapped() });
    expect([pushed.status, pushed.stderr]).toEqual([0, expect.stringContaining('telec: permitted by admin/ann, once')]);
    expect(made.refs().get('refs/heads/main')).toBe(made.commit);
    const { stdout } = made.telec(['--json', 'events', 'tail']);
    const passed = stdout.split('\n').filter((line) => line.includes('guard.passed'));
    expect(passed.map((line) => JSON.parse(line).payload)).toEqual([
      expect.objectContaining({ route: 'git', commit: made.commit }),
    ]);
  });
});

/** A server of its own, ended with the test. */
async function ownRedis(): Promise<string> {
  const port = await freePort();
  const server = await startRedis(['--port', String(port), '--bind', '127.0.0.1']);
  onTestFinished(() => server.stop());
  return `redis://127.0.0.1:${port}/0`;
}

/** Begins the log of the clone anew, in shadow, and puts the guards in for it; gives the environment that leads there. */
async function shadowed(made: GuardWorld): Promise<Record<string, string>> {
  const env = { TELEC_REDIS_URL: await ownRedis() };
  await made.tell(
    'integration.shadow.started',
    {
      main_sha: made.first,
      actor: 'ann',
      reason: 'another path moves main',
      command_id: '01jgfjz0q7v5m8n3k2h1g0f9e8',
    },
    env.TELEC_REDIS_URL,
  );
  const installed = made.telec(['guard', 'install'], env);
  expect(installed.status, installed.stderr).toBe(0);
  return env;
}

describe('S4-FR6.2 nothing in the environment decides', () => {
  test('a bare environment is guarded, and no variable makes anybody the integrator', async () => {
    const made = await world();
    await made.withHost(async (host) => host.leases.acquire('integrator-1', 'token', 60_000, 0));
    const claims: Record<string, string>[] = [
      {},
      { TELEC_ROLE: 'integrator' },
      { TELEC_ROLE: 'admin' },
      { TELECLAUDE_SYSTEM_ROLE: 'integrator', TELECLAUDE_ROLE: 'integrator', TELECLAUDE_SESSION_ID: 'integrator-1' },
      { TELEC_ROLE: 'integrator', TELEC_SESSION_ID: 'integrator-1' },
      { TELEC_INTEGRATOR_CUTOVER_ENABLED: '1', TELEC_INTEGRATOR_PARITY_EVIDENCE: 'accepted', TELEC_ROLE: 'integrator' },
      { TELEC_INTEGRATOR_CUTOVER_ENABLED: '0' },
      { TELEC_HOME: join(made.dir, 'elsewhere') },
      { TELEC_REPO_ID: 'other' },
    ];
    for (const env of claims) {
      expect(made.git(PUSH, { env }), JSON.stringify(env)).toMatchObject({
        status: 1,
        stderr: refusedWith('INTEGRATOR_MAIN_AUTH_BLOCKED'),
      });
    }
    // All that is left of the environment is what a command needs to be found, and where the log is.
    const bare = { PATH: made.bin, HOME: '', TELEC_HOME: '' };
    const path = `${made.bin}:${made.env['PATH']}`;
    expect(made.git(PUSH, { env: { ...bare, PATH: path } })).toMatchObject({ status: 1 });
    expect(made.moved()).toEqual([]);
    expect(new Set(made.refusals().map(({ actor }) => actor))).toContain('integrator/integrator-1');
  });

  test('a log of somebody else, however it suits, is not asked', async () => {
    const made = await world();
    const env = { TELEC_REDIS_URL: await ownRedis() };
    expect(made.git(PUSH, { env })).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/ERROR: MAIN_GUARDRAIL_BLOCKED\nerror: .*another log answers/),
    });
  });

  test('sessions are started with the wrappers first in PATH', async () => {
    const made = await world();
    const out = join(made.dir, 'session');
    const started = made.telec([
      '--json',
      'sessions',
      'start',
      '--role',
      'worker',
      '--command',
      `sh -c "command -v git >${out}.new; mv ${out}.new ${out}"`,
    ]);
    expect(started.status, started.stderr).toBe(0);
    const view = JSON.parse(started.stdout);
    expect(view.environment.PATH.split(':')[0]).toBe(made.bin);
    await poll(() => existsSync(out));
    expect(readFileSync(out, 'utf8')).toBe(`${join(made.bin, 'git')}\n`);
  });

  test('a shell gets the same from guard env, in the words of sh and of fish', async () => {
    const made = await world();
    const sh = made.telec(['guard', 'env']);
    const line =
      'eval "$1"; command -v git; echo "$TELEC_ROLE $(printenv TELEC_INTEGRATOR_PARITY_EVIDENCE || echo unset)"';
    const shell = made.run('/bin/sh', ['-c', line, 'sh', sh.stdout], {
      env: { TELEC_INTEGRATOR_PARITY_EVIDENCE: 'accepted' },
    });
    expect(shell).toEqual({ status: 0, stdout: `${join(made.bin, 'git')}\nworker unset\n`, stderr: '' });
    const fish = made.telec(['guard', 'env', '--shell', 'fish']).stdout.split('\n');
    expect(fish[0]).toBe(`set -gx PATH '${made.bin}' $PATH`);
    expect(fish).toContain('set -e TELEC_INTEGRATOR_PARITY_EVIDENCE');
    const { wrappers, environment } = JSON.parse(made.telec(['--json', 'guard', 'env']).stdout);
    expect([wrappers, environment.PATH.split(':')[0], environment.TELEC_ROLE]).toEqual([made.bin, made.bin, 'worker']);
  });

  test('telec itself asks nobody when it calls git from a shell that has the wrappers', async () => {
    const made = await makeWorld();
    await made.ready([{ slug: 'login' }]);
    const bin = join(stateIn(made.home), 'bin');
    const { done } = made.start(['integrate'], { env: { PATH: `${bin}:${made.env['PATH']}` } });
    const { code, stdout, stderr } = await done;
    expect([code, JSON.parse(stdout).completed], stderr).toEqual([0, 1]);
    expect((await made.trail('integration.guard')).length).toBe(0);
  });
});

describe('when nobody can be asked, main is refused', () => {
  test('Redis cannot be reached', async () => {
    const made = await world();
    const env = { TELEC_REDIS_URL: `redis://127.0.0.1:${await freePort()}/0` };
    const pushed = made.git(PUSH, { env });
    expect(pushed).toMatchObject({ status: 1, stderr: refusedWith('MAIN_GUARDRAIL_BLOCKED') });
    expect(pushed.stderr).toContain('it cannot be asked who may move refs/heads/main');
    expect(pushed.stderr).toContain('telec: this refusal could not be recorded: ');
    expect(made.git(['push', 'origin', 'topic'], { env }).status).toBe(0);
  });

  test('the log is on a shared Redis whose address the environment lacks: no private server is started in its stead', async () => {
    const made = await world();
    const pushed = made.git(PUSH, { env: { TELEC_REDIS_URL: '' } });
    expect(pushed).toMatchObject({ status: 1, stderr: refusedWith('MAIN_GUARDRAIL_BLOCKED') });
    expect(pushed.stderr).toContain('the log is on a shared Redis, and TELEC_REDIS_URL is not set here');
    expect(existsSync(join(made.state, 'redis.json'))).toBe(false);
  });

  test('the log is another one, or what the guards go by is gone', async () => {
    const made = await world();
    const file = join(made.state, 'guards.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"log_id": "[^"]+"/, '"log_id": "another"'));
    expect(made.git(PUSH)).toMatchObject({ status: 1, stderr: expect.stringContaining('another log answers') });
    rmSync(file);
    expect(made.git(PUSH)).toMatchObject({ status: 1, stderr: refusedWith('MAIN_GUARDRAIL_BLOCKED') });
    expect(made.git(['push', 'origin', 'topic']).status).toBe(0);
    expect(made.moved()).toEqual([]);
  });

  test('the log of the private server was emptied; while the server is only away, whoever asks starts it', async () => {
    const made = makeGuardWorld('', { init: false });
    onTestFinished(async () => {
      made.telec(['down', '--redis'], { TELEC_ROLE: 'admin' });
      made.remove();
    });
    expect(made.telec(['init']).status).toBe(0);
    expect(made.git(PUSH)).toMatchObject({ status: 1, stderr: refusedWith('INTEGRATOR_MAIN_AUTH_BLOCKED') });
    expect(made.telec(['down', '--redis'], { TELEC_ROLE: 'admin' }).status).toBe(0);
    expect(made.git(PUSH)).toMatchObject({ status: 1, stderr: refusedWith('INTEGRATOR_MAIN_AUTH_BLOCKED') });
    expect(made.telec(['down', '--redis'], { TELEC_ROLE: 'admin' }).status).toBe(0);
    rmSync(join(made.state, 'redis'), { recursive: true });
    expect(made.git(PUSH)).toMatchObject({ status: 1, stderr: refusedWith('MAIN_GUARDRAIL_BLOCKED') });
    expect(made.moved()).toEqual([]);
  });
});

describe('in, out, and what is shown', () => {
  test('init puts them in without being asked; status and doctor say so until they are', async () => {
    const made = await world();
    expect(JSON.parse(made.telec(['--json', 'status']).stdout).guards).toEqual({
      in_force: true,
      missing: [],
      mend: null,
    });
    expect(made.telec(['status']).stdout).not.toContain('guards');
    const check = made.telec(['guard', 'check']);
    expect([check.status, check.stdout.split('\n')]).toEqual([0, expect.arrayContaining(['the guards are in force'])]);
    expect(made.telec(['--json', 'init'])).toMatchObject({ stdout: expect.stringContaining('"changed":false') });
    rmSync(hookPath(made));
    const glance = JSON.parse(made.telec(['--json', 'status']).stdout).guards;
    expect(glance).toEqual({
      in_force: false,
      missing: [`pre-push hook of ${made.clone}`],
      mend: 'telec guard install',
    });
    expect(made.telec(['status']).stdout).toContain(
      `not in force: pre-push hook of ${made.clone}; telec guard install`,
    );
    const rows = JSON.parse(made.telec(['--json', 'doctor']).stdout);
    const detail = `pre_push (${hookPath(made)}): git would run no hook of telec`;
    expect(rows).toContainEqual({ check: 'guards', status: 'warn', detail, mend: 'telec guard install' });
    expect(made.telec(['guard', 'check']).status).toBe(1);
    expect(made.telec(['guard', 'install']).status).toBe(0);
    expect(made.telec(['guard', 'check']).status).toBe(0);
  });

  test('a hook that git no longer looks for is told: core.hooksPath was set since', async () => {
    const made = await world();
    mkdirSync(join(made.clone, '.husky/_'), { recursive: true });
    writeFileSync(join(made.clone, '.husky/_/.gitignore'), '*');
    made.run(made.realGit, ['config', 'core.hooksPath', '.husky/_']);
    expect(JSON.parse(made.telec(['--json', 'status']).stdout).guards.in_force).toBe(false);
    expect(made.telec(['guard', 'check']).status).toBe(1);
    expect(made.telec(['guard', 'install']).status).toBe(0);
    expect(made.run(made.realGit, PUSH)).toMatchObject({
      status: 1,
      stderr: refusedWith('INTEGRATOR_MAIN_AUTH_BLOCKED'),
    });
    expect(JSON.parse(made.telec(['--json', 'status']).stdout).guards.in_force).toBe(true);
  });

  test('a second clone is guarded with its first command that writes', async () => {
    const made = await world();
    const push = () => made.run(made.realGit, ['push', 'origin', 'main'], { cwd: made.other });
    expect(made.telec(['-C', made.other, 'hold', '--reason', 'r']).status).toBe(0);
    expect(push()).toMatchObject({ status: 1, stderr: refusedWith('INTEGRATOR_MAIN_AUTH_BLOCKED') });
    expect(JSON.parse(made.telec(['--json', 'status']).stdout).guards.in_force).toBe(true);
    expect(made.run(made.realGit, PUSH).status).toBe(1);
  });

  test('twice, and two at once, is once; out is out, for a person alone', async () => {
    const made = await world();
    const before = readFileSync(hookPath(made));
    rmSync(hookPath(made));
    const both = [1, 2].map(() => {
      const child = spawn(process.execPath, [TELEC, 'guard', 'install'], {
        cwd: made.clone,
        env: made.env,
        stdio: 'ignore',
      });
      return once(child, 'close');
    });
    expect((await Promise.all(both)).map(([code]) => code)).toEqual([0, 0]);
    expect(readFileSync(hookPath(made))).toEqual(before);
    expect(statSync(made.bin).mode & 0o777).toBe(0o700);
    expect(made.telec(['guard', 'uninstall'], { TELEC_ROLE: 'worker' }).status).toBe(6);
    expect(made.telec(['guard', 'uninstall'], { TELEC_ROLE: 'admin' }).stdout).toBe('the guards are out\n');
    expect([existsSync(hookPath(made)), existsSync(made.bin), existsSync(join(made.state, 'guards.json'))]).toEqual([
      false,
      false,
      false,
    ]);
    expect(made.telec(['guard', 'uninstall'], { TELEC_ROLE: 'admin' }).stdout).toBe(
      'there were no guards; nothing changed\n',
    );
    expect(made.git(PUSH).status).toBe(0);
  });
});
