/** `GET /metrics` of a running daemon: scraped as Prometheus would, through both doors, before and after a delivery. */
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { readDaemonFile } from '../../src/io/state.ts';
import { metricsTokenFile } from '../../src/io/web-token.ts';
import { makeWorld, type World } from '../support/daemon-world.ts';

const QUIET = { TELEC_WEB_PORT: '0', TELEC_INTEGRATION_PROBE_MS: '86400000' };

async function worldOf(): Promise<World> {
  const world = await makeWorld({ env: QUIET });
  onTestFinished(() => world.close());
  return world;
}

const daemonOf = (world: World) => {
  const file = readDaemonFile(world.state());
  if (!file?.web) throw new Error('no web door');
  return { socket: file.socket, web: file.web };
};
const tokenOf = (world: World) => readFileSync(metricsTokenFile(world.state()), 'utf8').trim();

/** As a scraper with `credentials_file` does. */
const scrape = (world: World, path = '/metrics') =>
  fetch(`${daemonOf(world).web}${path}`, { headers: { authorization: `Bearer ${tokenOf(world)}` } });

const sample = (text: string, name: string) => {
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  return line === undefined ? null : Number(line.slice(name.length));
};

function bySocket(socketPath: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path: '/metrics' }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      answer.on('end', () => resolve(text));
    });
    asked.on('error', reject).end();
  });
}

test('a delivery and a conflict are counted, behind both doors', async () => {
  const world = await worldOf();
  await world.ok(['up']);
  world.branch('feature/one', { 'file.txt': 'one\n' });
  world.branch('feature/two', { 'file.txt': 'two\n' });
  const before = await (await scrape(world)).text();
  expect(sample(before, 'telec_outcomes_total{outcome="completed",kind="merged"}')).toBe(0);
  await world.ok(['submit', 'feature/one', '--slug', 'one', '--wait']);
  await world.run(['submit', 'feature/two', '--slug', 'two', '--wait']);
  await world.until(
    async () => sample(await (await scrape(world)).text(), 'telec_sessions_total{outcome="drained"}') === 2,
  );
  const answer = await scrape(world);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
  ]);
  const text = await answer.text();
  const of = (name: string) => sample(text, name);
  expect(of('telec_outcomes_total{outcome="completed",kind="merged"}')).toBe(1);
  expect(of('telec_outcomes_total{outcome="blocked",kind="conflict"}')).toBe(1);
  expect(of('telec_candidates{state="completed"}')).toBe(1);
  expect(of('telec_candidates{state="blocked"}')).toBe(1);
  expect(of('telec_wait_seconds_count')).toBe(2);
  expect(of('telec_integration_seconds_count{outcome="completed"}')).toBe(1);
  expect(of('telec_integration_seconds_sum{outcome="completed"}')).toBeGreaterThan(0);
  expect(of('telec_pushes_total{outcome="succeeded"}')).toBe(of('telec_pushes_total{outcome="attempted"}'));
  expect(of('telec_lease_held')).toBe(0);
  expect(of('telec_log_lag_seconds')).toBe(0);
  expect(of('telec_log_entries')).toBe((await world.ok<{ log: { length: number } }>(['status'])).log.length);
  // The same from the socket, which asks for no token.
  const inside = await bySocket(daemonOf(world).socket);
  expect(sample(inside, 'telec_wait_seconds_count')).toBe(2);
  expect(text).not.toContain('feature/');
});

test('its token opens the metrics alone, is kept over a new start, and others may not read it', async () => {
  const world = await worldOf();
  await world.ok(['up']);
  const token = tokenOf(world);
  expect(statSync(metricsTokenFile(world.state())).mode & 0o777).toBe(0o600);
  for (const path of ['/v1/status', '/v1/events', '/v1/inspection'])
    expect([path, (await scrape(world, path)).status]).toEqual([path, 401]);
  expect((await scrape(world)).status).toBe(200);
  const without = await fetch(`${daemonOf(world).web}/metrics`);
  expect(without.status).toBe(401);
  await world.ok(['down']);
  await world.ok(['up']);
  expect(tokenOf(world)).toBe(token);
  expect((await scrape(world)).status).toBe(200);
  const head = `Authorization: Bearer ${token}`;
  const curled = execFileSync('curl', ['--silent', '--fail', '-H', '@-', `${daemonOf(world).web}/metrics`], {
    input: head,
    encoding: 'utf8',
  });
  expect(sample(curled, 'telec_redis_up')).toBe(1);
  chmodSync(metricsTokenFile(world.state()), 0o644);
  const rows = (await world.run(['doctor', '--json'])).json<{ status: string; detail: string }[]>();
  expect(rows.filter(({ detail }) => detail.includes('token for metrics')).map(({ status }) => status)).toEqual([
    'fail',
  ]);
  // One that others could read is not gone on with.
  await world.ok(['down']);
  await world.ok(['up']);
  expect(tokenOf(world)).not.toBe(token);
  expect(statSync(metricsTokenFile(world.state())).mode & 0o777).toBe(0o600);
});
