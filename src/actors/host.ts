/**
 * The runtime of one repository in one process: connection, log, fold, producer, and on demand git, prober and
 * sessions. Used by the daemon, by `telec integrate` and by every command that folds the log itself.
 */
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { CheckGround } from '../io/checks/port.ts';
import type { Clock, Ids } from '../io/clock.ts';
import { systemClock, systemIds } from '../io/clock.ts';
import type { Config } from '../io/config.ts';
import type { Clone } from '../io/git/clone.ts';
import type { IntegrationRepository } from '../io/git/port.ts';
import { connect, type RedisConnection } from '../io/redis/connection.ts';
import { type FinalizeLocks, openFinalizeLocks } from '../io/redis/finalize-lock.ts';
import { type LeaseStore, openLeaseStore } from '../io/redis/lease.ts';
import { type EventLog, openLog } from '../io/redis/log.ts';
import { ensureServer } from '../io/redis/server.ts';
import { openToldStore, type ToldStore } from '../io/redis/told.ts';
import { openWholeLog } from '../io/redis/whole-log.ts';
import { maskSecrets, scrubber, secretsOf } from '../io/secrets.ts';
import { ensurePrivateFolder } from '../io/state.ts';
import { telecVersion } from '../io/version.ts';
import { buildDefaultCatalogue, type EventCatalogue } from '../machines/events.ts';
import type { CutoverControls } from '../machines/modes.ts';
import { keptSnapshot } from './archive/beginning.ts';
import type { Tuning } from './client.ts';
import { Dispatcher, type DispatcherOptions } from './dispatcher.ts';
import type { Faults } from './faults.ts';
import { noFaults } from './faults.ts';
import type { InspectionSink } from './inspection.ts';
import { type Session, type SessionOptions, startSession } from './integrator.ts';
import { modeNow, sessionMode } from './modes/session-mode.ts';
import { NotificationBoard } from './notifications.ts';
import { type Cartridge, compareIds, Pipeline } from './pipeline.ts';
import { Prober } from './prober.ts';
import { createProducer, type NotificationProducer } from './producer.ts';
import { Repository } from './repository.ts';
import { TIMINGS } from './session/work.ts';
import { loadSnapshot, type SnapshotFile, saveSnapshot } from './snapshot.ts';
import { testsView } from './tests/shown.ts';
import { waitingOn } from './todos/waiting.ts';

export interface HostOptions {
  repoId: string;
  /** State folder of the repository. */
  folder: string;
  /** URL of a shared Redis; null for the embedded server. */
  redisUrl: string | null;
  /** Who acts, `<role>/<session id>`. */
  source: string;
  onWait?: (word: string) => void;
  clock?: Clock;
  ids?: Ids;
  catalogue?: EventCatalogue;
  cartridges?: readonly Cartridge[];
  inspect?: InspectionSink;
  /** Durations that differ from the usual ones. */
  tuning?: Tuning;
  faults?: Faults;
  /** A host that only looks appends and buries nothing. */
  readOnly?: boolean;
  /**
   * Leaves the snapshot file alone and reads the log from its first entry; from where the archives end when they are not
   * all on this machine, with the fold that was kept for that.
   */
  fresh?: boolean;
  /** As `fresh`, but from where the archives end also when they are here. */
  fromArchived?: boolean;
  report?: (message: string, details: Record<string, unknown>) => void;
  /** Environment that the checks get a part of; default: that of this process. */
  env?: Record<string, string | undefined>;
  /** Values that no event may show, beside what the URL of Redis and the remote's settings hold. */
  secrets?: readonly string[];
  /** What the environment says of the modes; it narrows sessions of this host to shadow. */
  narrowed?: Partial<CutoverControls>;
}

/** What following the log adds to a fold. */
export type HostHooks = Pick<DispatcherOptions, 'onCandidateReady' | 'spawnIntegrator' | 'onApplied' | 'onDead'>;

export class Host {
  readonly options: HostOptions;
  readonly clock: Clock;
  readonly ids: Ids;
  /** The whole log: reads from it find what is in archives, too. */
  readonly log: EventLog;
  readonly leases: LeaseStore;
  readonly finalizeLocks: FinalizeLocks;
  readonly told: ToldStore;
  readonly catalogue: EventCatalogue;
  readonly repository: Repository;
  readonly notifications = new NotificationBoard();
  readonly producer: NotificationProducer;
  readonly dispatcher: Dispatcher;
  readonly logId: string;
  /** The entry up to which this host was given the fold; '0' when it folded everything itself. */
  readonly beganAt: string;
  readonly #pipeline: Pipeline;
  readonly #connection: RedisConnection;
  #savedId: string;
  #secrets: readonly string[] = [];
  #scrub: (text: string) => string = maskSecrets;
  #git: Promise<IntegrationRepository> | null = null;
  #reviving: Promise<unknown> | null = null;

