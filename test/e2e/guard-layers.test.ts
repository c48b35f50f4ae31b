/**
 * Every way of others to main against a remote that carries the hooks, with and without the guards of the clone before
 * them; and what must pass all of them unnoticed.
 */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openBare } from '../../src/io/guards/bare-repository.ts';
import { installServerHooks } from '../../src/io/guards/server-install.ts';
import { endWorlds, sharedRedis } from '../support/e2e-world.ts';
import { git, tryGit } from '../support/git-repo.ts';
import { type GuardWorld, makeGuardWorld } from '../support/guard-world.ts';
import { EMPTY_TREES } from '../support/guarded-remote.ts';
import { FREE_PUSHES, PUSH_ROUTES, type PushRoute } from '../support/push-routes.ts';
import { type Answer, makeRouteBench, type RouteBench } from '../support/route-bench.ts';

/** What of the remote stops it: the hook that reports, the one that holds, or git itself. */
type Stop = 'update' | 'transaction' | 'git';

/** A service's merge button: it moves main on the server, by git. */
const viaService = (name: string, ...words: string[]): PushRoute => ({
  name,
  stoppedBy: 'wrapper',
  hook: false,
  run(bench) {
    const folder = join(bench.dir, 'service');
    mkdirSync(folder, { recursive: true });
    tryGit(bench.clone, ['push', '--quiet', '--no-verify', 'origin', 'topic:refs/heads/topic']);
    const topic = git(bench.clone, 'rev-parse', 'topic');
    const merge = `exec ${bench.realGit} -C '${bench.remote}' update-ref refs/heads/main ${topic}`;
    writeFileSync(join(folder, 'gh'), `#!/bin/sh\ncase $2 in view) echo main ;; list) ;; *) ${merge} ;; esac\n`);
    chmodSync(join(folder, 'gh'), 0o755);
    const { PATH = '' } = bench.env;
    const [first = '', ...rest] = PATH.split(':');
    // Behind the wrappers, where these stand.
    const path = first.endsWith('/bin') && first.includes('telec-routes') ? [first, folder, ...rest] : [folder, PATH];
    return bench.run('gh', words, { env: { PATH: path.join(':') } });
  },
});

const SERVICE: readonly PushRoute[] = [
  viaService('gh pr merge', 'pr', 'merge', '7', '--repo', 'team/app'),
  viaService('gh pr merge, of this branch', 'pr', 'merge', '--squash'),
  viaService('gh api: merge of a pull request', 'api', '-X', 'PUT', 'repos/team/app/pulls/7/merge'),
  viaService('gh api: merge of a branch', 'api', 'repos/team/app/merges', '-f', 'base=main', '-f', 'head=topic'),
  viaService('gh api: the ref itself', 'api', '-X', 'PATCH', 'repos/team/app/git/refs/heads/main', '-f', 'sha=0'),
];

const ALL = [...PUSH_ROUTES, ...SERVICE];

/** Which part of the remote stops each way where nothing stands before it; all others are stopped by `update`. */
const STOPS: Partial<Record<Stop, string[]>> = {
  transaction: ['fetched by the remote itself', 'update-ref in the remote', ...SERVICE.map(({ name }) => name)],
  // No fast-forward of the fence that is there; forced, the hooks say no.
  git: ['a ref of telec'],
};
const stopOf = (name: string): Stop =>
  STOPS.transaction?.includes(name) ? 'transaction' : STOPS.git?.includes(name) ? 'git' : 'update';

/** The remote gets a fence, as a first session leaves it, and the hooks. */
async function guard(bench: RouteBench): Promise<void> {
  const tree = tryGit(bench.clone, ['hash-object', '-w', '-t', 'tree', '/dev/null']).stdout.toString().trim();
  expect(tree).toBe(EMPTY_TREES.sha1);
  const trailers = ['Fence: 1', 'Seq: 1', 'Session: s', 'Log: l', 'Repo: r', 'Main: main'].map((one) => `Telec-${one}`);
  const stdin = `telec fence\n\n${trailers.join('\n')}\n`;
  const fence = tryGit(bench.clone, ['commit-tree', tree], { stdin }).stdout.toString().trim();
  git(bench.clone, '-c', 'core.hooksPath=/dev/null', 'push', '--quiet', bench.remote, `${fence}:refs/telec/fence`);
  await installServerHooks(await openBare(bench.remote), { main: 'main', signed: false, ignoreCase: false }, null);
  bench.keep();
}

