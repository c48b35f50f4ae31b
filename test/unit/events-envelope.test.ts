import { describe, expect, test } from 'vitest';
import {
  buildDefaultCatalogue,
  capEvidence,
  decodeEnvelope,
  digestText,
  ENVELOPE_BYTES_MAX,
  type Envelope,
  type EventSchema,
  encodeEnvelope,
  idempotencyKey,
  latestInstantMs,
  makeEnvelope,
  readEntry,
} from '../../src/machines/events.ts';
import { ALL_TYPES, SAMPLES, SHA_A, SHA_B } from '../support/sample-payloads.ts';

const ORIGIN = { source: 'orchestrator/o-1', timestamp: '2026-01-31T12:00:00.123Z' };
const catalogue = buildDefaultCatalogue();
const schemaOf = (name: string): EventSchema => {
  const schema = catalogue.get(name);
  if (!schema) throw new Error(`no type ${name}`);
  return schema;
};
const made = (type: string, payload: unknown): Envelope[] => {
  const result = makeEnvelope(catalogue, type, payload, ORIGIN);
  if (result.kind === 'rejected') throw new Error(JSON.stringify(result.problems));
  return result.envelopes;
};
const one = (type: string, payload: unknown): Envelope => {
  const [envelope] = made(type, payload);
  if (!envelope) throw new Error('nothing was made');
  return envelope;
};

describe('making envelopes', () => {
  test('S4-FR2.3 a push carried inside a deployment becomes its own event beside it', () => {
    const envelopes = made('finalize_ready', SAMPLES['deployment.started']);
    expect(envelopes.map((envelope) => [envelope.event, envelope.entity, envelope.payload])).toEqual([
      ['domain.software-development.deployment.started', 'fix-login', SAMPLES['deployment.started']],
      ['domain.software-development.branch.pushed', 'feature/fix-login', SAMPLES['branch.pushed']],
    ]);
  });

  test('everything around the payload is filled in, actions too where somebody has to act', () => {
    expect(one('deployment.failed', SAMPLES['deployment.failed'])).toEqual({
      event: 'domain.software-development.deployment.failed',
      version: 1,
      source: 'orchestrator/o-1',
      timestamp: '2026-01-31T12:00:00.123Z',
      idempotency_key: JSON.stringify([
        'domain.software-development.deployment.failed',
        'fix-login',
        'feature/fix-login',
        SHA_A,
        '2026-01-31T12:00:00.000Z',
      ]),
      level: 3,
      domain: 'software-development',
      entity: 'fix-login',
      description: 'The candidate could not be delivered and needs somebody: fix-login',
      visibility: 'local',
      payload: SAMPLES['deployment.failed'],
      actions: { resume: expect.anything(), supersede: expect.anything() },
      terminal_when: expect.any(String),
      resolution_shape: expect.any(Object),
    });
    expect(one('review.approved', SAMPLES['review.approved'])).not.toHaveProperty('actions');
  });

  test('a hold that is an alarm is business, a person’s is not', () => {
    const hold = SAMPLES['integration.hold.placed'];
    expect(one('integration.hold.placed', hold).level).toBe(1);
    expect(one('integration.hold.placed', { ...hold, alarm: 'MAIN_REWOUND' }).level).toBe(3);
  });

  test('fields that are undefined are absent, not an error', () => {
    expect(one('review.approved', { ...SAMPLES['review.approved'], sha: undefined }).payload).not.toHaveProperty('sha');
  });

  test.each([
    ['no source', { ...ORIGIN, source: 'nobody' }, 'source'],
    ['a timestamp without an offset', { ...ORIGIN, timestamp: '2026-01-31T12:00:00' }, 'timestamp'],
  ])('%s is a problem of the envelope', (_, origin, path) => {
    expect(makeEnvelope(catalogue, 'branch.pushed', SAMPLES['branch.pushed'], origin)).toEqual({
      kind: 'rejected',
      problems: [expect.objectContaining({ path })],
    });
  });

  test('text above 64 KiB, lists above 1,000 and events above 256 KiB are rejected', () => {
    const failed = SAMPLES['deployment.failed'];
    const rejected = (over: object) => {
      const result = makeEnvelope(catalogue, 'deployment.failed', { ...failed, ...over }, ORIGIN);
      return result.kind === 'rejected' ? result.problems.map((problem) => `${problem.path}: ${problem.message}`) : [];
    };
    expect(rejected({ next_action: 'x'.repeat(65_536) })).toEqual([]);
    expect(rejected({ next_action: 'é'.repeat(32_769) })).toEqual(['next_action: is longer than 65536 bytes']);
    expect(rejected({ diagnostics: Array(1000).fill('x') })).toEqual([]);
    expect(rejected({ diagnostics: Array(1001).fill('x') })).toEqual(['diagnostics: has more than 1000 items']);
    expect(rejected({ diagnostics: Array(5).fill('x'.repeat(60_000)) })).toEqual([': is larger than 262144 bytes']);
  });

  test('a payload that is no plain JSON is rejected, cyclic ones too', () => {
    const cyclic: Record<string, unknown> = { ...SAMPLES['branch.pushed'] };
    cyclic['self'] = [cyclic, cyclic];
    for (const payload of [null, 3, 'x', [], new Date(), new Map(), () => 1, cyclic, { a: 1n }, undefined])
      expect(makeEnvelope(catalogue, 'branch.pushed', payload, ORIGIN).kind).toBe('rejected');
  });
});

