/**
 * A bare repository with the very hooks that telec puts in, a clone to push from, and fences of every kind: made with git
 * alone, so that what is tried does not share code with what is tested.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openBare } from '../../src/io/guards/bare-repository.ts';
import { SERVER_HOOKS } from '../../src/io/guards/server-hooks.ts';
import { installServerHooks } from '../../src/io/guards/server-install.ts';
import { signerLine } from '../../src/io/guards/signer.ts';
import { type GitAnswer, git, hermeticEnv, initBare, scratch, tryGit } from './git-repo.ts';

export interface FenceSpec {
  parent?: string | null;
  fence?: string | number;
  seq?: string | number;
  main?: string;
  repo?: string;
  tree?: string;
  /** More trailers. */
  more?: string[];
  /** Trailers that are left out. */
  without?: string[];
  /** Private key that signs it. */
  key?: string | null;
}

export interface GuardedRemote {
  dir: string;
  remote: string;
  clone: string;
  /** The key that the remote asks for; null where it asks for none. */
  key: string | null;
  /** Another one. */
  otherKey: string;
  /** Main's first commit, and the fence that the remote has at first: number 5, sequence 3. */
  first: string;
  fence0: string;
  /** A commit on top of `parent` (default: main's first). Trailers as given. */
  commit(subject: string, options?: { parent?: string; trailers?: string[] }): string;
  /** A fence commit; what is left out continues `fence0` properly. */
  fence(spec?: FenceSpec): string;
  /** Pushes from the clone; `env` beside the usual. */
  push(...args: string[]): GitAnswer;
  ref(name: string): string | null;
  refs(): string;
  remove(): void;
}

export const EMPTY_TREES = {
  sha1: '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
  sha256: '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321',
} as const;

/** An ssh key without a passphrase, at `path` and `path`.pub. */
export function makeKey(path: string, passphrase = ''): string {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', passphrase, '-C', 'test', '-f', path]);
  return path;
}

export async function makeGuardedRemote(
  options: { format?: 'sha1' | 'sha256'; signed?: boolean; shell?: string; hooks?: boolean; main?: string } = {},
): Promise<GuardedRemote> {
  const { format = 'sha1', signed = false, shell, hooks = true, main = 'main' } = options;
  const { dir, remove } = scratch('telec-guard-');
  const remote = initBare(join(dir, 'remote.git'), format);
  git(remote, 'symbolic-ref', 'HEAD', `refs/heads/${main}`);
  const clone = join(dir, 'clone');
  git('/', 'init', '--quiet', '--template=', `--object-format=${format}`, '--initial-branch=work', clone);
  git(clone, 'remote', 'add', 'origin', remote);
  const key = makeKey(join(dir, 'key'));
  const otherKey = makeKey(join(dir, 'other'));
  const empty = EMPTY_TREES[format];
  git(clone, 'hash-object', '-w', '-t', 'tree', '/dev/null');

  const write = (tree: string, parents: string[], message: string, by: string | null): string => {
    const signing = by === null ? [] : ['-c', 'gpg.format=ssh', '-c', `user.signingKey=${by}`];
    const args = [...signing, 'commit-tree', ...(by === null ? [] : ['-S']), tree];
    const answer = tryGit(clone, [...args, ...parents.flatMap((id) => ['-p', id])], { stdin: message });
    if (answer.status !== 0) throw new Error(answer.stderr);
    return answer.stdout.toString('utf8').trim();
  };
  const fence = (spec: FenceSpec): string => {
    const { parent = made.fence0, fence: number = 5, seq = 4, more = [], without = [] } = spec;
    const trailers = [
      `Telec-Fence: ${number}`,
      `Telec-Seq: ${seq}`,
      'Telec-Session: someone',
      'Telec-Log: log',
      `Telec-Repo: ${spec.repo ?? 'repo'}`,
      `Telec-Main: ${spec.main ?? main}`,
      ...more,
    ].filter((line) => !without.some((name) => line.startsWith(`${name}:`)));
    const by = spec.key === undefined ? (signed ? key : null) : spec.key;
    return write(spec.tree ?? empty, parent === null ? [] : [parent], `telec fence\n\n${trailers.join('\n')}\n`, by);
  };
  const made = { first: '', fence0: '' };
  let count = 0;
  const commit: GuardedRemote['commit'] = (subject, { parent = made.first, trailers = [] } = {}) => {
    count += 1;
    const blob = tryGit(clone, ['hash-object', '-w', '--stdin'], { stdin: `${subject} ${count}\n` }).stdout.toString();
    const listing = `100644 blob ${blob.trim()}\tfile\n`;
    const tree = tryGit(clone, ['mktree'], { stdin: listing }).stdout.toString().trim();
    const message = `${subject}\n${trailers.length > 0 ? `\n${trailers.join('\n')}\n` : ''}`;
    return write(tree, parent === '' ? [] : [parent], message, null);
  };
  made.first = commit('first', { parent: '' });
  made.fence0 = fence({ parent: null, fence: 5, seq: 3 });
  git(clone, 'push', '--quiet', 'origin', `${made.first}:refs/heads/${main}`, `${made.fence0}:refs/telec/fence`);
  git(clone, 'update-ref', 'refs/heads/work', made.first);
  if (hooks) {
    const rules = { main, signed, ignoreCase: false };
    await installServerHooks(await openBare(remote), rules, signed ? await signerLine(key) : null);
    if (shell !== undefined) {
      for (const name of SERVER_HOOKS) {
        const path = join(remote, 'hooks', name);
        writeFileSync(path, readFileSync(path, 'utf8').replace('#!/bin/sh', `#!${shell}`));
        chmodSync(path, 0o755);
      }
    }
  }
  const ref = (name: string): string | null => {
    const answer = tryGit(remote, ['show-ref', '--verify', '--hash', name]);
    return answer.status === 0 ? answer.stdout.toString('utf8').trim() : null;
  };
  return {
    dir,
    remote,
    clone,
    key: signed ? key : null,
    otherKey,
    ...made,
    commit,
    fence: (spec = {}) => fence(spec),
    push: (...args) => tryGit(clone, ['push', ...args], { env: { ...hermeticEnv } }),
    ref,
    refs: () => git(remote, 'for-each-ref', '--format=%(refname) %(objectname)'),
    remove,
  };
}
