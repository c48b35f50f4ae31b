/**
 * From a type and a payload to envelopes ready to append, and from an entry of the log back to an event. Both ways
 * validate strictly and report every problem. Pure: time and source come in, hashing and appending are done elsewhere.
 */
import type { Problem } from '../../errors.ts';
import { type DomainEvent, type EventCatalogue, isEventType, shortType, unknownTypeProblem } from './catalogue.ts';
import {
  decodeEnvelope,
  ENVELOPE_BYTES_MAX,
  type Envelope,
  encodeEnvelope,
  envelopeProblems,
  isTooLarge,
} from './envelope.ts';
import { idempotencyKey } from './idempotency.ts';
import { jsonProblems, schemaProblems } from './problems.ts';
import { EVENT_VERSION, type EventSchema, fullType, PREFIX } from './schema.ts';

export interface EnvelopeOrigin {
  /** `<actor>/<session id>`. */
  source: string;
  /** RFC 3339, ms. */
  timestamp: string;
}

export type MadeEnvelopes =
  /** The event asked for first, then what it carried inside. */
  { kind: 'ok'; envelopes: Envelope[] } | { kind: 'rejected'; problems: Problem[] };

/** What an entry of the log turned out to be. */
export type ReadEntry =
  /** One of telec's own types. */
  | { kind: 'event'; event: DomainEvent; envelope: Envelope; schema: EventSchema }
  /** A type that users registered. */
  | { kind: 'user'; envelope: Envelope; schema: EventSchema }
  /** A type nobody registered here, outside the families that decide states: passes unchanged. */
  | { kind: 'unregistered'; envelope: Envelope }
  | { kind: 'malformed'; problems: Problem[] }
  /** Written by a newer telec: the fold stops here. */
  | { kind: 'newer'; type: string; version: number };

/** Types of these families decide states, so one that is not known cannot be skipped. */
const DECIDING = [`${PREFIX}integration.`, `${PREFIX}deployment.`];

/** Envelopes for one event. `type` is a full, short or canonical name. A rejection names every problem with its path. */
export function makeEnvelope(
  catalogue: EventCatalogue,
  type: string,
  payload: unknown,
  origin: EnvelopeOrigin,
): MadeEnvelopes {
  const schema = catalogue.get(type);
  if (!schema) return { kind: 'rejected', problems: [{ path: 'event', message: unknownTypeProblem(type) }] };
  const payloadProblems = problemsOfPayload(schema, payload);
  if (payloadProblems.length > 0) return { kind: 'rejected', problems: payloadProblems };
  // What is stored is what JSON keeps: fields that are undefined are absent.
  const stored = JSON.parse(JSON.stringify(payload)) as Record<string, unknown>;
  const envelope = envelopeOf(schema, stored, origin);
  const problems = envelopeProblems(envelope);
  if (isTooLarge(encodeEnvelope(envelope)))
    problems.push({ path: '', message: `is larger than ${ENVELOPE_BYTES_MAX} bytes` });
  if (problems.length > 0) return { kind: 'rejected', problems };
  if (shortType(schema.type) !== 'deployment.started' || stored['pushed'] === undefined)
    return { kind: 'ok', envelopes: [envelope] };
  const inner = makeEnvelope(catalogue, fullType('branch.pushed'), stored['pushed'], origin);
  return inner.kind === 'ok' ? { kind: 'ok', envelopes: [envelope, ...inner.envelopes] } : inner;
}

/** Decodes and validates one entry as stored under `id`. Never throws. */
export function readEntry(catalogue: EventCatalogue, id: string, fields: Readonly<Record<string, string>>): ReadEntry {
  const decoded = decodeEnvelope(fields);
  if (decoded.kind === 'malformed') return decoded;
  if (decoded.kind === 'newer')
    return {
      kind: 'newer',
      type: Object.hasOwn(fields, 'event') ? (fields['event'] ?? '') : '',
      version: decoded.version,
    };
  const { envelope } = decoded;
  const schema = catalogue.get(envelope.event);
  // Only the full name is a type in the log; the shorter ones are for people.
  if (schema?.type !== envelope.event) {
    if (DECIDING.some((family) => envelope.event.startsWith(family)))
      return { kind: 'newer', type: envelope.event, version: envelope.version };
    return { kind: 'unregistered', envelope };
  }
  const problems = problemsOfPayload(schema, envelope.payload).map((problem) => ({
    path: problem.path === '' ? 'payload' : `payload.${problem.path}`,
    message: problem.message,
  }));
  if (problems.length > 0) return { kind: 'malformed', problems };
  const type = shortType(envelope.event);
  if (type === null || !isEventType(type)) return { kind: 'user', envelope, schema };
  // The payload was validated by the schema of this very type.
  const event = {
    type,
    id,
    timestamp: envelope.timestamp,
    source: envelope.source,
    payload: envelope.payload,
  } as unknown as DomainEvent;
  return { kind: 'event', event, envelope, schema };
}

function problemsOfPayload(schema: EventSchema, payload: unknown): Problem[] {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload))
    return [{ path: '', message: 'the payload is no object' }];
  const problems = jsonProblems(payload);
  const reported = new Set(problems.map((problem) => problem.path));
  return [...problems, ...schemaProblems(schema.payload, payload).filter((problem) => !reported.has(problem.path))];
}

function envelopeOf(schema: EventSchema, payload: Record<string, unknown>, origin: EnvelopeOrigin): Envelope {
  const entity = schema.entityField === null ? null : payload[schema.entityField];
  const about = typeof entity === 'string' ? entity : null;
  const raised = schema.raised && (payload[schema.raised.field] ?? null) !== null ? schema.raised.level : schema.level;
  return {
    event: schema.type,
    version: EVENT_VERSION,
    source: origin.source,
    timestamp: origin.timestamp,
    idempotency_key: idempotencyKey(schema, payload),
    level: raised,
    domain: schema.domain,
    entity: about,
    description: about === null ? schema.description : `${schema.description}: ${about}`,
    visibility: schema.visibility ?? 'local',
    payload,
    ...(schema.actions ? { actions: { ...schema.actions } } : {}),
    ...(schema.terminalWhen ? { terminal_when: schema.terminalWhen } : {}),
    ...(schema.resolutionShape ? { resolution_shape: { ...schema.resolutionShape } } : {}),
  };
}
