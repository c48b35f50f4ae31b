/**
 * What the command line and programs call: the one interface of the runtime, in the shapes of `--json` (docs/cli.md).
 * Types only. Field names of views are snake_case because they are printed as they are; instants are RFC 3339 text.
 */
import type { ConfigValue } from '../io/config.ts';
import type { RepositoryLimits } from '../io/git/repository.ts';
import type { Priority } from '../machines/priority.ts';
import type { ActorDetailView, ActorRow, MachineView } from './actor-views.ts';
import type { ArchiveRequest, ArchiveView } from './archive/views.ts';
import type { AuditView } from './audit/views.ts';
import type { DemoRequest, DemoView, Tell } from './demo/story.ts';
import type { CatalogRow, DeadRow, EmitRequest, EmitResult, EnvelopeView } from './event-views.ts';
import type { PermitView, ServerGuardDesk } from './guards/server-views.ts';
import type { GuardChangeView, GuardsDesk, GuardsGlance } from './guards/views.ts';
import type { LiveDesk } from './live/views.ts';
import type { ShadowDesk, ShadowView } from './modes/shadow-views.ts';
import type { CutoverDesk } from './modes/views.ts';
import type { NotificationRow, SurfaceView } from './notify/views.ts';
import type { RadarView } from './radar/views.ts';
import type { RolloutDesk } from './rollout/views.ts';
import type { Timings } from './session/work.ts';
import type { SessionDesk } from './sessions/views.ts';
import type { Load } from './simulate/load.ts';
import type { RecordedRequest, SimulateRequest, SimulateView } from './simulate/views.ts';
import type { CheckRunDetail, CheckRunView, ChecksDesk, TestsView } from './tests/views.ts';
import type { TodoPapers } from './todos/paper-desk.ts';
import type { RoadmapDesk } from './todos/roadmap-desk.ts';
import type { TodoDesk } from './todos/todo-desk.ts';
import type { PriorityRequest, PriorityView, TurnView } from './turns/views.ts';
import type { WebRequest, WebView } from './web-entry.ts';

export type { ActorDetailView, ActorRow, MachineView } from './actor-views.ts';
export type { CatalogRow, DeadRow, EmitRequest, EmitResult, EnvelopeView } from './event-views.ts';
export type { ShadowView } from './modes/shadow-views.ts';
export type { NotificationRow } from './notify/views.ts';
export type { TurnView } from './turns/views.ts';

export type CandidateState = 'pending' | 'ready' | 'integrating' | 'completed' | 'blocked' | 'superseded';

/** One thing that keeps a candidate from being ready: stable code, sentence for people. */
export interface ReasonView {
  code: string;
  text: string;
}

/** A hold on merging; `alarm` is set when telec itself placed it (a halt). */
export interface HoldView {
  owner: string;
  reason: string;
  since: string;
  until: string | null;
  main_busy: boolean;
  alarm: string | null;
}

/** The lease record without its token. */
export interface LeaseView {
  owner_session_id: string;
  fence: number;
  acquired_at: string;
  renewed_at: string;
  expires_at: string;
  live: boolean;
}

/** Why a daemon no longer follows its log. */
export type LogFault = 'replaced' | 'lost_tail' | 'contradicted' | 'archived';

export interface StatusView {
  repo_id: string;
  main: { ref: string; sha: string | null };
  mode: 'live' | 'shadow';
  hold: HoldView | null;
  daemon: { running: boolean; pid: number | null; since: string | null; web: string | null };
  /** `state` is the state path joined by dots; `standby` without a session. */
  integrator: { state: string; session_id: string | null; candidate: string | null };
  lease: LeaseView | null;
  /** The cutover is enabled and was taken back: a person has to decide. */
  rollback_required: boolean;
  /** Why nothing is pushed; null while it is. */
  mode_reason: string | null;
  /** A person's permission to bring main to one commit by hand, while it is in force. */
  permit: PermitView | null;
  /** The guards on this machine. */
  guards: GuardsGlance;
  /** The entry this version cannot read, at which the fold stopped. */
  stale: { id: string; type: string } | null;
  counts: Record<CandidateState, number>;
  /** What of it is tested now, and how far ahead of main. */
  tests: TestsView;
  /** The chats and programs that are told, as their daemon noted last; empty where nobody is. */
  surfaces: SurfaceView[];
  /**
   * `state`: whether it still is the log the daemon followed (`replaced`, `lost_tail`), can be folded (`contradicted`), and
   * what the daemon had not read yet is where it can read it (`archived`: another host put it into a file);
   * if not, the daemon applies nothing and integrates nothing until it is started anew.
   */
  log: {
    last_id: string;
    applied_id: string;
    length: number;
    dead: number;
    state: 'intact' | LogFault;
  };
}

