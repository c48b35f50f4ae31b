/** The judge of rollouts: order, gates, what is next, evidence for the cutover, and every contradiction it tells. */
import { describe, expect, test } from 'vitest';
import { PARITY_MIN_DEFAULT } from '../../src/io/config-schema.ts';
import { DOR_GATES } from '../../src/io/todos/state-file.ts';
import {
  cutoverBlockers,
  judgeAlone,
  judgeRollout,
  type RolloutFacts,
  type SliceFacts,
} from '../../src/machines/rollout.ts';
import { rolloutProblems } from '../../src/machines/rollout-checks.ts';
import { decideGo, type GoFacts, goPoints } from '../../src/machines/rollout-evidence.ts';
import { ORDER, type Plan, passed, proven, rolloutFacts } from '../support/rollout-facts.ts';

const judge = (plan: Plan = {}) => judgeRollout(rolloutFacts(plan));
const problems = (plan: Plan = {}) => {
  const facts = rolloutFacts(plan);
  return rolloutProblems(facts, judgeRollout(facts));
};
const codes = (plan: Plan = {}) => problems(plan).map(({ code, slug }) => `${code} ${slug}`);
const row = (plan: Plan, slug: string) => judge(plan).slices.find(({ facts }) => facts.slug === slug);
const reasons = (plan: Plan, slug: string) => row(plan, slug)?.reasons.map(({ code }) => code);

describe('what is next', () => {
  test('S0-4.2b S2-D2 S1-FR1.1 is the first slice whose dependencies are delivered, one after the other to the end', () => {
    const order: (string | null)[] = [];
    for (let done = 0; done <= ORDER.length; done += 1) {
      order.push(judge({ delivered: ORDER.slice(0, done), facts: { go: proven } }).next);
    }
    expect(order).toEqual([...ORDER, null]);
  });

  test('S1-FR1.2 S1-Sc2 is none of the later slices while the safety gates are not delivered, whatever their rows say', () => {
    const free = { row: { group: 'rollout', after: [] } };
    const plan = { delivered: [], slices: { events: free, shadow: free, cutover: free, blocked: free } };
    expect(judge(plan).next).toBe('gates');
    expect(reasons(plan, 'events')).toEqual(['phase_gate']);
    expect(row(plan, 'blocked')?.reasons[0]?.text).toBe('it comes after gates, events, shadow, cutover');
    expect(judge({ ...plan, slices: { ...plan.slices, gates: { verdict: null } } }).next).toBe(null);
  });

  test('S0-4.2a S2-D1 is never the container, and never a slice that holds slices of its own', () => {
    expect(judge().slices.map(({ facts }) => facts.slug)).not.toContain('rollout');
    expect(judge({ slices: { events: { isContainer: true } } }).next).toBe(null);
    const { container } = rolloutFacts();
    const alone = judgeAlone({ ...container, notBuildable: [{ code: 'is_container', text: 'it holds others' }] });
    expect(alone.reasons.map(({ code }) => code)).toEqual(['is_container']);
    expect(alone.stage).toBe('waiting');
  });

  test('stays the same slice while that is built, and says so', () => {
    const started = { slices: { events: { build: 'started' as const } } };
    expect(judge(started).next).toBe('events');
    expect(row(started, 'events')).toMatchObject({ stage: 'building', nextAction: 'is being built' });
    const built = { slices: { events: { build: 'complete' as const } } };
    expect(row(built, 'events')).toMatchObject({ stage: 'built', nextAction: 'is built: review it and hand it over' });
  });

  test('in a plain container is the first that may be built; its work items wait for nobody beside them', () => {
    const free = { row: { group: 'rollout', after: [] } };
    const plan: Plan = {
      delivered: [],
      slices: { gates: { ...free, verdict: null }, events: free, shadow: free, cutover: free, blocked: free },
      facts: { listed: null, declared: null },
    };
    expect(judge(plan)).toMatchObject({ ordered: false, next: 'events', go: null });
    expect(reasons(plan, 'blocked')).toEqual([]);
    expect(row(plan, 'blocked')?.stage).toBe('waiting');
    expect(codes(plan)).toEqual([]);
  });
});

