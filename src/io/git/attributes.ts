/**
 * Attribute views: folders that hold exactly the regular `.gitattributes` files of one tree. A merge that runs in such
 * a folder obeys the attributes of its base as a merge in a checkout would, with no checkout made. One folder per
 * distinct set of files; a folder is complete or not there. Never holds a file of another name.
 */
import { createHash } from 'node:crypto';
import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { DiffTree, type Entry } from './difftree.ts';
import type { ObjectStore } from './objects.ts';
import { GitFault } from './run.ts';
import { isRegularFile } from './trees.ts';

const FILE = '.gitattributes';
/** Git ignores larger files of this name. */
const FILE_LIMIT = 100 * 1024 * 1024;
const REMEMBERED = 64;

export class AttributeViews {
  readonly #dir: string;
  readonly #objects: ObjectStore;
  readonly #diff: DiffTree;
  readonly #emptyTree: string;
  /** Tree id -> its `.gitattributes` (latin1 path -> blob), newest last. */
  readonly #sets = new Map<string, Map<string, string>>();
  #tail: Promise<unknown> = Promise.resolve();
  #counter = 0;

  /** `dir` is where the folders go; `emptyTree` is in the object store. */
  constructor(dir: string, gitDir: string, env: Record<string, string>, objects: ObjectStore, emptyTree: string) {
    this.#dir = dir;
    this.#objects = objects;
    this.#emptyTree = emptyTree;
    this.#diff = new DiffTree(gitDir, env, ['--no-renames', '--', `:(glob)**/${FILE}`]);
  }

  /** The folder with the attributes of `tree`. Thrown: GitFault for a tree no checkout could be made of. */
  folder(tree: string): Promise<string> {
    // One at a time: two merges on one base must not write one folder twice.
    const turn = this.#tail.then(() => this.#folder(tree));
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  close(): Promise<void> {
    return this.#diff.close();
  }

  async #folder(tree: string): Promise<string> {
    const files = await this.#files(tree);
    const hash = createHash('sha256');
    for (const path of [...files.keys()].sort()) hash.update(`${path}\0${files.get(path)}\0`, 'latin1');
    const folder = `${this.#dir}/${hash.digest('hex').slice(0, 32)}`;
    if (await exists(folder)) return folder;
    const draft = `${folder}.${process.pid}-${this.#counter++}`;
    await rm(draft, { recursive: true, force: true });
    await mkdir(draft, { recursive: true });
    for (const [path, blob] of files) await this.#write(draft, path, blob);
    try {
      await rename(draft, folder);
    } catch (error) {
      await rm(draft, { recursive: true, force: true });
      // Another process was faster with the same content.
      if (!(await exists(folder))) throw error;
    }
    return folder;
  }

  async #write(folder: string, path: string, blob: string): Promise<void> {
    const info = await this.#objects.info(blob);
    if (info?.type !== 'blob') throw new GitFault(`blob ${blob} is missing`);
    if (info.size > FILE_LIMIT) return;
    const object = await this.#objects.read(blob);
    if (object === null) throw new GitFault(`blob ${blob} is missing`);
    const file = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(path, 'latin1')]);
    const parent = Buffer.from(file.subarray(0, file.lastIndexOf(0x2f)));
    await mkdir(parent, { recursive: true });
    await writeFile(file, object.content);
  }

  async #files(tree: string): Promise<Map<string, string>> {
    const known = this.#sets.get(tree);
    if (known !== undefined) return known;
    const last = [...this.#sets.entries()].at(-1);
    const files = new Map(last?.[1] ?? []);
    for (const change of await this.#diff.between(last?.[0] ?? this.#emptyTree, tree)) {
      if (change.path !== FILE && !change.path.endsWith(`/${FILE}`)) continue;
      checkPath(change.path);
      if (isAttributes(change.after)) files.set(change.path, change.after.id);
      else files.delete(change.path);
    }
    this.#sets.set(tree, files);
    for (const old of this.#sets.keys()) {
      if (this.#sets.size <= REMEMBERED) break;
      this.#sets.delete(old);
    }
    return files;
  }
}

/** A symbolic link of that name is ignored by git, so it is not written. */
function isAttributes(entry: Entry | null): entry is Entry {
  return entry !== null && isRegularFile(entry);
}

function checkPath(path: string): void {
  for (const name of path.split('/')) {
    if (name === '' || name === '.' || name === '..' || name.toLowerCase() === '.git')
      throw new GitFault('the base holds a path that no checkout could have');
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
