/**
 * What a behaviour test of the private repository needs of its surroundings: commits, a remote whose refs can be moved
 * behind its back, and repositories on it. Here with real git and a bare remote in a folder.
 */
import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { IntegrationRepository } from '../../src/io/git/port.ts';
import { type OpenOptions, openRepository } from '../../src/io/git/repository.ts';
import { type CommitSpec, git, importCommits, initBare, scratch, tryGit } from './git-repo.ts';

export interface GitWorld {
  /** Makes a commit with exactly these files, known to the remote's store but on no ref. */
  commit(spec: CommitSpec): Promise<string>;
  setRemoteRef(ref: string, sha: string): Promise<void>;
  deleteRemoteRef(ref: string): Promise<void>;
  remoteRefs(): Promise<Map<string, string>>;
  /** While false, the remote cannot be reached. */
  setReachable(reachable: boolean): Promise<void>;
  /** A repository on this remote with main branch `main`; each call is another one. Closed with the world. */
  open(): Promise<IntegrationRepository>;
  close(): Promise<void>;
}

export interface RealWorld extends GitWorld {
  dir: string;
  remoteDir: string;
  cloneDir: string;
  openWith(options: Partial<OpenOptions>): Promise<IntegrationRepository>;
}

/** Folders: `remote.git`, `clone` (empty), and one private repository for each `open`. */
export function makeRealWorld(format = 'sha1'): RealWorld {
  const { dir, remove } = scratch();
  const remoteDir = initBare(join(dir, 'remote.git'), format);
  const cloneDir = join(dir, 'clone');
  git('/', 'init', '--quiet', '--template=', `--object-format=${format}`, cloneDir);
  const opened: IntegrationRepository[] = [];
  const openWith = async (options: Partial<OpenOptions>) => {
    const repository = await openRepository({
      dir: join(dir, `private-${opened.length}`),
      clonePath: cloneDir,
      remote: { url: remoteDir, config: [], env: {}, safeDirectories: [] },
      main: 'main',
      ...options,
    });
    opened.push(repository);
    return repository;
  };
  return {
    dir,
    remoteDir,
    cloneDir,
    openWith,
    open: () => openWith({}),
    commit: async (spec) => {
      const [sha = ''] = importCommits(remoteDir, [spec]);
      git(remoteDir, 'update-ref', '-d', 'refs/import/0');
      return sha;
    },
    setRemoteRef: async (ref, sha) => {
      git(remoteDir, 'update-ref', ref, sha);
    },
    deleteRemoteRef: async (ref) => {
      git(remoteDir, 'update-ref', '-d', ref);
    },
    remoteRefs: async () => {
      const lines = tryGit(remoteDir, ['for-each-ref', '--format=%(refname) %(objectname)']).stdout.toString('utf8');
      return new Map(
        lines
          .split('\n')
          .filter(Boolean)
          .map((line) => line.split(' ') as [string, string]),
      );
    },
    setReachable: async (reachable) => {
      const away = `${remoteDir}.away`;
      if (reachable && existsSync(away)) renameSync(away, remoteDir);
      if (!reachable && existsSync(remoteDir)) renameSync(remoteDir, away);
    },
    close: async () => {
      await Promise.all(opened.map((repository) => repository.close()));
      remove();
    },
  };
}
