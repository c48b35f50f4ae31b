/** The daemon in shadow: it judges by itself what becomes ready, and again when another path moved main; then it rests. */
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { CandidateView, StatusView } from '../../src/actors/client.ts';
import { makeWorld, type World } from '../support/daemon-world.ts';
import { git } from '../support/git-repo.ts';

const CONFIG =
  'integration:\n  grace_ms: 0\n  probe_ms: 200\n  after_delivery: touch ran\nlease:\n  ttl_ms: 3000\n  renew_ms: 300\n';

async function shadowDaemon(): Promise<World> {
  const world = await makeWorld({ config: CONFIG, init: false });
  onTestFinished(() => world.close());
  await world.ok(['init', '--shadow']);
  await world.ok(['up']);
  return world;
}

const shadowOf = async (world: World, slug: string): Promise<CandidateView['shadow']> =>
  (await world.ask<CandidateView[]>(`/v1/candidates?slug=${slug}`))?.[0]?.shadow ?? null;

const mainOf = (world: World) => git(world.remote, 'rev-parse', 'main');

/** Merges a commit into main past telec. */
function mergeElsewhere(world: World, sha: string): string {
  const dir = join(world.dir, 'elsewhere');
  git(world.dir, 'clone', '--quiet', '--template=', world.remote, dir);
  git(dir, 'merge', '--quiet', '--no-ff', '-m', 'by the other path', sha);
  git(dir, 'push', '--quiet', 'origin', 'HEAD:main');
  return mainOf(world);
}

test('it judges what becomes ready, compares what another path brings, judges the rest again, and then starts no session any more', async () => {
  const world = await shadowDaemon();
  const one = world.branch('feature/one', { 'one.txt': '1\n' });
  await world.ok(['submit', '--slug', 'one']);
  world.branch('feature/two', { 'two.txt': '2\n' });
  const waited = await world.run(['submit', '--slug', 'two', '--wait', '--json']);
  expect([waited.code, waited.json<CandidateView>().shadow?.verdict]).toEqual([0, 'would_integrate']);
  const before = git(world.remote, 'for-each-ref', '--format=%(refname) %(objectname)');
  await world.until(async () => (await shadowOf(world, 'one'))?.verdict === 'would_integrate');
  expect(git(world.remote, 'for-each-ref', '--format=%(refname) %(objectname)')).toBe(before);

  const main = mergeElsewhere(world, one);
  await world.until(async () => (await shadowOf(world, 'two'))?.base === main);
  expect((await shadowOf(world, 'one'))?.compared).toMatchObject({ landed_by: main, agrees: true, class: 'same' });
  await world.settled('one', 'completed');
  // Many looks at the remote and at the queue later nothing more was begun: each candidate was judged once on each main.
  const status = await world.ask<StatusView>('/v1/status');
  const quiet = async () => (await world.ask<StatusView>('/v1/status'))?.integrator.session_id === null;
  await world.until(quiet);
  const length = (await world.events()).length;
  await new Promise((resolve) => setTimeout(resolve, 5000));
  const events = await world.events();
  expect(events.length).toBe(length);
  const judged = events.filter(({ event }) => event.endsWith('integration.shadow.judged'));
  const keys = judged.map(({ payload }) => `${payload['slug']} ${payload['base']}`);
  expect(new Set(keys).size).toBe(keys.length);
  expect(keys).toHaveLength(3);
  expect(status?.mode).toBe('shadow');
  expect(mainOf(world)).toBe(main);
  expect(events.filter(({ event }) => /after_delivery|cleaned|push/.test(event.replace('branch.pushed', '')))).toEqual(
    [],
  );
  const report = await world.ok<{ counts: { sessions: number; fifo_violations: number } }>(['shadow', 'report']);
  expect(report.counts.fifo_violations).toBe(0);
  expect(report.counts.sessions).toBeLessThanOrEqual(5);
});

test('a main that moves while nothing waits is looked at all the same', async () => {
  const world = await shadowDaemon();
  const sha = world.branch('feature/unknown', { 'unknown.txt': '?\n' });
  git(world.clone, 'push', '--quiet', 'origin', 'feature/unknown');
  const main = mergeElsewhere(world, sha);
  await world.until(async () => (await world.ask<StatusView>('/v1/status'))?.main.sha === main);
  const report = await world.ok<{ unmatched: { commit: string }[] }>(['shadow', 'report']);
  expect(report.unmatched.map(({ commit }) => commit)).toEqual([main]);
});
