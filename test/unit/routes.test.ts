/**
 * The daemon's routes, asked as HTTP: what each answers, what it hands to the client, and what is refused. The page
 * docs/protocol.md shows the same table.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { examples } from '../../scripts/examples.ts';
import { moment, overview } from '../../scripts/live-examples.ts';
import type { CommandContext, TelecClient } from '../../src/actors/client.ts';
import { BODY_BYTES_MAX, daemonApp, ROUTES } from '../../src/actors/routes.ts';
import { EXIT, TelecError } from '../../src/errors.ts';
import { isAllowed, permissionFor, ROLES } from '../../src/machines/permissions.ts';
import { type Asked, fakeRuntime } from '../support/fake-runtime.ts';

const isIntegrator = ({ machine }: { machine: string }) => machine === 'integrator';

interface Answer {
  status: number;
  headers: Headers;
  body: unknown;
}

interface App {
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  asked: Asked;
  stopped(): number;
  reported: unknown[];
}

async function appOf(client: Partial<TelecClient> = {}): Promise<App> {
  const fake = fakeRuntime(client);
  const reported: unknown[] = [];
  let stops = 0;
  const told: string[] = [];
  const app = daemonApp({
    client: await fake.runtime.openClient({} as CommandContext),
    integrator: {
      wake: async () => ({ result: 'already_running', session_id: 'integrator-1', detail: null }),
      end: async (id) => told.push(id) > 0 && id === 'integrator-1',
    },
    stop: () => {
      stops += 1;
    },
    frames: async () => [{ type: '@xstate.actor' }],
    entry: { issue: () => examples.ticket },
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4; charset=utf-8', text: 'telec_up 1\n' }),
    secrets: ['open-sesame'],
    report: { info: () => undefined, warn: () => undefined, error: (_message, error) => reported.push(error) },
  });
  return {
    asked: fake.asked,
    stopped: () => stops,
    reported,
    async ask(method, path, body, headers = { 'content-type': 'application/json' }) {
      const init = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body), headers };
      const response = await app(new Request(`http://daemon${path}`, { method, ...init }));
      return { status: response.status, headers: response.headers, body: await response.json() };
    },
  };
}

describe('every route', () => {
  test.each([
    ['/v1/status', examples.status, ['status']],
    ['/v1/candidates', examples.candidates, ['candidates', {}]],
    ['/v1/candidates?state=ready&slug=login', examples.candidates, ['candidates', { state: 'ready', slug: 'login' }]],
    ['/v1/candidate?selector=a%2Fb%40cafe', examples.candidate, ['candidate', 'a/b@cafe']],
    ['/v1/queue', examples.queue, ['queue']],
    ['/v1/why?slug=login', examples.why, ['why', 'login']],
    ['/v1/lease', examples.lease, ['lease']],
    ['/v1/sessions', examples.sessions, ['sessions']],
    ['/v1/sessions?role=integrator&all=1', examples.sessions, ['sessions']],
    ['/v1/notifications', examples.notifications, ['notifications', { unseen: false }]],
    ['/v1/notifications?unseen=1', examples.notifications, ['notifications', { unseen: true }]],
    ['/v1/actors', examples.actors, ['actors', {}]],
    ['/v1/actors?machine=lease', examples.actors, ['actors', { machine: 'lease' }]],
    ['/v1/actor?id=x%231', examples.actor, ['actor', 'x#1']],
    ['/v1/events', [examples.envelope], ['page', '0', 100]],
    ['/v1/events?from=12-3&count=1000', [examples.envelope], ['page', '12-3', 1000]],
    ['/v1/candidate?selector=login&at=12-3', examples.candidate, ['live']],
    ['/v1/actors?machine=integrator&at=12-3', examples.actors.filter(isIntegrator), ['live']],
    ['/v1/actor?id=x&at=0', examples.actor, ['live']],
    ['/v1/overview', overview, ['live']],
    ['/v1/overview?at=12-3', overview, ['live']],
    ['/v1/moment?index=7', moment, ['live']],
    ['/v1/inspection', [{ type: '@xstate.actor' }], null],
  ])('GET %s', async (path, expected, call) => {
    const app = await appOf();
    const { status, headers, body } = await app.ask('GET', path);
    expect({ status, type: headers.get('content-type'), body }).toEqual({
      status: 200,
      type: 'application/json',
      body: expected,
    });
    expect(app.asked).toEqual(call === null ? [] : [call]);
  });

  test.each([
    ['/v1/notifications/seen', { ids: ['a', 'b'] }, ['markNotifications', ['a', 'b'], 'seen']],
    ['/v1/notifications/claim', { ids: ['a'] }, ['markNotifications', ['a'], 'claimed']],
    ['/v1/notifications/resolve', { ids: ['a'] }, ['markNotifications', ['a'], 'resolved']],
    ['/v1/hold', {}, ['hold', { reason: null, forMs: null, mainBusy: false }]],
    ['/v1/hold', { reason: 'r', for_ms: 5, main_busy: true }, ['hold', { reason: 'r', forMs: 5, mainBusy: true }]],
    ['/v1/unhold', { reason: 'looked' }, ['unhold', { reason: 'looked' }]],
    ['/v1/resume', { slug: 'a' }, ['resume', { slug: 'a', force: false, reason: null }]],
    [
      '/v1/events',
      { events: [{ event: 'branch.pushed', payload: { a: 1 } }] },
      ['emit', [{ event: 'branch.pushed', payload: { a: 1 } }]],
    ],
  ])('POST %s %j', async (path, body, call) => {
    const app = await appOf();
    expect((await app.ask('POST', path, body)).status).toBe(200);
    expect(app.asked).toEqual([call]);
  });

  test('POST /v1/stop answers first and stops then', async () => {
    const app = await appOf();
    expect(await app.ask('POST', '/v1/stop', {})).toMatchObject({ status: 200, body: { stopping: true } });
    await new Promise((resolve) => setImmediate(resolve));
    expect(app.stopped()).toBe(1);
  });
});

describe('the integrator', () => {
  test('is woken, and told to end', async () => {
    const app = await appOf();
    expect(await app.ask('POST', '/v1/integrator', {})).toMatchObject({
      status: 200,
      body: { result: 'already_running', session_id: 'integrator-1', detail: null },
    });
    for (const id of ['integrator-1', 'integrator-2']) {
      const { body } = await app.ask('POST', '/v1/integrator/end', { session_id: id });
      expect(body).toEqual({ asked: id === 'integrator-1' });
    }
  });
});

describe('F37 a question that carries a role', () => {
  const inRole = (role: string) => ({ 'content-type': 'application/json', 'telec-role': role });
  const bodies: Record<string, unknown> = {
    '/v1/events': { events: [{ event: 'branch.pushed', payload: {} }] },
    '/v1/resume': { slug: 'a' },
    '/v1/integrator/end': { session_id: 'integrator-1' },
  };

  test.each(ROLES)('is answered or refused by the table: %s', async (role) => {
    for (const { method, path, command } of ROUTES) {
      expect(command === null, path).toBe(method === 'GET');
      if (command === null) continue;
      const app = await appOf();
      const body = path.includes('notifications') ? { ids: ['a'] } : (bodies[path] ?? {});
      const { status } = await app.ask('POST', path, body, inRole(role));
      const halted = path === '/v1/unhold' && examples.status.hold?.alarm ? { state: 'halt' } : {};
      const row = permissionFor(command, halted);
      expect([path, status]).toEqual([path, row && isAllowed(row, role) ? 200 : 403]);
    }
  });

  test('of a halt is for admins, and a role that is none is refused', async () => {
    const halted = { ...examples.status, hold: { ...examples.hold, alarm: 'MAIN_REWOUND' } };
    const app = await appOf({ status: async () => halted });
    const lift = (role: string) => app.ask('POST', '/v1/unhold', { reason: 'r' }, inRole(role));
    expect(await lift('integrator')).toMatchObject({ status: 403, body: { error: { code: 'PERMISSION_DENIED' } } });
    expect(await lift('boss')).toMatchObject({ status: 400, body: { error: { code: 'INVALID_ROLE', exit: 2 } } });
    expect((await lift('admin')).status).toBe(200);
  });
});

describe('a question that is not as it should be', () => {
  test.each([
    ['GET', '/v1/status?x=1', undefined, [['x', 'is no field of this question']]],
    ['GET', '/v1/candidate', undefined, [['selector', 'expected string, received undefined']]],
    ['GET', '/v1/why?slug=', undefined, [['slug', 'is empty']]],
    ['GET', '/v1/why?slug=a&slug=b', undefined, [['slug', 'expected string, received array']]],
    [
      'GET',
      '/v1/events?from=x&count=1001',
      undefined,
      [
        ['from', 'is no id of a log entry'],
        ['count', 'is above 1000'],
      ],
    ],
    ['GET', '/v1/overview?at=yesterday', undefined, [['at', 'is no id of a log entry']]],
    ['GET', '/v1/moment?index=-1', undefined, [['index', 'is no number from 0']]],
    ['GET', '/v1/events?count=0', undefined, [['count', 'is no number from 1']]],
    [
      'POST',
      '/v1/hold',
      { for_ms: 'long', until: 1 },
      [
        ['for_ms', 'expected number, received string'],
        ['until', 'is no field of this question'],
      ],
    ],
    ['POST', '/v1/notifications/seen', { ids: [] }, [['ids', expect.any(String)]]],
    ['POST', '/v1/events', { events: [{ event: 'x' }] }, [['events.0.payload', expect.any(String)]]],
    ['POST', '/v1/unhold', [], [['', 'expected object, received array']]],
  ])('%s %s is refused with every problem, and reaches nobody', async (method, path, body, problems) => {
    const app = await appOf();
    const { status, body: answer } = await app.ask(method, path, body);
    expect(status).toBe(400);
    const { error } = answer as {
      error: { code: string; exit: number; problems: { path: string; message: string }[] };
    };
    expect(error).toMatchObject({ code: 'INVALID_QUESTION', exit: 2 });
    expect(error.problems.map((problem) => [problem.path, problem.message]).sort()).toEqual([...problems].sort());
    expect(app.asked).toEqual([]);
  });

  test('is refused without a JSON body, with one too large, on another path, by another method', async () => {
    const { ask, asked } = await appOf();
    const code = async (...question: Parameters<typeof ask>) => {
      const { status, body } = await ask(...question);
      return [status, (body as { error: { code: string } }).error.code];
    };
    expect(await code('POST', '/v1/hold', '{}', { 'content-type': 'text/plain' })).toEqual([400, 'NOT_JSON']);
    expect(await code('POST', '/v1/hold', '{')).toEqual([400, 'NOT_JSON']);
    expect(await code('POST', '/v1/hold', JSON.stringify('x'.repeat(BODY_BYTES_MAX)))).toEqual([413, 'BODY_TOO_LARGE']);
    expect(await code('GET', '/v1/nothing')).toEqual([404, 'NO_ROUTE']);
    expect(await code('GET', '/v1/hold')).toEqual([405, 'WRONG_METHOD']);
    expect(await code('POST', '/v1/status', {})).toEqual([405, 'WRONG_METHOD']);
    expect((await ask('DELETE', '/v1/events', {})).headers.get('allow')).toBe('GET, POST');
    expect(asked).toEqual([]);
  });
});

describe('a fault', () => {
  const failing = (error: unknown) =>
    appOf({
      status: async () => {
        throw error;
      },
    });

  test.each([
    ['NOT_FOUND', EXIT.domain, 404],
    ['NO_SUCH_ENTRY', EXIT.domain, 404],
    ['AMBIGUOUS', EXIT.domain, 409],
    ['UNKNOWN_STATE', EXIT.usage, 400],
    ['REDIS_UNREACHABLE', EXIT.unreachable, 503],
    ['HALTED', EXIT.refused, 403],
  ])('%s keeps its code, hint and exit status', async (code, exit, status) => {
    const app = await failing(new TelecError(code, exit, 'it said open-sesame', { hint: 'redis://u:pw@h' }));
    expect(await app.ask('GET', '/v1/status')).toMatchObject({
      status,
      body: { error: { code, exit, message: 'it said ***', hint: 'redis://u:***@h' } },
    });
    expect(app.reported).toEqual([]);
  });

  test('that is a bug says no more than that, and goes to the log whole', async () => {
    const bug = new Error('inner workings');
    const app = await failing(bug);
    const { status, body } = await app.ask('GET', '/v1/status');
    expect([status, JSON.stringify(body).includes('inner workings')]).toEqual([500, false]);
    expect(body).toMatchObject({ error: { code: 'BUG', exit: 70 } });
    expect(app.reported).toEqual([bug]);
  });
});

test('docs/protocol.md lists the routes there are, no more and no less', () => {
  const page = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');
  const listed = [...page.matchAll(/^### (GET|POST) (\/\S+)$/gm)].map(([, method, path]) => `${method} ${path}`);
  expect(listed).toEqual(ROUTES.map(({ method, path }) => `${method} ${path}`));
});
