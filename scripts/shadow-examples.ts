/** Answers of the commands about shadow, as `--json` prints them; part of `examples.ts`. */
import type { RestartView, ShadowReport } from '../src/actors/modes/shadow-views.ts';

const sha = '3fa2c1d09b7e4d5f8a6b1c2d3e4f5a6b7c8d9e0f';
const merge = '9e8d7c6b5a4f3e2d1c0b9a8f7e6d5c4b3a2f1e0d';
const base = '0f1e2d3c4b5a69788796a5b4c3d2e1f001122334';
const tree = '5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f99887766';

export const shadowReport: ShadowReport = {
  mode: 'shadow',
  since: { at: '2026-01-01T09:00:00.000Z', main: base },
  main: merge,
  counts: {
    compared: 1,
    agreeing: 1,
    conflicts: 0,
    supersessions: 0,
    unmatched: 1,
    pushes: 0,
    lease_overlaps: 0,
    fifo_violations: 0,
    sessions: 4,
  },
  compared: [
    {
      slug: 'login',
      branch: 'feature/login',
      sha,
      class: 'same',
      agrees: true,
      landed_by: merge,
      landed_tree: tree,
      verdict: 'would_integrate',
      base,
      tree,
      evidence: [],
      superseded: 0,
      at: '2026-01-01T10:05:00.000Z',
    },
  ],
  unmatched: [{ commit: base, seen_at: '2026-01-01T09:30:00.000Z' }],
  unmerged: [
    {
      slug: 'search',
      branch: 'feature/search',
      sha,
      state: 'ready',
      verdict: 'would_block',
      base: merge,
      evidence: ['conflict in src/search.ts (stages 1, 2, 3)'],
      current: true,
    },
  ],
};

export const shadowRestarted: RestartView = { since: { at: '2026-01-01T11:00:00.000Z', main: merge } };
