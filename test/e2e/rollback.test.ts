/**
 * What takes a cutover back without anybody's word: each trigger is made to happen to real sessions on a real remote, and
 * must end in shadow, told once, with main where it was and nothing lost.
 */
import { afterAll, describe, expect, test } from 'vitest';
import type { CandidateView, IntegrateView, NotificationRow, StatusView } from '../../src/actors/client.ts';
import type { FaultPoint } from '../../src/actors/faults.ts';
import { rollBack } from '../../src/actors/modes/rollback.ts';
import type { CutoverView } from '../../src/actors/modes/views.ts';
import type { Emission } from '../../src/actors/producer.ts';
import { openWorkspace } from '../../src/actors/workspace.ts';
import { InvariantViolation } from '../../src/errors.ts';
import { enabledNow, plant, plantSession, withHost } from '../support/cutover-world.ts';
import { endWorlds, expectSound, makeWorld, shortType, type World } from '../support/e2e-world.ts';
import { git, tryGit } from '../support/git-repo.ts';

afterAll(endWorlds);

const payloads = async (world: World, type: string) =>
  (await world.events()).filter(({ event }) => shortType(event) === type).map(({ payload }) => payload);
const waysBack = (world: World) => payloads(world, 'integration.cutover.rolled_back');
const aborts = async (world: World) =>
  (await payloads(world, 'integration.session.aborted')).map(({ reason }) => reason);

/** Faults that throw `error` when the point is reached. */
const breaking = (point: FaultPoint, error: () => Error) => ({
  reach(name: string) {
    if (name === point) throw error();
  },
});

async function expectShadow(world: World, trigger: string): Promise<void> {
  const { json } = await world.run<StatusView>(['status']);
  expect(json).toMatchObject({ mode: 'shadow', rollback_required: true, lease: null });
  const { json: view } = await world.run<CutoverView>(['cutover', 'status']);
  expect(view).toMatchObject({ enabled: true, parity_evidence_accepted: false, rollback: { trigger } });
  const { json: rows } = await world.run<NotificationRow[]>(['notifications', '--unseen']);
  expect(rows.filter(({ event }) => shortType(event) === 'integration.cutover.rolled_back')).toMatchObject([
    { family: 'system', level: 3 },
  ]);
}

/** One session whose second computation of a merge says that it differs. */
const doubtingSession = (world: World) =>
  withHost(world, async (host) => {
    const context = { cwd: world.cloneDir, env: world.env, say: () => undefined, signal: new AbortController().signal };
    const { clone, config } = await openWorkspace(context);
    const real = await host.git(clone, config);
    const doubting = new Proxy(real, {
      get(target, name: keyof typeof real) {
        if (name === 'selfCheck') return async () => ({ kind: 'differs' as const, paths: ['one.txt'] });
        const method = target[name] as (...args: unknown[]) => unknown;
        return method.bind(target);
      },
    });
    return host.startSession(doubting, config).done;
  });

describe('S1-OQ3 three sessions in a row that a fault of telec ended', () => {
  test('take the cutover back: a bug, a broken invariant and a failed self-check, each counted', async () => {
    const world = await makeWorld();
    await world.ready([{ slug: 'one' }, { slug: 'two' }]);
    const main = world.main();
    const bug = await world.integrate({ faults: breaking('after-merge', () => new Error('a bug')) });
    expect(bug.code).toBe(70);
    const broken = await world.integrate({ faults: breaking('after-merge', () => new InvariantViolation('broken')) });
    expect(broken.code).toBe(70);
    expect(await aborts(world)).toEqual(['bug', 'invariant']);
    expect(await waysBack(world)).toEqual([]);

    const doubted = await doubtingSession(world);
    expect(doubted).toMatchObject({ outcome: 'halted', stop: { reason: 'self_check', code: 'SELF_CHECK' } });
    expect(await aborts(world)).toEqual(['bug', 'invariant', 'self_check']);
    expect(await waysBack(world)).toMatchObject([
      {
        trigger: 'faulty_aborts',
        evidence: '3 sessions in a row ended by a fault of telec',
        drill: false,
        main_sha: main,
        actor: doubted.sessionId,
      },
    ]);
    await expectShadow(world, 'faulty_aborts');
    expect(world.main()).toBe(main);
    expect(await world.states()).toEqual({ one: 'blocked', two: 'ready' });
  });

  test('are not three when one between them ended well', async () => {
    const world = await makeWorld();
    await world.ready([{ slug: 'one' }]);
    const faults = breaking('after-merge', () => new Error('a bug'));
    await world.integrate({ faults });
    await world.integrate({ faults });
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1 });
    await world.ready([{ slug: 'two' }]);
    await world.integrate({ faults });
    expect(await aborts(world)).toEqual(['bug', 'bug', 'bug']);
    expect(await waysBack(world)).toEqual([]);
    expect((await world.integrate()).json).toMatchObject({ mode: 'live', completed: 1 });
    await expectSound(world);
  });
});

