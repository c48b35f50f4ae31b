/** What is shown of the radar, in the shapes of `--json`. Types only; field names are snake_case because they are printed as they are. */
import type { ForeseenConflict } from '../../machines/radar.ts';

/** One conflict that is foreseen, seen from one of its two sides. */
export interface RadarRow {
  branch: string;
  sha: string;
  /** Work item, where one is known. */
  slug: string | null;
  /** Whose work it is, and how that is known; null where it is not. */
  owner: string | null;
  owner_from: ForeseenConflict['owner_from'];
  with: Pick<ForeseenConflict, 'kind' | 'branch' | 'sha' | 'slug' | 'owner' | 'owner_from' | 'lands'>;
  paths: string[];
  paths_omitted: number;
  /** When its owner was told, RFC 3339; null while nobody was. */
  since: string | null;
}

/** What one look found. */
export interface RadarView {
  rows: RadarRow[];
  /** Branches that were compared, and those that were left out because there are too many. */
  compared: number;
  left_out: number;
}
