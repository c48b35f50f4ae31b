/** Answers of the commands about papers and the roadmap, for `examples.ts`. */
import type { DemoCheckView, DemoCreateView, DemoRow, DemoRunView } from '../src/actors/todos/demos.ts';
import type { DraftView } from '../src/actors/todos/draft.ts';
import type { GateView } from '../src/actors/todos/gate.ts';
import type { RoadmapChange } from '../src/actors/todos/roadmap-desk.ts';
import type { RoadmapListRow } from '../src/actors/todos/roadmap-list.ts';
import type { ValidationView } from '../src/actors/todos/validate.ts';

const draft: DraftView = {
  drafted: [
    {
      slug: 'accounts',
      written: ['requirements.md', 'implementation-plan.md', 'demo.md', 'dor-report.md'],
      kept: [],
    },
    { slug: 'login', written: ['demo.md', 'dor-report.md'], kept: ['requirements.md', 'implementation-plan.md'] },
  ],
  skipped: [{ slug: 'mail', reason: 'login waits for it, and there is no such work item' }],
  session_id: 'drafter-1',
};

const gate: GateView = {
  slug: 'login',
  status: 'needs_work',
  score: 7,
  assessed_at: '2026-01-01T10:00:00.000Z',
  session_id: 'judge-1',
  via: 'direct',
  gates: [
    { name: 'scope_and_size', verdict: 'pass', reason: 'one page' },
    { name: 'verification', verdict: 'fail', reason: 'no test of the lockout' },
  ],
  blockers: [{ gate: 'verification', text: 'no test of the lockout', remedy: 'add one to the plan' }],
  not_judged: [
    'intent_and_success',
    'approach_known',
    'research_complete',
    'dependencies_and_preconditions',
    'integration_safety',
    'tooling_impact',
  ],
};

const change: RoadmapChange = {
  slug: 'login',
  changed: true,
  files: ['todos/roadmap.yaml'],
  notes: ['login waits for accounts'],
};

const validation: ValidationView = {
  ok: true,
  problems: [
    {
      status: 'warn',
      code: 'no_verdict',
      slug: 'login',
      path: 'todos/login/dor-report.md',
      text: 'the report is a draft: nobody has judged it yet',
      mend: 'let another session judge it: telec todo gate login --score N --status pass|needs_work|needs_decision',
    },
  ],
  fixed: [{ path: 'todos/search', text: 'the empty folder is removed' }],
};

const demoRow: DemoRow = {
  slug: 'login',
  path: 'todos/login/demo.md',
  title: 'Login',
  blocks: 2,
  skipped: 1,
  exempt: null,
  snapshot: false,
  problems: [],
};

const demoCheck: DemoCheckView = { ...demoRow, ok: true };

const demoRun: DemoRunView = {
  slug: 'login',
  path: 'todos/login/demo.md',
  ok: true,
  blocks: [
    { line: 5, outcome: 'passed', status: 0, reason: null, duration_ms: 320, output: 'logged in\n' },
    { line: 12, outcome: 'skipped', status: null, reason: 'needs a mail server', duration_ms: 0, output: '' },
  ],
};

const demoCreated: DemoCreateView = {
  slug: 'login',
  written: ['demos/login/snapshot.json'],
  kept: ['demos/login/demo.md'],
};

const roadmapRow: RoadmapListRow = {
  slug: 'accounts',
  where: 'roadmap',
  group: null,
  after: [],
  waiting_for: [],
  description: 'who may come in',
  state: 'building',
  build: 'started',
  review: 'pending',
  dor: { status: 'pass', score: 9 },
  children: [],
  date: null,
  commit: null,
};

const roadmap: RoadmapListRow[] = [
  roadmapRow,
  {
    ...roadmapRow,
    slug: 'login',
    after: ['accounts'],
    waiting_for: ['accounts'],
    description: null,
    state: 'preparing',
    build: 'pending',
    dor: { status: 'needs_work', score: 7 },
  },
];

export const papers = {
  change,
  demoCheck,
  demoCreated,
  demoRun,
  demos: [demoRow],
  draft,
  gate,
  roadmap,
  validation,
};
