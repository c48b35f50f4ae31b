/**
 * The books of deliveries on main: what a session writes there beside the merges, and that it writes nothing else. Read
 * from the remote's commits with plain git, never through telec.
 */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { expectBooksInLine } from '../support/books-world.ts';
import { endWorlds, expectSound, makeWorld, type World } from '../support/e2e-world.ts';
import { git } from '../support/git-repo.ts';

afterAll(endWorlds);

const HEADER = '# What is planned.\n# Edited by people.\n\n';
const ROADMAP = `${HEADER}- slug: one   # first
  description: >-
    folded
    text
- slug: two
  after: [one]
- {slug: three, after: [one, two]}
`;
const TODOS = {
  'README.md': 'a project\n',
  'package.json': '{"version": "1.2.3"}\n',
  'todos/roadmap.yaml': ROADMAP,
  'todos/delivered.yaml': '# Newest first.\n\n- slug: zero\n  date: 2020-01-02\n  commit: "000000000000"\n',
  'todos/icebox.yaml': '- slug: cold\n  after: [one]\n',
  'todos/one/requirements.md': 'one\n',
  'todos/one/state.yaml': 'review_round: 2\n',
  'todos/one/demo.md': '# Demo: The first\n\n## Validation\n',
  'todos/two/requirements.md': 'two\n',
};

/** Subjects of main's first-parent line behind its first commit, oldest first. */
function subjects(world: World): string[] {
  const lines = git(world.remoteDir, 'log', '--first-parent', '--reverse', '--format=%s', `${world.first}..main`);
  return lines.split('\n').filter(Boolean);
}

const today = () => new Date().toISOString().slice(0, 10);

/** 12 hex digits of the merge commit of a slug, as main has it. */
function mergeOf(world: World, slug: string): string {
  const lines = git(world.remoteDir, 'log', '--first-parent', '--format=%H %s', 'main').split('\n');
  return lines.find((line) => line.includes(` Merge ${slug} (`))?.slice(0, 12) ?? '';
}

const deliveredOn = (world: World): unknown => parse(world.files()['todos/delivered.yaml'] ?? '');

/** Counts the pushes that moved main, in a file of the remote. */
function countPushes(world: World): () => number {
  const counted = join(world.dir, 'pushes');
  writeFileSync(counted, '');
  mkdirSync(join(world.remoteDir, 'hooks'), { recursive: true });
  const hook = join(world.remoteDir, 'hooks', 'post-receive');
  writeFileSync(hook, `#!/bin/sh\ngrep -q ' refs/heads/main$' && echo x >> '${counted}'\nexit 0\n`);
  chmodSync(hook, 0o755);
  return () => readFileSync(counted, 'utf8').split('\n').filter(Boolean).length;
}

/** A commit id that YAML would take for a number is quoted. */
const asYaml = (commit: string): string => (/^\d+(e\d+)?$/.test(commit) ? JSON.stringify(commit) : commit);

