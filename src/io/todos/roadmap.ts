/**
 * `todos/roadmap.yaml`: what is planned, first first, and what waits for what. Reads it with every problem named, and
 * edits its text so that comments and order stay. Pure: texts in, texts out; who calls reads and writes the file.
 */
import type { Problem } from '../../errors.ts';
import { ROADMAP_FILE } from './paths.ts';
import { type EditedRow, editList } from './yaml-list.ts';
import { readShared } from './yaml-text.ts';

/** One planned work item. */
export interface RoadmapRow {
  slug: string;
  /** The container it belongs to; grouping is no dependency. */
  group: string | null;
  /** Slugs that must be delivered before it. */
  after: string[];
  description: string | null;
}

/** A file that says nothing gives no rows; a file with a problem gives none either. */
export interface RoadmapReading {
  rows: RoadmapRow[];
  problems: Problem[];
}

/** The rows of the text, null for a missing file; items without a slug are passed over. */
export function readRoadmap(text: string | null, name: string = ROADMAP_FILE): RoadmapReading {
  if (text === null) return { rows: [], problems: [] };
  const reading = readShared(name, text);
  if (reading.kind === 'broken') return { rows: [], problems: reading.problems };
  if (reading.value === null) return { rows: [], problems: [] };
  if (!Array.isArray(reading.value)) return { rows: [], problems: [{ path: name, message: 'is no list' }] };
  return { rows: reading.value.flatMap(rowOf), problems: [] };
}

/** What `readRoadmap` passes over: items that are no row, and what a row waits for or belongs to that is no slug. */
export function passedOver(text: string | null, name: string = ROADMAP_FILE): Problem[] {
  const reading = text === null ? null : readShared(name, text);
  if (reading?.kind !== 'read' || !Array.isArray(reading.value)) return [];
  return reading.value.flatMap((item: unknown, index) => {
    const [row] = rowOf(item);
    const path = `${name} row ${index + 1}`;
    if (!row) return [{ path, message: 'it names no slug, so nobody sees it' }];
    const { group, after } = item as Record<string, unknown>;
    const isNothing = (value: unknown) => value === undefined || value === null || typeof value === 'string';
    const waits = Array.isArray(after) ? after : [after];
    return [
      ...(waits.every(isNothing) ? [] : [{ path, message: `what ${row.slug} waits for is no slug, so it waits not` }]),
      ...(isNothing(group) ? [] : [{ path, message: `the group of ${row.slug} is no slug, so it has none` }]),
    ];
  });
}

function rowOf(item: unknown): RoadmapRow[] {
  if (typeof item !== 'object' || item === null) return [];
  const { slug, group, after, description } = item as Record<string, unknown>;
  if (typeof slug !== 'string' || slug === '') return [];
  const wanted = (Array.isArray(after) ? after : [after]).filter((other) => typeof other === 'string');
  return [
    {
      slug,
      group: typeof group === 'string' ? group : null,
      after: [...new Set(wanted)],
      description: typeof description === 'string' ? description : null,
    },
  ];
}

/** Where a row goes: before or behind another, else to the end. */
export interface Place {
  before?: string;
  after?: string;
}

/**
 * The text without the rows of these slugs and without the slugs in any `after:`. What is left stays as it is written,
 * comments above a removed row included. The text must be readable.
 */
export function withoutSlugs(text: string, slugs: readonly string[], name: string = ROADMAP_FILE): string {
  const isGone = (value: unknown) => typeof value === 'string' && slugs.includes(value);
  return edited(
    text,
    (rows) =>
      rows.flatMap((row, kept): EditedRow[] => {
        if (isGone(slugOf(row))) return [];
        const wanted = afterOf(row);
        return [wanted.some(isGone) ? { kept, after: wanted.filter((other) => !isGone(other)) } : { kept }];
      }),
    name,
  );
}

