/**
 * Where things lie: the state folder of a repository, the small files in it, and the clone around a directory.
 * Plain file reading, no git and no network, so that a question to the daemon costs next to nothing.
 * Holds: folders are 0700, files 0600 and replaced whole; a repository id never becomes a path outside the state folder.
 */
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { EXIT, TelecError } from '../errors.ts';

type Env = Record<string, string | undefined>;

const REPO_ID = /^[a-z0-9._-]{1,64}$/;

/** Whether `id` is a repository id; `.` and `..` fit the pattern but would be paths. */
export function isRepoId(id: string): boolean {
  return REPO_ID.test(id) && id !== '.' && id !== '..';
}

/** The folder of all repositories' state, absolute. Thrown: STATE_FOLDER (2) when TELEC_HOME is relative. */
export function stateRoot(env: Env): string {
  const own = env['TELEC_HOME'];
  if (own) {
    if (isAbsolute(own)) return own;
    throw new TelecError('STATE_FOLDER', EXIT.usage, 'TELEC_HOME is not an absolute path', {
      hint: 'set TELEC_HOME to an absolute path, or unset it',
    });
  }
  const xdg = env['XDG_STATE_HOME'];
  // A relative XDG path counts as unset, as its specification demands.
  if (xdg && isAbsolute(xdg)) return join(xdg, 'telec');
  // An empty or relative HOME would put the state into whatever folder the command runs in, a work tree mostly.
  const home = [env['HOME'], homedir()].find((path) => path && isAbsolute(path)) ?? userInfo().homedir;
  return join(home, '.local', 'state', 'telec');
}

/** The state folder of one repository; not created. Thrown: REPO_ID (2) when `repoId` is none. */
export function repoFolder(env: Env, repoId: string): string {
  if (isRepoId(repoId)) return join(stateRoot(env), repoId);
  throw new TelecError('REPO_ID', EXIT.usage, 'the repository id has characters that no id may have', {
    hint: 'set repo_id in telec.yaml to 1 to 64 of a-z, 0-9, dot, dash and underscore',
  });
}

/**
 * Creates a folder and the parents it lacks, each for this user alone. By hand, because node's recursive mkdir never
 * returns where an existing parent answers ENOENT, as /proc does.
 */
function makeFolders(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    const parent = dirname(path);
    if (code !== 'ENOENT' || parent === path || existsSync(parent)) throw error;
    makeFolders(parent);
    mkdirSync(path, { mode: 0o700 });
  }
}

/** Creates the folder with its parents for this user alone. Thrown: STATE_FOLDER (2) when it is another's, a link or cannot be made. */
export function ensurePrivateFolder(path: string): void {
  const refuse = (why: string, cause?: unknown): never => {
    throw new TelecError('STATE_FOLDER', EXIT.usage, `the state folder ${path} ${why}`, {
      hint: 'set TELEC_HOME to a folder of your own',
      cause,
    });
  };
  try {
    makeFolders(path);
  } catch (cause) {
    refuse(`cannot be made (${(cause as NodeJS.ErrnoException).code ?? 'unknown'})`, cause);
  }
  const stat = lstatSync(path);
  if (!stat.isDirectory()) refuse('is no folder');
  if (process.getuid !== undefined && stat.uid !== process.getuid()) refuse('belongs to another user');
  if ((stat.mode & 0o077) !== 0) chmodSync(path, 0o700);
}

