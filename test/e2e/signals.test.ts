/** How signals come in: any order, any number of times, through `events emit`, one by one or as lines; and what is refused. */
import { afterAll, describe, expect, test } from 'vitest';
import type { CatalogRow, EnvelopeView, WhyView } from '../../src/actors/client.ts';
import {
  ago,
  type Candidate,
  endWorlds,
  expectSound,
  makeWorld,
  SIGNALS,
  type Signal,
  shortType,
  signalOf,
  type World,
} from '../support/e2e-world.ts';

afterAll(endWorlds);

const ORDERS: Signal[][] = [
  ['review', 'started', 'pushed'],
  ['review', 'pushed', 'started'],
  ['started', 'review', 'pushed'],
  ['started', 'pushed', 'review'],
  ['pushed', 'review', 'started'],
  ['pushed', 'started', 'review'],
];

async function one(world: World, slug = 'topic'): Promise<Candidate> {
  const [candidate] = world.work([{ slug }]);
  if (!candidate) throw new Error('no work');
  return candidate;
}

const emit = (world: World, { event, payload }: { event: string; payload: unknown }) =>
  world.run<{ status?: string; id?: string; error?: { code: string; problems?: { path: string }[] } }>([
    'events',
    'emit',
    event,
    '--payload',
    JSON.stringify(payload),
  ]);

describe('readiness', () => {
  test.each(ORDERS.map((order) => [order.join(', '), order] as const))(
    'S1-FR3.1 the signals %s make a candidate ready, each emitted by itself',
    async (_name, order) => {
      const world = await makeWorld();
      const candidate = await one(world);
      for (const signal of order) {
        const { code, json } = await emit(world, signalOf(candidate, signal));
        expect({ code, json }).toEqual({
          code: 0,
          json: { status: 'appended', id: expect.stringMatching(/^\d+-\d+$/) },
        });
      }
      expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1 });
      expect(world.landed()).toEqual(['topic']);
    },
  );

  test('S1-FR3.1 every proper subset of the signals is not ready, and why names exactly what is missing', async () => {
    const world = await makeWorld();
    const missing: Record<Signal, string> = {
      review: 'missing_review_approved',
      started: 'missing_deployment_started',
      pushed: 'missing_branch_pushed',
    };
    const subsets = SIGNALS.flatMap((signal) => [[signal], SIGNALS.filter((other) => other !== signal)]);
    const expected: Record<string, string[] | null> = {};
    for (const [index, signals] of subsets.entries()) {
      const slug = `subset-${index}`;
      await world.announce([await one(world, slug)], { signals });
      const absent = SIGNALS.filter((signal) => !signals.includes(signal)).map((signal) => missing[signal]);
      // Without a hand-over there is no candidate: a push alone tells nothing of a slug, a review only that one is missing.
      if (signals.includes('started')) expected[slug] = absent;
      else expected[slug] = signals.includes('review') ? ['missing_deployment_started'] : null;
    }
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 0 });
    for (const [slug, codes] of Object.entries(expected)) {
      const { code, json } = await world.run<WhyView>(['why', slug]);
      if (codes === null) expect(code).toBe(1);
      else expect([slug, json.waiting_for.map((row) => row.code)]).toEqual([slug, codes]);
    }
    expect(world.main()).toBe(world.first);
  });

  test('S4-VR1 S3-6.1a two emitted events are enough: the review, and the hand-over that carries the push, and what it leaves is cleaned up', async () => {
    const world = await makeWorld();
    const candidate = await one(world);
    await emit(world, signalOf(candidate, 'review'));
    const started = signalOf(candidate, 'started');
    const pushed = signalOf(candidate, 'pushed').payload;
    const { code } = await emit(world, { ...started, payload: { ...started.payload, pushed } });
    expect(code).toBe(0);
    expect(await world.trail('review', 'branch', 'deployment')).toEqual([
      'review.approved',
      'deployment.started',
      'branch.pushed',
    ]);
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1 });
    expect(await world.trail('integration.push.attempted')).toHaveLength(1);
    expect(world.ref(`refs/heads/${candidate.branch}`)).toBeNull();
    expect(await world.trail('integration.candidate.cleaned')).toHaveLength(2);
    await expectSound(world);
  });

  test('in one round a request for changes wins over an approval, and the approval of a later round lets it land', async () => {
    const world = await makeWorld();
    const [candidate] = await world.ready([{ slug: 'topic' }]);
    const asked = {
      event: 'review.changes_requested',
      payload: {
        slug: 'topic',
        requested_at: ago(1),
        review_round: 1,
        reviewer_session_id: 'reviewer',
        findings: ['a name'],
      },
    };
    expect((await emit(world, asked)).code).toBe(0);
    await world.integrate();
    expect((await world.candidate('topic')).reasons.map(({ code }) => code)).toEqual(['missing_review_approved']);
    const again = signalOf(candidate as Candidate, 'review');
    await emit(world, { ...again, payload: { ...again.payload, review_round: 2 } });
    expect((await world.integrate()).json).toMatchObject({ completed: 1 });
  });

  test('S1-FR3.3 worktree states and heartbeats are no events', async () => {
    const world = await makeWorld();
    for (const event of ['worktree.clean', 'worktree.dirty', 'session.heartbeat', 'heartbeat']) {
      const { code, json } = await emit(world, { event, payload: { slug: 'topic' } });
      expect([event, code, json.error?.code]).toEqual([event, 2, 'UNKNOWN_EVENT']);
    }
  });
});

