/**
 * What the daemon answers behind its doors: the route table, each route with the schemas of its question, and the HTTP
 * around it. Reads and writes through the client alone; a GET changes nothing.
 */
import { Hono } from 'hono';
import { z } from 'zod';
import { EXIT, type Problem, TelecError } from '../errors.ts';
import { scrubber } from '../io/secrets.ts';
import { readLink } from '../machines/links.ts';
import { permissionFor, permit, ROLES, roleOf } from '../machines/permissions.ts';
import type { EmitRequest } from './client.ts';
import { LIVE_ROUTES } from './live/routes.ts';
import { entry, nothing, type Route, type RouteParts, route, text } from './route.ts';
import { METRICS_PATH } from './web-judge.ts';

export type { Route, RouteParts } from './route.ts';

/** Bytes of one question. */
export const BODY_BYTES_MAX = 4 * 1024 * 1024;
/** Who asks in a role says so here. */
const ROLE_HEADER = 'telec-role';
const EVENTS_MAX = 1000;
const EMIT_MAX = 200;
const IDS_MAX = 200;

const then = entry('As it was at this entry; `0`: before the first').optional();
const ids = z.strictObject({ ids: z.array(text('Id of a notification')).min(1).max(IDS_MAX) });

/** All routes, questions before acts. */
export const ROUTES: readonly Route[] = [
  route('GET', '/v1/status', 'the daemon, the integrator and the queue in brief', nothing, ({ client }) =>
    client.status(),
  ),
  route(
    'GET',
    '/v1/candidates',
    'all candidates, or those of a state or slug, in queue order',
    z.strictObject({ state: text('A state of a candidate').optional(), slug: text('A work item').optional() }),
    ({ client }, { state, slug }) =>
      client.candidates({ ...(state === undefined ? {} : { state }), ...(slug === undefined ? {} : { slug }) }),
  ),
  route(
    'GET',
    '/v1/candidate',
    'one candidate with its history',
    z.strictObject({ selector: text('`<slug>[/<branch>][@<sha-prefix>]`'), at: then }),
    async ({ client }, { selector, at }) =>
      at === undefined ? client.candidate(selector) : (await client.live()).candidate(selector, at),
  ),
  route('GET', '/v1/queue', 'what is next, in order', nothing, ({ client }) => client.queue()),
  route(
    'GET',
    '/v1/why',
    'what a slug waits for, and who can provide it',
    z.strictObject({ slug: text('A work item') }),
    ({ client }, { slug }) => client.why(slug),
  ),
  route('GET', '/v1/checks', 'the configured checks, how they did, and what failed', nothing, async ({ client }) =>
    (await client.checks()).list(),
  ),
  route(
    'GET',
    '/v1/checks/log',
    'all that a failed run wrote, where this host has it',
    z.strictObject({
      selector: text('`<slug>[/<branch>][@<sha-prefix>]`'),
      check: text('Name of the check; without it the one that failed').optional(),
    }),
    async ({ client }, { selector, check = null }) => (await client.checks()).log(selector, check),
  ),
  route('GET', '/v1/lease', 'who holds main; null when nobody does', nothing, ({ client }) => client.lease()),
  route(
    'GET',
    '/v1/notifications',
    'what asks for attention',
    z.strictObject({ unseen: z.enum(['0', '1']).optional().describe('`1`: only what nobody has seen') }),
    ({ client }, { unseen }) => client.notifications({ unseen: unseen === '1' }),
  ),
  route(
    'GET',
    '/v1/sessions',
    'sessions of all roles, the newest first',
    z.strictObject({
      role: z.enum(ROLES).optional().describe('Only those of this role'),
      all: z.enum(['0', '1']).optional().describe('`1`: also those that were over long ago'),
    }),
    async ({ client }, { role, all }) =>
      (await client.sessions()).list({ ...(role === undefined ? {} : { role }), all: all === '1' }),
  ),
  route(
    'GET',
    '/v1/actors',
    'the running actors',
    z.strictObject({ machine: text('candidate, integrator or lease').optional(), at: then }),
    async ({ client }, { machine, at }) => {
      if (at === undefined) return client.actors(machine === undefined ? {} : { machine });
      const actors = await (await client.live()).actors(at);
      return actors.filter((actor) => machine === undefined || actor.machine === machine);
    },
  ),
  route(
    'GET',
    '/v1/actor',
    'one actor with its context in brief and its chart',
    z.strictObject({ id: text('Id of an actor'), at: then }),
    async ({ client }, { id, at }) => (at === undefined ? client.actor(id) : (await client.live()).actor(id, at)),
  ),
  route(
    'GET',
    '/v1/events',
    'entries of the log after `from`, oldest first; fewer than `count` only at its end',
    z.strictObject({
      from: entry('Entry id, exclusive; `0`, the default, for the first').optional(),
      count: z
        .string()
        .regex(/^[1-9]\d{0,3}$/, 'is no number from 1')
        .refine((value) => Number(value) <= EVENTS_MAX, `is above ${EVENTS_MAX}`)
        .optional()
        .describe(`1 to ${EVENTS_MAX}, default 100`),
    }),
    ({ client }, { from = '0', count = '100' }) => client.page(from, Number(count)),
  ),
  ...LIVE_ROUTES,
  route('GET', '/v1/inspection', 'the running actors in the Stately inspection protocol', nothing, async (parts) =>
    parts.frames(),
  ),
  route(
    'POST',
    '/v1/events',
    'appends events, each by the rules of `telec events emit`; one result for each, in order',
    z.strictObject({
      events: z
        .array(
          z.strictObject({ event: text('Short, canonical or full type'), payload: z.record(z.string(), z.unknown()) }),
        )
        .min(1)
        .max(EMIT_MAX),
    }),
    ({ client }, { events }) => client.emit(events as EmitRequest[]),
    'events emit',
  ),
  ...(
    [
      ['seen', 'seen', 'a person saw them'],
      ['claim', 'claimed', 'somebody takes care of them'],
      ['resolve', 'resolved', 'they are settled'],
    ] as const
  ).map(([name, mark, summary]) =>
    route(
      'POST',
      `/v1/notifications/${name}`,
      summary,
      ids,
      ({ client }, asked) => client.markNotifications(asked.ids, mark),
      `notifications ${name}`,
    ),
  ),
  route(
    'POST',
    '/v1/hold',
    'freezes merging',
    z.strictObject({
      reason: text('Why').nullable().default(null),
      for_ms: z.int().min(1).nullable().default(null).describe('For how long, ms; null: until lifted'),
      main_busy: z.boolean().default(false).describe('Declares manual work on main'),
    }),
    async ({ client }, { reason, for_ms, main_busy }) => ({
      hold: await client.hold({ reason, forMs: for_ms, mainBusy: main_busy }),
    }),
    'hold',
  ),
  route(
    'POST',
    '/v1/unhold',
    'lets merging go on; a halt needs the reason',
    z.strictObject({ reason: text('Why main is right as it is').nullable().default(null) }),
    async ({ client }, { reason }) => ({ hold: await client.unhold({ reason }) }),
    'unhold',
  ),
  route(
    'POST',
    '/v1/resume',
    'puts a blocked candidate back into the queue',
    z.strictObject({
      slug: text('`<slug>[/<branch>][@<sha-prefix>]`'),
      force: z.boolean().default(false),
      reason: text('Why; recorded').nullable().default(null),
    }),
    ({ client }, { slug, force, reason }) => client.resume({ slug, force, reason }),
    'resume',
  ),
  route(
    'POST',
    '/v1/integrator',
    "starts the daemon's integrator whatever the queue says, unless one runs anywhere",
    nothing,
    ({ integrator }) => integrator.wake(),
    'integrate',
  ),
  route(
    'POST',
    '/v1/integrator/end',
    "tells the daemon's integrator to end: what it has in hand is finished, the rest goes back",
    z.strictObject({ session_id: text('Id of the session') }),
    async ({ integrator }, { session_id }) => ({ asked: (await integrator.end(session_id)) === true }),
    'sessions end',
  ),
  route(
    'POST',
    '/v1/web/ticket',
    'an address that signs a browser in, once and within a minute, and a private file that leads there; on the socket alone',
    z.strictObject({
      link: text('Where it leads, as `#/event/<id>`')
        .refine((fragment) => readLink(fragment) !== null, 'is no link')
        .nullable()
        .default(null),
    }),
    async ({ entry }, { link }) => {
      if (entry !== null) return entry.issue(link === null ? null : readLink(link));
      throw new TelecError('SOCKET_ONLY', EXIT.refused, 'a ticket is given on the socket alone', { hint: 'telec web' });
    },
    'web',
  ),
  route(
    'POST',
    '/v1/stop',
    'ends the daemon: the train in hand is finished, the rest goes back',
    nothing,
    async (parts) => {
      // After the answer has gone out.
      setImmediate(() => parts.stop());
      return { stopping: true };
    },
    'down',
  ),
];

