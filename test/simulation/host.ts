/**
 * A machine that runs telec: what survives a crash (objects of git, a snapshot, recorded positions) and what does not
 * (the daemon). The daemon here is the production code on twins: dispatcher, pipeline, repository, prober, supervisor
 * and sessions; only the composition is the harness's own.
 */

import { Dispatcher } from '../../src/actors/dispatcher.ts';
import { type Session, type SessionResult, startSession } from '../../src/actors/integrator.ts';
import { modeNow, sessionMode } from '../../src/actors/modes/session-mode.ts';
import { NotificationBoard } from '../../src/actors/notifications.ts';
import { Pipeline } from '../../src/actors/pipeline.ts';
import { Prober } from '../../src/actors/prober.ts';
import { createProducer } from '../../src/actors/producer.ts';
import { Repository } from '../../src/actors/repository.ts';
import type { RepositoryDump } from '../../src/actors/repository-dump.ts';
import type { SessionConfig, Timings } from '../../src/actors/session/work.ts';
import { Supervisor } from '../../src/actors/supervisor.ts';
import { TelecError } from '../../src/errors.ts';
import { sleep } from '../../src/io/clock.ts';
import type { IntegrationRepository } from '../../src/io/git/port.ts';
import type { LeaseStore } from '../../src/io/redis/lease.ts';
import type { EventLog } from '../../src/io/redis/log.ts';
import type { EventCatalogue } from '../../src/machines/events.ts';
import type { CandidateKey } from '../../src/machines/identity.ts';
import type { NotificationRow } from '../../src/machines/notification.ts';
import { openTwinGround } from '../support/twins/checks.ts';
import { openTwinGit } from '../support/twins/git.ts';
import { openTwinLease } from '../support/twins/lease.ts';
import { openTwinLog } from '../support/twins/log.ts';
import type { TwinRemote } from '../support/twins/remote.ts';
import type { TwinStore } from '../support/twins/store.ts';
import type { Kernel } from './kernel.ts';
import type { Plant } from './plants.ts';
import { Process, type Weather } from './process.ts';
import { runOn } from './tests.ts';
import { Traces } from './traces.ts';

/** What all hosts of a world share. */
export interface Shared {
  kernel: Kernel;
  store: TwinStore;
  remote: TwinRemote;
  catalogue: EventCatalogue;
  config: SessionConfig;
  weather: () => Weather;
  /** Wall clocks of hosts differ by this much at most, ms. */
  skewMaxMs: number;
  looks: Look[];
  plant: Plant;
  fail(law: string, detail: string): void;
  /** Somebody does something at the worst moment. */
  meddle(): void;
}

/** A listing of the remote, as one host saw it. `at`: entries of the log by then. */
export interface Look {
  by: string;
  at: number;
  heads: ReadonlyMap<string, string>;
}

interface Snapshot {
  lastId: string;
  positions: Record<string, string>;
  repository: RepositoryDump;
  notifications: NotificationRow[];
}

const TIMINGS: Timings = { retryFirstMs: 500, retryMaxMs: 5000, retryTotalMs: 20_000, rebuildMs: 100 };
const FETCH_MS = 10_000;
const WATCHDOG_MS = 4000;
const RETRY_MS = 3000;

export class Host {
  readonly name: string;
  readonly shared: Shared;
  daemon: Daemon | null = null;
  /** Files of the private repository. */
  readonly objects = new Set<string>();
  snapshot: string | null = null;
  #boots = 0;

  constructor(shared: Shared, name: string) {
    this.shared = shared;
    this.name = name;
  }

  start(): void {
    if (this.daemon) return;
    this.#boots += 1;
    const { kernel, weather, skewMaxMs } = this.shared;
    const process = new Process(kernel, `${this.name}.${this.#boots}`, weather);
    process.skewMs = kernel.chance.between(-skewMaxMs, skewMaxMs);
    kernel.trace(`${process.name} starts`);
    process.onOperation = (what) => {
      if (/^at |^git\.(merge|push|selfCheck)|^log\.append/.test(what)) this.shared.meddle();
    };
    process.onCrash = () => {
      this.daemon = null;
      kernel.after(kernel.chance.between(500, 30_000), () => this.start());
    };
    const keepsSnapshot = this.snapshot !== null && kernel.chance.hit(0.6);
    this.daemon = new Daemon(this, process, keepsSnapshot ? (JSON.parse(this.snapshot ?? '') as Snapshot) : null);
  }

