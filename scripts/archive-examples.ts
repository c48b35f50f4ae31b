/** The answer of `events archive`, as `--json` prints it; part of `examples.ts`. */
import type { ArchiveView } from '../src/actors/archive/views.ts';

export const archiveView: ArchiveView = {
  archived: 380,
  files: [
    '/home/ann/.local/state/telec/app-0123456789ab/archives/01jgfjz0q7v5m8n3k2h1g0f9e8/1764547200000-0_1766102400000-2.ndjson.gz',
  ],
  through: '1766102400000-2',
  in_archives: 380,
  in_redis: 32,
  held_back: null,
};
