/**
 * Compares commits of main with what is claimed of them, commit by commit along the first-parent line: where each
 * delivery stands, that its merge made once more gives its tree, that it undid nothing it did not touch, that its books
 * and the follow-ups changed nothing but their own files. Shared by `telec audit` and by sessions; reads only.
 *
 * The same code made none of what it checks: trees come from the store, merges are made again, lost changes are looked
 * for without a merge.
 */
import type { IntegrationRepository, MainCommit, RemergeOutcome } from '../../io/git/port.ts';
import { GitFault } from '../../io/git/run.ts';
import { DELIVERED_FILE, DEMOS_FOLDER, ICEBOX_FILE, ROADMAP_FILE, TODOS_FOLDER } from '../../io/todos/paths.ts';
import type { Violation } from '../../machines/events.ts';
import type { AuditFinding } from './views.ts';

/** What is claimed of one delivery. */
export interface Delivery {
  /** Key of the candidate. */
  key: string;
  sha: string;
  base: string;
  mergeCommit: string;
  /** Last commit of its books, or the merge commit. */
  tip: string;
  /** Tree of the tip; null while it is not recorded. */
  tree: string | null;
  /** Null while it is not recorded. */
  strategy: 'merge' | 'squash' | null;
}

/** What is claimed of a commit that brings follow-ups. */
export interface FollowUpCommit {
  base: string;
  tree: string | null;
  slugs: string[];
}

/** Who knows what commits of main are. */
export interface Claims {
  /** The delivery that begins with the merge commit. */
  delivery(mergeCommit: string): Delivery | undefined;
  followUps(commit: string): FollowUpCommit | undefined;
}

export interface Unclaimed {
  at: number;
  commit: MainCommit;
}

export interface Verified {
  violations: Violation[];
  remarks: AuditFinding[];
  /** Commits that nothing claims, with their positions in the line. */
  unclaimed: Unclaimed[];
  /** Merge commits of the deliveries that were met. */
  met: Set<string>;
}

type Repository = Pick<
  IntegrationRepository,
  'commitOf' | 'remerge' | 'lostChanges' | 'pathChanges' | 'hasCommit' | 'unmerged'
>;

/** Commits of the books of one delivery at most. */
const BOOKS_MAX = 2;
/** Deliveries looked at together: their merges are made by one process. */
const BATCH = 50;
/** Questions asked of git at once. */
const AT_ONCE = 3;
/** Paths named in one text. */
const NAMED_MAX = 5;

/** One delivery with its commits, a commit of follow-ups, or a commit that nothing claims. */
type Unit =
  | { kind: 'delivery'; delivery: Delivery; merge: MainCommit; books: MainCommit[] }
  | { kind: 'follow_ups'; commit: MainCommit; claim: FollowUpCommit }
  | { kind: 'unclaimed'; commit: MainCommit; at: number };

export interface VerifyOptions {
  signal?: AbortSignal;
  /** Told now and then how many commits are done. */
  onProgress?(done: number): void;
}

/**
 * Verifies the commits of `line`: ids along the first parents, oldest first, as the store has them. Thrown: GitFault when
 * git cannot tell; an error is never taken for a good answer.
 */
export async function verifyLine(
  git: Repository,
  claims: Claims,
  line: readonly string[],
  { signal, onProgress }: VerifyOptions = {},
): Promise<Verified> {
  const verified: Verified = { violations: [], remarks: [], unclaimed: [], met: new Set() };
  for (let at = 0; at < line.length; ) {
    const units: Unit[] = [];
    while (at < line.length && units.length < BATCH) {
      const unit = await unitAt(git, claims, line, at);
      units.push(unit);
      at += unit.kind === 'delivery' ? 1 + unit.books.length : 1;
    }
    await verifyUnits(git, units, verified, signal);
    onProgress?.(at);
  }
  return verified;
}

async function unitAt(git: Repository, claims: Claims, line: readonly string[], at: number): Promise<Unit> {
  const commit = await read(git, line[at] ?? '');
  const delivery = claims.delivery(commit.sha);
  if (!delivery) {
    const claim = claims.followUps(commit.sha);
    return claim ? { kind: 'follow_ups', commit, claim } : { kind: 'unclaimed', commit, at };
  }
  // A tip that is elsewhere takes nothing along: what follows is judged by itself.
  const count = Math.max(0, line.slice(at, at + 1 + BOOKS_MAX).indexOf(delivery.tip));
  const books = await Promise.all(line.slice(at + 1, at + 1 + count).map((sha) => read(git, sha)));
  return { kind: 'delivery', delivery, merge: commit, books };
}

