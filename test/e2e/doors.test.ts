/**
 * The two doors of a running daemon, tried from outside: by their owner, by another user of the machine, by a browser,
 * and by bytes that are no honest question. The built program, a real remote, raw sockets.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, connect, createServer, type NetConnectOpts } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { DoctorRow, StatusView } from '../../src/actors/client.ts';
import { ROUTES } from '../../src/actors/routes.ts';
import { readDaemonFile } from '../../src/io/state.ts';
import { webTokenFile } from '../../src/io/web-token.ts';
import { end, isAlive, makeWorld, type World, type WorldOptions } from '../support/daemon-world.ts';
import { git } from '../support/git-repo.ts';

/** Any port, so that no other daemon of this machine is in the way, and no look at the remote in between. */
const QUIET = { TELEC_WEB_PORT: '0', TELEC_INTEGRATION_PROBE_MS: '86400000' };

async function worldOf(options: WorldOptions = {}): Promise<World> {
  const world = await makeWorld({ ...options, env: { ...QUIET, ...options.env } });
  onTestFinished(() => world.close());
  return world;
}

const daemonOf = (world: World) => {
  const file = readDaemonFile(world.state());
  if (file === null) throw new Error('no daemon runs');
  return { ...file, web: file.web ?? '' };
};

const tokenOf = (world: World) => /Bearer (\S+)/.exec(readFileSync(webTokenFile(world.state()), 'utf8'))?.[1] ?? '';

/** Sends bytes and gives all that comes back until the other side closes. */
async function raw(place: NetConnectOpts, text: string, half = false): Promise<string> {
  const socket = connect(place);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', () => undefined);
  if (half) socket.end(text);
  else socket.write(text);
  await new Promise((resolve) => socket.on('close', resolve));
  return Buffer.concat(chunks).toString('latin1');
}

const codeIn = (answer: string) => [
  Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]),
  /"code":"(\w+)"/.exec(answer)?.[1] ?? null,
];

async function ask(world: World, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { authorization: `Bearer ${tokenOf(world)}`, ...init.headers };
  return fetch(`${daemonOf(world).web}${path}`, { ...init, headers });
}

const bitsForOthers = (path: string) => lstatSync(path).mode & 0o077;

/** Everything a question could have changed: the log, all refs, and all files with their content. */
async function wholeOf(world: World) {
  const { log } = (await world.ask<StatusView>('/v1/status')) as StatusView;
  const refs = [world.remote, world.clone].map((repo) => git(repo, 'for-each-ref'));
  const files = readdirSync(world.dir, { recursive: true, encoding: 'utf8' })
    .map((name) => join(world.dir, name))
    // The log for people tells of refusals; the snapshot and its summary are caches, which the daemon saves by the clock.
    .filter((path) => lstatSync(path).isFile() && !/\/(daemon\.log|snapshot\.json|summary\.json)$/.test(path))
    .map((path) => `${path} ${statSync(path).mtimeMs} ${statSync(path).size}`);
  return { log, refs, files: files.sort() };
}

