/**
 * Who is who: slugs, branches, commits, candidates, and the order between instants. Pure.
 */

declare const brand: unique symbol;
type Branded<T, B extends string> = T & { readonly [brand]: B };

/** A full commit id: 40 or 64 lower-case hex digits. */
export type Sha = Branded<string, 'Sha'>;
/** A work item: `^[a-z0-9]+(-[a-z0-9]+)*$`, at most 100 characters. */
export type Slug = Branded<string, 'Slug'>;
/** A branch name without `refs/heads/`. */
export type BranchName = Branded<string, 'BranchName'>;
/** Identity of a candidate as one string: `<slug>/<branch>@<sha>`. Unambiguous: a slug has no `/`, a sha no `@`. */
export type CandidateKey = Branded<string, 'CandidateKey'>;

export const SLUG_PATTERN = /^[a-z0-9]+(-[a-z0-9]+)*$/;
export const SLUG_LENGTH_MAX = 100;
export const SHA_PATTERN = /^([0-9a-f]{40}|[0-9a-f]{64})$/;
/** Bytes; git's own limit on a ref is a path component limit of 255, longer names fail on most file systems. */
export const BRANCH_LENGTH_MAX = 244;

/** Why `name` is no branch name git accepts (`check-ref-format refs/heads/<name>`) or telec admits; null when it is one. */
export function branchProblem(name: string): string | null {
  if (name === '') return 'is empty';
  if (new TextEncoder().encode(name).length > BRANCH_LENGTH_MAX) return `is longer than ${BRANCH_LENGTH_MAX} bytes`;
  if (name.startsWith('-')) return 'starts with -';
  if (name === 'HEAD' || name === '@') return 'is reserved';
  if (name.startsWith('refs/')) return 'starts with refs/, which git would confuse with a full ref name';
  if (name.includes('@{')) return 'contains @{';
  if (name.includes('..')) return 'contains ..';
  for (const char of name) {
    const code = char.codePointAt(0) ?? 0;
    if (code <= 0x20 || code === 0x7f) return 'contains a space or control character';
    if (code >= 0xd800 && code <= 0xdfff) return 'is not well-formed text';
    if ('~^:?*[\\'.includes(char)) return `contains ${char}`;
  }
  if (name.endsWith('.')) return 'ends with .';
  for (const part of name.split('/')) {
    if (part === '') return 'has an empty part';
    if (part.startsWith('.')) return 'has a part that starts with .';
    if (part.endsWith('.lock')) return 'has a part that ends with .lock';
  }
  return null;
}

export function candidateKey(triple: { slug: string; branch: string; sha: string }): CandidateKey {
  return `${triple.slug}/${triple.branch}@${triple.sha}` as CandidateKey;
}

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** The instant in ms since the epoch (finer digits are cut off), or null when `text` is no RFC 3339 instant with an offset. */
export function parseInstant(text: string): number | null {
  const match = RFC3339.exec(text);
  if (!match) return null;
  const [, year, month, day, hour, minute, second, fraction, offset] = match;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return null;
  // Date.UTC takes no offset and rolls 31 February over; both are checked here rather than left to a lenient parser.
  const ms = fraction ? Math.trunc(Number(`0${fraction}`) * 1000 + 1e-6) : 0;
  const leap = Number(second) === 60 ? 1 : 0;
  const utc = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second) - leap,
    ms,
  );
  const back = new Date(utc);
  if (back.getUTCMonth() + 1 !== Number(month) || back.getUTCDate() !== Number(day)) return null;
  if (!offset || offset === 'Z' || offset === 'z') return utc;
  const sign = offset[0] === '-' ? -1 : 1;
  const hours = Number(offset.slice(1, 3));
  const minutes = Number(offset.slice(4, 6));
  if (hours > 23 || minutes > 59) return null;
  return utc - sign * (hours * 60 + minutes) * 60_000;
}

/** Compares two texts by code unit, so the order is the same on every machine. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
