/**
 * What a worker printed, as it is handed to an orchestrator: a plain file or a stream, never more than is sane to keep.
 * Says nothing about what it means.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { EXIT, TelecError } from '../errors.ts';

/** Bytes. */
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

function unreadable(what: string, why: string, cause?: unknown): TelecError {
  return new TelecError('WORKER_OUTPUT', EXIT.usage, `the worker's output ${what} ${why}`, {
    hint: 'name a plain file with what the worker printed, or - for stdin',
    cause,
  });
}

/** The text of a plain file, `path` counted from `cwd`. Thrown: WORKER_OUTPUT (2). */
export function readWorkerOutput(cwd: string, path: string): string {
  const shown = JSON.stringify(path);
  let descriptor: number;
  try {
    // Without waiting: a pipe that nobody writes to would never open.
    descriptor = openSync(resolve(cwd, path), constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw unreadable(shown, `cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`, error);
  }
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw unreadable(shown, 'is no plain file');
    if (stat.size > OUTPUT_BYTES_MAX) throw unreadable(shown, `is larger than ${OUTPUT_BYTES_MAX} bytes`);
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}

/** The whole of a stream. Thrown: WORKER_OUTPUT (2). */
export async function readWorkerStream(stream: AsyncIterable<string | Uint8Array>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > OUTPUT_BYTES_MAX) throw unreadable('on stdin', `is larger than ${OUTPUT_BYTES_MAX} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
