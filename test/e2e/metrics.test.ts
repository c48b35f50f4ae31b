/** `GET /metrics` of a running daemon: scraped as Prometheus would, through both doors, before and after a delivery. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync, statSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readDaemonFile } from '../../src/io/state.ts';
import { metricsTokenFile } from '../../src/io/web-token.ts';
import { makeWorld, type World } from '../support/daemon-world.ts';

const QUIET = { TELEC_WEB_PORT: '0', TELEC_INTEGRATION_PROBE_MS: '86400000' };

async function worldOf(env: Record<string, string> = {}): Promise<World> {
  const world = await makeWorld({ env: { ...QUIET, ...env } });
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

interface Exported {
  resourceSpans: {
    resource: { attributes: Attribute[] };
    scopeSpans: { spans: ExportedSpan[] }[];
  }[];
}
interface Attribute {
  key: string;
  value: { stringValue?: string; intValue?: number | string };
}
interface ExportedSpan {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: Attribute[];
  status: { code: number; message?: string };
}

/** A collector that takes what it is sent, or answers with that status. */
async function collector(status = 200) {
  const spans: ExportedSpan[] = [];
  const resources: Attribute[][] = [];
  const asked: string[] = [];
  const server = createServer((question, answer) => {
    let body = '';
    question.setEncoding('utf8').on('data', (chunk) => {
      body += chunk;
    });
    question.on('end', () => {
      asked.push(`${question.method} ${question.url} ${question.headers['content-type']}`);
      const { resourceSpans } = JSON.parse(body) as Exported;
      for (const { resource, scopeSpans } of resourceSpans) {
        resources.push(resource.attributes);
        if (status === 200) spans.push(...scopeSpans.flatMap((scope) => scope.spans));
      }
      answer.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { spans, resources, asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const attributeOf = (attributes: Attribute[], key: string) => {
  const value = attributes.find((one) => one.key === key)?.value;
  return value?.stringValue ?? Number(value?.intValue);
};

test('a collector gets each delivery as spans that follow each other, the blocked one as an error', async () => {
  const taken = await collector();
  const world = await worldOf({ OTEL_EXPORTER_OTLP_ENDPOINT: taken.url });
  await world.ok(['up']);
  const sha = world.branch('feature/one', { 'file.txt': 'one\n' });
  world.branch('feature/two', { 'file.txt': 'two\n' });
  await world.ok(['submit', 'feature/one', '--slug', 'one', '--wait']);
  await world.run(['submit', 'feature/two', '--slug', 'two', '--wait']);
  // Its end sends what waits.
  await world.ok(['down']);
  expect([...new Set(taken.asked)]).toEqual(['POST /v1/traces application/json']);
  expect(attributeOf(taken.resources[0] ?? [], 'service.name')).toBe('telec');
  const roots = taken.spans.filter(({ name }) => name === 'delivery');
  expect(
    roots.map(({ attributes, status }) => [
      attributeOf(attributes, 'telec.slug'),
      attributeOf(attributes, 'telec.outcome'),
      status.code,
    ]),
  ).toEqual([
    ['one', 'completed', 0],
    ['two', 'blocked', 2],
  ]);
  const [one, two] = roots as [ExportedSpan, ExportedSpan];
  expect(attributeOf(one.attributes, 'telec.sha')).toBe(sha);
  expect(attributeOf(two.attributes, 'telec.kind')).toBe('conflict');
  const partsOf = (root: ExportedSpan) => taken.spans.filter(({ parentSpanId }) => parentSpanId === root.spanId);
  expect(partsOf(one).map(({ name }) => name)).toEqual(['waiting', 'merging', 'train', 'pushing', 'recording']);
  expect(partsOf(two).map(({ name }) => name)).toEqual(['waiting', 'merging']);
  const events = await world.events();
  const nanosOf = (suffix: string) => `${events.find(({ event }) => event.endsWith(suffix))?.id.split('-')[0]}000000`;
  for (const [at, span] of partsOf(one).entries()) {
    expect(span.traceId).toBe(one.traceId);
    const before = partsOf(one)[at - 1];
    expect(span.startTimeUnixNano).toBe(before?.endTimeUnixNano ?? one.startTimeUnixNano);
  }
  expect(partsOf(one).at(-1)?.endTimeUnixNano).toBe(one.endTimeUnixNano);
  expect(partsOf(one)[1]?.startTimeUnixNano).toBe(nanosOf('candidate.dequeued'));
  expect(one.endTimeUnixNano).toBe(nanosOf('deployment.completed'));
});

test('a collector that refuses delays nothing, and is told of in the log of the daemon', async () => {
  const refusing = await collector(400);
  const world = await worldOf({ OTEL_EXPORTER_OTLP_ENDPOINT: `${refusing.url}/` });
  await world.ok(['up']);
  world.branch('feature/one', { 'file.txt': 'one\n' });
  await world.ok(['submit', 'feature/one', '--slug', 'one', '--wait']);
  await world.ok(['down']);
  expect(refusing.asked.length).toBeGreaterThan(0);
  const log = readFileSync(join(world.state(), 'daemon.log'), 'utf8').split('\n');
  expect(log.filter((line) => line.includes('traces could not be sent'))).toHaveLength(1);
});
