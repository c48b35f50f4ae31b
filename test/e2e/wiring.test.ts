/**
 * The wiring as a whole: two signals go into the stream, and a daemon, real Redis and a real remote do the rest. Shows
 * what the founding papers want of the whole chain; what each part does is shown by the tests of that part.
 */
import { readdirSync, renameSync, watch } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { CandidateView, NotificationRow } from '../../src/actors/client.ts';
import { makeWorld, type World, type WorldOptions } from '../support/daemon-world.ts';
import { git } from '../support/git-repo.ts';

async function worldOf(options: WorldOptions = {}): Promise<World> {
  const world = await makeWorld(options);
  onTestFinished(() => world.close());
  return world;
}

const PREFIX = 'domain.software-development.';

/** The hand-over as a worker flow emits it: the review, and the start that carries the push. */
function handOver(slug: string, branch: string, sha: string): string {
  const at = new Date(Date.now() - 1000).toISOString();
  const pushed = { branch, sha, remote: 'origin', pushed_at: at, pusher: 'worker-1' };
  const sessions = { worker_session_id: 'worker-1', orchestrator_session_id: 'orchestrator-1' };
  return [
    {
      event: 'review.approved',
      payload: { slug, approved_at: at, review_round: 1, reviewer_session_id: 'reviewer-1' },
    },
    { event: 'deployment.started', payload: { slug, branch, sha, ready_at: at, ...sessions, pushed } },
  ]
    .map((line) => JSON.stringify(line))
    .join('\n');
}

/** Commits on a new branch and pushes it with git alone, as workers do. */
function pushed(world: World, slug: string, files: Record<string, string>): { branch: string; sha: string } {
  const branch = `work/${slug}`;
  const sha = world.branch(branch, files);
  git(world.clone, 'push', '--quiet', 'origin', branch);
  return { branch, sha };
}

async function emit(
  world: World,
  slug: string,
  files: Record<string, string>,
): Promise<{ branch: string; sha: string }> {
  const work = pushed(world, slug, files);
  const answer = await world.run(['events', 'emit', '--stdin'], { stdin: handOver(slug, work.branch, work.sha) });
  expect(answer.code, answer.stderr).toBe(0);
  return work;
}