describe('the matrix', () => {
  test('S2-M1 S2-M2 S2-M3 S2-M4 tells of each slice when it is dispatched', () => {
    expect(judge().slices.map(({ facts, stage, nextAction }) => [facts.slug, stage, nextAction])).toEqual([
      ['gates', 'delivered', 'delivered'],
      ['events', 'next', 'dispatch now, as the first slice to build'],
      ['shadow', 'waiting', 'dispatch after the delivery of events'],
      ['cutover', 'waiting', 'dispatch after shadow, and only after evidence of shadow parity (2 of 5 points met)'],
      ['blocked', 'waiting', 'dispatch after the delivery of cutover'],
    ]);
    expect(row({ delivered: ['gates', 'events', 'shadow'] }, 'cutover')?.nextAction).toBe(
      'dispatch only after evidence of shadow parity (2 of 5 points met)',
    );
  });

  test('names the remedy where a gate did not pass', () => {
    const blockers = [{ gate: 'verification', text: 'no test', remedy: 'write one' }];
    const plan = { slices: { events: { verdict: { ...passed, status: 'needs_work', score: 7, blockers } } } };
    expect(row(plan, 'events')?.nextAction).toBe('write one; then have it judged again');
    expect(judge(plan)).toMatchObject({ next: null, blockers: [{ slug: 'events', ...blockers[0] }] });
    const silent = { slices: { events: { verdict: { ...passed, score: 7 } } } };
    expect(row(silent, 'events')?.nextAction).toBe('mend what its gates name; then have it judged again');
    expect(row({ slices: { events: { verdict: null } } }, 'events')?.nextAction).toBe('have its readiness judged');
    expect(row({ slices: { events: { missingPapers: ['demo.md'] } } }, 'events')?.nextAction).toBe('write demo.md');
  });

  test('S0-3.1b carries each open blocker with its gate and its remedy, and none of a delivered slice', () => {
    const blockers = DOR_GATES.map((gate) => ({ gate, text: `${gate} is open`, remedy: `mend ${gate}` }));
    const verdict = { ...passed, status: 'needs_decision', score: 5, blockers };
    const open = judge({ slices: { shadow: { verdict }, gates: { verdict } } }).blockers;
    expect(open).toEqual(blockers.map((blocker) => ({ slug: 'shadow', ...blocker })));
  });

  // S0-2.2b S1-VR2
  test.each([
    ['S0-2.2b a score below 8', { verdict: { ...passed, score: 7 } }, ['score_too_low']],
    ['a verdict that is no pass', { verdict: { ...passed, status: 'needs_work' } }, ['gate_not_passed']],
    ['S1-VR2 a missing verdict', { verdict: null }, ['not_gated']],
    ['S1-VR2 a missing paper', { missingPapers: ['implementation-plan.md'] }, ['missing_papers']],
    [
      'all of it at once',
      { verdict: { ...passed, status: 'needs_work', score: 3 }, missingPapers: ['demo.md'] },
      ['missing_papers', 'score_too_low', 'gate_not_passed'],
    ],
  ])('a slice is not dispatched with %s, and each reason is named', (_what, changes, expected) => {
    expect(reasons({ slices: { events: changes } }, 'events')).toEqual(expected);
    expect(judge({ slices: { events: changes } }).next).toBe(null);
  });
});

test('what may not be built is never next, whichever of its gates is missing', () => {
  for (const name of DOR_GATES) {
    const gates = passed.gates.map((gate) => (gate.name === name ? { ...gate, verdict: 'fail' } : gate));
    const blockers = [{ gate: name, text: 'open', remedy: 'mend it' }];
    const plan = { slices: { events: { verdict: { ...passed, status: 'needs_work', score: 7, gates, blockers } } } };
    expect(judge(plan), name).toMatchObject({ next: null, blockers: [{ slug: 'events', gate: name }] });
    expect(codes({ slices: { events: { verdict: { ...passed, gates } } } }), name).toEqual([
      'verdict_contradicts events',
    ]);
    const silent = passed.gates.filter((gate) => gate.name !== name);
    expect(codes({ slices: { events: { verdict: { ...passed, gates: silent } } } })).toEqual(['gates_unjudged events']);
  }
});

