/** Real grounds on a real private repository in a folder, trees made from files, no configuration of the machine. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type GroundLimits, type GroundOptions, openGround } from '../../src/io/checks/ground.ts';
import type { CheckGround } from '../../src/io/checks/port.ts';
import { type Files, git, importCommits, initBare, scratch } from './git-repo.ts';

export interface RealGroundWorld {
  dir: string;
  /** The private repository. */
  repository: string;
  /** Folder of the slots, logs and caches. */
  folder: string;
  tree(files: Files): Promise<string>;
  open(more?: Partial<GroundOptions>): Promise<CheckGround>;
  close(): Promise<void>;
}

const LIMITS: Partial<GroundLimits> = { termGraceMs: 200, cancelGraceMs: 100 };

export function makeGroundWorld(format = 'sha1'): RealGroundWorld {
  const { dir, remove } = scratch('telec-ground-');
  const repository = initBare(join(dir, 'git'), format);
  const folder = join(dir, 'checks');
  mkdirSync(folder, { mode: 0o700 });
  const opened: CheckGround[] = [];
  return {
    dir,
    repository,
    folder,
    tree: async (files) => {
      const [commit = ''] = importCommits(repository, [{ parents: [], files }]);
      return git(repository, 'rev-parse', `${commit}^{tree}`);
    },
    open: async (more = {}) => {
      const env = { PATH: process.env['PATH'] };
      const ground = await openGround({ folder, repository, env, scrub: (text) => text, limits: LIMITS, ...more });
      opened.push(ground);
      return ground;
    },
    close: async () => {
      for (const ground of opened) await ground.close();
      remove();
    },
  };
}
