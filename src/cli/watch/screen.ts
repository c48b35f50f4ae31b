/**
 * The terminal while the view is on: takes whole frames, writes the lines that changed, and gives the terminal back as it
 * was. Stands between ink and the real stream, so that nothing is ever erased and drawn again (no flicker), a new size
 * begins on an empty screen, and a width that the terminal counts otherwise breaks no line.
 */
import { EventEmitter } from 'node:events';

/** What is needed of `process.stdout`. */
export interface Terminal {
  write(text: string, callback?: (error?: Error | null) => void): boolean;
  columns?: number;
  rows?: number;
  on(event: 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
}

const ESC = '\u001b[';
/** The other screen, no cursor, no wrapping at the edge. */
const ENTER = `${ESC}?1049h${ESC}?25l${ESC}?7l${ESC}2J`;
const LEAVE = `${ESC}0m${ESC}?7h${ESC}?25h${ESC}?1049l`;

/** Of a terminal that does not tell. */
const COLUMNS = 80;
const ROWS = 24;

export class Screen extends EventEmitter {
  readonly #terminal: Terminal;
  readonly #gone: (error: Error) => void;
  #lines: string[] = [];
  #open = false;

  /** `gone` is called when nobody reads any more. */
  constructor(terminal: Terminal, gone: (error: Error) => void) {
    super();
    this.#terminal = terminal;
    this.#gone = gone;
  }

  get columns(): number {
    return this.#terminal.columns || COLUMNS;
  }

  get rows(): number {
    return this.#terminal.rows || ROWS;
  }

  open(): void {
    this.#open = true;
    this.#put(ENTER);
    this.#terminal.on('resize', this.#resized);
    process.on('exit', this.close);
    process.on('SIGCONT', this.#continued);
  }

  /** Gives the terminal back; the second time nothing. Also when the process ends otherwise. */
  readonly close = (): void => {
    if (!this.#open) return;
    this.#open = false;
    this.#terminal.off('resize', this.#resized);
    process.off('exit', this.close);
    process.off('SIGCONT', this.#continued);
    this.#put(LEAVE);
  };

  /** Takes a frame, lines joined by line ends; what does not fit below is left out. */
  readonly write = (frame: string): boolean => {
    if (!this.#open) return true;
    const lines = frame.replace(/\n$/, '').split('\n').slice(0, this.rows);
    let text = '';
    for (let row = 0; row < Math.max(lines.length, this.#lines.length); row++) {
      const line = lines[row] ?? '';
      // Erased first: behind a line that fills the row the cursor stands on its last sign, and would take that away.
      if (line !== this.#lines[row]) text += `${ESC}${row + 1};1H${ESC}K${line}${ESC}0m`;
    }
    this.#lines = lines;
    if (text !== '') this.#put(text);
    return true;
  };

  readonly #resized = (): void => {
    this.#lines = [];
    this.#put(`${ESC}2J`);
    this.emit('resize');
  };

  /** Stopped for a while: what others wrote meanwhile is drawn over. */
  readonly #continued = (): void => {
    const frame = this.#lines.join('\n');
    this.#lines = [];
    this.#put(ENTER);
    this.write(frame);
  };

  #put(text: string): void {
    this.#terminal.write(text, (error) => {
      if (error) this.#gone(error);
    });
  }
}
