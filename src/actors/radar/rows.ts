/** From what is foreseen to the rows that are shown: one for each side of each conflict. Pure. */
import { byWeight, type Foreseen, type ForeseenConflict, PATHS_MAX, type Sighting } from '../../machines/radar.ts';
import type { RadarRow } from './views.ts';

/** Rows of an overview. */
export const ROWS_MAX = 200;

/** What the log was told, in the order in which it was. */
export function toldRows(foreseen: readonly Foreseen[]): RadarRow[] {
  const rows = foreseen.flatMap((told) => told.conflicts.map((conflict) => radarRow(told, conflict, conflict.since)));
  return rows.slice(0, ROWS_MAX);
}

/** What is so now; `toldOf` says what its owner was told. */
export function sightedRows(sightings: readonly Sighting[], toldOf: (branch: string) => Foreseen | null): RadarRow[] {
  return sightings.flatMap((sighting) => {
    const told = toldOf(sighting.branch)?.conflicts ?? [];
    return sighting.conflicts.toSorted(byWeight).map((conflict) => {
      const same = told.find(({ kind, branch }) => kind === conflict.kind && branch === conflict.branch);
      return radarRow(sighting, conflict, same?.since ?? null);
    });
  });
}

type Side = Pick<Sighting, 'branch' | 'sha' | 'slug' | 'owner' | 'owner_from'>;

function radarRow(side: Side, conflict: ForeseenConflict, since: string | null): RadarRow {
  const { branch, sha, slug, owner, owner_from } = side;
  const { kind, lands, paths, paths_omitted } = conflict;
  return {
    branch,
    sha,
    slug,
    owner,
    owner_from,
    with: {
      kind,
      branch: conflict.branch,
      sha: conflict.sha,
      slug: conflict.slug,
      owner: conflict.owner,
      owner_from: conflict.owner_from,
      lands,
    },
    paths: paths.slice(0, PATHS_MAX),
    paths_omitted: paths_omitted + Math.max(0, paths.length - PATHS_MAX),
    since,
  };
}
