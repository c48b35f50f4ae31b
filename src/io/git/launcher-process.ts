/**
 * The program of the launching process (see launcher.ts): runs git as it is told over its channel, and ends with it.
 * Loads next to nothing, because being small is what it is for.
 */
import type { LaunchReply, LaunchRequest } from './launcher.ts';
import { runGit } from './run.ts';

const running = new Map<number, AbortController>();

function reply(message: LaunchReply): void {
  process.send?.(message, () => undefined);
}

process.on('disconnect', () => process.exit(0));
process.on('message', ({ id, run }: LaunchRequest) => {
  if (run === null) {
    running.get(id)?.abort();
    return;
  }
  const abort = new AbortController();
  running.set(id, abort);
  void runGit({ ...run, signal: abort.signal }).then((result) => {
    running.delete(id);
    reply({ kind: 'ended', id, result });
  });
});
reply({ kind: 'up' });
