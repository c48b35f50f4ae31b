/** The roadmap desk: what may be planned, what may wait for what, and what a delivery by hand books. */
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cyclesIn } from '../../src/actors/todos/dependencies.ts';
import type { RoadmapAddition } from '../../src/actors/todos/roadmap-desk.ts';
import { lockFile } from '../../src/io/lock.ts';
import { readDelivered } from '../../src/io/todos/delivered.ts';
import { readRoadmap } from '../../src/io/todos/roadmap.ts';
import { git } from '../support/git-repo.ts';
import { type PaperWorld, paperWorld } from '../support/paper-world.ts';

const ROADMAP = 'todos/roadmap.yaml';
const slugs = (world: PaperWorld) => readRoadmap(world.read(ROADMAP)).rows.map(({ slug }) => slug);
const waits = (world: PaperWorld) =>
  Object.fromEntries(readRoadmap(world.read(ROADMAP)).rows.map((row) => [row.slug, row.after]));
const PLAIN: RoadmapAddition = { group: null, after: [], before: null, description: null };

describe('waiting', () => {
  const plan = '- slug: a\n- slug: b\n  after: [a]\n- slug: c\n  after: [b]\n- slug: p\n- slug: q\n  group: p\n';

  test('is replaced as a whole, and cleared by none', async () => {
    const world = paperWorld({ [ROADMAP]: plan });
    expect(await world.papers().setDeps('c', ['a', 'b', 'a'])).toMatchObject({ changed: true, files: [ROADMAP] });
    expect(waits(world)).toMatchObject({ b: ['a'], c: ['a', 'b'] });
    expect(await world.papers().setDeps('c', ['b', 'a'])).toMatchObject({ changed: false, files: [] });
    await world.roadmap().deps('c', []);
    expect(waits(world)).toMatchObject({ b: ['a'], c: [] });
  });

  test.each<[string, string, string[], { path: string; message: string }[]]>([
    [
      'unknown slugs, all at once',
      'c',
      ['x', 'a', 'y'],
      [
        { path: 'x', message: 'is neither a work item nor delivered' },
        { path: 'y', message: 'is neither a work item nor delivered' },
      ],
    ],
    ['a ring, printed', 'a', ['c'], [{ path: 'c', message: 'closes a ring: a -> c -> b -> a' }]],
    ['itself', 'a', ['a'], [{ path: 'a', message: 'cannot wait for itself: a -> a' }]],
    [
      'its own container',
      'q',
      ['p'],
      [{ path: 'p', message: 'is the container of q, which is delivered only after q' }],
    ],
  ])('is refused for %s, and nothing is written', async (_what, slug, wanted, problems) => {
    const world = paperWorld({ [ROADMAP]: plan });
    await expect(world.papers().setDeps(slug, wanted)).rejects.toMatchObject({
      code: 'WAITING_REFUSED',
      exit: 1,
      problems,
    });
    expect(world.read(ROADMAP)).toBe(plan);
  });

  test('is refused for a ring that goes through a container', async () => {
    const world = paperWorld({ [ROADMAP]: '- slug: p\n- slug: q\n  group: p\n- slug: x\n  after: [p]\n' });
    await expect(world.papers().setDeps('q', ['x'])).rejects.toMatchObject({
      problems: [{ path: 'x', message: expect.stringMatching(/^closes a ring: .*->/) }],
    });
    await expect(world.roadmap().add('r', { ...PLAIN, group: 'p', after: ['x'] })).rejects.toMatchObject({
      code: 'WAITING_REFUSED',
    });
  });

  test('is fine for what is delivered, and for another container', async () => {
    const world = paperWorld({
      [ROADMAP]: `${plan}- slug: r\n  group: s\n- slug: s\n`,
      'todos/delivered.yaml': '- slug: old\n',
    });
    expect(await world.papers().setDeps('q', ['old', 's'])).toMatchObject({ changed: true });
  });

  test('in old rings can be mended one by one', async () => {
    const world = paperWorld({ [ROADMAP]: '- slug: a\n  after: [b]\n- slug: b\n  after: [a]\n- slug: c\n' });
    await world.papers().setDeps('c', ['a']);
    await world.papers().setDeps('b', []);
    expect(waits(world)).toEqual({ a: ['b'], b: [], c: ['a'] });
  });

  test('tells every ring there is', () => {
    const row = (slug: string, ...others: string[]) => ({ slug, group: null, after: others, description: null });
    const rows = [row('a', 'b'), row('b', 'a'), row('c', 'd'), row('d', 'e'), row('e', 'c'), row('f', 'a')];
    expect(cyclesIn(rows)).toEqual([
      ['a', 'b', 'a'],
      ['c', 'd', 'e', 'c'],
    ]);
  });

  test('needs a row on the roadmap and slugs that are some', async () => {
    const world = paperWorld({ [ROADMAP]: plan, 'todos/loose/input.md': 'x' });
    await expect(world.papers().setDeps('loose', ['a'])).rejects.toMatchObject({ code: 'NOT_PLANNED', exit: 1 });
    await expect(world.papers().setDeps('a', ['--x'])).rejects.toMatchObject({ code: 'INVALID_SLUG', exit: 2 });
  });
});

