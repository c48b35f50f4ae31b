/** `events emit / tail / catalog / dead`: the log, as people and scripts write and read it. */
import type { CatalogRow, EmitRequest, EmitResult, TelecClient } from '../../actors/client.ts';
import type { CatalogField } from '../../actors/event-views.ts';
import { EXIT, TelecError } from '../../errors.ts';
import { entryOption, flagOption, textOption } from '../arguments.ts';
import { type Call, type Handler, withClient } from '../call.ts';
import { complain, usage } from '../exit.ts';
import { catalogText, deadText, envelopeLine } from '../messages.ts';
import { jsonLine, plain } from '../output.ts';

const PREFIX = 'domain.software-development.';
/** Characters of one line of `--stdin`; an envelope is at most 256 KiB, escapes may make it longer. */
const LINE_LENGTH_MAX = 2 * 1024 * 1024;
/** Events handed over in one go. */
const BATCH_MAX = 200;

/** What stands behind `--set` in the type the field wants; a text that does not fit stays text, for the schema to refuse. */
function convert(text: string, field: CatalogField | undefined): unknown {
  const type = field?.type.replace(' | null', '');
  if (type === 'integer') return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  if (!field || (type !== 'array' && type !== 'object')) return text;
  try {
    return JSON.parse(text);
  } catch {
    throw usage(
      `--set ${field.name} is no JSON`,
      `write --set '${field.name}=${type === 'array' ? '["…"]' : '{"…": "…"}'}'`,
    );
  }
}

function parsePayload(text: string | null): Record<string, unknown> {
  if (text === null) return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Told below, like any other text that is no object.
  }
  throw usage('--payload is no JSON object', 'write --payload \'{"slug": "login"}\'');
}

/** The payload of one event: `--payload`, with each `--set` on top. */
function payloadOf(call: Call, schema: CatalogRow | undefined): Record<string, unknown> {
  const entries = new Map(Object.entries(parsePayload(textOption(call.options, 'payload'))));
  const seen = new Set<string>();
  for (const pair of (call.options['set'] as string[] | undefined) ?? []) {
    const [, name, text] = /^([^=]+)=([\s\S]*)$/.exec(pair) ?? [];
    if (name === undefined || text === undefined) throw usage(`--set ${pair} has no =`, 'write --set slug=login');
    if (seen.has(name))
      throw usage(`--set ${name} stands twice`, 'a list is one JSON value: --set \'findings=["a","b"]\'');
    seen.add(name);
    const field = schema?.fields.find((candidate) => candidate.name === name);
    entries.set(name, convert(text, field));
  }
  return Object.fromEntries(entries);
}

export const emit: Handler = async (call) => {
  const type = call.args[0];
  if (flagOption(call.options, 'stdin')) {
    if (type !== undefined || call.options['set'] || call.options['payload'])
      throw usage('--stdin takes type and payload from its lines', 'leave type, --set and --payload out');
    return withClient(call, (client) => emitLines(call, client));
  }
  if (type === undefined) throw usage('no event type is named', 'telec events catalog lists the types');
  const catalog = await (await call.runtime()).catalog();
  const schema = catalog.find((row) => row.type === type || row.type === PREFIX + type || row.name === type);
  const payload = payloadOf(call, schema);
  const [result] = await withClient(call, (client) => client.emit([{ event: type, payload }]));
  return emitted(call, type, result);
};

async function emitted(call: Call, type: string, result: EmitResult | undefined): Promise<number> {
  if (result?.status === 'rejected') {
    const { code, exit, message, hint, problems } = result;
    throw new TelecError(code, exit, message, {
      ...(hint ? { hint } : {}),
      ...(problems.length > 0 ? { problems } : {}),
    });
  }
  await call.output.answer(result, () => (result ? resultText(result) : ''));
  if (result?.status !== 'conflict') return EXIT.done;
  complain(call.output, {
    message: `another ${type} with the same key says something else (entry ${result.id})`,
    hint: 'telec events tail shows it; what was said stays',
    problems: result.problems,
  });
  return EXIT.usage;
}

