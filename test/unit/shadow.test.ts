/** What the log of shadow amounts to: verdicts and comparisons beside the candidates, the order of judging, and when there is work. */
import { describe, expect, test } from 'vitest';
import { loadSnapshot, saveSnapshot } from '../../src/actors/snapshot.ts';
import { testsView } from '../../src/actors/tests/shown.ts';
import { candidateView, queueRows, whyView } from '../../src/actors/views.ts';
import { aroundOf } from '../../src/actors/waits.ts';
import { isWorkDue } from '../../src/actors/work-due.ts';
import type { PayloadOf } from '../../src/machines/events.ts';
import { at, type FoldWorld, foldWorld, refold, sha, type Work, work } from '../support/fold-world.ts';
import { temporaryFolder } from '../support/temporary.ts';

const MAIN = sha('e');
const stamp = { session_id: 'integrator-1', fence: 1 };
const [a, b, c] = [work('a', 'a'), work('b', 'b'), work('c', 'c')];

/** A repository in shadow with main at `MAIN`. */
function shadowWorld(): FoldWorld {
  const world = foldWorld();
  world.tell('integration.shadow.started', {
    main_sha: MAIN,
    actor: 'ada',
    reason: 'begin',
    command_id: '0'.repeat(26),
  });
  return world;
}

const newest = (world: FoldWorld): string => world.told.at(-1)?.id ?? '0';

function judge(
  world: FoldWorld,
  one: Work,
  { asOf = newest(world), base = MAIN }: { asOf?: string; base?: string } = {},
): void {
  const said: Pick<PayloadOf<'integration.shadow.judged'>, 'base' | 'verdict' | 'tree'> = {
    base,
    verdict: 'would_integrate',
    tree: sha('f'),
  };
  world.tell('integration.shadow.judged', {
    ...one,
    ...stamp,
    attempt: 0,
    as_of: asOf,
    ...said,
    evidence: [],
    on_top: said,
  });
}

const compare = (world: FoldWorld, one: Work, agrees = true, superseded = 0) =>
  world.tell('integration.shadow.compared', {
    ...one,
    ...stamp,
    attempt: 0,
    landed_by: sha('1'),
    base: MAIN,
    verdict: 'would_integrate',
    tree: sha('f'),
    landed_tree: sha('f'),
    evidence: [],
    agrees,
    class: agrees ? 'same' : 'tree_differs',
    superseded,
  });

const violations = ({ repository }: FoldWorld) => repository.standing.modes.parity.fifoViolations;

