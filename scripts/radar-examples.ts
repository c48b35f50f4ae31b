/** Answers of `telec radar`, as `--json` prints them; part of `examples.ts`. */
import type { RadarRow, RadarView } from '../src/actors/radar/views.ts';

const radarRow: RadarRow = {
  branch: 'work/login',
  sha: '1a2b3c4d5e6f7081920a1b2c3d4e5f60718293a4',
  slug: 'login',
  owner: 'worker-7',
  owner_from: 'pushed',
  with: {
    kind: 'branch',
    branch: 'work/search',
    sha: 'c0ffee4d5e6f7081920a1b2c3d4e5f60718293a4',
    slug: null,
    owner: 'Ada <ada@example.org>',
    owner_from: 'author',
    lands: null,
  },
  paths: ['src/session.ts'],
  paths_omitted: 0,
  since: '2026-01-01T10:00:00.000Z',
};

export const radarView: RadarView = { rows: [radarRow], compared: 2, left_out: 0 };