export interface BlockedView {
  kind: string;
  conflict_evidence: string[];
  diagnostics: string[];
  next_action: string;
  blocked_at: string;
  /** One line that shows the conflict again, to be run by a person. */
  reproduce: string | null;
}

export interface CandidateView {
  slug: string;
  branch: string;
  sha: string;
  /** Counts resumptions after being superseded, from 1. */
  generation: number;
  state: CandidateState;
  ready_at: string;
  reasons: ReasonView[];
  /** Key `<slug>/<branch>@<sha>` of the candidate that ranks higher. */
  superseded_by: string | null;
  merge_commit: string | null;
  blocked: BlockedView | null;
  follow_up_slug: string | null;
  /** What sessions in shadow said of it, and how that compares with what another path did; null for neither. */
  shadow: ShadowView | null;
  /** What proves the delivery, as in `deployment.completed`. */
  receipt: Record<string, unknown> | null;
  /** What the block was made of, as in `deployment.failed`. */
  evidence: Record<string, unknown> | null;
  /** Number of dequeues over the life of the triple. */
  attempt: number;
  /** When it was not taken in the order in which candidates became ready; null when it was. */
  turn: TurnView | null;
  /** Its checks, while a session has it and once it is blocked; empty else: what landed has them in its receipt. */
  checks: CheckRunView[];
  updated_at: string;
}

export interface HistoryRow {
  /** Entry id in the log. */
  id: string;
  at: string;
  event: string;
  from: string | null;
  to: string;
}

export interface CandidateDetailView extends CandidateView {
  checks: CheckRunDetail[];
  history: HistoryRow[];
}

export interface QueueRow {
  /** From 1. */
  position: number;
  slug: string;
  branch: string;
  sha: string;
  ready_at: string;
  waiting_ms: number;
  on_hold: boolean;
  priority: Priority;
  /** How many older ones it goes ahead of. */
  overtakes: number;
  /** In shadow: what would become of it on main as it is. Null while telec is live. */
  verdict: ShadowView['verdict'] | 'not_judged' | null;
}

export interface WhyView {
  slug: string;
  /** Null when the slug has signals but no candidate yet. */
  state: CandidateState | null;
  /** What that state means, in the words of the machine. */
  meaning: string | null;
  /** Place in the queue, from 1; null when it is not in it. */
  place: number | null;
  /** `event` would satisfy it (full dotted type), `who` may emit it. */
  waiting_for: { code: string; text: string; event: string | null; who: string }[];
}

export interface SubmitView {
  slug: string;
  branch: string;
  sha: string;
  state: CandidateState;
  /** Entry ids of the signals, appended now or earlier. */
  events: string[];
}

/**
 * `settled`: completed, blocked or superseded; in shadow also judged on main as it is, or waiting for a live session.
 * `timeout`: not within the time given.
 */
export type SettleOutcome =
  | { kind: 'settled'; candidate: CandidateView }
  | { kind: 'timeout'; candidate: CandidateView };

export interface IntegrateView {
  session_id: string;
  mode: 'live' | 'shadow';
  outcome: 'drained' | 'busy' | 'held' | 'halted' | 'aborted' | 'unreachable';
  completed: number;
  blocked: number;
  superseded: number;
  duration_ms: number;
  /** What a session in shadow said and compared; null for a live one. */
  shadow: { would_integrate: number; would_block: number; compared: number } | null;
}

export interface ReplayView {
  candidates: CandidateView[];
  entries: number;
  duration_ms: number;
  /** Whether the fold equals the running daemon's; null when that was not asked. */
  equal: boolean | null;
}

export interface InitRequest {
  /** Another path goes on moving main; telec judges beside it. */
  shadow: boolean;
}

export interface InitView {
  repo_id: string;
  /** Path of telec.yaml. */
  config: string;
  mode: 'live' | 'shadow';
  changed: boolean;
}

