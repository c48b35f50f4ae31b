/**
 * Watching a repository with a real Redis and a real remote: the whole, what changes while a session works, and what was.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import type { TelecClient } from '../../src/actors/client.ts';
import { merged } from '../../src/actors/live/merge.ts';
import type { LiveDesk, LiveMessage, Overview } from '../../src/actors/live/views.ts';
import { runtime } from '../../src/actors/open.ts';
import { makeWorld as makeDaemonWorld } from '../support/daemon-world.ts';
import { endWorlds, makeWorld, type World } from '../support/e2e-world.ts';
import { still } from '../support/live-world.ts';

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

describe('the past', () => {
  test('is shown entry by entry as it was, from the log alone', async () => {
    const world = await makeWorld();
    await world.ready([
      { slug: 'first', files: { 'app.txt': 'mine\n' } },
      { slug: 'second', files: { 'app.txt': 'yours\n' } },
    ]);
    await world.integrate();
    const client = await clientOf(world);
    const desk = await client.live();
    const events = await world.events();
    const now = await desk.overview();
    expect(now.moment.length).toBe(events.length);
    const seen: [string, unknown][] = [];
    for (let index = 0; index <= events.length; index += 1) {
      const { id } = await desk.moment(index);
      expect(id).toBe(events[index - 1]?.id ?? '0');
      const then = await desk.overview(id);
      const { candidates } = await client.replay({ at: id, verify: false });
      expect(then.candidates.map(({ key, state }) => [key, state])).toEqual(
        candidates.map(({ slug, branch, sha, state }) => [`${slug}/${branch}@${sha}`, state]),
      );
      expect(then.recent.map((entry) => entry.id)).toEqual(events.slice(0, index).map((entry) => entry.id));
      seen.push([then.status.integrator.state, then.status.lease?.fence ?? null]);
    }
    expect(seen.at(-1)).toEqual(['standby', null]);
    expect(seen).toContainEqual(['draining.pushing', 1]);
    const last = await desk.overview(now.moment.id);
    const { status: _then, ...then } = last;
    const { status: _now, ...today } = now;
    expect(still(then as Overview)).toEqual(still(today as Overview));
    expect(await desk.candidate('second', now.moment.id)).toEqual(await client.candidate('second'));
  });
});

describe('a daemon', () => {
  test('shows others how far its session is, and answers for now and then', async () => {
    const world = await makeDaemonWorld();
    onTestFinished(() => world.close());
    await world.ok(['up']);
    const gate = world.gate();
    const sha = world.branch('feature/one', { 'one.txt': '1\n' });
    await world.ok(['submit', '--slug', 'one']);
    await world.until(gate.reached);
    const { signal } = new AbortController();
    const other = await runtime.openClient({ cwd: world.clone, env: world.env, say: () => undefined, signal });
    onTestFinished(() => other.close());
    // The session runs in the daemon; this process knows of it by the log.
    const own = (await world.ask<Overview>('/v1/overview'))?.status.integrator;
    expect(own).toMatchObject({ state: 'draining.pushing', candidate: null });
    expect((await other.status()).integrator).toEqual(own);
    const [actor] = await other.actors({ machine: 'integrator' });
    expect(actor).toMatchObject({ id: own?.session_id, value: 'draining.pushing' });
    expect(await other.actor(own?.session_id ?? '')).toMatchObject({ machine: 'integrator', context: { fence: 1 } });
    const row = (await (await other.live()).overview()).candidates[0];
    expect(row).toMatchObject({ key: `one/feature/one@${sha}`, state: 'integrating' });
    expect(row?.waiting_for).toEqual((await other.why('one')).waiting_for);
    expect(row?.waiting_for[0]?.text).toContain('Rechecks every member of the train');
    const { moment } = (await world.ask<Overview>('/v1/overview')) as Overview;
    gate.open();
    await world.settled('one');
    const then = (await world.ask<Overview>(`/v1/overview?at=${moment.id}`)) as Overview;
    expect(then.status).toMatchObject({ counts: { integrating: 1 }, integrator: { state: 'draining.pushing' } });
    expect((await world.ask<Overview>('/v1/overview'))?.deliveries).toMatchObject([{ slug: 'one', outcome: 'merged' }]);
    expect(await world.ask(`/v1/moment?index=${moment.index}`)).toMatchObject({ id: moment.id, index: moment.index });
    expect(await world.ask(`/v1/candidate?selector=one&at=${moment.id}`)).toMatchObject({ state: 'integrating' });
    expect(await world.ask(`/v1/actor?id=${own?.session_id}&at=${moment.id}`)).toMatchObject({
      value: 'draining.pushing',
    });
    await expect(world.ask('/v1/overview?at=5-5')).rejects.toMatchObject({ code: 'NO_SUCH_ENTRY' });
  });
});