/** Replaces the file at once: a reader sees the old text or the new, also after a power cut. */
export function atomicWrite(path: string, text: string, mode = 0o600): void {
  const temporary = `${path}.${process.pid}.${randomBytes(6).toString('hex')}`;
  try {
    const descriptor = openSync(temporary, 'wx', mode);
    try {
      writeSync(descriptor, text);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function readObject(path: string): Record<string, unknown> | null {
  const text = readText(path);
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** What a running daemon writes about itself. */
export interface DaemonFile {
  pid: number;
  /** Path of its unix socket. */
  socket: string;
  /** RFC 3339. */
  since: string;
  version: string;
  /** Address of its web door, `http://host:port`; null when that is closed. */
  web: string | null;
  /** Why the web door is closed. */
  webFault: string | null;
}

/** The daemon's file, or null when there is none or it is unreadable. That it exists does not prove that the daemon runs. */
export function readDaemonFile(folder: string): DaemonFile | null {
  const value = readObject(join(folder, 'daemon.json'));
  if (!value) return null;
  const { pid, socket, since, version, web, web_fault: webFault } = value;
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 1 || typeof socket !== 'string') return null;
  const text = (given: unknown) => (typeof given === 'string' ? given : null);
  return { pid, socket, since: String(since), version: String(version), web: text(web), webFault: text(webFault) };
}

export function writeDaemonFile(folder: string, { webFault, ...file }: DaemonFile): void {
  atomicWrite(join(folder, 'daemon.json'), `${JSON.stringify({ ...file, web_fault: webFault })}\n`);
}

/** Removes the daemon's file if it is that of `pid`; a successor's stays. */
export function removeDaemonFile(folder: string, pid: number): void {
  if (readDaemonFile(folder)?.pid === pid) rmSync(join(folder, 'daemon.json'), { force: true });
}

/** The clones registered in a state folder: absolute common git directories, sorted. */
export function registeredClones(folder: string): string[] {
  const clones = readObject(join(folder, 'clones.json'))?.['clones'];
  return Array.isArray(clones) ? clones.filter((clone) => typeof clone === 'string' && isAbsolute(clone)) : [];
}

/**
 * Registers a clone by its common git directory; false when it was there. Two commands at once may overwrite each other,
 * so the list is read back until the own entry stands; one that is lost for good returns with the clone's next command.
 */
export function registerClone(folder: string, commonDir: string): boolean {
  let changed = false;
  for (let attempt = 0; attempt < 5; attempt++) {
    const clones = registeredClones(folder);
    if (clones.includes(commonDir)) return changed;
    atomicWrite(join(folder, 'clones.json'), `${JSON.stringify({ clones: [...clones, commonDir].sort() }, null, 2)}\n`);
    changed = true;
  }
  return changed;
}

/** The clone around a directory. */
export interface Clone {
  /** Top of the work tree the directory lies in, as git names it. */
  workTree: string;
  /** Git directory of that work tree. */
  gitDir: string;
  /** Git directory that all work trees of the clone share, absolute and real. */
  commonDir: string;
}

/** Where a `.git` entry leads, or null when it is none git would take. */
function gitDirOf(entry: string): string | null {
  let gitDir = entry;
  try {
    if (statSync(entry).isFile()) {
      const target = /^gitdir: (.+?)\r?\n?$/.exec(readFileSync(entry, 'utf8'))?.[1];
      if (!target) return null;
      gitDir = resolve(dirname(entry), target);
    }
    return existsSync(join(gitDir, 'HEAD')) ? gitDir : null;
  } catch {
    return null;
  }
}

/** The clone around `directory`, found as git finds it by walking up, or null. `GIT_DIR` is ignored on purpose. */
export function findClone(directory: string): Clone | null {
  let workTree = resolve(directory);
  for (;;) {
    const gitDir = gitDirOf(join(workTree, '.git'));
    if (gitDir) {
      const common = readText(join(gitDir, 'commondir'))?.replace(/\r?\n$/, '');
      try {
        return { workTree, gitDir, commonDir: realpathSync(common ? resolve(gitDir, common) : gitDir) };
      } catch {
        return null;
      }
    }
    const parent = dirname(workTree);
    if (parent === workTree) return null;
    workTree = parent;
  }
}

/** The repository id kept in a clone, or null when it has none yet. */
export function readRepoId(commonDir: string): string | null {
  const id = readText(join(commonDir, 'telec', 'repo_id'))?.trim();
  return id && isRepoId(id) ? id : null;
}

/** Keeps the repository id in the clone, so that later commands ask no network. */
export function writeRepoId(commonDir: string, repoId: string): void {
  if (readRepoId(commonDir) === repoId) return;
  mkdirSync(join(commonDir, 'telec'), { recursive: true, mode: 0o700 });
  atomicWrite(join(commonDir, 'telec', 'repo_id'), `${repoId}\n`);
}
