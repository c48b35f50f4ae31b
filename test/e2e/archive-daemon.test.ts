/** `events archive` while daemons run: on this machine, on another one that slept, and on one of another version. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import type { ArchiveView } from '../../src/actors/archive/views.ts';
import type { CandidateView, ReplayView, StatusView } from '../../src/actors/client.ts';
import { ask } from '../../src/io/daemon-socket.ts';
import { repositoryKeys } from '../../src/io/redis/keys.ts';
import { readDaemonFile } from '../../src/io/state.ts';
import { end, makeWorld, type World, type WorldOptions } from '../support/daemon-world.ts';
import { freePort, poll, startRedis } from '../support/redis-server.ts';

const QUIET = { TELEC_WEB_PORT: '0' };

async function worldOf(options: WorldOptions = {}): Promise<World> {
  const world = await makeWorld({ ...options, env: { ...QUIET, ...options.env } });
  onTestFinished(() => world.close());
  return world;
}

/** One delivery, handed in and landed. */
async function deliver(world: World, slug: string): Promise<void> {
  world.branch(`feature/${slug}`, { [`${slug}.txt`]: `${slug}\n` });
  await world.ok(['submit', `feature/${slug}`, '--slug', slug]);
  await world.settled(slug);
}

const newestOf = async (world: World) => (await world.events()).at(-1)?.id ?? '';

/** The session in hand has ended: what follows is archived by nobody else's doing. */
const atRest = (world: World) =>
  world.until(async () => {
    const events = await world.events();
    return events.findLast(({ event }) => event.includes('.session.'))?.event.endsWith('session.completed') === true;
  });

test('a running daemon goes on over it, and replay agrees with it; so does the status when it is gone', async () => {
  const world = await worldOf();
  await world.ok(['up']);
  await deliver(world, 'one');
  await atRest(world);
  const before = await world.events();
  const view = await world.ok<ArchiveView>(['events', 'archive', '--before', await newestOf(world)]);
  expect(view.archived).toBeGreaterThan(10);
  expect(await world.events()).toEqual(before);
  await deliver(world, 'two');
  await atRest(world);
  expect(world.landed().map((key) => key.split('/')[0])).toEqual(['one', 'two']);
  const status = await world.ok<StatusView>(['status']);
  expect(status.log).toMatchObject({ state: 'intact', length: (await world.events()).length });
  expect(await world.ok<ReplayView>(['replay', '--verify'])).toMatchObject({ equal: true, entries: status.log.length });
  // Up to an older entry it shows the older states, and compares the daemon all the same where that one stands.
  const then = await world.ok<ReplayView>(['replay', '--verify', '--at', view.through ?? '']);
  expect({ ...then, duration_ms: 0 }).toEqual({
    ...(await world.ok<ReplayView>(['replay', '--at', view.through ?? ''])),
    duration_ms: 0,
    equal: true,
  });
  // What the daemon is asked over its socket comes from the archives, too.
  expect((await world.ask<{ id: string }[]>('/v1/events?count=5'))?.map(({ id }) => id)).toEqual(
    before.slice(0, 5).map(({ id }) => id),
  );
  await world.ok(['down']);
  for (let time = 0; time < 2; time += 1) {
    const still = await world.ok<StatusView>(['status']);
    expect([still.daemon.running, still.log.length]).toEqual([false, (await world.events()).length]);
  }
  await world.ok(['up']);
  await deliver(world, 'three');
});

interface Other {
  run(args: string[]): ReturnType<World['run']>;
  status(): Promise<StatusView>;
  state(): string;
  pid(): number;
}

/** Another machine on the same Redis: a clone and a state folder of its own. */
function otherMachine(world: World): Other {
  const cwd = join(world.dir, 'elsewhere');
  execFileSync('git', ['clone', '--quiet', '--template=', world.remote, cwd]);
  const home = join(world.dir, 'other-state');
  const env = { TELEC_HOME: home };
  const state = () => join(home, readdirSync(home)[0] ?? '');
  const pid = () => readDaemonFile(state())?.pid ?? 0;
  onTestFinished(async () => {
    const running = pid();
    if (running > 0) await end(running);
  });
  return {
    run: (args) => world.run([...args, '--json'], { cwd, env }),
    // Asked of the daemon itself: a command folds the log by itself.
    async status() {
      const answer = await ask(readDaemonFile(state())?.socket ?? '', { path: '/v1/status' });
      return answer?.value as StatusView;
    },
    state,
    pid,
  };
}

