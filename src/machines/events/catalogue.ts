/**
 * The catalogue: every event type there is, found by its full, short or canonical name. Owns the list of telec's own
 * types and what may not become one. Invariant: a name means one type, for the life of the catalogue.
 */
import type { z } from 'zod';
import { EXIT, TelecError } from '../../errors.ts';
import { aftercareEvents } from './aftercare.ts';
import { candidateEvents } from './candidates.ts';
import { checkEvents } from './checks.ts';
import { decisionEvents } from './decisions.ts';
import { followUpEvents } from './follow-ups.ts';
import { guardEvents } from './guards.ts';
import { modeEvents } from './modes.ts';
import { radarEvents } from './radar.ts';
import { registryEvents } from './registry.ts';
import { type Definition, DOMAIN, EVENT_VERSION, type EventSchema, fullType, PREFIX } from './schema.ts';
import { sessionEvents } from './sessions.ts';
import { terminalEvents } from './terminal.ts';
import { turnEvents } from './turns.ts';
import { workerEvents } from './workers.ts';

const OWN_EVENTS = {
  ...workerEvents,
  ...terminalEvents,
  ...candidateEvents,
  ...turnEvents,
  ...checkEvents,
  ...aftercareEvents,
  ...followUpEvents,
  ...sessionEvents,
  ...registryEvents,
  ...decisionEvents,
  ...modeEvents,
  ...guardEvents,
  ...radarEvents,
};

/** Short names of telec's own types. */
export type EventType = keyof typeof OWN_EVENTS;
/** What an event of the type carries, as validated. */
export type PayloadOf<T extends EventType> = z.output<(typeof OWN_EVENTS)[T]['payload']>;

/** One event as the machines see it: decoded, validated, with its entry id in the log. */
export type DomainEvent<T extends EventType = EventType> = T extends EventType
  ? {
      /** Short type. */
      type: T;
      /** Entry id in the log. */
      id: string;
      /** RFC 3339, ms: when the emitter made it. */
      timestamp: string;
      /** `<actor>/<session id>`. */
      source: string;
      payload: PayloadOf<T>;
    }
  : never;

const TYPE_NAME = /^[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)+$/;
const TYPE_NAME_MAX = 200;
const FAMILY_NAME = /^[a-z][a-z0-9_-]{0,63}$/;
/** Families whose rows are moved by telec's own types alone. */
const OWN_FAMILIES: ReadonlySet<string> = new Set(['review', 'deployment', 'system', 'radar']);
/** Signals of earlier systems that say nothing lasting; a log of them would only grow. */
const NO_EVENT = /(^|_)(heartbeats?(_only)?|worktree_dirty(_to)?_clean)$/;

/** True when `type` is the short name of one of telec's own types. */
export function isEventType(type: string): type is EventType {
  return Object.hasOwn(OWN_EVENTS, type);
}

/** Why nothing of that name is an event type, as one sentence. */
export function unknownTypeProblem(name: string): string {
  const normal = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/_+$/, '');
  if (NO_EVENT.test(normal))
    return `${JSON.stringify(name)} is not an event: heartbeats and worktrees turning clean decide nothing and are not kept`;
  return `${JSON.stringify(name)} is not an event type of the catalogue`;
}

export class EventCatalogue {
  readonly #byName = new Map<string, EventSchema>();
  readonly #schemas: EventSchema[] = [];

  /**
   * Adds a type. Users' types (`emitter: 'user'`) have a dotted name of their own, outside telec's prefix.
   * Throws `TelecError` DUPLICATE_EVENT_TYPE when one of its names is taken, INVALID_EVENT_TYPE when it cannot be a type.
   */
  register(schema: EventSchema): void {
    const own = schema.type.startsWith(PREFIX);
    const short = own ? schema.type.slice(PREFIX.length) : schema.type;
    const invalid = invalidity(schema, short, own);
    if (invalid) throw new TelecError('INVALID_EVENT_TYPE', EXIT.usage, invalid);
    const names = new Set([schema.type, short, ...(schema.canonicalName === null ? [] : [schema.canonicalName])]);
    for (const name of names) {
      if (this.#byName.has(name))
        throw new TelecError('DUPLICATE_EVENT_TYPE', EXIT.usage, `event type ${name} is registered already`);
    }
    for (const name of names) this.#byName.set(name, schema);
    this.#schemas.push(schema);
  }

  /** The type of that full, short or canonical name; null when there is none. */
  get(name: string): EventSchema | null {
    return this.#byName.get(name) ?? null;
  }

  /** All types in the order they were registered. */
  list(): EventSchema[] {
    return [...this.#schemas];
  }
}

function invalidity(schema: EventSchema, short: string, own: boolean): string | null {
  const name = JSON.stringify(schema.type);
  if (!TYPE_NAME.test(schema.type) || schema.type.length > TYPE_NAME_MAX)
    return `${name} is no dotted event type of lower-case words`;
  if (NO_EVENT.test(short.replace(/[^a-z0-9]+/g, '_'))) return unknownTypeProblem(schema.type);
  if (own && schema.emitter === 'user') return `${name} has the prefix of telec's own types`;
  if (!own && schema.emitter !== 'user') return `${name} lacks the prefix ${PREFIX}`;
  if (!own && /^(integration|deployment)\./.test(short)) return `${name} begins like a family of telec's own types`;
  if (schema.version !== EVENT_VERSION)
    return `${name} has version ${String(schema.version)}, known is ${EVENT_VERSION}`;
  if (schema.idempotencyFields.length === 0)
    return `${name} has no idempotency fields, so a retry could not be told from a second event`;
  if (!own && schema.lifecycle && OWN_FAMILIES.has(schema.lifecycle.family))
    return `${name} would change notifications of telec's own family ${schema.lifecycle.family}`;
  if (schema.lifecycle && !FAMILY_NAME.test(schema.lifecycle.family))
    return `${name} has no proper notification family`;
  return null;
}

/** Registers all of telec's own types. Throws as `register` does. */
export function registerIntegrationSchemas(catalogue: EventCatalogue): void {
  for (const [short, definition] of Object.entries<Definition>(OWN_EVENTS)) {
    catalogue.register({
      actionable: false,
      fenced: false,
      moves: null,
      ...definition,
      type: fullType(short),
      version: EVENT_VERSION,
      domain: DOMAIN,
    });
  }
}

/** A fresh catalogue with all of telec's own types; users' types are registered on top. */
export function buildDefaultCatalogue(): EventCatalogue {
  const catalogue = new EventCatalogue();
  registerIntegrationSchemas(catalogue);
  return catalogue;
}

/** `domain.software-development.review.approved` -> `review.approved`; null when it is none of telec's own types. */
export function shortType(full: string): EventType | null {
  const short = full.startsWith(PREFIX) ? full.slice(PREFIX.length) : full;
  return isEventType(short) ? short : null;
}