export interface DoctorRow {
  check: string;
  status: 'ok' | 'warn' | 'fail';
  detail: string;
  mend: string | null;
}

/** One configuration key, its effective value (secrets masked) and where that comes from. */
export interface ConfigRow {
  key: string;
  value: ConfigValue;
  source: string;
}

export interface HoldRequest {
  reason: string | null;
  /** Null: until lifted. */
  forMs: number | null;
  mainBusy: boolean;
}

/**
 * One repository, opened for one command. Every method throws `TelecError` for faults of use, policy and set-up;
 * what can end in several ways on purpose answers a value.
 */
export interface TelecClient {
  status(): Promise<StatusView>;
  /** Ordered by (ready_at, slug, branch, sha). */
  candidates(filter: { state?: string; slug?: string }): Promise<CandidateView[]>;
  /** Thrown: NOT_FOUND or AMBIGUOUS (1). */
  candidate(selector: string): Promise<CandidateDetailView>;
  queue(): Promise<QueueRow[]>;
  why(slug: string): Promise<WhyView>;
  lease(): Promise<LeaseView | null>;
  notifications(filter: { unseen: boolean }): Promise<NotificationRow[]>;
  /** The rows as they are after the mark. */
  markNotifications(ids: string[], mark: 'seen' | 'claimed' | 'resolved'): Promise<NotificationRow[]>;
  dead(): Promise<DeadRow[]>;
  actors(filter: { machine?: string }): Promise<ActorRow[]>;
  actor(id: string): Promise<ActorDetailView>;
  /** Entries after `from` ('0': from the first); ends at the newest unless `follow`; ends on abort. */
  tail(from: string, follow: boolean, signal: AbortSignal): AsyncIterable<EnvelopeView>;
  /** Up to `count` entries after `from`. */
  page(from: string, count: number): Promise<EnvelopeView[]>;
  /** One result for each request, in order; a rejected one does not stop the others. */
  emit(requests: EmitRequest[]): Promise<EmitResult[]>;
  /** Push, approve, finalize. `branch` null: the one checked out. `slug` null: derived from the branch. */
  submit(request: { branch: string | null; slug: string | null }): Promise<SubmitView>;
  /** Waits for the end of a candidate; runs a session itself when there is neither daemon nor live session. */
  settle(
    candidate: { slug: string; branch: string; sha: string },
    timeoutMs: number | null,
    signal: AbortSignal,
  ): Promise<SettleOutcome>;
  /** One integrator session; obeys the signal by releasing what it holds. */
  integrate(signal: AbortSignal): Promise<IntegrateView>;
  resume(request: { slug: string; force: boolean; reason: string | null }): Promise<CandidateView>;
  /** Thrown: PRIORITIES_OFF (6), NOT_FOUND (1). */
  setPriority(request: PriorityRequest): Promise<PriorityView>;
  hold(request: HoldRequest): Promise<HoldView>;
  unhold(request: { reason: string | null }): Promise<HoldView | null>;
  leaseBreak(reason: string): Promise<LeaseView | null>;
  leaseAdopt(reason: string): Promise<LeaseView | null>;
  /** `at` null: the whole log. */
  replay(request: { at: string | null; verify: boolean }): Promise<ReplayView>;
  /** Moves old entries from Redis to files. Thrown: NOT_INITIALIZED (6), ARCHIVE_RUNNING (6), ARCHIVE_WRITE (1). */
  archive(request: ArchiveRequest): Promise<ArchiveView>;
  /** Every commit of main since the first cutover, against the log. Thrown: NOT_INITIALIZED (6), REMOTE_UNREACHABLE (3). */
  audit(): Promise<AuditView>;
  /**
   * Conflicts that pushed branches will have, as the remote is now; `branch` null: of all. Thrown: REMOTE_UNREACHABLE (3),
   * NOT_FOUND (1) for a branch that the remote has not.
   */
  radar(branch: string | null): Promise<RadarView>;
  init(request: InitRequest): Promise<InitView>;
  /** The comparison with another path that moves main. */
  shadow(): Promise<ShadowDesk>;
  /** Cutover: where it stands, enabling it, taking it back. */
  cutover(): Promise<CutoverDesk>;
  /** Everything about sessions of all roles. */
  sessions(): Promise<SessionDesk>;
  /** Work items and their flow. */
  todos(): Promise<TodoDesk>;
  /** What stands between others and main on this machine. */
  guards(): Promise<GuardsDesk>;
  /** The configured checks, what came of their runs, and what failed. */
  checks(): Promise<ChecksDesk>;
  /** Watching the repository, now and as it was. */
  live(): Promise<LiveDesk>;
  /** What the log tells of a load, for `simulate`. */
  recordedLoad(request: RecordedRequest): Promise<Load>;
  close(): Promise<void>;
}

