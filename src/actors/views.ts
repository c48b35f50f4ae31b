/**
 * From the read model to what people and programs are shown: the JSON shapes of docs/cli.md. The daemon and a command
 * without one use the same functions, so they answer alike. Reads only.
 */
import { EXIT, TelecError } from '../errors.ts';
import { CANDIDATE_STATES, type CandidateState as State } from '../machines/candidate.ts';
import { candidateKey, SLUG_PATTERN } from '../machines/identity.ts';
import { linkOf } from '../machines/links.ts';
import { candidateMeaning } from '../machines/meaning.ts';
import type { NotificationRow as Row } from '../machines/notification.ts';
import { deviationOf, priorityOf } from '../machines/priority.ts';
import { compareQueue, compareRank } from '../machines/queue.ts';
import { type Reason, readinessReasons } from '../machines/readiness.ts';
import type { CandidateRecord } from './candidate-record.ts';
import type {
  BlockedView,
  CandidateDetailView,
  CandidateView,
  NotificationRow,
  QueueRow,
  ShadowView,
  TurnView,
  WhyView,
} from './client.ts';
import { findFollowUp } from './follow-ups.ts';
import type { NotificationBoard } from './notifications.ts';
import type { Repository } from './repository.ts';
import { isJudgedOn } from './shadow-record.ts';
import { holdAt } from './status.ts';
import { runDetail, runsShown, runView } from './tests/shown.ts';
import { type Around, NOT_HANDED_OVER, overtakenBy, waitsFor } from './waits.ts';

/** Of those that go first although they are younger, so many are named. */
const OVERTAKEN_SHOWN = 5;

/** Why a candidate is not further: its failing conditions while it waits for them. */
export function reasonsOf({ state, context }: CandidateRecord): Reason[] {
  return state === 'pending' || state === 'blocked' ? readinessReasons(context) : [];
}

export function candidateView(repository: Repository, record: CandidateRecord): CandidateView {
  const { context, state } = record;
  const { delivery, failure } = context;
  return {
    slug: context.slug,
    branch: context.branch,
    sha: context.sha,
    generation: context.generation,
    state,
    ready_at: context.readyAt,
    reasons: reasonsOf(record).map(({ code, text }) => ({ code, text })),
    superseded_by: state === 'superseded' ? context.outrankedBy : null,
    merge_commit: delivery?.merge_commit ?? null,
    blocked: state === 'blocked' ? blockedView(record) : null,
    follow_up_slug: failure?.follow_up_slug ?? null,
    shadow: shadowView(record),
    receipt: delivery?.receipt ?? null,
    evidence: state === 'blocked' ? (failure?.evidence ?? null) : null,
    attempt: context.attempt,
    turn: turnView(record),
    checks: runsShown(repository, record).map(runView),
    updated_at: record.updatedAt,
  };
}

/** With the end of what its checks wrote. */
export function candidateDetail(repository: Repository, record: CandidateRecord): Omit<CandidateDetailView, 'history'> {
  return { ...candidateView(repository, record), checks: runsShown(repository, record).map(runDetail) };
}

function turnView({ turn }: CandidateRecord): TurnView | null {
  if (!turn) return null;
  const { ahead, behind } = turn;
  return { ahead, behind: behind && { ...behind, key: `${behind.key}` } };
}

function shadowView({ shadow }: CandidateRecord): ShadowView | null {
  const { judged = null, compared = null } = shadow ?? {};
  const said = judged ?? compared;
  if (!said) return null;
  return {
    verdict: said.verdict,
    base: said.base,
    tree: said.tree,
    evidence: said.evidence,
    on_top: judged?.onTop ?? null,
    judged_at: said.at,
    session_id: said.sessionId,
    compared: compared && {
      landed_by: compared.landedBy,
      agrees: compared.agrees,
      class: compared.class,
      verdict: compared.verdict,
      base: compared.base,
      tree: compared.tree,
      landed_tree: compared.landedTree,
    },
  };
}

function blockedView({ context: { failure } }: CandidateRecord): BlockedView | null {
  if (!failure) return null;
  const { kind, conflict_evidence, diagnostics, next_action, blocked_at, reproduce } = failure;
  return { kind, conflict_evidence, diagnostics, next_action, blocked_at, reproduce: reproduce ?? null };
}

/** All candidates in queue order, or those of a state or slug. Thrown: UNKNOWN_STATE (2). */
export function candidateViews(repository: Repository, filter: { state?: string; slug?: string }): CandidateView[] {
  const { state, slug } = filter;
  if (state !== undefined && !CANDIDATE_STATES.includes(state as State)) {
    throw new TelecError('UNKNOWN_STATE', EXIT.usage, `${JSON.stringify(state)} is no state of a candidate`, {
      hint: `one of: ${CANDIDATE_STATES.join(', ')}`,
    });
  }
  return repository
    .all()
    .filter(
      (record) =>
        (state === undefined || record.state === state) && (slug === undefined || record.context.slug === slug),
    )
    .map((record) => candidateView(repository, record));
}

