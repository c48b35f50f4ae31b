/**
 * Reads the roadmap that main carries: which work items wait for which. Reads only; a file that is missing or cannot
 * be read lets nobody wait.
 */
import { parse } from 'yaml';

export const ROADMAP_FILE = 'todos/roadmap.yaml';
export const DELIVERED_FILE = 'todos/delivered.yaml';

/** Slugs that `slug` has to wait for (`after:`) and that `isDelivered` does not know as delivered. */
export function undeliveredBefore(
  slug: string,
  files: { roadmap: string | null; delivered: string | null },
  isDelivered: (slug: string) => boolean,
): string[] {
  const entry = rows(files.roadmap).find((row) => row['slug'] === slug);
  const after = entry?.['after'];
  const wanted = (Array.isArray(after) ? after : [after]).filter((other) => typeof other === 'string');
  const delivered = new Set(rows(files.delivered).map((row) => row['slug']));
  return [...new Set(wanted)].filter((other) => !delivered.has(other) && !isDelivered(other)).sort();
}

function rows(text: string | null): Record<string, unknown>[] {
  if (text === null) return [];
  try {
    const value: unknown = parse(text);
    return Array.isArray(value) ? value.filter((row) => typeof row === 'object' && row !== null) : [];
  } catch {
    return [];
  }
}
