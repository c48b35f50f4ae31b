/** The wrapper of gh before a gh that only pretends: every way to main on GitHub is stopped, all else passes unnoticed. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endWorlds, sharedRedis } from '../support/e2e-world.ts';
import { FREE_GH, GH_ROUTES, type GhRoute } from '../support/gh-routes.ts';
import { type GuardWorld, makeGuardWorld } from '../support/guard-world.ts';

let world: GuardWorld;
let calls: string;
beforeAll(async () => {
  world = makeGuardWorld((await sharedRedis()).url, { init: false });
  // The remote is on GitHub by its name, and on this machine in truth.
  world.run(world.realGit, ['remote', 'set-url', 'origin', 'https://github.com/acme/app.git']);
  world.run(world.realGit, ['config', `url.${world.remote}.insteadOf`, 'https://github.com/acme/app.git']);
  const { status, stderr } = world.telec(['init']);
  expect(status, stderr).toBe(0);
  const real = join(world.dir, 'real');
  calls = join(world.dir, 'calls');
  mkdirSync(real);
  writeFileSync(
    join(real, 'gh'),
    `#!/bin/sh
case "$1 $2" in
  'alias list')
    printf '%s\\n' 'co: pr checkout' 'land: pr merge' "landsquash: 'pr merge \\$1 --squash'" 'shout: "!echo loud"'
    exit 0 ;;
  'pr view')
    [ -n "$BASE" ] || { echo 'gh: not found (HTTP 404)' >&2; exit 1; }
    echo "$BASE"
    exit 0 ;;
esac
{ echo "call $#"; printf '<%s>\\n' "$@"; } >>'${calls}'
cat
echo said
echo warned >&2
exit 23
`,
  );
  chmodSync(join(real, 'gh'), 0o755);
  Object.assign(world.env, { PATH: `${world.bin}:${real}:${world.env['PATH']}` });
});
afterAll(async () => {
  world.remove();
  await endWorlds();
});

function tried({ words, env = {}, file, base = 'main' }: GhRoute, cwd = world.clone) {
  writeFileSync(calls, '');
  if (file) writeFileSync(join(cwd, file.name), file.text);
  const answer = world.run('gh', words, { cwd, env: { ...env, BASE: base ?? '' }, stdin: 'given\n' });
  return { answer, called: existsSync(calls) ? readFileSync(calls, 'utf8') : '' };
}

const untold = /cannot be|comes on stdin|from stdin|graphql: (merge$|when|into|move a ref|from)/;

describe('S1-FR2.1 ways to main on GitHub', () => {
  test('there are at least 31 of them', () => expect(GH_ROUTES.length).toBeGreaterThanOrEqual(31));

  test.each(GH_ROUTES.map((route) => [route.name, route] as const))('the wrapper stops: %s', (name, route) => {
    const { answer, called } = tried(route);
    expect(called).toBe('');
    const code = untold.test(name) ? 'MAIN_GUARDRAIL_BLOCKED' : 'INTEGRATOR_MAIN_AUTH_BLOCKED';
    expect(answer).toMatchObject({ status: 1, stdout: '' });
    expect(answer.stderr.split('\n').slice(0, 2)).toEqual([
      'GUARDRAIL_MARKER: TELEC_GH_MAIN_MERGE_GUARD_BLOCK',
      `ERROR: ${code}`,
    ]);
  });

  test('refusals are recorded with their guard; nothing of what was typed leaks a token', () => {
    const { answer } = tried({
      name: '',
      words: ['api', '-X', 'PUT', 'repos/acme/app/pulls/5/merge', '-H', 'authorization: canary-4711'],
      env: { GH_TOKEN: 'canary-4711' },
    });
    expect(answer.status).toBe(1);
    const last = world.refusals().at(-1);
    expect(last).toMatchObject({
      route: 'gh',
      code: 'INTEGRATOR_MAIN_AUTH_BLOCKED',
      ref: 'refs/heads/main',
      sha: null,
    });
    expect(JSON.stringify(last) + answer.stderr).not.toContain('canary');
  });
});

test.each(FREE_GH.map((route) => [route.name, route] as const))(
  'gh runs once, with its words, stdin, streams and status: %s',
  (_name, route) => {
    const { answer, called } = tried(route);
    expect(answer).toEqual({ status: 23, stdout: 'given\nsaid\n', stderr: 'warned\n' });
    const words = route.words.length === 0 ? '<>\n' : route.words.map((word) => `<${word}>\n`).join('');
    expect(called).toBe(`call ${route.words.length}\n${words}`);
  },
);

test('outside of any repository, and in one of others, gh is left alone', () => {
  const route = { name: '', words: ['pr', 'merge', '5'] };
  expect(tried(route, world.outside).answer.status).toBe(23);
  expect(tried(route, world.fork).answer.status).toBe(23);
});

test('an alias of the shell runs, and what it calls is asked about again', () => {
  expect(tried({ name: '', words: ['shout'] }).answer.status).toBe(23);
});
