/**
 * The token of the second door: made anew with every daemon, kept in one file of mode 0600, compared in constant time.
 * The file holds the whole header line, so that a program hands it over as a file and nothing of it stands in an argv.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { lstatSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { atomicWrite } from './state.ts';

const TOKEN_BYTES = 32;
const TOKEN_FILE = 'web-token';

export function makeWebToken(): string {
  return randomBytes(TOKEN_BYTES).toString('hex');
}

/** Path of the file in a state folder. */
export function webTokenFile(folder: string): string {
  return join(folder, TOKEN_FILE);
}

const headerOf = (token: string) => `Authorization: Bearer ${token}\n`;

export function writeWebToken(folder: string, token: string): void {
  atomicWrite(webTokenFile(folder), headerOf(token));
}

/** Removes the file unless another daemon has put its own in its place. */
export function removeWebToken(folder: string, token: string): void {
  const path = webTokenFile(folder);
  try {
    if (readFileSync(path, 'utf8') === headerOf(token)) rmSync(path);
  } catch {
    // It is gone already, which is what was wanted.
  }
}

/** Whether a token file can be read by its owner alone; null when there is none. */
export function isWebTokenPrivate(folder: string): boolean | null {
  const stat = lstatSync(webTokenFile(folder), { throwIfNoEntry: false });
  if (!stat) return null;
  const own = process.getuid === undefined || stat.uid === process.getuid();
  return stat.isFile() && own && (stat.mode & 0o077) === 0;
}

/** Whether two texts are the same; takes the same time wherever they differ, and however long they are. */
export function isSameSecret(given: string, known: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(known));
}
