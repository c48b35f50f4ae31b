/**
 * A bench on which ways to main are tried: a bare remote, a clone whose main is one commit ahead, a linked work tree of
 * it, another clone, and the means to put all of it back after each try. Whoever uses it puts the guards in.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { git, hermeticEnv, initBare, tryGit } from './git-repo.ts';

export interface Answer {
  status: number | null;
  stdout: string;
  stderr: string;
}

export interface Ask {
  cwd?: string;
  env?: Record<string, string>;
  stdin?: string;
}

export interface RouteBench {
  dir: string;
  remote: string;
  /** On main, one commit ahead of the remote; `topic` is another commit on top of the remote's main. */
  clone: string;
  /** Linked work tree of the clone, on `side`, one commit ahead. */
  tree: string;
  /** A clone that telec does not know, on main, one commit ahead. */
  other: string;
  /** A bare repository that is nobody's main: a fork. */
  fork: string;
  /** A folder in no repository. */
  outside: string;
  /** Commit of the clone's main; and the remote's main before anybody tried anything. */
  commit: string;
  first: string;
  /** The real git, by its own path. */
  realGit: string;
  /** What every command is given; PATH decides whether the wrappers are met. */
  env: Record<string, string>;
  /** Runs `git` as the PATH of the bench finds it, in the clone. */
  git(args: readonly string[], ask?: Ask): Answer;
  run(program: string, args: readonly string[], ask?: Ask): Answer;
  /** Full ref -> id of the remote. */
  refs(): Map<string, string>;
  /** What of main and of the guarded refs is not as it was. */
  moved(): string[];
  /** Keeps the bench as it is now; `restore` brings that back. */
  keep(): void;
  restore(): void;
  remove(): void;
}

const GUARDED = /^refs\/(heads\/main$|telec\/|heads\/refs\/|tags\/refs\/)/;

/** Makes `to` what `from` is; by the system's own tools, which take a tenth of the time for so many small files. */
function replace(to: string, from: string): void {
  const { status, stderr } = spawnSync('/bin/sh', ['-c', 'rm -rf -- "$1" && cp -a -- "$2" "$1"', 'sh', to, from]);
  if (status !== 0) throw new Error(stderr.toString());
}

export function makeRouteBench(): RouteBench {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'telec-routes-')));
  const at = (name: string) => join(dir, 'bench', name);
  const [remote, clone, tree, other, fork, outside] = [
    'remote.git',
    'clone',
    'tree',
    'other',
    'fork.git',
    'outside',
  ].map(at);
  if (!remote || !clone || !tree || !other || !fork || !outside) throw new Error('no folders');
  mkdirSync(outside, { recursive: true });
  initBare(remote);
  // Else git itself keeps the branch that HEAD names.
  git(remote, 'config', 'receive.denyDeleteCurrent', 'ignore');
  initBare(fork);
  git('/', 'init', '--quiet', '--template=', '--initial-branch=main', clone);
  const commit = (folder: string, name: string): string => {
    writeFileSync(join(folder, name), `${name}\n`);
    git(folder, 'add', '--', name);
    git(folder, 'commit', '--quiet', '-m', name);
    return git(folder, 'rev-parse', 'HEAD');
  };
  git(clone, 'remote', 'add', 'origin', remote);
  const first = commit(clone, 'first');
  git(clone, 'push', '--quiet', 'origin', 'main');
  git(dir, 'clone', '--quiet', '--template=', remote, other);
  commit(other, 'others');
  git(clone, 'switch', '--quiet', '-c', 'topic');
  commit(clone, 'topic');
  git(clone, 'worktree', 'add', '--quiet', '-b', 'side', tree, first);
  commit(tree, 'side');
  git(clone, 'switch', '--quiet', 'main');
  const ahead = commit(clone, 'ahead');
  git(clone, 'branch', '--quiet', '--set-upstream-to=origin/main');
  const env: Record<string, string> = { ...hermeticEnv };
  const realGit = spawnSync('sh', ['-c', 'command -v git'], { env, encoding: 'utf8' }).stdout.trim();
  const kept = join(dir, 'kept');

  const bench: RouteBench = {
    dir,
    remote,
    clone,
    tree,
    other,
    fork,
    outside,
    commit: ahead,
    first,
    realGit,
    env,
    git: (args, ask) => bench.run('git', args, ask),
    run(program, args, ask = {}) {
      const all = { ...bench.env, ...ask.env };
      const options = { cwd: ask.cwd ?? clone, env: all, input: ask.stdin ?? '', encoding: 'utf8' as const };
      // Found as a shell finds it: node itself would look in its own PATH.
      const line = 'program=$1; shift; exec "$program" "$@"';
      const answer = spawnSync('/bin/sh', ['-c', line, 'sh', program, ...args], options);
      if (answer.error) throw answer.error;
      return { status: answer.status, stdout: answer.stdout, stderr: answer.stderr };
    },
    refs() {
      const listed = tryGit(remote, ['for-each-ref', '--format=%(refname) %(objectname)']).stdout.toString('utf8');
      return new Map(
        listed
          .split('\n')
          .filter(Boolean)
          .map((line) => line.split(' ') as [string, string]),
      );
    },
    moved() {
      const refs = bench.refs();
      const moved = [...refs].filter(([ref, id]) => GUARDED.test(ref) && before.get(ref) !== id).map(([ref]) => ref);
      const gone = [...before.keys()].filter((ref) => GUARDED.test(ref) && !refs.has(ref));
      return [...moved, ...gone].sort();
    },
    keep() {
      replace(kept, join(dir, 'bench'));
      before = bench.refs();
    },
    restore() {
      replace(join(dir, 'bench'), kept);
    },
    remove: () => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }),
  };
  let before = bench.refs();
  bench.keep();
  return bench;
}
