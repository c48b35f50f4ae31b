/** Folds emitted events into notification rows, as a projector over the log would, and keeps what would be delivered. */
import {
  buildDefaultCatalogue,
  type EventCatalogue,
  type EventType,
  makeEnvelope,
  type PayloadOf,
} from '../../src/machines/events.ts';
import { type NotificationChange, type NotificationRow, projectNotification } from '../../src/machines/notification.ts';

export class NotificationLog {
  readonly rows = new Map<string, NotificationRow>();
  readonly delivered: NotificationChange[] = [];
  readonly catalogue: EventCatalogue;
  #entries = 0;
  #now = Date.parse('2026-02-01T00:00:00.000Z');

  constructor(catalogue: EventCatalogue = buildDefaultCatalogue()) {
    this.catalogue = catalogue;
  }

  /** Emits and folds one event; the changes of its main envelope. */
  tell<T extends EventType>(type: T, payload: PayloadOf<T>): NotificationChange[] {
    return this.tellAny(type, payload);
  }

  tellAny(type: string, payload: unknown): NotificationChange[] {
    this.#now += 1000;
    const origin = { source: 'test/1', timestamp: new Date(this.#now).toISOString() };
    const made = makeEnvelope(this.catalogue, type, payload, origin);
    if (made.kind === 'rejected') throw new Error(JSON.stringify(made.problems));
    const all: NotificationChange[] = [];
    for (const envelope of made.envelopes) {
      const schema = this.catalogue.get(envelope.event);
      if (!schema) throw new Error(`no type ${envelope.event}`);
      this.#entries += 1;
      const changes = projectNotification(this.rows, envelope, schema, `${this.#entries}-0`);
      for (const change of changes) {
        this.rows.set(change.row.id, change.row);
        if (change.deliver) this.delivered.push(change);
      }
      all.push(...changes);
    }
    return all;
  }
}
