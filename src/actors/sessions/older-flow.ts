/**
 * Deliveries begun under an older flow, as the clone has them: found in its linked work trees and branches, and measured
 * against git and the log. Changes nothing; what is to be done about one is decided by who asks.
 */
import { EXIT, TelecError } from '../../errors.ts';
import { changedPaths, fileAt, filesBelow, isInHistory, listWorktrees, localBranches } from '../../io/git/clone.ts';
import { readDelivered } from '../../io/todos/delivered.ts';
import { type OlderState, readOlderState } from '../../io/todos/older-state.ts';
import { DELIVERED_FILE, stateFile, TODOS_FOLDER } from '../../io/todos/paths.ts';
import { WorkFiles } from '../../io/todos/work-files.ts';
import { type AdoptionFacts, judgeAdoption } from '../../machines/adoption.ts';
import { candidateKey, parseInstant, SLUG_LENGTH_MAX, SLUG_PATTERN } from '../../machines/identity.ts';
import { compareRank } from '../../machines/queue.ts';
import type { Opened } from '../commands/session.ts';
import type { AdoptRow } from './views.ts';

/** Bytes; far above any honest state file. */
const STATE_BYTES_MAX = 256 * 1024;

/** One delivery as the clone has it. */
export interface OlderDelivery {
  slug: string;
  branch: string;
  head: string;
  worktree: string | null;
  foundBy: AdoptRow['found_by'];
  state: OlderState;
}

/** A delivery with what is known of it. */
interface MeasuredDelivery {
  found: OlderDelivery;
  facts: AdoptionFacts;
}

/**
 * All of them, those handed over first in front, each measured when it is asked for: what the log is told of one counts
 * for the next. `heads`: branches of the remote; null where it was not asked.
 */
export async function* olderDeliveries(
  opened: Opened,
  heads: ReadonlyMap<string, string> | null,
): AsyncGenerator<MeasuredDelivery> {
  const { clone, config } = opened.workspace;
  const mainRef = `refs/remotes/${config.remote}/${config.main}`;
  const onMain = readDelivered(await fileAt(clone, mainRef, DELIVERED_FILE)).rows;
  const delivered = new Set(onMain.map(({ slug }) => slug));
  for (const found of await findDeliveries(opened, mainRef)) {
    const facts = await factsOf(opened, found, {
      pushedHead: heads?.get(found.branch) ?? null,
      isOnMain: delivered.has(found.slug) || (await isInHistory(clone, found.head, mainRef)),
      now: await opened.host.log.time(),
    });
    yield { found, facts };
  }
}

/** Those that are neither on main, as this clone knows it, nor wholly in the log: a cutover would leave them behind. */
export async function deliveriesInFlight(opened: Opened): Promise<OlderDelivery[]> {
  const inFlight: OlderDelivery[] = [];
  for await (const { found, facts } of olderDeliveries(opened, null))
    if (judgeAdoption(facts).kind !== 'already_known') inFlight.push(found);
  return inFlight;
}