const NO_SUCH = new Set(['NOT_FOUND', 'NO_SUCH_ENTRY']);
const STATUS_OF: Record<number, 400 | 403 | 404 | 409 | 500 | 503 | 504> = {
  [EXIT.domain]: 409,
  [EXIT.usage]: 400,
  [EXIT.unreachable]: 503,
  [EXIT.busy]: 409,
  [EXIT.timeout]: 504,
  [EXIT.refused]: 403,
};

/** The answer to any question, as a fetch handler. */
export function daemonApp(parts: RouteParts): (request: Request) => Response | Promise<Response> {
  const app = new Hono();
  const scrub = scrubber(parts.secrets);
  const refuse = (error: unknown): Response => {
    const known = error instanceof TelecError ? error : null;
    if (!known) parts.report.error('a question met a bug', error);
    const fault = known ?? new TelecError('BUG', EXIT.bug, 'the daemon has a bug', { hint: 'its log has the details' });
    const status = NO_SUCH.has(fault.code) ? 404 : (STATUS_OF[fault.exit] ?? 500);
    return answerError(fault.code === TOO_LARGE ? 413 : status, fault, scrub);
  };
  for (const { method, path, question, answer, command } of ROUTES) {
    app.on(method, path, async (context) => {
      const role = context.req.header(ROLE_HEADER);
      if (command !== null && role !== undefined) await checkRight(parts, command, role);
      const asked = method === 'GET' ? queryOf(context.req.queries()) : await bodyOf(context.req.raw);
      const parsed = question.safeParse(asked);
      if (!parsed.success) throw invalid(parsed.error);
      return context.json((await answer(parts, parsed.data)) as object);
    });
  }
  // For Prometheus: the one answer that is no JSON.
  app.get(METRICS_PATH, async () => {
    const { contentType, text } = await parts.metrics();
    return new Response(scrub(text), { headers: { 'content-type': contentType } });
  });
  app.notFound((context) => {
    const { path, method } = context.req;
    const known = [...ROUTES, { path: METRICS_PATH, method: 'GET' }];
    const allowed = known.filter((other) => other.path === path).map((other) => other.method);
    if (allowed.length === 0) return answerError(404, usage('NO_ROUTE', `the daemon has no ${path}`), scrub);
    const fault = usage('WRONG_METHOD', `${path} takes ${allowed.join(' and ')}, not ${method}`);
    return answerError(405, fault, scrub, { allow: allowed.join(', ') });
  });
  app.onError((error) => refuse(error));
  return (request) => app.fetch(request);
}

