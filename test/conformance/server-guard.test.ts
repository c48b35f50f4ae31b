/** The two hooks of a guarded remote, by real pushes and by git's own commands in the repository. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { openRepository } from '../../src/io/git/repository.ts';
import { openBare } from '../../src/io/guards/bare-repository.ts';
import { fenceSigner, writeServerGuardFile } from '../../src/io/guards/server-guard-file.ts';
import { SERVER_MARKER, serverHook } from '../../src/io/guards/server-hooks.ts';
import { installServerHooks } from '../../src/io/guards/server-install.ts';
import { serveGit, urlOf } from '../support/git-http.ts';
import { type GitAnswer, git, hermeticEnv, tryGit } from '../support/git-repo.ts';
import { type FenceSpec, type GuardedRemote, makeGuardedRemote } from '../support/guarded-remote.ts';

const made: GuardedRemote[] = [];
afterEach(() => {
  for (const remote of made.splice(0)) remote.remove();
});

async function guarded(options: Parameters<typeof makeGuardedRemote>[0] = {}): Promise<GuardedRemote> {
  const remote = await makeGuardedRemote(options);
  made.push(remote);
  return remote;
}

/** A delivery as an integrator makes it: its tip names the fence. */
const delivery = (remote: GuardedRemote) => remote.commit('a delivery', { trailers: ['Telec-Fence: 5'] });

const both = (remote: GuardedRemote, tip: string, fence: string, from = remote.fence0): GitAnswer =>
  remote.push(
    ...['--atomic', '--porcelain', `--force-with-lease=refs/telec/fence:${from}`, 'origin'],
    ...[`${tip}:refs/heads/main`, `${fence}:refs/telec/fence`],
  );

/** Refused, and nothing moved. */
function expectRefused(remote: GuardedRemote, answer: GitAnswer, words: string): void {
  expect({ status: answer.status === 0, stderr: answer.stderr }).toEqual({
    status: false,
    stderr: expect.stringContaining(words),
  });
  expect(remote.refs()).toBe(`refs/heads/main ${remote.first}\nrefs/telec/fence ${remote.fence0}`);
}

