/** Papers and roadmap from the command line: in plain checkouts without anything, and in a repository that is set up. */

import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import type { DemoRow } from '../../src/actors/todos/demos.ts';
import type { DraftView } from '../../src/actors/todos/draft.ts';
import type { GateView } from '../../src/actors/todos/gate.ts';
import type { RoadmapListRow } from '../../src/actors/todos/roadmap-list.ts';
import type { ValidationView } from '../../src/actors/todos/validate.ts';
import { readState } from '../../src/io/todos/state-file.ts';
import { endWorlds, makeWorld, TELEC } from '../support/e2e-world.ts';
import { git } from '../support/git-repo.ts';

afterAll(endWorlds);

type Refused = { error: { code: string; message: string; hint: string; problems?: unknown[] } };

function folder(): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'telec-papers-')));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** The built program in a directory, with nothing of telec around it and no Redis it could start. */
function telec(dir: string, ...args: string[]) {
  const env = {
    PATH: '/usr/bin:/bin',
    HOME: '/nonexistent',
    TELEC_HOME: join(dir, 'none'),
    TELEC_REDIS_URL: 'redis://127.0.0.1:1/0',
  };
  const { status, stdout, stderr } = spawnSync(process.execPath, [TELEC, ...args], { cwd: dir, env, encoding: 'utf8' });
  return { status, stdout, stderr };
}

test('what only reads works in any checkout, without init, remote or Redis, and leaves nothing behind', () => {
  const dir = folder();
  git(dir, 'init', '--quiet', '--template=');
  mkdirSync(join(dir, 'todos/login'), { recursive: true });
  mkdirSync(join(dir, 'deep/er'), { recursive: true });
  writeFileSync(join(dir, 'todos/roadmap.yaml'), '- slug: login\n  after: [gone]\n');
  writeFileSync(join(dir, 'todos/login/demo.md'), '## Validation\n```bash\necho shown\n```\n');
  const rows = JSON.parse(telec(join(dir, 'deep/er'), 'roadmap', 'list', '--json').stdout) as RoadmapListRow[];
  expect(rows).toMatchObject([{ slug: 'login', waiting_for: ['gone'], state: 'preparing' }]);
  expect(telec(dir, 'roadmap', 'list')).toMatchObject({
    status: 0,
    stdout: 'Planned, the most urgent first\n  login [preparing] (after: gone) waits\n',
    stderr: '',
  });
  const found = telec(dir, 'todo', 'validate', '--json');
  expect(found.status).toBe(1);
  expect((JSON.parse(found.stdout) as ValidationView).problems.map(({ code }) => code)).toEqual([
    'stale_reference',
    'missing_paper',
    'missing_paper',
    'missing_paper',
  ]);
  expect(telec(dir, 'todo', 'demo', 'validate', 'login')).toMatchObject({
    status: 0,
    stdout: 'ok  todos/login/demo.md: 1 to run\n',
  });
  const listed = JSON.parse(telec(dir, 'todo', 'demo', 'list', '--json').stdout) as DemoRow[];
  expect(listed).toMatchObject([{ slug: 'login', blocks: 1, problems: [] }]);
  expect(telec(dir, 'todo', 'demo', 'run', 'login').stderr).toContain('$ echo shown\n  shown\n');
  expect(readdirSync(dir).sort()).toEqual(['.git', 'deep', 'todos']);
  expect(existsSync(join(dir, '.git/telec'))).toBe(false);
});

test('outside of any checkout all of it is refused with a hint', () => {
  const dir = folder();
  for (const args of [
    ['roadmap', 'list'],
    ['todo', 'validate'],
    ['todo', 'demo', 'list'],
    ['todo', 'draft'],
  ])
    expect(telec(dir, ...args)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('hint: run telec inside a clone'),
    });
});

test('before telec init nothing is written', async () => {
  const world = await makeWorld({
    raw: true,
    files: { 'a.txt': 'a\n', 'todos/roadmap.yaml': '- slug: a\n- slug: b\n' },
  });
  for (const args of [
    ['todo', 'draft', 'a'],
    ['todo', 'gate', 'a', '--score', '8', '--status', 'pass'],
    ['todo', 'set-deps', 'b', '--after', 'a'],
    ['todo', 'validate', '--fix'],
    ['todo', 'demo', 'create', 'a'],
    ['roadmap', 'add', 'c'],
    ['roadmap', 'deps', 'b', '--after', 'a'],
    ['roadmap', 'move', 'b', '--before', 'a'],
    ['roadmap', 'remove', 'a'],
    ['roadmap', 'deliver', 'a'],
    ['roadmap', 'freeze', 'a'],
  ]) {
    const run = await world.run<Refused>(args);
    expect([args.join(' '), run.code, run.json.error.code, run.json.error.hint]).toEqual([
      args.join(' '),
      6,
      'NOT_INITIALIZED',
      'telec init',
    ]);
  }
  expect(git(world.cloneDir, 'status', '--porcelain', '--untracked-files=all')).toBe('?? telec.yaml');
});

