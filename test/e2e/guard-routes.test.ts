/** Every way of others to main, with real git, against the guards of the client; and what must pass them unnoticed. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endWorlds, sharedRedis } from '../support/e2e-world.ts';
import { type GuardWorld, makeGuardWorld } from '../support/guard-world.ts';
import { FREE_PUSHES, type Layer, PUSH_ROUTES, type PushRoute } from '../support/push-routes.ts';
import { type Answer, makeRouteBench, type RouteBench } from '../support/route-bench.ts';

const MARKERS: Record<Exclude<Layer, 'server'>, string> = {
  wrapper: 'TELEC_GIT_PUSH_MAIN_GUARD_BLOCK',
  hook: 'TELEC_PRE_PUSH_MAIN_GUARD_BLOCK',
};
/** Asked from somewhere else than the main work tree of a clone that telec knows. */
const ELSEWHERE = /linked work tree|another clone/;
/** What it would move cannot be told. */
const UNTOLD = /send-pack --/;
const codeOf = ({ name }: PushRoute) =>
  ELSEWHERE.test(name) || UNTOLD.test(name) ? 'MAIN_GUARDRAIL_BLOCKED' : 'INTEGRATOR_MAIN_AUTH_BLOCKED';

let bare: RouteBench;
let world: GuardWorld;
beforeAll(async () => {
  bare = makeRouteBench();
  world = makeGuardWorld((await sharedRedis()).url);
});
afterAll(async () => {
  bare.remove();
  world.remove();
  await endWorlds();
});

/** Runs it on a bench as it was, with or without the wrappers in PATH. */
function tried(run: PushRoute['run'], wrappers: boolean): { answer: Answer; moved: string[] } {
  world.restore();
  const path = world.env['PATH'] ?? '';
  if (wrappers) Object.assign(world.env, world.wrapped());
  try {
    return { answer: run(world), moved: world.moved() };
  } finally {
    world.env['PATH'] = path;
  }
}

describe('S1-FR2.1 S3-5.1c S3-6.3c ways of others to main', () => {
  test('there are at least 52 of them, and without guards each moves something', () => {
    expect(PUSH_ROUTES.length).toBeGreaterThanOrEqual(52);
    const harmless = PUSH_ROUTES.filter(({ run }) => {
      bare.restore();
      run(bare);
      return bare.moved().length === 0;
    });
    expect(harmless.map(({ name }) => name)).toEqual([]);
  });

  const stopped = PUSH_ROUTES.filter(({ stoppedBy }) => stoppedBy !== 'server');
  test.each(stopped.map((route) => [route.stoppedBy, route.name, route] as const))(
    'the %s stops: %s',
    (_layer, _name, route) => {
      const { answer, moved } = tried(route.run, true);
      expect(moved, answer.stderr).toEqual([]);
      const marker = MARKERS[route.stoppedBy as Exclude<Layer, 'server'>];
      expect(answer.stderr).toContain(`GUARDRAIL_MARKER: ${marker}\nERROR: ${codeOf(route)}\n`);
      expect(answer.stderr).toContain('telec submit');
      expect(answer.status).toBe(1);
    },
  );

  test('what only the remote can stop is listed as such, and is', () => {
    for (const { name, stoppedBy, run } of PUSH_ROUTES) {
      if (stoppedBy === 'server') expect([name, tried(run, true).moved.length]).toEqual([name, 1]);
    }
  });

  test('without wrappers the hook stops what it is said to stop, and nothing else', () => {
    for (const route of PUSH_ROUTES) {
      if (route.stoppedBy === 'hook') continue;
      const { answer, moved } = tried(route.run, false);
      expect([route.name, moved.length > 0]).toEqual([route.name, !route.hook]);
      if (route.hook) expect(answer.stderr, route.name).toContain(`GUARDRAIL_MARKER: ${MARKERS.hook}\nERROR: `);
    }
  });

  test('each refusal is recorded, with its code and its guard', () => {
    const before = world.refusals().length;
    const routes = stopped.filter((_route, at) => at % 9 === 0);
    for (const { run } of routes) tried(run, true);
    expect(
      world
        .refusals()
        .slice(before)
        .map(({ code, route }) => [code, route]),
    ).toEqual(routes.map((route) => [codeOf(route), route.stoppedBy === 'hook' ? 'pre_push' : 'git']));
  });
});

describe('what moves nothing of main', () => {
  test.each(FREE_PUSHES.map((push) => [push.name, push] as const))(
    '%s passes as if there were no guards: status, stdout and stderr',
    (_name, push) => {
      const hooks = ['-c', 'core.hooksPath=/dev/null'];
      const git = world.git;
      // Once with neither hook nor wrapper, on the very same paths.
      world.git = (args, ask) => git([...hooks, ...args], ask);
      const plain = tried(push.run, false);
      world.git = git;
      expect(plain.moved).toEqual([]);
      expect(tried(push.run, false)).toEqual(plain);
      expect(tried(push.run, true)).toEqual(plain);
    },
  );
});
