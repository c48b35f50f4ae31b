/**
 * Which branches the radar looks at, and whose they are: from what the remote has and the log says. Brings their commits
 * here, a few branches at a time; merges nothing.
 */
import type { IntegrationRepository, RemoteView } from '../../io/git/port.ts';
import { branchProblem } from '../../machines/identity.ts';
import type { Owner } from '../../machines/radar.ts';
import type { Repository } from '../repository.ts';

/** Branches compared at most. */
export const BRANCHES_MAX = 200;
/** Branches of one fetch: who waits for the next one waits for no more than that. */
const FETCH_MAX = 10;
const AUTHOR_MAX = 200;

/** One head that is compared. */
export interface Node extends Owner {
  branch: string;
  sha: string;
  slug: string | null;
  /** Place in the queue, from 0, that of a candidate in hand before all; null for what is not in it. */
  place: number | null;
}

export interface Target {
  main: string;
  mainBranch: string;
  /** The most recently moved first. */
  nodes: Node[];
  leftOut: number;
  /** All that were chosen are here. */
  isWhole: boolean;
}

export interface AimParts {
  git: IntegrationRepository;
  mainBranch: string;
  repository: Repository;
  /** Seconds since the epoch at which the branch was seen to move; undefined for one that did not while somebody looked. */
  movedAt(branch: string): number | undefined;
  /** Leaves out heads that are blocked: their owners know more than could be foreseen. */
  leavesBlocked: boolean;
  signal?: AbortSignal | undefined;
  /** Asked before each fetch but the first; false leaves the rest for another time. */
  mayFetch?(): boolean;
}

/**
 * What `view` says is to be compared; null while main is not there. Branches whose commits did not arrive are left out,
 * and so is one that is at main. `wanted` is among them however many there are.
 */
export async function aim(parts: AimParts, view: RemoteView, wanted: string | null = null): Promise<Target | null> {
  const { main } = view;
  if (main === null) return null;
  const known = candidatesOf(parts.repository, view);
  const isTold = (branch: string, sha: string) => {
    const candidate = known.get(branch);
    return parts.leavesBlocked && candidate?.sha === sha && candidate.isBlocked;
  };
  const heads = [...view.heads].filter(
    ([branch, sha]) => sha !== main && branchProblem(branch) === null && !isTold(branch, sha),
  );
  const ranked = await rank(parts, heads, known, wanted);
  const chosen = ranked.slice(0, BRANCHES_MAX);
  await bring(parts, main, chosen);
  const nodes: Node[] = [];
  for (const [branch, sha] of chosen) {
    if (!(await parts.git.hasCommit(sha))) continue;
    const candidate = known.get(branch) ?? null;
    const owner = parts.repository.radar.ownerOf(branch) ?? (await authorOf(parts.git, sha));
    nodes.push({ branch, sha, slug: candidate?.slug ?? null, place: candidate?.place ?? null, ...owner });
  }
  if (!(await parts.git.hasCommit(main))) return null;
  const leftOut = ranked.length - chosen.length;
  return { main, mainBranch: parts.mainBranch, nodes, leftOut, isWhole: nodes.length === chosen.length };
}

interface Known {
  slug: string;
  place: number | null;
  sha: string;
  isBlocked: boolean;
}

/** Branch -> its candidate that is not final; that of its head before an older one. */
function candidatesOf(repository: Repository, view: RemoteView): Map<string, Known> {
  const places = new Map(repository.queue.map((record, index) => [record.id, index]));
  const known = new Map<string, Known>();
  for (const { id, state, context } of repository.live()) {
    const { slug, branch, sha } = context;
    if (known.has(branch) && known.get(branch)?.sha === view.heads.get(branch)) continue;
    known.set(branch, {
      slug,
      sha,
      isBlocked: state === 'blocked',
      place: state === 'integrating' ? -1 : (places.get(id) ?? null),
    });
  }
  return known;
}

type Head = [branch: string, sha: string];

/** Candidates first, then what something was told of, then by when it moved last. */
async function rank(
  { git, repository, movedAt }: AimParts,
  heads: readonly Head[],
  candidates: ReadonlyMap<string, unknown>,
  wanted: string | null,
): Promise<Head[]> {
  const weighed: { head: Head; weight: number; at: number }[] = [];
  for (const head of heads) {
    const [branch, sha] = head;
    const isCandidate = candidates.has(branch);
    const weight = branch === wanted ? 3 : isCandidate ? 2 : repository.radar.of(branch) ? 1 : 0;
    // One that is not here and did not move since somebody looks is not known to be recent.
    const at = movedAt(branch) ?? (await git.foresight.authored(sha))?.timeSeconds ?? 0;
    weighed.push({ head, weight, at });
  }
  return weighed.sort((a, b) => b.weight - a.weight || b.at - a.at).map(({ head }) => head);
}

/** Fetches what is not here. What is gone, or cannot be reached, is left out by whoever looks for it. */
async function bring({ git, signal, mayFetch }: AimParts, main: string, heads: readonly Head[]): Promise<void> {
  const missing: string[] = [];
  for (const [branch, sha] of heads) if (!(await git.hasCommit(sha))) missing.push(branch);
  if (missing.length === 0) {
    if (!(await git.hasCommit(main))) await git.fetch([], signal);
    return;
  }
  for (let start = 0; start < missing.length; start += FETCH_MAX) {
    if (signal?.aborted || (start > 0 && mayFetch?.() === false)) return;
    const some = missing.slice(start, start + FETCH_MAX);
    const fetched = await git.fetch(some, signal);
    if (fetched.kind === 'unreachable') return;
    // One that vanished keeps the others from being fetched with it.
    if (fetched.kind === 'gone') for (const branch of some) await git.fetch([branch], signal);
  }
}

async function authorOf(git: IntegrationRepository, sha: string): Promise<Owner> {
  const author = (await git.foresight.authored(sha))?.author.trim().slice(0, AUTHOR_MAX) ?? '';
  return author === '' ? { owner: null, owner_from: null } : { owner: author, owner_from: 'author' };
}
