/**
 * A bare repository on this machine, asked by git for what the guards need to know of it. Reads, but for one setting of
 * its own configuration: where its hooks are. No configuration of the caller counts.
 */
import { chownSync, existsSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, TelecError } from '../../errors.ts';
import { pick } from '../git/environment.ts';
import { isObjectId } from '../git/objects.ts';
import { type GitResult, runGit } from '../git/run.ts';

export interface BareRepository {
  /** Absolute and real. */
  dir: string;
  /** Folder of its hooks, absolute, as its own configuration says. */
  hooks: string;
  /** Value of `core.hooksPath` in its own configuration, null without one. */
  hooksPath: string | null;
  /** Its file system takes names that differ in the case of letters for one. */
  ignoreCase: boolean;
  /** Branch that HEAD names. */
  head: string | null;
  fence: string | null;
}

const FENCE_REF = 'refs/telec/fence';

function ask(dir: string, ...args: string[]): Promise<GitResult> {
  const env = {
    ...pick(process.env, ['PATH', 'TMPDIR', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH']),
    LC_ALL: 'C',
    GIT_DIR: dir,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_NO_REPLACE_OBJECTS: '1',
    // It may belong to the account that serves pushes.
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'safe.directory',
    GIT_CONFIG_VALUE_0: '*',
  };
  return runGit({ args, cwd: dir, env });
}

async function line(dir: string, ...args: string[]): Promise<string | null> {
  const { ended, status, stdout } = await ask(dir, ...args);
  const text = stdout.toString('utf8').replace(/\n$/, '');
  return ended === 'exited' && status === 0 && text !== '' ? text : null;
}

/** The bare repository at `path`. Thrown: NOT_BARE (2) when there is none. */
export async function openBare(path: string): Promise<BareRepository> {
  const refuse = (why: string): never => {
    throw new TelecError('NOT_BARE', EXIT.usage, `${path} ${why}`, {
      hint: 'name the folder of a bare repository: telec guard install --server <path>',
    });
  };
  const dir = existsSync(path) ? realpathSync(path) : refuse('does not exist');
  if ((await line(dir, 'rev-parse', '--is-bare-repository')) !== 'true') refuse('is no bare repository');
  const [hooks, hooksPath, ignoreCase, head, fence] = await Promise.all([
    line(dir, 'rev-parse', '--path-format=absolute', '--git-path', 'hooks'),
    line(dir, 'config', '--local', '--includes', '--get', 'core.hooksPath'),
    line(dir, 'config', '--local', '--type=bool', '--get', 'core.ignoreCase'),
    line(dir, 'symbolic-ref', '--quiet', 'HEAD'),
    line(dir, 'show-ref', '--verify', '--hash', FENCE_REF),
  ]);
  return {
    dir,
    hooks: hooks ?? join(dir, 'hooks'),
    hooksPath,
    ignoreCase: ignoreCase === 'true',
    head: head?.startsWith('refs/heads/') ? head.slice('refs/heads/'.length) : null,
    fence: fence !== null && isObjectId(fence) ? fence : null,
  };
}

/** The message of a commit of the repository, null when there is none. */
export async function messageOf({ dir }: BareRepository, commit: string): Promise<string | null> {
  const { status, stdout } = await ask(dir, 'log', '-1', '--no-show-signature', '--format=%B', commit, '--');
  return status === 0 ? stdout.toString('utf8') : null;
}

/**
 * Whose the file is now, to be given to the one that takes its place: an administrator's would shut the account out that
 * serves pushes.
 */
export function ownerOf(path: string): (successor: string) => void {
  const before = process.getuid?.() === 0 ? statSync(path, { throwIfNoEntry: false }) : undefined;
  return (successor) => {
    if (before) chownSync(successor, before.uid, before.gid);
  };
}

/** Says in the repository's own configuration where its hooks are; null takes the setting away. Thrown: GUARD_FAILED (1). */
export async function setHooksPath({ dir }: BareRepository, path: string | null): Promise<void> {
  const args = path === null ? ['--unset-all', 'core.hooksPath'] : ['--replace-all', 'core.hooksPath', path];
  const file = join(dir, 'config');
  const giveTo = ownerOf(file);
  const { status, stderr } = await ask(dir, 'config', '--local', ...args);
  giveTo(file);
  // 5: there is nothing to take away.
  if (status === 0 || (path === null && status === 5)) return;
  throw new TelecError('GUARD_FAILED', EXIT.domain, `${dir} cannot be configured: ${stderr.trim()}`, {
    hint: 'run it as the account that owns the repository',
  });
}
