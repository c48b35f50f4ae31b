/** What goes wrong around a session: races on main, a remote that refuses, vanishes or does not answer, other holders. */
import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { DoctorRow, IntegrateView, NotificationRow, StatusView } from '../../src/actors/client.ts';
import type { FaultPoint } from '../../src/actors/faults.ts';
import { endWorlds, expectSound, makeWorld, shortType, type World } from '../support/e2e-world.ts';
import { git } from '../support/git-repo.ts';
import { poll } from '../support/redis-server.ts';

afterAll(endWorlds);

/** Does `act` the first time the point is reached. */
function once(point: FaultPoint, act: () => void | Promise<void>) {
  let done = false;
  return {
    async reach(name: string) {
      if (name !== point || done) return;
      done = true;
      await act();
    },
  };
}

function hook(world: World, name: string, script: string): void {
  mkdirSync(join(world.remoteDir, 'hooks'), { recursive: true });
  const path = join(world.remoteDir, 'hooks', name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

const payloads = async (world: World, type: string) =>
  (await world.events()).filter(({ event }) => shortType(event) === type).map(({ payload }) => payload);

describe('main moves under the session', () => {
  test('Spec-6 F47 main moved between merge and push without touching it: rebuilt on the new main, one merge commit', async () => {
    const world = await makeWorld();
    await world.ready([{ slug: 'rebuilt' }]);
    let foreign = '';
    const { json } = await world.integrate({
      faults: once('after-merge', () => {
        foreign = world.foreign({ 'foreign.txt': 'foreign\n' });
      }),
    });
    expect(json).toMatchObject({ outcome: 'drained', completed: 1, blocked: 0 });
    expect(git(world.remoteDir, 'log', '-1', '--format=%P', 'main').split(' ')[0]).toBe(foreign);
    expect(world.files()).toMatchObject({ 'foreign.txt': 'foreign\n', 'rebuilt.txt': 'rebuilt\n' });
    expect(
      (await payloads(world, 'integration.main.foreign')).map(({ from, to, commits }) => [from, to, commits]),
    ).toEqual([[world.first, foreign, [foreign]]]);
    await expectSound(world);
  });

  test('main moved in the moment of the push: the push is rejected as a lost race and made again', async () => {
    const world = await makeWorld();
    await world.ready([{ slug: 'raced' }]);
    const { json } = await world.integrate({
      faults: once('after-push-attempted', () => void world.foreign({ 'foreign.txt': 'foreign\n' })),
    });
    expect(json).toMatchObject({ outcome: 'drained', completed: 1 });
    expect(await world.trail('integration.push')).toEqual([
      'integration.push.attempted',
      'integration.push.rejected',
      'integration.push.attempted',
      'integration.push.succeeded',
    ]);
    await expectSound(world);
  });

  test('Spec-15 main moved in conflict between merge and push: blocked with the foreign commit named, nothing pushed', async () => {
    const world = await makeWorld();
    await world.ready([{ slug: 'clash', files: { 'app.txt': 'mine\n' } }]);
    let foreign = '';
    const { json } = await world.integrate({
      faults: once('after-merge', () => {
        foreign = world.foreign({ 'app.txt': 'theirs\n' });
      }),
    });
    expect(json).toMatchObject({ outcome: 'drained', completed: 0, blocked: 1 });
    expect(world.main()).toBe(foreign);
    const view = await world.candidate('clash');
    expect(view.blocked).toMatchObject({ kind: 'conflict' });
    expect(view.evidence).toMatchObject({
      base: foreign,
      paths: [{ path: 'app.txt', stages: [1, 2, 3] }],
      touched_by: [{ merge_commit: foreign, candidate: null }],
    });
  });

  test('main that never stands still: the session gives up after push_attempts, requeues, and the next one lands it', async () => {
    const world = await makeWorld({ config: 'integration: {push_attempts: 2, grace_ms: 0}\n' });
    await world.ready([{ slug: 'patient' }]);
    let moves = 0;
    const run = await world.integrate({
      faults: {
        reach(name) {
          if (name === 'after-push-attempted') world.foreign({ [`foreign-${moves++}.txt`]: 'x\n' });
        },
      },
    });
    expect({ code: run.code, outcome: run.json.outcome }).toEqual({ code: 1, outcome: 'aborted' });
    expect((await payloads(world, 'integration.session.aborted')).map(({ reason }) => reason)).toEqual(['contention']);
    expect(await world.states()).toEqual({ patient: 'ready' });
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1 });
    await expectSound(world);
  });

  test('main rewound by force: the session halts with an alarm, and a person lifts it with a reason', async () => {
    const world = await makeWorld();
    await world.ready([{ slug: 'before' }]);
    await world.integrate();
    git(world.remoteDir, 'update-ref', 'refs/heads/main', world.first);
    await world.ready([{ slug: 'after' }]);
    const halted = await world.integrate();
    expect({ code: halted.code, outcome: halted.json.outcome }).toEqual({ code: 6, outcome: 'halted' });
    expect(world.main()).toBe(world.first);
    const { json: status } = await world.run<StatusView>(['status']);
    expect(status.hold?.alarm).toBe('MAIN_REWOUND');
    const rows = (await world.run<NotificationRow[]>(['notifications', '--unseen'])).json;
    expect(rows.filter(({ family }) => family === 'system').map(({ slug }) => slug)).toEqual([null]);
    expect((await world.integrate()).json.outcome).toBe('halted');
    const refused = await world.run<{ error: { code: string } }>(['unhold']);
    expect({ code: refused.code, error: refused.json.error.code }).toEqual({ code: 2, error: 'REASON_REQUIRED' });
    expect((await world.run(['unhold', '--reason', 'we took it back'])).code).toBe(0);
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1 });
    expect(world.landed()).toEqual(['after']);
  });

  test('main deleted on the remote halts as well', async () => {
    const world = await makeWorld();
    await world.ready([{ slug: 'lost' }]);
    git(world.remoteDir, 'update-ref', '-d', 'refs/heads/main');
    const halted = await world.integrate();
    expect({ code: halted.code, outcome: halted.json.outcome }).toEqual({ code: 6, outcome: 'halted' });
    expect((await world.run<StatusView>(['status'])).json.hold?.alarm).toBe('MAIN_REWOUND');
  });
});

