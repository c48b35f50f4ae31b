/**
 * One answer of every command, as `--json` prints it: the page docs/cli.md shows them and the tests of the command line
 * have a runtime that answers them, so the page cannot show a shape that the types do not have.
 */
import type {
  ActorDetailView,
  CandidateDetailView,
  CandidateView,
  CatalogRow,
  ConfigRow,
  DeadRow,
  DoctorRow,
  EnvelopeView,
  HoldView,
  InitView,
  IntegrateView,
  LeaseView,
  MachineView,
  NotificationRow,
  QueueRow,
  ReplayView,
  StatusView,
  SubmitView,
  WhyView,
} from '../src/actors/client.ts';
import type { DemoView } from '../src/actors/demo/story.ts';
import type { AdoptView, SessionEndView, SessionRow, SessionStartView } from '../src/actors/sessions/views.ts';
import { archiveView } from './archive-examples.ts';
import { audit } from './audit-examples.ts';
import { checkLog, checksView, runDetail, tests } from './checks-examples.ts';
import { cutoverStatus, enabled, rolledBack } from './cutover-examples.ts';
import { guardChange, guardCheck, guardEnvironment, permit, serverFiles, serverGuard } from './guard-examples.ts';
import { papers } from './paper-examples.ts';
import { radarView } from './radar-examples.ts';
import { gateView, reportView, rolloutStatus } from './rollout-examples.ts';
import { shadowReport, shadowRestarted } from './shadow-examples.ts';
import { simulation } from './simulate-examples.ts';
import { todoShapes } from './todo-examples.ts';
import { prioritySet } from './turn-examples.ts';
import { ticket, web } from './web-examples.ts';

const sha = '3fa2c1d09b7e4d5f8a6b1c2d3e4f5a6b7c8d9e0f';
const merge = '9e8d7c6b5a4f3e2d1c0b9a8f7e6d5c4b3a2f1e0d';
const entry = '1767261600000-0';
const prefix = 'domain.software-development.';
const session = 'integrator-01jgfjz0q7v5m8n3k2h1g0f9e8';

const lease: LeaseView = {
  owner_session_id: session,
  fence: 7,
  acquired_at: '2026-01-01T10:00:00.000Z',
  renewed_at: '2026-01-01T10:00:30.000Z',
  expires_at: '2026-01-01T10:02:30.000Z',
  live: true,
};

const hold: HoldView = {
  owner: 'ann@desk',
  reason: 'release in progress',
  since: '2026-01-01T10:00:00.000Z',
  until: '2026-01-01T10:30:00.000Z',
  main_busy: false,
  alarm: null,
};

const status: StatusView = {
  repo_id: 'app-0123456789ab',
  main: { ref: 'origin/main', sha },
  mode: 'live',
  hold: null,
  daemon: { running: true, pid: 4242, since: '2026-01-01T09:00:00.000Z', web: 'http://127.0.0.1:7433' },
  integrator: { state: 'draining.merging', session_id: session, candidate: `login/feature/login@${sha}` },
  lease,
  rollback_required: false,
  mode_reason: null,
  permit: null,
  guards: { in_force: true, missing: [], mend: null },
  stale: null,
  counts: { pending: 1, ready: 2, integrating: 1, completed: 40, blocked: 1, superseded: 3 },
  tests,
  surfaces: [{ surface: 'telegram', state: 'ok', detail: null, since: '2026-01-01T09:00:01.000Z' }],
  log: { last_id: entry, applied_id: entry, length: 412, dead: 0, state: 'intact' },
};

const ready: CandidateView = {
  slug: 'login',
  branch: 'feature/login',
  sha,
  generation: 1,
  state: 'ready',
  ready_at: '2026-01-01T10:00:00.000Z',
  reasons: [],
  superseded_by: null,
  merge_commit: null,
  blocked: null,
  follow_up_slug: null,
  shadow: null,
  receipt: null,
  evidence: null,
  attempt: 0,
  turn: null,
  checks: [],
  updated_at: '2026-01-01T10:00:00.000Z',
};

