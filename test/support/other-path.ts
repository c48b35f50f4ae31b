/**
 * Another path that moves main of a world, as people and scripts do it: with git, in a clone of its own, past telec.
 * Every commit is pushed at once; each act answers main as it is then.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { World } from './e2e-world.ts';
import { git, hermeticEnv, tryGit } from './git-repo.ts';

export interface OtherPath {
  /** What the clock of the path shows, ms; null: the time it is. */
  clock: number | null;
  /** A merge commit, however far it could be fast-forwarded. */
  merge(...shas: string[]): string;
  /** A merge whose conflicts are settled by `files`; without a conflict they are changed on top of it (an evil merge). */
  mergeBy(sha: string, files: Record<string, string>): string;
  /** One commit with all that the branch brings. */
  squash(sha: string): string;
  squashBy(sha: string, files: Record<string, string>): string;
  /** The commits of the branch, made again on main. */
  rebase(sha: string): string;
  /** The branch itself becomes main. */
  fastForward(sha: string): string;
  pick(...shas: string[]): string;
  /** Main is merged into the branch, and then moved onto it: its old tip is no first parent of the new one. */
  foxtrot(sha: string): string;
  /** A commit of nobody's branch. */
  commit(files: Record<string, string>): string;
}

export function otherPath(world: World): OtherPath {
  const dir = join(world.dir, 'other');
  let made = 0;
  const attempt = (...args: string[]) => {
    const date = `${Math.floor((path.clock ?? Date.now()) / 1000)} +0000`;
    return tryGit(dir, args, { env: { ...hermeticEnv, GIT_COMMITTER_DATE: date } });
  };
  const run = (...args: string[]) => {
    const answer = attempt(...args);
    if (answer.status !== 0) throw new Error(`git ${args.join(' ')} failed: ${answer.stderr}${answer.stdout}`);
  };
  const begin = () => {
    if (!existsSync(dir)) git(world.dir, 'clone', '--quiet', '--template=', world.remoteDir, dir);
    run('fetch', '--quiet', 'origin');
    run('checkout', '--quiet', '-B', 'main', 'origin/main');
    run('reset', '--quiet', '--hard', 'origin/main');
  };
  const write = (files: Record<string, string>) => {
    for (const [path, content] of Object.entries(files)) writeFileSync(join(dir, path), content);
    run('add', '--all');
  };
  const push = () => {
    run('push', '--quiet', 'origin', 'main');
    return world.main();
  };
  const act = (deed: () => void) => {
    begin();
    made += 1;
    deed();
    return push();
  };
  const path: OtherPath = {
    clock: null,
    merge: (...shas) => act(() => run('merge', '--quiet', '--no-ff', '-m', `merge ${made}`, ...shas)),
    mergeBy: (sha, files) =>
      act(() => {
        attempt('merge', '--quiet', '--no-ff', '--no-commit', sha);
        write(files);
        run('commit', '--quiet', '-m', `merge by hand ${made}`);
      }),
    squash: (sha) =>
      act(() => {
        run('merge', '--quiet', '--squash', sha);
        run('commit', '--quiet', '-m', `squash ${made}`);
      }),
    squashBy: (sha, files) =>
      act(() => {
        attempt('merge', '--quiet', '--squash', sha);
        write(files);
        run('commit', '--quiet', '-m', `squash by hand ${made}`);
      }),
    rebase: (sha) =>
      act(() => {
        run('checkout', '--quiet', '-B', 'topic', sha);
        run('rebase', '--quiet', 'main');
        run('checkout', '--quiet', 'main');
        run('merge', '--quiet', '--ff-only', 'topic');
      }),
    fastForward: (sha) => act(() => run('merge', '--quiet', '--ff-only', sha)),
    pick: (...shas) => act(() => run('cherry-pick', ...shas)),
    foxtrot: (sha) =>
      act(() => {
        run('checkout', '--quiet', '-B', 'topic', sha);
        run('merge', '--quiet', '--no-ff', '-m', `main into the branch ${made}`, 'main');
        run('checkout', '--quiet', 'main');
        run('merge', '--quiet', '--ff-only', 'topic');
      }),
    commit: (files) =>
      act(() => {
        write(files);
        run('commit', '--quiet', '-m', `direct ${made}`);
      }),
  };
  return path;
}
