/**
 * The words of the view and of the lines: of states, holds, the lease, notifications and entries. What things mean is
 * taken from the rows and from the machines' own descriptions; here it is only put into a line. Pure.
 */
import type { HoldView, LeaseView, NotificationRow, StatusView } from '../../actors/client.ts';
import type { EnvelopeView } from '../../actors/event-views.ts';
import type { CandidateRow, DeliveryRow } from '../../actors/live/views.ts';
import type { RadarRow } from '../../actors/radar/views.ts';
import { chainWords, receiptWords } from '../../machines/check-words.ts';
import { integratorMeaning } from '../../machines/integrator-meaning.ts';
import { foreseenWords } from '../../machines/radar-words.ts';
import { span } from '../messages.ts';
import { plain, type Tone } from '../output.ts';

/** Characters shown of one text; more than any terminal line has. */
const TEXT_MAX = 400;

/** One line of a text from outside. */
export const shown = (text: string): string => plain(text, TEXT_MAX);

/** `<slug>@<sha7>`, as the demo and the log of a session name one. */
export const nameOf = ({ slug, sha }: { slug: string; sha: string }): string => `${shown(slug)}@${sha.slice(0, 7)}`;

/** The same of a key `<slug>/<branch>@<sha>`. */
export function nameOfKey(key: string): string {
  const [, slug = key, sha = ''] = /^([^/]*)\/.*@([0-9a-f]{40,64})$/.exec(key) ?? [];
  return nameOf({ slug, sha });
}

/** `merging login@3fa2c1d: Makes the merge ...`; `state` is the last word of the path. */
export function integratorLine({ state, candidate }: StatusView['integrator']): { state: string; text: string } {
  const on = candidate === null ? '' : ` ${nameOfKey(candidate)}`;
  const meaning = integratorMeaning(state);
  return { state: shown(state.split('.').at(-1) ?? state) + on, text: shown(meaning) };
}

export function leaseLine(lease: LeaseView | null, now: number): { text: string; tone: Tone | null } {
  if (!lease) return { text: 'free', tone: 'dim' };
  const left = Date.parse(lease.expires_at) - now;
  const owner = `${shown(lease.owner_session_id).replace(/^(integrator-).*(.{6})$/, '$1…$2')}, fence ${lease.fence}`;
  return left > 0
    ? { text: `${owner}, ${span(Math.ceil(left / 1000) * 1000)} left`, tone: null }
    : { text: `${owner}, expired ${span(-left)} ago; the next session replaces it`, tone: 'warn' };
}

/** What is tested ahead of main, and how far; null where nothing is to be tested. */
export function testsLine(tests: StatusView['tests']): { text: string; tone: Tone | null } | null {
  const text = tests.configured === true ? chainWords(tests) : null;
  return text === null ? null : { text: shown(text), tone: tests.chain.length === 0 ? 'dim' : null };
}

/** The conflict that was foreseen last, and how many there are; null for none. */
export function radarLine(radar: readonly RadarRow[]): { text: string; tone: Tone } | null {
  const row = radar.at(-1);
  if (!row) return null;
  const more = radar.length > 1 ? `; ${radar.length - 1} more: telec radar` : '';
  return { text: shown(`${row.branch} ${foreseenWords(row)}`) + more, tone: 'warn' };
}

export function holdLine(hold: HoldView, now: number): { text: string; tone: Tone } {
  const what = hold.alarm ? `HALTED by ${shown(hold.alarm)}` : hold.main_busy ? 'MAIN IS BUSY BY HAND' : 'ON HOLD';
  const until = hold.until ? `, lifts in ${span(Date.parse(hold.until) - now)}` : '';
  const why = hold.reason ? `: ${shown(hold.reason)}` : '';
  const since = span(now - Date.parse(hold.since));
  return { text: `${what}${why} (${shown(hold.owner)}, for ${since}${until})`, tone: hold.alarm ? 'bad' : 'warn' };
}

/** What a person has to know beside the hold, the gravest first. */
export function alerts(status: StatusView): { text: string; tone: Tone }[] {
  const { log, stale, mode, mode_reason: reason, guards, daemon } = status;
  const lines: { text: string; tone: Tone }[] = [];
  if (log.state !== 'intact')
    lines.push({ tone: 'bad', text: 'this is not the log the daemon followed: telec doctor, then telec up' });
  if (stale) lines.push({ tone: 'bad', text: `entry ${shown(stale.id)} (${shown(stale.type)}) needs a newer telec` });
  if (status.rollback_required) lines.push({ tone: 'bad', text: 'the cutover was taken back: telec cutover status' });
  if (log.dead > 0) lines.push({ tone: 'bad', text: `${log.dead} dead letters: telec events dead` });
  if (reason !== null) lines.push({ tone: 'warn', text: shown(reason) });
  else if (mode === 'shadow') lines.push({ tone: 'warn', text: 'in shadow nothing is pushed' });
  if (!daemon.running)
    lines.push({ tone: 'warn', text: 'no daemon runs: nothing is merged by itself (telec up, or telec integrate)' });
  if (!guards.in_force) lines.push({ tone: 'warn', text: `guards are not in force: ${shown(guards.mend ?? '')}` });
  return lines;
}

