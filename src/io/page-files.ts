/**
 * The files of the web page as the build left them, read once and kept: what is asked for is looked up by its whole
 * path among them, so nothing else of the machine can be asked for. Knows nothing of who may ask.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One file, ready to be sent. */
export interface PageFile {
  body: Buffer;
  /** For `content-type`. */
  type: string;
  /** Of its content, in quotes as HTTP has it. */
  etag: string;
  /** Its name changes with its content. */
  hashed: boolean;
}

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

/** Paths by which a page is called, beside that of its file. */
const PAGES: Record<string, string> = { '/': '/index.html', '/stately': '/stately.html' };

/** Where the build puts them: beside the built program, and for sources that are run as they are, in its `dist`. */
const FOLDERS = ['../page/', '../../dist/page/'].map((path) => fileURLToPath(new URL(path, import.meta.url)));

/** All files by path from `/`; empty when the page was not built. A file of a kind that no page has is left out. */
export function readPageFiles(folders: readonly string[] = FOLDERS): ReadonlyMap<string, PageFile> {
  const folder = folders.find((path) => existsSync(join(path, 'index.html')));
  const files = new Map<string, PageFile>();
  if (folder === undefined) return files;
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    const body = readFileSync(join(folder, name));
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
    const path = `/${name.split(sep).join('/')}`;
    files.set(path, { body, type, etag, hashed: path.startsWith('/assets/') });
  }
  for (const [path, name] of Object.entries(PAGES)) {
    const file = files.get(name);
    if (file) files.set(path, file);
    files.delete(name);
  }
  return files;
}

/** Whether a path is that of a page, built or not. */
export function isPagePath(path: string): boolean {
  return Object.hasOwn(PAGES, path);
}
