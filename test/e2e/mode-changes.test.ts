/**
 * What becomes of work in flight when the mode changes: at the cutover and on the way back, with sessions in the middle of
 * it, and over a whole round from shadow to live, back, and on again. Real git, real Redis.
 */
import { existsSync, renameSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import type { CandidateView, IntegrateView, StatusView } from '../../src/actors/client.ts';
import type { FaultPoint } from '../../src/actors/faults.ts';
import type { CutoverView, EnabledView } from '../../src/actors/modes/views.ts';
import { enabledNow, plant } from '../support/cutover-world.ts';
import { type Candidate, endWorlds, expectSound, makeWorld, shortType, type World } from '../support/e2e-world.ts';
import { git, tryGit } from '../support/git-repo.ts';
import { poll } from '../support/redis-server.ts';

afterAll(endWorlds);

const payloads = async (world: World, type: string) =>
  (await world.events()).filter(({ event }) => shortType(event) === type).map(({ payload }) => payload);

/** Does `act` the first time the point is reached. */
function once(point: FaultPoint, act: () => Promise<unknown>) {
  let done = false;
  return {
    async reach(name: string) {
      if (name !== point || done) return;
      done = true;
      await act();
    },
  };
}

const rollBack = (world: World) => world.run(['cutover', 'rollback', '--reason', 'in the middle of it']);
const enable = (world: World) => world.run<EnabledView>(['cutover', 'enable', '--reason', 'time to go']);

/** The other path: merges a candidate into main as it is; a conflict is resolved by taking the candidate's files. */
function mergeElsewhere(world: World, { sha }: Candidate): string {
  const main = world.main();
  const merged = tryGit(world.remoteDir, ['merge-tree', '--write-tree', main, sha]);
  const own = () => git(world.remoteDir, 'rev-parse', `${sha}^{tree}`);
  const tree = merged.status === 0 ? (merged.stdout.toString('utf8').split('\n')[0] ?? '') : own();
  const commit = git(world.remoteDir, 'commit-tree', tree, '-p', main, '-p', sha, '-m', 'merged elsewhere');
  git(world.remoteDir, 'update-ref', 'refs/heads/main', commit);
  return commit;
}

/** How often each candidate was completed, by slug. */
async function completions(world: World): Promise<Record<string, number>> {
  const counted: Record<string, number> = {};
  for (const { slug } of await payloads(world, 'deployment.completed'))
    counted[String(slug)] = (counted[String(slug)] ?? 0) + 1;
  return counted;
}

const items = ['one', 'two', 'three'].map((slug) => ({ slug }));

describe('S1-C2 the way back in the middle of a session', () => {
  // Null: about to be pushed, and either may be first; what the remote says counts.
  test.each<[FaultPoint, string[] | null]>([
    ['after-reconcile', []],
    ['after-dequeue', []],
    ['after-merge', []],
    ['before-push-attempted', []],
    ['after-push-attempted', null],
    ['after-push', ['one', 'two', 'three']],
    ['after-push-recorded', ['one', 'two', 'three']],
  ])(
    'at %s: what has landed is recorded, all else goes back to the queue, and the session ends',
    async (point, sure) => {
      const world = await makeWorld();
      await world.ready(items);
      const { code, json } = await world.integrate({ faults: once(point, () => rollBack(world)) });
      const landed = sure ?? world.landed();
      expect([0, 3]).toContain(landed.length);
      expect([code, json.mode, json.completed]).toEqual([json.outcome === 'drained' ? 0 : 1, 'live', landed.length]);
      const states = Object.fromEntries(items.map(({ slug }) => [slug, landed.includes(slug) ? 'completed' : 'ready']));
      expect(await world.states()).toEqual(states);
      expect(world.landed()).toEqual(landed);
      const { json: status } = await world.run<StatusView>(['status']);
      expect(status).toMatchObject({ mode: 'shadow', lease: null });
      if (landed.length === 0) {
        expect(json.outcome).toBe('aborted');
        expect(await payloads(world, 'integration.session.aborted')).toMatchObject([{ reason: 'rolled_back' }]);
      }

      // It is no fault of telec: going live again, the rest is delivered, each once.
      await plant(world, enabledNow(world.main()));
      expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 3 - landed.length });
      expect(await completions(world)).toEqual({ one: 1, two: 1, three: 1 });
      expect(world.landed()).toEqual(['one', 'two', 'three']);
      await expectSound(world);
    },
  );
});

