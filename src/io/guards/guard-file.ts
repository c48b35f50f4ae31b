/**
 * What the guards of a repository need to know before they can ask: one small file in its state folder. Hook and
 * wrappers name the file by its path, so that no variable can point them at another log. Reading asks nobody.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { atomicWrite } from '../state.ts';

/** One hook as it was put in. */
export interface HookEntry {
  /** Common git directory of the clone. */
  clone: string;
  /** The hook's file. */
  path: string;
  /** Lines of the clone's own configuration that say where hooks are; when they change, git looks elsewhere. */
  hooks_path: string;
  /** False: the file belongs to the work tree and was left alone. */
  ours: boolean;
  /** True: its folder serves other repositories, too. */
  shared: boolean;
}

export interface GuardFile {
  repo_id: string;
  /** State folder of the repository. */
  folder: string;
  /** The log that is to answer; another one knows nothing of this repository. */
  log_id: string;
  /** Main branch and remote, as configured. */
  main: string;
  remote: string;
  /** What the URLs of the canonical remote mean, see `placeOf`. */
  places: string[];
  /** Main work tree whose telec.yaml says where Redis is. */
  work_tree: string;
  /** The log is on a shared Redis: without its URL nobody can be asked, and no private server is to be started. */
  shared: boolean;
  /** Words that start the guard program. */
  program: string[];
  /** Folder of the wrappers. */
  bin: string;
  hooks: HookEntry[];
  /** False for a trial: what is refused then is no event. */
  record: boolean;
}

export const guardFilePath = (folder: string): string => join(folder, 'guards.json');
export const wrapperFolder = (folder: string): string => join(folder, 'bin');

/** The file's content, or null when there is none that can be read. */
export function readGuardFile(path: string): GuardFile | null {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as Partial<GuardFile> | null;
    const texts = [value?.repo_id, value?.folder, value?.log_id, value?.main, value?.remote, value?.work_tree];
    const lists = [value?.places, value?.program, value?.hooks];
    const sound = texts.every((text) => typeof text === 'string') && lists.every(Array.isArray);
    return sound ? (value as GuardFile) : null;
  } catch {
    return null;
  }
}

export function writeGuardFile(path: string, file: GuardFile): void {
  atomicWrite(path, `${JSON.stringify(file, null, 2)}\n`);
}

export function removeGuardFile(path: string): void {
  rmSync(path, { force: true });
}

/** Lines of the clone's own configuration about where hooks are. Reads the file: asking git takes too long for a status. */
export function hooksPathLines(commonDir: string): string {
  try {
    const lines = readFileSync(join(commonDir, 'config'), 'utf8').split('\n');
    return lines.filter((line) => /^\s*hookspath\s*=/i.test(line)).join('\n');
  } catch {
    return '';
  }
}

/** The checkout a clone was made with, as its common git directory tells. */
export const workTreeOf = (commonDir: string): string => dirname(commonDir);

/** Whether the words that start the guard program (node, then the script) still lead to one. */
export const programIsThere = (program: readonly string[]): boolean => program.every((path) => existsSync(path));
