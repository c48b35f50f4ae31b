/**
 * The connections to one Redis server: a writer whose calls are repeated over cut connections for a bounded time, and
 * a reader of its own for blocked reads. Owns reconnecting and the wording of faults; never spells a key.
 *
 * Invariants: every command passed to `call` is safe to repeat (a cut connection leaves it unknown whether the server
 * ran it); the client library never resends by itself; no secret of a URL stands in a message.
 */
import { Redis, type RedisOptions } from 'ioredis';
import { EXIT, TelecError } from '../../errors.ts';
import { type Clock, sleep, systemClock } from '../clock.ts';
import { isServerReply, serverFault, unreachableFault } from './faults.ts';

/** Where the server is: the private socket of the embedded one, or a `redis://` or `rediss://` URL. */
export type RedisTarget = { socketPath: string } | { url: string };

export interface ConnectOptions {
  /** How long the first connection may take, ms. */
  connectTimeoutMs?: number;
  /** How long one command may take, ms. */
  commandTimeoutMs?: number;
  /** How long a call is repeated over lost connections, ms. */
  retryForMs?: number;
  clock?: Clock;
}

export interface RedisConnection {
  /** Host and port or socket path, without user and password. */
  readonly address: string;
  /** For blocked reads only; connects at its first command and reconnects for ever. */
  readonly reader: Redis;
  /**
   * Runs `command` on the writer, again when the connection is cut, for at most `retryForMs`. `command` gets the number
   * of the attempt, from 1. Thrown: REDIS_UNREACHABLE when the time is over, the server's own fault at once.
   */
  call<T>(command: (redis: Redis, attempt: number) => Promise<T>): Promise<T>;
  /** Ends both connections; pending calls fail as unreachable. */
  close(): Promise<void>;
}

const RETRY_PAUSE_MS = 20;
const HINT_URL = 'check TELEC_REDIS_URL and that the server runs';
const HINT_SOCKET = 'run the command again: telec starts its own server when it is needed';

/** What the client's constructor asks for where optional means absent. */
type WithLegacyReplies = Omit<RedisOptions, 'replyMapping'> & { replyMapping?: 'legacy' };

interface Place {
  address: string;
  hint: string;
  options: WithLegacyReplies;
}

function invalidUrl(problem: string): TelecError {
  return new TelecError('REDIS_URL_INVALID', EXIT.usage, `the Redis URL is not valid: ${problem}`, {
    hint: 'write it as redis://[user:password@]host[:port][/database]',
  });
}

/** Reads the URL by itself: the client library would also take options out of its query. */
function placeOf(target: RedisTarget): Place {
  if ('socketPath' in target) {
    return { address: target.socketPath, hint: HINT_SOCKET, options: { path: target.socketPath } };
  }
  let url: URL;
  try {
    url = new URL(target.url);
  } catch {
    throw invalidUrl('it cannot be parsed');
  }
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:')
    throw invalidUrl('it must start with redis:// or rediss://');
  if (url.hostname === '') throw invalidUrl('it names no host');
  if (url.search !== '' || url.hash !== '') throw invalidUrl('it may have no ? or # part');
  const db = url.pathname === '' || url.pathname === '/' ? '0' : url.pathname.slice(1);
  if (!/^\d{1,5}$/.test(db)) throw invalidUrl('the database must be a number');
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port === '' ? 6379 : Number(url.port);
  const options: WithLegacyReplies = { host, port, db: Number(db) };
  try {
    if (url.username !== '') options.username = decodeURIComponent(url.username);
    if (url.password !== '') options.password = decodeURIComponent(url.password);
  } catch {
    throw invalidUrl('user or password is not well encoded');
  }
  if (url.protocol === 'rediss:') options.tls = { servername: host };
  return { address: `${url.hostname}:${port}${db === '0' ? '' : `/${db}`}`, hint: HINT_URL, options };
}

/** What a connection error says, without anything that could be a secret. */
function reasonOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string')
    return error.code;
  return error instanceof Error ? error.message.slice(0, 200) : 'no reason given';
}

/** Resolves true once `redis` is ready, false when it ended or `ms` have passed. */
function untilReady(redis: Redis, ms: number, clock: Clock): Promise<boolean> {
  if (redis.status === 'ready') return Promise.resolve(true);
  if (redis.status === 'end' || ms <= 0) return Promise.resolve(false);
  return new Promise((resolve) => {
    const settle = (ready: boolean) => {
      clock.clearTimeout(timer as never);
      redis.off('ready', onReady);
      redis.off('end', onEnd);
      resolve(ready);
    };
    const onReady = () => settle(true);
    const onEnd = () => settle(false);
    const timer = clock.setTimeout(() => settle(false), ms);
    redis.once('ready', onReady);
    redis.once('end', onEnd);
  });
}