/** As `withoutSlugs`, for one. */
export function withoutSlug(text: string, slug: string): string {
  return withoutSlugs(text, [slug]);
}

/** The text with the row added; null for a file that does not exist yet. */
export function withRow(text: string | null, row: RoadmapRow, place: Place = {}): string {
  const { slug, group, after, description } = row;
  const made = {
    slug,
    ...(group === null ? {} : { group }),
    ...(after.length === 0 ? {} : { after }),
    ...(description === null ? {} : { description }),
  };
  return edited(text ?? '# What is planned; the first item is the most urgent one.\n[]\n', (rows) => {
    const all: EditedRow[] = rows.map((_, kept) => ({ kept }));
    all.splice(indexAt(rows.map(slugOf), place), 0, { made });
    return all;
  });
}

/** The text with the slug's dependencies replaced. */
export function withAfter(text: string, slug: string, after: readonly string[]): string {
  return edited(text, (rows) => {
    const place = rows.findIndex((row) => slugOf(row) === slug);
    return rows.map((_, kept) => (kept === place ? { kept, after } : { kept }));
  });
}

/** The text with the slug's row elsewhere. */
export function withMoved(text: string, slug: string, place: Place): string {
  return edited(text, (rows) => {
    const from = rows.findIndex((row) => slugOf(row) === slug);
    if (from < 0) return rows.map((_, kept) => ({ kept }));
    const others = rows.map((_, kept) => kept).filter((kept) => kept !== from);
    const to = indexAt(
      others.map((kept) => slugOf(rows[kept])),
      place,
    );
    return [...others.slice(0, to), from, ...others.slice(to)].map((kept) => ({ kept }));
  });
}

function indexAt(slugs: readonly unknown[], { before, after }: Place): number {
  if (before !== undefined) return Math.max(0, slugs.indexOf(before));
  return after === undefined || !slugs.includes(after) ? slugs.length : slugs.indexOf(after) + 1;
}

function fieldOf(row: unknown, field: string): unknown {
  return typeof row === 'object' && row !== null ? (row as Record<string, unknown>)[field] : undefined;
}

const slugOf = (row: unknown): unknown => fieldOf(row, 'slug');

/** What a row waits for, as it stands there: a list, or one value. */
function afterOf(row: unknown): string[] {
  const after = fieldOf(row, 'after');
  return (Array.isArray(after) ? after : [after]).filter((other) => typeof other === 'string');
}

function edited(text: string, change: (rows: readonly unknown[]) => EditedRow[], name: string = ROADMAP_FILE): string {
  const reading = readShared(name, text);
  if (reading.kind === 'broken' || (reading.value !== null && !Array.isArray(reading.value))) return text;
  return editList(name, text, change((reading.value ?? []) as unknown[]));
}

/** Slugs that `slug` has to wait for (`after:`) and that `isDelivered` does not know as delivered. */
export function undeliveredBefore(
  slug: string,
  roadmap: readonly RoadmapRow[],
  isDelivered: (slug: string) => boolean,
): string[] {
  const entry = roadmap.find((row) => row.slug === slug);
  return (entry?.after ?? []).filter((other) => !isDelivered(other)).sort();
}

/** A cycle of dependencies, as `[a, b, a]`, or null. */
export function cycleIn(roadmap: readonly RoadmapRow[]): string[] | null {
  const after = new Map(roadmap.map((row) => [row.slug, row.after]));
  const done = new Set<string>();
  for (const { slug: start } of roadmap) {
    const path: string[] = [];
    const visit = (slug: string): string[] | null => {
      const at = path.indexOf(slug);
      if (at >= 0) return [...path.slice(at), slug];
      if (done.has(slug)) return null;
      path.push(slug);
      for (const other of after.get(slug) ?? []) {
        const cycle = visit(other);
        if (cycle) return cycle;
      }
      path.pop();
      done.add(slug);
      return null;
    };
    const cycle = visit(start);
    if (cycle) return cycle;
  }
  return null;
}
