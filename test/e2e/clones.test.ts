/** Several clones and several logs of one remote: what they share, and what one refuses the other. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { CandidateView, DoctorRow, InitView, StatusView, SubmitView } from '../../src/actors/client.ts';
import { endWorlds, expectSound, makeWorld, TELEC } from '../support/e2e-world.ts';
import { git } from '../support/git-repo.ts';

afterAll(endWorlds);

type Refused = { error: { code: string; message: string; hint: string } };

/** Commits a file on a new branch of a clone. */
function commitIn(clone: string, branch: string, file: string, content: string): string {
  git(clone, 'checkout', '--quiet', '-b', branch, 'origin/main');
  writeFileSync(join(clone, file), content);
  git(clone, 'add', file);
  git(clone, 'commit', '--quiet', '-m', `add ${file}`);
  return git(clone, 'rev-parse', 'HEAD');
}

test('init is once per repository: again it changes nothing, and it records live mode with the first commit of main', async () => {
  const world = await makeWorld({ raw: true });
  const first = await world.run<InitView>(['init']);
  expect(first).toMatchObject({ code: 0, json: { mode: 'live', changed: true } });
  const events = await world.events();
  const again = await world.run<InitView>(['init']);
  expect(again).toMatchObject({ code: 0, json: { repo_id: first.json.repo_id, mode: 'live', changed: false } });
  expect(await world.events()).toEqual(events);
  expect(world.refs().has('refs/telec/fence')).toBe(false);
});

test('a second clone is registered by its first command that writes and shares the queue with the first', async () => {
  const world = await makeWorld();
  const other = await world.clone('other');
  commitIn(other, 'feature/from-other', 'other.txt', 'other\n');
  const reading = await world.run<CandidateView[]>(['candidates'], { cwd: other });
  expect(reading).toMatchObject({ code: 0, json: [] });
  expect(existsSync(join(other, '.git/telec/repo_id'))).toBe(false);
  const submitted = await world.run<SubmitView>(['submit'], { cwd: other });
  expect(submitted).toMatchObject({
    code: 0,
    json: { slug: 'from-other', branch: 'feature/from-other', state: 'ready' },
  });
  expect(readFileSync(join(other, '.git/telec/repo_id'), 'utf8')).toBe(
    readFileSync(join(world.cloneDir, '.git/telec/repo_id'), 'utf8'),
  );
  expect(await world.states()).toEqual({ 'from-other': 'ready' });
  expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1 });
  const seen = await world.run<CandidateView>(['candidate', 'from-other'], { cwd: other });
  expect(seen.json.state).toBe('completed');
  await expectSound(world);
});

test('submit again for the same commit changes nothing; --wait integrates by itself and ends with the candidate', async () => {
  const world = await makeWorld();
  const sha = commitIn(world.cloneDir, 'work-1', 'w.txt', 'w\n');
  const first = await world.run<SubmitView>(['submit', 'work-1']);
  expect(first.json).toMatchObject({ slug: 'work-1', sha, state: 'ready' });
  const before = await world.events();
  const again = await world.run<SubmitView>(['submit', 'work-1']);
  expect(again).toMatchObject({ code: 0, json: { sha, state: 'ready' } });
  expect(await world.events()).toEqual(before);
  const waited = await world.run<CandidateView>(['submit', 'work-1', '--wait', '--timeout', '60000']);
  expect(waited).toMatchObject({ code: 0, json: { slug: 'work-1', sha, state: 'completed' } });
  expect(world.landed()).toEqual(['work-1']);
  await expectSound(world);
});

test('submit --wait of a commit that main holds already needs no daemon to end', async () => {
  const world = await makeWorld();
  git(world.cloneDir, 'branch', 'no-work', 'origin/main');
  const ended = await world.run<CandidateView>(['submit', 'no-work', '--wait', '--timeout', '30000']);
  expect(ended).toMatchObject({ code: 0, json: { slug: 'no-work', state: 'completed' } });
  await expectSound(world);
});

test('submit --wait goes on when the time of a hold is over, though no daemon lifts it', async () => {
  const world = await makeWorld();
  commitIn(world.cloneDir, 'held-up', 'h.txt', 'h\n');
  await world.run(['hold', '--for', '1s']);
  const ended = await world.run<CandidateView>(['submit', 'held-up', '--wait', '--timeout', '30000']);
  expect(ended).toMatchObject({ code: 0, json: { slug: 'held-up', state: 'completed' } });
  expect((await world.run<StatusView>(['status'])).json.hold).toBeNull();
  await expectSound(world);
});

