/**
 * Puts the guards of a repository in on this machine and takes them out again: the hook in every clone registered here,
 * the wrappers in the state folder, and the file that tells them whom to ask. One at a time; again, it changes nothing.
 * `putGuards` does the same in any one clone, with any program and any file.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { EXIT, TelecError } from '../../errors.ts';
import { type Clone, discoverClone, hookFolders, userEnvironment } from '../../io/git/clone.ts';
import {
  type GuardFile,
  guardFilePath,
  type HookEntry,
  hooksPathLines,
  readGuardFile,
  removeGuardFile,
  workTreeOf,
  wrapperFolder,
  writeGuardFile,
} from '../../io/guards/guard-file.ts';
import { partFile, putIn, takeOut } from '../../io/guards/hook-file.ts';
import { guardProgram } from '../../io/guards/program.ts';
import type { WrapperFacts } from '../../io/guards/shell-text.ts';
import { placeOf, urlsOf } from '../../io/guards/user-git.ts';
import { removeWrappers, writeWrappers } from '../../io/guards/wrapper-files.ts';
import { type FileLock, lockFile } from '../../io/lock.ts';
import { ensurePrivateFolder, registeredClones } from '../../io/state.ts';
import type { CommandContext } from '../client.ts';
import type { Workspace } from '../workspace.ts';

const HOOK = 'pre-push';
/** How long a second installation waits for the first, ms. */
const BUSY_MS = 10_000;
const LOOK_MS = 20;

/** What the guards of one clone are to know and where they are to be told it. */
export interface GuardPlan extends Omit<GuardFile, 'hooks'> {
  /** Path of the guards' file. */
  path: string;
}

/** The shells' share of a plan. */
export const factsOf = ({ repo_id, main, program, bin }: Omit<GuardFile, 'hooks'>, path: string): WrapperFacts => ({
  repoId: repo_id,
  main,
  program,
  bin,
  guardFile: path,
});

/** The plan for a repository: its log, what its remote is called in all ways, and this telec as the program. */
export async function planFor(workspace: Workspace, logId: string): Promise<GuardPlan> {
  const { clone, config, folder, repoId } = workspace;
  return {
    path: guardFilePath(folder),
    repo_id: repoId,
    folder,
    log_id: logId,
    main: config.main,
    remote: config.remote,
    places: await placesOf(clone, config.remote),
    work_tree: workspace.mainWorkTree,
    shared: config.redis !== 'embedded',
    program: guardProgram(),
    bin: wrapperFolder(folder),
    record: true,
  };
}

/** What all URLs of a remote mean, sorted. */
async function placesOf(clone: Clone, remote: string): Promise<string[]> {
  const urls = await urlsOf({ cwd: clone.mainWorkTree, env: userEnvironment(), globals: [] }, remote);
  return [...new Set(urls.map((url) => placeOf(url, clone.mainWorkTree)))].sort();
}

/** What is to be known of a hook in a folder of several repositories. */
export const SHARED = 'its folder is shared with other repositories, in whose clones it does nothing';

/** Puts hook and wrappers in for these clones; false when all was as it should be. Thrown: GUARD_FILES (2). */
export async function putGuards(
  plan: GuardPlan,
  clones: readonly Clone[],
  say: (line: string) => void = () => undefined,
): Promise<boolean> {
  const { path, ...rest } = plan;
  const facts = factsOf(plan, path);
  const hooks: HookEntry[] = [];
  let changed = false;
  for (const clone of clones) {
    for (const { folder, visible, shared } of await hookFolders(clone)) {
      const hook = join(folder, HOOK);
      const lines = hooksPathLines(clone.commonDir);
      hooks.push({ clone: clone.commonDir, path: hook, hooks_path: lines, ours: !visible, shared });
      if (!onFiles(hook, () => putIn(visible ? partFile(clone.commonDir) : hook, facts, shared))) continue;
      changed = true;
      if (shared) say(`the hook is put into ${hook}, where git looks; ${SHARED}`);
    }
  }
  const known = readGuardFile(path);
  for (const hook of leftBehind(known?.hooks ?? [], hooks, clones)) {
    if (onFiles(hook, () => takeOut(hook, plan.repo_id))) changed = true;
  }
  if (writeWrappers(facts)) changed = true;
  const file: GuardFile = { ...rest, hooks };
  if (JSON.stringify(known) === JSON.stringify(file)) return changed;
  writeGuardFile(path, file);
  return true;
}

