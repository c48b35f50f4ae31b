/** Drafting, validating and demos of work items, in checkouts with whatever somebody put there. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { DemoBeat } from '../../src/actors/todos/demos.ts';
import { tasksIn } from '../../src/io/todos/markdown.ts';
import { PAPERS } from '../../src/io/todos/paths.ts';
import { readState } from '../../src/io/todos/state-file.ts';
import { type PaperWorld, paperWorld } from '../support/paper-world.ts';

const ROADMAP = 'todos/roadmap.yaml';

/** Code and work item of every problem. */
async function found(world: PaperWorld, slug: string | null = null): Promise<string[]> {
  const { problems } = await world.papers().validate(slug, false);
  return problems.map((row) => `${row.status} ${row.code} ${row.slug ?? '-'}`);
}

describe('S0-2.1a drafting', () => {
  test('goes in the order of the dependencies, then of the roadmap', async () => {
    const world = paperWorld({
      [ROADMAP]: '- slug: c\n  after: [b]\n- slug: a\n- slug: b\n  after: [a, old]\n- slug: d\n',
      'todos/delivered.yaml': '- slug: old\n',
    });
    const view = await world.papers().draft(null);
    expect(view.drafted.map(({ slug }) => slug)).toEqual(['a', 'b', 'c', 'd']);
    expect(view).toMatchObject({ skipped: [], session_id: 'drafter' });
  });

  test('S0-2.1b writes all four papers and who drafted them; again it writes nothing', async () => {
    const world = paperWorld({ [ROADMAP]: '- slug: a\n  description: one thing\n', 'todos/a/input.md': 'x' });
    expect(await world.papers().draft('a')).toMatchObject({ drafted: [{ slug: 'a', written: [...PAPERS], kept: [] }] });
    const before = PAPERS.map((paper) => world.read(`todos/a/${paper}`));
    expect(before[0]).toContain('one thing');
    expect(before[0]).toContain('input.md');
    const state = readState('s', world.read('todos/a/state.yaml')).state;
    expect(state.draft).toEqual({ session_id: 'drafter', drafted_at: expect.stringMatching(/^\d{4}-.*Z$/) });
    expect(await world.papers('other').draft('a')).toMatchObject({ drafted: [{ written: [], kept: [...PAPERS] }] });
    expect(PAPERS.map((paper) => world.read(`todos/a/${paper}`))).toEqual(before);
    expect(readState('s', world.read('todos/a/state.yaml')).state).toEqual(state);
  });

  test('S2-B3r gives every plan a test gate and a lint gate as required tasks', async () => {
    const world = paperWorld({ [ROADMAP]: '- slug: a\n' });
    await world.papers().draft('a');
    const tasks = tasksIn(world.read('todos/a/implementation-plan.md') ?? '').filter(({ required }) => required);
    for (const gate of [/^Test gate/, /^Lint gate/])
      expect(tasks.filter(({ text }) => gate.test(text))).toHaveLength(1);
    expect((await world.papers().demo('a')).problems).toEqual([{ path: '', message: 'is the unchanged template' }]);
    expect(await found(world)).toEqual(['warn no_verdict a']);
  });

  test('gives a container a plan of its parts, in their order', async () => {
    const world = paperWorld({ [ROADMAP]: '- slug: p\n- slug: q\n  group: p\n- slug: r\n  group: p\n' });
    await world.papers().draft('p');
    const plan = world.read('todos/p/implementation-plan.md') ?? '';
    expect(plan).toContain('1. `q`\n2. `r`\n');
    expect(tasksIn(plan).filter(({ required }) => required)).toHaveLength(6);
  });

  test('never overwrites a paper, and drafts first what the one asked for waits for and what has none', async () => {
    const world = paperWorld({
      [ROADMAP]: '- slug: a\n  after: [b, c, gone]\n- slug: b\n- slug: c\n',
      'todos/a/demo.md': 'mine',
    });
    world.prepared('c');
    const view = await world.papers().draft('a');
    expect(view.drafted.map(({ slug, kept }) => [slug, kept])).toEqual([
      ['b', []],
      ['a', ['demo.md']],
    ]);
    expect(view.skipped).toEqual([{ slug: 'gone', reason: 'a waits for it, and there is no such work item' }]);
    expect(world.read('todos/a/demo.md')).toBe('mine');
    expect(world.read('todos/gone')).toBeNull();
  });

  test('writes nothing at all when a file of any of them cannot be read or is a link', async () => {
    const world = paperWorld({ [ROADMAP]: '- slug: a\n- slug: b\n', 'todos/b/state.yaml': 'build: nonsense\n' });
    await expect(world.papers().draft(null)).rejects.toMatchObject({
      code: 'UNREADABLE',
      exit: 1,
      problems: [{ path: 'todos/b/state.yaml build' }],
    });
    world.write('todos/b/state.yaml', '');
    symlinkSync('/etc/hostname', `${world.dir}/todos/b/demo.md`);
    await expect(world.papers().draft(null)).rejects.toMatchObject({ code: 'UNREADABLE', exit: 1 });
    expect(world.read('todos/a')).toBeNull();
  });

  test('is refused for rings, with the ring, for what is delivered and for what does not exist', async () => {
    const world = paperWorld({
      [ROADMAP]: '- slug: a\n  after: [b]\n- slug: b\n  after: [a]\n',
      'todos/delivered.yaml': '- slug: old\n',
      'todos/old/input.md': '',
    });
    await expect(world.papers().draft('a')).rejects.toMatchObject({
      code: 'CYCLE',
      exit: 1,
      message: expect.stringContaining('a -> b -> a'),
    });
    await expect(world.papers().draft('old')).rejects.toMatchObject({ code: 'DELIVERED', exit: 1 });
    await expect(world.papers().draft('x')).rejects.toMatchObject({ code: 'NOT_FOUND', exit: 1 });
    await expect(world.papers().draft('../x')).rejects.toMatchObject({ code: 'BAD_SLUG', exit: 2 });
  });
});

