/** The embedded server: one for a folder, whoever starts it and however anybody dies. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lockFile } from '../../src/io/lock.ts';
import { connect, type RedisConnection } from '../../src/io/redis/connection.ts';
import { openLog } from '../../src/io/redis/log.ts';
import { ensureServer, type RunningServer, stopServer } from '../../src/io/redis/server.ts';
import { findServerProgram } from '../../src/io/redis/server-process.ts';
import { poll } from '../support/redis-server.ts';
import { fastClock } from '../support/simple-clock.ts';
import { appendOne, item, readAll } from './log-suite.ts';

const PROGRAM = findServerProgram(process.env['PATH'] ?? '');

let root: string;
const pids = new Set<number>();
const connections: RedisConnection[] = [];

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'telec-server-')));
});
afterEach(async () => {
  for (const connection of connections.splice(0)) await connection.close();
  for (const pid of pids) await end(pid);
  pids.clear();
  rmSync(root, { recursive: true, force: true });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie still has a pid; Linux shows it.
    return !/^\d+ \(.*\) Z/.test(existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : '');
  } catch {
    return false;
  }
}

async function end(pid: number): Promise<void> {
  if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  await poll(() => !isAlive(pid));
}

/** Starts or finds the server and has it ended with the test. */
async function ensure(options: Parameters<typeof ensureServer>[0]): Promise<RunningServer> {
  const server = await ensureServer(options);
  pids.add(server.pid);
  return server;
}

async function open(server: RunningServer) {
  const connection = await connect({ socketPath: server.socketPath });
  connections.push(connection);
  return { connection, log: openLog(connection, 'r') };
}

const record = (dir: string) => JSON.parse(readFileSync(join(dir, 'redis.json'), 'utf8'));

/** Another process that calls `ensureServer`, in a process group of its own. */
function child(
  dir: string,
  ...args: string[]
): { process: ChildProcess; outcome: Promise<RunningServer & { code?: string }> } {
  const script = fileURLToPath(new URL('../support/ensure-server-child.ts', import.meta.url));
  const started = spawn(process.execPath, ['--import', 'tsx', script, dir, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const line = once(createInterface({ input: started.stdout }), 'line');
  return {
    process: started,
    outcome: line.then(([text]) => {
      const outcome = JSON.parse(text);
      if (outcome.pid !== undefined) pids.add(outcome.pid);
      return outcome;
    }),
  };
}

/** A folder to put first on PATH, with a program `redis-server` that runs `script`. */
function programFolder(script: string): string {
  const folder = join(root, 'bin');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'redis-server'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, 'redis-server'), 0o755);
  return `${folder}:${process.env['PATH']}`;
}

