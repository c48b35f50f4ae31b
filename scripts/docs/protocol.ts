/** The page docs/protocol.md: the daemon's routes, the log and its envelope, made from the schemas the program uses. */
import { z } from 'zod';
import { BODY_BYTES_MAX, ROUTES, type Route } from '../../src/actors/routes.ts';
import { CONNECTIONS_MAX } from '../../src/actors/web-door.ts';
import { URL_LENGTH_MAX } from '../../src/actors/web-judge.ts';
import { HEAD_BYTES_MAX, LIMITS } from '../../src/io/http-server.ts';
import { type RepositoryKeys, repositoryKeys } from '../../src/io/redis/keys.ts';
import { CHANNELS_MAX } from '../../src/io/web-sockets.ts';
import { buildDefaultCatalogue, catalogueRow, ENVELOPE_BYTES_MAX, envelopeSchema } from '../../src/machines/events.ts';
import { checkLog, checksView } from '../checks-examples.ts';
import { examples } from '../examples.ts';
import { moment, overview } from '../live-examples.ts';

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('\n', ' ');
const table = (heading: string[], body: string[][]) =>
  [heading, heading.map(() => '---'), ...body].map((row) => `| ${row.join(' | ')} |`).join('\n');
const json = (value: unknown) => `\`\`\`json\n${JSON.stringify(value, null, 2)}\n\`\`\``;

/** One answer of every route, in the shapes the client's types have. */
const ANSWERS: Record<string, unknown> = {
  'GET /v1/status': examples.status,
  'GET /v1/candidates': [examples.ready],
  'GET /v1/candidate': examples.candidate,
  'GET /v1/queue': examples.queue,
  'GET /v1/why': examples.why,
  'GET /v1/checks': checksView,
  'GET /v1/checks/log': checkLog,
  'GET /v1/lease': examples.lease,
  'GET /v1/notifications': examples.notifications,
  'GET /v1/actors': examples.actors,
  'GET /v1/actor': examples.actor,
  'GET /v1/events': [examples.envelope],
  'GET /v1/overview': overview,
  'GET /v1/moment': moment,
  'GET /v1/inspection': [
    { type: '@xstate.snapshot', sessionId: 'x:1', snapshot: { status: 'active', value: 'ready' } },
  ],
  'POST /v1/events': [{ status: 'appended', id: examples.envelope.id }],
  'POST /v1/notifications/seen': examples.notifications,
  'POST /v1/notifications/claim': examples.notifications,
  'POST /v1/notifications/resolve': examples.notifications,
  'POST /v1/hold': { hold: examples.hold },
  'POST /v1/unhold': { hold: null },
  'POST /v1/resume': examples.ready,
  'GET /v1/sessions': examples.sessions,
  'POST /v1/integrator': { result: 'already_running', session_id: examples.lease.owner_session_id, detail: null },
  'POST /v1/integrator/end': { asked: true },
  'POST /v1/web/ticket': examples.ticket,
  'POST /v1/stop': { stopping: true },
};

/** What each key of the log holds; a key without a line here does not compile. */
const KEYS: Record<keyof RepositoryKeys, string> = {
  log: 'stream: the log, one entry an event',
  logId: 'string: the id of the log, made with its first entry and never changed',
  idempotency: 'hash: idempotency key to entry id and digest; kept when entries are archived',
  positions: 'hash: name of a reader to the last entry it is done with',
  dead: 'stream: entries that could not be applied, with the reason',
  buried: 'hash: id of such an entry to its id in the stream of dead letters',
  lease: 'hash: the record of the lease; no expiry, since an expired lease must still be seen',
  fence: 'string: the highest fence ever granted; outlives the record',
  archive: 'hash: `through`, the last entry that was archived, and `entries`, how many were; absent while none was',
  archiveFiles:
    'list: first and last entry, number of entries, SHA-256 and host of each file of archived entries, oldest first',
  archiveFolds: 'hash: version of the fold to the fold of all archived entries, for hosts that have not the files',
};

interface Field {
  type?: string | string[];
  description?: string;
  enum?: unknown[];
  const?: unknown;
  anyOf?: Field[];
  items?: Field;
  default?: unknown;
}

function typeOf(field: Field): string {
  if (field.const !== undefined) return JSON.stringify(field.const);
  if (field.enum) return field.enum.map((value) => JSON.stringify(value)).join(' \\| ');
  if (field.anyOf) return field.anyOf.map(typeOf).join(' \\| ');
  if (field.type === 'array') return `list of ${field.items ? typeOf(field.items) : 'any'}`;
  return [field.type ?? 'any'].flat().join(' \\| ');
}

function fieldsOf(schema: z.ZodType): string[][] {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' });
  return Object.entries(properties).map(([name, property]) => {
    const field = property as Field;
    const given = field.default === undefined ? '' : `, default \`${JSON.stringify(field.default)}\``;
    const inner = field.items?.description ?? field.anyOf?.find(({ description }) => description)?.description ?? '';
    const must = required.includes(name) ? 'yes' : `no${given}`;
    return [`\`${name}\``, typeOf(field), must, cell(field.description ?? inner)];
  });
}