test("a refusal says what to do instead: a name that is no branch, a Redis that is not telec's own", async () => {
  const world = await makeWorld();
  const named = await world.run<Refused>(['submit', 'a b']);
  expect(named).toMatchObject({ code: 2, json: { error: { code: 'INVALID_BRANCH', hint: 'git branch --list' } } });
  const down = await world.run<Refused>(['down', '--redis'], { env: { TELEC_REDIS_URL: 'redis://127.0.0.1:1' } });
  expect(down).toMatchObject({
    code: 6,
    json: { error: { code: 'REDIS_SHARED', hint: 'telec down, without --redis' } },
  });
});

test('submit --wait of a conflict ends with 1 and says what to do', async () => {
  const world = await makeWorld();
  commitIn(world.cloneDir, 'mine', 'app.txt', 'mine\n');
  world.foreign({ 'app.txt': 'theirs\n' });
  const waited = await world.run<CandidateView>(['submit', 'mine', '--wait', '--timeout', '60000']);
  expect(waited).toMatchObject({ code: 1, json: { state: 'blocked', blocked: { kind: 'conflict' } } });
  expect(waited.stderr).toContain('telec submit mine --slug mine');
});

test('a command in a linked work tree means the same repository and leaves that tree alone', async () => {
  const world = await makeWorld();
  const tree = join(world.dir, 'linked');
  git(world.cloneDir, 'worktree', 'add', '--quiet', '-b', 'linked-work', tree, 'origin/main');
  writeFileSync(join(tree, 'l.txt'), 'l\n');
  git(tree, 'add', 'l.txt');
  git(tree, 'commit', '--quiet', '-m', 'linked');
  writeFileSync(join(tree, 'telec.yaml'), 'main: other\n');
  const submitted = await world.run<SubmitView>(['submit'], { cwd: tree });
  expect(submitted).toMatchObject({ code: 0, json: { slug: 'linked-work', state: 'ready' } });
  expect((await world.integrate({ cwd: tree })).json).toMatchObject({ outcome: 'drained', completed: 1 });
  expect(git(tree, 'status', '--porcelain')).toBe('?? telec.yaml');
});

test('a command where the folder is gone says so instead of breaking, and one with -C works', async () => {
  const world = await makeWorld();
  const gone = join(world.dir, 'gone');
  mkdirSync(gone);
  const script = 'rmdir "$1" && shift && exec "$@"';
  const telec = (...args: string[]) =>
    spawnSync('/bin/sh', ['-c', script, 'sh', gone, process.execPath, TELEC, '--json', ...args], {
      cwd: gone,
      env: { ...world.env, PWD: gone },
      encoding: 'utf8',
    });
  const refused = telec('status');
  expect([refused.status, JSON.parse(refused.stdout).error.hint]).toEqual([2, expect.stringContaining('work tree')]);
  expect(refused.stderr).toContain(`${gone}, where you are, is gone`);
  mkdirSync(gone);
  const there = telec('-C', world.cloneDir, 'candidates');
  expect([there.status, there.stdout]).toEqual([0, '[]\n']);
});

test('another log: integrate is refused with OTHER_LOG until the fence is adopted, and then the first one is refused', async () => {
  const world = await makeWorld();
  await world.ready([{ slug: 'first' }]);
  await world.integrate();
  const other = await world.clone('other');
  const elsewhere = {
    TELEC_HOME: join(world.dir, 'home-2'),
    TELEC_REDIS_URL: world.env['TELEC_REDIS_URL']?.replace(/0$/, '1') ?? '',
  };
  const init = await world.run<InitView>(['init'], { cwd: other, env: elsewhere });
  expect(init.code, init.stderr).toBe(0);
  expect(init.json.repo_id).toBe((await world.run<StatusView>(['status'])).json.repo_id);
  commitIn(other, 'second', 's.txt', 's\n');
  await world.run(['submit'], { cwd: other, env: elsewhere });
  const refused = await world.run<Refused>(['integrate'], { cwd: other, env: elsewhere });
  expect({ code: refused.code, error: refused.json.error.code }).toEqual({ code: 6, error: 'OTHER_LOG' });
  const doctor = await world.run<DoctorRow[]>(['doctor'], { cwd: other, env: elsewhere });
  expect(doctor.json.find(({ check }) => check === 'fence')).toMatchObject({ status: 'fail' });
  const young = await world.run<Refused>(['lease', 'adopt', '--reason', 'new home'], { cwd: other, env: elsewhere });
  expect({ code: young.code, error: young.json.error.code }).toEqual({ code: 6, error: 'FENCE_YOUNG' });
  // Older than the lease by a shorter one.
  const short = { ...elsewhere, TELEC_LEASE_TTL_MS: '1500', TELEC_LEASE_RENEW_MS: '100' };
  await expect
    .poll(async () => (await world.run(['lease', 'adopt', '--reason', 'new home'], { cwd: other, env: short })).code, {
      timeout: 10_000,
      interval: 200,
    })
    .toBe(0);
  const taken = await world.run(['integrate'], { cwd: other, env: elsewhere });
  expect(taken).toMatchObject({ code: 0, json: { outcome: 'drained', completed: 1 } });
  const back = await world.run<Refused>(['integrate']);
  expect({ code: back.code, error: back.json.error.code }).toEqual({ code: 6, error: 'OTHER_LOG' });
  expect(world.landed()).toEqual(['first', 'second']);
});