describe('what emit answers', () => {
  test('the same event again is a duplicate with its first id, another content under its key a conflict (2)', async () => {
    const world = await makeWorld();
    const candidate = await one(world);
    const started = signalOf(candidate, 'started');
    const { json: first } = await emit(world, started);
    const again = await emit(world, { ...started, payload: { ...started.payload, ready_at: ago(1) } });
    expect({ code: again.code, json: again.json }).toEqual({ code: 0, json: { status: 'duplicate', id: first.id } });
    const review = signalOf(candidate, 'review');
    await emit(world, review);
    const other = await emit(world, { ...review, payload: { ...review.payload, sha: world.first } });
    expect({ code: other.code, json: other.json }).toMatchObject({ code: 2, json: { status: 'conflict' } });
    expect(await world.trail('review', 'deployment')).toEqual(['deployment.started', 'review.approved']);
  });

  test('S4-FR1.1 canonical, short and full names mean the same event', async () => {
    const world = await makeWorld();
    const { payload } = signalOf(await one(world), 'started');
    const ids = new Set<string | undefined>();
    for (const event of ['finalize_ready', 'deployment.started', 'domain.software-development.deployment.started'])
      ids.add((await emit(world, { event, payload })).json.id);
    expect(ids.size).toBe(1);
  });

  test('types that only telec writes are refused (6), whoever asks and whatever the payload', async () => {
    const world = await makeWorld();
    const { json: catalog } = await world.run<CatalogRow[]>(['events', 'catalog']);
    const own = catalog.filter(({ emitter }) => emitter !== 'worker' && emitter !== 'user').map(({ type }) => type);
    expect(own.map(shortType)).toEqual(expect.arrayContaining(['deployment.completed', 'integration.lease.acquired']));
    const before = await world.events();
    const lines = own.map((event) => JSON.stringify({ event, payload: {} })).join('\n');
    const { code, lines: answers } = await world.run<{ status: string; code: string }>(['events', 'emit', '--stdin'], {
      stdin: lines,
      env: { TELEC_ROLE: 'integrator' },
    });
    expect(code).toBe(2);
    expect(answers.map(({ status, code: why }) => [status, why])).toEqual(
      own.map(() => ['rejected', 'EMITTER_REFUSED']),
    );
    const single = await emit(world, { event: 'deployment.completed', payload: {} });
    expect({ code: single.code, error: single.json.error?.code }).toEqual({ code: 6, error: 'EMITTER_REFUSED' });
    expect(await world.events()).toEqual(before);
  });

  test('F9 two hundred malformed events are two hundred clear errors, and the good ones between them go in', async () => {
    const world = await makeWorld();
    const candidate = await one(world);
    const good = SIGNALS.map((signal) => signalOf(candidate, signal));
    const { event, payload } = good[1] ?? { event: '', payload: {} };
    const spoil: ((n: number) => unknown)[] = [
      (n) => ({ event, payload: { ...payload, sha: `${n}` } }),
      (n) => ({ event, payload: { ...payload, slug: `Not A Slug ${n}` } }),
      (n) => ({ event, payload: { ...payload, branch: `-option${n}` } }),
      (n) => ({ event, payload: { ...payload, branch: `a..b${n}` } }),
      () => ({ event, payload: { ...payload, ready_at: 'yesterday' } }),
      () => ({ event, payload: { ...payload, ready_at: '2026-01-01T00:00:00' } }),
      (n) => ({
        event,
        payload: { ...payload, slug: `early-${n}`, ready_at: new Date(Date.now() + 3_600_000 + n).toISOString() },
      }),
      () => ({ event, payload: { ...payload, worker_session_id: '' } }),
      (n) => ({ event, payload: { ...payload, [`extra_${n}`]: true } }),
      () => ({ event, payload: {} }),
      (n) => ({ event: `no.such.type.${n}`, payload }),
      () => ({ event: '__proto__', payload }),
      () => ({ event, payload: [] }),
      () => ({ payload }),
      () => ({ event: 42, payload }),
      (n) => ({ event, payload, comment: n }),
      () => null,
      () => [],
    ];
    const bad = Array.from({ length: 196 }, (_, n) => JSON.stringify(spoil[n % spoil.length]?.(n)));
    const broken = ['{', 'text', '{"event": "deployment.started", "payload": {"slug": NaN}}', '"\\ud800"'];
    const lines = [...bad, ...broken];
    for (const [index, item] of good.entries()) lines.splice(50 * (index + 1), 0, JSON.stringify(item));
    const answer = await world.run<{ status: string; problems?: { path: string; message: string }[] }>(
      ['events', 'emit', '--stdin'],
      { stdin: `${lines.join('\n')}\n` },
    );
    expect(answer.code).toBe(2);
    expect(answer.lines).toHaveLength(203);
    const rejected = answer.lines.filter(({ status }) => status === 'rejected');
    expect(rejected).toHaveLength(200);
    expect(rejected.filter(({ problems }) => !problems?.every(({ message }) => message.length > 3))).toEqual([]);
    expect(answer.lines.filter(({ status }) => status === 'appended')).toHaveLength(3);
    expect((await world.integrate()).json).toMatchObject({ completed: 1 });
    expect((await world.run<unknown[]>(['events', 'dead'])).json).toEqual([]);
  });

  test('every problem of an event is told at once, with its path', async () => {
    const world = await makeWorld();
    const { payload } = signalOf(await one(world), 'started');
    const { code, json } = await emit(world, {
      event: 'deployment.started',
      payload: { ...payload, slug: 'No', sha: 'short', ready_at: 'now', more: 1 },
    });
    expect(code).toBe(2);
    expect(json.error?.code).toBe('INVALID_EVENT');
    const paths = (json.error?.problems ?? []).map(({ path }) => path).sort();
    expect(paths).toEqual(['more', 'ready_at', 'sha', 'slug']);
  });

  test('before telec init nothing is written: emit, hold, submit, resume and integrate exit 6', async () => {
    const world = await makeWorld({ raw: true });
    const candidate = await one(world);
    const { event, payload } = signalOf(candidate, 'started');
    for (const args of [
      ['events', 'emit', event, '--payload', JSON.stringify(payload)],
      ['hold'],
      ['submit', 'main'],
      ['resume', 'topic'],
      ['integrate'],
      ['lease', 'break', '--reason', 'x'],
    ]) {
      const { code, json } = await world.run<{ error: { code: string; hint: string } }>(args);
      expect([args[0], code, json.error.code, json.error.hint]).toEqual([args[0], 6, 'NOT_INITIALIZED', 'telec init']);
    }
    expect((await world.run<EnvelopeView>(['events', 'tail'])).lines).toEqual([]);
    expect((await world.run<unknown[]>(['candidates'])).json).toEqual([]);
  });
});
