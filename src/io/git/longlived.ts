/**
 * A git process that answers many requests: started at the first one, requests one after the other, started again
 * when it died. Owns the process and its group; knows nothing of what is asked. A request that met a dying process
 * is asked once more, so only requests that may be repeated belong here.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { endGroup, GitFault } from './run.ts';

/** Reads a stream of bytes piece by piece. */
export class ByteReader {
  #buffer: Buffer = Buffer.alloc(0);
  #ended: Error | null = null;
  #wake: (() => void) | null = null;

  feed(chunk: Buffer): void {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
    this.#wake?.();
  }

  end(error: Error): void {
    this.#ended ??= error;
    this.#wake?.();
  }

  /** The next byte without taking it. */
  async peek(): Promise<number> {
    while (this.#buffer.length === 0) await this.#more();
    return this.#buffer[0] ?? 0;
  }

  /** The bytes before the next `byte`, which is taken too. */
  async until(byte: number): Promise<Buffer> {
    let from = 0;
    for (;;) {
      const at = this.#buffer.indexOf(byte, from);
      if (at >= 0) {
        const taken = this.#buffer.subarray(0, at);
        this.#buffer = this.#buffer.subarray(at + 1);
        return taken;
      }
      from = this.#buffer.length;
      await this.#more();
    }
  }

  /** Exactly `count` bytes. */
  async exactly(count: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    let missing = count;
    for (;;) {
      const part = this.#buffer.subarray(0, missing);
      parts.push(part);
      missing -= part.length;
      this.#buffer = this.#buffer.subarray(part.length);
      if (missing === 0) return parts.length === 1 ? part : Buffer.concat(parts);
      await this.#more();
    }
  }

  #more(): Promise<void> {
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#wake = () => {
        this.#wake = null;
        if (this.#ended) reject(this.#ended);
        else resolve();
      };
    });
  }
}

export interface LongLivedOptions {
  args: string[];
  cwd: string;
  env: Record<string, string>;
  /** Milliseconds for one request; after that the process is ended. */
  timeoutMs: number;
}

/** Thrown when the process ended before it had answered. */
class ProcessEnded extends GitFault {}

export class LongLived {
  readonly #options: LongLivedOptions;
  #child: ChildProcessWithoutNullStreams | null = null;
  #reader: ByteReader | null = null;
  #tail: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: LongLivedOptions) {
    this.#options = options;
  }

  /**
   * Sends `input` and lets `read` take the answer. Requests are answered in the order of the calls. Thrown: GitFault
   * when the process died twice, did not answer in time, or `read` did not understand it.
   */
  ask<T>(input: Uint8Array | string, read: (reader: ByteReader) => Promise<T>): Promise<T> {
    const turn = this.#tail.then(() => this.#attempt(input, read, true));
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  /** Ends the process and its group; requests still waiting fail. */
  async close(): Promise<void> {
    this.#closed = true;
    const child = this.#child;
    if (child === null) return;
    const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
    this.#drop(new GitFault('the repository is closed'));
    await gone;
  }

  async #attempt<T>(input: Uint8Array | string, read: (reader: ByteReader) => Promise<T>, again: boolean): Promise<T> {
    if (this.#closed) throw new GitFault('the repository is closed');
    const { child, reader } = this.#running();
    const clock = setTimeout(
      () => this.#drop(new GitFault(`git ${this.#options.args[0]} did not answer in ${this.#options.timeoutMs} ms`)),
      this.#options.timeoutMs,
    );
    try {
      child.stdin.write(input);
      return await read(reader);
    } catch (error) {
      // Whatever is left of the answer would be taken for the next one's.
      this.#drop(new ProcessEnded(`git ${this.#options.args[0]} was given up`));
      if (error instanceof ProcessEnded && again && !this.#closed) return await this.#attempt(input, read, false);
      throw error;
    } finally {
      clearTimeout(clock);
    }
  }

  #running(): { child: ChildProcessWithoutNullStreams; reader: ByteReader } {
    if (this.#child !== null && this.#reader !== null) return { child: this.#child, reader: this.#reader };
    const { args, cwd, env } = this.#options;
    const child = spawn('git', args, { cwd, env, detached: true, stdio: 'pipe', windowsHide: true });
    const reader = new ByteReader();
    let said = '';
    const over = (how: string) => {
      reader.end(new ProcessEnded(`git ${args[0]} ended: ${how} ${said.trim()}`.trim()));
      if (this.#child === child) {
        this.#child = null;
        this.#reader = null;
      }
    };
    child.stdout.on('data', (chunk: Buffer) => reader.feed(chunk));
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString('utf8')).slice(-2000);
    });
    child.stdin.on('error', () => {
      // The end of the process is reported once, by its close.
    });
    child.on('error', (error) => over(error.message));
    child.on('close', (status, signal) => over(signal ?? `exit ${status}`));
    this.#child = child;
    this.#reader = reader;
    return { child, reader };
  }

  #drop(error: GitFault): void {
    const child = this.#child;
    this.#reader?.end(error);
    this.#child = null;
    this.#reader = null;
    endGroup(child?.pid, 'SIGKILL');
  }
}