const completed: CandidateView = { ...ready, state: 'completed', merge_commit: merge, attempt: 1 };

const blocked: CandidateView = {
  ...ready,
  slug: 'search',
  branch: 'feature/search',
  state: 'blocked',
  attempt: 1,
  blocked: {
    kind: 'conflict',
    conflict_evidence: ['src/index.ts: both sides changed it (stages 1, 2, 3)'],
    diagnostics: ['merging into 9e8d7c6b conflicts in 1 path'],
    next_action: 'merge main into feature/search, resolve, push, then telec submit',
    blocked_at: '2026-01-01T10:01:00.000Z',
    reproduce: `git merge-tree --write-tree ${merge.slice(0, 12)} ${sha.slice(0, 12)}`,
  },
};

const detail: CandidateDetailView = {
  ...ready,
  state: 'integrating',
  attempt: 1,
  checks: [runDetail],
  history: [
    { id: entry, at: '2026-01-01T10:00:00.000Z', event: `${prefix}deployment.started`, from: null, to: 'pending' },
    {
      id: '1767261600001-0',
      at: '2026-01-01T10:00:00.001Z',
      event: `${prefix}branch.pushed`,
      from: 'pending',
      to: 'ready',
    },
    {
      id: '1767261600002-0',
      at: '2026-01-01T10:00:20.000Z',
      event: `${prefix}integration.candidate.dequeued`,
      from: 'ready',
      to: 'integrating',
    },
  ],
};

const queue: QueueRow[] = [
  {
    position: 1,
    slug: 'login',
    branch: 'feature/login',
    sha,
    ready_at: '2026-01-01T10:00:00.000Z',
    waiting_ms: 65_000,
    on_hold: false,
    priority: 'urgent',
    overtakes: 2,
    verdict: null,
  },
];

const why: WhyView = {
  slug: 'login',
  state: 'pending',
  meaning: 'Waits for the conditions of readiness that do not hold yet.',
  place: null,
  waiting_for: [
    {
      code: 'missing_review_approved',
      text: 'the newest review round is no approval',
      event: `${prefix}review.approved`,
      who: 'a reviewer',
    },
  ],
};

const notifications: NotificationRow[] = [
  {
    id: 'deployment/login',
    family: 'deployment',
    slug: 'login',
    event: `${prefix}deployment.started`,
    level: 2,
    human_status: 'unseen',
    agent_status: 'in_progress',
    text: 'login waits for the integrator',
    created_at: '2026-01-01T10:00:00.000Z',
    updated_at: '2026-01-01T10:00:00.000Z',
    link: '#/notification/deployment%2Flogin',
  },
];

const dead: DeadRow[] = [{ id: '1767261600002-0', reason: 'payload: is no JSON', entry: { event: 'x', payload: '{' } }];

const envelope: EnvelopeView = {
  id: entry,
  event: `${prefix}branch.pushed`,
  version: 1,
  source: 'worker/ann@desk',
  timestamp: '2026-01-01T10:00:00.000Z',
  level: 2,
  payload: { branch: 'feature/login', sha, remote: 'origin', pushed_at: '2026-01-01T10:00:00.000Z', pusher: 'ann' },
};

const catalog: CatalogRow[] = [
  {
    type: `${prefix}review.changes_requested`,
    name: 'review.changes_requested',
    domain: 'software-development',
    version: 1,
    level: 2,
    emitter: 'worker',
    actionable: false,
    fields: [
      { name: 'slug', type: 'string', required: true },
      { name: 'review_round', type: 'integer', required: true },
      { name: 'findings', type: 'array', required: true },
    ],
    idempotency_fields: ['slug', 'review_round'],
    lifecycle: {
      creates: true,
      updates: false,
      resolves: false,
      group_key: 'slug',
      meaningful_fields: ['requested_at'],
    },
  },
];

