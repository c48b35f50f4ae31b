/**
 * Scoped trees: the tree that holds nothing but the paths which patterns take of another one. Made of tree objects alone,
 * no index and no work tree; folders that are taken whole keep their id and are not read.
 */
import { type PathScope, pathScope } from '../path-patterns.ts';
import type { ObjectStore } from './objects.ts';
import { formatTree, isFolder, readTree, TREE_MODE, type TreeEntries } from './trees.ts';

/** Names that no check-out can have; some gits write no tree with one. */
const IMPOSSIBLE = /^(?:|\.|\.\.|\.git|git~1)$|\//i;

class ImpossibleName extends Error {}

/** Folders remembered; trees that follow each other share most of theirs. */
const REMEMBERED = 50_000;

export class ScopedTrees {
  readonly #objects: ObjectStore;
  /** Scope and tree -> what is left of it; null for nothing. */
  readonly #known = new Map<string, Promise<string | null>>();

  constructor(objects: ObjectStore) {
    this.#objects = objects;
  }

  /**
   * Id of the tree with what `patterns` take of `tree`; of a tree that no check-out can have, `tree` itself: nothing can run
   * on either, and that is told where it is tried. Thrown: GitFault when one is missing or malformed.
   */
  async treeOf(tree: string, patterns: readonly string[]): Promise<string> {
    if (this.#known.size > REMEMBERED) this.#known.clear();
    // As the names of a tree are written here: one character a byte.
    const scope = pathScope(patterns.map((pattern) => Buffer.from(pattern, 'utf8').toString('latin1')));
    try {
      return (await this.#part(tree, scope)) ?? (await this.#objects.write('tree', ''));
    } catch (error) {
      if (error instanceof ImpossibleName) return tree;
      throw error;
    }
  }

  #part(tree: string, scope: PathScope): Promise<string | null> {
    const key = `${tree} ${scope.key}`;
    let part = this.#known.get(key);
    if (part === undefined) {
      part = this.#make(tree, scope);
      this.#known.set(key, part);
      part.catch(() => this.#known.delete(key));
    }
    return part;
  }

  async #make(tree: string, scope: PathScope): Promise<string | null> {
    const entries = await readTree(this.#objects, tree);
    const taken: TreeEntries = new Map();
    for (const [name, entry] of entries) {
      const inside = scope.into(name);
      if (inside !== null && IMPOSSIBLE.test(name)) throw new ImpossibleName(name);
      if (inside === 'all') taken.set(name, entry);
      else if (inside !== null && isFolder(entry)) {
        const id = await this.#part(entry.id, inside);
        if (id !== null) taken.set(name, { mode: TREE_MODE, id });
      }
    }
    if (taken.size === 0) return null;
    return await this.#objects.write('tree', formatTree(taken));
  }
}
