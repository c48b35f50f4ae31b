/** The version of this telec, from its own package file: two folders up, in the sources as in the build. */
import { readFileSync } from 'node:fs';

let known: string | undefined;

export function telecVersion(): string {
  if (known === undefined) {
    const file: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    known = String((file as { version?: unknown }).version);
  }
  return known;
}