describe('a remote that says no, nothing, or something else', () => {
  test('S1-FR4.3 one member of a train is refused by a hook: it is found by halving and blocked, the others land in order', async () => {
    const world = await makeWorld();
    const slugs = ['a', 'b', 'c', 'd', 'e'];
    await world.ready(slugs.map((slug) => ({ slug })));
    hook(
      world,
      'update',
      '[ "$1" = refs/heads/main ] || exit 0\ngit ls-tree -r --name-only "$3" | grep -qx d.txt || exit 0\necho "d is not wanted" >&2\nexit 1',
    );
    const { json } = await world.integrate();
    expect(json).toMatchObject({ outcome: 'drained', completed: 4, blocked: 1 });
    expect(world.landed()).toEqual(['a', 'b', 'c', 'e']);
    const { blocked, evidence } = await world.candidate('d');
    expect(blocked).toMatchObject({ kind: 'push' });
    expect(blocked?.conflict_evidence.join()).toContain('d is not wanted');
    expect(evidence).toMatchObject({ kind: 'push', paths: [] });
    rmSync(join(world.remoteDir, 'hooks/update'));
    expect((await world.run(['resume', 'd'])).code).toBe(0);
    expect((await world.integrate()).json).toMatchObject({ completed: 1 });
    expect(world.landed()).toEqual(['a', 'b', 'c', 'e', 'd']);
    await expectSound(world);
  });

  test('a remote that is gone ends the session as unreachable, blocks nothing, and lands all once it is back', async () => {
    const world = await makeWorld();
    await world.ready([{ slug: 'waits' }]);
    renameSync(world.remoteDir, `${world.remoteDir}.away`);
    const gone = await world.integrate();
    expect({ code: gone.code, outcome: gone.json.outcome }).toEqual({ code: 3, outcome: 'unreachable' });
    expect(await world.states()).toEqual({ waits: 'pending' });
    expect((await world.run(['lease'])).json).toBeNull();
    renameSync(`${world.remoteDir}.away`, world.remoteDir);
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1 });
    await expectSound(world);
  });

  test('a remote gone in the moment of the push and back soon: retried, landed once', async () => {
    const world = await makeWorld();
    await world.ready([{ slug: 'blink' }]);
    const { json } = await world.integrate({
      tuning: { timings: { retryFirstMs: 20, retryMaxMs: 100, retryTotalMs: 20_000, rebuildMs: 5 } },
      faults: once('after-push-attempted', () => {
        renameSync(world.remoteDir, `${world.remoteDir}.away`);
        setTimeout(() => renameSync(`${world.remoteDir}.away`, world.remoteDir), 300);
      }),
    });
    expect(json).toMatchObject({ outcome: 'drained', completed: 1, blocked: 0 });
    expect(await world.trail('integration.push')).toEqual(['integration.push.attempted', 'integration.push.succeeded']);
    await expectSound(world);
  });

  test('a remote gone for good in the moment of the push: unreachable, requeued, never blocked', async () => {
    const world = await makeWorld();
    await world.ready([{ slug: 'stuck' }]);
    const gone = await world.integrate({
      faults: once('after-push-attempted', () => renameSync(world.remoteDir, `${world.remoteDir}.away`)),
    });
    expect({ code: gone.code, outcome: gone.json.outcome }).toEqual({ code: 3, outcome: 'unreachable' });
    expect(await world.states()).toEqual({ stuck: 'ready' });
    renameSync(`${world.remoteDir}.away`, world.remoteDir);
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1 });
    await expectSound(world);
  });

  test('a push without an answer in time that did not land is burned, and what it carried lands once', async () => {
    const world = await makeWorld();
    await world.ready([{ slug: 'slow' }]);
    const [reached, go] = [join(world.dir, 'reached'), join(world.dir, 'go')];
    hook(
      world,
      'pre-receive',
      `grep -q ' refs/heads/main$' || exit 0\n[ -e '${reached}' ] && exit 0\n: > '${reached}'\nwhile [ ! -e '${go}' ]; do sleep 0.02; done`,
    );
    const { json } = await world.integrate({ tuning: { git: { pushTimeoutMs: 1500 } } });
    writeFileSync(go, '');
    expect(json).toMatchObject({ outcome: 'drained', completed: 1 });
    expect(await world.trail('integration.push')).toEqual([
      'integration.push.attempted',
      'integration.push.burned',
      'integration.push.attempted',
      'integration.push.succeeded',
    ]);
    expect(world.landed()).toEqual(['slow']);
    const main = world.main();
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 0 });
    expect(world.main()).toBe(main);
    await expectSound(world);
  });

  test('a push without an answer in time that did land is found landed and not made again', async () => {
    const world = await makeWorld();
    await world.ready([{ slug: 'silent' }]);
    hook(world, 'post-receive', "grep -q ' refs/heads/main$' || exit 0\nexec sleep 5");
    const { json } = await world.integrate({ tuning: { git: { pushTimeoutMs: 1500 } } });
    expect(json).toMatchObject({ outcome: 'drained', completed: 1 });
    expect(await world.trail('integration.push')).toEqual(['integration.push.attempted', 'integration.push.succeeded']);
    expect(world.landed()).toEqual(['silent']);
    await expectSound(world);
  });

  test.each(['refs/heads/refs/heads/main', 'refs/tags/refs/telec/fence', 'refs/telec/fence/x'])(
    'a ref planted as %s halts with an alarm that names it, and unhold goes on after it is gone',
    async (planted) => {
      const world = await makeWorld();
      await world.ready([{ slug: 'careful' }]);
      git(world.remoteDir, 'update-ref', planted, world.first);
      const halted = await world.integrate();
      expect({ code: halted.code, outcome: halted.json.outcome }).toEqual({ code: 6, outcome: 'halted' });
      const { json } = await world.run<StatusView>(['status']);
      expect(json.hold).toMatchObject({ alarm: 'REF_PLANTED', reason: expect.stringContaining(planted) });
      const doctor = await world.run<DoctorRow[]>(['doctor']);
      expect(doctor.code).toBe(1);
      expect(doctor.json.filter(({ status }) => status === 'fail').map(({ check }) => check)).toContain('remote');
      expect(world.main()).toBe(world.first);
      git(world.remoteDir, 'update-ref', '-d', planted);
      await world.run(['unhold', '--reason', 'removed it']);
      expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1 });
    },
  );

  test('a remote that takes no atomic push is refused by init and named by doctor', async () => {
    const world = await makeWorld({ raw: true });
    git(world.remoteDir, 'config', 'receive.advertiseAtomic', 'false');
    const refused = await world.run<{ error: { code: string } }>(['init']);
    expect({ code: refused.code, error: refused.json.error.code }).toEqual({ code: 6, error: 'REMOTE_UNSUITABLE' });
    const doctor = await world.run<DoctorRow[]>(['doctor']);
    expect(doctor.json.filter(({ status }) => status === 'fail').map(({ check }) => check)).toContain('remote');
    expect((await world.integrate()).code).toBe(6);
  });

  test('a remote that stops taking atomic pushes later: the session is refused (6) and nothing moves', async () => {
    const world = await makeWorld();
    await world.ready([{ slug: 'late' }]);
    await world.run(['hold']);
    await world.run(['unhold']);
    git(world.remoteDir, 'config', 'receive.advertiseAtomic', 'false');
    const refused = await world.run<{ error: { code: string } }>(['integrate']);
    expect({ code: refused.code, error: refused.json.error.code }).toEqual({ code: 6, error: 'REMOTE_UNSUITABLE' });
    expect([...world.refs().keys()]).toEqual(['refs/heads/main', 'refs/heads/work/late']);
    expect((await world.run(['lease'])).json).toBeNull();
  });
});

