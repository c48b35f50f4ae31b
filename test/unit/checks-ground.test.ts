/** What decides without running anything: patterns of paths, what makes two checks the same, the doctor's line. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checksRow } from '../../src/actors/checks-row.ts';
import { cacheName, definitionDigest, toolchainDigest } from '../../src/io/checks/definition.ts';
import { surveyGround } from '../../src/io/checks/survey.ts';
import type { CheckDefinition } from '../../src/io/config-checks.ts';
import { coversPath, pathScope } from '../../src/io/path-patterns.ts';
import { temporaryFolder } from '../support/temporary.ts';

const covers = (patterns: string[], path: string) => coversPath(pathScope(patterns), path);

describe('a pattern takes', () => {
  test.each([
    ['src', ['src', 'src/a', 'src/a/b'], ['srcs', 'a/src', 'sr']],
    ['src/a.ts', ['src/a.ts', 'src/a.ts/below'], ['src/b.ts', 'a.ts', 'src', 'x/src/a.ts']],
    ['*', ['a', 'a/b', '.hidden'], []],
    ['*.ts', ['a.ts', '.ts', 'a.ts/below'], ['src/a.ts', 'a.tsx', 'ts']],
    ['src/*/x', ['src/a/x', 'src/b/x/below'], ['src/x', 'src/a/b/x', 'src/a/y']],
    ['**', ['a', 'a/b/c'], []],
    ['**/*.ts', ['a.ts', 'src/a.ts', 'src/deep/er/a.ts'], ['a.js', 'src/ts']],
    ['docs/**', ['docs/a', 'docs/a/b'], ['docs', 'a/docs/b']],
    ['a/**/b', ['a/b', 'a/x/b', 'a/x/y/b/below'], ['a', 'b', 'a/x/c']],
    ['**/test/**', ['test/a', 'src/test/a/b'], ['test', 'src/test', 'tests/a']],
    ['a*b*c', ['abc', 'axbxc', 'abcbc'], ['ab', 'abcd', 'xabc']],
    ['a[b].?', ['a[b].?'], ['ab.x', 'a[b].x']],
  ])('%s', (pattern, taken, left) => {
    expect(taken.filter((path) => !covers([pattern], path))).toEqual([]);
    expect(left.filter((path) => covers([pattern], path))).toEqual([]);
  });

  test('what any of several takes, and no pattern takes nothing', () => {
    expect(['a', 'b/c', 'd'].map((path) => covers(['a', 'b/**'], path))).toEqual([true, true, false]);
    expect(covers([], 'a')).toBe(false);
  });

  test('what the same pattern takes as an expression', () => {
    const name = fc.stringMatching(/^[ab.]{1,4}$/).filter((text) => text !== '.' && text !== '..');
    const part = fc.oneof(name, fc.constant('**'), fc.constant('*'), fc.stringMatching(/^[ab*]{1,4}$/));
    const pattern = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
    const path = fc.array(name, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));
    fc.assert(
      fc.property(fc.array(pattern, { minLength: 1, maxLength: 3 }), path, (patterns, at) => {
        const expected = patterns.some((one) => expression(one).test(at));
        expect(covers(patterns, at)).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });

  test('or not, in time that does not grow with its stars', () => {
    const started = performance.now();
    expect(covers([`${'*a'.repeat(200)}b`], 'a'.repeat(250))).toBe(false);
    expect(covers([`${'**/a/'.repeat(100)}b`], `${'a/'.repeat(120)}c`)).toBe(false);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

/** The pattern written another way: a name in each part, or any number of folders; below a match everything. */
function expression(pattern: string): RegExp {
  const parts = pattern.split('/');
  const text = parts
    .map((part, at) => {
      if (part === '**') return at === parts.length - 1 ? '[^]+' : '(?:[^/]+/)*';
      const name = [...part].map((sign) => (sign === '*' ? '[^/]*' : sign.replace(/[.[\]?]/, '\\$&'))).join('');
      return at === parts.length - 1 ? name : `${name}/`;
    })
    .join('');
  return new RegExp(`^${text}(?:/[^]*)?$`);
}

const retries = { failed: 0, timed_out: 0, killed: 1, not_started: 2 };
const unit: CheckDefinition = { name: 'unit', run: 'make', timeoutMs: 1000, paths: null, toolchain: null, retries };

describe('a verdict', () => {
  test('is one of what is run and how, not of how often it is tried or which tree it sees', () => {
    const digest = definitionDigest(unit);
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    for (const same of [{ retries: { ...retries, failed: 3 } }, { paths: ['src'] }, { toolchain: 'cc --version' }])
      expect(definitionDigest({ ...unit, ...same })).toBe(digest);
    for (const other of [{ name: 'other' }, { run: 'make ' }, { timeoutMs: 1001 }])
      expect(definitionDigest({ ...unit, ...other })).not.toBe(digest);
    // No two parts can be read as others.
    expect(definitionDigest({ ...unit, name: 'a', run: 'b' })).not.toBe(
      definitionDigest({ ...unit, name: 'ab', run: '' }),
    );
  });

  test('is one of the machine and its tools', () => {
    const tools = { platform: 'linux', arch: 'x64', environment: [['PATH', '/bin']] as const, said: 'cc 1' };
    const digest = toolchainDigest(tools);
    expect(toolchainDigest({ ...tools })).toBe(digest);
    for (const other of [
      { platform: 'darwin' },
      { arch: 'arm64' },
      { environment: [['PATH', '/usr/bin']] as const },
      { said: 'cc 2' },
      { said: null },
    ])
      expect(toolchainDigest({ ...tools, ...other })).not.toBe(digest);
  });

  test('keeps its cache as long as its command stays', () => {
    expect(cacheName(unit)).toMatch(/^unit-[0-9a-f]{12}$/);
    expect(cacheName({ ...unit, timeoutMs: 5 })).toBe(cacheName(unit));
    expect(cacheName({ ...unit, run: 'other' })).not.toBe(cacheName(unit));
  });
});

describe('the doctor says of the checks', () => {
  const room = { fault: null, freeBytes: 5 * 1024 ** 3, slots: 1 };

  test('that none are configured', () => {
    const row = { status: 'ok', detail: 'none configured: deliveries are merged, not tested', mend: null };
    expect(checksRow([], '/checks', room)).toEqual(row);
  });

  test('which are, and whether there is room', () => {
    expect(checksRow([unit, { ...unit, name: 'lint' }], '/checks', room)).toEqual({
      status: 'ok',
      detail: '2 configured: unit, lint; 1 work tree kept in /checks, 5.0 GiB free',
      mend: null,
    });
    expect(checksRow([unit], '/checks', { ...room, slots: 2, freeBytes: 1024 ** 2 })).toEqual({
      status: 'warn',
      detail: '1 configured: unit; 2 work trees kept in /checks, only 0.0 GiB free',
      mend: 'make room on that file system',
    });
    expect(checksRow([unit], '/checks', { fault: '/checks is no folder', freeBytes: 0, slots: 0 })).toMatchObject({
      status: 'fail',
      detail: '1 configured: unit; /checks is no folder',
    });
  });

  test('what it finds where they run', () => {
    const folder = temporaryFolder();
    expect(surveyGround(join(folder, 'checks'))).toMatchObject({ fault: null, slots: 0 });
    for (const name of ['0', '17', 'logs', '0.lock']) mkdirSync(join(folder, 'checks', name), { recursive: true });
    const survey = surveyGround(join(folder, 'checks'));
    expect(survey).toMatchObject({ fault: null, slots: 2 });
    expect(survey.freeBytes).toBeGreaterThan(0);
    writeFileSync(join(folder, 'file'), '');
    expect(surveyGround(join(folder, 'file')).fault).toBe(`${folder}/file is no folder`);
    expect(surveyGround(join(folder, 'gone', 'checks')).fault).toBe(
      `nothing can be written to ${folder}/gone (ENOENT)`,
    );
  });
});
