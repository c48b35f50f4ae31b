/**
 * A scratch redis-server for one test file: own directory, own unix socket (and TCP port when asked), ended by pid.
 * Starts the server itself instead of through `ensureServer`, so that a fault there cannot hide.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findServerProgram } from '../../src/io/redis/server-process.ts';

export interface ScratchRedis {
  dir: string;
  socketPath: string;
  pid: number;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
  /** Starts it again on the same directory after `kill`. */
  restart(): Promise<void>;
  /** Ends it and removes its directory. */
  stop(): Promise<void>;
}

/** A TCP port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Asks `probe` every 10 ms until it says true; throws after `limitMs`. */
export async function poll(probe: () => boolean | Promise<boolean>, limitMs = 10_000): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await probe())) {
    if (performance.now() > deadline) throw new Error('what the test waited for did not happen');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** True when the server at `socketPath` answers a PING with PONG. */
function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(socketPath, () => socket.write('PING\r\n'));
    socket.once('data', (data) => {
      socket.destroy();
      resolve(/^(\+PONG|-NOAUTH)/.test(data.toString()));
    });
    socket.once('error', () => resolve(false));
    socket.setTimeout(1000, () => socket.destroy(new Error('silent')));
  });
}

/** Starts a server with `args` added to the settings telec uses itself. */
export async function startRedis(args: string[] = []): Promise<ScratchRedis> {
  const dir = mkdtempSync(join(tmpdir(), 'telec-redis-'));
  const socketPath = join(dir, 'r.sock');
  const settings = ['--port', '0', '--unixsocket', socketPath, '--dir', dir, '--save', '', '--appendonly', 'yes'];
  settings.push('--appendfsync', 'always', '--logfile', join(dir, 'redis.log'));
  let child: ChildProcess;
  const scratch: ScratchRedis = {
    dir,
    socketPath,
    pid: 0,
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
    async restart() {
      child = spawn(findServerProgram(process.env['PATH'] ?? ''), [...settings, ...args], { stdio: 'ignore' });
      scratch.pid = child.pid ?? 0;
      await poll(() => answers(socketPath));
    },
    async stop() {
      await scratch.kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
  await scratch.restart();
  return scratch;
}
