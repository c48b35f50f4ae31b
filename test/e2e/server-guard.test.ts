/** Sessions against a remote that carries the hooks, a person's way past them, and how both are set up. */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { expectBooksInLine } from '../support/books-world.ts';
import { endWorlds, expectSound, makeWorld, type World } from '../support/e2e-world.ts';
import { git, hermeticEnv, tryGit } from '../support/git-repo.ts';
import { makeKey } from '../support/guarded-remote.ts';

afterAll(endWorlds);

interface Failure {
  error: { code: string; message: string; hint: string };
}

/** Ends the process that serves a push, once: before it did anything (`pre-receive`), or after it did all. */
function killServerOnce(world: World, hook: 'pre-receive' | 'post-receive'): void {
  const path = join(world.remoteDir, 'hooks', hook);
  mkdirSync(join(world.remoteDir, 'hooks'), { recursive: true });
  writeFileSync(path, `#!/bin/sh\nrm -f "$0"\nkill -9 $PPID\n`);
  chmodSync(path, 0o755);
}

const commitInClone = (world: World, name: string): string => {
  git(world.cloneDir, 'fetch', '--quiet', 'origin');
  const answer = tryGit(world.cloneDir, ['commit-tree', 'origin/main^{tree}', '-p', 'origin/main', '-m', name]);
  return answer.stdout.toString('utf8').trim();
};

/** By the real git, past the wrappers; the hook of the clone asks the log of this world. */
const pushMain = (world: World, commit: string, ...options: string[]) => {
  const env = { ...hermeticEnv, TELEC_REDIS_URL: world.env['TELEC_REDIS_URL'] ?? '' };
  return tryGit(world.cloneDir, ['push', ...options, 'origin', `${commit}:refs/heads/main`], { env });
};

describe.each([
  { guard: 'plain', format: 'sha1' },
  { guard: 'signed', format: 'sha256' },
] as const)('a remote with its hooks ($guard, $format)', ({ guard, format }) => {
  test('S1-Sc3 S4-VR3 trains, books, conflicts, follow-ups, clean-up, lost answers and a resume: all as without, and nobody else', async () => {
    const world = await makeWorld({
      guard,
      format,
      files: {
        f: 'one\n',
        'todos/roadmap.yaml': '- slug: winner\n- slug: loser\n- slug: third\n',
        'todos/winner/requirements.md': '# w\n',
      },
    });
    const [, loser] = await world.ready([
      { slug: 'winner', files: { f: 'uno\n' } },
      { slug: 'loser', files: { f: 'eins\n' } },
      { slug: 'third' },
      { slug: 'fourth' },
    ]);
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 3, blocked: 1 });
    expect(world.landed()).toEqual(['winner', 'third', 'fourth']);
    const followUp = `loser-integration-blocked-${loser?.sha.slice(0, 7)}`;
    expect(Object.keys(world.files())).toContain(`todos/${followUp}/requirements.md`);
    expect([...world.refs().keys()].filter((ref) => ref.startsWith('refs/heads/'))).toEqual([
      'refs/heads/main',
      'refs/heads/work/loser',
    ]);
    // A push that never happened, and one that did without an answer.
    for (const [hook, slug] of [
      ['pre-receive', 'burned'],
      ['post-receive', 'landed'],
    ] as const) {
      await world.ready([{ slug, from: world.main() }]);
      let armed = false;
      const faults = {
        reach(point: string) {
          if (point !== 'after-push-attempted' || armed) return;
          armed = true;
          killServerOnce(world, hook);
        },
      };
      expect((await world.integrate({ faults })).json).toMatchObject({ outcome: 'drained', completed: 1 });
    }
    expect(await world.trail('integration.push.burned')).toHaveLength(1);
    const before = world.main();
    const mine = commitInClone(world, 'mine');
    const refused = pushMain(world, mine, '--no-verify', '--force');
    expect({ status: refused.status, stderr: refused.stderr }).toEqual({
      status: 1,
      stderr: expect.stringContaining('GUARDRAIL_MARKER: TELEC_SERVER_MAIN_GUARD_BLOCK'),
    });
    expect(world.main()).toBe(before);
    // The blocked one is resumed by a new commit of its slug.
    await world.ready([{ slug: 'loser', branch: 'work/loser-2', from: before, files: { f: 'eins\n' } }]);
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1, blocked: 0 });
    expect(Object.keys(world.files()).filter((path) => path.startsWith(`todos/${followUp}`))).toEqual([]);
    expect(git(world.remoteDir, 'gc', '--quiet', '--prune=now')).toBe('');
    await world.ready([{ slug: 'after-gc', from: world.main() }]);
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1 });
    expect(world.landed()).toEqual(['winner', 'third', 'fourth', 'burned', 'landed', 'loser', 'after-gc']);
    await expectBooksInLine(world);
    await expectSound(world);
    const fence = world.ref('refs/telec/fence') ?? '';
    const shown = git(world.remoteDir, 'cat-file', 'commit', fence);
    expect(/^gpgsig(-sha256)? -----BEGIN SSH SIGNATURE-----$/m.test(shown)).toBe(guard === 'signed');
  });
});

