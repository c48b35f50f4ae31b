/** A terminal that obeys what the view writes to it, and can be read: rows of text, the screen it shows, its modes. */
import { EventEmitter } from 'node:events';

export class TestTerminal extends EventEmitter {
  readonly isTTY = true;
  columns: number;
  rows: number;
  /** Everything written, as it came. */
  raw = '';
  /** On the other screen, with a cursor, with wrapping at the edge. */
  isOther = false;
  hasCursor = true;
  wraps = true;
  #lines: string[] = [];
  #rest = '';
  #at = { row: 0, text: '' };

  constructor(columns: number, rows: number) {
    super();
    this.columns = columns;
    this.rows = rows;
  }

  readonly write = (text: string, callback?: (error?: Error | null) => void): boolean => {
    this.feed(text);
    callback?.();
    return true;
  };

  /** What came from the program, cut anywhere. */
  feed(text: string): void {
    this.raw += text;
    const all = this.#rest + text;
    const end = /\u001b(\[[0-9;?]*)?$/.exec(all)?.index ?? all.length;
    this.#rest = all.slice(end);
    this.#obey(all.slice(0, end));
  }

  resize(columns: number, rows: number): void {
    Object.assign(this, { columns, rows });
    this.emit('resize');
  }

  /** The rows of the screen, without colours. */
  lines(): string[] {
    return Array.from({ length: this.rows }, (_, row) => (this.#lines[row] ?? '').trimEnd());
  }

  text(): string {
    return this.lines().join('\n');
  }

  #obey(text: string): void {
    for (const [piece, code, end] of text.matchAll(/\u001b\[([0-9;?]*)([A-Za-z])|[^\u001b]+|\u001b/g)) {
      if (end === undefined) this.#type(piece);
      else this.#command(code ?? '', end);
    }
  }

  #type(text: string): void {
    this.#at.text += text;
    const before = this.#lines[this.#at.row] ?? '';
    this.#lines[this.#at.row] = this.#at.text + before.slice(this.#at.text.length);
  }

  #command(code: string, end: string): void {
    if (end === 'H') this.#at = { row: Number(code.split(';')[0]) - 1, text: '' };
    else if (end === 'K') this.#erase();
    else if (end === 'J') this.#lines = [];
    else if (end === 'h' || end === 'l') this.#mode(code, end === 'h');
    else if (end !== 'm') throw new Error(`the view writes something else: ${code}${end}`);
  }

  /** From the cursor on. Behind a full row it stands on the last cell, so that one goes as well. */
  #erase(): void {
    const { row, text } = this.#at;
    this.#lines[row] = text.length < this.columns ? text : text.slice(0, -1);
  }

  #mode(code: string, on: boolean): void {
    if (code === '?1049') this.isOther = on;
    else if (code === '?25') this.hasCursor = on;
    else if (code === '?7') this.wraps = on;
    else throw new Error(`the view sets another mode: ${code}`);
  }
}

/** The keyboard of a terminal in raw mode. */
export class TestKeyboard extends EventEmitter {
  readonly isTTY = true;
  isRaw = false;
  #waiting: string[] = [];

  press(...keys: string[]): void {
    for (const key of keys) {
      this.#waiting.push(key);
      this.emit('readable');
    }
  }

  read(): string | null {
    return this.#waiting.shift() ?? null;
  }

  /** What was set, in order. */
  readonly modes: boolean[] = [];

  setRawMode(on: boolean): void {
    this.modes.push(on);
    this.isRaw = on;
  }

  setEncoding(): void {}
  ref(): void {}
  unref(): void {}
}