test('S3-3.3d S3-3.3e S3-3.3f S3-3.3g S4-FR5.3 S4-Sc5 F20 merge, books and cleanup are three commits of one push', async () => {
  const world = await makeWorld({ files: TODOS });
  const pushes = countPushes(world);
  const [one] = await world.ready([{ slug: 'one' }]);
  expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1, blocked: 0 });
  expect(pushes()).toBe(1);
  expect(subjects(world)).toEqual(['Merge one (work/one)', 'Deliver one: bookkeeping', 'Deliver one: todo cleanup']);
  const commit = mergeOf(world, 'one');
  expect(world.files()).toEqual({
    'README.md': 'a project\n',
    'package.json': '{"version": "1.2.3"}\n',
    'one.txt': 'one\n',
    'todos/roadmap.yaml': `${HEADER}- slug: two\n- {slug: three, after: [two]}\n`,
    'todos/delivered.yaml': `# Newest first.\n\n- slug: one\n  date: ${today()}\n  commit: ${asYaml(commit)}\n- slug: zero\n  date: 2020-01-02\n  commit: "000000000000"\n`,
    'todos/icebox.yaml': '- slug: cold\n',
    'todos/two/requirements.md': 'two\n',
    'demos/one/demo.md': '# Demo: The first\n\n## Validation\n',
    'demos/one/snapshot.json': `${JSON.stringify(
      {
        slug: 'one',
        title: 'The first',
        version: '1.2.3',
        delivered: today(),
        commit,
        metrics: { review_rounds: 2, findings_resolved: 0 },
      },
      null,
      2,
    )}\n`,
  });
  const merge = git(world.remoteDir, 'rev-parse', `${commit}^{commit}`);
  const tip = world.main();
  const view = await world.candidate(one?.key ?? '');
  expect(view).toMatchObject({ state: 'completed', merge_commit: merge });
  expect(view.receipt).toMatchObject({
    merge_commit: merge,
    tip,
    tree: git(world.remoteDir, 'rev-parse', 'main^{tree}'),
  });
  // The three are dated like the dequeue, so that a rebuild is the same commits.
  const dates = git(world.remoteDir, 'log', '--first-parent', '--format=%at %ct', `${world.first}..main`).split('\n');
  expect(new Set(dates.flatMap((line) => line.split(' '))).size).toBe(1);
  expect(await world.trail('integration.main.foreign')).toEqual([]);
  await expectSound(world);
});

test('S3-3.3d a repository without todos, and a slug that nobody planned, get the merge commit alone', async () => {
  const bare = await makeWorld();
  await bare.ready([{ slug: 'one' }, { slug: 'two', files: { 'demos/two/demo.md': '# Two\n' } }]);
  expect((await bare.integrate()).json).toMatchObject({ completed: 2 });
  expect(subjects(bare)).toEqual(['Merge one (work/one)', 'Merge two (work/two)']);
  await expectSound(bare);

  const world = await makeWorld({ files: TODOS });
  await world.ready([{ slug: 'unplanned' }]);
  expect((await world.integrate()).json).toMatchObject({ completed: 1 });
  expect(subjects(world)).toEqual(['Merge unplanned (work/unplanned)']);
  expect(world.files()).toEqual({ ...TODOS, 'unplanned.txt': 'unplanned\n' });
  await expectSound(world);
});

test('S3-3.3e F30 a todo without a demo, a bug and a folder without a roadmap are delivered the same way', async () => {
  const world = await makeWorld({ files: { 'todos/fix/bug.md': 'a bug\n', 'todos/.keep': '' } });
  await world.ready([{ slug: 'fix' }]);
  await world.integrate();
  expect(subjects(world)).toEqual(['Merge fix (work/fix)', 'Deliver fix: bookkeeping', 'Deliver fix: todo cleanup']);
  expect(world.files()).toEqual({
    'fix.txt': 'fix\n',
    'todos/.keep': '',
    'todos/delivered.yaml': `# What is delivered, the newest first.\n- slug: fix\n  date: ${today()}\n  commit: ${asYaml(mergeOf(world, 'fix'))}\n`,
  });
  await expectSound(world);
});

for (const strategy of ['merge', 'squash']) {
  test(`a train books each member on the one before it, and a container with its last child (${strategy})`, async () => {
    const roadmap =
      '# Plan\n- slug: all\n- slug: one\n  group: all\n- slug: two\n  group: all\n- slug: end\n  after: [all]\n';
    const world = await makeWorld({
      config: `integration: {push_batch: 10, grace_ms: 0, strategy: ${strategy}}\n`,
      files: {
        'todos/roadmap.yaml': roadmap,
        'todos/all/state.yaml': 'breakdown: {assessed: true, todos: [one, two, bug]}\n',
        'todos/one/a.md': 'a\n',
        'todos/two/b.md': 'b\n',
        'todos/bug/bug.md': 'c\n',
      },
    });
    const pushes = countPushes(world);
    await world.ready([{ slug: 'bug' }, { slug: 'one' }, { slug: 'two' }]);
    expect((await world.integrate()).json).toMatchObject({ completed: 3, blocked: 0 });
    expect(pushes()).toBe(1);
    const row = (slug: string) => ({ slug, date: today(), commit: mergeOf(world, slug) });
    expect(deliveredOn(world)).toEqual([
      { slug: 'all', date: today(), commit: mergeOf(world, 'two'), children: ['one', 'two', 'bug'] },
      row('two'),
      row('one'),
      row('bug'),
    ]);
    const { 'todos/delivered.yaml': _, ...others } = world.files();
    expect(others).toEqual({
      'todos/roadmap.yaml': '# Plan\n- slug: end\n',
      'bug.txt': 'bug\n',
      'one.txt': 'one\n',
      'two.txt': 'two\n',
    });
    expect(await world.trail('integration.main.foreign')).toEqual([]);
    await expectBooksInLine(world);
    await expectSound(world);
  });
}

