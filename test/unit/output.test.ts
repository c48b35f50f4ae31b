import { describe, expect, test } from 'vitest';
import { durationOption, parseDuration } from '../../src/cli/arguments.ts';
import { span } from '../../src/cli/messages.ts';
import { jsonLine, noPaint, plain, plainLines, table, wantsColour } from '../../src/cli/output.ts';

/** Anything a terminal would obey or hide. */
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;

describe('text from outside', () => {
  test.each([
    ['\u001b[2J\u001b[1;1Hgone', '\\x1b[2J\\x1b[1;1Hgone'],
    ['\u001b]0;title\u0007', '\\x1b]0;title\\x07'],
    ['a\u009b31mb', 'a\\x9b31mb'],
    ['abc\rxyz', 'abcxyz'],
    ['one\ntwo\tthree', 'one two three'],
    ['user\u202egnp.exe', 'user\\u{202e}gnp.exe'],
    ['zero\u200bwidth\ufeff', 'zero\\u{200b}width\\u{feff}'],
    ['lone \ud800 half', 'lone \\u{d800} half'],
    ['tag \u{e0041}', 'tag \\u{e0041}'],
    ['grüße 日本 🎉', 'grüße 日本 🎉'],
  ])('%j is shown as %s', (text, shown) => {
    expect(plain(text)).toBe(shown);
    expect(plain(text)).not.toMatch(OBEYED);
  });

  test('is cut, and says how much is missing', () => {
    expect(plain('x'.repeat(30), 10)).toBe(`${'x'.repeat(10)}… (20 more characters)`);
    expect(plainLines('a\nb\u001b\nc\nd\n', 2)).toEqual(['a', 'b\\x1b', '… (2 more lines)']);
  });

  test('is harmless in JSON too, and reads back as it was', () => {
    const value = { a: 'x\u009b\u202e\u2028\u001b', b: '\u{e0041}🎉', ['k\u0085']: 1 };
    expect(jsonLine(value).slice(0, -1)).not.toMatch(OBEYED);
    expect(JSON.parse(jsonLine(value))).toEqual(value);
  });

  test('in a table stays in its row', () => {
    const text = table(
      ['A', 'B'],
      [
        ['one\ntwo', null],
        ['x', { text: 'bad\u001b[0m', tone: 'bad' }],
      ],
      noPaint,
    );
    expect(text).toBe('A        B\none two  -\nx        bad\\x1b[0m');
  });
});

test.each([
  [{ isTTY: true }, {}, true, true],
  [{ isTTY: false }, {}, true, false],
  [{}, {}, true, false],
  [{ isTTY: true }, { NO_COLOR: '1' }, true, false],
  [{ isTTY: true }, { NO_COLOR: '' }, true, true],
  [{ isTTY: true }, { TERM: 'dumb' }, true, false],
  [{ isTTY: true }, {}, false, false],
])('colours with stream %j, environment %j and flag %s: %s', (stream, env, flag, wanted) => {
  expect(wantsColour({ write: () => true, ...stream }, env, flag)).toBe(wanted);
});

test.each([
  ['90s', 90_000],
  ['30m', 1_800_000],
  ['2h', 7_200_000],
  ['1d', 86_400_000],
  ['1h30m', 5_400_000],
  ['250ms', 250],
  ['0s', null],
  ['90', null],
  ['-5m', null],
  ['1.5h', null],
  ['5 m', null],
  ['', null],
  ['400d', null],
  ['999999999d', null],
  ['1w', null],
])('the duration %j is %s ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test('a bare number is a duration only where milliseconds are usual', () => {
  expect(durationOption({ timeout: '1500' }, 'timeout', true)).toBe(1500);
  expect(() => durationOption({ for: '1500' }, 'for')).toThrow(/no duration/);
  expect(() => durationOption({ timeout: '0' }, 'timeout', true)).toThrow(/no duration/);
  expect(durationOption({}, 'for')).toBeNull();
});

test.each([
  [-5, '0 s'],
  [40, '40 ms'],
  [12_000, '12 s'],
  [65_000, '1 min 5 s'],
  [3_600_000, '1 h'],
  [90_061_000, '1 d 1 h'],
  [Number.NaN, '0 s'],
])('a span of %s ms reads %s', (ms, text) => {
  expect(span(ms)).toBe(text);
});
