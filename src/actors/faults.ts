/**
 * Named points between the effects of a session, at which a test may pause, fail or end the process. Given by the
 * composition root; in production reaching one does nothing.
 */

/** Every point of a live session, in the order it passes them. `docs/testing.md` explains each. */
export const FAULT_POINTS = [
  'before-acquire',
  'after-acquire',
  'after-fence',
  'after-reconcile',
  'before-dequeue',
  'after-dequeue',
  'after-recheck',
  'after-merge',
  'after-books',
  'after-merge-recorded',
  'before-push-attempted',
  'after-push-attempted',
  'after-push',
  'before-audit',
  'after-audit',
  'after-push-recorded',
  'before-block',
  'after-block',
  'before-clean',
  'after-clean',
  'before-follow-ups',
  'after-follow-ups',
  'before-session-completed',
  'after-session-completed',
  'after-release',
] as const;

/** Those that a session passes where checks are configured; those of runs as often as runs go on at a time. */
export const CHECK_FAULT_POINTS = [
  'before-check-started',
  'after-check-started',
  'after-check',
  'after-check-passed',
  'after-check-failed',
  'before-eject',
] as const;

/** Those around a delivery that is let past others. */
export const LANE_FAULT_POINTS = ['before-let-past', 'after-let-past'] as const;

/** Those that only a session in shadow passes; it passes none of a push. */
export const SHADOW_FAULT_POINTS = [
  'before-compared',
  'after-compared',
  'before-observed',
  'before-judged',
  'after-judged',
] as const;

export type FaultPoint = (
  | typeof FAULT_POINTS
  | typeof CHECK_FAULT_POINTS
  | typeof LANE_FAULT_POINTS
  | typeof SHADOW_FAULT_POINTS
)[number];

export interface Faults {
  reach(point: FaultPoint): void | Promise<void>;
}

export const noFaults: Faults = { reach: () => undefined };