test('a disk that takes nothing is told in words, whatever else as it is', async () => {
  for (const [code, expected] of [
    ['ENOSPC', { code: 'CANNOT_WRITE', exit: 1 }],
    ['EIO', { message: 'EIO' }],
  ] as const) {
    const world = paperWorld(
      { [ROADMAP]: '- slug: a\n' },
      {
        isDelivered: () => {
          throw Object.assign(new Error(code), { code });
        },
      },
    );
    await expect(world.papers().draft('a')).rejects.toMatchObject(expected);
  }
});

describe('validation', () => {
  test('is content without work items, and with prepared and judged ones', async () => {
    const world = paperWorld();
    expect(await world.papers().validate(null, false)).toEqual({ ok: true, problems: [], fixed: [] });
    world.write(ROADMAP, '- slug: a\n');
    world.prepared('a');
    await world.papers('judge').gate('a', { score: 8, status: 'pass', gates: [], blockers: [] });
    expect(await found(world)).toEqual([]);
  });

  test('S3-5.4a finds empty folders and removes them when asked, and nothing that holds data', async () => {
    const world = paperWorld({ 'todos/kept/deep/.hidden': '' });
    mkdirSync(`${world.dir}/todos/a/b/c`, { recursive: true });
    mkdirSync(`${world.dir}/todos/No Slug`);
    mkdirSync(`${world.dir}/todos/linked`);
    symlinkSync('/', `${world.dir}/todos/linked/root`);
    expect((await found(world)).filter((row) => row.includes('empty'))).toEqual([
      'fail empty_folder No Slug',
      'fail empty_folder a',
    ]);
    expect(await found(world, 'a')).toEqual(['fail empty_folder a']);
    const view = await world.papers().validate(null, true);
    expect(view.fixed).toEqual(
      ['No Slug', 'a'].map((name) => ({ path: `todos/${name}`, text: 'the empty folder is removed' })),
    );
    expect(readdirSync(`${world.dir}/todos`)).toEqual(['kept', 'linked']);
    expect(world.read('todos/kept/deep/.hidden')).toBe('');
    expect(view.problems.every(({ slug }) => slug === 'kept' || slug === 'linked')).toBe(true);
  });

  test('S3-5.4b finds names that lead nowhere, in rows, after, group and breakdown', async () => {
    const world = paperWorld({
      [ROADMAP]: '- slug: a\n  after: [old, gone, cold, b]\n  group: nothing\n- slug: b\n- slug: old\n',
      'todos/delivered.yaml': '- slug: old\n- slug: done\n',
      'todos/icebox.yaml': '- slug: cold\n',
      'todos/p/state.yaml': 'breakdown: {assessed: true, todos: [done, never]}\n',
    });
    world.prepared('a');
    world.prepared('p');
    const { problems } = await world.papers().validate(null, false);
    expect(
      problems.filter(({ code }) => /stale|frozen|delivered/.test(code)).map(({ slug, text }) => `${slug}: ${text}`),
    ).toEqual([
      'a: it waits for gone, which is neither a todo nor delivered',
      'a: it waits for cold, which rests',
      'a: its group nothing is neither a todo nor delivered',
      'b: the roadmap names it, and it is neither a todo nor delivered',
      'old: it is delivered and still planned',
      'p: its breakdown names never, which is neither a todo nor delivered',
    ]);
    expect(problems.find(({ text }) => text.includes('gone'))).toMatchObject({
      status: 'fail',
      code: 'stale_reference',
      path: 'todos/roadmap.yaml a',
      mend: 'telec todo set-deps a --after old --after cold --after b',
    });
    expect(await world.papers().validate(null, true)).toMatchObject({
      ok: false,
      fixed: [],
      problems: { length: problems.length },
    });
  });

  test('finds rings, a part that waits for its container, rows that stand twice and rows without a slug', async () => {
    const world = paperWorld({
      [ROADMAP]:
        '- slug: a\n  after: [b]\n- slug: b\n  after: [a]\n- slug: p\n- slug: q\n  group: p\n  after: [p]\n- slug: a\n- slug: "../x"\n',
    });
    const { problems } = await world.papers().validate(null, false);
    expect(
      problems.filter(({ code }) => code !== 'stale_reference').map(({ code, text }) => `${code}: ${text}`),
    ).toEqual([
      'waits_for_parent: it waits for p, which holds it',
      'duplicate_row: it stands on the roadmap twice',
      'bad_slug: the row names no slug',
      'cycle: they wait for each other: a -> b -> a',
    ]);
  });

  test('finds nothing wrong with a follow-up whose source lives on its branch alone', async () => {
    const slug = 'login-integration-blocked-0123abc';
    const world = paperWorld({ [ROADMAP]: `- slug: ${slug}\n  group: login\n- slug: other\n  group: nowhere\n` });
    for (const each of [slug, 'other']) world.prepared(each);
    const { problems } = await world.papers().validate(null, false);
    expect(problems.filter(({ code }) => code === 'stale_reference').map((row) => row.slug)).toEqual(['other']);
  });

  test('finds containers that lie in each other, and rows and keys that are passed over in silence', async () => {
    const world = paperWorld({
      [ROADMAP]: '- slug: x\n  group: y\n- slug: y\n  group: x\n- 7\n- slug: [a]\n- slug: z\n  after: 5\n  group: {}\n',
    });
    const { problems } = await world.papers().validate(null, false);
    expect(
      problems.filter(({ code }) => code !== 'stale_reference').map(({ path, text }) => `${path}: ${text}`),
    ).toEqual([
      'todos/roadmap.yaml row 3: it names no slug, so nobody sees it',
      'todos/roadmap.yaml row 4: it names no slug, so nobody sees it',
      'todos/roadmap.yaml row 5: what z waits for is no slug, so it waits not',
      'todos/roadmap.yaml row 5: the group of z is no slug, so it has none',
      'todos/roadmap.yaml x: they wait for each other: x -> y -> x',
    ]);
  });

  test('S0-4.1b S1-FR1.1i finds container, roadmap and text that name other parts or another order', async () => {
    const roadmap = '- slug: p\n- slug: one\n  group: p\n- slug: two\n  group: p\n  after: [one]\n';
    const state = 'breakdown: {assessed: true, todos: [zero, one, two]}\n';
    const input = '# In\n\n1. `zero` first\n2. one\n3. **two**: last\n\n```\n1. two\n2. one\n```\n\n1. Write tests\n';
    const world = paperWorld({ [ROADMAP]: roadmap, 'todos/delivered.yaml': '- slug: zero\n' });
    const disagreements = async () =>
      (await world.papers().validate('p', false)).problems
        .filter(({ code }) => code === 'children_disagree')
        .map(({ path, text }) => `${path}: ${text}`);
    for (const slug of ['one', 'two']) world.prepared(slug);
    world.prepared('p', { 'state.yaml': state, 'input.md': input });
    expect(await disagreements()).toEqual([]);
    world.write('todos/p/input.md', input.replace('2. one\n3. **two**', '2. two\n3. **one**'));
    expect(await disagreements()).toEqual(['todos/p/input.md: has the order two, one, the roadmap one, two']);
    world.write('todos/p/input.md', input.replace('`zero` first', '`other` first'));
    world.write('todos/p/state.yaml', state.replace('one, ', ''));
    expect(await disagreements()).toEqual([
      'todos/p/state.yaml breakdown: does not name one, which the roadmap groups under it',
      'todos/p/input.md: names other, which the roadmap does not group under it',
    ]);
  });

  test('S0-4.1c finds what is unchecked in the plan of what is built, and of a container that was judged', async () => {
    const plan = '# P\n- [x] a\n- [ ] test it, lint it\n## Optional\n- [ ] c\n';
    const world = paperWorld({ [ROADMAP]: '- slug: a\n- slug: p\n- slug: q\n  group: p\n' });
    for (const slug of ['a', 'p', 'q']) world.prepared(slug, { 'implementation-plan.md': plan });
    const open = async () => (await found(world)).filter((row) => row.includes('unchecked'));
    expect(await open()).toEqual([]);
    for (const [slug, state] of [
      ['a', 'build: complete\n'],
      ['q', 'review: started\n'],
      ['p', 'breakdown: {assessed: true, todos: [q]}\n'],
    ] as const)
      world.write(`todos/${slug}/state.yaml`, state);
    expect(await open()).toEqual(['a', 'p', 'q'].map((slug) => `fail unchecked_task ${slug}`));
    const { problems } = await world.papers().validate('a', false);
    expect(problems.find(({ code }) => code === 'unchecked_task')).toMatchObject({
      path: 'todos/a/implementation-plan.md line 3',
      text: 'the task is not done: test it, lint it',
    });
  });

  test('finds verdicts that contradict themselves, are missing or differ from the report', async () => {
    const world = paperWorld({ [ROADMAP]: '- slug: p\n- slug: q\n  group: p\n' });
    world.prepared('a', { 'state.yaml': 'dor: {status: pass, score: 7}\n' });
    world.prepared('b', {
      'state.yaml': 'dor: {status: needs_work, score: 7}\n',
      'dor-report.md': '## Gate Verdict\n- Status: pass\n- Score: 8/10\n',
    });
    world.prepared('c', { 'dor-report.md': '## Gate Verdict\n- Status: pass\n- Score: 8/10\n' });
    world.prepared('d', { 'state.yaml': 'build: started\n' });
    world.prepared('p');
    world.prepared('q', {
      'state.yaml': 'dor: {status: pass, score: 8}\n',
      'dor-report.md': '## Gate Verdict\n- **Status:** `pass`\n- **Score:** `8/10`\n',
    });
    expect(await found(world)).toEqual([
      'warn no_verdict p',
      'fail plan_lacks_gate q',
      'fail plan_lacks_gate q',
      'fail verdict_contradicts a',
      'fail no_verdict a',
      'fail verdict_contradicts b',
      'fail verdict_differs b',
      'fail verdict_differs c',
      'fail no_verdict d',
    ]);
  });

  test('finds missing papers; a follow-up of telec needs two of them, what is delivered none', async () => {
    const world = paperWorld({
      'todos/delivered.yaml': '- slug: old\n',
      'todos/old/input.md': '',
      'todos/a/input.md': '',
      'todos/f/state.yaml': 'follow_up: {slug: x, branch: b, sha: s, blocked_at: t}\n',
      'todos/f/requirements.md': '',
    });
    expect(await found(world)).toEqual([
      ...PAPERS.map(() => 'fail missing_paper a'),
      'fail missing_paper f',
      'warn delivered_folder old',
    ]);
    expect(await found(world, 'old')).toEqual(['warn delivered_folder old']);
    await expect(world.papers().validate('x', false)).rejects.toMatchObject({ code: 'NOT_FOUND', exit: 1 });
  });

  test.each<[string, (world: PaperWorld) => void, string]>([
    ['a roadmap with a merge marker', (w) => w.write(ROADMAP, '<<<<<<< a\n- slug: a\n'), 'fail unreadable -'],
    ['a roadmap that is no list', (w) => w.write(ROADMAP, 'slug: a\n'), 'fail unreadable -'],
    [
      'a roadmap of bytes',
      (w) => writeFileSync(`${w.dir}/${ROADMAP}`, Buffer.from([0, 255, 254, 1, 2])),
      'fail unreadable -',
    ],
    [
      'delivered with a bomb of aliases',
      (w) => w.write('todos/delivered.yaml', 'a: &a [1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b]\n'),
      'fail unreadable -',
    ],
    ['an icebox that is broken', (w) => w.write('todos/icebox.yaml', '- {'), 'fail unreadable -'],
    ['a link as roadmap', (w) => symlinkSync('/etc/passwd', `${w.dir}/${ROADMAP}`), 'fail unreadable -'],
    ['a link as icebox', (w) => symlinkSync('/etc/passwd', `${w.dir}/todos/icebox.yaml`), 'fail unreadable -'],
    ['a link as folder', (w) => symlinkSync('/etc', `${w.dir}/todos/z`), 'fail unreadable -'],
    ['a link as paper', (w) => symlinkSync('/etc/passwd', `${w.dir}/todos/x/dor-report.md`), 'fail unreadable_state x'],
    ['a link as state', (w) => symlinkSync('/etc/passwd', `${w.dir}/todos/x/state.yaml`), 'fail unreadable_state x'],
    ['a broken state', (w) => w.write('todos/x/state.yaml', 'build: [\n'), 'fail unreadable_state x'],
    [
      'a state that says nonsense',
      (w) => w.write('todos/x/state.yaml', 'build: nonsense\n'),
      'fail unreadable_state x',
    ],
    ['a folder as plan', (w) => mkdirSync(`${w.dir}/todos/x/implementation-plan.md`), 'fail unreadable x'],
    [
      'a plan without an end',
      (w) => writeFileSync(`${w.dir}/todos/x/implementation-plan.md`, 'x'.repeat(5 * 1024 * 1024)),
      'fail unreadable x',
    ],
  ])('names %s, and judges all the rest', async (_what, make, expected) => {
    const world = paperWorld({ 'todos/x/input.md': '', 'todos/good/requirements.md': '' });
    make(world);
    const rows = await found(world);
    expect(rows).toContain(expected);
    expect(rows.filter((row) => row === 'fail missing_paper good')).toHaveLength(3);
  });
});