describe('the web door', () => {
  let world: World;
  let sha: string;
  beforeAll(async () => {
    world = await makeWorld({ env: QUIET });
    await world.ok(['up']);
    await world.ok(['hold', '--reason', 'quiet']);
    sha = world.branch('feature/one', { 'one.txt': '1\n' });
    await world.ok(['submit', '--slug', 'one']);
  });
  afterAll(() => world.close());

  test('is named by status in JSON and text, and in the file of the daemon', async () => {
    const { web } = daemonOf(world);
    expect(web).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await world.ok<StatusView>(['status'])).daemon.web).toBe(web);
    expect((await world.run(['status'])).stdout).toContain(`web          ${web}\n`);
  });

  test('opens with curl as the page on the protocol says, and the token stands in no argv', () => {
    const { web } = daemonOf(world);
    const args = ['--silent', '--fail', '-H', `@${webTokenFile(world.state())}`, `${web}/v1/status`];
    const answer = JSON.parse(execFileSync('curl', args, { encoding: 'utf8' })) as StatusView;
    expect(answer.counts.ready).toBe(1);
    expect(args.join(' ')).not.toContain(tokenOf(world));
    const page = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');
    expect(page.includes('curl -H @web-token "$(jq -r .web daemon.json)/v1/status"')).toBe(true);
  });

  const queries: Record<string, string> = {
    '/v1/candidate': '?selector=one',
    '/v1/why': '?slug=one',
    '/v1/actor': '?id=one%2Ffeature%2Fone%40SHA',
    '/v1/events': '?count=1000',
    '/v1/moment': '?index=1',
    '/v1/notifications': '?unseen=1',
    '/v1/sessions': '?all=1',
  };
  // The log of a check is there once one has run: see the tests of what is shown of checks.
  const reading = ROUTES.filter(({ method, path }) => method === 'GET' && path !== '/v1/checks/log').map(
    ({ path }) => path,
  );

  test('answers what the socket answers, and no GET or HEAD changes anything', async () => {
    const before = await wholeOf(world);
    for (const path of reading) {
      const question = path + (queries[path] ?? '').replace('SHA', sha);
      for (const _time of [1, 2]) {
        const answer = await ask(world, question);
        expect([question, answer.status]).toEqual([question, 200]);
        const body = (await answer.json()) as { waiting_ms?: number }[];
        // What has waited since the last question has waited longer.
        const still = (value: unknown) => JSON.stringify(value).replace(/"waiting_ms":\d+|"now":"[^"]*"/g, '');
        expect(still(body)).toBe(still(await world.ask(question)));
        const head = await ask(world, question, { method: 'HEAD' });
        expect([head.status, await head.text()]).toEqual([200, '']);
      }
    }
    expect(await wholeOf(world)).toEqual(before);
  });

  test('changes nothing by a GET or HEAD of what is to be posted, by a body that is no JSON, or without the token', async () => {
    const before = await wholeOf(world);
    const posting = ROUTES.filter(({ method, path }) => method === 'POST' && !reading.includes(path));
    expect(posting.length).toBeGreaterThan(7);
    for (const { path } of posting) {
      const got = await ask(world, path);
      expect([path, got.status, got.headers.get('allow')]).toEqual([path, 405, 'POST']);
      expect((await ask(world, path, { method: 'HEAD' })).status).toBe(405);
      // What a form of another site could send.
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
        const sent = await ask(world, path, { method: 'POST', body: '{}', headers: { 'content-type': type } });
        expect([path, sent.status]).toEqual([path, 400]);
      }
      const json = { 'content-type': 'application/json' };
      const foreign = await fetch(daemonOf(world).web + path, { method: 'POST', body: '{}', headers: json });
      expect([path, foreign.status]).toEqual([path, 401]);
    }
    expect(await wholeOf(world)).toEqual(before);
  });

  test('takes what is posted with the token', async () => {
    const json = { 'content-type': 'application/json' };
    const held = await ask(world, '/v1/hold', { method: 'POST', body: '{"reason":"by a page"}', headers: json });
    expect([held.status, await held.json()]).toMatchObject([200, { hold: { reason: 'by a page' } }]);
    expect((await world.ok<StatusView>(['status'])).hold?.reason).toBe('by a page');
  });

  test('knows no other path, says so as JSON, and tells nothing of its inside', async () => {
    for (const path of [
      '/favicon.ico',
      '/v1',
      '/v1/../../etc/passwd',
      '/v1/status/',
      '/%00',
      '//evil.example/v1/status',
    ]) {
      const answer = await ask(world, path);
      const body = await answer.text();
      expect([path, answer.status]).toEqual([path, 404]);
      expect(JSON.parse(body)).toMatchObject({ error: { code: 'NO_ROUTE', exit: 2 } });
      expect(body).not.toContain(world.dir);
    }
    const questioned = await ask(world, '/v1/candidate?selector=nothing');
    expect([questioned.status, await questioned.json()]).toMatchObject([404, { error: { code: 'NOT_FOUND' } }]);
  });

  test('is shut to a page of another site, whatever name it goes by', async () => {
    const { port } = new URL(daemonOf(world).web);
    const token = tokenOf(world);
    const question = (host: string, more = '') =>
      raw(
        { port: Number(port), host: '127.0.0.1' },
        `GET /v1/status HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n${more}\r\n`,
      );
    expect(codeIn(await question(`127.0.0.1:${port}`))).toEqual([200, null]);
    expect(codeIn(await question(`localhost:${port}`))).toEqual([200, null]);
    expect(codeIn(await question(`evil.example:${port}`))).toEqual([403, 'WRONG_HOST']);
    expect(codeIn(await question(`127.0.0.1:${port}`, 'Origin: http://evil.example\r\n'))).toEqual([
      403,
      'WRONG_ORIGIN',
    ]);
    expect(codeIn(await question(`127.0.0.1:${port}`, 'Sec-Fetch-Site: cross-site\r\n'))).toEqual([403, 'CROSS_SITE']);
    const log = readFileSync(join(world.state(), 'daemon.log'), 'utf8');
    expect(log).toContain('"msg":"the web door refused questions"');
    expect(log).not.toContain(token);
  });

  test('the doctor sees what is open, and that a token others may read is a fault', async () => {
    const surface = async () =>
      (await world.run(['doctor', '--json'])).json<DoctorRow[]>().find(({ check }) => check === 'surface');
    const { socket, web } = daemonOf(world);
    expect(await surface()).toEqual({
      check: 'surface',
      status: 'ok',
      detail: `socket ${socket} for this user alone; web ${web} by token`,
      mend: null,
    });
    chmodSync(webTokenFile(world.state()), 0o644);
    chmodSync(socket, 0o666);
    expect(await surface()).toEqual({
      check: 'surface',
      status: 'fail',
      detail: `the socket ${socket} has mode 0666 instead of 0600; others may read the token in ${webTokenFile(world.state())}`,
      mend: 'telec down, then telec up',
    });
  });

  test('closes on SIGTERM and on down, and every start has a token of its own', async () => {
    const tokens: string[] = [];
    const gone = async (web: string) => {
      expect(existsSync(webTokenFile(world.state()))).toBe(false);
      await expect(fetch(`${web}/v1/status`)).rejects.toThrow();
    };
    const ways = [async () => process.kill(world.daemonPid() ?? 0, 'SIGTERM'), async () => world.ok(['down'])];
    for (const stop of ways) {
      await world.ok(['up']);
      const { pid, web } = daemonOf(world);
      tokens.push(tokenOf(world));
      await stop();
      await world.until(() => !isAlive(pid));
      await gone(web);
    }
    await world.ok(['up']);
    tokens.push(tokenOf(world));
    expect(new Set(tokens).size).toBe(3);
    const stale = { authorization: `Bearer ${tokens[0]}` };
    expect((await ask(world, '/v1/status', { headers: stale })).status).toBe(401);
    expect((await ask(world, '/v1/status')).status).toBe(200);
  });
});

