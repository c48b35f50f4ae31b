/** What the guard commands answer, in the shapes of `--json`. Types only. */

import type { AllowRequest, GuardTrialView, PermitView } from './server-views.ts';

/** One guard as it stands. `outside`: a hook that belongs to the work tree, where telec changes nothing. */
export interface GuardRow {
  guard: 'pre_push' | 'git' | 'gh';
  /** File of the hook or wrapper. */
  path: string;
  state: 'in' | 'changed' | 'off' | 'missing' | 'outside';
  /** It meets what it is to meet. */
  active: boolean;
  detail: string;
  mend: string | null;
}

/** How the guards of this machine stand. */
export interface GuardsView {
  in_force: boolean;
  guards: GuardRow[];
}

/** `telec guard check`. */
export interface GuardCheckView extends GuardsView {
  /** How all of them, those of the remote included, stood a trial; null before telec was set up. */
  trial: GuardTrialView | null;
}

/** `telec guard install` and `uninstall`. */
export interface GuardChangeView extends GuardsView {
  changed: boolean;
}

/** `telec guard env`: the folder that goes in front of the search path, and all names with their values; null is unset. */
export interface GuardEnvironmentView {
  wrappers: string;
  environment: Record<string, string | null>;
}

/** In short, for the status: which guards of this machine are not as they should be. */
export interface GuardsGlance {
  in_force: boolean;
  missing: string[];
  mend: string | null;
}

export interface GuardsDesk {
  /** Thrown: NOT_INITIALIZED, GUARDS_BUSY (6), GUARD_FILES (2). */
  install(): Promise<GuardChangeView>;
  check(): Promise<GuardCheckView>;
  environment(): Promise<GuardEnvironmentView>;
  /** Lets a person bring main to one commit by hand. Thrown: see `allowCommit`. */
  allow(request: AllowRequest): Promise<PermitView>;
}