async function read(git: Repository, sha: string): Promise<MainCommit> {
  const commit = await git.commitOf(sha);
  if (!commit) throw new GitFault(`commit ${sha} is missing`);
  return commit;
}

async function verifyUnits(
  git: Repository,
  units: readonly Unit[],
  verified: Verified,
  signal: AbortSignal | undefined,
): Promise<void> {
  const deliveries = units.filter((unit) => unit.kind === 'delivery');
  await acquaint(git, deliveries);
  const requests = deliveries.map(({ delivery, merge }) => ({ base: merge.parents[0] ?? '', sha: delivery.sha }));
  const merging = git.remerge(requests, signal);
  // Awaited below; until then a failure is nobody's.
  merging.catch(() => undefined);
  const findings = await severally(units, async (unit): Promise<Findings> => {
    if (unit.kind === 'delivery') return deliveryFindings(git, unit);
    return { violations: unit.kind === 'follow_ups' ? await followUpViolations(git, unit) : [], remarks: [] };
  });
  const merges = await merging;
  const again = new Map(deliveries.map((unit, index) => [unit as Unit, merges[index]]));
  for (const [index, unit] of units.entries()) {
    const found = findings[index] ?? { violations: [], remarks: [] };
    verified.violations.push(...found.violations);
    verified.remarks.push(...found.remarks);
    if (unit.kind === 'unclaimed') verified.unclaimed.push({ at: unit.at, commit: unit.commit });
    if (unit.kind !== 'delivery') continue;
    verified.met.add(unit.delivery.mergeCommit);
    const compared = await mergeFindings(git, unit, again.get(unit));
    verified.violations.push(...compared.violations);
    verified.remarks.push(...compared.remarks);
  }
}

/** Lists what these deliveries bring in one go: git is then not asked for each which commits are its own. */
async function acquaint(git: Repository, deliveries: readonly DeliveryUnit[]): Promise<void> {
  const start = deliveries[0]?.merge.parents[0];
  const last = deliveries.at(-1);
  if (start === undefined || last === undefined) return;
  await git.unmerged([...deliveries.map(({ delivery }) => delivery.sha), (last.books.at(-1) ?? last.merge).sha], start);
}

interface Findings {
  violations: Violation[];
  remarks: AuditFinding[];
}

type DeliveryUnit = Extract<Unit, { kind: 'delivery' }>;

/** Where it stands, its tree, its books, and what it undid. */
async function deliveryFindings(git: Repository, unit: DeliveryUnit): Promise<Findings> {
  const { delivery, merge, books } = unit;
  const { key, sha, base, tip, tree } = delivery;
  const commit = merge.sha;
  const violations: Violation[] = [];
  const tell = (code: Violation['code'], text: string, at = commit) => violations.push({ commit: at, code, text });
  const [first = null] = merge.parents;
  if (first !== base) tell('out_of_chain', `${key} was merged into ${short(base)}, and stands on ${short(first)}`);
  if (!isMergeOf(delivery, merge))
    tell('out_of_chain', `${key} has the parents ${merge.parents.map(short).join(', ')}; approved is ${short(sha)}`);
  const end = books.at(-1) ?? merge;
  if (end.sha !== tip) tell('out_of_chain', `${key} ends in ${short(tip)}, which main does not have behind it`);
  else if (tree !== null && end.tree !== tree)
    tell('tree_differs', `${key} landed as tree ${short(end.tree)}; its receipt says ${short(tree)}`, end.sha);
  let before = merge.sha;
  for (const book of books) {
    const strayed = (await git.pathChanges(before, book.sha)).filter((change) => !isOfBooks(change));
    if (strayed.length > 0) {
      const paths = named(strayed.map(({ path }) => path));
      tell('tree_differs', `the books of ${key} changed what is none of theirs: ${paths}`, book.sha);
    }
    before = book.sha;
  }
  const remarks: AuditFinding[] = [];
  if (tree === null) {
    const text = `${key} is on main and its push not recorded yet: a session is at it, or the next one does it`;
    remarks.push({ commit, code: 'in_flight', text });
  }
  if (first === null || !(await git.hasCommit(sha))) return { violations, remarks };
  const lost = await git.lostChanges(first, sha, commit);
  if (lost.kind === 'error') throw new GitFault(lost.detail);
  if (lost.kind === 'lost')
    tell('change_lost', `${key} undid what main had and its branch did not touch: ${named(lost.paths)}`);
  return { violations, remarks };
}

