/**
 * The tokens of the second door, each in one file of mode 0600, compared in constant time. The daemon's own is made anew
 * with every start; its file holds the whole header line, so that a program hands it over as a file and nothing of it
 * stands in an argv. That for metrics is kept, since what scrapes is set up once; its file holds the bare value, as
 * Prometheus wants it.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { lstatSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { atomicWrite } from './state.ts';

const TOKEN_BYTES = 32;
const TOKEN_FILE = 'web-token';
const METRICS_TOKEN_FILE = 'metrics-token';
const TOKEN_TEXT = /^[0-9a-f]{64}\n?$/;

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

/** Path of the file with the token for metrics in a state folder. */
export function metricsTokenFile(folder: string): string {
  return join(folder, METRICS_TOKEN_FILE);
}

/**
 * The token for metrics of a state folder: the one that is kept there, else a new one, which is kept. One that others
 * could have read or put there counts for nothing. Thrown: what the system refuses.
 */
export function keepMetricsToken(folder: string): string {
  const path = metricsTokenFile(folder);
  const known = isPrivateFile(path) ? readFileSync(path, 'utf8') : '';
  if (TOKEN_TEXT.test(known)) return known.trim();
  const token = makeWebToken();
  atomicWrite(path, `${token}\n`);
  return token;
}

/** Whether a token file can be read by its owner alone; null when there is none. */
export function isWebTokenPrivate(folder: string): boolean | null {
  return isPrivateFile(webTokenFile(folder));
}

/** As `isWebTokenPrivate`, of any file. */
export function isPrivateFile(path: string): boolean | null {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return null;
  const own = process.getuid === undefined || stat.uid === process.getuid();
  return stat.isFile() && own && (stat.mode & 0o077) === 0;
}

/** Whether two texts are the same; takes the same time wherever they differ, and however long they are. */
export function isSameSecret(given: string, known: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(known));
}
