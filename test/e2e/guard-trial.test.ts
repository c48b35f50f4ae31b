/** The trial of guards: what it finds with guards that hold, with guards that do not, and that it touches nothing real. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { DoctorRow } from '../../src/actors/client.ts';
import type { GuardTrialView } from '../../src/actors/guards/server-views.ts';
import { goAll } from '../../src/actors/guards/trial.ts';
import { makeGround } from '../../src/actors/guards/trial-ground.ts';
import { hookRoutes, serverRoutes, wrapperRoutes } from '../../src/actors/guards/trial-routes.ts';
import { endWorlds, makeWorld, type World } from '../support/e2e-world.ts';
import { git } from '../support/git-repo.ts';

afterAll(endWorlds);

const check = async (world: World) => {
  const run = await world.run<{ in_force: boolean; trial: GuardTrialView }>(['guard', 'check']);
  return { code: run.code, ...run.json };
};
const guardRows = async (world: World) =>
  (await world.run<DoctorRow[]>(['doctor'])).json
    .filter((row) => row.check === 'guards')
    .map(({ status, detail }) => `${status} ${detail}`);

const leftInTmp = () => readdirSync(tmpdir()).filter((name) => name.startsWith('telec-trial-'));

test('without guards every way that is tried gets through, so that what is refused is refused by a guard', async () => {
  const ground = await makeGround('main', async () => null);
  try {
    const routes = [...serverRoutes(ground, true), ...hookRoutes(ground), ...wrapperRoutes(ground)];
    expect(await goAll(ground, routes)).toEqual({ refused: 0, leaks: routes.map(({ name }) => name), note: null });
  } finally {
    await ground.close();
  }
});

describe.each(['plain', 'signed'] as const)('guards that hold (%s)', (guard) => {
  test('S1-FR2.1 are found to refuse others and to let the integrator through, without a trace', async () => {
    const world = await makeWorld({ guard });
    // Others on this machine try guards at the same time.
    vi.stubEnv('TMPDIR', join(world.dir, 'tmp'));
    onTestFinished(() => void vi.unstubAllEnvs());
    mkdirSync(tmpdir());
    const before = { refs: world.refs(), events: await world.events(), tmp: leftInTmp() };
    const { code, in_force: inForce, trial } = await check(world);
    expect({ code, inForce, leaked: trial.leaked, passed: trial.passed }).toEqual({
      code: 0,
      inForce: true,
      leaked: 0,
      passed: true,
    });
    expect(trial.guards.map(({ guard: name, in_place, refused }) => [name, in_place, refused])).toEqual([
      ['server', true, guard === 'signed' ? 15 : 14],
      ['pre_push', true, 3],
      ['git', true, 2],
      ['gh', true, 1],
    ]);
    expect({ refs: world.refs(), events: await world.events(), tmp: leftInTmp() }).toEqual(before);
    const text = await world.run(['guard', 'check'], { text: true });
    expect(text.stdout).toContain('tried against a scratch remote');
  });
});

describe('guards that do not', () => {
  test('a remote whose hooks were hollowed out: each way that got through is named, and doctor fails', async () => {
    const world = await makeWorld({ guard: 'plain' });
    const path = join(world.remoteDir, 'hooks', 'reference-transaction');
    const [first, second] = readFileSync(path, 'utf8').split('\n');
    writeFileSync(path, `${first}\n${second}\nexit 0\n`);
    const { code, trial } = await check(world);
    expect({ code, passed: trial.passed }).toEqual({ code: 1, passed: false });
    expect(trial.guards[0]?.leaks).toEqual(
      expect.arrayContaining(['git push with an older fence', 'git update-ref in the remote']),
    );
    const rows = await guardRows(world);
    expect(rows.some((row) => /^fail hooks of the remote: tried, and lets through: .*older fence/.test(row))).toBe(
      true,
    );
    expect(rows).toContain('warn the hooks of the remote are not those that this telec puts in');
  });

  test('hooks that refuse everybody: the integrator does not pass', async () => {
    const world = await makeWorld({ guard: 'plain' });
    const path = join(world.remoteDir, 'hooks', 'update');
    const [first, second] = readFileSync(path, 'utf8').split('\n');
    writeFileSync(path, `${first}\n${second}\nexit 1\n`);
    const { trial } = await check(world);
    expect({ leaked: trial.leaked, passed: trial.passed }).toEqual({ leaked: 0, passed: false });
    expect((await guardRows(world)).some((row) => row.startsWith("fail the integrator's own push"))).toBe(true);
  });

  test('without hooks on the remote, without the clone’s: said so, and what would be put in is tried', async () => {
    const world = await makeWorld();
    rmSync(join(world.cloneDir, '.git', 'hooks', 'pre-push'));
    const { code, in_force: inForce, trial } = await check(world);
    expect({ code, inForce }).toEqual({ code: 1, inForce: false });
    expect(trial.guards.map(({ guard, in_place, refused }) => [guard, in_place, refused])).toEqual([
      ['server', false, 14],
      ['pre_push', false, 0],
      ['git', true, 2],
      ['gh', true, 1],
    ]);
    const rows = await guardRows(world);
    expect(rows).toContain('warn the remote has no hooks of telec: whoever may write to it can move main');
    expect(rows).toContain('ok hooks of the remote: tried, as it would be put in, 14 ways to main refused');
    git(world.cloneDir, 'remote', 'set-url', 'origin', 'ssh://git@example.invalid/team/app.git');
    const elsewhere = await guardRows(world);
    expect(elsewhere.some((row) => row.startsWith('warn the remote is no folder of this machine'))).toBe(true);
  });

  test('a pusher’s own hooks path, a key that is not set here', async () => {
    const world = await makeWorld({ guard: 'signed' });
    git('/', 'config', '--file', join(world.remoteDir, 'config'), '--unset', 'core.hooksPath');
    expect(await guardRows(world)).toContain(
      "warn a hooks path of the pusher's own configuration leads away from the hooks of the remote",
    );
    await world.run(['guard', 'install', '--server']);
    const state = join(world.home, readdirSync(world.home)[0] ?? '', 'server-guard.json');
    chmodSync(state, 0o600);
    writeFileSync(state, JSON.stringify({ path: world.remoteDir, key: null }));
    const rows = await guardRows(world);
    expect(rows).toContain('fail the remote takes signed fences only, and sessions of this machine sign none');
    expect((await check(world)).trial.passed).toBe(false);
  });
});
