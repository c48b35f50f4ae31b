/**
 * The environment of a check: a closed list, and folders that are its own. Nothing in it opens telec's sockets, names a
 * token or lends anybody's right to push. Pure.
 */
import { BARE_ENV } from '../command-run.ts';
import { pick } from '../git/environment.ts';

type Env = Record<string, string | undefined>;

/** Where programs find their libraries, on machines that keep them elsewhere. */
const LIBRARIES = ['LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH'];
/** Who asks differs from machine to machine and changes no verdict. */
const NO_MATTER = new Set(['USER', 'LOGNAME']);

export interface CheckPlaces {
  /** Empty at the beginning of each run. */
  home: string;
  /** Empty at the beginning of each run; gone after it. */
  temporary: string;
  /** Git looks for repositories no further up than this. */
  ceiling: string;
}

/** What is there before anything is known of a check. */
export function bareEnvironment(inherited: Env, { home, temporary, ceiling }: CheckPlaces): Record<string, string> {
  return {
    ...pick(inherited, [...BARE_ENV, ...LIBRARIES]),
    SHELL: '/bin/sh',
    HOME: home,
    TMPDIR: temporary,
    CI: '1',
    GIT_CEILING_DIRECTORIES: ceiling,
    GIT_TERMINAL_PROMPT: '0',
  };
}

/** Of the caller's environment, what a check gets and a verdict can depend on, by name. */
export function inheritedPart(inherited: Env): [name: string, value: string][] {
  return Object.entries(pick(inherited, [...BARE_ENV, ...LIBRARIES]))
    .filter(([name]) => !NO_MATTER.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
