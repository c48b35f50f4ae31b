/** Edits of roadmap and delivered list, case by case: what a person would see in the difference. */
import { expect, test } from 'vitest';
import { readDelivered, withDelivered } from '../../src/io/todos/delivered.ts';
import { withDemoFacts } from '../../src/io/todos/demo-snapshot.ts';
import { versionIn } from '../../src/io/todos/manifest.ts';
import { readRoadmap, withAfter, withMoved, withoutSlug, withoutSlugs, withRow } from '../../src/io/todos/roadmap.ts';

const PLAN = `# The plan.

- slug: a
  description: >-
    long
    folded text
# about b
- slug: "b"   # same line
  after: [a, c]

- {slug: c, after: [a]}
- description: no slug
- slug: e
  after:
    - a   # why
    - d
  # note on e
- slug: f
  after: a
`;
const added = (slug: string) => ({ slug, date: '2026-01-02', commit: '123456789012', children: ['q'] });

test('S3-3.3d the first row goes and the header stays, references in every spelling go, comments stay', () => {
  expect(withoutSlug(PLAN, 'a')).toBe(`# The plan.

# about b
- slug: "b"   # same line
  after: [c]

- {slug: c}
- description: no slug
- slug: e
  after:
    - d
  # note on e
- slug: f
`);
});

test('rows apart by blank lines stay apart by one', () => {
  const open = '# h\n- slug: a\n\n- slug: b\n\n- slug: c\n\n- slug: b\n';
  expect(withoutSlugs(open, ['b'])).toBe('# h\n- slug: a\n\n- slug: c\n');
  expect(withRow(open, { slug: 'z', group: null, after: [], description: null }, { after: 'a' })).toBe(
    '# h\n- slug: a\n\n- slug: z\n\n- slug: b\n\n- slug: c\n\n- slug: b\n',
  );
});

test('a row goes to its place, with its comments, and the comments above others stay with them', () => {
  expect(withMoved(PLAN, 'e', { before: 'a' })).toBe(
    PLAN.replace(/- slug: e[\s\S]*note on e\n/, '').replace(
      '- slug: a\n',
      '- slug: e\n  after:\n    - a   # why\n    - d\n  # note on e\n- slug: a\n',
    ),
  );
  expect(withRow(PLAN, { slug: 'z', group: 'g', after: ['a'], description: 'x: y' }, { before: 'b' })).toBe(
    PLAN.replace('# about b', '- slug: z\n  group: g\n  after: [a]\n  description: "x: y"\n# about b'),
  );
  expect(withAfter(PLAN, 'f', ['x', 'y'])).toBe(PLAN.replace('after: a\n', 'after: [x, y]\n'));
});

test.each([
  ['the only row leaves an empty list', '# h\n- slug: a\n', '# h\n[]\n'],
  ['an indented list', 'x\n'.replace('x', '# h\n  - slug: a\n  - slug: b'), '# h\n  - slug: b\n'],
  ['a list in one line', '[{slug: a}, {slug: b, after: [a, c]}] # x\n', '[{slug: b, after: [c]}] # x\n'],
  ['lines that end otherwise', '# h\r\n- slug: a\r\n- slug: b', '# h\r\n- slug: b'],
  ['a byte order mark', '\uFEFF- slug: a\n- slug: b\n', '\uFEFF- slug: b\n'],
  ['dashes in front', '---\n# h\n- slug: a\n- slug: b\n', '---\n# h\n- slug: b\n'],
  ['the same slug twice', '- slug: a\n- slug: b\n- slug: a\n  after: [b]\n', '- slug: b\n'],
  ['nothing to do', '-   {slug:   b}\n', '-   {slug:   b}\n'],
  [
    'an anchor that others use',
    '# h\n- &x\n  slug: a\n- slug: b\n  as: *x\n',
    '# h\n\n- slug: b\n  as:\n    slug: a\n',
  ],
])('a slug is taken out: %s', (_what, before, after) => {
  expect(withoutSlug(before, 'a')).toBe(after);
});