const submit: SubmitView = { slug: 'login', branch: 'feature/login', sha, state: 'pending', events: [entry] };

const integrate: IntegrateView = {
  session_id: session,
  mode: 'live',
  outcome: 'drained',
  completed: 2,
  blocked: 1,
  superseded: 0,
  duration_ms: 5300,
  shadow: null,
};

const replay: ReplayView = { candidates: [ready], entries: 412, duration_ms: 31, equal: null };

const init: InitView = { repo_id: 'app-0123456789ab', config: '/home/ann/app/telec.yaml', mode: 'live', changed: true };

const doctor: DoctorRow[] = [
  { check: 'git', status: 'ok', detail: 'git 2.47.1', mend: null },
  { check: 'remote', status: 'warn', detail: 'origin has not been fetched for a day', mend: 'git fetch origin' },
];

const demo: DemoView = {
  ok: true,
  candidates: [
    {
      slug: 'login',
      branch: 'feature/login',
      sha,
      expected: 'completed',
      actual: 'completed',
      how: 'clean; merged as 9e8d7c6',
    },
  ],
  main: merge,
  problems: [],
  graph: ['*   9e8d7c6 Merge login (feature/login)'],
  duration_ms: 9300,
  kept: null,
};

const config: ConfigRow[] = [
  { key: 'main', value: 'main', source: 'default' },
  { key: 'integration.strategy', value: 'squash', source: "main's telec.yaml" },
];

const actor: ActorDetailView = {
  id: `login/feature/login@${sha}`,
  machine: 'candidate',
  value: 'ready',
  since: '2026-01-01T10:00:00.000Z',
  accepts: ['dequeued', 'probed'],
  context: { attempt: 0 },
  mermaid: 'stateDiagram-v2\n  [*] --> pending\n',
};

const machine: MachineView = {
  name: 'candidate',
  description: 'What becomes of one commit of one branch.',
  states: [{ name: 'pending', description: 'waits for its signals', kind: 'atomic', accepts: ['pushed'] }],
  edges: [{ from: 'pending', to: 'ready', event: 'probed', guard: 'isReady' }],
  mermaid: 'stateDiagram-v2\n  [*] --> pending\n',
};

const worker = 'builder-01jgfjz0q7v5m8n3k2h1g0f9e8';

const sessions: SessionRow[] = [
  {
    id: session,
    role: 'integrator',
    kind: 'integrator',
    state: 'ended',
    started_at: '2026-01-01T10:00:00.000Z',
    ended_at: '2026-01-01T10:00:42.000Z',
    reason: 'drained',
    project: '/home/ann/app',
    command: null,
    host: 'desk',
    pid: null,
    parent: null,
    candidate: `login/feature/login@${sha}`,
    checkpoint: {
      completed: 3,
      blocked: 1,
      superseded: 0,
      duration_ms: 42_000,
      last_log_id: entry,
      outcome: 'drained',
    },
  },
];

const sessionStart: SessionStartView = {
  result: 'spawned',
  session_id: worker,
  role: 'worker',
  kind: 'builder',
  pid: 4711,
  log: `/home/ann/.local/state/telec/app-0123456789ab/sessions/${worker}.log`,
  environment: {
    TELEC_ROLE: 'worker',
    TELECLAUDE_SYSTEM_ROLE: 'worker',
    TELECLAUDE_ROLE: 'worker',
    TELEC_SESSION_ID: worker,
    TELECLAUDE_SESSION_ID: worker,
    TELEC_INTEGRATOR_CUTOVER_ENABLED: '1',
    TELECLAUDE_INTEGRATOR_CUTOVER_ENABLED: '1',
    TELEC_INTEGRATOR_PARITY_EVIDENCE: null,
    TELECLAUDE_INTEGRATOR_PARITY_EVIDENCE: null,
  },
  integrate: null,
  detail: null,
};

