/**
 * Work items as a command finds them: the files of the work tree around it, what main has of them, and what the log
 * knows. Reads only; works in a clone that telec was never set up for, which then has no log.
 */

import { type Problem, TelecError } from '../../errors.ts';
import { readDelivered } from '../../io/todos/delivered.ts';
import {
  DELIVERED_FILE,
  FOLLOW_UP_PAPERS,
  PAPERS,
  type Paper,
  ROADMAP_FILE,
  stateFile,
  TODOS_FOLDER,
  todoFile,
  todoFolder,
} from '../../io/todos/paths.ts';
import { type RoadmapRow, readRoadmap, undeliveredBefore } from '../../io/todos/roadmap.ts';
import { readState, type TodoState } from '../../io/todos/state-file.ts';
import type { WorkFiles } from '../../io/todos/work-files.ts';
import { namesFollowUp } from '../../machines/follow-up.ts';
import { SLUG_PATTERN } from '../../machines/identity.ts';
import { type BuildProblem, buildProblems } from '../../machines/todo.ts';

/** One work item with all that is known of it. */
export interface TodoFacts {
  slug: string;
  /** Its row of the roadmap; null when it stands only in its folder. */
  row: RoadmapRow | null;
  /** Whether it has a folder. */
  hasFolder: boolean;
  papers: Paper[];
  missingPapers: Paper[];
  state: TodoState;
  /** What its state file has wrong. */
  problems: Problem[];
  delivered: boolean;
  /** Slugs it waits for that are not delivered. */
  undelivered: string[];
  /** Work items it holds: named by its breakdown, or grouped under it in the roadmap. */
  children: string[];
  isContainer: boolean;
  /** Why it may not be built; none means that it may. */
  notBuildable: BuildProblem[];
  /** Of these, what only its rollout knows; empty until the rollouts were judged. */
  heldBack: BuildProblem[];
}

/** All work items of a work tree. */
export interface Papers {
  files: WorkFiles;
  roadmap: RoadmapRow[];
  /** Slugs that are delivered, by the files. */
  delivered: ReadonlySet<string>;
  /** In the order of the roadmap, then by name. */
  todos: TodoFacts[];
  /** What the files of the folder as a whole have wrong. */
  problems: Problem[];
}

/**
 * What `look` finds. What lies in its way (a link, a file far too large) becomes a problem and `otherwise` the answer:
 * one bad path must not hide all other work items.
 */
function looked<T>(path: string, problems: Problem[], otherwise: T, look: () => T): T {
  try {
    return look();
  } catch (error) {
    if (!(error instanceof TelecError)) throw error;
    problems.push({ path, message: error.message });
    return otherwise;
  }
}

/** Reads all work items. `isDelivered` adds what the log and main know. */
export function readPapers(files: WorkFiles, isDelivered: (slug: string) => boolean = () => false): Papers {
  const problems: Problem[] = [];
  const textOf = (path: string) => looked(path, problems, null, () => files.read(path));
  const { rows: roadmap, problems: ofRoadmap } = readRoadmap(textOf(ROADMAP_FILE));
  const { rows, problems: ofDelivered } = readDelivered(textOf(DELIVERED_FILE));
  const delivered = new Set(rows.map(({ slug }) => slug));
  const known = (slug: string) => delivered.has(slug) || isDelivered(slug);
  const folders = looked(TODOS_FOLDER, problems, [], () => files.list(TODOS_FOLDER)).filter(
    (name) =>
      SLUG_PATTERN.test(name) && looked(todoFolder(name), problems, false, () => files.isFolder(todoFolder(name))),
  );
  const slugs = [...new Set([...roadmap.map(({ slug }) => slug), ...folders])];
  // The rows that speak of a slug: its own, and those of what it holds.
  const about = new Map<string, RoadmapRow[]>();
  for (const row of roadmap)
    for (const slug of new Set([row.slug, row.group ?? row.slug])) about.set(slug, [...(about.get(slug) ?? []), row]);
  return {
    files,
    roadmap,
    delivered,
    todos: slugs.map((slug) => factsOf(files, slug, about.get(slug) ?? [], known)),
    problems: [...problems, ...ofRoadmap, ...ofDelivered],
  };
}

/** One work item; `files` may be those of another work tree than the roadmap's. */
export function factsOf(
  files: WorkFiles,
  slug: string,
  roadmap: readonly RoadmapRow[],
  isDelivered: (slug: string) => boolean,
): TodoFacts {
  // A folder that is none was named when the folders were listed.
  const hasFolder = SLUG_PATTERN.test(slug) && looked(slug, [], false, () => files.isFolder(todoFolder(slug)));
  const unsafe: Problem[] = [];
  const has = (name: Paper) => looked(todoFile(slug, name), unsafe, false, () => files.has(todoFile(slug, name)));
  const papers = hasFolder ? PAPERS.filter(has) : [];
  const stateText = looked(stateFile(slug), unsafe, null, () => (hasFolder ? files.read(stateFile(slug)) : null));
  const { state, problems: ofState } = readState(stateFile(slug), stateText);
  const problems = [...unsafe, ...ofState];
  const needsGate = state.follow_up === null;
  const missingPapers = PAPERS.filter(
    (name) => !papers.includes(name) && (needsGate || FOLLOW_UP_PAPERS.includes(name)),
  );
  const grouped = roadmap.filter((row) => row.group === slug && !namesFollowUp(row.slug)).map((row) => row.slug);
  const children = [...new Set([...state.breakdown.todos, ...grouped])];
  const isContainer = children.length > 0;
  const undelivered = undeliveredBefore(slug, roadmap, isDelivered);
  return {
    slug,
    row: roadmap.find((row) => row.slug === slug) ?? null,
    hasFolder,
    papers,
    missingPapers,
    state,
    problems,
    delivered: isDelivered(slug),
    undelivered,
    children,
    isContainer,
    heldBack: [],
    notBuildable: buildProblems({
      slug,
      missingPapers,
      needsGate,
      dor: state.dor,
      undelivered,
      isContainer,
      heldBack: [],
    }),
  };
}

/**
 * Why `group` cannot take in a new work item; null when it can. What is under way would become a container, which nobody
 * can hand over.
 */
export function groupProblem({ todos }: Papers, group: string): string | null {
  const facts = todos.find(({ slug }) => slug === group);
  if (!facts) return 'is no work item that could hold others';
  if (facts.delivered) return 'is delivered, and holds nothing new';
  if (!facts.isContainer && facts.state.build !== 'pending') return 'is work under way, and no container';
  return null;
}

/** What of the problems is about the lists themselves; a folder that nobody can read stands in the way of itself alone. */
export function bookProblems({ problems }: Papers): Problem[] {
  return problems.filter(({ path }) => [ROADMAP_FILE, DELIVERED_FILE].some((name) => path.startsWith(name)));
}

/** The facts with what the rollout of the work item has against building it. */
export function heldBackBy(facts: TodoFacts, heldBack: BuildProblem[]): TodoFacts {
  return { ...facts, heldBack, notBuildable: [...facts.notBuildable, ...heldBack] };
}
