/** What people read about the radar. Pure: a view and a paint in, text out. Every text is made plain in `table`. */
import type { RadarRow, RadarView } from '../actors/radar/views.ts';
import { type Cell, type Paint, table } from './output.ts';

/** Paths of one row. */
const PATHS_SHOWN = 3;

export function radarText({ rows, compared }: RadarView, branch: string | null, paint: Paint): string {
  const branches = `${compared} ${compared === 1 ? 'branch' : 'branches'}`;
  if (rows.length === 0) {
    const what = branch === null ? 'no conflict is foreseen' : `no conflict is foreseen of ${branch}`;
    return `${what}: ${branches} compared with main and with each other`;
  }
  const lines = rows.map((row): Cell[] => [
    row.branch,
    ownerOf(row),
    { text: other(row), tone: row.with.kind === 'branch' ? 'dim' : 'bad' },
    ownerOf(row.with),
    pathsOf(row),
    row.since === null ? 'not yet' : row.since.slice(0, 16).replace('T', ' '),
  ]);
  return table(['BRANCH', 'OWNER', 'CONFLICTS WITH', 'ITS OWNER', 'PATHS', 'TOLD'], lines, paint);
}

/** Said where not all branches could be compared. */
export function leftOutLine({ compared, left_out }: RadarView): string {
  return `the ${compared} branches that moved last were compared; ${left_out} more were not`;
}

function other({ with: { kind, branch, lands } }: RadarRow): string {
  if (kind === 'main') return branch;
  const where = kind === 'candidate' ? 'in the queue' : lands === 'after' ? 'lands after it' : '';
  return where === '' ? branch : `${branch} (${where})`;
}

function ownerOf({ owner, owner_from }: Pick<RadarRow, 'owner' | 'owner_from'>): string {
  if (owner === null) return '-';
  return owner_from === 'author' ? `${owner} (author)` : owner;
}

function pathsOf({ paths, paths_omitted }: RadarRow): string {
  const more = Math.max(0, paths.length - PATHS_SHOWN) + paths_omitted;
  return paths.slice(0, PATHS_SHOWN).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
