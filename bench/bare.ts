/**
 * What the same work costs with git alone: the limits that telec is compared with. No log, no lease, no checks, no
 * queue; each flow does the least that moves main for the candidates it is given.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LongLived } from '../src/io/git/longlived.ts';
import { git, hermeticEnv, initBare, tryGit } from '../test/support/git-repo.ts';
import type { Candidate } from './generated.ts';

const LF = 10;
const NUL = 0;

/** Runs git as telec does (asynchronously), for its output; throws unless it ended with `status`. */
function run(cwd: string, args: string[], status = 0): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', args, { cwd, env: hermeticEnv, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString('latin1');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString('latin1');
    });
    child.on('close', (code) => {
      if (code === status) resolve(out.trim());
      else reject(new Error(`git ${args.join(' ')} ended with ${code}: ${err}`));
    });
  });
}

/**
 * The least that a push for each candidate costs: ask the remote, fetch the candidate's branch, push main and a new
 * fence commit together. The merge and the fence commit are made outside of the measured time. Ms a candidate.
 */
export async function pushEach(remote: string, dir: string, candidates: readonly Candidate[]): Promise<number[]> {
  initBare(dir);
  git(dir, 'remote', 'add', 'origin', remote);
  git(dir, 'fetch', '--quiet', '--no-tags', 'origin', 'main');
  const empty = git(dir, 'hash-object', '-t', 'tree', '-w', '--stdin');
  let main = git(dir, 'rev-parse', 'FETCH_HEAD');
  let fence = '';
  const times: number[] = [];
  for (const [index, { branch, sha }] of candidates.entries()) {
    const before = performance.now();
    await run(dir, ['ls-remote', '--quiet', '--refs', 'origin']);
    await run(dir, ['fetch', '--quiet', '--no-tags', 'origin', `+refs/heads/${branch}:refs/telec/branch/${branch}`]);
    const fetched = performance.now() - before;
    const merged = tryGit(dir, ['merge-tree', '--write-tree', '--no-messages', main, sha]);
    if (merged.status !== 0) continue;
    const tree = merged.stdout.toString('latin1').trim();
    const tip = git(dir, 'commit-tree', tree, '-p', main, '-p', sha, '-m', `merge ${branch}`);
    const parent = fence === '' ? [] : ['-p', fence];
    const next = git(dir, 'commit-tree', empty, ...parent, '-m', `fence ${index}`);
    const lease = `--force-with-lease=refs/telec/fence:${fence}`;
    const pushing = performance.now();
    const refs = [`${tip}:refs/heads/main`, `${next}:refs/telec/fence`];
    await run(dir, ['push', '--quiet', '--atomic', '--no-verify', lease, 'origin', ...refs]);
    times.push(fetched + performance.now() - pushing);
    main = tip;
    fence = next;
  }
  return times;
}

/** Commits that a merge made, one request at a time, through processes that live on. */
class Writer {
  readonly #dir: string;
  readonly #hash: LongLived;
  readonly #refs: LongLived;
  #count = 0;

  constructor(dir: string) {
    this.#dir = dir;
    const shared = { cwd: dir, env: { ...hermeticEnv, GIT_DIR: dir }, timeoutMs: 60_000 };
    const hash = ['hash-object', '-t', 'commit', '-w', '--no-filters', '--stdin-paths'];
    this.#hash = new LongLived({ args: hash, ...shared });
    this.#refs = new LongLived({ args: ['update-ref', '--stdin'], ...shared });
    mkdirSync(join(dir, 'scratch'), { recursive: true });
  }

