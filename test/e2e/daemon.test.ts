/**
 * The daemon as its users meet it: the built program, a real redis-server, a real remote. Shows point 10 of the
 * interface, S4-R3 and that a daemon killed in the middle of a drain leaves nothing half-done.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { ActorRow, HoldView, NotificationRow, StatusView } from '../../src/actors/client.ts';
import { glance } from '../../src/actors/glance.ts';
import { runtime } from '../../src/actors/open.ts';
import { readDaemonFile } from '../../src/io/state.ts';
import { end, isAlive, makeWorld, type World, type WorldOptions } from '../support/daemon-world.ts';
import { MORTAL_TELEC } from '../support/e2e-world.ts';

async function worldOf(options: WorldOptions = {}): Promise<World> {
  const world = await makeWorld(options);
  onTestFinished(() => world.close());
  return world;
}

const countOf = (events: { event: string }[], type: string) =>
  events.filter(({ event }) => event.endsWith(`.${type}`)).length;

describe('a daemon', () => {
  let world: World;
  beforeAll(async () => {
    world = await makeWorld();
  });
  afterAll(() => world.close());

  test('is refused before init, and leaves nothing running', async () => {
    const fresh = await worldOf({ init: false });
    const run = await fresh.run(['up', '--json']);
    expect(run.code).toBe(6);
    expect(run.json()).toMatchObject({ error: { code: 'NOT_INITIALIZED', hint: 'telec init' } });
    expect(fresh.daemonPid()).toBeNull();
  });

  test('is ready when up returns, is one however often up is called, and answers on a socket of its user alone', async () => {
    const ups = await Promise.all([world.ok(['up']), world.ok(['up'])]);
    expect(ups.map(({ changed }) => changed).sort()).toEqual([false, true]);
    const pid = world.daemonPid();
    expect(ups.map((up) => up['pid'])).toEqual([pid, pid]);
    expect(await world.ok(['up'])).toEqual({ running: true, pid, changed: false });

    const status = await world.ok<StatusView>(['status']);
    expect(status.daemon).toMatchObject({ running: true, pid });
    expect(status).toMatchObject({
      mode: 'live',
      stale: null,
      integrator: { state: 'standby' },
      log: { state: 'intact' },
    });

    const socket = readDaemonFile(world.state())?.socket ?? '';
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(socket)).mode & 0o777).toBe(0o700);
    expect(statSync(join(world.state(), 'daemon.log')).mode & 0o777).toBe(0o600);
  });

  test('S4-FR3.2 lands what is submitted without a further command, and writes down what it did', async () => {
    const sha = world.branch('feature/one', { 'one.txt': '1\n' });
    await world.ok(['submit', '--slug', 'one']);
    await world.settled('one');
    expect(world.landed()).toEqual([`one/feature/one@${sha}`]);
    const said = (fields: Record<string, unknown>) => {
      const lines = readFileSync(join(world.state(), 'daemon.log'), 'utf8').trim().split('\n');
      const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
      return records.some((record) => Object.entries(fields).every(([name, value]) => record[name] === value));
    };
    await world.until(() => said({ msg: 'a session ended', outcome: 'drained', completed: 1 }));
    expect(said({ msg: 'a candidate moved', from: 'integrating', to: 'completed' })).toBe(true);
  });

  test('reads the rules of integration from main before each session', async () => {
    const config = 'integration:\n  grace_ms: 0\n  strategy: squash\nlease:\n  ttl_ms: 3000\n  renew_ms: 300\n';
    world.branch('feature/rules', { 'telec.yaml': config });
    await world.ok(['submit', '--slug', 'rules']);
    await world.settled('rules');
    world.branch('feature/two', { 'two.txt': '2\n' });
    await world.ok(['submit', '--slug', 'two']);
    await world.settled('two');
    const configured = (await world.events()).filter(({ event }) => event.endsWith('.integration.configured'));
    expect(configured.map(({ payload }) => payload['strategy'])).toEqual(['merge', 'squash']);
    const [two] = await world.ok<{ receipt: { strategy: string } }[]>(['candidates', '--slug', 'two']);
    expect(two?.receipt.strategy).toBe('squash');
  });

  test('lifts a hold when its time is over, also one that ended while nobody watched', async () => {
    await world.ok(['hold', '--for', '500ms', '--reason', 'a short one']);
    world.branch('feature/three', { 'three.txt': '3\n' });
    await world.ok(['submit', '--slug', 'three']);
    await world.settled('three');
    expect((await world.ok<StatusView>(['status'])).hold).toBeNull();
    const lifted = (await world.events()).filter(({ event }) => event.endsWith('.integration.hold.lifted'));
    expect(lifted.map(({ payload }) => payload['reason'])).toEqual(['expired']);

    await world.ok(['down']);
    const { hold } = await world.ok<{ hold: HoldView }>(['hold', '--for', '10ms']);
    expect(hold.until).not.toBeNull();
    await world.ok(['up']);
    await world.until(async () => (await world.ask<StatusView>('/v1/status'))?.hold === null);
  });

  test('Card-U3 shows the actors of a session with their charts, and never a token', async () => {
    await world.ok(['hold']);
    const gate = world.gate();
    onTestFinished(() => gate.open());
    world.branch('feature/four', { 'four.txt': '4\n' });
    await world.ok(['submit', '--slug', 'four']);
    await world.ok(['unhold']);
    const pushing = async () => {
      const rows = await world.ask<ActorRow[]>('/v1/actors');
      return rows?.some(({ value }) => value === 'draining.pushing') === true;
    };
    await world.until(pushing);
    const rows = await world.ok<ActorRow[]>(['actors']);
    expect(rows.map(({ machine }) => machine).sort()).toEqual(['candidate', 'integrator', 'lease']);
    const lease = rows.find(({ machine }) => machine === 'lease');
    expect(lease?.value).toMatch(/^holding/);
    const detail = await world.ok<{ mermaid: string; context: object }>(['actor', lease?.id ?? '']);
    expect(detail.mermaid).toContain('class s_holding');
    const integrator = rows.find(({ machine }) => machine === 'integrator');
    const chart = await world.run(['actor', integrator?.id ?? '', '--mermaid']);
    expect(chart.stdout).toContain('class s_draining__pushing current');
    expect(await world.ok<ActorRow[]>(['actors', '--machine', 'lease'])).toHaveLength(1);

    const frames = await world.ask<{ type: string }[]>('/v1/inspection');
    expect(frames?.map(({ type }) => type)).toContain('@xstate.snapshot');
    const shown = JSON.stringify([frames, rows, detail]);
    expect(shown).toMatch(/"token":"\*\*\*"/);
    expect(shown).not.toMatch(/"token":"[^*]/);
    gate.open();
    await world.settled('four');
  });

  test('S3-7e takes marks, holds and events over its socket', async () => {
    const rows = await world.ask<NotificationRow[]>('/v1/notifications');
    const id = rows?.find(({ human_status }) => human_status === 'unseen')?.id ?? '';
    const mark = (kind: string) => world.ask(`/v1/notifications/${kind}`, { ids: [id] });
    expect(await mark('seen')).toMatchObject([{ id, human_status: 'seen' }]);
    // Its deployment is over, so there is nothing left to claim.
    expect(await mark('claim')).toMatchObject([{ id, agent_status: 'resolved' }]);
    expect(await mark('resolve')).toMatchObject([{ id, agent_status: 'resolved' }]);
    await expect(world.ask('/v1/notifications/seen', { ids: ['no-such'] })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });

    const emitted = await world.ask('/v1/events', { events: [{ event: 'review.approved', payload: {} }] });
    expect(emitted).toMatchObject([{ status: 'rejected', code: 'INVALID_EVENT', exit: 2 }]);
    const refused = { event: 'deployment.completed', payload: {} };
    expect(await world.ask('/v1/events', { events: [refused] })).toMatchObject([{ code: 'EMITTER_REFUSED', exit: 6 }]);
    const held = await world.ask('/v1/hold', { reason: 'by a program' });
    expect(held).toMatchObject({ hold: { reason: 'by a program', until: null } });
    expect(await world.ask('/v1/unhold', {})).toEqual({ hold: null });
    const page = await world.ask<{ id: string }[]>('/v1/events?count=2');
    expect(page).toHaveLength(2);
    const next = await world.ask<{ id: string }[]>(`/v1/events?count=1&from=${page?.[0]?.id}`);
    expect(next?.[0]?.id).toBe(page?.[1]?.id);
  });

  test('without it the status comes the short way, and says what the long way says', async () => {
    await world.ok(['down']);
    const short = await world.ok<StatusView>(['status']);
    expect(short.daemon.running).toBe(false);
    const context = { cwd: world.clone, env: world.env, say: () => undefined, signal: new AbortController().signal };
    expect(await glance(context)).toEqual(short);
    const client = await runtime.openClient(context);
    expect(await client.status()).toEqual(short);
    // What is newer than the summary is not passed by.
    await client.hold({ reason: 'newer', forMs: null, mainBusy: false });
    expect(await glance(context)).toBeNull();
    expect((await world.ok<StatusView>(['status'])).hold).toMatchObject({ reason: 'newer' });
    await client.unhold({ reason: null });
    await client.close();
  });

  test('S4-R3 what was said while it was down is handled on its return', async () => {
    expect(await world.ok(['down'])).toEqual({ running: false, pid: null, changed: false });
    expect(world.daemonPid()).toBeNull();
    world.branch('feature/five', { 'five.txt': '5\n' });
    await world.ok(['submit', '--slug', 'five']);
    expect((await world.ok<StatusView>(['status'])).counts.ready).toBe(1);
    await world.ok(['up']);
    await world.settled('five');
  });

  test('goes on when its Redis was killed', async () => {
    const before = world.redisPid() ?? 0;
    await end(before);
    world.branch('feature/six', { 'six.txt': '6\n' });
    await world.ok(['submit', '--slug', 'six']);
    await world.settled('six');
    expect(world.redisPid()).not.toBe(before);
    expect(countOf(await world.events(), 'deployment.completed')).toBe(world.landed().length);
  });

  test('ends on SIGTERM as on down, and takes its Redis with it when asked', async () => {
    const pid = world.daemonPid() ?? 0;
    process.kill(pid, 'SIGTERM');
    await world.until(() => !isAlive(pid));
    expect(existsSync(join(world.state(), 'daemon.json'))).toBe(false);
    await world.ok(['up']);
    const redis = world.redisPid() ?? 0;
    expect(await world.ok(['down', '--redis'])).toMatchObject({ changed: true });
    expect(isAlive(redis)).toBe(false);
    expect(world.redisPid()).toBeNull();
  });
});

test('Card-U1 killed in the middle of a push and started again, each delivery is on main once and told once', async () => {
  const world = await worldOf();
  await world.ok(['up']);
  await world.ok(['hold']);
  const gate = world.gate();
  const keys: string[] = [];
  for (const name of ['a', 'b', 'c']) {
    keys.push(`${name}/feature/${name}@${world.branch(`feature/${name}`, { [`${name}.txt`]: `${name}\n` })}`);
    await world.ok(['submit', '--slug', name]);
  }
  await world.ok(['unhold']);
  await world.until(gate.reached);
  await end(world.daemonPid() ?? 0);
  gate.open();

  expect(await world.ok(['up'])).toMatchObject({ running: true, changed: true });
  for (const name of ['a', 'b', 'c']) await world.settled(name);
  expect(world.landed()).toEqual(keys);
  const events = await world.events();
  expect(countOf(events, 'deployment.completed')).toBe(3);
  const aborted = events.filter(({ event }) => event.endsWith('.integration.session.aborted'));
  expect(aborted.map(({ payload }) => payload['reason'])).toEqual(['died']);
});

test('a log that was wiped is noticed: nobody integrates on it until a new start', async () => {
  const world = await worldOf();
  await world.ok(['up']);
  const { Redis } = await import('ioredis');
  const { socket } = JSON.parse(readFileSync(join(world.state(), 'redis.json'), 'utf8')) as { socket: string };
  const redis = new Redis({ path: socket, lazyConnect: true });
  await redis.connect();
  const keys = await redis.keys('*');
  await redis.del(keys);
  redis.disconnect();
  await world.until(async () => (await world.ask<StatusView>('/v1/status'))?.log.state === 'replaced');
  const log = readFileSync(join(world.state(), 'daemon.log'), 'utf8');
  expect(log).toMatch(/"fault":"replaced".*"msg":"ALARM: /);
  expect(await world.ok(['down'])).toMatchObject({ changed: true });
});

test('ends in time while the remote hangs, and the next one settles what was left', async () => {
  const world = await worldOf();
  const env = { TEST_TUNING: JSON.stringify({ daemon: { stopMs: 500 } }) };
  await world.ok(['up'], { program: MORTAL_TELEC, env });
  const pid = world.daemonPid() ?? 0;
  const gate = world.gate();
  const key = `slow/feature/slow@${world.branch('feature/slow', { 'slow.txt': 's\n' })}`;
  await world.ok(['submit', '--slug', 'slow']);
  await world.until(gate.reached);
  expect(await world.ok(['down'])).toMatchObject({ running: false, changed: true });
  expect(isAlive(pid)).toBe(false);
  expect(readFileSync(join(world.state(), 'daemon.log'), 'utf8')).toContain('it is cut off');
  gate.open();
  await world.ok(['up']);
  await world.settled('slow');
  expect(world.landed()).toEqual([key]);
  expect(countOf(await world.events(), 'deployment.completed')).toBe(1);
});
