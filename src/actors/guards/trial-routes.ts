/** The ways to main that a trial goes: what somebody would type, and which guard is to stop it. Data and what runs it. */
import type { GitResult } from '../../io/git/run.ts';
import type { Ground } from './trial-ground.ts';

export interface TrialRoute {
  name: string;
  run(ground: Ground): Promise<GitResult>;
}

const push = (name: string, ...args: string[]): TrialRoute => ({ name, run: ({ git }) => git(['push', ...args]) });
const planted = 'refs/heads/refs/heads/';

/** Ways that reach the remote whatever guards the clone. */
export function serverRoutes({ main, tip, claimed, fence, strange, remote }: Ground, signed: boolean): TrialRoute[] {
  const ref = `refs/heads/${main}`;
  const over = (name: string, by: string) =>
    push(name, '--no-verify', '--atomic', '--force', 'origin', `${claimed}:${ref}`, `${by}:refs/telec/fence`);
  const within = (...args: string[]) => ({
    name: `git ${args[0]} in the remote`,
    run: ({ git }: Ground) => git(args, { cwd: remote.dir, env: { GIT_DIR: remote.dir } }),
  });
  return [
    push('git push', '--no-verify', 'origin', `HEAD:${ref}`),
    push('git push of what looks like a delivery', '--no-verify', 'origin', `${claimed}:${ref}`),
    push('git push --force', '--no-verify', '--force', 'origin', `HEAD:${ref}`),
    push('git push --mirror', '--no-verify', '--mirror', 'origin'),
    push('git push --delete', '--no-verify', '--delete', 'origin', main),
    push('git push of the fence, deleted', '--no-verify', 'origin', ':refs/telec/fence'),
    push('git push of a ref in the way', '--no-verify', 'origin', `HEAD:${planted}${main}`),
    { name: 'git send-pack', run: ({ git }) => git(['send-pack', remote.dir, `HEAD:${ref}`]) },
    over('git push with the fence as it is', fence),
    over('git push with an older fence', strange.older),
    over('git push with a fence out of its sequence', strange.skipped),
    over('git push with a fence that follows none', strange.unrelated),
    ...(signed ? [over('git push with a fence that is not signed', strange.unsigned)] : []),
    within('update-ref', ref, tip),
    within('update-ref', '-d', ref),
  ];
}

/** Ways that the hook of a clone is to stop. */
export const hookRoutes = ({ main, remote }: Ground): TrialRoute[] => [
  push('git push', 'origin', `HEAD:refs/heads/${main}`),
  push('git push --force to the address', '--force', remote.dir, `HEAD:${main}`),
  push('git push --delete', '--delete', 'origin', main),
];

/** Ways around the hook that the wrapper of git is to stop. */
export const wrapperRoutes = ({ main }: Ground): TrialRoute[] => [
  push('git push --no-verify', '--no-verify', 'origin', `HEAD:refs/heads/${main}`),
  {
    name: 'git -c core.hooksPath=',
    run: ({ git }) => git(['-c', 'core.hooksPath=/dev/null', 'push', 'origin', `HEAD:refs/heads/${main}`]),
  },
];
