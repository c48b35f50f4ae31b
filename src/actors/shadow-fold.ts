/** What the events of shadow do to the record of a candidate, and when a verdict was told out of turn. Pure. */
import type { DomainEvent } from '../machines/events.ts';
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

/** Keeps what an event of shadow says of the record. */
export function foldShadow(
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
export function isOutOfTurn(
  record: CandidateRecord,
  queue: readonly CandidateRecord[],
  { payload: { base, as_of: asOf } }: DomainEvent<'integration.shadow.judged'>,
): boolean {
  const ahead = queue.slice(0, Math.max(0, queue.indexOf(record)));
  return ahead.some(
    (other) => other.readySince !== null && compareIds(other.readySince, asOf) <= 0 && !isJudgedOn(other, base),
  );
}
