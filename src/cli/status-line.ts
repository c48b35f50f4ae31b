/**
 * The one line of a terminal that is written over: how far a long command is. Stays below whatever else is written, as
 * long as that goes through `around`. Never wraps, because a wrapped line cannot be taken back.
 */
import type { OutputStream } from './output.ts';

const ERASE = '\r\u001b[K';
/** Of a terminal that does not tell. */
const COLUMNS = 80;

export class StatusLine {
  readonly #stream: OutputStream;
  #text: string | null = null;

  constructor(stream: OutputStream) {
    this.#stream = stream;
  }

  /** `text`: one harmless line; null takes it away. */
  show(text: string | null): void {
    if (text === this.#text) return;
    const was = this.#text;
    this.#text = text;
    if (text !== null) this.#stream.write(ERASE + fitting(text, (this.#stream.columns || COLUMNS) - 1));
    else if (was !== null) this.#stream.write(ERASE);
  }

  /** Writes something else, which has to end its line. */
  around<T>(write: () => T): T {
    if (this.#text === null) return write();
    const text = this.#text;
    this.show(null);
    const written = write();
    this.show(text);
    return written;
  }
}

/** The beginning that surely fits: a character beyond those of ASCII may take two columns, so it is given two. */
function fitting(text: string, columns: number): string {
  let used = 0;
  let shown = '';
  for (const letter of text) {
    used += letter < '\u007f' ? 1 : 2;
    if (used > columns) return shown;
    shown += letter;
  }
  return shown;
}
