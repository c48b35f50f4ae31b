/**
 * The embedded Redis server of one state folder: started by whoever first needs it, found by everyone after, ended
 * only on request. Owns `redis.json`, the lock and the data folder `redis/`; never reads or writes a key.
 *
 * Invariants: never two servers on one folder (the server process holds the kernel lock as long as it lives, and
 * nobody starts one without it); a server of another folder is never adopted; nobody is ended by a recorded pid.
 */
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, realpathSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EXIT, TelecError } from '../../errors.ts';
import { type Clock, sleep, systemClock } from '../clock.ts';
import { type FileLock, lockFile } from '../lock.ts';
import { type Answer, askSocket, findServerProgram, LOG_NAME, shutDown, startServerProcess } from './server-process.ts';
import { readServerRecord, removeServerRecord, writeServerRecord } from './server-record.ts';
import { socketPathFor } from './socket-path.ts';

/** A refused lock is asked for again this long: a starter may be at work, or a rewrite child outlive its server. */
const LOCK_RETRY_MS = 5000;
const START_MS = 5000;
const LOADING_MS = 30_000;
const STOP_MS = 15_000;
const PAUSE_MS = 30;

export interface EnsureServerOptions {
  /** The state folder; made when absent, mode 0700. */
  dir: string;
  /** Where a short folder for the socket may be made, when the one beside the data is too long. */
  runtimeDir?: string;
  /** Told in a few words, once a cause, when the call has to wait. */
  onWait?: (word: string) => void;
  /** Folders to look for the program in, as in the environment's PATH. */
  path?: string;
  clock?: Clock;
}

export interface RunningServer {
  socketPath: string;
  pid: number;
  /** True when this call started it. */
  started: boolean;
}

interface Place {
  dir: string;
  dataDir: string;
  lockPath: string;
}

/** Real paths, since the server tells its folder as a real path. */
function placeIn(dir: string): Place {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const real = realpathSync(dir);
  const dataDir = join(real, 'redis');
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  return { dir: real, dataDir, lockPath: join(dataDir, 'lock') };
}

function loadingFault(): TelecError {
  return new TelecError('REDIS_LOADING', EXIT.unreachable, 'Redis is still loading its data', {
    hint: 'try again in a moment',
    retryable: true,
  });
}

function lockedFault(place: Place, pid: number | null | undefined): TelecError {
  const who = pid ? `process ${pid}` : 'a process';
  return new TelecError(
    'REDIS_LOCKED',
    EXIT.unreachable,
    `${who} holds ${place.dataDir} but does not answer as its Redis`,
    {
      hint: pid
        ? `look at it with: ps -p ${pid}; once it has ended, run the command again`
        : 'run the command again in a moment',
      retryable: true,
    },
  );
}

/** The last lines of the server's log, for the person who has to mend it. */
function logTail(place: Place): string {
  try {
    return readFileSync(join(place.dataDir, LOG_NAME), 'utf8').trimEnd().split('\n').slice(-3).join(' | ').slice(-500);
  } catch {
    return 'no log';
  }
}

/** Waits for a word at a time, and no word twice. */
function waitingWords(onWait: ((word: string) => void) | undefined): (word: string) => void {
  const said = new Set<string>();
  return (word) => {
    if (!said.has(word)) onWait?.(word);
    said.add(word);
  };
}

/** Starts the server under `lock` and waits until it answers. */
async function start(
  place: Place,
  lock: FileLock,
  options: EnsureServerOptions,
  say: (word: string) => void,
): Promise<RunningServer> {
  const { clock = systemClock, path = process.env['PATH'] ?? '' } = options;
  let child: ChildProcess;
  let socketPath: string;
  try {
    const program = findServerProgram(path);
    socketPath = socketPathFor(place.dataDir, options.runtimeDir);
    const record = { socket: socketPath, started_at: new Date(clock.now()).toISOString() };
    // Noted before it runs: if this process dies now, the next one still finds the server.
    writeServerRecord(place.dir, { ...record, pid: null });
    child = startServerProcess(program, place.dataDir, socketPath, lock.fd, path);
    if (child.pid !== undefined) writeServerRecord(place.dir, { ...record, pid: child.pid });
  } finally {
    // From here on the server's own copy of the open file holds the lock.
    lock.release();
  }
  let failure: string | null = null;
  child.once('error', (error) => {
    failure = error.message;
  });
  child.once('exit', (status, signal) => {
    failure = `ended with ${signal ?? `status ${status}`}: ${logTail(place)}`;
  });
  child.unref();

  const began = clock.monotonic();
  for (let limit = START_MS; ; ) {
    const answer = await askSocket(socketPath, place.dataDir);
    if (answer.kind === 'ready') return { socketPath, pid: answer.pid, started: true };
    if (failure !== null) {
      throw new TelecError('REDIS_START_FAILED', EXIT.unreachable, `the Redis server did not start (${failure})`, {
        hint: `read ${join(place.dataDir, LOG_NAME)}`,
      });
    }
    if (answer.kind === 'loading') {
      limit = LOADING_MS;
      say('Redis is loading its data');
    }
    if (clock.monotonic() - began > limit)
      throw answer.kind === 'loading' ? loadingFault() : lockedFault(place, child.pid);
    await sleep(clock, PAUSE_MS);
  }
}

