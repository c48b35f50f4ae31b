/** What is wrong with the roadmap as a whole: names that lead nowhere, rows that stand twice, waiting without an end. */
import { ICEBOX_FILE, ROADMAP_FILE } from '../../io/todos/paths.ts';
import { passedOver, type RoadmapRow, readRoadmap } from '../../io/todos/roadmap.ts';
import type { WorkFiles } from '../../io/todos/work-files.ts';
import { namesFollowUp } from '../../machines/follow-up.ts';
import { SLUG_LENGTH_MAX, SLUG_PATTERN } from '../../machines/identity.ts';
import { containersOf, cyclesIn } from './dependencies.ts';
import { failure, roadmapPlace, type ValidationRow } from './findings.ts';
import type { Papers } from './papers.ts';

/** All problems of the roadmap, in its order. */
export function planProblems(files: WorkFiles, papers: Papers): ValidationRow[] {
  const { roadmap, delivered } = papers;
  const rows = oddRows(files);
  const resting = restingIn(files, rows);
  const folders = new Set(papers.todos.filter(({ hasFolder: has }) => has).map(({ slug }) => slug));
  const planned = new Set(roadmap.map(({ slug }) => slug));
  const hasFolder = (slug: string) => folders.has(slug);
  const isPlanned = (slug: string) => planned.has(slug);
  const seen = new Set<string>();
  for (const { slug, group, after } of roadmap) {
    const say = (code: string, text: string, mend: string) =>
      rows.push(failure(code, slug, roadmapPlace(slug), text, mend));
    if (!SLUG_PATTERN.test(slug) || slug.length > SLUG_LENGTH_MAX) {
      say('bad_slug', 'the row names no slug', 'lower-case letters and digits in parts joined by single -');
      continue;
    }
    if (seen.has(slug)) say('duplicate_row', 'it stands on the roadmap twice', 'remove one of the rows');
    if (seen.has(slug)) continue;
    seen.add(slug);
    if (delivered.has(slug)) say('delivered_row', 'it is delivered and still planned', `telec roadmap deliver ${slug}`);
    else if (resting.has(slug))
      say('duplicate_row', `it is planned and rests in ${ICEBOX_FILE}`, 'remove one of the rows');
    else if (!hasFolder(slug))
      say(
        'stale_reference',
        'the roadmap names it, and it is neither a todo nor delivered',
        `telec todo draft ${slug} writes its papers, telec roadmap remove ${slug} forgets it`,
      );
    const containers = group === null ? [] : containersOf(slug, roadmap);
    for (const other of after) {
      if (containers.includes(other))
        say('waits_for_parent', `it waits for ${other}, which holds it`, withoutDependency(slug, after, other));
      else if (resting.has(other) && !isPlanned(other)) {
        const row = failure(
          'waits_for_frozen',
          slug,
          roadmapPlace(slug),
          `it waits for ${other}, which rests`,
          'wake it',
        );
        rows.push({ ...row, status: 'warn', mend: `telec roadmap freeze ${other} --undo` });
      } else if (!delivered.has(other) && !hasFolder(other) && !isPlanned(other))
        say(
          'stale_reference',
          `it waits for ${other}, which is neither a todo nor delivered`,
          withoutDependency(slug, after, other),
        );
    }
    // A follow-up stands in the group of what it mends, which may be work without a folder.
    const mends = namesFollowUp(slug);
    if (group !== null && !mends && !hasFolder(group) && !isPlanned(group) && !delivered.has(group))
      say(
        'stale_reference',
        `its group ${group} is neither a todo nor delivered`,
        'name its container, or drop the key',
      );
  }
  for (const cycle of cyclesIn(roadmap)) {
    const [first = ''] = cycle;
    // The short ring of a part that waits for its container was told in words of its own.
    if (cycle.length === 3 && cycle.some((slug, at) => waitsForHolder(slug, cycle[at + 1] ?? '', roadmap))) continue;
    const text = `they wait for each other: ${cycle.join(' -> ')}`;
    const mend = `let one go: telec roadmap deps ${first} --after <slugs>, or change a group in the roadmap`;
    rows.push(failure('cycle', first, roadmapPlace(first), text, mend));
  }
  return rows;
}

/** Rows that other commands pass over in silence. A file that cannot be read was named before. */
function oddRows(files: WorkFiles): ValidationRow[] {
  try {
    return passedOver(files.read(ROADMAP_FILE)).map(({ path, message }) =>
      failure('odd_row', null, path, message, 'mend the row by hand'),
    );
  } catch {
    return [];
  }
}

function withoutDependency(slug: string, after: readonly string[], other: string): string {
  const left = after.filter((each) => each !== other);
  return `telec todo set-deps ${[slug, ...left.map((each) => `--after ${each}`)].join(' ')}`;
}

const waitsForHolder = (slug: string, other: string, roadmap: readonly RoadmapRow[]): boolean =>
  containersOf(slug, roadmap).includes(other) && roadmap.some((row) => row.slug === slug && row.after.includes(other));

/** Slugs that rest. */
function restingIn(files: WorkFiles, rows: ValidationRow[]): Set<string> {
  const mend = 'mend the file by hand; telec does not change what it cannot read';
  try {
    const reading = readRoadmap(files.read(ICEBOX_FILE), ICEBOX_FILE);
    for (const { path, message } of reading.problems) rows.push(failure('unreadable', null, path, message, mend));
    return new Set(reading.rows.map(({ slug }) => slug));
  } catch (error) {
    rows.push(failure('unreadable', null, ICEBOX_FILE, (error as Error).message, mend));
    return new Set();
  }
}
