/**
 * A bench of routes with telec set up in its clone: state folder, log on a real server, hook and wrappers as `telec init`
 * puts them in. The wrappers are met when PATH says so.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Host, openHost } from '../../src/actors/host.ts';
import type { EventType, PayloadOf } from '../../src/machines/events.ts';
import { type Answer, makeRouteBench, type RouteBench } from './route-bench.ts';

export const TELEC = fileURLToPath(new URL('../../dist/cli/telec.js', import.meta.url));

export interface GuardWorld extends RouteBench {
  state: string;
  bin: string;
  telec(args: readonly string[], env?: Record<string, string>): Answer;
  /** The environment with the wrappers first in PATH. */
  wrapped(): Record<string, string>;
  /** Works on the log as telec itself does. */
  withHost<T>(work: (host: Host) => Promise<T>, redisUrl?: string): Promise<T>;
  /** Appends one event, whoever may tell it. */
  tell<E extends EventType>(type: E, payload: PayloadOf<E>, redisUrl?: string): Promise<void>;
  /** Refusals in the log, oldest first. */
  refusals(): PayloadOf<'integration.guard.refused'>[];
}

export function makeGuardWorld(redisUrl: string, { init = true } = {}): GuardWorld {
  const bench = makeRouteBench();
  const home = join(bench.dir, 'home');
  Object.assign(bench.env, { TELEC_HOME: home, TELEC_REDIS_URL: redisUrl, TELEC_SESSION_ID: 'tester' });
  const folder = () => join(home, readdirSync(home)[0] ?? '');
  const world: GuardWorld = {
    ...bench,
    get state() {
      return folder();
    },
    get bin() {
      return join(folder(), 'bin');
    },
    telec(args, env = {}) {
      const options = { cwd: bench.clone, env: { ...bench.env, ...env }, encoding: 'utf8' as const, input: '' };
      const { status, stdout, stderr } = spawnSync(process.execPath, [TELEC, ...args], options);
      return { status, stdout, stderr };
    },
    wrapped: () => ({ PATH: `${world.bin}:${bench.env['PATH']}` }),
    async withHost(work, url = redisUrl) {
      const host = await openHost({
        repoId: readdirSync(home)[0] ?? '',
        folder: folder(),
        redisUrl: url,
        source: 'test/test',
      });
      try {
        await host.dispatcher.catchUp();
        return await work(host);
      } finally {
        await host.close();
      }
    },
    tell: (type, payload, url) =>
      world.withHost(async (host) => {
        const result = await host.producer.emit(type, payload as never);
        if (result.status !== 'appended') throw new Error(JSON.stringify(result));
      }, url),
    refusals() {
      const { stdout } = world.telec(['--json', 'events', 'tail']);
      const entries = stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line));
      return entries.filter(({ event }) => event.endsWith('.guard.refused')).map(({ payload }) => payload);
    },
  };
  if (init) {
    const { status, stderr } = world.telec(['init']);
    if (status !== 0) throw new Error(stderr);
    world.keep();
  }
  return world;
}
