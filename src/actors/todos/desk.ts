/**
 * The desk of work items: what every command about them starts from. Reads files and, where the clone is registered,
 * the log; opens the log only when it is asked for. A log that cannot be reached is said and done without, except where
 * something is to be told there.
 */
import { EXIT, TelecError } from '../../errors.ts';
import { type Clone, currentBranch, discoverClone, fileAt, headCommit, listWorktrees } from '../../io/git/clone.ts';
import { readDelivered } from '../../io/todos/delivered.ts';
import { DELIVERED_FILE, todoFolder } from '../../io/todos/paths.ts';
import { WorkFiles } from '../../io/todos/work-files.ts';
import { decodeEnvelope, fullType, type PayloadOf } from '../../machines/events.ts';
import { SLUG_PATTERN } from '../../machines/identity.ts';
import type { ReviewStanding } from '../../machines/readiness.ts';
import { restoreTodo, SILENT_LOG, type TodoSnapshot } from '../../machines/todo.ts';
import type { CandidateRecord } from '../candidate-record.ts';
import type { CommandContext } from '../client.ts';
import type { Opened } from '../commands/session.ts';
import type { Host } from '../host.ts';
import { withHeldBack } from '../rollout/facts.ts';
import { logOf as logOfRollouts, silentLog } from '../rollout/log.ts';
import { topOf } from '../views.ts';
import { openWorkspace, type Workspace } from '../workspace.ts';
import { factsOf, heldBackBy, type Papers, readPapers, type TodoFacts } from './papers.ts';
import { slugGiven } from './work-tree.ts';

export interface DeskParts {
  context: CommandContext;
  /** The log, when the clone is registered; null when it is not. */
  host(): Promise<Host | null>;
  /** The repository for writing. Thrown: NOT_INITIALIZED (6). */
  opened(): Promise<Opened>;
}

/** What lies on the desk: the work tree around the command with all its work items. */
export interface Desk {
  context: CommandContext;
  clone: Clone;
  /** Null where the clone has no remote yet. */
  workspace: Workspace | null;
  files: WorkFiles;
  papers: Papers;
  host: Host | null;
  /** By the files, by main as this clone knows it, or by the log. */
  isDelivered(slug: string): boolean;
  /** What is checked out in the work tree. */
  branch: string | null;
  head: string | null;
  /** Slug -> the work tree it is shown from, where that is another one. */
  homes: ReadonlyMap<string, Home>;
}

/** Another work tree of the clone in which a work item is worked on. */
interface Home {
  path: string;
  branch: string;
  head: string | null;
  files: WorkFiles;
}

/** Lays out the desk. Thrown: NOT_A_REPOSITORY, UNSAFE_PATH (2). */
export async function layDesk(parts: DeskParts): Promise<Desk> {
  const { context } = parts;
  const clone = await discoverClone(context.cwd);
  const [workspace, host, branch, head] = await Promise.all([
    workspaceOf(context),
    logOf(parts),
    currentBranch(clone),
    headCommit(clone),
  ]);
  const files = new WorkFiles(clone.workTree);
  const onMain = await deliveredOnMain(workspace);
  const isDelivered = (slug: string) =>
    onMain.has(slug) || (host?.repository.ofSlug(slug).some(({ state }) => state === 'completed') ?? false);
  const papers = withHeldBack(
    readPapers(files, isDelivered),
    host ? logOfRollouts(host.repository, workspace?.config.integration.parityMin) : silentLog('none'),
  );
  return {
    context,
    clone,
    workspace,
    host,
    branch,
    head,
    files,
    papers,
    homes: new Map(),
    isDelivered: (slug) => papers.delivered.has(slug) || isDelivered(slug),
  };
}

/**
 * As `layDesk`, for showing: a work item whose branch is checked out in another work tree of the clone is taken from
 * there, since its state is kept where it is worked on. A branch belongs to the work item its last part names.
 */
export async function layWholeDesk(parts: DeskParts): Promise<Desk> {
  const desk = await layDesk(parts);
  const homes = new Map<string, Home>();
  const lastOf = (branch: string) => branch.slice(branch.lastIndexOf('/') + 1);
  for (const { path, branch, head, bare } of await listWorktrees(desk.clone)) {
    if (branch === null || bare || path === desk.clone.workTree) continue;
    const slug = lastOf(branch);
    if (!SLUG_PATTERN.test(slug) || (desk.branch !== null && lastOf(desk.branch) === slug)) continue;
    const files = new WorkFiles(path);
    if (isSafeFolder(files, todoFolder(slug))) homes.set(slug, { path, branch, head, files });
  }
  const { papers, isDelivered } = desk;
  const known = new Set(papers.todos.map(({ slug }) => slug));
  const slugs = [...known, ...[...homes.keys()].filter((slug) => !known.has(slug)).sort()];
  const todos = slugs.flatMap((slug) => {
    const home = homes.get(slug);
    const own = papers.todos.find((facts) => facts.slug === slug);
    const facts = home ? factsOf(home.files, slug, papers.roadmap, isDelivered) : own;
    return facts ? [home ? heldBackBy(facts, own?.heldBack ?? []) : facts] : [];
  });
  return { ...desk, homes, papers: { ...papers, todos } };
}

