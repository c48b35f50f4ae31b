/**
 * The daemon of one repository: takes the lock, opens the log file, the host and the steward, answers on the socket, and
 * ends all of it in order. The composition root of a long life; what happens in it is decided elsewhere.
 *
 * Invariant: one daemon for a state folder, held by a kernel lock for as long as the process lives.
 */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { EXIT, TelecError } from '../errors.ts';
import { withoutActor } from '../io/acting.ts';
import { notifySecrets } from '../io/config-notify.ts';
import { type FileLock, lockFile } from '../io/lock.ts';
import { type LogFile, openLogFile } from '../io/logger.ts';
import { readPageFiles } from '../io/page-files.ts';
import { scrubber, secretsOf } from '../io/secrets.ts';
import { listenOnSocket } from '../io/socket-server.ts';
import { ensurePrivateFolder, registerClone, removeDaemonFile, writeDaemonFile, writeRepoId } from '../io/state.ts';
import { telecVersion } from '../io/version.ts';
import { keepMetricsToken, makeWebToken } from '../io/web-token.ts';
import type { EventCatalogue } from '../machines/events.ts';
import type { CommandContext, StatusView, TelecClient } from './client.ts';
import { notInitialized, type Opened, recordConfiguration } from './commands/session.ts';
import { type Companion, companionsOf } from './companions.ts';
import type { Faults } from './faults.ts';
import { type Host, type HostHooks, type HostOptions, openHost } from './host.ts';
import { createInspection } from './inspection.ts';
import { createMetrics } from './metrics/metrics.ts';
import { narrowedBy } from './modes/session-mode.ts';
import type { Cartridge } from './pipeline.ts';
import type { NotificationProducer } from './producer.ts';
import { RepositoryClient } from './repository-client.ts';
import { daemonApp, type RouteParts } from './routes.ts';
import type { IntegratorDesk } from './sessions/views.ts';
import { makeSteward, type Report, type Steward } from './steward.ts';
import { candidateViews } from './views.ts';
import { openWebDoor } from './web-door.ts';
import { webEntry } from './web-entry.ts';
import { daemonFeeds } from './web-feeds.ts';
import { openWorkspace, redisUrl, type Workspace } from './workspace.ts';

const WATCHDOG_MS = 2000;
const RETRY_MS = 60_000;
/** What is left of the 30 s of a clean end once the train in hand had its time. */
const STOP_MS = 25_000;
const CLOSE_MS = 3000;

/** What a program adds to its daemon. */
export interface DaemonExtras {
  /** Run after telec's own, in this order. */
  cartridges?: readonly Cartridge[];
  /** The default catalogue with the program's own types in it. */
  catalogue?: EventCatalogue;
}

/** What a daemon that answers hands to who started it. */
export interface Answering {
  pid: number;
  client: TelecClient;
  producer: NotificationProducer;
}

/**
 * Runs the daemon in this process until `context.signal` aborts or somebody asks it to stop; `ready` is called once it
 * answers. Thrown: DAEMON_RUNNING (6), NOT_INITIALIZED (6), and the faults of opening the repository.
 */
export async function serve(
  given: CommandContext,
  ready: (view: Answering) => void,
  extras: DaemonExtras = {},
): Promise<void> {
  // The daemon is nobody's session: the role of who happened to start it neither signs nor narrows what it does.
  const context: CommandContext = { ...given, env: withoutActor(given.env) };
  const workspace = await openWorkspace(context);
  ensurePrivateFolder(workspace.folder);
  const lock = takeLock(workspace.folder);
  let file: LogFile | null = null;
  try {
    const url = await redisUrl(workspace, context.env);
    const token = makeWebToken();
    const metricsToken = keepMetricsToken(workspace.folder);
    const secrets = [
      ...secretsOf({ ...context.env, TELEC_REDIS_URL: url ?? undefined }),
      ...notifySecrets(workspace.config.notify, context.env),
      token,
      metricsToken,
    ];
    file = openLogFile(join(workspace.folder, 'daemon.log'), { secrets });
    const report = reporter(file);
    try {
      const narrowed = narrowedBy(given.env);
      await run({ context, workspace, url, narrowed, extras, report, secrets, token, metricsToken }, ready);
    } catch (error) {
      report.error('the daemon ended with a fault', error);
      throw error;
    }
  } finally {
    file?.close();
    lock.release();
  }
}

export interface DaemonOptions extends DaemonExtras {
  /** Directory the repository is looked for from, absolute. */
  cwd: string;
  /** Default: the environment of this process. */
  env?: Record<string, string | undefined>;
  /** Told one line when the start has to wait for something. */
  onWait?: (line: string) => void;
}

