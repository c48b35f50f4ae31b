import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { removeSocketFolder, SOCKET_PATH_MAX, socketFolder } from '../../src/io/runtime-dir.ts';
import {
  atomicWrite,
  ensurePrivateFolder,
  findClone,
  readDaemonFile,
  readRepoId,
  registerClone,
  registeredClones,
  removeDaemonFile,
  repoFolder,
  stateRoot,
  writeDaemonFile,
  writeRepoId,
} from '../../src/io/state.ts';
import { temporaryFolder } from '../support/temporary.ts';

const git = (cwd: string, ...args: string[]) =>
  execFileSync('git', args, {
    cwd,
    env: { PATH: process.env['PATH'], GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', HOME: cwd },
    stdio: 'pipe',
  });

const mode = (path: string) => statSync(path).mode & 0o777;

describe('where state lies', () => {
  test.each([
    [{ TELEC_HOME: '/t', XDG_STATE_HOME: '/x', HOME: '/h' }, '/t'],
    [{ XDG_STATE_HOME: '/x', HOME: '/h' }, '/x/telec'],
    [{ XDG_STATE_HOME: 'relative', HOME: '/h' }, '/h/.local/state/telec'],
    [{ TELEC_HOME: '', HOME: '/h' }, '/h/.local/state/telec'],
  ])('%j', (env, root) => {
    expect(stateRoot(env)).toBe(root);
    expect(repoFolder(env, 'app-1')).toBe(join(root, 'app-1'));
  });

  test.each(['', 'here', './here'])('a HOME that is no absolute path is passed over: %j', (home) => {
    expect(isAbsolute(stateRoot({ HOME: home }))).toBe(true);
    const before = process.env['HOME'];
    process.env['HOME'] = home;
    try {
      expect(stateRoot({ HOME: home })).toBe(join(userInfo().homedir, '.local', 'state', 'telec'));
    } finally {
      if (before === undefined) delete process.env['HOME'];
      else process.env['HOME'] = before;
    }
  });

  test.runIf(existsSync('/proc/self'))(
    'a folder that cannot be made is refused at once, also where /proc answers',
    () => {
      const made = spawnSync(
        process.execPath,
        ['--import', 'tsx', '-e', "import('./src/io/state.ts').then((s) => s.ensurePrivateFolder('/proc/telec/a/b'))"],
        { timeout: 20_000, encoding: 'utf8' },
      );
      expect(made.signal).toBeNull();
      expect(made.stderr).toContain('cannot be made (ENOENT)');
    },
  );

  test('a relative TELEC_HOME is refused: it would mean another folder in every directory', () => {
    expect(() => stateRoot({ TELEC_HOME: 'here' })).toThrow(/not an absolute path/);
  });

  test.each(['..', '.', '', 'a/b', 'A', 'x'.repeat(65), 'a\n'])(
    'a repository id never leads out of the folder: %j',
    (id) => {
      expect(() => repoFolder({ HOME: '/h' }, id)).toThrow(/repository id/);
    },
  );

  test('folders are for the user alone, and one that was open is closed', () => {
    const folder = join(temporaryFolder(), 'a', 'b');
    ensurePrivateFolder(folder);
    expect(mode(folder)).toBe(0o700);
    chmodSync(folder, 0o755);
    ensurePrivateFolder(folder);
    expect(mode(folder)).toBe(0o700);
  });

  test('a link or a file in the place of the folder is refused', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'real'));
    symlinkSync(join(folder, 'real'), join(folder, 'link'));
    writeFileSync(join(folder, 'file'), '');
    expect(() => ensurePrivateFolder(join(folder, 'link'))).toThrow(/is no folder/);
    expect(() => ensurePrivateFolder(join(folder, 'file'))).toThrow(/is no folder/);
  });

  test('a file is replaced whole, private, and leaves nothing beside it', () => {
    const folder = temporaryFolder();
    atomicWrite(join(folder, 'x'), 'one');
    atomicWrite(join(folder, 'x'), 'two');
    expect(readdirSync(folder)).toEqual(['x']);
    expect(readFileSync(join(folder, 'x'), 'utf8')).toBe('two');
    expect(mode(join(folder, 'x'))).toBe(0o600);
    expect(() => atomicWrite(folder, 'no')).toThrow();
    expect(readdirSync(join(folder, '..')).filter((name) => name.startsWith(`${folder.split('/').at(-1)}.`))).toEqual(
      [],
    );
  });
});

