/** What commands and programs see of sessions and old deliveries: the shapes of `--json`. Types only. */
import type { Role } from '../../machines/permissions.ts';
import type { SessionKind } from '../../machines/self-end.ts';
import type { IntegrateView } from '../client.ts';

/** One session of any role. */
export interface SessionRow {
  id: string;
  role: Role;
  kind: SessionKind;
  /** `gone`: it never said that it ended, and its process or its lease is no more. */
  state: 'running' | 'gone' | 'ended';
  started_at: string;
  ended_at: string | null;
  /** Code of why it ended. */
  reason: string | null;
  project: string | null;
  command: string | null;
  host: string;
  pid: number | null;
  /** Who started it. */
  parent: string | null;
  /** Key of the candidate that woke it. */
  candidate: string | null;
  /** What an integrator said of itself when it ended. */
  checkpoint: {
    completed: number;
    blocked: number;
    superseded: number;
    duration_ms: number;
    last_log_id: string;
    outcome: string;
  } | null;
}

export interface SessionStartRequest {
  role: Role;
  /** Folder it works in; null: the work tree of the caller. */
  project: string | null;
  /** Program and arguments as one text; null: a shell of the caller's own. */
  command: string | null;
}

/** What asking for the integrator came to. */
export type WakeView =
  | { result: 'spawned' | 'already_running'; session_id: string; detail: null }
  | { result: 'check_failed' | 'spawn_failed'; session_id: null; detail: string };

export interface SessionStartView {
  /**
   * `spawned`: it runs. `registered`: it has no process; the environment makes a shell its own. `already_running`: an
   * integrator runs, the candidates wait for it. `check_failed`, `spawn_failed`: nothing was started; `detail` says why.
   */
  result: 'spawned' | 'registered' | 'already_running' | 'check_failed' | 'spawn_failed';
  session_id: string | null;
  role: Role;
  kind: SessionKind;
  pid: number | null;
  /** File with what it prints. */
  log: string | null;
  /** What the session is given; null for a variable that must not be set. */
  environment: Record<string, string | null> | null;
  /** How the session ended, when it ran in this very process. */
  integrate: IntegrateView | null;
  detail: string | null;
}

export interface SessionEndView {
  session_id: string;
  /** `asked`: an integrator was told to end; it finishes what it has in hand first. */
  result: 'ended' | 'asked' | 'already_ended';
}

/** One delivery begun under an older flow. */
export interface AdoptRow {
  slug: string;
  branch: string;
  sha: string;
  /** Work tree it lies in; null for a branch alone. */
  worktree: string | null;
  /** What says that it is one: a finalize record, or a finished build with an approved review. */
  found_by: 'finalize' | 'review';
  ready_at: string | null;
  worker_session_id: string | null;
  result: 'adopted' | 'adoptable' | 'already_known' | 'not_adoptable';
  /** Why it cannot be adopted, all of it. */
  reasons: { code: string; text: string }[];
  /** Types of the events that were told, or would be. */
  events: string[];
}

export interface AdoptView {
  dry_run: boolean;
  deliveries: AdoptRow[];
}

/** Everything about sessions. */
export interface SessionDesk {
  /** The newest first; of those that are over only the newest unless `all`. */
  list(filter: { role?: Role; all: boolean }): Promise<SessionRow[]>;
  /** Thrown: INVALID_COMMAND, WRONG_ROLE, NO_FOLDER (2), OTHER_REPOSITORY (6). */
  start(request: SessionStartRequest, signal: AbortSignal): Promise<SessionStartView>;
  /** `self`: the session of the caller. Thrown: NOT_FOUND (1), NO_SESSION (2), SELF_END (6), NOT_OURS (1). */
  end(id: string): Promise<SessionEndView>;
  /** After `end('self')`, as the very last: asks the caller's own process group to end. */
  leave(): Promise<void>;
  adopt(request: { dryRun: boolean }): Promise<AdoptView>;
}

/** How the integrator of this repository is reached: the daemon's own, wherever the daemon is. Null when none answers. */
export interface IntegratorDesk {
  wake(): Promise<WakeView | null>;
  /** Tells that session to end; false when it is not the daemon's. */
  end(sessionId: string): Promise<boolean | null>;
}
