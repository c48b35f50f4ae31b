/**
 * What a machine remembers of the server guard of a repository: one small file in the state folder. The path of the key
 * stands in it and nowhere else; it goes into no view, no event and no message.
 */
import { readFileSync, rmSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { atomicWrite } from '../state.ts';
import { SignerFault, signWith } from './signer.ts';

export interface ServerGuardFile {
  /** The bare repository that the hooks were put into from here; null when they stand where this machine cannot see. */
  path: string | null;
  /** The ssh key that sessions of this machine sign fences with; null: they sign none. */
  key: string | null;
}

const pathIn = (folder: string): string => join(folder, 'server-guard.json');

/** Null when there is none. Thrown: SignerFault for one that cannot be read: to pass over it would mean unsigned fences. */
export function readServerGuardFile(folder: string): ServerGuardFile | null {
  let text: string;
  try {
    text = readFileSync(pathIn(folder), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new SignerFault('what this machine keeps of the server guard cannot be read');
  }
  const value = parsed(text);
  const sound = (part: unknown) => part === null || (typeof part === 'string' && isAbsolute(part));
  if (value === null || !sound(value['path']) || !sound(value['key']))
    throw new SignerFault('what this machine keeps of the server guard is damaged');
  return { path: value['path'] as string | null, key: value['key'] as string | null };
}

function parsed(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** Keeps it; nothing to keep takes the file away. */
export function writeServerGuardFile(folder: string, file: ServerGuardFile): void {
  if (file.path === null && file.key === null) rmSync(pathIn(folder), { force: true });
  else atomicWrite(pathIn(folder), `${JSON.stringify(file)}\n`);
}

/**
 * Signs fences as the file says at that moment, so that a daemon that runs hears of a key that was set meanwhile; null
 * without a key. Its promise rejects with SignerFault.
 */
export function fenceSigner(folder: string): (commit: string) => Promise<string | null> {
  return async (commit) => {
    const key = readServerGuardFile(folder)?.key ?? null;
    return key === null ? null : await signWith(key, commit);
  };
}
