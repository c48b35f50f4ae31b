/**
 * Generated repositories: a bare one with a given number of files, a history, and groups of candidate branches, written
 * by one `git fast-import`. The same parameters give the same commits. Candidates of one group touch different lines,
 * except those said to conflict with the one before them.
 */
import { spawnSync } from 'node:child_process';
import { git, hermeticEnv, initBare } from '../test/support/git-repo.ts';

/** Files of a repository: what a small project, a usual one and a large monorepo have. */
export const SIZES = [23, 5_000, 50_000] as const;
/** Commits of main before the first candidate. */
const HISTORY = 200;
/** How far behind main a candidate may be forked off, commits. */
const FORK_SPREAD = 10;
const EDITS_PER_COMMIT = 2;
const COMMITS = 2;
/** Lines between two edited ones, so that neighbouring edits are no conflict. */
const SPACING = 4;

export interface GroupSpec {
  name: string;
  candidates: number;
  /** Positions (from 1) of candidates that conflict with the one before them. */
  conflicts?: readonly number[];
  /** Positions (from 1) of candidates that bring a file `broken-<slug>` at the top. */
  broken?: readonly number[];
}

export interface Candidate {
  slug: string;
  branch: string;
  sha: string;
}

export interface Generated {
  dir: string;
  main: string;
  groups: Map<string, Candidate[]>;
}

export function generate(dir: string, files: number, groups: readonly GroupSpec[]): Generated {
  initBare(dir);
  const total = groups.reduce((sum, { candidates }) => sum + candidates, 0);
  const slots = Math.ceil((total * COMMITS * EDITS_PER_COMMIT) / files) + 1;
  const stream = new Stream(files, slots);
  stream.history();
  let edit = 0;
  for (const { name, candidates, conflicts = [], broken = [] } of groups) {
    for (let at = 1; at <= candidates; at += 1) {
      const rival = conflicts.includes(at);
      // A rival begins with the very edit its predecessor began with.
      stream.candidate(`${name}-${at}`, rival ? edit - COMMITS * EDITS_PER_COMMIT : edit, edit);
      if (broken.includes(at)) stream.breakLast(`${name}-${at}`);
      edit += COMMITS * EDITS_PER_COMMIT;
    }
  }
  const result = spawnSync('git', ['-c', 'fastimport.unpackLimit=1', 'fast-import', '--quiet', '--done'], {
    cwd: dir,
    env: hermeticEnv,
    input: stream.text(),
  });
  if (result.status !== 0) throw new Error(`git fast-import failed: ${result.stderr}`);
  const refs = new Map(
    git(dir, 'for-each-ref', '--format=%(refname:lstrip=2) %(objectname)', 'refs/heads')
      .split('\n')
      .map((line) => line.split(' ') as [string, string]),
  );
  const candidatesOf = ({ name, candidates }: GroupSpec): Candidate[] =>
    Array.from({ length: candidates }, (_, index) => {
      const slug = `${name}-${index + 1}`;
      return { slug, branch: `work/${slug}`, sha: refs.get(`work/${slug}`) ?? '' };
    });
  return {
    dir,
    main: refs.get('main') ?? '',
    groups: new Map(groups.map((group) => [group.name, candidatesOf(group)])),
  };
}

/** The text that fast-import reads. Marks: commit n of main is `:n`. */
class Stream {
  readonly #files: number;
  readonly #slots: number;
  readonly #parts: string[] = [];
  #mark = 0;

  constructor(files: number, slots: number) {
    this.#files = files;
    this.#slots = slots;
  }

  text(): string {
    return `${this.#parts.join('')}done\n`;
  }

  history(): void {
    this.#commit('main', null, 'first');
    for (let file = 0; file < this.#files; file += 1) this.#write(file, HISTORY_NONE, new Map());
    for (let commit = 1; commit < HISTORY; commit += 1) {
      this.#commit('main', this.#mark, `change ${commit}`);
      this.#write(commit % this.#files, commit, new Map());
    }
  }

  /** `firstEdit` is the first of its edits; the others follow `edit`. */
  candidate(slug: string, firstEdit: number, edit: number): void {
    const fork = HISTORY - (edit % FORK_SPREAD);
    let parent = fork;
    for (let commit = 0; commit < COMMITS; commit += 1) {
      this.#commit(`work/${slug}`, parent, `${slug} ${commit}`);
      parent = this.#mark;
      for (let nth = 0; nth < EDITS_PER_COMMIT; nth += 1) {
        const own = edit + commit * EDITS_PER_COMMIT + nth;
        const place = own === edit ? firstEdit : own;
        const file = place % this.#files;
        const slot = Math.floor(place / this.#files);
        this.#write(file, lastChange(file, fork, this.#files), new Map([[slot, `${slug} was here ${own}`]]));
      }
      this.#file(`part-${edit % FORK_SPREAD}/added-${edit % 97}/${slug}-${commit}.txt`, `${slug} ${commit}\n`);
    }
  }

  /** One more file in the commit that was written last. */
  breakLast(slug: string): void {
    this.#file(`broken-${slug}`, `${slug}\n`);
  }

  #commit(branch: string, parent: number | null, message: string): void {
    this.#mark += 1;
    const from = parent === null ? '' : `from :${parent}\n`;
    const who = `bench <bench@localhost> ${1_700_000_000 + this.#mark} +0000`;
    this.#parts.push(
      `commit refs/heads/${branch}\nmark :${this.#mark}\ncommitter ${who}\ndata ${message.length}\n${message}\n${from}`,
    );
  }

  #write(file: number, version: number, edits: Map<number, string>): void {
    const lines: string[] = [];
    for (let slot = 0; slot < this.#slots; slot += 1) {
      lines.push(edits.get(slot) ?? `file ${file} slot ${slot}`);
      for (let line = 1; line < SPACING; line += 1) lines.push(`line ${slot}.${line}`);
    }
    lines.push(`version ${version}`, '');
    this.#file(`part-${Math.floor(file / 2500)}/area-${Math.floor(file / 50)}/file-${file}.txt`, lines.join('\n'));
  }

  #file(path: string, content: string): void {
    this.#parts.push(`M 100644 inline ${path}\ndata ${content.length}\n${content}\n`);
  }
}

const HISTORY_NONE = 0;

/** The newest change of a file in main's history up to commit `tip` (marks count from 1, change n is mark n + 1). */
function lastChange(file: number, tip: number, files: number): number {
  const newest = tip - 1;
  const last = newest - ((((newest - file) % files) + files) % files);
  return last < 1 ? HISTORY_NONE : last;
}
