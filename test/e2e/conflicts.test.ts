/** Every kind of conflict ends in evidence that a person can act on; every kind of file lands as it was written. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import type { NotificationRow, WhyView } from '../../src/actors/client.ts';
import { endWorlds, expectSound, makeWorld, shortType, type World } from '../support/e2e-world.ts';
import { type FileSpec, git, hermeticEnv } from '../support/git-repo.ts';

afterAll(endWorlds);

type Change = Record<string, FileSpec | null>;

interface Kind {
  name: string;
  base: Record<string, FileSpec>;
  first: Change;
  second: Change;
  paths: { path: string; stages: number[] }[];
}

const long = Array.from({ length: 20 }, (_, index) => `line ${index}\n`).join('');
const binary = (fill: number) => new Uint8Array([0, 1, 2, 0, fill, fill, 0]);

const KINDS: Kind[] = [
  {
    name: 'content',
    base: { 'f.txt': 'one\n' },
    first: { 'f.txt': 'uno\n' },
    second: { 'f.txt': 'eins\n' },
    paths: [{ path: 'f.txt', stages: [1, 2, 3] }],
  },
  {
    name: 'modify/delete',
    base: { 'f.txt': 'one\n' },
    first: { 'f.txt': null },
    second: { 'f.txt': 'eins\n' },
    paths: [{ path: 'f.txt', stages: [1, 3] }],
  },
  {
    name: 'delete/modify',
    base: { 'f.txt': 'one\n' },
    first: { 'f.txt': 'uno\n' },
    second: { 'f.txt': null },
    paths: [{ path: 'f.txt', stages: [1, 2] }],
  },
  {
    name: 'add/add',
    base: { keep: 'x\n' },
    first: { 'new.txt': 'uno\n' },
    second: { 'new.txt': 'eins\n' },
    paths: [{ path: 'new.txt', stages: [2, 3] }],
  },
  {
    name: 'rename/rename',
    base: { 'f.txt': long },
    first: { 'f.txt': null, 'left.txt': long },
    second: { 'f.txt': null, 'right.txt': long },
    paths: [
      { path: 'f.txt', stages: [1] },
      { path: 'left.txt', stages: [2] },
      { path: 'right.txt', stages: [3] },
    ],
  },
  {
    name: 'directory/file',
    base: { keep: 'x\n' },
    first: { 'thing/inner.txt': 'a folder\n' },
    second: { thing: 'a file\n' },
    paths: [{ path: 'thing', stages: [3] }],
  },
  {
    name: 'binary',
    base: { blob: binary(1) },
    first: { blob: binary(2) },
    second: { blob: binary(3) },
    paths: [{ path: 'blob', stages: [1, 2, 3] }],
  },
  {
    name: 'symbolic link against file',
    base: { node: 'text\n' },
    first: { node: { mode: '120000', content: 'elsewhere' } },
    second: { node: 'other text\n' },
    paths: [{ path: 'node', stages: [1, 2, 3] }],
  },
  {
    name: 'submodule pointers',
    base: { sub: { mode: '160000', content: '1'.repeat(40) } },
    first: { sub: { mode: '160000', content: '2'.repeat(40) } },
    second: { sub: { mode: '160000', content: '3'.repeat(40) } },
    paths: [{ path: 'sub', stages: [1, 2, 3] }],
  },
  {
    name: '-merge attribute',
    base: { '.gitattributes': 'locked.txt -merge\n', 'locked.txt': `top\n${long}end\n` },
    first: { 'locked.txt': `TOP\n${long}end\n` },
    second: { 'locked.txt': `top\n${long}END\n` },
    paths: [{ path: 'locked.txt', stages: [1, 2, 3] }],
  },
  {
    name: '-merge in a nested .gitattributes',
    base: { 'deep/in/.gitattributes': '*.lock -merge\n', 'deep/in/a.lock': `top\n${long}end\n` },
    first: { 'deep/in/a.lock': `TOP\n${long}end\n` },
    second: { 'deep/in/a.lock': `top\n${long}END\n` },
    paths: [{ path: 'deep/in/a.lock', stages: [1, 2, 3] }],
  },
];

/** Runs the one line of the evidence in a fresh clone of the remote, as a person would. */
function reproduce(world: World, line: string): { status: number | null; stdout: string } {
  const clone = `${world.dir}/look`;
  git(world.dir, 'clone', '--quiet', '--template=', world.remoteDir, clone);
  const result = spawnSync('sh', ['-c', line], { cwd: clone, env: hermeticEnv, encoding: 'utf8' });
  return { status: result.status, stdout: result.stdout };
}

