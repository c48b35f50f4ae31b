/** What makes two checks the same, and what their verdicts depend on beside the tree. Pure. */
import { createHash } from 'node:crypto';
import type { CheckDefinition } from '../config-checks.ts';

const digest = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');

/**
 * Digest of what is run, and how: a verdict of the one is a verdict of the other. Which paths it sees is in the tree it
 * sees, which tools it has in the digest of the toolchain.
 */
export function definitionDigest({ name, run, timeoutMs }: CheckDefinition): string {
  return digest([name, run, timeoutMs]);
}

/** Name of the folder that survives the runs of a check; another command, another folder. */
export function cacheName({ name, run }: CheckDefinition): string {
  return `${name}-${digest([name, run]).slice(0, 12)}`;
}

/** What of the machine goes into a verdict. */
export interface Toolchain {
  platform: string;
  arch: string;
  /** The inherited part of the environment, sorted by name. */
  environment: readonly (readonly [name: string, value: string])[];
  /** What the toolchain command said; null without one. */
  said: string | null;
}

export function toolchainDigest({ platform, arch, environment, said }: Toolchain): string {
  return digest([platform, arch, environment, said]);
}
