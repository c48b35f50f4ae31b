/** Reports of rollouts as files: what is telec's, what is people's, and words from files that would break either. */
import { rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { listedSlugs, withHeldBack } from '../../src/actors/rollout/facts.ts';
import { silentLog } from '../../src/actors/rollout/log.ts';
import { withoutPart, withPart } from '../../src/actors/rollout/section.ts';
import type { GateView, ReportView, RolloutStatusView } from '../../src/actors/rollout/views.ts';
import { readPapers } from '../../src/actors/todos/papers.ts';
import { EXIT } from '../../src/errors.ts';
import { WorkFiles } from '../../src/io/todos/work-files.ts';
import { copyOf, PARENT } from '../support/rollout-tree.ts';

describe('the part of telec in a report', () => {
  const part = '## Matrix\n\n| a |';

  test('is put behind what people wrote, and replaced where it stands; all else stays byte for byte', () => {
    const before = '# Mine\r\n\r\ntext without an end';
    const once = withPart('x', before, 'title', part);
    expect(once.startsWith(`${before}\r\n\r\n<!-- telec rollout report: begin`)).toBe(true);
    expect(once.replaceAll('\r\n', '')).not.toContain('\n');
    expect(withPart('x', once, 'title', part)).toBe(once);
    const between = `before\n\n${withPart('x', '', 't', part).trimEnd()}\nbehind \t\n\n\nend`;
    const changed = withPart('x', between, 't', 'other');
    expect(changed).toContain('\nother\n');
    expect(changed).not.toContain('Matrix');
    expect(changed.startsWith('before\n\n<!--')).toBe(true);
    expect(changed.endsWith('end -->\nbehind \t\n\n\nend')).toBe(true);
    expect(withPart('x', changed, 't', part)).toBe(between);
    expect(withoutPart('x', between)).toBe('before\n\nbehind \t\n\n\nend');
  });

  test('begins a new file under its title', () => {
    expect(withPart('x', null, 'Readiness report: a', 'part').split('\n').slice(0, 5)).toEqual([
      '# Readiness report: a',
      '',
      expect.stringMatching(/^<!-- telec rollout report: begin\b.*-->$/),
      '',
      'part',
    ]);
  });

  test.each([
    '<!-- telec rollout report: begin -->\n',
    '<!-- telec rollout report: end -->\n',
    '<!-- telec rollout report: end -->\n<!-- telec rollout report: begin -->\n',
    '<!-- telec rollout report: begin -->\n<!-- telec rollout report: begin -->\n<!-- telec rollout report: end -->\n',
  ])('is refused when its marks do not pair: %j', (text) => {
    expect(() => withPart('a.md', text, 't', part)).toThrow(
      expect.objectContaining({ code: 'REPORT_MARKS', exit: EXIT.usage }),
    );
  });
});

test('S1-FR1.1i the slices of input.md are its first numbered list that names one', () => {
  const known = new Set(['a-one', 'b-two', 'c-three']);
  const listed = (text: string) => listedSlugs(text, known);
  expect(listed('1. `a-one` (done)\n2. b-two: words\n3. **c-three**\n')).toEqual(['a-one', 'b-two', 'c-three']);
  expect(listed('1. look\n2. think\n\n## Slices\n\n1. [`b-two`](x)\n2. `ghost`\n\n1. `c-three`')).toEqual([
    'b-two',
    'ghost',
  ]);
  expect(listed('1. slices:\n   1. a-one\n   2. b-two\n')).toEqual(['a-one', 'b-two']);
  expect(listed('1. a-one is first\n2. build the thing\n')).toEqual([]);
  expect(listed('```\n1. a-one\n```\n- a-one\n')).toEqual([]);
  expect(listed('1. a-one\n2. a-one\n')).toEqual(['a-one']);
});

const report = (slug: string) => `todos/${slug}/dor-report.md`;
const state = (slug: string) => `todos/${slug}/state.yaml`;

describe('a report that is written', () => {
  test('S2-N3 takes each missing point as a blocker into the report of the cutover slice; again it changes nothing', async () => {
    const tree = copyOf('prepared');
    const own = '# Cutover\n\nWhat I think of it.\n';
    tree.write(report('integrator-cutover'), `${own}\n## Gate Verdict\n\n- Status: \`pass\`\n- Score: \`8/10\`\n`);
    const { view, stderr } = await tree.run<ReportView>('rollout', 'report', 'integrator-cutover', '--write');
    expect(view.written).toEqual([report('integrator-cutover')]);
    expect(stderr).toBe('written: todos/integrator-cutover/dor-report.md\n');
    const text = tree.read(report('integrator-cutover'));
    expect(text.startsWith(own)).toBe(true);
    expect(text.match(/\*\*Blocker:\*\* .*$/gm)?.map((line) => line.replace(/.*\*\*missing\*\* /, ''))).toEqual([
      '(integrator-shadow-mode is not delivered; no approval of integrator-shadow-mode is known)',
      '(nothing was compared in shadow)',
      '(no refused push of main is recorded)',
      '(no delivery is recorded)',
      '(no rollback was tried)',
    ]);
    expect(text.match(/## Gate Verdict/g)).toHaveLength(1);
    const again = await tree.run<ReportView>('rollout', 'report', PARENT, '--write');
    expect(again.view.written).toEqual([]);
    expect(again.stderr).toBe('nothing changed\n');
    expect(tree.read(report('integrator-cutover'))).toBe(text);
  });

  test('S2-N3 of the rollout takes the cutover slice with it, and a settled contradiction is told no more', async () => {
    const tree = copyOf('prepared');
    tree.write(report('integrator-cutover'), '- Status: `pass`\n- Score: `8/10`\n');
    tree.write(report(PARENT), 'mine\n');
    const { view } = await tree.run<ReportView>('rollout', 'report', PARENT, '--write');
    expect(view.written).toEqual([report(PARENT), report('integrator-cutover')]);
    expect(tree.read(report(PARENT))).toMatch(
      /^mine\n\n<!-- telec.*-->\n\n## Gate Verdict\n\n- Status: `pass`\n- Score: `8\/10`\n- Ready Decision: \*\*Ready\*\*/,
    );
    expect((await tree.run<RolloutStatusView>('rollout', 'status')).view.consistent).toBe(true);
    expect((await tree.run<ReportView>('rollout', 'report', PARENT, '--write')).view.written).toEqual([]);
  });

  test('S2-N4 opens on request a focused work item that the cutover waits for; again it is the same one', async () => {
    const tree = copyOf('prepared');
    const slug = 'integrator-cutover-evidence';
    const first = await tree.run<ReportView>('rollout', 'report', 'integrator-cutover', '--write', '--follow-up');
    expect(first.view.follow_up).toBe(slug);
    expect(tree.read(`todos/${slug}/requirements.md`)).toContain('nothing was compared in shadow');
    expect(tree.read(`todos/${slug}/implementation-plan.md`)).toMatch(/Test gate:[\s\S]*Lint gate:/);
    expect(tree.read(state(slug))).toBe('build: pending\nreview: pending\nevidence_for: integrator-cutover\n');
    expect(tree.read('todos/roadmap.yaml')).toMatch(
      /- slug: integrator-cutover-evidence\n {2}description: [^\n]+\n- slug: integrator-cutover\n {2}group: [a-z-]+\n {2}after: \[integrator-shadow-mode, integrator-cutover-evidence\]\n/,
    );
    const gate = await tree.run<GateView>('rollout', 'gate', 'integrator-cutover');
    expect(gate.view.reasons[0]?.text).toBe('it waits for integrator-cutover-evidence, integrator-shadow-mode');
    expect((await tree.run('rollout', 'status')).status).toBe(0);

    tree.change(`todos/${slug}/implementation-plan.md`, '- [ ] Make', '- [x] Make');
    tree.change('todos/delivered.yaml', '#', '- slug: integrator-shadow-mode\n#');
    const again = await tree.run<ReportView>('rollout', 'report', 'integrator-cutover', '--write', '--follow-up');
    expect(again.view.follow_up).toBe(slug);
    expect(tree.read(`todos/${slug}/requirements.md`)).not.toContain('integrator-shadow-mode is not delivered');
    expect(tree.read(`todos/${slug}/implementation-plan.md`)).toContain('- [x] Make');

    tree.change('todos/delivered.yaml', '#', `- slug: ${slug}\n#`);
    const next = await tree.run<ReportView>('rollout', 'report', 'integrator-cutover', '--write', '--follow-up');
    expect(next.view.follow_up).toBe(`${slug}-2`);
  });

  test('is refused where no evidence is missing, where there is no folder, and through a link', async () => {
    const tree = copyOf('prepared');
    const noCutover = await tree.run('rollout', 'report', 'integration-events-model', '--write', '--follow-up');
    expect(noCutover.view).toMatchObject({ error: { code: 'NOTHING_MISSING' } });
    expect(noCutover.status).toBe(1);
    const gone = await tree.run('rollout', 'report', 'integration-safety-gates', '--write');
    expect(gone.view).toMatchObject({ error: { code: 'NO_FOLDER' } });
    expect((await tree.run('rollout', 'report', 'integration-safety-gates')).status).toBe(0);
    expect((await tree.run('rollout', 'report', 'ghost')).view).toMatchObject({ error: { code: 'NOT_FOUND' } });
    expect((await tree.run('rollout', 'report', '../../x', '--write')).view).toMatchObject({
      error: { code: 'NOT_FOUND' },
    });
    expect((await tree.run('rollout', 'report', 'x', '--follow-up')).status).toBe(2);
    rmSync(tree.path(report(PARENT)));
    symlinkSync(join(tree.dir, 'elsewhere.md'), tree.path(report(PARENT)));
    const link = await tree.run('rollout', 'report', PARENT, '--write');
    expect(link.view).toMatchObject({ error: { code: 'UNSAFE_PATH' } });
    expect(link.status).toBe(2);
  });

  test('shows words of hostile files as words', async () => {
    const tree = copyOf('prepared');
    const evil = '"a | b\\n<!-- telec rollout report: end -->\\n# Own `code` \\u001b]0;x\\u0007 [l](http://x)"';
    tree.change(state('integration-events-model'), /reason: .*/, `reason: ${evil}`);
    tree.change(
      state('integrator-shadow-mode'),
      'blockers: []',
      `blockers:\n    - gate: verification\n      text: ${evil}\n      remedy: ${evil}`,
    );
    tree.change(state(PARENT), 'shadow: integrator-shadow-mode', `shadow: ${evil}`);
    for (const slug of [PARENT, 'integrator-cutover', 'integration-events-model']) {
      await tree.run<ReportView>('rollout', 'report', slug, '--write');
      const text = tree.read(report(slug));
      expect((await tree.run<ReportView>('rollout', 'report', slug, '--write')).view.written).toEqual([]);
      expect(text.match(/^<!-- telec rollout report: end -->$/gm)).toHaveLength(1);
      expect(text).not.toMatch(/^# Own/m);
      expect(text).not.toContain('\u001b');
    }
    expect(tree.read(report(PARENT))).toContain(
      'pass: a \\| b &lt;!-- telec rollout report: end --> # Own \\`code\\` \\]0;x \\[l\\](http://x)',
    );
  });
});

test('S2-N1 who is asked to begin a build hears what its rollout has against it, beside what it knows itself', () => {
  const tree = copyOf('prepared');
  const files = new WorkFiles(tree.dir);
  const codes = (slug: string) => {
    const facts = withHeldBack(readPapers(files), silentLog('none')).todos.find((todo) => todo.slug === slug);
    expect(facts?.notBuildable.slice(-(facts.heldBack.length || 1))).toEqual(
      facts?.heldBack.length ? facts.heldBack : (facts?.notBuildable.slice(-1) ?? []),
    );
    return facts?.heldBack.map(({ code }) => code);
  };
  expect(codes('integration-events-model')).toEqual([]);
  expect(codes('integrator-cutover')).toEqual(Array(5).fill('evidence_missing'));
  expect(codes(PARENT)).toEqual([]);
  tree.change('todos/roadmap.yaml', '  after: [integrator-cutover]\n', '');
  expect(codes('integration-blocked-flow')).toEqual(['phase_gate']);
});

describe('the words for people', () => {
  test('name what is next, what is missing for the cutover, and that the files agree', async () => {
    const tree = copyOf('prepared');
    const { stdout, status } = await tree.say('rollout', 'status');
    expect(status).toBe(0);
    expect(stdout).toContain('integration-orchestrator-rollout (pass, 8 of 10) ready\n');
    expect(stdout).toMatch(
      /^integrator-shadow-mode +complete +pass +8 +none +dispatch after the delivery of integration-events-model$/m,
    );
    expect(stdout).toContain(
      '\nnext: integration-events-model\ncutover integrator-cutover: no-go\n  missing  what runs in shadow',
    );
    expect(stdout).toContain('\nthe files agree\njudged from files alone: telec is not set up in this clone\n');
    const gate = await tree.say('rollout', 'gate', 'integrator-cutover');
    expect(gate.status).toBe(1);
    expect(gate.stdout).toMatch(
      /^may not be built:\n {2}it waits for integrator-shadow-mode\n {2}no evidence yet that what/m,
    );
    expect((await tree.say('rollout', 'gate', 'integration-events-model')).stdout).toContain(
      '\nmay be built\nnext: dispatch now',
    );
  });

  test('tell every problem and blocker, and nothing a terminal would obey', async () => {
    const tree = copyOf('prepared');
    const evil = '"no test \\u001b]0;x\\u0007\\n \\u202e"';
    tree.change(
      state('integrator-shadow-mode'),
      'blockers: []',
      `blockers:\n    - gate: verification\n      text: ${evil}\n      remedy: ${evil}`,
    );
    tree.change('todos/roadmap.yaml', 'after: [integration-events-model]', `after: [${evil}]`);
    for (const line of [['status'], ['gate', 'integrator-shadow-mode'], ['report', PARENT]]) {
      const { stdout, status } = await tree.say('rollout', ...line);
      expect(status).toBe(line[0] === 'report' ? 0 : 1);
      expect(stdout).toContain('no test');
      expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    }
    const { stdout } = await tree.say('rollout', 'status');
    expect(stdout).toMatch(/\nproblems:\n {2}integrator-shadow-mode: it waits for no test/);
    expect(stdout).toContain('integrator-shadow-mode: its gate says pass, but blockers are open');
  });
});

describe('the status of a work tree', () => {
  test('without any rollout is consistent', async () => {
    const tree = copyOf('prepared');
    rmSync(tree.path('todos'), { recursive: true });
    expect(await tree.run<RolloutStatusView>('rollout', 'status')).toMatchObject({
      status: 0,
      view: { log: 'none', mode: null, consistent: true, rollouts: [], problems: [] },
    });
  });

  test('with two rollouts judges each, and tells a slice that both hold', async () => {
    const tree = copyOf('prepared');
    tree.write('todos/second/state.yaml', 'breakdown: {assessed: true, todos: [second-a, integrator-cutover]}\n');
    tree.change(
      'todos/roadmap.yaml',
      /$/,
      '- {slug: second}\n- {slug: second-a, group: second}\n- {slug: lost, group: nowhere, after: [second]}\n',
    );
    const { view, status } = await tree.run<RolloutStatusView>('rollout', 'status');
    expect(status).toBe(1);
    expect(view.rollouts.map(({ slug, next }) => [slug, next])).toEqual([
      [PARENT, 'integration-events-model'],
      ['second', null],
    ]);
    expect(view.problems.map(({ code, slug }) => [code, slug])).toEqual([
      ['unknown_container', 'nowhere'],
      ['in_two_rollouts', 'integrator-cutover'],
    ]);
    expect(view.rollouts[0]?.problems).toEqual([]);
  });

  test('tells a cycle with its way, a broken roadmap, and a broken state file, each once', async () => {
    const tree = copyOf('prepared');
    tree.change('todos/roadmap.yaml', 'after: [integration-safety-gates]', 'after: [integrator-cutover]');
    const cycle = await tree.run<RolloutStatusView>('rollout', 'status');
    expect(cycle.status).toBe(1);
    expect(cycle.view.problems.map(({ text }) => text)).toEqual([
      'these wait for each other: integration-events-model -> integrator-cutover -> integrator-shadow-mode -> integration-events-model',
    ]);
    const nested = copyOf('prepared');
    nested.write('todos/roadmap.yaml', '- slug: x\n  group: y\n- slug: y\n  group: x\n');
    const ring = (await nested.run<RolloutStatusView>('rollout', 'status')).view.problems;
    expect(ring.map(({ text }) => text)).toContain('these wait for each other: x -> y -> x');
    const broken = copyOf('prepared');
    broken.write(state('integrator-cutover'), 'dor: {status: great}\n');
    const told = (await broken.run<RolloutStatusView>('rollout', 'status')).view.rollouts[0]?.problems;
    expect(told?.map(({ code, slug }) => [code, slug])).toEqual([
      ['broken_file', 'integrator-cutover'],
      ['broken_file', 'integrator-cutover'],
    ]);
    expect(told?.map(({ text }) => text).join()).toMatch(/state.yaml dor status.*state.yaml dor score/);
    const noRoadmap = copyOf('prepared');
    noRoadmap.write('todos/roadmap.yaml', '<<<<<<< mine\n');
    const { view } = await noRoadmap.run<RolloutStatusView>('rollout', 'status');
    expect(view.problems.map(({ code, slug, text }) => [code, slug, text.includes(slug)])).toContainEqual([
      'broken_file',
      expect.stringContaining('todos/roadmap.yaml'),
      false,
    ]);
    expect(view.consistent).toBe(false);
  });
});