test('a taken port: the next one, shown; no port at all: the daemon runs, and everybody says why there is no door', async () => {
  const taken = createServer();
  taken.listen(0, '127.0.0.1');
  await once(taken, 'listening');
  onTestFinished(() => void taken.close());
  const { port } = taken.address() as AddressInfo;
  const world = await worldOf();
  await world.ok(['up'], { env: { TELEC_WEB_PORT: String(port) } });
  expect(Number(new URL(daemonOf(world).web).port)).toBeGreaterThan(port);
  await world.ok(['down']);

  const last = createServer();
  last.listen(65_535, '127.0.0.1');
  await once(last, 'listening');
  onTestFinished(() => void last.close());
  await world.ok(['up'], { env: { TELEC_WEB_PORT: '65535' } });
  expect((await world.ok<StatusView>(['status'])).daemon).toMatchObject({ running: true, web: null });
  expect((await world.run(['status'])).stdout).toContain('web          closed; telec doctor says why\n');
  const rows = (await world.run(['doctor', '--json'])).json<DoctorRow[]>();
  expect(rows.find(({ check }) => check === 'surface')).toMatchObject({
    status: 'warn',
    detail: expect.stringContaining('web closed: the ports 65535 to 65535 of 127.0.0.1 are taken'),
  });
  expect(readFileSync(join(world.state(), 'daemon.log'), 'utf8')).toContain('"msg":"the web door stays closed"');
  expect(existsSync(webTokenFile(world.state()))).toBe(false);
});

