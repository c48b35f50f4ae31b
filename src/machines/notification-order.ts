/**
 * Which notifications a look has room for, and in which order they stand. Owns that an alarm is not pushed out by the news
 * that came after it. Pure; the daemon and the page cut by it alike, so that the one knows what the other has.
 */
import { BUSINESS } from './delivery-rules.ts';
import { compareText } from './identity.ts';

/** Rows of one look. */
const NOTIFICATIONS_MAX = 100;

interface Ranked {
  id: string;
  level: string | number;
  human_status: 'unseen' | 'seen';
  agent_status: string;
  updated_at: string;
}

/** The most recently changed first. */
export const byChange = (a: Pick<Ranked, 'id' | 'updated_at'>, b: Pick<Ranked, 'id' | 'updated_at'>): number =>
  compareText(b.updated_at, a.updated_at) || compareText(a.id, b.id);

/** 0: needs somebody, and nobody has seen it; 1: nobody has seen it; 2: seen. */
function needOf({ human_status, agent_status, level }: Ranked): number {
  if (human_status === 'seen') return 2;
  return Number(level) >= BUSINESS && agent_status !== 'resolved' ? 0 : 1;
}

/** Those there is room for: what needs somebody before what is unseen, and that before the rest; the last changed first. */
export function roomedNotifications<Row extends Ranked>(rows: Iterable<Row>): Row[] {
  const all = [...rows];
  if (all.length > NOTIFICATIONS_MAX) {
    all.sort((a, b) => needOf(a) - needOf(b) || byChange(a, b));
    all.length = NOTIFICATIONS_MAX;
  }
  return all.sort(byChange);
}

/** How many of the rows nobody has seen. */
export function unseenOf(rows: Iterable<Pick<Ranked, 'human_status'>>): number {
  let count = 0;
  for (const { human_status } of rows) if (human_status === 'unseen') count += 1;
  return count;
}
