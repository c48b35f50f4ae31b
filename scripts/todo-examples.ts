/** One answer of every command about work items, as `--json` prints it. */
import type {
  FinalizeView,
  HandoverView,
  MarkPhaseView,
  TodoCreateView,
  TodoDetailView,
  TodoNextView,
  TodoView,
} from '../src/actors/todos/flow.ts';

const sha = '3fa2c1d09b7e4d5f8a6b1c2d3e4f5a6b7c8d9e0f';
const entry = '1767261600000-0';

const todo: TodoView = {
  slug: 'login',
  kind: 'todo',
  state: 'returned',
  description: 'let people sign in',
  group: 'accounts',
  after: ['user-table'],
  waiting_for: [],
  children: [],
  container: false,
  folder: true,
  work_tree: null,
  papers: ['requirements.md', 'implementation-plan.md', 'demo.md', 'dor-report.md'],
  missing_papers: [],
  dor: { status: 'pass', score: 9 },
  review: { round: 1, max_rounds: 3, open_findings: 1 },
  candidate: null,
  follow_ups: [],
  next: { command: 'telec todo mark-phase login fix started', text: 'mend what the review found' },
};

const detail: TodoDetailView = {
  ...todo,
  not_buildable: [],
  findings: [{ id: 'r1-1', text: 'no test of a wrong password', resolved: false }],
  baseline_commit: null,
  problems: [],
};

const next: TodoNextView = {
  slug: 'login',
  state: 'returned',
  next: todo.next,
  waiting: [{ slug: 'logout', state: 'preparing', text: 'it waits for login' }],
};

const created: TodoCreateView = {
  slug: 'login',
  files: ['todos/login/input.md', 'todos/login/state.yaml', 'todos/roadmap.yaml'],
  next: {
    command: 'telec todo draft login',
    text: 'say in todos/login/input.md what is wanted, then draft its papers',
  },
};

const marked: MarkPhaseView = {
  slug: 'login',
  phase: 'review',
  status: 'approved',
  state: 'approved',
  review_round: 2,
  changed: true,
  events: [entry],
  next: { command: 'telec todo finalize login', text: 'commit and push all of it, then hand it over' },
};

const handed = {
  slug: 'login',
  branch: 'feature/login',
  sha,
  state: 'ready',
  events: [entry],
  next: {
    command: 'telec todo next',
    text: 'the integrator brings login to main; telec why login says what it waits for',
  },
} as const;

const finalized: FinalizeView = { ...handed, events: [entry], report: 'FINALIZE_READY: login' };

const handover: HandoverView = {
  ...handed,
  events: [entry],
  steps: [
    { step: 'finalize_ready_confirmed', detail: 'FINALIZE_READY: login' },
    { step: 'lock_verified', detail: 'worker-7, the worker, has it' },
    { step: 'worker_ended', detail: 'worker-7: ended' },
    { step: 'deployment_started', detail: `feature/login@${sha}` },
    { step: 'lock_released', detail: 'worker-7' },
    { step: 'reported', detail: 'Candidate queued for integration. Integrator will process.' },
    { step: 'next_call', detail: 'telec todo next' },
  ],
  report: 'Candidate queued for integration. Integrator will process.',
};

export const todoExamples = { todo, detail, next, created, marked, finalized, handover };

export const todoShapes: Record<string, unknown> = {
  'todo create': created,
  'todo list': [todo],
  'todo show': detail,
  'todo next': next,
  'todo mark-phase': marked,
  'todo finalize': finalized,
  'todo handover': handover,
};