describe('the files of a state folder', () => {
  test("the daemon's file is read back, and removed only by the process it names", () => {
    const folder = temporaryFolder();
    expect(readDaemonFile(folder)).toBeNull();
    const began = { pid: 4242, socket: '/s', since: '2026-01-01T00:00:00.000Z', version: '1.0.0' };
    const file = { ...began, web: 'http://127.0.0.1:7433', webFault: null };
    writeDaemonFile(folder, file);
    expect(readDaemonFile(folder)).toEqual(file);
    removeDaemonFile(folder, 1);
    expect(readDaemonFile(folder)).toEqual(file);
    removeDaemonFile(folder, 4242);
    expect(existsSync(join(folder, 'daemon.json'))).toBe(false);
  });

  test.each([
    '',
    '{',
    '[]',
    'null',
    '{"pid":"1","socket":"/s"}',
    '{"pid":-5,"socket":"/s"}',
    '{"pid":1,"socket":"/s"}',
    '{"pid":7}',
  ])('a broken daemon file counts as none: %s', (text) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'daemon.json'), text);
    expect(readDaemonFile(folder)).toBeNull();
  });

  test('clones are registered once, sorted', () => {
    const folder = temporaryFolder();
    expect(registeredClones(folder)).toEqual([]);
    expect(registerClone(folder, '/b/.git')).toBe(true);
    expect(registerClone(folder, '/a/.git')).toBe(true);
    expect(registerClone(folder, '/b/.git')).toBe(false);
    expect(registeredClones(folder)).toEqual(['/a/.git', '/b/.git']);
    writeFileSync(join(folder, 'clones.json'), '{"clones": ["relative", 7, "/c"]}');
    expect(registeredClones(folder)).toEqual(['/c']);
  });

  test('the repository id is kept in the clone; what is no id counts as none', () => {
    const common = temporaryFolder();
    expect(readRepoId(common)).toBeNull();
    writeRepoId(common, 'app-0123456789ab');
    expect(readRepoId(common)).toBe('app-0123456789ab');
    writeFileSync(join(common, 'telec', 'repo_id'), '../../etc\n');
    expect(readRepoId(common)).toBeNull();
  });
});

describe('the clone around a directory', () => {
  test('is found from below, from a linked worktree and from a submodule-like file, and shares one git directory', () => {
    const folder = temporaryFolder();
    git(folder, 'init', '-q', 'clone');
    const clone = join(folder, 'clone');
    git(clone, '-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-q', '--allow-empty', '-m', 'x');
    git(clone, 'worktree', 'add', '-q', '../linked worktree', '-b', 'side');
    mkdirSync(join(clone, 'deep', 'er'), { recursive: true });
    mkdirSync(join(folder, 'linked worktree', 'sub'));
    const commonDir = join(clone, '.git');
    expect(findClone(join(clone, 'deep', 'er'))).toEqual({ workTree: clone, gitDir: commonDir, commonDir });
    expect(findClone(join(folder, 'linked worktree', 'sub'))).toMatchObject({
      workTree: join(folder, 'linked worktree'),
      commonDir,
    });
  });

  test('an empty .git folder or a file that leads nowhere is passed by, as git does', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'a', '.git'), { recursive: true });
    mkdirSync(join(folder, 'b'));
    writeFileSync(join(folder, 'b', '.git'), 'gitdir: /nowhere\n');
    expect(findClone(join(folder, 'a'))).toBeNull();
    expect(findClone(join(folder, 'b'))).toBeNull();
  });
});

describe('folders for sockets', () => {
  test('lie in the state folder where the path is short enough', () => {
    const state = temporaryFolder();
    const folder = socketFolder(state, 'd.sock', {});
    expect(folder).toBe(join(state, 'run'));
    expect(mode(folder)).toBe(0o700);
  });

  test('else in a short private one, the same again, and not in one that others may enter', () => {
    const state = join(temporaryFolder(), 'x'.repeat(120));
    mkdirSync(state);
    const runtime = temporaryFolder();
    const env = { XDG_RUNTIME_DIR: runtime };
    const folder = socketFolder(state, 'd.sock', env);
    expect(folder.startsWith(`${runtime}/telec-`)).toBe(true);
    expect(Buffer.byteLength(join(folder, 'd.sock'))).toBeLessThanOrEqual(SOCKET_PATH_MAX);
    expect(mode(folder)).toBe(0o700);
    expect(socketFolder(state, 'd.sock', env)).toBe(folder);
    chmodSync(folder, 0o777);
    const other = socketFolder(state, 'd.sock', env);
    expect(other).not.toBe(folder);
    removeSocketFolder(state, other);
    expect(existsSync(other)).toBe(false);
  });
});