test('S3-5.3d S4-FR8.2 what a branch writes into its todo arrives on main with its merge', async () => {
  const world = await makeWorld({ files: TODOS });
  const state = 'review: approved\nreview_round: 3\n';
  await world.ready([{ slug: 'one', files: { 'todos/one/state.yaml': state, 'one.txt': 'x\n' } }]);
  await world.integrate();
  const merge = mergeOf(world, 'one');
  expect(git(world.remoteDir, 'show', `${merge}:todos/one/state.yaml`)).toBe(state.trim());
  expect(JSON.parse(world.files()['demos/one/snapshot.json'] ?? '')).toMatchObject({ metrics: { review_rounds: 3 } });
  expect(Object.keys(world.files()).filter((path) => path.startsWith('todos/one'))).toEqual([]);
  await expectSound(world);
});

test('F30 a branch that plans anew keeps its plan; a delivered row that it brings back goes again', async () => {
  const world = await makeWorld({ files: TODOS });
  await world.ready([{ slug: 'one' }]);
  await world.integrate();
  const from = world.main();
  const roadmap = `${HEADER}- slug: one\n- slug: two\n- slug: new\n  after: [one, two]\n`;
  await world.ready([{ slug: 'two', from, files: { 'todos/roadmap.yaml': roadmap } }]);
  expect((await world.integrate()).json).toMatchObject({ completed: 1, blocked: 0 });
  expect(world.files()['todos/roadmap.yaml']).toBe(`${HEADER}- slug: new\n`);
  expect((deliveredOn(world) as { slug: string }[]).map(({ slug }) => slug)).toEqual(['two', 'one', 'zero']);
  await expectSound(world);
});

test('F30 a branch that entered its own delivery is entered once', async () => {
  const world = await makeWorld({ files: TODOS });
  const files = {
    'todos/roadmap.yaml': `${HEADER}- slug: two\n`,
    'todos/delivered.yaml': '- slug: one\n  date: 2021-01-01\n- slug: zero\n',
    'todos/one/requirements.md': null,
    'todos/one/state.yaml': null,
    'todos/one/demo.md': null,
  };
  await world.ready([{ slug: 'one', files: { ...files, 'one.txt': '1\n' } }]);
  await world.integrate();
  expect(subjects(world)).toEqual(['Merge one (work/one)', 'Deliver one: bookkeeping']);
  // All that the branch had forgotten.
  expect(git(world.remoteDir, 'show', '--name-only', '--format=', 'main')).toBe('todos/icebox.yaml');
  expect(world.files()['todos/delivered.yaml']).toBe(files['todos/delivered.yaml']);
  await expectSound(world);
});

test('a branch that edits the rows the books took out conflicts, and is told who took them out', async () => {
  const world = await makeWorld({ config: 'integration: {push_batch: 10, grace_ms: 0}\n', files: TODOS });
  const [one] = await world.ready([
    { slug: 'one' },
    { slug: 'two', files: { 'todos/roadmap.yaml': ROADMAP.replace('# first', '# the first'), 'two.txt': 'two\n' } },
  ]);
  expect((await world.integrate()).json).toMatchObject({ completed: 1, blocked: 1 });
  const { blocked } = await world.candidate('two');
  expect(blocked).toMatchObject({ kind: 'conflict' });
  expect(blocked?.diagnostics).toContain(`touched on main by ${one?.key}: Deliver one: bookkeeping`);
  expect(world.landed()).toEqual(['one']);
  await expectSound(world);
});

