import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  ALARM_CODES,
  buildDefaultCatalogue,
  catalogueRow,
  EventCatalogue,
  type EventSchema,
  fullType,
  isEventType,
  LEVEL,
  makeEnvelope,
  registerIntegrationSchemas,
  shortType,
} from '../../src/machines/events.ts';
import { ALL_TYPES, SAMPLES, SHA_A } from '../support/sample-payloads.ts';

const ORIGIN = { source: 'test/1', timestamp: '2026-01-31T12:00:00.000Z' };
const catalogue = buildDefaultCatalogue();
const schemaOf = (name: string): EventSchema => {
  const schema = catalogue.get(name);
  if (!schema) throw new Error(`no type ${name}`);
  return schema;
};
const problemsOf = (type: string, payload: unknown) => {
  const made = makeEnvelope(catalogue, type, payload, ORIGIN);
  return made.kind === 'rejected' ? made.problems : [];
};

const userType = (over: Partial<EventSchema> = {}): EventSchema => ({
  type: 'acme.build.finished',
  canonicalName: null,
  version: 1,
  level: LEVEL.WORKFLOW,
  domain: 'acme',
  emitter: 'user',
  actionable: false,
  description: 'A build ended',
  payload: z.strictObject({ job: z.string(), at: z.string() }),
  idempotencyFields: ['job'],
  lifecycle: null,
  fenced: false,
  moves: null,
  entityField: 'job',
  ...over,
});

describe('the four types of the hand-over', () => {
  test('S3-1.1a review.approved is WORKFLOW, keyed by slug and round, and creates a row for the slug by approved_at', () => {
    expect(schemaOf('domain.software-development.review.approved')).toMatchObject({
      canonicalName: 'review_approved',
      level: LEVEL.WORKFLOW,
      domain: 'software-development',
      actionable: false,
      idempotencyFields: ['slug', 'review_round'],
      lifecycle: {
        creates: true,
        updates: false,
        resolves: false,
        groupKey: 'slug',
        meaningfulFields: ['approved_at'],
      },
    });
  });

  test('S3-1.1b deployment.started is WORKFLOW, keyed by the triple, and creates a row for the slug by ready_at', () => {
    expect(schemaOf('deployment.started')).toMatchObject({
      type: 'domain.software-development.deployment.started',
      canonicalName: 'finalize_ready',
      level: LEVEL.WORKFLOW,
      idempotencyFields: ['slug', 'branch', 'sha'],
      lifecycle: {
        creates: true,
        updates: false,
        resolves: false,
        groupKey: 'slug',
        meaningfulFields: ['ready_at'],
        agentStatus: 'in_progress',
      },
    });
  });

  test('S3-1.1c deployment.completed is WORKFLOW, keyed by slug and merge commit, and resolves by integrated_at', () => {
    expect(schemaOf('deployment.completed')).toMatchObject({
      canonicalName: 'integration_completed',
      level: LEVEL.WORKFLOW,
      idempotencyFields: ['slug', 'merge_commit'],
      lifecycle: {
        creates: false,
        updates: false,
        resolves: true,
        groupKey: 'slug',
        meaningfulFields: ['integrated_at'],
      },
    });
  });

  test('S3-1.1d deployment.failed is BUSINESS, actionable, and updates the row for the slug by blocked_at', () => {
    expect(schemaOf('deployment.failed')).toMatchObject({
      canonicalName: 'integration_blocked',
      level: LEVEL.BUSINESS,
      actionable: true,
      idempotencyFields: ['slug', 'branch', 'sha', 'blocked_at'],
      lifecycle: { creates: false, updates: true, resolves: false, groupKey: 'slug', meaningfulFields: ['blocked_at'] },
    });
  });

  test('S3-1.1e S4-FR1.1 all four are in the default catalogue and in any other they are registered in', () => {
    const empty = new EventCatalogue();
    expect(empty.get('review.approved')).toBeNull();
    registerIntegrationSchemas(empty);
    for (const names of [
      ['review.approved', 'review_approved'],
      ['deployment.started', 'finalize_ready'],
      ['deployment.completed', 'integration_completed'],
      ['deployment.failed', 'integration_blocked'],
    ]) {
      for (const name of names) {
        expect(catalogue.get(name)?.type, name).toBe(fullType(names[0] ?? ''));
        expect(empty.get(name)?.type, name).toBe(fullType(names[0] ?? ''));
      }
    }
  });

  test('S4-FR1.2 every type declares a key, a level and a life cycle or none, and each key field is a payload field', () => {
    for (const schema of catalogue.list()) {
      const row = catalogueRow(schema);
      const fields = new Set(row.fields.map((field) => field.name));
      expect(row.idempotency_fields.length, schema.type).toBeGreaterThan(0);
      const named = [
        ...row.idempotency_fields,
        ...(row.lifecycle?.meaningful_fields ?? []),
        ...(row.lifecycle?.group_key ? [row.lifecycle.group_key] : []),
        ...(schema.idempotencyVariant?.fields ?? []),
        ...(schema.lifecycle?.rank ?? []),
        ...(schema.lifecycle?.subject ?? []),
        ...(schema.entityField ? [schema.entityField] : []),
      ];
      for (const name of named) expect(fields.has(name), `${schema.type} ${name}`).toBe(true);
      for (const type of schema.lifecycle?.resolvesRowsOf ?? []) expect(isEventType(type), type).toBe(true);
      for (const action of Object.values(schema.actions ?? {})) expect(isEventType(action.produces)).toBe(true);
    }
  });
});