describe('a key that does not serve', () => {
  test('gone, damaged, not set here: the session is refused with what to do, nothing moves, nobody is blocked', async () => {
    const world = await makeWorld({ guard: 'signed' });
    await world.ready([{ slug: 'one' }]);
    const refs = () => [world.main(), world.ref('refs/telec/fence')];
    const before = refs();
    const key = join(world.dir, 'key');
    const kept = stateFile(world);
    renameSync(key, `${key}.away`);
    const gone = await world.run<Failure>(['integrate']);
    expect({ code: gone.code, error: gone.json.error.code }).toEqual({ code: 6, error: 'FENCE_UNSIGNED' });
    expect(gone.json.error.hint).toContain('telec guard install --server --key');
    writeFileSync(key, 'no key\n', { mode: 0o600 });
    expect((await world.run<Failure>(['integrate'])).json.error.code).toBe('FENCE_UNSIGNED');
    rmSync(kept);
    const unset = await world.run<Failure>(['integrate']);
    expect(unset.code).toBe(6);
    expect(unset.json.error.message).toContain('The fence must be signed with the key of the integrator');
    expect(refs()).toEqual(before);
    expect(await world.states()).toEqual({ one: 'pending' });
    for (const run of [gone, unset]) expect(run.stdout + run.stderr).not.toContain(key);
    expect(JSON.stringify(await world.events())).not.toContain(key);
    writeFileSync(kept, JSON.stringify({ path: world.remoteDir, key: `${key}.away` }));
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1 });
    await expectSound(world);
  });

  test('gone in the middle of a drain: what was pushed stays, the rest goes back and comes with the next session', async () => {
    const world = await makeWorld({ guard: 'signed', config: 'integration: {push_batch: 1}\n' });
    await world.ready([{ slug: 'one' }, { slug: 'two' }]);
    const key = join(world.dir, 'key');
    let pushes = 0;
    const faults = {
      reach(point: string) {
        if (point === 'after-push-recorded' && ++pushes === 1) renameSync(key, `${key}.away`);
      },
    };
    const run = await world.run<Failure>(['integrate'], { faults });
    expect({ code: run.code, error: run.json.error.code }).toEqual({ code: 6, error: 'FENCE_UNSIGNED' });
    expect(await world.states()).toEqual({ one: 'completed', two: 'ready' });
    renameSync(`${key}.away`, key);
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1 });
    expect(world.landed()).toEqual(['one', 'two']);
    await expectSound(world);
  });
});

/** The file that keeps the key's path. */
function stateFile(world: World): string {
  const id = readFileSync(join(world.cloneDir, '.git', 'telec', 'repo_id'), 'utf8').trim();
  const path = join(world.home, id, 'server-guard.json');
  expect(existsSync(path)).toBe(true);
  return path;
}

interface Permit {
  commit: string;
  until: string;
  reason: string;
  actor: string;
  used: boolean;
}

