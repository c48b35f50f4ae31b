/** The wrappers as files: one folder for this user alone, with a mark by which other wrappers and telec itself know it. */
import { chmodSync, existsSync, readFileSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { atomicWrite, ensurePrivateFolder } from '../state.ts';
import { WRAPPED, type Wrapped, type WrapperFacts, wrapperText } from './shell-text.ts';

const MARK = '.telec-wrappers';

export type WrapperState = 'in' | 'changed' | 'missing';

export function wrapperState(name: Wrapped, facts: WrapperFacts): WrapperState {
  const path = join(facts.bin, name);
  try {
    const runs = (statSync(path).mode & 0o111) !== 0;
    return runs && readFileSync(path, 'utf8') === wrapperText(name, facts) ? 'in' : 'changed';
  } catch {
    return 'missing';
  }
}

/** Writes the wrappers that are not as they should be; false when all were. Thrown: STATE_FOLDER (2). */
export function writeWrappers(facts: WrapperFacts): boolean {
  const wrong = WRAPPED.filter((name) => wrapperState(name, facts) !== 'in');
  if (wrong.length === 0 && existsSync(join(facts.bin, MARK))) return false;
  ensurePrivateFolder(facts.bin);
  atomicWrite(join(facts.bin, MARK), 'wrappers of telec; this file tells them from the real programs\n');
  for (const name of wrong) {
    atomicWrite(join(facts.bin, name), wrapperText(name, facts), 0o700);
    chmodSync(join(facts.bin, name), 0o700);
  }
  return true;
}

/** Removes the wrappers and their folder; false when there were none. What is not telec's stays. */
export function removeWrappers(bin: string): boolean {
  const there = WRAPPED.some((name) => existsSync(join(bin, name)));
  for (const name of [...WRAPPED, MARK]) rmSync(join(bin, name), { force: true });
  try {
    rmdirSync(bin);
  } catch {
    // Something else lies in it, or it is gone.
  }
  return there;
}

/** The search path with the folder in front, once. */
export function withWrappers(path: string | undefined, bin: string): string {
  if (!path) return bin;
  const others = path.split(delimiter).filter((folder) => folder !== bin);
  return [bin, ...others].join(delimiter);
}

/** The search path without folders of wrappers: telec asks nobody when it calls git itself. */
export function withoutWrappers(path: string): string {
  const kept = path.split(delimiter).filter((folder) => folder === '' || !existsSync(join(folder, MARK)));
  return kept.join(delimiter);
}
