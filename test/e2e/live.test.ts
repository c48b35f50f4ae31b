/**
 * Watching a repository with a real Redis and a real remote: the whole, what changes while a session works, and what was.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import type { TelecClient } from '../../src/actors/client.ts';
import { merged } from '../../src/actors/live/merge.ts';
import type { LiveDesk, LiveMessage, Overview } from '../../src/actors/live/views.ts';
import { runtime } from '../../src/actors/open.ts';
import { endWorlds, makeWorld, type World } from '../support/e2e-world.ts';

afterAll(endWorlds);

async function clientOf(world: World): Promise<TelecClient> {
  const { signal } = new AbortController();
  const client = await runtime.openClient({ cwd: world.cloneDir, env: world.env, say: () => undefined, signal });
  onTestFinished(() => client.close());
  return client;
}

/** Follows in the background: what a reader has who took in all messages so far. */
function reader(desk: LiveDesk) {
  const ending = new AbortController();
  const messages: LiveMessage[] = [];
  let known: Overview | null = null;
  const done = (async () => {
    for await (const message of desk.follow(ending.signal)) {
      messages.push(message);
      known = message.kind === 'overview' ? message.overview : merged(known as Overview, message);
    }
  })();
  onTestFinished(() => {
    ending.abort();
    return done;
  });
  return {
    messages,
    done,
    end: () => ending.abort(),
    known: () => known as Overview,
    async until(wanted: (overview: Overview) => boolean) {
      for (let tries = 0; known === null || !wanted(known); tries += 1) {
        if (tries > 1000) throw new Error(`never seen: ${JSON.stringify(known)}`);
        await pause(20);
      }
    },
  };
}

/** Without what differs by the clock alone. */
const still = ({ now: _now, ...overview }: Overview) => overview;

describe('following', () => {
  test('starts with the whole; with every change a reader has what a new look shows', async () => {
    const world = await makeWorld();
    await world.ready([{ slug: 'first' }]);
    const desk = await (await clientOf(world)).live();
    const live = reader(desk);
    await live.until(({ candidates }) => candidates.length === 1);
    expect(live.messages.map(({ kind }) => kind)).toEqual(['overview']);
    expect(still(live.known())).toEqual(still(await desk.overview()));

    await world.ready([{ slug: 'second' }]);
    await live.until(({ candidates }) => candidates.length === 2);
    await world.integrate();
    await live.until(
      ({ status }) => status.counts.completed === 2 && status.lease === null && status.integrator.state === 'standby',
    );
    expect(live.messages.slice(1).every(({ kind }) => kind === 'change')).toBe(true);
    const fresh = await desk.overview();
    await live.until(({ moment }) => moment.id === fresh.moment.id);
    expect(still(live.known())).toEqual(still(fresh));
    expect(fresh.deliveries.map(({ slug }) => slug)).toEqual(['second', 'first']);
    expect(fresh.moment).toMatchObject({ index: fresh.status.log.length, length: fresh.status.log.length });
  });
});
