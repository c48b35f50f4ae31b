/** The answer of `telec audit`, as `--json` prints it; part of `examples.ts`. */
import type { AuditView } from '../src/actors/audit/views.ts';

export const audit: AuditView = {
  from: '3fa2c1d09b7e4d5f8a6b1c2d3e4f5a6b7c8d9e0f',
  to: '9e8d7c6b5a4f3e2d1c0b9a8f7e6d5c4b3a2f1e0d',
  commits: 128,
  violations: [],
  remarks: [
    {
      commit: '5a4f3e2d1c0b9a8f7e6d5c4b3a2f1e0d9e8d7c6b',
      code: 'permitted',
      text: 'permitted by admin/ann@desk (the registry was down)',
    },
  ],
};