describe('verdicts in the fold', () => {
  test('F28 a verdict moves no candidate, and no comparison does', () => {
    const world = shadowWorld();
    world.ready(a, 1);
    const before = structuredClone(world.record(a).context);
    judge(world, a);
    compare(world, a);
    expect(world.record(a).state).toBe('ready');
    expect(world.record(a).context).toEqual(before);
    expect(world.repository.queue).toEqual([world.record(a)]);
    expect(candidateView(world.repository, world.record(a)).shadow).toEqual({
      verdict: 'would_integrate',
      base: MAIN,
      tree: sha('f'),
      evidence: [],
      on_top: { base: MAIN, verdict: 'would_integrate', tree: sha('f') },
      judged_at: at(5),
      session_id: 'integrator-1',
      compared: {
        landed_by: sha('1'),
        agrees: true,
        class: 'same',
        verdict: 'would_integrate',
        base: MAIN,
        tree: sha('f'),
        landed_tree: sha('f'),
      },
    });
  });

  test('queue and why say what would become of a candidate on main as it is, and that it is not judged once main has moved', () => {
    const world = shadowWorld();
    world.ready(a, 1);
    const around = () => aroundOf(world.repository, { hold: null, narrowed: false, doing: null, chain: [] });
    const said = () => [
      queueRows(world.repository, 0)[0]?.verdict,
      whyView(world.repository, 'a', around()).waiting_for[0]?.text,
    ];
    expect(said()).toEqual(['not_judged', 'telec runs in shadow and has not judged it on main as it is']);
    judge(world, a);
    expect(said()).toEqual([
      'would_integrate',
      `telec runs in shadow and merges nothing; on ${MAIN.slice(0, 12)} it would be merged`,
    ]);
    world.tell('integration.shadow.observed', {
      ...stamp,
      from: MAIN,
      to: sha('9'),
      commits: 1,
      unmatched: [sha('9')],
    });
    expect(said()[0]).toBe('not_judged');
  });

  test('a candidate that is resumed after it was superseded keeps its verdict: it was judged on that main already', () => {
    const world = shadowWorld();
    const [old, young] = [work('a', 'a', 'b/1'), work('a', 'b', 'b/2')];
    world.ready(old, 1);
    judge(world, old);
    world.ready(young, 2);
    world.resumed(old, 1, at(9));
    expect(world.record(old)).toMatchObject({ id: expect.stringMatching(/#1$/), shadow: { judged: { base: MAIN } } });
  });

  test('the snapshot keeps verdicts, comparisons and since when each is ready', () => {
    const world = shadowWorld();
    world.ready(a, 1);
    judge(world, a);
    compare(world, a, false);
    world.ready(b, 2);
    const folder = temporaryFolder();
    const dump = world.repository.dump();
    saveSnapshot(
      folder,
      { logId: 'log-1', lastId: newest(world), positions: {}, repository: dump, notifications: [] },
      { counts: world.repository.counts(), tests: testsView(world.repository, null) },
    );
    const records = loadSnapshot(folder, 'log-1')?.repository.records.map(({ record }) => record);
    expect(records).toEqual([...refold(world.told).records()]);
    expect(records?.map(({ shadow, readySince }) => [shadow?.compared?.agrees, readySince !== null])).toEqual([
      [false, true],
      [undefined, true],
    ]);
  });
});

describe('the order of judging', () => {
  test('in the order of the queue nothing is counted', () => {
    const world = shadowWorld();
    world.ready(a, 1);
    world.ready(b, 2);
    judge(world, a);
    judge(world, b);
    expect(violations(world)).toBe(0);
  });

  test('one that is judged before an older one that waits is counted, each time', () => {
    const world = shadowWorld();
    for (const [index, one] of [a, b, c].entries()) world.ready(one, index);
    judge(world, b);
    judge(world, c);
    expect(violations(world)).toBe(2);
    judge(world, a);
    expect(violations(world)).toBe(2);
  });

  test('one that became ready after the order was looked at was not passed over, nor one judged on that main before', () => {
    const world = shadowWorld();
    world.ready(b, 2);
    const asOf = newest(world);
    world.ready(a, 1);
    judge(world, b, { asOf });
    expect(violations(world)).toBe(0);
    judge(world, a);
    world.tell('integration.shadow.observed', { ...stamp, from: MAIN, to: sha('9'), commits: 1, unmatched: [] });
    judge(world, b, { base: sha('9') });
    expect(violations(world)).toBe(1);
  });
});

describe('what a delivery by another path leaves to do', () => {
  const completed = (one: Work) =>
    ({
      ...one,
      merge_commit: one.sha,
      integrated_at: at(9),
      outcome: 'already_integrated',
      fence: 1,
    }) as const;

  test('nothing in shadow: no branch to clean up, no command owed; live both', () => {
    for (const mode of ['shadow', 'live'] as const) {
      const world = shadowWorld();
      world.ready(a, 1);
      world.tell('integration.session.started', { ...stamp, host: 'h', version: '1', mode });
      world.probed(a, { integrated: true });
      world.tell('deployment.completed', completed(a));
      const { aftercare } = world.repository.standing;
      expect([mode, aftercare.uncleaned.length, aftercare.delivered]).toEqual([
        mode,
        mode === 'live' ? 1 : 0,
        mode === 'live',
      ]);
      expect(world.record(a).state).toBe('completed');
    }
  });
});

describe('whether there is work for a session', () => {
  const due = (world: FoldWorld, mode: 'live' | 'shadow' | null, seen: string | null = null) =>
    isWorkDue(world.repository, mode, seen);

  test('in shadow for what is not judged on main as it is; live as long as the queue is not empty', () => {
    const world = shadowWorld();
    expect([due(world, 'shadow'), due(world, 'live')]).toEqual([false, false]);
    world.ready(a, 1);
    expect([due(world, 'shadow'), due(world, 'live')]).toEqual([true, true]);
    judge(world, a);
    expect([due(world, 'shadow'), due(world, 'live')]).toEqual([false, true]);
    expect(due(world, null)).toBe(false);
  });

  test('in shadow when main was seen elsewhere than the log has it', () => {
    const world = shadowWorld();
    expect(due(world, 'shadow', MAIN)).toBe(false);
    expect(due(world, 'shadow', sha('9'))).toBe(true);
    expect(due(world, 'live', sha('9'))).toBe(false);
  });

  test('a push whose outcome is open is none in shadow, which could not find it out; one that was only taken is', () => {
    const world = shadowWorld();
    world.ready(a, 1);
    world.dequeued(a);
    expect(due(world, 'shadow')).toBe(true);
    world.tell('integration.push.attempted', {
      ...stamp,
      seq: 1,
      push_number: 1,
      base: MAIN,
      fence_from: sha('1'),
      fence_to: sha('2'),
      members: [{ ...a, merge_commit: sha('3'), tip: sha('3') }],
    });
    expect([due(world, 'shadow'), due(world, 'live')]).toEqual([false, true]);
  });

  test('none under a hold', () => {
    const world = shadowWorld();
    world.ready(a, 1);
    world.tell('integration.hold.placed', {
      owner: 'ada',
      reason: 'freeze',
      until: null,
      main_busy: false,
      alarm: null,
      command_id: '0'.repeat(26),
    });
    expect(due(world, 'shadow')).toBe(false);
  });
});
