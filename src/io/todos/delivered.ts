/** `todos/delivered.yaml`: what is on main already, the newest first. Pure: texts in, texts out. */
import type { Problem } from '../../errors.ts';
import { DELIVERED_FILE } from './paths.ts';
import { type EditedRow, editList } from './yaml-list.ts';
import { readShared } from './yaml-text.ts';

/** One delivered work item. */
export interface DeliveredRow {
  slug: string;
  /** `YYYY-MM-DD`, UTC. */
  date: string | null;
  /** Commit that brought it, 12 hex digits or more. */
  commit: string | null;
  /** Of a container: the work items it was made of. */
  children: string[];
}

/** The rows of the text, null for a missing file. */
export function readDelivered(text: string | null): { rows: DeliveredRow[]; problems: Problem[] } {
  if (text === null) return { rows: [], problems: [] };
  const reading = readShared(DELIVERED_FILE, text);
  if (reading.kind === 'broken') return { rows: [], problems: reading.problems };
  if (reading.value === null) return { rows: [], problems: [] };
  if (!Array.isArray(reading.value)) return { rows: [], problems: [{ path: DELIVERED_FILE, message: 'is no list' }] };
  return { rows: reading.value.flatMap(rowOf), problems: [] };
}

function rowOf(item: unknown): DeliveredRow[] {
  if (typeof item !== 'object' || item === null) return [];
  const { slug, date, commit, children } = item as Record<string, unknown>;
  if (typeof slug !== 'string' || slug === '') return [];
  return [
    {
      slug,
      date: date instanceof Date ? date.toISOString().slice(0, 10) : typeof date === 'string' ? date : null,
      commit: typeof commit === 'string' || typeof commit === 'number' ? String(commit) : null,
      children: Array.isArray(children) ? children.filter((child) => typeof child === 'string') : [],
    },
  ];
}

/**
 * The text with the row in front, all others as they are written; unchanged when the slug stands there already, or when
 * the text cannot be read. Null for a missing file.
 */
export function withDelivered(text: string | null, row: DeliveredRow): string {
  const before = text ?? '# What is delivered, the newest first.\n[]\n';
  const reading = readShared(DELIVERED_FILE, before);
  if (reading.kind === 'broken') return before;
  if (readDelivered(before).rows.some(({ slug }) => slug === row.slug)) return before;
  const { slug, date, commit, children } = row;
  const made = {
    slug,
    ...(date === null ? {} : { date }),
    ...(commit === null ? {} : { commit }),
    ...(children.length === 0 ? {} : { children }),
  };
  const old: unknown[] = Array.isArray(reading.value) ? reading.value : [];
  return editList(DELIVERED_FILE, before, [{ made }, ...old.map((_, kept): EditedRow => ({ kept }))]);
}
