/**
 * The server process itself: finding its program, starting it with telec's settings, asking a socket who answers.
 * Decides nothing about when to start one; that is `server.ts`.
 *
 * Invariants: no TCP port; every acknowledged write is on disk; nothing expires or is evicted; the process holds the
 * lock it is given for as long as it lives; it inherits no environment that could hold a secret.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, closeSync, constants, existsSync, openSync, renameSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { Redis } from 'ioredis';
import { EXIT, TelecError } from '../../errors.ts';
import { serverFault } from './faults.ts';

const PROGRAMS = ['redis-server', 'valkey-server'];
const LOG_BYTES_MAX = 1024 * 1024;
const PROBE_MS = 1000;

/** Name of the server's own log in its data folder. */
export const LOG_NAME = 'redis.log';

/** How to get a server on this machine. */
export function installHint(platform: NodeJS.Platform, isDebian: boolean): string {
  const otherwise = 'or set TELEC_REDIS_URL to a server that runs';
  if (platform === 'darwin') return `install it with: brew install redis (${otherwise})`;
  if (isDebian) return `install it with: sudo apt-get install redis-server (${otherwise})`;
  return `install redis-server 6.2 or newer, or valkey-server, with your system's package manager (${otherwise})`;
}

/** The first server program on `path`. Thrown: REDIS_MISSING (exit 3) with the mend. */
export function findServerProgram(path: string): string {
  for (const folder of path.split(delimiter)) {
    // A relative entry would run whatever the working directory holds.
    if (!isAbsolute(folder)) continue;
    for (const program of PROGRAMS) {
      const file = join(folder, program);
      try {
        accessSync(file, constants.X_OK);
        if (statSync(file).isFile()) return file;
      } catch {
        // Not here.
      }
    }
  }
  throw new TelecError('REDIS_MISSING', EXIT.unreachable, `found no ${PROGRAMS.join(' or ')} on PATH`, {
    hint: installHint(process.platform, existsSync('/etc/debian_version')),
  });
}

function settings(dataDir: string, socketPath: string): string[] {
  const pairs: [string, string][] = [
    ['port', '0'],
    ['unixsocket', socketPath],
    ['unixsocketperm', '600'],
    ['dir', dataDir],
    ['logfile', join(dataDir, LOG_NAME)],
    ['daemonize', 'no'],
    ['databases', '1'],
    ['save', ''],
    ['appendonly', 'yes'],
    ['appendfsync', 'always'],
    ['maxmemory-policy', 'noeviction'],
  ];
  const args = pairs.flatMap(([name, value]) => [`--${name}`, value]);
  // What would throw the log away in one word, or hand it to another server. CONFIG stays: its `dir` is how a server
  // is told from another folder's.
  for (const command of ['FLUSHALL', 'FLUSHDB', 'REPLICAOF', 'SLAVEOF']) args.push('--rename-command', command, '');
  return args;
}

/**
 * Starts `program` on `dataDir`, in a session of its own so that no terminal and no parent takes it along. It inherits
 * `lockFd` and with it the lock.
 */
export function startServerProcess(
  program: string,
  dataDir: string,
  socketPath: string,
  lockFd: number,
  path: string,
): ChildProcess {
  const log = join(dataDir, LOG_NAME);
  if ((statSync(log, { throwIfNoEntry: false })?.size ?? 0) > LOG_BYTES_MAX) renameSync(log, `${log}.1`);
  // What it says before it opens its log goes to the same place.
  const out = openSync(log, 'a', 0o600);
  try {
    return spawn(program, settings(dataDir, socketPath), {
      cwd: dataDir,
      env: { PATH: path },
      detached: true,
      stdio: ['ignore', out, out, lockFd],
    });
  } finally {
    closeSync(out);
  }
}

/** Who answers at a socket. `foreign`: a server of another folder. `silent`: it connects but says nothing. */
export type Answer =
  | { kind: 'absent' }
  | { kind: 'silent' }
  | { kind: 'foreign' }
  | { kind: 'loading'; pid: number }
  | { kind: 'ready'; pid: number };

function openProbe(socketPath: string): Redis {
  const redis = new Redis({
    path: socketPath,
    lazyConnect: true,
    protocol: 2,
    connectTimeout: PROBE_MS,
    commandTimeout: PROBE_MS,
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
    disableClientInfo: true,
    disconnectTimeout: 100,
    retryStrategy: () => null,
  });
  redis.on('error', () => undefined);
  return redis;
}

/** Asks the socket who is there, within about a second a question. Never throws. */
export async function askSocket(socketPath: string, dataDir: string): Promise<Answer> {
  const redis = openProbe(socketPath);
  try {
    try {
      await redis.connect();
    } catch {
      return { kind: 'absent' };
    }
    const dir = (await redis.config('GET', 'dir')) as string[];
    if (dir[1] !== dataDir) return { kind: 'foreign' };
    const info = await redis.info();
    const pid = Number(/^process_id:(\d+)/m.exec(info)?.[1]);
    return { kind: /^loading:1/m.test(info) ? 'loading' : 'ready', pid };
  } catch {
    return { kind: 'silent' };
  } finally {
    redis.disconnect();
  }
}

/** Tells the server at `socketPath` to end cleanly. Thrown: its own fault when it refuses, for example a full disk. */
export async function shutDown(socketPath: string): Promise<void> {
  const redis = openProbe(socketPath);
  try {
    await redis.connect();
    await redis.shutdown();
  } catch (error) {
    // Its only other answer is the closed connection.
    if (error instanceof Error && error.name === 'ReplyError') throw serverFault(error, socketPath);
  } finally {
    redis.disconnect();
  }
}