/** The newest generation of the highest ranking candidate of a slug. */
export function topOf(records: readonly CandidateRecord[]): CandidateRecord | undefined {
  return [...records].sort(
    (a, b) => compareRank(b.context, a.context) || b.context.generation - a.context.generation,
  )[0];
}

/** The one candidate `<slug>[/<branch>][@<sha-prefix>]` names. Thrown: NOT_FOUND, AMBIGUOUS (1). */
export function selectCandidate(repository: Repository, selector: string): CandidateRecord {
  const slash = selector.indexOf('/');
  const prefix = /@([0-9a-f]{4,64})$/.exec(selector)?.[1];
  const rest = prefix === undefined ? selector : selector.slice(0, -prefix.length - 1);
  const slug = slash < 0 ? rest : selector.slice(0, slash);
  const branch = slash < 0 ? undefined : rest.slice(slash + 1);
  const matches = repository
    .ofSlug(slug)
    .filter(({ context }) => branch === undefined || context.branch === branch)
    .filter(({ context }) => prefix === undefined || context.sha.startsWith(prefix));
  const triples = new Set(matches.map(({ key }) => key));
  if (prefix !== undefined && triples.size > 1) {
    throw new TelecError('AMBIGUOUS', EXIT.domain, `${selector} fits ${triples.size} candidates`, {
      hint: `name one of: ${[...triples].join(', ')}`,
    });
  }
  const record = topOf(matches);
  if (!record) {
    throw new TelecError('NOT_FOUND', EXIT.domain, `no candidate fits ${JSON.stringify(selector)}`, {
      hint: 'telec candidates',
    });
  }
  return record;
}

export function queueRows(repository: Repository, now: number): QueueRow[] {
  const onHold = holdAt(repository.standing, now) !== null;
  const { main, mode, priorities } = repository.standing;
  const places = priorities.on ? repository.queue.map(({ context }) => context) : [];
  return repository.queue.map((record, index) => {
    const { slug, branch, sha, readyAt: ready_at, readyAtMs } = record.context;
    const waiting_ms = Math.max(0, Math.round(now - readyAtMs));
    const judged = isJudgedOn(record, main) ? record.shadow?.judged?.verdict : undefined;
    const verdict = mode === 'shadow' ? (judged ?? 'not_judged') : null;
    const { overtaken = [] } = deviationOf(priorities, record.context, places.slice(index + 1)) ?? {};
    return {
      position: index + 1,
      slug,
      branch,
      sha,
      ready_at,
      waiting_ms,
      on_hold: onHold,
      priority: priorityOf(priorities, slug),
      overtakes: overtaken.length,
      verdict,
    };
  });
}

/** What a slug waits for, and who can provide it. Thrown: NOT_FOUND (1). */
export function whyView(repository: Repository, slug: string, around: Around): WhyView {
  const records = SLUG_PATTERN.test(slug) ? repository.ofSlug(slug) : [];
  const record = topOf(records);
  if (record) {
    const { state } = record;
    const place = state === 'ready' ? repository.queue.indexOf(record) + 1 : null;
    const waiting_for = [...waitsFor(record, around), ...overtakenWaits(repository, record)];
    return { slug, state, meaning: candidateMeaning(state), place, waiting_for };
  }
  const followUp = findFollowUp(repository, slug);
  const source = followUp && repository.find(candidateKey(followUp.source));
  const without = { slug, state: null, meaning: null, place: null };
  if (source) return { ...without, waiting_for: waitsFor(source, around) };
  if (repository.review(slug) === undefined) {
    throw new TelecError('NOT_FOUND', EXIT.domain, `nothing is known of ${JSON.stringify(slug)}`, {
      hint: 'telec candidates',
    });
  }
  return { ...without, waiting_for: [NOT_HANDED_OVER] };
}

/** Those in the queue before it that are younger, by whose decision; the next of them first. */
function overtakenWaits(
  { queue, standing: { priorities } }: Repository,
  record: CandidateRecord,
): WhyView['waiting_for'] {
  const before = priorities.on ? queue.slice(0, Math.max(0, queue.indexOf(record))) : [];
  return before
    .filter(({ context }) => compareQueue(record.context, context) < 0)
    .slice(0, OVERTAKEN_SHOWN)
    .flatMap((other) => {
      const deviation = deviationOf(priorities, other.context, [record.context]);
      return deviation ? [overtakenBy(other, deviation)] : [];
    });
}

export function notificationViews(board: NotificationBoard, filter: { unseen: boolean }): NotificationRow[] {
  return board
    .rows()
    .filter(({ human_status }) => !filter.unseen || human_status === 'unseen')
    .map(notificationView);
}

/** The row as people and programs see it, without what only the projection needs. */
export function notificationView(row: Row): NotificationRow {
  const { id, family, slug, event, level, human_status, agent_status, text, created_at, updated_at } = row;
  const link = linkOf({ kind: 'notification', id });
  return { id, family, slug, event, level, human_status, agent_status, text, created_at, updated_at, link };
}