/** Hooks that were put in where git looks no longer: the clone is gone, or was told another folder. */
function leftBehind(known: readonly HookEntry[], wanted: readonly HookEntry[], clones: readonly Clone[]): string[] {
  const paths = new Set(wanted.map(({ path }) => path));
  const looked = new Set(clones.map(({ commonDir }) => commonDir));
  const left = known.filter(({ path, clone }) => !paths.has(path) && (looked.has(clone) || !existsSync(clone)));
  return left.map(({ path }) => path);
}

/** Installs for all clones of the repository that this machine knows. Thrown: GUARDS_BUSY (6), GUARD_FILES (2). */
export async function installGuards(
  { say }: Pick<CommandContext, 'say'>,
  workspace: Workspace,
  logId: string,
): Promise<boolean> {
  return alone(workspace.folder, async () =>
    putGuards(await planFor(workspace, logId), await clonesOf(workspace), say),
  );
}

/** As `installGuards`; what keeps them out is said, and keeps nobody from working: status and doctor go on saying it. */
export async function installSaying(
  context: Pick<CommandContext, 'say'>,
  workspace: Workspace,
  logId: string,
): Promise<boolean> {
  try {
    return await installGuards(context, workspace, logId);
  } catch (error) {
    if (!(error instanceof TelecError)) throw error;
    context.say(`the guards are not in: ${error.message}`);
    return false;
  }
}

/** Takes all of it out; false when there was nothing. Thrown: GUARDS_BUSY (6), GUARD_FILES (2). */
export async function uninstallGuards(workspace: Workspace): Promise<boolean> {
  return alone(workspace.folder, async () => {
    const path = guardFilePath(workspace.folder);
    const file = readGuardFile(path);
    const found = (file?.hooks ?? []).flatMap((hook) => [hook.path, partFile(hook.clone)]);
    for (const clone of await clonesOf(workspace)) {
      for (const { folder } of await hookFolders(clone)) found.push(join(folder, HOOK), partFile(clone.commonDir));
    }
    let changed = file !== null;
    for (const hook of new Set(found)) if (onFiles(hook, () => takeOut(hook, workspace.repoId))) changed = true;
    if (removeWrappers(wrapperFolder(workspace.folder))) changed = true;
    removeGuardFile(path);
    return changed;
  });
}

/** The clones registered on this machine that are still there, the one around the command first. */
export async function clonesOf(workspace: Workspace): Promise<Clone[]> {
  const clones = [workspace.clone];
  for (const commonDir of registeredClones(workspace.folder)) {
    if (commonDir === workspace.commonDir || !existsSync(commonDir)) continue;
    const clone = await discoverClone(workTreeOf(commonDir)).catch(() => null);
    if (clone?.commonDir === commonDir) clones.push(clone);
  }
  return clones;
}

async function alone<T>(folder: string, work: () => Promise<T>): Promise<T> {
  ensurePrivateFolder(folder);
  const lock = await lockWithin(join(folder, 'guards.lock'));
  try {
    return await work();
  } finally {
    lock.release();
  }
}

async function lockWithin(path: string): Promise<FileLock> {
  const deadline = performance.now() + BUSY_MS;
  for (;;) {
    const lock = lockFile(path);
    if (lock) return lock;
    if (performance.now() > deadline) {
      throw new TelecError('GUARDS_BUSY', EXIT.refused, 'another telec is putting the guards in or out', {
        hint: 'try again in a moment',
        retryable: true,
      });
    }
    await pause(LOOK_MS);
  }
}

/** Changes a hook; what the file system refuses is told by the hook's name. */
function onFiles(path: string, change: () => boolean): boolean {
  try {
    return change();
  } catch (cause) {
    const { code = 'unknown', message } = cause as NodeJS.ErrnoException;
    throw new TelecError('GUARD_FILES', EXIT.usage, `the hook ${path} cannot be changed: ${code}, ${message}`, {
      hint: `make ${dirname(path)} yours to write, then telec guard install`,
      cause,
    });
  }
}