/** Deliveries of the linked work trees and of the branches, each once, those handed over first in front. */
async function findDeliveries(opened: Opened, mainRef: string): Promise<OlderDelivery[]> {
  const { clone, config } = opened.workspace;
  const inherited = await filesBelow(clone, mainRef, TODOS_FOLDER, STATE_BYTES_MAX);
  const worktrees = await listWorktrees(clone);
  const found: OlderDelivery[] = [];
  for (const { branch, head } of await localBranches(clone)) {
    if (branch === config.main) continue;
    const worktree = worktrees.find((other) => other.branch === branch && !other.bare)?.path ?? null;
    const texts = new Map<string, string>();
    for (const [path, blob] of await filesBelow(clone, head, TODOS_FOLDER, STATE_BYTES_MAX)) {
      const slug = slugOfState(path);
      // What main has just so says nothing about this branch.
      if (slug && inherited.get(path) !== blob) texts.set(slug, (await fileAt(clone, head, path)) ?? '');
    }
    if (worktree !== null) {
      for (const [slug, text] of onDisk(worktree)) {
        const same = text === (await fileAt(clone, mainRef, stateFile(slug)));
        if (!same) texts.set(slug, text);
      }
    }
    for (const [slug, text] of texts) {
      const state = readOlderState(stateFile(slug), text);
      if (state === null && isNamesake(branch, slug))
        opened.context.say(
          `${stateFile(slug)} of ${branch} cannot be read, so nobody knows whether it was handed over`,
        );
      const foundBy = state && deliveryOf(state, slug, branch);
      if (state && foundBy) found.push({ slug, branch, head, worktree, foundBy, state });
    }
  }
  const at = ({ state }: OlderDelivery) => parseInstant(state.finalize?.readyAt ?? '') ?? Number.POSITIVE_INFINITY;
  return found.sort((a, b) => at(a) - at(b) || (a.slug < b.slug ? -1 : 1));
}

function slugOfState(path: string): string | null {
  const slug = /^todos\/([^/]+)\/state\.yaml$/.exec(path)?.[1];
  return slug !== undefined && SLUG_PATTERN.test(slug) && slug.length <= SLUG_LENGTH_MAX ? slug : null;
}

/** The state files that lie in a work tree; one behind a link is left alone. */
function onDisk(worktree: string): [slug: string, text: string][] {
  const files = new WorkFiles(worktree);
  const readable = <T>(look: () => T, otherwise: T): T => {
    try {
      return look();
    } catch (error) {
      if (error instanceof TelecError && error.exit === EXIT.usage) return otherwise;
      throw error;
    }
  };
  const slugs = readable(() => files.list(TODOS_FOLDER), []).filter((name) => slugOfState(stateFile(name)));
  return slugs.flatMap((slug): [string, string][] => {
    const text = readable(() => files.read(stateFile(slug)), null);
    return text === null ? [] : [[slug, text]];
  });
}

const isNamesake = (branch: string, slug: string): boolean => branch.slice(branch.lastIndexOf('/') + 1) === slug;

/** A branch carries the state of many items; its own is the one that names it, or that it is named after. */
function deliveryOf(state: OlderState, slug: string, branch: string): AdoptRow['found_by'] | null {
  if (state.finalize) {
    const named = state.finalize.branch === null ? isNamesake(branch, slug) : state.finalize.branch === branch;
    return named ? 'finalize' : null;
  }
  return isNamesake(branch, slug) && state.isBuilt && state.isApproved ? 'review' : null;
}

async function factsOf(
  { host }: Opened,
  { slug, branch, head, worktree, state }: OlderDelivery,
  seen: Pick<AdoptionFacts, 'pushedHead' | 'isOnMain' | 'now'>,
): Promise<AdoptionFacts> {
  const { repository } = host;
  const record = repository.find(candidateKey({ slug, branch, sha: head }));
  const readyAt = state.finalize?.readyAt ?? null;
  const place = { slug, branch, sha: head, readyAtMs: parseInstant(readyAt ?? '') ?? seen.now };
  const others = repository.ofSlug(slug).filter(({ key }) => key !== record?.key);
  const changed = worktree === null ? [] : await changedPaths({ workTree: worktree }, 'all');
  return {
    ...seen,
    slug,
    branch,
    head,
    sha: state.finalize?.sha ?? null,
    readyAt,
    approvedRound: state.isApproved ? (state.reviewRound ?? 1) : null,
    // An older flow wrote its record into the file and left it so.
    changed: changed?.filter((path) => path !== stateFile(slug)) ?? null,
    review: repository.review(slug) ?? null,
    known: record
      ? { pushed: record.context.pushed, isFinal: record.state === 'completed' || record.state === 'superseded' }
      : null,
    isOutranked: others.some(({ context }) => compareRank(context, place) > 0),
  };
}