/** Two parents, main first; a squashed one has main alone. */
function isMergeOf({ sha, strategy }: Delivery, { parents }: MainCommit): boolean {
  if (parents.length === 1) return strategy !== 'merge';
  return strategy !== 'squash' && parents.length === 2 && parents[1] === sha;
}

async function mergeFindings(
  git: Repository,
  { delivery, merge }: DeliveryUnit,
  again: RemergeOutcome | undefined,
): Promise<Findings> {
  const { key, sha } = delivery;
  const commit = merge.sha;
  const differs = (text: string): Findings => ({ violations: [{ commit, code: 'merge_differs', text }], remarks: [] });
  switch (again?.kind) {
    case 'clean':
      if (again.tree === merge.tree) return { violations: [], remarks: [] };
      return differs(`${key} has tree ${short(merge.tree)}; merged once more it has ${short(again.tree)}`);
    case 'conflict':
      return differs(`${key} does not merge cleanly when it is merged once more`);
    default: {
      // A squashed branch is on no ref once it is gone, and git drops what is on none.
      if (await git.hasCommit(sha)) throw new GitFault(again?.detail ?? 'a merge was not made once more');
      const text = `${key} was not merged once more: ${short(sha)} is not in this repository any more`;
      return { violations: [], remarks: [{ commit, code: 'not_compared', text }] };
    }
  }
}

async function followUpViolations(
  git: Repository,
  { commit, claim }: Extract<Unit, { kind: 'follow_ups' }>,
): Promise<Violation[]> {
  const { sha, parents, tree } = commit;
  const who = `the commit of ${named(claim.slugs)}`;
  const violations: Violation[] = [];
  const tell = (code: Violation['code'], text: string) => violations.push({ commit: sha, code, text });
  const [first = null] = parents;
  if (first !== claim.base || parents.length !== 1)
    tell('out_of_chain', `${who} was made on ${short(claim.base)}, and stands on ${parents.map(short).join(', ')}`);
  if (claim.tree !== null && tree !== claim.tree)
    tell('tree_differs', `${who} has tree ${short(tree)}; its receipt says ${short(claim.tree)}`);
  const changes = first === null ? [] : await git.pathChanges(first, sha);
  const isOwn = (path: string) =>
    path === ROADMAP_FILE || claim.slugs.some((slug) => path.startsWith(`${TODOS_FOLDER}/${slug}/`));
  const strayed = changes.map(({ path }) => path).filter((path) => !isOwn(path));
  if (strayed.length > 0) tell('tree_differs', `${who} changed what is none of theirs: ${named(strayed)}`);
  return violations;
}

/** What the books of a delivery write: the lists, the demos; of work items they remove files and change none. */
function isOfBooks({ path, removed }: { path: string; removed: boolean }): boolean {
  if ([ROADMAP_FILE, ICEBOX_FILE, DELIVERED_FILE].includes(path)) return true;
  const names = path.split('/');
  if (names[0] === DEMOS_FOLDER) return names.length === 3 && ['snapshot.json', 'demo.md'].includes(names[2] ?? '');
  return removed && names[0] === TODOS_FOLDER && names.length > 2;
}

/** Runs `job` for all items, a few at once; the answers in order. */
async function severally<T, R>(items: readonly T[], job: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    for (let at = next++; at < items.length; at = next++) results[at] = await job(items[at] as T);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
  return results;
}

function named(paths: readonly string[]): string {
  const shown = paths.slice(0, NAMED_MAX).join(', ');
  return paths.length > NAMED_MAX ? `${shown} and ${paths.length - NAMED_MAX} more` : shown;
}

const short = (sha: string | null): string => (sha === null ? 'nothing' : sha.slice(0, 12));