/** A daemon in this process. */
export interface RunningDaemon {
  /** The repository as commands see it. */
  client: TelecClient;
  /** Appends events, the program's own types among them. */
  producer: NotificationProducer;
  /** Ends it cleanly. */
  stop(): Promise<void>;
  /** Resolves when it has ended, whoever asked for it; rejects with the fault that ended it. */
  readonly done: Promise<void>;
}

/**
 * Starts the daemon of the repository around `cwd` in this process, in place of `telec up`, with the program's own event
 * types and cartridges. Resolves once it answers. Thrown: as `serve`.
 */
export async function startDaemon(options: DaemonOptions): Promise<RunningDaemon> {
  const { cwd, env = process.env, onWait = () => undefined, ...extras } = options;
  const ending = new AbortController();
  const context: CommandContext = { cwd, env, say: onWait, signal: ending.signal };
  return new Promise((resolve, reject) => {
    const done = serve(
      context,
      ({ client, producer }) => {
        const stop = () => {
          ending.abort();
          return done;
        };
        resolve({ client, producer, stop, done });
      },
      extras,
    );
    done.catch(reject);
  });
}

function takeLock(folder: string): FileLock {
  const lock = lockFile(join(folder, 'daemon.lock'));
  if (lock) return lock;
  throw new TelecError('DAEMON_RUNNING', EXIT.refused, 'the daemon of this repository runs already', {
    hint: 'telec status',
  });
}

interface Run {
  context: CommandContext;
  workspace: Workspace;
  url: string | null;
  /** What the switches of who started it take away: they count for the daemon, too. */
  narrowed: ReturnType<typeof narrowedBy>;
  extras: DaemonExtras;
  report: Report;
  secrets: string[];
  /** Of the web door. */
  token: string;
  /** Opens the metrics behind the web door, and nothing else. */
  metricsToken: string;
}

async function run(parts: Run, ready: (view: Answering) => void): Promise<void> {
  const { context, workspace, report } = parts;
  const ending = new AbortController();
  const end = () => ending.abort();
  context.signal.addEventListener('abort', end, { once: true });
  if (context.signal.aborted) end();
  const since = new Date().toISOString();
  report.info('the daemon starts', { version: telecVersion(), repo_id: workspace.repoId, node: process.version });
  if (Object.keys(parts.narrowed).length > 0)
    report.warn('switches of the environment keep the sessions of this daemon to shadow', {});
  const inspection = createInspection(scrubber(parts.secrets));
  let steward: Steward | null = null;
  let companions: readonly Companion[] = [];
  const hooks: HostHooks = {
    spawnIntegrator: (slug, branch, sha) => steward?.spawnIntegratorSession(slug, branch, sha),
    onApplied: (event, changes) => {
      steward?.applied(event, changes);
      for (const part of companions) part.applied(event, changes);
    },
    onDead: (entry, reason) => report.warn('an entry could not be applied', { entry, reason }),
  };
  const options: HostOptions = {
    repoId: workspace.repoId,
    folder: workspace.folder,
    redisUrl: parts.url,
    source: `daemon/${hostname()}`,
    env: context.env,
    narrowed: parts.narrowed,
    secrets: parts.secrets,
    onWait: (word) => context.say(word),
    inspect: inspection.inspect,
    report: (message, details) => report.warn(message, details),
    ...parts.extras,
    ...(context.faults ? { faults: context.faults as Faults } : {}),
    ...(context.tuning ? { tuning: context.tuning } : {}),
  };
  const host = await openHost(options, hooks);
  try {
    await host.dispatcher.catchUp();
    if (host.repository.standing.mode === null) throw notInitialized();
    writeRepoId(workspace.commonDir, workspace.repoId);
    registerClone(workspace.folder, workspace.commonDir);
    const opened: Opened = { context, workspace, host };
    if (host.dispatcher.stale === null) await recordConfiguration(opened);
    const { watchdogMs = WATCHDOG_MS, retryMs = RETRY_MS, stopMs = STOP_MS } = context.tuning?.daemon ?? {};
    steward = await makeSteward({ opened, report, watchdogMs, retryMs });
    const daemon: StatusView['daemon'] = { running: true, pid: process.pid, since, web: null };
    const client = clientOf(parts, host, steward, daemon, options);
    const integrator = integratorOf(steward);
    const metrics = createMetrics({
      host,
      logFault: () => steward?.logFault ?? null,
      session: () => steward?.session ?? null,
    });
    const routes = {
      client,
      integrator,
      stop: end,
      frames: () => inspection.frames(),
      metrics: () => metrics.scrape(),
      secrets: parts.secrets,
      report,
    };
    const doors = await openDoors(parts, routes, daemonFeeds({ live: () => client.live(), inspection }));
    try {
      const { path: socket } = doors.socket;
      const { url: web, fault: webFault } = doors.web;
      daemon.web = web;
      writeDaemonFile(workspace.folder, { pid: process.pid, socket, since, version: telecVersion(), web, webFault });
      companions = [metrics, ...companionsOf({ opened, client, report, secrets: parts.secrets, web })];
      for (const companion of companions) companion.start();
      if (!ending.signal.aborted) steward.start();
      void keepArchivedFold(host, options, report);
      report.info('the daemon answers', { socket, web });
      ready({ pid: process.pid, client, producer: host.producer });
      await aborted(ending.signal);
      report.info('the daemon ends', {});
      if (!(await within(stopMs, steward.stop()))) report.warn('the session did not end in time; it is cut off', {});
      await within(
        CLOSE_MS,
        Promise.all(companions.map((companion) => companion.stop())).then(() => undefined),
      );
    } finally {
      // Last word first: who finds no file opens the log itself, and that must be free by then.
      await within(CLOSE_MS, doors.close());
    }
  } finally {
    await within(CLOSE_MS, host.close());
    removeDaemonFile(workspace.folder, process.pid);
    report.info('the daemon ended', {});
  }
}

