/**
 * From the read model to what people and programs are shown: the JSON shapes of docs/cli.md. The daemon and a command
 * without one use the same functions, so they answer alike. Reads only.
 */
import { EXIT, TelecError } from '../errors.ts';
import { CANDIDATE_STATES, type CandidateState as State } from '../machines/candidate.ts';
import { fullType } from '../machines/events.ts';
import { candidateKey, SLUG_PATTERN } from '../machines/identity.ts';
import { compareRank } from '../machines/queue.ts';
import { REASON_ENDS, type Reason, readinessReasons } from '../machines/readiness.ts';
import type { CandidateRecord } from './candidate-record.ts';
import type { BlockedView, CandidateView, NotificationRow, QueueRow, ShadowView, WhyView } from './client.ts';
import { findFollowUp, type OpenFollowUp, openFollowUps } from './follow-ups.ts';
import type { NotificationBoard } from './notifications.ts';
import type { Repository } from './repository.ts';
import { isJudgedOn } from './shadow-record.ts';
import { holdAt } from './status.ts';

/** Why a candidate is not further: its failing conditions while it waits for them. */
export function reasonsOf({ state, context }: CandidateRecord): Reason[] {
  return state === 'pending' || state === 'blocked' ? readinessReasons(context) : [];
}

export function candidateView(record: CandidateRecord): CandidateView {
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
    updated_at: record.updatedAt,
  };
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
    .map(candidateView);
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
  const { main, mode } = repository.standing;
  return repository.queue.map((record, index) => {
    const { slug, branch, sha, readyAt: ready_at, readyAtMs } = record.context;
    const waiting_ms = Math.max(0, Math.round(now - readyAtMs));
    const judged = isJudgedOn(record, main) ? record.shadow?.judged?.verdict : undefined;
    const verdict = mode === 'shadow' ? (judged ?? 'not_judged') : null;
    return { position: index + 1, slug, branch, sha, ready_at, waiting_ms, on_hold: onHold, verdict };
  });
}

/** What a slug waits for, and who can provide it. Thrown: NOT_FOUND (1). */
export function whyView(repository: Repository, slug: string, now: number): WhyView {
  const records = SLUG_PATTERN.test(slug) ? repository.ofSlug(slug) : [];
  const record = topOf(records);
  if (record) return { slug, state: record.state, waiting_for: waitsFor(repository, record, now) };
  const followUp = findFollowUp(repository, slug);
  const source = followUp && repository.find(candidateKey(followUp.source));
  if (source) return { slug, state: null, waiting_for: waitsFor(repository, source, now) };
  if (repository.review(slug) === undefined) {
    throw new TelecError('NOT_FOUND', EXIT.domain, `nothing is known of ${JSON.stringify(slug)}`, {
      hint: 'telec candidates',
    });
  }
  const text = 'it was reviewed, but nobody has handed over a commit of it';
  return { slug, state: null, waiting_for: [ending('missing_deployment_started', text)] };
}

function waitsFor(repository: Repository, record: CandidateRecord, now: number): WhyView['waiting_for'] {
  const { state, context } = record;
  const hold = holdAt(repository.standing, now);
  const inShadow = repository.standing.mode === 'shadow';
  switch (state) {
    case 'pending':
      return readinessReasons(context).map(({ code, text }) => ending(code, text));
    case 'ready':
      return hold
        ? [
            {
              code: 'on_hold',
              text: `merging is on hold: ${hold.reason || `placed by ${hold.owner}`}`,
              event: fullType('integration.hold.lifted'),
              who: hold.alarm ? 'a person (telec unhold --reason R)' : 'whoever placed it (telec unhold)',
            },
          ]
        : inShadow
          ? [shadowWait(repository, record)]
          : [
              {
                code: 'queued',
                text: `place ${repository.queue.indexOf(record) + 1} in the queue`,
                event: fullType('integration.candidate.dequeued'),
                who: 'an integrator session (telec up, or telec integrate)',
              },
            ];
    case 'integrating':
      if (inShadow && context.openPush !== null)
        return [repository.standing.session?.mode === 'live' ? LATE_PUSH : OPEN_PUSH];
      return [
        {
          code: 'integrating',
          text: 'an integrator session works on it',
          event: fullType('deployment.completed'),
          who: 'the integrator session, or the next one if it died',
        },
      ];
    case 'blocked': {
      const followUp = openFollowUps(repository).find(({ source }) => source === record.key);
      return [
        {
          code: 'blocked',
          text: context.failure?.next_action ?? 'it was blocked',
          event: fullType('integration.candidate.resumed'),
          who: `whoever mends it (telec resume ${context.slug}), or a new commit of the slug`,
        },
        ...(followUp ? [followUpWait(followUp)] : []),
        ...readinessReasons(context).map(({ code, text }) => ending(code, text)),
      ];
    }
    default:
      return [];
  }
}