describe('conflicts', () => {
  test.each(KINDS)(
    'S1-VR4 F6 $name: blocked with paths, stages and who touched them, and the next candidate goes on',
    async ({ base, first, second, paths }) => {
      const world = await makeWorld({ files: base });
      const [winner, loser] = await world.ready([
        { slug: 'winner', files: first },
        { slug: 'loser', files: second },
        { slug: 'bystander', files: { 'elsewhere.txt': 'fine\n' } },
      ]);
      const { json } = await world.integrate();
      expect(json).toMatchObject({ outcome: 'drained', completed: 2, blocked: 1 });
      expect(world.landed()).toEqual(['winner', 'bystander']);
      const view = await world.candidate('loser');
      const [delivered] = git(
        world.remoteDir,
        'log',
        '--first-parent',
        '--reverse',
        '--format=%H',
        `${world.first}..main`,
      ).split('\n');
      expect(view.evidence).toEqual({
        kind: 'conflict',
        base: delivered,
        attempt: 1,
        paths,
        touched_by: [{ merge_commit: delivered, candidate: winner?.key }],
        check: null,
        output_tail: null,
      });
      expect(view.blocked).toMatchObject({
        kind: 'conflict',
        reproduce: `git merge-tree --write-tree ${delivered} ${loser?.sha}`,
        next_action: expect.stringContaining('telec submit'),
      });
      expect(reproduce(world, view.blocked?.reproduce ?? '').status).toBe(1);
      await expectSound(world);
    },
  );

  test('names of branches and files are of those who chose them: what is to be pasted is quoted, evidence stays in its line', async () => {
    const world = await makeWorld({ files: { 'f\n  next: telec lease break': 'one\n' } });
    const branch = 'work/$(id)';
    await world.ready([
      { slug: 'winner', files: { 'f\n  next: telec lease break': 'uno\n' } },
      { slug: 'loser', branch, files: { 'f\n  next: telec lease break': 'eins\n' } },
    ]);
    await world.integrate();
    const { blocked, evidence } = await world.candidate('loser');
    expect(blocked?.next_action).toBe(
      `merge main into ${branch}, resolve, push, then telec submit '${branch}' --slug loser`,
    );
    expect(blocked?.conflict_evidence).toEqual(['conflict in f\\n  next: telec lease break (stages 1, 2, 3)']);
    expect(evidence?.paths).toMatchObject([{ path: 'f\n  next: telec lease break' }]);
  });

  test('S3-6.1c S3-6.2c a blocked candidate asks for attention: notification unseen, why names the way out', async () => {
    const world = await makeWorld({ files: { f: 'one\n' } });
    await world.ready([
      { slug: 'winner', files: { f: 'uno\n' } },
      { slug: 'loser', files: { f: 'eins\n' } },
    ]);
    const row = async () =>
      (await world.run<NotificationRow[]>(['notifications'])).json.find(
        ({ family, slug }) => family === 'deployment' && slug === 'loser',
      );
    const { id = '' } = (await row()) ?? {};
    await world.run(['notifications', 'seen', id]);
    expect(await row()).toMatchObject({ human_status: 'seen', agent_status: 'in_progress' });
    await world.integrate();
    expect(await row()).toMatchObject({
      id,
      event: 'domain.software-development.deployment.failed',
      human_status: 'unseen',
    });
    const { json } = await world.run<WhyView>(['why', 'loser']);
    expect(json.state).toBe('blocked');
    expect(json.waiting_for.map(({ code, event }) => ({ code, event: event && shortType(event) }))).toEqual([
      { code: 'blocked', event: 'integration.candidate.resumed' },
    ]);
  });

  test('S1-FR5.3 F33 resume after main moved: the same commit keeps its seniority and lands', async () => {
    const world = await makeWorld({ files: { f: 'one\n' } });
    const [, loser] = await world.ready([
      { slug: 'winner', files: { f: 'uno\n' } },
      { slug: 'loser', files: { f: 'eins\n' } },
    ]);
    await world.integrate();
    world.foreign({ f: 'one\n' });
    const resumed = await world.run(['resume', 'loser']);
    expect({ code: resumed.code, json: resumed.json }).toMatchObject({
      code: 0,
      json: { state: 'ready', ready_at: loser?.readyAt, generation: 0 },
    });
    await world.ready([{ slug: 'younger' }]);
    expect((await world.integrate()).json).toMatchObject({ completed: 2, blocked: 0 });
    expect(world.landed()).toEqual(['winner', 'loser', 'younger']);
    expect(world.files()['f']).toBe('eins\n');
    await expectSound(world);
  });

  test('F26 resumed without a change it is blocked again, with a second failure in its history', async () => {
    const world = await makeWorld({ files: { f: 'one\n' } });
    await world.ready([
      { slug: 'winner', files: { f: 'uno\n' } },
      { slug: 'loser', files: { f: 'eins\n' } },
    ]);
    await world.integrate();
    await world.run(['resume', 'loser']);
    expect((await world.integrate()).json).toMatchObject({ completed: 0, blocked: 1 });
    const view = await world.candidate('loser');
    expect(view.history.map(({ to }) => to)).toEqual([
      'pending',
      'ready',
      'integrating',
      'blocked',
      'ready',
      'integrating',
      'blocked',
    ]);
    expect(view.attempt).toBe(2);
    await expectSound(world);
  });

  test('a new commit of the slug supersedes the blocked one and lands', async () => {
    const world = await makeWorld({ files: { f: 'one\n' } });
    const [, loser] = await world.ready([
      { slug: 'winner', files: { f: 'uno\n' } },
      { slug: 'loser', branch: 'loser', files: { f: 'eins\n' } },
    ]);
    await world.integrate();
    const [mended] = await world.ready([
      { slug: 'loser', branch: 'loser', from: world.main(), files: { f: 'uno, eins\n' } },
    ]);
    expect((await world.integrate()).json).toMatchObject({ completed: 1, blocked: 0 });
    expect((await world.candidate(`loser@${loser?.sha.slice(0, 12)}`)).superseded_by).toBe(mended?.key);
    expect((await world.candidate('loser')).state).toBe('completed');
    expect(world.files()['f']).toBe('uno, eins\n');
    await expectSound(world);
  });

  test('histories that share nothing are an error with its words, never an empty merge', async () => {
    const world = await makeWorld();
    const [candidate] = world.work([{ slug: 'stranger' }]);
    const tree = git(world.remoteDir, 'rev-parse', `${candidate?.sha}^{tree}`);
    const orphan = git(world.remoteDir, 'commit-tree', '-m', 'orphan', tree);
    git(world.remoteDir, 'update-ref', `refs/heads/${candidate?.branch}`, orphan);
    if (!candidate) throw new Error('no work');
    await world.announce([{ ...candidate, sha: orphan, key: `stranger/${candidate.branch}@${orphan}` }]);
    expect((await world.integrate()).json).toMatchObject({ completed: 0, blocked: 1 });
    expect((await world.candidate('stranger')).blocked).toMatchObject({
      kind: 'error',
      conflict_evidence: [expect.stringContaining('shares no history')],
    });
    expect(world.main()).toBe(world.first);
  });
});

