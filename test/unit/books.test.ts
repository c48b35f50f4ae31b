/** What the books of one delivery say, file by file, on a repository in memory; and who may write such files at all. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type Delivery, entriesOf } from '../../src/actors/session/book-entries.ts';
import { plainFile } from '../support/twins/commits.ts';
import { directGitPort, openTwinGit } from '../support/twins/git.ts';
import { MAIN_REF, TwinRemote } from '../support/twins/remote.ts';

type Texts = Record<string, string>;

/** The files after the books of `slug`, merged with `brought` into `base`; or the problems. */
async function kept(base: Texts, brought: Texts, slug: string, more: Partial<Delivery> = {}) {
  const remote = new TwinRemote();
  const filesOf = (texts: Texts) => new Map(Object.entries(texts).map(([path, text]) => [path, plainFile(text)]));
  const first = remote.commit({ parents: [], files: filesOf(base), message: 'base' });
  const merge = remote.commit({ parents: [first], files: filesOf({ ...base, ...brought }), message: 'merge' });
  remote.setRef(MAIN_REF, merge);
  const git = openTwinGit({ remote, port: directGitPort });
  await git.fetch([]);
  const delivery = {
    slug,
    base: first,
    mergeCommit: merge,
    date: '2026-02-03',
    closes: [],
    removesTodo: true,
    ...more,
  };
  const entries = await entriesOf(git, delivery);
  if (entries.kind === 'broken') return { problems: entries.problems, isOnBase: entries.isOnBase };
  const files: Texts = { ...base, ...brought };
  for (const { path, content } of [...entries.bookkeeping, ...entries.cleanup]) {
    if (content !== null) files[path] = Buffer.from(content).toString();
    else for (const known of Object.keys(files)) if (`${known}/`.startsWith(`${path}/`)) delete files[known];
  }
  expect(await entriesOf(git, delivery)).toEqual(entries);
  return { files, commits: [entries.bookkeeping, entries.cleanup].map((changes) => changes.map(({ path }) => path)) };
}

const ROADMAP = '# plan\n- slug: a\n- slug: b # two\n  after: [a]\n';
const ENTERED = (slug: string) => expect.stringContaining(`- slug: ${slug}\n  date: 2026-02-03\n`);