/** Exclusive ranges and trimming by id came with 6.2. */
const VERSION_MIN: [number, number] = [6, 2];

/** Refuses a server that lacks what the log needs; one that does not tell its version is taken as it is. */
function checkVersion(info: string, address: string): void {
  const found = /^redis_version:(\d+)\.(\d+)/m.exec(info);
  if (found === null) return;
  const [major, minor] = [Number(found[1]), Number(found[2])];
  if (major > VERSION_MIN[0] || (major === VERSION_MIN[0] && minor >= VERSION_MIN[1])) return;
  throw new TelecError('REDIS_TOO_OLD', EXIT.unreachable, `Redis at ${address} is version ${major}.${minor}`, {
    hint: `telec needs Redis ${VERSION_MIN.join('.')} or newer`,
  });
}

/**
 * Connects to `target`. Thrown: REDIS_UNREACHABLE, REDIS_AUTH or another server fault (exit 3) within
 * `connectTimeoutMs`; REDIS_URL_INVALID (exit 2) for a URL that is none.
 */
export async function connect(target: RedisTarget, options: ConnectOptions = {}): Promise<RedisConnection> {
  const { connectTimeoutMs = 3000, commandTimeoutMs = 5000, retryForMs = 10_000, clock = systemClock } = options;
  const place = placeOf(target);
  const shared: WithLegacyReplies = {
    ...place.options,
    lazyConnect: true,
    protocol: 2,
    connectTimeout: connectTimeoutMs,
    connectionName: 'telec',
    // 0: a command whose connection was cut fails at once instead of being sent twice or never settling.
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    maxLoadingRetryTime: 200,
    disconnectTimeout: 200,
  };
  let lastError: unknown = null;
  let everReady = false;
  const forWriter: WithLegacyReplies = {
    ...shared,
    enableOfflineQueue: false,
    commandTimeout: commandTimeoutMs,
    retryStrategy: (times) => (everReady ? Math.min(times * 50, 1000) : null),
  };
  const forReader: WithLegacyReplies = { ...shared, retryStrategy: (times) => Math.min(times * 100, 2000) };
  const writer = new Redis(forWriter);
  const reader = new Redis(forReader);
  writer.setMaxListeners(0);
  writer.on('error', (error) => {
    lastError = error;
  });
  writer.once('ready', () => {
    everReady = true;
  });
  // Whoever waits on the reader hears of its errors by the rejected command.
  reader.on('error', () => undefined);

  const unreachable = () => {
    if (isServerReply(lastError)) return serverFault(lastError, place.address);
    return unreachableFault(place.address, lastError === null ? 'no answer' : reasonOf(lastError), place.hint);
  };

  // Its outcome is read from the events, which also tell the reason.
  writer.connect().catch(() => undefined);
  try {
    if (!(await untilReady(writer, connectTimeoutMs, clock))) throw unreachable();
    checkVersion(await writer.info('server').catch(() => ''), place.address);
  } catch (error) {
    writer.disconnect();
    reader.disconnect();
    throw error;
  }

  let closed = false;
  return {
    address: place.address,
    reader,
    async call(command) {
      const deadline = clock.monotonic() + retryForMs;
      for (let attempt = 1; ; ) {
        if (closed) throw unreachableFault(place.address, 'connection closed', place.hint);
        if (await untilReady(writer, deadline - clock.monotonic(), clock)) {
          try {
            return await command(writer, attempt);
          } catch (error) {
            if (isServerReply(error) && !error.message.startsWith('LOADING')) throw serverFault(error, place.address);
            if (!isServerReply(error) && !isConnectionError(error)) throw error;
            lastError = error;
            attempt += 1;
            // Silent though connected: a half-open connection, or a stopped server. Only a new connection can tell.
            if (isTimeout(error)) writer.disconnect(true);
            // A connection about to close still calls itself ready and refuses at once: without a pause this loop
            // would keep the close from ever being seen.
            await sleep(clock, RETRY_PAUSE_MS);
          }
        }
        if (clock.monotonic() >= deadline || writer.status === 'end') throw unreachable();
      }
    },
    async close() {
      closed = true;
      writer.disconnect();
      reader.disconnect();
    },
  };
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === 'Command timed out';
}

/** True for what the client library and the socket say when no answer came; anything else is a bug and travels on. */
function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof TelecError) return false;
  return (
    'syscall' in error ||
    error.name === 'MaxRetriesPerRequestError' ||
    error.name === 'AbortError' ||
    /^(Connection is closed|Command timed out|Stream isn't writeable|connect ETIMEDOUT)/.test(error.message)
  );
}