describe.each([
  { shell: '/usr/bin/dash', format: 'sha1' },
  { shell: '/usr/bin/bash', format: 'sha256' },
] as const)('a guarded remote ($shell, $format)', ({ shell, format }) => {
  const remoteOf = (options: { signed?: boolean } = {}) => guarded({ shell, format, ...options });

  test('main and the next fence in one push: both move', async () => {
    const remote = await remoteOf();
    const [tip, fence] = [delivery(remote), remote.fence()];
    const answer = both(remote, tip, fence);
    expect({ status: answer.status, stderr: answer.stderr }).toEqual({ status: 0, stderr: '' });
    expect(remote.refs()).toBe(`refs/heads/main ${tip}\nrefs/telec/fence ${fence}`);
    const next = remote.fence({ parent: fence, fence: 9, seq: 5 });
    expect(remote.push('origin', `${next}:refs/telec/fence`).status).toBe(0);
    expect(remote.ref('refs/telec/fence')).toBe(next);
  });

  test('a first fence, where there is none yet', async () => {
    const remote = await guarded({ shell, format, hooks: false });
    git(remote.remote, 'update-ref', '-d', 'refs/telec/fence');
    const bare = await makeGuardedRemote({ shell, format });
    made.push(bare);
    // The same hooks, in a repository that no session has been to.
    rmSync(join(remote.remote, 'hooks'), { recursive: true, force: true });
    git('/', 'config', '--file', join(remote.remote, 'config'), 'core.hooksPath', join(bare.remote, 'hooks'));
    const late = remote.fence({ parent: remote.fence0 });
    expect(remote.push('origin', `${late}:refs/telec/fence`).stderr).toContain('does not follow');
    const alone = remote.push('origin', `${delivery(remote)}:refs/heads/main`);
    expect(alone.stderr).toContain('hook declined');
    expect(remote.push('origin', `${remote.fence({ parent: null, seq: 1 })}:refs/telec/fence`).status).toBe(0);
  });

  const wrong: [what: string, spec: FenceSpec, words: string][] = [
    ['one below that of the remote', { fence: 4 }, 'The fence is older'],
    ['one without its number', { without: ['Telec-Fence'] }, 'The fence is malformed'],
    ['one without its sequence', { without: ['Telec-Seq'] }, 'The fence is malformed'],
    ['one without its repository', { without: ['Telec-Repo'] }, 'The fence is malformed'],
    ['a huge one', { fence: '1000000000000000' }, 'The fence is malformed'],
    ['one beyond what sh can count', { fence: '99999999999999999999999' }, 'The fence is malformed'],
    ['a negative one', { fence: -7 }, 'The fence is malformed'],
    ['one with a leading zero', { fence: '06' }, 'The fence is malformed'],
    ['a number in words', { fence: 'six' }, 'The fence is malformed'],
    ['one with two numbers', { more: ['Telec-Fence: 9'] }, 'The fence is malformed'],
    ['one that would be a pattern', { fence: '*' }, 'The fence is malformed'],
    ['a skipped sequence', { seq: 5 }, 'out of its sequence'],
    ['the sequence again', { seq: 3 }, 'out of its sequence'],
    ['one of another main', { main: 'trunk' }, 'The fence is malformed'],
    ['one of another repository', { repo: 'other' }, 'another repository'],
    ['one without a parent', { parent: null }, 'does not follow'],
  ];
  test('a fence that is wrong in one thing is refused, with main and alone', async () => {
    const remote = await remoteOf();
    const tip = delivery(remote);
    for (const [what, spec, words] of wrong) {
      const fence = remote.fence(spec);
      const answers = [both(remote, tip, fence), remote.push('--force', 'origin', `${fence}:refs/telec/fence`)];
      const told = answers.map(({ status, stderr }) => ({ refused: status !== 0, why: stderr.includes(words) }));
      expect({ what, told }).toEqual({ what, told: Array(2).fill({ refused: true, why: true }) });
      expect(remote.refs()).toBe(`refs/heads/main ${remote.first}\nrefs/telec/fence ${remote.fence0}`);
    }
  });

  test('a fence that is no commit, or one of another tree, or a tag of the right one', async () => {
    const remote = await remoteOf();
    const tip = delivery(remote);
    const blob = tryGit(remote.clone, ['hash-object', '-w', '--stdin'], { stdin: 'x' }).stdout.toString().trim();
    expectRefused(
      remote,
      remote.push('--force', '--atomic', 'origin', `${tip}:refs/heads/main`, `${blob}:refs/telec/fence`),
      'The fence is',
    );
    const full = remote.fence({ tree: git(remote.clone, 'rev-parse', `${tip}^{tree}`) });
    expectRefused(remote, both(remote, tip, full), 'The fence is malformed');
    git(remote.clone, 'tag', '--annotate', '--message=x', 'fence', remote.fence());
    const tag = git(remote.clone, 'rev-parse', 'refs/tags/fence');
    expectRefused(
      remote,
      remote.push('--force', '--atomic', 'origin', `${tip}:refs/heads/main`, `${tag}:refs/telec/fence`),
      'The fence is malformed',
    );
  });

  test('main without the fence: alone, forged, with the fence that is there, and one after the other', async () => {
    const remote = await remoteOf();
    const tip = delivery(remote);
    const plain = remote.push('--porcelain', 'origin', `${remote.commit('mine')}:refs/heads/main`);
    expectRefused(remote, plain, `remote: GUARDRAIL_MARKER: ${SERVER_MARKER}`);
    expect({ status: plain.status, stderr: plain.stderr }).toEqual({
      status: 1,
      stderr: expect.stringContaining('remote: ERROR: MAIN_GUARDRAIL_BLOCKED'),
    });
    expect(plain.stdout.toString()).toContain('refs/heads/main\t[remote rejected] (hook declined)');
    expectRefused(remote, remote.push('origin', `${tip}:refs/heads/main`), 'moves only together with the next fence');
    expectRefused(
      remote,
      remote.push('--atomic', 'origin', `${tip}:refs/heads/main`, `${remote.fence0}:refs/telec/fence`),
      'moves only together with the next fence',
    );
    // Not atomic: git moves one ref after the other, so main comes without the fence.
    const apart = remote.push('origin', `${tip}:refs/heads/main`, `${remote.fence()}:refs/telec/fence`);
    expectRefused(remote, apart, 'moves only together with the next fence');
    const old = remote.commit('picked', { trailers: ['Telec-Fence: 4'] });
    expectRefused(remote, remote.push('origin', `${old}:refs/heads/main`), "is moved by telec's integrator alone");
  });

  test('main never goes back, and is never deleted, whoever asks', async () => {
    const remote = await remoteOf();
    const aside = remote.commit('aside', { parent: '', trailers: ['Telec-Fence: 5'] });
    const forced = remote.push(
      ...['--atomic', '--force', 'origin', `${aside}:refs/heads/main`, `${remote.fence()}:refs/telec/fence`],
    );
    expectRefused(remote, forced, 'main is never rewound');
    git(remote.remote, 'config', 'receive.denyDeleteCurrent', 'ignore');
    expectRefused(remote, remote.push('origin', ':refs/heads/main'), 'refs/heads/main is not to be deleted');
    expectRefused(remote, remote.push('origin', ':refs/telec/fence'), 'refs/telec/fence is not to be deleted');
  });

  test('commands in the repository itself: moved, deleted and made again, with and without the old value', async () => {
    const remote = await remoteOf();
    const tip = delivery(remote);
    expect(remote.push('origin', `${tip}:refs/heads/feature`).status).toBe(0);
    const at = (...args: string[]) => tryGit(remote.remote, args);
    for (const packed of [false, true]) {
      if (packed) expect(at('pack-refs', '--all', '--prune').status).toBe(0);
      const tries = [
        ['update-ref', 'refs/heads/main', tip],
        ['update-ref', 'refs/heads/main', tip, remote.first],
        ['branch', '--force', 'main', tip],
        ['update-ref', '-d', 'refs/heads/main'],
        ['update-ref', '-d', 'refs/heads/main', remote.first],
        ['update-ref', '-d', 'refs/telec/fence'],
        ['update-ref', 'refs/telec/fence', tip],
      ];
      for (const args of tries) {
        const answer = at(...args);
        expect({ args, refused: answer.status !== 0 }).toEqual({ args, refused: true });
      }
      const aside = tryGit(remote.clone, ['--git-dir', remote.remote, 'update-ref', 'refs/heads/main', tip]);
      expect(aside.stderr).toContain('moves only together with the next fence');
      expect(remote.ref('refs/heads/main')).toBe(remote.first);
      expect(remote.ref('refs/telec/fence')).toBe(remote.fence0);
    }
    git(remote.remote, 'symbolic-ref', 'refs/heads/alias', 'refs/heads/main');
    expect(remote.push('origin', `${tip}:refs/heads/alias`).status).not.toBe(0);
    expect(remote.ref('refs/heads/main')).toBe(remote.first);
  });

  test('names that git takes for main or the fence are not made, and may be taken away', async () => {
    const remote = await remoteOf();
    const names = [
      ...['refs/heads/refs/heads/main', 'refs/tags/refs/heads/main', 'refs/heads/refs/telec/fence'],
      ...['refs/telec/fence/x', 'refs/telec/other'],
    ];
    for (const name of names) {
      expectRefused(remote, remote.push('origin', `${remote.first}:${name}`), name);
    }
    for (const name of names.slice(0, 3)) {
      git(remote.remote, 'update-ref', name, remote.first);
      expect(remote.push('origin', `:${name}`).status).toBe(0);
    }
    expect(remote.refs()).toBe(`refs/heads/main ${remote.first}\nrefs/telec/fence ${remote.fence0}`);
  });

  test('packing passes and leaves everything where it is', async () => {
    const remote = await remoteOf();
    const [tip, fence] = [delivery(remote), remote.fence()];
    expect(both(remote, tip, fence).status).toBe(0);
    let [at, seq] = [fence, 4];
    for (const args of [
      ['gc', '--quiet'],
      ['gc', '--quiet', '--prune=now'],
      ['pack-refs', '--all', '--prune'],
      ['pack-refs', '--all', '--no-prune'],
    ]) {
      const before = remote.refs();
      for (const where of [
        ['-C', remote.remote],
        ['--git-dir', remote.remote],
      ]) {
        const answer = tryGit(remote.clone, [...where, ...args]);
        expect({ args, status: answer.status, stderr: answer.stderr }).toEqual({ args, status: 0, stderr: '' });
        expect(remote.refs()).toBe(before);
      }
      expect(existsSync(join(remote.remote, 'packed-refs'))).toBe(true);
      // The next push finds main and fence packed, and the packing after it finds them loose.
      const next = {
        tip: remote.commit('next', { parent: remote.ref('refs/heads/main') ?? '', trailers: ['Telec-Fence: 5'] }),
        fence: remote.fence({ parent: at, seq: seq + 1 }),
      };
      expect(both(remote, next.tip, next.fence, at).status).toBe(0);
      [at, seq] = [next.fence, seq + 1];
    }
  });

  test('branches, tags and notes: made, forced, deleted, with exactly what git says without hooks', async () => {
    const remote = await remoteOf();
    const free = await guarded({ shell, format, hooks: false });
    const steps = (on: GuardedRemote): string[][] => {
      const [one, two] = [on.commit('one'), on.commit('two', { parent: '' })];
      git(on.clone, 'tag', '--annotate', '--message=v1', 'v1', one);
      return [
        ['origin', `${one}:refs/heads/feature/main`],
        ['--force', 'origin', `${two}:refs/heads/feature/main`],
        ['origin', `${one}:refs/heads/feature/main`],
        ['--porcelain', 'origin', 'v1', `${one}:refs/notes/x`, `${one}:refs/heads/maintenance`],
        ['--delete', 'origin', 'feature/main', 'v1'],
        ['origin', ':refs/heads/nothing'],
        ['--quiet', '--atomic', 'origin', `${one}:refs/heads/a`, `${two}:refs/heads/b`],
      ];
    };
    const told = (on: GuardedRemote) =>
      steps(on).map((args) => {
        const { status, stdout, stderr } = on.push(...args);
        const plain = (text: string) => text.replaceAll(on.remote, '<remote>').replace(/\b[0-9a-f]{7,64}\b/g, '<id>');
        return { status, stdout: plain(stdout.toString()), stderr: plain(stderr) };
      });
    const [withHooks, without] = [told(remote), told(free)];
    expect(withHooks).toEqual(without);
    expect(withHooks.map(({ status }) => status)).toEqual([0, 0, 1, 0, 0, 0, 0]);
  });

  test('--key: a fence that is unsigned, or signed by another key, or whose signature is another one’s, is refused', async () => {
    const remote = await remoteOf({ signed: true });
    const tip = delivery(remote);
    expectRefused(remote, both(remote, tip, remote.fence({ key: null })), 'The fence must be signed');
    expectRefused(remote, both(remote, tip, remote.fence({ key: remote.otherKey })), 'The fence must be signed');
    // The signature of one fence on another.
    const content = tryGit(remote.clone, ['cat-file', 'commit', remote.fence()]).stdout.toString();
    const swapped = tryGit(remote.clone, ['hash-object', '-t', 'commit', '-w', '--stdin'], {
      stdin: content.replace('Telec-Fence: 5', 'Telec-Fence: 6'),
    });
    expectRefused(remote, both(remote, tip, swapped.stdout.toString().trim()), 'The fence must be signed');
    const direct = tryGit(remote.remote, ['update-ref', 'refs/telec/fence', remote.fence({ key: null })]);
    expect(direct.status).not.toBe(0);
    expect(both(remote, tip, remote.fence()).status).toBe(0);
    expect(remote.ref('refs/heads/main')).toBe(tip);
  });
});

