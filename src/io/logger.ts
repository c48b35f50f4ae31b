/**
 * The log file for people who look for what happened: structured lines in the state folder, mode 0600, bounded.
 * Never the source of any state, never on stdout. Secrets are masked at the sink, so no caller can forget to.
 */
import { closeSync, fchmodSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';
import { type Logger, pino, stdTimeFunctions } from 'pino';
import { scrubber } from './secrets.ts';

export type { Logger };

/** Bytes a log file may grow to before it becomes `<name>.1`; the one before that is dropped. */
const LOG_BYTES_MAX = 8 * 1024 * 1024;

export interface LogFile {
  logger: Logger;
  close(): void;
}

function openPrivate(path: string): { descriptor: number; bytes: number } {
  const descriptor = openSync(path, 'a', 0o600);
  fchmodSync(descriptor, 0o600);
  return { descriptor, bytes: fstatSync(descriptor).size };
}

/**
 * Opens `path` for appending. Lines are JSON objects; writing is synchronous, so that the line before a crash is there.
 * A full disk or a removed folder loses lines, never the program.
 */
export function openLogFile(
  path: string,
  options: { secrets?: Iterable<string>; level?: string; bytesMax?: number } = {},
): LogFile {
  const scrub = scrubber(options.secrets ?? []);
  const bytesMax = options.bytesMax ?? LOG_BYTES_MAX;
  let file = openPrivate(path);
  let closed = false;
  const rotateWhenFull = () => {
    if (file.bytes < bytesMax) return;
    renameSync(path, `${path}.1`);
    closeSync(file.descriptor);
    file = openPrivate(path);
  };
  const sink = {
    write(line: string) {
      if (closed) return;
      try {
        rotateWhenFull();
        file.bytes += writeSync(file.descriptor, scrub(line));
      } catch {
        // Nowhere left to say so: logging must not end the work it describes.
      }
    },
  };
  const logger = pino(
    { level: options.level ?? 'info', base: { pid: process.pid }, timestamp: stdTimeFunctions.isoTime },
    sink,
  );
  return {
    logger,
    close() {
      if (closed) return;
      closed = true;
      closeSync(file.descriptor);
    },
  };
}
