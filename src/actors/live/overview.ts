/**
 * The whole of one look, made from the fold at one place of the log. The fold may be the living one or one of the past;
 * what is shown of both is made here, so that the past looks as it looked then. Reads only.
 */
import { roomedNotifications, unseenOf } from '../../machines/notification-order.ts';
import type { CandidateRecord } from '../candidate-record.ts';
import type { EnvelopeView, StatusView } from '../client.ts';
import { compareIds } from '../pipeline.ts';
import { toldRows } from '../radar/rows.ts';
import type { Repository } from '../repository.ts';
import { notificationView } from '../views.ts';
import type { Look } from './look.ts';
import { candidateRow, deliveryRow, inQueueOrder, isFinal, newestFirst } from './rows.ts';
import type { DeliveryRow, Overview } from './views.ts';

/** Final candidates, deliveries and entries of one look. */
export const FINAL_MAX = 200;
export const DELIVERIES_MAX = 200;
export const RECENT_MAX = 200;

/** `recent`: the entries up to the place, oldest first. */
export function overviewOf(look: Look, recent: readonly EnvelopeView[]): Overview {
  const { repository, notifications, status, around, moment, now } = look;
  const { live, final } = split(repository);
  const shown = [...live, ...final].sort(inQueueOrder);
  return {
    moment,
    now,
    status,
    candidates: shown.map((record) => candidateRow(record, around)),
    candidates_hidden: hiddenOf(status, final.length),
    deliveries: newestDeliveries(repository),
    notifications: roomedNotifications(notifications.dump()).map(notificationView),
    unseen: unseenOf(notifications.dump()),
    radar: toldRows(repository.radar.rows),
    recent: recent.slice(-RECENT_MAX),
  };
}

/** Final candidates that a look leaves out: of the oldest, and of generations that came back. */
export function hiddenOf({ counts }: StatusView, shown: number): number {
  return counts.completed + counts.superseded - shown;
}

/** The candidates of a look, each triple in its newest generation: all that go on, and the newest that do not. */
export function split(repository: Repository): { live: CandidateRecord[]; final: CandidateRecord[] } {
  const newest = new Map<string, CandidateRecord>();
  // A generation comes after the one before it, so the last one stays.
  for (const record of repository.records()) newest.set(record.key, record);
  const live: CandidateRecord[] = [];
  const final: CandidateRecord[] = [];
  for (const record of newest.values()) (isFinal(record) ? final : live).push(record);
  return { live, final: firstOf(final, FINAL_MAX, newestFirst) };
}

/** As main has them, the newest first. */
export function newestDeliveries(repository: Repository): DeliveryRow[] {
  const told: CandidateRecord[] = [];
  for (const record of repository.records()) if (record.deliveryEntry !== null) told.push(record);
  const newest = firstOf(told, DELIVERIES_MAX, (a, b) => compareIds(b.deliveryEntry ?? '', a.deliveryEntry ?? ''));
  return newest.map(deliveryRow).filter((row) => row !== null);
}

/** The first `count` of `items` in that order, without ordering all of them. */
function firstOf<T>(items: Iterable<T>, count: number, compare: (a: T, b: T) => number): T[] {
  let kept: T[] = [];
  for (const item of items) {
    kept.push(item);
    if (kept.length >= 4 * count) kept = kept.sort(compare).slice(0, count);
  }
  return kept.sort(compare).slice(0, count);
}
