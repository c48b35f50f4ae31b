/**
 * A real daemon's web door in a real browser: signing in by `telec web`, what pages of other sites can do with the door,
 * and the page that hands the actors on to somebody else's inspector. Nothing here leaves the machine.
 */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { makeWorld, type World } from '../support/daemon-world.ts';

interface WebAnswer {
  url: string;
  opened: boolean;
  expires_at: string;
}

let browser: Browser;
let world: World;
let origin: string;
const open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  browser = await chromium.connect(inject('browser'));
  world = await makeWorld({ env: { TELEC_WEB_PORT: '0', TELEC_INTEGRATION_PROBE_MS: '86400000' } });
  await world.ok(['up']);
  await world.ok(['hold', '--reason', 'quiet']);
  world.branch('feature/one', { 'one.txt': '1\n' });
  await world.ok(['submit', '--slug', 'one']);
  await world.settled('one', 'ready');
  origin = new URL((await world.ok<WebAnswer>(['web', '--print'])).url).origin;
});

afterAll(async () => {
  await world.close();
  await browser.close();
});

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function profile(): Promise<BrowserContext> {
  const context = await browser.newContext();
  open.push(context);
  return context;
}

/** A page that is signed in. */
async function signedIn(path = ''): Promise<Page> {
  const page = await (await profile()).newPage();
  const { url } = await world.ok<WebAnswer>(['web', '--print']);
  await page.goto(url);
  await page.getByText('one', { exact: true }).first().waitFor();
  if (path !== '') await page.goto(origin + path);
  return page;
}

