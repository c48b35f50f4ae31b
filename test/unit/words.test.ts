/**
 * One source of words: what a state means and what a candidate waits for is the same text in `telec why`, in the rows that
 * are watched, on the terminal and in the notifications, and it is the machine's and the guards' own.
 */
import { describe, expect, test } from 'vitest';
import { candidateRow } from '../../src/actors/live/rows.ts';
import { whyView } from '../../src/actors/views.ts';
import { type Around, aroundOf } from '../../src/actors/waits.ts';
import { whyText } from '../../src/cli/messages.ts';
import { CANDIDATE_STATES, candidateMachine } from '../../src/machines/candidate.ts';
import { diagramOf } from '../../src/machines/diagram.ts';
import { integratorMachine } from '../../src/machines/integrator.ts';
import { integratorMeaning } from '../../src/machines/integrator-meaning.ts';
import { REASON_ENDS, readinessReasons } from '../../src/machines/readiness.ts';
import { at, type FoldWorld, foldWorld, sha, work } from '../support/fold-world.ts';
import { liveWorld } from '../support/live-world.ts';

const login = work('login');
const command_id = '0'.repeat(26);
const fenced = { session_id: 'integrator-1', fence: 1 };
const calm: Pick<Around, 'hold' | 'narrowed' | 'doing' | 'chain'> = {
  hold: null,
  narrowed: false,
  doing: null,
  chain: [],
};

interface Case {
  tell(world: FoldWorld): void;
  around?: Partial<typeof calm>;
  /** Codes of what it waits for. */
  codes: string[];
}

const live = (world: FoldWorld) =>
  world.tell('integration.cutover.enabled', {
    actor: 'ada',
    main_sha: sha('e'),
    evidence: 'no other path',
    reason: 'first',
    command_id,
  });
const shadow = (world: FoldWorld) =>
  world.tell('integration.shadow.started', { actor: 'ada', main_sha: sha('e'), reason: 'try', command_id });
const attempted = (world: FoldWorld) =>
  world.tell('integration.push.attempted', {
    ...fenced,
    seq: 1,
    push_number: 1,
    base: sha('e'),
    fence_from: sha('c'),
    fence_to: sha('d'),
    members: [{ ...login, merge_commit: sha('1'), tip: sha('1') }],
  });

const CASES: Record<string, Case> = {
  'nothing but handed over': {
    tell: (world) => world.started(login, 1),
    codes: ['missing_review_approved', 'missing_branch_pushed'],
  },
  'approved for another commit': {
    tell: (world) => [world.started(login, 1), world.approved('login', 1, sha('b')), world.pushed(login)],
    codes: ['approval_for_other_sha', 'not_probed'],
  },
  'changes asked for': {
    tell: (world) => [world.ready(login, 1), world.changesRequested('login', 2)],
    codes: ['missing_review_approved'],
  },
  'not on its branch, and waiting for others': {
    tell: (world) => [world.ready(login, 1), world.probed(login, { reachable: false, undelivered: ['one', 'two'] })],
    codes: ['sha_not_reachable', 'waiting_for', 'waiting_for'],
  },
  'on main already': {
    tell: (world) => [world.ready(login, 1), world.probed(login, { integrated: true })],
    codes: ['already_integrated'],
  },
  'in the queue': { tell: (world) => [live(world), world.ready(login, 1)], codes: ['queued'] },
  'in the queue of a daemon that is narrowed': {
    tell: (world) => [live(world), world.ready(login, 1)],
    around: { narrowed: true },
    codes: ['narrowed'],
  },
  'under a hold': {
    tell: (world) => [live(world), world.ready(login, 1)],
    around: { hold: { owner: 'ada', reason: '', since: at(0), until: null, main_busy: false, alarm: null } },
    codes: ['on_hold'],
  },
  'under a halt': {
    tell: (world) => [live(world), world.ready(login, 1)],
    around: { hold: { owner: 'i', reason: 'x', since: at(0), until: null, main_busy: false, alarm: 'MAIN_REWOUND' } },
    codes: ['on_hold'],
  },
  'in shadow': { tell: (world) => [shadow(world), world.ready(login, 1)], codes: ['shadow'] },
  'in the hands of a session': {
    tell: (world) => [live(world), world.ready(login, 1), world.dequeued(login)],
    around: { doing: { state: 'merging', meaning: integratorMeaning('draining.merging') } },
    codes: ['integrating'],
  },
  'in the hands of nobody any more': {
    tell: (world) => [live(world), world.ready(login, 1), world.dequeued(login)],
    codes: ['integrating'],
  },
  'pushed, and then the cutover was taken back': {
    tell: (world) => [shadow(world), world.ready(login, 1), world.dequeued(login), attempted(world)],
    codes: ['open_push'],
  },
  blocked: {
    tell: (world) => [world.ready(login, 1), world.dequeued(login), world.failed(login)],
    codes: ['blocked'],
  },
  'blocked, with a follow-up, and not ready': {
    tell(world) {
      world.ready(login, 1);
      world.dequeued(login);
      world.tell('deployment.failed', {
        ...login,
        fence: 1,
        follow_up_slug: 'mend',
        conflict_evidence: ['x'],
        diagnostics: ['x'],
        next_action: 'rebase',
        blocked_at: at(1),
        kind: 'conflict',
      });
      world.changesRequested('login', 2);
    },
    codes: ['blocked', 'follow_up', 'missing_review_approved'],
  },
  delivered: {
    tell(world) {
      world.ready(login, 1);
      world.probed(login, { integrated: true });
      world.tell('deployment.completed', {
        ...login,
        merge_commit: login.sha,
        integrated_at: at(1),
        outcome: 'already_integrated',
        fence: 1,
      });
    },
    codes: [],
  },
  superseded: {
    tell: (world) => [world.ready(login, 1), world.started(work('login', 'b'), 5), world.started(login, 1)],
    codes: ['missing_branch_pushed'],
  },
};

