/**
 * The web door: who is let in, judged from the head of a question alone; and the server both doors stand on, asked with
 * raw bytes, as a browser or an enemy would.
 */
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { DOOR_HEADERS, type DoorParts } from '../../src/actors/web-door.ts';
import { judge, URL_LENGTH_MAX } from '../../src/actors/web-judge.ts';
import { HEAD_BYTES_MAX, type RequestHead } from '../../src/io/http-server.ts';
import { loopbackAddress, loopbackNames } from '../../src/io/loopback.ts';
import { webTokenFile, writeWebToken } from '../../src/io/web-token.ts';
import { codeIn, type Room, raw, room } from '../support/door-room.ts';
import { temporaryFolder } from '../support/temporary.ts';

const NAMES = ['127.0.0.1:7433', 'localhost:7433'];
const FILES = new Set(['/', '/assets/index-abc.js']);
const keys = {
  names: NAMES,
  isToken: (given: string) => given === 'right',
  isMetricsToken: (given: string) => given === 'scraper',
  isFile: (path: string) => FILES.has(path),
};
const AUTHORIZED: [string, string] = ['authorization', 'Bearer right'];
const HOST: [string, string] = ['host', '127.0.0.1:7433'];

function head(headers: [string, string][], more: Partial<RequestHead> = {}): RequestHead {
  return { method: 'GET', target: '/v1/status', headers, upgrade: false, ...more };
}

describe('who is let in', () => {
  test.each<[string, RequestHead]>([
    ['the owner', head([HOST, AUTHORIZED])],
    ['by the name localhost, in any letters', head([['host', 'LocalHost:7433'], AUTHORIZED])],
    ['a page of the door itself', head([HOST, ['origin', 'http://127.0.0.1:7433'], AUTHORIZED])],
    ['a browser that says so', head([HOST, ['sec-fetch-site', 'same-origin'], AUTHORIZED])],
    ['an address that was typed', head([HOST, ['sec-fetch-site', 'none'], AUTHORIZED])],
    ['with the scheme in any letters', head([HOST, ['authorization', 'bearer right']])],
    ['a POST', head([HOST, AUTHORIZED], { method: 'POST' })],
    ['a HEAD', head([HOST, AUTHORIZED], { method: 'HEAD' })],
  ])('%s', (_who, question) => {
    expect(judge(question, keys)).toBeNull();
  });

  test.each<[string, number, RequestHead]>([
    ['NO_TOKEN', 401, head([HOST])],
    ['WRONG_TOKEN', 401, head([HOST, ['authorization', 'Bearer wrong']])],
    ['WRONG_TOKEN', 401, head([HOST, ['authorization', 'Bearer ']])],
    ['WRONG_TOKEN', 401, head([HOST, ['authorization', 'Bearer right right']])],
    ['WRONG_TOKEN', 401, head([HOST, ['authorization', 'Basic right']])],
    ['WRONG_TOKEN', 401, head([HOST, ['authorization', 'right']])],
    // The name of a foreign site that resolves to this machine.
    ['WRONG_HOST', 403, head([['host', 'evil.example:7433'], AUTHORIZED])],
    ['WRONG_HOST', 403, head([['host', '127.0.0.1:7434'], AUTHORIZED])],
    ['WRONG_HOST', 403, head([['host', '127.0.0.1'], AUTHORIZED])],
    ['WRONG_HOST', 403, head([['host', 'localhost:7433.evil.example'], AUTHORIZED])],
    ['WRONG_HOST', 403, head([['host', '[::1]:7433'], AUTHORIZED])],
    ['WRONG_HOST', 403, head([['host', '0.0.0.0:7433'], AUTHORIZED])],
    ['WRONG_HOST', 403, head([['host', ''], AUTHORIZED])],
    ['WRONG_HOST', 403, head([AUTHORIZED])],
    ['WRONG_ORIGIN', 403, head([HOST, ['origin', 'http://evil.example'], AUTHORIZED])],
    ['WRONG_ORIGIN', 403, head([HOST, ['origin', 'https://127.0.0.1:7433'], AUTHORIZED])],
    ['WRONG_ORIGIN', 403, head([HOST, ['origin', 'http://127.0.0.1:7434'], AUTHORIZED])],
    // The same machine by its other name is another site: somebody else may answer there.
    ['WRONG_ORIGIN', 403, head([HOST, ['origin', 'http://localhost:7433'], AUTHORIZED])],
    ['WRONG_ORIGIN', 403, head([HOST, ['origin', 'null'], AUTHORIZED])],
    ['WRONG_ORIGIN', 403, head([HOST, ['origin', ''], AUTHORIZED])],
    ['CROSS_SITE', 403, head([HOST, ['sec-fetch-site', 'cross-site'], AUTHORIZED])],
    ['CROSS_SITE', 403, head([HOST, ['sec-fetch-site', 'same-site'], AUTHORIZED])],
    ['CROSS_SITE', 403, head([HOST, ['sec-fetch-site', 'anything'], AUTHORIZED])],
    ['HEADER_TWICE', 400, head([HOST, ['host', 'evil.example'], AUTHORIZED])],
    ['HEADER_TWICE', 400, head([HOST, AUTHORIZED, AUTHORIZED])],
    ['HEADER_TWICE', 400, head([HOST, AUTHORIZED, ['origin', 'http://127.0.0.1:7433'], ['origin', 'null']])],
    ['URL_TOO_LONG', 414, head([HOST, AUTHORIZED], { target: `/${'x'.repeat(URL_LENGTH_MAX)}` })],
    ['NO_PATH', 400, head([HOST, AUTHORIZED], { target: 'http://127.0.0.1:7433/v1/status' })],
    ['NO_PATH', 400, head([HOST, AUTHORIZED], { target: '*' })],
    ['WRONG_METHOD', 405, head([HOST, AUTHORIZED], { method: 'OPTIONS' })],
    ['WRONG_METHOD', 405, head([HOST, AUTHORIZED], { method: 'DELETE' })],
    ['WRONG_METHOD', 405, head([HOST, AUTHORIZED], { method: 'TRACE' })],
  ])('not, by %s (%i)', (code, status, question) => {
    expect(judge(question, keys)).toMatchObject({ code, status });
  });

  test('nobody while the door has no name yet, and no token is asked of who comes from elsewhere', () => {
    expect(judge(head([HOST, AUTHORIZED]), { ...keys, names: [] })).toMatchObject({ code: 'WRONG_HOST' });
    const asked: string[] = [];
    const counting = { ...keys, isToken: (given: string) => asked.push(given) > 0 };
    judge(head([HOST, ['origin', 'http://evil.example'], AUTHORIZED]), counting);
    judge(head([['host', 'evil.example'], AUTHORIZED]), counting);
    expect(asked).toEqual([]);
  });
});

