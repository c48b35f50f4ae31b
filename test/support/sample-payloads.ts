/** One valid payload for every type of the catalogue; the compiler asks for a new one with each new type. */
import type { EventType, PayloadOf } from '../../src/machines/events.ts';

export const SHA_A = 'a'.repeat(40);
export const SHA_B = 'b'.repeat(40);
const SHA_C = 'c'.repeat(64);
export const ULID = '01hf8zq9k7m3c5t2x4v6w8y0ab';
const AT = '2026-01-31T12:00:00.000Z';

const FOLLOW_UP = 'fix-login-integration-blocked-aaaaaaa';
const triple = { slug: 'fix-login', branch: 'feature/fix-login', sha: SHA_A };
const session = { session_id: 'integrator-1', fence: 3 };
const step = { ...triple, ...session, attempt: 1 };
const push = { ...session, seq: 9, push_number: 1 };
const decision = { actor: 'ada@desk', reason: 'because', command_id: ULID };
const row = { row: 'deployment/fix-login', actor: 'ada@desk', command_id: ULID };

export const SAMPLES: { [T in EventType]: PayloadOf<T> } = {
  'review.approved': { slug: 'fix-login', approved_at: AT, review_round: 1, reviewer_session_id: 'rev-1', sha: SHA_A },
  'review.changes_requested': {
    slug: 'fix-login',
    requested_at: AT,
    review_round: 1,
    reviewer_session_id: 'rev-1',
    findings: ['name it'],
  },
  'branch.pushed': { branch: 'feature/fix-login', sha: SHA_A, remote: 'origin', pushed_at: AT, pusher: 'ada' },
  'deployment.started': {
    ...triple,
    worker_session_id: 'w-1',
    orchestrator_session_id: 'o-1',
    ready_at: AT,
    pushed: { branch: 'feature/fix-login', sha: SHA_A, remote: 'origin', pushed_at: AT, pusher: 'ada' },
  },
  'deployment.completed': {
    ...triple,
    merge_commit: SHA_B,
    integrated_at: AT,
    outcome: 'merged',
    fence: 3,
    receipt: {
      base: SHA_A,
      merge_commit: SHA_B,
      tip: SHA_B,
      tree: SHA_C,
      fence: 3,
      strategy: 'merge',
      checks: [],
      skipped: 0,
      train: 1,
    },
  },
  'deployment.failed': {
    ...triple,
    conflict_evidence: ['login.ts: both sides changed it'],
    diagnostics: ['merged into main'],
    next_action: 'rebase feature/fix-login on main',
    blocked_at: AT,
    kind: 'conflict',
    fence: 3,
    follow_up_slug: FOLLOW_UP,
    reproduce: 'git merge-tree --write-tree main feature/fix-login',
    evidence: {
      kind: 'conflict',
      base: SHA_B,
      attempt: 1,
      paths: [{ path: 'login.ts', stages: [1, 2, 3] }],
      touched_by: [{ merge_commit: SHA_B, candidate: `other/other@${SHA_B}` }],
      check: null,
      output_tail: null,
    },
  },
  'integration.candidate.probed': {
    ...triple,
    session_id: 'daemon-1',
    reachable: true,
    integrated: false,
    undelivered: [],
    previous: null,
    probed_at: AT,
  },
  'integration.candidate.dequeued': { ...step, as_of: '1700000000000-0', base: SHA_B, train: 1 },
  'integration.candidate.requeued': { ...step, reasons: ['main moved'], after: 'rebuild' },
  'integration.candidate.already_merged': { ...step, how: 'ancestry', main_head: SHA_B },
  'integration.candidate.resumed': {
    ...triple,
    generation: 1,
    ready_at: AT,
    actor: 'ada@desk',
    forced: false,
    command_id: ULID,
  },
  'integration.merge.succeeded': { ...step, base: SHA_B, merge_commit: SHA_B, tip: SHA_B, tree: SHA_C },
  'integration.merge.conflicted': { ...step, base: SHA_B, paths: ['login.ts'], provisional: false },
  'integration.push.attempted': {
    ...push,
    base: SHA_A,
    fence_from: SHA_A,
    fence_to: SHA_B,
    members: [{ ...triple, merge_commit: SHA_B, tip: SHA_B }],
    tip: SHA_B,
    follow_ups: [],
  },
  'integration.push.succeeded': push,
  'integration.push.rejected': { ...push, reason: 'hook declined' },
  'integration.push.burned': push,
  'integration.followup.landed': {
    ...session,
    slug: FOLLOW_UP,
    commit: SHA_B,
    base: SHA_A,
    tree: SHA_C,
    change: 'opened',
    blocked_at: AT,
  },
  'integration.followup.left': {
    ...session,
    follow_up_slug: FOLLOW_UP,
    blocked_at: AT,
    reason: 'refused',
    detail: 'hook declined',
    next_action: 'mend what the remote says',
    command_id: ULID,
  },
  'integration.session.started': {
    ...session,
    host: 'desk',
    version: '0.1.0',
    mode: 'live',
    project: '/home/ann/app',
    candidate: `fix-login/work/fix-login@${SHA_A}`,
  },
  'session.started': {
    session_id: 'builder-1',
    role: 'worker',
    kind: 'builder',
    project: '/home/ann/app',
    command: 'next-build fix-login',
    host: 'desk',
    parent: 'o-1',
    command_id: ULID,
  },
  'session.spawned': { session_id: 'builder-1', host: 'desk', pid: 4711, mark: 'boot/1', command_id: ULID },
  'session.ended': { session_id: 'builder-1', actor: 'orchestrator/o-1', reason: 'asked', command_id: ULID },
  'integration.candidate.cleaned': {
    ...triple,
    session_id: 'integrator-1',
    host: 'desk',
    clone: null,
    steps: [{ step: 'remote_branch', outcome: 'done', detail: null }],
    command_id: ULID,
  },
  'integration.after_delivery.started': { session_id: 'integrator-1', host: 'desk', folder: '/state/app' },
  'integration.after_delivery.finished': {
    session_id: 'integrator-1',
    host: 'desk',
    exit_status: 2,
    signal: null,
    duration_ms: 12,
    output_tail: 'make: *** [restart] Error 2',
    failure: 'it ended with 2',
  },
  'integration.session.completed': {
    ...session,
    counts: { completed: 1, blocked: 0, superseded: 0 },
    duration_ms: 12,
    last_log_id: '1700000000000-4',
    outcome: 'drained',
  },
  'integration.session.aborted': { session_id: 'integrator-1', fence: null, reason: 'contention', command_id: ULID },
  'integration.lease.acquired': { ...session, replaced_stale: false, floor: 2 },
  'integration.lease.released': session,
  'integration.lease.lost': { ...session, reason: 'expired', command_id: ULID },
  'integration.lease.broken': { ...decision, fence: 3 },
  'integration.configured': {
    remote: 'origin',
    main: 'main',
    strategy: 'merge',
    digest: 'd1',
    previous: null,
    actor: 'ada@desk',
  },
  'integration.log.adopted': { from_log: ULID, ...decision },
  'integration.hold.placed': {
    owner: 'ada@desk',
    reason: 'release day',
    until: null,
    main_busy: false,
    alarm: null,
    command_id: ULID,
  },
  'integration.hold.lifted': { ...decision },
  'integration.main.foreign': {
    from: SHA_A,
    to: SHA_B,
    commits: [SHA_B],
    session_id: 'integrator-1',
    command_id: ULID,
  },
  'integration.main.rewound': { from: SHA_A, to: null, commits: [], session_id: 'integrator-1', command_id: ULID },
  'integration.main.accepted': { main: SHA_B, ...decision },
  'integration.cutover.enabled': { main_sha: SHA_A, evidence: 'no other path moves main', ...decision },
  'notification.seen': row,
  'notification.claimed': row,
  'notification.resolved': row,
};

/** The names of all types, in the order above. */
export const ALL_TYPES = Object.keys(SAMPLES) as EventType[];