describe('planning', () => {
  test('adds to the end or before another, in a roadmap that need not be there', async () => {
    const world = paperWorld();
    const desk = world.roadmap();
    expect(await desk.add('a', PLAIN)).toMatchObject({
      changed: true,
      notes: ['a is on the roadmap', 'it has no papers yet: telec todo draft a'],
    });
    await desk.add('b', { ...PLAIN, before: 'a', description: 'two\nlines: "x"' });
    await desk.add('c', { ...PLAIN, group: 'a', after: ['b'] });
    expect(readRoadmap(world.read(ROADMAP)).rows).toEqual([
      { slug: 'b', group: null, after: [], description: 'two lines: "x"' },
      { slug: 'a', group: null, after: [], description: null },
      { slug: 'c', group: 'a', after: ['b'], description: null },
    ]);
  });

  test.each<[string, string, Partial<RoadmapAddition>, string]>([
    ['what is there', 'a', {}, 'PLANNED'],
    ['what is delivered', 'old', {}, 'DELIVERED'],
    ['what rests', 'cold', {}, 'FROZEN'],
    ['what waits for nobody knows whom', 'n', { after: ['x'] }, 'WAITING_REFUSED'],
    ['what belongs to nobody knows whom', 'n', { group: 'x' }, 'WAITING_REFUSED'],
    ['what belongs to itself', 'n', { group: 'n' }, 'WAITING_REFUSED'],
    ['what waits for its container', 'n', { group: 'a', after: ['a'] }, 'WAITING_REFUSED'],
    ['what goes before nothing', 'n', { before: 'x' }, 'WAITING_REFUSED'],
  ])('refuses %s', async (_what, slug, more, code) => {
    const world = paperWorld({
      [ROADMAP]: '- slug: a\n',
      'todos/delivered.yaml': '- slug: old\n',
      'todos/icebox.yaml': '- slug: cold\n',
    });
    await expect(world.roadmap().add(slug, { ...PLAIN, ...more })).rejects.toMatchObject({ code, exit: 1 });
    expect(world.read(ROADMAP)).toBe('- slug: a\n');
  });

  test('loses none of what several commands write at once: one waits for the other', async () => {
    const world = paperWorld({ [ROADMAP]: '- slug: a\n' });
    const lock = lockFile(join(world.dir, '.git/telec-papers.lock'));
    const adding = world.roadmap().add('mine', PLAIN);
    // Long enough for all that does not wait.
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
    world.write(ROADMAP, '- slug: a\n- slug: theirs\n');
    lock?.release();
    await adding;
    expect(slugs(world)).toEqual(['a', 'theirs', 'mine']);
  });

  test('moves before and behind, never next to itself', async () => {
    const world = paperWorld({ [ROADMAP]: '- slug: a\n- slug: b\n- slug: c\n' });
    await world.roadmap().move('c', { before: 'a' });
    expect(slugs(world)).toEqual(['c', 'a', 'b']);
    await world.roadmap().move('c', { after: 'b' });
    expect(slugs(world)).toEqual(['a', 'b', 'c']);
    await expect(world.roadmap().move('a', { after: 'a' })).rejects.toMatchObject({ code: 'USAGE', exit: 2 });
    await expect(world.roadmap().move('a', { after: 'x' })).rejects.toMatchObject({ code: 'NOT_PLANNED', exit: 1 });
  });

  test('removes only what nobody needs, unless forced; folders stay', async () => {
    const world = paperWorld({
      [ROADMAP]: '- slug: a\n- slug: b\n  after: [a]\n- slug: c\n  group: a\n',
      'todos/icebox.yaml': '- slug: d\n  after: [a]\n',
      'todos/a/input.md': 'x',
    });
    await expect(world.roadmap().remove('a', false)).rejects.toMatchObject({
      code: 'STILL_NEEDED',
      exit: 1,
      problems: [
        { path: 'b', message: 'waits for it' },
        { path: 'c', message: 'belongs to it' },
        { path: 'd', message: 'waits for it' },
      ],
    });
    expect(await world.roadmap().remove('a', true)).toMatchObject({
      files: [ROADMAP, 'todos/icebox.yaml'],
      notes: [
        'a is off the roadmap',
        'b waits for it no more',
        'c belongs to it still',
        'd waits for it no more',
        'its folder todos/a stays',
      ],
    });
    expect(waits(world)).toEqual({ b: [], c: [] });
    expect(world.read('todos/a/input.md')).toBe('x');
    await expect(world.roadmap().remove('a', true)).rejects.toMatchObject({ code: 'NOT_PLANNED' });
  });

  test('lets a work item rest with all its fields, and wakes it', async () => {
    const row = '- slug: b\n  after: [a]\n  owner: ann # who\n';
    const world = paperWorld({ [ROADMAP]: `# plan\n\n- slug: a\n${row}- slug: c\n` });
    expect(await world.roadmap().freeze('b')).toMatchObject({ files: [ROADMAP, 'todos/icebox.yaml'] });
    expect(slugs(world)).toEqual(['a', 'c']);
    expect(world.read('todos/icebox.yaml')).toContain('slug: b');
    expect(world.read('todos/icebox.yaml')).toContain('owner: ann # who');
    expect(await world.roadmap().freeze('b')).toMatchObject({ changed: false });
    await world.roadmap().unfreeze('b');
    expect(slugs(world)).toEqual(['a', 'c', 'b']);
    expect(waits(world)['b']).toEqual(['a']);
    expect(world.read(ROADMAP)).toContain('owner: ann # who');
    expect(world.read(ROADMAP)).toContain('# plan');
    expect(readRoadmap(world.read('todos/icebox.yaml')).rows).toEqual([]);
    await expect(world.roadmap().unfreeze('b')).rejects.toMatchObject({ code: 'NOT_FOUND', exit: 1 });
    await expect(world.roadmap().freeze('a')).rejects.toMatchObject({ code: 'STILL_NEEDED', exit: 1 });
    await expect(world.roadmap().freeze('x')).rejects.toMatchObject({ code: 'NOT_PLANNED', exit: 1 });
  });

  test.each([ROADMAP, 'todos/delivered.yaml', 'todos/icebox.yaml'])(
    'writes nothing while %s cannot be read',
    async (path) => {
      const broken = '<<<<<<< ours\n- slug: a\n=======\n';
      const world = paperWorld({ [ROADMAP]: '- slug: a\n', [path]: broken });
      for (const change of [
        () => world.roadmap().add('n', PLAIN),
        () => world.roadmap().deliver('a', null),
        () => world.roadmap().freeze('a'),
        () => world.roadmap().remove('a', true),
      ])
        await expect(change()).rejects.toMatchObject({ code: 'UNREADABLE', exit: 1 });
      expect(world.read(path)).toBe(broken);
    },
  );

  test('goes on beside a folder that is a link', async () => {
    const world = paperWorld({ [ROADMAP]: '- slug: a\n' });
    symlinkSync('/etc', `${world.dir}/todos/z`);
    await world.roadmap().add('n', PLAIN);
    await world.papers().draft('n');
    expect((await world.roadmap().list({ icebox: true, delivered: true })).map(({ slug }) => slug)).toEqual(['a', 'n']);
    await expect(
      world
        .roadmap()
        .add('z', PLAIN)
        .then(() => world.papers().draft(null)),
    ).rejects.toMatchObject({
      code: 'UNSAFE_PATH',
      exit: 2,
    });
    expect(world.read('todos/a')).toBeNull();
  });

  test('follows no link out of the work tree', async () => {
    const world = paperWorld({ 'elsewhere.yaml': '- slug: a\n', 'todos/a/input.md': '' });
    symlinkSync(`${world.dir}/elsewhere.yaml`, `${world.dir}/${ROADMAP}`);
    await expect(world.roadmap().add('n', PLAIN)).rejects.toMatchObject({ code: 'UNSAFE_PATH', exit: 2 });
    expect(world.read('elsewhere.yaml')).toBe('- slug: a\n');
  });
});