describe('a push that is held while the fence moves', () => {
  /** Moves the fence when the objects have come and before the refs are looked at. */
  function overtake(remote: GuardedRemote, rival: string): void {
    git(remote.clone, 'push', '--quiet', 'origin', `${rival}:refs/heads/keep`);
    const path = join(remote.remote, 'hooks', 'pre-receive');
    mkdirSync(join(remote.remote, 'hooks'), { recursive: true });
    writeFileSync(
      path,
      `#!/bin/sh\nunset GIT_QUARANTINE_PATH\ngit update-ref refs/telec/fence ${rival} ${remote.fence0}\n`,
    );
    chmodSync(path, 0o755);
  }

  const cases = [
    { hooks: true, over: 'file', fence: 6 },
    { hooks: true, over: 'http', fence: 6 },
    { hooks: true, over: 'http', fence: 5 },
    { hooks: false, over: 'file', fence: 6 },
    { hooks: false, over: 'http', fence: 6 },
  ] as const;
  test.each(cases)('is refused over $over, hooks: $hooks, by fence $fence', async ({ hooks, over, fence }) => {
    const remote = await guarded({ hooks: false });
    const url = await urlFor(remote, over);
    const repository = await open(remote, url);
    const tip = delivery(remote);
    git(remote.clone, 'push', '--quiet', 'origin', `${tip}:refs/heads/feature`);
    await repository.fetch(['feature']);
    const note = { fence: 5, session: 'stale', log: 'log', repo: 'repo', main: 'main' };
    const fenceTo = await repository.writeFence(remote.fence0, { ...note, seq: 4 }, 'a <a@b>', 1);
    const rival = remote.fence({ fence, more: ['Telec-Note: the rival'] });
    if (hooks) await addHooks(remote);
    overtake(remote, rival);
    const outcome = await repository.push({ tip, fenceFrom: remote.fence0, fenceTo });
    expect(outcome.kind).toBe('fence_moved');
    expect(remote.ref('refs/heads/main')).toBe(remote.first);
    expect(remote.ref('refs/telec/fence')).toBe(rival);
    // The same again, told of the fence as it is: by git itself, with hooks or without.
    expect((await repository.push({ tip, fenceFrom: remote.fence0, fenceTo })).kind).toBe('fence_moved');
    expect(remote.ref('refs/heads/main')).toBe(remote.first);
  });

  test('a fence that moves twice from one value: one of two holders gets it', async () => {
    const remote = await guarded();
    const tips = [delivery(remote), delivery(remote)];
    const pushes = tips.map((tip, index) => {
      const fence = remote.fence({ more: [`Telec-Note: ${index}`] });
      const args = ['push', '--atomic', `--force-with-lease=refs/telec/fence:${remote.fence0}`, 'origin'];
      const child = spawn('git', [...args, `${tip}:refs/heads/main`, `${fence}:refs/telec/fence`], {
        cwd: remote.clone,
        env: hermeticEnv,
        stdio: 'ignore',
      });
      return once(child, 'close').then(([status]) => ({ tip, fence, status }));
    });
    const won = (await Promise.all(pushes)).filter(({ status }) => status === 0);
    expect(won).toHaveLength(1);
    expect(remote.refs()).toContain(`refs/heads/main ${won[0]?.tip}\nrefs/telec/fence ${won[0]?.fence}`);
  });
});

