/**
 * What the log says of a candidate in shadow: the newest verdict over it, and how that compares with what another path
 * did. Kept beside the candidate's machine, which it never moves.
 */
import type { DomainEvent, PayloadOf } from '../machines/events.ts';
import type { CandidateRecord } from './candidate-record.ts';
import { compareIds } from './pipeline.ts';

type Judged = PayloadOf<'integration.shadow.judged'>;
type Compared = PayloadOf<'integration.shadow.compared'>;

/** What a session in shadow said of a candidate, last. */
export interface ShadowVerdict extends Pick<Judged, 'base' | 'verdict' | 'tree' | 'evidence'> {
  /** On top of what was judged before it on that base. */
  onTop: Judged['on_top'];
  /** The entry that holds it, its stamp, and who said it. */
  entryId: string;
  at: string;
  sessionId: string;
}

/** What another path did with a candidate, beside what telec would have done at that place. */
export interface ShadowComparison
  extends Pick<Compared, 'base' | 'verdict' | 'tree' | 'agrees' | 'class' | 'evidence'> {
  landedBy: string;
  landedTree: string;
  superseded: number;
  at: string;
  sessionId: string;
}

/** What shadow knows of a candidate; it moves no state. */
export interface ShadowRecord {
  judged: ShadowVerdict | null;
  compared: ShadowComparison | null;
}

/** True when a session in shadow has said what becomes of it on that main. */
export function isJudgedOn({ shadow }: CandidateRecord, main: string | null): boolean {
  return shadow?.judged != null && shadow.judged.base === main;
}

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
      ? { judged: verdictOf(event as DomainEvent<'integration.shadow.judged'>), compared }
      : { judged, compared: comparisonOf(event as DomainEvent<'integration.shadow.compared'>) };
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
