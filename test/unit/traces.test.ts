/** A delivery as spans: gathered from entries, whatever a try goes through, and kept no longer than a session has it. */
import { describe, expect, test } from 'vitest';
import type { CandidateRecord, Change } from '../../src/actors/candidate-record.ts';
import { DeliveryTraces } from '../../src/actors/metrics/delivery-trace.ts';
import { tracesUrl } from '../../src/actors/metrics/traces.ts';
import type { DomainEvent } from '../../src/machines/events.ts';

const triple = (slug: string) => ({ slug, branch: `work/${slug}`, sha: 'a'.repeat(40) });

function world() {
  const traces = new DeliveryTraces();
  const records = new Map<string, CandidateRecord>();
  const record = (slug: string): CandidateRecord => {
    const { branch, sha } = triple(slug);
    const context = { ...triple(slug), attempt: 1, fence: 7, failure: null, delivery: null };
    const made = { id: slug, key: `${slug}/${branch}@${sha}`, readySince: '1000-0', context };
    records.set(slug, records.get(slug) ?? (made as unknown as CandidateRecord));
    return records.get(slug) as CandidateRecord;
  };
  const tell = (
    ms: number,
    type: string,
    payload: object,
    ...steps: [slug: string, from: Change['from'], to: Change['to']][]
  ) =>
    traces.applied(
      { type, payload } as unknown as DomainEvent,
      steps.map(([slug, from, to]) => ({ record: record(slug), from, to, entryId: `${ms}-0` })),
      `${ms}-0`,
    );
  return {
    tell,
    take: (ms: number, slug: string) =>
      tell(ms, 'integration.candidate.dequeued', triple(slug), [slug, 'ready', 'integrating']),
  };
}

const spansOf = (traces: ReturnType<DeliveryTraces['applied']>) =>
  traces.map(({ spans }) => spans.map(({ name, startMs, endMs }) => [name, startMs, endMs]));

describe('the spans of a try', () => {
  test('of a train end with the push of all and begin with the merge of each', () => {
    const { tell, take } = world();
    take(2000, 'one');
    tell(2100, 'integration.merge.succeeded', triple('one'));
    take(2200, 'two');
    tell(2300, 'integration.merge.succeeded', triple('two'));
    tell(2400, 'integration.push.attempted', { seq: 9, members: [triple('one'), triple('two')] });
    tell(2900, 'integration.push.succeeded', { seq: 9 });
    const first = tell(3000, 'deployment.completed', triple('one'), ['one', 'integrating', 'completed']);
    expect(spansOf(first)).toEqual([
      [
        ['waiting', 1000, 2000],
        ['merging', 2000, 2100],
        ['train', 2100, 2400],
        ['pushing', 2400, 2900],
        ['recording', 2900, 3000],
      ],
    ]);
    const second = tell(3100, 'deployment.completed', triple('two'), ['two', 'integrating', 'completed']);
    expect(spansOf(second)[0]?.slice(0, 3)).toEqual([
      ['waiting', 1000, 2200],
      ['merging', 2200, 2300],
      ['train', 2300, 2400],
    ]);
  });

  test('of one that lost a race count what came before the new merge as merging', () => {
    const { tell, take } = world();
    take(2000, 'one');
    tell(2100, 'integration.merge.succeeded', triple('one'));
    tell(2200, 'integration.push.attempted', { seq: 1, members: [triple('one')] });
    tell(2300, 'integration.push.rejected', { seq: 1 });
    tell(2400, 'integration.merge.succeeded', triple('one'));
    tell(2500, 'integration.push.attempted', { seq: 2, members: [triple('one')] });
    tell(2600, 'integration.push.succeeded', { seq: 2 });
    const ended = tell(2700, 'deployment.completed', triple('one'), ['one', 'integrating', 'completed']);
    expect(spansOf(ended)[0]?.map(([name]) => name)).toEqual(['waiting', 'merging', 'train', 'pushing', 'recording']);
    expect(spansOf(ended)[0]?.[1]).toEqual(['merging', 2000, 2400]);
  });

  test('name each run of a check; what was known took no time, and a run that never ended is none', () => {
    const { tell, take } = world();
    take(2000, 'one');
    tell(2100, 'integration.merge.succeeded', triple('one'));
    const run = (ms: number, what: string, check: string, more = {}) =>
      tell(ms, `integration.checks.${what}`, { ...triple('one'), check, tree: 'b'.repeat(40), run: 1, ...more });
    run(2110, 'started', 'unit');
    run(2120, 'started', 'slow');
    run(2130, 'passed', 'lint', { cached: true });
    run(2200, 'failed', 'unit', { final: false });
    run(2210, 'started', 'unit', { run: 2 });
    run(2300, 'passed', 'unit', { run: 2, flaked: true });
    const ended = tell(2400, 'deployment.failed', triple('one'), ['one', 'integrating', 'blocked']);
    expect(spansOf(ended)).toEqual([
      [
        ['waiting', 1000, 2000],
        ['merging', 2000, 2100],
        ['check unit', 2110, 2200],
        ['check unit', 2210, 2300],
      ],
    ]);
  });

  test('of one that goes back end there, and the next try is a trace of its own', () => {
    const { tell, take } = world();
    take(2000, 'one');
    const [back] = tell(2500, 'integration.candidate.requeued', triple('one'), ['one', 'integrating', 'ready']);
    expect([back?.attributes['telec.outcome'], back?.fault, back?.endMs]).toEqual(['requeued', null, 2500]);
    take(4000, 'one');
    expect(tell(4500, 'integration.candidate.requeued', triple('one'), ['one', 'integrating', 'pending'])).toHaveLength(
      1,
    );
    // What was never taken has no trace.
    expect(tell(5000, 'deployment.completed', triple('one'), ['one', 'ready', 'completed'])).toEqual([]);
  });
});

test.each([
  [{}, null],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, null],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }, 'http://c:4318/v1/traces'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318/otel/' }, 'http://c:4318/otel/v1/traces'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://t/x' }, 'http://t/x'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_SDK_DISABLED: 'true' }, null],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_TRACES_EXPORTER: 'none' }, null],
])('by %j spans go to %s', (env, url) => {
  expect(tracesUrl(env)).toBe(url);
});
