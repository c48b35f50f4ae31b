/** The rules of lanes: of which lane a delivery is, who is apart from those before it, who may be let past, and the line then. */
import { describe, expect, test } from 'vitest';
import { coversPath, pathScope } from '../../src/io/path-patterns.ts';
import { candidateKey } from '../../src/machines/identity.ts';
import type { IntegratorContext } from '../../src/machines/integrator-context.ts';
import { isApart, laneOf, movedToFront, overtaker } from '../../src/machines/lanes.ts';
import type { Aside, Entry, Verdict } from '../../src/machines/speculation.ts';

const LANES = [
  { name: 'app', paths: ['app/**', 'shared/app/**'] },
  { name: 'docs', paths: ['docs/**'] },
  { name: 'pages', paths: ['docs/pages/**'] },
];
const of = (...paths: string[]) => laneOf(LANES, (lane, path) => coversPath(pathScope(lane.paths), path), paths);

const taken = (slug: string) => ({ slug, branch: `b/${slug}`, sha: slug, attempt: 1, dequeuedAt: '' });
const entry = (slug: string, verdict: Verdict): Entry => ({
  ...taken(slug),
  base: 'main',
  mergeCommit: slug,
  tip: slug,
  tree: slug,
  skipped: 0,
  verdict,
});
const key = (slug: string) => candidateKey(taken(slug));

function session(chain: Entry[], more: Partial<IntegratorContext> = {}): IntegratorContext {
  const order = chain.map(candidateKey);
  const rest = { worklist: [], train: [], aside: [], stopping: false, clear: null };
  return { ...rest, chain, order, ...more } as unknown as IntegratorContext;
}
const three = () => [entry('one', 'running'), entry('two', 'running'), entry('three', 'running')];

describe('the lane of a delivery', () => {
  test('is the one that covers all it changes, by any of its patterns', () => {
    expect(of('app/a.ts', 'shared/app/b.ts')).toBe('app');
    expect(of('docs/a.md')).toBe('docs');
  });

  test('is none where it changes nothing, something beyond, or what several cover', () => {
    expect(of()).toBeNull();
    expect(of('app/a.ts', 'README.md')).toBeNull();
    expect(of('app/a.ts', 'docs/a.md')).toBeNull();
    expect(of('docs/pages/a.md')).toBeNull();
  });
});

describe('apart from those before it', () => {
  const own = { lane: 'docs', paths: ['docs/a'] };
  test.each([
    [true, 'all are of other lanes', [{ lane: 'app', paths: ['app/a'] }]],
    [false, 'one is of its lane', [{ lane: 'docs', paths: ['docs/b'] }]],
    [false, 'one is of none', [{ lane: null, paths: ['x'] }]],
    [false, 'one has a path of its own', [{ lane: 'app', paths: ['app/a', 'docs/a'] }]],
    [
      false,
      'only the first of them is',
      [
        { lane: 'app', paths: ['app/a'] },
        { lane: null, paths: ['x'] },
      ],
    ],
  ])('%s: %s', (is, _, before) => {
    expect(isApart(own, before)).toBe(is);
  });

  test('nobody without a lane is', () => {
    expect(isApart({ lane: null, paths: ['x'] }, [{ lane: 'app', paths: ['app/a'] }])).toBe(false);
  });
});

describe('who may be let past', () => {
  test('the one that was found clear, with all before it in their order', () => {
    const found = overtaker(session(three(), { clear: 'three' }));
    expect([found?.entry.slug, found?.before.map(({ slug }) => slug)]).toEqual(['three', ['one', 'two']]);
  });

  test.each<[string, Partial<IntegratorContext>]>([
    ['nobody was found clear', {}],
    ['it left the line, or was built again, since', { clear: 'gone' }],
    ['it is the first', { clear: 'one' }],
    [
      'somebody is set aside',
      { clear: 'three', aside: [{ ...taken('zero'), base: 'main', because: 'checks' } as Aside] },
    ],
    ['one before it failed', { clear: 'three', chain: [entry('one', 'failed'), ...three().slice(1)] }],
    ['one between them is still to be built', { clear: 'three', order: ['one', 'two', 'between', 'three'].map(key) }],
    ['the session is to end', { clear: 'three', stopping: true }],
  ])('nobody when %s', (_, more) => {
    expect(overtaker(session(three(), more))).toBeNull();
  });
});

test('whoever is let past stands first; all of the line is built again, the others in their order', () => {
  const context = session(three(), {
    clear: 'three',
    worklist: [taken('four')],
    order: ['one', 'two', 'three', 'four'].map(key),
  });
  const after = movedToFront(context, 'three');
  expect(after.order).toEqual(['three', 'one', 'two', 'four'].map(key));
  expect(after.worklist?.map(({ slug }) => slug)).toEqual(['three', 'one', 'two', 'four']);
  expect([after.chain, after.train, after.aside, after.clear]).toEqual([[], [], [], null]);
});

test.each<[string, Partial<IntegratorContext>]>([
  ['one before it failed', { clear: 'three', chain: [entry('one', 'failed'), ...three().slice(1)] }],
  ['another one was found clear', { clear: 'two' }],
  ['the session was told to end', { clear: 'three', stopping: true }],
])('whom the log calls let past goes first, though %s meanwhile', (_, more) => {
  const after = movedToFront(session(three(), more), 'three');
  expect(after.order).toEqual(['three', 'one', 'two'].map(key));
  expect(after.worklist?.map(({ slug }) => slug)).toEqual(['three', 'one', 'two']);
  expect([after.chain, after.clear]).toEqual([[], null]);
});