test('a second main of the same remote is refused (6) by init and by a session', async () => {
  const world = await makeWorld();
  await world.ready([{ slug: 'first' }]);
  await world.integrate();
  git(world.remoteDir, 'update-ref', 'refs/heads/trunk', world.first);
  const other = await world.clone('other');
  writeFileSync(join(other, 'telec.yaml'), 'main: trunk\n');
  const env = { TELEC_HOME: join(world.dir, 'home-2') };
  const refused = await world.run<Refused>(['init'], { cwd: other, env });
  expect({ code: refused.code, error: refused.json.error.code }).toEqual({ code: 6, error: 'OTHER_MAIN' });
  const main = world.main();
  const session = await world.run<Refused>(['integrate'], { env: { TELEC_MAIN: 'trunk' } });
  expect({ code: session.code, error: session.json.error.code }).toEqual({ code: 6, error: 'OTHER_MAIN' });
  expect(world.main()).toBe(main);
  expect(world.ref('refs/heads/trunk')).toBe(world.first);
});

test('another repository id for the same remote is refused (6)', async () => {
  const world = await makeWorld();
  await world.ready([{ slug: 'first' }]);
  await world.integrate();
  const other = await world.clone('other');
  writeFileSync(join(other, 'telec.yaml'), 'repo_id: something-else\n');
  const refused = await world.run<Refused>(['init'], { cwd: other });
  expect({ code: refused.code, error: refused.json.error.code }).toEqual({ code: 6, error: 'OTHER_REPOSITORY' });
});

test('S1-C1 everything that only reads works without a daemon, and changes no file of the clone', async () => {
  const world = await makeWorld();
  await world.ready([{ slug: 'seen' }]);
  await world.integrate();
  const before = { refs: git(world.cloneDir, 'for-each-ref'), status: git(world.cloneDir, 'status', '--porcelain') };
  const events = await world.events();
  for (const args of [
    ['status'],
    ['candidates'],
    ['candidate', 'seen'],
    ['queue'],
    ['why', 'seen'],
    ['lease'],
    ['notifications'],
    ['actors'],
    ['events', 'tail'],
    ['events', 'catalog'],
    ['events', 'dead'],
    ['machine', 'list'],
    ['machine', 'show', 'candidate'],
    ['config', 'show'],
    ['replay'],
    ['doctor'],
  ]) {
    const json = await world.run(args);
    const text = await world.run(args, { text: true });
    expect([args.join(' '), json.code, text.code, json.stderr]).toEqual([args.join(' '), 0, 0, '']);
  }
  expect(await world.events()).toEqual(events);
  expect({ refs: git(world.cloneDir, 'for-each-ref'), status: git(world.cloneDir, 'status', '--porcelain') }).toEqual(
    before,
  );
  const { json } = await world.run<StatusView>(['status']);
  expect(json).toEqual({
    repo_id: expect.stringMatching(/^remote-[0-9a-f]{12}$/),
    main: { ref: 'origin/main', sha: world.main() },
    mode: 'live',
    hold: null,
    daemon: { running: false, pid: null, since: null, web: null },
    integrator: { state: 'standby', session_id: null, candidate: null },
    lease: null,
    rollback_required: false,
    mode_reason: null,
    permit: null,
    guards: { in_force: true, missing: [], mend: null },
    surfaces: [],
    stale: null,
    tests: { configured: false, window: null, chain: [], running: 0, failure_rate: null },
    counts: { pending: 0, ready: 0, integrating: 0, completed: 1, blocked: 0, superseded: 0 },
    log: {
      last_id: events.at(-1)?.id,
      applied_id: events.at(-1)?.id,
      length: events.length,
      dead: 0,
      state: 'intact',
    },
  });
});

test('a sha256 repository works like any other', async () => {
  const world = await makeWorld({ format: 'sha256' });
  await world.ready([{ slug: 'a' }, { slug: 'b', files: { 'a.txt': 'other\n' } }]);
  expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1, blocked: 1 });
  expect(world.main()).toMatch(/^[0-9a-f]{64}$/);
  await expectSound(world);
});
