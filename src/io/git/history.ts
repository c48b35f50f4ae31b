/**
 * Questions about the history in the private repository. Facts between two commits never change, so merge bases are
 * remembered, and what is ahead of main is kept as a graph: a drain asks git about its candidates once, not each time.
 * Owns no process that lives on.
 */
import { AheadGraph } from './ahead.ts';
import type { GitRunner } from './launcher.ts';
import { isObjectId, type ObjectStore } from './objects.ts';
import { pathBytes } from './paths.ts';
import type { Ancestry, MainCommit } from './port.ts';
import { failure, GitFault, type GitResult } from './run.ts';

const REMEMBERED = 4096;
const FORMAT = '%H%x00%P%x00%T%x00%ct%x00%B';

export type GitCommand = (
  args: string[],
  options?: { stdin?: Uint8Array; signal?: AbortSignal | undefined },
) => Promise<GitResult>;

/** A runner bound to one repository. */
export function commandIn(dir: string, env: Record<string, string>, timeoutMs: number, run: GitRunner): GitCommand {
  return (args, options = {}) => run({ args, cwd: dir, env, timeoutMs, ...options });
}

export class History {
  readonly #git: GitCommand;
  readonly #objects: ObjectStore;
  readonly #bases = new Map<string, Promise<string[]>>();
  readonly #ancestry = new Map<string, 'yes' | 'no'>();
  readonly #ahead = new AheadGraph();

  constructor(git: GitCommand, objects: ObjectStore) {
    this.#git = git;
    this.#objects = objects;
  }

