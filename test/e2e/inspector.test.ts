/**
 * The inspector over the network: the receiver of `@statelyai/inspect`, as its makers publish it, against a running
 * daemon. The built program, a real remote; the receiver joins when everything is under way.
 */
import { readFileSync } from 'node:fs';
import { createWebSocketReceiver, type StatelyInspectionEvent } from '@statelyai/inspect';
import { expect, onTestFinished, test } from 'vitest';
import type { ActorRow } from '../../src/actors/client.ts';
import { readDaemonFile } from '../../src/io/state.ts';
import { webTokenFile } from '../../src/io/web-token.ts';
import { makeWorld, type World } from '../support/daemon-world.ts';

const QUIET = { TELEC_WEB_PORT: '0', TELEC_INTEGRATION_PROBE_MS: '86400000' };

interface Watching {
  heard: StatelyInspectionEvent[];
  /** Newest state of each actor by its name, as the messages so far tell it. */
  states(): Record<string, { value: unknown; status: string }>;
}

function receive(world: World): Watching {
  const token = /Bearer (\S+)/.exec(readFileSync(webTokenFile(world.state()), 'utf8'))?.[1];
  const { port } = new URL(readDaemonFile(world.state())?.web ?? '');
  const heard: StatelyInspectionEvent[] = [];
  createWebSocketReceiver({ server: `ws://127.0.0.1:${port}/v1/inspect?access_token=${token}` }).subscribe((event) => {
    heard.push(event);
  });
  const states = () => {
    const names = new Map<string, string>();
    const found: ReturnType<Watching['states']> = {};
    for (const event of heard) {
      if (event.type === '@xstate.actor') names.set(event.sessionId, event.name);
      else if (event.type === '@xstate.snapshot') {
        const { value, status } = event.snapshot as { value?: unknown; status: string };
        found[names.get(event.sessionId) ?? `unannounced ${event.sessionId}`] = { value, status };
      }
    }
    return found;
  };
  return { heard, states };
}

test('Card-U2 the official receiver, joining late, sees every actor with its newest snapshot, and then what happens', async () => {
  const world = await makeWorld({ env: QUIET });
  onTestFinished(() => world.close());
  await world.ok(['up']);
  await world.ok(['hold', '--reason', 'quiet']);
  const keys: Record<string, string> = {};
  const submit = async (slug: string) => {
    keys[slug] = `${slug}/feature/${slug}@${world.branch(`feature/${slug}`, { [`${slug}.txt`]: `${slug}\n` })}`;
    await world.ok(['submit', '--slug', slug]);
  };
  await submit('one');
  await submit('two');
  await world.settled('two', 'ready');

  const late = receive(world);
  const rows = async () => (await world.ask<ActorRow[]>('/v1/actors')) ?? [];
  await world.until(() => Object.keys(late.states()).length >= 2);
  const shown = Object.fromEntries((await rows()).map(({ id, value }) => [id, { value, status: 'active' }]));
  expect(Object.keys(shown).sort()).toEqual([keys['one'], keys['two']].sort());
  expect(late.states()).toEqual(shown);
  expect(late.heard.map(({ type }) => type).sort()).toEqual([
    '@xstate.actor',
    '@xstate.actor',
    '@xstate.snapshot',
    '@xstate.snapshot',
  ]);
  const [actor] = late.heard;
  if (actor?.type !== '@xstate.actor') throw new Error('an actor is announced before its snapshots');
  expect(JSON.parse(actor.definition ?? '{}')).toMatchObject({ id: 'candidate', states: { ready: {} } });
  expect(actor._version).toBe('0.7.2');

  await submit('three');
  await world.until(() => (late.states()[keys['three'] ?? '']?.value ?? '') === 'ready');

  // One that joins in the middle of a session sees the integrator at work, where it is.
  const gate = world.gate();
  await world.ok(['unhold']);
  await world.until(() => gate.reached());
  const later = receive(world);
  const running = (await rows()).find(({ machine }) => machine === 'integrator');
  const session = running?.id ?? '';
  await world.until(() => later.states()[session] !== undefined);
  expect(pathOf(later.states()[session]?.value)).toBe(running?.value);
  expect(later.states()[session]).toEqual({ value: { draining: 'pushing' }, status: 'active' });
  expect(later.states()[session]).toEqual(late.states()[session]);
  expect(later.states()[keys['one'] ?? '']).toEqual({ value: 'integrating', status: 'active' });
  gate.open();

  // What ends tells so, and is not shown to who comes afterwards.
  for (const slug of ['one', 'two', 'three']) await world.settled(slug);
  await world.until(() => Object.values(later.states()).every(({ status }) => status !== 'active'));
  for (const slug of ['one', 'two', 'three'])
    expect([late, later].map((each) => each.states()[keys[slug] ?? ''])).toEqual([
      { value: 'completed', status: 'done' },
      { value: 'completed', status: 'done' },
    ]);
  expect(await world.ask('/v1/inspection')).toEqual([]);
  // The token of the lease is in what the session was doing all the time.
  const tokens = [...JSON.stringify([late.heard, later.heard]).matchAll(/"\w*token":("[^"]*")/gi)].map(
    ([, value]) => value,
  );
  expect(tokens.length).toBeGreaterThan(3);
  expect(new Set(tokens)).toEqual(new Set(['"***"']));
  expect(Object.keys(late.states()).filter((name) => name.startsWith('unannounced'))).toEqual([]);
});

/** A state value as the path that telec shows. */
function pathOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const [[name, inner] = ['', '']] = Object.entries(value as Record<string, unknown>);
  return `${name}.${pathOf(inner)}`;
}
