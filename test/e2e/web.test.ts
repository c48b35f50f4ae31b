/** `telec web` and the live feed of a running daemon, on both doors. The built program, a real remote. */
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import WebSocket from 'ws';
import type { LiveMessage } from '../../src/actors/live/views.ts';
import type { WebView } from '../../src/actors/web-entry.ts';
import { readDaemonFile } from '../../src/io/state.ts';
import { webTokenFile } from '../../src/io/web-token.ts';
import { linkOf, readEnter } from '../../src/machines/links.ts';
import { makeWorld, type World } from '../support/daemon-world.ts';

let world: World;
let key: string;
beforeAll(async () => {
  world = await makeWorld({ env: { TELEC_WEB_PORT: '0', TELEC_INTEGRATION_PROBE_MS: '86400000' } });
  await world.ok(['up']);
  await world.ok(['hold', '--reason', 'quiet']);
  key = `one/feature/one@${world.branch('feature/one', { 'one.txt': '1\n' })}`;
  await world.ok(['submit', '--slug', 'one']);
});
afterAll(() => world.close());

const token = () => /Bearer (\S+)/.exec(readFileSync(webTokenFile(world.state()), 'utf8'))?.[1] ?? '';
const daemon = () => readDaemonFile(world.state());
const enter = (url: string) => readEnter(new URL(url).hash);
const code = (run: { stdout: string }) => /"code":"(\w+)"/.exec(run.stdout)?.[1];

test('the address signs in and leads on; the token is never in it', async () => {
  const [whole, candidate, event] = await Promise.all([
    world.ok<WebView>(['web', '--print']),
    world.ok<WebView>(['web', 'candidate', 'one', '--print']),
    world.ok<WebView>(['web', 'event', '1718000000000-0', '--print']),
  ]);
  expect([whole, candidate, event].map(({ opened }) => opened)).toEqual([false, false, false]);
  expect(enter(whole.url)?.link).toBeNull();
  expect(enter(candidate.url)?.link).toEqual({ kind: 'candidate', key });
  expect(candidate.url).toContain(encodeURIComponent(linkOf({ kind: 'candidate', key })));
  expect(enter(event.url)?.link).toEqual({ kind: 'event', id: '1718000000000-0' });
  expect([whole, candidate, event].some(({ url }) => url.includes(token()))).toBe(false);
  // Without a screen nothing is opened, and the address is said.
  const said = await world.run(['web']);
  expect([said.code, said.stdout]).toEqual([
    0,
    expect.stringMatching(
      /^open this address in a browser of this machine \(good once, within a minute\):\n {2}http:\/\/127\.0\.0\.1:\d+\/#enter=[0-9a-f]{64}\n$/,
    ),
  ]);
});

test('says what is wrong with what is to be shown', async () => {
  const runs = await Promise.all(
    [
      ['web', 'event', 'x'],
      ['web', 'moment'],
      ['web', 'candidate', 'nothing'],
      ['web', 'elsewhere', 'x'],
    ].map((line) => world.run([...line, '--json'])),
  );
  expect(runs.map((run) => [run.code, code(run)])).toEqual([
    [2, 'WEB_TARGET'],
    [2, 'WEB_TARGET'],
    [1, 'NOT_FOUND'],
    [2, 'USAGE'],
  ]);
});

test('a ticket is given on the socket alone, and to no session in a role', async () => {
  const headers = { authorization: `Bearer ${token()}`, 'content-type': 'application/json' };
  const asked = await fetch(`${daemon()?.web}/v1/web/ticket`, { method: 'POST', body: '{}', headers });
  expect([asked.status, await asked.json()]).toMatchObject([403, { error: { code: 'SOCKET_ONLY' } }]);
  const worker = await world.run(['web', '--print', '--json'], { env: { TELEC_ROLE: 'worker' } });
  expect([worker.code, code(worker)]).toEqual([6, 'PERMISSION_DENIED']);
});

test('both doors tell the repository as it is, then what changes', async () => {
  const { socket, web } = daemon() ?? {};
  const heard = ['web', 'socket'].map((door): LiveMessage[] => {
    const made =
      door === 'socket'
        ? new WebSocket(`ws+unix:${socket}:/v1/live`)
        : new WebSocket(`${web?.replace('http', 'ws')}/v1/live`, ['telec.v1', `telec.token.${token()}`]);
    const messages: LiveMessage[] = [];
    made.on('message', (text) => messages.push(JSON.parse(String(text)) as LiveMessage));
    onTestFinished(() => made.terminate());
    return messages;
  });
  await world.until(() => heard.every((messages) => messages.length > 0));
  for (const [first] of heard) {
    if (first?.kind !== 'overview') throw new Error('the first message is an overview');
    expect(first.overview.candidates.map((row) => [row.key, row.state])).toEqual([[key, 'ready']]);
    expect(first.overview.status.hold?.reason).toBe('quiet');
  }
  await world.ok(['hold', '--reason', 'louder']);
  const reasons = (messages: LiveMessage[]) =>
    messages.map((each) => (each.kind === 'change' ? each.status : each.overview.status).hold?.reason);
  await world.until(() => heard.every((messages) => reasons(messages).includes('louder')));
});

test('without a daemon it says how to get one, and leaves no file', async () => {
  const { file } = (await world.ask<{ file: string }>('/v1/web/ticket', {})) ?? { file: '' };
  expect(existsSync(file)).toBe(true);
  await world.ok(['down']);
  expect(existsSync(file)).toBe(false);
  const run = await world.run(['web']);
  expect([run.code, run.stderr]).toEqual([
    3,
    'error: no daemon runs here, and the web view is served by it\nhint: telec up, then telec web\n',
  ]);
});
