/**
 * A whole run with a secret of its own in every place that has one: Redis, the remote, the environment, a key, the web
 * door, the lease. Afterwards none of them stands in a log, an event, an answer, an error or an argument.
 */
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import type { CandidateView } from '../../src/actors/client.ts';
import { ROUTES } from '../../src/actors/routes.ts';
import { repositoryKeys } from '../../src/io/redis/keys.ts';
import { readDaemonFile } from '../../src/io/state.ts';
import { webTokenFile } from '../../src/io/web-token.ts';
import { makeWorld, type Run, type World } from '../support/daemon-world.ts';
import { argumentsOfAll, serveGit } from '../support/git-http.ts';
import { git } from '../support/git-repo.ts';
import { freePort, startRedis } from '../support/redis-server.ts';
import { temporaryFolder } from '../support/temporary.ts';

const KEY_BODY = 'c3NoLWtleS1jYW5hcnktb2YtdGhpcy10ZXN0';
const CANARIES: Record<string, string> = {
  redis: 'redis-canary-7f3a',
  wrongRedis: 'wrong-redis-canary-1c9e',
  // As it is written in a URL and as it is meant.
  remoteWritten: 'remote%40canary-5d2b',
  remote: 'remote@canary-5d2b',
  environment: 'environment-canary-9e4f',
  key: KEY_BODY,
};
const KEY = `-----BEGIN OPENSSH PRIVATE KEY-----\n${KEY_BODY}\n-----END OPENSSH PRIVATE KEY-----\n`;

/** What telec knows while the remote or a command prints it; a key tells itself by its form. */
const { key: _key, wrongRedis: _wrong, ...KNOWN } = CANARIES;

/** Names of the canaries that stand in a text. */
function found(text: string, canaries = CANARIES): string[] {
  return Object.entries(canaries).flatMap(([name, canary]) => (text.includes(canary) ? [name] : []));
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => lstatSync(path).isFile());
}

/** Notes all that any process was started with, and the token of every lease, until it is ended. */
function watch(redis: Redis, state: () => string) {
  const seen = new Set<string>();
  const tokens = new Set<string>();
  const look = async () => {
    for (const text of argumentsOfAll()) seen.add(text);
    const [folder = ''] = existsSync(state()) ? readdirSync(state()) : [];
    const token = folder && (await redis.hget(repositoryKeys(folder).lease, 'lease_token').catch(() => null));
    if (token) tokens.add(token);
  };
  const timer = setInterval(() => void look(), 20);
  return { seen, tokens, look, end: () => clearInterval(timer) };
}

async function sharedRedis(): Promise<{ redis: Redis; port: number }> {
  const port = await freePort();
  const server = await startRedis(['--port', String(port)]);
  onTestFinished(() => server.stop());
  const redis = new Redis({ port, host: '127.0.0.1' });
  onTestFinished(() => redis.disconnect());
  // By a command, so that the test's own server shows it in no argument either.
  await redis.config('SET', 'requirepass', CANARIES['redis'] ?? '');
  await redis.auth(CANARIES['redis'] ?? '');
  return { redis, port };
}

/** The remote behind HTTP, for who knows the password; its hook prints every secret it knows, and takes no `two`. */
async function remoteOf(world: World, look: () => Promise<void>): Promise<number> {
  const right = `Basic ${Buffer.from(`user:${CANARIES['remote']}`).toString('base64')}`;
  const server = await serveGit(world.dir, ({ headers }) => {
    void look();
    if (headers.authorization === undefined) return 401;
    return headers.authorization === right ? null : 403;
  });
  onTestFinished(() => void server.close());
  git(world.remote, 'config', 'http.receivepack', 'true');
  const told = [...Object.values(KNOWN), KEY].map((canary) => `echo 'the hook says ${canary}' >&2\n`);
  const hook = join(world.remote, 'hooks', 'pre-receive');
  mkdirSync(dirname(hook), { recursive: true });
  const refuse = `while read old new ref; do case $ref in refs/heads/main) git log --format=%B $old..$new | grep -q '^Telec-Candidate: two/' && exit 1;; refs/heads/never) exit 1;; esac; done; exit 0\n`;
  writeFileSync(hook, `#!/bin/sh\n${told.join('')}${refuse}`, { mode: 0o755 });
  return (server.address() as AddressInfo).port;
}

