/** Follow-ups without git: their names, what the log makes of them, and their papers. */
import { describe, expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { dueFollowUps, needFollowUpSession, openFollowUps } from '../../src/actors/follow-ups.ts';
import type { Session } from '../../src/actors/integrator.ts';
import { Repository } from '../../src/actors/repository.ts';
import { followUpsToClose } from '../../src/actors/session/follow-ups.ts';
import type { SessionWork } from '../../src/actors/session/work.ts';
import { Supervisor } from '../../src/actors/supervisor.ts';
import { withDelivery } from '../../src/actors/todos/deliver.ts';
import { readPapers } from '../../src/actors/todos/papers.ts';
import type { LeaseStore } from '../../src/io/redis/lease.ts';
import {
  type FollowUpPapers,
  followUpState,
  planText,
  requirementsText,
  withBlockedAgain,
} from '../../src/io/todos/follow-up.ts';
import { readState } from '../../src/io/todos/state-file.ts';
import { WorkFiles } from '../../src/io/todos/work-files.ts';
import type { PayloadOf } from '../../src/machines/events.ts';
import { followUpSlug, isResolvedByLog } from '../../src/machines/follow-up.ts';
import { SLUG_LENGTH_MAX, SLUG_PATTERN } from '../../src/machines/identity.ts';
import { at, type FoldWorld, foldWorld, refold, sha, work } from '../support/fold-world.ts';
import { handClock } from '../support/simple-clock.ts';
import { temporaryFolder } from '../support/temporary.ts';

describe('the name of a follow-up', () => {
  test('is that of the work item and the commit, numbered from the second on', () => {
    const taken = new Set<string>();
    const next = () => {
      const name = followUpSlug('login', sha('a'), (other) => taken.has(other));
      taken.add(name);
      return name;
    };
    expect([next(), next(), next()]).toEqual([
      'login-integration-blocked-aaaaaaa',
      'login-integration-blocked-aaaaaaa-2',
      'login-integration-blocked-aaaaaaa-3',
    ]);
  });

  test('stays a slug of 100 characters at most, whatever it is made of', () => {
    const long = 'a'.repeat(SLUG_LENGTH_MAX);
    // Cut behind a dash, and so long that it is cut at all.
    const dashed = `${'a'.repeat(69)}--`.replace('--', `-${'b'.repeat(30)}`);
    for (const slug of [long, dashed, 'a-b-'.repeat(24).slice(0, -1), 'x']) {
      for (const busy of [0, 1, 12]) {
        let asked = 0;
        const name = followUpSlug(slug, sha('f'), () => asked++ < busy);
        expect(name).toMatch(SLUG_PATTERN);
        expect(name.length).toBeLessThanOrEqual(SLUG_LENGTH_MAX);
        expect(name).toContain('-integration-blocked-fffffff');
      }
    }
  });
});

const LOGIN = work('login');
const NAME = 'login-integration-blocked-aaaaaaa';

/** A candidate that was blocked with a follow-up, `times` times. */
function blockedWorld(times = 1): FoldWorld {
  const world = foldWorld();
  world.ready(LOGIN, 10);
  for (let time = 1; time <= times; time += 1) block(world, time);
  return world;
}

function block(world: FoldWorld, seconds: number, followUp: string | null = NAME, one = LOGIN): void {
  if (world.record(one).state === 'blocked') world.resumed(one, 0, at(10));
  world.dequeued(one);
  world.tell('deployment.failed', {
    ...one,
    fence: 1,
    conflict_evidence: ['both sides changed it'],
    diagnostics: ['merged into main'],
    next_action: 'mend it',
    blocked_at: at(seconds),
    kind: 'conflict',
    ...(followUp === null ? {} : { follow_up_slug: followUp }),
  });
}

type Change = PayloadOf<'integration.followup.landed'>['change'];
const landed = (world: FoldWorld, change: Change, seconds: number) =>
  world.tell('integration.followup.landed', {
    session_id: 'integrator-1',
    fence: 1,
    slug: NAME,
    commit: sha('c'),
    base: sha('b'),
    tree: sha('d'),
    change,
    blocked_at: at(seconds),
  });
const left = (world: FoldWorld, seconds: number) =>
  world.tell('integration.followup.left', {
    session_id: 'integrator-1',
    fence: 1,
    follow_up_slug: NAME,
    blocked_at: at(seconds),
    reason: 'refused',
    detail: 'no',
    next_action: 'mend it',
    command_id: '0'.repeat(26),
  });
const completed = (world: FoldWorld, one: typeof LOGIN) => {
  world.probed(one, { integrated: true });
  world.tell('deployment.completed', {
    ...one,
    merge_commit: one.sha,
    integrated_at: at(0),
    outcome: 'already_integrated',
    fence: 1,
  });
};
const due = (world: FoldWorld) => dueFollowUps(world.repository).map(({ followUp, change }) => [followUp.slug, change]);

describe('what the log says of a follow-up', () => {
  test('opened, landed, reopened by another block, landed again', () => {
    const world = blockedWorld();
    expect(due(world)).toEqual([[NAME, 'opened']]);
    expect(openFollowUps(world.repository)).toEqual([
      {
        slug: NAME,
        source: `login/feature/login@${LOGIN.sha}`,
        landed: null,
        blocked_at: at(1),
        resolved: false,
        next_action: 'mend it',
      },
    ]);
    landed(world, 'opened', 1);
    expect(due(world)).toEqual([]);
    expect(openFollowUps(world.repository)).toMatchObject([{ slug: NAME, landed: sha('c') }]);
    block(world, 2);
    expect(due(world)).toEqual([[NAME, 'reopened']]);
    // A landing that is told late is about the earlier block.
    landed(world, 'opened', 1);
    expect(due(world)).toEqual([[NAME, 'reopened']]);
    landed(world, 'reopened', 2);
    expect(due(world)).toEqual([]);
    expect(world.repository.standing.followUps).toHaveLength(1);
  });

  test('F27 an approval counts for the block before it, not for the next one; a request for changes takes it back', () => {
    const world = blockedWorld();
    const isResolved = () => world.repository.standing.followUps.map(isResolvedByLog);
    world.approved(NAME, 1);
    expect(isResolved()).toEqual([true]);
    expect(openFollowUps(world.repository)).toMatchObject([{ resolved: true, next_action: `telec resume ${NAME}` }]);
    world.changesRequested(NAME, 2);
    expect(isResolved()).toEqual([false]);
    world.approved(NAME, 3);
    expect(isResolved()).toEqual([true]);
    block(world, 2);
    expect(isResolved()).toEqual([false]);
    expect(world.record(LOGIN).context.review).toMatchObject({ round: 1, verdict: 'approved' });
  });

  test('a resumed or superseded candidate has no open follow-up, and none of it is due any more', () => {
    const world = blockedWorld();
    world.resumed(LOGIN, 0, at(10));
    expect([due(world), openFollowUps(world.repository)]).toEqual([[], []]);
    block(world, 2);
    expect(due(world)).toEqual([[NAME, 'opened']]);
    landed(world, 'opened', 2);
    world.started(work('login', 'b'), 20);
    expect(world.record(LOGIN).state).toBe('superseded');
    expect([due(world), openFollowUps(world.repository)]).toEqual([[], []]);
  });

  test('a delivery of the slug closes what main has of it, and nothing of what it never had', () => {
    const world = blockedWorld();
    completed(world, LOGIN);
    expect(due(world)).toEqual([]);
    const other = blockedWorld();
    landed(other, 'opened', 1);
    completed(other, LOGIN);
    expect(due(other)).toEqual([[NAME, 'closed']]);
    landed(other, 'closed', 1);
    expect(due(other)).toEqual([]);
    expect(other.repository.standing.followUps).toMatchObject([{ over: true, onMain: false }]);
  });

  test('an older commit of the slug that is found on main leaves the follow-up of a newer one open', () => {
    const world = foldWorld();
    world.started(work('login', '0'), 5);
    world.ready(LOGIN, 10);
    block(world, 1);
    landed(world, 'opened', 1);
    completed(world, work('login', '0'));
    expect(world.record(LOGIN).state).toBe('blocked');
    expect(due(world)).toEqual([]);
    expect(openFollowUps(world.repository)).toMatchObject([{ slug: NAME, resolved: false }]);
  });

  test('a delivery closes the follow-ups of its slug that main has, and those of no other', () => {
    const world = blockedWorld();
    const toClose = (slug: string) =>
      followUpsToClose({ parts: { repository: world.repository } } as unknown as SessionWork, slug);
    expect(toClose('login')).toEqual([]);
    landed(world, 'opened', 1);
    expect([toClose('login'), toClose('other'), toClose(NAME)]).toEqual([[NAME], [], []]);
    world.ready(work('login', 'b'), 20);
    expect(toClose('login')).toEqual([NAME]);
    completed(world, work('login', 'b'));
    landed(world, 'closed', 1);
    expect(toClose('login')).toEqual([]);
  });

  test('a completion that nothing bears out closes nothing', () => {
    const world = blockedWorld();
    const applied = world.tell('deployment.completed', {
      ...LOGIN,
      merge_commit: sha('9'),
      integrated_at: at(0),
      outcome: 'merged',
      fence: 1,
    });
    // It was never pushed, probed on main or found merged.
    expect(applied.unbelieved).not.toBeNull();
    expect(world.repository.standing.followUps).toMatchObject([{ over: false }]);
    expect(due(world)).toEqual([[NAME, 'opened']]);
  });

  test('left behind it is no reason to start a session, until it is blocked again', () => {
    const world = blockedWorld();
    expect(needFollowUpSession(world.repository)).toBe(true);
    left(world, 1);
    expect(needFollowUpSession(world.repository)).toBe(false);
    expect(due(world)).toEqual([[NAME, 'opened']]);
    block(world, 2);
    expect(needFollowUpSession(world.repository)).toBe(true);
    left(world, 1);
    expect(needFollowUpSession(world.repository)).toBe(true);
  });

  test('a name belongs to one candidate, and a block without one leaves all as it is', () => {
    const world = blockedWorld();
    const other = work('other', 'b');
    world.ready(other, 20);
    block(world, 3, NAME, other);
    expect(world.repository.standing.followUps).toMatchObject([{ slug: NAME, source: LOGIN, blockedAt: at(1) }]);
    block(world, 4, null);
    expect(due(world)).toEqual([]);
    expect(world.repository.standing.followUps).toHaveLength(1);
  });

  test('is the same from a snapshot and from the start', () => {
    const world = blockedWorld(2);
    landed(world, 'opened', 1);
    const restored = new Repository();
    restored.load(JSON.parse(JSON.stringify(world.repository.dump())));
    expect(restored.standing).toEqual(world.repository.standing);
    expect(refold(world.told).standing).toEqual(world.repository.standing);
    expect(dueFollowUps(restored)).toEqual(dueFollowUps(world.repository));
  });
});

/** The supervisor of a world whose sessions end at once without achieving anything. */
function superviseIdly(world: FoldWorld) {
  world.tell('integration.cutover.enabled', {
    main_sha: sha('e'),
    evidence: 'no other path',
    actor: 'ada',
    reason: 'init',
    command_id: '0'.repeat(26),
  });
  const clock = handClock();
  let sessions = 0;
  const ended = {
    sessionId: 's',
    stop: null,
    completed: 0,
    blocked: 0,
    superseded: 0,
    shadow: null,
    durationMs: 0,
    fault: null,
  };
  const supervisor = new Supervisor({
    clock,
    leases: { read: async () => ({ record: null, now: clock.now() }) } as unknown as LeaseStore,
    repository: world.repository,
    mayIntegrate: () => true,
    mode: () => 'live',
    start: async () => {
      sessions += 1;
      return { done: Promise.resolve({ ...ended, outcome: 'drained' }), wake: () => undefined } as unknown as Session;
    },
    watchdogMs: 4000,
    retryMs: 60_000,
    onEnded: () => undefined,
    onError: (error) => {
      throw error;
    },
  });
  return { clock, supervisor, sessions: () => sessions };
}

describe('the supervisor', () => {
  test('starts a session for a follow-up alone, ever more seldom while that comes to nothing', async () => {
    const { clock, supervisor, sessions } = superviseIdly(blockedWorld());
    supervisor.spawn();
    await clock.advance(1);
    expect(sessions()).toBe(1);
    await clock.advance(600_000);
    expect(sessions()).toBeGreaterThan(5);
    expect(sessions()).toBeLessThan(20);
  });

  test('starts none for a follow-up that was left behind, nor for one that landed', async () => {
    for (const settle of [left, (world: FoldWorld, seconds: number) => landed(world, 'opened', seconds)]) {
      const world = blockedWorld();
      settle(world, 1);
      const { clock, supervisor, sessions } = superviseIdly(world);
      supervisor.spawn();
      await clock.advance(600_000);
      expect(sessions()).toBe(0);
    }
  });
});

const PAPERS: FollowUpPapers = {
  slug: NAME,
  source: { slug: 'login', branch: 'feature/login', sha: sha('a') },
  blockedAt: '2026-01-31T12:00:00.000Z',
  kind: 'conflict',
  evidence: ['conflict in src/login.ts (stages 1, 2, 3)'],
  diagnostics: ['touched on main by other'],
  nextAction: 'merge main into feature/login',
  reproduce: 'git merge-tree --write-tree b a',
};

describe('S1-OQ2 the papers of a follow-up', () => {
  test('S1-OQ2 the requirements say goal, source, evidence, diagnostics and next action', () => {
    expect(requirementsText(PAPERS)).toBe(`# ${NAME}

## Goal

Take away what keeps \`login\` off main, so that it becomes ready again and is delivered.

## Source candidate

    slug        login
    branch      feature/login
    commit      ${sha('a')}
    blocked at  2026-01-31T12:00:00.000Z
    kind        conflict

## Evidence

    conflict in src/login.ts (stages 1, 2, 3)

## Diagnostics

    touched on main by other
    see it again: git merge-tree --write-tree b a

## Next action

    merge main into feature/login
`);
  });

  test('S1-OQ2 the plan leads from the evidence back to the queue', () => {
    const plan = planText(PAPERS);
    expect(plan.match(/^- \[ \] \w+/gm)).toEqual(['- [ ] Resolve', '- [ ] Push', '- [ ] Resume', '- [ ] Verify']);
    expect(plan).toContain(`telec resume ${NAME}`);
  });

  test('S1-OQ2 the state is to be built and to be reviewed, with the link to its source', () => {
    const text = followUpState(null, PAPERS);
    expect(readState('state.yaml', text)).toMatchObject({
      problems: [],
      state: {
        build: 'pending',
        review: 'pending',
        follow_up: { ...PAPERS.source, blocked_at: PAPERS.blockedAt },
      },
    });
  });

  test('F26 another block appends a dated section and keeps what people wrote', () => {
    const mine = 'my words\n\n- [x] done';
    const text = withBlockedAgain(mine, { ...PAPERS, evidence: ['another conflict'] });
    expect(text.startsWith(`${mine}\n\n## Blocked again, ${PAPERS.blockedAt}\n`)).toBe(true);
    expect(text).toContain('\n    another conflict\n');
    const state = followUpState('# mine\nbuild: complete\nreview: approved\nowner: ada\n', PAPERS);
    expect(state).toMatch(/^# mine\nbuild: pending\nreview: pending\nowner: ada\nfollow_up:\n/);
  });

  const hostile = [
    '```\n# not a heading\n---\ntitle: x\n---',
    '<script>alert(1)</script>\n\n<!-- open',
    '[link](javascript:alert(1)) ![x](http://e.example/y)',
    'red \u001b[31m bell \u0007 turn \u202e nul \u0000 half \ud800 sep \u2028 end',
    '\t- list\r\n> quote\r# heading',
    'x'.repeat(100_000),
    Array.from({ length: 1000 }, (_, index) => `line ${index}`).join('\n'),
    '   ',
  ];

  test('whatever evidence, diagnostics or the remote say stays inside indented blocks', () => {
    const wild = {
      ...PAPERS,
      source: { ...PAPERS.source, branch: 'a`b<i>*_~' },
      evidence: hostile,
      diagnostics: hostile,
      nextAction: hostile.join('\n'),
      reproduce: hostile[0] ?? '',
    };
    for (const text of [requirementsText(wild), withBlockedAgain('', wild)]) {
      const outside = text.split('\n').filter((line) => !line.startsWith('    '));
      const calm = (text.startsWith('#') ? requirementsText(PAPERS) : withBlockedAgain('', PAPERS)).split('\n');
      expect(outside).toEqual(calm.filter((line) => !line.startsWith('    ')));
      expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u202e]|[\ud800-\udfff]/);
      expect(text).not.toMatch(/^ +$/m);
      expect(text.length).toBeLessThan(40_000);
    }
    expect(parseDocument(followUpState(null, wild)).errors).toEqual([]);
    expect(readState('s', followUpState(null, wild)).state.follow_up?.branch).toBe('a`b<i>*_~');
  });

  test('a thousand findings are cut with a word on the rest', () => {
    const text = requirementsText({ ...PAPERS, evidence: Array.from({ length: 1000 }, (_, index) => `path ${index}`) });
    expect(text).toContain('    path 49\n    … (950 more; telec candidate has them all)\n');
  });
});

describe('a follow-up in the group of its source', () => {
  test('makes no container of it and keeps none open: delivered alone it delivers nobody else', () => {
    const files = new WorkFiles(temporaryFolder());
    const roadmap = `- slug: login\n- slug: ${NAME}\n  group: login\n- slug: last\n  group: all\n- slug: ${NAME}-2\n  group: all\n`;
    files.write('todos/roadmap.yaml', roadmap);
    files.write('todos/all/state.yaml', 'kind: todo\n');
    const { todos } = readPapers(files);
    const holds = new Map(todos.map(({ slug, children }) => [slug, children]));
    expect([holds.get('login'), holds.get('all')]).toEqual([[], ['last']]);
    const row = { slug: NAME, date: '2026-01-31', commit: 'abc', children: [] };
    const texts = { roadmap, delivered: null, icebox: null };
    expect(withDelivery(texts, row, holds).added).toEqual([NAME]);
    expect(withDelivery(texts, { ...row, slug: 'last' }, holds).added).toEqual(['last', 'all']);
  });
});
