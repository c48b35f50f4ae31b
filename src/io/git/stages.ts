/** How `git merge-tree -z` tells conflicted paths, read. Pure. */
import { showPath } from './paths.ts';
import type { ConflictPath } from './port.ts';

/**
 * Entries `mode id stage\tpath`; null when one is not of that form. Where two entries cannot share a name (a folder and
 * a file), git lists one of them aside as `<path>~<side>`; it is told under the name both sides know.
 */
export function readStages(fields: readonly Buffer[], sides: readonly string[]): ConflictPath[] | null {
  const aside = new RegExp(`~(?:${sides.join('|')})(?:_\\d+)?$`);
  const stages = new Map<string, number[]>();
  for (const field of fields) {
    const tab = field.indexOf(0x09);
    const match = /^[0-7]{6} [0-9a-f]+ ([123])$/.exec(field.toString('latin1', 0, Math.max(tab, 0)));
    if (match === null) return null;
    const name = field.toString('latin1', tab + 1).replace(aside, '');
    const path = showPath(Buffer.from(name, 'latin1'));
    stages.set(path, [...(stages.get(path) ?? []), Number(match[1])]);
  }
  return [...stages].map(([path, list]) => ({ path, stages: [...new Set(list)].sort() }));
}

/** The parts before each NUL. */
export function splitNul(bytes: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(0, at);
    const stop = end < 0 ? bytes.length : end;
    parts.push(bytes.subarray(at, stop));
    at = stop + 1;
  }
  return parts;
}
