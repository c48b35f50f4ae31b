/** What a daemon could send the page: overviews of any size, built from a few choices, with names as hostile as wished. */
import type { StatusView } from '../../src/actors/client.ts';
import type { EnvelopeView } from '../../src/actors/event-views.ts';
import type { CandidateRow, DeliveryRow, Overview } from '../../src/actors/live/views.ts';
import type { ChainRow, CheckRunView } from '../../src/actors/tests/views.ts';
import { unseenOf } from '../../src/machines/notification-order.ts';

const STATES: CandidateRow['state'][] = [
  'integrating',
  'ready',
  'ready',
  'pending',
  'blocked',
  'completed',
  'superseded',
];
const WORK = [
  'add-login',
  'mend-search',
  'faster-index',
  'drop-legacy-api',
  'dark-theme',
  'retry-uploads',
  'tidy-errors',
  'export-csv',
];
const MEANING: Record<CandidateRow['state'], string> = {
  pending: 'Waits for the conditions of readiness that do not hold yet.',
  ready: 'All conditions hold; waits in the queue for its turn.',
  integrating: 'An integrator session has taken it from the queue and works on it.',
  blocked: 'Could not be integrated; the evidence says why and what to do next.',
  completed: 'Its change is on main, with a receipt.',
  superseded: 'A newer candidate of the same slug took its place.',
};

export const shaOf = (seed: number): string =>
  ((seed + 1) * 2_654_435_761).toString(16).padStart(10, '0').repeat(4).slice(0, 40);

export interface Scene {
  /** Candidates that are not final. */
  waiting: number;
  delivered: number;
  blocked: number;
  entries?: number;
  status?: Partial<StatusView>;
  /** Those that wait are in the chain of a session that tests, one of each verdict. */
  tested?: boolean;
  /** In place of the first names. */
  names?: string[];
  now?: number;
}

export function candidateRow(
  index: number,
  state: CandidateRow['state'],
  now: number,
  change: Partial<CandidateRow> = {},
): CandidateRow {
  const slug = `${WORK[index % WORK.length]}${index < WORK.length ? '' : `-${index}`}`;
  const branch = `feature/${slug}`;
  const sha = shaOf(index);
  const key = `${slug}/${branch}@${sha}`;
  const at = (ms: number) => new Date(now - ms).toISOString();
  return {
    key,
    slug,
    branch,
    sha,
    generation: 1,
    state,
    meaning: MEANING[state],
    ready_at: at((200 - Math.min(index, 199)) * 37_000),
    turn_at: at((200 - Math.min(index, 199)) * 37_000),
    priority: 'normal',
    attempt: state === 'pending' || state === 'ready' ? 0 : 1,
    waiting_for: waits(state),
    reasons: state === 'pending' ? [{ code: 'missing_review_approved', text: 'no review has approved it' }] : [],
    blocked_kind: state === 'blocked' ? 'conflict' : null,
    next_action: state === 'blocked' ? 'rebase feature on main, resolve src/index.ts, push, then telec resume' : null,
    follow_up_slug: state === 'blocked' ? `${slug}-integration-blocked-${sha.slice(0, 7)}` : null,
    superseded_by: null,
    merge_commit: state === 'completed' ? shaOf(index + 7000) : null,
    verdict: null,
    checks: [],
    updated_at: at((index % 50) * 61_000 + 4000),
    ...change,
  };
}

function waits(state: CandidateRow['state']): CandidateRow['waiting_for'] {
  const event = 'domain.software-development.review.approved';
  switch (state) {
    case 'pending':
      return [
        {
          code: 'missing_review_approved',
          text: 'no review has approved it',
          event,
          who: 'a reviewer (telec todo mark-phase)',
        },
      ];
    case 'ready':
      return [
        {
          code: 'queued',
          text: 'place 1 in the queue',
          event: 'domain.software-development.integration.candidate.dequeued',
          who: 'an integrator session (telec up, or telec integrate)',
        },
      ];
    case 'integrating':
      return [
        {
          code: 'integrating',
          text: 'Merges exactly the approved commit in the object database and checks the result by another way.',
          event: 'domain.software-development.deployment.completed',
          who: 'the integrator session, or the next one if it died',
        },
      ];
    case 'blocked':
      return [
        {
          code: 'blocked',
          text: 'rebase feature on main, resolve src/index.ts, push, then telec resume',
          event: 'domain.software-development.integration.candidate.resumed',
          who: 'whoever mends it (telec resume), or a new commit of the slug',
        },
      ];
    default:
      return [];
  }
}

