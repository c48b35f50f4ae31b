/** The three-way merge of the twin of git, by whole files. */
import type { Files } from './commits.ts';

interface ThreeWay {
  files: Map<string, string>;
  conflicts: { path: string; stages: number[] }[];
}

/** Merges file by file. With several merge bases a file they do not agree on counts as changed by both sides. */
export function threeWay(origins: readonly Files[], ours: Files, theirs: Files): ThreeWay {
  const files = new Map<string, string>();
  const conflicts: ThreeWay['conflicts'] = [];
  const paths = new Set([...origins, ours, theirs].flatMap((side) => [...side.keys()]));
  for (const path of [...paths].sort()) {
    const [first, ...others] = origins.map((side) => side.get(path));
    const agreed = others.every((other) => other === first);
    const left = ours.get(path);
    const right = theirs.get(path);
    let value: string | undefined;
    if (left === right || (agreed && right === first)) value = left;
    else if (agreed && left === first) value = right;
    else conflicts.push({ path, stages: stagesOf(first, left, right) });
    if (value !== undefined) files.set(path, value);
  }
  return { files, conflicts };
}

function stagesOf(...sides: (string | undefined)[]): number[] {
  return sides.flatMap((side, index) => (side === undefined ? [] : [index + 1]));
}