const BROKEN = {
  'no YAML': ['todos/roadmap.yaml', '- slug: one\n  after: [\n', 'todos/roadmap.yaml line 3'],
  'merge markers': [
    'todos/roadmap.yaml',
    '<<<<<<< HEAD\n- slug: one\n=======\n>>>>>>> b\n',
    'todos/roadmap.yaml line 1',
  ],
  'no list': ['todos/delivered.yaml', 'one: 2020-01-01\n', 'todos/delivered.yaml'],
  'a link': ['todos/delivered.yaml', { mode: '120000', content: '../README.md' }, 'todos/delivered.yaml'],
  'a folder': ['todos/icebox.yaml/x', 'x\n', 'todos/icebox.yaml'],
  'too large': ['todos/icebox.yaml', `- slug: ${'x'.repeat(4 * 1024 * 1024)}\n`, 'todos/icebox.yaml'],
  'no JSON': ['demos/one/snapshot.json', '{"title": ', 'demos/one/snapshot.json line 1'],
  'a file for a folder': ['demos', 'x\n', 'demos'],
} as const;

for (const [what, [path, content, place]] of Object.entries(BROKEN)) {
  test(`F13 a file of the books that is ${what} blocks the branch that brings it, and is not written over`, async () => {
    const world = await makeWorld({ files: TODOS });
    const file = path.replace(/\/x$/, '');
    const files = { ...(path === file ? {} : { [file]: null }), [path]: content };
    const [one] = await world.ready([{ slug: 'one', files: { ...files, 'one.txt': 'x\n' } }]);
    expect((await world.integrate()).json).toMatchObject({ completed: 0, blocked: 1 });
    const { blocked } = await world.candidate('one');
    expect(blocked).toMatchObject({
      kind: 'error',
      next_action: `mend ${place.replace(/ line \d+$/, '')} on work/one, push, then telec submit work/one --slug one`,
      reproduce: `git show ${one?.sha}:${place.replace(/ line \d+$/, '')}`,
    });
    expect(blocked?.conflict_evidence[0]).toMatch(new RegExp(`^${place}: `));
    // Main has the follow-up of it and else nothing new.
    expect(subjects(world)).toEqual([`Follow-ups: open one-integration-blocked-${one?.sha.slice(0, 7)}`]);
    await expectSound(world);
  });
}

test('F13 a snapshot that main has broken is main’s to mend, and the branch is not blamed for it', async () => {
  const world = await makeWorld({ files: { ...TODOS, 'demos/one/snapshot.json': '{"title": ' } });
  await world.ready([{ slug: 'one' }]);
  expect((await world.integrate()).json).toMatchObject({ completed: 0, blocked: 1 });
  const { blocked } = await world.candidate('one');
  expect(blocked).toMatchObject({
    next_action: 'deliver a branch that mends demos/one/snapshot.json, then telec resume one',
    reproduce: `git show ${world.first}:demos/one/snapshot.json`,
  });
  expect(blocked?.diagnostics).toContain('main has demos/one/snapshot.json like that already');
});

test('a container whose state cannot be read stays: who knows what else it is made of', async () => {
  const state = 'breakdown: {assessed: true, todos: [one, other\n';
  const roadmap = '- slug: all\n- slug: one\n  group: all\n';
  const world = await makeWorld({
    files: { 'todos/roadmap.yaml': roadmap, 'todos/all/state.yaml': state, 'todos/one/a.md': 'a\n' },
  });
  await world.ready([{ slug: 'one' }]);
  expect((await world.integrate()).json).toMatchObject({ completed: 1, blocked: 0 });
  expect(deliveredOn(world)).toEqual([{ slug: 'one', date: today(), commit: mergeOf(world, 'one') }]);
  expect(world.files()).toMatchObject({ 'todos/roadmap.yaml': '- slug: all\n', 'todos/all/state.yaml': state });
  await expectBooksInLine(world);
});

