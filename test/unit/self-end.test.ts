/** Who may end itself: the matrix, and that the integrator's row is what a session asks before it calls its work done. */
import { expect, test } from 'vitest';
import { mayEndItself, SELF_END, type SessionKind } from '../../src/machines/self-end.ts';

const done = { queued: 0, integrating: 0, handOvers: 0 };

test('Spec-11 only the integrator, and what hands nothing over, may end itself', () => {
  const kinds = Object.keys(SELF_END) as SessionKind[];
  expect(kinds.filter((kind) => mayEndItself(kind, done))).toEqual(['integrator', 'utility']);
});

test.each([
  ['a candidate is queued', { ...done, queued: 1 }],
  ['a candidate is in hand', { ...done, integrating: 1 }],
])('Spec-11 Spec-10 the integrator may not end itself while %s', (_what, unfinished) => {
  expect(mayEndItself('integrator', unfinished)).toBe(false);
});

test('Spec-11 a session that hands something over waits until it is taken', () => {
  expect(mayEndItself('utility', { ...done, handOvers: 1 })).toBe(false);
  expect(mayEndItself('utility', { ...done, queued: 5 })).toBe(true);
});
