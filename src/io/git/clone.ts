/**
 * Questions to the user's clone: where it is, which remote it has, how git would talk to that remote. Reads only, with
 * one exception: a branch is pushed for its owner, with the owner's own settings and hooks. Inherited `GIT_DIR` and
 * the like never decide which clone is meant; the directory does.
 */
import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { simpleGit } from 'simple-git';
import { EXIT, TelecError } from '../../errors.ts';
import { scrubber } from '../secrets.ts';
import { describe, readPorcelain } from './classify.ts';
import { discreet, type Sheltered, secretsOfTransport, shelter } from './credentials.ts';
import { configEnvironment, pick, TRANSPORT_ENV, type TransportSettings } from './environment.ts';
import { isObjectId } from './objects.ts';
import { runGit } from './run.ts';
import { localPathOf } from './url.ts';

/** One checkout and the repository it belongs to. All paths are absolute and real. */
export interface Clone {
  workTree: string;
  /** The checkout the clone was made with; where relative paths and telec.yaml count from. */
  mainWorkTree: string;
  /** The git directory all its checkouts share. */
  commonDir: string;
}

export interface Worktree {
  path: string;
  head: string | null;
  /** Without refs/heads/; null when detached. */
  branch: string | null;
  bare: boolean;
  locked: boolean;
}

/** `rejected`: the remote (or a hook) said no. `unreachable`: nothing is known to have happened. */
export type BranchPushOutcome =
  | { kind: 'pushed' }
  | { kind: 'rejected'; detail: string }
  | { kind: 'unreachable'; detail: string };

const QUESTION_MS = 30_000;
const PUSH_MS = 600_000;
/** Where the user's own git finds its configuration; these name files, they change no repository. */
const CONFIG_FILES = ['GIT_CONFIG_GLOBAL', 'GIT_CONFIG_SYSTEM', 'GIT_CONFIG_NOSYSTEM'];
/** Variables that point git at another repository; set while a hook runs, and never meant for us. */
const REPOSITORY_ENV =
  /^GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|COMMON_DIR|NAMESPACE|PREFIX|GRAFT_FILE|SHALLOW_FILE|REPLACE_REF_BASE|NO_REPLACE_OBJECTS|IMPLICIT_WORK_TREE|INTERNAL_SUPER_PREFIX|QUARANTINE_PATH|CEILING_DIRECTORIES|CONFIG|CONFIG_PARAMETERS|CONFIG_COUNT|CONFIG_(KEY|VALUE)_\d+)$/;

/** The user's environment without what points git at a repository. */
export function userEnvironment(): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && !REPOSITORY_ENV.test(name)) env[name] = value;
  }
  return env;
}

