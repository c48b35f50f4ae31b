/** From the records of the fold to the rows that are watched. Pure; the order of each list is decided here, too. */
import { compareText } from '../../machines/identity.ts';
import { candidateMeaning } from '../../machines/meaning.ts';
import { priorityOf, turnMs } from '../../machines/priority.ts';
import { compareQueue } from '../../machines/queue.ts';
import type { CandidateRecord } from '../candidate-record.ts';
import type { Repository } from '../repository.ts';
import { isJudgedOn } from '../shadow-record.ts';
import { runsShown, runView } from '../tests/shown.ts';
import { reasonsOf } from '../views.ts';
import { type Around, waitsFor } from '../waits.ts';
import type { CandidateRow, DeliveryRow } from './views.ts';

export const isFinal = ({ state }: { state: CandidateRow['state'] }): boolean =>
  state === 'completed' || state === 'superseded';

export function candidateRow(record: CandidateRecord, around: Around): CandidateRow {
  const { key, state, context, updatedAt: updated_at } = record;
  const { slug, branch, sha, generation, readyAt: ready_at, attempt, delivery, failure } = context;
  const isBlocked = state === 'blocked';
  return {
    key,
    slug,
    branch,
    sha,
    generation,
    state,
    meaning: candidateMeaning(state),
    ready_at,
    turn_at: new Date(turnMs(around.priorities, context)).toISOString(),
    priority: priorityOf(around.priorities, slug),
    attempt,
    waiting_for: waitsFor(record, around),
    reasons: reasonsOf(record),
    blocked_kind: isBlocked ? (failure?.kind ?? null) : null,
    next_action: isBlocked ? (failure?.next_action ?? null) : null,
    follow_up_slug: failure?.follow_up_slug ?? null,
    superseded_by: state === 'superseded' ? context.outrankedBy : null,
    merge_commit: delivery?.merge_commit ?? null,
    verdict: state === 'ready' && around.mode === 'shadow' ? verdictOf(record, around.main) : null,
    checks: runsShown(around, record).map(runView),
    updated_at,
  };
}

function verdictOf(record: CandidateRecord, main: string | null): CandidateRow['verdict'] {
  return isJudgedOn(record, main) ? (record.shadow?.judged?.verdict ?? 'not_judged') : 'not_judged';
}

/** Null for a candidate that the log does not have on main. */
export function deliveryRow({ key, context, deliveryEntry: entry }: CandidateRecord): DeliveryRow | null {
  const { slug, branch, sha, delivery } = context;
  if (!delivery || entry === null) return null;
  const { merge_commit, outcome, integrated_at, receipt = null } = delivery;
  return { entry, key, slug, branch, sha, merge_commit, outcome, integrated_at, receipt };
}

/** The candidate that stands for its triple: the newest generation. */
export function isNewest(repository: Repository, record: CandidateRecord): boolean {
  return repository.find(record.key) === record;
}

export const inQueueOrder = (a: CandidateRecord, b: CandidateRecord): number =>
  compareQueue(a.context, b.context) || a.context.generation - b.context.generation;

/** The most recently changed first. */
export const newestFirst = (a: CandidateRecord, b: CandidateRecord): number =>
  compareText(b.updatedAt, a.updatedAt) || compareText(a.key, b.key);