test('S0-2.1a S0-2.1b S0-2.2a S0-2.2c S0-2.2v1 S0-2.2v2 from the roadmap to judged papers, by two sessions', async () => {
  const world = await makeWorld();
  const as = (session: string) => ({ env: { TELEC_SESSION_ID: session, TELEC_ROLE: 'worker' } });
  for (const args of [
    ['roadmap', 'add', 'rollout', '--description', 'bring it to people'],
    ['roadmap', 'add', 'second', '--group', 'rollout'],
    ['roadmap', 'add', 'first', '--group', 'rollout', '--before', 'second'],
    ['todo', 'set-deps', 'second', '--after', 'first'],
  ])
    expect(await world.run(args), args.join(' ')).toMatchObject({ code: 0, stderr: '' });
  const deadlock = await world.run<Refused>(['todo', 'create', 'third', '--group', 'rollout', '--after', 'rollout']);
  expect(deadlock.json.error.problems).toEqual([
    { path: '--after', message: 'rollout holds third, and is delivered only after it' },
  ]);
  const draft = await world.run<DraftView>(['todo', 'draft'], as('drafter'));
  expect(draft.json.drafted.map(({ slug, written }) => [slug, written.length])).toEqual([
    ['rollout', 4],
    ['first', 4],
    ['second', 4],
  ]);
  const own = await world.run<Refused>(['todo', 'gate', 'first', '--score', '8', '--status', 'pass'], as('drafter'));
  expect(own).toMatchObject({ code: 6, json: { error: { code: 'OWN_DRAFT' } } });
  const open = await world.run<GateView>(
    [
      'todo',
      'gate',
      'second',
      '--score',
      '5',
      '--status',
      'needs_decision',
      '--blocker',
      'approach-known:two ways:decide',
    ],
    as('judge'),
  );
  expect(open).toMatchObject({ code: 0, json: { status: 'needs_decision', via: 'direct', session_id: 'judge' } });
  for (const slug of ['first', 'rollout'])
    expect(await world.run(['todo', 'gate', slug, '--score', '8', '--status', 'pass'], as('judge'))).toMatchObject({
      code: 0,
    });
  for (const [slug, status, score] of [
    ['first', 'pass', 8],
    ['second', 'needs_decision', 5],
  ] as const) {
    const text = (name: string) => readFileSync(join(world.cloneDir, 'todos', slug, name), 'utf8');
    const { state, problems } = readState('state.yaml', text('state.yaml'));
    expect(problems).toEqual([]);
    expect(state).toMatchObject({ draft: { session_id: 'drafter' }, dor: { status, score, session_id: 'judge' } });
    expect(text('dor-report.md')).toContain(`- Status: \`${status}\`\n- Score: \`${score}/10\``);
  }
  const { json } = await world.run<RoadmapListRow[]>(['roadmap', 'list']);
  expect(json.map(({ slug, state, dor }) => [slug, state, dor?.score])).toEqual([
    ['rollout', 'container', 8],
    ['first', 'preparing', 8],
    ['second', 'preparing', 5],
  ]);
  const invalid = await world.run<ValidationView>(['todo', 'validate']);
  expect(invalid.code).toBe(1);
  expect([...new Set(invalid.json.problems.map(({ code, slug }) => `${code} ${slug}`))]).toEqual([
    'unchecked_task rollout',
  ]);
});

test('S3-5.4a S3-5.4b an empty folder is named and removed on request, a name that leads nowhere only named', async () => {
  const world = await makeWorld({ files: { 'a.txt': 'a\n', 'todos/roadmap.yaml': '# ours\n- slug: gone # typo\n' } });
  mkdirSync(join(world.cloneDir, 'todos/left/over'), { recursive: true });
  const named = await world.run<ValidationView>(['todo', 'validate']);
  expect(named.json.problems.map(({ code, path }) => [code, path])).toEqual([
    ['empty_folder', 'todos/left'],
    ['stale_reference', 'todos/roadmap.yaml gone'],
  ]);
  const fixed = await world.run<ValidationView>(['todo', 'validate', '--fix']);
  expect(fixed).toMatchObject({
    code: 1,
    json: { fixed: [{ path: 'todos/left' }], problems: [{ code: 'stale_reference' }] },
  });
  expect(readdirSync(join(world.cloneDir, 'todos'))).toEqual(['roadmap.yaml']);
  expect(readFileSync(join(world.cloneDir, 'todos/roadmap.yaml'), 'utf8')).toBe('# ours\n- slug: gone # typo\n');
});

test('a linked work tree is changed itself, not the one the clone was made with', async () => {
  const world = await makeWorld({ files: { 'a.txt': 'a\n', 'todos/roadmap.yaml': '- slug: a\n- slug: b\n' } });
  const linked = join(world.dir, 'linked');
  git(world.cloneDir, 'worktree', 'add', '--quiet', '-b', 'feature/a', linked);
  const run = await world.run(['roadmap', 'deliver', 'a', '--commit', world.first.slice(0, 8)], { cwd: linked });
  expect(run).toMatchObject({ code: 0, json: { files: ['todos/roadmap.yaml', 'todos/delivered.yaml'] } });
  expect(readFileSync(join(linked, 'todos/roadmap.yaml'), 'utf8')).toBe('- slug: b\n');
  expect(readFileSync(join(linked, 'todos/delivered.yaml'), 'utf8')).toContain(`commit: ${world.first.slice(0, 12)}`);
  expect(readFileSync(join(world.cloneDir, 'todos/roadmap.yaml'), 'utf8')).toBe('- slug: a\n- slug: b\n');
});