/** Points at which a test may stop or fail the program. */
export interface Faults {
  reach(point: string): void | Promise<void>;
}

/** Durations that tests shorten; what is left out is as in production. */
export interface Tuning {
  timings?: Partial<Timings>;
  git?: Partial<RepositoryLimits>;
  /** How often the daemon's watchdog looks, its pause after a remote that did not answer, and how long its end may take, ms. */
  daemon?: { watchdogMs?: number; retryMs?: number; stopMs?: number };
  /** How long a session may take to end once it was asked, ms. */
  sessions?: { graceMs?: number };
  /** How long the finalize lock of a slug stands, ms. */
  finalizeLockMs?: number;
}

/** What every command knows about where and for whom it runs. */
export interface CommandContext {
  /** Directory the repository is looked for from, absolute. */
  cwd: string;
  env: Record<string, string | undefined>;
  /** Talk for people, one line, on stderr; silent with `--quiet`. */
  say(line: string): void;
  /** Aborted by Ctrl-C or the end of the reader of stdout. */
  signal: AbortSignal;
  faults?: Faults;
  tuning?: Tuning;
}

/** How a repository is opened, and what needs no open repository. Implemented by `open.ts`. */
export interface Runtime {
  openClient(context: CommandContext): Promise<TelecClient>;
  /** As `openClient`, for `init`: agrees with the remote on the repository's id first. */
  openForInit(context: CommandContext): Promise<TelecClient>;
  /**
   * The desk of work items alone; `close` ends what it opened. Opens the log when it is needed, and works with the files
   * where there is none: in a clone that was never set up, and while Redis cannot be reached.
   */
  openTodos(context: CommandContext): Promise<{ desk: TodoDesk; close(): Promise<void> }>;
  /** The daemon in this process, until the signal or a request to stop; `ready` is called once it answers. */
  serve(context: CommandContext, ready: (view: { pid: number }) => void): Promise<void>;
  /** Stops the private Redis of the repository; false when none ran. Thrown: REDIS_SHARED (6) when it is not telec's own. */
  stopRedis(context: CommandContext): Promise<boolean>;
  doctor(context: CommandContext): Promise<DoctorRow[]>;
  /** The papers and the roadmap of the work tree around `cwd`. Needs no repository that is set up until it writes. */
  todoPapers(context: CommandContext): Promise<TodoPapers>;
  roadmap(context: CommandContext): Promise<RoadmapDesk>;
  /** The demo, told beat by beat; needs no repository. */
  demo(context: CommandContext, request: DemoRequest, tell: Tell): Promise<DemoView>;
  /** A load under other settings, in virtual time; needs no repository when the load is generated. `progress`: how far it is. */
  simulate(context: CommandContext, request: SimulateRequest, progress: (line: string) => void): Promise<SimulateView>;
  /** Takes the guards of this machine out; needs no init and no Redis. Thrown: GUARDS_BUSY (6), GUARD_FILES (2). */
  takeGuardsOut(context: CommandContext): Promise<GuardChangeView>;
  /** The hooks of a remote on this machine; works on a server without a clone, too. */
  serverGuard(context: CommandContext): Promise<ServerGuardDesk>;
  /** Opens the web view of the daemon. Thrown: NO_DAEMON, WEB_CLOSED (3), WEB_TARGET (2). */
  openWeb(context: CommandContext, request: WebRequest): Promise<WebView>;
  configuration(context: CommandContext): Promise<ConfigRow[]>;
  /** The rollouts of the work tree around the command; needs no init, no remote and no Redis. */
  rollout(context: CommandContext): Promise<RolloutDesk>;
  catalog(): Promise<CatalogRow[]>;
  machines(): Promise<string[]>;
  /** Null when there is no machine of that name. */
  machine(name: string): Promise<MachineView | null>;
}
