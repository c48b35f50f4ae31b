/**
 * Private files that lead a browser to an address with a ticket in it: a program that opens a browser gets the path of
 * one, so the ticket stands in no argument. Mode 0600 in the state folder; knows nothing of how long a ticket is good.
 */
import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { atomicWrite } from './state.ts';

const NAME = /^web-enter-[0-9a-f]{16}\.html$/;

export interface EntryFile {
  path: string;
  remove(): void;
}

/** Writes one; its name says nothing of where it leads. Thrown: the system's error. */
export function writeEntryFile(folder: string, url: string): EntryFile {
  const path = join(folder, `web-enter-${randomBytes(8).toString('hex')}.html`);
  atomicWrite(path, pageTo(url));
  return { path, remove: () => rmSync(path, { force: true }) };
}

/** Removes those of a daemon that did not come to it. */
export function sweepEntryFiles(folder: string): void {
  for (const name of readdirSync(folder)) if (NAME.test(name)) rmSync(join(folder, name), { force: true });
}

/** Needs no script, and tells nobody where it led from. */
function pageTo(url: string): string {
  const address = url.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
  return `<!doctype html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url=${address}">
<title>telec</title>
<p><a href="${address}">Open telec</a></p>
`;
}
