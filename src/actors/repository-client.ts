/**
 * The client: one repository, opened for one command or held by the daemon. Reads fold the log; writes append to it.
 * It decides nothing about a candidate, and moves main only by running an integrator session.
 */
import { InvariantViolation } from '../errors.ts';
import { fullType } from '../machines/events.ts';
import { FRESH_TRACE, type Trace } from '../machines/integrator-trace.ts';
import type { ArchiveRequest, ArchiveView } from './archive/views.ts';
import type { AuditView } from './audit/views.ts';
import type {
  ActorDetailView,
  ActorRow,
  CandidateDetailView,
  CandidateView,
  CommandContext,
  DeadRow,
  EmitRequest,
  EmitResult,
  EnvelopeView,
  HistoryRow,
  HoldRequest,
  HoldView,
  InitRequest,
  InitView,
  IntegrateView,
  LeaseView,
  LogFault,
  NotificationRow,
  QueueRow,
  ReplayView,
  SettleOutcome,
  StatusView,
  SubmitView,
  TelecClient,
  WhyView,
} from './client.ts';
import { leaseAdopt, leaseBreak, liftHold, markNotifications, placeHold } from './commands/decisions.ts';
import { emitOne } from './commands/emit.ts';
import {
  candidateActorDetail,
  candidateActors,
  envelopeView,
  historyRow,
  sessionActorDetail,
  sessionActors,
} from './commands/reading.ts';
import { type Opened, openForWriting } from './commands/session.ts';
import { tracedActorDetail, tracedActors } from './commands/traced.ts';
import { Foreground } from './foreground.ts';
import type { GuardsDesk } from './guards/views.ts';
import type { Host, HostHooks, HostOptions } from './host.ts';
import type { Session } from './integrator.ts';
import type { LiveDesk } from './live/views.ts';
import type { ShadowDesk } from './modes/shadow-views.ts';
import type { CutoverDesk } from './modes/views.ts';
import type { RadarView } from './radar/views.ts';
import type { IntegratorDesk, SessionDesk } from './sessions/views.ts';
import type { Load } from './simulate/load.ts';
import type { RecordedRequest } from './simulate/views.ts';
import { leaseView } from './status.ts';
import { aroundNow, type NowParts, statusNow, surroundings } from './status-now.ts';
import type { ChecksDesk } from './tests/views.ts';
import type { TodoDesk } from './todos/todo-desk.ts';
import type { PriorityRequest, PriorityView } from './turns/views.ts';
import { candidateDetail, candidateViews, notificationViews, queueRows, selectCandidate, whyView } from './views.ts';
import { openWorkspace, type Workspace } from './workspace.ts';

/** Entries read from the log at once when it is shown. */
const TAIL_PAGE = 500;
const TAIL_WAIT_MS = 5000;
const DEAD_MAX = 1000;

export interface ClientParts {
  context: CommandContext;
  host: Host;
  /** Opens another host on the same log, reading it from the start, or from where the archives end. */
  replica(hooks: HostHooks, from?: Pick<HostOptions, 'fromArchived'>): Promise<Host>;
  /** The daemon around this client, or what is known of one elsewhere. */
  daemon(): Promise<StatusView['daemon']>;
  /** Whether a daemon runs that its environment keeps to shadow in a live repository. */
  daemonNarrowed(): Promise<boolean>;
  /** How the daemon's own integrator is reached. */
  integrator: IntegratorDesk;
  /** The session in this process, when there is one. */
  session(): Session | null;
  /** Why the log is not followed any more; null while it is. */
  logFault(): LogFault | null;
  /** The daemon's candidates as of one entry, for `replay --verify`; null when none runs. */
  daemonCandidates(): Promise<{ appliedId: string; candidates: CandidateView[] } | null>;
  /** The workspace found under the id that the remote agrees with; for `init` alone. */
  agreed: Workspace | null;
  /** Closes the host with the client; a daemon keeps its own. */
  ownsHost: boolean;
}

export class RepositoryClient implements TelecClient {
  readonly #parts: ClientParts;
  readonly #foreground: Foreground;
  #live: LiveDesk | null = null;

  constructor(parts: ClientParts) {
    this.#parts = parts;
    this.#foreground = new Foreground(async () => (await parts.daemon()).running, parts.daemonNarrowed);
  }

  /** What following the log does to a session in the foreground. */
  get hooks(): HostHooks {
    return this.#foreground.hooks;
  }

