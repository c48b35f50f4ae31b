/**
 * Sessions where a daemon runs: the built program, its own Redis, real processes. Shows that a candidate that becomes
 * ready wakes the one integrator, that asking for it is the same entry, and that the daemon looks after what is left.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SessionEndView, SessionRow, SessionStartView, WakeView } from '../../src/actors/sessions/views.ts';
import { isAlive, makeWorld, type World } from '../support/daemon-world.ts';

describe('sessions where a daemon runs', () => {
  let world: World;
  beforeAll(async () => {
    world = await makeWorld();
    // Whoever starts it: the daemon is nobody's session.
    await world.ok(['up'], { env: { TELEC_ROLE: 'worker', TELEC_SESSION_ID: 'w-1' } });
  });
  afterAll(() => world.close());

  const runs = async () =>
    (await world.ok<SessionRow[]>(['sessions', '--role', 'integrator'])).filter(({ pid }) => !pid);
  const over = () => world.until(async () => (await runs()).every(({ state }) => state === 'ended'));

  test('S3-3.2a S3-3.2c a candidate that becomes ready starts a session with role, project and candidate', async () => {
    const sha = world.branch('feature/one', { 'one.txt': '1\n' });
    await world.ok(['submit', '--slug', 'one']);
    await world.settled('one');
    await over();
    const [row, ...others] = await runs();
    expect(others).toEqual([]);
    expect(row).toMatchObject({
      role: 'integrator',
      kind: 'integrator',
      state: 'ended',
      project: world.clone,
      candidate: `one/feature/one@${sha}`,
      checkpoint: { completed: 1, blocked: 0, superseded: 0, outcome: 'drained' },
    });
  });

  test('S3-3.2b S3-3.2d S3-6.1b S4-FR3.4 while it runs nothing starts: the second is queued and taken after', async () => {
    const known = (await runs()).length;
    const gate = world.gate();
    world.branch('feature/two', { 'two.txt': '2\n' });
    await world.ok(['submit', '--slug', 'two']);
    await world.until(() => gate.reached());
    world.branch('feature/three', { 'three.txt': '3\n' });
    await world.ok(['submit', '--slug', 'three']);
    const queue = await world.ok<{ slug: string }[]>(['queue']);
    const again = await world.ok<SessionStartView>(['sessions', 'start', '--role', 'integrator']);
    const [running] = await runs();
    expect(running).toMatchObject({ state: 'running', checkpoint: null });
    expect(again).toMatchObject({ result: 'already_running', session_id: running?.id, integrate: null });
    expect(queue.map(({ slug }) => slug)).toEqual(['three']);
    gate.open();
    await world.settled('three');
    await over();
    expect(await runs()).toHaveLength(known + 1);
    expect(world.landed().map((key) => key.slice(0, key.indexOf('/')))).toEqual(['one', 'two', 'three']);
  });

  test('S3-3.2c asking for the integrator is the same entry: the daemon runs it, with the same record', async () => {
    const asked = await world.ok<SessionStartView>(['sessions', 'start', '--role', 'integrator']);
    expect(asked).toMatchObject({ result: 'spawned', role: 'integrator', kind: 'integrator', pid: null });
    await over();
    const [row] = await runs();
    expect(row).toMatchObject({
      id: asked.session_id,
      role: 'integrator',
      kind: 'integrator',
      project: world.clone,
      candidate: null,
      checkpoint: { completed: 0, outcome: 'drained' },
    });
    const two = await Promise.all([
      world.ask<WakeView>('/v1/integrator', {}),
      world.ask<WakeView>('/v1/integrator', {}),
    ]);
    expect(two.map((each) => each?.result).sort()).toEqual(['already_running', 'spawned']);
    expect(two[0]?.session_id).toBe(two[1]?.session_id);
    await over();
  });

  test('under a hold none is started, and the hold is named', async () => {
    await world.ok(['hold', '--reason', 'release']);
    const run = await world.run(['sessions', 'start', '--role', 'integrator', '--json']);
    expect(run.code).toBe(1);
    expect(run.json()).toMatchObject({ result: 'spawn_failed', detail: 'merging is on hold: release' });
    await world.ok(['unhold']);
  });

  test('an integrator that is ended from outside finishes what it has in hand', async () => {
    const gate = world.gate();
    world.branch('feature/four', { 'four.txt': '4\n' });
    await world.ok(['submit', '--slug', 'four']);
    await world.until(() => gate.reached());
    const [running] = await runs();
    const end = await world.ok<SessionEndView>(['sessions', 'end', running?.id ?? '']);
    expect(end).toEqual({ session_id: running?.id, result: 'asked' });
    gate.open();
    await world.settled('four');
    await over();
    expect((await runs()).find(({ id }) => id === running?.id)).toMatchObject({
      reason: 'shutdown',
      checkpoint: { completed: 1, outcome: 'shutdown' },
    });
    const gone = await world.run(['sessions', 'end', running?.id ?? '', '--json']);
    expect([gone.code, gone.json()]).toEqual([0, { session_id: running?.id, result: 'already_ended' }]);
  });

  test('the daemon acts for nobody, whatever the role of who started it', async () => {
    const signed = (await world.events()).filter(({ source }) => source.endsWith('/w-1'));
    expect(signed).toEqual([]);
  });

  test('the daemon records a process that ended without a word, and ends one whose session is over', async () => {
    const script = join(world.dir, 'agent.mjs');
    const up = join(world.dir, 'agent-up');
    const text = `import { writeFileSync } from 'node:fs';
      process.on('SIGTERM', () => {});
      writeFileSync('${up}', '');
      setInterval(() => {}, 1000);`;
    writeFileSync(script, text);
    const start = (command: string) =>
      world.ok<SessionStartView>(['sessions', 'start', '--role', 'worker', '--command', command]);
    const find = async (id: string | null) => (await world.ok<SessionRow[]>(['sessions'])).find((row) => row.id === id);

    const brief = await start(`'${process.execPath}' -e ''`);
    await world.until(async () => (await find(brief.session_id))?.state === 'ended');
    expect(await find(brief.session_id)).toMatchObject({ reason: 'exited' });

    // It asks to end itself and then does not: the daemon sees to it.
    const deaf = await start(`'${process.execPath}' '${script}'`);
    await world.until(() => existsSync(up));
    const env = { TELEC_ROLE: 'worker', TELEC_SESSION_ID: deaf.session_id ?? '' };
    await world.ok(['sessions', 'end', 'self'], { env });
    await world.until(() => !isAlive(deaf.pid ?? 0));
    expect(await find(deaf.session_id)).toMatchObject({ state: 'ended', reason: 'self' });
  });

  test('F37 a worker may stop the daemon, but not its Redis', async () => {
    const env = { TELEC_ROLE: 'worker' };
    const refused = await world.run(['down', '--redis', '--json'], { env });
    expect([refused.code, refused.json<{ error: { code: string } }>().error.code]).toEqual([6, 'PERMISSION_DENIED']);
    const invalid = await world.run(['down'], { env: { TELEC_ROLE: 'boss' } });
    expect(invalid.code).toBe(2);
    expect((await world.run(['down'], { env })).code).toBe(0);
  });
});
