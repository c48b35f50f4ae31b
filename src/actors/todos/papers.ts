/**
 * Work items as a command finds them: the files of the work tree around it, what main has of them, and what the log
 * knows. Reads only; works in a clone that telec was never set up for, which then has no log.
 */
import { join } from 'node:path';
import type { Problem } from '../../errors.ts';
import { readDelivered } from '../../io/todos/delivered.ts';
import {
  DELIVERED_FILE,
  PAPERS,
  type Paper,
  ROADMAP_FILE,
  stateFile,
  TODOS_FOLDER,
  todoFile,
} from '../../io/todos/paths.ts';
import { type RoadmapRow, readRoadmap, undeliveredBefore } from '../../io/todos/roadmap.ts';
import { readState, type TodoState } from '../../io/todos/state-file.ts';
import type { WorkFiles } from '../../io/todos/work-files.ts';
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

/** Reads all work items. `isDelivered` adds what the log and main know. */
export function readPapers(files: WorkFiles, isDelivered: (slug: string) => boolean = () => false): Papers {
  const { rows: roadmap, problems: ofRoadmap } = readRoadmap(files.read(ROADMAP_FILE));
  const { rows, problems: ofDelivered } = readDelivered(files.read(DELIVERED_FILE));
  const delivered = new Set(rows.map(({ slug }) => slug));
  const known = (slug: string) => delivered.has(slug) || isDelivered(slug);
  const folders = files
    .list(TODOS_FOLDER)
    .filter((name) => SLUG_PATTERN.test(name) && files.isFolder(join(TODOS_FOLDER, name)));
  const slugs = [...new Set([...roadmap.map(({ slug }) => slug), ...folders])];
  return {
    files,
    roadmap,
    delivered,
    todos: slugs.map((slug) => factsOf(files, slug, roadmap, known)),
    problems: [...ofRoadmap, ...ofDelivered],
  };
}

/** A follow-up stands in the group of the work item it follows up; that makes no container of it. */
function isFollowUp(files: WorkFiles, slug: string): boolean {
  if (!SLUG_PATTERN.test(slug)) return false;
  return readState(stateFile(slug), files.read(stateFile(slug))).state.follow_up !== null;
}

function factsOf(
  files: WorkFiles,
  slug: string,
  roadmap: readonly RoadmapRow[],
  isDelivered: (slug: string) => boolean,
): TodoFacts {
  const hasFolder = SLUG_PATTERN.test(slug) && files.isFolder(join(TODOS_FOLDER, slug));
  const papers = hasFolder ? PAPERS.filter((name) => files.has(todoFile(slug, name))) : [];
  const missingPapers = PAPERS.filter((name) => !papers.includes(name));
  const { state, problems } = readState(stateFile(slug), hasFolder ? files.read(stateFile(slug)) : null);
  const grouped = roadmap
    .filter(({ group }) => group === slug)
    .map((row) => row.slug)
    .filter((child) => !isFollowUp(files, child));
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
    notBuildable: buildProblems({ slug, missingPapers, dor: state.dor, undelivered, isContainer }),
  };
}