describe('starting', () => {
  test('the first caller starts it, private and durable, and the second finds it', async () => {
    const dir = join(root, 'state');
    const server = await ensure({ dir });
    expect(server).toMatchObject({ started: true, socketPath: join(dir, 'redis', 'r.sock') });
    expect(await ensure({ dir })).toEqual({ ...server, started: false });
    expect(lockFile(join(dir, 'redis', 'lock'))).toBeNull();
    expect(record(dir)).toEqual({
      pid: server.pid,
      socket: server.socketPath,
      started_at: expect.stringMatching(/^20.*Z$/),
    });
    const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);
    expect([mode(dir), mode(dirname(server.socketPath)), mode(server.socketPath)]).toEqual(['700', '700', '600']);

    const { connection } = await open(server);
    const setting = async (name: string) => (await connection.call((redis) => redis.config('GET', name))) as string[];
    expect(await setting('appendfsync')).toEqual(['appendfsync', 'always']);
    expect(await setting('save')).toEqual(['save', '']);
    expect(await setting('port')).toEqual(['port', '0']);
    expect(await setting('maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
    for (const command of ['FLUSHALL', 'FLUSHDB', 'REPLICAOF']) {
      await expect(
        connection.call((redis) => redis.call(command)),
        command,
      ).rejects.toThrow('unknown command');
    }
  });

  test('a state folder reached by another name is the same one', async () => {
    const server = await ensure({ dir: join(root, 'state') });
    expect(await ensure({ dir: join(root, 'other', '..', 'state') })).toEqual({ ...server, started: false });
  });

  test('many callers at once, in one process and in several, end up with one server', async () => {
    const dir = join(root, 'state');
    const outcomes = await Promise.all([
      ...[1, 2, 3].map(() => child(dir).outcome),
      ...[1, 2, 3].map(() => ensure({ dir })),
    ]);
    expect(new Set(outcomes.map(({ pid }) => pid)).size).toBe(1);
    expect(new Set(outcomes.map(({ socketPath }) => socketPath)).size).toBe(1);
    expect(outcomes.filter(({ started }) => started)).toHaveLength(1);
    expect(record(dir).pid).toBe(outcomes[0]?.pid);
  });

  test('it inherits nothing of the environment but PATH', async () => {
    process.env['TELEC_TEST_SECRET'] = 'hunter2';
    try {
      const seen = join(root, 'seen');
      await ensure({ dir: join(root, 'state'), path: programFolder(`env > '${seen}'; exec '${PROGRAM}' "$@"`) });
      const names = readFileSync(seen, 'utf8')
        .split('\n')
        .map((line) => line.split('=')[0]);
      // The shell of the stand-in adds some of its own.
      expect(names).toContain('PATH');
      expect(names.filter((name) => !['PATH', 'PWD', '_', 'SHLVL', 'OLDPWD', ''].includes(name ?? ''))).toEqual([]);
    } finally {
      delete process.env['TELEC_TEST_SECRET'];
    }
  });

  test('a path too long for a socket gets one in a short private folder, found again and cleared away', async () => {
    const dir = join(root, 'd'.repeat(120), 'é'.repeat(40));
    const runtimeDir = join(root, 'run');
    mkdirSync(runtimeDir);
    const server = await ensure({ dir, runtimeDir });
    expect(server.socketPath.startsWith(`${runtimeDir}/telec-`)).toBe(true);
    expect(statSync(dirname(server.socketPath)).mode & 0o777).toBe(0o700);
    expect(record(dir).socket).toBe(server.socketPath);
    expect(await ensure({ dir })).toEqual({ ...server, started: false });
    await appendOne((await open(server)).log, item('k'));
    expect(await stopServer(dir)).toBe(true);
    expect(existsSync(dirname(server.socketPath))).toBe(false);
  });

  test('a short folder that others can enter is not used, whatever its name', async () => {
    const dir = join(root, 'd'.repeat(120));
    const runtimeDir = join(root, 'run');
    mkdirSync(runtimeDir);
    const first = await ensure({ dir, runtimeDir });
    await stopServer(dir);
    mkdirSync(dirname(first.socketPath), { mode: 0o777 });
    chmodSync(dirname(first.socketPath), 0o777);
    const second = await ensure({ dir, runtimeDir });
    expect(dirname(second.socketPath)).not.toBe(dirname(first.socketPath));
    expect(statSync(dirname(second.socketPath)).mode & 0o777).toBe(0o700);
    expect(await ensure({ dir, runtimeDir })).toEqual({ ...second, started: false });
  });
});

describe('crashes', () => {
  test('the server survives the end of its starter and of the whole process group', async () => {
    const dir = join(root, 'state');
    const starter = child(dir, 'stay');
    const server = await starter.outcome;
    expect(server.started).toBe(true);
    process.kill(-(starter.process.pid ?? 0), 'SIGKILL');
    await once(starter.process, 'exit');
    expect(await ensure({ dir })).toEqual({ ...server, started: false });
    await appendOne((await open(server)).log, item('k'));
  });

  test('a server killed in use is started again with every acknowledged entry, and open connections go on', async () => {
    const dir = join(root, 'state');
    const server = await ensure({ dir });
    const { log } = await open(server);
    const acknowledged: string[] = [];
    let killed = false;
    const write = async () => {
      for (let i = 0; i < 400; i += 1) {
        const result = await log.append([item(`k${i}`)]);
        if (result.kind === 'done' && result.outcomes[0] && 'id' in result.outcomes[0])
          acknowledged.push(result.outcomes[0].id);
      }
    };
    const crash = async () => {
      await poll(() => acknowledged.length >= 100);
      process.kill(server.pid, 'SIGKILL');
      killed = true;
      const again = await ensure({ dir });
      expect(again).toMatchObject({ started: true, socketPath: server.socketPath });
      expect(again.pid).not.toBe(server.pid);
    };
    await Promise.all([write(), crash()]);
    expect(killed).toBe(true);
    expect((await readAll(log)).map(({ id }) => id)).toEqual(acknowledged);
    expect(acknowledged).toHaveLength(400);
  });

  test('a record that was lost, torn or is of another folder does not hide or invent a server', async () => {
    const dir = join(root, 'state');
    const server = await ensure({ dir });
    const path = join(dir, 'redis.json');
    rmSync(path);
    expect(await ensure({ dir })).toEqual({ ...server, started: false });
    for (const text of ['', '{"pid":', '{"pid":"1","socket":"r.sock"}', 'null']) {
      writeFileSync(path, text);
      expect(await ensure({ dir })).toEqual({ ...server, started: false });
      expect(record(dir).pid).toBe(server.pid);
    }
    const copy = join(root, 'copy');
    mkdirSync(copy);
    copyFileSync(path, join(copy, 'redis.json'));
    const other = await ensure({ dir: copy });
    expect(other.started).toBe(true);
    expect(other.socketPath).not.toBe(server.socketPath);
    expect(await stopServer(copy)).toBe(true);
    expect(isAlive(server.pid)).toBe(true);
  });
});

describe('one server only', () => {
  test('a folder held by a process that does not answer is left alone, with a word and a fault', async () => {
    const dir = join(root, 'state');
    mkdirSync(join(dir, 'redis'), { recursive: true });
    const lock = lockFile(join(dir, 'redis', 'lock'));
    const words: string[] = [];
    await expect(ensure({ dir, clock: fastClock(20), onWait: (word) => words.push(word) })).rejects.toMatchObject({
      code: 'REDIS_LOCKED',
      exit: 3,
    });
    expect(words).toEqual(['another process holds the Redis of this repository']);
    lock?.release();
    expect((await ensure({ dir })).started).toBe(true);
  });

  test('a lock held a little longer, as by a rewrite child, is waited for', async () => {
    const dir = join(root, 'state');
    mkdirSync(join(dir, 'redis'), { recursive: true });
    const lock = lockFile(join(dir, 'redis', 'lock'));
    const waiting = ensure({ dir });
    setTimeout(() => lock?.release(), 300);
    expect((await waiting).started).toBe(true);
  });

  test('a stopped server keeps its folder: nobody starts a second one', async () => {
    const dir = join(root, 'state');
    const server = await ensure({ dir });
    process.kill(server.pid, 'SIGSTOP');
    try {
      await expect(ensure({ dir, clock: fastClock(20) })).rejects.toMatchObject({
        code: 'REDIS_LOCKED',
        hint: expect.stringContaining(String(server.pid)),
      });
    } finally {
      process.kill(server.pid, 'SIGCONT');
    }
    expect(await ensure({ dir })).toEqual({ ...server, started: false });
  });

  test('a server that loads its data is waited for, with one word', async () => {
    const dir = join(root, 'state');
    const server = await ensure({ dir });
    const { log } = await open(server);
    for (let i = 0; i < 2; i += 1) {
      await log.append(Array.from({ length: 1000 }, (_, j) => item(`k${i}-${j}`, { payload: 'x'.repeat(500) })));
    }
    await end(server.pid);
    const path = programFolder(
      `exec '${PROGRAM}' "$@" --key-load-delay 200 --loading-process-events-interval-bytes 1024`,
    );
    const words: string[] = [];
    const [again, second] = await Promise.all([
      ensure({ dir, path, onWait: (word) => words.push(word) }),
      ensure({ dir, path, onWait: (word) => words.push(word) }),
    ]);
    expect(words).toEqual(['Redis is loading its data', 'Redis is loading its data']);
    expect([again.started, second.started].sort()).toEqual([false, true]);
    expect((await (await open(again)).log.stats()).length).toBe(2000);
  });
});

describe('faults of the machine', () => {
  test('no program on PATH is told within three seconds with the way to get one, and leaves no lock behind', async () => {
    const dir = join(root, 'state');
    const began = performance.now();
    await expect(ensure({ dir, path: join(root, 'nothing') })).rejects.toMatchObject({
      code: 'REDIS_MISSING',
      exit: 3,
      hint: expect.stringMatching(/install .*redis.*TELEC_REDIS_URL/),
    });
    expect(performance.now() - began).toBeLessThan(3000);
    expect((await ensure({ dir })).started).toBe(true);
    expect((await ensure({ dir, path: '' })).started).toBe(false);
  });

  test('a program in the working directory is not run, however PATH is written', async () => {
    programFolder('exit 9');
    for (const path of ['', '.', 'bin', ':', `${join(root, 'bin', 'redis-server')}`]) {
      await expect(ensure({ dir: join(root, 'state'), path }), path).rejects.toMatchObject({ code: 'REDIS_MISSING' });
    }
  });

  test('a server that ends at once is told with its own last words', async () => {
    const path = programFolder('echo "Bad file format reading the append only file" >&2; exit 1');
    await expect(ensure({ dir: join(root, 'state'), path })).rejects.toMatchObject({
      code: 'REDIS_START_FAILED',
      exit: 3,
      message: expect.stringMatching(/status 1.*Bad file format/),
    });
  });
});

describe('stopping', () => {
  test('ends the server cleanly, once, and a start finds everything again', async () => {
    const dir = join(root, 'state');
    expect(await stopServer(dir)).toBe(false);
    expect(existsSync(dir)).toBe(false);
    const server = await ensure({ dir });
    const { log, connection } = await open(server);
    const id = await appendOne(log, item('k'));
    expect(await stopServer(dir)).toBe(true);
    expect(existsSync(join(dir, 'redis.json'))).toBe(false);
    await poll(() => !isAlive(server.pid));
    expect(await stopServer(dir)).toBe(false);
    await connection.close();
    const again = await ensure({ dir });
    expect(again.started).toBe(true);
    expect((await readAll((await open(again)).log)).map((entry) => entry.id)).toEqual([id]);
  });
});
