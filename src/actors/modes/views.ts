/** The cutover in the shapes of `--json` (docs/cli.md), and the interface by which commands ask for it. Types only. */
import type { RollbackTrigger } from '../../machines/modes.ts';
import type { GoPoint } from '../../machines/rollout-evidence.ts';
import type { PermitView } from '../guards/server-views.ts';
import type { AdoptRow } from '../sessions/views.ts';

/** A delivery begun under an older flow that neither main nor the log has. */
export type InFlightRow = Pick<AdoptRow, 'slug' | 'branch' | 'sha' | 'worktree' | 'found_by'>;

export interface CutoverView {
  mode: 'live' | 'shadow';
  /** Why nothing is pushed; null while live. */
  reason: string | null;
  /** A person enabled the cutover and has not taken it back. */
  enabled: boolean;
  /** The evidence that it was enabled on stands. */
  parity_evidence_accepted: boolean;
  /** What follows when it does not stand: shadow, or no session at all. */
  rollback_on_incomplete_parity: boolean;
  rollback_required: boolean;
  /** The five points, always all of them. */
  go: GoPoint[];
  /** What keeps the cutover from being enabled, in words; empty while live. */
  missing: string[];
  in_flight: InFlightRow[];
  /** The newest cutover and the newest way back that was no drill. */
  cutover: { at: string; main: string | null; evidence: string; dropped: string[] } | null;
  rollback: { at: string; main: string | null; trigger: RollbackTrigger; reason: string } | null;
  /** What a person may bring to main by hand now; null while nothing. */
  permit: PermitView | null;
}

export interface EnableRequest {
  reason: string;
  /** Slugs of deliveries under an older flow that are given up. */
  drop: string[];
  /** A person states that nobody else moves main. */
  noOtherPath: boolean;
  /** Evidence that is withdrawn stops every session, instead of going back to shadow. */
  noRollback: boolean;
}

export interface EnabledView extends CutoverView {
  /** False when it was live before. */
  changed: boolean;
}

export interface RolledBackView {
  mode: 'live' | 'shadow';
  /** Nothing was live: the way back was tried. */
  drill: boolean;
  reason: string;
  /** Keys of the candidates in hand; the session sends them back and ends. */
  in_hand: string[];
}

export interface CutoverDesk {
  status(): Promise<CutoverView>;
  /**
   * Thrown: CUTOVER_NOT_READY (6) with everything that is missing, REMOTE_UNSUITABLE (6), OTHER_PATH (6), NOT_IN_FLIGHT
   * (1) for a slug that is not to be dropped, REMOTE_UNREACHABLE (3).
   */
  enable(request: EnableRequest): Promise<EnabledView>;
  rollback(request: { reason: string }): Promise<RolledBackView>;
}