describe('from two signals to main', () => {
  let world: World;
  beforeAll(async () => {
    world = await makeWorld();
    await world.ok(['up']);
  });
  afterAll(() => world.close());

  test('S3-3.3a S3-3.3b S3-3.3g S3-3.3h S3-3.3j S4-FR2.4 S4-FR5.4 S4-FR7.2 a ready candidate wakes the integrator: lease, merge, push, completed, checkpoint, release, in that order', async () => {
    const { sha, branch } = await emit(world, 'login', { 'login.txt': 'login\n' });
    await world.settled('login');
    await world.until(async () => (await world.events()).some(({ event }) => event.endsWith('lease.released')));
    const told = (await world.events()).map(({ event }) => event.replace(PREFIX, ''));
    const steps = [
      'review.approved',
      'deployment.started',
      'branch.pushed',
      'integration.lease.acquired',
      'integration.session.started',
      'integration.candidate.dequeued',
      'integration.merge.succeeded',
      'integration.push.attempted',
      'integration.push.succeeded',
      'deployment.completed',
      'integration.session.completed',
      'integration.lease.released',
    ];
    expect(told.filter((event) => steps.includes(event))).toEqual(steps);
    const [candidate] = await world.ok<CandidateView[]>(['candidates', '--slug', 'login']);
    const parents = git(world.remote, 'log', '-1', '--format=%P', candidate?.merge_commit ?? '').split(' ');
    expect(parents).toEqual([candidate?.receipt?.['base'], sha]);
    expect(world.landed()).toEqual([`login/${branch}@${sha}`]);
    expect(await world.ok(['lease'])).toBeNull();
  });

  test('S3-6.1b S4-FR3.4 S3-3.2d what becomes ready while the integrator works is queued and taken after, by the same session', async () => {
    const before = (await world.events()).length;
    const gate = world.gate();
    const first = await emit(world, 'first', { 'first.txt': '1\n' });
    await world.until(() => gate.reached());
    const second = await emit(world, 'second', { 'second.txt': '2\n' });
    await world.until(async () => (await world.ok<unknown[]>(['queue'])).length === 1);
    expect(await world.ok(['candidates', '--slug', 'second'])).toMatchObject([{ state: 'ready' }]);
    gate.open();
    await world.settled('second');
    expect(world.landed().slice(-2)).toEqual([
      `first/${first.branch}@${first.sha}`,
      `second/${second.branch}@${second.sha}`,
    ]);
    const since = (await world.events()).slice(before);
    expect(since.filter(({ event }) => event.endsWith('integration.session.started'))).toHaveLength(1);
    const dequeued = since.filter(({ event }) => event.endsWith('candidate.dequeued'));
    expect(dequeued.map(({ payload }) => payload['slug'])).toEqual(['first', 'second']);
    expect(new Set(dequeued.map(({ payload }) => payload['session_id'])).size).toBe(1);
  });

  test('S1-Goal S1-FR2.2 S3-6.3b S1-Out2 branches are pushed freely while a push of main is under way', async () => {
    const gate = world.gate();
    await emit(world, 'slow', { 'slow.txt': 's\n' });
    await world.until(() => gate.reached());
    const others = ['one', 'two', 'three', 'four'].map((slug) =>
      pushed(world, `beside-${slug}`, { [`${slug}.txt`]: slug }),
    );
    for (const { branch, sha } of others) expect(git(world.remote, 'rev-parse', `refs/heads/${branch}`)).toBe(sha);
    expect(await world.ok(['candidates', '--slug', 'slow'])).toMatchObject([{ state: 'integrating' }]);
    gate.open();
    await world.settled('slow');
  });

  test('S1-Why S3-7c each commit that moved main is told by one receipt, and each receipt says what main has', async () => {
    const events = await world.events();
    const completed = events.filter(({ event }) => event.endsWith('deployment.completed'));
    const receipts = completed.map(({ payload }) => payload['receipt'] as Record<string, string>);
    const first = git(world.remote, 'rev-list', '--max-parents=0', 'main');
    let at = first;
    for (const receipt of receipts) {
      expect(receipt['base']).toBe(at);
      expect(git(world.remote, 'rev-parse', `${receipt['tip']}^{tree}`)).toBe(receipt['tree']);
      at = String(receipt['tip']);
    }
    expect(git(world.remote, 'rev-parse', 'main')).toBe(at);
    expect(receipts.length).toBe(4);
    // Every push of main stands in the log before it was made.
    const tips = events
      .filter(({ event }) => event.endsWith('push.attempted'))
      .flatMap(({ payload }) => (payload['members'] as { tip: string }[]).slice(-1).map(({ tip }) => tip));
    expect(tips).toEqual(receipts.map(({ tip }) => tip));
  });

  test('S4-Goal S3-7e the same stream carries the signals, the steps and what people are told of', async () => {
    const families = new Set((await world.events()).map(({ event }) => event.replace(PREFIX, '').split('.')[0]));
    expect([...families].sort()).toEqual(['branch', 'deployment', 'integration', 'review']);
    const rows = await world.ok<NotificationRow[]>(['notifications']);
    expect(rows.filter(({ family }) => family === 'deployment').map(({ agent_status }) => agent_status)).toEqual([
      'resolved',
      'resolved',
      'resolved',
      'resolved',
    ]);
  });
});

describe('the stream is the store', () => {
  test('S3-5.2a S3-5.2c S3-7f S4-FR7.1 S4-FR7.3 S4-Sc8 events are written to no file but those of Redis, and read from none', async () => {
    const world = await worldOf();
    await world.ok(['up']);
    const changed = new Set<string>();
    const watcher = watch(world.state(), { recursive: true }, (_kind, name) => {
      if (name) changed.add(name.replace(/\/.*/s, '/'));
    });
    onTestFinished(() => watcher.close());
    await emit(world, 'login', { 'login.txt': 'login\n' });
    await world.settled('login');
    await world.ok(['down']);
    watcher.close();
    // The snapshot and its summary are caches; what is still to be tidied in the clones here is this machine's own affair.
    // The rest belongs to Redis, git, the locks, the operating log and the web door.
    const known =
      /^(redis|git\/|run\/|daemon\.|web-token|metrics-token|archives\/|clones|cleanup\.|lock|snapshot\.json|summary\.json|appendonly)/;
    expect([...changed].filter((name) => !known.test(name))).toEqual([]);
    expect([...changed].some((name) => name.startsWith('snapshot.json'))).toBe(true);

    // What lies beside Redis and git may go: the stream alone gives the same candidates, with their whole history.
    const before = await world.ok(['candidate', 'login']);
    for (const name of readdirSync(world.state())) {
      if (/^(snapshot|summary)/.test(name)) renameSync(join(world.state(), name), join(world.dir, name));
    }
    expect(readdirSync(world.state()).filter((name) => /^(snapshot|summary)/.test(name))).toEqual([]);
    expect(await world.ok(['candidate', 'login'])).toEqual(before);
    // And without the stream the files give nothing: they are no second log.
    for (const name of readdirSync(world.dir)) {
      if (/^(snapshot|summary)/.test(name)) renameSync(join(world.dir, name), join(world.state(), name));
    }
    const pid = world.redisPid();
    expect(pid).not.toBeNull();
    const other = await world.run(['candidates', '--json'], { env: { TELEC_REDIS_URL: 'redis://127.0.0.1:1/0' } });
    expect(other.code).toBe(3);
  });
});
