/**
 * Merges that nobody asked for yet: what branches change, and what came of merging them. Owns its processes (but the one
 * that reads objects) and its memory of history, so that a session on the same repository never waits behind it. Keeps
 * no commit and no ref; what it remembers are facts between two commits.
 */
import { join } from 'node:path';
import { AttributeViews } from './attributes.ts';
import { DiffTree, type TreeChange } from './difftree.ts';
import { type GitCommand, History } from './history.ts';
import type { GitRunner } from './launcher.ts';
import type { ObjectStore } from './objects.ts';
import { showPath } from './paths.ts';
import type { Foresight, OwnChange, RemergeOutcome, RemergeRequest } from './port.ts';
import { remerge } from './remerge.ts';

export interface ForeseerParts {
  /** The bare repository. */
  dir: string;
  /** The closed environment, with GIT_DIR. */
  env: Record<string, string>;
  emptyTree: string;
  objects: ObjectStore;
  git: GitCommand;
  run: GitRunner;
  /** Milliseconds for one process that merges. */
  timeoutMs: number;
}

/** Lists of changes remembered, by where a line left main's and its head. */
const REMEMBERED = 1000;
const AUTHORS_MAX = 20_000;

export class Foreseer implements Foresight {
  readonly #parts: ForeseerParts;
  readonly #history: History;
  readonly #diff: DiffTree;
  readonly #attributes: AttributeViews;
  readonly #changes = new Map<string, OwnChange[]>();
  readonly #authors = new Map<string, { author: string; timeSeconds: number }>();

  constructor(parts: ForeseerParts) {
    this.#parts = parts;
    const { dir, env, emptyTree, objects, git } = parts;
    this.#history = new History(git, objects);
    this.#diff = new DiffTree(dir, env, ['--no-renames']);
    this.#attributes = new AttributeViews(join(dir, 'attributes'), dir, env, objects, emptyTree);
  }

  async ownChanges(main: string, commits: readonly string[]): Promise<(OwnChange[] | 'merged' | null)[]> {
    const { objects } = this.#parts;
    const unmerged = await this.#history.unmerged(commits, main);
    const answers: (OwnChange[] | 'merged' | null)[] = [];
    for (const commit of commits) {
      if (!unmerged.has(commit)) answers.push('merged');
      else if ((await objects.info(commit))?.type !== 'commit') answers.push(null);
      else answers.push(await this.#changesOf(main, commit));
    }
    return answers;
  }

  merges(requests: readonly RemergeRequest[], signal?: AbortSignal): Promise<RemergeOutcome[]> {
    const { objects, run, env, timeoutMs } = this.#parts;
    return remerge({ objects, attributes: this.#attributes, run, env, timeoutMs }, requests, signal);
  }

  async authored(commit: string): Promise<{ author: string; timeSeconds: number } | null> {
    const known = this.#authors.get(commit);
    if (known) return known;
    const found = await this.#parts.objects.storedCommit(commit);
    if (found === null) return null;
    const time = / (-?\d+) [-+]\d+$/.exec(found.committer)?.[1] ?? '0';
    const told = { author: found.author.replace(/ -?\d+ [-+]\d+$/, ''), timeSeconds: Number(time) };
    this.#authors.set(commit, told);
    forgetOldest(this.#authors, AUTHORS_MAX);
    return told;
  }

  async close(): Promise<void> {
    await Promise.all([this.#diff.close(), this.#attributes.close()]);
  }

  /** Null when nothing of their history is shared. */
  async #changesOf(main: string, commit: string): Promise<OwnChange[] | null> {
    const bases = await this.#history.mergeBases(main, commit);
    if (bases.length === 0) return null;
    const key = [...bases, commit].join(' ');
    const known = this.#changes.get(key);
    if (known) return known;
    const [after = '', ...before] = await Promise.all([commit, ...bases].map((id) => this.#treeOf(id)));
    const found = new Map<string, OwnChange>();
    for (const change of (await this.#diff.all(before.map((tree) => [tree, after] as const))).flat()) {
      const path = showPath(Buffer.from(change.path, 'latin1'));
      found.set(path, { path, how: howOf(change) });
    }
    const changes = [...found.values()];
    this.#changes.set(key, changes);
    forgetOldest(this.#changes, REMEMBERED);
    return changes;
  }

  async #treeOf(commit: string): Promise<string> {
    return (await this.#parts.objects.commit(commit))?.tree ?? '';
  }
}

function howOf({ before, after }: TreeChange): OwnChange['how'] {
  if (before === null) return 'added';
  return after === null ? 'removed' : 'changed';
}

function forgetOldest(map: Map<string, unknown>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) return;
    map.delete(key);
  }
}
