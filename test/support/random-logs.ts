/**
 * Logs that nobody would write by hand, for properties: signals, facts and what sessions write, about few slugs, commits
 * and instants, so that they meet.
 */
import fc from 'fast-check';
import type { EventType, PayloadOf } from '../../src/machines/events.ts';

export type Said = { [T in EventType]: { type: T; payload: PayloadOf<T> } }[EventType];

export const START_MS = 1_700_000_000_000;
export const AT = new Date(START_MS).toISOString();
export const SHAS = ['a', 'b', 'c'].map((digit) => digit.repeat(40));

/** The same few instants, each written with several offsets. */
export const instant = fc
  .tuple(fc.constantFrom(0, 1, 2), fc.constantFrom(['Z', 0], ['+02:00', 120], ['-09:30', -570]))
  .map(([second, [offset, minutes]]) => {
    const local = START_MS + second * 1000 + Number(minutes) * 60_000;
    return `${new Date(local).toISOString().slice(0, -1)}${offset}`;
  });
const slug = fc.constantFrom('one', 'two');
const triple = fc.record({ slug, branch: fc.constantFrom('left', 'right'), sha: fc.constantFrom(...SHAS) });
/** Also reviewed and delivered: the slug of candidates. */
const followUp = fc.constantFrom('one', 'three');
const fenced = { session_id: 's-1', fence: 1 };
const seq = fc.integer({ min: 1, max: 3 });
const round = fc.integer({ min: 1, max: 3 });

/** Events as they come from workers, people and git; the log holds the same one only once. */
export const outer: fc.Arbitrary<Said> = fc.oneof(
  fc.tuple(slug, round, fc.option(fc.constantFrom(...SHAS), { nil: undefined })).map(
    ([name, review_round, sha]): Said => ({
      type: 'review.approved',
      payload: { slug: name, approved_at: AT, review_round, reviewer_session_id: 'r', ...(sha ? { sha } : {}) },
    }),
  ),
  fc.tuple(slug, round).map(
    ([name, review_round]): Said => ({
      type: 'review.changes_requested',
      payload: { slug: name, requested_at: AT, review_round, reviewer_session_id: 'r', findings: ['x'] },
    }),
  ),
  fc.tuple(triple, fc.constantFrom('origin', 'origin', 'fork')).map(
    ([{ branch, sha }, remote]): Said => ({
      type: 'branch.pushed',
      payload: { branch, sha, remote, pushed_at: AT, pusher: 'w' },
    }),
  ),
  fc.tuple(triple, instant).map(
    ([own, ready_at]): Said => ({
      type: 'deployment.started',
      payload: { ...own, worker_session_id: 'w', orchestrator_session_id: 'o', ready_at },
    }),
  ),
  fc.tuple(triple, fc.boolean(), fc.boolean(), fc.boolean()).map(
    ([own, reachable, integrated, waits]): Said => ({
      type: 'integration.candidate.probed',
      payload: {
        ...own,
        session_id: 'd',
        reachable: reachable || !integrated,
        integrated,
        undelivered: waits && integrated ? ['other'] : [],
        previous: null,
        probed_at: AT,
      },
    }),
  ),
  fc.tuple(triple, instant, fc.integer({ min: 0, max: 2 })).map(
    ([own, ready_at, generation]): Said => ({
      type: 'integration.candidate.resumed',
      payload: { ...own, generation, ready_at, actor: 'a', forced: false, command_id: '0'.repeat(26) },
    }),
  ),
);

const decided = { actor: 'a', reason: 'x', command_id: '0'.repeat(26) };
/** What people and main's configuration say of the order; `on`: whether it may have priorities on. */
const ordering = (on: boolean): fc.Arbitrary<Said> =>
  fc.oneof(
    fc.tuple(slug, fc.constantFrom('urgent' as const, 'normal' as const, 'low' as const)).map(
      ([name, priority]): Said => ({
        type: 'integration.priority.set',
        payload: { slug: name, priority, ...decided },
      }),
    ),
    fc.constantFrom(...(on ? [true, true, false, undefined] : [false, undefined])).map(
      (priorities): Said => ({
        type: 'integration.configured',
        payload: {
          remote: 'origin',
          main: 'main',
          strategy: 'merge',
          digest: 'd',
          previous: null,
          actor: 'a',
          ...(priorities === undefined ? {} : { priorities }),
        },
      }),
    ),
  );