/** Opens the socket, without which nobody could ask, and the web door, which may stay closed. */
async function openDoors(
  { context, workspace, report, token, metricsToken }: Run,
  routes: Omit<RouteParts, 'entry'>,
  feeds: ReturnType<typeof daemonFeeds>,
) {
  const { folder, config } = workspace;
  const onFault = (error: unknown) => report.error('the socket has a fault', error);
  const entry = webEntry({ folder, token });
  const place = { stateFolder: folder, env: context.env, onFault, feeds };
  const socket = await listenOnSocket(place, daemonApp({ ...routes, entry }));
  const fetch = daemonApp({ ...routes, entry: null });
  const files = readPageFiles();
  const door = { ...config.web, folder, token, metricsToken, fetch, feeds, files, entry, report };
  const web = await openWebDoor(door);
  return { socket, web, close: async () => void (await Promise.all([socket.close(), web.close()])) };
}

function clientOf(
  parts: Run,
  host: Host,
  steward: Steward,
  daemon: StatusView['daemon'],
  options: HostOptions,
): RepositoryClient {
  const { context } = parts;
  const { inspect: _inspect, cartridges: _cartridges, ...plain } = options;
  return new RepositoryClient({
    context,
    host,
    replica: (hooks, from) => openHost({ ...plain, fresh: true, readOnly: true, ...from }, hooks),
    daemon: async () => daemon,
    daemonNarrowed: async () => host.repository.standing.mode === 'live' && host.mode === 'shadow',
    integrator: integratorOf(steward),
    session: () => steward.session,
    logFault: () => steward.logFault,
    daemonCandidates: async () => ({
      appliedId: host.dispatcher.appliedId,
      candidates: candidateViews(host.repository, {}),
    }),
    agreed: null,
    ownsHost: false,
  });
}

/** Another version may have archived: hosts of this one then begin with a fold that one of them has to bring. */
async function keepArchivedFold(host: Host, options: HostOptions, report: Report): Promise<void> {
  try {
    const { keepFoldForThisVersion } = await import('./archive/archive.ts');
    const { inspect: _inspect, cartridges: _cartridges, ...plain } = options;
    const kept = await keepFoldForThisVersion(host, () => openHost({ ...plain, fresh: true, readOnly: true }));
    if (kept) report.info('the fold of the archives is kept for this version', {});
  } catch (error) {
    report.error('the fold of the archives could not be kept for this version', error);
  }
}

function integratorOf(steward: Steward): IntegratorDesk {
  return { wake: () => steward.wake(), end: async (sessionId) => steward.endSession(sessionId) };
}

function reporter({ logger }: LogFile): Report {
  return {
    info: (message, details = {}) => logger.info(details, message),
    warn: (message, details = {}) => logger.warn(details, message),
    error: (message, error, details = {}) => logger.error({ ...details, err: error }, message),
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Waits for `work` at most `ms`; false when it took longer. */
async function within(ms: number, work: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const answer = await Promise.race([work.then(() => true), late]).finally(() => clearTimeout(timer));
  if (!answer) work.catch(() => undefined);
  return answer;
}
