/**
 * What a delivery by hand makes of the bookkeeping files: the same edits as the integrator's, on texts alone. Repeating
 * it changes nothing.
 */

import { type DeliveredRow, readDelivered, withDelivered } from '../../io/todos/delivered.ts';
import { readRoadmap, withoutSlug } from '../../io/todos/roadmap.ts';
import { namesFollowUp } from '../../machines/follow-up.ts';

/** The three files, null for one that does not exist. */
export interface Books {
  roadmap: string | null;
  delivered: string | null;
  icebox: string | null;
}

export interface Delivery {
  books: Books;
  /** The slug and the containers that became complete with it; none when all of it stood there before. */
  added: string[];
}

/** What a work item belongs to, and what it is made of besides the rows of its group; null when there is no such one. */
export type PartsOf = (slug: string) => { group: string | null; parts: string[] } | null;

/** The files with `row` delivered, and with it every container of which nothing is left open. */
export function withDelivery(books: Books, row: DeliveredRow, partsOf: PartsOf): Delivery {
  const done = (slug: string) => readDelivered(books.delivered).rows.some((each) => each.slug === slug);
  const groupOf = (slug: string) =>
    readRoadmap(books.roadmap).rows.find((each) => each.slug === slug)?.group ?? partsOf(slug)?.group ?? null;
  const added: string[] = [];
  let next: DeliveredRow | null = row;
  let { roadmap, delivered, icebox } = books;
  while (next) {
    const { slug } = next;
    const group = groupOf(slug);
    if (!done(slug) && !added.includes(slug)) {
      delivered = withDelivered(delivered, next);
      added.push(slug);
    }
    const grouped =
      group === null
        ? []
        : readRoadmap(roadmap).rows.filter((each) => each.group === group && !namesFollowUp(each.slug));
    roadmap = roadmap === null ? null : withoutSlug(roadmap, slug);
    icebox = icebox === null ? null : withoutSlug(icebox, slug);
    const isDone = (other: string) => readDelivered(delivered).rows.some((each) => each.slug === other);
    // A group that is no work item is a mere label.
    const container = group === null ? null : partsOf(group);
    const parts = container ? [...new Set([...container.parts, ...grouped.map((each) => each.slug)])] : [];
    const sweeps = group !== null && parts.length > 0 && parts.every(isDone) && !isDone(group);
    next = sweeps ? { slug: group, date: row.date, commit: row.commit, children: parts } : null;
  }
  return { books: { roadmap, delivered, icebox }, added };
}
