/** What the daemon tells Prometheus: counted from entries, read at the scrape, and nothing that a branch can name. */
import { describe, expect, test } from 'vitest';
import type { CandidateRecord, Change } from '../../src/actors/candidate-record.ts';
import type { LogFault } from '../../src/actors/client.ts';
import type { Host } from '../../src/actors/host.ts';
import { createMetrics } from '../../src/actors/metrics/metrics.ts';
import type { PipelineEvent } from '../../src/actors/pipeline.ts';
import type { Repository } from '../../src/actors/repository.ts';
import { CheckBook } from '../../src/machines/check-book.ts';
import { FRESH_STANDING } from '../../src/machines/standing.ts';
import { foldWorld, work } from '../support/fold-world.ts';
import { checkedWorld } from '../support/tested-world.ts';

const NOW = 1_700_000_100_000;

const LEASE = { acquiredAt: NOW - 5000, expiresAt: NOW + 1000, fence: 3, ownerSessionId: 'integrator-1' };

function world(given: { lease?: object | null; away?: boolean; behind?: boolean; repository?: Repository } = {}) {
  const { lease = null, away = false, behind = false } = given;
  const fault = { now: null as LogFault | null };
  const unreachable = async () => {
    throw new Error('Redis is away');
  };
  const host = {
    options: { repoId: 'app-0123456789ab' },
    logId: '01jgfjz0q7v5m8n3k2h1g0f9e8',
    mode: 'live',
    clock: { now: () => NOW },
    repository: given.repository ?? {
      standing: FRESH_STANDING,
      queue: [{ context: { readyAtMs: NOW - 90_000 } }],
      tests: new CheckBook(),
      live: () => [],
      counts: () => ({ pending: 0, ready: 1, integrating: 0, completed: 4, blocked: 2, superseded: 0 }),
    },
    notifications: {
      rows: () => [
        { human_status: 'unseen', level: 3 },
        { human_status: 'unseen', level: 2 },
        { human_status: 'seen', level: 3 },
      ],
    },
    dispatcher: { appliedId: '1700000000000-0', stale: null },
    log: {
      stats: away ? unreachable : async () => ({ lastId: behind ? '9' : '1700000000000-0', length: 12, dead: 1 }),
      read: async () => [{ id: `${NOW - 4000}-0`, fields: {} }],
    },
    leases: { read: away ? unreachable : async () => ({ record: lease, now: NOW }) },
  };
  const metrics = createMetrics({
    host: host as unknown as Host,
    logFault: () => fault.now,
    session: () => null,
  });
  /** Samples by `name{labels}`. */
  const scrape = async () => {
    const { text, contentType } = await metrics.scrape();
    expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
    const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return new Map(samples.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
  };
  const entry = (type: string | null, payload: object = {}, changes: Change[] = []) =>
    metrics.applied({ domain: type === null ? null : { type, payload } } as unknown as PipelineEvent, changes);
  return { metrics, scrape, entry, fault };
}

const record = (context: object = {}): CandidateRecord =>
  ({
    id: 'login/feature/login@aa',
    readySince: '1000-0',
    context: { delivery: null, failure: null, ...context },
  }) as never;
const step = (from: Change['from'], to: Change['to'], ms: number, of = record()): Change => ({
  record: of,
  from,
  to,
  entryId: `${ms}-0`,
});

describe('from the entries', () => {
  test('waiting counts from ready to taken, integrating from taken to what became of it', async () => {
    const { entry, scrape } = world();
    entry('integration.candidate.dequeued', {}, [step('ready', 'integrating', 41_000)]);
    entry('deployment.completed', {}, [
      step('integrating', 'completed', 44_000, record({ delivery: { outcome: 'merged' } })),
    ]);
    const samples = await scrape();
    expect(samples.get('telec_wait_seconds_sum')).toBe(40);
    expect(samples.get('telec_wait_seconds_bucket{le="30"}')).toBe(0);
    expect(samples.get('telec_wait_seconds_bucket{le="60"}')).toBe(1);
    expect(samples.get('telec_integration_seconds_sum{outcome="completed"}')).toBe(3);
    expect(samples.get('telec_integration_seconds_count{outcome="completed"}')).toBe(1);
    expect(samples.get('telec_outcomes_total{outcome="completed",kind="merged"}')).toBe(1);
    expect(samples.get('telec_outcomes_total{outcome="blocked",kind="conflict"}')).toBe(0);
  });

  test('what is sent back is no outcome of its own kind, and the second try is timed by itself', async () => {
    const { entry, scrape } = world();
    entry('integration.candidate.dequeued', {}, [step('ready', 'integrating', 2000)]);
    entry('integration.candidate.requeued', {}, [step('integrating', 'ready', 7000)]);
    entry('integration.candidate.dequeued', {}, [step('ready', 'integrating', 9000)]);
    entry('deployment.failed', {}, [step('integrating', 'blocked', 10_000, record({ failure: { kind: 'conflict' } }))]);
    const samples = await scrape();
    expect(samples.get('telec_integration_seconds_sum{outcome="requeued"}')).toBe(5);
    expect(samples.get('telec_integration_seconds_sum{outcome="blocked"}')).toBe(1);
    expect(samples.get('telec_outcomes_total{outcome="requeued",kind=""}')).toBe(1);
    expect(samples.get('telec_outcomes_total{outcome="blocked",kind="conflict"}')).toBe(1);
  });

  test('one whose taking the daemon did not see is counted and not timed; one that never was taken as well', async () => {
    const { entry, scrape } = world();
    entry('deployment.completed', {}, [
      step('integrating', 'completed', 9, record({ delivery: { outcome: 'merged' } })),
    ]);
    const known = record({ delivery: { outcome: 'already_integrated' } });
    entry('deployment.completed', {}, [step('ready', 'completed', 9, known)]);
    entry('deployment.started', {}, [
      step(null, 'pending', 9),
      step('pending', 'ready', 9),
      step('blocked', 'superseded', 9),
    ]);
    const samples = await scrape();
    expect(samples.get('telec_integration_seconds_count{outcome="completed"}')).toBe(0);
    expect(samples.get('telec_outcomes_total{outcome="completed",kind="merged"}')).toBe(1);
    expect(samples.get('telec_outcomes_total{outcome="completed",kind="already_integrated"}')).toBe(1);
    expect(samples.get('telec_outcomes_total{outcome="superseded",kind=""}')).toBe(1);
    expect([...samples.keys()].filter((name) => name.includes('pending') && name.includes('outcome'))).toEqual([]);
  });

  test('pushes, sessions, foreign commits, refusals and types; what programs registered has one label', async () => {
    const { entry, scrape } = world();
    for (const outcome of ['attempted', 'rejected', 'attempted', 'succeeded']) entry(`integration.push.${outcome}`);
    entry('integration.session.completed', { outcome: 'drained' });
    entry('integration.session.aborted', { reason: 'lease_lost' });
    entry('integration.main.foreign');
    entry('integration.guard.refused', { code: 'MAIN_GUARDRAIL_BLOCKED' });
    entry(null);
    entry(null);
    const samples = await scrape();
    const of = (name: string) => samples.get(name);
    expect(
      ['attempted', 'succeeded', 'rejected', 'burned'].map((o) => of(`telec_pushes_total{outcome="${o}"}`)),
    ).toEqual([2, 1, 1, 0]);
    expect(of('telec_sessions_total{outcome="drained"}')).toBe(1);
    expect(of('telec_sessions_total{outcome="aborted"}')).toBe(1);
    expect(of('telec_main_foreign_total')).toBe(1);
    expect(of('telec_guard_refusals_total{code="MAIN_GUARDRAIL_BLOCKED"}')).toBe(1);
    expect(of('telec_events_total{type="integration.push.attempted"}')).toBe(2);
    expect(of('telec_events_total{type="other"}')).toBe(2);
  });
});

describe('of checks', () => {
  test('runs are counted by how they ended and timed; a known verdict is neither a run nor a flake', async () => {
    const { entry, scrape } = world();
    const passed = { duration_ms: 1200, cached: false, flaked: false };
    entry('integration.checks.passed', passed);
    entry('integration.checks.passed', { ...passed, flaked: true });
    entry('integration.checks.passed', { ...passed, duration_ms: 0, cached: true });
    for (const kind of ['failed', 'timed_out', 'killed', 'not_started'])
      entry('integration.checks.failed', { duration_ms: 40_000, kind });
    const samples = await scrape();
    const runs = (outcome: string) => samples.get(`telec_check_runs_total{outcome="${outcome}"}`);
    expect(['passed', 'cached', 'failed', 'timed_out', 'killed', 'not_started'].map(runs)).toEqual([2, 1, 1, 1, 1, 1]);
    expect(samples.get('telec_check_seconds_sum{outcome="passed"}')).toBe(2.4);
    expect(samples.get('telec_check_seconds_count{outcome="failed"}')).toBe(4);
    expect(samples.get('telec_check_flakes_total')).toBe(1);
  });

  test('the chain of this daemon is told by what is known of it; where nothing is tested there is no window', async () => {
    const quiet = await world().scrape();
    expect([...quiet.keys()].filter((name) => name.startsWith('telec_window'))).toEqual([]);
    expect(quiet.get('telec_check_failure_rate')).toBeUndefined();
    const fold = checkedWorld();
    const { scrape } = world({ repository: fold.repository, lease: { ...LEASE, expiresAt: NOW + 1000 } });
    const samples = await scrape();
    expect([samples.get('telec_window{of="size"}'), samples.get('telec_window{of="max"}')]).toEqual([4, 4]);
    expect(samples.get('telec_checks_running')).toBe(1);
    const verdicts = ['passed', 'running', 'failed'];
    expect(verdicts.map((verdict) => samples.get(`telec_chain{verdict="${verdict}"}`))).toEqual([1, 1, 0]);
    const alone = await world({ repository: fold.repository, lease: null }).scrape();
    expect([alone.get('telec_checks_running'), alone.get('telec_chain{verdict="running"}')]).toEqual([0, 0]);
  });
});

describe('at the scrape', () => {
  test('states, age of the next, notifications, log', async () => {
    const samples = await world().scrape();
    const of = (name: string) => samples.get(name);
    expect(of('telec_candidates{state="completed"}')).toBe(4);
    expect(of('telec_queue_oldest_seconds')).toBe(90);
    expect(of('telec_notifications_unseen{level="business"}')).toBe(1);
    expect(of('telec_notifications_unseen{level="workflow"}')).toBe(1);
    expect([of('telec_mode{mode="live"}'), of('telec_mode{mode="shadow"}')]).toEqual([1, 0]);
    expect([of('telec_log_entries'), of('telec_dead_letters'), of('telec_log_lag_seconds')]).toEqual([12, 1, 0]);
    expect([of('telec_lease_held'), of('telec_lease_age_seconds')]).toEqual([0, undefined]);
  });

  test('lag is the age of what waits to be applied, and a daemon that stopped following says so', async () => {
    const { scrape, fault } = world({ behind: true });
    expect((await scrape()).get('telec_log_lag_seconds')).toBe(4);
    fault.now = 'lost_tail';
    expect((await scrape()).get('telec_log_followed')).toBe(0);
  });

  test('a live lease has age and time left, one that expired has less than none', async () => {
    const lease = { acquiredAt: NOW - 30_000, expiresAt: NOW + 90_000, fence: 7 };
    const held = await world({ lease }).scrape();
    const of = (name: string) => held.get(`telec_lease_${name}`);
    expect([of('held'), of('age_seconds'), of('remaining_seconds'), held.get('telec_fence')]).toEqual([1, 30, 90, 7]);
    const expired = await world({ lease: { ...lease, expiresAt: NOW - 5000 } }).scrape();
    expect([expired.get('telec_lease_held'), expired.get('telec_lease_remaining_seconds')]).toEqual([0, -5]);
  });

  test('while Redis is away the rest is told, and nothing old stands for what it would say', async () => {
    const samples = await world({ away: true }).scrape();
    expect(samples.get('telec_redis_up')).toBe(0);
    expect(samples.get('telec_candidates{state="blocked"}')).toBe(2);
    for (const name of ['log_entries', 'log_lag_seconds', 'dead_letters', 'lease_held', 'fence'])
      expect([name, samples.has(`telec_${name}`)]).toEqual([name, false]);
  });
});

test('a scrape of 5,000 candidates costs a fraction of what one may cost', async () => {
  const fold = foldWorld();
  for (let n = 0; n < 5000; n += 1) fold.started(work(`item-${n}`), n);
  const metrics = createMetrics({
    host: {
      options: { repoId: 'app-0123456789ab' },
      logId: '01jgfjz0q7v5m8n3k2h1g0f9e8',
      mode: 'live',
      clock: { now: () => NOW },
      repository: fold.repository,
      notifications: { rows: () => Array.from({ length: 5000 }, () => ({ human_status: 'unseen', level: 2 })) },
      dispatcher: { appliedId: '1-0', stale: null },
      log: { stats: async () => ({ lastId: '1-0', length: 1, dead: 0, archived: 0 }) },
      leases: { read: async () => ({ record: null, now: NOW }) },
    } as unknown as Host,
    logFault: () => null,
    session: () => null,
  });
  await metrics.scrape();
  const times: number[] = [];
  for (let n = 0; n < 20; n += 1) {
    const began = performance.now();
    const { text } = await metrics.scrape();
    times.push(performance.now() - began);
    expect(text).toContain('telec_candidates{state="pending"} 5000\n');
  }
  // Twenty times, so that a machine with much else to do does not count.
  expect(Math.min(...times)).toBeLessThan(20);
});
