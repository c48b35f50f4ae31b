/** The catalogue as people and scripts see it: one row a type, its payload's fields with their meaning. Decides nothing. */
import { z } from 'zod';
import { shortType } from './catalogue.ts';
import type { EventSchema } from './schema.ts';

/** One payload field. `type` is a JSON Schema type, `enum` or `any`; what may be null has `| null`. */
export interface FieldRow {
  name: string;
  required: boolean;
  type: string;
  description: string;
}

/** One row of `telec events catalog --json`. */
export interface CatalogueRow {
  type: string;
  /** Canonical name where there is one, else the short name. */
  name: string;
  domain: string;
  version: number;
  level: number;
  emitter: string;
  actionable: boolean;
  description: string;
  fenced: boolean;
  moves: string | null;
  fields: FieldRow[];
  idempotency_fields: string[];
  lifecycle: {
    family: string;
    creates: boolean;
    updates: boolean;
    resolves: boolean;
    group_key: string | null;
    meaningful_fields: string[];
  } | null;
}

/** The row of one type. Payload schemas that JSON Schema cannot express are shown as `any`, never refused. */
export function catalogueRow(schema: EventSchema): CatalogueRow {
  const { lifecycle } = schema;
  return {
    type: schema.type,
    name: schema.canonicalName ?? shortType(schema.type) ?? schema.type,
    domain: schema.domain,
    version: schema.version,
    level: schema.level,
    emitter: schema.emitter,
    actionable: schema.actionable,
    description: schema.description,
    fenced: schema.fenced,
    moves: schema.moves,
    fields: fieldRows(schema),
    idempotency_fields: [...schema.idempotencyFields],
    lifecycle: lifecycle && {
      family: lifecycle.family,
      creates: lifecycle.creates,
      updates: lifecycle.updates,
      resolves: lifecycle.resolves,
      group_key: lifecycle.groupKey,
      meaningful_fields: [...lifecycle.meaningfulFields],
    },
  };
}

type JsonSchema = z.core.JSONSchema.BaseSchema;

function fieldRows(schema: EventSchema): FieldRow[] {
  const shape: JsonSchema = z.toJSONSchema(schema.payload, { unrepresentable: 'any', io: 'input' });
  const required = new Set(shape.required ?? []);
  return Object.entries(shape.properties ?? {}).map(([name, field]) => ({
    name,
    required: required.has(name),
    type: typeof field === 'boolean' ? 'any' : typeName(field),
    description: typeof field === 'boolean' ? '' : meaning(field),
  }));
}

function typeName(field: JsonSchema): string {
  const options = field.anyOf ?? field.oneOf;
  if (options)
    return [...new Set(options.map((option) => (typeof option === 'boolean' ? 'any' : typeName(option))))].join(' | ');
  if (field.enum) return 'enum';
  return typeof field.type === 'string' ? field.type : 'any';
}

/** The description of the field, or of what it holds when it may be null as well. */
function meaning(field: JsonSchema): string {
  if (field.description) return field.description;
  for (const option of field.anyOf ?? []) {
    if (typeof option !== 'boolean' && option.description) return option.description;
  }
  return '';
}
