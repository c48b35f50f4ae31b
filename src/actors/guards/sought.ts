/** What somebody is about to move, as the guards find it out; and where that is. Types, and the place. */

import type { GuardFile } from '../../io/guards/guard-file.ts';
import { type GitPlace, isOpaque, placeOf, repositoryAt } from '../../io/guards/user-git.ts';
import { readRepoId } from '../../io/state.ts';
import type { GuardMove, GuardQuestion } from '../../machines/guard.ts';

/** Null in its stead: nothing that is guarded, so nobody has to be asked. */
export type Sought = Pick<GuardQuestion, 'place' | 'moves' | 'untold'>;

export const mainRefOf = (file: Pick<GuardFile, 'main'>): string => `refs/heads/${file.main}`;

export interface Ground {
  top: string;
  /** Empty when git works in no repository there. */
  commonDir: string;
  place: GuardQuestion['place'];
  /** It is a clone of this repository that telec knows. */
  registered: boolean;
}

/** Where git works there. A linked work tree, and a clone that telec does not know, are not the main work tree. */
export async function groundOf(file: GuardFile, at: GitPlace): Promise<Ground> {
  const found = await repositoryAt(at);
  if (!found) return { top: at.cwd, commonDir: '', place: 'elsewhere', registered: false };
  const registered = readRepoId(found.commonDir) === file.repo_id;
  const place = registered && found.gitDir === found.commonDir ? 'main_work_tree' : 'elsewhere';
  return { top: found.top, commonDir: found.commonDir, place, registered };
}

/** Whether a URL means the canonical remote. One that hides where it leads counts as it: nobody else's is written so. */
export const isOurs = (file: Pick<GuardFile, 'places'>, url: string, top: string): boolean =>
  isOpaque(url) || file.places.includes(placeOf(url, top));

export const seek = (ground: Ground, moves: GuardMove[], untold: string | null = null): Sought | null =>
  moves.length === 0 && untold === null ? null : { place: ground.place, moves, untold };
