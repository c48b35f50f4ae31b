/** What is cleaned up behind a delivery: branches of the remote, and work trees, branches and main of the clones here. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { DoctorRow } from '../../src/actors/client.ts';
import { registeredClones } from '../../src/io/state.ts';
import {
  ago,
  type Candidate,
  endWorlds,
  expectSound,
  MORTAL_TELEC,
  makeWorld,
  shortType,
  type Work,
  type World,
} from '../support/e2e-world.ts';
import { git, tryGit } from '../support/git-repo.ts';

afterAll(endWorlds);

interface Cleaned {
  slug: string;
  /** `remote`, or the name of the clone's folder. */
  place: string;
  steps: Record<string, string>;
}

/** Every clean-up that the log tells of, in order. */
async function cleanUps(world: World): Promise<Cleaned[]> {
  const events = await world.events();
  return events
    .filter(({ event }) => shortType(event) === 'integration.candidate.cleaned')
    .map(({ payload }) => {
      const steps = payload['steps'] as { step: string; outcome: string }[];
      const clone = payload['clone'] === null ? 'remote' : String(payload['clone']).split('/').at(-2);
      return {
        slug: String(payload['slug']),
        place: clone ?? '',
        steps: Object.fromEntries(steps.map(({ step, outcome }) => [step, outcome])),
      };
    });
}

const ofClones = (list: Cleaned[]): Cleaned[] => list.filter(({ place }) => place !== 'remote');

/** Candidates that are ready, each with its branch and a linked work tree in the clone. */
async function readyInClone(world: World, items: Work[], clone = world.cloneDir): Promise<Candidate[]> {
  const candidates = await world.ready(items);
  git(clone, 'fetch', '--quiet', 'origin');
  for (const { slug, branch } of candidates) {
    git(clone, 'worktree', 'add', '--quiet', '-b', branch, join(world.dir, `tree-${slug}`), `origin/${branch}`);
  }
  return candidates;
}

const branches = (clone: string): string[] =>
  git(clone, 'for-each-ref', '--format=%(refname:lstrip=2)', 'refs/heads').split('\n').filter(Boolean);
const worktrees = (clone: string): string[] =>
  git(clone, 'worktree', 'list', '--porcelain')
    .split('\n')
    .filter((line) => line.startsWith('worktree '))
    .map((line) => line.slice('worktree '.length));

/** The remote writes down every push it takes, one line of refs each. */
function watchPushes(world: World): () => string[] {
  const [hook, seen] = [join(world.remoteDir, 'hooks', 'pre-receive'), join(world.dir, 'pushes')];
  mkdirSync(join(world.remoteDir, 'hooks'), { recursive: true });
  writeFileSync(seen, '');
  writeFileSync(
    hook,
    `#!/bin/sh\nwhile read old new ref; do printf '%s ' "$ref"; done >> '${seen}'; echo >> '${seen}'\n`,
    {
      mode: 0o755,
    },
  );
  return () =>
    readFileSync(seen, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => line.trim());
}

const doctor = async (world: World): Promise<DoctorRow[]> =>
  (await world.run<DoctorRow[]>(['doctor'])).json.filter(({ check }) => check === 'cleanup');

