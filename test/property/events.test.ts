import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  buildDefaultCatalogue,
  capEvidence,
  catalogueRow,
  decodeEnvelope,
  digestText,
  type EventType,
  encodeEnvelope,
  idempotencyKey,
  latestInstantMs,
  makeEnvelope,
  readEntry,
} from '../../src/machines/events.ts';
import { ALL_TYPES, SAMPLES } from '../support/sample-payloads.ts';

const ORIGIN = { source: 'test/1', timestamp: '2026-01-31T12:00:00.000Z' };
const catalogue = buildDefaultCatalogue();
const schemaOf = (type: string) => {
  const schema = catalogue.get(type);
  if (!schema) throw new Error(`no type ${type}`);
  return schema;
};
const anyType = fc.constantFrom(...ALL_TYPES);
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('__proto__', 'constructor', ':', '","', '\u0000', '�'),
);
const anyJson = fc.oneof(
  fc.jsonValue(),
  fc.dictionary(anyText, fc.jsonValue()),
  fc.json().map((text) => JSON.parse(text)),
);

describe('events from outside', () => {
  test('no payload crashes the validator, and what is rejected has a reason', () => {
    fc.assert(
      fc.property(anyType, fc.oneof(anyJson, fc.anything()), (type, payload) => {
        const made = makeEnvelope(catalogue, type, payload, ORIGIN);
        return made.kind === 'ok' || made.problems.length > 0;
      }),
      { numRuns: 500 },
    );
  });

  test('no field map crashes the reader, and no prototype is reached', () => {
    const fields = fc.dictionary(
      fc.oneof(anyText, fc.constantFrom('event', 'version', 'level', 'payload', 'actions', 'timestamp', 'source')),
      fc.oneof(anyText, fc.json(), fc.constantFrom('1', '2', '{"__proto__":{"polluted":1}}', ...ALL_TYPES)),
    );
    fc.assert(
      fc.property(fields, (map) => {
        const read = readEntry(catalogue, '1-0', map);
        expect(Reflect.get({}, 'polluted')).toBeUndefined();
        return read.kind !== 'malformed' || read.problems.length > 0;
      }),
      { numRuns: 500 },
    );
  });

  test('an envelope comes back from the stream as it went in, extra fields and odd text included', () => {
    const extra = fc.dictionary(
      fc.string({ minLength: 1 }).map((name) => `x_${name}`),
      fc.string({ unit: 'grapheme' }),
      { minKeys: 1 },
    );
    fc.assert(
      fc.property(anyType, anyText, extra, (type, odd, more) => {
        const payload = type === 'integration.hold.placed' ? { ...SAMPLES[type], reason: odd } : SAMPLES[type];
        const made = makeEnvelope(catalogue, type, payload, ORIGIN);
        if (made.kind !== 'ok') throw new Error(JSON.stringify(made.problems));
        for (const envelope of made.envelopes) {
          const whole = { ...envelope, extra: more };
          // A stream keeps strings as UTF-8.
          const stored = JSON.parse(JSON.stringify(encodeEnvelope(whole)));
          expect(decodeEnvelope(stored)).toEqual({ kind: 'ok', envelope: whole });
        }
      }),
    );
  });

  test('200 malformed events are each refused with every broken field named', () => {
    let seen = 0;
    const brokenFields = anyType.chain((type) => {
      const names = catalogueRow(schemaOf(type)).fields.map((field) => field.name);
      return fc.record({ type: fc.constant(type), broken: fc.subarray(names, { minLength: 1 }), alien: fc.boolean() });
    });
    fc.assert(
      fc.property(brokenFields, ({ type, broken, alien }) => {
        const payload: Record<string, unknown> = { ...SAMPLES[type as EventType] };
        // No field of any type is a nested list of lists.
        for (const name of broken) payload[name] = [[]];
        if (alien) payload['alien field'] = 1;
        const made = makeEnvelope(catalogue, type, payload, ORIGIN);
        if (made.kind === 'ok') throw new Error(`${type} took ${JSON.stringify(payload)}`);
        const named = new Set(made.problems.map((problem) => problem.path.split('.')[0]));
        for (const name of [...broken, ...(alien ? ['alien field'] : [])])
          expect(named, `${type} ${name}`).toContain(name);
        expect(named.size).toBe(broken.length + (alien ? 1 : 0));
        for (const problem of made.problems) expect(problem.message).not.toBe('');
        seen += 1;
      }),
      { numRuns: 200 },
    );
    expect(seen).toBe(200);
  });

  test('evidence of any size is cut until it fits', () => {
    const text = fc.tuple(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 90_000 }),
    );
    const huge = text.map(([unit, times]) => `a${unit.repeat(times)}`);
    const payload = fc.record({
      list: fc.array(huge, { minLength: 1, maxLength: 4 }),
      count: fc.integer({ min: 1, max: 1500 }),
      tail: huge,
    });
    fc.assert(
      fc.property(payload, ({ list, count, tail }) => {
        const sample = SAMPLES['deployment.failed'];
        if (!sample.evidence) throw new Error('the sample has evidence');
        const failed = {
          ...sample,
          conflict_evidence: list,
          diagnostics: Array<string>(count).fill('tried'),
          next_action: tail,
          evidence: { ...sample.evidence, output_tail: tail },
        };
        expect(makeEnvelope(catalogue, 'deployment.failed', capEvidence(failed), ORIGIN)).toMatchObject({ kind: 'ok' });
      }),
      { numRuns: 30 },
    );
  });
});

describe('keys and digests', () => {
  const names = fc.record({ branch: anyText, sha: anyText, remote: anyText });
  const schema = schemaOf('branch.pushed');

  test('F50 two events have one key only when every key field is equal', () => {
    const pair = fc.tuple(names, names).chain(([a, b]) =>
      // Moving a separator from one value to the next is what a joined key would not notice.
      fc.constantFrom(
        [a, b],
        [a, a],
        [a, { ...a, branch: `${a.branch}:${a.sha}`, sha: '' }],
        [a, { ...a, sha: `${a.sha}","${a.remote}`, remote: '' }],
      ),
    );
    fc.assert(
      fc.property(pair, ([a, b]) => {
        if (!a || !b) return;
        const equal = a.branch === b.branch && a.sha === b.sha && a.remote === b.remote;
        expect(idempotencyKey(schema, a) === idempotencyKey(schema, b)).toBe(equal);
      }),
    );
  });

  test('the digest ignores when and by whom, never what', () => {
    const instant = fc
      .date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true })
      .map((date) => date.toISOString());
    fc.assert(
      fc.property(anyType, instant, fc.string(), (type, at, who) => {
        const sample: Record<string, unknown> = { ...SAMPLES[type] };
        const digest = digestText(schemaOf(type), 1, sample);
        const told = Object.fromEntries(
          Object.entries(sample).map(([name, value]) => {
            if (typeof value === 'string' && name.endsWith('_at')) return [name, at];
            return [name, name.endsWith('session_id') || name === 'pusher' ? who : value];
          }),
        );
        expect(digestText(schemaOf(type), 1, told)).toBe(digest);
        if (Object.hasOwn(sample, 'slug'))
          expect(digestText(schemaOf(type), 1, { ...told, slug: 'another' })).not.toBe(digest);
        if (Object.keys(sample).some((name) => name.endsWith('_at'))) {
          const { pushed: _, ...bare } = told;
          expect(latestInstantMs(bare)).toBe(Date.parse(at));
        }
      }),
    );
  });
});