test.each([
  [null, '# What is delivered, the newest first.\n'],
  ['', ''],
  ['# c', '# c\n'],
  ['# c\n[]\n', '# c\n'],
  ['---\n# c\n', '---\n# c\n'],
  ['null\n', ''],
])('the first delivered row goes where none was: %j', (before, head) => {
  const row = '- slug: z\n  date: 2026-01-02\n  commit: "123456789012"\n  children: [q]\n';
  expect(withDelivered(before, added('z'))).toBe(head + row);
});

test('S3-3.3d a row goes before the others, which stay as they are whatever their layout', () => {
  const row = '- slug: z\n  date: 2026-01-02\n  commit: "123456789012"\n  children: [q]\n';
  const open = '---\n# c\n\n- slug: a # x\n  t: |\n    - no row\n\n# about b\n- {slug: b}\n';
  expect(withDelivered(open, added('z'))).toBe(open.replace('- slug: a', `${row}- slug: a`));
  const apart = '# c\r\n- slug: a\r\n\r\n- slug: b\r\n\r\n- slug: c';
  expect(withDelivered(apart, added('z'))).toBe(
    apart.replace('- slug: a', `${row.replaceAll('\n', '\r\n')}\r\n- slug: a`),
  );
  const anchored = '- &x\n  slug: a\n- slug: b\n  as: *x\n';
  expect(withDelivered(anchored, added('z'))).toBe(row + anchored);
  // What was added is known without another look at the whole.
  const twice = withDelivered(withDelivered(open, added('z')), added('y'));
  expect(readDelivered(twice).rows.map(({ slug }) => slug)).toEqual(['y', 'z', 'a', 'b']);
  expect(withDelivered(twice, added('z'))).toBe(twice);
});

test('a list written like JSON is added to in kind', () => {
  const list = '[\n  {"slug": "a"},\n  {"slug": "b"}\n]\n';
  expect(withDelivered(list, added('z'))).toBe(
    '[\n  {slug: z, date: 2026-01-02, commit: "123456789012", children: [q]},\n  {"slug": "a"},\n  {"slug": "b"}\n]\n',
  );
});

test.each([
  ['a merge marker', '# c\n<<<<<<< HEAD\n=======\n>>>>>>> b\n', 'todos/roadmap.yaml line 2'],
  ['a tab', '- slug: a\n\tafter: b\n', 'todos/roadmap.yaml line 2'],
  ['a key twice', '- slug: a\n  slug: b\n', 'todos/roadmap.yaml line 2'],
  ['two documents', '- slug: a\n---\n- slug: b\n', 'todos/roadmap.yaml line 2'],
  ['no list', 'slug: a\n', 'todos/roadmap.yaml'],
])('F13 %s is told with its place, and the text comes back as it is', (_what, text, place) => {
  expect(readRoadmap(text).problems[0]?.path).toBe(place);
  expect(withoutSlug(text, 'a')).toBe(text);
  if (place.includes('line')) expect(withDelivered(text, added('z'))).toBe(text);
  expect(readDelivered(text).problems).toHaveLength(readRoadmap(text).problems.length);
});

test('S3-3.3e a snapshot names a version where somebody wrote one, and no object is written over', () => {
  expect(versionIn('package.json', '{"version": "1.0.0"}')).toBe('1.0.0');
  expect(versionIn('package.json', '{"version": 1')).toBeNull();
  expect(versionIn('pyproject.toml', '[tool.x]\nversion = "0"\n[project]\nname = "p"\nversion = \'2.1\'\n')).toBe(
    '2.1',
  );
  expect(versionIn('Cargo.toml', '[dependencies]\nversion = "9"\n')).toBeNull();
  const facts = { slug: 's', title: 't', version: null, delivered: '2026-01-02', commit: 'c', metrics: {} };
  expect(withDemoFacts('f', '[1]', facts)).toEqual({
    text: '[1]',
    problems: [{ path: 'f', message: 'is no JSON object' }],
  });
  expect(JSON.parse(withDemoFacts('f', ' ', facts).text)).toEqual({
    slug: 's',
    title: 't',
    delivered: '2026-01-02',
    commit: 'c',
  });
});