  /** Use `openHost`. */
  constructor(
    options: HostOptions,
    connection: RedisConnection,
    log: EventLog,
    logId: string,
    snapshot: SnapshotFile | null,
    positions: Record<string, string>,
    hooks: HostHooks,
  ) {
    this.options = options;
    this.clock = options.clock ?? systemClock;
    this.ids = options.ids ?? systemIds(this.clock);
    this.#connection = connection;
    this.log = log;
    this.logId = logId;
    this.leases = openLeaseStore(connection, options.repoId);
    this.finalizeLocks = openFinalizeLocks(connection, options.repoId);
    this.told = openToldStore(connection, options.repoId);
    this.catalogue = options.catalogue ?? buildDefaultCatalogue();
    this.repository = new Repository(options.inspect ? { inspect: options.inspect } : {});
    const { source } = options;
    const scrub = (text: string) => this.#scrub(text);
    this.producer = createProducer({ log, catalogue: this.catalogue, clock: this.clock, source, scrub });
    this.#hide([...(options.secrets ?? []), ...secretsOf({ redis: options.redisUrl ?? undefined })]);
    if (snapshot) {
      this.repository.load(snapshot.repository);
      this.notifications.load(snapshot.notifications);
    }
    this.beganAt = snapshot?.lastId ?? '0';
    this.#savedId = this.beganAt;
    this.#pipeline = new Pipeline({
      cartridges: options.cartridges ?? [],
      positions,
      record: async (cartridge, entryId) => {
        await log.advance(readerName(cartridge), entryId);
      },
      report: (cartridge, entryId, error) =>
        this.report('a cartridge failed', { cartridge, entryId, error: String(error) }),
    });
    this.dispatcher = new Dispatcher({
      log,
      catalogue: this.catalogue,
      repository: this.repository,
      notifications: this.notifications,
      pipeline: this.#pipeline,
      appliedId: this.#savedId,
      readOnly: options.readOnly ?? false,
      ...hooks,
    });
  }

  /** Values that nothing this host writes may show. */
  get secrets(): readonly string[] {
    return this.#secrets;
  }

  #hide(secrets: readonly string[]): void {
    this.#secrets = [...new Set([...this.#secrets, ...secrets])];
    this.#scrub = scrubber(this.#secrets);
  }

  /** In which mode a session of this host would run now; null while none may. */
  get mode(): 'live' | 'shadow' | null {
    return modeNow(this.repository.standing.modes, this.options.narrowed ?? {});
  }

  report(message: string, details: Record<string, unknown>): void {
    this.options.report?.(message, details);
  }

  /** Writes the snapshot file when something was applied since the last one. */
  save(): void {
    const { appliedId } = this.dispatcher;
    if (this.options.fresh || appliedId === this.#savedId) return;
    const counts = this.repository.counts();
    saveSnapshot(this.options.folder, this.dump(), { counts, tests: testsView(this.repository, null) });
    this.#savedId = appliedId;
  }

  /** The fold as it is now. */
  dump(): SnapshotFile {
    return {
      logId: this.logId,
      lastId: this.dispatcher.appliedId,
      positions: { ...this.#pipeline.positions },
      repository: this.repository.dump(),
      notifications: this.notifications.dump(),
    };
  }

  /** The private repository, opened the first time it is asked for. */
  git(clone: Clone, config: Config): Promise<IntegrationRepository> {
    if (!this.#git) {
      const opening = this.#openGit(clone, config);
      this.#git = opening;
      opening.catch(() => {
        if (this.#git === opening) this.#git = null;
      });
    }
    return this.#git;
  }

  async #openGit(clone: Clone, config: Config): Promise<IntegrationRepository> {
    // Loaded with the first question to git: most commands only read the log.
    const { transportSettings } = await import('../io/git/clone.ts');
    const { secretsOfTransport } = await import('../io/git/credentials.ts');
    const { openRepository } = await import('../io/git/repository.ts');
    const { fenceSigner } = await import('../io/guards/server-guard-file.ts');
    const remote = await transportSettings(clone, config.remote);
    this.#hide(secretsOfTransport(remote));
    return openRepository({
      dir: join(this.options.folder, 'git'),
      clonePath: clone.commonDir,
      remote,
      main: config.main,
      sign: fenceSigner(this.options.folder),
      ...(this.options.tuning?.git ? { limits: this.options.tuning.git } : {}),
    });
  }

  async #openGround(): Promise<CheckGround> {
    const { openGround } = await import('../io/checks/ground.ts');
    const { folder, env = process.env } = this.options;
    const repository = join(folder, 'git');
    return openGround({
      folder: join(folder, 'checks'),
      repository,
      env,
      scrub: (text) => this.#scrub(text),
      report: (message, details) => this.report(message, details),
    });
  }

  /** Calls `listener` whenever a connection to Redis was cut. */
  onDisconnected(listener: () => void): void {
    this.#connection.reader.on('close', listener);
  }

  /** Starts the embedded server again when it is gone; the connections find it by themselves. A shared one is waited for. */
  async revive(): Promise<void> {
    if (this.options.redisUrl !== null) return;
    this.#reviving ??= ensureServer({ dir: this.options.folder }).finally(() => {
      this.#reviving = null;
    });
    await this.#reviving;
  }

  /** A prober that writes under `sessionId`. */
  prober(git: IntegrationRepository, config: Config, sessionId: string): Prober {
    const { repository, producer, clock } = this;
    const isDelivered = (slug: string) => repository.ofSlug(slug).some(({ state }) => state === 'completed');
    return new Prober({
      git,
      repository,
      producer,
      clock,
      sessionId,
      main: config.main,
      undelivered: waitingOn(git, isDelivered),
    });
  }

  /** Starts an integrator session in this process; `about` is told with its beginning. Thrown: CUTOVER_INCOMPLETE (6). */
  startSession(git: IntegrationRepository, config: Config, about: SessionOptions['about'] = {}): Session {
    const { options, clock, ids } = this;
    return startSession({
      mode: sessionMode(this.repository.standing.modes, options.narrowed ?? {}),
      host: hostname(),
      version: telecVersion(),
      config: {
        repoId: options.repoId,
        main: config.main,
        ...config.integration,
        guards: config.guards,
        cleanup: config.cleanup,
        checks: config.checks,
        speculation: config.speculation,
        leaseTtlMs: config.lease.ttlMs,
        leaseRenewMs: config.lease.renewMs,
      },
      timings: { ...TIMINGS, ...options.tuning?.timings },
      clock,
      ids,
      logId: this.logId,
      log: this.log,
      catalogue: this.catalogue,
      git,
      openGround: () => this.#openGround(),
      repository: this.repository,
      dispatcher: this.dispatcher,
      producer: this.producer,
      leases: this.leases,
      makeProber: (sessionId) => this.prober(git, config, sessionId),
      faults: options.faults ?? noFaults,
      about,
      report: (message, details) => this.report(message, details),
      ...(options.inspect ? { inspect: options.inspect } : {}),
    });
  }

  async close(): Promise<void> {
    const git = await this.#git?.catch(() => null);
    await git?.close();
    await this.log.close();
    await this.#connection.close();
  }
}