async function shared(): Promise<{ world: World; other: Other; url: string }> {
  const port = await freePort();
  const redis = await startRedis(['--port', String(port), '--bind', '127.0.0.1', '--appendfsync', 'no']);
  const url = `redis://127.0.0.1:${port}/0`;
  onTestFinished(() => redis.stop());
  const world = await worldOf({ env: { TELEC_REDIS_URL: url } });
  return { world, other: otherMachine(world), url };
}

test('a daemon of another machine that slept past it says so and stops; a new start goes on from the kept fold', async () => {
  const { world, other } = await shared();
  expect((await other.run(['up'])).code).toBe(0);
  process.kill(other.pid(), 'SIGSTOP');
  await world.ok(['up']);
  await deliver(world, 'one');
  await atRest(world);
  const view = await world.ok<ArchiveView>(['events', 'archive', '--before', await newestOf(world)]);
  expect(view.archived).toBeGreaterThan(10);
  process.kill(other.pid(), 'SIGCONT');
  // Until it has noticed, it refuses to answer with less than the log has.
  const stateOf = async () => (await other.status().catch(() => null))?.log.state;
  await poll(async () => (await stateOf()) === 'archived', 30_000);
  const log = readFileSync(join(other.state(), 'daemon.log'), 'utf8');
  expect(log).toContain('ARCHIVE_ELSEWHERE');
  expect((await other.run(['down'])).code).toBe(0);
  expect((await other.run(['up'])).code).toBe(0);
  await poll(async () => (await other.status()).log.state === 'intact', 30_000);
  expect((await other.status()).counts).toEqual((await world.ok<StatusView>(['status'])).counts);
  await deliver(world, 'two');
  await poll(async () => (await other.status()).counts.completed === 2, 30_000);
  expect((await other.run(['replay', '--verify'])).json()).toMatchObject({ equal: true });
});

test('a fold of another version helps nobody: the host with the files brings one, the others say what they lack', async () => {
  const { world, other, url } = await shared();
  await world.ok(['up']);
  await deliver(world, 'one');
  await atRest(world);
  const { through } = await world.ok<ArchiveView>(['events', 'archive', '--before', await newestOf(world)]);
  const { repo_id } = await world.ok<StatusView>(['status']);
  const redis = new Redis(url);
  onTestFinished(() => redis.disconnect());
  const { archiveFolds } = repositoryKeys(repo_id);
  const [version = ''] = await redis.hkeys(archiveFolds);
  await redis.rename(archiveFolds, `${archiveFolds}-aside`);
  await redis.hset(archiveFolds, '0-of-another-version', `${through} xx`);
  const refused = await other.run(['candidates']);
  expect([refused.code, refused.json<{ error: { code: string } }>().error.code]).toEqual([3, 'ARCHIVE_ELSEWHERE']);
  await world.ok(['down']);
  await world.ok(['up']);
  await poll(async () => (await redis.hexists(archiveFolds, version)) === 1, 30_000);
  const known = await world.ok<CandidateView[]>(['candidates']);
  expect((await other.run(['candidates'])).json()).toEqual(known);
  // With the files at hand no fold is needed.
  await redis.del(archiveFolds);
  const [name = ''] = readdirSync(join(world.state(), 'archives'), { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.gz'),
  );
  const copy = join(other.state(), 'archives', name);
  mkdirSync(dirname(copy), { recursive: true });
  cpSync(join(world.state(), 'archives', name), copy);
  rmSync(join(other.state(), 'snapshot.json'), { force: true });
  expect((await other.run(['candidates'])).json()).toEqual(known);
});