describe('the socket', () => {
  test('is closed to others from the start whatever the umask, in a short folder too', async () => {
    for (const deep of [false, true]) {
      const dir = deep ? 'x'.repeat(120) : '';
      const world = await worldOf({ init: false });
      const home = join(world.env['TELEC_HOME'] ?? '', dir);
      const run = (...words: string[]) => {
        const script = 'umask 000; exec "$0" "$@"';
        const program = new URL('../../dist/cli/telec.js', import.meta.url).pathname;
        const options = { cwd: world.clone, env: { ...world.env, TELEC_HOME: home }, encoding: 'utf8' } as const;
        const ended = spawnSync('/bin/sh', ['-c', script, process.execPath, program, ...words], options);
        expect([words, ended.status, ended.stderr]).toEqual([words, 0, '']);
      };
      run('init', '--quiet');
      run('up', '--quiet');
      const state = join(home, readdirSync(home)[0] ?? '');
      onTestFinished(() => run('down', '--redis', '--quiet'));
      const file = readDaemonFile(state);
      const socket = file?.socket ?? '';
      expect(socket.startsWith(state)).toBe(!deep);
      expect(lstatSync(socket).mode & 0o777).toBe(0o600);
      expect(lstatSync(dirname(socket)).mode & 0o777).toBe(0o700);
      const open = [state, ...readdirSync(state).map((name) => join(state, name))].filter(
        (path) => bitsForOthers(path) !== 0,
      );
      expect(open).toEqual([]);
    }
  });

  test('a file or socket of a dead daemon is replaced; a folder that is a link is refused', async () => {
    const world = await worldOf();
    await world.ok(['up']);
    const { socket, pid } = daemonOf(world);
    await end(pid);
    expect(existsSync(socket)).toBe(true);
    await world.ok(['up']);
    expect(await world.ask('/v1/lease')).toBeNull();
    expect((await world.ask<StatusView>('/v1/status'))?.daemon.running).toBe(true);
    await world.ok(['down']);

    writeFileSync(socket, 'in the way');
    await world.ok(['up']);
    await world.ok(['down']);
    const elsewhere = join(world.dir, 'elsewhere');
    mkdirSync(elsewhere);
    execFileSync('rm', ['-r', dirname(socket)]);
    symlinkSync(elsewhere, dirname(socket));
    const refused = await world.run(['up', '--json']);
    expect([refused.code, refused.json()]).toMatchObject([2, { error: { code: 'STATE_FOLDER' } }]);
    expect(readdirSync(elsewhere)).toEqual([]);
  });

  test('hostile bytes get an answer or a closed door, and the daemon goes on', async () => {
    const world = await worldOf();
    await world.ok(['up']);
    const path = daemonOf(world).socket;
    const post = (length: string, body: string) =>
      `POST /v1/hold HTTP/1.1\r\nHost: telec\r\nContent-Type: application/json\r\nConnection: close\r\n${length}\r\n${body}`;
    const cases: [string, boolean, (number | string | null)[]][] = [
      // Less than was told, and the sender gone: the question is not taken for a whole one.
      [post('Content-Length: 100\r\n', '{}'), true, [Number.NaN, null]],
      // More than was told: what is left over is no question, and the connection ends with it.
      [post('Content-Length: 1\r\n', '{}'), false, [Number.NaN, null]],
      [post('Content-Length: 2\r\nContent-Length: 3\r\n', '{}'), false, [400, 'NOT_HTTP']],
      [post('Content-Length: 2\r\nTransfer-Encoding: chunked\r\n', '2\r\n{}\r\n0\r\n\r\n'), false, [400, 'NOT_HTTP']],
      [post('Transfer-Encoding: chunked\r\n', 'zz\r\n'), false, [Number.NaN, null]],
      // A length that is told by its parts, or not at all.
      [post('Transfer-Encoding: chunked\r\n', '3\r\n{"x\r\n4\r\n":1}\r\n0\r\n\r\n'), false, [400, 'INVALID_QUESTION']],
      [post('Transfer-Encoding: chunked\r\n', '3\r\n{"x'), true, [Number.NaN, null]],
      [post('', ''), false, [400, 'NOT_JSON']],
      [post('Content-Length: 5000000\r\n', '{'), false, [413, 'BODY_TOO_LARGE']],
      [`GET /v1/status HTTP/1.1\r\nHost: telec\r\nX: ${'x'.repeat(10_000)}\r\n\r\n`, false, [431, 'HEAD_TOO_LARGE']],
      ['GET /v1/status HTTP/1.1\r\n\r\n', false, [400, null]],
      [
        `GET /v1/why?slug=${'%00'.repeat(100)} HTTP/1.1\r\nHost: telec\r\nConnection: close\r\n\r\n`,
        false,
        [404, null],
      ],
      ['GET /v1/why?slug=%ff%fe HTTP/1.1\r\nHost: telec\r\nConnection: close\r\n\r\n', false, [404, null]],
      ['\u0000\u0001\u0002\r\n\r\n', false, [400, 'NOT_HTTP']],
    ];
    for (const [bytes, half, expected] of cases) {
      const [status, code] = codeIn(await raw({ path }, bytes, half));
      expect([bytes, status, expected[1] === null ? null : code]).toEqual([bytes, ...expected]);
    }
    const keep = 'GET /v1/lease HTTP/1.1\r\nHost: telec\r\n\r\n';
    const last = keep.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n');
    const answers = await raw({ path }, keep + keep + last);
    expect(answers.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(3);
    const status = await world.ok<StatusView>(['status']);
    expect([status.daemon.running, status.hold]).toEqual([true, null]);
    expect(
      readFileSync(join(world.state(), 'daemon.log'), 'utf8')
        .split('\n')
        .filter((line) => /met a bug|has a fault/.test(line)),
    ).toEqual([]);
  });

  const root = process.getuid?.() === 0;
  const setpriv = spawnSync('setpriv', ['--version']).status === 0;
  test.skipIf(!root || !setpriv)(
    root ? 'another user reads no token and opens neither door' : 'another user (needs root and setpriv to play one)',
    async () => {
      const world = await worldOf();
      await world.ok(['up']);
      const { socket, web } = daemonOf(world);
      const token = webTokenFile(world.state());
      const asNobody = (script: string) => {
        const words = ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, '-e', script];
        const { stdout, stderr, status } = spawnSync('setpriv', words, { cwd: '/', env: {}, encoding: 'utf8' });
        return status === 0 ? stdout : `${status} ${stderr}`;
      };
      const open = `require('net').connect(${JSON.stringify(socket)}).on('connect', () => { console.log('open'); process.exit() }).on('error', (e) => console.log(e.code))`;
      const read = `try { console.log(require('fs').readFileSync(${JSON.stringify(token)}, 'utf8')) } catch (e) { console.log(e.code) }`;
      const guess = `fetch('${web}/v1/status', { headers: { authorization: 'Bearer ' + '0'.repeat(64) } }).then((r) => console.log(r.status), (e) => console.log(e.cause.code))`;
      // The folders above are the test's own; what follows is telec's.
      chmodSync(world.dir, 0o755);
      expect([asNobody(open), asNobody(read), asNobody(guess)]).toEqual(['EACCES\n', 'EACCES\n', '401\n']);
      // With all folders opened by mistake, the files themselves still hold.
      for (const folder of [dirname(world.state()), world.state(), dirname(socket)]) chmodSync(folder, 0o755);
      expect([asNobody(open), asNobody(read)]).toEqual(['EACCES\n', 'EACCES\n']);
    },
  );
});
