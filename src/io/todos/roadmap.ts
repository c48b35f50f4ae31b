/**
 * `todos/roadmap.yaml`: what is planned, first first, and what waits for what. Reads it with every problem named, and
 * edits its text so that comments and order stay. Pure: texts in, texts out; who calls reads and writes the file.
 */
import { isMap, isScalar, isSeq, type YAMLMap, type YAMLSeq } from 'yaml';
import type { Problem } from '../../errors.ts';
import { ROADMAP_FILE } from './paths.ts';
import { readYaml, writeYaml } from './yaml-text.ts';

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
  const reading = readYaml(name, text);
  if (reading.kind === 'broken') return { rows: [], problems: reading.problems };
  if (reading.value === null) return { rows: [], problems: [] };
  if (!Array.isArray(reading.value)) return { rows: [], problems: [{ path: name, message: 'is no list' }] };
  return { rows: reading.value.flatMap(rowOf), problems: [] };
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

/** The text without the slug's row and without the slug in any `after:`. The text must be readable. */
export function withoutSlug(text: string, slug: string): string {
  return edited(text, (seq) => {
    seq.items = seq.items.filter((item) => slugOf(item) !== slug);
    for (const item of seq.items) {
      if (!isMap(item)) continue;
      const after = item.get('after', true);
      if (isScalar(after) && after.value === slug) item.delete('after');
      if (!isSeq(after)) continue;
      after.items = after.items.filter((other) => !(isScalar(other) && other.value === slug));
      if (after.items.length === 0) item.delete('after');
    }
  });
}

/** The text with the row added; null for a file that does not exist yet. */
export function withRow(text: string | null, row: RoadmapRow, place: Place = {}): string {
  const { slug, group, after, description } = row;
  const item = {
    slug,
    ...(group === null ? {} : { group }),
    ...(after.length === 0 ? {} : { after }),
    ...(description === null ? {} : { description }),
  };
  return edited(text ?? '# What is planned; the first item is the most urgent one.\n[]\n', (seq, create) => {
    seq.flow = false;
    seq.items.splice(indexAt(seq, place), 0, create(item));
  });
}

/** The text with the slug's dependencies replaced. */
export function withAfter(text: string, slug: string, after: readonly string[]): string {
  return edited(text, (seq, create) => {
    const item = seq.items.find((other) => slugOf(other) === slug);
    if (!isMap(item)) return;
    if (after.length === 0) item.delete('after');
    else item.set('after', Object.assign(create([...after]) as YAMLSeq, { flow: true }));
  });
}

/** The text with the slug's row elsewhere. */
export function withMoved(text: string, slug: string, place: Place): string {
  return edited(text, (seq) => {
    const at = seq.items.findIndex((item) => slugOf(item) === slug);
    const [item] = seq.items.splice(at, 1);
    seq.items.splice(indexAt(seq, place), 0, item as YAMLMap);
  });
}

function indexAt(seq: YAMLSeq, { before, after }: Place): number {
  if (before !== undefined)
    return Math.max(
      0,
      seq.items.findIndex((item) => slugOf(item) === before),
    );
  const at = after === undefined ? -1 : seq.items.findIndex((item) => slugOf(item) === after);
  return at < 0 ? seq.items.length : at + 1;
}

function slugOf(item: unknown): unknown {
  return isMap(item) ? item.get('slug') : null;
}

function edited(text: string, change: (seq: YAMLSeq, create: (value: unknown) => never) => void): string {
  const reading = readYaml(ROADMAP_FILE, text);
  if (reading.kind === 'broken' || (reading.value !== null && !isSeq(reading.document.contents))) return text;
  const { document } = reading;
  if (document.contents === null) document.contents = document.createNode([]) as never;
  change(document.contents as unknown as YAMLSeq, (value) => document.createNode(value) as never);
  return writeYaml(document);
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
