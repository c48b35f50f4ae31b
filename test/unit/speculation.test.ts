/** The rules of speculation one by one: what lands, what is tested next, who failed by itself, how many are taken. */
import { describe, expect, test } from 'vitest';
import {
  type Aside,
  BATCH_MAX,
  batchFor,
  type ChainState,
  capacity,
  companyAt,
  culpritAt,
  type Entry,
  landable,
  nextToTest,
  openWindow,
  type Verdict,
} from '../../src/machines/speculation.ts';

const VERDICTS: Record<string, Verdict> = { f: 'free', u: 'untested', r: 'running', P: 'passed', X: 'failed' };

/** A chain with a letter an entry; `|` where somebody set aside stands between two. */
function state(letters: string, more: Partial<ChainState> = {}): ChainState {
  const chain: Entry[] = [];
  const aside: Aside[] = [];
  let base = 'main';
  for (const letter of letters) {
    const taken = { slug: `s${chain.length}`, branch: 'b', sha: 'c', attempt: 1, dequeuedAt: '' };
    if (letter === '|') aside.push({ ...taken, slug: `aside${aside.length}`, base, because: 'checks' });
    else {
      const tip = `${base}+`;
      chain.push({ ...taken, base, tip, mergeCommit: tip, tree: tip, skipped: 0, verdict: VERDICTS[letter] ?? 'free' });
      base = tip;
    }
  }
  return { chain, aside, patience: 0, trainLimit: 9, ...more };
}

describe('how many land', () => {
  test.each<[string, number, Partial<ChainState>?]>([
    ['', 0],
    ['fff', 3],
    ['PPr', 2],
    ['rP', 0],
    ['uuP', 3],
    ['uur', 0],
    ['Pfu', 2],
    // Free, but behind one that is not proved.
    ['uf', 0],
    ['PXP', 1],
    // Redeemed by the next one, and by none further behind than the patience reaches.
    ['PXP', 3, { patience: 1 }],
    ['XXP', 0, { patience: 1 }],
    ['XXP', 3, { patience: 2 }],
    ['XuuP', 0, { patience: 2 }],
    ['XuuP', 4, { patience: 3 }],
    ['XP', 0, { patience: 1, trainLimit: 1 }],
    ['PPPP', 2, { trainLimit: 2 }],
    ['uuP', 0, { trainLimit: 2 }],
    // Whoever is set aside has its turn first.
    ['P|P', 1],
    ['u|P', 0],
  ])('of %s: %i', (letters, landing, more = {}) => {
    expect(landable(state(letters, more))).toBe(landing);
  });
});

describe('who shares a test', () => {
  test.each([
    ['uuX', 2],
    ['PuX', 1],
    ['u|uX', 1],
    ['uu|X', 0],
  ])('with the last of %s: %i before it', (letters, count) => {
    const made = state(letters);
    expect(companyAt(made, made.chain.length - 1)).toBe(count);
  });
});

describe('who failed by itself', () => {
  test.each<[string, number, Partial<ChainState>?]>([
    ['PX', 1],
    ['X', 0],
    // One of three, and nobody knows which.
    ['uuX', -1],
    ['u|X', 1],
    ['rX', 1],
    // It may still be redeemed.
    ['Xr', -1, { patience: 1 }],
    ['XP', -1, { patience: 1 }],
    ['XX', 0, { patience: 1 }],
    ['XXr', 0, { patience: 1 }],
    ['X|r', 0, { patience: 1 }],
    ['Xr', 0, { patience: 1, trainLimit: 1 }],
    ['Xr', 0],
  ])('of %s: %i', (letters, at, more = {}) => {
    expect(culpritAt(state(letters, more))).toBe(at);
  });
});

describe('what is tested next', () => {
  test.each<[string, boolean, number, Partial<ChainState>?]>([
    // The middle of a batch that failed.
    ['uX', true, 0],
    ['uuuX', true, 1],
    ['uuuuuX', true, 2],
    ['X', true, -1],
    // The last of a batch that is closed.
    ['uu', true, 1],
    ['uu', false, -1],
    ['uf', false, 0],
    ['u|u', false, 0],
    ['ur', false, -1],
    // Passed together, and too many for one push.
    ['uuuP', false, 1, { trainLimit: 2 }],
    ['uuuP', false, -1, { trainLimit: 4 }],
  ])('of %s, closed %s: %i', (letters, closed, at, more = {}) => {
    expect(nextToTest(state(letters, more), closed)).toBe(at);
  });
});

test('a chain without anything to test holds what one push takes, another what the window can test in batches', () => {
  const limits = { window: openWindow(4), batch: 3, trainLimit: 5 };
  expect(capacity(state('').chain, limits)).toBe(5);
  expect(capacity(state('ff').chain, limits)).toBe(5);
  expect(capacity(state('fr').chain, limits)).toBe(12);
  expect(capacity(state('r').chain, { ...limits, trainLimit: 20 })).toBe(20);
});

test.each([
  [0, BATCH_MAX],
  [0.01, BATCH_MAX],
  [0.02, 6],
  [0.05, 3],
  [0.1, 2],
  [0.25, 1],
  [1, 1],
  [null, 1],
])('at a failure rate of %s so many are tested together: %i', (rate, count) => {
  expect(batchFor(rate)).toBe(count);
});