describe('behind a delivery', () => {
  test('S3-3.3f S4-FR5.3 the work tree, the local branch and the branch of the remote are removed, and the log says so', async () => {
    const world = await makeWorld();
    await readyInClone(world, [{ slug: 'login' }]);
    const ended = await world.integrate();
    expect(ended.json).toMatchObject({ outcome: 'drained', completed: 1 });
    expect([...world.refs().keys()]).toEqual(['refs/heads/main', 'refs/telec/fence']);
    expect(branches(world.cloneDir)).toEqual(['main']);
    expect(worktrees(world.cloneDir)).toEqual([world.cloneDir]);
    expect(existsSync(join(world.dir, 'tree-login'))).toBe(false);
    expect(await cleanUps(world)).toEqual([
      { slug: 'login', place: 'remote', steps: { remote_branch: 'done' } },
      { slug: 'login', place: 'clone', steps: { worktree: 'done', local_branch: 'done', local_main: 'kept' } },
    ]);
    // Main is checked out: nobody touches it, and the way to bring it forward is said.
    expect(git(world.cloneDir, 'rev-parse', 'main')).toBe(world.first);
    expect(ended.stderr).toContain(`git -C ${world.cloneDir} pull --ff-only`);
    expect(tryGit(world.cloneDir, ['config', '--get-regexp', '^branch\\.work/login']).status).toBe(1);
    await expectSound(world);
  });

  test('S3-3.3f one request to the remote removes the branches of a whole train', async () => {
    const world = await makeWorld();
    const pushes = watchPushes(world);
    await world.ready([{ slug: 'one' }, { slug: 'two' }, { slug: 'three' }]);
    await world.integrate();
    expect(pushes()).toEqual([
      'refs/telec/fence',
      'refs/heads/main refs/telec/fence',
      'refs/heads/work/one refs/heads/work/three refs/heads/work/two',
    ]);
    await world.ready([{ slug: 'four', from: world.main() }]);
    await world.integrate();
    expect(pushes().slice(3)).toEqual(['refs/telec/fence', 'refs/heads/main refs/telec/fence', 'refs/heads/work/four']);
  });

  test('S4-Out2 work trees of what was not delivered are as their workers left them', async () => {
    const world = await makeWorld();
    await readyInClone(world, [
      { slug: 'first', files: { 'app.txt': 'first\n' } },
      { slug: 'clash', files: { 'app.txt': 'clash\n' } },
    ]);
    git(world.cloneDir, 'worktree', 'add', '--quiet', '-b', 'begun', join(world.dir, 'tree-begun'), 'origin/main');
    writeFileSync(join(world.dir, 'tree-begun', 'notes.txt'), 'half done\n');
    const begun = git(world.cloneDir, 'rev-parse', 'begun');
    await world.integrate();
    expect(await world.states()).toEqual({ first: 'completed', clash: 'blocked' });
    expect(branches(world.cloneDir)).toEqual(['begun', 'main', 'work/clash']);
    expect(worktrees(world.cloneDir)).toEqual([
      world.cloneDir,
      join(world.dir, 'tree-begun'),
      join(world.dir, 'tree-clash'),
    ]);
    expect(git(join(world.dir, 'tree-begun'), 'status', '--porcelain')).toBe('?? notes.txt');
    expect(git(world.cloneDir, 'rev-parse', 'begun')).toBe(begun);
    expect(git(join(world.dir, 'tree-clash'), 'status', '--porcelain')).toBe('');
    expect(world.ref('refs/heads/work/clash')).not.toBeNull();
  });

  test('S3-3.3f branches with odd names go as well, and nothing that looks like them', async () => {
    const world = await makeWorld();
    const names = ['work/a;touch PWNED', "it's$(id)", 'ümlaut/ß', 'a.b#c&d', 'work/@'].map((name) =>
      name.replace(' ', '-'),
    );
    await readyInClone(
      world,
      names.map((branch, index) => ({ slug: `odd-${index}`, branch })),
    );
    git(world.cloneDir, 'branch', 'ümlaut/ß-2', 'origin/main');
    await world.integrate();
    expect(branches(world.cloneDir)).toEqual(['main', 'ümlaut/ß-2']);
    expect([...world.refs().keys()]).toEqual(['refs/heads/main', 'refs/telec/fence']);
    expect(ofClones(await cleanUps(world)).map(({ steps }) => steps['worktree'])).toEqual(names.map(() => 'done'));
  });

  test('S3-3.3f what cleanup switches off stays', async () => {
    const off = 'cleanup: {worktree: false, local_branch: false, remote_branch: false}\n';
    const world = await makeWorld({ config: off });
    const pushes = watchPushes(world);
    await readyInClone(world, [{ slug: 'kept' }]);
    await world.integrate();
    expect(branches(world.cloneDir)).toEqual(['main', 'work/kept']);
    expect(existsSync(join(world.dir, 'tree-kept'))).toBe(true);
    expect(world.ref('refs/heads/work/kept')).not.toBeNull();
    expect(pushes()).toEqual(['refs/telec/fence', 'refs/heads/main refs/telec/fence']);
    world.writeConfig('cleanup: {local_branch: false}\n');
    await readyInClone(world, [{ slug: 'tree-only', from: world.main() }]);
    await world.integrate();
    expect(existsSync(join(world.dir, 'tree-tree-only'))).toBe(false);
    expect(branches(world.cloneDir)).toEqual(['main', 'work/kept', 'work/tree-only']);
    expect([...world.refs().keys()]).toEqual(['refs/heads/main', 'refs/heads/work/kept', 'refs/telec/fence']);
  });

  test("F22 main's own file decides, not the one of the work tree", async () => {
    const world = await makeWorld({ files: { 'telec.yaml': 'cleanup: {remote_branch: false}\n' }, config: '' });
    git(world.cloneDir, 'fetch', '--quiet', 'origin');
    await world.ready([{ slug: 'stays' }]);
    await world.integrate();
    expect(world.ref('refs/heads/work/stays')).not.toBeNull();
    const [told] = await cleanUps(world);
    expect(told).toEqual({ slug: 'stays', place: 'remote', steps: { remote_branch: 'kept' } });
  });
});

