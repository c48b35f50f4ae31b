/** What the commands about checks answer, as `--json` prints it. */
import type { CheckLogView, CheckRunDetail, ChecksView, TestsView } from '../src/actors/tests/views.ts';

const sha = '3fa2c1d09b7e4d5f8a6b1c2d3e4f5a6b7c8d9e0f';
const tree = '5d4c3b2a1f0e9d8c7b6a5f4e3d2c1b0a9f8e7d6c';
const log = '/home/ann/.local/state/telec/app-0123456789ab/checks/logs/unit-5d4c3b2a1f0e-1.log';

export const tests: TestsView = {
  configured: true,
  window: { size: 4, max: 8 },
  chain: [
    { key: `login/feature/login@${sha}`, verdict: 'running', because: null },
    { key: `search/feature/search@${sha}`, verdict: 'untested', because: null },
  ],
  running: 1,
  failure_rate: 0.04,
};

export const runDetail: CheckRunDetail = {
  check: 'unit',
  tree,
  run: 1,
  state: 'failed',
  since: '2026-01-01T10:00:42.000Z',
  duration_ms: 12_300,
  cached: false,
  flaked: false,
  failure: { kind: 'failed', exit_status: 1, signal: null, log, final: true },
  output_tail: 'not ok 7 - the total counts the discount\n',
};

const { output_tail: _, ...run } = runDetail;

export const checksView: ChecksView = {
  window: { size: 4, max: 8 },
  failure_rate: 0.04,
  checks: [
    {
      check: 'unit',
      run: 'npm test',
      timeout_ms: 600_000,
      paths: null,
      passed: 96,
      failed: 4,
      flaked: 1,
      cached: 7,
      pass_rate: 0.96,
      flake_rate: 0.01,
      mean_ms: 12_300,
    },
  ],
  failing: [{ slug: 'login', branch: 'feature/login', sha, candidate_state: 'blocked', ...run }],
};

export const checkLog: CheckLogView = {
  slug: 'login',
  branch: 'feature/login',
  sha,
  check: 'unit',
  tree,
  run: 1,
  file: log,
  text: 'ok 6 - a total without a discount\nnot ok 7 - the total counts the discount\n',
};
