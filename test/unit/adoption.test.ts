/** What of an older flow may be adopted: every reason against it by itself and all together, and what is missing. */
import { describe, expect, test } from 'vitest';
import { readOlderState } from '../../src/io/todos/older-state.ts';
import { type AdoptionFacts, judgeAdoption } from '../../src/machines/adoption.ts';
import { SHA_A, SHA_B } from '../support/sample-payloads.ts';

const NOW = Date.parse('2026-03-05T12:00:00.000Z');
const sound: AdoptionFacts = {
  slug: 'login',
  branch: 'login',
  head: SHA_A,
  pushedHead: SHA_A,
  sha: SHA_A,
  readyAt: '2026-03-05T10:00:00.123456+00:00',
  approvedRound: 2,
  changed: [],
  isOnMain: false,
  review: null,
  known: null,
  isOutranked: false,
  now: NOW,
};
const codes = (facts: Partial<AdoptionFacts>) => {
  const judgement = judgeAdoption({ ...sound, ...facts });
  return judgement.kind === 'not_adoptable' ? judgement.reasons.map(({ code }) => code) : judgement.kind;
};

describe('S4-R1 a delivery of an older flow', () => {
  test('is adopted by telling the log all that it lacks', () => {
    expect(judgeAdoption(sound)).toEqual({
      kind: 'adoptable',
      missing: ['review.approved', 'branch.pushed', 'deployment.started'],
      reviewRound: 2,
    });
    const approved = { round: 2, verdict: 'approved', sha: null } as const;
    expect(
      judgeAdoption({ ...sound, approvedRound: null, review: approved, known: { pushed: false, isFinal: false } }),
    ).toEqual({ kind: 'adoptable', missing: ['branch.pushed'], reviewRound: 1 });
  });

  test('is known already when the log lacks nothing, or when it is over', () => {
    const review = { round: 2, verdict: 'approved', sha: SHA_A } as const;
    expect(codes({ review, known: { pushed: true, isFinal: false } })).toBe('already_known');
    expect(codes({ isOnMain: true, pushedHead: null })).toBe('already_known');
    expect(codes({ known: { pushed: false, isFinal: true } })).toBe('already_known');
  });

  test.each([
    [{ branch: 'a..b' }, ['bad_branch']],
    [{ sha: 'HEAD' }, ['bad_sha']],
    [{ readyAt: 'yesterday' }, ['bad_ready_at']],
    [{ readyAt: '2026-03-05T12:06:00Z' }, ['bad_ready_at']],
    [{ changed: null }, ['not_clean']],
    [{ changed: ['a', 'b'] }, ['not_clean']],
    [{ sha: SHA_B }, ['head_moved']],
    [{ pushedHead: SHA_B }, ['not_pushed']],
    [{ pushedHead: null }, ['not_pushed']],
    [{ approvedRound: null }, ['not_reviewed']],
    [{ review: { round: 2, verdict: 'changes_requested', sha: null } }, ['review_elsewhere']],
    [{ review: { round: 3, verdict: 'approved', sha: SHA_B } }, ['review_elsewhere']],
    [{ isOutranked: true }, ['newer_delivery']],
    [
      { readyAt: 'x', changed: ['a'], sha: SHA_B, pushedHead: null, approvedRound: null, isOutranked: true },
      ['bad_ready_at', 'not_clean', 'head_moved', 'not_pushed', 'not_reviewed', 'newer_delivery'],
    ],
  ] as [Partial<AdoptionFacts>, string[]][])('is not adopted with %j, and each reason is named', (facts, reasons) => {
    expect(codes(facts)).toEqual(reasons);
  });

  test('an earlier round of the log does not stand in the way', () => {
    expect(codes({ review: { round: 1, verdict: 'changes_requested', sha: null } })).toBe('adoptable');
  });

  test('its record is read leniently: what telec does not know is passed over, what is broken is none', () => {
    const text = [
      'schema_version: 1',
      'phase: in_progress # older',
      'build: complete',
      'review: approved',
      'review_round: 3',
      'unresolved_findings: [R1, R2]',
      'finalize: {status: handed_off, branch: login, sha: abc, ready_at: 2026-03-05T10:00:00+00:00, extra: 1}',
    ].join('\n');
    expect(readOlderState('state.yaml', text)).toEqual({
      isBuilt: true,
      isApproved: true,
      reviewRound: 3,
      finalize: { branch: 'login', sha: 'abc', readyAt: '2026-03-05T10:00:00+00:00', sessionId: null },
    });
    expect(readOlderState('state.yaml', 'finalize: {status: pending}')?.finalize).toBeNull();
    expect(readOlderState('state.yaml', 'finalize: ready')?.finalize).toBeNull();
    for (const broken of ['a: [', '- a', 'text']) expect(readOlderState('state.yaml', broken)).toBeNull();
  });
});