describe('what somebody may still need', () => {
  test('F22 F34 stays: a branch of which cannot be read whether somebody is rebasing it', async () => {
    const world = await makeWorld();
    const [work] = await world.ready([{ slug: 'unknown' }]);
    const branch = work?.branch ?? '';
    git(world.cloneDir, 'fetch', '--quiet', 'origin');
    git(world.cloneDir, 'branch', '--quiet', '--no-track', branch, `origin/${branch}`);
    // A folder where a file belongs: reading it fails for everybody, the owner of the machine included.
    const unreadable = join(world.cloneDir, '.git', 'rebase-merge', 'head-name');
    mkdirSync(unreadable, { recursive: true });
    expect((await world.integrate()).json).toMatchObject({ completed: 1 });
    expect(branches(world.cloneDir)).toContain(branch);
    rmSync(join(world.cloneDir, '.git', 'rebase-merge'), { recursive: true });
    await world.integrate();
    expect(branches(world.cloneDir)).not.toContain(branch);
  });

  test('F22 stays: work not committed, files not tracked, a lock, a rebase, the main work tree, the folder of the command', async () => {
    const world = await makeWorld();
    const slugs = ['dirty', 'untracked', 'locked', 'rebasing', 'here'];
    await readyInClone(
      world,
      slugs.map((slug) => ({ slug, files: { [`${slug}.txt`]: '1\n' } })),
    );
    const tree = (slug: string) => join(world.dir, `tree-${slug}`);
    appendFileSync(join(tree('dirty'), 'app.txt'), 'more\n');
    writeFileSync(join(tree('untracked'), 'new.txt'), 'new\n');
    git(world.cloneDir, 'config', 'status.showUntrackedFiles', 'no');
    git(world.cloneDir, 'worktree', 'lock', tree('locked'));
    // Stopped at its only commit: the work tree is clean, its HEAD detached, and the branch where it was delivered.
    const editor = { GIT_SEQUENCE_EDITOR: "sed -i 's/^pick/edit/'" };
    git(
      tree('rebasing'),
      '-c',
      'core.editor=true',
      '-c',
      `sequence.editor=${editor.GIT_SEQUENCE_EDITOR}`,
      'rebase',
      '-q',
      '-i',
      '--no-ff',
      'HEAD~1',
    );
    const [main] = await world.ready([{ slug: 'main-tree' }]);
    git(world.cloneDir, 'fetch', '--quiet', 'origin');
    git(world.cloneDir, 'switch', '--quiet', '-c', main?.branch ?? '', `origin/${main?.branch}`);
    const ended = await world.integrate({ cwd: tree('here') });
    expect(ended.json).toMatchObject({ completed: 6 });
    const all = [...slugs, 'main-tree'];
    expect(branches(world.cloneDir)).toEqual(['main', ...all.map((slug) => `work/${slug}`).sort()]);
    for (const slug of slugs) expect(existsSync(join(tree(slug), `${slug}.txt`))).toBe(true);
    expect(readFileSync(join(tree('untracked'), 'new.txt'), 'utf8')).toBe('new\n');
    const told = Object.fromEntries(ofClones(await cleanUps(world)).map(({ slug, steps }) => [slug, steps]));
    const kept = { worktree: 'kept', local_branch: 'kept' };
    expect(told).toEqual({
      dirty: kept,
      untracked: kept,
      locked: kept,
      here: kept,
      rebasing: { local_branch: 'kept' },
      'main-tree': { ...kept, local_main: 'done' },
    });
    const rows = await doctor(world);
    expect(rows.map(({ status }) => status)).toEqual(all.map(() => 'warn'));
    expect(rows.find(({ detail }) => detail.includes('work/locked'))?.mend).toBe(
      `git -C ${world.cloneDir} worktree unlock ${tree('locked')}`,
    );

    // Once the reasons are gone, the next one to integrate finishes it, and only it.
    git(tree('dirty'), 'checkout', '--quiet', '.');
    rmSync(join(tree('untracked'), 'new.txt'));
    git(world.cloneDir, 'worktree', 'unlock', tree('locked'));
    git(tree('rebasing'), 'rebase', '--abort');
    git(world.cloneDir, 'switch', '--quiet', 'main');
    await world.integrate();
    expect(branches(world.cloneDir)).toEqual(['main']);
    expect(worktrees(world.cloneDir)).toEqual([world.cloneDir]);
    expect(await doctor(world)).toMatchObject([{ status: 'ok' }]);
    await expectSound(world);
  });

  test('F22 stays: a branch that moved on, here and on the remote, with its work tree', async () => {
    const world = await makeWorld();
    const [candidate] = await readyInClone(world, [{ slug: 'grows' }]);
    const tree = join(world.dir, 'tree-grows');
    writeFileSync(join(tree, 'next.txt'), 'next\n');
    git(tree, 'add', 'next.txt');
    git(tree, 'commit', '--quiet', '-m', 'next');
    const next = git(tree, 'rev-parse', 'HEAD');
    await world.integrate({
      faults: {
        reach(point) {
          if (point === 'before-clean') git(tree, 'push', '--quiet', 'origin', 'HEAD:refs/heads/work/grows');
        },
      },
    });
    expect(world.ref('refs/heads/work/grows')).toBe(next);
    expect(git(world.cloneDir, 'rev-parse', 'work/grows')).toBe(next);
    expect(existsSync(join(tree, 'next.txt'))).toBe(true);
    expect(await cleanUps(world)).toEqual([
      { slug: 'grows', place: 'remote', steps: { remote_branch: 'kept' } },
      { slug: 'grows', place: 'clone', steps: { local_branch: 'kept', local_main: 'kept' } },
    ]);
    // It is somebody's work, not a leftover.
    expect(await doctor(world)).toMatchObject([{ status: 'ok' }]);
    expect((await world.candidate('grows')).sha).toBe(candidate?.sha);
  });

  test('F22 a delivered branch made again under its old name is nobody’s leftover', async () => {
    const world = await makeWorld();
    const [candidate] = await readyInClone(world, [{ slug: 'again' }]);
    await world.integrate();
    git(
      world.cloneDir,
      'worktree',
      'add',
      '--quiet',
      '-b',
      'work/again',
      join(world.dir, 'again'),
      candidate?.sha ?? '',
    );
    await world.ready([{ slug: 'other', from: world.main() }]);
    await world.integrate();
    expect(branches(world.cloneDir)).toEqual(['main', 'work/again']);
    expect(existsSync(join(world.dir, 'again'))).toBe(true);
  });

  test('F22 a branch stays while another candidate names it, and goes once that one is settled', async () => {
    const world = await makeWorld();
    const [first] = await readyInClone(world, [{ slug: 'first' }]);
    // Its commit was on the branch before it was rewritten.
    const second = { ...(first as Candidate), slug: 'second', sha: 'd'.repeat(40), readyAt: ago(900) };
    await world.announce([second]);
    await world.integrate();
    expect(await world.states()).toEqual({ first: 'completed', second: 'pending' });
    expect(world.ref('refs/heads/work/first')).toBe(first?.sha);
    expect(branches(world.cloneDir)).toEqual(['main', 'work/first']);
    expect(existsSync(join(world.dir, 'tree-first'))).toBe(true);
    await world.ready([{ slug: 'second', branch: 'redone', from: world.main() }]);
    await world.integrate();
    expect([...world.refs().keys()]).toEqual(['refs/heads/main', 'refs/telec/fence']);
    expect(branches(world.cloneDir)).toEqual(['main']);
    expect(await doctor(world)).toMatchObject([{ status: 'ok' }]);
  });
});

