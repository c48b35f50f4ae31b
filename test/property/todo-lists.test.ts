/**
 * Lists that people write by hand, in any layout they may choose: after an edit they say exactly what was meant, and
 * every line that was not meant is there as it was.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { readDelivered, withDelivered } from '../../src/io/todos/delivered.ts';
import { readRoadmap, withAfter, withMoved, withoutSlugs, withRow } from '../../src/io/todos/roadmap.ts';

const RUNS = { numRuns: 150 };
const SLUGS = ['a', 'b-2', 'c', 'd-e', 'f'] as const;

interface Row {
  slug: string | null;
  after: string[];
  /** The lines of the row, with the comments inside of it. */
  lines: string[];
  /** Lines above it. */
  above: string[];
}

interface List {
  header: string[];
  rows: Row[];
  eol: '\n' | '\r\n';
  isEnded: boolean;
}

const oneSlug = fc.constantFrom(...SLUGS);

const extras = fc.subarray([
  ['  description: >-', '    long: text', '    # no comment', '', '    on three lines'],
  ["  quoted: 'it''s'   # why"],
  ['  group: "all"'],
  ['  list:', '  - one', '  - two'],
  ['  # inside'],
]);

const row: fc.Arbitrary<Row> = fc
  .record({
    slug: fc.option(oneSlug, { freq: 8 }),
    after: fc.uniqueArray(oneSlug, { maxLength: 3 }),
    layout: fc.constantFrom('flow', 'block', 'flush', 'first', 'one line'),
    extras,
    above: fc.subarray(['# above', '', '  # indented above'], { maxLength: 2 }),
  })
  .map(({ slug, after, layout, extras: more, above }) => {
    const named = slug === null ? 'note: x' : `slug: ${slug}`;
    const comments = above.filter((line) => !line.startsWith(' '));
    if (layout === 'one line') {
      const wanted = after.length === 0 ? '' : `, after: [${after.join(', ')}]`;
      return { slug, after, above: comments, lines: [`- {${named}${wanted}} # same line`] };
    }
    const scalar = after.length === 1 && layout === 'flush' ? [`  after: ${after[0]}`] : null;
    const indent = layout === 'flush' ? '  ' : '    ';
    const wanted =
      after.length === 0
        ? []
        : (scalar ??
          (layout === 'flow'
            ? [`  after: [${after.join(', ')}] # w`]
            : ['  after:', ...after.map((s) => `${indent}- ${s}`)]));
    if (layout === 'first' && after.length > 0) {
      return { slug, after, above: comments, lines: [`- after: [${after.join(',')}]`, `  ${named}`, ...more.flat()] };
    }
    return { slug, after, above: comments, lines: [`- ${named}`, ...more.flat(), ...wanted] };
  });

const list: fc.Arbitrary<List> = fc.record({
  header: fc.constantFrom([], ['# header'], ['# header', '', '# more'], ['---', '# header']),
  rows: fc.array(row, { maxLength: 6 }),
  eol: fc.constantFrom('\n', '\r\n'),
  isEnded: fc.boolean(),
});

function textOf({ header, rows, eol, isEnded }: List): string {
  const lines = [...header, ...rows.flatMap(({ above, lines }) => [...above, ...lines])];
  return lines.join(eol) + (isEnded && lines.length > 0 ? eol : '');
}

const linesOf = (text: string) => text.split(/\r?\n/).filter((line) => line.trim() !== '');
const dataOf = (text: string): unknown[] => (parse(text) as unknown[] | null) ?? [];
const slugOf = (value: unknown) => (value as { slug?: string }).slug;

/** The lines in their order, others between them allowed. */
function expectLinesKept(text: string, lines: readonly string[]): void {
  const found = linesOf(text);
  let at = 0;
  for (const line of lines.filter((other) => other.trim() !== '')) {
    const next = found.indexOf(line, at);
    expect(next, `${JSON.stringify(line)} of ${JSON.stringify(text)}`).toBeGreaterThanOrEqual(at);
    at = next + 1;
  }
}