export function statusOf(now: number, rows: readonly CandidateRow[], change: Partial<StatusView> = {}): StatusView {
  const counts = { pending: 0, ready: 0, integrating: 0, completed: 0, blocked: 0, superseded: 0 };
  for (const { state } of rows) counts[state] += 1;
  const working = rows.find(({ state }) => state === 'integrating');
  const at = (ms: number) => new Date(now + ms).toISOString();
  return {
    repo_id: 'storefront-3f9a1c07d2be',
    main: { ref: 'origin/main', sha: shaOf(7005) },
    mode: 'live',
    hold: null,
    daemon: { running: true, pid: 4711, since: at(-7_200_000), web: 'http://127.0.0.1:4170' },
    integrator: working
      ? { state: 'draining.merging', session_id: 'integrator-01JD8Z4M2YQ7VQK3T5W6X7Y8Z9', candidate: working.key }
      : { state: 'standby', session_id: null, candidate: null },
    lease: working
      ? {
          owner_session_id: 'integrator-01JD8Z4M2YQ7VQK3T5W6X7Y8Z9',
          fence: 42,
          acquired_at: at(-64_000),
          renewed_at: at(-8000),
          expires_at: at(112_000),
          live: true,
        }
      : null,
    rollback_required: false,
    mode_reason: null,
    permit: null,
    guards: { in_force: true, missing: [], mend: null },
    stale: null,
    counts,
    tests: { configured: false, window: null, chain: [], running: 0, failure_rate: null },
    surfaces: [],
    log: { last_id: '0', applied_id: '0', length: 0, dead: 0, state: 'intact' },
    ...change,
  };
}

export function entryOf(index: number, now: number, change: Partial<EnvelopeView> = {}): EnvelopeView {
  const types = [
    'review.approved',
    'deployment.started',
    'branch.pushed',
    'integration.candidate.probed',
    'integration.candidate.dequeued',
    'integration.push.succeeded',
    'deployment.completed',
  ];
  const slug = WORK[index % WORK.length] as string;
  const type = types[index % types.length] as string;
  return {
    id: `${now - 400_000 + index * 1000}-0`,
    event: `domain.software-development.${type}`,
    version: 1,
    source: 'integrator/integrator-01JD8Z4M2YQ7VQK3T5W6X7Y8Z9',
    timestamp: new Date(now - 400_000 + index * 1000).toISOString(),
    level: 2,
    entity: slug,
    description: `Something was said of it: ${slug}`,
    payload: { slug, branch: `feature/${slug}`, sha: shaOf(index % WORK.length), review_round: 1 },
    ...change,
  };
}

function deliveryOf(index: number, now: number): DeliveryRow {
  const row = candidateRow(index, 'completed', now);
  const outcome = index % 5 === 4 ? 'already_integrated' : 'merged';
  const checks = index % 2 === 0 ? [] : [{ check: 'unit', tree: shaOf(index + 900), duration_ms: 8123 }];
  return {
    entry: `${now - 400_000 + index * 1000}-0`,
    key: row.key,
    slug: row.slug,
    branch: row.branch,
    sha: row.sha,
    merge_commit: shaOf(index + 7000),
    outcome,
    integrated_at: new Date(now - (index + 1) * 184_000).toISOString(),
    receipt:
      outcome === 'merged'
        ? {
            base: shaOf(1),
            merge_commit: shaOf(index + 7000),
            tip: shaOf(2),
            tree: shaOf(3),
            fence: 42,
            strategy: 'merge',
            checks,
            skipped: 0,
          }
        : null,
  };
}

const VERDICTS: ChainRow['verdict'][] = ['landing', 'passed', 'running', 'untested', 'failed', 'aside', 'again'];

export function runOf(check: string, now: number, change: Partial<CheckRunView> = {}): CheckRunView {
  return {
    check,
    tree: shaOf(77),
    run: 1,
    state: 'passed',
    since: new Date(now - 12_000).toISOString(),
    duration_ms: 1234,
    cached: false,
    flaked: false,
    failure: null,
    ...change,
  };
}

