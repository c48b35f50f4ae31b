/**
 * Short private folders for sockets. A socket's path is limited to about a hundred bytes whatever the file system
 * allows, so a deep state folder needs one elsewhere; where it is stands in `daemon.json`.
 */
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensurePrivateFolder } from './state.ts';

/** Bytes of a socket's path, without the closing zero. */
export const SOCKET_PATH_MAX = process.platform === 'darwin' ? 103 : 107;

/** Whether `path` is a folder (no symlink) of this user that nobody else may enter. */
export function isPrivateFolder(path: string): boolean {
  try {
    const stat = lstatSync(path);
    const own = process.getuid === undefined || stat.uid === process.getuid();
    return stat.isDirectory() && own && (stat.mode & 0o077) === 0;
  } catch {
    return false;
  }
}

/**
 * A private folder (0700) in which `<folder>/<name>` is short enough for a socket: `<stateFolder>/run` where that fits,
 * else one under the user's runtime folder or the system's temporary one. Another user's folder in the way is passed by.
 * Thrown: STATE_FOLDER (2) when a link or file lies where the near one belongs.
 */
export function socketFolder(stateFolder: string, name: string, env: Record<string, string | undefined>): string {
  const near = join(stateFolder, 'run');
  const fits = (folder: string) => Buffer.byteLength(join(folder, name)) <= SOCKET_PATH_MAX;
  if (fits(near)) {
    ensurePrivateFolder(near);
    return near;
  }
  const mark = createHash('sha256').update(stateFolder).digest('hex').slice(0, 12);
  const runtime = env['XDG_RUNTIME_DIR'];
  const parents = [runtime?.startsWith('/') && isPrivateFolder(runtime) ? runtime : null, '/tmp'].filter(
    (parent) => parent !== null,
  );
  for (const parent of parents) {
    const folder = join(parent, `telec-${mark}`);
    if (!fits(folder)) continue;
    try {
      mkdirSync(folder, { mode: 0o700 });
      return folder;
    } catch {
      if (isPrivateFolder(folder)) return folder;
    }
  }
  return mkdtempSync('/tmp/telec-');
}

/** Removes a folder made by `socketFolder` outside the state folder; absence is fine. */
export function removeSocketFolder(stateFolder: string, folder: string): void {
  if (folder !== join(stateFolder, 'run')) rmSync(folder, { recursive: true, force: true });
}