interface Found {
  answer: Answer;
  socketPath: string;
  /** Recorded process id. */
  pid: number | null;
}

/** Who answers at the recorded socket, or where it would be if the record was lost. */
async function lookAround(place: Place, clock: Clock, runtimeDir?: string): Promise<Found> {
  const record = readServerRecord(place.dir);
  const socketPath = record?.socket ?? socketPathFor(place.dataDir, runtimeDir);
  const answer = await askSocket(socketPath, place.dataDir);
  if (answer.kind === 'ready' && answer.pid !== record?.pid) {
    const started_at = record?.started_at ?? new Date(clock.now()).toISOString();
    writeServerRecord(place.dir, { pid: answer.pid, socket: socketPath, started_at });
  }
  return { answer, socketPath, pid: record?.pid ?? null };
}

/**
 * The server of the state folder: the running one, else a new one that outlives this process. Any number of processes
 * may call it at once; one server comes of it. Thrown (all exit 3): REDIS_MISSING, REDIS_START_FAILED, REDIS_LOADING
 * after 30 s, REDIS_LOCKED after 5 s when the folder is held and nobody answers, LOCK_UNSUPPORTED, SOCKET_PATH.
 */
export async function ensureServer(options: EnsureServerOptions): Promise<RunningServer> {
  const { clock = systemClock } = options;
  const place = placeIn(options.dir);
  const say = waitingWords(options.onWait);
  const began = clock.monotonic();
  for (;;) {
    const { answer, socketPath, pid } = await lookAround(place, clock, options.runtimeDir);
    if (answer.kind === 'ready') return { socketPath, pid: answer.pid, started: false };
    const waited = clock.monotonic() - began;
    if (answer.kind === 'loading') {
      say('Redis is loading its data');
      if (waited > LOADING_MS) throw loadingFault();
    } else {
      const lock = lockFile(place.lockPath);
      if (lock !== null) return await start(place, lock, options, say);
      if (waited > LOCK_RETRY_MS) throw lockedFault(place, pid);
      if (waited > LOCK_RETRY_MS / 5) say('another process holds the Redis of this repository');
    }
    await sleep(clock, PAUSE_MS);
  }
}

/**
 * Ends the server of the state folder cleanly and waits until its process is gone. False when none ran. Thrown (exit
 * 3): REDIS_LOCKED when the folder is held by a process that does not answer or does not end, the server's own fault
 * when it refuses.
 */
export async function stopServer(dir: string, clock: Clock = systemClock): Promise<boolean> {
  if (!existsSync(dir)) return false;
  const place = placeIn(dir);
  const { answer, socketPath, pid } = await lookAround(place, clock);
  const runs = answer.kind === 'ready' || answer.kind === 'loading';
  if (runs) await shutDown(socketPath);
  const began = clock.monotonic();
  for (;;) {
    const lock = lockFile(place.lockPath);
    if (lock !== null) {
      // Under the lock, so that a server started meanwhile keeps its record.
      removeServerRecord(place.dir);
      if (dirname(socketPath) !== place.dataDir) removeShortFolder(socketPath);
      lock.release();
      return runs;
    }
    if (clock.monotonic() - began > (runs ? STOP_MS : LOCK_RETRY_MS)) throw lockedFault(place, pid);
    await sleep(clock, PAUSE_MS);
  }
}

/** The folder goes only when nothing but the socket was in it. */
function removeShortFolder(socketPath: string): void {
  rmSync(socketPath, { force: true });
  try {
    rmdirSync(dirname(socketPath));
  } catch {
    // Something else lies there, or it is gone.
  }
}
