/** How the guards of this machine stand, as files tell: for the status, which starts no process. */
import { existsSync } from 'node:fs';
import {
  guardFilePath,
  type HookEntry,
  hooksPathLines,
  programIsThere,
  readGuardFile,
  workTreeOf,
} from '../../io/guards/guard-file.ts';
import { hookState, meets, partFile } from '../../io/guards/hook-file.ts';
import { type ShellFacts, WRAPPED } from '../../io/guards/shell-text.ts';
import { wrapperState } from '../../io/guards/wrapper-files.ts';
import { registeredClones } from '../../io/state.ts';
import type { GuardsGlance } from './views.ts';

/** What is missing in the state folder and the clones registered there. */
export function guardsGlance(folder: string): GuardsGlance {
  const path = guardFilePath(folder);
  const file = readGuardFile(path);
  if (!file) return { in_force: false, missing: ['all'], mend: 'telec guard install' };
  const facts = { repoId: file.repo_id, main: file.main, program: file.program, guardFile: path, bin: file.bin };
  const missing: string[] = programIsThere(file.program) ? [] : ['program'];
  for (const name of WRAPPED) if (wrapperState(name, facts) !== 'in') missing.push(`wrapper ${name}`);
  for (const clone of registeredClones(folder).filter((dir) => existsSync(dir))) {
    const hooks = file.hooks.filter((hook) => hook.clone === clone);
    const stands = hooks.length > 0 && hooks.every((hook) => stateOf(hook, facts) === 'in');
    const moved = hooks.some((hook) => hook.hooks_path !== hooksPathLines(clone));
    if (!stands || moved) missing.push(`pre-push hook of ${workTreeOf(clone)}`);
  }
  return { in_force: missing.length === 0, missing, mend: missing.length === 0 ? null : 'telec guard install' };
}

/** How one hook stands. One of the work tree's own stands while it reads telec's part in. */
export function stateOf(
  { path, clone, ours, shared }: HookEntry,
  facts: ShellFacts,
): 'in' | 'changed' | 'off' | 'missing' | 'outside' {
  if (ours) return hookState(path, facts, shared);
  if (!meets(path, facts.repoId, clone)) return 'outside';
  return hookState(partFile(clone), facts);
}
