/**
 * The radar: what is foreseen of branches that somebody pushed. Owns the fold of what was told of each branch, which
 * branches may collide at all, and what is worth telling. Asks no git and merges nothing.
 *
 * Invariants: of a branch one thing is told at a time, all its conflicts together, so that it is settled only when none is
 * left; the same conflict in the same paths is told once. The book is bounded, whatever the length of the log.
 */
import type { ForeseenConflict, OWNER_SOURCES } from './events/radar.ts';
import type { DomainEvent, PayloadOf } from './events.ts';
import { compareText } from './identity.ts';

export type { ForeseenConflict } from './events/radar.ts';

type Told = PayloadOf<'integration.conflict.foreseen'>;
type Cleared = PayloadOf<'integration.conflict.cleared'>;

/** Whose work a branch is. */
export interface Owner {
  owner: string | null;
  owner_from: (typeof OWNER_SOURCES)[number] | null;
}

/** What was told of one branch last, while it is not settled. */
export interface Foreseen extends Omit<Told, 'news' | 'previous' | 'conflicts'> {
  /** `since`: when it was told first, RFC 3339. */
  conflicts: (ForeseenConflict & { since: string })[];
  /** Entry that told it. */
  entryId: string;
}

/** What a snapshot keeps of it. */
export interface RadarDump {
  foreseen: Foreseen[];
  last: [branch: string, entryId: string][];
  owners: [branch: string, owner: Owner][];
}

/** Conflicts of a branch that are told one by one; the rest is a number. */
export const CONFLICTS_MAX = 10;
/** Paths of one conflict that are told. */
export const PATHS_MAX = 20;
const FORESEEN_MAX = 1000;
const LAST_MAX = 5000;
const OWNERS_MAX = 5000;

export class RadarBook {
  #foreseen = new Map<string, Foreseen>();
  /** Branch -> entry that told of it last. */
  #last = new Map<string, string>();
  #owners = new Map<string, Owner>();

  /** Replaced with each change, so that who keeps it sees that there was one. */
  #rows: readonly Foreseen[] = [];

