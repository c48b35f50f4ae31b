/** Answers of the rollout commands, as `--json` prints them; part of `examples.ts`. */
import type { GateView, ReportView, RolloutStatusView, SliceView } from '../src/actors/rollout/views.ts';
import type { GoDecision } from '../src/machines/rollout-evidence.ts';

const slice: SliceView = {
  slug: 'search-index',
  stage: 'next',
  delivered: null,
  artifacts: { complete: true, missing: [] },
  status: 'pass',
  score: 8,
  drafted_by: 'draft-1',
  judged_by: 'gate-1',
  via: 'dispatched',
  gates: [{ name: 'intent_and_success', verdict: 'pass', reason: 'the wanted answer time is a number' }],
  blockers: [],
  reasons: [],
  next_action: 'dispatch now, as the first slice to build',
};

const go: GoDecision = {
  cutover: 'search-cutover',
  shadow: 'search-shadow',
  verdict: 'no_go',
  points: [
    {
      id: 'shadow_delivered',
      asks: 'what runs in shadow is delivered and approved',
      met: false,
      evidence: null,
      missing: ['search-shadow is not delivered'],
    },
  ],
};

export const rolloutStatus: RolloutStatusView = {
  log: 'read',
  mode: 'live',
  consistent: true,
  rollouts: [
    {
      slug: 'search-rollout',
      ordered: true,
      status: 'pass',
      score: 8,
      ready: true,
      not_ready: [],
      slices: [slice],
      next: 'search-index',
      blockers: [],
      go,
      problems: [],
    },
  ],
  problems: [],
};

export const gateView: GateView = { ...slice, rollout: 'search-rollout', may_be_built: true, go: null, problems: [] };

export const reportView: ReportView = {
  slug: 'search-rollout',
  text: '## Rollout Readiness Matrix\n\n...\n',
  written: ['todos/search-rollout/dor-report.md'],
  follow_up: null,
};
