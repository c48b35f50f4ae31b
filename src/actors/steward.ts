/**
 * Keeps one repository going while its process lives: follows the log, asks the remote, lifts holds whose time is
 * over, runs the integrator when there is work, keeps Redis up and the snapshot fresh. Each of these is a part of its
 * own; this is where they meet.
 *
 * Invariant: on a log that is not the one that was followed (wiped, replaced, its tail lost, archived elsewhere before it
 * was read) nothing is applied and
 * nobody integrates any more. What then counts is for a person to decide: a new start reads the log as it is.
 */
import { EXIT, InvariantViolation, TelecError } from '../errors.ts';
import { sleep } from '../io/clock.ts';
import type { Config } from '../io/config.ts';
import type { IntegrationRepository } from '../io/git/port.ts';
import { type CandidateKey, candidateKey } from '../machines/identity.ts';
import { rollbackDue } from '../machines/modes.ts';
import { Aftercare } from './aftercare.ts';
import { type Change, needsSession } from './candidate-record.ts';
import type { LogFault } from './client.ts';
import { type Opened, privateGit, recordConfiguration } from './commands/session.ts';
import { HoldExpiry } from './hold-expiry.ts';
import type { Host } from './host.ts';
import type { Session, SessionResult } from './integrator.ts';
import { configOfMain } from './main-config.ts';
import { rollBackWhenDue } from './modes/rollback.ts';
import type { PipelineEvent } from './pipeline.ts';
import { ProbeLoop } from './probe-loop.ts';
import { Radar } from './radar/radar.ts';
import { sweepSessions } from './sessions/end.ts';
import type { WakeView } from './sessions/views.ts';
import { Supervisor } from './supervisor.ts';

/** Entries after which the snapshot is written, and the least time between two, ms. */
const SAVE_ENTRIES = 2000;
const SAVE_MS = 10_000;
/** Pauses of a failed read of the log, ms. */
const READ_PAUSE_FIRST_MS = 100;
const READ_PAUSE_MAX_MS = 5000;

/** Faults of entries that this daemon had not applied when they were archived, and cannot read where they are. */
const UNREADABLE: ReadonlySet<string> = new Set(['ARCHIVE_ELSEWHERE', 'ARCHIVE_DAMAGED']);

/** One line of the operating log. `error` goes with its stack. */
export interface Report {
  info(message: string, details?: Record<string, unknown>): void;
  warn(message: string, details?: Record<string, unknown>): void;
  error(message: string, error: unknown, details?: Record<string, unknown>): void;
}

export interface StewardOptions {
  opened: Opened;
  git: IntegrationRepository;
  report: Report;
  /** How often the watchdog of the integrator looks, ms. */
  watchdogMs: number;
  /** Pause after a session that could not reach the remote, ms. */
  retryMs: number;
}

export class Steward {
  readonly #options: StewardOptions;
  readonly #host: Host;
  readonly #probes: ProbeLoop;
  readonly #radar: Radar;
  readonly #holds: HoldExpiry;
  readonly #supervisor: Supervisor;
  readonly #aftercare: Aftercare;
  readonly #stopping = new AbortController();
  #config: Config;
  #following: Promise<void> | null = null;
  #logFault: LogFault | null = null;
  #readFailures = 0;
  #savedAt: number;
  #savedEntries: number;
  /** The candidate that asked for a session last; told with its beginning. */
  #wokenBy: CandidateKey | null = null;
  #sweeping = false;