describe('what is in the way of the hooks', () => {
  test('a hooks path of the one who pushes does not lead away from them', async () => {
    const remote = await guarded();
    const global = join(remote.dir, 'global');
    writeFileSync(global, '[core]\n\thooksPath = /nonexistent\n[trailer]\n\tseparators = "#"\n');
    const env = { ...hermeticEnv, GIT_CONFIG_GLOBAL: global };
    const push = (...args: string[]) => tryGit(remote.clone, ['push', ...args], { env });
    expectRefused(remote, push('origin', `${remote.commit('mine')}:refs/heads/main`), SERVER_MARKER);
    const ok = push('--atomic', 'origin', `${delivery(remote)}:refs/heads/main`, `${remote.fence()}:refs/telec/fence`);
    expect({ status: ok.status, stderr: ok.stderr }).toMatchObject({ status: 0 });
  });

  test('replaced objects do not speak for the fence', async () => {
    const remote = await guarded();
    // Whoever reads the fence through the replacement sees a number that everything exceeds.
    const low = remote.fence({ parent: null, fence: 1, seq: 8 });
    const put = remote.push('origin', `${low}:refs/replace/${remote.fence0}`);
    expect(put.status).toBe(0);
    const tip = delivery(remote);
    const answer = both(remote, tip, remote.fence({ fence: 2, seq: 9 }));
    expect(answer.stderr).toContain('The fence is older');
    expect(remote.ref('refs/heads/main')).toBe(remote.first);
  });

  test('a file system that takes Main for main: the branch is refused there, and nowhere else', async () => {
    const remote = await guarded();
    expect(remote.push('origin', `${remote.commit('x')}:refs/heads/Main`).status).toBe(0);
    git(remote.remote, 'update-ref', '-d', 'refs/heads/Main');
    const path = join(remote.remote, 'hooks', 'update');
    writeFileSync(path, serverHook('update', { main: 'main', signed: false, ignoreCase: true }));
    for (const name of ['Main', 'MAIN', 'Refs/heads/main']) {
      expectRefused(remote, remote.push('origin', `${remote.first}:refs/heads/${name}`), `refs/heads/${name} is`);
    }
    expect(remote.push('origin', `${remote.first}:refs/heads/mains`).status).toBe(0);
  });

  test('a main whose name sh would take apart', async () => {
    const main = "it's-$(x)*";
    const remote = await guarded({ main: main.replace('*', '') });
    const name = "it's-$(x)";
    const refused = remote.push('origin', `${remote.commit('mine')}:refs/heads/${name}`);
    expect(refused.stderr).toContain(`${name} is moved by telec's integrator alone`);
    const tip = delivery(remote);
    const fence = remote.fence();
    expect(remote.push('--atomic', 'origin', `${tip}:refs/heads/${name}`, `${fence}:refs/telec/fence`).status).toBe(0);
    expect(remote.ref(`refs/heads/${name}`)).toBe(tip);
  });
});