describe('the page', () => {
  const page = (headers: [string, string][], more: Partial<RequestHead> = {}) =>
    judge(head([HOST, ...headers], { target: '/', ...more }), keys);
  const linked: [string, string][] = [
    ['sec-fetch-site', 'cross-site'],
    ['sec-fetch-mode', 'navigate'],
    ['sec-fetch-dest', 'document'],
  ];

  test('is to be had without the token, also by a link of another site', () => {
    expect(page([])).toBeNull();
    expect(page([], { method: 'HEAD' })).toBeNull();
    expect(page([], { target: '/assets/index-abc.js' })).toBeNull();
    expect(page(linked)).toBeNull();
    expect(page(linked, { target: '/?from=a-chat' })).toBeNull();
  });

  test.each<[string, string, [string, string][], Partial<RequestHead>]>([
    ['by a script or picture of another site', 'CROSS_SITE', [['sec-fetch-site', 'cross-site']], {}],
    ['in a frame of another site', 'CROSS_SITE', [...linked.slice(0, 2), ['sec-fetch-dest', 'iframe']], {}],
    [
      'by a fetch of another port',
      'CROSS_SITE',
      [
        ['sec-fetch-site', 'same-site'],
        ['sec-fetch-mode', 'cors'],
      ],
      {},
    ],
    ['with the origin of another site', 'WRONG_ORIGIN', [...linked, ['origin', 'http://evil.example']], {}],
    ['by a form of another site', 'CROSS_SITE', linked, { method: 'POST' }],
    ['as a WebSocket', 'NO_TOKEN', [], { upgrade: true }],
    ['with a mode that is told twice', 'HEADER_TWICE', [...linked, ['sec-fetch-mode', 'navigate']], {}],
    ['for a route', 'NO_TOKEN', [], { target: '/v1/status' }],
    ['for a route, by a link', 'CROSS_SITE', linked, { target: '/v1/status' }],
    ['for a route behind the name of a file', 'NO_TOKEN', [], { target: '/assets/../v1/status' }],
    ['for a route behind an escaped one', 'NO_TOKEN', [], { target: '/assets/index-abc.js/%2e%2e/%2e%2e/v1/status' }],
    ['for a file there is not', 'NO_TOKEN', [], { target: '/assets/other.js' }],
  ])('not %s', (_how, code, headers, more) => {
    expect(page(headers, more)).toMatchObject({ code });
  });

  test('trades a ticket without the token, and no other page does', () => {
    const enter = (headers: [string, string][], more: Partial<RequestHead> = {}) =>
      page(headers, { method: 'POST', target: '/v1/web/enter', ...more });
    const own: [string, string] = ['origin', 'http://127.0.0.1:7433'];
    expect(enter([own])).toBeNull();
    expect(enter([])).toMatchObject({ code: 'WRONG_ORIGIN', status: 403 });
    expect(enter([['origin', 'null']])).toMatchObject({ code: 'WRONG_ORIGIN' });
    expect(enter([own, ['sec-fetch-site', 'cross-site']])).toMatchObject({ code: 'CROSS_SITE' });
    expect(enter([own], { method: 'GET' })).toMatchObject({ code: 'NO_TOKEN' });
    expect(enter([own], { upgrade: true, method: 'GET' })).toMatchObject({ code: 'NO_TOKEN' });
    expect(enter([own], { target: '/v1/web/enter/../../v1/hold' })).toMatchObject({ code: 'NO_TOKEN' });
    expect(enter([own], { target: '/v1/web/ticket' })).toMatchObject({ code: 'NO_TOKEN' });
  });
});

