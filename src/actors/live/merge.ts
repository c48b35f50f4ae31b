/** What a reader of the feed does with a change: takes it into the overview it has. Pure. */
import { compareText, parseInstant } from '../../machines/identity.ts';
import { roomedNotifications } from '../../machines/notification-order.ts';
import { compareQueue } from '../../machines/queue.ts';
import { DELIVERIES_MAX, FINAL_MAX, hiddenOf, RECENT_MAX } from './overview.ts';
import { isFinal } from './rows.ts';
import type { CandidateRow, LiveChange, Overview } from './views.ts';

/** The overview after the change. Rows that did not change stay the same objects. */
export function merged(overview: Overview, change: LiveChange): Overview {
  const { moment, now, status } = change;
  const candidates = candidatesAfter(overview.candidates, change.candidates);
  return {
    moment,
    now,
    status,
    candidates,
    candidates_hidden: hiddenOf(status, candidates.filter(isFinal).length),
    deliveries: [...change.deliveries, ...overview.deliveries].slice(0, DELIVERIES_MAX),
    notifications: roomedNotifications(replaced(overview.notifications, change.notifications, ({ id }) => id)),
    unseen: change.unseen,
    radar: change.radar ?? overview.radar,
    recent: [...overview.recent, ...change.recent].slice(-RECENT_MAX),
  };
}

function candidatesAfter(before: CandidateRow[], changed: CandidateRow[]): CandidateRow[] {
  if (changed.length === 0) return before;
  const rows = replaced(before, changed, ({ key }) => key);
  const final = rows.filter(isFinal).sort(newestFirst);
  const left = new Set(final.slice(FINAL_MAX));
  return (left.size === 0 ? rows : rows.filter((row) => !left.has(row))).sort(inQueueOrder);
}

/** The items with those of `changed` in the place of their namesakes, or behind all. */
function replaced<T>(items: readonly T[], changed: readonly T[], nameOf: (item: T) => string): T[] {
  const fresh = new Map(changed.map((item) => [nameOf(item), item]));
  const kept = items.map((item) => {
    const other = fresh.get(nameOf(item));
    fresh.delete(nameOf(item));
    return other ?? item;
  });
  return [...kept, ...fresh.values()];
}

const placeOf = (row: CandidateRow) => ({ ...row, readyAtMs: parseInstant(row.ready_at) ?? 0 });
const inQueueOrder = (a: CandidateRow, b: CandidateRow) => compareQueue(placeOf(a), placeOf(b));
const newestFirst = (a: CandidateRow, b: CandidateRow) =>
  compareText(b.updated_at, a.updated_at) || compareText(a.key, b.key);