describe('a permission', () => {
  const permit = (commit: string, seconds: number) => [
    `Telec-Permit: ${commit}`,
    `Telec-Permit-Until: ${Math.floor(Date.now() / 1000) + seconds}`,
  ];

  test('lets exactly that commit through, over the fence as it is, and no other', async () => {
    const remote = await guarded();
    const [wanted, other] = [remote.commit('mend'), remote.commit('mine')];
    const fence = remote.fence({ fence: 6, more: permit(wanted, 600) });
    expect(remote.push('origin', `${fence}:refs/telec/fence`).status).toBe(0);
    expect(remote.push('origin', `${other}:refs/heads/main`).stderr).toContain('hook declined');
    expect(remote.ref('refs/heads/main')).toBe(remote.first);
    const further = remote.commit('on top', { parent: wanted });
    expect(remote.push('origin', `${further}:refs/heads/main`).status).not.toBe(0);
    expect(remote.push('origin', `${wanted}:refs/heads/main`).status).toBe(0);
    expect(remote.ref('refs/heads/main')).toBe(wanted);
    expect(remote.push('origin', `${further}:refs/heads/main`).status).not.toBe(0);
  });

  test('is over when its time is, and with the next fence; and rewinds nothing', async () => {
    const remote = await guarded();
    const wanted = remote.commit('mend');
    const late = remote.fence({ fence: 6, more: permit(wanted, -1) });
    expect(remote.push('origin', `${late}:refs/telec/fence`).status).toBe(0);
    expect(remote.push('origin', `${wanted}:refs/heads/main`).stderr).toContain('hook declined');
    const good = remote.fence({ parent: late, fence: 7, seq: 5, more: permit(wanted, 600) });
    expect(remote.push('origin', `${good}:refs/telec/fence`).status).toBe(0);
    const next = remote.fence({ parent: good, fence: 8, seq: 6 });
    expect(remote.push('origin', `${next}:refs/telec/fence`).status).toBe(0);
    expect(remote.push('origin', `${wanted}:refs/heads/main`).stderr).toContain('hook declined');
    const aside = remote.commit('aside', { parent: '' });
    const back = remote.fence({ parent: next, fence: 9, seq: 7, more: permit(aside, 600) });
    expect(remote.push('origin', `${back}:refs/telec/fence`).status).toBe(0);
    expect(remote.push('--force', 'origin', `${aside}:refs/heads/main`).stderr).toContain('main is never rewound');
    expect(remote.ref('refs/heads/main')).toBe(remote.first);
  });
});

