/**
 * The worker's flow as programs and the command line call it: what a work item is, what is next, and each step of it.
 * Types only, in the shapes of `--json` (docs/cli.md).
 */
import type { Problem } from '../../errors.ts';
import type { CandidateState, ReasonView } from '../client.ts';

/** What a person or a worker is to do next; `command` is null when nothing can be done by one. */
export interface NextStep {
  command: string | null;
  text: string;
}

export interface TodoView {
  slug: string;
  kind: 'todo' | 'bug';
  /** State of the todo machine; `telec machine show todo` explains each. */
  state: string;
  description: string | null;
  /** The container it belongs to. */
  group: string | null;
  /** Slugs that must be delivered before it, and those of them that are not. */
  after: string[];
  waiting_for: string[];
  /** Work items it holds; one that holds any is no work itself. */
  children: string[];
  container: boolean;
  /** False for what stands in the roadmap or the books alone. */
  folder: boolean;
  /** The work tree it is worked on in, where that is another one than this. */
  work_tree: string | null;
  papers: string[];
  missing_papers: string[];
  /** The verdict on its readiness. */
  dor: { status: string; score: number } | null;
  review: { round: number; max_rounds: number; open_findings: number };
  /** Of its highest ranking candidate; null when the log has none, or there is no log. */
  candidate: { branch: string; sha: string; state: CandidateState; reasons: ReasonView[] } | null;
  /** Open follow-ups: work items that mend what kept it from main. */
  follow_ups: string[];
  next: NextStep;
}

export interface TodoDetailView extends TodoView {
  /** Why it may not be built now. */
  not_buildable: ReasonView[];
  findings: { id: string; text: string; resolved: boolean }[];
  /** Commit that the newest approval looked at. */
  baseline_commit: string | null;
  /** What its files have wrong. */
  problems: Problem[];
}

export interface TodoNextView {
  /** Null when nothing can be done now. */
  slug: string | null;
  state: string | null;
  next: NextStep;
  /** The others that are neither delivered nor to be done now, with what each waits for. */
  waiting: { slug: string; state: string; text: string }[];
}

export interface TodoCreateRequest {
  slug: string;
  description: string | null;
  group: string | null;
  after: string[];
}

export interface TodoCreateView {
  slug: string;
  /** Paths that were written, from the top of the work tree. */
  files: string[];
  next: NextStep;
}

export interface MarkPhaseRequest {
  slug: string;
  phase: string;
  status: string;
  findings: string[];
}

export interface MarkPhaseView {
  slug: string;
  phase: string;
  status: string;
  state: string;
  review_round: number;
  /** False when all was said before. */
  changed: boolean;
  /** Entry ids of the events that tell it, appended now or earlier. */
  events: string[];
  next: NextStep;
}

export interface FinalizeRequest {
  slug: string;
  /** Verifies and keeps the lock; the orchestrator says that the work is final. */
  forOrchestrator: boolean;
}

export interface FinalizeView {
  slug: string;
  branch: string;
  sha: string;
  /** The word an orchestrator looks for: `FINALIZE_READY: <slug>`. */
  report: string;
  /** Of the candidate; null when the orchestrator has yet to make it. */
  state: CandidateState | null;
  events: string[];
  next: NextStep;
}

export interface HandoverRequest {
  slug: string;
  /** What the worker printed. */
  output: string;
  /** The session that printed it; null when it is not known. */
  workerSessionId: string | null;
}

export type HandoverStep =
  | 'finalize_ready_confirmed'
  | 'lock_verified'
  | 'worker_ended'
  | 'deployment_started'
  | 'lock_released'
  | 'reported'
  | 'next_call';

export interface HandoverView {
  slug: string;
  branch: string;
  sha: string;
  state: CandidateState;
  /** In the order in which they were done. */
  steps: { step: HandoverStep; detail: string }[];
  report: string;
  events: string[];
  next: NextStep;
}

/** Each call throws `TelecError` for what is refused, with every reason. */
export interface TodoFlow {
  /** In the order of the roadmap; `all` with what is delivered. */
  list(request: { all: boolean }): Promise<TodoView[]>;
  /** Thrown: NOT_FOUND (1). */
  show(slug: string): Promise<TodoDetailView>;
  next(): Promise<TodoNextView>;
  /** Thrown: INVALID_TODO (2), SLUG_TAKEN, DEPENDENCY_CYCLE (1), NOT_INITIALIZED (6). */
  create(request: TodoCreateRequest): Promise<TodoCreateView>;
  /** Thrown: USAGE (2), NOT_FOUND, PHASE_REFUSED, ROUND_TAKEN (1), NOT_INITIALIZED (6). */
  markPhase(request: MarkPhaseRequest): Promise<MarkPhaseView>;
  /** Thrown: FINALIZE_LOCKED (6), FINALIZE_REFUSED, NOT_READY (1), REMOTE_UNREACHABLE (3). */
  finalize(request: FinalizeRequest): Promise<FinalizeView>;
  /** As `finalize`; also NO_FINALIZE_READY (1), FINALIZE_LOCK_MISMATCH (6). */
  handover(request: HandoverRequest): Promise<HandoverView>;
}
