/** The commands of papers and roadmap: what reaches the desks, what people read, how each end exits. */
import { describe, expect, test } from 'vitest';
import { examples } from '../../scripts/examples.ts';
import type { TodoPapers } from '../../src/actors/todos/paper-desk.ts';
import type { RoadmapDesk } from '../../src/actors/todos/roadmap-desk.ts';
import { fakeRuntime, runTelec } from '../support/fake-runtime.ts';

/** A runtime whose desks answer `answers`, and what they were asked. */
function desks(answers: Partial<TodoPapers & RoadmapDesk> = {}) {
  const asked: unknown[][] = [];
  const { runtime } = fakeRuntime();
  const watched = <T extends object>(desk: T): T =>
    new Proxy(desk, {
      get: (target, name) => {
        const own = (answers as Record<string | symbol, unknown>)[name] ?? target[name as keyof T];
        if (typeof own !== 'function') return undefined;
        return (...args: unknown[]): unknown => {
          asked.push([name, ...args]);
          return Reflect.apply(own, target, args);
        };
      },
    });
  return {
    asked,
    runtime: {
      ...runtime,
      todoPapers: async (context: never) => watched(await runtime.todoPapers(context)),
      roadmap: async (context: never) => watched(await runtime.roadmap(context)),
    },
  };
}

test('what is typed reaches the desks as it was meant', async () => {
  const { asked, runtime } = desks();
  const lines = [
    ['todo', 'draft'],
    [
      'todo',
      'gate',
      'a',
      '--score',
      '7',
      '--status',
      'needs_work',
      '--gate',
      'x = pass: b=c: d',
      '--gate',
      'y',
      '--blocker',
      'v: t: r: s',
      '--blocker',
      'w',
    ],
    ['todo', 'gate', 'a', '--score', '-1', '--status', 'pass'],
    ['todo', 'set-deps', 'a', '--after', 'b', '--after', 'c,d'],
    ['todo', 'set-deps', 'a'],
    ['todo', 'validate', 'a', '--fix'],
    ['roadmap', 'list', '--include-delivered'],
    ['roadmap', 'add', 'a', '--group', 'g', '--after', 'b, c', '--before', 'd', '--description', 'x'],
    ['roadmap', 'deps', 'a', '--after', 'b'],
    ['roadmap', 'move', 'a', '--after', 'b'],
    ['roadmap', 'remove', 'a', '--force'],
    ['roadmap', 'deliver', 'a', '--commit', 'abcd'],
    ['roadmap', 'freeze', 'a'],
    ['roadmap', 'freeze', 'a', '--undo'],
  ];
  for (const line of lines) expect(await runTelec(line, { runtime }), line.join(' ')).toMatchObject({ status: 0 });
  expect(asked).toEqual([
    ['draft', null],
    [
      'gate',
      'a',
      {
        score: 7,
        status: 'needs_work',
        gates: [
          { name: 'x', verdict: 'pass', reason: 'b=c: d' },
          { name: 'y', verdict: '', reason: '' },
        ],
        blockers: [
          { gate: 'v', text: 't', remedy: 'r: s' },
          { gate: 'w', text: '', remedy: '' },
        ],
      },
    ],
    ['gate', 'a', { score: Number.NaN, status: 'pass', gates: [], blockers: [] }],
    ['setDeps', 'a', ['b', 'c', 'd']],
    ['setDeps', 'a', []],
    ['validate', 'a', true],
    ['list', { icebox: false, delivered: true }],
    ['add', 'a', { group: 'g', after: ['b', 'c'], before: 'd', description: 'x' }],
    ['deps', 'a', ['b']],
    ['move', 'a', { after: 'b' }],
    ['remove', 'a', true],
    ['deliver', 'a', 'abcd'],
    ['freeze', 'a'],
    ['unfreeze', 'a'],
  ]);
});

test.each([
  [['todo', 'gate', 'a'], 'error: --score is missing: a verdict has a score from 0 to 10\nhint: add --score "…"\n'],
  [
    ['roadmap', 'move', 'a'],
    'error: a move needs one of --before and --after\nhint: name the work item it is to stand next to\n',
  ],
  [
    ['roadmap', 'move', 'a', '--before', 'b', '--after', 'c'],
    'error: a move needs one of --before and --after\nhint: name the work item it is to stand next to\n',
  ],
  [['todo', 'set-deps', 'a', '--after', ''], 'error: --after is empty\nhint: give --after a text, or leave it out\n'],
  [
    ['todo', 'demo', 'run', 'a', '--timeout', '5'],
    'error: --timeout is no duration\nhint: write --timeout 90s, 30m, 2h or 1d\n',
  ],
])('wrong use exits 2 with a sentence and a hint: %j', async (argv, stderr) => {
  expect(await runTelec(argv)).toMatchObject({ status: 2, stdout: '', stderr });
});

test('a validation that found something exits 1, with the list on stdout and one word on stderr', async () => {
  const problem = {
    ...examples.validation.problems[0],
    status: 'fail' as const,
  } as (typeof examples.validation.problems)[0];
  const { runtime } = desks({ validate: async () => ({ ok: false, problems: [problem], fixed: [] }) });
  const text = await runTelec(['todo', 'validate'], { runtime });
  expect(text).toMatchObject({
    status: 1,
    stderr:
      'error: one thing is wrong with the work items\nhint: each names its mend; then telec todo validate again\n',
  });
  expect(text.stdout).toBe(
    `fail  no_verdict  login: ${problem.text}\n      ${problem.path}\n      mend: ${problem.mend}\n`,
  );
  expect((await runTelec(['todo', 'validate', '--json'], { runtime })).json()).toMatchObject({ ok: false });
});

