/**
 * The files of a work tree, as todo commands read and write them: by relative path below its top, never through a
 * link, never outside. What a branch checked out may be anything; a link in the way is refused, not followed.
 */
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EXIT, TelecError } from '../../errors.ts';
import { atomicWrite } from '../state.ts';

/** Bytes; far above any honest paper. */
const FILE_BYTES_MAX = 4 * 1024 * 1024;

export class WorkFiles {
  /** Absolute and real. */
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /** The text of a plain file, or null when there is none. Thrown: UNSAFE_PATH (2). */
  read(path: string): string | null {
    const kind = this.#kind(path);
    if (kind === null) return null;
    if (kind !== 'file') throw unsafe(path, 'is no plain file');
    const full = join(this.root, path);
    if (lstatSync(full).size > FILE_BYTES_MAX) throw unsafe(path, `is larger than ${FILE_BYTES_MAX} bytes`);
    return readFileSync(full, 'utf8');
  }

  /** Whether there is a file or folder of that name. */
  has(path: string): boolean {
    return this.#kind(path) !== null;
  }

  /** Names in a folder, sorted; empty when there is none. */
  list(folder: string): string[] {
    return this.#kind(folder) === 'folder' ? readdirSync(join(this.root, folder)).sort() : [];
  }

  /** Whether it is a folder. */
  isFolder(path: string): boolean {
    return this.#kind(path) === 'folder';
  }

  /** Replaces the file whole, making the folders it lacks. Thrown: UNSAFE_PATH (2). */
  write(path: string, text: string): void {
    const kind = this.#kind(path);
    if (kind !== null && kind !== 'file') throw unsafe(path, 'is no plain file');
    const full = join(this.root, path);
    mkdirSync(dirname(full), { recursive: true });
    atomicWrite(full, text, 0o644);
  }

  /** Removes a file or a whole folder; absence is fine. */
  remove(path: string): void {
    if (this.#kind(path) !== null) rmSync(join(this.root, path), { recursive: true, force: true });
  }

  /** Whether the folder has nothing in it but folders without files; false for what is none. */
  isEmpty(folder: string): boolean {
    if (!this.isFolder(folder)) return false;
    const names = readdirSync(join(this.root, folder), { withFileTypes: true });
    return names.every((entry) => entry.isDirectory() && this.isEmpty(`${folder}/${entry.name}`));
  }

  /** Removes a folder that holds no file, and answers whether it could: what came in meanwhile stays. */
  removeEmpty(folder: string): boolean {
    if (!this.isEmpty(folder)) return false;
    try {
      for (const name of this.list(folder)) this.removeEmpty(`${folder}/${name}`);
      rmdirSync(join(this.root, folder));
      return true;
    } catch {
      return false;
    }
  }

  /** Whether the path lies on the disk of the work tree itself, not on one that was mounted into it. */
  isOnDisk(path: string): boolean {
    return this.has(path) && lstatSync(join(this.root, path)).dev === lstatSync(this.root).dev;
  }

  /** What lies there, after looking at every part of the way. */
  #kind(path: string): 'file' | 'folder' | 'other' | null {
    const parts = path.split('/');
    if (parts.some((part) => part === '' || part === '.' || part === '..' || part.includes('\0'))) {
      throw unsafe(path, 'is no path below the work tree');
    }
    let full = this.root;
    for (const [at, part] of parts.entries()) {
      full = join(full, part);
      const stat = lstatSync(full, { throwIfNoEntry: false });
      if (!stat) return null;
      if (stat.isSymbolicLink()) throw unsafe(parts.slice(0, at + 1).join('/'), 'is a link');
      if (at < parts.length - 1) {
        if (!stat.isDirectory()) throw unsafe(parts.slice(0, at + 1).join('/'), 'is no folder');
        continue;
      }
      return stat.isFile() ? 'file' : stat.isDirectory() ? 'folder' : 'other';
    }
    return null;
  }
}

function unsafe(path: string, why: string): TelecError {
  return new TelecError('UNSAFE_PATH', EXIT.usage, `${JSON.stringify(path)} ${why}`, {
    hint: 'make it a plain file or folder of the work tree, or remove it',
  });
}