describe('other holders', () => {
  test('I1 S4-FR3.3 S1-FR4.1 two integrators on two clones at once: one drains, the other is busy (4)', async () => {
    const world = await makeWorld();
    const other = await world.clone('other');
    await world.ready([{ slug: 'a' }, { slug: 'b' }]);
    let second: { code: number; json: IntegrateView } | null = null;
    const first = await world.integrate({
      faults: once('after-merge', async () => {
        second = await world.integrate({ cwd: other });
      }),
    });
    expect(second).toMatchObject({ code: 4, json: { outcome: 'busy', completed: 0 } });
    expect(first.json).toMatchObject({ outcome: 'drained', completed: 2 });
    await expectSound(world);
  });

  test('I1 many at the same moment: one drains, all others are busy, everything lands once', async () => {
    const world = await makeWorld();
    await world.ready([{ slug: 'a' }, { slug: 'b' }, { slug: 'c' }]);
    const runs = await Promise.all(Array.from({ length: 5 }, () => world.integrate()));
    const outcomes = runs.map(({ json }) => json.outcome).sort();
    expect(outcomes.filter((outcome) => outcome !== 'busy' && outcome !== 'drained')).toEqual([]);
    expect(runs.reduce((sum, { json }) => sum + json.completed, 0)).toBe(3);
    expect(world.landed()).toEqual(['a', 'b', 'c']);
    await expectSound(world);
  });

  test('F3 the fence moved by somebody else: the session stops before its push and the next one lands all', async () => {
    const world = await makeWorld();
    await world.ready([{ slug: 'fenced' }]);
    const run = await world.integrate({
      faults: once('after-merge', () => {
        const fence = world.ref('refs/telec/fence') ?? '';
        const body = git(world.remoteDir, 'log', '-1', '--format=%B', fence).replace(
          /Telec-(Fence|Seq): (\d+)/g,
          (_line, key, n) => `Telec-${key}: ${Number(n) + 1}`,
        );
        const next = git(world.remoteDir, 'commit-tree', '-p', fence, '-m', body, `${fence}^{tree}`);
        git(world.remoteDir, 'update-ref', 'refs/telec/fence', next);
      }),
    });
    expect({ code: run.code, outcome: run.json.outcome }).toEqual({ code: 1, outcome: 'aborted' });
    expect(world.main()).toBe(world.first);
    expect((await world.run(['lease'])).json).toBeNull();
    expect(await world.trail('integration.lease.lost', 'integration.push')).toEqual(['integration.lease.lost']);
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1 });
    await expectSound(world);
  });

  test('a lease broken by a person: the session that held it moves nothing more', async () => {
    const world = await makeWorld();
    await world.ready([{ slug: 'broken' }]);
    const run = await world.integrate({
      faults: once('after-merge', async () => {
        const { code, json } = await world.run(['lease', 'break', '--reason', 'it hangs']);
        expect({ code, json }).toMatchObject({ code: 0, json: { broken: { fence: 1 } } });
      }),
    });
    expect({ code: run.code, outcome: run.json.outcome }).toEqual({ code: 1, outcome: 'aborted' });
    expect(world.main()).toBe(world.first);
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1 });
    await expectSound(world);
  });

  test('S1-R3 S1-FR4.1 a stale lease is taken over only after it expired, with a higher fence', async () => {
    const world = await makeWorld();
    await world.ready([{ slug: 'stale' }]);
    const { child, done } = world.start(['integrate'], {
      env: { TELEC_INTEGRATION_GRACE_MS: '60000', TELEC_LEASE_TTL_MS: '3000', TELEC_LEASE_RENEW_MS: '200' },
    });
    await poll(() => world.landed().length === 1, 30_000);
    child.kill('SIGKILL');
    await done;
    expect((await world.integrate()).code).toBe(4);
    await poll(async () => (await world.integrate()).code === 0, 30_000);
    const grants = await payloads(world, 'integration.lease.acquired');
    expect(grants.map(({ fence, replaced_stale }) => [fence, replaced_stale])).toEqual([
      [1, false],
      [2, true],
    ]);
    await expectSound(world);
  });
});
