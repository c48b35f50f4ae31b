/**
 * Tidying in a clone of the user's: removing the work tree and the local branch of a delivered candidate, bringing a
 * local main forward. The user's own git does it, with the user's own configuration, but no hook and no monitor runs.
 *
 * Invariants: nothing is forced. A branch goes only from exactly the commit that was delivered, a work tree only while
 * git itself calls it clean, and a branch that any work tree uses (checked out, or halfway through a rebase) stays. A
 * clone that is no longer there, or is another repository's by now, is left alone.
 */
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { readRepoId } from '../state.ts';
import { describe } from './classify.ts';
import { isClean, listWorktrees, type Worktree } from './clone.ts';
import { pick } from './environment.ts';
import { isObjectId } from './objects.ts';
import { type GitResult, runGit } from './run.ts';

/** How one act ended; `kept` says why it was left alone, and what a person can do. */
export type TidyOutcome =
  | { kind: 'done' }
  | { kind: 'absent' }
  | { kind: 'kept'; detail: string; mend: string | null }
  | { kind: 'failed'; detail: string };

/** A clone as it was when the tidying began. */
export interface Ground {
  /** Git directory that all its work trees share. */
  commonDir: string;
  /** Where its git is run. */
  dir: string;
  /** Local branches (without refs/heads/) that are still there, and where; those that are names for other refs are left out. */
  heads: Map<string, string>;
  /** The remote's main as this clone last saw it. */
  tracking: string | null;
}

/** `gone`: there is no such clone any more. `unreadable`: its git does not answer. */
export type GroundOutcome =
  | { kind: 'ground'; ground: Ground }
  | { kind: 'gone' }
  | { kind: 'unreadable'; detail: string };

const QUESTION_MS = 30_000;
const WORK_MS = 300_000;
/** What git keeps in a work tree's own folder while something is halfway done in it. */
const HALFWAY = ['MERGE_HEAD', 'CHERRY_PICK_HEAD', 'REVERT_HEAD', 'BISECT_LOG', 'rebase-merge', 'rebase-apply'];

const SETTINGS: [string, string][] = [
  ['core.hooksPath', '/dev/null'],
  ['core.fsmonitor', 'false'],
  // Files that git was told not to show are work all the same.
  ['status.showUntrackedFiles', 'normal'],
  ['submodule.recurse', 'false'],
  ['fetch.recurseSubmodules', 'false'],
  // Any commit may be asked for by its id.
  ['protocol.version', '2'],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
];

