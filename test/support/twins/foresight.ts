/** What the radar asks of the twin of git, answered from the graph alone. */
import type { Foresight, OwnChange } from '../../../src/io/git/port.ts';
import { mergedAgain } from './audit.ts';
import type { CommitGraph, Files, TwinCommit } from './commits.ts';

export function twinForesight(
  graph: CommitGraph,
  here: (sha: string) => TwinCommit | null,
  local: <T>(what: string, op: () => T) => Promise<T>,
): Foresight {
  const changesOf = (main: string, commit: string): OwnChange[] | 'merged' | null => {
    const known = here(commit);
    if (!known) return null;
    if (graph.isAncestor(commit, main)) return 'merged';
    const bases = graph.mergeBases(main, commit).map((base) => graph.get(base).files);
    if (bases.length === 0) return null;
    const found = new Map(bases.flatMap((before) => ownChanges(before, known.files)).map((one) => [one.path, one]));
    return [...found.values()];
  };
  return {
    ownChanges: (main, commits) =>
      local('ownChanges', () => {
        if (!here(main)) throw new Error(`commit ${main} is missing`);
        return commits.map((commit) => changesOf(main, commit));
      }),
    merges: (requests) =>
      local('merges', () => requests.map(({ base, sha }) => mergedAgain(graph, here(base), here(sha)))),
    authored: (sha) =>
      local('authored', () => {
        const commit = here(sha);
        return commit && { author: commit.author, timeSeconds: commit.timeSeconds };
      }),
  };
}

function ownChanges(before: Files, after: Files): OwnChange[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  return paths
    .filter((path) => before.get(path) !== after.get(path))
    .map((path) => ({ path, how: !before.has(path) ? 'added' : after.has(path) ? 'changed' : 'removed' }));
}
