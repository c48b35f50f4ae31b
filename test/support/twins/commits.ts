/**
 * A commit graph in memory: what git keeps, without git. Commits are immutable and named by their content, so the
 * same commit made twice is one. Knows no refs and nobody's store.
 */
import { createHash } from 'node:crypto';
import type { FenceNote } from '../../../src/io/git/port.ts';

/** Path -> `<mode> <content>`. */
export type Files = ReadonlyMap<string, string>;

export interface TwinCommit {
  sha: string;
  parents: readonly string[];
  tree: string;
  files: Files;
  message: string;
  author: string;
  timeSeconds: number;
  /** Set on fence commits. */
  note: (FenceNote & { timeSeconds: number }) | null;
}

export interface CommitParts {
  parents: readonly string[];
  files: Files;
  message: string;
  author?: string;
  timeSeconds?: number;
  note?: FenceNote;
}

export function plainFile(content: string): string {
  return `100644 ${content}`;
}

export const digest = (text: string): string => createHash('sha1').update(text).digest('hex');

const sortedFiles = (files: Iterable<readonly [string, string]>): Files =>
  new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));

/** Id of the tree that holds exactly these files. */
export function treeId(files: Iterable<readonly [string, string]>): string {
  return digest(`tree ${JSON.stringify([...sortedFiles(files)])}`);
}

export class CommitGraph {
  readonly #commits = new Map<string, TwinCommit>();
  readonly #trees = new Map<string, Files>();
  readonly #reach = new Map<string, ReadonlySet<string>>();

  make({ parents, files, message, author = '', timeSeconds = 0, note }: CommitParts): TwinCommit {
    const sorted = sortedFiles(files);
    const tree = treeId(sorted);
    const sha = digest(`commit ${JSON.stringify([parents, tree, message, author, timeSeconds])}`);
    const known = this.#commits.get(sha);
    if (known) return known;
    this.#trees.set(tree, sorted);
    const commit: TwinCommit = {
      sha,
      parents,
      tree,
      files: sorted,
      message,
      author,
      timeSeconds,
      note: note ? { ...note, timeSeconds } : null,
    };
    this.#commits.set(sha, commit);
    return commit;
  }

  find(sha: string): TwinCommit | undefined {
    return this.#commits.get(sha);
  }

  get(sha: string): TwinCommit {
    const commit = this.#commits.get(sha);
    if (!commit) throw new Error(`no commit ${sha} was ever made`);
    return commit;
  }

  /** What a tree holds; undefined for one that no commit ever had. */
  filesOf(tree: string): Files | undefined {
    return this.#trees.get(tree);
  }

  /** Everything reachable from a commit, itself included. */
  reach(sha: string): ReadonlySet<string> {
    let set = this.#reach.get(sha);
    if (!set) {
      const all = new Set([sha]);
      for (const parent of this.get(sha).parents) for (const other of this.reach(parent)) all.add(other);
      set = all;
      this.#reach.set(sha, set);
    }
    return set;
  }

  isAncestor(ancestor: string, descendant: string): boolean {
    return this.reach(descendant).has(ancestor);
  }

  /** The best common ancestors of two commits. */
  mergeBases(a: string, b: string): string[] {
    const of = this.reach(a);
    const common = [...this.reach(b)].filter((sha) => of.has(sha));
    return common.filter((sha) => !common.some((other) => other !== sha && this.isAncestor(sha, other)));
  }

  /** The first-parent line from `tip` down, newest first, until `until` says stop. */
  line(tip: string, until: (sha: string) => boolean = () => false): TwinCommit[] {
    const line: TwinCommit[] = [];
    for (let sha: string | undefined = tip; sha !== undefined && !until(sha); ) {
      const commit: TwinCommit = this.get(sha);
      line.push(commit);
      [sha] = commit.parents;
    }
    return line;
  }
}

/** The value of a trailer in the last paragraph of a message; null when there is none. */
export function trailerOf(message: string, key: string): string | null {
  const paragraphs = message.trimEnd().split('\n\n');
  if (paragraphs.length < 2) return null;
  const line = (paragraphs.at(-1) ?? '').split('\n').findLast((text) => text.startsWith(`${key}: `));
  return line === undefined ? null : line.slice(key.length + 2).trim();
}
