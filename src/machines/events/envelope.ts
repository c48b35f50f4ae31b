/**
 * The envelope: what surrounds every payload, and its flat form in the stream. Owns the field names and the total size.
 * Never looks into a payload. Invariants: `decodeEnvelope(encodeEnvelope(e))` is `e`; fields it does not know are kept;
 * no field map, however hostile, makes it throw or reach a prototype.
 */
import { z } from 'zod';
import type { Problem } from '../../errors.ts';
import { instant, word } from './fields.ts';
import { areLonger, jsonProblems, schemaProblems } from './problems.ts';
import { EVENT_VERSION, VISIBILITIES } from './schema.ts';

/** Bytes of all field names and values of one entry. */
export const ENVELOPE_BYTES_MAX = 256 * 1024;

const jsonObject = () => z.record(z.string(), z.unknown());
/** Flat fields go to the stream as they are, so they must survive UTF-8. */
const flat = () => z.string().refine((value) => !/[\ud800-\udfff]/u.test(value), 'is not well-formed text');

export const envelopeSchema = z.strictObject({
  event: word('Full dotted type'),
  version: z.literal(EVENT_VERSION),
  source: flat()
    .max(1000, 'is too long')
    .regex(/^[^/\s]+\/\S/, 'is not of the form <actor>/<session id>')
    .describe('Who emitted it: <actor>/<session id>'),
  timestamp: instant('When it was emitted, to the millisecond'),
  idempotency_key: flat().min(1, 'is empty').describe('What makes a repeat recognisable'),
  level: z.int().min(0).max(3).describe('INFRASTRUCTURE 0, OPERATIONAL 1, WORKFLOW 2, BUSINESS 3'),
  domain: flat().describe('Field of work the type belongs to'),
  entity: flat().nullable().describe('What it is about'),
  description: flat().describe('One sentence for people'),
  visibility: z.enum(VISIBILITIES).describe('How far it may travel'),
  payload: jsonObject().describe('What the type defines'),
  actions: z
    .record(z.string(), z.strictObject({ description: z.string(), produces: z.string() }))
    .optional()
    .describe('What the receiver can do'),
  terminal_when: flat().optional().describe('When it is settled'),
  resolution_shape: jsonObject().optional().describe('What a resolution says'),
  extra: z
    .record(z.string(), flat())
    .optional()
    .describe('Fields of the entry this telec does not know, kept as they are'),
});

/** `level` is 0 to 3. `extra` holds what stood beside the known fields, as stored. */
export type Envelope = z.output<typeof envelopeSchema>;

export type DecodedEnvelope =
  | { kind: 'ok'; envelope: Envelope }
  | { kind: 'malformed'; problems: Problem[] }
  | { kind: 'newer'; version: number };

const JSON_FIELDS = new Set(['payload', 'actions', 'resolution_shape']);
const NUMBER_FIELDS = new Set(['version', 'level']);
const TEXT_FIELDS = new Set([
  'event',
  'source',
  'timestamp',
  'idempotency_key',
  'domain',
  'entity',
  'description',
  'visibility',
  'terminal_when',
]);

/** The flat form: numbers as decimal text, objects as JSON, absent and null fields left out. */
export function encodeEnvelope(envelope: Envelope): Record<string, string> {
  const { extra, ...known } = envelope;
  const pairs = Object.entries(extra ?? {}).filter(([name]) => !isKnown(name));
  for (const [name, value] of Object.entries(known)) {
    if (value === undefined || value === null) continue;
    pairs.push([name, JSON_FIELDS.has(name) ? JSON.stringify(value) : String(value)]);
  }
  return Object.fromEntries(pairs);
}

/** Whether the flat form is larger than an entry may be. */
export function isTooLarge(fields: Readonly<Record<string, string>>): boolean {
  return areLonger(Object.entries(fields).flat(), ENVELOPE_BYTES_MAX);
}

/** Reads the flat form back. `newer` before anything else is judged, since a newer version may have other rules. */
export function decodeEnvelope(fields: Readonly<Record<string, string>>): DecodedEnvelope {
  const problems: Problem[] = [];
  const known: [string, unknown][] = [['entity', null]];
  const extra: [string, string][] = [];
  const texts: string[] = [];
  for (const [name, value] of Object.entries(fields) as [string, unknown][]) {
    if (typeof value !== 'string') {
      problems.push({ path: name, message: 'is no text' });
      continue;
    }
    texts.push(name, value);
    if (name === 'version' && /^\d{1,9}$/.test(value) && Number(value) > EVENT_VERSION)
      return { kind: 'newer', version: Number(value) };
    if (name === '__proto__') problems.push({ path: name, message: 'is a name that no field may have' });
    else if (!isKnown(name)) extra.push([name, value]);
    else known.push([name, readField(name, value, problems)]);
  }
  if (areLonger(texts, ENVELOPE_BYTES_MAX))
    problems.push({ path: '', message: `is larger than ${ENVELOPE_BYTES_MAX} bytes` });
  const candidate = Object.fromEntries(extra.length > 0 ? [...known, ['extra', Object.fromEntries(extra)]] : known);
  const reported = new Set(problems.map((problem) => problem.path));
  for (const problem of envelopeProblems(candidate)) if (!reported.has(problem.path)) problems.push(problem);
  if (problems.length > 0) return { kind: 'malformed', problems };
  return { kind: 'ok', envelope: candidate as Envelope };
}

/** Every way in which `value` is no envelope, limits included. */
export function envelopeProblems(value: unknown): Problem[] {
  return [...jsonProblems(value), ...schemaProblems(envelopeSchema, value)];
}

function isKnown(name: string): boolean {
  return JSON_FIELDS.has(name) || NUMBER_FIELDS.has(name) || TEXT_FIELDS.has(name);
}

function readField(name: string, value: string, problems: Problem[]): unknown {
  if (NUMBER_FIELDS.has(name)) return /^\d{1,9}$/.test(value) ? Number(value) : value;
  if (!JSON_FIELDS.has(name)) return value;
  try {
    return JSON.parse(value);
  } catch {
    problems.push({ path: name, message: 'is no JSON' });
    return undefined;
  }
}
