/**
 * `telec adopt`: finds deliveries begun under an older flow in the clone, and tells the log what it does not know of
 * them, with the moments and sessions their files name. Changes no file, moves no ref; done twice it does nothing.
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
import type { CandidateRecord } from '../candidate-record.ts';
import { lookAtRemote, type Opened, privateGit, probe, say } from '../commands/session.ts';
import { actorOf } from '../workspace.ts';
import type { AdoptRow, AdoptView } from './views.ts';

/** Bytes; far above any honest state file. */
const STATE_BYTES_MAX = 256 * 1024;

/** Characters of a session id that an event takes. */
const SESSION_MAX = 500;

/** One delivery as the clone has it. */
interface Found {
  slug: string;
  branch: string;
  head: string;
  worktree: string | null;
  foundBy: AdoptRow['found_by'];
  state: OlderState;
}

/** Thrown: REMOTE_UNREACHABLE (3). What cannot be adopted is a row, not an error. */
export async function adopt(opened: Opened, { dryRun }: { dryRun: boolean }): Promise<AdoptView> {
  const { host } = opened;
  const view = await lookAtRemote(await privateGit(opened));
  const mainRef = `refs/remotes/${opened.workspace.config.remote}/${opened.workspace.config.main}`;
  const onMain = readDelivered(await fileAt(opened.workspace.clone, mainRef, DELIVERED_FILE)).rows;
  const delivered = new Set(onMain.map(({ slug }) => slug));
  const deliveries: AdoptRow[] = [];
  const adopted: CandidateRecord[] = [];
  for (const found of await findDeliveries(opened, mainRef)) {
    const facts = await factsOf(opened, found, {
      pushedHead: view.heads.get(found.branch) ?? null,
      isOnMain: delivered.has(found.slug) || (await isInHistory(opened.workspace.clone, found.head, mainRef)),
      now: await host.log.time(),
    });
    const judgement = judgeAdoption(facts);
    const row = rowOf(found, facts, judgement, dryRun);
    if (judgement.kind === 'adoptable' && !dryRun) {
      await tell(opened, facts, found.state, judgement);
      const record = host.repository.find(candidateKey({ ...found, sha: found.head }));
      if (record) adopted.push(record);
    }
    deliveries.push(row);
  }
  if (adopted.length > 0) await probe(opened, adopted, view);
  return { dry_run: dryRun, deliveries };
}

function rowOf(
  { slug, branch, head, worktree, foundBy, state }: Found,
  { readyAt }: AdoptionFacts,
  judgement: ReturnType<typeof judgeAdoption>,
  dryRun: boolean,
): AdoptRow {
  return {
    slug,
    branch,
    sha: head,
    worktree,
    found_by: foundBy,
    ready_at: readyAt,
    worker_session_id: state.finalize?.sessionId ?? null,
    result: judgement.kind === 'adoptable' && !dryRun ? 'adopted' : judgement.kind,
    reasons: judgement.kind === 'not_adoptable' ? judgement.reasons : [],
    events: judgement.kind === 'adoptable' ? judgement.missing : [],
  };
}

/** Deliveries of the linked work trees and of the branches, each once, those handed over first in front. */
async function findDeliveries(opened: Opened, mainRef: string): Promise<Found[]> {
  const { clone, config } = opened.workspace;
  const inherited = await filesBelow(clone, mainRef, TODOS_FOLDER, STATE_BYTES_MAX);
  const worktrees = await listWorktrees(clone);
  const found: Found[] = [];
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
  const at = ({ state }: Found) => parseInstant(state.finalize?.readyAt ?? '') ?? Number.POSITIVE_INFINITY;
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
  { slug, branch, head, worktree, state }: Found,
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

/** Tells the log what it lacks. */
async function tell(
  { host, context, workspace }: Opened,
  { slug, branch, head: sha, readyAt, known }: AdoptionFacts,
  state: OlderState,
  { missing, reviewRound }: Extract<ReturnType<typeof judgeAdoption>, { kind: 'adoptable' }>,
): Promise<void> {
  const { sessionId } = actorOf(context);
  const at = new Date(host.clock.now()).toISOString();
  const worker = state.finalize?.sessionId?.trim().slice(0, SESSION_MAX) || sessionId;
  const pushed = { branch, sha, remote: workspace.config.remote, pushed_at: at, pusher: worker };
  if (missing.includes('review.approved')) {
    await say(host, 'review.approved', {
      slug,
      approved_at: readyAt ?? at,
      review_round: reviewRound,
      reviewer_session_id: sessionId,
      // The older flow approved what then was handed over, and nothing that comes later.
      sha,
    });
  }
  if (missing.includes('deployment.started')) {
    await say(host, 'deployment.started', {
      slug,
      branch,
      sha,
      worker_session_id: worker,
      orchestrator_session_id: sessionId,
      ready_at: readyAt ?? at,
      pushed,
    });
  } else if (known && !known.pushed) await say(host, 'branch.pushed', pushed);
}
