/** The design card: each package does the job it was chosen for, and the actors that run are the machines that are exported. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import type { AnyActorLogic, InspectionEvent } from 'xstate';
import { StateMachine } from 'xstate';
import { z } from 'zod';
import { startSession } from '../../src/actors/integrator.ts';
import { createLeaseKeeper } from '../../src/actors/lease-keeper.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { candidateMachine } from '../../src/machines/candidate.ts';
import { buildDefaultCatalogue, envelopeSchema } from '../../src/machines/events.ts';
import { integratorMachine } from '../../src/machines/integrator.ts';
import { leaseMachine } from '../../src/machines/lease.ts';
import { openWindow } from '../../src/machines/speculation.ts';
import { foldWorld, work } from '../support/fold-world.ts';
import { handClock } from '../support/simple-clock.ts';
import { openTwinLease } from '../support/twins/lease.ts';
import { createStore, directPort } from '../support/twins/store.ts';

const root = new URL('../../', import.meta.url);
const { dependencies, devDependencies } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as Record<
  'dependencies' | 'devDependencies',
  Record<string, string>
>;

/** Whether a file under src imports `name`, and where. */
function importersOf(name: string): string[] {
  const names = readdirSync(new URL('src', root), { recursive: true, encoding: 'utf8' });
  return names.filter((path) => {
    if (!/\.tsx?$/.test(path)) return false;
    return new RegExp(`^(import|export) [^;]*from '${name}(/[^']*)?';`, 'm').test(
      readFileSync(new URL(`src/${path}`, root), 'utf8'),
    );
  });
}

const MACHINES = { candidate: candidateMachine, integrator: integratorMachine, lease: leaseMachine };

/** An inspection sink that remembers the logic of every actor that registers. */
function watcher(): { inspect: { next(event: InspectionEvent): void }; logics: AnyActorLogic[] } {
  const logics: AnyActorLogic[] = [];
  const next = (event: InspectionEvent) => {
    if (event.type === '@xstate.actor') logics.push(Reflect.get(event.actorRef, 'logic') as AnyActorLogic);
  };
  return { inspect: { next }, logics };
}

test('Card-P1 the machines are XState machines, set up with types and run as actors', () => {
  for (const [name, machine] of Object.entries(MACHINES)) {
    expect(machine).toBeInstanceOf(StateMachine);
    expect(machine.id).toBe(name);
    expect(machine.root.states).not.toEqual({});
  }
  expect(dependencies['xstate']).toBeDefined();
  expect(importersOf('xstate').filter((path) => path.startsWith('io/'))).toEqual([]);
});

test('Card-Kind Card-P1 candidates run as actors of the exported candidate machine', () => {
  const world = foldWorld();
  world.started(work('login'), 1);
  const actor = world.repository.actor(world.record(work('login')).id);
  expect(Reflect.get(actor ?? {}, 'logic')).toBe(candidateMachine);
  expect(actor?.getSnapshot()).toMatchObject({ status: 'active', value: 'pending' });
  expect(world.record(work('login')).context).toBe(actor?.getSnapshot().context);
});

test('Card-Kind the lease is kept by an actor of the exported lease machine', async () => {
  const clock = handClock();
  const { inspect, logics } = watcher();
  const keeper = createLeaseKeeper({
    store: openTwinLease(
      createStore(clock.now, () => 'log-1'),
      directPort(clock),
    ),
    clock,
    sessionId: 'integrator-1',
    makeToken: () => 't-1',
    ttlMs: 120_000,
    renewMs: 30_000,
    inspect,
    onLost: () => undefined,
  });
  await keeper.acquire(0);
  await keeper.release();
  expect(logics.filter((logic) => logic instanceof StateMachine).map(({ config }) => config)).toEqual([
    leaseMachine.config,
  ]);
});

