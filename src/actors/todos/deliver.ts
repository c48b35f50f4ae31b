/**
 * What a delivery by hand makes of the bookkeeping files: the same edits as the integrator's, on texts alone. Repeating
 * it changes nothing.
 */

import { type DeliveredRow, readDelivered, withDelivered } from '../../io/todos/delivered.ts';
import { withoutSlug } from '../../io/todos/roadmap.ts';

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

/** The files with `row` delivered, and with it every container of which nothing is left open. `holds`: who holds what. */
export function withDelivery(books: Books, row: DeliveredRow, holds: ReadonlyMap<string, readonly string[]>): Delivery {
  const done = new Set(readDelivered(books.delivered).rows.map(({ slug }) => slug));
  const added: string[] = [];
  const arrived: DeliveredRow[] = [row];
  let { roadmap, delivered, icebox } = books;
  for (const next of arrived) {
    const { slug } = next;
    if (!done.has(slug)) {
      delivered = withDelivered(delivered, next);
      added.push(slug);
    }
    done.add(slug);
    roadmap = roadmap === null ? null : withoutSlug(roadmap, slug);
    icebox = icebox === null ? null : withoutSlug(icebox, slug);
    for (const [container, children] of holds)
      if (!done.has(container) && children.includes(slug) && children.every((child) => done.has(child)))
        arrived.push({ slug: container, date: row.date, commit: row.commit, children: [...children] });
  }
  return { books: { roadmap, delivered, icebox }, added };
}