  /** A clean stop, as of `telec stop`; started again a while later. */
  async stop(): Promise<void> {
    const { daemon } = this;
    if (!daemon) return;
    this.shared.kernel.trace(`${daemon.process.name} is told to stop`);
    await daemon.supervisor.stop('told to');
    daemon.process.crash('clean stop');
  }
}

export class Daemon {
  readonly process: Process;
  readonly repository = new Repository();
  readonly notifications = new NotificationBoard();
  readonly dispatcher: Dispatcher;
  readonly supervisor: Supervisor;
  readonly #host: Host;
  readonly #log: EventLog;
  readonly #leases: LeaseStore;
  readonly #git: IntegrationRepository;
  readonly #positions: Record<string, string>;
  readonly #prober: Prober;
  readonly #traces: Traces;
  #logId = '';
  #probeDue = false;

  constructor(host: Host, process: Process, snapshot: Snapshot | null) {
    const { shared } = host;
    const { store, plant, catalogue } = shared;
    this.#host = host;
    this.process = process;
    this.#log = plant.log(openTwinLog(store, process.port));
    this.#leases = openTwinLease(store, process.port);
    this.#git = this.#openGit('daemon');
    this.#traces = new Traces((detail) => shared.fail('trace', detail));
    this.#positions = snapshot?.positions ?? {};
    if (snapshot) {
      this.repository.load(snapshot.repository);
      this.notifications.load(snapshot.notifications);
    }
    const pipeline = new Pipeline({
      positions: this.#positions,
      report: (cartridge, id, error) => shared.fail('pipeline', `${cartridge} threw at ${id}: ${String(error)}`),
    });
    this.dispatcher = new Dispatcher({
      log: this.#log,
      catalogue,
      repository: this.repository,
      notifications: this.notifications,
      pipeline,
      appliedId: snapshot?.lastId ?? '0',
      onCandidateReady: () => this.supervisor.spawn(),
      onApplied: ({ id, domain }) => {
        const isInHand = (key: CandidateKey) => this.repository.find(key)?.state === 'integrating';
        this.#traces.applied(id, this.repository.standing.trace, isInHand);
        const type = domain?.type ?? '';
        if (type === 'integration.hold.lifted') this.supervisor.holdLifted();
        if (type === 'integration.lease.released') this.supervisor.lookAgain();
        if (/^(review|branch|deployment\.started|integration\.candidate\.resumed)/.test(type)) this.#probeSoon();
        if (shared.kernel.chance.hit(0.05)) this.#save();
      },
    });
    this.supervisor = new Supervisor({
      clock: process.clock,
      leases: this.#leases,
      repository: this.repository,
      watchdogMs: WATCHDOG_MS,
      retryMs: RETRY_MS,
      mayIntegrate: () => true,
      mode: () => modeNow(this.repository.standing.modes, {}),
      start: async () => this.#startSession(),
      onEnded: (result) => this.#judge(result),
      onError: (error) => this.#expectOutage('supervisor', error),
    });
    this.#prober = this.#makeProber(`daemon-${process.name}`, this.#git);
    shared.kernel.after(0, () => void this.#run());
  }

  async #run(): Promise<void> {
    const { clock } = this.process;
    for (;;) {
      try {
        this.#logId = await this.#log.logId();
        await this.dispatcher.catchUp();
        break;
      } catch (error) {
        this.#expectOutage('start', error);
        await sleep(clock, 1000);
      }
    }
    const never = new AbortController().signal;
    void this.dispatcher.follow(never, async (error) => {
      this.#expectOutage('follow', error);
      await sleep(clock, 500);
    });
    this.supervisor.spawn();
    for (;;) {
      await this.#probe();
      await sleep(clock, FETCH_MS);
    }
  }

