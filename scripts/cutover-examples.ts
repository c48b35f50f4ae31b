/** Answers of the cutover commands, as `--json` prints them; part of `examples.ts`. */
import type { CutoverView, EnabledView, RolledBackView } from '../src/actors/modes/views.ts';

const sha = '3fa2c1d09b7e4d5f8a6b1c2d3e4f5a6b7c8d9e0f';

export const cutoverStatus: CutoverView = {
  mode: 'shadow',
  reason: 'another path moves main',
  enabled: false,
  parity_evidence_accepted: false,
  rollback_on_incomplete_parity: true,
  rollback_required: false,
  go: [
    {
      id: 'parity',
      asks: 'shadow agrees with the other path on all of at least 20 candidates and pushes nothing',
      met: false,
      evidence: null,
      missing: ['12 compared, 20 wanted'],
    },
  ],
  missing: ['12 compared, 20 wanted', 'login on work/login is still under an older flow'],
  in_flight: [{ slug: 'login', branch: 'work/login', sha, worktree: '/home/ann/trees/login', found_by: 'finalize' }],
  cutover: null,
  rollback: null,
  permit: null,
};

export const enabled: EnabledView = {
  ...cutoverStatus,
  mode: 'live',
  reason: null,
  enabled: true,
  parity_evidence_accepted: true,
  go: [],
  missing: [],
  in_flight: [],
  cutover: { at: '2026-01-01T10:00:00.000Z', main: sha, evidence: '20 of 20 agree', dropped: [] },
  changed: true,
};

export const rolledBack: RolledBackView = {
  mode: 'shadow',
  drill: false,
  reason: 'main is broken',
  in_hand: [`login/work/login@${sha}`],
};