describe('the flat form', () => {
  test('numbers are decimal text, objects JSON, and what is absent takes no field', () => {
    const fields = encodeEnvelope(one('branch.pushed', SAMPLES['branch.pushed']));
    expect(Object.keys(fields).sort()).toEqual([
      'description',
      'domain',
      'entity',
      'event',
      'idempotency_key',
      'level',
      'payload',
      'source',
      'timestamp',
      'version',
      'visibility',
    ]);
    expect(fields).toMatchObject({ version: '1', level: '2', payload: JSON.stringify(SAMPLES['branch.pushed']) });
  });

  test('every type comes back from the flat form as it went in, and reads as an event', () => {
    for (const type of ALL_TYPES) {
      const envelope = one(type, SAMPLES[type]);
      expect(decodeEnvelope(encodeEnvelope(envelope))).toEqual({ kind: 'ok', envelope });
      expect(readEntry(catalogue, '5-0', encodeEnvelope(envelope))).toMatchObject({
        kind: 'event',
        event: { type, id: '5-0', timestamp: ORIGIN.timestamp, source: ORIGIN.source, payload: SAMPLES[type] },
      });
    }
  });

  test('fields telec does not know are kept beside the payload', () => {
    const fields = { ...encodeEnvelope(one('branch.pushed', SAMPLES['branch.pushed'])), trace: 'abc', _trust: '' };
    const decoded = decodeEnvelope(fields);
    if (decoded.kind !== 'ok') throw new Error(JSON.stringify(decoded));
    expect(decoded.envelope.extra).toEqual({ trace: 'abc', _trust: '' });
    expect(encodeEnvelope(decoded.envelope)).toEqual(fields);
  });

  test('an extra field can never take the place of a known one', () => {
    const envelope = {
      ...one('branch.pushed', SAMPLES['branch.pushed']),
      extra: { level: '0', actions: '{}', trace: 'x' },
    };
    expect(encodeEnvelope(envelope)).toMatchObject({ level: '2', trace: 'x' });
    expect(encodeEnvelope(envelope)).not.toHaveProperty('actions');
  });

  test('a newer version is told apart from a malformed entry, whatever else it holds', () => {
    expect(decodeEnvelope({ version: '2', level: 'high' })).toEqual({ kind: 'newer', version: 2 });
    expect(decodeEnvelope({ version: '0' })).toMatchObject({ kind: 'malformed' });
  });

  test('an unknown type of the deciding families counts as newer, any other passes', () => {
    const fields = encodeEnvelope(one('branch.pushed', SAMPLES['branch.pushed']));
    const read = (event: string) => readEntry(catalogue, '1-0', { ...fields, event }).kind;
    expect(read('domain.software-development.integration.rocket.launched')).toBe('newer');
    expect(read('domain.software-development.deployment.paused')).toBe('newer');
    expect(read('domain.software-development.review.paused')).toBe('unregistered');
    expect(read('acme.build.finished')).toBe('unregistered');
    // A short or canonical name is for people: in the log it is no type of telec's.
    expect(read('review.approved')).toBe('unregistered');
    expect(read('branch_pushed')).toBe('unregistered');
  });

  test('all problems of an entry are named together', () => {
    const decoded = decodeEnvelope({
      event: '',
      version: 'one',
      level: '9',
      payload: '{',
      source: 'x',
      visibility: 'all',
    });
    if (decoded.kind !== 'malformed') throw new Error(decoded.kind);
    expect(decoded.problems.map((problem) => problem.path).sort()).toEqual([
      'description',
      'domain',
      'event',
      'idempotency_key',
      'level',
      'payload',
      'source',
      'timestamp',
      'version',
      'visibility',
    ]);
  });

  test('__proto__ reaches no prototype, as a field and inside the payload', () => {
    const fields = encodeEnvelope(one('branch.pushed', SAMPLES['branch.pushed']));
    const hostile = Object.fromEntries([...Object.entries(fields), ['__proto__', '{"polluted":true}']]);
    expect(decodeEnvelope(hostile)).toMatchObject({ kind: 'malformed', problems: [{ path: '__proto__' }] });
    const inside = {
      ...fields,
      payload: '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
    };
    const read = readEntry(catalogue, '1-0', inside);
    if (read.kind !== 'malformed') throw new Error(read.kind);
    expect(read.problems).toContainEqual({ path: 'payload.__proto__', message: 'is a name that no field may have' });
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  test('an entry above the size limit is malformed', () => {
    const fields = {
      ...encodeEnvelope(one('branch.pushed', SAMPLES['branch.pushed'])),
      junk: 'x'.repeat(ENVELOPE_BYTES_MAX),
    };
    expect(decodeEnvelope(fields).kind).toBe('malformed');
  });
});

describe('keys and digests', () => {
  const key = (type: string, payload: object) => idempotencyKey(schemaOf(type), { ...payload });
  const digest = (type: string, payload: object) => digestText(schemaOf(type), 1, { ...payload });

  test('F50 values that hold separators never make the key of another event', () => {
    const pushed = SAMPLES['branch.pushed'];
    expect(key('branch.pushed', { ...pushed, branch: 'a:b', remote: 'c' })).not.toBe(
      key('branch.pushed', { ...pushed, branch: 'a', remote: 'b:c' }),
    );
    expect(key('branch.pushed', { ...pushed, remote: '","' })).not.toBe(
      key('branch.pushed', { ...pushed, remote: ',' }),
    );
  });

  test('a candidate found on main is keyed by its triple, a merged one by its merge commit', () => {
    const done = SAMPLES['deployment.completed'];
    const type = 'domain.software-development.deployment.completed';
    expect(key('deployment.completed', done)).toBe(JSON.stringify([type, 'fix-login', SHA_B]));
    expect(key('deployment.completed', { ...done, outcome: 'already_integrated' })).toBe(
      JSON.stringify([type, 'fix-login', 'feature/fix-login', SHA_A]),
    );
  });

  test('the first of a chain has a key of its own', () => {
    const probed = SAMPLES['integration.candidate.probed'];
    expect(key('integration.candidate.probed', probed)).not.toBe(
      key('integration.candidate.probed', { ...probed, previous: '1-0' }),
    );
  });

  test('the digest leaves out instants, session ids, pusher and pushed, and nothing else', () => {
    const started = SAMPLES['deployment.started'];
    const same = digest('deployment.started', started);
    const { pushed: _, ...bare } = started;
    expect(
      digest('deployment.started', { ...bare, ready_at: '2027-01-01T00:00:00+02:00', worker_session_id: 'x' }),
    ).toBe(same);
    expect(digest('deployment.started', { ...started, branch: 'other' })).not.toBe(same);
    const push = SAMPLES['branch.pushed'];
    expect(digest('branch.pushed', { ...push, pusher: 'eve', pushed_at: '2027-01-01T00:00:00Z' })).toBe(
      digest('branch.pushed', push),
    );
  });

  test('the digest does not depend on the order of fields', () => {
    const entries = Object.entries(SAMPLES['deployment.failed']);
    expect(digest('deployment.failed', Object.fromEntries(entries.reverse()))).toBe(
      digest('deployment.failed', SAMPLES['deployment.failed']),
    );
  });

  test('the latest instant is found at any depth, and the end of a hold is none', () => {
    const at = (text: string) => Date.parse(text);
    expect(
      latestInstantMs({
        ready_at: '2026-01-01T00:00:00Z',
        pushed: { pushed_at: '2026-01-02T02:00:00.500+02:00' },
        list: [{ seen_at: 'never' }],
      }),
    ).toBe(at('2026-01-02T00:00:00.500Z'));
    expect(latestInstantMs({ until: '2099-01-01T00:00:00Z' })).toBe(0);
    expect(latestInstantMs(null)).toBe(0);
  });
});

describe('cutting evidence', () => {
  test('what fits is left alone', () => {
    expect(capEvidence(SAMPLES['deployment.failed'])).toEqual(SAMPLES['deployment.failed']);
  });

  test('what does not fit is cut, says so, and is then accepted', () => {
    const { evidence } = SAMPLES['deployment.failed'];
    if (!evidence) throw new Error('the sample has evidence');
    const huge = {
      ...SAMPLES['deployment.failed'],
      conflict_evidence: Array(3000).fill('é'.repeat(3000)),
      evidence: {
        ...evidence,
        paths: Array.from({ length: 5000 }, (_, index) => ({
          path: `${'d/'.repeat(2000)}${index}`,
          stages: [1, 2, 3],
        })),
        output_tail: `${'noise\n'.repeat(100_000)}THE END`,
      },
    };
    expect(makeEnvelope(catalogue, 'deployment.failed', huge, ORIGIN).kind).toBe('rejected');
    const cut = capEvidence(huge);
    expect(made('deployment.failed', cut)).toHaveLength(1);
    expect([cut.slug, cut.branch, cut.sha, cut.blocked_at]).toEqual([
      huge.slug,
      huge.branch,
      huge.sha,
      huge.blocked_at,
    ]);
    expect(cut.evidence?.output_tail?.endsWith('THE END')).toBe(true);
    expect(cut.evidence?.cut).toEqual(expect.arrayContaining([expect.stringMatching(/of 3000 left out/)]));
  });

  test('without evidence as data the remarks say what was left out', () => {
    const { evidence: _, ...bare } = SAMPLES['deployment.failed'];
    const cut = capEvidence({ ...bare, next_action: `a${'😀'.repeat(100_000)}` });
    expect(cut.next_action).toMatch(/^a(😀)+\[… \d+ bytes left out …\]$/u);
    expect(cut.diagnostics.at(-1)).toMatch(/^cut to fit: next_action: \d+ of 400001 bytes left out$/);
    expect(made('deployment.failed', cut)).toHaveLength(1);
  });
});