/** A question may carry the role of who asks; it narrows here as it does on the command line. */
async function checkRight({ client }: RouteParts, command: string, name: string): Promise<void> {
  const role = roleOf(name, ROLE_HEADER);
  const halted = command === 'unhold' && (await client.status()).hold?.alarm;
  const row = permissionFor(command, halted ? { state: 'halt' } : {});
  if (row) permit(row, role);
}

function usage(code: string, message: string, problems: Problem[] = []): TelecError {
  return new TelecError(code, EXIT.usage, message, {
    hint: 'docs/protocol.md lists the routes',
    ...(problems.length > 0 ? { problems } : {}),
  });
}

const TOO_LARGE = 'BODY_TOO_LARGE';

/** One value a name; a name given twice stays a list, which no schema takes. */
function queryOf(queries: Record<string, string[]>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(queries).map(([name, all]) => [name, all.length === 1 ? all[0] : all]));
}

async function bodyOf(request: Request): Promise<unknown> {
  const type = request.headers.get('content-type') ?? '';
  if (!/^application\/json(\s*;|$)/i.test(type)) throw usage('NOT_JSON', 'a POST has content-type application/json');
  const body = await textOf(request);
  try {
    return JSON.parse(body);
  } catch {
    throw usage('NOT_JSON', 'the body is no JSON');
  }
}

/** The body, whether its length was told or not; no more of it is read than may come. */
async function textOf(request: Request): Promise<string> {
  const tooLarge = () => usage(TOO_LARGE, `a question has at most ${BODY_BYTES_MAX} bytes`);
  if (Number(request.headers.get('content-length')) > BODY_BYTES_MAX) throw tooLarge();
  const parts: Uint8Array[] = [];
  let size = 0;
  const cut = () => usage('BODY_CUT', 'the body ended before its end, or came too slowly');
  const reader = request.body?.getReader();
  for (;;) {
    const part = await reader?.read().catch(() => Promise.reject(cut()));
    if (part?.value === undefined) return Buffer.concat(parts).toString('utf8');
    size += part.value.length;
    if (size > BODY_BYTES_MAX) throw tooLarge();
    parts.push(part.value);
  }
}

function invalid(error: z.ZodError): TelecError {
  const problems = error.issues.flatMap((issue): Problem[] => {
    const path = issue.path.map(String).join('.');
    if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message.replace(/^Invalid input: /, '') }];
    return issue.keys.map((key) => ({ path: path ? `${path}.${key}` : key, message: 'is no field of this question' }));
  });
  return usage('INVALID_QUESTION', 'the question is not as the route wants it', problems);
}

function answerError(
  status: number,
  fault: TelecError,
  scrub: (text: string) => string,
  headers: Record<string, string> = {},
): Response {
  const { code, message, hint = null, problems, exit } = fault;
  const error = { code, message, hint, ...(problems ? { problems } : {}), exit };
  return new Response(scrub(JSON.stringify({ error })), {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  });
}
