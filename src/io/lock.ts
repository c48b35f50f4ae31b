/**
 * Exclusive locks of the kernel on files: held by an open file, gone with the last process that has it open, however
 * that process ends. Never waits and never deletes a lock file.
 */
import { closeSync, constants, fstatSync, openSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { EXIT, TelecError } from '../errors.ts';

export interface FileLock {
  /** The open file that holds the lock. A child process that inherits it holds the lock too. */
  readonly fd: number;
  /** Lets go of this process's hold; a child that inherited the file keeps its own. */
  release(): void;
}

interface NativeLocks {
  tryLock(fd: number): boolean;
}

const require = createRequire(import.meta.url);
let native: NativeLocks | undefined;

/** Loaded at the first lock: most commands take none, and it is a binary that a platform may lack. */
function locks(): NativeLocks {
  if (native !== undefined) return native;
  try {
    native = require('fs-native-extensions') as NativeLocks;
    return native;
  } catch (cause) {
    throw new TelecError(
      'LOCK_UNSUPPORTED',
      EXIT.unreachable,
      `file locks do not work on ${process.platform} ${process.arch}`,
      {
        hint: 'use a shared Redis: set TELEC_REDIS_URL',
        cause,
      },
    );
  }
}

/** True while `path` still names the file behind `fd`. */
function isSameFile(path: string, fd: number): boolean {
  const open = fstatSync(fd);
  const named = statSync(path, { throwIfNoEntry: false });
  return named !== undefined && named.ino === open.ino && named.dev === open.dev;
}

/**
 * Locks the file `path` (made when absent, mode 0600) or returns null when another open file holds it. Thrown:
 * LOCK_UNSUPPORTED (exit 3), and the file system's errors.
 */
export function lockFile(path: string): FileLock | null {
  for (;;) {
    const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
    let kept = false;
    try {
      if (!locks().tryLock(fd)) return null;
      // The file may have been deleted in between; a lock on a nameless file excludes nobody.
      if (!isSameFile(path, fd)) continue;
      kept = true;
    } finally {
      if (!kept) closeSync(fd);
    }
    let held = true;
    return {
      fd,
      release() {
        // Closed, not unlocked: unlocking would take the lock from a child that inherited the file as well.
        if (held) closeSync(fd);
        held = false;
      },
    };
  }
}
