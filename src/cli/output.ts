/**
 * How an answer reaches stdout and talk reaches stderr: JSON, tables, colours, and text made harmless for a terminal.
 * Every text that came from outside passes `plain` before a person sees it. Never decides what is said.
 */

import { EXIT, TelecError } from '../errors.ts';
import { plain, UNSAFE } from '../io/plain-text.ts';
import { StatusLine } from './status-line.ts';

export { plain, plainLines } from '../io/plain-text.ts';

/** What the program needs of an output stream; `process.stdout` is one. */
export interface OutputStream {
  write(text: string, callback?: (error?: Error | null) => void): boolean;
  isTTY?: boolean;
  columns?: number;
}

/** Thrown when the reader of stdout went away; the program ends quietly. */
export class ReaderGone extends Error {
  override name = 'ReaderGone';
}

/** One line of JSON; what JSON itself leaves raw but a terminal obeys is written as an escape of the same value. */
export function jsonLine(value: unknown): string {
  const text = JSON.stringify(value).replace(UNSAFE, (chars) =>
    Array.from({ length: chars.length }, (_, i) => `\\u${chars.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  );
  return `${text}\n`;
}

export type Tone = 'good' | 'bad' | 'warn' | 'dim' | 'strong';

const CODES: Record<Tone, [number, number]> = {
  good: [32, 39],
  bad: [31, 39],
  warn: [33, 39],
  dim: [2, 22],
  strong: [1, 22],
};

export type Paint = (tone: Tone, text: string) => string;

export const noPaint: Paint = (_tone, text) => text;

const inColour: Paint = (tone, text) => {
  const [on, off] = CODES[tone];
  return `\u001b[${on}m${text}\u001b[${off}m`;
};

/** One cell: text from outside, and a tone for it. */
export type Cell = string | number | null | { text: string; tone: Tone };

const GAP = '  ';

/** Aligned columns under a heading. Cells are made plain here; the last column is not padded. */
export function table(heading: string[], rows: Cell[][], paint: Paint): string {
  const cells = rows.map((row) =>
    row.map((cell) => {
      if (typeof cell === 'object' && cell !== null) return { text: plain(cell.text, 200), tone: cell.tone };
      return { text: cell === null ? '-' : plain(String(cell), 200), tone: null };
    }),
  );
  const widths = heading.map((title, column) =>
    Math.max([...title].length, ...cells.map((row) => [...(row[column]?.text ?? '')].length)),
  );
  const pad = (text: string, column: number) =>
    column === heading.length - 1 ? '' : ' '.repeat((widths[column] ?? 0) - [...text].length);
  const head = heading.map((title, column) => paint('dim', title) + pad(title, column)).join(GAP);
  const body = cells.map((row) =>
    row
      .map(({ text, tone }, column) => (tone ? paint(tone, text) : text) + pad(text, column))
      .join(GAP)
      .trimEnd(),
  );
  return [head.trimEnd(), ...body].join('\n');
}

export interface OutputOptions {
  json: boolean;
  quiet: boolean;
  colour: boolean;
  /** The terminal's name, as TERM says it: a dumb one has no place that could be written over. */
  terminal?: string | undefined;
}

/** Where a command puts its answer. */
export interface Output extends OutputOptions {
  paint: Paint;
  /** The answer: `value` with `--json`, else what `render` makes of it. Waits until it is handed over. */
  answer<T>(value: T, render: (value: T, paint: Paint) => string): Promise<void>;
  /** Text on stdout as it is. */
  raw(text: string): Promise<void>;
  /** Whether what is answered came from the daemon, which may be of another version than this program. */
  isDaemons: boolean;
  /** One line of talk on stderr; silent with `--quiet`. */
  say(line: string): void;
  /** Lines on stderr that `--quiet` does not silence. */
  complain(text: string): void;
  /**
   * How far a long command is. On a terminal one line below everything else, told anew in its place and gone with null;
   * elsewhere a line of talk each time, and none with `--json`, which a program reads. Silent with `--quiet`.
   */
  progress(line: string | null): void;
  /** Whether progress is shown in its place, so that a clock may run in it. */
  movesProgress: boolean;
}

/** Whether stdout is to be coloured: a terminal, and nobody said no. */
export function wantsColour(stream: OutputStream, env: Record<string, string | undefined>, flag: boolean): boolean {
  return flag && stream.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
}

/** A daemon of an older version leaves out what this one shows: no bug, and gone with another daemon. */
function rendered(render: () => string): string {
  try {
    return render();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TelecError('DAEMON_DIFFERS', EXIT.unreachable, `the daemon's answer cannot be shown: ${why}`, {
      hint: 'the daemon may be of another version: telec down, then telec up; if it stays so, report it',
    });
  }
}

export function openOutput(stdout: OutputStream, stderr: OutputStream, options: OutputOptions): Output {
  const paint = options.colour ? inColour : noPaint;
  const raw = (text: string) =>
    new Promise<void>((resolve, reject) => {
      stdout.write(text, (error) => {
        if (!error) return resolve();
        const { code } = error as NodeJS.ErrnoException;
        reject(code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED' ? new ReaderGone() : error);
      });
    });
  const line = new StatusLine(stderr);
  const moves = stderr.isTTY === true && options.terminal !== 'dumb';
  const shows = !options.quiet && (stderr.isTTY === true || !options.json);
  const complain = (text: string) => line.around(() => void stderr.write(text));
  return {
    ...options,
    paint,
    isDaemons: false,
    raw: (text) => line.around(() => raw(text)),
    complain,
    movesProgress: shows && moves,
    progress(text) {
      if (!shows) return;
      if (moves) line.show(text === null ? null : plain(text));
      else if (text !== null) complain(`${plain(text)}\n`);
    },
    say(line) {
      if (!options.quiet) complain(`${plain(line)}\n`);
    },
    async answer(value, render) {
      if (options.json) return raw(jsonLine(value));
      const text = this.isDaemons ? rendered(() => render(value, paint)) : render(value, paint);
      if (text !== '') await raw(`${text}\n`);
    },
  };
}