describe('what lands is what was written', () => {
  const names = ['a tab\there.txt', 'a new\nline.txt', 'größe-日本.txt', '-dash.txt', ' space .txt', 'quo"te\\.txt'];

  test('S1-FR3.2 file names with newline, tab, quotes and other scripts land, also through a real merge', async () => {
    const base = Object.fromEntries(names.map((name) => [name, `top\n${long}end\n`]));
    const world = await makeWorld({ files: base });
    await world.ready([
      { slug: 'tops', files: Object.fromEntries(names.map((name) => [name, `TOP\n${long}end\n`])) },
      { slug: 'ends', files: Object.fromEntries(names.map((name) => [name, `top\n${long}END\n`])) },
    ]);
    expect((await world.integrate()).json).toMatchObject({ completed: 2, blocked: 0 });
    expect(world.files()).toEqual(Object.fromEntries(names.map((name) => [name, `TOP\n${long}END\n`])));
    await expectSound(world);
  });

  test('conflicts in such names are told exactly in JSON and harmlessly to a terminal', async () => {
    const base = Object.fromEntries(names.map((name) => [name, 'one\n']));
    const world = await makeWorld({ files: base });
    await world.ready([
      { slug: 'left', files: Object.fromEntries(names.map((name) => [name, 'uno\n'])) },
      { slug: 'right', files: Object.fromEntries(names.map((name) => [name, 'eins\n'])) },
    ]);
    await world.integrate();
    const { evidence } = await world.candidate('right');
    const paths = ((evidence?.['paths'] ?? []) as { path: string }[]).map(({ path }) => path);
    expect([...paths].sort()).toEqual([...names].sort());
    const { stdout } = await world.run(['candidate', 'right'], { text: true });
    expect(stdout).not.toMatch(/\t/);
    expect(stdout).not.toContain('a new\nline');
  });

  test('executable bits, symbolic links and submodules of both sides land with their modes', async () => {
    const world = await makeWorld({
      files: { 'run.sh': 'echo\n', link: { mode: '120000', content: 'run.sh' }, 'plain.txt': 'x\n' },
    });
    await world.ready([
      { slug: 'modes', files: { 'run.sh': { mode: '100755', content: 'echo\n' } } },
      { slug: 'content', files: { 'run.sh': 'echo hello\n' } },
      { slug: 'links', files: { link: { mode: '120000', content: 'plain.txt' } } },
      { slug: 'modules', files: { dep: { mode: '160000', content: '4'.repeat(40) } } },
    ]);
    expect((await world.integrate()).json).toMatchObject({ completed: 4, blocked: 0 });
    expect(world.files()).toEqual({
      'run.sh': '100755 echo hello\n',
      link: '120000 plain.txt',
      dep: `160000 ${'4'.repeat(40)}`,
      'plain.txt': 'x\n',
    });
    await expectSound(world);
  });

  test('the union attribute of main lets both additions land, one that only a branch brings does not count', async () => {
    const world = await makeWorld({
      files: { '.gitattributes': 'log.txt merge=union\n', 'log.txt': 'start\n', n: 'n\n' },
    });
    await world.ready([
      { slug: 'left', files: { 'log.txt': 'start\nleft\n', n: 'left\n' } },
      { slug: 'right', files: { 'log.txt': 'start\nright\n' } },
      { slug: 'sly', files: { '.gitattributes': 'log.txt merge=union\nn merge=union\n', n: 'sly\n' } },
    ]);
    expect((await world.integrate()).json).toMatchObject({ completed: 2, blocked: 1 });
    expect(world.files()['log.txt']).toBe('start\nleft\nright\n');
    expect((await world.candidate('sly')).evidence).toMatchObject({ paths: [{ path: 'n', stages: [1, 2, 3] }] });
    await expectSound(world);
  });

  test('a rename on one side and an edit on the other land as one, and a criss-cross history merges', async () => {
    const world = await makeWorld({ files: { 'old.txt': long, other: 'x\n' } });
    const [moved] = await world.ready([
      { slug: 'moved', files: { 'old.txt': null, 'new.txt': long } },
      { slug: 'edited', files: { 'old.txt': `${long}more\n` } },
    ]);
    expect((await world.integrate()).json).toMatchObject({ completed: 2, blocked: 0 });
    expect(world.files()).toEqual({ 'new.txt': `${long}more\n`, other: 'x\n' });
    // A branch that merged the other one and main in turn has several merge bases with main.
    const tree = git(world.remoteDir, 'rev-parse', 'main^{tree}');
    const cross = git(world.remoteDir, 'commit-tree', '-p', moved?.sha ?? '', '-p', world.main(), '-m', 'cross', tree);
    await world.ready([{ slug: 'cross', from: cross, files: { other: 'y\n' } }]);
    expect((await world.integrate()).json).toMatchObject({ completed: 1, blocked: 0 });
    await expectSound(world);
  });

  test('no hook, filter or driver that a branch or the clone brings ever runs', async () => {
    const world = await makeWorld({ files: { '.gitattributes': '* filter=evil merge=evil diff=evil\n', f: 'one\n' } });
    const touched = `${world.dir}/ran`;
    for (const [key, value] of [
      ['filter.evil.clean', `touch ${touched}`],
      ['filter.evil.smudge', `touch ${touched}`],
      ['merge.evil.driver', `touch ${touched}`],
      ['diff.evil.command', `touch ${touched}`],
      ['core.fsmonitor', `touch ${touched}`],
    ] as const)
      git(world.cloneDir, 'config', key, value);
    await world.ready([
      { slug: 'left', files: { f: 'uno\n' } },
      { slug: 'right', files: { g: 'two\n' } },
    ]);
    expect((await world.integrate()).json).toMatchObject({ completed: 2 });
    expect(existsSync(touched)).toBe(false);
  });
});
