/** What `telec guard install --server` and the like answer, in the shapes of `--json`. Types only. */
import type { HookOutcome } from '../../io/guards/server-install.ts';

export interface ServerGuardRequest {
  /** Folder of the bare repository; null: the remote of the clone, when it is one of this machine. */
  path: string | null;
  /** An ssh key, private or public: each fence must be signed by it. */
  key: string | null;
}

export interface ServerGuardView {
  /** Null: the remote is no folder of this machine. */
  path: string | null;
  hooks: HookOutcome[];
  /** The remote takes signed fences only. */
  signed: boolean;
  /** Sessions of this machine sign theirs. */
  signs: boolean;
  changed: boolean;
  /** What a person should know besides. */
  remarks: string[];
}

/** The files of the server guard, for a server without telec. */
export interface ServerGuardFiles {
  files: { path: string; mode: string; text: string }[];
}

/** That main may be brought to one commit by hand. */
export interface PermitView {
  commit: string;
  until: string;
  reason: string;
  actor: string;
  /** A guard has let it pass. */
  used: boolean;
}

/** One guard as it stood the trial. */
export interface TriedGuard {
  guard: 'server' | 'pre_push' | 'git' | 'gh';
  /** It stands where it is to stand. For the remote's: false too when the remote is no folder of this machine. */
  in_place: boolean;
  /** Ways that it stopped. */
  refused: number;
  /** Ways that got through it. */
  leaks: string[];
  /** Why it was not tried, or why it refuses everybody. */
  note: string | null;
}

export interface GuardTrialView {
  refused: number;
  leaked: number;
  /** The integrator's own push got through, and so did work on branches and packing. */
  passed: boolean;
  guards: TriedGuard[];
}

/** What a person asks for. */
export interface AllowRequest {
  /** The commit or the beginning of its id. */
  commit: string;
  reason: string;
  /** How long it is good for, ms; null: ten minutes. */
  forMs: number | null;
}

/** The server guard of a remote. */
export interface ServerGuardDesk {
  /** Thrown: NOT_LOCAL, NOT_BARE (2), NOT_INITIALIZED, CUTOVER_PENDING, FENCE_UNREADABLE, FENCE_UNSIGNED, GUARD_BUSY (6). */
  install(request: ServerGuardRequest): Promise<ServerGuardView>;
  print(request: ServerGuardRequest): Promise<ServerGuardFiles>;
  uninstall(request: { path: string | null }): Promise<ServerGuardView>;
}