/** A site of somebody else on this machine, with what its pages hold. */
async function siteOf(html: string): Promise<string> {
  const server = createServer((_question, answer) => answer.setHeader('content-type', 'text/html').end(html));
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  open.push({ close: () => new Promise((resolve) => server.close(() => resolve())) });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('telec web', () => {
  test('opens a private file that signs the browser in; no secret stands in its arguments, and the file is gone', async () => {
    const bin = join(world.dir, 'bin');
    mkdirSync(bin, { recursive: true });
    const noted = join(world.dir, 'opened');
    writeFileSync(join(bin, 'xdg-open'), `#!/bin/sh\nprintf '%s\\n' "$#" "$@" > '${noted}'\n`);
    chmodSync(join(bin, 'xdg-open'), 0o755);
    const env = { PATH: `${bin}:${world.env['PATH']}`, DISPLAY: ':7' };
    const answer = await world.ok<WebAnswer>(['web', 'candidate', 'one'], { env });
    expect(answer.opened).toBe(true);
    const [count, path = ''] = readFileSync(noted, 'utf8').split('\n');
    expect(count).toBe('1');
    const ticket = /#enter=([0-9a-f]{64})&to=/.exec(answer.url)?.[1] ?? '';
    expect(path.startsWith(`${world.state()}/web-enter-`)).toBe(true);
    expect(path).not.toContain(ticket);

    const page = await (await profile()).newPage();
    // As xdg-open hands it over.
    const html = readFileSync(path, 'utf8');
    expect(html).toContain(ticket);
    await page.goto(`file://${path}`);
    await page.waitForURL(`${origin}/#/candidate/**`);
    await page.getByText('one', { exact: true }).first().waitFor();
    expect(page.url()).not.toContain(ticket);
    const token = await page.evaluate(() => localStorage.getItem('telec.token'));
    expect(readFileSync(join(world.state(), 'web-token'), 'utf8')).toBe(`Authorization: Bearer ${token}\n`);
    expect(() => readFileSync(path)).toThrow(/ENOENT/);
    const log = readFileSync(join(world.state(), 'daemon.log'), 'utf8');
    expect(log).not.toContain(ticket);

    // What is left in the history of a browser opens nothing.
    const late = await (await profile()).newPage();
    await late.goto(answer.url);
    await late.getByText('This address was used already, or it is too old.').waitFor();
  });
});

describe('a page of another site', () => {
  test('gets nothing out of the door, even with the token', async () => {
    const owner = await signedIn();
    const token = await owner.evaluate(() => localStorage.getItem('telec.token'));
    const evil = await siteOf('<!doctype html><title>evil</title>');
    // In the browser of who is signed in.
    const page = await owner.context().newPage();
    await page.goto(evil);
    const got = await page.evaluate(
      async ({ origin, token }) => {
        const failed = async (work: Promise<unknown>) => work.then(() => 'let in').catch(() => 'refused');
        const authorized = { authorization: `Bearer ${token}` };
        const socket = (address: string, protocols: string[]) =>
          new Promise<string>((resolve) => {
            const made = new WebSocket(address, protocols);
            made.onopen = () => resolve('let in');
            made.onerror = () => resolve('refused');
          });
        const loaded = (tag: 'script' | 'img' | 'link', address: string) =>
          new Promise<string>((resolve) => {
            const made = document.createElement(tag);
            made.onload = () => resolve('let in');
            made.onerror = () => resolve('refused');
            if (made instanceof HTMLLinkElement) {
              made.rel = 'stylesheet';
              made.href = address;
            } else made.src = address;
            document.head.append(made);
          });
        const asset = await fetch(`${origin}/`).catch(() => null);
        const ws = origin.replace('http', 'ws');
        return {
          page: asset === null ? 'refused' : 'let in',
          status: await failed(fetch(`${origin}/v1/status`, { headers: authorized })),
          opaque: (await fetch(`${origin}/v1/status`, { mode: 'no-cors' }).catch(() => null))?.type ?? 'refused',
          hold: await failed(fetch(`${origin}/v1/hold`, { method: 'POST', body: '{}', headers: authorized })),
          live: await socket(`${ws}/v1/live`, ['telec.v1', `telec.token.${token}`]),
          inspect: await socket(`${ws}/v1/inspect?access_token=${token}`, []),
          enter: await failed(fetch(`${origin}/v1/web/enter`, { method: 'POST', body: '{}' })),
          picture: await loaded('img', `${origin}/`),
        };
      },
      { origin, token },
    );
    expect({ ...got, opaque: got.opaque === 'opaque' ? 'refused' : got.opaque }).toEqual({
      page: 'refused',
      status: 'refused',
      opaque: 'refused',
      hold: 'refused',
      live: 'refused',
      inspect: 'refused',
      enter: 'refused',
      picture: 'refused',
    });
    const holds = (await world.events()).filter(({ event }) => event.endsWith('hold.placed'));
    expect(holds).toHaveLength(1);
  });

  test('cannot put the page into a frame, nor hold on to it when it opens it; a link leads there', async () => {
    const owner = await signedIn();
    const evil = await siteOf(
      `<!doctype html><iframe src="${origin}/"></iframe><a id="link" href="${origin}/">telec</a>`,
    );
    const page = await owner.context().newPage();
    await page.goto(evil);
    await page.waitForTimeout(300);
    const framed = page.frames().filter((frame) => frame.url().startsWith(origin));
    expect(await Promise.all(framed.map((frame) => frame.content()))).not.toContainEqual(
      expect.stringContaining('id="root"'),
    );
    const [opened] = await Promise.all([
      page.context().waitForEvent('page'),
      page.evaluate((address) => {
        const held = globalThis as unknown as { held: Window | null };
        held.held = window.open(address);
      }, origin),
    ]);
    await opened.getByText('one', { exact: true }).first().waitFor();
    expect(await opened.evaluate(() => window.opener)).toBeNull();
    expect(await page.evaluate(() => (globalThis as unknown as { held: Window | null }).held?.closed)).toBe(true);
    await page.click('#link');
    await page.getByText('one', { exact: true }).first().waitFor();
  });
});

describe("the page for Stately's inspector", () => {
  /** What the makers' own receiver does in a page, and notes what it gets. */
  const RECEIVER = `<!doctype html><title>inspector</title><script>
    globalThis.heard = [];
    addEventListener('message', (event) => { if (event.data && event.data._version) heard.push(event.data); });
    parent.postMessage({ type: '@statelyai.connected' }, '*');
  </script>`;

  test('loads nothing from elsewhere before the press, then hands the actors to that site alone', async () => {
    const page = await signedIn('/stately');
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.route('https://stately.ai/**', (route) =>
      route.fulfill({ contentType: 'text/html', body: RECEIVER, headers: { 'access-control-allow-origin': '*' } }),
    );
    await page.reload();
    await page.getByText('What follows leaves this machine.').waitFor();
    await page.waitForTimeout(300);
    expect(asked.filter((url) => !url.startsWith(origin) && !url.startsWith('data:'))).toEqual([]);

    await page.getByRole('button', { name: 'Load stately.ai and show it the actors' }).click();
    await page.getByText(/messages handed on/).waitFor();
    const frame = page.frames().find((each) => each.url().startsWith('https://stately.ai/inspect'));
    if (!frame) throw new Error('there is no frame');
    const heard = await frame.evaluate(() => {
      const { heard: all } = globalThis as unknown as {
        heard: { type: string; name?: string; snapshot: { value?: string } }[];
      };
      return all.map(({ type, name, snapshot }) => [type, name ?? snapshot.value]);
    });
    expect(heard).toEqual([
      ['@xstate.actor', expect.stringMatching(/^one\/feature\/one@[0-9a-f]{40}$/)],
      ['@xstate.snapshot', 'ready'],
    ]);
    // The frame belongs to another site: neither what this page keeps nor the page itself is its to touch.
    const reach = await frame.evaluate(() => {
      const tried = (work: () => unknown) => {
        try {
          return String(work());
        } catch (error) {
          return (error as Error).name;
        }
      };
      return [
        tried(() => parent.localStorage.getItem('telec.token')),
        tried(() => {
          (top as Window).location.href = 'https://stately.ai/elsewhere';
        }),
      ];
    });
    expect(reach).toEqual(['SecurityError', 'SecurityError']);

    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('What follows leaves this machine.').waitFor();
    expect(page.frames()).toHaveLength(1);
    expect(page.url()).toBe(`${origin}/stately`);
  });

  test('listens to nobody but that site', async () => {
    const page = await signedIn('/stately');
    await page.route('https://stately.ai/**', (route) => route.fulfill({ contentType: 'text/html', body: 'silent' }));
    const sockets: string[] = [];
    page.on('websocket', (socket) => sockets.push(socket.url()));
    await page.getByRole('button', { name: 'Load stately.ai and show it the actors' }).click();
    await page.evaluate(() => window.postMessage({ type: '@statelyai.connected' }, '*'));
    await page.waitForTimeout(300);
    expect(sockets).toEqual([]);
  });

  test('says what to do when the browser was not let in', async () => {
    const page = await (await profile()).newPage();
    await page.goto(`${origin}/stately`);
    await page.getByRole('button', { name: 'Load stately.ai and show it the actors' }).click();
    await page.getByText('Run telec web in the repository, then come back to this page.').waitFor();
  });
});