function environment(): Record<string, string> {
  const files = ['GIT_CONFIG_GLOBAL', 'GIT_CONFIG_SYSTEM', 'GIT_CONFIG_NOSYSTEM'];
  const env = pick(process.env, ['PATH', 'HOME', 'XDG_CONFIG_HOME', 'TMPDIR', ...files]);
  SETTINGS.forEach(([key, value], index) => {
    env[`GIT_CONFIG_KEY_${index}`] = key;
    env[`GIT_CONFIG_VALUE_${index}`] = value;
  });
  const config = { GIT_CONFIG_COUNT: String(SETTINGS.length) };
  return { ...env, ...config, LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0' };
}

function git(dir: string, args: string[], timeoutMs = QUESTION_MS): Promise<GitResult> {
  return runGit({ args, cwd: dir, env: environment(), timeoutMs });
}

const succeeded = (result: GitResult): boolean => result.ended === 'exited' && result.status === 0;

/** What is known of a registered clone of `repoId`, in one process. `tracking` is the full name of the remote's main there. */
export async function surveyClone(commonDir: string, repoId: string, tracking: string): Promise<GroundOutcome> {
  if (!existsSync(join(commonDir, 'HEAD')) || readRepoId(commonDir) !== repoId) return { kind: 'gone' };
  const dir = basename(commonDir) === '.git' ? dirname(commonDir) : commonDir;
  const format = '--format=%(objectname) %(refname) %(symref)';
  const result = await git(dir, ['for-each-ref', format, 'refs/heads', tracking]);
  if (!succeeded(result)) return { kind: 'unreadable', detail: describe(result) };
  const heads = new Map<string, string>();
  let tracked: string | null = null;
  for (const line of result.stdout.toString('utf8').split('\n')) {
    const [id = '', ref = '', target = ''] = line.split(' ');
    if (!isObjectId(id) || target !== '') continue;
    if (ref === tracking) tracked = id;
    else if (ref.startsWith('refs/heads/')) heads.set(ref.slice('refs/heads/'.length), id);
  }
  return { kind: 'ground', ground: { commonDir, dir, heads, tracking: tracked } };
}

/** The work trees of a clone, the main one first; null when its git does not say. */
export async function worktreesOf(ground: Ground): Promise<Worktree[] | null> {
  const list = await listWorktrees({ workTree: ground.dir, mainWorkTree: ground.dir, commonDir: ground.commonDir });
  return list.length === 0 ? null : list;
}

/**
 * Removes the linked work tree that has the branch checked out at `sha`. `occupied`: folders in which somebody is right
 * now; a work tree around one of them stays.
 */
export async function removeWorktree(
  ground: Ground,
  worktrees: readonly Worktree[],
  target: { branch: string; sha: string },
  occupied: readonly string[],
): Promise<TidyOutcome> {
  const users = worktrees.filter(({ branch }) => branch === target.branch);
  if (users.length === 0) return { kind: 'absent' };
  for (const worktree of users) {
    const { path } = worktree;
    const kept = (detail: string, mend: string | null): TidyOutcome => ({ kind: 'kept', detail, mend });
    if (worktree === worktrees[0])
      return kept(`${path} is the main work tree`, `git -C ${quoted(path)} switch <another branch>`);
    if (worktree.locked)
      return kept(`${path} is locked`, `git -C ${quoted(ground.dir)} worktree unlock ${quoted(path)}`);
    if (worktree.head !== target.sha) return kept(`${path} has commits that were not delivered`, null);
    if (occupied.some((folder) => isInside(folder, path)))
      return kept(`${path} is where the command runs`, 'leave that folder');
    if (existsSync(path)) {
      if (isHalfway(path)) return kept(`${path} is halfway through a merge or rebase`, `finish it in ${quoted(path)}`);
      if (!(await isClean({ workTree: path, mainWorkTree: ground.dir, commonDir: ground.commonDir })))
        return kept(`${path} has work that is not committed`, `commit or discard it: git -C ${quoted(path)} status`);
    }
    const result = await git(ground.dir, ['worktree', 'remove', '--end-of-options', path], WORK_MS);
    if (!succeeded(result)) return { kind: 'failed', detail: describe(result) };
  }
  return { kind: 'done' };
}

/** Removes a local branch that is still at `sha` and that no work tree uses. */
export async function removeBranch(
  ground: Ground,
  worktrees: readonly Worktree[],
  target: { branch: string; sha: string },
): Promise<TidyOutcome> {
  const { branch, sha } = target;
  const head = ground.heads.get(branch);
  if (head === undefined) return { kind: 'absent' };
  if (head !== sha) return { kind: 'kept', detail: `it moved on to ${head}`, mend: null };
  const user = worktrees.find((worktree) => worktree.branch === branch);
  if (user)
    return {
      kind: 'kept',
      detail: `it is checked out in ${user.path}`,
      mend: `switch away from it in ${quoted(user.path)}`,
    };
  if (isUsedHalfway(ground.commonDir, branch))
    return { kind: 'kept', detail: 'it is being rebased or bisected', mend: 'finish that first' };
  const ref = `refs/heads/${branch}`;
  const result = await git(ground.dir, ['update-ref', '--no-deref', '-d', '--end-of-options', ref, sha]);
  if (!succeeded(result)) return { kind: 'failed', detail: describe(result) };
  ground.heads.delete(branch);
  // What the clone knew about the branch goes with it; most knew nothing.
  await git(ground.dir, ['config', '--local', '--remove-section', `branch.${branch}`]);
  return { kind: 'done' };
}

/**
 * Brings the local main forward to `tip`, from the repository at `source`, if no work tree has it checked out; what the
 * clone knows of the remote's main goes along when it stood at the same place. `tracking`: its full name.
 */
export async function forwardMain(
  ground: Ground,
  worktrees: readonly Worktree[],
  main: string,
  move: { tip: string; source: string; tracking: string },
): Promise<TidyOutcome> {
  const head = ground.heads.get(main);
  if (head === undefined || head === move.tip) return { kind: 'absent' };
  const user = worktrees.find(({ branch }) => branch === main);
  const advice = `git -C ${quoted(user?.path ?? ground.dir)} pull --ff-only`;
  if (user) return { kind: 'kept', detail: `${main} is checked out in ${user.path}`, mend: advice };
  if (isUsedHalfway(ground.commonDir, main)) return { kind: 'kept', detail: 'it is being rebased', mend: null };
  const quiet = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-auto-maintenance', '--no-recurse-submodules'];
  const fetched = await git(ground.dir, ['fetch', ...quiet, '--end-of-options', move.source, move.tip], WORK_MS);
  if (!succeeded(fetched)) return { kind: 'failed', detail: describe(fetched) };
  const behind = await git(ground.dir, ['merge-base', '--is-ancestor', '--end-of-options', head, move.tip]);
  if (!succeeded(behind)) {
    if (behind.status !== 1) return { kind: 'failed', detail: describe(behind) };
    return {
      kind: 'kept',
      detail: `${main} has commits of its own here`,
      mend: `look at it: git -C ${quoted(ground.dir)} log ${main}`,
    };
  }
  const moved = await moveRef(ground, `refs/heads/${main}`, head, move.tip);
  if (moved.kind !== 'done') return moved;
  // Several deliveries are tidied on one survey: the next of them finds main where this one put it.
  ground.heads.set(main, move.tip);
  if (ground.tracking === head) await moveRef(ground, move.tracking, head, move.tip);
  return moved;
}

async function moveRef(ground: Ground, ref: string, from: string, to: string): Promise<TidyOutcome> {
  const args = ['update-ref', '-m', 'telec: fast-forward', '--no-deref', '--end-of-options', ref, to, from];
  const result = await git(ground.dir, args);
  return succeeded(result) ? { kind: 'done' } : { kind: 'failed', detail: describe(result) };
}

/** A path or a branch as a person can paste it into a shell. */
export function quoted(path: string): string {
  return /^[A-Za-z0-9_./~+@%:-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

function isInside(folder: string, parent: string): boolean {
  const [inner, outer] = [folder, parent].map((path) => {
    try {
      return realpathSync(path);
    } catch {
      return path;
    }
  }) as [string, string];
  return inner === outer || inner.startsWith(outer.endsWith(sep) ? outer : outer + sep);
}

/** Nothing lies there. Anything else that keeps a file from being read says nothing, and what is unknown is not safe. */
function isAbsence(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
}

/** Whether something is halfway done in the linked work tree at `path`. */
function isHalfway(path: string): boolean {
  try {
    const own = /^gitdir: (.+?)\r?\n?$/.exec(readFileSync(join(path, '.git'), 'utf8'))?.[1];
    return own !== undefined && HALFWAY.some((name) => existsSync(join(own, name)));
  } catch (error) {
    return !isAbsence(error);
  }
}

/** Whether a work tree without a branch is working on this one: git shows its HEAD as detached meanwhile. */
function isUsedHalfway(commonDir: string, branch: string): boolean {
  const folders = [commonDir];
  try {
    for (const name of readdirSync(join(commonDir, 'worktrees'))) folders.push(join(commonDir, 'worktrees', name));
  } catch (error) {
    // Absent: no linked work trees.
    if (!isAbsence(error)) return true;
  }
  const names = ['rebase-merge/head-name', 'rebase-apply/head-name', 'BISECT_START'];
  return folders.some((folder) =>
    names.some((name) => {
      try {
        const said = readFileSync(join(folder, name), 'utf8').trim();
        return said === branch || said === `refs/heads/${branch}`;
      } catch (error) {
        return !isAbsence(error);
      }
    }),
  );
}
