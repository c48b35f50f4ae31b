/** What the web door serves without the token: the files of the page, and the trade of a ticket. Real files, a real server. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type WebEntry, webEntry } from '../../src/actors/web-entry.ts';
import { readPageFiles } from '../../src/io/page-files.ts';
import { linkOf, readEnter } from '../../src/machines/links.ts';
import { codeIn, type Room, raw, room } from '../support/door-room.ts';
import { temporaryFolder } from '../support/temporary.ts';

function builtPage(): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>telec</title>');
  writeFileSync(join(folder, 'stately.html'), '<!doctype html><title>stately</title>');
  writeFileSync(join(folder, 'assets', 'index-abc123.js'), 'export {};');
  writeFileSync(join(folder, 'assets', 'index-abc123.js.map'), '{}');
  writeFileSync(join(folder, '.secret'), 'not for anybody');
  return folder;
}

const ask = (door: Room, path: string, init: RequestInit = {}) => fetch(`${door.url}${path}`, init);
const withPage = (folder = builtPage()) => room({ files: readPageFiles([folder]) });

describe('the files of the page', () => {
  test('are what the build left, by the paths a browser asks for, and nothing else', () => {
    const files = readPageFiles(['/nowhere/at/all', builtPage()]);
    expect([...files].map(([path, { type, hashed }]) => [path, type, hashed]).sort()).toEqual([
      ['/', 'text/html; charset=utf-8', false],
      ['/assets/index-abc123.js', 'text/javascript; charset=utf-8', true],
      ['/stately', 'text/html; charset=utf-8', false],
    ]);
    expect(readPageFiles(['/nowhere/at/all']).size).toBe(0);
  });

  test('come with a policy that lets them speak to the door alone', async () => {
    const door = await withPage();
    const answer = await ask(door, '/');
    expect([answer.status, await answer.text()]).toEqual([200, '<!doctype html><title>telec</title>']);
    const host = new URL(door.url ?? '').host;
    const policy = `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self' ws://${host}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
    const { headers } = answer;
    expect(headers.get('content-security-policy')).toBe(policy);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(headers.get('access-control-allow-origin')).toBeNull();
    const stately = (await ask(door, '/stately')).headers.get('content-security-policy');
    expect(stately).toBe(policy.replace("base-uri 'none'", "frame-src https://stately.ai; base-uri 'none'"));
  });

  test('are kept by a browser as long as their name says', async () => {
    const door = await withPage();
    const page = await ask(door, '/');
    expect(page.headers.get('cache-control')).toBe('no-cache');
    const again = await ask(door, '/', { headers: { 'if-none-match': page.headers.get('etag') ?? '' } });
    expect([again.status, await again.text()]).toEqual([304, '']);
    const script = await ask(door, '/assets/index-abc123.js');
    expect(script.headers.get('cache-control')).toBe('private, max-age=31536000, immutable');
    const head = await ask(door, '/', { method: 'HEAD' });
    expect([head.status, await head.text(), head.headers.get('content-length')]).toEqual([200, '', '35']);
  });

  test.each([
    '/assets/',
    '/assets/index-abc123.js.map',
    '/assets/../index.html',
    '/assets/..%2findex.html',
    '/.secret',
    '/index.html',
    '/assets//index-abc123.js',
    '/assets\\index-abc123.js',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/assets/index-abc123.js/../../v1/status',
  ])('are not to be left by %s', async (path) => {
    const door = await withPage();
    const answer = await raw(
      door.port,
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${door.port}\r\nConnection: close\r\n\r\n`,
    );
    expect(codeIn(answer)).toEqual([401, 'NO_TOKEN']);
    expect(door.asked).toEqual([]);
  });

  test('that were not built are a sentence that says what to do', async () => {
    const door = await room();
    for (const path of ['/', '/stately']) {
      const answer = await ask(door, path);
      expect([answer.status, await answer.text()]).toEqual([
        503,
        'The web page of telec was not built: run `npm run build` in its checkout, then telec down and telec up.\n',
      ]);
    }
  });
});

describe('a ticket', () => {
  const trade = (door: Room, body: unknown, headers: Record<string, string> = {}) =>
    ask(door, '/v1/web/enter', {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'content-type': 'application/json', origin: door.url ?? '', ...headers },
    });
  const ticketOf = (url: string) => readEnter(new URL(url).hash)?.ticket ?? '';
  const files = (folder: string) => readdirSync(folder).filter((name) => name.startsWith('web-enter-'));

  test('is good once: it gives the token, and its file is gone', async () => {
    const door = await room();
    const { url, file, expires_at } = door.entry.issue({ kind: 'event', id: '5-0' });
    expect(Date.parse(expires_at) - Date.now()).toBeGreaterThan(55_000);
    expect(readEnter(new URL(url).hash)?.link).toEqual({ kind: 'event', id: '5-0' });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(file).not.toContain(ticketOf(url).slice(0, 8));
    const page = readFileSync(file, 'utf8');
    expect(page).toContain(`content="0; url=${url.replace('&', '&#38;')}"`);

    const answer = await trade(door, { ticket: ticketOf(url) });
    expect([answer.status, await answer.json()]).toEqual([200, { token: door.token }]);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(existsSync(file)).toBe(false);
    const again = await trade(door, { ticket: ticketOf(url) });
    expect([again.status, await again.json()]).toEqual([
      401,
      {
        error: {
          code: 'WRONG_TICKET',
          message: 'the ticket is not good: it can be used once, for a minute',
          hint: 'run telec web again',
          exit: 6,
        },
      },
    ]);
  });

  test.each<[string, unknown, Record<string, string>]>([
    ['a guess', { ticket: '0'.repeat(64) }, {}],
    ['no JSON', '{', {}],
    ['what a form sends', 'ticket=1', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['another field beside it', { ticket: '0'.repeat(64), more: 1 }, {}],
    ['too much', { ticket: '0'.repeat(2000) }, {}],
    ['the name of something every object has', { ticket: '__proto__' }, {}],
  ])('that is %s waits for its answer, and spends no other', async (_what, body, headers) => {
    const door = await room();
    const { url } = door.entry.issue(null);
    const began = performance.now();
    expect((await trade(door, body, headers)).status).toBe(401);
    expect(performance.now() - began).toBeGreaterThanOrEqual(245);
    expect((await trade(door, { ticket: ticketOf(url) })).status).toBe(200);
  });

  test('in chunks without a length is not read', async () => {
    const door = await room();
    const head = `POST /v1/web/enter HTTP/1.1\r\nHost: 127.0.0.1:${door.port}\r\nOrigin: ${door.url}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n`;
    const body = JSON.stringify({ ticket: ticketOf(door.entry.issue(null).url) });
    expect(codeIn(await raw(door.port, head, `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`))).toEqual([
      401,
      'WRONG_TICKET',
    ]);
  });

  test('is traded for the page alone, not for a page of another site', async () => {
    const door = await room();
    const ticket = ticketOf(door.entry.issue(null).url);
    expect((await trade(door, { ticket }, { origin: 'http://evil.example' })).status).toBe(403);
    expect((await trade(door, { ticket }, { origin: 'null' })).status).toBe(403);
    expect((await trade(door, { ticket })).status).toBe(200);
  });

  test('ends with the door', async () => {
    const door = await room();
    const { file } = door.entry.issue(null);
    await door.close();
    expect(existsSync(file)).toBe(false);
    expect(() => door.entry.issue(null)).toThrow('the web door of the daemon is closed');
  });

  describe('by the clock', () => {
    afterEach(() => void vi.useRealTimers());
    const opened = (folder = temporaryFolder()): WebEntry & { folder: string } => {
      vi.useFakeTimers();
      const entry = webEntry({ folder, token: 'the token' });
      entry.open('http://127.0.0.1:7433');
      return { ...entry, folder };
    };

    test('is good for a minute, and leaves no file behind', () => {
      const entry = opened();
      const [early, late] = [entry.issue(null), entry.issue(null)];
      vi.advanceTimersByTime(59_999);
      expect(entry.enter(ticketOf(early.url))).toBe('the token');
      vi.advanceTimersByTime(1);
      expect(entry.enter(ticketOf(late.url))).toBeNull();
      expect(files(entry.folder)).toEqual([]);
    });

    test('is one of sixteen: the oldest gives way', () => {
      const entry = opened();
      const [first, second] = Array.from({ length: 17 }, () => entry.issue(null));
      expect(files(entry.folder)).toHaveLength(16);
      expect(entry.enter(ticketOf(first?.url ?? ''))).toBeNull();
      expect(entry.enter(ticketOf(second?.url ?? ''))).toBe('the token');
    });

    test('of a daemon that was cut off is swept by the next, and nothing else is', () => {
      const folder = temporaryFolder();
      const left = opened(folder).issue(null);
      writeFileSync(join(folder, 'web-enter-mine.html'), 'mine');
      opened(folder);
      expect(existsSync(left.file)).toBe(false);
      expect(files(folder)).toEqual(['web-enter-mine.html']);
    });
  });

  test('leads on to what it was asked for, whatever its name', () => {
    const link = { kind: 'notification', id: 'own/a&b="><script>' } as const;
    const door = webEntry({ folder: temporaryFolder(), token: 't' });
    door.open('http://127.0.0.1:7433');
    const { url, file } = door.issue(link);
    expect(readEnter(new URL(url).hash)?.link).toEqual(link);
    expect(url).toContain(encodeURIComponent(linkOf(link)));
    expect(readFileSync(file, 'utf8')).not.toContain('<script>');
    door.close();
  });
});

test.each(['#enter=', `#enter=${'a'.repeat(63)}`, `#enter=${'A'.repeat(64)}`, '#/event/1-0', ''])(
  '%j signs nobody in',
  (fragment) => {
    expect(readEnter(fragment)).toBeNull();
  },
);

test('what a ticket leads on to is a link, or nothing', () => {
  expect(readEnter(`#enter=${'a'.repeat(64)}&to=https%3A%2F%2Fevil.example`)?.link).toBeNull();
  expect(readEnter(`#enter=${'a'.repeat(64)}&to=%`)?.link).toBeNull();
  expect(readEnter(`#enter=${'a'.repeat(64)}`)).toEqual({ ticket: 'a'.repeat(64), link: null });
});
