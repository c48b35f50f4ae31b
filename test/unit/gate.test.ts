/** The readiness gate: which verdicts stand, who may give them, and where they are written. */
import { rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { GateRequest } from '../../src/actors/todos/gate.ts';
import { verdictIn, withVerdict } from '../../src/io/todos/dor-report.ts';
import { DOR_GATES, readState } from '../../src/io/todos/state-file.ts';
import { verdictProblems } from '../../src/machines/gate.ts';
import { paperWorld } from '../support/paper-world.ts';

const PASS: GateRequest = { score: 8, status: 'pass', gates: [], blockers: [] };
const all = (verdict: 'pass' | 'fail') => DOR_GATES.map((name) => ({ name, verdict, reason: 'r' }));
const open = { gate: 'verification', text: 'no test', remedy: 'write one' };

const stateOf = (text: string | null) => readState('state.yaml', text).state;

describe('a verdict', () => {
  test.each<[string, Parameters<typeof verdictProblems>[0], string[]]>([
    ['of 8 with all gates passed stands', { status: 'pass', score: 8, gates: all('pass'), blockers: [] }, []],
    ['of 7 is no pass', { status: 'pass', score: 7, gates: all('pass'), blockers: [] }, ['score']],
    [
      'without all gates is no pass',
      { status: 'pass', score: 9, gates: all('pass').slice(1), blockers: [] },
      ['gates'],
    ],
    [
      'with something open is no pass',
      { status: 'pass', score: 9, gates: all('pass'), blockers: [open] },
      ['verification', 'verification'],
    ],
    ['needs_work of 7 stands', { status: 'needs_work', score: 7, gates: [], blockers: [open] }, []],
    ['needs_work of 6 is a decision', { status: 'needs_work', score: 6, gates: [], blockers: [open] }, ['status']],
    ['needs_decision of 2 stands', { status: 'needs_decision', score: 2, gates: [], blockers: [open] }, []],
    ['that needs work names what', { status: 'needs_work', score: 7, gates: [], blockers: [] }, ['blockers']],
    [
      'that needs a decision names which',
      { status: 'needs_decision', score: 9, gates: [], blockers: [] },
      ['blockers'],
    ],
    ['of 11 is none', { status: 'pass', score: 11, gates: all('pass'), blockers: [] }, ['score']],
    ['of 8.5 is none', { status: 'pass', score: 8.5, gates: all('pass'), blockers: [] }, ['score']],
    ['of another word is none', { status: 'maybe', score: 8, gates: [], blockers: [] }, ['status']],
  ])('%s', (_what, verdict, about) => {
    expect(verdictProblems(verdict, DOR_GATES).map((problem) => problem.about)).toEqual(about);
  });

  test('says of each failing gate that it is no pass', () => {
    const problems = verdictProblems({ status: 'pass', score: 9, gates: all('fail'), blockers: [] }, DOR_GATES);
    expect(problems.map(({ about }) => about)).toEqual([...DOR_GATES]);
  });
});

describe('S0-2.2a the judge', () => {
  test('is not the drafter, also not when somebody else drafted the rest later', async () => {
    const world = paperWorld({ 'todos/roadmap.yaml': '- slug: a\n' });
    await world.papers('first').draft('a');
    await expect(world.papers('first').gate('a', PASS)).rejects.toMatchObject({ code: 'OWN_DRAFT', exit: 6 });
    rmSync(`${world.dir}/todos/a/demo.md`);
    await world.papers('second').draft('a');
    for (const session of ['first', 'second'])
      await expect(world.papers(session).gate('a', PASS)).rejects.toMatchObject({ code: 'OWN_DRAFT', exit: 6 });
    const view = await world.papers('third').gate('a', PASS);
    expect(view).toMatchObject({ session_id: 'third', status: 'pass' });
    expect(stateOf(world.read('todos/a/state.yaml'))).toMatchObject({
      draft: { session_id: 'second', earlier: ['first'] },
      dor: { session_id: 'third' },
    });
  });

  test.each([
    ['integrator', { code: 'PERMISSION_DENIED', exit: 6 }],
    ['stranger', { code: 'INVALID_ROLE', exit: 2 }],
  ])('is never a session with the role %s', async (role, refusal) => {
    const world = paperWorld();
    world.prepared('a');
    await expect(world.papers('j', role).gate('a', PASS)).rejects.toMatchObject(refusal);
    expect(world.read('todos/a/state.yaml')).toBeNull();
  });

  test('S0-2.2p gives the same record directly as in a session started for it, but for how', async () => {
    const world = paperWorld({}, { wasDispatched: (session) => session === 'started' });
    for (const slug of ['a', 'b']) world.prepared(slug);
    const started = await world.papers('started').gate('a', PASS);
    const direct = await world.papers('direct').gate('b', PASS);
    const strip = ({ slug: _slug, session_id: _id, via: _via, assessed_at: _at, ...rest }: typeof direct) => rest;
    expect(strip(direct)).toEqual(strip(started));
    expect([started.via, direct.via]).toEqual(['dispatched', 'direct']);
  });
});

describe('S0-2.2v1 S0-2.2v2 the record', () => {
  test('S2-B1 S2-B2 S2-B3 S2-B4 S2-B5 S2-B6 S2-B7 S2-B8 has a verdict with its reason for each of the eight gates, in state and report', async () => {
    const world = paperWorld();
    world.prepared('a', {
      'state.yaml': '# mine\nbuild: pending # still\nother: 1\ndor: {status: needs_work, score: 7, actions: 2}\n',
    });
    await world.papers('judge').gate('a', { ...PASS, score: 9 });
    const text = world.read('todos/a/state.yaml') ?? '';
    expect(text).toContain('# mine\nbuild: pending # still\nother: 1\n');
    expect(stateOf(text).dor).toMatchObject({
      status: 'pass',
      score: 9,
      session_id: 'judge',
      via: 'direct',
      blockers: [],
      actions: 2,
    });
    expect(stateOf(text).dor?.gates).toEqual(
      DOR_GATES.map((name) => ({ name, verdict: 'pass', reason: 'judged together with score 9' })),
    );
    const report = world.read('todos/a/dor-report.md') ?? '';
    expect(verdictIn(report)).toEqual({ status: 'pass', score: 9 });
    expect(
      [...report.matchAll(/^\| (.+) \| pass \| judged together with score 9 \|$/gm)].map(([, name]) => name),
    ).toEqual([
      'Intent & Success',
      'Scope & Size',
      'Verification',
      'Approach Known',
      'Research Complete',
      'Dependencies & Preconditions',
      'Integration Safety',
      'Tooling Impact',
    ]);
  });

  test('S0-2.2c keeps what is open with its gate and its remedy until that gate is judged again', async () => {
    const world = paperWorld();
    world.prepared('a');
    const judge = world.papers('judge');
    const second = { gate: 'Tooling Impact', text: 'a new linter', remedy: 'ask' };
    await judge.gate('a', { score: 4, status: 'needs_decision', gates: [], blockers: [open, second] });
    const later = await judge.gate('a', {
      score: 7,
      status: 'needs_work',
      gates: [{ name: 'verification', verdict: 'pass', reason: 'has tests now' }],
      blockers: [{ gate: 'scope & size', text: 'two pages', remedy: 'split' }],
    });
    expect(later.blockers).toEqual([
      { gate: 'tooling_impact', text: 'a new linter', remedy: 'ask' },
      { gate: 'scope_and_size', text: 'two pages', remedy: 'split' },
    ]);
    expect(later.gates).toEqual([
      { name: 'scope_and_size', verdict: 'fail', reason: 'two pages' },
      { name: 'verification', verdict: 'pass', reason: 'has tests now' },
      { name: 'tooling_impact', verdict: 'fail', reason: 'a new linter' },
    ]);
    expect(later.not_judged).toHaveLength(5);
    const report = world.read('todos/a/dor-report.md') ?? '';
    expect(report).toContain(
      '1. **Tooling Impact:** a new linter. Remedy: ask\n2. **Scope & Size:** two pages. Remedy: split',
    );
    await expect(
      judge.gate('a', { ...PASS, gates: [{ name: 'verification', verdict: 'pass', reason: 'r' }] }),
    ).rejects.toMatchObject({
      code: 'VERDICT_REFUSED',
      exit: 2,
      problems: expect.arrayContaining([{ path: 'tooling_impact', message: 'fails, so this is no pass' }]),
    });
    expect(await judge.gate('a', PASS)).toMatchObject({ status: 'pass', blockers: [], not_judged: [] });
  });

  test('is not written when anything is wrong with it, and all of that is told at once', async () => {
    const world = paperWorld();
    world.prepared('a', { 'state.yaml': 'build: pending\n' });
    const refused = world.papers('judge').gate('a', {
      score: Number.NaN,
      status: 'pass',
      gates: [
        { name: 'nope', verdict: 'pass', reason: 'r' },
        { name: 'verification', verdict: 'meh', reason: '' },
        { name: 'approach_known', verdict: 'fail', reason: 'r' },
      ],
      blockers: [{ gate: '', text: '', remedy: '' }],
    });
    await expect(refused).rejects.toMatchObject({ code: 'VERDICT_REFUSED', exit: 2 });
    const { problems } = (await refused.catch((error) => error)) as { problems: unknown[] };
    expect(problems.length).toBeGreaterThanOrEqual(9);
    expect(world.read('todos/a/state.yaml')).toBe('build: pending\n');
    expect(world.read('todos/a/dor-report.md')).toBe('# dor-report.md of a\n');
  });

  test('needs all papers, a work item, and a state that can be read', async () => {
    const world = paperWorld({ 'todos/a/requirements.md': 'x', 'todos/b/state.yaml': 'a: [' });
    await expect(world.papers('judge').gate('a', PASS)).rejects.toMatchObject({
      exit: 1,
      hint: 'telec todo draft a writes them',
      problems: ['implementation-plan.md', 'demo.md', 'dor-report.md'].map((name) => ({
        path: `todos/a/${name}`,
        message: 'is missing; a judge needs all papers',
      })),
    });
    await expect(world.papers('judge').gate('b', PASS)).rejects.toMatchObject({ code: 'UNREADABLE', exit: 1 });
    await expect(world.papers('judge').gate('c', PASS)).rejects.toMatchObject({ code: 'NOT_FOUND', exit: 1 });
    await expect(world.papers('judge').gate('../c', PASS)).rejects.toMatchObject({ code: 'BAD_SLUG', exit: 2 });
    expect(world.read('todos/b/state.yaml')).toBe('a: [');
  });
});

describe('the report', () => {
  const dor = { ...stateOf('dor: {status: pass, score: 8}').dor } as Parameters<typeof withVerdict>[2];
  const next = { ...dor, score: 10 };

  test('gets its verdict where there is none, and keeps every word around it', () => {
    const report = '# Mine\n\ntext\n\n## Notes\n\nmore\n';
    const judged = withVerdict(report, 'a', dor);
    expect(judged.startsWith(report)).toBe(true);
    expect(verdictIn(judged)).toEqual({ status: 'pass', score: 8 });
    expect(verdictIn(report)).toBeNull();
  });

  test('loses nothing that people wrote before, behind or in the section when it is judged again', () => {
    const judged = withVerdict('# Mine\n', 'a', dor).replace(/\n$/, '\nbehind the mark\n\n## After\n\n- [ ] x\n');
    const again = withVerdict(judged, 'a', next);
    expect(again).toBe(judged.replace('8/10', '10/10'));
    const byHand = '# Mine\n\n## Gate verdict\n\n- Status: pass\n- Score: 9/10\n\nbecause\n\n## After\n';
    const kept = withVerdict(byHand, 'a', next);
    expect(kept).toContain(
      '## Gate Verdict, as it was written before\n\n- Status: pass\n- Score: 9/10\n\nbecause\n\n## After\n',
    );
    expect(verdictIn(byHand)).toEqual({ status: 'pass', score: 9 });
    expect(verdictIn(kept)).toEqual({ status: 'pass', score: 10 });
    expect(withVerdict(kept, 'a', next)).toBe(kept);
  });

  test('goes in front of the part that another command writes, and touches nothing in it', () => {
    const part =
      '<!-- telec rollout report: begin. x -->\n\n## Gate Verdict\n\n- Status: `pass`\n- Score: `9/10`\n\n## M\n\n<!-- telec rollout report: end -->\n';
    const judged = withVerdict(`# Mine\n\n${part}`, 'a', dor);
    expect(judged.startsWith('# Mine\n\n## Gate Verdict\n')).toBe(true);
    expect(judged.endsWith(`-->\n\n${part}`)).toBe(true);
    expect(verdictIn(judged)).toEqual({ status: 'pass', score: 8 });
    expect(withVerdict(judged, 'a', next)).toBe(judged.replace('8/10', '10/10'));
  });

  test('takes no heading in code for its own, and no reason for markup', () => {
    const report = '# Mine\n\n```\n## Gate Verdict\n```\n';
    const gates = [{ name: 'verification' as const, verdict: 'pass' as const, reason: 'a|b\n## c <!-- d -->' }];
    const judged = withVerdict(report, 'a', { ...dor, gates });
    expect(judged.startsWith(report)).toBe(true);
    expect(judged).toContain('| Verification | pass | a\\|b ## c &lt;!-- d --> |');
    expect(withVerdict(judged, 'a', { ...dor, gates })).toBe(judged);
  });
});