/** What sessions write; in no order a session would keep. */
const inner: fc.Arbitrary<Said> = fc.oneof(
  triple.map(
    (own): Said => ({
      type: 'integration.candidate.dequeued',
      payload: { ...fenced, ...own, attempt: 1, as_of: '1-0', base: SHAS[0] ?? '', train: 1 },
    }),
  ),
  triple.map(
    (own): Said => ({
      type: 'integration.candidate.requeued',
      payload: { ...fenced, ...own, attempt: 1, reasons: ['x'], after: 'rebuild' },
    }),
  ),
  triple.map(
    (own): Said => ({
      type: 'integration.candidate.already_merged',
      payload: { ...fenced, ...own, attempt: 1, how: 'ancestry', main_head: SHAS[0] ?? '' },
    }),
  ),
  fc.tuple(fc.array(triple, { minLength: 1, maxLength: 2 }), seq).map(
    ([members, number]): Said => ({
      type: 'integration.push.attempted',
      payload: {
        ...fenced,
        seq: number,
        push_number: 1,
        base: SHAS[0] ?? '',
        fence_from: SHAS[1] ?? '',
        fence_to: SHAS[2] ?? '',
        members: members.map((own) => ({ ...own, merge_commit: own.sha, tip: own.sha })),
      },
    }),
  ),
  fc
    .tuple(fc.constantFrom('integration.push.succeeded', 'integration.push.rejected', 'integration.push.burned'), seq)
    .map(([type, number]): Said => ({ type, payload: { ...fenced, seq: number, push_number: 1 } }) as Said),
  fc.tuple(triple, followUp, fc.boolean()).map(
    ([own, follow_up_slug, isFollowed]): Said => ({
      type: 'deployment.failed',
      payload: {
        ...own,
        ...(isFollowed ? { follow_up_slug } : {}),
        conflict_evidence: ['x'],
        diagnostics: ['x'],
        next_action: 'x',
        blocked_at: AT,
        kind: 'conflict',
        fence: 1,
      },
    }),
  ),
  fc.tuple(followUp, fc.constantFrom('opened', 'reopened', 'closed')).map(
    ([name, change]): Said => ({
      type: 'integration.followup.landed',
      payload: {
        ...fenced,
        slug: name,
        commit: SHAS[0] ?? '',
        base: SHAS[1] ?? '',
        tree: SHAS[2] ?? '',
        change,
        blocked_at: AT,
      },
    }),
  ),
  followUp.map(
    (follow_up_slug): Said => ({
      type: 'integration.followup.left',
      payload: {
        ...fenced,
        follow_up_slug,
        blocked_at: AT,
        reason: 'refused',
        detail: 'no',
        next_action: 'mend it',
        command_id: '0'.repeat(26),
      },
    }),
  ),
  triple.map(
    (own): Said => ({
      type: 'deployment.completed',
      payload: { ...own, merge_commit: own.sha, integrated_at: AT, outcome: 'merged', fence: 1 },
    }),
  ),
);

/** All that makes one candidate ready, in any order: left to chance alone, few would ever come that far. */
const whole: fc.Arbitrary<Said[]> = fc.tuple(triple, instant, round).chain(([own, ready_at, review_round]) =>
  fc.shuffledSubarray<Said>(
    [
      {
        type: 'review.approved',
        payload: { slug: own.slug, approved_at: AT, review_round, reviewer_session_id: 'r' },
      },
      {
        type: 'deployment.started',
        payload: { ...own, worker_session_id: 'w', orchestrator_session_id: 'o', ready_at },
      },
      {
        type: 'branch.pushed',
        payload: { branch: own.branch, sha: own.sha, remote: 'origin', pushed_at: AT, pusher: 'w' },
      },
      {
        type: 'integration.candidate.probed',
        payload: {
          ...own,
          session_id: 'd',
          reachable: true,
          integrated: false,
          undelivered: [],
          previous: null,
          probed_at: AT,
        },
      },
    ],
    { minLength: 4 },
  ),
);

const one = (said: fc.Arbitrary<Said>) => said.map((event) => [event]);
const logsWith = (on: boolean) =>
  fc
    .array(
      fc.oneof(
        { weight: 1, arbitrary: whole },
        { weight: 2, arbitrary: one(outer) },
        { weight: 3, arbitrary: one(inner) },
        { weight: 1, arbitrary: one(ordering(on)) },
      ),
      { maxLength: 40 },
    )
    .map((parts) => parts.flat());
export const logs = logsWith(true);
/** The same where main never has priorities on, whatever people set. */
export const plainLogs = logsWith(false);
/** Several that become ready, among people who say what is urgent. */
export const queueLogs = fc
  .tuple(
    ordering(true),
    fc.array(fc.oneof({ weight: 3, arbitrary: whole }, { weight: 2, arbitrary: one(ordering(true)) }), {
      minLength: 4,
      maxLength: 20,
    }),
  )
  .map(([first, parts]) => [first, ...parts.flat()]);