describe('a WebSocket', () => {
  const ask = (headers: [string, string][], target = '/v1/live', more: Partial<RequestHead> = {}) =>
    judge(head([HOST, ...headers], { target, upgrade: true, ...more }), keys);
  const offer = (text: string): [string, string] => ['sec-websocket-protocol', text];

  test('is let in by the header, by what a browser can offer, and for the inspector by its address', () => {
    expect(ask([AUTHORIZED])).toBeNull();
    expect(ask([offer('telec.v1, telec.token.right')])).toBeNull();
    expect(ask([offer('telec.token.right,telec.v1'), ['origin', 'http://127.0.0.1:7433']])).toBeNull();
    expect(ask([], '/v1/inspect?access_token=right')).toBeNull();
  });

  test.each<[string, [string, string][], string]>([
    ['NO_TOKEN', [], '/v1/live'],
    ['NO_TOKEN', [offer('telec.v1')], '/v1/live'],
    // Whoever takes the token for the name of the protocol would tell it back.
    ['NO_TOKEN', [offer('telec.token.right')], '/v1/live'],
    ['WRONG_TOKEN', [offer('telec.v1, telec.token.wrong')], '/v1/live'],
    ['WRONG_TOKEN', [offer('telec.v1, telec.token.')], '/v1/live'],
    ['WRONG_TOKEN', [offer('telec.v1, telec.token.wrong, telec.token.right')], '/v1/live'],
    ['WRONG_TOKEN', [['authorization', 'Bearer wrong'], offer('telec.v1, telec.token.right')], '/v1/live'],
    ['HEADER_TWICE', [offer('telec.v1'), offer('telec.token.right')], '/v1/live'],
    ['NO_TOKEN', [], '/v1/live?access_token=right'],
    ['NO_TOKEN', [], '/v1/inspect/?access_token=right'],
    ['WRONG_TOKEN', [], '/v1/inspect?access_token=wrong'],
    ['WRONG_TOKEN', [], '/v1/inspect?access_token=wrong&access_token=right'],
    ['WRONG_TOKEN', [], '/v1/inspect?access_token=scraper'],
    // A page of another site can open one, and cannot hide where it comes from.
    ['WRONG_ORIGIN', [AUTHORIZED, ['origin', 'http://evil.example']], '/v1/live'],
    ['WRONG_ORIGIN', [AUTHORIZED, ['origin', 'null']], '/v1/live'],
    ['WRONG_ORIGIN', [AUTHORIZED, ['origin', 'http://127.0.0.1:7434']], '/v1/live'],
    ['WRONG_ORIGIN', [['origin', 'http://evil.example']], '/v1/inspect?access_token=right'],
    ['CROSS_SITE', [AUTHORIZED, ['sec-fetch-site', 'cross-site']], '/v1/live'],
  ])('is refused with %s: %j %s', (code, headers, target) => {
    expect(ask(headers, target)).toMatchObject({ code });
  });

  test('of another host is refused, and the address opens nothing but a WebSocket', () => {
    expect(judge(head([['host', 'evil.example'], AUTHORIZED], { upgrade: true }), keys)).toMatchObject({
      code: 'WRONG_HOST',
    });
    expect(ask([], '/v1/inspect?access_token=right', { upgrade: false })).toMatchObject({ code: 'NO_TOKEN' });
    expect(ask([offer('telec.v1, telec.token.right')], '/v1/status', { upgrade: false })).toMatchObject({
      code: 'NO_TOKEN',
    });
  });
});