describe('a delivery by hand', () => {
  test('leaves the roadmap and every after, stands first in what is delivered, and takes complete containers along', async () => {
    const world = paperWorld({
      [ROADMAP]: '- slug: p\n  group: top\n- slug: a\n  group: p\n- slug: b\n  after: [a, p]\n- slug: top\n',
      'todos/delivered.yaml': '- slug: z\n  date: 2026-01-01\n- slug: first\n',
      'todos/p/state.yaml': 'breakdown: {assessed: true, todos: [first, a]}\n',
      'todos/a/input.md': 'x',
    });
    git(world.dir, 'commit', '--quiet', '--allow-empty', '-m', 'x');
    const head = git(world.dir, 'rev-parse', 'HEAD').slice(0, 12);
    const view = await world.roadmap().deliver('a', null);
    expect(view.notes).toEqual([
      'a is delivered',
      'p is delivered with it, as all it holds is',
      'top is delivered with it, as all it holds is',
      'its folder todos/a stays; remove it in that branch',
      'this work tree alone was changed: commit it on a branch and bring it to main like any work',
    ]);
    expect(waits(world)).toEqual({ b: [] });
    const { rows } = readDelivered(world.read('todos/delivered.yaml'));
    expect(rows.map(({ slug, children }) => [slug, children])).toEqual([
      ['top', ['p']],
      ['p', ['first', 'a']],
      ['a', []],
      ['z', []],
      ['first', []],
    ]);
    expect(rows[2]).toMatchObject({ commit: head, date: new Date().toISOString().slice(0, 10) });
    const files = [world.read(ROADMAP), world.read('todos/delivered.yaml')];
    expect(await world.roadmap().deliver('a', null)).toMatchObject({ changed: false, files: [] });
    expect([world.read(ROADMAP), world.read('todos/delivered.yaml')]).toEqual(files);
  });

  test('leaves a container that still holds something open', async () => {
    const world = paperWorld({ [ROADMAP]: '- slug: p\n- slug: a\n  group: p\n- slug: b\n  group: p\n' });
    await world.roadmap().deliver('a', null);
    expect(slugs(world)).toEqual(['p', 'b']);
    const { notes } = await world.roadmap().deliver('b', null);
    expect(notes.slice(0, 2)).toEqual(['b is delivered', 'p is delivered with it, as all it holds is']);
    expect(slugs(world)).toEqual([]);
  });

  test('is of a commit that this clone has, before the first one of none', async () => {
    const world = paperWorld({ [ROADMAP]: '- slug: a\n- slug: b\n- slug: c\n  group: label\n' });
    await world.roadmap().deliver('a', null);
    expect(readDelivered(world.read('todos/delivered.yaml')).rows[0]).toMatchObject({ slug: 'a', commit: null });
    git(world.dir, 'commit', '--quiet', '--allow-empty', '-m', 'x');
    git(world.dir, 'branch', 'cafe');
    for (const commit of ['cafe', '0000000'])
      await expect(world.roadmap().deliver('b', commit)).rejects.toMatchObject({ code: 'NOT_FOUND', exit: 1 });
    for (const commit of ['HEAD', '--all', 'abc', ''])
      await expect(world.roadmap().deliver('b', commit)).rejects.toMatchObject({ code: 'BAD_COMMIT', exit: 2 });
    const head = git(world.dir, 'rev-parse', 'HEAD');
    await world.roadmap().deliver('b', head.slice(0, 7));
    await world.roadmap().deliver('c', head);
    expect(readDelivered(world.read('todos/delivered.yaml')).rows.map(({ slug, commit }) => [slug, commit])).toEqual([
      ['c', head.slice(0, 12)],
      ['b', head.slice(0, 12)],
      ['a', null],
    ]);
    await expect(world.roadmap().deliver('x', null)).rejects.toMatchObject({ code: 'NOT_FOUND', exit: 1 });
  });
});

