/** The Redis client's pure parts: script headers, keys, faults. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { serverFault } from '../../src/io/redis/faults.ts';
import { parseReplies } from '../../src/io/redis/glance.ts';
import { repositoryKeys } from '../../src/io/redis/keys.ts';
import { compareIds } from '../../src/io/redis/log.ts';
import { installHint } from '../../src/io/redis/server-process.ts';

const folder = new URL('../../src/io/redis/lua/', import.meta.url);

describe.each(readdirSync(folder))('the script %s', (file) => {
  const source = readFileSync(new URL(file, folder), 'utf8');
  const header = /^--\[\[\n(.*?)\n\]\]\n/s.exec(source)?.[1] ?? '';
  const body = source.slice(header.length);
  const numbers = (text: string, word: string) =>
    [...new Set([...text.matchAll(new RegExp(`${word}\\[(\\d+)\\]`, 'g'))].map((match) => Number(match[1])))].sort(
      (a, b) => a - b,
    );
  const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

  test('is named verb, noun and number of keys', () => {
    expect(file).toMatch(/^[a-z]+([A-Z][a-z]+)*-\d\.lua$/);
    expect(numbers(body, 'KEYS')).toEqual(upTo(Number(/-(\d)\.lua$/.exec(file)?.[1])));
  });

  test('opens with purpose, promise and return, and names every key and argument it uses', () => {
    for (const word of ['Purpose: ', 'Promise: ', 'Return: ']) expect(header).toMatch(new RegExp(`^${word}`, 'm'));
    const described = (word: string) =>
      [...header.matchAll(new RegExp(`^${word}\\[(\\d+)\\] \\S`, 'gm'))].map((match) => Number(match[1]));
    expect(described('KEYS')).toEqual(numbers(body, 'KEYS'));
    expect(described('ARGV')).toEqual(numbers(body, 'ARGV'));
    expect(described('ARGV')).toEqual(upTo(described('ARGV').length));
  });

  test('does not re-encode JSON and sets no expiry, but for locks that are to pass by themselves', () => {
    const expires = file === 'takeLock-1.lua';
    expect(body).not.toMatch(expires ? /cjson|cmsgpack|EXPIRE|'EX'/ : /cjson|cmsgpack|EXPIRE|'PX'|'EX'/);
  });
});

test('all keys of a repository share one hash tag and differ, also between repositories', () => {
  const a = Object.values(repositoryKeys('a'));
  const b = Object.values(repositoryKeys('a.b'));
  expect(a.every((key) => key.startsWith('{telec:a}:'))).toBe(true);
  expect(new Set([...a, ...b]).size).toBe(a.length * 2);
  for (const id of ['', 'A', 'a}', 'a b', 'a/b', 'x'.repeat(65), 'a\n'])
    expect(() => repositoryKeys(id), id).toThrow(RangeError);
});

test('stream ids are ordered as numbers, however long', () => {
  const ids = [
    '0',
    '1-0',
    '1-9',
    '1-10',
    '2-0',
    '10-0',
    '1735689600000-0',
    '18446744073709551614-3',
    '18446744073709551615-0',
  ];
  for (const [i, a] of ids.entries())
    for (const [j, b] of ids.entries()) expect(compareIds(a, b)).toBe(Math.sign(i - j));
  expect(compareIds('0', '0-0')).toBe(0);
});

test.each([
  ['MISCONF Errors writing to the AOF file: No space left on device', 'REDIS_CANNOT_PERSIST'],
  [
    'ERR Error running script (call to f_4b2c): @user_script:48: @user_script: 48: -MISCONF Errors writing to the AOF file: No space left on device',
    'REDIS_CANNOT_PERSIST',
  ],
  ["OOM command not allowed when used memory > 'maxmemory'. script: 7c1e, on @user_script:48.", 'REDIS_OUT_OF_MEMORY'],
  ["READONLY You can't write against a read only replica. script: 7c1e, on @user_script:48.", 'REDIS_READ_ONLY'],
  ['LOADING Redis is loading the dataset in memory', 'REDIS_LOADING'],
  ['NOAUTH Authentication required.', 'REDIS_AUTH'],
  ['WRONGPASS invalid username-password pair or user is disabled.', 'REDIS_AUTH'],
  ['ERR invalid password', 'REDIS_AUTH'],
  ["NOPERM this user has no permissions to run the 'evalsha' command", 'REDIS_PERMISSION'],
  ['MOVED 3999 127.0.0.1:6381', 'REDIS_CLUSTER'],
  ['WRONGTYPE Operation against a key holding the wrong kind of value', 'REDIS_FOREIGN_DATA'],
  ['ERR something new', 'REDIS_ERROR'],
])('what a server says becomes a fault: %s', (message, code) => {
  const fault = serverFault(new Error(message), 'here');
  expect(fault).toMatchObject({ code, exit: 3 });
  expect(fault.cause).toBeUndefined();
  expect(fault.message).toContain('Redis at here');
});

test('the way to get a server is that of the machine', () => {
  expect(installHint('darwin', false)).toContain('brew install redis');
  expect(installHint('linux', true)).toContain('apt-get install redis-server');
  expect(installHint('linux', false)).toContain('package manager');
});

describe('replies read without a client library', () => {
  const text = '+OK\r\n:42\r\n$5\r\na\r\nbc\r\n$-1\r\n*2\r\n*1\r\n$1\r\nx\r\n*-1\r\n-ERR no\r\n';

  test('are given whole, however they nest', () => {
    expect(parseReplies(text, 6)).toEqual(['OK', 42, 'a\r\nbc', null, [['x'], null], new Error('ERR no')]);
  });

  test('are null until the last byte is there', () => {
    for (let end = 0; end < text.length; end += 1) expect(parseReplies(text.slice(0, end), 6)).toBeNull();
  });

  test('of something else are an error, not a wait', () => {
    expect(parseReplies('HTTP/1.1 400\r\n', 1)).toEqual([expect.any(Error)]);
  });
});
