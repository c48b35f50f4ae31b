/**
 * Differences between two trees, raw, through a long-lived `git diff-tree --stdin`. A line git cannot read as ids is
 * echoed and flushed; such a line marks the end of an answer.
 */
import { type ByteReader, LongLived } from './longlived.ts';
import { isObjectId } from './objects.ts';
import { GitFault } from './run.ts';

/** Mode (`100644`, `100755`, `120000`, `160000`) and object of a path. */
export interface Entry {
  mode: string;
  id: string;
}

/** One changed path. Keys are file names in latin1, one character a byte, so nothing is lost. */
export interface TreeChange {
  path: string;
  /** Null: not there. */
  before: Entry | null;
  after: Entry | null;
  /** With rename detection: the path it had before; then `before` is that path's entry. */
  from: string | null;
}

const LF = 10;
const NUL = 0;
const COLON = 0x3a;
const REQUEST_MS = 120_000;

export class DiffTree {
  readonly #process: LongLived;
  #marker = 0;

  /** `options` are further arguments (`-M`, a pathspec after `--`). */
  constructor(gitDir: string, env: Record<string, string>, options: string[] = []) {
    const args = ['diff-tree', '--stdin', '-r', '-z', '--no-ext-diff', ...options];
    this.#process = new LongLived({ args, cwd: gitDir, env, timeoutMs: REQUEST_MS });
  }

  /** The paths whose entry differs. Thrown: GitFault when a tree is missing. */
  async between(before: string, after: string): Promise<TreeChange[]> {
    return (await this.all([[before, after]]))[0] ?? [];
  }

  /** As `between` for several pairs in one request; the answers in their order. */
  async all(pairs: readonly (readonly [before: string, after: string])[]): Promise<TreeChange[][]> {
    if (!pairs.flat().every(isObjectId)) throw new GitFault('diff-tree was asked for something that is no id');
    const asked = pairs
      .filter(([before, after]) => before !== after)
      .map((pair) => ({ pair, marker: `end ${++this.#marker}` }));
    if (asked.length === 0) return pairs.map(() => []);
    const lines = asked.map(({ pair: [before, after], marker }) => `${before} ${after}\n${marker}\n`);
    const answers = await this.#process.ask(lines.join(''), async (reader) => {
      const changes: TreeChange[][] = [];
      for (const { pair, marker } of asked) changes.push(await read(reader, pair[0], pair[1], marker));
      return changes;
    });
    return pairs.map(([before, after]) => (before === after ? [] : (answers.shift() ?? [])));
  }

  close(): Promise<void> {
    return this.#process.close();
  }
}

async function read(reader: ByteReader, before: string, after: string, marker: string): Promise<TreeChange[]> {
  const first = (await reader.until(LF)).toString('latin1');
  // Without its header line git could not read one of the trees.
  if (first !== `${before} ${after}`) throw new GitFault(`diff-tree could not compare ${before} with ${after}`);
  const changes: TreeChange[] = [];
  while ((await reader.peek()) === COLON) {
    const fields = (await reader.until(NUL)).toString('latin1').slice(1).split(' ');
    const [modeBefore, modeAfter, idBefore, idAfter, status] = fields;
    if (!modeBefore || !modeAfter || !idBefore || !idAfter || !status)
      throw new GitFault('diff-tree answered nonsense');
    const path = (await reader.until(NUL)).toString('latin1');
    const renamed = status.startsWith('R') || status.startsWith('C');
    changes.push({
      path: renamed ? (await reader.until(NUL)).toString('latin1') : path,
      from: renamed ? path : null,
      before: entry(modeBefore, idBefore),
      after: entry(modeAfter, idAfter),
    });
  }
  const last = (await reader.until(LF)).toString('latin1');
  if (last !== marker) throw new GitFault('diff-tree lost its place');
  return changes;
}

function entry(mode: string, id: string): Entry | null {
  return mode === '000000' ? null : { mode, id };
}
