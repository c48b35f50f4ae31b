/**
 * Where a command works: the clone around it, the repository's id and state folder, its configuration. Found without
 * the network; what only looks registers nothing.
 */
import { readFileSync, statSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { EXIT, TelecError } from '../errors.ts';
import { declaredRole, declaredSession } from '../io/acting.ts';
import type { Config, ConfigReading } from '../io/config.ts';
import type { Clone } from '../io/git/clone.ts';
import { findClone, readRepoId, repoFolder, type Clone as StateClone } from '../io/state.ts';
import type { CommandContext } from './client.ts';

/** Bytes; far above any honest file. What is between this and the limit of characters is told by its reader. */
const CONFIG_BYTES_MAX = 1024 * 1024;

/** A place found without asking git anything: enough for commands that read. */
export interface Place {
  commonDir: string;
  /** The checkout the clone was made with: where telec.yaml counts. */
  mainWorkTree: string;
  repoId: string;
  folder: string;
}

/** A place that a command may write to: the clone as git sees it, and the whole configuration. */
export interface Workspace extends Place {
  clone: Clone;
  config: Config;
  rows: ConfigReading['rows'];
}

/** The clone around the working directory. Thrown: NOT_A_REPOSITORY (2). */
export function cloneOf(context: CommandContext): StateClone {
  const clone = findClone(context.cwd);
  if (clone) return clone;
  throw new TelecError('NOT_A_REPOSITORY', EXIT.usage, `${context.cwd} is not in a checkout of a git repository`, {
    hint: 'run telec inside a clone, or name one with -C <dir>',
  });
}

/** The place of a registered clone, or null when the clone was never registered. Thrown: NOT_A_REPOSITORY (2). */
export function findPlace(context: CommandContext): Place | null {
  const clone = cloneOf(context);
  const repoId = readRepoId(clone.commonDir);
  if (repoId === null) return null;
  const mainWorkTree = basename(clone.commonDir) === '.git' ? dirname(clone.commonDir) : clone.workTree;
  return { commonDir: clone.commonDir, mainWorkTree, repoId, folder: repoFolder(context.env, repoId) };
}

/** The workspace, with the id found (kept, configured, else derived from the URL of the remote). */
export async function openWorkspace(context: CommandContext): Promise<Workspace> {
  const { discoverClone, remoteUrl } = await import('../io/git/clone.ts');
  const { repoIdFromUrl } = await import('../io/git/url.ts');
  const clone = await discoverClone(context.cwd);
  const { config, rows } = await readConfiguration(clone, context.env);
  const kept = readRepoId(clone.commonDir);
  if (kept !== null && config.repoId !== null && kept !== config.repoId) {
    throw new TelecError(
      'OTHER_REPOSITORY',
      EXIT.refused,
      `this clone is registered as ${kept}, but the configuration says ${config.repoId}`,
      { hint: `set repo_id: ${kept} in telec.yaml, or remove the key` },
    );
  }
  const repoId = kept ?? config.repoId ?? repoIdFromUrl(await remoteUrl(clone, config.remote));
  const folder = repoFolder(context.env, repoId);
  return { commonDir: clone.commonDir, mainWorkTree: clone.mainWorkTree, repoId, folder, clone, config, rows };
}

/** The configuration: main's own file as far as this clone knows main, else the main work tree's. */
async function readConfiguration(clone: Clone, env: CommandContext['env']): Promise<ConfigReading> {
  const { CONFIG_FILE, readConfig } = await import('../io/config.ts');
  const workTree = configText(clone.mainWorkTree);
  const own = readConfig({ main: null, workTree, env });
  const { remote, main } = own.config;
  const { fileAt } = await import('../io/git/clone.ts');
  const onMain = await fileAt(clone, `refs/remotes/${remote}/${main}`, CONFIG_FILE);
  return onMain === null ? own : readConfig({ main: onMain, workTree, env });
}

/** Where Redis is: the environment's URL, else the configuration's, else the embedded server of the state folder. */
export async function redisUrl(place: Place, env: CommandContext['env']): Promise<string | null> {
  if (env['TELEC_REDIS_URL']) return env['TELEC_REDIS_URL'];
  const text = configText(place.mainWorkTree);
  // Most files do not name redis at all: then nothing needs to be parsed to know that it is embedded.
  if (text === null || !/redis/.test(text.replace(/^\s*#.*$/gm, ''))) return null;
  const { readConfig } = await import('../io/config.ts');
  const { redis } = readConfig({ main: null, workTree: text, env }).config;
  return redis === 'embedded' ? null : redis;
}

/** Who acts: `<role>/<session id>`. Where nobody declared a role this only signs; it narrows nothing. */
export function actorOf(context: Pick<CommandContext, 'env'>): { role: string; sessionId: string; source: string } {
  const role = declaredRole(context.env)?.value ?? (process.stdin.isTTY ? 'admin' : 'worker');
  const sessionId = declaredSession(context.env) ?? `${userName()}@${hostname()}`;
  return { role, sessionId, source: `${role}/${sessionId}` };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}

/**
 * The configuration file of a work tree, or null when it has none. Thrown: CONFIG_INVALID (2) for one that cannot be
 * read: to pass over it would mean the defaults, and what a branch checks out may be a link to a pipe or a device.
 */
export function configText(workTree: string): string | null {
  const path = join(workTree, 'telec.yaml');
  const refuse = (message: string, cause?: unknown): never => {
    throw new TelecError('CONFIG_INVALID', EXIT.usage, 'the configuration cannot be read', {
      hint: 'make telec.yaml a plain file, or remove it',
      problems: [{ path: '', message: `${message} (telec.yaml)` }],
      cause,
    });
  };
  try {
    const stat = statSync(path);
    if (!stat.isFile()) return refuse('is no plain file');
    if (stat.size > CONFIG_BYTES_MAX) return refuse(`is longer than ${CONFIG_BYTES_MAX} bytes`);
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof TelecError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? null : refuse(`cannot be read: ${code ?? 'unknown'}`, error);
  }
}