describe('the token for metrics', () => {
  const scraper: [string, string] = ['authorization', 'Bearer scraper'];
  test.each(['/metrics', '/metrics?x=1'])('opens %s', (target) => {
    expect(judge(head([HOST, scraper], { target }), keys)).toBeNull();
  });
  test.each(['/v1/status', '/metrics/', '/metrics/../v1/status', '/v1/live', '/METRICS', '/%6detrics', '//metrics'])(
    'opens not %s',
    (target) => {
      expect(judge(head([HOST, scraper], { target }), keys)).toMatchObject({ code: 'WRONG_TOKEN', status: 401 });
    },
  );
  test('is asked of who comes from this machine alone', () => {
    const from = (headers: [string, string][]) => judge(head([...headers, scraper], { target: '/metrics' }), keys);
    expect(from([['host', 'evil.example']])).toMatchObject({ code: 'WRONG_HOST' });
    expect(from([HOST, ['origin', 'http://evil.example']])).toMatchObject({ code: 'WRONG_ORIGIN' });
  });
});

test.each([
  ['127.0.0.1', 7433, ['127.0.0.1:7433', 'localhost:7433']],
  ['localhost', 7433, ['127.0.0.1:7433', 'localhost:7433']],
  ['::1', 7433, ['[::1]:7433', 'localhost:7433']],
  ['127.0.0.5', 9, ['127.0.0.5:9']],
  ['127.0.0.1', 80, ['127.0.0.1:80', '127.0.0.1', 'localhost:80', 'localhost']],
])('a door at %s, port %i, is called by its own names alone', (host, port, names) => {
  expect(loopbackNames(host, port)).toEqual(names);
});

test.each(['0.0.0.0', '::', '127.1', '127.0.0.256', '127.0.0.01', '10.0.0.1', 'example.org', '127.0.0.1.nip.io', ''])(
  '%j is no loopback address',
  (host) => {
    expect(loopbackAddress(host)).toBeNull();
  },
);

const hello = ({ port, token }: Room, line = 'GET /v1/status', more = '') =>
  `${line} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n${more}\r\n`;

