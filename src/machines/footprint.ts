/**
 * What a branch changes, as far as it decides whether another branch can collide with it at all: pure sets of names, so
 * that most pairs of branches need no merge. Conservative: what it takes for apart merges cleanly, what it takes for
 * close may. Decides nothing about a conflict.
 */

/** One path that a branch changes on its own. */
export interface Change {
  path: string;
  how: 'added' | 'changed' | 'removed';
}

/** Paths of one branch that are looked at one by one; a branch that changes more is close to everything. */
export const WIDE = 2000;

/** Null for a branch that changes too much to be told apart. */
export type Footprint = ReadonlySet<string> | null;

/**
 * The names under which the changes of a branch meet those of another. Two footprints collide when one has a name `+x` or
 * `x` of the other: the same path; a file where the other needs a folder; a file added to a folder that the other may
 * have moved, since git takes the file along.
 */
export function footprintOf(changes: readonly Change[]): Footprint {
  if (changes.length > WIDE) return null;
  const names = new Set<string>();
  const targets = changes.filter(({ how }) => how === 'added').map(({ path }) => `/${foldersOf(path)[0] ?? ''}`);
  for (const { path, how } of changes) {
    names.add(`path ${path}`);
    const folders = foldersOf(path);
    for (const folder of folders) {
      names.add(`below ${folder}`);
      if (how === 'added') names.add(`into ${folder}`);
      if (how === 'removed' && mayHaveMoved(folder, folders[0] ?? '', targets)) names.add(`out of ${folder}`);
    }
  }
  return names;
}

/**
 * Whether a file removed from `nearest` may have taken `folder`, which holds it, to one of `targets`: what is below the
 * folder has to be called the same there.
 */
function mayHaveMoved(folder: string, nearest: string, targets: readonly string[]): boolean {
  const rest = nearest.slice(folder.length);
  return targets.some((target) => target.endsWith(rest));
}

/** Folders a path is in, the nearest first; none for the top. */
function foldersOf(path: string): string[] {
  const folders: string[] = [];
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) folders.push(path.slice(0, at));
  return folders;
}

/** What another footprint must have for a name of this one to meet it; null for a name that meets nothing by itself. */
function meets(name: string): string | null {
  if (name.startsWith('path ')) return name;
  if (name.startsWith('below ')) return `path ${name.slice(6)}`;
  if (name.startsWith('into ')) return `out of ${name.slice(5)}`;
  return null;
}

export function collide(a: Footprint, b: Footprint): boolean {
  if (a === null || b === null) return true;
  const hits = (one: ReadonlySet<string>, other: ReadonlySet<string>) => {
    for (const name of one) {
      const wanted = meets(name);
      if (wanted !== null && other.has(wanted)) return true;
    }
    return false;
  };
  return hits(a, b) || hits(b, a);
}

/** Indexes of all pairs that collide, `[smaller, greater]`, by the greater and then the smaller; without looking at the others. */
export function collidingPairs(footprints: readonly Footprint[]): [number, number][] {
  const holders = new Map<string, number[]>();
  const wide: number[] = [];
  footprints.forEach((footprint, index) => {
    if (footprint === null) wide.push(index);
    else for (const name of footprint) (holders.get(name) ?? holders.set(name, []).get(name))?.push(index);
  });
  const partners = footprints.map(() => new Set<number>());
  const join = (one: number, other: number) => {
    if (one !== other) partners[Math.max(one, other)]?.add(Math.min(one, other));
  };
  for (const [name, own] of holders) {
    const wanted = meets(name);
    const others = wanted === null ? [] : (holders.get(wanted) ?? []);
    for (const one of own) for (const other of others) join(one, other);
  }
  for (const one of wide) for (let other = 0; other < footprints.length; other += 1) join(one, other);
  return partners.flatMap((smaller, greater) =>
    [...smaller].sort((a, b) => a - b).map((one): [number, number] => [one, greater]),
  );
}