test('S-secret: no secret of a whole run stands in a log, an event, an answer, an error or an argument', async () => {
  const { redis, port: redisPort } = await sharedRedis();
  const url = `redis://:${CANARIES['redis']}@127.0.0.1:${redisPort}/0`;
  const env = {
    TELEC_REDIS_URL: url,
    CANARY_TOKEN: CANARIES['environment'] ?? '',
    TELEC_WEB_PORT: '0',
    TELEC_ROLE: 'admin',
  };
  const own = temporaryFolder();
  writeFileSync(join(own, 'key'), KEY, { mode: 0o600 });
  const echoes = Object.entries(KNOWN);
  const after = join(own, 'after.sh');
  writeFileSync(after, `cat '${own}/key'\n${echoes.map(([, canary]) => `echo '${canary}'\n`).join('')}exit 3\n`);
  const world = await makeWorld({
    init: false,
    env,
    config: `integration:\n  grace_ms: 0\n  after_delivery: sh ${after}\nlease:\n  ttl_ms: 3000\n  renew_ms: 300\n`,
    files: { 'todos/roadmap.yaml': '- slug: later\n', 'todos/later/requirements.md': '# later\n' },
  });
  onTestFinished(() => world.close());
  const watching = watch(redis, () => world.env['TELEC_HOME'] ?? '');
  onTestFinished(watching.end);
  const remotePort = await remoteOf(world, watching.look);
  const remoteUrl = `http://user:${CANARIES['remoteWritten']}@127.0.0.1:${remotePort}/remote.git`;
  git(world.clone, 'remote', 'set-url', 'origin', remoteUrl);
  // The remote answers in this process, so the test itself takes the short way to it.
  const branch = (name: string, files: Record<string, string>) => {
    git(world.clone, 'fetch', '--quiet', world.remote, '+main:refs/remotes/origin/main');
    git(world.clone, 'checkout', '--quiet', '-B', name, '--no-track', 'origin/main');
    for (const [path, text] of Object.entries(files)) writeFileSync(join(world.clone, path), text);
    git(world.clone, 'add', '--all');
    git(world.clone, 'commit', '--quiet', '-m', name);
  };

  const said: [what: string, text: string][] = [];
  const run = async (args: string[], more: Record<string, string> = {}): Promise<Run> => {
    const ended = await world.run(args, { env: more });
    said.push([`${args.join(' ')} -> ${ended.code}`, ended.stdout + ended.stderr]);
    return ended;
  };
  const fine = async (...args: string[]) => expect([args, (await run(args)).code]).toEqual([args, 0]);

  await fine('init');
  await fine('up');
  branch('feature/one', { 'one.txt': '1\n' });
  await fine('submit', '--slug', 'one');
  await world.settled('one');
  const afterwards = async () =>
    (await world.events()).filter(({ event }) => event.endsWith('.after_delivery.finished'));
  await world.until(async () => (await afterwards()).length > 0);
  branch('feature/two', { 'two.txt': '2\n' });
  await fine('submit', '--slug', 'two');
  await world.settled('two', 'blocked');
  const [two] = await world.ok<CandidateView[]>(['candidates', '--slug', 'two']);
  expect(JSON.stringify(two)).toContain('the hook says ***');
  const [finished] = await afterwards();
  expect(finished?.payload['output_tail']).toMatch(/\*\*\*\n\*\*\*/);

  // A worker says what it knows, and a person, too.
  const payload = { slug: 'one', requested_at: new Date().toISOString(), review_round: 2, reviewer_session_id: 'r' };
  const findings = [`uses ${CANARIES['environment']} and ${url}`];
  await fine('events', 'emit', 'review.changes_requested', '--payload', JSON.stringify({ ...payload, findings }));
  await fine('hold', '--reason', `because of ${CANARIES['environment']}`);

  for (const words of [
    ['status'],
    ['candidates'],
    ['candidate', 'two'],
    ['queue'],
    ['why', 'two'],
    ['lease'],
    ['notifications'],
    ['sessions'],
    ['actors'],
    ['doctor'],
    ['config', 'show'],
    ['events', 'tail'],
    ['events', 'dead'],
    ['replay'],
    ['rollout', 'status'],
    ['roadmap', 'list'],
    ['todo', 'list'],
    ['nonsense'],
    ['candidate', 'nothing'],
  ]) {
    await run(words);
    await run([...words, '--json']);
  }
  // What cannot be reached, or says no.
  branch('never', { 'never.txt': 'n\n' });
  for (const json of [[], ['--json']]) {
    expect((await run(['submit', '--slug', 'never', ...json])).stderr + said.at(-1)?.[1]).toContain(
      'the hook says ***',
    );
    const closed = `redis://:${CANARIES['wrongRedis']}@127.0.0.1:1`;
    expect(
      (await run(['queue', ...json], { TELEC_REDIS_URL: closed, TELEC_HOME: join(world.dir, 'other') })).code,
    ).toBe(3);
    const wrong = url.replace(CANARIES['redis'] ?? '', CANARIES['wrongRedis'] ?? '');
    await run(['events', 'tail', ...json], { TELEC_REDIS_URL: wrong });
    await run(['doctor', ...json], { TELEC_REDIS_URL: `not-a-url-${CANARIES['environment']}` });
  }
  git(world.clone, 'remote', 'set-url', 'origin', remoteUrl.replace(`:${remotePort}/`, ':1/'));
  for (const json of [[], ['--json']]) {
    expect((await run(['doctor', ...json])).code).toBe(1);
    expect((await run(['submit', '--slug', 'never', ...json])).code).toBe(3);
  }

  const daemon = readDaemonFile(world.state());
  const tokenLine = readFileSync(webTokenFile(world.state()), 'utf8').trim();
  const authorization = tokenLine.replace('Authorization: ', '');
  const queries: Record<string, string> = {
    '/v1/candidate': '?selector=two',
    '/v1/why': '?slug=two',
    '/v1/events': '?count=1000',
  };
  for (const { method, path } of ROUTES) {
    if (method !== 'GET') continue;
    const answer = await fetch(`${daemon?.web}${path}${queries[path] ?? ''}`, { headers: { authorization } });
    said.push([`GET ${path}`, await answer.text()]);
  }
  for (const id of (await world.ask<{ id: string }[]>('/v1/actors')) ?? [])
    said.push([`actor ${id.id}`, JSON.stringify(await world.ask(`/v1/actor?id=${encodeURIComponent(id.id)}`))]);
  for (const entry of await world.events()) said.push([`event ${entry.event}`, JSON.stringify(entry)]);
  await fine('unhold');
  await fine('down');
  watching.end();

  const web = authorization.replace('Bearer ', '');
  expect(web).toMatch(/^[0-9a-f]{64}$/);
  expect(watching.tokens.size).toBeGreaterThan(0);
  const all = { ...CANARIES, web };
  for (const [at, token] of [...watching.tokens].entries()) Object.assign(all, { [`lease ${at}`]: token });

  const leaks = (texts: Iterable<[string, string]>) =>
    [...texts].flatMap(([what, text]) => found(text, all).map((name) => `${name} in ${what}`));
  expect(leaks(said)).toEqual([]);
  // What the test itself started with a secret in its arguments is none of telec's.
  const ours = / --payload | --reason | remote set-url /;
  const started = [...watching.seen].filter((text) => !ours.test(text));
  expect(started.some((text) => text.includes('remote-http'))).toBe(true);
  expect(leaks(started.map((text) => [text, text]))).toEqual([]);
  // What a command of the user's own printed is kept as it is, for the user alone.
  const keepers = ['after-delivery.log', 'after-delivery.log.1'];
  const files = filesBelow(world.state());
  expect(files.some((path) => path.endsWith('/daemon.log'))).toBe(true);
  const open = files.filter(
    (path) => keepers.some((name) => path.endsWith(`/${name}`)) && lstatSync(path).mode & 0o077,
  );
  expect(open).toEqual([]);
  const kept = files.filter((path) => !keepers.some((name) => path.endsWith(`/${name}`)));
  expect(leaks(kept.map((path) => [path, readFileSync(path, 'latin1')]))).toEqual([]);
  // And what became of it on main: merges, books, the follow-up of what was blocked.
  const history = git(world.remote, 'log', '-p', '--all');
  expect(history).toContain('two-integration-blocked');
  expect(leaks([['the history of the remote', history]])).toEqual([]);
});