describe('the books of a delivery', () => {
  test('keep the papers of the work item where the configuration says so', async () => {
    const base = { 'todos/roadmap.yaml': ROADMAP, 'todos/a/x.md': 'x' };
    const { files, commits } = await kept(base, { n: '1' }, 'a', { removesTodo: false });
    expect(files).toEqual({
      n: '1',
      'todos/a/x.md': 'x',
      'todos/roadmap.yaml': '# plan\n- slug: b # two\n',
      'todos/delivered.yaml': ENTERED('a'),
    });
    expect(commits).toEqual([['todos/roadmap.yaml', 'todos/delivered.yaml'], []]);
  });

  test('close follow-ups: row, references and papers go, nothing is entered for them', async () => {
    const base = {
      'todos/roadmap.yaml': `${ROADMAP}- slug: a-integration-blocked-1234567\n  after: [b]\n- slug: c\n  after: [a-integration-blocked-1234567]\n`,
      'todos/a-integration-blocked-1234567/state.yaml': 'build: pending\n',
      'todos/b/x.md': 'x',
    };
    const closes = ['a-integration-blocked-1234567', 'never-there'];
    const one = await kept(base, { n: '1' }, 'a', { closes });
    expect(one.files).toEqual({
      n: '1',
      'todos/b/x.md': 'x',
      'todos/roadmap.yaml': '# plan\n- slug: b # two\n- slug: c\n',
      'todos/delivered.yaml': ENTERED('a'),
    });
    expect(one.files?.['todos/delivered.yaml']).not.toContain('blocked');
    // A slug that nobody planned closes them too, and is entered nowhere.
    const other = await kept(base, { n: '1' }, 'unplanned', { closes });
    expect(other.files).toEqual({
      ...base,
      n: '1',
      'todos/roadmap.yaml': `${ROADMAP}- slug: c\n`,
      'todos/a-integration-blocked-1234567/state.yaml': undefined,
    });
  });

  test('enter containers of containers, and none of which a child is missing', async () => {
    const base = {
      'todos/roadmap.yaml': '- slug: top\n- slug: mid\n  group: top\n- slug: leaf\n  group: mid\n- slug: other\n',
      'todos/other/state.yaml': 'breakdown: {assessed: true, todos: [leaf, missing]}\n',
      'todos/top/state.yaml': 'breakdown: {assessed: true, todos: [early, mid]}\n',
      'todos/delivered.yaml': '- slug: early\n',
    };
    const { files } = await kept(base, {}, 'leaf');
    expect(files).toEqual({
      'todos/roadmap.yaml': '- slug: other\n',
      'todos/other/state.yaml': base['todos/other/state.yaml'],
      'todos/delivered.yaml': expect.stringMatching(
        /^- slug: top\n.*\n.*\n {2}children: \[early, mid\]\n- slug: mid\n.*\n.*\n {2}children: \[leaf\]\n- slug: leaf\n.*\n.*\n- slug: early\n$/,
      ),
    });
  });

  test('S3-3.3e keep a demo that stands under demos already, and what its author wrote in its snapshot', async () => {
    const snapshot = '{"title": "Mine", "metrics": {"review_rounds": 7}, "acts": {"build": "so"}}';
    const base = {
      'todos/roadmap.yaml': ROADMAP,
      'demos/a/demo.md': 'no heading\n',
      'demos/a/snapshot.json': snapshot,
    };
    const { files } = await kept(base, { 'Cargo.toml': '[package]\nname = "x"\nversion = "0.3.0"\n' }, 'a');
    const { commit, ...said } = JSON.parse(files?.['demos/a/snapshot.json'] ?? '');
    expect(said).toEqual({
      slug: 'a',
      title: 'Mine',
      version: '0.3.0',
      metrics: { review_rounds: 7 },
      acts: { build: 'so' },
      delivered: '2026-02-03',
    });
    expect(commit).toMatch(/^[0-9a-f]{12}$/);
    expect(files?.['demos/a/demo.md']).toBe('no heading\n');
    expect((await kept({ 'todos/roadmap.yaml': ROADMAP }, {}, 'a')).files).not.toHaveProperty([
      'demos/a/snapshot.json',
    ]);
  });

  test('F30 are kept for a branch that took its own row and papers out before its merge', async () => {
    const base = { 'todos/roadmap.yaml': ROADMAP };
    const { files } = await kept(base, { 'todos/roadmap.yaml': '# plan\n- slug: b\n' }, 'a');
    expect(files).toEqual({ 'todos/roadmap.yaml': '# plan\n- slug: b\n', 'todos/delivered.yaml': ENTERED('a') });
  });

  test('F30 leave a delivered slug alone that is planned anew, with its papers', async () => {
    const base = { 'todos/roadmap.yaml': ROADMAP, 'todos/delivered.yaml': '- slug: old\n- slug: again\n' };
    const roadmap = `${ROADMAP}- slug: old\n- slug: again\n`;
    const { files } = await kept(base, { 'todos/roadmap.yaml': roadmap, 'todos/again/x.md': 'x' }, 'a');
    expect(files?.['todos/roadmap.yaml']).toBe('# plan\n- slug: b # two\n- slug: again\n');
  });

  test('F13 a file with an anchor, an alias or without UTF-8 is edited rightly or told, never spoiled', async () => {
    const roadmap = '# plan\n- &a\n  slug: a\n  x: 1\n- slug: b\n  same: *a\n';
    const { files } = await kept({ 'todos/roadmap.yaml': roadmap }, {}, 'a');
    expect(files?.['todos/roadmap.yaml']).toMatch(/^# plan\n\n?- slug: b\n {2}same:\n {4}slug: a\n {4}x: 1\n$/);
    const bomb = `- &a [x, x]\n${Array.from({ length: 9 }, (_, i) => `- &${'bcdefghij'[i]} [*${'abcdefghi'[i]}, *${'abcdefghi'[i]}]\n`).join('')}`;
    expect(await kept({ 'todos/roadmap.yaml': bomb }, {}, 'a')).toMatchObject({
      isOnBase: true,
      problems: [{ path: 'todos/roadmap.yaml' }],
    });
  });

  test('need nothing of a file that is broken on main already and not theirs; a merge that breaks one is told', async () => {
    const base = { 'todos/roadmap.yaml': ROADMAP, 'todos/delivered.yaml': 'a: [\n' };
    expect((await kept(base, { n: '1' }, 'unplanned')).files).toEqual({ ...base, n: '1' });
    expect(await kept(base, { n: '1' }, 'a')).toMatchObject({ isOnBase: true });
    expect(await kept({ 'todos/roadmap.yaml': ROADMAP }, { 'todos/icebox.yaml': 'x: 1\n' }, 'unplanned')).toEqual({
      isOnBase: false,
      problems: [{ path: 'todos/icebox.yaml', message: 'is no list' }],
    });
  });
});

describe('who writes', () => {
  const root = fileURLToPath(new URL('../../src', import.meta.url));
  const sources = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path: path.slice(root.length + 1), text: readFileSync(path, 'utf8') }));
  const having = (pattern: RegExp) => sources.filter(({ text }) => pattern.test(text)).map(({ path }) => path);

  test('S3-5.3a S3-5.3b S3-5.3c S3-7d S4-Sc9 S4-FR8.1 nothing copies todo files between worktrees and main, under any name', () => {
    expect(sources.length).toBeGreaterThan(100);
    expect(having(/sync_?(slug_?)?todo/i)).toEqual([]);
    // The index of a work tree that checks run in: it holds no file of anybody's work.
    expect(having(/\bcopyFile(Sync)?\b|\bcpSync\b|\bfs\.cp\b/)).toEqual(['io/git/exact.ts']);
    // Work trees are read and written in one place, commits for main made in another, and no module knows both.
    const inWorkTrees = having(/work-files\.ts'/);
    const onMain = having(/\bcommitChanges\(/);
    expect(inWorkTrees.filter((path) => onMain.includes(path) || path.startsWith('actors/session/'))).toEqual([]);
  });

  test('S3-4.1c S3-3.3d commits of books, clean-up of branches and pushes of main are made by the session alone', () => {
    const outside = (paths: string[]) => paths.filter((path) => !/^(actors\/session|io\/git)\//.test(path));
    expect(outside(having(/\bcommitChanges\(/))).toEqual([]);
    expect(outside(having(/\.deleteBranch\(/))).toEqual([]);
    expect(outside(having(/\bgit\.push\(/))).toEqual([]);
    expect(having(/\bcommitChanges\(/)).toContain('actors/session/books.ts');
  });
});
