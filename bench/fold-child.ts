/** Opens a log and folds it as a starting daemon does: `replay` from its start, leaving a snapshot, or `restart` from that. */
import { openHost } from '../src/actors/host.ts';
import type { FoldAnswer } from './fold.ts';

const [mode, folder = ''] = process.argv.slice(2);
const rssBeforeMb = process.memoryUsage.rss() / 1e6;
const before = performance.now();
const host = await openHost({ repoId: 'bench', folder, redisUrl: null, source: 'integrator/bench' });
await host.dispatcher.catchUp();
const ms = performance.now() - before;
const answer: FoldAnswer = {
  ms,
  finished: host.repository.counts().completed,
  rssMb: process.memoryUsage.rss() / 1e6,
  rssBeforeMb,
};
if (mode === 'replay') host.save();
await host.close();
process.stdout.write(JSON.stringify(answer));