test('S1-C2 a push that did not get through is not tried again once the cutover was taken back', async () => {
  const world = await makeWorld();
  await world.ready(items);
  const main = world.main();
  const away = `${world.remoteDir}.away`;
  const faults = once('after-push-attempted', async () => {
    renameSync(world.remoteDir, away);
    void rollBack(world)
      .then(() => pause(300))
      .then(() => renameSync(away, world.remoteDir));
  });
  const timings = { retryFirstMs: 20, retryMaxMs: 20, retryTotalMs: 20_000 };
  const { json } = await world.integrate({ faults, tuning: { timings } });
  await poll(() => existsSync(world.remoteDir));
  expect(json).toMatchObject({ outcome: 'aborted', completed: 0 });
  expect(await payloads(world, 'integration.push.rejected')).toMatchObject([{ reason: 'the cutover was taken back' }]);
  expect(world.main()).toBe(main);
  expect(await world.states()).toEqual({ one: 'ready', two: 'ready', three: 'ready' });
});

describe('S4-R1b S1-C2 the cutover in the middle of a session in shadow', () => {
  test('what was judged stays in the queue, the session in shadow ends, and the next one delivers each exactly once', async () => {
    const world = await makeWorld({ shadow: true });
    await world.ready(items);
    const refs = world.refs();
    const shadow = await world.integrate({
      faults: once('after-recheck', () => plant(world, enabledNow(world.main()))),
    });
    expect(shadow.json).toMatchObject({ mode: 'shadow', outcome: 'aborted', completed: 0 });
    expect(await payloads(world, 'integration.session.aborted')).toMatchObject([{ reason: 'mode_changed' }]);
    expect(world.refs()).toEqual(refs);
    expect(await world.states()).toEqual({ one: 'ready', two: 'ready', three: 'ready' });
    expect((await world.integrate()).json).toMatchObject({ mode: 'live', outcome: 'drained', completed: 3 });
    expect(await completions(world)).toEqual({ one: 1, two: 1, three: 1 });
    expect(world.landed()).toEqual(['one', 'two', 'three']);
    await expectSound(world);
  });
});

test('S1-C2 S2-G2 a whole round: shadow beside another path, evidence, cutover, the way back, shadow again, and on', async () => {
  const world = await makeWorld({ shadow: true, config: 'integration:\n  parity_min: 3\n' });
  // Beside the other path: one plain, one that conflicts there, one that took the place of an older commit of its slug.
  const [plain, clash] = await world.ready([
    { slug: 'plain', files: { 'app.txt': 'ONE\ntwo\nthree\n' } },
    { slug: 'clash', files: { 'app.txt': 'uno\ntwo\nthree\n' } },
  ]);
  const [older] = await world.ready([{ slug: 'renewed', branch: 'work/renewed-1' }]);
  const [newer] = await world.ready([
    { slug: 'renewed', branch: 'work/renewed-2', files: { 'renewed.txt': 'better\n' } },
  ]);
  const shadow = async () => {
    const { json } = await world.integrate();
    expect(json).toMatchObject({ mode: 'shadow', outcome: 'drained' } satisfies Partial<IntegrateView>);
  };
  await shadow();
  for (const candidate of [plain, clash, newer]) {
    mergeElsewhere(world, candidate as Candidate);
    await shadow();
  }
  expect(older?.sha).not.toBe(newer?.sha);
  const seen = await world.run<CutoverView>(['cutover', 'status']);
  expect(seen.json.go.map(({ id, met }) => [id, met]).slice(0, 2)).toEqual([
    ['shadow_delivered', true],
    ['parity', true],
  ]);
  expect(seen.json.go[1]?.evidence).toContain('3 of 3 agree, 1 conflicts and 1 supersessions among them');
  const beside = world.main();

  expect((await world.run(['cutover', 'rollback', '--reason', 'drill'])).json).toMatchObject({ drill: true });
  expect(await enable(world)).toMatchObject({ code: 0, json: { mode: 'live', cutover: { main: beside } } });
  await world.ready([{ slug: 'live' }]);
  expect((await world.integrate()).json).toMatchObject({ mode: 'live', completed: 1 });
  expect(world.landed()).toEqual(['live']);

  // Back: the other path takes over again, and telec judges beside it as before.
  expect((await rollBack(world)).json).toMatchObject({ drill: false, mode: 'shadow' });
  const [later] = await world.ready([{ slug: 'later', from: world.main() }]);
  await shadow();
  const byHand = mergeElsewhere(world, later as Candidate);
  await shadow();
  expect(world.main()).toBe(byHand);
  const { json: rows } = await world.run<CandidateView[]>(['candidates']);
  expect(
    rows
      .filter(({ state }) => state === 'completed')
      .map(({ slug }) => slug)
      .sort(),
  ).toEqual(['clash', 'later', 'live', 'plain', 'renewed']);
  expect(await completions(world)).toEqual({ plain: 1, clash: 1, renewed: 1, live: 1, later: 1 });

  // What was compared before the way back counts no more; evidence is gathered anew.
  const again = await world.run<CutoverView>(['cutover', 'status']);
  expect(again.json.missing).toEqual(['1 compared, 3 wanted', 'no conflict among them', 'no supersession among them']);
});