describe('local main', () => {
  test('F20 is brought forward where no work tree has it checked out, and what the clone knows of the remote with it', async () => {
    const world = await makeWorld();
    git(world.cloneDir, 'switch', '--quiet', '-c', 'elsewhere');
    await world.ready([{ slug: 'login' }]);
    await world.integrate();
    expect(git(world.cloneDir, 'rev-parse', 'main')).toBe(world.main());
    expect(git(world.cloneDir, 'rev-parse', 'origin/main')).toBe(world.main());
    expect(git(world.cloneDir, 'rev-parse', 'HEAD')).toBe(world.first);
    expect(ofClones(await cleanUps(world))).toEqual([{ slug: 'login', place: 'clone', steps: { local_main: 'done' } }]);
    git(world.cloneDir, 'fsck', '--connectivity-only');
  });

  test('F20 is brought forward once when what is left of an earlier delivery is tried again beside a new one', async () => {
    const world = await makeWorld();
    const [login] = await world.ready([{ slug: 'login' }]);
    git(world.cloneDir, 'fetch', '--quiet', 'origin');
    // In the main work tree, so it stays and is tried each time.
    git(world.cloneDir, 'switch', '--quiet', login?.branch ?? '');
    await world.integrate();
    await readyInClone(world, [{ slug: 'logout' }]);
    expect((await world.integrate()).stderr).not.toContain('brought forward');
    expect(git(world.cloneDir, 'rev-parse', 'main')).toBe(world.main());
    expect(ofClones(await cleanUps(world)).map(({ steps }) => steps['local_main'])).not.toContain('failed');
  });

  test('F20 with commits of its own it is left alone, and integration does not depend on it', async () => {
    const world = await makeWorld();
    git(world.cloneDir, 'commit', '--quiet', '--allow-empty', '-m', 'at the root');
    const own = git(world.cloneDir, 'rev-parse', 'main');
    git(world.cloneDir, 'switch', '--quiet', '-c', 'elsewhere');
    await world.ready([{ slug: 'login' }]);
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1 });
    expect(git(world.cloneDir, 'rev-parse', 'main')).toBe(own);
    expect(ofClones(await cleanUps(world))).toEqual([{ slug: 'login', place: 'clone', steps: { local_main: 'kept' } }]);
  });
});