describe('a door', () => {
  test('answers who brings the token of its file, with headers that keep other sites out', async () => {
    const door = await room();
    const file = webTokenFile(door.folder);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).toBe(`Authorization: Bearer ${door.token}\n`);
    expect(door.token).toMatch(/^[0-9a-f]{64}$/);
    const answer = await raw(door.port, hello(door));
    expect(codeIn(answer)).toEqual([200, null]);
    const lines = answer.slice(0, answer.indexOf('\r\n\r\n')).toLowerCase().split('\r\n');
    for (const [name, value] of Object.entries(DOOR_HEADERS))
      expect(lines).toContain(`${name}: ${value}`.toLowerCase());
    expect(lines.filter((line) => line.startsWith('access-control-'))).toEqual([]);
  });

  test('says what is refused as JSON, with the same headers, and closes; nothing of it reaches the routes', async () => {
    const door = await room();
    const posted = `POST /v1/hold HTTP/1.1\r\nHost: 127.0.0.1:${door.port}\r\nContent-Type: application/json\r\nContent-Length: 4194304\r\n\r\n{`;
    // The body never comes, and is not waited for.
    const answer = await raw(door.port, posted);
    expect(codeIn(answer)).toEqual([401, 'NO_TOKEN']);
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4))).toEqual({
      error: {
        code: 'NO_TOKEN',
        message: 'the question has no token',
        hint: 'telec web signs a browser in; programs send the line in the file web-token of the state folder as a header',
        exit: 6,
      },
    });
    expect(answer.toLowerCase()).toContain('\r\nwww-authenticate: bearer\r\n');
    expect(answer.toLowerCase()).toContain("content-security-policy: default-src 'none'");
    expect(door.asked).toEqual([]);
  });

  test('lets who guesses wait, and tells of refusals once, never of what was guessed', async () => {
    const door = await room();
    const guess = () =>
      raw(
        door.port,
        `GET /v1/lease HTTP/1.1\r\nHost: 127.0.0.1:${door.port}\r\nAuthorization: Bearer guessed-it\r\n\r\n`,
      );
    const began = performance.now();
    const answers = await Promise.all([guess(), guess(), guess()]);
    expect(performance.now() - began).toBeGreaterThanOrEqual(245);
    expect(answers.map(codeIn)).toEqual([
      [401, 'WRONG_TOKEN'],
      [401, 'WRONG_TOKEN'],
      [401, 'WRONG_TOKEN'],
    ]);
    await door.close();
    const refused = door.told.filter(([words]) => words === 'the web door refused questions');
    expect(refused.map(([, details]) => details)).toEqual([
      { refused: { WRONG_TOKEN: 1 } },
      { refused: { WRONG_TOKEN: 2 } },
    ]);
    expect(JSON.stringify(door.told)).not.toContain('guessed-it');
    expect(JSON.stringify(door.told)).not.toContain(door.token);
  });

  test('a token of the start before is none', async () => {
    const before = await room();
    await before.close();
    expect(existsSync(webTokenFile(before.folder))).toBe(false);
    const door = await room({ folder: before.folder });
    const answer = await raw(door.port, hello({ ...door, token: before.token }));
    expect(codeIn(answer)).toEqual([401, 'WRONG_TOKEN']);
  });

  test('has the next free port when its own is taken, and says so', async () => {
    const taken = createTcpServer();
    taken.listen(0, '127.0.0.1');
    await once(taken, 'listening');
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as AddressInfo;
    const door = await room({ port });
    expect(door.port).toBeGreaterThan(port);
    expect(door.told).toContainEqual(['the web door is open', { url: door.url, taken: port }]);
    expect(codeIn(await raw(door.port, hello(door)))).toEqual([200, null]);
  });

  test.each<[string, Partial<DoorParts>, RegExp]>([
    ['an address that is not of this machine alone', { host: '0.0.0.0' }, /is no loopback address/],
    ['a folder that is gone', { folder: '/nowhere/at/all' }, /cannot be written down \(ENOENT\)/],
  ])('stays closed for %s, and says why', async (_what, parts, fault) => {
    const door = await room(parts);
    expect(door).toMatchObject({ url: null, fault: expect.stringMatching(fault) });
    expect(door.told).toEqual([['the web door stays closed', { fault: door.fault }]]);
  });

  test('stays closed at the end of the ports, and leaves no token behind', async () => {
    const door = await room({ port: 65_535 });
    const second = await room({ port: 65_535 });
    expect(second.url).toBeNull();
    expect(second.fault).toBe('the ports 65535 to 65535 of 127.0.0.1 are taken');
    expect(existsSync(webTokenFile(second.folder))).toBe(false);
    expect(door.port).toBe(65_535);
  });

  test('replaces a token file that lies about, also a link to elsewhere', async () => {
    const folder = temporaryFolder();
    const elsewhere = join(temporaryFolder(), 'elsewhere');
    writeFileSync(elsewhere, 'mine');
    symlinkSync(elsewhere, webTokenFile(folder));
    writeWebToken(folder, 'x');
    expect(readFileSync(elsewhere, 'utf8')).toBe('mine');
    chmodSync(webTokenFile(folder), 0o666);
    writeWebToken(folder, 'y');
    expect(statSync(webTokenFile(folder)).mode & 0o777).toBe(0o600);
  });
});

