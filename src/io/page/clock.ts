/** Time for people: one tick a second for all that tells an age, and durations and instants in few characters. */
import { useSyncExternalStore } from 'react';
import { parseInstant } from '../../machines/identity.ts';
import { currentState, daemonTime, useStore } from './store.ts';

const listeners = new Set<() => void>();
let second = daemonTime(Date.now());

setInterval(() => {
  if (document.visibilityState === 'hidden') return;
  second = daemonTime(Date.now());
  for (const listener of listeners) listener();
}, 1000);

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The instant by which ages are told, ms: it moves each second, and stands still in the past and while nothing is heard. */
export function useNow(): number {
  const ticking = useSyncExternalStore(subscribe, () => second);
  const then = useStore(({ past }) => past?.model?.now ?? null);
  const lostAt = useStore(({ connection }) => (connection.kind === 'lost' ? connection.since : null));
  if (then !== null) return Date.parse(then);
  if (lostAt !== null) return daemonTime(lostAt);
  return Math.max(ticking, Date.parse(currentState().live?.now ?? '') || 0);
}

/** This browser's clock, moved each second. */
export function useTick(): number {
  useSyncExternalStore(subscribe, () => second);
  return Date.now();
}

/** ms since `instant` at `now`; null when it is none. */
export function since(instant: string | null, now: number): number | null {
  const at = instant === null ? null : parseInstant(instant);
  return at === null ? null : Math.max(0, now - at);
}

const UNITS: readonly [ms: number, name: string][] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
];

/** `8 s`, `3 min 20 s`, `2 h 5 min`, `4 d 3 h`. */
export function duration(ms: number): string {
  const first = UNITS.findIndex(([unit]) => ms >= unit);
  const [unit, name] = UNITS[first] ?? [];
  if (unit === undefined) return '0 s';
  const whole = Math.floor(ms / unit);
  const [smaller, smallerName] = UNITS[first + 1] ?? [];
  const rest = smaller === undefined || whole >= 10 ? 0 : Math.floor((ms % unit) / smaller);
  return rest === 0 ? `${whole} ${name}` : `${whole} ${name} ${rest} ${smallerName}`;
}

/** `8 s`, `3 min`, `2 h`, `4 d`: the largest unit alone. */
export function roughly(ms: number): string {
  const [unit, name] = UNITS.find(([least]) => ms >= least) ?? [1000, 's'];
  return `${Math.floor(ms / unit)} ${name}`;
}

const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hour12: false,
});
const DAY = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long', hour12: false });

/** `14:03:09`, with the day when it is not that of `now`. */
export function clockTime(instant: string, now: number): string {
  const at = parseInstant(instant);
  if (at === null) return '';
  const time = CLOCK.format(at);
  return new Date(at).toDateString() === new Date(now).toDateString() ? time : `${DAY.format(at)} ${time}`;
}

/** Day, time and zone. */
export function fullTime(instant: string): string {
  const at = parseInstant(instant);
  return at === null ? instant : FULL.format(at);
}
