/**
 * A container and what it holds: its state, the roadmap and the text it goes back to name the same work items in the
 * same order. What is delivered may be named by any of them or none.
 */

import { readMarkdown } from '../../io/todos/markdown.ts';
import { stateFile, todoFile } from '../../io/todos/paths.ts';
import type { WorkFiles } from '../../io/todos/work-files.ts';
import { namesFollowUp } from '../../machines/follow-up.ts';
import { failure, roadmapPlace, type ValidationRow } from './findings.ts';
import type { Papers, TodoFacts } from './papers.ts';

/** One source that names the parts, in its order. */
interface Source {
  path: string;
  slugs: string[];
}

/** Where the sources of one container disagree; nothing for what is no container. */
export function childProblems(files: WorkFiles, papers: Papers, facts: TodoFacts): ValidationRow[] {
  const { slug, state, isContainer } = facts;
  if (!isContainer || papers.delivered.has(slug)) return [];
  const rows: ValidationRow[] = [];
  const known = (other: string) => papers.delivered.has(other) || papers.todos.some((each) => each.slug === other);
  for (const other of state.breakdown.todos) {
    if (known(other)) continue;
    const text = `its breakdown names ${other}, which is neither a todo nor delivered`;
    rows.push(failure('stale_reference', slug, `${stateFile(slug)} breakdown`, text, `plan it, or take it out there`));
  }
  const open = (slugs: string[]) => slugs.filter((other) => !papers.delivered.has(other));
  const grouped = papers.roadmap.filter((row) => row.group === slug && !namesFollowUp(row.slug));
  const planned: Source = {
    path: roadmapPlace(slug),
    slugs: open(grouped.map((row) => row.slug)),
  };
  const told: Source = { path: todoFile(slug, 'input.md'), slugs: open(namedIn(files, facts, known)) };
  const broken: Source = { path: `${stateFile(slug)} breakdown`, slugs: open(state.breakdown.todos) };
  const sources = [
    planned,
    ...(state.breakdown.assessed || state.breakdown.todos.length > 0 ? [broken] : []),
    ...(told.slugs.length > 0 ? [told] : []),
  ];
  for (const other of sources.slice(1)) {
    const text = disagreement(planned, other);
    if (text)
      rows.push(failure('children_disagree', slug, other.path, text, 'make them say the same, in the same order'));
  }
  return rows;
}

function disagreement(planned: Source, other: Source): string | null {
  const missing = planned.slugs.filter((slug) => !other.slugs.includes(slug));
  const more = other.slugs.filter((slug) => !planned.slugs.includes(slug));
  const parts = [
    ...(missing.length > 0 ? [`does not name ${missing.join(', ')}, which the roadmap groups under it`] : []),
    ...(more.length > 0 ? [`names ${more.join(', ')}, which the roadmap does not group under it`] : []),
  ];
  if (parts.length > 0) return parts.join('; ');
  if (other.slugs.every((slug, at) => slug === planned.slugs[at])) return null;
  return `has the order ${other.slugs.join(', ')}, the roadmap ${planned.slugs.join(', ')}`;
}

const NUMBERED = /^\s*\d{1,9}[.)]\s+([`*_[]*)([a-z0-9]+(?:-[a-z0-9]+)*)(?![\w-])/;

/** The work items that the numbered list of `input.md` names, in its order; none when it has no such list. */
function namedIn(files: WorkFiles, { slug, children }: TodoFacts, isKnown: (slug: string) => boolean): string[] {
  let text: string | null;
  try {
    text = files.read(todoFile(slug, 'input.md'));
  } catch {
    return [];
  }
  const lists: string[][] = [[]];
  for (const part of readMarkdown(text ?? '')) {
    if (part.kind === 'heading') lists.push([]);
    const match = part.kind === 'prose' ? NUMBERED.exec(part.text) : null;
    if (!match) continue;
    const [all, marks = '', name = ''] = match;
    // A list begins anew with its first number.
    if (/^\s*1[.)]/.test(all)) lists.push([]);
    // Any first word may look like a slug; one in code is meant as a name.
    if (isKnown(name) || marks.includes('`')) lists.at(-1)?.push(name);
  }
  const list = lists.find((names) => names.filter((name) => children.includes(name)).length >= 2) ?? [];
  return [...new Set(list)];
}
