/**
 * What is worth telling, and how: pure rules over a row and what a surface was told of it. A surface shows one message
 * for a row (or a row among others in one message), made new for what asks for somebody and edited in place for the rest.
 */
import type { NotificationRow } from './notification.ts';

/** What a surface was told of one row. */
export interface ToldMark {
  /** Entry of the log whose news it shows. */
  news: string;
  /** How it tells it. */
  tone: Tone;
  /** Message that shows it, in the words of the surface; null where there is none that could be edited. */
  message: string | null;
  /** An earlier message that has yet to say that the news stands further down; null when there is none. */
  left: string | null;
}

/** What a row means to who reads it. `settled`: nothing is asked for any more, without having been done. */
export type Tone = 'alert' | 'success' | 'settled' | 'info';

/** What has to be done so that a surface shows a row as it is. `leave`: an earlier message must point to the newer one. */
export type Due = 'send' | 'edit' | 'leave';

/** First pause after a failure, and the longest, ms. */
const BACKOFF_FIRST_MS = 1000;
const BACKOFF_MAX_MS = 600_000;
/** From this level on somebody is asked for. */
export const BUSINESS = 3;

/** How a row is to be told. */
export function toneOf(row: Pick<NotificationRow, 'agent_status' | 'level' | 'event'>): Tone {
  if (row.agent_status === 'resolved') return row.event.endsWith('.deployment.completed') ? 'success' : 'settled';
  return row.level >= BUSINESS ? 'alert' : 'info';
}

/**
 * What is due for `row` at a surface that was told `mark` of it (null: nothing) and that hears of what came after the
 * entry `since`; null when it shows the row as it is, or need not.
 */
export function dueOf(row: NotificationRow, mark: ToldMark | null, since: string): Due | null {
  if (row.news === null) return null;
  // What asked for nobody and is over by now is no news any more.
  if (mark === null && toneOf(row) === 'settled' && row.level < BUSINESS) return null;
  if (mark === null) return isAfter(row.news, since) ? 'send' : null;
  // An edit makes no sound: what asks for somebody has to be a message of its own.
  if (isAfter(row.news, mark.news)) return mark.message === null || toneOf(row) === 'alert' ? 'send' : 'edit';
  if (mark.tone !== toneOf(row)) return mark.message === null ? 'send' : 'edit';
  return mark.left === null ? null : 'leave';
}

/** The pause after that many failures in a row, ms: doubled each time, with up to a quarter taken off by `roll` (0 to 1). */
export function backoffMs(failures: number, roll: number): number {
  const whole = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.min(failures, 20));
  return Math.round(whole * (0.75 + 0.25 * Math.min(1, Math.max(0, roll))));
}

/** True when entry `a` of a log came after entry `b`; ids are `<ms>-<n>`. */
function isAfter(a: string, b: string): boolean {
  const [aMs = '0', aSeq = '0'] = a.split('-');
  const [bMs = '0', bSeq = '0'] = b.split('-');
  const ms = Number(aMs) - Number(bMs);
  return ms > 0 || (ms === 0 && Number(aSeq) > Number(bSeq));
}
