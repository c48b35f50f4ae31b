import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openLogFile } from '../../src/io/logger.ts';
import { maskSecrets, maskUrls, scrubber, secretsOf } from '../../src/io/secrets.ts';
import { temporaryFolder } from '../support/temporary.ts';

describe('secrets', () => {
  test.each([
    ['redis://me:pass@host/1', 'redis://me:***@host/1'],
    ['redis://:pass@host', 'redis://:***@host'],
    ['https://ghp_token@host/x.git', 'https://***@host/x.git'],
    ['ssh://git@host/x', 'ssh://git@host/x'],
    ['two https://a:b@c and https://d:e@f', 'two https://a:***@c and https://d:***@f'],
    ['https://h/x?token=abc&y=1', 'https://h/x?token=***&y=1'],
    ['git@host:x and a@b.c', 'git@host:x and a@b.c'],
    ['http://a:b@c@d/', 'http://a:***@d/'],
  ])('%s is shown as %s', (text, shown) => {
    expect(maskUrls(text)).toBe(shown);
  });

  test('are found in an environment by name and inside URLs', () => {
    const env = {
      GITHUB_TOKEN: 'ghs_1234567',
      TELEC_REDIS_URL: 'redis://u:p4ssword@h',
      PATH: '/bin',
      DB_PASSWORD: undefined,
    };
    expect(secretsOf(env)).toEqual(['ghs_1234567', 'p4ssword']);
  });

  test('are found as written and as meant; a limit, a name and a plain URL are none', () => {
    expect(secretsOf({ A: 'https://u:p%40ssword@h', B: 'https://0123456789abcdef@h' })).toEqual([
      'p%40ssword',
      'p@ssword',
      '0123456789abcdef',
    ]);
    expect(secretsOf({ MAX_TOKENS: '100000', C: 'https://ann@h/x', D: 'ssh://git@h/x', E: 'https://h/a@b' })).toEqual(
      [],
    );
  });

  test.each([
    [`a\n-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----\nb`, 'a\n***\nb'],
    ['-----BEGIN RSA PRIVATE KEY-----\nabc, cut off', '***'],
    ['-----BEGIN PUBLIC KEY-----\nabc', '-----BEGIN PUBLIC KEY-----\nabc'],
    ['> Authorization: Bearer abc.def', '> Authorization: Bearer ***'],
    ['"authorization":"Basic YTpi"', '"authorization":"Basic ***"'],
    ['remote: ghp_0123456789abcdefghij is not allowed', 'remote: *** is not allowed'],
    ['https://api.telegram.org/bot123456:AAAAAAAAAAAAAAAAAAAAAAAA/send', 'https://api.telegram.org***/send'],
    ['an authorization is needed', 'an authorization is needed'],
  ])('%j is shown as %j', (text, shown) => {
    expect(maskSecrets(text)).toBe(shown);
  });

  test('are looked for in time that does not explode with what is said', () => {
    const began = performance.now();
    for (const piece of ['a', 'a://', '-----BEGIN PRIVATE KEY-----', 'x:@', '?key=', 'authorization: bearer '])
      maskSecrets(piece.repeat(Math.ceil(65_536 / piece.length)));
    expect(performance.now() - began).toBeLessThan(2000);
  });

  test('are masked by value, as written in JSON and in URLs; a short value stays', () => {
    const scrub = scrubber(['se"cret/1', 'ab', 'longer se"cret/1 one']);
    expect(scrub(`${JSON.stringify({ a: 'se"cret/1' })} se%22cret%2F1 ab longer se"cret/1 one`)).toBe(
      '{"a":"***"} *** ab ***',
    );
  });
});

describe('the log file', () => {
  test('holds structured lines for the user alone, without secrets', () => {
    const path = join(temporaryFolder(), 'daemon.log');
    const log = openLogFile(path, { secrets: ['hunter2222'] });
    log.logger.info({ remote: 'https://me:pw@host/x', token: 'hunter2222' }, 'fetching');
    log.logger.error({ err: new Error('refused hunter2222') }, 'failed');
    log.close();
    log.logger.info('after the end');
    const text = readFileSync(path, 'utf8');
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatchObject({
      msg: 'fetching',
      remote: 'https://me:***@host/x',
      token: '***',
      pid: process.pid,
    });
    expect(text).not.toMatch(/hunter2222|:pw@/);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('is bounded: a full one becomes the one before', () => {
    const path = join(temporaryFolder(), 'daemon.log');
    const log = openLogFile(path, { bytesMax: 2000 });
    for (let line = 0; line < 60; line++) log.logger.info({ line }, 'x'.repeat(50));
    log.close();
    expect(existsSync(`${path}.1`)).toBe(true);
    expect(statSync(path).size).toBeLessThan(2400);
    expect(statSync(`${path}.1`).size).toBeLessThan(2400);
    expect(readFileSync(path, 'utf8')).toContain('"line":59');
  });
});
