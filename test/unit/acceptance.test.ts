/** The list of demands and its page: complete, well formed, up to date, and no demand of the core without a test. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { render as acceptancePage, demands, unknownIds } from '../../scripts/docs/acceptance.ts';
import { render as machinesPage } from '../../scripts/docs/machines.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const all = demands();

/** Demands that nothing shows yet, by what they wait for. The list only gets shorter. */
const OPEN: Record<string, string[]> = {};

describe('the demands', () => {
  test('are all there, with ids that are well formed and unique', () => {
    const ids = read('docs/acceptance.yaml').match(/^ {2}[A-Za-z0-9.-]+(?=: )/gm) ?? [];
    const listed = ids.slice(0, all.length).map((id) => id.trim());
    expect(new Set(listed).size).toBe(listed.length);
    expect(all.filter(({ id }) => !/^(S[0-4]|Spec|Card)-[A-Za-z0-9.]+$/.test(id))).toEqual([]);
    const count = (prefix: string) => all.filter(({ id }) => id.startsWith(`${prefix}-`)).length;
    expect(['S0', 'S1', 'S2', 'S3', 'S4', 'Spec', 'Card'].map(count)).toEqual([26, 39, 26, 73, 61, 16, 16]);
    expect(all).toHaveLength(257);
  });

  test('say something each, and no two the same', () => {
    const lines = all.map(({ says }) => says);
    expect(lines.filter((line) => line.length < 15)).toEqual([]);
    expect(new Set(lines).size).toBe(lines.length);
  });

  test('are named by tests only if they exist', () => {
    expect(unknownIds()).toEqual([]);
  });

  test('that a document answers name one that exists', () => {
    const documents = all.flatMap(({ document }) => (document === null ? [] : [document]));
    expect(documents.length).toBeGreaterThan(5);
    expect(documents.filter((path) => !existsSync(new URL(path, root)))).toEqual([]);
  });

  test('are all shown, but for those that are known to wait', () => {
    const waiting = Object.values(OPEN).flatMap((lines) => lines.flatMap((line) => line.split(' ')));
    const silent = all.filter(({ shownBy, document }) => shownBy.length === 0 && document === null).map(({ id }) => id);
    expect(silent.sort()).toEqual(waiting.sort());
  });

  test('of the specification and of the card are shown by tests, not by a page alone', () => {
    const untested = all.filter(({ id, shownBy }) => /^(Spec|Card)-/.test(id) && shownBy.length === 0);
    expect(untested.map(({ id }) => id)).toEqual([]);
  });
});

describe('pages made from the program are up to date (npm run docs)', () => {
  test('S3-7a docs/acceptance.md', () => {
    expect(read('docs/acceptance.md')).toBe(acceptancePage());
  });

  test('Card-S4 docs/machines.md', () => {
    expect(read('docs/machines.md')).toBe(machinesPage());
  });
});

test('each dependency has its line in the decision about them', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
  const page = read('docs/decisions/0007-dependencies.md');
  const named = [...page.matchAll(/^\| ([@a-z][^ |]*) \|/gm)].map(([, name]) => name);
  expect(named.sort()).toEqual([...Object.keys(dependencies ?? {}), ...Object.keys(devDependencies ?? {})].sort());
});
