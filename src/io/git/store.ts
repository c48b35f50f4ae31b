/**
 * The folder of the private repository: made once, filled first from a clone on this machine, kept packed. Objects of
 * its own and no alternates, because a clean-up elsewhere would take borrowed objects away.
 */
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT, TelecError } from '../../errors.ts';
import { closedEnvironment, type TransportSettings } from './environment.ts';
import type { GitCommand } from './history.ts';
import { failure, GitFault, type GitResult, runGit } from './run.ts';

/** A lock file this old belongs to a process that was killed; no git command here runs for so long. */
const STALE_LOCK_MS = 15 * 60_000;
const COMMAND_MS = 60_000;
const SEEDED = 'telec-seeded';
const BRANCH_REFS = 'refs/telec/branch/';
const SEED_REFS = 'refs/telec/seed/';

/** What the clone told about itself. */
export interface StoreLayout {
  emptyTree: string;
  /** A git configuration file that holds the user's safe directories and nothing else. */
  globalConfig: string;
  /** True until the first filling from the clone was tried. */
  fresh: boolean;
}

/** Makes the folder a bare repository of the clone's object format. Thrown: TelecError `GIT_TOO_OLD`, `GIT_FAILED`. */
export async function prepareStore(
  dir: string,
  clonePath: string,
  remote: TransportSettings,
  env: Record<string, string>,
): Promise<StoreLayout> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const globalConfig = join(dir, 'telec.gitconfig');
  await writeFile(globalConfig, safeDirectories(remote.safeDirectories));
  if (!(await exists(join(dir, 'HEAD')))) await create(dir, clonePath, env, globalConfig);
  await removeStaleLocks(dir);
  const empty = await runGit({
    args: ['hash-object', '-t', 'tree', '-w', '--stdin'],
    cwd: dir,
    env,
    timeoutMs: COMMAND_MS,
  });
  must('git hash-object', empty);
  return { emptyTree: empty.stdout.toString('latin1').trim(), globalConfig, fresh: !(await exists(join(dir, SEEDED))) };
}

export async function markSeeded(dir: string): Promise<void> {
  await writeFile(join(dir, SEEDED), '');
}

async function create(
  dir: string,
  clonePath: string,
  env: Record<string, string>,
  globalConfig: string,
): Promise<void> {
  const version = await runGit({ args: ['version'], cwd: dir, env, timeoutMs: COMMAND_MS });
  must('git version', version);
  const [, major = '0', minor = '0'] = /(\d+)\.(\d+)/.exec(version.stdout.toString('latin1')) ?? [];
  if (Number(major) < 2 || (Number(major) === 2 && Number(minor) < 38))
    throw new TelecError('GIT_TOO_OLD', EXIT.usage, `git ${major}.${minor} cannot merge without a checkout`, {
      hint: 'install git 2.38 or newer',
    });
  const { GIT_DIR: _, ...outside } = closedEnvironment(dir);
  const format = await runGit({
    args: ['rev-parse', '--show-object-format'],
    cwd: clonePath,
    env: { ...outside, GIT_CONFIG_GLOBAL: globalConfig },
    timeoutMs: COMMAND_MS,
  });
  must('git rev-parse --show-object-format', format);
  const name = format.stdout.toString('latin1').trim() === 'sha256' ? 'sha256' : 'sha1';
  must(
    'git init',
    await runGit({
      args: ['init', '--quiet', '--bare', '--template=', '--initial-branch=telec', `--object-format=${name}`],
      cwd: dir,
      env,
      timeoutMs: COMMAND_MS,
    }),
  );
}

function must(what: string, result: GitResult): void {
  if (result.ended === 'exited' && result.status === 0) return;
  throw new GitFault(failure(`${what} failed`, result));
}

function safeDirectories(paths: string[]): string {
  const quote = (path: string) => `"${path.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`;
  return paths.length === 0 ? '' : `[safe]\n${paths.map((path) => `\tdirectory = ${quote(path)}\n`).join('')}`;
}

/** A killed process leaves its lock files behind, and each would stop one ref for ever. */
async function removeStaleLocks(dir: string): Promise<void> {
  const names = await readdir(join(dir, 'refs'), { recursive: true });
  const locks = names.filter((name) => name.endsWith('.lock')).map((name) => join(dir, 'refs', name));
  locks.push(join(dir, 'packed-refs.lock'), join(dir, 'config.lock'), join(dir, 'HEAD.lock'));
  for (const lock of locks) {
    const found = await stat(lock).catch(() => null);
    if (found?.isFile() && Date.now() - found.mtimeMs > STALE_LOCK_MS) await rm(lock, { force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}

/**
 * Packs the repository when it holds more than `above` loose objects or many packs. `kept` are the refs of branches
 * the remote still has (null: not known); the others go, and so do objects nothing has needed for two weeks.
 */
export async function packStore(
  git: GitCommand,
  above: number,
  kept: Set<string> | null,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (signal?.aborted) return;
  const count = await git(['count-objects', '-v'], { signal });
  const field = (name: string) =>
    Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(count.stdout.toString('latin1'))?.[1] ?? 0);
  if (field('count') <= above && field('packs') <= 50) return;
  const refs = await git(['for-each-ref', '--format=%(refname)', BRANCH_REFS, SEED_REFS], { signal });
  const gone = refs.stdout
    .toString('utf8')
    .split('\n')
    .filter((ref) => ref.startsWith(SEED_REFS) || (kept !== null && ref.startsWith(BRANCH_REFS) && !kept.has(ref)));
  if (gone.length > 0)
    await git(['update-ref', '--stdin', '-z'], {
      stdin: Buffer.from(gone.map((ref) => `delete ${ref}\0\0`).join('')),
      signal,
    });
  if (signal?.aborted) return;
  await git(['repack', '-A', '-d', '-l', '-q', '--unpack-unreachable=2.weeks.ago'], { signal });
  if (signal?.aborted) return;
  await git(['prune', '--expire=2.weeks.ago'], { signal });
  await git(['pack-refs', '--all'], { signal });
}