test('F13 a configuration that no command could use blocks the branch that brings it, and stops nobody else', async () => {
  const world = await makeWorld({ config: 'integration: {push_batch: 10, grace_ms: 0}\n' });
  const [bad] = await world.ready([
    { slug: 'bad', files: { 'telec.yaml': 'cleanup: {wrktree: false}\n' } },
    { slug: 'good', files: { 'telec.yaml': 'cleanup: {worktree: false}\n' }, from: world.first },
    { slug: 'other' },
  ]);
  expect((await world.integrate()).json).toMatchObject({ completed: 2, blocked: 1 });
  expect(world.landed()).toEqual(['good', 'other']);
  expect((await world.candidate('bad')).blocked).toMatchObject({
    kind: 'error',
    conflict_evidence: [
      'telec.yaml: cleanup.wrktree is no key of telec; worktree was probably meant (telec.yaml line 1)',
    ],
    next_action: 'mend telec.yaml on work/bad, push, then telec submit work/bad --slug bad',
    reproduce: `git show ${bad?.sha}:telec.yaml`,
  });
  await expectSound(world);
});

test('F13 a roadmap broken on main blocks deliveries until a branch mends it; that one lands, then they do', async () => {
  const world = await makeWorld({ config: 'integration: {push_batch: 10, grace_ms: 0}\n', files: TODOS });
  const broken = `${ROADMAP}  - oops: [\n`;
  const from = world.foreign({ 'todos/roadmap.yaml': broken });
  const [one] = await world.ready([{ slug: 'one', from }]);
  expect((await world.integrate()).json).toMatchObject({ completed: 0, blocked: 1 });
  expect((await world.candidate('one')).blocked).toMatchObject({
    kind: 'error',
    next_action: 'deliver a branch that mends todos/roadmap.yaml, then telec resume one',
  });
  expect(world.files()['todos/roadmap.yaml']).toBe(broken);
  await world.ready([{ slug: 'mend', from, files: { 'todos/roadmap.yaml': ROADMAP } }]);
  expect((await world.integrate()).json).toMatchObject({ completed: 1 });
  expect((await world.run(['resume', 'one', '--force', '--reason', 'it is mended'])).code).toBe(0);
  expect((await world.integrate()).json).toMatchObject({ completed: 1 });
  expect(subjects(world).slice(1)).toEqual([
    'Merge mend (work/mend)',
    `Follow-ups: open one-integration-blocked-${one?.sha.slice(0, 7)}`,
    'Merge one (work/one)',
    'Deliver one: bookkeeping',
    'Deliver one: todo cleanup',
  ]);
  await expectSound(world);
});

test('a delivered list broken on main: who does not need it lands, who needs it is judged alone and blocked', async () => {
  const world = await makeWorld({ config: 'integration: {push_batch: 10, grace_ms: 0}\n', files: TODOS });
  const from = world.foreign({ 'todos/delivered.yaml': 'x: [\n' });
  const pushes = countPushes(world);
  await world.ready([
    { slug: 'free', from },
    { slug: 'one', from },
    { slug: 'open', from },
  ]);
  expect((await world.integrate()).json).toMatchObject({ completed: 2, blocked: 1 });
  expect(world.landed()).toEqual(['free', 'open']);
  // The train was pushed before the broken one was judged again on the main that resulted; the last is its follow-up.
  expect(pushes()).toBe(3);
  expect((await world.candidate('one')).blocked).toMatchObject({ kind: 'error' });
  await expectSound(world);
});

