import { chmodSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  branchHead,
  type Clone,
  currentBranch,
  discoverClone,
  headCommit,
  isClean,
  listWorktrees,
  pushBranch,
  remoteUrl,
  transportSettings,
} from '../../src/io/git/clone.ts';
import { git, hermeticEnv, initBare, scratch } from '../support/git-repo.ts';

describe("the user's clone", () => {
  let dir: string;
  let remove: () => void;
  let work: string;
  let clone: Clone;
  let sha: string;
  const before = { ...process.env };

  beforeEach(async () => {
    const folder = scratch('telec-clone-');
    dir = realpathSync(folder.dir);
    remove = folder.remove;
    for (const name of Object.keys(process.env)) if (name.startsWith('GIT_')) delete process.env[name];
    Object.assign(process.env, { ...hermeticEnv, HOME: dir, GIT_CONFIG_GLOBAL: join(dir, 'global') });
    writeFileSync(join(dir, 'global'), '');
    initBare(join(dir, 'remote.git'));
    work = join(dir, 'work tree');
    git('/', 'init', '--quiet', '--initial-branch=main', work);
    writeFileSync(join(work, 'f'), '1\n');
    git(work, 'add', '.');
    git(work, 'commit', '--quiet', '-m', 'one');
    git(work, 'remote', 'add', 'origin', '../remote.git');
    sha = git(work, 'rev-parse', 'HEAD');
    clone = await discoverClone(work);
  });
  afterEach(() => {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
    remove();
  });

  it('is found from any folder of any of its checkouts, whatever GIT_DIR says', async () => {
    const linked = join(dir, 'linked');
    git(work, 'worktree', 'add', '--quiet', '-b', 'side', linked);
    mkdirSync(join(linked, 'deep'));
    process.env['GIT_DIR'] = join(dir, 'remote.git');
    const commonDir = join(work, '.git');
    expect(await discoverClone(join(linked, 'deep'))).toEqual({ workTree: linked, mainWorkTree: work, commonDir });
    expect(await discoverClone(work)).toEqual({ workTree: work, mainWorkTree: work, commonDir });
    expect(await listWorktrees(clone)).toEqual([
      { path: work, head: sha, branch: 'main', bare: false, locked: false },
      { path: linked, head: sha, branch: 'side', bare: false, locked: false },
    ]);
  });

  it.each(['nowhere', 'remote.git', '.'])('is not found in %s', async (place) => {
    await expect(discoverClone(join(dir, place))).rejects.toMatchObject({
      code: 'NOT_A_REPOSITORY',
      exit: 2,
      hint: expect.stringContaining('-C'),
    });
  });

  it('knows its branch, heads and whether it is clean', async () => {
    expect(await currentBranch(clone)).toBe('main');
    expect(await headCommit(clone)).toBe(sha);
    expect(await branchHead(clone, 'main')).toBe(sha);
    git(work, 'tag', 'gone');
    expect(await branchHead(clone, 'gone')).toBeNull();
    expect(await branchHead(clone, '--all')).toBeNull();
    expect(await isClean(clone)).toBe(true);
    writeFileSync(join(work, 'untracked'), '');
    expect(await isClean(clone)).toBe(false);
    git(work, 'checkout', '--quiet', '--detach');
    expect(await currentBranch(clone)).toBeNull();
  });

  it('takes a relative remote from the main checkout, and applies insteadOf', async () => {
    const linked = join(dir, 'deep', 'er', 'linked');
    git(work, 'worktree', 'add', '--quiet', '-b', 'side', linked);
    expect(await remoteUrl(await discoverClone(linked), 'origin')).toBe(join(dir, 'remote.git'));
    git(work, 'remote', 'set-url', 'origin', `file://${dir}/remote.git`);
    expect(await remoteUrl(clone, 'origin')).toBe(join(dir, 'remote.git'));
    git(work, 'remote', 'set-url', 'origin', '~/remote.git');
    expect(await remoteUrl(clone, 'origin')).toBe(join(dir, 'remote.git'));
    git(work, 'remote', 'set-url', 'origin', 'short:app');
    writeFileSync(join(dir, 'global'), '[url "ssh://git@host.example/team/"]\n\tinsteadOf = short:\n');
    expect(await remoteUrl(clone, 'origin')).toBe('ssh://git@host.example/team/app');
  });

  it('lists the remotes there are when the named one is none of them', async () => {
    await expect(remoteUrl(clone, 'upstream')).rejects.toMatchObject({
      code: 'NO_REMOTE',
      exit: 2,
      hint: expect.stringContaining('origin'),
    });
    await expect(remoteUrl(clone, '--all')).rejects.toMatchObject({ code: 'NO_REMOTE' });
  });

  it('collects what its git would use to reach the remote, and nothing else', async () => {
    writeFileSync(
      join(dir, 'global'),
      '[credential "https://host"]\n\thelper = store\n[http]\n\tproxy = http://p\n[alias]\n\tx = !false\n[safe]\n\tdirectory = /srv/app\n',
    );
    git(work, 'config', 'core.sshCommand', 'ssh -i key');
    git(work, 'config', 'safe.directory', '*');
    git(work, 'config', 'remote.origin.pushurl', 'ssh://host/app');
    Object.assign(process.env, { SSH_AUTH_SOCK: '/agent', https_proxy: 'http://q', GIT_SSH_COMMAND: 'ssh -v' });
    expect(await transportSettings(clone, 'origin')).toEqual({
      url: join(dir, 'remote.git'),
      pushUrl: 'ssh://host/app',
      config: [
        ['credential.https://host.helper', 'store'],
        ['http.proxy', 'http://p'],
        ['core.sshcommand', 'ssh -i key'],
        ['core.sshcommand', 'ssh -v'],
      ],
      env: expect.objectContaining({ HOME: dir, SSH_AUTH_SOCK: '/agent', https_proxy: 'http://q' }),
      safeDirectories: ['/srv/app'],
    });
  });

  it('pushes exactly the named commit, with the hooks of its owner', async () => {
    writeFileSync(join(work, 'f'), '2\n');
    git(work, 'commit', '--quiet', '-am', 'two');
    process.env['GIT_DIR'] = join(dir, 'elsewhere');
    expect(await pushBranch(clone, 'origin', 'feat/x', sha)).toEqual({ kind: 'pushed' });
    expect(git(join(dir, 'remote.git'), 'rev-parse', 'refs/heads/feat/x')).toBe(sha);
    const hook = join(work, '.git', 'hooks', 'pre-push');
    mkdirSync(join(hook, '..'), { recursive: true });
    writeFileSync(hook, '#!/bin/sh\necho not today >&2\nexit 1\n');
    chmodSync(hook, 0o755);
    expect(await pushBranch(clone, 'origin', 'feat/y', sha)).toMatchObject({
      kind: 'rejected',
      detail: expect.stringContaining('not today'),
    });
  });

  it('tells a refused branch from a remote that cannot be reached', async () => {
    const head = sha;
    writeFileSync(join(work, 'f'), '2\n');
    git(work, 'commit', '--quiet', '-am', 'two');
    await pushBranch(clone, 'origin', 'feat', git(work, 'rev-parse', 'HEAD'));
    expect((await pushBranch(clone, 'origin', 'feat', head)).kind).toBe('rejected');
    git(work, 'remote', 'set-url', 'origin', '../nowhere.git');
    expect((await pushBranch(clone, 'origin', 'feat', head)).kind).toBe('unreachable');
  });
});