/** What another work tree has in the way of a plain folder is that tree's affair, and does not stop this one. */
function isSafeFolder(files: WorkFiles, folder: string): boolean {
  try {
    return files.isFolder(folder);
  } catch (error) {
    if (error instanceof TelecError && error.code === 'UNSAFE_PATH') return false;
    throw error;
  }
}

/** A clone without a remote can have work items all the same. */
export async function workspaceOf(context: CommandContext): Promise<Workspace | null> {
  try {
    return await openWorkspace(context);
  } catch (error) {
    if (error instanceof TelecError && error.code === 'NO_REMOTE') return null;
    throw error;
  }
}

async function logOf(parts: DeskParts): Promise<Host | null> {
  try {
    const host = await parts.host();
    await host?.dispatcher.catchUp();
    return host;
  } catch (error) {
    if (!(error instanceof TelecError) || error.exit !== EXIT.unreachable) throw error;
    parts.context.say(`${error.message}; what follows is known from the files alone`);
    return null;
  }
}

/** What main has as delivered, as far as this clone knows main. */
export async function deliveredOnMain(workspace: Workspace | null): Promise<ReadonlySet<string>> {
  if (!workspace) return new Set();
  const { clone, config } = workspace;
  const { remote, main } = config;
  const text = await fileAt(clone, `refs/remotes/${remote}/${main}`, DELIVERED_FILE);
  return new Set(readDelivered(text).rows.map(({ slug }) => slug));
}

/** The work item of that slug. Thrown: INVALID_SLUG (2), NOT_FOUND, DELIVERED (1). */
export function findTodo(desk: Desk, slug: string): TodoFacts {
  slugGiven(slug);
  const facts = desk.papers.todos.find((other) => other.slug === slug);
  if (facts) return facts;
  if (desk.isDelivered(slug))
    throw new TelecError('DELIVERED', EXIT.domain, `${slug} is delivered; its folder is gone`, {
      hint: `telec todo show ${slug}; plan what is new under a slug of its own: telec todo create <slug>`,
    });
  throw new TelecError('NOT_FOUND', EXIT.domain, `there is no work item ${slug} in this work tree`, {
    hint: `telec todo list, telec todo create ${slug}, or name the work tree of its branch with -C <dir>`,
  });
}

/** The highest ranking candidate of the slug. */
export function candidateOf({ host }: Desk, slug: string): CandidateRecord | undefined {
  return host ? topOf(host.repository.ofSlug(slug)) : undefined;
}

/** The machine of a work item as its file and the log say. */
export async function standingOf(desk: Desk, facts: TodoFacts): Promise<TodoSnapshot> {
  const { slug, state } = facts;
  const review = desk.host?.repository.review(slug) ?? null;
  const untold = review !== null && review.verdict === 'changes_requested' && review.round >= state.review_round;
  const findings = untold && desk.host ? await findingsTold(desk.host, slug, review) : [];
  const log = { ...SILENT_LOG, review, findings, candidate: whereabouts(desk, facts) };
  return restoreTodo(slug, state, log, placeOf(desk, slug).head);
}

function whereabouts(desk: Desk, { slug, delivered }: TodoFacts): 'underWay' | 'blocked' | 'delivered' | null {
  if (delivered) return 'delivered';
  const candidate = candidateOf(desk, slug);
  if (!candidate || candidate.state === 'superseded') return null;
  if (candidate.state !== 'blocked') return 'underWay';
  // A newer commit of the branch is not what was blocked.
  const { branch, sha } = candidate.context;
  const place = placeOf(desk, slug);
  return place.branch === branch && place.head !== sha ? null : 'blocked';
}

const placeOf = (desk: Desk, slug: string): Pick<Desk, 'branch' | 'head'> => desk.homes.get(slug) ?? desk;

/** Entries of the log read at once. */
const PAGE = 500;

/** A work item is worked on also where the archives are not: what stands in for the findings says where they are. */
function inArchives(error: unknown): TelecError {
  if (error instanceof TelecError && error.code === 'ARCHIVE_ELSEWHERE') return error;
  throw error;
}

/** The findings of a round that the read model only counts; read from the log, which is asked seldom. */
async function findingsTold(host: Host, slug: string, { round }: ReviewStanding): Promise<string[]> {
  let after = '0';
  for (;;) {
    const page = await host.log.read(after, PAGE).catch(inArchives);
    if (!Array.isArray(page)) return [page.message];
    for (const { fields } of page) {
      if (fields['event'] !== fullType('review.changes_requested')) continue;
      const decoded = decodeEnvelope(fields);
      if (decoded.kind !== 'ok') continue;
      const payload = decoded.envelope.payload as PayloadOf<'review.changes_requested'>;
      if (payload.slug === slug && payload.review_round === round) return payload.findings;
    }
    after = page.at(-1)?.id ?? after;
    if (page.length < PAGE) return [];
  }
}