/** A running time that is short enough for a column: `3:11`, `1:01:05`, `2 d 3 h`. */
export function stopwatch(ms: number): string {
  const seconds = Math.max(0, Math.floor((Number.isFinite(ms) ? ms : 0) / 1000));
  if (seconds >= 86_400) return span(seconds * 1000);
  const two = (number: number) => String(number).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** What main holds of a delivery, and whether anything was checked before. */
export function deliveryText({ outcome, merge_commit: merge, receipt }: DeliveryRow): string {
  if (outcome === 'already_integrated') return `main held it already, in ${merge.slice(0, 10)}`;
  const checks = receipt?.['checks'];
  const tested =
    Array.isArray(checks) && checks.length > 0 ? `; ${shown(receiptWords(receipt) ?? '')}` : ', not tested';
  return `merged as ${merge.slice(0, 10)}${tested}`;
}

/** What is said of a candidate that is not at its end. */
export function waitingText(row: CandidateRow): string {
  const first = row.waiting_for[0]?.text ?? row.meaning;
  const more = row.waiting_for.length - 1;
  return shown(first) + (row.state === 'pending' && more > 0 ? ` (and ${more} more)` : '');
}

/** What is said of it beside its state. */
export function restOf(row: CandidateRow): string {
  const { state, merge_commit: merge, superseded_by: by, meaning } = row;
  if (state === 'blocked') return blockedText(row);
  if (state === 'completed') return merge ? `merged as ${merge.slice(0, 10)}` : shown(meaning);
  if (state === 'superseded') return by ? `${nameOfKey(by)} ranks higher` : shown(meaning);
  return waitingText(row);
}

/** How far a candidate is, in one line. `place`: in the queue, from 1. */
export function candidateLine(row: CandidateRow, place: number | null = null): string {
  const number = row.state === 'ready' && place !== null ? `, place ${place} in the queue` : '';
  return `${nameOf(row)} is ${row.state}${number}: ${restOf(row)}`;
}

/** What the integrator does and what is left for it, in one line. */
export function sessionLine({ integrator, counts }: StatusView): string {
  const { state, text } = integratorLine(integrator);
  return `${state}${text === '' ? '' : `: ${text}`} (${counts.ready} ready, ${counts.completed} landed, ${counts.blocked} blocked)`;
}

/** Why it is blocked, and what to do. */
export const blockedText = ({ blocked_kind: kind, next_action: next, meaning }: CandidateRow): string =>
  `${shown(kind ?? '')}${kind ? ': ' : ''}${shown(next ?? meaning)}`;

export type NoticeKind = 'success' | 'alert' | 'info';

/** A delivery is a success; a block or an alarm is an alert until it is settled. */
export function noticeKind({ event, family, agent_status: agent }: NotificationRow): NoticeKind {
  if (event.endsWith('.deployment.completed')) return 'success';
  if (agent === 'resolved') return 'info';
  return family === 'system' || event.endsWith('.deployment.failed') ? 'alert' : 'info';
}

const PREFIX = /^domain\.software-development\./;

/** An entry in one line: type, what it is about, and the words it carries. */
export function eventLine({ event, payload, description }: EnvelopeView): { type: string; text: string } {
  const { slug, sha, reason, check, session_id: session } = payload;
  const about = [
    typeof slug === 'string' && typeof sha === 'string' ? nameOf({ slug, sha }) : typeof slug === 'string' ? slug : '',
    typeof check === 'string' ? check : '',
    typeof reason === 'string' ? reason : '',
    typeof slug !== 'string' && typeof session === 'string' ? session : '',
  ].filter(Boolean);
  const words = about.length > 0 ? about.join('  ') : typeof description === 'string' ? description : '';
  return { type: shown(String(event)).replace(PREFIX, ''), text: shown(words) };
}

/** Hours, minutes and seconds of an instant, as the clock on the wall here. */
export function clockTime(instant: string): string {
  const at = new Date(instant);
  return Number.isNaN(at.getTime()) ? '--:--:--' : at.toTimeString().slice(0, 8);
}