/** What a ready candidate waits for in a live repository whose daemon is kept to shadow by its environment. */
export const NARROWED: WhyView['waiting_for'][number] = {
  code: 'narrowed',
  text: 'switches of its environment keep the daemon to shadow, though the repository is live: it judges and merges nothing',
  event: fullType('integration.candidate.dequeued'),
  who: 'whoever runs the daemon (telec down, unset TELEC_INTEGRATOR_CUTOVER_ENABLED and TELEC_INTEGRATOR_PARITY_EVIDENCE, telec up)',
};

/** In shadow nothing is merged here: what it waits for is another path, or the cutover. */
function shadowWait({ standing }: Repository, { shadow }: CandidateRecord): WhyView['waiting_for'][number] {
  const { judged = null } = shadow ?? {};
  if (judged === null || judged.base !== standing.main) {
    const text = 'telec runs in shadow and has not judged it on main as it is';
    const who = 'an integrator session (telec up, or telec integrate)';
    return { code: 'shadow', text, event: fullType('integration.shadow.judged'), who };
  }
  const on = judged.base.slice(0, 12);
  const said =
    judged.verdict === 'would_integrate' ? 'would be merged' : `would be blocked: ${judged.evidence[0] ?? ''}`;
  return {
    code: 'shadow',
    text: `telec runs in shadow and merges nothing; on ${on} it ${said}`,
    event: fullType('integration.cutover.enabled'),
    who: 'whoever moves main now, by merging it; or a person (telec cutover enable)',
  };
}

/** The session that made the push has not ended by the log. */
const LATE_PUSH: WhyView['waiting_for'][number] = {
  code: 'open_push',
  text: 'its push was under way when the cutover was taken back, and what came of it is not recorded yet',
  event: fullType('deployment.completed'),
  who: 'the session that pushes, once the remote answers; if it died, the next one (telec integrate) looks whether it landed',
};

/** To find out, the fence of the remote would have to move. */
const OPEN_PUSH: WhyView['waiting_for'][number] = {
  code: 'open_push',
  text: 'a live session pushed it and nobody knows whether that arrived; in shadow that is not found out',
  event: fullType('integration.cutover.enabled'),
  who: 'a person (telec cutover enable): the next live session settles it',
};

/** What a resume asks of the follow-up; a new commit of the source's slug does not wait for it. */
function followUpWait({ slug, source, resolved, next_action }: OpenFollowUp): WhyView['waiting_for'][number] {
  const text = `the follow-up ${slug} of ${source} is ${resolved ? 'resolved' : 'not resolved as far as the log knows'}`;
  return resolved
    ? { code: 'follow_up', text, event: fullType('integration.candidate.resumed'), who: `anybody: ${next_action}` }
    : {
        code: 'follow_up',
        text,
        event: fullType('review.approved'),
        who: `a reviewer of ${slug} (telec resume --help)`,
      };
}

function ending(code: Reason['code'], text: string): WhyView['waiting_for'][number] {
  const { event, who } = REASON_ENDS[code];
  return { code, text, event: event === null ? null : fullType(event), who };
}

export function notificationViews(board: NotificationBoard, filter: { unseen: boolean }): NotificationRow[] {
  return board
    .rows()
    .filter(({ human_status }) => !filter.unseen || human_status === 'unseen')
    .map(({ id, family, slug, event, level, human_status, agent_status, text, created_at, updated_at }) => ({
      id,
      family,
      slug,
      event,
      level,
      human_status,
      agent_status,
      text,
      created_at,
      updated_at,
    }));
}
