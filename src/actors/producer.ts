/**
 * The one way into the log: validates, stamps and appends events. Owns the digest and the demand for a proof on fenced
 * types; nothing else in telec appends. Invariants: a rejected event is never appended; repeating an emission is safe;
 * what an event carries inside goes in with it or not at all; no text goes in with a secret that is known here.
 */
import { createHash } from 'node:crypto';
import type { Problem } from '../errors.ts';
import { invariant } from '../errors.ts';
import type { Clock } from '../io/clock.ts';
import type { AppendItem, AppendOutcome, EventLog, FenceProof } from '../io/redis/log.ts';
import { maskSecrets } from '../io/secrets.ts';
import {
  digestText,
  type Envelope,
  type EventCatalogue,
  type EventType,
  encodeEnvelope,
  latestInstantMs,
  latestInstantPaths,
  makeEnvelope,
  type PayloadOf,
  shortType,
} from '../machines/events.ts';

/**
 * What became of an emission. `id` is the entry of the event itself, `ids` those of all entries it made or repeats.
 * `conflict`: the key is taken by entry `id`, which says something else. `rejected`: nothing was appended.
 * `fenced_out`: the proof no longer holds; nothing was appended.
 */
export type EmitResult =
  | { status: 'appended' | 'duplicate'; id: string; ids: string[] }
  | { status: 'conflict'; id: string; ids: string[]; problems: Problem[] }
  | { status: 'rejected'; ids: []; problems: Problem[] }
  | { status: 'fenced_out'; ids: [] };

/** The payload a type takes; for a name only known at run time anything, which is then validated. */
export type EmitPayload<T extends string> = T extends EventType ? PayloadOf<T> : unknown;

export interface NotificationProducer {
  /**
   * Appends one event. `type` is a full, short or canonical name. Fenced types need the `proof` of the lease whose fence
   * the payload names. Rejects only when the log cannot be reached.
   */
  emit<T extends string>(type: T, payload: EmitPayload<T>, options?: { proof?: FenceProof }): Promise<EmitResult>;
  /** As `emit` for several events in one atomic append, in order; one result that covers all of them. */
  emitAll(events: readonly Emission[], options?: { proof?: FenceProof }): Promise<EmitResult>;
}

/** One event of an atomic emission. */
export type Emission = { [T in EventType]: { type: T; payload: PayloadOf<T> } }[EventType];

export interface ProducerParts {
  log: EventLog;
  catalogue: EventCatalogue;
  clock: Pick<Clock, 'now'>;
  /** `<actor>/<session id>`. */
  source: string;
  /** Masks secrets in a text; without it those that tell themselves by their form. */
  scrub?: (text: string) => string;
}

/** Names that are compared with what git has; masked they would mean something else. */
const NAMES = ['slug', 'branch', 'ref'];
const OBJECT_ID = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;

export function createProducer(parts: ProducerParts): NotificationProducer {
  const { log, catalogue, clock, source, scrub = maskSecrets } = parts;
  const append = async (
    events: readonly { type: string; payload: unknown }[],
    proof: FenceProof | undefined,
  ): Promise<EmitResult> => {
    const origin = { source, timestamp: new Date(clock.now()).toISOString() };
    const envelopes: Envelope[] = [];
    for (const { type, payload } of events) {
      const made = makeEnvelope(catalogue, type, payload, origin);
      if (made.kind === 'rejected') return { status: 'rejected', ids: [], problems: made.problems };
      envelopes.push(...made.envelopes.map((envelope) => scrubbed(catalogue, envelope, scrub)));
    }
    const problem = proofProblem(catalogue, envelopes, proof);
    if (problem) return { status: 'rejected', ids: [], problems: [problem] };
    const result = await log.append(itemsOf(catalogue, envelopes), proof);
    if (result.kind === 'fenced_out') return { status: 'fenced_out', ids: [] };
    return judge(envelopes, result.outcomes);
  };
  return {
    emit: (type, payload, options = {}) => append([{ type, payload }], options.proof),
    emitAll: (events, options = {}) => append(events, options.proof),
  };
}

/** The envelope with every text of its payload scrubbed, but for names, ids, and what its key is made of. */
function scrubbed(catalogue: EventCatalogue, envelope: Envelope, scrub: (text: string) => string): Envelope {
  const kept = new Set([...NAMES, ...(catalogue.get(envelope.event)?.idempotencyFields ?? [])]);
  const clean = (value: unknown): unknown => {
    if (typeof value === 'string') return OBJECT_ID.test(value) ? value : scrub(value);
    if (Array.isArray(value)) return value.map(clean);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, kept.has(name) ? inner : clean(inner)]),
    );
  };
  return { ...envelope, payload: clean(envelope.payload) as Envelope['payload'] };
}

function itemsOf(catalogue: EventCatalogue, envelopes: Envelope[]): AppendItem[] {
  // All items share the latest instant, so that a future one keeps all of them out and not its own item alone.
  const latest = Math.max(...envelopes.map((envelope) => latestInstantMs(envelope.payload)));
  return envelopes.map((envelope) => {
    const schema = catalogue.get(envelope.event);
    invariant(schema, `an envelope was made for ${envelope.event}, which the catalogue does not know`);
    const digest = createHash('sha256')
      .update(digestText(schema, envelope.version, envelope.payload))
      .digest('hex');
    return { key: envelope.idempotency_key, digest, latestInstantMs: latest, fields: encodeEnvelope(envelope) };
  });
}

/** A fenced event without a proof, or under another fence than the proof's, is a mistake of the caller. */
function proofProblem(catalogue: EventCatalogue, envelopes: Envelope[], proof: FenceProof | undefined): Problem | null {
  for (const { event, payload } of envelopes) {
    if (!catalogue.get(event)?.fenced) continue;
    if (!proof) return { path: '', message: `${event} is written only by the session that holds the lease` };
    if (payload['fence'] !== proof.fence)
      return { path: 'fence', message: `is ${String(payload['fence'])}, but the lease has ${proof.fence}` };
  }
  return null;
}

function judge(envelopes: Envelope[], outcomes: AppendOutcome[]): EmitResult {
  const [main] = outcomes;
  invariant(main && outcomes.length === envelopes.length, `the log answered for ${outcomes.length} items`);
  const ahead = outcomes.find((outcome) => outcome.kind === 'future');
  if (ahead) {
    const message = `an instant lies ${Math.ceil(ahead.aheadMs / 1000)} s ahead of the log's clock`;
    return {
      status: 'rejected',
      ids: [],
      problems: latestInstantPaths(envelopes[0]?.payload).map((path) => ({ path, message })),
    };
  }
  const ids = outcomes.flatMap((outcome) => (outcome.kind === 'future' ? [] : [outcome.id]));
  const problems = outcomes.flatMap((outcome, index): Problem[] => {
    if (outcome.kind !== 'conflict') return [];
    const event = envelopes[index]?.event ?? '';
    return [
      { path: '', message: `${shortType(event) ?? event} was told before with other content, in entry ${outcome.id}` },
    ];
  });
  invariant(main.kind !== 'future', 'a future item was reported above');
  if (main.kind === 'conflict') return { status: 'conflict', id: main.id, ids, problems };
  return { status: main.kind, id: main.id, ids };
}