function resultText(result: EmitResult): string {
  if (result.status === 'rejected') {
    const problems = result.problems.map(({ path, message }) => `${path ? `${path}: ` : ''}${message}`).join('; ');
    return `rejected  ${plain(problems || result.message)}`;
  }
  return `${result.status}  ${plain(result.id, 50)}`;
}

/** One line of `--stdin` as a request, or its rejection. */
function parseLine(line: string): EmitRequest | EmitResult {
  const rejected = (message: string): EmitResult => ({
    status: 'rejected',
    code: 'EVENT_INVALID',
    message,
    hint: null,
    exit: EXIT.usage,
    problems: [{ path: '', message }],
  });
  if (line.length > LINE_LENGTH_MAX) return rejected('the line is too long');
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return rejected('the line is no JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return rejected('the line is no JSON object');
  const { event, payload, ...rest } = value as Record<string, unknown>;
  if (typeof event !== 'string') return rejected('event is missing or no text');
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload))
    return rejected('payload is missing or no object');
  const [extra] = Object.keys(rest);
  if (extra !== undefined) return rejected(`${plain(extra, 100)} is no field of a line; it has event and payload`);
  return { event, payload: payload as Record<string, unknown> };
}

async function emitLines(call: Call, client: TelecClient): Promise<number> {
  if (call.stdin.isTTY) call.output.say('reading {"event", "payload"} a line; Ctrl-D ends');
  let exit: number = EXIT.done;
  for await (const lines of batches(call.stdin)) {
    const parsed = lines.map(parseLine);
    const requests = parsed.filter((item): item is EmitRequest => 'event' in item);
    const answers = (requests.length > 0 ? await client.emit(requests) : []).values();
    for (const item of parsed) {
      const result = 'event' in item ? answers.next().value : item;
      if (!result) throw new Error('the client answered fewer results than it got requests');
      if (result.status === 'rejected' || result.status === 'conflict') exit = EXIT.usage;
      await call.output.answer(shown(result), () => resultText(result));
    }
  }
  return exit;
}

/** A result as `--json` prints it: a rejection keeps its code and problems. */
function shown(result: EmitResult): Record<string, unknown> {
  if (result.status !== 'rejected') return { ...result };
  const { status, code, problems, message } = result;
  return { status, code, problems: problems.length > 0 ? problems : [{ path: '', message }] };
}

/** Lines as they arrive, blank ones left out, in batches of what is there; nobody waits for the end of the input. */
async function* batches(input: Call['stdin']): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of input) {
    rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    // An endless line is refused once; what is behind the limit only waits for its end.
    if (rest.length > LINE_LENGTH_MAX) rest = rest.slice(0, LINE_LENGTH_MAX + 1);
    yield* chunks(lines);
  }
  yield* chunks([rest + decoder.decode()]);
}

function* chunks(lines: string[]): Generator<string[]> {
  const filled = lines.filter((line) => line.trim() !== '');
  for (let start = 0; start < filled.length; start += BATCH_MAX) yield filled.slice(start, start + BATCH_MAX);
}

export const tail: Handler = async (call) => {
  const from = entryOption(call.options, 'from') ?? '0';
  const { output } = call;
  return withClient(call, async (client) => {
    for await (const envelope of client.tail(from, flagOption(call.options, 'follow'), call.context.signal)) {
      await output.raw(output.json ? jsonLine(envelope) : `${envelopeLine(envelope, output.paint)}\n`);
    }
    return undefined;
  });
};

export const catalog: Handler = async (call) => {
  const rows = await (await call.runtime()).catalog();
  await call.output.answer(rows, catalogText);
  return undefined;
};

export const dead: Handler = async (call) => {
  const rows = await withClient(call, (client) => client.dead());
  await call.output.answer(rows, deadText);
  return undefined;
};
