/**
 * The routes asked with anything: each question gets an answer in JSON, none is a bug, and what the door does not let in
 * reaches nobody.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CommandContext } from '../../src/actors/client.ts';
import { daemonApp, ROUTES } from '../../src/actors/routes.ts';
import { judge } from '../../src/actors/web-judge.ts';
import { fakeRuntime } from '../support/fake-runtime.ts';

const RUNS = 500;

async function appWithBugs() {
  const fake = fakeRuntime();
  const bugs: unknown[] = [];
  const app = daemonApp({
    client: await fake.runtime.openClient({} as CommandContext),
    integrator: { wake: async () => null, end: async () => null },
    stop: () => undefined,
    frames: async () => [],
    entry: null,
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4; charset=utf-8', text: 'telec_up 1\n' }),
    secrets: [],
    report: { info: () => undefined, warn: () => undefined, error: (_message, error) => bugs.push(error) },
  });
  return { app, bugs };
}

const paths = fc.oneof(
  fc.constantFrom(...ROUTES.map(({ path }) => path)),
  fc.webPath(),
  fc
    .array(fc.constantFrom('v1', 'events', '..', '%2e', '%00', '%', '', 'x'.repeat(300)))
    .map((parts) => `/${parts.join('/')}`),
);
const names = fc.constantFrom(
  'slug',
  'state',
  'selector',
  'from',
  'count',
  'id',
  'ids',
  'machine',
  'unseen',
  'role',
  '__proto__',
  'constructor',
);
const query = fc.array(fc.tuple(names, fc.string({ unit: 'binary' })), { maxLength: 4 });
const known = fc.record(
  {
    ids: fc.anything(),
    events: fc.oneof(fc.array(fc.record({ event: fc.string(), payload: fc.object() })), fc.anything()),
    reason: fc.anything(),
    for_ms: fc.oneof(fc.integer(), fc.anything()),
    main_busy: fc.anything(),
    slug: fc.oneof(fc.string({ unit: 'binary' }), fc.anything()),
    force: fc.anything(),
    session_id: fc.anything(),
  },
  { requiredKeys: [] },
);
const bodies = fc.oneof(known.map(textOf), fc.json(), fc.string({ unit: 'binary' }), fc.constant('['.repeat(50_000)));
const types = fc.constantFrom(
  'application/json',
  'application/json; charset=utf-8',
  'text/plain',
  'application/jsonx',
  '',
);
const roles = fc.option(fc.constantFrom('worker', 'admin', 'integrator', 'boss', '', 'a b', '__proto__'), {
  nil: undefined,
});

function textOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '';
  }
}

describe('any question', () => {
  test('gets an answer in JSON, and none meets a bug', async () => {
    const { app, bugs } = await appWithBugs();
    const question = fc.record({
      method: fc.constantFrom('GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'),
      path: paths,
      query,
      body: bodies,
      type: types,
      role: roles,
    });
    await fc.assert(
      fc.asyncProperty(question, async (asked) => {
        const url = new URL('http://daemon/');
        url.pathname = asked.path;
        for (const [name, value] of asked.query) url.searchParams.append(name, value);
        const bare = asked.method === 'GET' || asked.method === 'HEAD';
        const headers = {
          ...(asked.type === '' ? {} : { 'content-type': asked.type }),
          ...(asked.role === undefined ? {} : { 'telec-role': asked.role }),
        };
        const request = new Request(url, { method: asked.method, headers, ...(bare ? {} : { body: asked.body }) });
        const answer = await app(request);
        const text = await answer.text();
        expect(answer.status).toBeLessThan(500);
        expect(answer.headers.get('content-type')).toBe('application/json');
        if (asked.method !== 'HEAD') JSON.parse(text);
        expect(bugs).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  test('without the token, or with another host, comes in at no time', () => {
    const header = fc.oneof(
      fc.tuple(fc.constantFrom('host', 'origin', 'authorization', 'sec-fetch-site', 'x'), fc.string()),
      fc.constantFrom<[string, string][]>(
        ['host', '127.0.0.1:1'],
        ['authorization', 'Bearer right'],
        ['origin', 'http://127.0.0.1:1'],
      ),
    );
    const keys = {
      names: ['127.0.0.1:1'],
      isToken: (given: string) => given === 'right',
      isMetricsToken: (given: string) => given === 'scraper',
      isFile: (path: string) => path === '/',
    };
    let entered = 0;
    fc.assert(
      fc.property(
        fc.oneof(fc.constantFrom('GET', 'POST'), fc.string()),
        fc.oneof(fc.constantFrom('/v1/status', '/v1/live', '/v1/web/enter/', '/?', '/#', '//'), fc.string()),
        fc.array(header, { maxLength: 6 }),
        fc.boolean(),
        (method, target, headers, upgrade) => {
          // The files of the page and the trade of a ticket are for everybody.
          fc.pre(upgrade || !['/', '/v1/web/enter'].includes(target.split('?', 1)[0] ?? ''));
          const letIn = judge({ method, target, headers, upgrade }, keys) === null;
          const all = (name: string) => headers.filter(([other]) => other === name).map(([, value]) => value);
          if (!letIn) return;
          entered += 1;
          expect(['GET', 'HEAD', 'POST']).toContain(method);
          expect(all('host')).toEqual(['127.0.0.1:1']);
          expect(all('authorization')).toHaveLength(1);
          expect(all('authorization')[0]).toMatch(/^bearer +right$/i);
          expect(all('origin').every((origin) => origin.toLowerCase() === 'http://127.0.0.1:1')).toBe(true);
        },
      ),
      { numRuns: 5000 },
    );
    expect(entered).toBeGreaterThan(10);
  });
});