function section(route: Route): string {
  const name = `${route.method} ${route.path}`;
  const fields = fieldsOf(route.question);
  const answer = ANSWERS[name];
  if (answer === undefined) throw new Error(`${name} has no example of its answer`);
  return [
    `### ${name}`,
    `${route.summary.charAt(0).toUpperCase()}${route.summary.slice(1)}.`,
    ...(fields.length > 0
      ? [table([route.method === 'GET' ? 'Query' : 'Body', 'Type', 'Required', 'Meaning'], fields)]
      : []),
    json(answer),
  ].join('\n\n');
}

export function render(): string {
  const keys = repositoryKeys('repo_id');
  const catalogue = buildDefaultCatalogue().list().map(catalogueRow);
  return `${[
    '<!-- Made by `npm run docs` from the program; edit the program, not this page. -->',
    '# The protocol',
    'How programs talk to telec: the doors of the daemon, and the log in Redis. Names and shapes are stable; new fields may come.',
    '## The daemon',
    'The daemon answers HTTP behind two doors, the same routes behind both. Where they are stands in `daemon.json` of the state folder: ' +
      '`{"pid", "socket", "since", "version", "web", "web_fault"}`. The file outlives a daemon that was killed: only an answer proves that one runs.',
    '**The socket**: a unix socket of mode 0600 in a folder of mode 0700. No password: who may open it is its owner.',
    '```sh\ncurl --unix-socket "$(jq -r .socket daemon.json)" http://telec/v1/status\n```',
    '**The web door**: HTTP on a loopback address, for browsers and for programs that open no unix socket; `web.host` and `web.port` of the configuration, ' +
      'or the next free port. `telec status` shows its address; null means that it could not be opened, and `web_fault` says why. ' +
      'Every question carries the token of the running daemon. The file `web-token` of the state folder (mode 0600, another one with each start) holds it as a whole header line, ' +
      'to be handed over as a file: what stands in an argument can be read by every user of the machine.',
    '```sh\ncurl -H @web-token "$(jq -r .web daemon.json)/v1/status"\n```',
    'The door must be called by its own name (`127.0.0.1:<port>` or `localhost:<port>` as bound), by GET, HEAD or POST, with no `Origin` but its own and no `Sec-Fetch-Site` but ' +
      '`same-origin` and `none`; each of these headers once. It sends no CORS headers. A wrong token is answered late, and every refusal ends the connection. ' +
      '[Security](security.md) says what that protects against.',
    `Bounds of both: ${HEAD_BYTES_MAX} bytes of head, ${LIMITS.headMs / 1000} s for it, ${LIMITS.questionMs / 1000} s for the whole question, ` +
      `${LIMITS.connections} connections (web: ${CONNECTIONS_MAX}, and a path with query of at most ${URL_LENGTH_MAX} characters). What is no HTTP is refused, never guessed at.`,
    `A GET changes nothing; its question stands in the query. A POST takes a JSON object of at most ${BODY_BYTES_MAX} bytes with ` +
      '`content-type: application/json`. A field that is not listed is an error. Answers are JSON, as `telec … --json` prints them.',
    'A refusal is `{"error": {"code", "message", "hint", "problems"?, "exit"}}`; `exit` is the exit status of the command line for the same fault.',
    table(
      ['Status', 'Meaning'],
      [
        ['400', 'the question is not as the route wants it; every problem is listed'],
        ['401', 'web door: no token, or not that of the running daemon'],
        ['403', 'refused by policy; web door: another host or another site'],
        ['404', 'no such route, or nothing of that name'],
        ['405', 'the route takes another method; `allow` names it'],
        ['408', 'the question did not come in time'],
        ['409', 'it cannot be done in the state things are in'],
        ['413', 'the body is too large'],
        ['414, 431', 'the path, or the head, is too long'],
        ['500', "a bug; the daemon's log has it"],
        ['503', 'Redis or the remote cannot be reached'],
        ['504', 'it took too long'],
      ],
    ),
    '`GET /metrics` is the one answer that is no JSON: [metrics](metrics.md) in the text format of Prometheus. It also takes the token in the file `metrics-token`, which opens nothing else.',
    '## Routes',
    ...ROUTES.map(section),
    '## Watching',
    'Who watches is given an overview first and then what changed: each change holds the rows that are new or other than before, nothing else, and the ' +
      '`moment` at which all of it holds. Candidates are named by `key`, notifications by `id`; deliveries are put before those that are known, entries ' +
      'behind them. What came within 40 ms comes together. A further overview replaces everything: the reader was too slow, or the feed began anew, which ' +
      'its `run` tells apart. An overview has all candidates that go on, and the newest 200 of the others, 200 deliveries, 100 notifications (what needs somebody and is unseen before the rest; `unseen` counts them all) and 200 entries.',
    '**The past.** With `at` a question is answered as of that entry, from the log alone: candidates, counts, hold, mode, main, and the session with the ' +
      'state that its events show. No log holds how a daemon, the guards or a renewal of the lease were: `daemon` and `guards` are empty, and of a lease ' +
      'only `owner_session_id`, `fence` and `acquired_at` mean something.',
    '## WebSockets',
    'On both doors, at a path of their own. Every message is one JSON value; a listener sends nothing. ' +
      `At most ${CHANNELS_MAX} listeners a door; one that does not answer a ping within ${LIMITS.pingMs / 1000} s is dropped.`,
    table(
      ['Path', 'Tells'],
      [
        [
          '`/v1/live`',
          'first `{"kind": "overview", "run", "overview"}`, as `GET /v1/overview` answers; then `{"kind": "change", "moment", "now", "status", "candidates", "deliveries", ' +
            '"notifications", "unseen", "recent", "recent_omitted"}` with what is new or other than before. Another overview replaces everything known: the listener was too slow, or the log is another one',
        ],
        [
          '`/v1/inspect`',
          'messages of `@statelyai/inspect`: every living actor with its newest snapshot, then what happens ([watching](watching.md)). To a slow listener single events and older snapshots are not told',
        ],
      ],
    ),
    'On the web door a program sends the token in the same header as with every question. A browser, which can set no header there, offers two protocols: `telec.v1` and `telec.token.<token>`; the door ' +
      'answers with the first. `/v1/inspect` alone also takes `?access_token=<token>`. What is refused is answered as JSON before the connection becomes a WebSocket.',
    'Closed with 1001: the daemon ends; 1008: something was sent; 1009: it was too large; 1011: a fault, which the log of the daemon has.',
    '## The page',
    '`GET /`, `/stately` and the files they name, on the web door and without the token: they tell nothing of the repository. A browser is signed in by `POST /v1/web/enter` with ' +
      '`{"ticket": "<64 hex digits>"}` and the door\'s own `Origin`: `{"token"}`, once for a ticket of `POST /v1/web/ticket`, else 401 `WRONG_TICKET` after a pause.',
    '## The log',
    'One Redis Stream a repository. All its keys carry one hash tag, so that they lie in one slot of a cluster:',
    table(
      ['Key', 'Holds'],
      Object.entries(keys).map(([name, key]) => [
        `\`${String(key).replace('repo_id', '<repo_id>')}\``,
        cell(KEYS[name as keyof RepositoryKeys]),
      ]),
    ),
    'Entries are appended by one script alone, which checks the idempotency key and, for the events of a session, the lease and its fence in the ' +
      'same step. A program that wants to append goes through `telec events emit`, `POST /v1/events` or `createProducer` of the package; XADD by hand ' +
      'leaves out the checks, and what is malformed ends in the stream of dead letters.',
    '## Envelope',
    `A flat map of strings in the stream: numbers as decimal text, objects as JSON, absent fields left out; at most ${ENVELOPE_BYTES_MAX} bytes. ` +
      'Fields a reader does not know are kept.',
    table(['Field', 'Type', 'Required', 'Meaning'], fieldsOf(envelopeSchema.omit({ extra: true }))),
    '## Delivery',
    '- **Append**: at most one entry for an idempotency key. The same key with the same content answers `duplicate` and the first entry; with other ' +
      'content `conflict`. So an emission whose answer was lost may be repeated.',
    '- **Order**: every reader sees all entries in the order of their ids. There is no other order.',
    '- **Reading**: each reader keeps its own last id and begins at `0`. `GET /v1/events?from=<id>` gives what comes after an id; an empty list means that the end is reached.',
    '- **Archives**: `telec events archive` moves old entries into files of a host. Routes and commands read them as before, by the same ids; who reads the stream itself finds ' +
      'in `archive` how far they are gone.',
    '- **State**: is a fold of the log. The same entries give the same state on every host; reading them again has no effect.',
    '- **Cartridges**: each has a recorded position, kept for each machine. An entry above it is handed over at least once: once, unless the process died between ' +
      "the cartridge's work and the record. Entries at or below it come with `replaying: true`, and must have no effect then. A new cartridge sees the log from its first entry. " +
      'One that throws is reported and stops neither the others nor the log.',
    '- **Entries that cannot be read** go to the stream of dead letters with the reason, are counted in `status`, and the reader goes on. An entry of a ' +
      'newer version, or an unknown type of the `integration` and `deployment` families, stops the fold: `status` shows it as `stale`, and that host does not integrate.',
    '- **A log that is not the one that was followed** (`log.state` of `status` is `replaced` or `lost_tail`), that contradicts itself (`contradicted`), or of which another host archived entries that the daemon had not read (`archived`): the daemon says so ' +
      'in its log at once, applies nothing and integrates nothing until it is started anew. It does not guess which of the two logs is right.',
    '## Event types',
    table(
      ['Type', 'Emitter', 'Idempotency key', 'Fields'],
      catalogue.map(({ type, emitter, idempotency_fields, fields }) => [
        `\`${type}\``,
        emitter,
        idempotency_fields.map((field) => `\`${field}\``).join(', '),
        fields.map(({ name, required }) => `\`${name}${required ? '' : '?'}\``).join(', '),
      ]),
    ),
  ].join('\n\n')}\n`;
}