  /** Writes the merge commit and moves main to it, compared with what it was. */
  async land(main: string, sha: string, tree: string): Promise<string> {
    const who = 'bench <bench@localhost> 1700000000 +0000';
    const path = join(this.#dir, 'scratch', String(this.#count++));
    writeFileSync(path, `tree ${tree}\nparent ${main}\nparent ${sha}\nauthor ${who}\ncommitter ${who}\n\nmerge\n`);
    const tip = await this.#hash.ask(`${path}\n`, async (reader) => (await reader.until(LF)).toString('latin1'));
    await this.#refs.ask(`start\nupdate refs/heads/main ${tip} ${main}\nprepare\ncommit\n`, async (reader) => {
      for (let answers = 0; answers < 3; answers += 1) await reader.until(LF);
    });
    return tip;
  }

  async close(): Promise<void> {
    await Promise.all([this.#hash.close(), this.#refs.close()]);
  }
}

/** Every merge of main since a commit made once more, by a process each. Ms a merge. */
export async function mergeAgain(remote: string, since: string): Promise<number[]> {
  const lines = git(remote, 'log', '--first-parent', '--reverse', '--format=%P', `${since}..refs/heads/main`);
  const times: number[] = [];
  for (const line of lines.split('\n')) {
    const [base = '', sha = ''] = line.split(' ');
    const before = performance.now();
    await run(remote, ['merge-tree', '--write-tree', '--no-messages', base, sha]);
    times.push(performance.now() - before);
  }
  return times;
}

/**
 * The limit of working in the object database, directly in the remote's own store (no transport, no hooks): a
 * merge-tree process a candidate, commit and ref through processes that live on. Ms a candidate.
 */
export async function landDirectly(remote: string, candidates: readonly Candidate[]): Promise<number[]> {
  return await landing(remote, candidates, async (main, sha) => {
    const args = ['merge-tree', '--write-tree', '--no-messages', main, sha];
    const tree = await run(remote, args).catch(() => null);
    return tree;
  });
}

/**
 * As `landDirectly`, but merge-tree lives on, too. Git flushes its answers only at its end, so this needs `stdbuf`;
 * null where there is none. Shown for orientation: one bad request ends such a process together with its answers.
 */
export async function landLongLived(remote: string, candidates: readonly Candidate[]): Promise<number[] | null> {
  const unbuffered = spawnSync('stdbuf', ['-o0', 'env'], { encoding: 'utf8', env: { PATH: hermeticEnv['PATH'] } });
  const preload = /^LD_PRELOAD=(.*)$/m.exec(unbuffered.stdout ?? '')?.[1];
  if (preload === undefined) return null;
  const env = { ...hermeticEnv, GIT_DIR: remote, LD_PRELOAD: preload, _STDBUF_O: '0' };
  const args = ['merge-tree', '--stdin', '--write-tree', '-z', '--no-messages'];
  const merger = new LongLived({ args, cwd: remote, env, timeoutMs: 60_000 });
  try {
    return await landing(remote, candidates, (main, sha) =>
      merger.ask(`${main} ${sha}\n`, async (reader) => {
        const clean = (await reader.until(NUL)).toString('latin1') === '1';
        const tree = (await reader.until(NUL)).toString('latin1');
        await reader.until(NUL);
        return clean ? tree : null;
      }),
    );
  } finally {
    await merger.close();
  }
}

async function landing(
  remote: string,
  candidates: readonly Candidate[],
  merge: (main: string, sha: string) => Promise<string | null>,
): Promise<number[]> {
  const writer = new Writer(remote);
  const times: number[] = [];
  let main = git(remote, 'rev-parse', 'refs/heads/main');
  try {
    for (const { sha } of candidates) {
      const before = performance.now();
      const tree = await merge(main, sha);
      if (tree !== null) main = await writer.land(main, sha, tree);
      times.push(performance.now() - before);
    }
  } finally {
    await writer.close();
  }
  return times;
}

/** A checkout as the usual scripts keep one; making it is not measured. */
export function makeCheckout(remote: string, dir: string): void {
  git('/', 'clone', '--quiet', '--no-local', remote, dir);
}

/** The usual flow in a checkout: fetch, reset to main, merge, push. Ms a candidate. */
export async function mergeInCheckout(dir: string, candidates: readonly Candidate[]): Promise<number[]> {
  const times: number[] = [];
  for (const { branch } of candidates) {
    const before = performance.now();
    await run(dir, ['fetch', '--quiet', 'origin', 'main', `+refs/heads/${branch}:refs/remotes/origin/${branch}`]);
    await run(dir, ['reset', '--quiet', '--hard', 'FETCH_HEAD']);
    await run(dir, ['merge', '--quiet', '--no-ff', '-m', `merge ${branch}`, `refs/remotes/origin/${branch}`]);
    await run(dir, ['push', '--quiet', 'origin', 'HEAD:refs/heads/main']);
    times.push(performance.now() - before);
  }
  return times;
}
