/**
 * Patterns over the paths of a repository, matched folder by folder: `*` stands for any characters within a name, `**`
 * for any number of folders, and what matches a folder takes everything below it. Pure; a name costs time linear in its
 * length, whatever the pattern. Never reads a tree.
 */

/** What is left of the patterns inside one folder. */
export interface PathScope {
  /** Tells two of them apart; equal keys take the same of every folder. */
  readonly key: string;
  /** What they take of the entry of that name: all of it, nothing, or what its own scope says once it is a folder. */
  into(name: string): PathScope | 'all' | null;
}

type Rest = readonly string[];

/** The scope of the top folder. Names are compared character by character, so both sides have to be written alike. */
export function pathScope(patterns: readonly string[]): PathScope {
  return scopeOf(patterns.map((pattern) => pattern.split('/')));
}

/** Whether the patterns take the file at `path`. */
export function coversPath(scope: PathScope, path: string): boolean {
  let at: PathScope = scope;
  for (const name of path.split('/')) {
    const next = at.into(name);
    if (next === 'all') return true;
    if (next === null) return false;
    at = next;
  }
  return false;
}

function scopeOf(rests: readonly Rest[]): PathScope {
  const byKey = new Map(rests.map((rest) => [rest.join('/'), rest]));
  const kept = [...byKey.values()];
  return {
    key: [...byKey.keys()].sort().join('\n'),
    into(name) {
      const next: Rest[] = [];
      for (const rest of kept) if (step(rest, name, next)) return 'all';
      return next.length === 0 ? null : scopeOf(next);
    },
  };
}

/** Adds to `next` what is left of the pattern behind `name`; true when the whole entry is taken. */
function step(rest: Rest, name: string, next: Rest[]): boolean {
  const [head, ...tail] = rest;
  if (head === undefined) return false;
  if (head === '**') {
    if (tail.length === 0) return true;
    next.push(rest);
    return step(tail, name, next);
  }
  if (!matchesName(head, name)) return false;
  if (tail.length === 0) return true;
  next.push(tail);
  return false;
}

/** The usual two-finger walk: at a mismatch the last `*` takes one character more. */
function matchesName(pattern: string, name: string): boolean {
  let [p, n, star, mark] = [0, 0, -1, 0];
  while (n < name.length) {
    if (pattern[p] === '*') {
      star = p++;
      mark = n;
    } else if (pattern[p] === name[n]) {
      p += 1;
      n += 1;
    } else if (star >= 0) {
      p = star + 1;
      mark += 1;
      n = mark;
    } else return false;
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}
