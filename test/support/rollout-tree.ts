/** The kept rollout (examples/rollout), copied into repositories of their own, and telec run in them. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { runtime } from '../../src/actors/open.ts';
import { runTelec } from './fake-runtime.ts';
import { hermeticEnv } from './git-repo.ts';
import { temporaryFolder } from './temporary.ts';

export const EXAMPLES = fileURLToPath(new URL('../../examples/rollout', import.meta.url));
export const PARENT = 'integration-orchestrator-rollout';
export const MOMENTS = ['prepared', 'wired'] as const;
export type Moment = (typeof MOMENTS)[number];

/** A copy of a moment of the kept rollout in a repository of its own, without remote, set-up or Redis. */
export function copyOf(moment: Moment) {
  const dir = temporaryFolder();
  cpSync(join(EXAMPLES, moment), dir, { recursive: true });
  execFileSync('git', ['init', '--quiet', '--template=', dir], { env: hermeticEnv });
  const path = (name: string) => join(dir, name);
  const read = (name: string) => readFileSync(path(name), 'utf8');
  const env = { ...hermeticEnv, TELEC_HOME: join(dir, '.git', 'telec-state') };
  return {
    dir,
    path,
    read,
    write(name: string, text: string) {
      mkdirSync(dirname(path(name)), { recursive: true });
      writeFileSync(path(name), text);
    },
    change(name: string, from: string | RegExp, to: string) {
      const before = read(name);
      const after = before.replace(from, to);
      expect(after, `${name} has ${from}`).not.toBe(before);
      writeFileSync(path(name), after);
    },
    /** As people see it. */
    say: (...argv: string[]) => runTelec(argv, { runtime, cwd: dir, env }),
    async run<T>(...argv: string[]) {
      const run = await runTelec([...argv, '--json'], { runtime, cwd: dir, env });
      return { ...run, view: (run.stdout === '' ? null : run.json()) as T };
    },
  };
}
