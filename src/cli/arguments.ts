/**
 * Reads what a person typed: options by name, durations, numbers. Thrown: USAGE (2), naming the option and an example.
 */
import { usage } from './exit.ts';

export type Options = Record<string, unknown>;

/** The option as it is typed. */
const flagOf = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** The text of an option, or null when it was not given. Thrown when it is empty. */
export function textOption(options: Options, name: string): string | null {
  const value = options[name];
  if (typeof value !== 'string') return null;
  if (value.trim() !== '') return value;
  throw usage(`${flagOf(name)} is empty`, `give ${flagOf(name)} a text, or leave it out`);
}

export function flagOption(options: Options, name: string): boolean {
  return options[name] === true;
}

/** The texts of an option that may be repeated; none when it was not given. Thrown when one is empty. */
export function listOption(options: Options, name: string): string[] {
  const values = options[name];
  return (Array.isArray(values) ? values : []).map((value) => {
    if (typeof value === 'string' && value.trim() !== '') return value;
    throw usage(`${flagOf(name)} is empty`, `give ${flagOf(name)} a text, or leave it out`);
  });
}

/** The text of an option that a command cannot do without. */
export function requiredOption(options: Options, name: string, why: string): string {
  const value = textOption(options, name);
  if (value !== null) return value;
  throw usage(`${flagOf(name)} is missing: ${why}`, `add ${flagOf(name)} "…"`);
}

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** A year; beyond it a duration is a mistake. */
const DURATION_MAX_MS = 366 * 86_400_000;

/** Ms of `90s`, `30m`, `2h`, `1d`, also joined (`1h30m`); null when it is none. */
export function parseDuration(text: string): number | null {
  if (!/^(\d{1,9}(ms|s|m|h|d))+$/.test(text)) return null;
  let total = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|s|m|h|d)/g)) total += Number(count) * (UNITS[unit ?? ''] ?? 0);
  return total > 0 && total <= DURATION_MAX_MS ? total : null;
}

/** A duration option in ms, null when not given. With `bare`, a number alone counts ms. */
export function durationOption(options: Options, name: string, bare = false): number | null {
  const text = textOption(options, name);
  if (text === null) return null;
  const ms = bare && /^\d{1,12}$/.test(text) ? Number(text) : parseDuration(text);
  if (ms !== null && ms > 0 && ms <= DURATION_MAX_MS) return ms;
  const example = bare ? `--${name} 60000 or --${name} 1m` : `--${name} 90s, 30m, 2h or 1d`;
  throw usage(`--${name} is no duration`, `write ${example}`);
}

const ENTRY_ID = /^\d{1,20}(-\d{1,20})?$/;

/** An entry id of the log (`<ms>-<n>`), null when not given. */
export function entryOption(options: Options, name: string): string | null {
  const text = textOption(options, name);
  if (text === null || ENTRY_ID.test(text)) return text;
  throw usage(`--${name} is no entry id`, 'ids are two numbers joined by a dash; `telec events tail` shows them');
}