describe('evidence for the cutover', () => {
  const without: [string, Partial<GoFacts>, string, string[]][] = [
    [
      'S2-G1 the shadow slice is not delivered',
      { shadow: { slug: 'shadow', delivered: null, approved: 'round 1' } },
      'shadow_delivered',
      ['shadow is not delivered'],
    ],
    [
      'S2-G1 it is not approved',
      { shadow: { slug: 'shadow', delivered: 'there', approved: null } },
      'shadow_delivered',
      ['no approval of shadow is known'],
    ],
    ['nothing ran in shadow', { shadow: null }, 'shadow_delivered', ['no slice and no session that ran in shadow']],
    ['S2-G2 nothing was compared', { parity: null }, 'parity', ['nothing was compared in shadow']],
    ['S2-G3 nobody was refused', { refusals: [] }, 'others_refused', ['no refused push of main is recorded']],
    [
      'S2-G3 the guards were tried and left a way open',
      { leaked: 2 },
      'others_refused',
      ['ways to main that the guards left open when they were tried: 2'],
    ],
    [
      'S2-G4 nothing was delivered',
      { guardedDeliveries: [], deliveries: 0 },
      'integrator_passes',
      ['no delivery is recorded'],
    ],
    [
      'S2-G4 guards were off',
      { guardedDeliveries: [], deliveries: 7 },
      'integrator_passes',
      ['7 delivered, none under guards'],
    ],
    [
      'S2-G5 nothing is written about the way back',
      { rollback: { document: null, exists: false, exercised: 'entry 7-0' } },
      'rollback',
      ['no document about the way back is named'],
    ],
    [
      'S2-G5 what is named does not exist',
      { rollback: { document: 'back.md', exists: false, exercised: 'entry 7-0' } },
      'rollback',
      ['back.md does not exist'],
    ],
    [
      'S2-G5 the way back was not tried',
      { rollback: { document: 'back.md', exists: true, exercised: null } },
      'rollback',
      ['no rollback was tried'],
    ],
  ];

  test('S0-3.2a lets the cutover go when all five points are met, each with what was seen', () => {
    const go = decideGo({ slug: 'cutover', delivered: false }, proven);
    expect(go.verdict).toBe('go');
    expect(go.points.map(({ id, evidence }) => [id, evidence])).toEqual([
      ['shadow_delivered', 'merged as 1234; round 1'],
      [
        'parity',
        '20 of 20 agree, 1 conflicts and 1 supersessions among them; no push, no second lease, none out of turn',
      ],
      ['others_refused', 'entry 5-0'],
      ['integrator_passes', 'entry 6-0'],
      ['rollback', 'docs/back.md; entry 7-0'],
    ]);
    expect(goPoints({ ...proven, shadow: null, shadowSession: 'integrator-1' })[0]).toMatchObject({
      met: true,
      evidence: 'session integrator-1 ran in shadow',
    });
  });

  // S2-G1 S2-G2 S2-G3 S2-G4 S2-G5
  test.each(without)('does not let it go when %s', (_what, changes, id, missing) => {
    const { verdict, points } = decideGo({ slug: 'cutover', delivered: false }, { ...proven, ...changes });
    expect(verdict).toBe('no_go');
    expect(points.filter(({ met }) => !met).map((point) => [point.id, point.missing, point.evidence])).toEqual([
      [id, missing, null],
    ]);
  });

  test('S1-OQ1 parity is exact: a number of candidates, all agreeing, and nothing done beside it', () => {
    const parity = proven.parity as NonNullable<GoFacts['parity']>;
    const missing = (changes: Partial<typeof parity>) =>
      goPoints({ ...proven, parity: { ...parity, ...changes } })[1]?.missing;
    expect(PARITY_MIN_DEFAULT).toBe(20);
    expect(missing({})).toEqual([]);
    expect(missing({ compared: 19, agreeing: 19 })).toEqual(['19 compared, 20 wanted']);
    expect(missing({ compared: 1000, agreeing: 999 })).toEqual(['1 of 1000 disagree']);
    expect(goPoints({ ...proven, parityMin: 21 })[1]?.missing).toEqual(['20 compared, 21 wanted']);
    expect(goPoints({ ...proven, parityMin: 3, parity: { ...parity, compared: 3, agreeing: 3 } })[1]?.met).toBe(true);
    expect(missing({ conflicts: 0 })).toEqual(['no conflict among them']);
    expect(missing({ supersessions: 0 })).toEqual(['no supersession among them']);
    expect(missing({ pushes: 1 })).toEqual(['pushes made in shadow: 1']);
    expect(missing({ leaseOverlaps: 1 })).toEqual(['leases held at the same time: 1']);
    expect(missing({ fifoViolations: 1 })).toEqual(['candidates taken out of turn: 1']);
    expect(missing({ compared: 2, agreeing: 1, conflicts: 0, supersessions: 0, pushes: 3 })).toHaveLength(5);
  });

  test('S2-N1 S0-3.2b holds back the cutover slice alone, and names every point that is missing', () => {
    const plan = { delivered: ['gates', 'events', 'shadow'] };
    const facts = { go: { ...rolloutFacts().go, guardedDeliveries: [] } };
    const judged = judge({ ...plan, facts });
    expect(judged.next).toBe(null);
    const blockers = cutoverBlockers([judged], 'cutover');
    expect(blockers.map(({ code, text }) => [code, text])).toEqual([
      [
        'evidence_missing',
        'no evidence yet that what runs in shadow is delivered and approved (shadow is not delivered; no approval of shadow is known)',
      ],
      [
        'evidence_missing',
        'no evidence yet that shadow agrees with the other path on all of at least 20 candidates and pushes nothing (nothing was compared in shadow)',
      ],
      [
        'evidence_missing',
        'no evidence yet that whoever is not the integrator is refused on the way to main (no refused push of main is recorded)',
      ],
      [
        'evidence_missing',
        'no evidence yet that the integrator itself gets through to main (1 delivered, none under guards)',
      ],
    ]);
    expect(row({ ...plan, facts }, 'cutover')?.reasons).toEqual(blockers);
    expect(cutoverBlockers([judged], 'shadow')).toEqual([]);
    expect(judge({ ...plan, facts: { go: proven } }).next).toBe('cutover');
    expect(cutoverBlockers([judge({ ...plan, facts: { go: proven } })], 'cutover')).toEqual([]);
  });

  test('is not asked for any more once the cutover is delivered, and never where no slice is the cutover', () => {
    const delivered = ['gates', 'events', 'shadow', 'cutover'];
    expect(judge({ delivered })).toMatchObject({ next: 'blocked', go: { verdict: 'passed' } });
    expect(judge({ facts: { declared: { shadow: 'shadow', cutover: null } } }).go).toBe(null);
  });

  test('of two rollouts is asked of each by itself', () => {
    const other = { ...judge({ delivered: ['gates', 'events', 'shadow'], facts: { go: proven } }), slug: 'other' };
    const renamed = other.go && { ...other.go, cutover: 'switch' };
    expect(cutoverBlockers([judge(), { ...other, go: renamed }], 'switch')).toEqual([]);
    expect(cutoverBlockers([judge(), { ...other, go: renamed }], 'cutover')).toHaveLength(3);
  });
});