describe('telec guard install --server', () => {
  test('puts the hooks into the remote of the clone, again changes nothing, and takes them out as they were', async () => {
    const world = await makeWorld();
    const first = await world.run(['guard', 'install', '--server']);
    expect(first.json).toEqual({
      path: world.remoteDir,
      hooks: ['update', 'reference-transaction'].map((name) => ({ name, how: 'own', left: false })),
      signed: false,
      signs: false,
      changed: true,
      remarks: ['no session has moved the fence yet; until one does, nobody can move main'],
    });
    expect((await world.run(['guard', 'install', '--server', world.remoteDir])).json).toMatchObject({ changed: false });
    expect(pushMain(world, commitInClone(world, 'mine')).status).toBe(1);
    await world.ready([{ slug: 'one' }]);
    expect((await world.integrate()).json).toMatchObject({ completed: 1 });
    expect((await world.run(['guard', 'install', '--server'])).json).toMatchObject({ changed: false, remarks: [] });
    const out = await world.run(['guard', 'uninstall', '--server']);
    expect(out.json).toMatchObject({ path: world.remoteDir, changed: true, remarks: [] });
    expect(existsSync(join(world.remoteDir, 'hooks'))).toBe(false);
    expect((await world.run(['guard', 'uninstall', '--server'])).json).toMatchObject({ changed: false });
    await world.run(['guard', 'uninstall']);
    expect(pushMain(world, commitInClone(world, 'mine')).status).toBe(0);
  });

  test('--key: what is shown names no key; without --key a remote that asks for one goes on asking', async () => {
    const world = await makeWorld({ guard: 'signed' });
    const key = join(world.dir, 'key');
    const again = await world.run(['guard', 'install', '--server']);
    expect(again.json).toMatchObject({ signed: true, signs: true, changed: false });
    const text = await world.run(['guard', 'install', '--server', '--key', key], { text: true });
    expect(text.stdout).toContain('each fence must be signed by the key');
    for (const args of [
      ['status'],
      ['doctor'],
      ['guard', 'check'],
      ['config', 'show'],
      ['guard', 'install', '--server', '--key', key],
    ]) {
      const run = await world.run(args);
      expect({ args, named: (run.stdout + run.stderr).includes(key) }).toEqual({ args, named: false });
    }
    const secret = readFileSync(key, 'utf8').split('\n')[1] ?? '';
    expect(readFileSync(join(world.remoteDir, 'hooks', 'telec-guard', 'signers'), 'utf8')).toMatch(
      /^telec namespaces="git" ssh-ed25519 [A-Za-z0-9+/]+=*\n$/,
    );
    expect(tryGit(world.remoteDir, ['grep', '--no-index', '-F', secret, '.']).status).toBe(1);
    const none = await world.run<Failure>(['guard', 'install', '--server', '--key', join(world.dir, 'nothing')]);
    expect({ code: none.code, error: none.json.error.code }).toEqual({ code: 6, error: 'FENCE_UNSIGNED' });
    expect(none.stdout + none.stderr).not.toContain(join(world.dir, 'nothing'));
  });

  test('--print shows the very files, and they guard where they are put by hand', async () => {
    const world = await makeWorld();
    await world.ready([{ slug: 'one' }]);
    await world.integrate();
    const { json } = await world.run<{ files: { path: string; mode: string; text: string }[] }>([
      ...['guard', 'install', '--server', '--print', '--key', makeKey(join(world.dir, 'key'))],
    ]);
    expect(json.files.map(({ path, mode }) => `${mode} ${path}`)).toEqual([
      '755 hooks/update',
      '755 hooks/reference-transaction',
      '644 hooks/telec-guard/signers',
    ]);
    expect(existsSync(join(world.remoteDir, 'hooks'))).toBe(false);
    for (const { path, mode, text } of json.files) {
      mkdirSync(dirname(join(world.remoteDir, path)), { recursive: true });
      writeFileSync(join(world.remoteDir, path), text);
      chmodSync(join(world.remoteDir, path), Number.parseInt(mode, 8));
    }
    expect(pushMain(world, commitInClone(world, 'mine'), '--no-verify').stderr).toContain(
      'TELEC_SERVER_MAIN_GUARD_BLOCK',
    );
    const words = await world.run(['guard', 'install', '--server', '--print'], { text: true });
    expect(words.stdout).toContain('# ==> hooks/update (mode 755)\n#!/bin/sh\n# telec guard: update.');
    await world.ready([{ slug: 'two', from: world.main() }]);
    expect((await world.run<Failure>(['integrate'])).json.error.message).toContain('The fence must be signed');
    await world.run(['guard', 'install', '--server', '--key', join(world.dir, 'key')]);
    expect((await world.integrate()).json).toMatchObject({ completed: 1 });
  });

  test('refused: before init, before the first cutover, over a fence that is none, for what is no bare repository', async () => {
    const raw = await makeWorld({ raw: true });
    const codeOf = async (world: World, ...args: string[]) => {
      const run = await world.run<Failure>(['guard', 'install', '--server', ...args]);
      return `${run.code} ${run.json.error.code}`;
    };
    expect(await codeOf(raw)).toBe('6 NOT_INITIALIZED');
    expect(await codeOf(raw, raw.cloneDir)).toBe('2 NOT_BARE');
    const shadow = await makeWorld({ shadow: true });
    expect(await codeOf(shadow)).toBe('6 CUTOVER_PENDING');
    expect(await codeOf(shadow, shadow.remoteDir)).toBe('6 CUTOVER_PENDING');
    expect(existsSync(join(shadow.remoteDir, 'hooks'))).toBe(false);
    const needless = ['guard', 'allow', commitInClone(shadow, 'x'), '--reason', 'an outage'];
    expect((await shadow.run<Failure>(needless)).json.error.code).toBe('CUTOVER_PENDING');
    const world = await makeWorld();
    expect(await codeOf(world, '--key')).toMatch(/^2 /);
    expect((await world.run(['guard', 'install', '--key', 'x'])).code).toBe(2);
    expect((await world.run(['guard', 'install', '--server'], { env: { TELEC_ROLE: 'worker' } })).code).toBe(6);
    git(world.remoteDir, 'update-ref', 'refs/telec/fence', world.first);
    expect(await codeOf(world)).toBe('6 FENCE_UNREADABLE');
    git(world.remoteDir, 'update-ref', '-d', 'refs/telec/fence');
    git(world.cloneDir, 'remote', 'set-url', 'origin', 'ssh://git@example.invalid/team/app.git');
    expect(await codeOf(world)).toBe('2 NOT_LOCAL');
    const signs = await world.run(['guard', 'install', '--server', '--key', makeKey(join(world.dir, 'key'))]);
    expect(signs.json).toMatchObject({ path: null, hooks: [], signs: true, changed: true });
    expect((await world.run(['guard', 'uninstall', '--server'])).json).toMatchObject({ path: null, changed: true });
  });

  test('on a server, without a clone: main is what the fence says, or the HEAD of the repository', async () => {
    const world = await makeWorld();
    await world.ready([{ slug: 'one' }]);
    await world.integrate();
    const { json } = await world.run(['guard', 'install', '--server', world.remoteDir], { cwd: world.dir });
    expect(json).toMatchObject({ path: world.remoteDir, changed: true, signs: false });
    expect(pushMain(world, commitInClone(world, 'mine'), '--no-verify').status).toBe(1);
    await world.ready([{ slug: 'two', from: world.main() }]);
    expect((await world.integrate()).json).toMatchObject({ completed: 1 });
    const out = await world.run(['guard', 'uninstall', '--server', world.remoteDir], { cwd: world.dir });
    expect(out.json).toMatchObject({ changed: true });
  });
});

