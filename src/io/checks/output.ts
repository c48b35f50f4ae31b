/**
 * The log of one run: all that it writes, up to a limit; of more, the beginning and the end. Cleaned of secrets when the
 * run is over, so what a reader finds then is fit to be shown.
 */
import { closeSync, constants, ftruncateSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { setImmediate as breathe } from 'node:timers/promises';
import { readable, tailOf, wholeLines } from '../command-run.ts';

export interface OutputLimits {
  /** Bytes of the whole file, bytes of the beginning that is kept, bytes of the end that is kept at least. */
  whole: number;
  head: number;
  tail: number;
  /** Bytes of the tail that is answered. */
  told: number;
}

const MIB = 1024 * 1024;
const LIMITS: OutputLimits = { whole: 16 * MIB, head: 8 * MIB, tail: 4 * MIB, told: 8 * 1024 };
/** Bytes cleaned at a time; others of this process have their turn in between. */
const CLEAN_BYTES = MIB;
/** A line is looked for within so many bytes. */
const LINE_BYTES = 64 * 1024;

export class RunOutput {
  readonly #file: number;
  readonly #limits: OutputLimits;
  #size = 0;
  /** Bytes taken out, and where. */
  #cut = 0;
  #seam = 0;

  /** Makes the file anew, readable to its owner alone. Thrown: the file system's errors. */
  constructor(path: string, limits: Partial<OutputLimits> = {}) {
    this.#limits = { ...LIMITS, ...limits };
    rmSync(path, { force: true });
    this.#file = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
  }

  write(bytes: Uint8Array): void {
    this.#append(bytes);
    const { whole, head, tail } = this.#limits;
    if (this.#size <= whole) return;
    this.#seam ||= this.#lineEnd(head);
    const kept = wholeLines(tailOf(this.#file, tail), true);
    this.#cut += this.#size - this.#seam - kept.length;
    ftruncateSync(this.#file, this.#seam);
    this.#size = this.#seam;
    this.#append(kept);
  }

  /** Closes the log without the secrets that `scrub` knows; answers the end of it, fit for a terminal. */
  async finish(scrub: (text: string) => string): Promise<string> {
    try {
      const pieces = [...(await this.#cleaned(0, this.#seam, scrub))];
      if (this.#cut > 0) pieces.push(Buffer.from(`[${this.#cut} bytes are left out here]\n`));
      pieces.push(...(await this.#cleaned(this.#seam, this.#size, scrub)));
      ftruncateSync(this.#file, 0);
      this.#size = 0;
      for (const piece of pieces) this.#append(piece);
      const { told } = this.#limits;
      return readable(wholeLines(tailOf(this.#file, told), this.#size > told));
    } finally {
      closeSync(this.#file);
    }
  }

  /** Closes the log and answers the whole of it as it was written. */
  text(): string {
    try {
      return this.#read(0, this.#size).toString('latin1');
    } finally {
      closeSync(this.#file);
    }
  }

  #append(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const written = writeSync(this.#file, bytes, at, bytes.length - at, this.#size);
      at += written;
      this.#size += written;
    }
  }

  #read(from: number, to: number): Buffer {
    const bytes = Buffer.alloc(Math.max(0, to - from));
    return bytes.subarray(0, readSync(this.#file, bytes, 0, bytes.length, from));
  }

  /** End of the last whole line before `position`; a line longer than that is cut within. */
  #lineEnd(position: number): number {
    const from = Math.max(0, position - LINE_BYTES);
    const end = this.#read(from, position).lastIndexOf(10);
    return end < 0 ? position : from + end + 1;
  }

  async #cleaned(from: number, to: number, scrub: (text: string) => string): Promise<Buffer[]> {
    const pieces: Buffer[] = [];
    for (let at = from; at < to; ) {
      const wanted = Math.min(to, at + CLEAN_BYTES);
      const end = wanted === to ? to : Math.max(this.#lineEnd(wanted), at + 1);
      const bytes = this.#read(at, end);
      if (bytes.length === 0) break;
      const text = bytes.toString('latin1');
      const clean = scrubBytes(text, scrub);
      pieces.push(clean === text ? bytes : Buffer.from(clean, 'latin1'));
      at += bytes.length;
      await breathe();
    }
    return pieces;
  }
}

/** Secrets are known as text: what is UTF-8 is cleaned as such, other bytes as they are. */
function scrubBytes(latin: string, scrub: (text: string) => string): string {
  const bytes = Buffer.from(latin, 'latin1');
  const text = bytes.toString('utf8');
  if (!Buffer.from(text, 'utf8').equals(bytes)) return scrub(latin);
  return Buffer.from(scrub(text), 'utf8').toString('latin1');
}
