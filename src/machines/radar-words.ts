/** A conflict that is foreseen, in words. Pure. */
import type { ForeseenConflict } from './events/radar.ts';

/** Paths that are named. */
const PATHS_SHOWN = 2;

export interface SaidConflict {
  with: Pick<ForeseenConflict, 'kind' | 'branch' | 'lands'>;
  paths: readonly string[];
  paths_omitted: number;
}

/** Behind the name of the branch: `conflicts with work/two (in the queue) in src/a.ts and 3 more`. */
export function foreseenWords({ with: { kind, branch, lands }, paths, paths_omitted }: SaidConflict): string {
  const where = kind === 'candidate' ? ' (in the queue)' : kind === 'branch' && lands === 'after' ? ' (later)' : '';
  const more = Math.max(0, paths.length - PATHS_SHOWN) + paths_omitted;
  const named = paths.slice(0, PATHS_SHOWN).join(', ');
  return `conflicts with ${branch}${where} in ${named}${more > 0 ? ` and ${more} more` : ''}`;
}