  apply(event: DomainEvent): void {
    switch (event.type) {
      case 'branch.pushed': {
        const { branch, pusher } = event.payload;
        keep(this.#owners, branch, { owner: pusher, owner_from: 'pushed' }, OWNERS_MAX);
        return;
      }
      case 'deployment.started': {
        const { branch, worker_session_id: owner } = event.payload;
        keep(this.#owners, branch, { owner, owner_from: 'started' }, OWNERS_MAX);
        return;
      }
      case 'integration.conflict.foreseen':
        this.#foresee(event);
        return;
      case 'integration.conflict.cleared':
        this.#foreseen.delete(event.payload.branch);
        keep(this.#last, event.payload.branch, event.id, LAST_MAX);
        this.#rows = [...this.#foreseen.values()];
        return;
      default:
    }
  }

  /** Branches that something is foreseen of, in the order in which it was told. */
  get rows(): readonly Foreseen[] {
    return this.#rows;
  }

  of(branch: string): Foreseen | null {
    return this.#foreseen.get(branch) ?? null;
  }

  /** The entry that told of the branch last; null when none did, or long ago. */
  lastOf(branch: string): string | null {
    return this.#last.get(branch) ?? null;
  }

  /** Who pushed the branch or handed it over last, as the log tells; null when it does not. */
  ownerOf(branch: string): Owner | null {
    return this.#owners.get(branch) ?? null;
  }

  dump(): RadarDump {
    return { foreseen: [...this.#foreseen.values()], last: [...this.#last], owners: [...this.#owners] };
  }

  /** Takes over a dump into this empty book. */
  load({ foreseen, last, owners }: RadarDump): void {
    this.#foreseen = new Map(foreseen.map((row) => [row.branch, row]));
    this.#last = new Map(last);
    this.#owners = new Map(owners);
    this.#rows = foreseen;
  }

  #foresee({ id, timestamp, payload }: DomainEvent<'integration.conflict.foreseen'>): void {
    const { news: _, previous: __, ...told } = payload;
    const before = this.#foreseen.get(told.branch);
    const conflicts = told.conflicts.map((conflict) => {
      const same = before?.conflicts.find(({ kind, branch }) => kind === conflict.kind && branch === conflict.branch);
      return { ...conflict, since: same?.since ?? timestamp };
    });
    keep(this.#foreseen, told.branch, { ...told, conflicts, entryId: id }, FORESEEN_MAX);
    keep(this.#last, told.branch, id, LAST_MAX);
    this.#rows = [...this.#foreseen.values()];
  }
}

/** What is known of one branch now. `complete`: it was compared with everything there is. */
export interface Sighting extends Owner {
  branch: string;
  sha: string;
  slug: string | null;
  /** Main now. */
  base: string;
  /** With all their paths. */
  conflicts: ForeseenConflict[];
  complete: boolean;
}

const KINDS: Readonly<Record<ForeseenConflict['kind'], number>> = { main: 0, candidate: 1, branch: 2 };

/** Main first, then what stands in the queue, then the rest by name. */
export const byWeight = (a: ForeseenConflict, b: ForeseenConflict): number =>
  KINDS[a.kind] - KINDS[b.kind] || compareText(a.branch, b.branch) || compareText(a.sha, b.sha);

/**
 * What is to be told of a branch of which `told` was told last (null: nothing, or it is settled); null when nothing is. A
 * comparison that is not finished tells the first conflicts of a branch and takes nothing back: the rest comes at its end.
 */
export function newsOf(
  told: Foreseen | null,
  now: Sighting,
): { kind: 'foreseen'; payload: Omit<Told, 'previous'> } | { kind: 'clean' } | null {
  const { branch, sha, slug, owner, owner_from, base, complete } = now;
  if (told && !complete) return null;
  if (now.conflicts.length === 0) return told ? { kind: 'clean' } : null;
  const all = now.conflicts.toSorted(byWeight);
  const fresh = all.filter((conflict) => isNews(told, conflict));
  const left = told?.conflicts.some((old) => !all.some((conflict) => conflict.branch === old.branch)) === true;
  if (fresh.length === 0 && !left) return null;
  // News that there is no room for would be told again and again.
  const listed = [...fresh, ...all.filter((conflict) => !fresh.includes(conflict))].slice(0, CONFLICTS_MAX);
  const conflicts = listed.sort(byWeight).map(capped);
  const omitted = all.length - conflicts.length;
  return {
    kind: 'foreseen',
    payload: {
      ...{ branch, sha, slug, owner, owner_from, base, conflicts, omitted },
      news: fresh.length === 0 ? null : fresh.slice(0, CONFLICTS_MAX).map((conflict) => conflict.branch),
      summary: summaryOf(conflicts, omitted),
      next_action: nextAction(branch, conflicts),
    },
  };
}

/** True for a conflict, or a path of it, that was not told; one that moved into the queue is news once. */
function isNews(told: Foreseen | null, conflict: ForeseenConflict): boolean {
  if (!told) return true;
  const before = told.conflicts.filter(({ branch }) => branch === conflict.branch);
  if (before.length === 0) return told.omitted === 0 || conflict.kind === 'main';
  if (before.every(({ kind }) => KINDS[kind] > KINDS[conflict.kind])) return true;
  const known = before.flatMap(({ paths }) => paths);
  return before.every((one) => one.paths_omitted === 0) && conflict.paths.some((path) => !known.includes(path));
}

function capped(conflict: ForeseenConflict): ForeseenConflict {
  const { paths, paths_omitted } = conflict;
  return {
    ...conflict,
    paths: paths.slice(0, PATHS_MAX),
    paths_omitted: paths_omitted + Math.max(0, paths.length - PATHS_MAX),
  };
}

/** Paths in one sentence. */
const SAID_PATHS = 3;
const SAID_CONFLICTS = 3;

function summaryOf(conflicts: readonly ForeseenConflict[], omitted: number): string {
  const said = conflicts.slice(0, SAID_CONFLICTS).map((conflict) => {
    const { kind, branch, owner, paths, paths_omitted } = conflict;
    const more = paths.length - SAID_PATHS + paths_omitted;
    const files = paths.slice(0, SAID_PATHS).join(', ') + (more > 0 ? ` and ${more} more` : '');
    const where = kind === 'candidate' ? ' (in the queue)' : '';
    return `with ${branch}${owner === null ? '' : ` of ${owner}`}${where} in ${files}`;
  });
  const rest = conflicts.length - said.length + omitted;
  return said.join('; ') + (rest > 0 ? `; with ${rest} more` : '');
}

/** By the conflict that weighs most. */
function nextAction(branch: string, [first]: readonly ForeseenConflict[]): string {
  if (first?.kind === 'main') return `bring main into ${branch}, or rebase it on main, and push it again`;
  const other = first?.branch ?? '';
  if (first?.lands === 'before')
    return `${other} comes to main first: build on it now, or rebase ${branch} when it has landed`;
  if (first?.lands === 'after') return `${branch} comes to main first; the owner of ${other} is told to rebase`;
  return `agree with the owner of ${other} on who lands first; the other rebases on it`;
}

/** The event that ends it for a branch that is no longer looked at, or merges cleanly. */
export function clearedOf({ branch, sha, slug }: Foreseen, reason: Cleared['reason']): Omit<Cleared, 'previous'> {
  return { branch, sha, slug, reason };
}

/** Sets a key as the newest; the oldest goes when there are too many. */
function keep<K, V>(map: Map<K, V>, key: K, value: V, most: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= most) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
