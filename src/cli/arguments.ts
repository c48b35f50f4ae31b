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
  const flag = flagOf(name);
  const example = bare ? `${flag} 60000 or ${flag} 1m` : `${flag} 90s, 30m, 2h or 1d`;
  throw usage(`${flag} is no duration`, `write ${example}`);
}

/** A whole number within bounds; null when it was not given. */
export function wholeOption(options: Options, name: string, from: number, to: number): number | null {
  const text = textOption(options, name);
  if (text === null) return null;
  const value = wholeOf(text, from, to);
  if (value !== null) return value;
  throw usage(`${flagOf(name)} is no whole number from ${from} to ${to}`, `write ${flagOf(name)} ${Math.max(from, 1)}`);
}

const wholeOf = (text: string, from: number, to: number): number | null => {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  return value >= from && value <= to ? value : null;
};

/** A share as `5%` or `0.05`, at most `most` times the whole; null when it was not given. */
export function shareOption(options: Options, name: string, most = 1): number | null {
  const text = textOption(options, name);
  if (text === null) return null;
  const [, number, percent] = /^(\d{1,6}(?:\.\d{1,6})?)(%?)$/.exec(text) ?? [];
  const value = number === undefined ? Number.NaN : percent ? Number(number) / 100 : Number(number);
  if (value >= 0 && value <= most) return value;
  throw usage(
    `${flagOf(name)} is no share from 0 to ${most * 100}%`,
    `write ${flagOf(name)} 5% or ${flagOf(name)} 0.05`,
  );
}

/** Whole numbers joined by commas, each within bounds; null when it was not given. */
export function numbersOption(options: Options, name: string, from: number, to: number): number[] | null {
  return partsOf(options, name, `${from} to ${to}`, from, (part) => wholeOf(part, from, to));
}

/** As `numbersOption`, and the word may stand for a number. */
export function numbersOrWordOption<Word extends string>(
  options: Options,
  name: string,
  { from, to, word }: { from: number; to: number; word: Word },
): (number | Word)[] | null {
  const read = (part: string) => (part === word ? word : wholeOf(part, from, to));
  return partsOf(options, name, `${from} to ${to} or ${word}`, from, read);
}

function partsOf<T>(options: Options, name: string, allowed: string, from: number, read: (part: string) => T | null) {
  const text = textOption(options, name);
  if (text === null) return null;
  return text.split(',').map((part): T => {
    const value = read(part);
    if (value !== null) return value;
    throw usage(`${flagOf(name)} is no list of ${allowed}`, `write ${flagOf(name)} ${from},${from + 1}`);
  });
}

const ENTRY_ID = /^\d{1,20}(-\d{1,20})?$/;

/** An entry id of the log (`<ms>-<n>`), null when not given. */
export function entryOption(options: Options, name: string): string | null {
  const text = textOption(options, name);
  if (text === null || ENTRY_ID.test(text)) return text;
  throw usage(`--${name} is no entry id`, 'ids are two numbers joined by a dash; `telec events tail` shows them');
}
