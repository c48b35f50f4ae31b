/**
 * The event language as the machines speak it: types, payloads, and the names they go by. The parts live in `events/`;
 * this is their one entry, so a machine imports a single module.
 */
export { CLEAN_OUTCOMES, CLEAN_STEPS, type CleanStep } from './events/aftercare.ts';
export {
  buildDefaultCatalogue,
  type DomainEvent,
  EventCatalogue,
  type EventType,
  isEventType,
  type PayloadOf,
  registerIntegrationSchemas,
  shortType,
  unknownTypeProblem,
} from './events/catalogue.ts';
export { ALARM_CODES } from './events/decisions.ts';
export { type EnvelopeOrigin, type MadeEnvelopes, makeEnvelope, type ReadEntry, readEntry } from './events/emission.ts';
export {
  type DecodedEnvelope,
  decodeEnvelope,
  ENVELOPE_BYTES_MAX,
  type Envelope,
  encodeEnvelope,
  envelopeSchema,
} from './events/envelope.ts';
export { capEvidence } from './events/evidence.ts';
export { GUARD_CODES, type Violation } from './events/guards.ts';
export { digestText, idempotencyKey, latestInstantMs, latestInstantPaths } from './events/idempotency.ts';
export { type CatalogueRow, catalogueRow, type FieldRow } from './events/listing.ts';
export {
  type AgentStatus,
  EVENT_VERSION,
  type EventSchema,
  fullType,
  LEVEL,
  type Level,
  type Lifecycle,
  PREFIX,
} from './events/schema.ts';