describe.each(Object.entries(CASES))('a candidate %s', (_name, { tell, around: given = {}, codes }) => {
  const world = foldWorld();
  tell(world);
  const around = aroundOf(world.repository, { ...calm, ...given });
  const why = whyView(world.repository, 'login', around);
  const record = world.repository.ofSlug('login').find(({ state }) => state === why.state);
  if (!record) throw new Error('it has no candidate');
  const row = candidateRow(record, around);

  test('waits for the same in `why` and in its row, in words that the terminal shows', () => {
    expect(why.waiting_for.map(({ code }) => code)).toEqual(codes);
    expect(row.waiting_for).toEqual(why.waiting_for);
    const shown = whyText(why, (_style, text) => text);
    for (const { text, who } of row.waiting_for) {
      expect(shown).toContain(text);
      expect(shown).toContain(who);
    }
    const conditions = readinessReasons(record.context).map(({ text }) => text);
    expect(row.waiting_for.map(({ text }) => text)).toEqual(
      expect.arrayContaining(row.reasons.map(({ text }) => text)),
    );
    expect(conditions).toEqual(expect.arrayContaining(row.reasons.map(({ text }) => text)));
  });

  test("names its state in the machine's own words", () => {
    const description = candidateMachine.states[record.state]?.description ?? '';
    expect(description).toMatch(/\S/);
    expect([why.meaning, row.meaning]).toEqual([description, description]);
    expect(whyText(why, (_style, text) => text)).toContain(description);
  });
});

test('the cases show every state and every reason there is', () => {
  const states = new Set<string>();
  const codes = new Set<string>();
  for (const { tell, around = {} } of Object.values(CASES)) {
    const { repository, ...world } = foldWorld();
    tell({ ...world, repository });
    for (const record of repository.records()) {
      states.add(record.state);
      const row = candidateRow(record, aroundOf(repository, { ...calm, ...around }));
      for (const { code } of row.waiting_for) codes.add(code);
    }
  }
  expect([...states].sort()).toEqual([...CANDIDATE_STATES].sort());
  // Of a slug without any candidate, so no row says it.
  const reasons = Object.keys(REASON_ENDS).filter((code) => code !== 'missing_deployment_started');
  const others = ['queued', 'narrowed', 'on_hold', 'shadow', 'integrating', 'open_push', 'blocked', 'follow_up'];
  expect([...codes].sort()).toEqual([...reasons, ...others].sort());
});

test('every state of the integrator has words, and what it says of a candidate in hand are these', () => {
  for (const { id, description } of diagramOf(integratorMachine).nodes) {
    expect(integratorMeaning(id)).toBe(description);
    expect(description, id).toMatch(/\S/);
  }
});

test('a notification of a blocked candidate names the next action of its row', async () => {
  const world = liveWorld();
  const { slug, branch } = login;
  const own = { slug, branch, sha: login.sha };
  await world.tell(
    {
      type: 'deployment.started',
      payload: { ...own, worker_session_id: 'w', orchestrator_session_id: 'o', ready_at: at(0) },
    },
    {
      type: 'integration.candidate.dequeued',
      payload: { ...fenced, ...own, attempt: 1, as_of: '1-0', base: sha('e'), train: 1 },
    },
  );
  await world.tell(
    { type: 'review.approved', payload: { slug, approved_at: at(0), review_round: 1, reviewer_session_id: 'r' } },
    { type: 'branch.pushed', payload: { branch, sha: login.sha, remote: 'origin', pushed_at: at(0), pusher: 'w' } },
    {
      type: 'integration.candidate.probed',
      payload: {
        ...own,
        session_id: 'd',
        reachable: true,
        integrated: false,
        undelivered: [],
        previous: null,
        probed_at: at(0),
      },
    },
    {
      type: 'integration.candidate.dequeued',
      payload: { ...fenced, ...own, attempt: 2, as_of: '1-0', base: sha('e'), train: 1 },
    },
    {
      type: 'deployment.failed',
      payload: {
        ...own,
        conflict_evidence: ['x'],
        diagnostics: ['x'],
        next_action: 'rebase it on main',
        blocked_at: at(0),
        kind: 'conflict',
        fence: 1,
      },
    },
  );
  const { candidates, notifications } = await world.desk.overview();
  expect(candidates[0]?.next_action).toBe('rebase it on main');
  expect(notifications.find(({ family }) => family === 'deployment')?.text).toContain(candidates[0]?.next_action);
});
