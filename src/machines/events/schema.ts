/**
 * What the catalogue says about one event type, as data: its names, level, emitter, payload, idempotency fields and
 * notification life cycle. Owns the prefix of telec's own types and the way from short to full names. Holds no type.
 */
import type { z } from 'zod';

/** Stands before every type of telec's own; people write the rest, the short name. */
export const PREFIX = 'domain.software-development.';
export const DOMAIN = 'software-development';
/** The version every entry written by this telec carries. */
export const EVENT_VERSION = 1;

/** Importance of an event, as the integer the envelope carries. Notifications are delivered from WORKFLOW on. */
export const LEVEL = { INFRASTRUCTURE: 0, OPERATIONAL: 1, WORKFLOW: 2, BUSINESS: 3 } as const;
export type Level = (typeof LEVEL)[keyof typeof LEVEL];

/**
 * Who may append a type. `worker`: workers and orchestrators, by the command line as well. `integrator`: a session,
 * while its lease is live. `telec`: telec itself, on any host, without a lease. `person`: a person's command. `user`: registered by users.
 */
export type Emitter = 'worker' | 'integrator' | 'telec' | 'person' | 'user';

/** How far an event may travel. */
export const VISIBILITIES = ['local', 'cluster', 'public'] as const;

/** Where an agent stands with a notification; independent of whether a person has seen it. */
export type AgentStatus = 'none' | 'claimed' | 'in_progress' | 'resolved';

/** What an event of a type does to notification rows. A row is found by `(family, value of groupKey)`. */
export interface Lifecycle {
  /** Rows of one family are about the same thing; a row of another family is never touched. */
  family: string;
  /** Makes the row when it is not there. */
  creates: boolean;
  /** Changes the row, and makes it when it is not there. A meaningful change makes it unseen again. */
  updates: boolean;
  /** Sets the agent's status to `resolved`. */
  resolves: boolean;
  /** Payload field whose value names the row; null when `key` names it or no single row is meant. An event without a value there touches no row. */
  groupKey: string | null;
  /** Fixed name of the row, for types that have one row however often they happen. */
  key?: string;
  /** Payload fields whose new value is worth a delivery. */
  meaningfulFields: readonly string[];
  /** The agent's status a created or updated row gets; `none` and unchanged without it. */
  agentStatus?: AgentStatus;
  /** Further families whose row of the same key is resolved with it. */
  alsoResolves?: readonly string[];
  /** Payload fields that say which thing of several the row is about now, as branch and sha of a slug. */
  subject?: readonly string[];
  /** Payload fields that order such things; an event that ranks below the row, or is about another thing without a rank, changes nothing. */
  rank?: readonly string[];
  /** Decides between equal ranks: the greater wins. */
  rankBias?: number;
  /** Payload field without whose value the event has nothing to tell: it resolves the row that is there, and makes none. */
  settledWithout?: string;
  /** Payload field that, when true, leaves all rows as they are: it was tried, not done. */
  unless?: string;
  /** Short types: rows of the family that were last written by one of these are resolved. */
  resolvesRowsOf?: readonly string[];
}

/** An act open to whoever receives an actionable event, and the short type of the event the act leads to. */
export interface Action {
  description: string;
  produces: string;
}

/** Another set of idempotency fields that holds when a payload field has a value. */
export interface KeyVariant {
  field: string;
  equals: string;
  fields: readonly string[];
}

/** All that is declared about one type. `payload` is strict for telec's own types and reports every problem. */
export interface EventSchema<Payload extends z.ZodType = z.ZodType> {
  /** Full dotted type. */
  type: string;
  /** Name of the earlier module-level event, when there was one. */
  canonicalName: string | null;
  version: typeof EVENT_VERSION;
  level: Level;
  /** The event has `level` instead when the payload field has a value. */
  raised?: { field: string; level: Level };
  domain: string;
  /** `local` without it. */
  visibility?: (typeof VISIBILITIES)[number];
  emitter: Emitter;
  actionable: boolean;
  /** One sentence for people. */
  description: string;
  payload: Payload;
  /** Payload fields whose values, with the type, are the idempotency key, in this order. */
  idempotencyFields: readonly string[];
  /** Takes the place of `idempotencyFields` when it fits. */
  idempotencyVariant?: KeyVariant;
  lifecycle: Lifecycle | null;
  /** True: appended only with the token of the live lease and the newest fence. */
  fenced: boolean;
  /** What the event moves, for people: candidate states or another part of the state; null when nothing. */
  moves: string | null;
  /** Payload field whose value is the envelope's entity. */
  entityField: string | null;
  actions?: Readonly<Record<string, Action>>;
  /** When an actionable event is settled, for people. */
  terminalWhen?: string;
  /** What a resolution says: field name to meaning. */
  resolutionShape?: Readonly<Record<string, string>>;
}

/** A type of telec's own as its family declares it; the catalogue adds the full type, version and domain. */
export type Definition = Omit<EventSchema, 'type' | 'version' | 'domain' | 'actionable' | 'fenced' | 'moves'> &
  Partial<Pick<EventSchema, 'actionable' | 'fenced' | 'moves'>>;

/** `review.approved` -> `domain.software-development.review.approved`; a full type stays as it is. */
export function fullType(short: string): string {
  return short.startsWith(PREFIX) ? short : PREFIX + short;
}