describe('the catalogue', () => {
  test('holds a valid sample of every type, and says what each field means', () => {
    expect(catalogue.list().map((schema) => shortType(schema.type))).toHaveLength(ALL_TYPES.length);
    for (const type of ALL_TYPES) {
      expect(problemsOf(type, SAMPLES[type]), type).toEqual([]);
      for (const field of catalogueRow(schemaOf(type)).fields)
        expect(field.description, `${type} ${field.name}`).not.toBe('');
    }
  });

  test('fenced types carry a fence and belong to the integrator, and the key of a fenced candidate step has its attempt', () => {
    for (const schema of catalogue.list().filter((each) => each.fenced)) {
      const fields = catalogueRow(schema).fields.map((field) => field.name);
      expect(fields, schema.type).toContain('fence');
      expect(schema.emitter).toBe('integrator');
      if (fields.includes('sha') && schema.type.includes('.integration.')) {
        expect(schema.idempotencyFields, schema.type).toEqual(
          expect.arrayContaining(['slug', 'branch', 'sha', 'fence', 'attempt']),
        );
      }
    }
  });

  test('a type registered twice is an error, under whichever of its names', () => {
    expect(() => registerIntegrationSchemas(buildDefaultCatalogue())).toThrow(/registered already/);
    const own = new EventCatalogue();
    own.register(userType());
    expect(() => own.register(userType())).toThrow(expect.objectContaining({ code: 'DUPLICATE_EVENT_TYPE', exit: 2 }));
    expect(() => buildDefaultCatalogue().register(userType({ type: 'review.approved' }))).toThrow(/registered already/);
    expect(() => buildDefaultCatalogue().register(userType({ canonicalName: 'finalize_ready' }))).toThrow(/already/);
  });

  test('a failed registration leaves nothing behind', () => {
    const fresh = buildDefaultCatalogue();
    expect(() => fresh.register(userType({ canonicalName: 'finalize_ready' }))).toThrow();
    expect(fresh.get('acme.build.finished')).toBeNull();
    expect(fresh.list()).toHaveLength(ALL_TYPES.length);
  });

  test.each([
    ['telec’s own prefix', { type: 'domain.software-development.acme.done' }],
    ['a family that decides states', { type: 'deployment.finished' }],
    ['no dot', { type: 'finished' }],
    ['hostile characters', { type: 'acme.\u0000x' }],
    ['a heartbeat', { type: 'acme.heartbeat' }],
    ['no idempotency fields', { idempotencyFields: [] }],
    [
      'a notification family of telec',
      {
        lifecycle: {
          family: 'deployment',
          creates: false,
          updates: false,
          resolves: true,
          groupKey: 'job',
          meaningfulFields: [],
        },
      },
    ],
  ])('a user type with %s is refused', (_, over: Partial<EventSchema>) => {
    expect(() => buildDefaultCatalogue().register(userType(over))).toThrow(
      expect.objectContaining({ code: 'INVALID_EVENT_TYPE' }),
    );
  });

  test.each(['heartbeat', 'heartbeat_only', 'worker.heartbeat', 'worktree_dirty_to_clean', 'worktree dirty -> clean'])(
    'emitting %j is an error that says it is no event',
    (name) => {
      expect(problemsOf(name, {})).toEqual([{ path: 'event', message: expect.stringContaining('is not an event:') }]);
    },
  );

  test('an unknown type is an error that names it', () => {
    expect(problemsOf('review.aproved', {})).toEqual([
      { path: 'event', message: '"review.aproved" is not an event type of the catalogue' },
    ]);
    expect(problemsOf('__proto__', {})).toHaveLength(1);
    expect(shortType('domain.software-development.toString')).toBeNull();
  });

  test('all problems of a payload are reported together with their paths', () => {
    const problems = problemsOf('deployment.started', {
      slug: 'Not A Slug',
      branch: '-x',
      sha: 'abc',
      worker_session_id: '',
      ready_at: 'yesterday',
      extra: 1,
      another: 2,
      pushed: { branch: 'a..b', sha: SHA_A, remote: 'origin', pushed_at: '2026-01-31T12:00:00Z', pusher: 'x', y: 1 },
    });
    expect(problems.map((problem) => problem.path).sort()).toEqual([
      'another',
      'branch',
      'extra',
      'orchestrator_session_id',
      'pushed.branch',
      'pushed.y',
      'ready_at',
      'sha',
      'slug',
      'worker_session_id',
    ]);
  });

  test('a review round is a whole number from 1 on, never a truth value', () => {
    for (const round of [0, -1, 1.5, true, '1', null, Number.NaN, 2 ** 60])
      expect(
        problemsOf('review.approved', { ...SAMPLES['review.approved'], review_round: round }),
        String(round),
      ).toEqual([expect.objectContaining({ path: 'review_round' })]);
  });

  test('a review round that is left out is missing, not a wrong number', () => {
    const { review_round: _, ...rest } = SAMPLES['review.approved'] as Record<string, unknown>;
    expect(problemsOf('review.approved', rest)).toEqual([{ path: 'review_round', message: 'is missing' }]);
  });

  test('evidence and diagnostics of a failure are lists with something in them', () => {
    const problems = problemsOf('deployment.failed', {
      ...SAMPLES['deployment.failed'],
      conflict_evidence: [],
      diagnostics: ['  '],
    });
    expect(problems.map((problem) => problem.path)).toEqual(['conflict_evidence', 'diagnostics.0']);
  });

  test('the row of a type says what scripts rely on', () => {
    expect(catalogueRow(schemaOf('branch_pushed'))).toMatchObject({
      type: 'domain.software-development.branch.pushed',
      name: 'branch_pushed',
      domain: 'software-development',
      version: 1,
      level: 2,
      emitter: 'worker',
      actionable: false,
      idempotency_fields: ['branch', 'sha', 'remote'],
      lifecycle: null,
    });
    const hold = catalogueRow(schemaOf('integration.hold.placed'));
    expect(hold.fields.find((field) => field.name === 'alarm')).toEqual({
      name: 'alarm',
      required: true,
      type: 'enum | null',
      description: 'Code of the alarm; null for a hold of a person',
    });
    expect(ALARM_CODES).toContain('MAIN_REWOUND');
  });
});