test('Card-Kind a session is an actor of the exported integrator machine', async () => {
  const clock = handClock();
  const { inspect, logics } = watcher();
  const unreachable = () => Promise.reject(new Error('nothing is there'));
  const session = startSession({
    clock,
    inspect,
    ids: { ulid: () => '01hf8zq9k7m3c5t2x4v6w8y0ab' },
    config: {
      leaseTtlMs: 120_000,
      leaseRenewMs: 30_000,
      graceMs: 1,
      pushAttempts: 1,
      pushBatch: 1,
      speculation: { window: 1, batch: 1, patience: 0 },
    },
    timings: { rebuildMs: 1 },
    mode: 'live',
    repository: { standing: { mode: 'live' }, tests: { windowOf: openWindow, failureRate: () => null } },
    dispatcher: { catchUp: unreachable, watch: () => () => undefined },
    makeProber: () => ({}),
  } as unknown as Parameters<typeof startSession>[0]);
  expect(session.state()).toBe('acquiring');
  expect((await session.done).stop?.reason).toBe('bug');
  expect(logics.filter((logic) => logic instanceof StateMachine).map(({ config }) => config)).toEqual([
    integratorMachine.config,
  ]);
});

test('Card-Kind no rule of a machine stands anywhere else: no other file names the guards and actions of the charts', () => {
  const words = Object.values(MACHINES).flatMap(({ implementations }) => [
    ...Object.keys(implementations.guards ?? {}),
    ...Object.keys(implementations.actions ?? {}),
  ]);
  expect(words.length).toBeGreaterThan(50);
  const telling = [
    'isBorneOut',
    'mayBeSuperseded',
    'pushIsSettled',
    'isRefusedAlone',
    'isLostRaceTooMany',
    'wasRenewed',
  ];
  expect(telling.filter((word) => !words.includes(word))).toEqual([]);
  const others = readdirSync(new URL('src', root), { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.ts') && !path.startsWith('machines/'),
  );
  const pattern = new RegExp(`\\b(${telling.join('|')})\\b`);
  expect(others.filter((path) => pattern.test(readFileSync(new URL(`src/${path}`, root), 'utf8')))).toEqual([]);
});

test('Card-P3 zod validates envelopes, payloads and configuration, strictly', () => {
  for (const schema of buildDefaultCatalogue().list()) {
    expect(schema.payload, schema.type).toBeInstanceOf(z.ZodObject);
    expect(schema.payload.safeParse({ unheard_of: 1 }).success).toBe(false);
  }
  expect(envelopeSchema).toBeInstanceOf(z.ZodObject);
  expect(importersOf('zod')).toContain('io/config.ts');
});

test('Card-P6 commander is the whole command table', () => {
  const program = buildProgram(() => async () => undefined);
  expect(program).toBeInstanceOf(Command);
  expect(program.commands.length).toBeGreaterThan(20);
});

test.each([
  ['Card-P2', 'ioredis', 'io/redis/'],
  ['Card-P4', 'simple-git', 'io/git/'],
  ['Card-P5', '@statelyai/inspect', 'actors/'],
])('%s: %s is imported where its job is, and nowhere else', (_id, name, place) => {
  expect(dependencies[name]).toBeDefined();
  const importers = importersOf(name);
  expect(importers.length).toBeGreaterThan(0);
  expect(importers.filter((path) => !path.startsWith(place))).toEqual([]);
  expect(dependencies['@xstate/inspect']).toBeUndefined();
});

// Card-P2 Card-P4 Card-P5 Card-P7
test('vitest runs the tests, and every package of the card is there', () => {
  expect(Object.keys(devDependencies)).toContain('vitest');
  for (const name of ['xstate', 'ioredis', 'zod', 'simple-git', '@statelyai/inspect', 'commander'])
    expect(Object.keys(dependencies), name).toContain(name);
  expect(process.env['VITEST']).toBe('true');
});

test('Card-L1 the folders are as drawn', () => {
  for (const path of ['src/machines', 'src/actors', 'src/io', 'src/cli', 'test', 'docs'])
    expect(statSync(new URL(path, root)).isDirectory(), path).toBe(true);
  expect(statSync(new URL('package.json', root)).isFile()).toBe(true);
  const files = readdirSync(new URL('src', root), { withFileTypes: true });
  expect(
    files
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort(),
  ).toEqual(['actors', 'cli', 'io', 'machines']);
});