test('F1 what somebody merged by hand gets no books, holds nobody back and does not hurt the next delivery', async () => {
  const world = await makeWorld({ files: TODOS });
  const [one] = world.work([{ slug: 'one' }]);
  git(world.remoteDir, 'update-ref', 'refs/heads/main', one?.sha ?? '');
  await world.announce(one ? [one] : []);
  await world.ready([{ slug: 'two' }]);
  expect((await world.integrate()).json).toMatchObject({ completed: 2, blocked: 0 });
  expect(await world.candidate('one')).toMatchObject({ state: 'completed', merge_commit: one?.sha });
  expect(subjects(world)).toEqual([
    'work on one',
    'Merge two (work/two)',
    'Deliver two: bookkeeping',
    'Deliver two: todo cleanup',
  ]);
  expect(world.files()['todos/roadmap.yaml']).toBe(
    ROADMAP.replace('- slug: two\n  after: [one]\n', '').replace('[one, two]', '[one]'),
  );
  await expectSound(world);
});

test('a second commit of a delivered slug is entered no second time, and its new papers go', async () => {
  const world = await makeWorld({ files: TODOS });
  await world.ready([{ slug: 'one' }]);
  await world.integrate();
  await world.ready([
    { slug: 'one', branch: 'again', from: world.main(), files: { 'todos/one/more.md': 'x\n', b: 'b\n' } },
  ]);
  expect((await world.integrate()).json).toMatchObject({ completed: 1 });
  expect(subjects(world).slice(3)).toEqual([
    'Merge one (again)',
    // The demo is shown as of now.
    'Deliver one: bookkeeping',
    'Deliver one: todo cleanup',
  ]);
  expect((deliveredOn(world) as { slug: string }[]).map(({ slug }) => slug)).toEqual(['one', 'zero']);
  await expectSound(world);
});

test('CRLF lines and a missing end of the last line stay as they are', async () => {
  const roadmap = '# Plan\r\n- slug: one\r\n- slug: two\r\n  after: [one]\r\n- slug: three';
  const world = await makeWorld({ files: { 'todos/roadmap.yaml': roadmap, 'todos/delivered.yaml': '' } });
  await world.ready([{ slug: 'one' }]);
  await world.integrate();
  expect(world.files()['todos/roadmap.yaml']).toBe('# Plan\r\n- slug: two\r\n- slug: three');
  expect(deliveredOn(world)).toEqual([{ slug: 'one', date: today(), commit: mergeOf(world, 'one') }]);
  await expectSound(world);
});

for (const [where, back] of [
  ['before it', (world: World) => world.first],
  ['into its middle', (world: World) => git(world.remoteDir, 'rev-parse', 'main~2')],
] as const) {
  test(`no commit of a delivery is foreign: main taken back ${where}, accepted, and put right again`, async () => {
    const world = await makeWorld({ files: TODOS });
    await world.ready([{ slug: 'one' }]);
    await world.integrate();
    const tip = world.main();
    const old = back(world);
    git(world.remoteDir, 'update-ref', 'refs/heads/main', old);
    expect((await world.integrate()).json).toMatchObject({ outcome: 'halted' });
    expect((await world.run(['unhold', '--reason', 'seen'])).code).toBe(0);
    git(world.remoteDir, 'update-ref', 'refs/heads/main', tip);
    const stranger = world.foreign({ 'x.txt': 'x\n' });
    await world.ready([{ slug: 'two' }]);
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1 });
    const told = (await world.events()).filter(({ event }) => event.endsWith('integration.main.foreign'));
    expect(told.map(({ payload }) => payload['commits'])).toEqual([[stranger]]);
    await expectSound(world);
  });
}

test('S3-3.3f cleanup.todo: false on main keeps the papers; the delivery is entered all the same', async () => {
  const world = await makeWorld({ files: { ...TODOS, 'telec.yaml': 'cleanup: {todo: false}\n' } });
  await world.ready([{ slug: 'one' }]);
  expect((await world.integrate()).json).toMatchObject({ completed: 1 });
  expect(subjects(world)).toEqual(['Merge one (work/one)', 'Deliver one: bookkeeping']);
  expect(world.files()['todos/one/requirements.md']).toBe('one\n');
  await expectSound(world);
});