const sessionEnd: SessionEndView = { session_id: worker, result: 'ended' };

const adopt: AdoptView = {
  dry_run: false,
  deliveries: [
    {
      slug: 'login',
      branch: 'login',
      sha,
      worktree: '/home/ann/app/trees/login',
      found_by: 'finalize',
      ready_at: '2026-01-01T09:00:00.000Z',
      worker_session_id: 'worker-7',
      result: 'adopted',
      reasons: [],
      events: ['review.approved', 'branch.pushed', 'deployment.started'],
    },
  ],
};

/** The rows of a list of actors, without what only one actor's own view shows. */
const { context: _context, mermaid: _mermaid, ...actorRow } = actor;

export const examples = {
  ...papers,
  actor,
  actors: [actorRow],
  adopt,
  blocked,
  candidate: detail,
  candidates: [ready],
  catalog,
  completed,
  config,
  dead,
  demo,
  doctor,
  envelope,
  hold,
  init,
  integrate,
  lease,
  machine,
  notifications,
  queue,
  ready,
  replay,
  audit,
  sessionEnd,
  sessionStart,
  sessions,
  rollout: { status: rolloutStatus, gate: gateView, report: reportView },
  guards: {
    check: guardCheck,
    change: guardChange,
    environment: guardEnvironment,
    permit,
    server: serverGuard,
    files: serverFiles,
  },
  status,
  submit,
  ticket,
  web,
  why,
};

/** What each command prints with `--json`, by its path; streams print one such object a line. */
export const shapes: Record<string, unknown> = {
  init,
  up: { running: true, pid: 4242, changed: true },
  down: { running: false, pid: null, changed: true },
  status,
  doctor,
  demo,
  submit,
  'events emit': { id: entry, status: 'appended' },
  'events tail': envelope,
  'events catalog': catalog,
  'events dead': dead,
  'events archive': archiveView,
  candidates: [blocked],
  candidate: detail,
  queue,
  why,
  radar: radarView.rows,
  checks: checksView,
  'checks log': checkLog,
  integrate,
  resume: ready,
  priority: prioritySet,
  hold: { hold },
  unhold: { hold: null },
  lease,
  'lease break': { broken: lease },
  'lease adopt': lease,
  notifications,
  'notifications seen': notifications,
  'notifications claim': notifications,
  'notifications resolve': notifications,
  replay,
  simulate: simulation,
  audit,
  'machine list': ['candidate', 'integrator', 'lease', 'todo'],
  'machine show': machine,
  actors: examples.actors,
  actor,
  web,
  'config show': config,
  sessions,
  'sessions list': sessions,
  'sessions start': sessionStart,
  'sessions end': sessionEnd,
  adopt,
  'shadow report': shadowReport,
  'shadow restart': shadowRestarted,
  'cutover status': cutoverStatus,
  'cutover enable': enabled,
  'cutover rollback': rolledBack,
  ...todoShapes,
  'todo draft': papers.draft,
  'todo gate': papers.gate,
  'todo set-deps': papers.change,
  'todo validate': papers.validation,
  'todo demo list': papers.demos,
  'todo demo validate': papers.demoCheck,
  'todo demo run': papers.demoRun,
  'todo demo create': papers.demoCreated,
  'roadmap list': papers.roadmap,
  'roadmap add': papers.change,
  'roadmap deps': papers.change,
  'roadmap move': papers.change,
  'roadmap remove': papers.change,
  'roadmap deliver': papers.change,
  'roadmap freeze': papers.change,
  'rollout status': rolloutStatus,
  'rollout gate': gateView,
  'rollout report': reportView,
  'guard install': guardChange,
  'guard check': guardCheck,
  'guard env': guardEnvironment,
  'guard allow': permit,
  'guard uninstall': { ...guardChange, in_force: false },
};