  #openGit(role: string): IntegrationRepository {
    const { remote, looks, store, plant } = this.#host.shared;
    const name = `${this.process.name}/${role}`;
    return plant.git(
      openTwinGit({
        remote,
        port: this.process.port,
        objects: this.#host.objects,
        name,
        onLook: (heads) => looks.push({ by: name, at: store.entries.length, heads }),
      }),
      remote,
      this.#host.objects,
    );
  }

  #makeProber(sessionId: string, git: IntegrationRepository): Prober {
    const { config, plant } = this.#host.shared;
    const prober = new Prober({
      git,
      repository: this.repository,
      producer: this.#producer(`prober/${sessionId}`),
      clock: this.process.clock,
      sessionId,
      main: config.main,
      undelivered: async () => [],
    });
    return plant.prober(prober, sessionId);
  }

  #producer(source: string) {
    const { catalogue } = this.#host.shared;
    return createProducer({ log: this.#log, catalogue, clock: this.process.clock, source });
  }

  #startSession(): Session {
    const { shared, name } = this.#host;
    const { port, clock } = this.process;
    const git = this.#openGit('session');
    return startSession({
      mode: sessionMode(this.repository.standing.modes, {}),
      host: name,
      version: '0.0.0',
      config: shared.config,
      timings: TIMINGS,
      clock,
      ids: this.process.ids(),
      logId: this.#logId,
      log: this.#log,
      catalogue: shared.catalogue,
      git,
      openGround: async () =>
        shared.plant.ground(
          openTwinGround({
            clock,
            filesOf: (tree) => shared.remote.graph.filesOf(tree),
            judge: (_, files) => runOn(files, shared.kernel.chance),
            mark: name,
          }),
        ),
      repository: shared.plant.repository(this.repository),
      dispatcher: this.dispatcher,
      producer: this.#producer(`integrator/${this.process.name}`),
      leases: this.#leases,
      faults: { reach: (point) => port.perform(`at ${point}`, () => undefined) },
      report: () => undefined,
      makeProber: (sessionId) => this.#makeProber(sessionId, git),
      inspect: this.#traces.inspect,
    });
  }

  /** A session ends in one of the named ways; an error that is no outage is a bug. */
  #judge(result: SessionResult): void {
    const { sessionId, outcome, stop, fault } = result;
    this.#host.shared.kernel.trace(
      `${this.process.name} session ${sessionId.slice(-4)} ${outcome} ${stop?.reason ?? ''}`,
    );
    if (outcome === 'halted') this.#host.shared.fail('halt', `${stop?.reason}: ${stop?.detail}`);
    if (outcome === 'refused') this.#host.shared.fail('refused', `${stop?.reason}: ${stop?.detail}`);
    if (fault) this.#host.shared.fail('fault', `session: ${fault instanceof Error ? fault.stack : String(fault)}`);
  }

  #expectOutage(where: string, error: unknown): void {
    if (error instanceof TelecError && error.code === 'REDIS_UNREACHABLE') return;
    this.#host.shared.fail('fault', `${where}: ${error instanceof Error ? error.stack : String(error)}`);
  }

  #probeSoon(): void {
    if (this.#probeDue) return;
    this.#probeDue = true;
    this.process.clock.setTimeout(() => void this.#probe(), 100);
  }

  async #probe(): Promise<void> {
    this.#probeDue = false;
    try {
      const seen = await this.#git.look();
      if (seen.kind !== 'seen') return;
      await this.#prober.probe(this.repository.live(), seen.view);
      if (seen.view.main !== null) this.supervisor.mainSeen(seen.view.main);
    } catch (error) {
      this.#expectOutage('prober', error);
    }
  }

  #save(): void {
    const snapshot: Snapshot = {
      lastId: this.dispatcher.appliedId,
      positions: { ...this.#positions },
      repository: this.repository.dump(),
      notifications: this.notifications.dump(),
    };
    this.#host.snapshot = JSON.stringify(this.#host.shared.plant.snapshot(snapshot, this.#host.shared.store));
  }
}