describe.each(['sha1', 'sha256'] as const)('fences that telec writes (%s)', (format) => {
  test('signed with the key that was set, they pass; without it they are refused, and the remote says so', async () => {
    const remote = await guarded({ signed: true, format });
    const folder = join(remote.dir, 'state');
    const repository = await open(remote, remote.remote, folder);
    const note = { fence: 6, session: 's', log: 'log', repo: 'repo', main: 'main' };
    const unsigned = await repository.writeFence(remote.fence0, { ...note, seq: 4 }, 'a <a@b>', 1);
    const outcome = await repository.push({ tip: null, fenceFrom: remote.fence0, fenceTo: unsigned });
    expect(outcome).toEqual({ kind: 'refused', detail: expect.stringContaining('The fence must be signed') });
    writeServerGuardFile(folder, { path: remote.remote, key: remote.key });
    const fence = await repository.writeFence(remote.fence0, { ...note, seq: 4 }, 'a <a@b>', 1);
    expect(await repository.push({ tip: null, fenceFrom: remote.fence0, fenceTo: fence })).toEqual({ kind: 'pushed' });
    expect(await repository.readFence(fence)).toEqual({ ...note, seq: 4, timeSeconds: 1 });
    writeServerGuardFile(folder, { path: remote.remote, key: join(remote.dir, 'gone') });
    const failing = repository.writeFence(fence, { ...note, seq: 5 }, 'a <a@b>', 1);
    await expect(failing).rejects.toMatchObject({ code: 'FENCE_UNSIGNED' });
    await expect(failing).rejects.not.toThrow(remote.dir);
  });
});

async function urlFor(remote: GuardedRemote, over: 'file' | 'http'): Promise<string> {
  if (over === 'file') return remote.remote;
  git(remote.remote, 'config', 'http.receivepack', 'true');
  const server: Server = await serveGit(remote.dir);
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  return `${urlOf(server)}/remote.git`;
}

async function open(remote: GuardedRemote, url: string, state = join(remote.dir, 'state')) {
  mkdirSync(state, { recursive: true });
  const repository = await openRepository({
    dir: join(remote.dir, 'private'),
    clonePath: remote.clone,
    remote: { url, config: [], env: {}, safeDirectories: [] },
    main: 'main',
    sign: fenceSigner(state),
  });
  onTestFinished(() => repository.close());
  expect((await repository.fetch([])).kind).toBe('fetched');
  return repository;
}

async function addHooks(remote: GuardedRemote): Promise<void> {
  await installServerHooks(await openBare(remote.remote), { main: 'main', signed: false, ignoreCase: false }, null);
}
