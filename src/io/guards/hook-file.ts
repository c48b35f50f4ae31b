/**
 * Puts telec's part into a pre-push hook and takes it out again, byte for byte. A shell script gets a marked block after
 * its first line and stays what it is to everybody who calls it; any other hook is kept beside one of telec's own, which
 * calls it; where there is none, telec's own stands alone. Asks nobody and decides nothing about pushes.
 *
 * Invariants: what was there is never lost: a file is replaced whole or not at all; mode and bytes of what is not
 * telec's stay; put in twice is put in once.
 */
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { blockBegin, blockEnd, hookBlock, KEPT, OWN_HEAD, OWN_TAIL, type ShellFacts } from './shell-text.ts';

/** `in`: as it should be. `changed`: telec's part is there, but another one. `off`: it may not be executed. */
export type HookState = 'in' | 'changed' | 'off' | 'missing';

/** Shells whose scripts take the block. */
const SHELLS = /^#![ \t]*(?:\S*\/)?(?:env[ \t]+(?:-S[ \t]*)?)?(?:\S*\/)?(?:sh|bash|dash|ksh|zsh)(?:[ \t][^\n]*)?\n/;

/** Bytes as text, one character each, so that nothing of a foreign file changes on its way through. */
const bytesOf = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

interface Found {
  text: string;
  mode: number;
  link: boolean;
}

function look(path: string): Found | null {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return null;
  if (!stat.isFile()) return { text: '', mode: stat.mode & 0o7777, link: true };
  return { text: readFileSync(path, 'latin1'), mode: stat.mode & 0o7777, link: false };
}

function replace(path: string, text: string, mode: number): void {
  const temporary = join(dirname(path), `.telec-${process.pid}-${randomBytes(6).toString('hex')}`);
  try {
    const file = openSync(temporary, 'wx', 0o600);
    try {
      writeSync(file, Buffer.from(text, 'latin1'));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    chmodSync(temporary, mode);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Where the part of that repository begins and ends; null when the text has none, or only half of it. */
function partOf(text: string, repoId: string): { from: number; to: number } | null {
  const begin = bytesOf(blockBegin(repoId));
  const end = `${bytesOf(blockEnd(repoId))}\n`;
  const from = text.startsWith(begin) ? 0 : text.indexOf(`\n${begin}`) + 1;
  if (from === 0 && !text.startsWith(begin)) return null;
  const at = text.indexOf(end, from);
  return at < 0 ? null : { from, to: at + end.length };
}

/** How telec's part stands in the hook at `path`; `shared` as in `hookBlock`. */
export function hookState(path: string, facts: ShellFacts, shared = false): HookState {
  const found = look(path);
  const part = found && partOf(found.text, facts.repoId);
  if (!found || !part) return 'missing';
  if ((found.mode & 0o111) === 0) return 'off';
  return found.text.slice(part.from, part.to) === bytesOf(hookBlock(facts, shared)) ? 'in' : 'changed';
}

/** Whether a hook that may be executed has the part of that repository in it, of whatever age. */
function hasPart(path: string, repoId: string): boolean {
  try {
    const found = look(path);
    return found !== null && (found.mode & 0o111) !== 0 && partOf(found.text, repoId) !== null;
  } catch {
    return false;
  }
}

/** Where the part lies for a hook that belongs to the work tree, and is to read it in by a line of its own. */
export const partFile = (commonDir: string): string => join(commonDir, 'telec', 'pre-push');

/** The line that such a hook needs; it does nothing in a clone that has no guards. */
export const PART_LINE = 't="$(git rev-parse --git-common-dir)/telec/pre-push"; [ ! -f "$t" ] || . "$t"';

/** Whether the hook that git runs meets pushes for that repository: by a part of its own, or by one it reads in. */
export function meets(path: string, repoId: string, commonDir: string): boolean {
  if (hasPart(path, repoId)) return true;
  try {
    const found = look(path);
    return found !== null && readsPart(found) && hasPart(partFile(commonDir), repoId);
  } catch {
    return false;
  }
}

const readsPart = ({ text, mode }: Found): boolean => (mode & 0o111) !== 0 && /^[^#\n]*\/telec\/pre-push"/m.test(text);

/** Puts telec's part in; false when it stood there already. `shared` as in `hookBlock`. Thrown: the file system's errors. */
export function putIn(path: string, facts: ShellFacts, shared = false): boolean {
  const block = bytesOf(hookBlock(facts, shared));
  mkdirSync(dirname(path), { recursive: true });
  const found = look(path);
  const part = found && partOf(found.text, facts.repoId);
  if (found && part) {
    const text = found.text.slice(0, part.from) + block + found.text.slice(part.to);
    const mode = (found.mode & 0o111) === 0 ? 0o755 : found.mode;
    if (text === found.text && mode === found.mode) return false;
    replace(path, text, mode);
    return true;
  }
  const first = found && !found.link && (found.mode & 0o111) !== 0 && !found.text.includes('\r\n');
  const shell = first ? SHELLS.exec(found.text)?.[0] : undefined;
  if (found && shell !== undefined) {
    replace(path, shell + block + found.text.slice(shell.length), found.mode);
    return true;
  }
  if (found) keep(path);
  replace(path, bytesOf(OWN_HEAD) + block + bytesOf(OWN_TAIL), 0o755);
  return true;
}

/** Sets the hook aside; one that is kept from before would be lost. */
function keep(path: string): void {
  const kept = join(dirname(path), KEPT);
  if (lstatSync(kept, { throwIfNoEntry: false })) {
    throw Object.assign(new Error(`${kept} is in the way`), { code: 'EEXIST' });
  }
  renameSync(path, kept);
}

/** Takes telec's part out; false when there was none. Thrown: the file system's errors. */
export function takeOut(path: string, repoId: string): boolean {
  const found = look(path);
  const part = found && partOf(found.text, repoId);
  if (!found || !part) return false;
  const text = found.text.slice(0, part.from) + found.text.slice(part.to);
  if (text !== bytesOf(OWN_HEAD + OWN_TAIL)) {
    replace(path, text, found.mode);
    return true;
  }
  const kept = join(dirname(path), KEPT);
  const before = lstatSync(kept, { throwIfNoEntry: false });
  // Nothing but a file takes the place of a file.
  if (!before || before.isDirectory()) rmSync(path, { force: true });
  if (before) renameSync(kept, path);
  return true;
}
