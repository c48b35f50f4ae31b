/**
 * Where the private socket of the embedded server lies: beside its data, or in a short private folder when that path
 * is longer than a socket address can hold. Owns the making of that folder; never connects.
 *
 * Invariant: the folder of the socket belongs to this user and is closed to all others.
 */
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT, TelecError } from '../../errors.ts';

/** Bytes of the longest usable path, one less than the size of the kernel's field. */
const LENGTH_MAX = process.platform === 'darwin' ? 103 : 107;
const NAME = 'r.sock';

function fits(path: string): boolean {
  return Buffer.byteLength(path) <= LENGTH_MAX;
}

/** Makes `folder` or takes it as it is; false when it is not this user's alone. */
function isPrivateFolder(folder: string): boolean {
  try {
    mkdirSync(folder, { mode: 0o700 });
    return true;
  } catch {
    const found = lstatSync(folder, { throwIfNoEntry: false });
    if (found === undefined || !found.isDirectory()) return false;
    return found.uid === process.getuid?.() && (found.mode & 0o077) === 0;
  }
}

/**
 * The socket path for the server whose data lie in `dataDir` (private, absolute). Long paths get a folder under
 * `runtimeDir` or the temporary folder, always the same one unless somebody else sits on its name. Thrown:
 * SOCKET_PATH (exit 3) when no folder can be had.
 */
export function socketPathFor(dataDir: string, runtimeDir?: string): string {
  const near = join(dataDir, NAME);
  if (fits(near)) return near;
  const name = `telec-${process.getuid?.() ?? 0}-${createHash('sha256').update(dataDir).digest('hex').slice(0, 12)}`;
  for (const base of [runtimeDir, tmpdir(), '/tmp']) {
    if (base === undefined || !fits(join(base, name, NAME))) continue;
    const folder = join(base, name);
    if (isPrivateFolder(folder)) return join(folder, NAME);
    try {
      return join(mkdtempSync(join(base, 'telec-')), NAME);
    } catch {
      // Not writable: the next base may be.
    }
  }
  throw new TelecError('SOCKET_PATH', EXIT.unreachable, 'found no folder short enough for a socket', {
    hint: `set TELEC_HOME or TMPDIR to a shorter path (a socket's path has at most ${LENGTH_MAX} bytes)`,
  });
}
