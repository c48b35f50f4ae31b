/**
 * What the log of a repository shows for a cutover: sessions in shadow, parity, guards, the way back. The facts alone; what
 * they amount to is judged in `machines/rollout-evidence.ts`.
 */

import type { GoFacts } from '../../machines/rollout-evidence.ts';
import type { Standing } from '../../machines/standing.ts';

/** The part of the facts that the log tells; the rest stands in files. */
export interface LogEvidence
  extends Pick<
    GoFacts,
    'shadowSession' | 'parity' | 'parityMin' | 'refusals' | 'guardedDeliveries' | 'leaked' | 'deliveries'
  > {
  /** A way back that was done, or tried. */
  exercised: string | null;
}

/** A log that shows nothing. */
export function noEvidence(parityMin: number): LogEvidence {
  return {
    shadowSession: null,
    parity: null,
    parityMin,
    refusals: [],
    guardedDeliveries: [],
    leaked: 0,
    deliveries: 0,
    exercised: null,
  };
}

/** `deliveries`: candidates that are on main. */
export function evidenceOf(
  { modes, authority }: Pick<Standing, 'modes' | 'authority'>,
  { deliveries, parityMin }: { deliveries: number; parityMin: number },
): LogEvidence {
  const { shadow, parity, exercised } = modes;
  const { trial, refusals, lastRefusal } = authority;
  const tried = trial && `trial of ${trial.guards.join(', ')} at ${trial.at}`;
  return {
    shadowSession: parity.lastSession,
    parity: shadow === null ? null : parity,
    parityMin,
    refusals: [
      ...(trial && trial.refused > 0 ? [`${tried}: ${trial.refused} ways refused`] : []),
      ...(lastRefusal ? [`${refusals} recorded, the newest at ${lastRefusal.at} by ${lastRefusal.route}`] : []),
    ],
    guardedDeliveries: trial?.passed && trial.guards.length > 0 ? [`${tried}: its push got through`] : [],
    leaked: trial?.leaked ?? 0,
    deliveries,
    exercised: exercised && `${exercised.drill ? 'tried' : 'done'} at ${exercised.at}`,
  };
}