  async status(): Promise<StatusView> {
    await this.#folded();
    return statusNow(this.#now, await surroundings(this.#now));
  }

  async candidates(filter: { state?: string; slug?: string }): Promise<CandidateView[]> {
    return candidateViews((await this.#folded()).host.repository, filter);
  }

  async candidate(selector: string): Promise<CandidateDetailView> {
    const { host } = await this.#folded();
    const record = selectCandidate(host.repository, selector);
    const history: HistoryRow[] = [];
    const replica = await this.#parts.replica({
      onApplied: (event, changes) => {
        for (const change of changes) if (change.record.id === record.id) history.push(historyRow(event, change));
      },
    });
    try {
      await replica.dispatcher.catchUp(host.dispatcher.appliedId);
    } finally {
      await replica.close();
    }
    return { ...candidateDetail(host.repository, record), history };
  }

  async queue(): Promise<QueueRow[]> {
    const { host } = await this.#folded();
    return queueRows(host.repository, await host.log.time());
  }

  async why(slug: string): Promise<WhyView> {
    const { host } = await this.#folded();
    const now = await surroundings(this.#now);
    const view = whyView(host.repository, slug, aroundNow(host, statusNow(this.#now, now), now.narrowed));
    if (view.state !== 'completed') return view;
    const record = selectCandidate(host.repository, slug);
    const { main } = host.repository.standing;
    const reverted = main !== null && (await isReverted(this.#parts, record.context.sha, main));
    return reverted ? { ...view, waiting_for: [REVERTED] } : view;
  }

  async lease(): Promise<LeaseView | null> {
    return leaseView(await this.#parts.host.leases.read());
  }

  async notifications(filter: { unseen: boolean }): Promise<NotificationRow[]> {
    return notificationViews((await this.#folded()).host.notifications, filter);
  }

  async markNotifications(ids: string[], mark: 'seen' | 'claimed' | 'resolved'): Promise<NotificationRow[]> {
    const { host, context } = await this.#writing();
    return markNotifications(host, context, ids, mark);
  }

  async dead(): Promise<DeadRow[]> {
    const letters = await this.#parts.host.log.dead(DEAD_MAX);
    return letters.map(({ entryId, reason, fields }) => ({ id: entryId, reason, entry: fields }));
  }

  async actors(filter: { machine?: string }): Promise<ActorRow[]> {
    const { host } = await this.#folded();
    const session = this.#now.session();
    const own = session ? sessionActors(session) : tracedActors(await this.#elsewhere());
    const rows = [...own, ...candidateActors(host.repository)];
    return rows.filter(({ machine }) => filter.machine === undefined || machine === filter.machine);
  }

  async actor(id: string): Promise<ActorDetailView> {
    const { host } = await this.#folded();
    const session = this.#now.session();
    const own = session
      ? sessionActorDetail(session, id)
      : tracedActorDetail(host.repository, await this.#elsewhere(), id);
    return own ?? candidateActorDetail(host.repository, id);
  }

  async *tail(from: string, follow: boolean, signal: AbortSignal): AsyncIterable<EnvelopeView> {
    const { log } = this.#parts.host;
    let after = from;
    for (;;) {
      const page = await log.read(after, TAIL_PAGE);
      for (const entry of page) yield envelopeView(entry);
      after = page.at(-1)?.id ?? after;
      if (page.length === TAIL_PAGE) continue;
      if (!follow || signal.aborted) return;
      const more = await log.wait(after, TAIL_WAIT_MS, signal);
      for (const entry of more) yield envelopeView(entry);
      after = more.at(-1)?.id ?? after;
    }
  }

  async page(from: string, count: number): Promise<EnvelopeView[]> {
    return (await this.#parts.host.log.read(from, count)).map(envelopeView);
  }

  async emit(requests: EmitRequest[]): Promise<EmitResult[]> {
    const { host } = await this.#writing();
    const results: EmitResult[] = [];
    for (const { event, payload } of requests) results.push(await emitOne(host, event, payload));
    return results;
  }

  async submit(request: { branch: string | null; slug: string | null }): Promise<SubmitView> {
    const { submit } = await import('./commands/submit.ts');
    return submit(await this.#writing(), request);
  }

  async resume(request: { slug: string; force: boolean; reason: string | null }): Promise<CandidateView> {
    const { resume } = await import('./commands/resume.ts');
    return resume(await this.#writing(), request);
  }

  async setPriority(request: PriorityRequest): Promise<PriorityView> {
    const { setPriority } = await import('./turns/set-priority.ts');
    return setPriority(await this.#writing(), request);
  }

  async hold(request: HoldRequest): Promise<HoldView> {
    return placeHold(await this.#writing(), request);
  }

  async unhold(request: { reason: string | null }): Promise<HoldView | null> {
    return liftHold(await this.#writing(), request);
  }

  async leaseBreak(reason: string): Promise<LeaseView | null> {
    return leaseBreak(await this.#writing(), reason);
  }

  async leaseAdopt(reason: string): Promise<LeaseView | null> {
    return leaseAdopt(await this.#writing(), reason);
  }

  async archive(request: ArchiveRequest): Promise<ArchiveView> {
    const { archive } = await import('./archive/archive.ts');
    return archive(await this.#writing(), request, () => this.#parts.replica({}, { fromArchived: true }));
  }

  async audit(): Promise<AuditView> {
    const { audit } = await import('./audit/audit.ts');
    return audit(this.#parts.context, this.#parts.host);
  }

  async radar(branch: string | null): Promise<RadarView> {
    const { radarNow } = await import('./radar/desk.ts');
    return radarNow(this.#parts.context, (await this.#folded()).host, branch);
  }

  async init(request: InitRequest): Promise<InitView> {
    const { context, host, agreed } = this.#parts;
    if (!agreed) throw new InvariantViolation('init was called on a client that was not opened for it');
    const { initialize } = await import('./commands/init.ts');
    return initialize(context, agreed, host, request);
  }

  async shadow(): Promise<ShadowDesk> {
    const { openShadowDesk } = await import('./modes/ledger.ts');
    return openShadowDesk({ folded: async () => (await this.#folded()).host, writing: () => this.#writing() });
  }

  async cutover(): Promise<CutoverDesk> {
    const { openCutoverDesk } = await import('./modes/cutover.ts');
    const { context } = this.#parts;
    return openCutoverDesk({
      folded: async () => ({ context, host: (await this.#folded()).host, workspace: await openWorkspace(context) }),
      writing: () => this.#writing(),
    });
  }

  async todos(): Promise<TodoDesk> {
    const { context, host } = this.#parts;
    const { createTodoDesk } = await import('./todos/todo-desk.ts');
    return createTodoDesk({ context, host: async () => host, opened: () => this.#writing() });
  }

  async guards(): Promise<GuardsDesk> {
    const { context, host } = this.#parts;
    const { openGuardsDesk } = await import('./guards/desk.ts');
    return openGuardsDesk({ context, host });
  }

  async replay(request: { at: string | null; verify: boolean }): Promise<ReplayView> {
    const { replay } = await import('./commands/replay.ts');
    return replay(this.#parts, request);
  }

  async integrate(signal: AbortSignal): Promise<IntegrateView> {
    return this.#foreground.integrate(await this.#writing(), signal);
  }

  async settle(
    triple: { slug: string; branch: string; sha: string },
    timeoutMs: number | null,
    signal: AbortSignal,
  ): Promise<SettleOutcome> {
    return this.#foreground.settle(await this.#writing(), triple, timeoutMs, signal);
  }

  async sessions(): Promise<SessionDesk> {
    const { openDesk } = await import('./sessions/desk.ts');
    return openDesk({
      folded: async () => (await this.#folded()).host,
      writing: () => this.#writing(),
      integrator: this.#parts.integrator,
      integrate: (opened, signal) => this.#foreground.integrate(opened, signal),
    });
  }

  async checks(): Promise<ChecksDesk> {
    const { openChecksDesk } = await import('./tests/desk.ts');
    return openChecksDesk({ context: this.#parts.context, folded: async () => (await this.#folded()).host });
  }

  async live(): Promise<LiveDesk> {
    const { openLiveDesk } = await import('./live/desk.ts');
    this.#live ??= openLiveDesk({ ...this.#now, follows: this.#parts.ownsHost });
    return this.#live;
  }

  async recordedLoad(request: RecordedRequest): Promise<Load> {
    const { recordedLoad } = await import('./simulate/recorded.ts');
    return recordedLoad((hooks) => this.#parts.replica(hooks), request);
  }

  async close(): Promise<void> {
    if (!this.#parts.ownsHost) return;
    const { host } = this.#parts;
    host.save();
    await host.close();
  }

  /** What the log tells of a session in another process; nothing of one that lost its lease. */
  async #elsewhere(): Promise<Trace> {
    const { host } = this.#parts;
    const { trace } = host.repository.standing;
    const lease = leaseView(await host.leases.read());
    return lease?.live && lease.owner_session_id === trace.session ? trace : FRESH_TRACE;
  }

  async #folded(): Promise<{ host: Host }> {
    await this.#parts.host.dispatcher.catchUp();
    return { host: this.#parts.host };
  }

  get #now(): NowParts {
    const { host, daemon, daemonNarrowed, logFault, session } = this.#parts;
    return { host, daemon, daemonNarrowed, logFault, session: () => session() ?? this.#foreground.session };
  }

  #writing(): Promise<Opened> {
    const { context, host } = this.#parts;
    return openForWriting(context, host);
  }
}

/** A commit that main reverted cannot land again: git takes it for merged. */
const REVERTED: WhyView['waiting_for'][number] = {
  code: 'reverted',
  text: 'main has reverted this commit since; git will not bring it again, so a new commit is needed',
  event: fullType('deployment.started'),
  who: 'the worker, with a new commit (revert the revert, or redo the work), then telec submit',
};

async function isReverted({ context, host }: ClientParts, sha: string, main: string): Promise<boolean> {
  const { clone, config } = await openWorkspace(context);
  const git = await host.git(clone, config);
  return (await git.hasCommit(main)) && git.reverted(sha, main);
}
