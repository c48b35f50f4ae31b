/**
 * Hooks in a folder that a user's own setting shares between all repositories: telec's part stands there, is told, and
 * concerns this repository alone, whatever becomes of telec.
 */
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { endWorlds, sharedRedis } from '../support/e2e-world.ts';
import { type GuardWorld, makeGuardWorld } from '../support/guard-world.ts';

const BEFORE = '#!/bin/sh\necho "mine $1" >&2\n';

afterAll(endWorlds);

interface Shared extends GuardWorld {
  /** The hook in the folder of all repositories, as it is now. */
  hook(): string;
  /** A push of main, of whatever is checked out in the clone, to this or to the other repository. */
  pushMain(to: 'ours' | 'theirs'): { status: number | null; stderr: string };
}

/** A user whose settings name one folder of hooks; `fork` is another repository of theirs. */
async function shared(): Promise<Shared> {
  const made = makeGuardWorld((await sharedRedis()).url, { init: false });
  onTestFinished(made.remove);
  const folder = join(made.dir, "all the user's hooks");
  const settings = join(made.dir, 'gitconfig');
  mkdirSync(folder);
  writeFileSync(join(folder, 'pre-push'), BEFORE);
  chmodSync(join(folder, 'pre-push'), 0o750);
  made.run(made.realGit, ['config', '--file', settings, 'core.hooksPath', folder]);
  Object.assign(made.env, { GIT_CONFIG_GLOBAL: settings });
  const other = join(made.dir, 'another');
  made.run(made.realGit, ['clone', '--quiet', made.clone, other], { cwd: made.dir });
  const more: Pick<Shared, 'hook' | 'pushMain'> = {
    hook: () => readFileSync(join(folder, 'pre-push'), 'utf8'),
    pushMain: (to) =>
      to === 'ours'
        ? made.run(made.realGit, ['push', 'origin', 'HEAD:main'])
        : made.run(made.realGit, ['push', '--force', made.fork, 'HEAD:main'], { cwd: other }),
  };
  return Object.assign(made, more);
}

describe('a folder of hooks that all repositories of a user share', () => {
  test('is told of when the hook is put in, and keeps nobody else from main', async () => {
    const world = await shared();
    const init = world.telec(['init']);
    expect(init.status, init.stderr).toBe(0);
    expect(init.stderr).toContain('its folder is shared with other repositories, in whose clones it does nothing');
    expect(world.pushMain('ours')).toMatchObject({ status: 1, stderr: expect.stringContaining('GUARDRAIL_MARKER') });
    expect(world.pushMain('theirs')).toMatchObject({ status: 0, stderr: expect.stringContaining('mine ') });
    // Whatever becomes of what the guards go by.
    rmSync(join(world.state, 'guards.json'));
    expect(world.pushMain('ours').status).toBe(1);
    expect(world.pushMain('theirs').status).toBe(0);
    expect(world.telec(['guard', 'install']).stderr).toBe('');
    expect(world.telec(['guard', 'uninstall']).status).toBe(0);
    expect(world.hook()).toBe(BEFORE);
  });

  test('a trial of the guards leaves it as it is', async () => {
    const world = await shared();
    world.telec(['init']);
    const before = world.hook();
    const check = world.telec(['guard', 'check']);
    expect(check.status, check.stdout).toBe(0);
    expect(check.stdout).toMatch(/pre-push hook: 3 ways to main refused\n/);
    expect(world.telec(['doctor']).stdout).toContain('the hook stands in 1 place,');
    expect(world.hook()).toBe(before);
  });

  test('when git is told to look elsewhere, the next installation clears it', async () => {
    const world = await shared();
    world.telec(['init']);
    world.run(world.realGit, ['config', 'core.hooksPath', join(world.clone, '.git', 'hooks')]);
    expect(world.telec(['guard', 'install']).status).toBe(0);
    expect(world.hook()).toBe(BEFORE);
    expect(world.pushMain('ours').status).toBe(1);
  });
});

test('guards whose log is gone are taken out all the same', async () => {
  const world = makeGuardWorld((await sharedRedis()).url);
  onTestFinished(world.remove);
  rmSync(world.state, { recursive: true });
  const nowhere = { TELEC_REDIS_URL: 'redis://127.0.0.1:1/0' };
  const push = () => world.run(world.realGit, ['push', 'origin', 'HEAD:main'], { env: nowhere });
  expect(push().status).toBe(1);
  const out = world.telec(['guard', 'uninstall'], nowhere);
  expect(out, out.stderr).toMatchObject({ status: 0, stdout: 'the guards are out\n' });
  expect(push().status).toBe(0);
});
