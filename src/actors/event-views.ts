/** Events as the command line and programs see them: entries, what is asked to be appended, and the catalogue. Types only. */
import type { Problem } from '../errors.ts';

/** An entry that could not be applied. */
export interface DeadRow {
  id: string;
  reason: string;
  entry: Record<string, unknown>;
}

/** An envelope as stored, plus its entry id. Unknown extra fields are kept. */
export interface EnvelopeView {
  id: string;
  event: string;
  timestamp: string;
  source: string;
  payload: Record<string, unknown>;
  [field: string]: unknown;
}

/** One event to append: short, canonical or full type name. */
export interface EmitRequest {
  event: string;
  payload: Record<string, unknown>;
}

/** What became of one event. `rejected` appended nothing; `exit` tells policy (6) from an invalid event (2). */
export type EmitResult =
  | { status: 'appended' | 'duplicate'; id: string }
  | { status: 'conflict'; id: string; problems: Problem[] }
  | { status: 'rejected'; code: string; message: string; hint: string | null; exit: number; problems: Problem[] };

export interface CatalogField {
  name: string;
  /** JSON Schema type, `enum` or `any`; what may be null has `| null`. */
  type: string;
  required: boolean;
}

export interface CatalogRow {
  /** Full dotted type. */
  type: string;
  /** Canonical name, or the short type where there is none. */
  name: string;
  domain: string;
  version: number;
  level: number | string;
  emitter: string;
  actionable: boolean;
  fields: CatalogField[];
  idempotency_fields: string[];
  lifecycle: {
    creates: boolean;
    updates: boolean;
    resolves: boolean;
    group_key: string | null;
    meaningful_fields: string[];
  } | null;
}
