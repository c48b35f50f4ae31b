/**
 * Who waits for whom: what a change of the roadmap may not bring about, and what validation finds. A container is
 * delivered when all it holds is, so it waits for that as if it said so; a work item that waits for its own container
 * would wait for ever. Pure.
 */
import type { Problem } from '../../errors.ts';
import { cycleIn, type RoadmapRow } from '../../io/todos/roadmap.ts';

/** Rings shown at most; the rest shows once these are gone. */
const CYCLES_MAX = 20;

/** Containers around a work item, the nearest first. */
export function containersOf(slug: string, rows: readonly RoadmapRow[]): string[] {
  const around: string[] = [];
  let at = rows.find((row) => row.slug === slug)?.group ?? null;
  while (at !== null && !around.includes(at) && at !== slug) {
    around.push(at);
    at = rows.find((row) => row.slug === at)?.group ?? null;
  }
  return around;
}

/** All rings of waiting, each as `[a, b, a]`; a container counts as waiting for what it holds. */
export function cyclesIn(rows: readonly RoadmapRow[]): string[][] {
  const groups = new Map<string, string[]>();
  for (const { slug, group } of rows) if (group !== null) groups.set(group, [...(groups.get(group) ?? []), slug]);
  // Of a slug that stands there twice both rows count.
  const wanted = new Map<string, string[]>();
  for (const { slug, after } of rows) wanted.set(slug, [...(wanted.get(slug) ?? []), ...after]);
  for (const [slug, parts] of groups) wanted.set(slug, [...(wanted.get(slug) ?? []), ...parts]);
  const waiting = [...wanted].map(([slug, after]) => ({
    slug,
    group: null,
    after: [...new Set(after)],
    description: null,
  }));
  const cycles: string[][] = [];
  for (let cycle = cycleIn(waiting); cycle && cycles.length < CYCLES_MAX; cycle = cycleIn(waiting)) {
    cycles.push(cycle);
    const [from, to] = cycle.slice(-2);
    const row = waiting.find(({ slug }) => slug === from);
    if (row) row.after = row.after.filter((other) => other !== to);
  }
  return cycles;
}

/** What speaks against `slug` waiting for `after`: every problem. `isKnown` knows work items and what is delivered. */
export function waitingProblems(
  slug: string,
  after: readonly string[],
  rows: readonly RoadmapRow[],
  isKnown: (slug: string) => boolean,
): Problem[] {
  const problems: Problem[] = [];
  const containers = containersOf(slug, rows);
  const allowed: string[] = [];
  for (const other of after) {
    if (other === slug) problems.push({ path: other, message: `cannot wait for itself: ${slug} -> ${slug}` });
    else if (containers.includes(other))
      problems.push({ path: other, message: `is the container of ${slug}, which is delivered only after ${slug}` });
    else if (!isKnown(other)) problems.push({ path: other, message: 'is neither a work item nor delivered' });
    else allowed.push(other);
  }
  const having = (mine: string[]) => rows.map((row) => (row.slug === slug ? { ...row, after: mine } : row));
  const old = new Set(cyclesIn(having([])).map(ringKey));
  for (const found of cyclesIn(having(allowed))) {
    if (old.has(ringKey(found))) continue;
    const cycle = begunAt(found, slug);
    problems.push({ path: cycle[1] ?? slug, message: `closes a ring: ${cycle.join(' -> ')}` });
  }
  return problems;
}

/** The same for a ring, wherever it is told from. */
const ringKey = (cycle: readonly string[]): string => [...new Set(cycle)].sort().join(' ');

/** The same ring, told from `slug` on where it has it. */
function begunAt(cycle: readonly string[], slug: string): string[] {
  const ring = cycle.slice(1);
  const at = Math.max(0, ring.indexOf(slug));
  return [...ring.slice(at), ...ring.slice(0, at), ring[at] ?? slug];
}
