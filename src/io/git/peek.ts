/** One look at a remote's fence before the private repository exists: what it says decides that repository's place. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, TelecError } from '../../errors.ts';
import { describe } from './classify.ts';
import { discreet } from './credentials.ts';
import { closedEnvironment, REMOTE, type TransportSettings, transportEnvironment } from './environment.ts';
import { trailer } from './history.ts';
import { runGit } from './run.ts';

const FENCE_REF = 'refs/telec/fence';
const LOOK_MS = 60_000;

/**
 * The repository id and main branch that the remote's fence names, or null when it has no fence. `folder` is an empty
 * scratch folder of the caller. Thrown: REMOTE_UNREACHABLE (exit 3).
 */
export async function peekFence(
  folder: string,
  remote: TransportSettings,
): Promise<{ repo: string; main: string } | null> {
  const dir = join(folder, 'peek');
  const globalConfig = join(folder, 'config');
  writeFileSync(globalConfig, '', { mode: 0o600 });
  const init = await runGit({ args: ['init', '--quiet', '--bare', dir], cwd: folder, env: closedEnvironment(folder) });
  const env = transportEnvironment(dir, remote, globalConfig);
  const listed = await discreet(
    runGit,
    remote,
  )({
    args: ['ls-remote', '--quiet', '--refs', REMOTE, FENCE_REF],
    cwd: dir,
    env,
    timeoutMs: LOOK_MS,
  });
  if (init.status !== 0 || listed.ended !== 'exited' || listed.status !== 0) {
    throw new TelecError('REMOTE_UNREACHABLE', EXIT.unreachable, `the remote cannot be read: ${describe(listed)}`, {
      hint: 'check the remote with: git ls-remote',
      retryable: true,
    });
  }
  // The pattern matches the tail of names; only the whole name is the fence.
  const there = listed.stdout
    .toString('utf8')
    .split('\n')
    .some((line) => line.endsWith(`\t${FENCE_REF}`));
  if (!there) return null;
  const fetched = await runGit({
    args: ['fetch', '--quiet', '--no-tags', '--depth=1', REMOTE, `+${FENCE_REF}:${FENCE_REF}`],
    cwd: dir,
    env,
    timeoutMs: LOOK_MS,
  });
  const shown = await runGit({
    args: ['log', '-1', '--format=%B', FENCE_REF, '--'],
    cwd: dir,
    env: closedEnvironment(dir),
  });
  if (fetched.status !== 0 || shown.status !== 0) return null;
  const message = shown.stdout.toString('utf8');
  const repo = trailer(message, 'Telec-Repo');
  const main = trailer(message, 'Telec-Main');
  return repo && main ? { repo, main } : null;
}
