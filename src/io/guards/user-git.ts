/**
 * Questions of the guards to git in the very place, with the very settings, in which a push is made: the user's own
 * environment, `-C`, `-c` and all. Reads only; a push is asked for dry. Never asks for a password: nobody sits before it.
 */
import { existsSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { isObjectId } from '../git/objects.ts';
import { type GitResult, runGit } from '../git/run.ts';
import { canonicalPlace, localPathOf } from '../git/url.ts';

/** Where git is asked: directory, environment, and the options in front of the command. */
export interface GitPlace {
  cwd: string;
  env: Record<string, string>;
  globals: readonly string[];
}

const QUESTION_MS = 30_000;
const DRY_RUN_MS = 120_000;

async function run(place: GitPlace, args: readonly string[], timeoutMs: number): Promise<GitResult> {
  const env = { ...place.env, LC_ALL: 'C', LANGUAGE: 'C', GIT_OPTIONAL_LOCKS: '0' };
  return runGit({ args: [...place.globals, ...args], cwd: place.cwd, env, timeoutMs });
}

/** What git printed; null when it says no. */
async function ask(place: GitPlace, args: readonly string[]): Promise<string | null> {
  const { status, stdout } = await run(place, args, QUESTION_MS);
  return status === 0 ? stdout.toString('utf8').replace(/\n$/, '') : null;
}

/** The clone git works with there: its directories, absolute and real; null when there is none. */
export async function repositoryAt(
  place: GitPlace,
): Promise<{ gitDir: string; commonDir: string; top: string } | null> {
  const dirs = await ask(place, ['rev-parse', '--path-format=absolute', '--git-dir', '--git-common-dir']);
  const [gitDir, commonDir] = (dirs ?? '').split('\n');
  if (!gitDir || !commonDir) return null;
  // A bare repository has no top; its paths count from itself.
  const top = (await ask(place, ['rev-parse', '--path-format=absolute', '--show-toplevel'])) || gitDir;
  return { gitDir: real(gitDir), commonDir: real(commonDir), top };
}

/** The pre-push hook that git would run there, by path; null when it cannot be told. */
export async function hookOf(place: GitPlace): Promise<string | null> {
  return ask(place, ['rev-parse', '--path-format=absolute', '--git-path', 'hooks/pre-push']);
}

/** The command an alias stands for; null when there is no such alias. */
export async function aliasOf(place: GitPlace, name: string): Promise<string | null> {
  if (!/^[A-Za-z0-9][A-Za-z0-9-]*$/.test(name)) return null;
  return ask(place, ['config', '--get', `alias.${name}`]);
}

/** Where a remote is written to; null when there is no remote of that name. */
export async function pushUrls(place: GitPlace, remote: string): Promise<string[] | null> {
  const urls = await ask(place, ['remote', 'get-url', '--push', '--all', '--', remote]);
  return urls === null ? null : urls.split('\n').filter(Boolean);
}

/** The URLs of all remotes, as typed. */
export async function allUrls(place: GitPlace): Promise<string[]> {
  const listed = await ask(place, ['config', '-z', '--get-regexp', '^remote\\..*\\.(url|pushurl)$']);
  return (listed ?? '').split('\0').flatMap((entry) => entry.split('\n').slice(1, 2));
}

/** Whether git may send a branch that is named alone somewhere else than to the branch of the same name. */
export async function mapsNames(place: GitPlace): Promise<boolean> {
  const listed = await ask(place, ['config', '-z', '--get-regexp', '^(push\\.default|remote\\..*\\.(push|mirror))$']);
  const values = (listed ?? '').split('\0').filter(Boolean);
  return values.some((entry) => !/^push\.default\n(?:nothing|current|simple|matching)$/.test(entry));
}

/** The commit an expression stands for; null when it is none. */
export async function commitAt(place: GitPlace, expression: string): Promise<string | null> {
  const id = await ask(place, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${expression}^{commit}`]);
  return id !== null && isObjectId(id) ? id : null;
}

/** What git says to the words of a dry run, which are all of `git` behind the options in front. */
export async function dryRun(
  place: GitPlace,
  words: readonly string[],
): Promise<{ ok: boolean; lines: string; said: string }> {
  const quiet = { ...place, env: { ...place.env, GIT_TERMINAL_PROMPT: '0', SSH_ASKPASS_REQUIRE: 'never' } };
  const { ended, stdout, stderr } = await run(quiet, ['push', ...words], DRY_RUN_MS);
  const lines = stdout.toString('utf8');
  // A ref that git would reject still shows what was wanted; without any line nothing is known.
  return { ok: ended === 'exited' && lines.startsWith('To '), lines, said: stderr };
}

/** The raw and the effective URLs of a remote, for reading and writing. */
export async function urlsOf(place: GitPlace, remote: string): Promise<string[]> {
  const key = remote.replace(/[^A-Za-z0-9]/g, '\\$&');
  const [raw, fetch, push] = await Promise.all([
    ask(place, ['config', '--get-regexp', `^remote\\.${key}\\.(url|pushurl)$`]),
    ask(place, ['remote', 'get-url', '--all', '--', remote]),
    ask(place, ['remote', 'get-url', '--push', '--all', '--', remote]),
  ]);
  const typed = (raw ?? '').split('\n').map((line) => line.slice(line.indexOf(' ') + 1));
  return [...typed, ...(fetch ?? '').split('\n'), ...(push ?? '').split('\n')].filter(Boolean);
}

/** Whether a URL hides where it leads: a command of any kind may be behind it. */
export const isOpaque = (url: string): boolean => /^(?:ext|fd)::/i.test(url);

/** What a URL means, as one text for all its spellings; a path counts from `top` and is followed to its end. */
export function placeOf(url: string, top: string): string {
  const local = localPathOf(url);
  if (local === null) return canonicalPlace(url);
  const path = local === '~' || local.startsWith('~/') ? join(process.env['HOME'] ?? homedir(), local.slice(1)) : local;
  const absolute = isAbsolute(path) ? path : resolve(top, path);
  // As git looks for it: a checkout is its .git, and a path may lack the .git at its end.
  const places = [`${absolute}/.git`, absolute, `${absolute}.git/.git`, `${absolute}.git`];
  return real(places.find((folder) => existsSync(join(folder, 'HEAD'))) ?? absolute);
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