describe('several clones', () => {
  test('S3-3.3f every clone of this machine is tidied; one that vanished or is another repository by now is passed over', async () => {
    const world = await makeWorld();
    const other = await world.clone('other');
    const gone = await world.clone('gone');
    const reused = await world.clone('reused');
    for (const clone of [other, gone, reused]) await world.run(['hold'], { cwd: clone });
    await world.run(['unhold', '--reason', 'registered']);
    expect(registeredClones(stateOf(world))).toHaveLength(4);
    rmSync(gone, { recursive: true });
    rmSync(join(reused, '.git', 'telec'), { recursive: true });
    const [candidate] = await readyInClone(world, [{ slug: 'login' }]);
    for (const clone of [other, reused]) {
      git(clone, 'fetch', '--quiet', 'origin');
      git(clone, 'branch', 'work/login', candidate?.sha ?? '');
    }
    await world.integrate();
    expect(branches(world.cloneDir)).toEqual(['main']);
    expect(branches(other)).toEqual(['main']);
    expect(branches(reused)).toEqual(['main', 'work/login']);
    expect(ofClones(await cleanUps(world)).map(({ place }) => place)).toEqual(['clone', 'other']);
    expect(await doctor(world)).toMatchObject([{ status: 'ok' }]);
  });

  test('F22 a clone that git cannot read is told, listed by doctor, and tidied once it can be read', async () => {
    const world = await makeWorld();
    await readyInClone(world, [{ slug: 'login' }]);
    const config = join(world.cloneDir, '.git', 'config');
    const other = await world.clone('other');
    await world.run(['hold'], { cwd: other });
    await world.run(['unhold', '--reason', 'registered'], { cwd: other });
    renameSync(config, `${config}.away`);
    writeFileSync(config, '[broken\n');
    expect((await world.integrate({ cwd: other })).json).toMatchObject({ outcome: 'drained', completed: 1 });
    expect(ofClones(await cleanUps(world)).filter(({ place }) => place === 'clone')).toEqual([
      { slug: 'login', place: 'clone', steps: { local_branch: 'failed' } },
    ]);
    const rows = (await world.run<DoctorRow[]>(['doctor'], { cwd: other })).json;
    expect(rows.filter(({ check }) => check === 'cleanup')).toMatchObject([
      { status: 'warn', detail: expect.stringContaining('bad config'), mend: expect.stringContaining('clone') },
    ]);
    renameSync(`${config}.away`, config);
    await world.integrate({ cwd: other });
    expect(branches(world.cloneDir)).toEqual(['main']);
    expect(await doctor(world)).toMatchObject([{ status: 'ok' }]);
  });
});