describe('S1-OQ3 two sessions that acted under one fence', () => {
  test('in the log: the next session finds it when it begins, takes the cutover back, and moves nothing', async () => {
    const world = await makeWorld();
    await world.ready([{ slug: 'one' }]);
    const main = world.main();
    const begun = (session_id: string, fence: number): Emission => ({
      type: 'integration.session.started',
      payload: { session_id, fence, host: 'test', version: '0', mode: 'live' },
    });
    await plantSession(world, 'integrator-a', (stamp) => [
      { type: 'integration.lease.acquired', payload: { ...stamp, replaced_stale: false, floor: 0 } },
      begun('integrator-a', stamp.fence),
      begun('integrator-b', stamp.fence),
      { type: 'integration.lease.released', payload: stamp },
    ]);
    const refs = world.refs();
    const { code, json } = await world.integrate();
    expect([code, json.outcome]).toEqual([1, 'aborted']);
    expect(await waysBack(world)).toMatchObject([
      { trigger: 'fence_shared', evidence: 'fence 1 was used by integrator-a and integrator-b' },
    ]);
    await expectShadow(world, 'fence_shared');
    expect(world.refs()).toEqual(refs);
    expect(world.main()).toBe(main);
    expect(await world.states()).toEqual({ one: 'pending' });
  });

  /** Once the merge is made, another session stands in the remote's fence, under a number higher by `more`. */
  const standingIn = (world: World, more: number) => {
    let done = false;
    return {
      reach(name: string) {
        if (name !== 'after-merge' || done) return;
        done = true;
        const fence = world.ref('refs/telec/fence') ?? '';
        const raised = (by: number) => (_line: string, word: string, number: string) =>
          `${word}: ${Number(number) + by}`;
        const message = git(world.remoteDir, 'log', '-1', '--format=%B', fence)
          .replace(/^Telec-Session: .*$/m, 'Telec-Session: integrator-twin')
          .replace(/^(Telec-Fence): (\d+)$/m, raised(more))
          .replace(/^(Telec-Seq): (\d+)$/m, raised(1));
        const tree = git(world.remoteDir, 'rev-parse', `${fence}^{tree}`);
        const twin = tryGit(world.remoteDir, ['commit-tree', tree, '-p', fence, '-F', '-'], { stdin: message });
        git(world.remoteDir, 'update-ref', 'refs/telec/fence', twin.stdout.toString('utf8').trim());
      },
    };
  };

  test('on the remote: the holder finds its own number with another name before it pushes', async () => {
    const world = await makeWorld();
    await world.ready([{ slug: 'one' }]);
    const main = world.main();
    const { json } = await world.integrate({ faults: standingIn(world, 0) });
    expect(json).toMatchObject({ outcome: 'aborted', completed: 0 });
    const [way, ...more] = await waysBack(world);
    expect(more).toEqual([]);
    expect(way).toMatchObject({ trigger: 'fence_shared', main_sha: main });
    expect(way?.['evidence']).toBe(
      `fence 1 of the remote was written by integrator-twin, and ${json.session_id} holds it`,
    );
    await expectShadow(world, 'fence_shared');
    expect(world.main()).toBe(main);
  });

  test('are not seen where a later holder merely took over: that is how a lease is lost', async () => {
    const world = await makeWorld();
    await world.ready([{ slug: 'one' }]);
    const { json } = await world.integrate({ faults: standingIn(world, 1) });
    expect(json).toMatchObject({ outcome: 'aborted', completed: 0 });
    expect(await aborts(world)).toEqual(['lease_lost']);
    expect(await waysBack(world)).toEqual([]);
    expect((await world.integrate()).json).toMatchObject({ mode: 'live', completed: 1 });
    expect(world.landed()).toEqual(['one']);
  });
});

describe('telec taking back', () => {
  const seen = {
    trigger: 'tree_differs',
    evidence: 'tree a is not tree b',
    mainSha: null,
    actor: 'integrator-a',
  } as const;

  test('is told once, whoever sees it: two at the same moment, another trigger after it', async () => {
    const world = await makeWorld();
    const both = await withHost(world, (one) =>
      withHost(world, (two) =>
        Promise.all([
          rollBack(one, seen),
          rollBack(two, { ...seen, trigger: 'foreign_commit', actor: 'integrator-b' }),
        ]),
      ),
    );
    expect(both.sort()).toEqual([false, true]);
    expect(await withHost(world, (host) => rollBack(host, seen))).toBe(false);
    expect(await waysBack(world)).toHaveLength(1);
  });

  test('does nothing in shadow, and works again for the next cutover', async () => {
    const world = await makeWorld();
    await withHost(world, (host) => rollBack(host, seen));
    const before = await world.events();
    expect(await withHost(world, (host) => rollBack(host, { ...seen, trigger: 'foreign_commit' }))).toBe(false);
    expect(await world.events()).toEqual(before);
    await plant(world, enabledNow(world.main()));
    expect(await withHost(world, (host) => rollBack(host, seen))).toBe(true);
    expect(await waysBack(world)).toHaveLength(2);
    expect((await waysBack(world))[0]).toMatchObject({ reason: 'a tree on main is not the one its receipt names' });
  });

  test('S4-FR6.1 with rollback on incomplete parity off nobody integrates any more, until a person takes it back', async () => {
    const world = await makeWorld();
    await world.ready([{ slug: 'one' }]);
    await plant(world, enabledNow(world.main(), { rollback_on_incomplete_parity: false }));
    await withHost(world, (host) => rollBack(host, seen));
    const refused = await world.run<{ error: { code: string; hint: string } }>(['integrate']);
    expect(refused).toMatchObject({ code: 6, json: { error: { code: 'CUTOVER_INCOMPLETE' } } });
    expect(refused.json.error.hint).toContain('telec cutover rollback --reason');
    const { json } = await world.run<CutoverView>(['cutover', 'status']);
    expect(json).toMatchObject({ mode: 'shadow', rollback_on_incomplete_parity: false, rollback_required: false });
    expect(json.reason).toMatch(/^no session begins, not even in shadow: /);
    expect((await world.run<CandidateView[]>(['candidates'])).json).toMatchObject([{ state: 'pending' }]);
    const back = await world.run<{ drill: boolean }>(['cutover', 'rollback', '--reason', 'decided']);
    expect(back).toMatchObject({ code: 0, json: { drill: false, mode: 'shadow' } });
    expect((await world.integrate()).json).toMatchObject({ mode: 'shadow' } satisfies Partial<IntegrateView>);
  });
});
