/**
 * What a push of follow-ups changes on main: computed from main's own files, each change on its own merits. Reads only.
 *
 * Invariant: nothing that people wrote is overwritten. A file that cannot be read or edited leaves its follow-up out,
 * with the reason; the others go on.
 */
import type { CommitRequest, IntegrationRepository } from '../../io/git/port.ts';
import { GitFault } from '../../io/git/run.ts';
import {
  type FollowUpPapers,
  followUpState,
  planText,
  requirementsText,
  withBlockedAgain,
} from '../../io/todos/follow-up.ts';
import { ROADMAP_FILE, stateFile, TODOS_FOLDER, todoFile, todoFolder } from '../../io/todos/paths.ts';
import { readRoadmap, withoutSlug, withRow } from '../../io/todos/roadmap.ts';
import { readState } from '../../io/todos/state-file.ts';
import type { PayloadOf } from '../../machines/events.ts';
import type { FollowUpChange } from '../../machines/follow-up.ts';
import type { DueFollowUp } from '../follow-ups.ts';

/** A follow-up that main cannot be given, and why. */
export interface Left {
  slug: string;
  reason: PayloadOf<'integration.followup.left'>['reason'];
  detail: string;
  nextAction: string;
}

export interface FollowUpDraft {
  changes: CommitRequest['changes'];
  /** What the changes amount to. */
  done: FollowUpChange[];
  left: Left[];
}

/** Thrown for the one follow-up in hand. */
class Leave extends Error {
  readonly left: Omit<Left, 'slug'>;

  constructor(reason: Left['reason'], detail: string, nextAction: string) {
    super(detail);
    this.left = { reason, detail, nextAction };
  }
}

/** Drafts the changes on top of `main`, which must be here. */
export async function draftFollowUps(
  git: IntegrationRepository,
  main: string,
  due: readonly DueFollowUp[],
): Promise<FollowUpDraft> {
  const files = new Files(git, main, new Set(await git.listFiles(main, TODOS_FOLDER)));
  const draft: FollowUpDraft = { changes: [], done: [], left: [] };
  let roadmap = await readList(files);
  for (const one of due) {
    const { slug, blockedAt: blocked_at } = one.followUp;
    try {
      if (roadmap instanceof Leave) throw roadmap;
      const own = one.change === 'closed' ? removal(files, slug) : await writing(files, one);
      roadmap = roadmap === null ? null : listed(roadmap, one);
      draft.changes.push(...own);
      draft.done.push({ slug, change: one.change, blocked_at });
    } catch (error) {
      if (!(error instanceof Leave)) throw error;
      draft.left.push({ slug, ...error.left });
    }
  }
  if (typeof roadmap === 'string') draft.changes.push({ path: ROADMAP_FILE, content: roadmap });
  return draft;
}

/** Files below the folder of work items, at one commit. */
class Files {
  readonly paths: ReadonlySet<string>;
  readonly #git: IntegrationRepository;
  readonly #main: string;

  constructor(git: IntegrationRepository, main: string, paths: ReadonlySet<string>) {
    this.#git = git;
    this.#main = main;
    this.paths = paths;
  }

  /** The text, or null when nothing is there. */
  async read(path: string): Promise<string | null> {
    const text = await this.#git.readFile(this.#main, path).catch((error: unknown) => {
      if (error instanceof GitFault) throw broken(path, error.message);
      throw error;
    });
    const isInTheWay = [...this.paths].some((known) => known === path || known.startsWith(`${path}/`));
    if (text === null && isInTheWay) throw broken(path, 'is no regular file');
    // Bytes that are no text would not survive being written back.
    if (text?.includes('\ufffd')) throw broken(path, 'is not UTF-8');
    return text;
  }
}

const broken = (path: string, why: string): Leave =>
  new Leave(
    'unreadable',
    `${path}: ${why}`,
    `mend ${path} on main; the session after that brings the follow-up (telec integrate)`,
  );

/** The roadmap's text; null when main has none; the reason when nobody may edit it. */
async function readList(files: Files): Promise<string | null | Leave> {
  try {
    const text = await files.read(ROADMAP_FILE);
    const [problem] = readRoadmap(text).problems;
    return problem ? broken(ROADMAP_FILE, `${problem.path} ${problem.message}`) : text;
  } catch (error) {
    if (error instanceof Leave) return error;
    throw error;
  }
}

/** The roadmap with the follow-up behind its source, or without it. */
function listed(roadmap: string, { followUp: { slug, source }, change }: DueFollowUp): string {
  const isListed = readRoadmap(roadmap).rows.some((row) => row.slug === slug);
  if (change === 'closed') return isListed ? withoutSlug(roadmap, slug) : roadmap;
  if (isListed) return roadmap;
  const description = `What keeps ${source.slug} off main`;
  return withRow(roadmap, { slug, group: source.slug, after: [], description }, { after: source.slug });
}

function removal({ paths }: Files, slug: string): CommitRequest['changes'] {
  const folder = todoFolder(slug);
  return [...paths].some((path) => path.startsWith(`${folder}/`)) ? [{ path: folder, content: null }] : [];
}

async function writing(files: Files, { followUp, record }: DueFollowUp): Promise<CommitRequest['changes']> {
  const { slug, source, blockedAt } = followUp;
  const { failure } = record.context;
  if (!failure) return [];
  if (files.paths.size === 0) {
    throw new Leave('no_todos', 'main has no work items any more', `telec candidate ${source.slug}`);
  }
  if (files.paths.has(todoFolder(slug))) {
    throw new Leave('taken', `${todoFolder(slug)} is a file`, `move ${todoFolder(slug)} on main out of the way`);
  }
  const papers: FollowUpPapers = {
    slug,
    source,
    blockedAt,
    kind: failure.kind,
    evidence: failure.conflict_evidence,
    diagnostics: failure.diagnostics,
    nextAction: failure.next_action,
    reproduce: failure.reproduce ?? null,
  };
  const paths = {
    state: stateFile(slug),
    text: todoFile(slug, 'requirements.md'),
    plan: todoFile(slug, 'implementation-plan.md'),
  };
  const state = await files.read(paths.state);
  const { state: said, problems } = readState(paths.state, state);
  const [problem] = problems;
  if (problem) throw broken(paths.state, `${problem.path} ${problem.message}`);
  const link = said.follow_up;
  const isOwn = link !== null && link.slug === source.slug && link.branch === source.branch && link.sha === source.sha;
  if (!isOwn && !followUp.onMain && [...files.paths].some((path) => path.startsWith(`${todoFolder(slug)}/`))) {
    const nextAction = `rename ${todoFolder(slug)} on main, which is another work item; the session after that goes on`;
    throw new Leave('taken', `${todoFolder(slug)} is another work item`, nextAction);
  }
  const text = await files.read(paths.text);
  const plan = await files.read(paths.plan);
  const isTold = isOwn && link.blocked_at === blockedAt;
  return [
    { path: paths.state, content: followUpState(state, papers) },
    ...(text === null ? [{ path: paths.text, content: requirementsText(papers) }] : []),
    ...(text !== null && !isTold ? [{ path: paths.text, content: withBlockedAgain(text, papers) }] : []),
    ...(plan === null ? [{ path: paths.plan, content: planText(papers) }] : []),
  ];
}
