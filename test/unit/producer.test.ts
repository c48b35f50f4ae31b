import { describe, expect, test } from 'vitest';
import { createBridge } from '../../src/actors/bridge.ts';
import { createProducer } from '../../src/actors/producer.ts';
import type { AppendItem, AppendOutcome, AppendResult, EventLog, FenceProof } from '../../src/io/redis/log.ts';
import { buildDefaultCatalogue } from '../../src/machines/events.ts';
import { SAMPLES, SHA_A, SHA_B } from '../support/sample-payloads.ts';

const NOW = Date.parse('2026-01-31T12:00:00.000Z');
const PROOF: FenceProof = { token: 'token', fence: 3 };

/** A log that keeps the law of the append and nothing else. */
class ScriptedLog implements Pick<EventLog, 'append'> {
  readonly entries: { id: string; item: AppendItem }[] = [];
  proof: FenceProof = PROOF;

  append(items: AppendItem[], proof?: FenceProof): Promise<AppendResult> {
    if (proof && (proof.token !== this.proof.token || proof.fence !== this.proof.fence))
      return Promise.resolve({ kind: 'fenced_out' });
    return Promise.resolve({ kind: 'done', outcomes: items.map((item) => this.#one(item)) });
  }

  #one(item: AppendItem): AppendOutcome {
    const known = this.entries.find((entry) => entry.item.key === item.key);
    if (known) return { kind: known.item.digest === item.digest ? 'duplicate' : 'conflict', id: known.id };
    if (item.latestInstantMs > NOW + 300_000) return { kind: 'future', aheadMs: item.latestInstantMs - NOW };
    const id = `${this.entries.length + 1}-0`;
    this.entries.push({ id, item });
    return { kind: 'appended', id };
  }
}

const clock = { now: () => NOW };
function setUp(scrub?: (text: string) => string) {
  const log = new ScriptedLog();
  const producer = createProducer({
    log: log as unknown as EventLog,
    catalogue: buildDefaultCatalogue(),
    clock,
    source: 'orchestrator/o-1',
    ...(scrub ? { scrub } : {}),
  });
  return { log, producer, bridge: createBridge(producer, clock) };
}

describe('the producer', () => {
  test('masks secrets in every text, and keeps names, ids and what makes the key', async () => {
    const { log, producer } = setUp((text) => text.replaceAll('login', '***').replaceAll(SHA_A.slice(0, 8), '***'));
    const payload = { ...SAMPLES['review.changes_requested'], slug: 'login', findings: ['login leaks', 'fine'] };
    expect((await producer.emit('review.changes_requested', payload)).status).toBe('appended');
    expect(JSON.parse(log.entries[0]?.item.fields['payload'] ?? '')).toMatchObject({
      slug: 'login',
      findings: ['*** leaks', 'fine'],
    });
    // Told again it is the same event, secret or not.
    expect((await producer.emit('review.changes_requested', payload)).status).toBe('duplicate');
    const pushed = { ...SAMPLES['branch.pushed'], branch: 'feature/login', sha: SHA_A, pusher: 'login' };
    await producer.emit('branch.pushed', pushed);
    expect(JSON.parse(log.entries[1]?.item.fields['payload'] ?? '')).toMatchObject({
      branch: 'feature/login',
      sha: SHA_A,
      pusher: '***',
    });
  });

  test('masks by its form what nobody named', async () => {
    const { log, producer } = setUp();
    const findings = ['fetch https://me:hunter2@host/x', 'Authorization: Bearer abcdefgh'];
    await producer.emit('review.changes_requested', { ...SAMPLES['review.changes_requested'], findings });
    expect(JSON.parse(log.entries[0]?.item.fields['payload'] ?? '').findings).toEqual([
      'fetch https://me:***@host/x',
      'Authorization: Bearer ***',
    ]);
  });

  test('S4-FR2.1p one emit appends, a repeat is a duplicate, other content under the key a conflict', async () => {
    const { log, producer } = setUp();
    const approval = SAMPLES['review.approved'];
    expect(await producer.emit('review.approved', approval)).toEqual({ status: 'appended', id: '1-0', ids: ['1-0'] });
    expect(
      await producer.emit('review_approved', {
        ...approval,
        approved_at: '2026-01-31T12:01:00Z',
        reviewer_session_id: 'x',
      }),
    ).toEqual({ status: 'duplicate', id: '1-0', ids: ['1-0'] });
    expect(await producer.emit('review.approved', { ...approval, sha: SHA_B })).toEqual({
      status: 'conflict',
      id: '1-0',
      ids: ['1-0'],
      problems: [{ path: '', message: 'review.approved was told before with other content, in entry 1-0' }],
    });
    expect(log.entries).toHaveLength(1);
    expect(log.entries[0]?.item.digest).toMatch(/^[0-9a-f]{64}$/);
  });

  test('S4-FR2.3 a push carried inside goes in with the deployment, in one append', async () => {
    const { log, producer } = setUp();
    expect(await producer.emit('deployment.started', SAMPLES['deployment.started'])).toEqual({
      status: 'appended',
      id: '1-0',
      ids: ['1-0', '2-0'],
    });
    expect(log.entries.map((entry) => entry.item.fields['event'])).toEqual([
      'domain.software-development.deployment.started',
      'domain.software-development.branch.pushed',
    ]);
  });

  test('a rejected event is never appended and names every problem', async () => {
    const { log, producer } = setUp();
    const unknown: string = 'review.approved';
    expect(await producer.emit(unknown, { slug: 'X', more: 1 })).toMatchObject({
      status: 'rejected',
      problems: [
        { path: 'slug' },
        { path: 'approved_at' },
        { path: 'review_round' },
        { path: 'reviewer_session_id' },
        { path: 'more' },
      ],
    });
    expect(log.entries).toEqual([]);
  });

  test('an instant ahead of the log’s clock keeps the event out, and what it carries with it', async () => {
    const { log, producer } = setUp();
    const started = { ...SAMPLES['deployment.started'], ready_at: '2026-01-31T12:06:00Z' };
    expect(await producer.emit('deployment.started', started)).toEqual({
      status: 'rejected',
      ids: [],
      problems: [{ path: 'ready_at', message: "an instant lies 360 s ahead of the log's clock" }],
    });
    expect(log.entries).toEqual([]);
  });

  test('fenced types demand a proof, of the very fence they name', async () => {
    const { log, producer } = setUp();
    const done = SAMPLES['deployment.completed'];
    expect(await producer.emit('deployment.completed', done)).toMatchObject({
      status: 'rejected',
      problems: [{ message: expect.stringContaining('only by the session that holds the lease') }],
    });
    expect(await producer.emit('deployment.completed', done, { proof: { token: 'token', fence: 4 } })).toMatchObject({
      status: 'rejected',
      problems: [{ path: 'fence' }],
    });
    log.proof = { token: 'another', fence: 3 };
    expect(await producer.emit('deployment.completed', done, { proof: PROOF })).toEqual({
      status: 'fenced_out',
      ids: [],
    });
    expect(log.entries).toEqual([]);
    log.proof = PROOF;
    expect(await producer.emit('deployment.completed', done, { proof: PROOF })).toMatchObject({ status: 'appended' });
  });
});

describe('the named calls of the hand-over', () => {
  const payloadOf = (log: ScriptedLog) => JSON.parse(log.entries[0]?.item.fields['payload'] ?? 'null');
  const eventOf = (log: ScriptedLog) => log.entries[0]?.item.fields['event'];

  test('S3-2.1b S3-2.1f an approval is told with slug, session and round', async () => {
    const { log, bridge } = setUp();
    expect((await bridge.emitReviewApproved('fix-login', 'rev-1', 2)).status).toBe('appended');
    expect(eventOf(log)).toBe('domain.software-development.review.approved');
    expect(payloadOf(log)).toEqual({
      slug: 'fix-login',
      approved_at: '2026-01-31T12:00:00.000Z',
      review_round: 2,
      reviewer_session_id: 'rev-1',
    });
  });

  test('S3-2.1c the hand-over is told with slug, branch, sha and both sessions', async () => {
    const { log, bridge } = setUp();
    expect((await bridge.emitDeploymentStarted('fix-login', 'b', SHA_A, 'w-1', 'o-1')).status).toBe('appended');
    expect(payloadOf(log)).toEqual({
      slug: 'fix-login',
      branch: 'b',
      sha: SHA_A,
      worker_session_id: 'w-1',
      orchestrator_session_id: 'o-1',
      ready_at: '2026-01-31T12:00:00.000Z',
    });
  });

  test('S3-2.1d a delivery is told with slug, branch, sha and merge commit', async () => {
    const { log, bridge } = setUp();
    expect((await bridge.emitDeploymentCompleted('fix-login', 'b', SHA_A, SHA_B, PROOF)).status).toBe('appended');
    expect(payloadOf(log)).toMatchObject({ slug: 'fix-login', branch: 'b', sha: SHA_A, merge_commit: SHA_B, fence: 3 });
  });

  test('S3-2.1e a failure is told with its evidence, diagnostics and next action', async () => {
    const { log, bridge } = setUp();
    const result = await bridge.emitDeploymentFailed('fix-login', 'b', SHA_A, ['x.ts'], ['tried'], 'rebase', PROOF);
    expect(result.status).toBe('appended');
    expect(payloadOf(log)).toMatchObject({
      conflict_evidence: ['x.ts'],
      diagnostics: ['tried'],
      next_action: 'rebase',
      kind: 'conflict',
      blocked_at: '2026-01-31T12:00:00.000Z',
    });
  });
});
