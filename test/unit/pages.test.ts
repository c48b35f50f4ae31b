/** Hand-written pages keep up with the code: what they list is what there is, and what they link to exists. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { CHECK_FAULT_POINTS, FAULT_POINTS, LANE_FAULT_POINTS, SHADOW_FAULT_POINTS } from '../../src/actors/faults.ts';
import { readConfig } from '../../src/io/config.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const pages = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(root, 'docs'), { recursive: true })
    .map((name) => join('docs', String(name)))
    .filter((name) => name.endsWith('.md')),
];

describe('the pages', () => {
  test('of tests explain every fault point, in the order a session passes them', () => {
    const listed = [...read('docs/testing.md').matchAll(/^\| `((?:before|after)-[a-z-]+)` \|/gm)].map(
      ([, name]) => name,
    );
    expect(listed).toEqual([...FAULT_POINTS, ...CHECK_FAULT_POINTS, ...LANE_FAULT_POINTS, ...SHADOW_FAULT_POINTS]);
  });

  test('of tests have every kind of test there is', () => {
    const kinds = readdirSync(join(root, 'test')).filter((name) => name !== 'support' && !name.includes('.'));
    const listed = [...read('docs/testing.md').matchAll(/^\| `test\/([a-z0-9]+)` \|/gm)].map(([, name]) => name);
    expect(listed.sort()).toEqual(kinds.sort());
  });

  test('name files of the repository that exist', () => {
    const named = pages
      .filter((page) => !/acceptance|docs\/spec/.test(page))
      .flatMap((page) =>
        [...read(page).matchAll(/`((?:src|test|scripts|docs|bench)\/[\w./-]+)`/g)].map(([, path]) => ({ page, path })),
      );
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter(({ path }) => !existsSync(join(root, path ?? '')))).toEqual([]);
  });

  test('show configurations that telec takes as they stand', () => {
    const shown = pages.flatMap((page) =>
      [...read(page).matchAll(/^```yaml\n([\s\S]*?)^```/gm)]
        .map(([, text = '']) => ({ page, text }))
        .filter(({ text }) => /^(checks|speculation|integration|redis|guards|notify|web|lease|cleanup):/m.test(text)),
    );
    expect(shown.filter(({ page }) => page === 'docs/tested-merges.md').length).toBeGreaterThan(4);
    for (const { page, text } of shown)
      expect(() => readConfig({ main: text, workTree: null, env: {} }), `${page}:\n${text}`).not.toThrow();
  });

  test('link to pages that exist', () => {
    const links = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, target]) => ({ page, target: target ?? '' })),
    );
    expect(links.length).toBeGreaterThan(10);
    expect(links.filter(({ page, target }) => !existsSync(join(root, dirname(page), target)))).toEqual([]);
  });
});