test('the list shows how far each work item is, with what rests and what is delivered when asked', async () => {
  const world = paperWorld({
    [ROADMAP]: '- slug: p\n- slug: a\n  group: p\n  after: [old, b]\n- slug: b\n  description: d\n',
    'todos/delivered.yaml': '- slug: old\n  date: 2026-01-01\n  commit: abcdefabcdef\n',
    'todos/icebox.yaml': '- slug: cold\n',
    'todos/a/state.yaml': 'build: complete\nreview: approved\ndor: {status: pass, score: 9}\n',
    'todos/b/state.yaml': 'build: started\n',
  });
  const short = await world.roadmap().list({ icebox: false, delivered: false });
  expect(short.map(({ slug, state, waiting_for, dor, group }) => [slug, state, waiting_for, dor, group])).toEqual([
    ['p', 'container', [], null, null],
    ['a', 'approved', ['b'], { status: 'pass', score: 9 }, 'p'],
    ['b', 'building', [], null, null],
  ]);
  const long = await world.roadmap().list({ icebox: true, delivered: true });
  expect(long.slice(3).map(({ slug, where, date, commit }) => [slug, where, date, commit])).toEqual([
    ['cold', 'icebox', null, null],
    ['old', 'delivered', '2026-01-01', 'abcdefabcdef'],
  ]);
});