describe('S0-4.1a demos', () => {
  const demo = (...blocks: string[]) =>
    `# Demo: Log in\n\n## Validation\n\n${blocks.map((code) => `\`\`\`bash\n${code}\n\`\`\`\n`).join('\n')}`;
  const limits = { timeoutMs: 20_000, signal: new AbortController().signal };

  async function run(world: PaperWorld, more: Partial<typeof limits> = {}) {
    const beats: DemoBeat[] = [];
    const view = await world.papers().runDemo('a', { ...limits, ...more }, (beat) => beats.push(beat));
    return { view, told: beats.flatMap((beat) => (beat.kind === 'output' ? [beat.text] : [])), beats };
  }

  test('run block by block in the work tree, each shown, and stop at the first that fails', async () => {
    const world = paperWorld({
      'todos/a/demo.md': demo('pwd; echo "$TELEC_SESSION_ID" >&2', 'false\necho not', 'echo never'),
    });
    const { view, told, beats } = await run(world);
    expect(view).toMatchObject({ slug: 'a', path: 'todos/a/demo.md', ok: false });
    expect(view.blocks.map(({ line, outcome, status }) => [line, outcome, status])).toEqual([
      [5, 'passed', 0],
      [9, 'failed', 1],
      [14, 'left', null],
    ]);
    expect(told.sort()).toEqual([world.dir, 'drafter'].sort());
    expect(beats[0]).toMatchObject({ kind: 'block', at: 1, of: 3, code: 'pwd; echo "$TELEC_SESSION_ID" >&2' });
  });

  test('pass over what says why, and fail when a pipe does', async () => {
    const world = paperWorld({
      'todos/a/demo.md': `${demo('echo a')}\n<!-- skip-validation: no net -->\n${demo('false | true').split('\n\n').slice(2).join('\n\n')}`,
    });
    const text = `# A\n## Validation\n<!-- skip-validation: no net -->\n\`\`\`bash\nexit 1\n\`\`\`\n\`\`\`sh\nfalse | true\n\`\`\`\n`;
    world.write('todos/a/demo.md', text);
    const { view } = await run(world);
    expect(view.blocks).toMatchObject([
      { outcome: 'skipped', reason: 'no net' },
      { outcome: 'failed', status: 1 },
    ]);
  });

  test('end with all they started, when they take too long or are interrupted', async () => {
    const world = paperWorld({ 'todos/a/demo.md': demo('sleep 1000 & echo $! ; wait') });
    const slow = await run(world, { timeoutMs: 300 });
    expect(slow.view).toMatchObject({ ok: false, blocks: [{ outcome: 'timeout', status: null }] });
    expect(isAlive(Number(slow.told[0]))).toBe(false);
    const stop = new AbortController();
    const beats: DemoBeat[] = [];
    const view = await world.papers().runDemo('a', { timeoutMs: 20_000, signal: stop.signal }, (beat) => {
      beats.push(beat);
      if (beat.kind === 'output') stop.abort();
    });
    expect(view.blocks).toMatchObject([{ outcome: 'interrupted' }]);
  });

  test('end what they leave behind in their group', async () => {
    const world = paperWorld({ 'todos/a/demo.md': demo('sleep 1000 >/dev/null 2>&1 & echo $!') });
    const { view, told } = await run(world);
    expect(view.ok).toBe(true);
    await expect.poll(() => isAlive(Number(told[0]))).toBe(false);
  });

  test('are told only so far when they never stop writing', async () => {
    const world = paperWorld({
      'todos/a/demo.md': demo('head -c 3000000 /dev/zero | tr "\\0" x | fold -w 99; echo; echo end'),
    });
    const { view, told } = await run(world);
    expect(view.ok).toBe(true);
    expect(told.at(-1)).toBe('… more output is not shown');
    expect(told.join('\n').length).toBeLessThan(1_100_000);
    expect(view.blocks[0]?.output.endsWith('\nend\n')).toBe(true);
  });

  test('are not run from a link, and not when anything is wrong with them', async () => {
    const world = paperWorld({ 'elsewhere.md': demo('touch ran'), 'todos/a/input.md': '' });
    symlinkSync(`${world.dir}/elsewhere.md`, `${world.dir}/todos/a/demo.md`);
    await expect(run(world)).rejects.toMatchObject({ code: 'UNSAFE_PATH', exit: 2 });
    expect((await world.papers().demos()).map(({ slug, problems }) => [slug, problems.length])).toEqual([['a', 1]]);
    const other = paperWorld({ 'todos/a/demo.md': demo('touch ran').replace(/```\n$/, '') });
    await expect(run(other)).rejects.toMatchObject({
      code: 'DEMO_INVALID',
      exit: 1,
      problems: [{ path: 'todos/a/demo.md line 5', message: 'the block is never closed' }],
    });
    expect([world.read('ran'), other.read('ran')]).toEqual([null, null]);
    await expect(other.papers().runDemo('nope', limits, () => undefined)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('are found with the todo first, and outlive it', async () => {
    const world = paperWorld({
      'todos/a/demo.md': demo('echo a'),
      'demos/a/demo.md': '',
      'demos/b/demo.md': demo('b'),
      'demos/c/snapshot.json': '{}',
      'todos/d/input.md': '',
    });
    const rows = await world.papers().demos();
    expect(
      rows.map(({ slug, path, blocks, snapshot, problems }) => [slug, path, blocks, snapshot, problems.length]),
    ).toEqual([
      ['a', 'todos/a/demo.md', 1, false, 0],
      ['b', 'demos/b/demo.md', 1, false, 0],
      ['c', null, 0, true, 0],
    ]);
    expect(await world.papers().demo('d')).toMatchObject({
      ok: false,
      path: null,
      problems: [{ message: 'there is no demo.md' }],
    });
    await expect(world.papers().demo('x')).rejects.toMatchObject({ code: 'NOT_FOUND', exit: 1 });
  });

  test('are begun with what there is, and never overwritten', async () => {
    const world = paperWorld({
      'todos/a/demo.md': demo('echo a'),
      'package.json': '{"version": "1.2.3"}',
      'todos/b/input.md': '',
    });
    expect(await world.papers().createDemo('a')).toEqual({
      slug: 'a',
      written: ['demos/a/demo.md', 'demos/a/snapshot.json'],
      kept: [],
    });
    expect(world.read('demos/a/demo.md')).toBe(demo('echo a'));
    expect(JSON.parse(world.read('demos/a/snapshot.json') ?? '')).toEqual({
      slug: 'a',
      title: 'Log in',
      version: '1.2.3',
    });
    expect(await world.papers().createDemo('a')).toMatchObject({
      written: [],
      kept: ['demos/a/demo.md', 'demos/a/snapshot.json'],
    });
    await world.papers().createDemo('b');
    expect(await world.papers().demo('b')).toMatchObject({
      ok: false,
      problems: [{ message: 'is the unchanged template' }],
    });
    await expect(world.papers().createDemo('c')).rejects.toMatchObject({ code: 'NOT_FOUND', exit: 1 });
  });
});

/** What ended and was not yet asked how is no longer alive. */
function isAlive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z');
}
