/**
 * The kept rollout in its two moments: what its papers, its roadmap and its state files say, that they agree, that its
 * reports are what the program makes of them now, and what telec answers about it.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { GateView, ReportView, RolloutStatusView } from '../../src/actors/rollout/views.ts';
import { readDelivered } from '../../src/io/todos/delivered.ts';
import { readRoadmap } from '../../src/io/todos/roadmap.ts';
import { DOR_GATES, readState } from '../../src/io/todos/state-file.ts';
import { copyOf, EXAMPLES, MOMENTS, type Moment, PARENT } from '../support/rollout-tree.ts';

const FIVE = [
  'integration-safety-gates',
  'integration-events-model',
  'integrator-shadow-mode',
  'integrator-cutover',
  'integration-blocked-flow',
] as const;
const [, ...FOUR] = FIVE;
/** The open slices of each moment. */
const OPEN: Record<Moment, readonly string[]> = { prepared: FOUR, wired: ['integrator-wiring'] };
const SPEC = 'docs/spec/integration-orchestrator.md';
const contract = JSON.parse(readFileSync(new URL(`../../docs/spec/contract.json`, import.meta.url), 'utf8')) as object;

const read = (moment: Moment, path: string) => readFileSync(join(EXAMPLES, moment, path), 'utf8');
const paper = (moment: Moment, slug: string, name: string) => read(moment, `todos/${slug}/${name}`);
const stateOf = (moment: Moment, slug: string) => {
  const { state, problems } = readState(slug, paper(moment, slug, 'state.yaml'));
  expect(problems).toEqual([]);
  return state;
};
const roadmap = (moment: Moment) => readRoadmap(read(moment, 'todos/roadmap.yaml')).rows;
const delivered = (moment: Moment) => readDelivered(read(moment, 'todos/delivered.yaml')).rows;
/** All Markdown files of a moment, as paths from its top. */
const pages = (moment: Moment) =>
  readdirSync(join(EXAMPLES, moment), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
const boxes = (text: string) =>
  [...text.matchAll(/^- \[([ x])\] (.*)$/gm)].map(([, mark, says]) => ({ done: mark === 'x', says }));

describe('the roadmap', () => {
  test('S0-1.2a S1-VR1 S1-FR1.1 S1-FR1.3 encodes the open slices in order, each after the one before', () => {
    const rows = roadmap('prepared').filter(({ slug }) => slug !== PARENT);
    expect(rows.map(({ slug, group, after }) => ({ slug, group, after }))).toEqual(
      FOUR.map((slug, at) => ({ slug, group: PARENT, after: [FIVE[at]] })),
    );
  });

  test('S0-1.2v1 is found to hold the rollout, its slices, their dependencies and their group by a search', () => {
    const search = spawnSync('grep', ['-nE', `${[PARENT, ...FOUR].join('|')}|after:|group:`, 'todos/roadmap.yaml'], {
      cwd: join(EXAMPLES, 'prepared'),
      encoding: 'utf8',
    });
    for (const word of [PARENT, ...FOUR, 'after:', 'group:']) expect(search.stdout).toContain(word);
  });

  test('S1-Sc1 S1-FR1.2 has five slices, the safety gates delivered before all others', () => {
    expect(delivered('prepared').map(({ slug }) => slug)).toEqual([FIVE[0]]);
    expect(delivered('wired').map(({ slug }) => slug)).toEqual([...FIVE].reverse());
    const dates = delivered('wired').map(({ date }) => date ?? '');
    expect(dates).toEqual([...dates].sort().reverse());
  });

  test('S4-Dep lets the wiring wait for the event platform, under one name, and it is not next before that is delivered', async () => {
    const rows = Object.fromEntries(roadmap('wired').map((row) => [row.slug, row]));
    expect(rows['integrator-wiring']).toMatchObject({ group: PARENT, after: ['event-platform-core'] });
    expect(rows['event-platform-core']).toMatchObject({ group: null, after: [] });
    expect(read('wired', 'todos/roadmap.yaml')).toMatch(/^# .*event-platform;/m);
    const tree = copyOf('wired');
    const next = async () => (await tree.run<RolloutStatusView>('rollout', 'status')).view.rollouts[0]?.next;
    expect(await next()).toBe(null);
    const gate = await tree.run<GateView>('rollout', 'gate', 'integrator-wiring');
    expect(gate.status).toBe(1);
    expect(gate.view.reasons).toEqual([{ code: 'waiting_for', text: 'it waits for event-platform-core' }]);
    tree.change('todos/delivered.yaml', '\n', '\n- slug: event-platform-core\n  date: 2026-03-01\n');
    expect(await next()).toBe('integrator-wiring');
    expect((await tree.run('rollout', 'gate', 'integrator-wiring')).status).toBe(0);
  });
});

describe('the state files', () => {
  test('S0-1.2b S0-1.2v2 name the four open slices as the assessed breakdown of the rollout', () => {
    expect(stateOf('prepared', PARENT).breakdown).toMatchObject({ assessed: true, todos: FOUR });
    expect(stateOf('wired', PARENT).breakdown).toMatchObject({ assessed: true, todos: [...FOUR, 'integrator-wiring'] });
  });

  test('S0-2.2n S0-2.2v2 S0-2.2a pass with 8, nothing open, all gates reasoned, judged by another session than drafted', () => {
    for (const moment of MOMENTS) {
      for (const slug of [PARENT, ...OPEN[moment]]) {
        const { dor, draft, build } = stateOf(moment, slug);
        expect(dor, slug).toMatchObject({ status: 'pass', score: 8, blockers: [] });
        expect(dor?.gates.map(({ name, verdict }) => [name, verdict])).toEqual(DOR_GATES.map((name) => [name, 'pass']));
        expect(dor?.gates.filter(({ reason }) => reason.length < 15)).toEqual([]);
        expect(dor?.session_id).toMatch(/^gate-/);
        expect(draft?.session_id).toMatch(/^draft-/);
        expect(build).toBe('pending');
      }
    }
  });

  test('S0-2.1a were drafted in the order of dependencies, and judged after that', () => {
    const drafted = FOUR.map((slug) => stateOf('prepared', slug).draft?.drafted_at ?? '');
    expect(drafted).toEqual([...drafted].sort());
    expect(new Set(drafted).size).toBe(4);
    for (const slug of FOUR) {
      const { draft, dor } = stateOf('prepared', slug);
      expect(Date.parse(dor?.assessed_at ?? '')).toBeGreaterThan(Date.parse(draft?.drafted_at ?? ''));
    }
  });
});

describe('the papers', () => {
  test('S0-2.1b S0-2.2v1 S1-VR2 of each slice are there: requirements, plan, demo, and a report with a verdict', () => {
    for (const moment of MOMENTS) {
      for (const slug of OPEN[moment]) {
        expect(paper(moment, slug, 'requirements.md')).toMatch(/^# Requirements: [\s\S]*## Success\n\n1\. /);
        expect(paper(moment, slug, 'demo.md')).toMatch(
          /^# Demo: [\s\S]*## Validation\n\n```bash\n[\s\S]*## Guided Presentation/,
        );
        expect(paper(moment, slug, 'dor-report.md')).toMatch(/## Gate Verdict\n\n- Status: `pass`\n- Score: `8\/10`\n/);
      }
    }
  });

  test('S2-B3r each plan names a test gate and a lint gate', () => {
    for (const moment of MOMENTS)
      for (const slug of [PARENT, ...OPEN[moment]]) {
        const says = boxes(paper(moment, slug, 'implementation-plan.md')).map((box) => box.says);
        expect(
          says.filter((text) => /^Test gate: `npm test`/.test(text ?? '')),
          slug,
        ).toHaveLength(1);
        expect(
          says.filter((text) => /^Lint gate: `npm run check`/.test(text ?? '')),
          slug,
        ).toHaveLength(1);
      }
  });

  test('S1-FR1.1i S1-Sc2 the input of the rollout names the five slices in order', () => {
    const listed = (moment: Moment) =>
      [...paper(moment, PARENT, 'input.md').matchAll(/^(\d)\. `([a-z-]+)`/gm)].map(([, number, slug]) => [
        number,
        slug,
      ]);
    const five = FIVE.map((slug, at) => [String(at + 1), slug]);
    expect(listed('prepared')).toEqual(five);
    expect(listed('wired')).toEqual([...five, ['6', 'integrator-wiring']]);
  });

  test('S0-1.1a of the rollout say of events, readiness, lease and queue what the contract says', () => {
    for (const moment of MOMENTS) {
      const text = paper(moment, PARENT, 'requirements.md');
      for (const word of ['review.approved', 'deployment.started', 'branch.pushed', 'integration/main', 'ready_at'])
        expect(text).toContain(`\`${word}\``);
      for (const state of ['completed', 'blocked', 'superseded']) expect(text).toContain(`\`${state}\``);
      expect(text).toContain('reachable on the remote');
      expect(text).toContain(SPEC);
    }
  });

  test('S1-R2 the plans of the slices use the names of the contract, and carry all demands of the rollout and no other', () => {
    const names = JSON.stringify(contract);
    const types = (text: string) =>
      [...text.matchAll(/`((?:review|deployment|branch|integration)\.[a-z._]+)`/g)].map(([, type]) => type ?? '');
    for (const moment of MOMENTS) {
      const demands = [...paper(moment, PARENT, 'requirements.md').matchAll(/^### (FR\d)/gm)].map(([, id]) => id);
      const carried = new Set<string>();
      for (const slug of [PARENT, ...OPEN[moment]]) {
        const text = ['requirements.md', 'implementation-plan.md', 'demo.md']
          .map((name) => paper(moment, slug, name))
          .join('\n');
        for (const type of types(text)) expect(names, `${slug} names ${type}`).toContain(`"${type}"`);
        expect(text, slug).toContain(SPEC);
        const carries = /^Carries (FR[\d, FR]+) of /m.exec(text)?.[1]?.split(', ') ?? [];
        if (slug !== PARENT) expect(carries.length, slug).toBeGreaterThan(0);
        for (const id of carries) {
          expect(demands, slug).toContain(id);
          carried.add(id);
        }
      }
      if (moment === 'prepared') expect([...carried].sort()).toEqual(demands);
    }
  });

  test('S0-1.1b S1-Out1 S1-Out3 S1-C4 the rollout governs: its plan touches todos and the contract, and brings in nothing new', () => {
    for (const moment of MOMENTS) {
      const plan = paper(moment, PARENT, 'implementation-plan.md');
      const files = [...plan.matchAll(/^Files?: (.*)$/gm)].flatMap(([, list]) => [
        ...(list ?? '').matchAll(/`([^`]+)`/g),
      ]);
      expect(files.map(([, path]) => path).filter((path) => !/^(todos\/|docs\/spec\/)/.test(path ?? ''))).toEqual([]);
      expect(files.length).toBeGreaterThan(3);
      expect(plan).not.toMatch(/\b(src|test|scripts)\//);
      expect(paper(moment, PARENT, 'requirements.md')).toContain('brings in nothing new from third parties');
    }
  });

  test('S1-C3 every reference in them resolves, and those to the contract lead to the one that is kept', () => {
    const links = MOMENTS.flatMap((moment) =>
      pages(moment).flatMap((page) =>
        [...read(moment, page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => ({
          from: `${moment}/${page}`,
          to: resolve(EXAMPLES, moment, dirname(page), (target ?? '').replace(/#.*$/, '')),
        })),
      ),
    );
    expect(links.length).toBeGreaterThan(20);
    expect(links.filter(({ to }) => !existsSync(to))).toEqual([]);
    const kept = resolve(EXAMPLES, '../..', SPEC);
    for (const moment of MOMENTS)
      expect(links.filter(({ from, to }) => from === `${moment}/${SPEC}` && to === kept)).toHaveLength(1);
    expect(readFileSync(kept, 'utf8')).toContain('docs/project/spec/');
    expect(readFileSync(resolve(EXAMPLES, 'README.md'), 'utf8')).toContain(SPEC);
  });

  test('S0-4.1c no required task of the plan is left open once all is delivered; before, the last three are', () => {
    const open = (moment: Moment) => boxes(paper(moment, PARENT, 'implementation-plan.md')).filter(({ done }) => !done);
    expect(open('wired')).toEqual([]);
    expect(open('prepared').map(({ says }) => says)).toEqual([
      'No required task of this plan is left unchecked',
      'The rollout itself is a container and is never built',
      'The next work item is the first slice whose dependencies are delivered',
    ]);
  });

  // S0-4.1a
  test.each(MOMENTS)(
    'the demo of the rollout validates, and its commands succeed in a checkout of it: %s',
    async (moment) => {
      const tree = copyOf(moment);
      const check = await tree.run<{ ok: boolean }>('todo', 'demo', 'validate', PARENT);
      expect(check.status).toBe(0);
      const run = await tree.say('todo', 'demo', 'run', PARENT);
      expect(run.status, run.stderr).toBe(0);
      expect(run.stdout.match(/passed \(exit 0/g)).toHaveLength(4);
    },
  );

  test('S0-4.1c S0-4.1b the later moment has nothing that telec todo validate finds wrong', async () => {
    expect((await copyOf('wired').run('todo', 'validate')).status).toBe(0);
    const before = await copyOf('prepared').run<{ problems: { code: string; slug: string }[] }>('todo', 'validate');
    expect(before.view.problems.map(({ code, slug }) => [code, slug])).toEqual(
      Array(3).fill(['unchecked_task', PARENT]),
    );
  });
});

describe('telec rollout', () => {
  test.each(MOMENTS)(
    'S0-4.1b S1-FR1.1i finds container, slices, roadmap and reports in agreement: %s',
    async (moment) => {
      const { status, view } = await copyOf(moment).run<RolloutStatusView>('rollout', 'status');
      expect(status).toBe(0);
      expect(view).toMatchObject({ log: 'none', mode: null, consistent: true, problems: [] });
      expect(view.rollouts.map(({ slug, ordered, ready, problems }) => ({ slug, ordered, ready, problems }))).toEqual([
        { slug: PARENT, ordered: true, ready: true, problems: [] },
      ]);
    },
  );

  test('S0-3.1a S2-M1 S2-M2 S2-M3 S2-M4 S2-D2 shows the matrix of the prepared rollout from its state files', async () => {
    const tree = copyOf('prepared');
    const { view } = await tree.run<RolloutStatusView>('rollout', 'status');
    const [rollout] = view.rollouts;
    const rows = rollout?.slices.map((slice) => [
      slice.slug,
      slice.artifacts.complete,
      slice.status,
      slice.score,
      slice.blockers.length,
      slice.next_action,
    ]);
    expect(rows).toEqual([
      ['integration-safety-gates', true, null, null, 0, 'delivered'],
      ['integration-events-model', true, 'pass', 8, 0, 'dispatch now, as the first slice to build'],
      ['integrator-shadow-mode', true, 'pass', 8, 0, 'dispatch after the delivery of integration-events-model'],
      [
        'integrator-cutover',
        true,
        'pass',
        8,
        0,
        'dispatch after integrator-shadow-mode, and only after evidence of shadow parity (0 of 5 points met)',
      ],
      ['integration-blocked-flow', true, 'pass', 8, 0, 'dispatch after the delivery of integrator-cutover'],
    ]);
    expect(rollout).toMatchObject({ next: 'integration-events-model', blockers: [], status: 'pass', score: 8 });
    tree.change('todos/integrator-shadow-mode/state.yaml', 'score: 8', 'score: 6');
    tree.change('todos/integrator-shadow-mode/state.yaml', 'status: pass', 'status: needs_work');
    const text = (await tree.run<ReportView>('rollout', 'report', PARENT)).view.text;
    expect(text).toContain('| `integrator-shadow-mode` | complete | needs\\_work'.replace('\\', ''));
    expect(text).toContain('| 6 | none | mend what its gates name; then have it judged again |');
  });

  test('S2-B1 S2-B2 S2-B3 S2-B4 S2-B5 S2-B6 S2-B7 S2-B8 has a verdict with its reason for every slice at each of the eight gates', async () => {
    const { view } = await copyOf('prepared').run<ReportView>('rollout', 'report', PARENT);
    const mapping = view.text.slice(view.text.indexOf('## Blocker-to-Gate'), view.text.indexOf('## Shadow-to'));
    const gates = mapping.split(/^\d\. \*\*/m).slice(1);
    expect(gates.map((gate) => gate.slice(0, gate.indexOf(':')))).toEqual([
      'Intent & Success',
      'Scope & Size',
      'Verification',
      'Approach Known',
      'Research Complete',
      'Dependencies & Preconditions',
      'Integration Safety',
      'Tooling Impact',
    ]);
    for (const [at, gate] of gates.entries()) {
      const lines = [...gate.matchAll(/^ {3}- `([a-z-]+)`: pass: (.*)$/gm)].map(([, slug, reason]) => [slug, reason]);
      expect(lines).toEqual(FOUR.map((slug) => [slug, stateOf('prepared', slug).dor?.gates[at]?.reason]));
    }
  });

  test('S2-V S2-B0 S0-3.1a S0-3.2a S0-3.2b S1-Sc4 the kept reports are what the program makes of files now', async () => {
    for (const moment of MOMENTS) {
      const tree = copyOf(moment);
      const { view } = await tree.run<ReportView>('rollout', 'report', PARENT, '--write');
      expect(view.written).toEqual([]);
      const text = tree.read(`todos/${PARENT}/dor-report.md`);
      expect(text).toContain(view.text.trim());
      expect(text).toMatch(/- Status: `pass`\n- Score: `8\/10`\n- Ready Decision: \*\*Ready\*\*/);
      expect(text).toContain('Unresolved blockers: **none**.');
      const points = text.slice(text.indexOf('### Minimum Evidence'), text.indexOf('### Incomplete Evidence'));
      expect(points.match(/^\d\. /gm)).toHaveLength(5);
    }
    const contained = read('prepared', `todos/${PARENT}/dor-report.md`).split('### Incomplete Evidence Containment')[1];
    expect(contained).toMatch(
      /is not dispatched[\s\S]*goes on gathering evidence[\s\S]*stands as a blocker[\s\S]*opens a work item/,
    );
    expect(read('prepared', 'todos/integrator-cutover/dor-report.md').match(/\*\*Blocker:\*\*/g)).toHaveLength(5);
  });

  test('S2-N1 S0-4.2a S2-D1 S1-VR2 says no to building the cutover without evidence, the rollout itself, and what is not judged', async () => {
    const tree = copyOf('prepared');
    tree.change('todos/delivered.yaml', '\n', '\n- slug: integrator-shadow-mode\n- slug: integration-events-model\n');
    const cutover = await tree.run<GateView>('rollout', 'gate', 'integrator-cutover');
    expect(cutover.status).toBe(1);
    expect(cutover.view.reasons.map(({ code }) => code)).toEqual(Array(5).fill('evidence_missing'));
    expect(cutover.view.go?.points[0]?.missing).toEqual(['no approval of integrator-shadow-mode is known']);
    const rollout = await tree.run<GateView>('rollout', 'gate', PARENT);
    expect(rollout.view).toMatchObject({ may_be_built: false, reasons: [{ code: 'is_container' }] });
    expect(rollout.status).toBe(1);
    tree.write('todos/fresh/requirements.md', '# Fresh\n');
    const fresh = await tree.run<GateView>('rollout', 'gate', 'fresh');
    expect(fresh.view.reasons.map(({ code }) => code)).toEqual(['missing_papers', 'not_gated']);
    expect(fresh.view).toMatchObject({
      rollout: null,
      next_action: 'write implementation-plan.md, demo.md, dor-report.md',
    });
    const done = await tree.run<GateView>('rollout', 'gate', 'integration-safety-gates');
    expect(done.view.reasons).toEqual([{ code: 'delivered', text: 'it is delivered' }]);
    expect((await tree.run('rollout', 'status')).status).toBe(0);
  });

  test('reads and writes nothing else, and needs neither remote nor Redis nor set-up', async () => {
    const tree = copyOf('prepared');
    mkdirSync(tree.path('todos/integration-safety-gates'));
    const before = spawnSync('find', ['.', '-newer', 'docs/rollback.md', '-o', '-type', 'f'], {
      cwd: tree.dir,
      encoding: 'utf8',
    });
    for (const line of [['status'], ['gate', 'integrator-cutover'], ['report', PARENT], ['report', PARENT, '--write']])
      expect([0, 1]).toContain((await tree.run('rollout', ...line)).status);
    const after = spawnSync('find', ['.', '-newer', 'docs/rollback.md', '-o', '-type', 'f'], {
      cwd: tree.dir,
      encoding: 'utf8',
    });
    expect(after.stdout).toBe(before.stdout);
    expect(statSync(tree.path('.git/telec'), { throwIfNoEntry: false })).toBe(undefined);
  });
});