/** The position of a user's cartridge is kept beside the log, one for each machine: it survives any end of the process. */
const readerName = (cartridge: string): string => `cartridge:${hostname()}:${cartridge}`;

/** The snapshot of this machine, when it is of this log and no entry behind it went to archives. */
async function ownSnapshot(
  { folder, report }: HostOptions,
  log: EventLog,
  logId: string,
): Promise<SnapshotFile | null> {
  const snapshot = loadSnapshot(folder, logId);
  if (!snapshot) return null;
  const check = await log.check({ logId, lastId: snapshot.lastId });
  if (check.kind === 'intact') return snapshot;
  if (check.kind !== 'archived')
    report?.('the log lost entries that the snapshot has; it is read from its start', { ...check });
  return null;
}

/** Connects (starting the embedded server when it is needed) and loads the snapshot; the log is not read yet. */
export async function openHost(options: HostOptions, hooks: HostHooks = {}): Promise<Host> {
  ensurePrivateFolder(options.folder);
  const target =
    options.redisUrl === null
      ? await ensureServer({ dir: options.folder, ...(options.onWait ? { onWait: options.onWait } : {}) })
      : { url: options.redisUrl };
  const connection = await connect(target, { connectTimeoutMs: 3000 });
  try {
    const log = openWholeLog(openLog(connection, options.repoId), options.folder);
    const logId = await log.logId();
    let snapshot = options.fresh ? null : await ownSnapshot(options, log, logId);
    const mayBeginAtFirst = options.fresh && !options.fromArchived;
    if (!snapshot && !(mayBeginAtFirst && (await log.isWhole()))) snapshot = await keptSnapshot(log, logId);
    const positions = { ...snapshot?.positions };
    for (const { name } of options.cartridges ?? []) positions[name] = await log.position(readerName(name));
    const behind = (options.cartridges ?? []).some(
      ({ name }) => compareIds(positions[name] ?? '0', snapshot?.lastId ?? '0') < 0,
    );
    // Entries that a cartridge has not seen pass it only if the log is read again from before them.
    if (behind) snapshot = null;
    return new Host(options, connection, log, logId, snapshot, positions, hooks);
  } catch (error) {
    await connection.close();
    throw error;
  }
}