const RUNS: Partial<Record<ChainRow['verdict'], (now: number) => CheckRunView[]>> = {
  landing: (now) => [runOf('unit', now), runOf('lint', now, { cached: true })],
  passed: (now) => [runOf('unit', now, { run: 2, flaked: true }), runOf('lint', now, { duration_ms: 310 })],
  running: (now) => [runOf('lint', now), runOf('unit', now, { state: 'running', duration_ms: null })],
  failed: (now) => [runOf('unit', now, FAILED)],
  aside: (now) => [runOf('unit', now, FAILED)],
};

const FAILED: Partial<CheckRunView> = {
  state: 'failed',
  duration_ms: 12_300,
  failure: { kind: 'failed', exit_status: 1, signal: null, log: '/state/checks/logs/unit-1.log', final: true },
};

/** Makes the first of `rows` those of a chain, in its order, with one of each verdict. */
function chained(rows: CandidateRow[], now: number): ChainRow[] {
  return VERDICTS.slice(0, rows.length).map((verdict, at) => {
    const row = candidateRow(at, 'integrating', now, { checks: RUNS[verdict]?.(now) ?? [] });
    rows[at] = row;
    return { key: row.key, verdict, because: verdict === 'aside' ? 'checks' : null };
  });
}

const testsOf = (chain: ChainRow[]): StatusView['tests'] => ({
  configured: true,
  window: { size: 4, max: 8 },
  chain,
  running: 1,
  failure_rate: 0.05,
});

/** An overview of that scene. */
export function overviewOf(scene: Scene): Overview {
  const now = scene.now ?? Date.now();
  const { waiting, delivered, blocked, entries = 40, names = [] } = scene;
  const rows: CandidateRow[] = [];
  for (let index = 0; index < waiting; index++)
    rows.push(
      candidateRow(
        index,
        STATES[index % 4] === 'integrating' && index > 0 ? 'ready' : (STATES[index % 4] as CandidateRow['state']),
        now,
      ),
    );
  for (let index = 0; index < blocked; index++) rows.push(candidateRow(waiting + index, 'blocked', now));
  const chain = scene.tested ? chained(rows, now) : [];
  const done = Math.min(delivered, 200);
  for (let index = 0; index < done; index++)
    rows.push(candidateRow(waiting + blocked + index, index % 6 === 5 ? 'superseded' : 'completed', now));
  for (const [index, name] of names.entries()) {
    const row = rows[index];
    if (!row) break;
    rows[index] = {
      ...row,
      branch: name,
      key: `${row.slug}/${name}@${row.sha}`,
      ...(row.next_action === null ? {} : { next_action: name }),
    };
  }
  const recent = Array.from({ length: Math.min(entries, 200) }, (_, index) =>
    entryOf(entries - Math.min(entries, 200) + index, now),
  );
  const last = recent.at(-1);
  const overview: Overview = {
    moment: { id: last?.id ?? '0', at: last?.timestamp ?? null, index: entries, length: entries },
    now: new Date(now).toISOString(),
    status: statusOf(now, rows, { ...(scene.tested ? { tests: testsOf(chain) } : {}), ...scene.status }),
    candidates: rows,
    candidates_hidden: delivered - done,
    deliveries: Array.from({ length: done }, (_, index) => deliveryOf(index, now)),
    notifications: rows
      .filter(({ state }) => state === 'blocked' || state === 'integrating')
      .map((row, index) => ({
        id: `deployment/${row.slug}`,
        family: 'deployment',
        slug: row.slug,
        event: 'domain.software-development.deployment.failed',
        level: 3,
        human_status: index % 3 === 2 ? 'seen' : 'unseen',
        agent_status: row.state === 'integrating' ? 'in_progress' : 'none',
        text:
          row.state === 'blocked'
            ? `The candidate could not be delivered and needs somebody: ${row.slug}. Follow-up: ${row.follow_up_slug}. Next: ${row.next_action}`
            : `Handed over for delivery: ${row.slug}`,
        created_at: row.updated_at,
        updated_at: row.updated_at,
        link: `#/notification/deployment%2F${row.slug}`,
      })),
    unseen: 0,
    radar: [],
    recent,
  };
  return { ...overview, unseen: unseenOf(overview.notifications) };
}