/** Lines that an edit of these slugs leaves alone: rows that neither are one nor wait for one, and all comments above. */
function untouched({ header, rows }: List, slugs: readonly string[]): string[] {
  const isMeant = ({ slug, after }: Row) => slugs.includes(slug ?? '') || after.some((other) => slugs.includes(other));
  return [...header, ...rows.flatMap((one) => [...one.above, ...(isMeant(one) ? [] : one.lines)])];
}

const without = (row: unknown, slugs: readonly string[]): unknown => {
  const { after, ...rest } = row as { after?: string[] | string };
  if (after === undefined) return row;
  const left = [after].flat().filter((slug) => !slugs.includes(slug));
  if (left.length === [after].flat().length) return row;
  return left.length === 0 ? rest : { ...rest, after: left };
};

test('S3-3.3d slugs taken out are gone, rows and references; all that was not meant stays to the letter', () => {
  fc.assert(
    fc.property(list, fc.uniqueArray(oneSlug, { minLength: 1, maxLength: 2 }), (given, slugs) => {
      const text = textOf(given);
      const result = withoutSlugs(text, slugs);
      const expected = dataOf(text)
        .filter((one) => !slugs.some((slug) => slug === slugOf(one)))
        .map((one) => without(one, slugs));
      expect(dataOf(result)).toEqual(expected);
      expectLinesKept(result, untouched(given, slugs));
      if (text.includes('\n')) expect(/(^|[^\r])\n/.test(result)).toBe(given.eol === '\n' && result.includes('\n'));
      expect(withoutSlugs(result, slugs)).toBe(result);
      if (JSON.stringify(dataOf(text)) === JSON.stringify(expected)) expect(result).toBe(text);
    }),
    RUNS,
  );
});

test('S3-3.3d a delivered row stands in front, once, and no other line changes', () => {
  fc.assert(
    fc.property(list, fc.constantFrom('a', 'new', '123', 'null'), (given, slug) => {
      const text = textOf(given);
      const added = { slug, date: '2026-01-02', commit: '012345678901', children: [] };
      const result = withDelivered(text, added);
      const isThere = readDelivered(text).rows.some((one) => one.slug === slug);
      const { children: _, ...said } = added;
      expect(dataOf(result)).toEqual(isThere ? dataOf(text) : [said, ...dataOf(text)]);
      expectLinesKept(result, untouched(given, []));
      expect(withDelivered(result, added)).toBe(result);
    }),
    RUNS,
  );
});

test('a row added, moved or given other dependencies leaves the lines of the others alone', () => {
  const place: fc.Arbitrary<{ before?: string; after?: string }> = fc.oneof(
    fc.record({ before: oneSlug }),
    fc.record({ after: oneSlug }),
    fc.constant({}),
  );
  fc.assert(
    fc.property(list, oneSlug, place, fc.uniqueArray(oneSlug, { maxLength: 2 }), (given, slug, where, after) => {
      const text = textOf(given);
      const names = dataOf(text).map(slugOf);
      const added = withRow(text, { slug: 'new', group: 'all', after, description: 'x: # y' }, where);
      expectLinesKept(added, untouched(given, []));
      const at = where.before !== undefined ? Math.max(0, names.indexOf(where.before)) : null;
      const behind =
        where.after !== undefined && names.includes(where.after) ? names.indexOf(where.after) + 1 : names.length;
      expect(dataOf(added)[at ?? behind]).toEqual({
        slug: 'new',
        group: 'all',
        ...(after.length > 0 ? { after } : {}),
        description: 'x: # y',
      });
      expect(dataOf(added)).toHaveLength(names.length + 1);

      const moved = withMoved(text, slug, where);
      expect(
        dataOf(moved)
          .map((one) => JSON.stringify(one))
          .sort(),
      ).toEqual(
        dataOf(text)
          .map((one) => JSON.stringify(one))
          .sort(),
      );
      for (const { lines } of given.rows) expectLinesKept(moved, lines);

      const changed = withAfter(text, slug, after);
      const first = readRoadmap(changed).rows.find((one) => one.slug === slug);
      if (first) expect(first.after).toEqual(after);
      expectLinesKept(changed, [
        ...given.header,
        ...given.rows.flatMap((one) => (one.slug === slug ? one.above : [...one.above, ...one.lines])),
      ]);
    }),
    RUNS,
  );
});
