/** What people read of the roadmap. Text from outside passes `plain` here. */
import type { RoadmapChange } from '../actors/todos/roadmap-desk.ts';
import type { RoadmapListRow } from '../actors/todos/roadmap-list.ts';
import { type Paint, plain } from './output.ts';

const TITLES: Readonly<Record<RoadmapListRow['where'], string>> = {
  roadmap: 'Planned, the most urgent first',
  icebox: 'Resting',
  delivered: 'Delivered, the newest first',
};

export function roadmapText(rows: RoadmapListRow[], paint: Paint): string {
  if (rows.length === 0) return 'nothing is planned; telec roadmap add <slug> plans a work item';
  return (['roadmap', 'icebox', 'delivered'] as const)
    .flatMap((where) => {
      const mine = rows.filter((row) => row.where === where);
      return mine.length === 0 ? [] : [[paint('strong', TITLES[where]), ...grouped(mine, paint)].join('\n')];
    })
    .join('\n\n');
}

/** Parts stand below their container where it is listed, else under its name. */
function grouped(rows: RoadmapListRow[], paint: Paint): string[] {
  const lines: string[] = [];
  const told = new Set<string>();
  const below = (row: RoadmapListRow, depth: number): void => {
    if (told.has(row.slug)) return;
    told.add(row.slug);
    lines.push(`${'  '.repeat(depth)}${lineOf(row, paint)}`);
    for (const part of rows) if (part.group === row.slug) below(part, depth + 1);
  };
  for (const row of rows) if (!rows.some(({ slug }) => slug === row.group)) below(row, 1);
  // What lies in a ring of groups belongs to nothing that is listed.
  for (const row of rows) below(row, 1);
  return lines;
}

function lineOf(row: RoadmapListRow, paint: Paint): string {
  const { slug, state, dor, after, waiting_for, group, description, date, commit } = row;
  const score = dor === null ? '' : ` [DOR ${dor.score}, ${dor.status}]`;
  const wait = after.length === 0 ? '' : ` (after: ${after.map((each) => plain(each, 200)).join(', ')})`;
  const open = waiting_for.length === 0 ? '' : paint('warn', ' waits');
  const when = date === null ? '' : ` ${plain(date, 40)}${commit === null ? '' : ` ${plain(commit, 80)}`}`;
  const of = group === null ? '' : paint('dim', ` in ${plain(group, 200)}`);
  const about = description === null ? '' : paint('dim', ` ${plain(description, 200)}`);
  return `${plain(slug, 200)} [${state}]${score}${wait}${open}${when}${of}${about}`;
}

export function changeText({ changed, files, notes }: RoadmapChange): string {
  const where = changed ? [`changed: ${files.join(', ')}`] : ['nothing changed'];
  return [...notes.map((note) => plain(note)), ...where].join('\n');
}