  /** All merge bases of two commits, none when they share no history. Thrown: GitFault. */
  mergeBases(one: string, other: string): Promise<string[]> {
    const key = `${one} ${other}`;
    let bases = this.#bases.get(key);
    if (bases === undefined) {
      const known = this.#ahead.mergeBases(one, other);
      bases = known === null ? this.#askMergeBases(one, other) : Promise.resolve(known);
      this.#bases.set(key, bases);
      // A failure is no fact.
      bases.catch(() => this.#bases.delete(key));
      forgetOldest(this.#bases);
    }
    return bases;
  }

  /** A commit telec just wrote, so that nobody has to be asked what it holds. */
  wrote(commit: string, parents: readonly string[]): void {
    this.#ahead.add(commit, parents);
  }

  async #askMergeBases(one: string, other: string): Promise<string[]> {
    const result = await this.#git(['merge-base', '--all', one, other]);
    const bases = result.stdout.toString('latin1').split('\n').filter(Boolean);
    if (result.ended === 'exited' && result.status === 0 && bases.length > 0 && bases.every(isObjectId)) return bases;
    if (result.ended === 'exited' && result.status === 1 && bases.length === 0) return [];
    throw new GitFault(failure('merge-base', result));
  }

  async ancestry(ancestor: string, descendant: string): Promise<Ancestry> {
    const held = this.#ahead.contains(descendant, ancestor) ?? this.#inside(ancestor, descendant);
    if (held !== null) return held ? 'yes' : 'no';
    const there = await Promise.all([this.#objects.info(ancestor), this.#objects.info(descendant)]);
    if (there.some((info) => info?.type !== 'commit')) return 'unknown';
    const answer = ancestor === descendant ? 'yes' : await this.#askAncestry(ancestor, descendant);
    if (answer !== 'unknown') this.#remember(ancestor, descendant, answer);
    return answer;
  }

  /** Of `commits`, those that `tip` does not contain or that are not here: one process, however many. Thrown: GitFault. */
  async unmerged(commits: readonly string[], tip: string): Promise<ReadonlySet<string>> {
    const outside = new Set<string>();
    const here: string[] = [];
    for (const commit of new Set(commits)) {
      const held = this.#ahead.contains(tip, commit) ?? this.#inside(commit, tip);
      if (held === false) outside.add(commit);
      if (held !== null) continue;
      const info = await this.#objects.info(commit);
      if (info?.type === 'commit') here.push(commit);
      else outside.add(commit);
    }
    if (here.length === 0) return outside;
    const stdin = Buffer.from([...here, `^${tip}`, ''].join('\n'));
    const result = await this.#git(['rev-list', '--parents', '--stdin'], { stdin });
    if (result.ended !== 'exited' || result.status !== 0) throw new GitFault(failure('rev-list', result));
    const lines = result.stdout.toString('latin1').split('\n');
    this.#ahead.learn(tip, lines);
    const ahead = new Set(lines.map((line) => line.split(' ', 1)[0]));
    for (const commit of here) {
      if (ahead.has(commit)) outside.add(commit);
      else this.#remember(commit, tip, 'yes');
    }
    return outside;
  }

  #inside(commit: string, tip: string): boolean | null {
    const known = this.#ancestry.get(`${commit} ${tip}`);
    return known === undefined ? null : known === 'yes';
  }

  #remember(ancestor: string, descendant: string, answer: 'yes' | 'no'): void {
    this.#ancestry.set(`${ancestor} ${descendant}`, answer);
    forgetOldest(this.#ancestry);
  }

  async #askAncestry(ancestor: string, descendant: string): Promise<Ancestry> {
    const result = await this.#git(['merge-base', '--is-ancestor', ancestor, descendant]);
    if (result.ended !== 'exited') return 'unknown';
    return result.status === 0 ? 'yes' : result.status === 1 ? 'no' : 'unknown';
  }

  async mainCommits(from: string | null, tip: string, limit?: number): Promise<MainCommit[]> {
    const range = from === null ? [tip] : [tip, `^${from}`];
    assertIds(from === null ? [tip] : [tip, from]);
    // Git would apply a limit before it reverses, and so keep the newest.
    const commits = await this.#log(['--first-parent', '--reverse', ...range, '--']);
    return (limit === undefined ? commits : commits.slice(0, limit)).map(toMainCommit);
  }

  /** Ids of `mainCommits`, without reading them. */
  async firstParents(from: string | null, tip: string): Promise<string[]> {
    assertIds(from === null ? [tip] : [tip, from]);
    const range = from === null ? [tip] : [tip, `^${from}`];
    return (await this.#revList(['--first-parent', '--reverse', ...range, '--'])).filter(Boolean);
  }

  /** The commits, with their parents, that `commit` holds and `tip` does not. Thrown: GitFault when one is missing. */
  async beyond(tip: string, commit: string): Promise<[commit: string, parents: readonly string[]][]> {
    const known = this.#ahead.beyond(tip, commit);
    if (known !== null) return known;
    assertIds([tip, commit]);
    const lines = (await this.#revList(['--parents', commit, `^${tip}`, '--'])).filter(Boolean);
    return lines.map((line) => {
      const [own = '', ...parents] = line.split(' ');
      return [own, parents];
    });
  }

  async #revList(args: string[]): Promise<string[]> {
    const result = await this.#git(['rev-list', ...args]);
    if (result.ended !== 'exited' || result.status !== 0) throw new GitFault(failure('rev-list', result));
    return result.stdout.toString('latin1').split('\n');
  }

  /** As `IntegrationRepository.sameChanges`. Thrown: GitFault. */
  async sameChanges(from: string, tip: string, sha: string): Promise<string[]> {
    assertIds([from, tip, sha]);
    const sides = ['--left-only', '--cherry-mark', '--no-merges', `${tip}...${sha}`, `^${from}`, '--'];
    const result = await this.#git(['rev-list', ...sides]);
    if (result.ended !== 'exited' || result.status !== 0) throw new GitFault(failure('rev-list', result));
    const lines = result.stdout.toString('latin1').split('\n');
    return lines.filter((line) => line.startsWith('=')).map((line) => line.slice(1));
  }

  async touchedBy(base: string, sha: string, paths: string[]): Promise<MainCommit[]> {
    assertIds([base, sha]);
    if (paths.length === 0) return [];
    const bases = await this.mergeBases(base, sha);
    const inArgv: string[] = [];
    const inStdin: Buffer[] = [];
    for (const bytes of paths.flatMap(pathBytes)) {
      if (bytes.length === 0 || bytes.includes(0)) continue;
      // Standard input is read line by line, argv cannot carry every byte.
      if (bytes.includes(10)) inArgv.push(bytes.toString('utf8'));
      else inStdin.push(bytes, Buffer.from('\n'));
    }
    const stdin = Buffer.concat([Buffer.from([base, ...bases.map((id) => `^${id}`), '--', ''].join('\n')), ...inStdin]);
    const args = ['--first-parent', '--stdin', '--', ...inArgv];
    return (await this.#log(args, stdin)).map(toMainCommit);
  }

  /**
   * Whether main's history since `sha` undoes it: a commit that says so of `sha` or of a merge of it, and that no
   * later commit undoes in turn.
   */
  async reverted(sha: string, main: string): Promise<boolean> {
    assertIds([sha, main]);
    const commits = await this.#log(['--topo-order', main, `^${sha}`, '--']);
    const carriers = new Set([sha]);
    for (const commit of commits) {
      const named = trailer(commit.body, 'Telec-Candidate');
      if (commit.parents.slice(1).includes(sha) || named?.endsWith(`@${sha}`)) carriers.add(commit.sha);
    }
    const undone = new Set<string>();
    // Newest first, so a revert that was itself reverted is known as undone when its turn comes.
    for (const commit of commits) {
      if (undone.has(commit.sha)) continue;
      for (const [, id] of commit.body.matchAll(/\bThis reverts commit ([0-9a-f]{64}|[0-9a-f]{40})\b/g)) {
        if (id !== undefined) undone.add(id);
      }
    }
    return [...carriers].some((id) => undone.has(id));
  }

  async #log(args: string[], stdin?: Uint8Array): Promise<LoggedCommit[]> {
    const result = await this.#git(
      [
        '--literal-pathspecs',
        'log',
        '-z',
        '--encoding=UTF-8',
        '--no-show-signature',
        '--no-decorate',
        '--no-notes',
        `--format=tformat:${FORMAT}`,
        ...args,
      ],
      stdin === undefined ? {} : { stdin },
    );
    if (result.ended !== 'exited' || result.status !== 0) throw new GitFault(failure('git log failed', result));
    const fields = result.stdout.toString('utf8').split('\0');
    const commits: LoggedCommit[] = [];
    for (let at = 0; at + 4 < fields.length; at += 5) {
      const [sha = '', parents = '', tree = '', time = '', body = ''] = fields.slice(at, at + 5);
      commits.push({ sha, parents: parents.split(' ').filter(Boolean), tree, timeSeconds: Number(time), body });
    }
    return commits;
  }
}

interface LoggedCommit {
  sha: string;
  parents: string[];
  tree: string;
  timeSeconds: number;
  body: string;
}

/** A commit as main's first-parent line shows it; `body` is its whole message. */
export function toMainCommit(commit: LoggedCommit): MainCommit {
  const { sha, parents, tree, timeSeconds, body } = commit;
  return {
    sha,
    parents,
    tree,
    candidate: trailer(body, 'Telec-Candidate'),
    books: trailer(body, 'Telec-Books'),
    fence: trailer(body, 'Telec-Fence'),
    subject: body.split('\n', 1)[0] ?? '',
    timeSeconds,
  };
}

/** The value of a trailer (`Key: value` in the message's last paragraph), the last one when there are several. */
export function trailer(message: string, key: string): string | null {
  const paragraphs = message.trimEnd().split(/\n[ \t]*\n/);
  // The first paragraph is the subject; a message of one paragraph has no trailers.
  if (paragraphs.length < 2) return null;
  let value: string | null = null;
  for (const line of (paragraphs.at(-1) ?? '').split('\n')) {
    if (line.startsWith(`${key}: `)) value = line.slice(key.length + 2).trim();
  }
  return value;
}

function assertIds(ids: string[]): void {
  for (const id of ids) {
    if (!isObjectId(id)) throw new GitFault(`no commit id: ${JSON.stringify(id)}`);
  }
}

function forgetOldest(map: Map<string, unknown>): void {
  for (const key of map.keys()) {
    if (map.size <= REMEMBERED) return;
    map.delete(key);
  }
}