describe('contradictions', () => {
  test('are none where list, breakdown, roadmap, states and reports agree', () => {
    expect(codes()).toEqual([]);
    expect(codes({ delivered: ORDER.slice(0, 3) })).toEqual([]);
    expect(
      codes({ delivered: [...ORDER], facts: { breakdown: { assessed: true, todos: [...ORDER.slice(1)] } } }),
    ).toEqual([]);
  });

  test('S1-FR1.1i of order are told for breakdown and roadmap, each with both orders', () => {
    const todos = ['shadow', 'events', 'cutover', 'blocked'];
    expect(problems({ facts: { breakdown: { assessed: true, todos } } })).toEqual([
      {
        code: 'order_differs',
        slug: 'rollout',
        text: 'its breakdown has the order shadow -> events -> cutover -> blocked, not events -> shadow -> cutover -> blocked',
      },
    ]);
    const { roadmap } = rolloutFacts();
    expect(codes({ facts: { roadmap: [...roadmap].reverse() } })).toEqual(['order_differs rollout']);
  });

  test('S1-FR1.1i of names are told wherever one of list, breakdown and roadmap leaves a slice out', () => {
    expect(codes({ facts: { listed: ['gates', 'events', 'shadow', 'cutover'] } })).toEqual(['not_listed blocked']);
    expect(codes({ facts: { breakdown: { assessed: true, todos: ['events', 'shadow', 'cutover'] } } })).toEqual([
      'not_in_breakdown blocked',
    ]);
    expect(codes({ slices: { blocked: { row: { group: null, after: ['cutover'] } } } })).toEqual([
      'not_grouped blocked',
    ]);
    expect(codes({ slices: { blocked: { row: null } } })).toEqual([
      'not_in_roadmap blocked',
      'not_after_previous blocked',
    ]);
    expect(codes({ facts: { breakdown: { assessed: false, todos: [...ORDER.slice(1)] } } })).toEqual([
      'not_assessed rollout',
    ]);
    expect(codes({ facts: { listed: [...ORDER, 'ghost'] } })).toEqual(['unknown_slice rollout']);
    expect(codes({ facts: { listed: [] } })).toEqual(['no_list rollout']);
    expect(codes({ facts: { declared: { shadow: 'ghost', cutover: 'phantom' } } })).toEqual([
      'unknown_role rollout',
      'unknown_role rollout',
    ]);
    expect(
      codes({
        facts: {
          declared: { shadow: 'blocked', cutover: 'cutover' },
          go: { ...proven, shadow: { slug: 'blocked', delivered: null, approved: null } },
        },
      }),
    ).toEqual(['roles_reversed rollout']);
  });

  test('S1-FR1.3 S1-Sc2 a slice that does not wait for the one before it is told; through others is enough', () => {
    expect(codes({ slices: { cutover: { row: { group: 'rollout', after: ['gates'] } } } })).toEqual([
      'not_after_previous cutover',
    ]);
    const through = { row: { group: 'rollout', after: ['prepare'] } };
    const facts: Plan = { slices: { cutover: through }, facts: { known: new Set(['rollout', 'prepare', ...ORDER]) } };
    const roadmap = [...rolloutFacts(facts).roadmap, { slug: 'prepare', after: ['shadow', 'cutover'] }];
    expect(codes({ ...facts, facts: { ...facts.facts, roadmap } })).toEqual([]);
  });

  test('S1-FR1.2 a slice started or delivered before its turn is told', () => {
    expect(codes({ slices: { shadow: { build: 'started' } } })).toEqual(['started_early shadow']);
    expect(codes({ delivered: ['gates', 'shadow'] })).toEqual(['started_early shadow']);
    expect(codes({ delivered: [], slices: { events: { build: 'started' } } })).toEqual(['started_early events']);
  });

  test('F29 a slice that waits for its own container is told and never next: both would wait for ever', () => {
    const plan = { slices: { events: { row: { group: 'rollout', after: ['rollout'] } } } };
    expect(codes(plan)).toEqual(['depends_on_container events']);
    expect(judge(plan).next).toBe(null);
    expect(codes({ slices: { events: { row: { group: 'rollout', after: ['ghost'] } } } })).toEqual([
      'unknown_dependency events',
    ]);
  });

  test('S1-VR2 S2-N1 a build that was started without papers, verdict or evidence is told', () => {
    const build = 'started' as const;
    const verdict = { ...passed, status: 'needs_work', score: 6, blockers: [{ gate: null, text: 'x', remedy: 'y' }] };
    expect(codes({ slices: { events: { build, verdict: null } } })).toEqual(['started_ungated events']);
    expect(codes({ slices: { events: { build, verdict, reported: null } } })).toEqual([
      'started_ungated events',
      'started_ungated events',
    ]);
    expect(codes({ delivered: ['gates', 'events', 'shadow'], slices: { cutover: { build } } })).toEqual([
      'started_without_evidence cutover',
    ]);
    expect(codes({ facts: { container: { ...rolloutFacts().container, build } } })).toEqual([
      'container_built rollout',
    ]);
    expect(codes({ facts: { container: { ...rolloutFacts().container, delivered: 'there' } } })).toEqual([
      'container_delivered rollout',
    ]);
  });

  test('S0-2.1b S0-2.2v1 S0-2.2v2 missing papers and silent reports are told', () => {
    const missingPapers = ['demo.md', 'dor-report.md'];
    expect(problems({ slices: { shadow: { missingPapers, reported: null } } })).toEqual([
      { code: 'missing_papers', slug: 'shadow', text: 'papers are missing: demo.md, dor-report.md' },
    ]);
    expect(
      problems({ slices: { shadow: { hasFolder: false, missingPapers, reported: null, verdict: null } } }),
    ).toEqual([{ code: 'missing_papers', slug: 'shadow', text: 'it has no folder, so all papers are missing' }]);
    expect(codes({ slices: { shadow: { reported: { status: null, score: null } } } })).toEqual([
      'report_silent shadow',
    ]);
    expect(codes({ slices: { shadow: { reported: { status: 'pass', score: 9 } } } })).toEqual([
      'report_differs shadow',
    ]);
    expect(codes({ slices: { shadow: { reported: { status: 'needs_work', score: 8 } } } })).toEqual([
      'report_differs shadow',
    ]);
    expect(codes({ slices: { shadow: { broken: ['state.yaml line 3: bad'] } } })).toEqual(['broken_file shadow']);
  });

  test('S0-2.2a a verdict from the session that drafted is told', () => {
    expect(codes({ slices: { events: { drafter: 'judge' } } })).toEqual(['judged_by_drafter events']);
  });

  test('S0-2.2c a verdict that needs work or a decision has to name what is open', () => {
    for (const status of ['needs_work', 'needs_decision']) {
      const verdict = { ...passed, status, score: 5 };
      const reported = { status, score: 5 };
      expect(codes({ slices: { blocked: { verdict, reported } } })).toEqual(['blockers_unnamed blocked']);
      const blockers = [{ gate: 'verification', text: 'no test', remedy: 'write one' }];
      const named = { slices: { blocked: { verdict: { ...verdict, blockers }, reported } } };
      expect(codes(named)).toEqual([]);
      expect(judge(named).blockers).toEqual([{ slug: 'blocked', ...blockers[0] }]);
    }
    expect(codes({ slices: { events: { verdict: { ...passed, score: 7 }, reported: null } } })).toEqual([
      'verdict_contradicts events',
    ]);
  });
});

test('order falls back from the list to the breakdown to the roadmap', () => {
  const slugs = (facts: Partial<Omit<RolloutFacts, 'slices'>>) =>
    judge({ delivered: [], facts }).slices.map(({ facts: slice }: { facts: SliceFacts }) => slice.slug);
  const breakdown = { assessed: true, todos: ['blocked', 'cutover', 'shadow', 'events', 'gates'] };
  expect(slugs({ breakdown })).toEqual([...ORDER]);
  expect(slugs({ breakdown, listed: null })).toEqual([...breakdown.todos]);
  const roadmap = ['shadow', 'gates', 'events', 'cutover', 'blocked'].map((slug) => ({ slug, after: [] }));
  expect(slugs({ breakdown: { assessed: true, todos: [] }, listed: null, roadmap })).toEqual(
    roadmap.map(({ slug }) => slug),
  );
});
