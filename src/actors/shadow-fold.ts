/** What the events of shadow do to the record of a candidate, and when a verdict was told out of turn. Pure. */
import type { DomainEvent } from '../machines/events.ts';
import { withFifoViolation } from '../machines/modes.ts';
import type { Standing } from '../machines/standing.ts';
import type { CandidateRecord } from './candidate-record.ts';
import { compareIds } from './pipeline.ts';
import { isJudgedOn, type ShadowComparison, type ShadowVerdict } from './shadow-record.ts';

function verdictOf({ id: entryId, timestamp: at, payload }: DomainEvent<'integration.shadow.judged'>): ShadowVerdict {
  const { base, verdict, tree, evidence, on_top: onTop, session_id: sessionId } = payload;
  return { base, verdict, tree, evidence, onTop, entryId, at, sessionId };
}

function comparisonOf({ timestamp: at, payload }: DomainEvent<'integration.shadow.compared'>): ShadowComparison {
  const { base, verdict, tree, agrees, class: kind, evidence, superseded } = payload;
  const { landed_by: landedBy, landed_tree: landedTree, session_id: sessionId } = payload;
  return { base, verdict, tree, agrees, class: kind, evidence, superseded, landedBy, landedTree, at, sessionId };
}

/** Keeps what an event of shadow says of the record, and counts a verdict told out of turn; gives the standing after it. */
export function noteShadow(
  record: CandidateRecord | undefined,
  queue: readonly CandidateRecord[],
  standing: Standing,
  event: DomainEvent<'integration.shadow.judged' | 'integration.shadow.compared'>,
): Standing {
  if (!record) return standing;
  const isBroken = event.type === 'integration.shadow.judged' && isOutOfTurn(record, queue, standing, event);
  foldShadow(record, event);
  return isBroken ? { ...standing, modes: withFifoViolation(standing.modes) } : standing;
}

function foldShadow(
  record: CandidateRecord,
  event: DomainEvent<'integration.shadow.judged' | 'integration.shadow.compared'>,
): void {
  const { judged = null, compared = null } = record.shadow ?? {};
  record.shadow =
    event.type === 'integration.shadow.judged'
      ? { judged: verdictOf(event), compared }
      : { judged, compared: comparisonOf(event) };
}

/** True when one that had been ready before the order was looked at, and goes first, was not judged on that main yet. */
function isOutOfTurn(
  record: CandidateRecord,
  queue: readonly CandidateRecord[],
  { priorities }: Standing,
  { payload: { base, as_of: asOf } }: DomainEvent<'integration.shadow.judged'>,
): boolean {
  // The order itself was another one when it was looked at.
  if (compareIds(priorities.changedAt, asOf) > 0) return false;
  const ahead = queue.slice(0, Math.max(0, queue.indexOf(record)));
  return ahead.some(
    (other) => other.readySince !== null && compareIds(other.readySince, asOf) <= 0 && !isJudgedOn(other, base),
  );
}