/** Which hook said no. */
function stoppedAt({ stdout, stderr }: Answer): Stop {
  if (!stderr.includes('GUARDRAIL_MARKER: TELEC_SERVER_MAIN_GUARD_BLOCK')) return 'git';
  return `${stdout}${stderr}`.includes('hook declined') ? 'update' : 'transaction';
}

const tried = (bench: RouteBench, { run }: Pick<PushRoute, 'run'>) => {
  bench.restore();
  const answer = run(bench);
  return { answer, moved: bench.moved() };
};

let bench: RouteBench;
let free: Answer[];
beforeAll(async () => {
  bench = makeRouteBench();
  free = FREE_PUSHES.map((push) => tried(bench, push).answer);
  bench.restore();
  await guard(bench);
});
afterAll(() => bench.remove());

describe('the hooks of the remote alone', () => {
  test('S1-VR3 S1-Sc3 S3-6.3c every way to main is refused, each by the part that is named for it', () => {
    const table = ALL.map((route) => {
      const { answer, moved } = tried(bench, route);
      return { way: route.name, by: stoppedAt(answer), moved, failed: answer.status !== 0 };
    });
    const expected = ALL.map(({ name }) => ({ way: name, by: stopOf(name), moved: [], failed: true }));
    expect(table).toEqual(expected);
  });

  test('what moves nothing of main passes: status, stdout and stderr to the letter', () => {
    const answers = FREE_PUSHES.map((push) => tried(bench, push));
    expect(answers.map(({ answer }, at) => ({ push: FREE_PUSHES[at]?.name, answer }))).toEqual(
      free.map((answer, at) => ({ push: FREE_PUSHES[at]?.name, answer })),
    );
    expect(answers.flatMap(({ moved }) => moved)).toEqual([]);
  });
});

describe('all layers together', () => {
  let world: GuardWorld;
  beforeAll(async () => {
    world = makeGuardWorld((await sharedRedis()).url, { init: false });
    // A service known by its address, which leads to the folder.
    git(world.clone, 'config', 'remote.origin.url', 'https://git.example.invalid/team/app.git');
    git(world.clone, 'config', `url.${world.remote}.insteadOf`, 'https://git.example.invalid/team/app.git');
    const { status, stderr } = world.telec(['init']);
    expect(status, stderr).toBe(0);
    await guard(world);
  });
  afterAll(async () => {
    world.remove();
    await endWorlds();
  });

  const MARKERS = { wrapper: 'TELEC_GIT_PUSH', hook: 'TELEC_PRE_PUSH', server: 'TELEC_SERVER' } as const;

  test('S1-VR3 S1-FR5.2 each way is stopped by the first layer that can, and what reaches the remote by the remote', () => {
    const chosen = ALL.filter(({ stoppedBy, name }, at) => stoppedBy === 'server' || /^gh /.test(name) || at % 5 === 0);
    const table = chosen.map((route) => {
      world.restore();
      const path = world.env['PATH'] ?? '';
      Object.assign(world.env, world.wrapped());
      const answer = route.run(world);
      world.env['PATH'] = path;
      const marker = /^(?:remote: )?GUARDRAIL_MARKER: (\w+?)_MAIN_/m.exec(answer.stderr)?.[1];
      return { way: route.name, marker, moved: world.moved() };
    });
    const expected = chosen.map(({ name, stoppedBy }) => ({
      way: name,
      marker: /^gh /.test(name) ? 'TELEC_GH' : MARKERS[stoppedBy],
      moved: [],
    }));
    expect(table).toEqual(expected);
  });
});