describe('bytes that are no honest question', () => {
  const post = (door: Room, more: string, body: string) => [
    hello(door, 'POST /v1/hold', `Content-Type: application/json\r\n${more}`) + body,
  ];

  test.each<[string, (door: Room) => string[], (number | string | null)[]]>([
    ['two lengths', (door) => post(door, 'Content-Length: 2\r\nContent-Length: 30\r\n', '{}'), [400, 'NOT_HTTP']],
    [
      'length and chunks',
      (door) => post(door, 'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
      [400, 'NOT_HTTP'],
    ],
    ['a length that is none', (door) => post(door, 'Content-Length: -1\r\n', '{}'), [400, 'NOT_HTTP']],
    [
      '10,000 bytes of headers',
      (door) => [hello(door, 'GET /', `X: ${'x'.repeat(10_000)}\r\n`)],
      [431, 'HEAD_TOO_LARGE'],
    ],
    ['a long path', (door) => [hello(door, `GET /${'x'.repeat(URL_LENGTH_MAX)}`)], [414, 'URL_TOO_LONG']],
    ['a longer one', (door) => [hello(door, `GET /${'x'.repeat(HEAD_BYTES_MAX)}`)], [431, 'HEAD_TOO_LARGE']],
    ['no HTTP', () => ['\u0016\u0003\u0001\u0002\u0000\r\n\r\n'], [400, 'NOT_HTTP']],
    ['a folded header', (door) => [hello(door, 'GET /', 'X: a\r\n b\r\n')], [400, 'NOT_HTTP']],
    ['a whole address', (door) => [hello(door, 'GET http://evil.example/v1/status')], [400, 'NO_PATH']],
    ['a second host', (door) => [hello(door, 'GET /', 'Host: evil.example\r\n')], [400, 'HEADER_TWICE']],
    ['another host', (door) => [hello(door).replace(/Host: \S+/, 'Host: evil.example')], [403, 'WRONG_HOST']],
    [
      'a preflight',
      (door) => [
        hello(door, 'OPTIONS /v1/hold', `Origin: http://evil.example\r\nAccess-Control-Request-Method: POST\r\n`),
      ],
      [403, 'WRONG_ORIGIN'],
    ],
    ['a method of another protocol', (door) => [hello(door, 'PROPFIND /')], [405, 'WRONG_METHOD']],
    ['a method there is not', (door) => [hello(door, 'STEAL /')], [400, 'NOT_HTTP']],
  ])('%s', async (_what, bytes, expected) => {
    const door = await room();
    const answer = await raw(door.port, ...bytes(door));
    expect(codeIn(answer)).toEqual(expected);
    expect(answer.toLowerCase()).toContain('x-content-type-options: nosniff');
    expect(answer).not.toMatch(/ at .+\.[jt]s/);
    expect(door.asked).toEqual([]);
  });

  test('a tunnel is not made, and a body of unknown length is not waited for', async () => {
    const door = await room();
    expect(await raw(door.port, ...post(door, 'Transfer-Encoding: xchunked\r\n', '0\r\n\r\n'))).toBe('');
    expect(await raw(door.port, `CONNECT evil.example:80 HTTP/1.1\r\nHost: 127.0.0.1:${door.port}\r\n\r\n`)).toBe('');
    expect(door.asked).toEqual([]);
  });

  test('questions in one go are answered in order; what follows a refused one is not read', async () => {
    const door = await room();
    const keep = hello(door).replace('Connection: close\r\n', '');
    const answers = await raw(door.port, keep + keep + hello(door));
    expect([...answers.matchAll(/"asked":(\d)/g)].map(([, number]) => number)).toEqual(['1', '2', '3']);
    const smuggled = await raw(door.port, keep.replace(/Host: \S+/, 'Host: evil.example') + hello(door));
    expect([...smuggled.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => status)).toEqual(['403']);
    expect(door.asked).toHaveLength(3);
  });

  test('who is slow is cut off: with the head, with the body, and with nothing at all', async () => {
    const door = await room({ limits: { headMs: 200, questionMs: 400, idleMs: 600, keepMs: 100 } });
    const [slowHead, slowBody, silent] = await Promise.all([
      raw(door.port, 'GET /v1/status HTTP/1.1\r\nHost: '),
      raw(door.port, ...post(door, 'Content-Length: 100\r\n', '{')),
      raw(door.port),
    ]);
    expect(codeIn(slowHead)).toEqual([408, 'TOO_SLOW']);
    // The question was let in, so the routes wait for its body; whoever reads on gets no answer made of a part.
    expect(slowBody).toBe('');
    expect(silent === '' || codeIn(silent)[0] === 408).toBe(true);
    expect(door.asked).toEqual([]);
  });

  test('more connections than there is room for are closed; the others go on', async () => {
    const door = await room({ limits: { connections: 2 } });
    const idle: Socket[] = [connect(door.port, '127.0.0.1'), connect(door.port, '127.0.0.1')];
    for (const socket of idle) await once(socket, 'connect');
    expect(await raw(door.port, hello(door))).toBe('');
    for (const socket of idle) socket.destroy();
    for (const socket of idle) if (!socket.closed) await once(socket, 'close');
    await expect.poll(async () => codeIn(await raw(door.port, hello(door)))).toEqual([200, null]);
  });

  test('ends with a question under way: the answer goes out, or the connection is cut', async () => {
    const door = await room();
    const open = raw(door.port, ...post(door, 'Content-Length: 100\r\n', '{'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const began = performance.now();
    await door.close();
    expect(performance.now() - began).toBeLessThan(3000);
    expect(await open).toBe('');
    expect(await raw(door.port, hello(door))).toBe('');
  });
});
