/** The answer of `telec priority` for the page docs/cli.md and the tests of the command line. */
import type { PriorityView } from '../src/actors/turns/views.ts';

export const prioritySet: PriorityView = {
  slug: 'login',
  priority: 'urgent',
  changed: true,
  decided: {
    actor: 'admin/ann@desk',
    reason: 'customers cannot log in',
    since: '2026-01-01T10:01:00.000Z',
  },
  place: 1,
  overtakes: 2,
};