describe('a demo', () => {
  test('that is exempt passes with a warning; one with problems exits 1', async () => {
    const exempt = { ...examples.demoCheck, exempt: 'a rename' };
    const passing = desks({ demo: async () => exempt });
    expect(await runTelec(['todo', 'demo', 'validate', 'login'], passing)).toMatchObject({
      status: 0,
      stdout: 'exempt  todos/login/demo.md: a rename\n',
      stderr: 'warning: login has no demo: a rename\n',
    });
    const failing = desks({
      demo: async () => ({ ...examples.demoCheck, ok: false, problems: [{ path: 'line 3', message: 'm' }] }),
    });
    expect(await runTelec(['todo', 'demo', 'validate', 'login'], failing)).toMatchObject({
      status: 1,
      stdout: 'fail  todos/login/demo.md line 3: m\n',
      stderr: 'error: the demo of login cannot be shown\nhint: mend todos/login/demo.md\n',
    });
  });

  test.each([
    ['failed', 1],
    ['timeout', 5],
    ['interrupted', 130],
    ['unstarted', 1],
  ] as const)('whose block ended as %s exits %s', async (outcome, status) => {
    const blocks = [{ line: 3, outcome, status: null, reason: null, duration_ms: 1, output: 'x' }];
    const { runtime } = desks({
      runDemo: async (_slug, _limits, tell) => {
        tell({ kind: 'block', line: 3, at: 1, of: 1, code: 'a\nb' });
        tell({ kind: 'output', text: 'o\u001b[2J' });
        tell({ kind: 'skipped', line: 9, reason: 'r' });
        return { slug: 'login', path: 'p', ok: false, blocks };
      },
    });
    const run = await runTelec(['todo', 'demo', 'run', 'login'], { runtime });
    expect(run.status).toBe(status);
    expect(run.stderr).toContain('line 3, block 1 of 1:\n  $ a\n  $ b\n  o\\x1b[2J\nline 9: passed over: r\n');
    expect((await runTelec(['todo', 'demo', 'run', 'login', '--quiet'], { runtime })).stderr).not.toContain('$ a');
  });
});

test('what files say never reaches the terminal raw', async () => {
  const evil = 'x\u001b]0;pwned\u0007\n\u202e';
  const row = {
    ...examples.roadmap[0],
    slug: evil,
    group: evil,
    after: [evil],
    waiting_for: [evil],
    description: evil,
    date: evil,
    commit: evil,
  };
  const problem = { path: evil, message: evil };
  const demo = { ...examples.demoCheck, slug: evil, path: evil, title: evil, problems: [problem], ok: false };
  const change = { ...examples.change, notes: [evil] };
  const { runtime } = desks({
    draft: async () => ({
      drafted: [{ slug: evil, written: [], kept: [] }],
      skipped: [{ slug: evil, reason: evil }],
      session_id: evil,
    }),
    gate: async () => ({
      ...examples.gate,
      slug: evil,
      gates: [{ name: 'verification', verdict: 'fail', reason: evil }],
      blockers: [{ gate: null, text: evil, remedy: evil }],
    }),
    setDeps: async () => change,
    validate: async () => ({
      ok: false,
      problems: [{ status: 'fail', code: 'c', slug: evil, path: evil, text: evil, mend: evil }],
      fixed: [{ path: evil, text: evil }],
    }),
    demos: async () => [demo],
    demo: async () => demo,
    runDemo: async () => ({
      ...examples.demoRun,
      path: evil,
      blocks: [{ line: 1, outcome: 'skipped', status: null, reason: evil, duration_ms: 0, output: evil }],
    }),
    createDemo: async () => ({ slug: evil, written: ['a'], kept: [] }),
    list: async () => [row] as never,
  });
  for (const line of [
    ['todo', 'draft'],
    ['todo', 'gate', 'a', '--score', '1', '--status', 'pass'],
    ['todo', 'set-deps', 'a'],
    ['todo', 'validate'],
    ['todo', 'demo', 'list'],
    ['todo', 'demo', 'validate', 'a'],
    ['todo', 'demo', 'run', 'a'],
    ['todo', 'demo', 'create', 'a'],
    ['roadmap', 'list'],
  ])
    for (const more of [[], ['--json']]) {
      const run = await runTelec([...line, ...more], { runtime });
      expect(run.stdout + run.stderr, line.join(' ')).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
      expect(run.stdout + run.stderr, line.join(' ')).toMatch(/pwned/);
    }
});

test('the roadmap shows parts below their container, and leaves out none of a ring of groups', async () => {
  const [row] = examples.roadmap;
  const rows = [
    { ...row, slug: 'part', group: 'box', description: null },
    { ...row, slug: 'box', group: null, state: 'container', dor: null },
    { ...row, slug: 'm', group: 'n', dor: null, description: null },
    { ...row, slug: 'n', group: 'm', dor: null, description: null },
    { ...row, slug: 'z', where: 'icebox', dor: null, description: null },
  ];
  const { runtime } = desks({ list: async () => rows as never });
  expect((await runTelec(['roadmap', 'list'], { runtime })).stdout).toBe(
    [
      'Planned, the most urgent first',
      '  box [container] who may come in',
      '    part [building] [DOR 9, pass] in box',
      '  m [building] in n',
      '    n [building] in m',
      '',
      'Resting',
      '  z [building]',
      '',
    ].join('\n'),
  );
});
