/**
 * Priorities: the fixed set of them, how far each moves a candidate in the queue, and who set which for what slug. Off unless
 * main's own configuration has them on; then the order is still one of instants, as if a candidate had become ready by its
 * head start earlier. Pure.
 *
 * Invariants: nobody is overtaken by one that became ready later than the difference of their head starts, so nobody
 * waits for ever; with priorities off, or all of them alike, the order is that of the queue.
 */

import type { DomainEvent } from './events.ts';
import type { PRIORITIES } from './priority-names.ts';
import { compareQueue, type Placed } from './queue.ts';

export type Priority = (typeof PRIORITIES)[number];

const HOUR_MS = 3_600_000;
/** How much earlier than it did a candidate of the priority counts as ready, ms. */
export const HEAD_START_MS: Readonly<Record<Priority, number>> = { urgent: HOUR_MS, normal: 0, low: -HOUR_MS };

/** Somebody's decision about a slug; it counts for all its candidates until one of them is delivered. */
export interface PrioritySetting {
  priority: Exclude<Priority, 'normal'>;
  actor: string;
  reason: string;
  /** RFC 3339. */
  since: string;
}

export interface Priorities {
  /** Whether the configuration of main has them on. */
  on: boolean;
  /** By slug; whoever is not there is `normal`. */
  settings: Readonly<Record<string, PrioritySetting>>;
  /** Entry that changed the order last, other than by a candidate of its own; '0' before any did. */
  changedAt: string;
}

export const FRESH_PRIORITIES: Priorities = { on: false, settings: {}, changedAt: '0' };

/** The priorities after one more event; the same object when the event does not concern them. */
export function foldPriorities(priorities: Priorities, event: DomainEvent): Priorities {
  switch (event.type) {
    case 'integration.priority.set': {
      const { slug, priority, actor, reason } = event.payload;
      const rest = without(priorities, slug);
      const setting = priority === 'normal' ? {} : { [slug]: { priority, actor, reason, since: event.timestamp } };
      return { ...priorities, settings: { ...rest, ...setting }, changedAt: event.id };
    }
    case 'integration.configured': {
      const { priorities: on = false } = event.payload;
      return on === priorities.on ? priorities : { ...priorities, on, changedAt: event.id };
    }
    case 'deployment.completed': {
      const { slug } = event.payload;
      return Object.hasOwn(priorities.settings, slug)
        ? { ...priorities, settings: without(priorities, slug), changedAt: event.id }
        : priorities;
    }
    default:
      return priorities;
  }
}

function without({ settings }: Priorities, slug: string): Record<string, PrioritySetting> {
  return Object.fromEntries(Object.entries(settings).filter(([other]) => other !== slug));
}

/** The decision that counts for the slug; null for none, and for all while priorities are off. */
export function settingOf({ on, settings }: Priorities, slug: string): PrioritySetting | null {
  return on && Object.hasOwn(settings, slug) ? (settings[slug] ?? null) : null;
}

export const priorityOf = (priorities: Priorities, slug: string): Priority =>
  settingOf(priorities, slug)?.priority ?? 'normal';

/** The instant from which on its turn is counted, ms since the epoch. */
export const turnMs = (priorities: Priorities, { slug, readyAtMs }: Placed): number =>
  readyAtMs - HEAD_START_MS[priorityOf(priorities, slug)];

/** Who takes whose turn: by the instants with their head starts, ties as in the queue. */
export const compareTurns =
  (priorities: Priorities) =>
  (a: Placed, b: Placed): number =>
    turnMs(priorities, a) - turnMs(priorities, b) || compareQueue(a, b);

/** Why one is taken before others that are older. */
export interface Deviation<P> {
  /** Those it goes ahead of, the oldest first. */
  overtaken: P[];
  /** The slug whose priority it is by, and who set that. */
  slug: string;
  setting: PrioritySetting;
}

/** What taking `head` of those that wait deviates from first in, first out; null when it does not. */
export function deviationOf<P extends Placed>(
  priorities: Priorities,
  head: P,
  waiting: readonly P[],
): Deviation<P> | null {
  const overtaken = waiting.filter((other) => compareQueue(other, head) < 0).sort(compareQueue);
  const [oldest] = overtaken;
  if (!oldest) return null;
  // Its own head start, if it has one; else those it overtakes stand back.
  const own = settingOf(priorities, head.slug);
  const slug = own?.priority === 'urgent' ? head.slug : oldest.slug;
  const setting = settingOf(priorities, slug);
  return setting && { overtaken, slug, setting };
}