describe('what could not be done', () => {
  test('F22 a remote that keeps its branches is asked again by the sessions that follow, five times in all', async () => {
    const world = await makeWorld();
    git(world.remoteDir, 'config', 'receive.denyDeletes', 'true');
    await world.ready([{ slug: 'stuck' }]);
    for (let session = 0; session < 7; session += 1) {
      expect((await world.integrate()).json).toMatchObject({ outcome: 'drained' });
    }
    const told = (await cleanUps(world)).filter(({ place }) => place === 'remote');
    expect(told).toEqual(
      Array.from({ length: 5 }, () => ({ slug: 'stuck', place: 'remote', steps: { remote_branch: 'failed' } })),
    );
    expect(await doctor(world)).toMatchObject([
      {
        status: 'warn',
        detail: expect.stringContaining('work/stuck on origin'),
        mend: expect.stringContaining('git push origin --delete work/stuck'),
      },
    ]);
    git(world.remoteDir, 'config', 'receive.denyDeletes', 'false');
    await world.ready([{ slug: 'free', from: world.main() }]);
    await world.integrate();
    expect(world.ref('refs/heads/work/free')).toBeNull();
    expect((await world.candidate('stuck')).state).toBe('completed');
    await expectSound(world);
  });

  test('F22 one that the remote refused once is removed by the next session when it may be', async () => {
    const world = await makeWorld();
    git(world.remoteDir, 'config', 'receive.denyDeletes', 'true');
    await world.ready([{ slug: 'late' }]);
    await world.integrate();
    git(world.remoteDir, 'config', 'receive.denyDeletes', 'false');
    await world.integrate();
    expect(world.ref('refs/heads/work/late')).toBeNull();
    expect((await cleanUps(world)).map(({ steps }) => steps['remote_branch'] ?? '')).toEqual(['failed', '', 'done']);
    expect(await doctor(world)).toMatchObject([{ status: 'ok' }]);
  });

  test.each(['after-push-recorded', 'before-clean', 'after-clean', 'after-session-completed', 'after-release'])(
    'F12 F22 a session killed at %s: the next one cleans up behind it',
    async (point) => {
      const world = await makeWorld();
      await readyInClone(world, [{ slug: 'one' }, { slug: 'two' }]);
      const short = { TELEC_LEASE_TTL_MS: '1500', TELEC_LEASE_RENEW_MS: '100' };
      const killed = world.start(['integrate'], { program: MORTAL_TELEC, env: { ...short, TEST_KILL: `${point}:1` } });
      expect((await killed.done).signal).toBe('SIGKILL');
      expect(await world.states()).toEqual({ one: 'completed', two: 'completed' });
      expect(worktrees(world.cloneDir)).toHaveLength(3);
      for (let code = 4; code === 4; ) code = (await world.integrate({ env: short })).code;
      expect([...world.refs().keys()]).toEqual(['refs/heads/main', 'refs/telec/fence']);
      expect(branches(world.cloneDir)).toEqual(['main']);
      expect(worktrees(world.cloneDir)).toEqual([world.cloneDir]);
      const told = await cleanUps(world);
      expect(told.map(({ slug, place }) => `${slug} ${place}`)).toEqual([
        'one remote',
        'two remote',
        'one clone',
        'two clone',
      ]);
      await expectSound(world);
    },
  );
});

function stateOf(world: World): string {
  const id = readFileSync(join(world.cloneDir, '.git', 'telec', 'repo_id'), 'utf8').trim();
  return join(world.home, id);
}
