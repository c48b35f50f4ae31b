/**
 * When two events are the same: the key that names an event and the text whose digest says what it says. Pure; the
 * hashing is done by whoever appends. Invariants: different values never make the same key, whatever characters they
 * hold; the digest's text is the same for the same meaning on every machine.
 */
import { compareText, parseInstant } from '../identity.ts';
import type { EventSchema } from './schema.ts';

type Payload = Readonly<Record<string, unknown>>;

/** Instants are named `..._at`; a limit in the future is `until` and is no claim about the past. */
const INSTANT_NAME = /(^|_)at$/;
const SESSION_NAME = /(^|_)session_id$/;

/** The idempotency key: a JSON list of the full type and the values of its fields, null for one that is absent. */
export function idempotencyKey(schema: EventSchema, payload: Payload): string {
  const variant = schema.idempotencyVariant;
  const fields = variant && own(payload, variant.field) === variant.equals ? variant.fields : schema.idempotencyFields;
  return canonical([schema.type, ...fields.map((field) => own(payload, field) ?? null)]);
}

/**
 * Canonical JSON of type, version and payload, keys sorted. Left out at every depth is what may differ between two tellings
 * of the same thing: instants, session ids, `pusher` and `pushed`.
 */
export function digestText(schema: EventSchema, version: number, payload: Payload): string {
  return canonical([schema.type, version, payload], isTelling);
}

/** The latest instant inside the payload, ms since the epoch; 0 when it has none. `until` does not count: it lies ahead by design. */
export function latestInstantMs(payload: unknown): number {
  return Math.max(0, ...instantsIn(payload).map(({ at }) => at));
}

/** Where that instant stands, as dotted paths; '' alone when there is none. */
export function latestInstantPaths(payload: unknown): string[] {
  const instants = instantsIn(payload);
  const latest = latestInstantMs(payload);
  const paths = instants.filter(({ at }) => at === latest).map(({ path }) => path);
  return paths.length > 0 ? paths : [''];
}

function instantsIn(value: unknown, path = ''): { path: string; at: number }[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, item]) => {
    const here = path === '' ? name : `${path}.${name}`;
    if (typeof item === 'string' && INSTANT_NAME.test(name)) return [{ path: here, at: parseInstant(item) ?? 0 }];
    return instantsIn(item, here);
  });
}

function isTelling(name: string, value: unknown): boolean {
  if (name === 'pusher' || name === 'pushed' || SESSION_NAME.test(name)) return true;
  return typeof value === 'string' && (name === 'until' || INSTANT_NAME.test(name)) && parseInstant(value) !== null;
}

/** JSON with sorted names and no space between: one text for one value. */
function canonical(value: unknown, leftOut: (name: string, value: unknown) => boolean = () => false): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item, leftOut)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  const fields = Object.entries(value)
    .filter(([name, item]) => item !== undefined && !leftOut(name, item))
    .sort(([a], [b]) => compareText(a, b))
    .map(([name, item]) => `${JSON.stringify(name)}:${canonical(item, leftOut)}`);
  return `{${fields.join(',')}}`;
}

function own(payload: Payload, field: string): unknown {
  return Object.hasOwn(payload, field) ? payload[field] : undefined;
}
