/**
 * What only real git can show: hooks that refuse or sleep, remotes that die or lack atomic pushes, hostile
 * environments and branches, clones that are cleaned up, processes that are killed.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IntegrationRepository, PushRequest } from '../../src/io/git/port.ts';
import { git, importCommits, tryGit } from '../support/git-repo.ts';
import { makeRealWorld, type RealWorld } from '../support/git-world.ts';

const AUTHOR = 'integrator <integrator@localhost>';
const NOTE = { fence: 1, session: 'integrator-a', log: 'log-1', repo: 'app', main: 'main' };

describe('the private repository among faults', () => {
  let world: RealWorld;
  let repository: IntegrationRepository;
  let main: string;
  let feature: string;
  let fence: string;
  let push: PushRequest;

  const script = (path: string, ...lines: string[]) => {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, `#!/bin/sh\n${lines.join('\n')}\n`);
    chmodSync(path, 0o755);
  };
  const hook = (name: string, ...lines: string[]) => script(join(world.remoteDir, 'hooks', name), ...lines);
  const merge = (base: string, sha: string) =>
    repository.merge({ base, sha, strategy: 'merge', message: 'merge\n', author: AUTHOR, timeSeconds: 500 });
  const start = async (format?: string) => {
    world = makeRealWorld(format);
    const ids = importCommits(world.remoteDir, [
      { parents: [], files: { a: 'a0\n', b: 'b0\n' } },
      { parents: [':1'], files: { a: 'a1\n', b: 'b0\n' } },
      { parents: [':1'], files: { a: 'a0\n', b: 'b1\n' } },
    ]);
    [, main = '', feature = ''] = ids;
    for (const at of [0, 1, 2]) git(world.remoteDir, 'update-ref', '-d', `refs/import/${at}`);
    await world.setRemoteRef('refs/heads/main', main);
    await world.setRemoteRef('refs/heads/feat', feature);
    repository = await world.open();
    await repository.fetch(['feat']);
    fence = await repository.writeFence(null, { ...NOTE, seq: 1 }, AUTHOR, 600);
    expect(await repository.push({ tip: null, fenceFrom: null, fenceTo: fence })).toEqual({ kind: 'pushed' });
    const outcome = await merge(main, feature);
    if (outcome.kind !== 'merged') throw new Error(outcome.kind);
    const fenceTo = await repository.writeFence(fence, { ...NOTE, seq: 2 }, AUTHOR, 601);
    push = { tip: outcome.commit, fenceFrom: fence, fenceTo };
  };
  const remoteMain = async () => (await world.remoteRefs()).get('refs/heads/main');

  beforeEach(() => start());
  afterEach(async () => {
    await world.close();
  });

  it.each([
    ['pre-receive', 'exit 1'],
    ['update', 'test "$1" != refs/heads/main'],
  ])('a %s hook that says no: refused, nothing moved', async (name, line) => {
    hook(name, 'echo "by policy" >&2', line);
    const outcome = await repository.push(push);
    expect(outcome.kind).toBe('refused');
    expect(await remoteMain()).toBe(main);
    expect((await world.remoteRefs()).get('refs/telec/fence')).toBe(fence);
  });

  it('a server that dies while it works, or ends before an answer: unknown', async () => {
    hook('pre-receive', 'kill -9 $PPID');
    expect((await repository.push(push)).kind).toBe('unknown');
    rmSync(join(world.remoteDir, 'hooks', 'pre-receive'));
    hook('post-receive', 'kill -9 $PPID');
    expect((await repository.push(push)).kind).toBe('unknown');
    rmSync(join(world.remoteDir, 'hooks', 'post-receive'));
    // It had landed: to repeat it proves it.
    expect(await repository.push(push)).toEqual({ kind: 'pushed' });
  });

  it('a ref locked on the server: transient; the same with main moved meanwhile: main_moved', async () => {
    const lock = join(world.remoteDir, 'refs/heads/main.lock');
    writeFileSync(lock, '');
    expect((await repository.push(push)).kind).toBe('transient');
    rmSync(lock);
    const foreign = await world.commit({ parents: [main], files: { a: 'x\n' } });
    // Moves main between what the push was told and its own update.
    hook('pre-receive', 'unset GIT_QUARANTINE_PATH', `git update-ref refs/heads/main ${foreign}`);
    expect((await repository.push(push)).kind).toBe('main_moved');
    expect(await remoteMain()).toBe(foreign);
  });

  it('the fence moved between what the push was told and its own update: fence_moved, main stays', async () => {
    const rival = await repository.writeFence(fence, { ...NOTE, fence: 2, seq: 2 }, AUTHOR, 700);
    git(join(world.dir, 'private-0'), 'push', '--quiet', world.remoteDir, `${rival}:refs/heads/keep`);
    hook('pre-receive', 'unset GIT_QUARANTINE_PATH', `git update-ref refs/telec/fence ${rival}`);
    expect((await repository.push(push)).kind).toBe('fence_moved');
    expect(await remoteMain()).toBe(main);
  });

  it('a remote without atomic pushes: unsupported, and the probe says so', async () => {
    git(world.remoteDir, 'config', 'receive.advertiseAtomic', 'false');
    expect((await repository.probe()).kind).toBe('unsupported');
    expect((await repository.push(push)).kind).toBe('unsupported');
    expect(await remoteMain()).toBe(main);
  });

  it('a push without an answer is unknown, and burning its fence keeps it from landing late', async () => {
    // A transport whose far end survives the client, as over a network.
    const go = join(world.dir, 'go');
    const done = join(world.dir, 'done');
    const ssh = join(world.dir, 'ssh');
    script(ssh, 'shift', 'case "$*" in *receive-pack*) exec setsid sh -c "$*";; *) exec sh -c "$*";; esac');
    const remote = { url: `ssh://host${world.remoteDir}`, env: {}, safeDirectories: [] };
    const config: [string, string][] = [
      ['core.sshCommand', ssh],
      ['ssh.variant', 'simple'],
    ];
    const slow = await world.openWith({ remote: { ...remote, config }, limits: { pushTimeoutMs: 700 } });
    await slow.fetch(['feat']);
    const again = await slow.merge({
      base: main,
      sha: feature,
      strategy: 'merge',
      message: 'merge\n',
      author: AUTHOR,
      timeSeconds: 500,
    });
    expect(again).toMatchObject({ commit: push.tip });
    await slow.writeFence(fence, { ...NOTE, seq: 2 }, AUTHOR, 601);
    hook(
      'pre-receive',
      `trap 'touch ${done}' EXIT`,
      `for n in $(seq 200); do test -e ${go} && break; sleep 0.05; done`,
    );
    hook('post-receive', `touch ${done}`);
    expect((await slow.push(push)).kind).toBe('unknown');
    expect(await remoteMain()).toBe(main);
    rmSync(join(world.remoteDir, 'hooks', 'pre-receive'));
    const burn = await repository.writeFence(fence, { ...NOTE, seq: 3 }, AUTHOR, 602);
    expect(await repository.push({ tip: null, fenceFrom: fence, fenceTo: burn })).toEqual({ kind: 'pushed' });
    rmSync(done, { force: true });
    writeFileSync(go, '');
    await expect.poll(() => existsSync(done), { timeout: 5000 }).toBe(true);
    await expect
      .poll(() => readdirSync(join(world.remoteDir, 'objects')).filter((name) => /incoming|quarantine/.test(name)), {
        timeout: 5000,
      })
      .toEqual([]);
    const refs = await world.remoteRefs();
    expect(refs.get('refs/heads/main')).toBe(main);
    expect(refs.get('refs/telec/fence')).toBe(burn);
  });

  it('an abort before the start is no push, an abort in the middle is unknown', async () => {
    const early = AbortSignal.abort();
    expect((await repository.push(push, early)).kind).toBe('transient');
    const running = join(world.dir, 'running');
    hook('pre-receive', `touch ${running}`, 'sleep 30');
    const controller = new AbortController();
    const pending = repository.push(push, controller.signal);
    await expect.poll(() => existsSync(running), { timeout: 5000 }).toBe(true);
    controller.abort();
    expect((await pending).kind).toBe('unknown');
    expect(await remoteMain()).toBe(main);
  });

  it('objects are its own: a clone cleaned up elsewhere takes nothing away', async () => {
    git(world.cloneDir, 'fetch', '--quiet', world.remoteDir, 'refs/heads/*:refs/heads/*');
    const other = await world.openWith({});
    expect(await other.hasCommit(feature)).toBe(true);
    expect(existsSync(join(world.dir, 'private-1/objects/info/alternates'))).toBe(false);
    rmSync(world.cloneDir, { recursive: true });
    expect(
      await other.merge({
        base: main,
        sha: feature,
        strategy: 'merge',
        message: 'merge\n',
        author: AUTHOR,
        timeSeconds: 500,
      }),
    ).toMatchObject({ commit: push.tip });
  });

  it('packs many loose objects and forgets branches the remote no longer has', async () => {
    const other = await world.openWith({ limits: { packAbove: 1 } });
    await other.fetch(['feat']);
    await world.deleteRemoteRef('refs/heads/feat');
    await other.look();
    await other.pack();
    const dir = join(world.dir, 'private-1');
    expect(git(dir, 'for-each-ref', '--format=%(refname)', 'refs/telec/branch')).toBe('');
    expect(git(dir, 'count-objects', '-v')).toMatch(/^packs: [1-9]/m);
    expect(await other.hasCommit(feature)).toBe(true);
  });

  it('works in a repository of sha256 ids', async () => {
    await world.close();
    await start('sha256');
    expect(push.tip).toMatch(/^[0-9a-f]{64}$/);
    expect(await repository.selfCheck(main, feature, push.tip ?? '')).toEqual({ kind: 'same', skipped: 0 });
    expect(await repository.push(push)).toEqual({ kind: 'pushed' });
  });

  it('no variable of the caller decides where git works', async () => {
    const elsewhere = join(world.dir, 'elsewhere');
    const hostile: Record<string, string> = {
      GIT_DIR: elsewhere,
      GIT_WORK_TREE: elsewhere,
      GIT_INDEX_FILE: join(elsewhere, 'index'),
      GIT_OBJECT_DIRECTORY: elsewhere,
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'merge.ff',
      GIT_CONFIG_VALUE_0: 'only',
      GIT_CONFIG_PARAMETERS: "'core.bare'='nonsense'",
      GIT_NAMESPACE: 'other',
      GIT_EXTERNAL_DIFF: 'false',
      GIT_TRACE: join(elsewhere, 'trace'),
    };
    const before = { ...process.env };
    Object.assign(process.env, hostile);
    try {
      const other = await world.openWith({});
      expect(await other.fetch(['feat'])).toEqual({ kind: 'fetched' });
      expect(
        await other.merge({
          base: main,
          sha: feature,
          strategy: 'merge',
          message: 'merge\n',
          author: AUTHOR,
          timeSeconds: 500,
        }),
      ).toMatchObject({ commit: push.tip });
      expect(await other.selfCheck(main, feature, push.tip ?? '')).toEqual({ kind: 'same', skipped: 0 });
      await other.writeFence(fence, { ...NOTE, seq: 2 }, AUTHOR, 601);
      expect(await other.push(push)).toEqual({ kind: 'pushed' });
    } finally {
      for (const name of Object.keys(hostile)) delete process.env[name];
      Object.assign(process.env, before);
    }
    expect(existsSync(elsewhere)).toBe(false);
  });

  it('no hook, filter, driver or link of a branch runs or leads anywhere', async () => {
    const canary = join(world.dir, 'canary');
    const run = `touch ${canary}`;
    const attributes = '* filter=evil merge=evil diff=evil text eol=crlf ident\n';
    const files = {
      '.gitattributes': attributes,
      '.gitmodules': `[submodule "m"]\n\tpath = m\n\turl = ext::sh -c "${run}"\n\tupdate = !${run}\n`,
      '.git-hooks/post-merge': { mode: '100755', content: `#!/bin/sh\n${run}\n` },
      'sub/.gitattributes': { mode: '120000', content: canary },
      m: { mode: '160000', content: main },
      a: '1\n2\n3\n',
    };
    const base = await world.commit({ parents: [main], files });
    const sha = await world.commit({ parents: [base], files: { ...files, a: '1\n2\n3\n4\n' } });
    const other = await world.commit({ parents: [base], files: { ...files, a: '0\n1\n2\n3\n' } });
    for (const [name, id] of Object.entries({ base, sha, other })) await world.setRemoteRef(`refs/heads/${name}`, id);
    // Whoever can write these files has lost anyway; configuration of the remote must not count for the client.
    git(world.remoteDir, 'config', 'merge.evil.driver', run);
    git(world.remoteDir, 'config', 'filter.evil.clean', run);
    await repository.fetch(['base', 'sha', 'other']);
    const outcome = await merge(other, sha);
    if (outcome.kind !== 'merged') throw new Error(JSON.stringify(outcome));
    expect(await repository.readFile(outcome.commit, 'a')).toBe('0\n1\n2\n3\n4\n');
    expect(await repository.selfCheck(other, sha, outcome.commit)).toEqual({ kind: 'same', skipped: 0 });
    expect(existsSync(canary)).toBe(false);
  });

  it('obeys the attributes of main, and of main alone', async () => {
    const lines = (first: string, last: string) => `${first}\n2\n3\n4\n5\n6\n7\n${last}\n`;
    const make = async (parents: string[], attributes: string | null, content: string) =>
      world.commit({
        parents,
        files: { ...(attributes === null ? {} : { 'd/.gitattributes': attributes }), 'd/f': content },
      });
    const plain = await make([], null, lines('1', '8'));
    const binary = await make([], 'f -merge\n', lines('1', '8'));
    const sides = async (root: string, attributes: string | null, theirAttributes: string | null) => {
      const ours = await make([root], attributes, lines('ours', '8'));
      const theirs = await make([root], theirAttributes, lines('1', 'theirs'));
      await world.setRemoteRef('refs/heads/ours', ours);
      await world.setRemoteRef('refs/heads/theirs', theirs);
      await repository.fetch(['ours', 'theirs']);
      return (await merge(ours, theirs)).kind;
    };
    expect(await sides(plain, null, null)).toBe('merged');
    expect(await sides(binary, 'f -merge\n', 'f -merge\n')).toBe('conflict');
    expect(await sides(plain, null, 'f -merge\n')).toBe('merged');
    expect(await sides(plain, null, null)).toBe('merged');
  });

  it('refuses a main no checkout could be made of, instead of writing outside its folder', async () => {
    const blob = tryGit(world.remoteDir, ['hash-object', '-w', '--stdin'], { stdin: '* -merge\n' })
      .stdout.toString()
      .trim();
    const tree = (text: string) =>
      tryGit(world.remoteDir, ['mktree', '--missing'], { stdin: text }).stdout.toString().trim();
    const inner = tree(`100644 blob ${blob}\t.gitattributes\n`);
    const raw = Buffer.concat([Buffer.from('40000 ..\0'), Buffer.from(inner, 'hex')]);
    const evil = tryGit(world.remoteDir, ['hash-object', '-t', 'tree', '-w', '--stdin', '--literally'], { stdin: raw })
      .stdout.toString()
      .trim();
    const commit = git(world.remoteDir, 'commit-tree', evil, '-m', 'evil', '-p', main);
    await world.setRemoteRef('refs/heads/evil', commit);
    await repository.fetch(['evil']);
    expect((await merge(commit, feature)).kind).toBe('error');
    expect(existsSync(join(world.dir, 'private-0/attributes/.gitattributes'))).toBe(false);
  });

  it('goes on when its long-lived processes are killed, and leaves none behind', async () => {
    const dir = join(world.dir, 'private-0');
    const children = () =>
      readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .filter((pid) => {
          try {
            return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`GIT_DIR=${dir}`);
          } catch {
            return false;
          }
        });
    await repository.selfCheck(main, feature, push.tip ?? '');
    expect(children().length).toBeGreaterThan(2);
    for (const pid of children()) process.kill(Number(pid), 'SIGKILL');
    expect(await repository.hasCommit(feature)).toBe(true);
    expect(await merge(main, feature)).toMatchObject({ commit: push.tip });
    expect(await repository.selfCheck(main, feature, push.tip ?? '')).toEqual({ kind: 'same', skipped: 0 });
    await repository.close();
    expect(children()).toEqual([]);
    await expect(repository.hasCommit(main)).rejects.toThrow('closed');
  });

  it('names conflicted files whatever bytes they are called, and who touched them', async () => {
    const name = Buffer.from('odd\xff\nname\t"', 'latin1');
    const clean = Buffer.from('line\nbreak', 'latin1');
    const side = (text: string) =>
      new Map([
        [name, text],
        [clean, text],
      ]);
    const [root = '', ours = '', theirs = ''] = importCommits(
      world.remoteDir,
      [
        { parents: [], files: side('0\n') },
        { parents: [':1'], files: side('1\n') },
        { parents: [':1'], files: side('2\n') },
      ],
      'refs/heads/odd',
    );
    await repository.fetch(['odd0', 'odd1', 'odd2']);
    const outcome = await merge(ours, theirs);
    expect(outcome).toEqual({
      kind: 'conflict',
      paths: [
        { path: 'line\nbreak', stages: [1, 2, 3] },
        { path: 'odd\\xff\nname\t"', stages: [1, 2, 3] },
      ],
    });
    expect((await repository.touchedBy(ours, theirs, ['line\nbreak'])).map((commit) => commit.sha)).toEqual([ours]);
    expect(await repository.readFile(root, 'odd\\xff\nname\t"')).toBe('0\n');
  });

  it('opens again what it made, and survives a lock left by a killed process', async () => {
    await repository.close();
    const dir = join(world.dir, 'private-0');
    const lock = join(dir, 'packed-refs.lock');
    writeFileSync(lock, '');
    utimesSync(lock, 1, 1);
    const again = await world.openWith({ dir });
    expect(existsSync(lock)).toBe(false);
    expect(await again.hasCommit(feature)).toBe(true);
    expect(await again.push(push)).toEqual({ kind: 'pushed' });
  });
});
