/**
 * Objects of the private repository by id, through long-lived processes: reading (`cat-file --batch-command`) and
 * writing (`hash-object`). Ids go in, never names, so nothing a branch or a file is called is ever interpreted.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LongLived } from './longlived.ts';
import { GitFault } from './run.ts';

const OBJECT_ID = /^([0-9a-f]{40}|[0-9a-f]{64})$/;
const LF = 10;
const REQUEST_MS = 60_000;
const SCRATCH = 'scratch';
/** Commits remembered; a commit never changes. */
const REMEMBERED = 4096;

export type ObjectType = 'commit' | 'tree' | 'blob' | 'tag';

export interface GitObject {
  type: ObjectType;
  content: Buffer;
}

/** A commit's fields; `author` and `committer` raw, `message` with bytes that are not UTF-8 replaced. */
export interface CommitObject {
  tree: string;
  parents: string[];
  author: string;
  committer: string;
  message: string;
}

export function isObjectId(text: string): boolean {
  return OBJECT_ID.test(text);
}

export class ObjectStore {
  readonly #dir: string;
  readonly #env: Record<string, string>;
  readonly #reader: LongLived;
  readonly #writers = new Map<ObjectType, LongLived>();
  readonly #commits = new Map<string, CommitObject>();
  /** Names what this store writes: another one in this process has the same process id. */
  readonly #own = `${process.pid}-${randomBytes(6).toString('hex')}`;
  #counter = 0;

  /** `dir` is the bare repository. */
  constructor(dir: string, env: Record<string, string>) {
    this.#dir = dir;
    this.#env = env;
    this.#reader = new LongLived({ args: ['cat-file', '--batch-command'], cwd: dir, env, timeoutMs: REQUEST_MS });
  }

  /** Type and size in bytes; null when the object is not here or `id` is no id. */
  info(id: string): Promise<{ type: ObjectType; size: number } | null> {
    if (!isObjectId(id)) return Promise.resolve(null);
    return this.#reader.ask(`info ${id}\n`, async (reader) => header((await reader.until(LF)).toString('latin1'), id));
  }

  /** The object, or null when it is not here. */
  read(id: string): Promise<GitObject | null> {
    if (!isObjectId(id)) return Promise.resolve(null);
    return this.#reader.ask(`contents ${id}\n`, async (reader) => {
      const head = header((await reader.until(LF)).toString('latin1'), id);
      if (head === null) return null;
      const content = Buffer.from(await reader.exactly(head.size));
      await reader.exactly(1);
      return { type: head.type, content };
    });
  }

  /** The commit, or null when the object is missing or something else. */
  async commit(id: string): Promise<CommitObject | null> {
    const known = this.#commits.get(id);
    if (known !== undefined) return known;
    const commit = await this.storedCommit(id);
    if (commit !== null) this.#remember(id, commit);
    return commit;
  }

  /** As `commit`, read from the store however well it is known. */
  async storedCommit(id: string): Promise<CommitObject | null> {
    const object = await this.read(id);
    return object?.type === 'commit' ? parseCommit(object.content) : null;
  }

  #remember(id: string, commit: CommitObject): void {
    this.#commits.set(id, commit);
    for (const oldest of this.#commits.keys()) {
      if (this.#commits.size <= REMEMBERED) return;
      this.#commits.delete(oldest);
    }
  }

  /** Writes an object and returns its id; the same content gives the same id. */
  async write(type: ObjectType, content: Uint8Array | string): Promise<string> {
    // Small files on this machine: at once is faster than three trips to the thread pool.
    mkdirSync(join(this.#dir, SCRATCH), { recursive: true });
    // Relative, so no byte of the state folder's path can end the line early.
    const name = `${SCRATCH}/${this.#own}-${this.#counter++}`;
    const path = join(this.#dir, name);
    writeFileSync(path, content, { flag: 'wx' });
    try {
      const id = await this.#writer(type).ask(`${name}\n`, async (reader) => {
        const id = (await reader.until(LF)).toString('latin1');
        if (!isObjectId(id)) throw new GitFault(`hash-object answered ${JSON.stringify(id)}`);
        return id;
      });
      const commit = type === 'commit' ? parseCommit(Buffer.from(content)) : null;
      if (commit !== null) this.#remember(id, commit);
      return id;
    } finally {
      unlinkSync(path);
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#reader.close(), ...[...this.#writers.values()].map((writer) => writer.close())]);
  }

  #writer(type: ObjectType): LongLived {
    let writer = this.#writers.get(type);
    if (writer === undefined) {
      const args = ['hash-object', '-t', type, '-w', '--no-filters', '--stdin-paths'];
      writer = new LongLived({ args, cwd: this.#dir, env: this.#env, timeoutMs: REQUEST_MS });
      this.#writers.set(type, writer);
    }
    return writer;
  }
}

function header(line: string, id: string): { type: ObjectType; size: number } | null {
  if (line === `${id} missing`) return null;
  const match = /^([0-9a-f]+) (commit|tree|blob|tag) (\d+)$/.exec(line);
  if (match?.[1] !== id) throw new GitFault(`cat-file answered ${JSON.stringify(line)}`);
  return { type: match[2] as ObjectType, size: Number(match[3]) };
}

/** Reads a commit object; null when it has no tree. */
function parseCommit(content: Buffer): CommitObject | null {
  const split = content.indexOf('\n\n');
  const head = content.subarray(0, split < 0 ? content.length : split).toString('utf8');
  const message = split < 0 ? '' : content.subarray(split + 2).toString('utf8');
  let tree: string | null = null;
  let author = '';
  let committer = '';
  const parents: string[] = [];
  for (const line of head.split('\n')) {
    if (line.startsWith('tree ')) tree ??= line.slice(5);
    else if (line.startsWith('parent ')) parents.push(line.slice(7));
    else if (line.startsWith('author ')) author = line.slice(7);
    else if (line.startsWith('committer ')) committer = line.slice(10);
  }
  return tree === null ? null : { tree, parents, author, committer, message };
}

/**
 * The bytes of a commit object. `author` is `Name <mail>` for both roles, `timeSeconds` both dates in UTC. Characters
 * that would start another header are taken out.
 */
export function formatCommit(commit: {
  tree: string;
  parents: string[];
  author: string;
  timeSeconds: number;
  message: string;
}): string {
  const match = /^\s*(.*?)\s*<([^<>]*)>\s*$/s.exec(commit.author);
  const clean = (text: string) => text.replace(/[\0\n\r<>]/g, '').trim();
  const name = clean(match?.[1] ?? commit.author) || 'telec';
  const mail = clean(match?.[2] ?? '');
  const who = `${name} <${mail}> ${Math.trunc(commit.timeSeconds)} +0000`;
  const message = commit.message.replaceAll('\0', '').replace(/\n*$/, '\n');
  const parents = commit.parents.map((parent) => `parent ${parent}\n`).join('');
  return `tree ${commit.tree}\n${parents}author ${who}\ncommitter ${who}\n\n${message}`;
}
