/** A repository fed with events in domain words, without a log: entry ids and command ids are counted. */
import type { Applied, CandidateRecord } from '../../src/actors/candidate-record.ts';
import { Repository } from '../../src/actors/repository.ts';
import type { DomainEvent, EventType, PayloadOf } from '../../src/machines/events.ts';

const START_MS = 1_700_000_000_000;
const at = (seconds: number): string => new Date(START_MS + seconds * 1000).toISOString();
/** A commit id of one repeated hex digit. */
export const sha = (digit: string): string => digit.repeat(40);

export interface Work {
  slug: string;
  branch: string;
  sha: string;
}

/** The work of a slug on its usual branch. */
export const work = (slug: string, digit = 'a', branch = `feature/${slug}`): Work => ({
  slug,
  branch,
  sha: sha(digit),
});

export interface FoldWorld {
  readonly repository: Repository;
  /** Everything told so far, to be folded again. */
  readonly told: readonly DomainEvent[];
  tell<T extends EventType>(type: T, payload: PayloadOf<T>): Applied;
  approved(slug: string, round?: number, commit?: string): Applied;
  changesRequested(slug: string, round?: number): Applied;
  pushed(work: Work, remote?: string): Applied;
  started(work: Work, seconds: number | string): Applied;
  probed(work: Work, facts?: Partial<{ reachable: boolean; integrated: boolean; undelivered: string[] }>): Applied;
  /** All that makes it ready. */
  ready(work: Work, seconds: number): void;
  dequeued(work: Work): Applied;
  failed(work: Work): Applied;
  resumed(work: Work, generation: number, readyAt: string): Applied;
  record(work: Work): CandidateRecord;
}

export function foldWorld(): FoldWorld {
  const repository = new Repository();
  const told: DomainEvent[] = [];
  const fenced = { session_id: 'integrator-1', fence: 1 };
  const record = ({ slug, branch, sha: commit }: Work): CandidateRecord => {
    const found = repository
      .ofSlug(slug)
      .findLast(({ context }) => context.branch === branch && context.sha === commit);
    if (!found) throw new Error(`no candidate ${slug}/${branch}@${commit}`);
    return found;
  };
  const tell = <T extends EventType>(type: T, payload: PayloadOf<T>): Applied => {
    const event = { type, id: `${START_MS}-${told.length}`, timestamp: at(told.length), source: 'test/s', payload };
    told.push(event as unknown as DomainEvent);
    return repository.apply(event as unknown as DomainEvent);
  };
  const world: FoldWorld = {
    repository,
    told,
    tell,
    record,
    approved: (slug, round = 1, commit) =>
      tell('review.approved', {
        slug,
        review_round: round,
        approved_at: at(0),
        reviewer_session_id: 'rev-1',
        ...(commit ? { sha: commit } : {}),
      }),
    changesRequested: (slug, round = 1) =>
      tell('review.changes_requested', {
        slug,
        review_round: round,
        requested_at: at(0),
        reviewer_session_id: 'rev-1',
        findings: ['name it'],
      }),
    pushed: ({ branch, sha: commit }, remote = 'origin') =>
      tell('branch.pushed', { branch, sha: commit, remote, pushed_at: at(0), pusher: 'ada' }),
    started: (one, when) =>
      tell('deployment.started', {
        ...one,
        worker_session_id: 'w-1',
        orchestrator_session_id: 'o-1',
        ready_at: typeof when === 'number' ? at(when) : when,
      }),
    probed: (one, facts = {}) =>
      tell('integration.candidate.probed', {
        ...one,
        session_id: 'daemon-1',
        reachable: true,
        integrated: false,
        undelivered: [],
        ...facts,
        previous: null,
        probed_at: at(0),
      }),
    ready(one, seconds) {
      world.approved(one.slug);
      world.pushed(one);
      world.started(one, seconds);
      world.probed(one);
    },
    dequeued: (one) =>
      tell('integration.candidate.dequeued', {
        ...one,
        ...fenced,
        attempt: record(one).context.attempt + 1,
        as_of: `${START_MS}-0`,
        base: sha('e'),
        train: 1,
      }),
    failed: (one) =>
      tell('deployment.failed', {
        ...one,
        fence: 1,
        conflict_evidence: ['both sides changed it'],
        diagnostics: ['merged into main'],
        next_action: 'rebase',
        blocked_at: at(1),
        kind: 'conflict',
      }),
    resumed: (one, generation, readyAt) =>
      tell('integration.candidate.resumed', {
        ...one,
        generation,
        ready_at: readyAt,
        actor: 'ada@desk',
        forced: false,
        command_id: told.length.toString().padStart(26, '0'),
      }),
  };
  return world;
}

/** A world in which the same was told in another order or through a fresh fold. */
export function refold(events: readonly DomainEvent[]): Repository {
  const repository = new Repository();
  for (const event of events) repository.apply(event);
  return repository;
}

export { at };
