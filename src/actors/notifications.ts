/**
 * The notification rows of the read model: applies the pure projection, keeps the rows, and tells which changes are
 * worth a delivery. Rows are folded from the log alone.
 */

import type { Envelope, EventSchema } from '../machines/events.ts';
import { compareText } from '../machines/identity.ts';
import {
  type NotificationChange,
  type NotificationRow,
  projectDeadLetter,
  projectNotification,
} from '../machines/notification.ts';

export class NotificationBoard {
  readonly #rows = new Map<string, NotificationRow>();
  readonly #listeners = new Set<(ids: readonly string[]) => void>();

  /** Has `listener` called with the ids of the rows that each entry changed, until the answer is called. */
  listen(listener: (ids: readonly string[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Applies one valid event of the log; gives the changed rows. */
  project({
    id,
    envelope,
    schema,
  }: {
    id: string;
    envelope: Envelope;
    schema: EventSchema | null;
  }): NotificationChange[] {
    if (!schema) return [];
    return this.#take(projectNotification(this.#rows, envelope, schema, id));
  }

  /** Notes an entry that could not be applied. The entry's id dates it, so every fold says the same. */
  deadLetter(entryId: string, reason: string): NotificationChange[] {
    const at = new Date(Number(entryId.split('-')[0] ?? 0)).toISOString();
    return this.#take([projectDeadLetter(this.#rows, { entryId, reason, at })]);
  }

  /** All rows, the most recently changed first. */
  rows(): NotificationRow[] {
    return [...this.#rows.values()].sort((a, b) => compareText(b.updated_at, a.updated_at) || compareText(a.id, b.id));
  }

  get(id: string): NotificationRow | undefined {
    return this.#rows.get(id);
  }

  ids(): Iterable<string> {
    return this.#rows.keys();
  }

  dump(): NotificationRow[] {
    return [...this.#rows.values()];
  }

  load(rows: readonly NotificationRow[]): void {
    for (const row of rows) this.#rows.set(row.id, row);
  }

  #take(changes: NotificationChange[]): NotificationChange[] {
    for (const { row } of changes) this.#rows.set(row.id, row);
    if (changes.length > 0) for (const listener of this.#listeners) listener(changes.map(({ row }) => row.id));
    return changes;
  }
}
