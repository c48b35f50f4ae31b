/** The roadmap as a list: every work item with how far it is. Reads the files of one work tree and nothing else. */
import { readDelivered } from '../../io/todos/delivered.ts';
import { DELIVERED_FILE, ICEBOX_FILE } from '../../io/todos/paths.ts';
import { type RoadmapRow, readRoadmap } from '../../io/todos/roadmap.ts';
import type { WorkFiles } from '../../io/todos/work-files.ts';
import { refuseUnreadable } from './draft.ts';
import { bookProblems, type Papers, readPapers, type TodoFacts } from './papers.ts';

export interface RoadmapListRow {
  slug: string;
  where: 'roadmap' | 'icebox' | 'delivered';
  group: string | null;
  after: string[];
  /** Of `after`, what is not delivered. */
  waiting_for: string[];
  description: string | null;
  /** One word for how far it is: container, preparing, building, built, reviewing, returned, fixing, approved, delivered. */
  state: string;
  build: string | null;
  review: string | null;
  /** The verdict of its readiness gate; null when it was not judged. */
  dor: { status: string; score: number } | null;
  /** Of a container: what it holds. */
  children: string[];
  /** Of what is delivered: the day and the commit. */
  date: string | null;
  commit: string | null;
}

/** Thrown: UNREADABLE (1) with every problem of the files themselves. */
export function listRoadmap(files: WorkFiles, more: { icebox: boolean; delivered: boolean }): RoadmapListRow[] {
  const papers = readPapers(files);
  const icebox = readRoadmap(files.read(ICEBOX_FILE), ICEBOX_FILE);
  refuseUnreadable([...bookProblems(papers), ...icebox.problems]);
  const facts = new Map(papers.todos.map((each) => [each.slug, each]));
  const row = (of: RoadmapRow, where: RoadmapListRow['where']) => rowOf(papers, facts.get(of.slug), of, where);
  const delivered = readDelivered(files.read(DELIVERED_FILE)).rows;
  return [
    ...papers.roadmap.map((each) => row(each, 'roadmap')),
    ...(more.icebox ? icebox.rows.map((each) => row(each, 'icebox')) : []),
    ...(more.delivered
      ? delivered.map(({ slug, date, commit, children }) => ({
          ...row({ slug, group: null, after: [], description: null }, 'delivered'),
          state: 'delivered',
          children,
          date,
          commit,
        }))
      : []),
  ];
}

function rowOf(
  papers: Papers,
  facts: TodoFacts | undefined,
  row: RoadmapRow,
  where: RoadmapListRow['where'],
): RoadmapListRow {
  const dor = facts?.state.dor ?? null;
  return {
    slug: row.slug,
    where,
    group: row.group,
    after: row.after,
    waiting_for: row.after.filter((other) => !papers.delivered.has(other)),
    description: row.description,
    state: facts ? stageOf(facts) : 'preparing',
    build: facts?.state.build ?? null,
    review: facts?.state.review ?? null,
    dor: dor && { status: dor.status, score: dor.score },
    children: facts?.children ?? [],
    date: null,
    commit: null,
  };
}

/** How far the files say it is, in the words of the todo machine. */
function stageOf({ delivered, isContainer, state: { build, review, fix } }: TodoFacts): string {
  if (delivered) return 'delivered';
  if (isContainer) return 'container';
  if (review === 'approved') return 'approved';
  if (review === 'changes_requested' && fix !== 'complete') return fix === 'started' ? 'fixing' : 'returned';
  if (review === 'started') return 'reviewing';
  if (build === 'complete') return 'built';
  return build === 'started' ? 'building' : 'preparing';
}