describe('telec guard allow', () => {
  async function guarded(config = ''): Promise<World> {
    const world = await makeWorld({ guard: 'plain', config });
    await world.ready([{ slug: 'one' }]);
    expect((await world.integrate()).json).toMatchObject({ completed: 1 });
    return world;
  }
  const allow = (world: World, commit: string, ...more: string[]) =>
    world.run<Permit & Failure>(['guard', 'allow', commit, '--reason', 'an outage', ...more]);

  test('one commit passes both guards, once; it is told everywhere, holds merging, and ends with the next session', async () => {
    const world = await guarded();
    const [wanted, other] = [commitInClone(world, 'mend'), commitInClone(world, 'other')];
    const path = `${binOf(world)}:${hermeticEnv['PATH']}`;
    const push = (commit: string, ...options: string[]) => {
      const env = { ...hermeticEnv, PATH: path, TELEC_REDIS_URL: world.env['TELEC_REDIS_URL'] ?? '' };
      return tryGit(world.cloneDir, ['push', ...options, 'origin', `${commit}:refs/heads/main`], { env });
    };
    expect(push(wanted).status).not.toBe(0);
    const given = await allow(world, wanted, '--for', '10m');
    expect(given.json).toEqual({
      commit: wanted,
      until: expect.any(String),
      reason: 'an outage',
      actor: 'admin/tester',
      used: false,
    });
    expect(Math.round((Date.parse(given.json.until) - Date.now()) / 60_000)).toBe(10);
    const status = await world.run(['status']);
    expect(status.json).toMatchObject({
      permit: given.json,
      lease: null,
      hold: { until: given.json.until, main_busy: true, alarm: null, reason: expect.stringContaining('break-glass') },
    });
    const words = await world.run(['status'], { text: true });
    expect(words.stdout).toContain(
      `main may be brought to ${wanted.slice(0, 10)} until ${given.json.until}: an outage`,
    );
    const rows = await world.run<{ id: string }[]>(['notifications', '--unseen']);
    expect(rows.json.map(({ id }) => id)).toContain('system/GUARD_PERMITTED');
    await world.ready([{ slug: 'waits', from: world.main() }]);
    expect((await world.integrate()).json).toMatchObject({ outcome: 'held' });
    for (const options of [[], ['--no-verify']]) expect(push(other, ...options).status).not.toBe(0);
    expect(tryGit(world.cloneDir, ['push', '--no-verify', 'origin', `${other}:refs/heads/main`]).stderr).toContain(
      'hook declined',
    );
    const passed = push(wanted);
    expect({ status: passed.status, main: world.main() }).toEqual({ status: 0, main: wanted });
    expect((await world.run(['status'])).json).toMatchObject({ permit: { used: true } });
    const trail = await world.trail('integration.guard.', 'integration.hold.');
    expect(trail.filter((type) => type !== 'integration.guard.refused')).toEqual([
      'integration.guard.permitted',
      'integration.hold.placed',
      'integration.guard.passed',
    ]);
    // The next session takes it back, used or not.
    const unused = commitInClone(world, 'late');
    expect((await allow(world, unused)).code).toBe(0);
    expect((await world.run(['unhold'])).code).toBe(0);
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1 });
    expect((await world.run(['status'])).json).toMatchObject({ permit: null });
    const late = commitInClone(world, 'later');
    expect(pushMain(world, unused, '--no-verify', '--force').status).not.toBe(0);
    expect(pushMain(world, late, '--no-verify').status).not.toBe(0);
    expect(world.landed()).toEqual(['one', 'waits']);
  });

  test('S1-OQ3 after a rollback the hooks stay, and a permission is the way to main', async () => {
    const world = await guarded();
    expect((await world.run(['cutover', 'rollback', '--reason', 'an outage'])).code).toBe(0);
    const wanted = commitInClone(world, 'mend');
    expect(pushMain(world, wanted, '--no-verify').stderr).toContain('hook declined');
    expect((await allow(world, wanted)).code).toBe(0);
    expect(pushMain(world, wanted).status).toBe(0);
    expect(world.main()).toBe(wanted);
    expect(pushMain(world, commitInClone(world, 'more'), '--no-verify').stderr).toContain('hook declined');
  });

  test('is over when its time is', async () => {
    const world = await guarded();
    const wanted = commitInClone(world, 'mend');
    const given = await allow(world, wanted, '--for', '1s');
    await new Promise((resolve) => setTimeout(resolve, Date.parse(given.json.until) - Date.now() + 1100));
    const late = pushMain(world, wanted);
    expect(late.stderr).toContain('ERROR: INTEGRATOR_MAIN_AUTH_BLOCKED');
    expect(pushMain(world, wanted, '--no-verify').stderr).toContain('hook declined');
    expect(world.main()).not.toBe(wanted);
    expect((await world.run(['status'])).json).toMatchObject({ permit: null, hold: null });
  });

  test('refused: without a reason, to workers, while a session works, for what does not lead on from main', async () => {
    const world = await guarded();
    const wanted = commitInClone(world, 'mend');
    const failure = async (...args: string[]) => {
      const run = await world.run<Failure>(['guard', 'allow', ...args]);
      return `${run.code} ${run.json.error.code}`;
    };
    const because = ['--reason', 'an outage'];
    expect(await failure(wanted)).toBe('2 USAGE');
    expect(await failure(wanted, ...because, '--for', '2d')).toBe('2 PERMIT_TOO_LONG');
    expect(await failure('0123456789', ...because)).toBe('1 NOT_FOUND');
    expect(await failure('HEAD', ...because)).toBe('1 NOT_FOUND');
    expect(await failure(world.first, ...because)).toBe('1 NOT_FORWARD');
    expect(await failure(world.main(), ...because)).toBe('1 NOT_FORWARD');
    const worker = await world.run(['guard', 'allow', wanted, ...because], { env: { TELEC_ROLE: 'worker' } });
    expect(worker.code).toBe(6);
    await world.ready([{ slug: 'two', from: world.main() }]);
    let busy = '';
    await world.integrate({
      faults: {
        async reach(point) {
          if (point === 'after-reconcile') busy = await failure(wanted, ...because);
        },
      },
    });
    expect(busy).toBe('4 LEASE_BUSY');
    expect(await world.trail('integration.guard.permitted')).toEqual([]);
    expect((await world.run(['status'])).json).toMatchObject({ permit: null, hold: null, lease: null });
  });

  test('a hold that lasts longer stays, and so does a halt; a remote without hooks needs no fence', async () => {
    const world = await makeWorld();
    const wanted = commitInClone(world, 'mend');
    await world.run(['hold', '--reason', 'mine']);
    expect((await allow(world, wanted)).code).toBe(0);
    expect((await world.run(['status'])).json).toMatchObject({ hold: { reason: 'mine', until: null } });
    expect(world.ref('refs/telec/fence')).toBeNull();
    expect(pushMain(world, wanted).status).toBe(0);
  });
});

const binOf = (world: World): string => join(dirname(stateFile(world)), 'bin');