/** Asks git in `dir`; null when git says no. */
async function ask(dir: string, args: string[]): Promise<string | null> {
  const env = pick(process.env, ['PATH', 'HOME', 'XDG_CONFIG_HOME', 'TMPDIR', ...CONFIG_FILES]);
  try {
    const git = simpleGit({
      baseDir: dir,
      timeout: { block: QUESTION_MS },
      allowEnvironment: [...CONFIG_FILES, 'GIT_OPTIONAL_LOCKS'],
      // The user's own configuration files are what is asked about.
      unsafe: { allowUnsafeConfigPaths: true },
    }).env({ ...env, LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0' });
    return await git.raw(args);
  } catch {
    return null;
  }
}

/** One path or word: what git printed without its line end. */
function line(text: string | null): string | null {
  const trimmed = text?.replace(/\n$/, '');
  return trimmed ? trimmed : null;
}

/** The clone around `dir`. Thrown: TelecError `NOT_A_REPOSITORY` (exit 2). */
export async function discoverClone(dir: string): Promise<Clone> {
  const [workTree, commonDir, list] = await Promise.all([
    ask(dir, ['rev-parse', '--path-format=absolute', '--show-toplevel']).then(line),
    ask(dir, ['rev-parse', '--path-format=absolute', '--git-common-dir']).then(line),
    ask(dir, ['worktree', 'list', '--porcelain', '-z']),
  ]);
  const first = readWorktrees(list ?? '')[0];
  if (workTree === null || commonDir === null || first === undefined)
    throw new TelecError('NOT_A_REPOSITORY', EXIT.usage, `${dir} is not in a checkout of a git repository`, {
      hint: 'run telec inside a clone, or name one with -C <dir>',
    });
  const [real, main, common] = await Promise.all([workTree, first.path, commonDir].map(realOr));
  return { workTree: real ?? workTree, mainWorkTree: main ?? first.path, commonDir: common ?? commonDir };
}

/** All checkouts of the clone, the main one first. */
export async function listWorktrees(clone: Clone): Promise<Worktree[]> {
  return readWorktrees((await ask(clone.mainWorkTree, ['worktree', 'list', '--porcelain', '-z'])) ?? '');
}

function readWorktrees(text: string): Worktree[] {
  return text
    .split('\0\0')
    .map((record) => record.split('\0').filter(Boolean))
    .filter((fields) => fields[0]?.startsWith('worktree '))
    .map((fields) => {
      const value = (key: string) => fields.find((field) => field.startsWith(`${key} `))?.slice(key.length + 1);
      return {
        path: value('worktree') ?? '',
        head: value('HEAD') ?? null,
        branch: value('branch')?.replace(/^refs\/heads\//, '') ?? null,
        bare: fields.includes('bare'),
        locked: fields.some((field) => field === 'locked' || field.startsWith('locked ')),
      };
    });
}

/** The branch checked out in the clone's work tree; null when detached or before the first commit. */
export async function currentBranch(clone: Clone): Promise<string | null> {
  const ref = line(await ask(clone.workTree, ['rev-parse', '--verify', '--symbolic-full-name', 'HEAD']));
  return ref?.startsWith('refs/heads/') ? ref.slice('refs/heads/'.length) : null;
}

/** The commit a local branch points at, or null when there is no such branch. */
export async function branchHead(clone: Clone, branch: string): Promise<string | null> {
  return await commitOf(clone, `refs/heads/${branch}`);
}

/** The commit checked out in the clone's work tree. */
export async function headCommit(clone: Clone): Promise<string | null> {
  return await commitOf(clone, 'HEAD');
}

/** The commit whose id begins with these hex digits; null when there is none, or more than one. */
export async function resolveCommit(clone: Clone, prefix: string): Promise<string | null> {
  const id = await commitOf(clone, prefix);
  // A branch may be called like an id.
  return id?.startsWith(prefix) ? id : null;
}

async function commitOf(clone: Clone, ref: string): Promise<string | null> {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`];
  const id = line(await ask(clone.workTree, args));
  return id !== null && isObjectId(id) ? id : null;
}

/** The text of a file at a full ref as this clone knows it, or null when there is none. Asks no remote. */
export async function fileAt(clone: Clone, ref: string, path: string): Promise<string | null> {
  return await ask(clone.mainWorkTree, ['cat-file', 'blob', `${ref}:${path}`]);
}

/** Whether that commit has a file or folder at `path` (no leading `/`, no `..`); false too when git cannot tell. */
export async function hasPath(clone: Clone, commit: string, path: string): Promise<boolean> {
  return (await ask(clone.mainWorkTree, ['cat-file', '-e', `${commit}:${path}`])) !== null;
}

/** True when the work tree has no change and no untracked file; false too when git cannot tell. */
export async function isClean(clone: Clone): Promise<boolean> {
  return (await changedPaths(clone))?.length === 0;
}

/**
 * Paths of the work tree that differ from its commit or are not tracked; null when git cannot tell. Of a folder that is
 * not tracked its name alone, unless `untracked` asks for all that is in it.
 */
export async function changedPaths(
  { workTree }: Pick<Clone, 'workTree'>,
  untracked: 'normal' | 'all' = 'normal',
): Promise<string[] | null> {
  const printed = await ask(workTree, ['status', '--porcelain=v1', '-z', `--untracked-files=${untracked}`]);
  if (printed === null) return null;
  const fields = printed.split('\0').filter(Boolean);
  const paths: string[] = [];
  for (let at = 0; at < fields.length; at += 1) {
    const field = fields[at] ?? '';
    paths.push(field.slice(3));
    // A rename or copy names its source in a field of its own.
    if (/^([RC].|.[RC])/.test(field)) at += 1;
  }
  return paths;
}

/** How many commits of `tip` that `from` does not reach touch anything outside `folder`; null when git cannot tell. */
export async function commitsOutside(clone: Clone, from: string, tip: string, folder: string): Promise<number | null> {
  if (!isObjectId(from) || !isObjectId(tip)) return null;
  const paths = ['.', `:(exclude)${folder}`];
  const printed = line(
    await ask(clone.workTree, ['rev-list', '--count', '--end-of-options', `${from}..${tip}`, '--', ...paths]),
  );
  return printed !== null && /^\d+$/.test(printed) ? Number(printed) : null;
}

/** The local branches with their heads. */
export async function localBranches(clone: Clone): Promise<{ branch: string; head: string }[]> {
  const format = '--format=%(objectname) %(refname:lstrip=2)';
  const listed = (await ask(clone.mainWorkTree, ['for-each-ref', format, 'refs/heads'])) ?? '';
  const lines = listed.split('\n').filter(Boolean);
  return lines.map((each) => ({ head: each.slice(0, each.indexOf(' ')), branch: each.slice(each.indexOf(' ') + 1) }));
}

/** The plain files below a folder at a commit or full ref: path to blob id. Files of more than `bytesMax` are left out. */
export async function filesBelow(
  clone: Clone,
  commit: string,
  folder: string,
  bytesMax: number,
): Promise<Map<string, string>> {
  const args = ['ls-tree', '-r', '-l', '-z', '--full-tree', commit, '--', `${folder}/`];
  const listed = (await ask(clone.mainWorkTree, args)) ?? '';
  const files = new Map<string, string>();
  for (const entry of listed.split('\0').filter(Boolean)) {
    const [mode = '', type, id = '', size] = entry.slice(0, entry.indexOf('\t')).split(/ +/);
    if (mode.startsWith('100') && type === 'blob' && Number(size) <= bytesMax) {
      files.set(entry.slice(entry.indexOf('\t') + 1), id);
    }
  }
  return files;
}

/** Whether `commit` is in the history of `ref`; false too when git cannot tell. */
export async function isInHistory(clone: Clone, commit: string, ref: string): Promise<boolean> {
  // By what is printed: a status alone, without a word on stderr, is not told.
  return (await ask(clone.mainWorkTree, ['rev-list', '--max-count=1', commit, `^${ref}`, '--'])) === '';
}

/** Whether the line of first parents leads from `commit` back to `base`; false too when git cannot tell. */
export async function isOnFirstParents(clone: Clone, base: string, commit: string): Promise<boolean> {
  const listed = await ask(clone.mainWorkTree, ['rev-list', '--first-parent', '--parents', commit, `^${base}`, '--']);
  const [, parent] = (listed ?? '').trim().split('\n').at(-1)?.split(' ') ?? [];
  return parent === base;
}

/** Where the remote is read from: after insteadOf, local paths absolute and real. Thrown: TelecError `NO_REMOTE` (exit 2). */
export async function remoteUrl(clone: Clone, remote: string): Promise<string> {
  return await effectiveUrl(clone, remote, []);
}

async function effectiveUrl(clone: Clone, remote: string, options: string[]): Promise<string> {
  const names = ((await ask(clone.mainWorkTree, ['remote'])) ?? '').split('\n').filter(Boolean);
  const printed = names.includes(remote)
    ? await ask(clone.mainWorkTree, ['remote', 'get-url', ...options, '--end-of-options', remote])
    : null;
  const url = line(printed?.split('\n')[0] ?? null);
  if (url === null)
    throw new TelecError('NO_REMOTE', EXIT.usage, `the clone ${clone.mainWorkTree} has no remote ${remote}`, {
      hint:
        names.length === 0
          ? `git remote add ${remote} <url>`
          : `set remote: in telec.yaml to one of: ${names.join(', ')}`,
    });
  const local = localPathOf(url);
  if (local === null) return url;
  const path = local === '~' || local.startsWith('~/') ? join(process.env['HOME'] ?? homedir(), local.slice(1)) : local;
  return await realOr(resolve(clone.mainWorkTree, path));
}

/**
 * What the user's git would use to talk to that remote, from configuration of every level and the environment.
 * Thrown: TelecError `NO_REMOTE` (exit 2).
 */
export async function transportSettings(clone: Clone, remote: string): Promise<TransportSettings> {
  const [url, pushUrl, listed] = await Promise.all([
    effectiveUrl(clone, remote, []),
    effectiveUrl(clone, remote, ['--push']),
    ask(clone.mainWorkTree, ['config', '--list', '-z', '--show-scope']),
  ]);
  const config: [string, string][] = [];
  const safe: string[] = [];
  const own = `remote.${remote}.`;
  for (const { scope, key, value } of readConfig(listed ?? '')) {
    if (key === 'safe.directory') {
      // Git itself does not believe a repository that calls itself safe.
      if (scope === 'system' || scope === 'global') safe.push(value);
    } else if (
      /^(credential|http)\./.test(key) ||
      ['core.sshcommand', 'core.gitproxy', 'ssh.variant', 'protocol.version'].includes(key)
    )
      config.push([key, value]);
    else if (
      key.startsWith(own) &&
      ['proxy', 'proxyauthmethod', 'uploadpack', 'receivepack'].includes(key.slice(own.length))
    )
      config.push([`remote.telec.${key.slice(own.length)}`, value]);
  }
  const sshCommand = process.env['GIT_SSH_COMMAND'];
  if (sshCommand) config.push(['core.sshcommand', sshCommand]);
  const settings: TransportSettings = { url, config, env: pick(process.env, TRANSPORT_ENV), safeDirectories: safe };
  return pushUrl === url ? settings : { ...settings, pushUrl };
}

/** Records `<scope>\0<key>[\n<value>]\0`; a key without a value means true. */
function readConfig(text: string): { scope: string; key: string; value: string }[] {
  const fields = text.split('\0');
  const entries: { scope: string; key: string; value: string }[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [scope = '', pair = ''] = fields.slice(at, at + 2);
    const end = pair.indexOf('\n');
    entries.push({ scope, key: end < 0 ? pair : pair.slice(0, end), value: end < 0 ? 'true' : pair.slice(end + 1) });
  }
  return entries;
}

/** Where git looks for hooks. */
export interface HookFolder {
  folder: string;
  /** What lies there is part of a checkout, tracked or not ignored. */
  visible: boolean;
  /** It lies outside of the clone, so hooks in it run for other repositories, too. */
  shared: boolean;
}

/**
 * Folders in which git looks for hooks, one for each that the checkouts of the clone use. A folder of a checkout that is
 * not there is left out: git runs nothing then.
 */
export async function hookFolders(clone: Clone): Promise<HookFolder[]> {
  const found = new Map<string, HookFolder>();
  for (const { path, bare } of await listWorktrees(clone)) {
    if (bare) continue;
    const folder = line(await ask(path, ['rev-parse', '--path-format=absolute', '--git-path', 'hooks']));
    if (folder === null || found.has(folder)) continue;
    const outside = relative(clone.commonDir, folder).startsWith('..');
    const inside = outside && !relative(path, folder).startsWith('..');
    if (!inside) found.set(folder, { folder, visible: false, shared: outside });
    else if (existsSync(folder) || path === clone.mainWorkTree) {
      const hook = join(folder, 'pre-push');
      const visible = line(await ask(path, ['check-ignore', '--', hook])) === null;
      found.set(folder, { folder, visible, shared: false });
    }
  }
  return [...found.values()];
}

/** Pushes exactly `sha` to the branch of the remote, as its owner would: own settings, own hooks, no force. */
export async function pushBranch(
  clone: Clone,
  remote: string,
  branch: string,
  sha: string,
  signal?: AbortSignal,
): Promise<BranchPushOutcome> {
  const env = userEnvironment();
  const settings = await transportSettings(clone, remote);
  const { config, env: given } = await pushShelter(clone, remote, settings);
  const scrub = scrubber(secretsOfTransport(settings));
  const result = await discreet(
    runGit,
    settings,
  )({
    args: ['push', '--porcelain', '--end-of-options', remote, `${sha}:refs/heads/${branch}`],
    cwd: clone.workTree,
    env: { ...env, ...given, ...configEnvironment(config), LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0' },
    timeoutMs: PUSH_MS,
    signal,
  });
  if (result.ended === 'exited' && result.status === 0) return { kind: 'pushed' };
  const lines = readPorcelain(result.stdout.toString('utf8'));
  const reason = lines.find((entry) => entry.flag === '!')?.reason;
  const detail = reason ? `${scrub(reason)}; ${describe(result)}` : describe(result);
  // A pre-push hook that says no ends git with 1 before it prints anything.
  if (result.ended === 'exited' && (reason !== undefined || result.status === 1)) return { kind: 'rejected', detail };
  return { kind: 'unreachable', detail };
}

/**
 * What keeps the password of the remote's URL out of the arguments of git's own programs: for the one process that
 * pushes, the URL as it stands in the configuration means the one without.
 */
async function pushShelter(
  clone: Clone,
  remote: string,
  { url, pushUrl = url }: TransportSettings,
): Promise<Pick<Sheltered, 'config' | 'env'>> {
  const { url: shown, config, env } = shelter(pushUrl);
  if (shown === pushUrl) return { config, env };
  const written = async (key: string) => line(await ask(clone.mainWorkTree, ['config', '--get', key]));
  const own = (await written(`remote.${remote}.pushurl`)) ?? (await written(`remote.${remote}.url`)) ?? pushUrl;
  const instead: [string, string][] = [
    [`url.${shown}.insteadOf`, own],
    [`url.${shown}.pushInsteadOf`, own],
  ];
  return { config: [...config, ...instead], env };
}

async function realOr(path: string): Promise<string> {
  return await realpath(path).catch(() => path);
}