  constructor(options: StewardOptions) {
    const { opened, git, report } = options;
    const { host, workspace } = opened;
    this.#options = options;
    this.#host = host;
    this.#config = workspace.config;
    this.#savedAt = host.clock.monotonic();
    this.#savedEntries = host.dispatcher.applied;
    const onError = (error: unknown) => report.error('the daemon met a fault', error);
    this.#probes = new ProbeLoop({
      clock: host.clock,
      repository: host.repository,
      git,
      prober: host.prober(git, workspace.config, host.options.source.slice(host.options.source.indexOf('/') + 1)),
      intervalMs: () => this.#config.integration.probeMs,
      report: (message, details) => report.warn(message, details),
      onReachable: () => this.#supervisor.lookAgain(),
      watches: () => host.mode === 'shadow' || this.#config.integration.radar,
      onSeen: (view) => {
        if (view.main !== null) this.#supervisor.mainSeen(view.main);
        this.#radar.seen(view);
      },
    });
    this.#radar = new Radar({
      host,
      git,
      main: workspace.config.main,
      isOn: () => this.#config.integration.radar,
      isBusy: () => this.#supervisor.session !== null,
      mayTell: () => this.#logFault === null && host.dispatcher.stale === null,
      report,
    });
    this.#holds = new HoldExpiry(host, onError);
    this.#aftercare = new Aftercare({
      opened,
      config: () => this.#config,
      report: (message, details) => report.warn(message, details),
      onError,
    });
    this.#supervisor = new Supervisor({
      clock: host.clock,
      leases: host.leases,
      repository: host.repository,
      mayIntegrate: () => this.#logFault === null && host.dispatcher.stale === null,
      mode: () => host.mode,
      start: () => this.#startSession(),
      watchdogMs: options.watchdogMs,
      retryMs: options.retryMs,
      onEnded: (result) => this.#ended(result),
      onError,
    });
  }

  get session(): Session | null {
    return this.#supervisor.session;
  }

  /** Why the log is not followed any more; null while it is. */
  get logFault(): LogFault | null {
    return this.#logFault;
  }

  start(): void {
    const { host } = this.#options.opened;
    host.onDisconnected(() => this.#revive());
    this.#following = host.dispatcher.follow(this.#stopping.signal, (error) => this.#readFailed(error), {
      isIntact: () => this.#isIntact(),
      onIdle: () => this.#idle(),
    });
    this.#following.then(
      () => {
        const { stale } = host.dispatcher;
        if (stale) this.#options.report.warn('the log has an entry of a newer telec; not integrating', { ...stale });
      },
      (error: unknown) => this.#options.report.error('following the log ended', error),
    );
    this.#holds.look();
    this.#lookAtModes();
    this.#probes.start();
    this.#supervisor.spawn();
    this.#aftercare.start();
  }

  /**
   * A candidate became ready, or was found on main: starts the one integrator session, or wakes the one that runs; the
   * candidate is in the queue either way.
   */
  spawnIntegratorSession(slug: string, branch: string, sha: string): void {
    if (!this.#following) return;
    this.#wokenBy = candidateKey({ slug, branch, sha });
    this.#supervisor.spawn();
  }

  /** The integrator is asked for by a person or program, whatever the queue says. */
  async wake(): Promise<WakeView> {
    const result = await this.#supervisor.spawnNow();
    return 'sessionId' in result
      ? { result: result.kind, session_id: result.sessionId, detail: null }
      : { result: result.kind, session_id: null, detail: result.detail };
  }

  /** Tells the daemon's own session of that id to end; false when there is none. */
  endSession(sessionId: string): boolean {
    return this.#supervisor.endSession(sessionId);
  }

  /** One entry was applied. */
  applied(event: PipelineEvent, changes: readonly Change[]): void {
    if (!this.#following) return;
    this.#probes.applied(event);
    this.#lookAtModes();
    if (event.domain) this.#aftercare.applied(event.domain);
    for (const { record, from, to } of changes) {
      this.#options.report.info('a candidate moved', { candidate: record.id, from, to, entry: event.id });
    }
    switch (event.domain?.type) {
      case 'integration.hold.placed':
        this.#holds.look();
        break;
      case 'integration.hold.lifted':
        this.#holds.look();
        this.#supervisor.holdLifted();
        break;
      case 'integration.lease.released':
      case 'integration.lease.broken':
      case 'integration.log.adopted':
      case 'integration.cutover.enabled':
      case 'integration.cutover.rolled_back':
        // Also wakes a session that waits: it may be of the mode that is over.
        this.#supervisor.session?.wake();
        this.#supervisor.lookAgain();
        break;
      default:
    }
    const { applied } = this.#host.dispatcher;
    const due = this.#host.clock.monotonic() - this.#savedAt >= SAVE_MS;
    if (applied - this.#savedEntries >= SAVE_ENTRIES && due) void this.#save();
  }

  /** Takes the cutover back when what was applied makes it due. */
  #lookAtModes(): void {
    const { repository, dispatcher, options } = this.#host;
    if (rollbackDue(repository.standing.modes) === null || this.#logFault !== null || dispatcher.stale) return;
    rollBackWhenDue(this.#host, options.source).then(
      (taken) => {
        if (taken) this.#options.report.warn('the cutover was taken back: nothing moves main any more', {});
      },
      (error: unknown) => this.#options.report.error('the cutover could not be taken back', error),
    );
  }

  /** Ends the session in hand (its train is finished, the rest goes back to the queue), then everything else. */
  async stop(): Promise<void> {
    this.#holds.stop();
    const looking = [this.#probes.stop(), this.#radar.stop()];
    await this.#supervisor.stop('shutdown');
    await Promise.all(looking);
    await this.#aftercare.stop();
    this.#stopping.abort();
    await this.#following?.catch(() => undefined);
    await this.#save();
  }

  /** What main's own file says counts for the session; what cannot be read leaves the configuration as it was. */
  async #startSession(): Promise<Session> {
    const { opened, git, report } = this.#options;
    const config = await configOfMain(opened, git, {
      signal: this.#stopping.signal,
      complain: (error, main) =>
        report.error("main's configuration cannot be used; the last good one counts", error, { main }),
    });
    this.#config = config ?? this.#config;
    const current: Opened = { ...opened, workspace: { ...opened.workspace, config: this.#config } };
    await recordConfiguration(current);
    const project = opened.workspace.mainWorkTree;
    const record = this.#wokenBy && this.#host.repository.find(this.#wokenBy);
    // One that an earlier session took meanwhile is not what this one begins for.
    const waits = record && (record.state === 'ready' || needsSession(record, this.#host.mode ?? 'live'));
    return this.#host.startSession(git, this.#config, { project, ...(waits ? { candidate: record.key } : {}) });
  }

  async #ended(result: SessionResult): Promise<void> {
    const { report } = this.#options;
    const { sessionId, outcome, completed, blocked, superseded, durationMs, stop, fault } = result;
    const counts = { session: sessionId, outcome, completed, blocked, superseded, duration_ms: durationMs };
    this.#aftercare.drained();
    report.info('a session ended', { ...counts, ...(stop ? { reason: stop.reason, detail: stop.detail } : {}) });
    if (!fault) return;
    report.error('a session met a bug', fault, { session: sessionId });
    if (fault instanceof InvariantViolation) await this.#halt(sessionId, fault.message);
  }

  /** A program that contradicts itself must not go on moving main. */
  async #halt(owner: string, reason: string): Promise<void> {
    const { producer, ids, repository } = this.#host;
    if (repository.standing.hold?.alarm) return;
    await producer.emit('integration.hold.placed', {
      owner,
      reason,
      until: null,
      main_busy: false,
      alarm: 'INVARIANT',
      command_id: ids.ulid(),
    });
  }

  async #isIntact(): Promise<boolean> {
    const { log, logId, dispatcher } = this.#host;
    const ask = () => log.check({ logId, lastId: dispatcher.appliedId });
    const check = await ask();
    this.#readFailures = 0;
    // What was archived meanwhile is read from there.
    if (check.kind === 'intact' || check.kind === 'archived') return true;
    // A session may have applied more while the question was on its way.
    const again = await ask();
    if (again.kind === 'intact' || again.kind === 'archived') return true;
    const error = new TelecError('LOG_LOST', EXIT.unreachable, 'the log is not the one this daemon followed', {
      hint: 'find out who emptied or replaced it; then telec down, and telec up reads the log as it is',
    });
    this.#giveUp(again.kind, error);
    return false;
  }

  /** Applies nothing and integrates nothing any more; questions are still answered, from what was known. */
  #giveUp(fault: LogFault, error: Error): void {
    const { dispatcher } = this.#host;
    this.#logFault = fault;
    dispatcher.freeze();
    this.#options.report.error('ALARM: the log cannot be followed; nothing is integrated until a new start', error, {
      fault,
      applied_id: dispatcher.appliedId,
    });
    this.#holds.stop();
    void this.#probes.stop();
    void this.#radar.stop();
    void this.#supervisor.stop('log_lost');
  }

  #revive(): void {
    if (this.#stopping.signal.aborted) return;
    this.#host.revive().catch((error: unknown) => {
      this.#options.report.error('Redis could not be started again', error);
    });
  }

  /** Redis does not answer: waits a little, longer each time, and sees that the embedded server runs. */
  async #readFailed(error: unknown): Promise<void> {
    if (error instanceof InvariantViolation) {
      this.#giveUp('contradicted', error);
      return this.#halt(this.#host.options.source, error.message).catch(() => undefined);
    }
    if (error instanceof TelecError && UNREADABLE.has(error.code)) return this.#giveUp('archived', error);
    if (!(error instanceof TelecError)) this.#options.report.error('an entry could not be applied', error);
    else this.#options.report.warn('the log cannot be read', { code: error.code, detail: error.message });
    const pause = Math.min(READ_PAUSE_FIRST_MS * 2 ** this.#readFailures, READ_PAUSE_MAX_MS);
    this.#readFailures += 1;
    await this.#host.revive().catch(() => undefined);
    await sleep(this.#host.clock, pause, this.#stopping.signal).catch(() => undefined);
  }

  /** Nothing came for a while: time to keep what was folded and to look after the sessions of this machine. */
  async #idle(): Promise<void> {
    await this.#save();
    if (this.#sweeping) return;
    this.#sweeping = true;
    // Apart from the log: ending a process may take a while.
    sweepSessions(this.#host)
      .catch((error: unknown) => this.#options.report.error('sessions could not be looked after', error))
      .finally(() => {
        this.#sweeping = false;
      });
  }

  async #save(): Promise<void> {
    const { dispatcher } = this.#host;
    this.#savedAt = this.#host.clock.monotonic();
    this.#savedEntries = dispatcher.applied;
    if (this.#logFault) return;
    await dispatcher
      .between(() => this.#host.save())
      .catch((error: unknown) => this.#options.report.error('the snapshot could not be written', error));
  }
}

/** The steward of an opened repository; its private git is opened first. */
export async function makeSteward(options: Omit<StewardOptions, 'git'>): Promise<Steward> {
  return new Steward({ ...options, git: await privateGit(options.opened) });
}
