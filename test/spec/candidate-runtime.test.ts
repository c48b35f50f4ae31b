/**
 * The runtime follows the chart: every way through the candidate's chart is told to the real producer, read back by the
 * real dispatcher, and ends in the snapshot the chart has.
 */
import { describe, expect, onTestFinished, test } from 'vitest';
import { createActor } from 'xstate';
import type { CandidateRecord } from '../../src/actors/candidate-record.ts';
import { Dispatcher } from '../../src/actors/dispatcher.ts';
import { NotificationBoard } from '../../src/actors/notifications.ts';
import { Pipeline } from '../../src/actors/pipeline.ts';
import { createProducer } from '../../src/actors/producer.ts';
import { Repository } from '../../src/actors/repository.ts';
import { connect } from '../../src/io/redis/connection.ts';
import { openLeaseStore } from '../../src/io/redis/lease.ts';
import { type EventLog, openLog } from '../../src/io/redis/log.ts';
import { type CandidateEvent, candidateMachine } from '../../src/machines/candidate.ts';
import { buildDefaultCatalogue } from '../../src/machines/events.ts';
import { candidateKey } from '../../src/machines/identity.ts';
import {
  type CandidateSnapshot,
  essenceOf,
  eventsAt,
  FENCE,
  INPUT,
  OLDER,
  OWN,
  START_MS,
  started,
} from '../support/candidate-model.ts';
import { explore } from '../support/exploration.ts';
import { startRedis } from '../support/redis-server.ts';
import { handClock } from '../support/simple-clock.ts';
import { openTwinLease } from '../support/twins/lease.ts';
import { openTwinLog } from '../support/twins/log.ts';
import { createStore, directPort } from '../support/twins/store.ts';

const TOKEN = 't-1';
const catalogue = buildDefaultCatalogue();
const walk = explore(candidateMachine, {
  input: INPUT,
  events: eventsAt,
  serialize: essenceOf,
  nameOf: (event) => event.id,
  limit: 40_000,
});

/** Ways that are not the beginning of another; driving them drives every way. */
const whole = walk.paths.filter(({ events }) => {
  const name = events.map(({ id }) => id).join(' > ');
  return !walk.paths.some((other) =>
    other.events
      .map(({ id }) => id)
      .join(' > ')
      .startsWith(`${name} > `),
  );
});

/** A log in memory, under a lease with fence 1. */
async function memoryLog(): Promise<EventLog> {
  const clock = handClock(START_MS);
  const store = createStore(clock.now, () => 'log-1');
  const port = directPort(clock);
  await openTwinLease(store, port).acquire('integrator-1', TOKEN, 120_000, FENCE - 1);
  return openTwinLog(store, port);
}

async function openWorld(log: EventLog) {
  const clock = handClock(START_MS);
  const producer = createProducer({ log, catalogue, clock, source: 'spec/s-1' });
  const repository = new Repository();
  const woken: string[] = [];
  const dispatcher = new Dispatcher({
    log,
    catalogue,
    repository,
    notifications: new NotificationBoard(),
    pipeline: new Pipeline({
      positions: {},
      report: (cartridge, id, error) => {
        throw new Error(`${cartridge} failed at ${id}`, { cause: error });
      },
    }),
    onCandidateReady: (record) => woken.push(record.id),
  });
  let commands = 0;
  const own = (): CandidateRecord => {
    const record = repository.ofSlug(OWN.slug).find(({ id }) => id === candidateKey(OWN));
    if (!record) throw new Error('the candidate is not there');
    return record;
  };
  const tell = async (event: CandidateEvent): Promise<void> => {
    const payload: Record<string, unknown> = { ...event.payload };
    if ('command_id' in payload) {
      commands += 1;
      payload['command_id'] = commands.toString().padStart(26, '0');
    }
    if (event.type === 'integration.candidate.probed') payload['previous'] = own().lastProbe;
    const proof = { token: TOKEN, fence: FENCE };
    const result = await producer.emit<string>(event.type, payload, { proof });
    expect(result, event.id).toMatchObject({ status: 'appended' });
    await dispatcher.catchUp();
  };
  for (const [triple, seconds] of [
    [OLDER, 0],
    [OWN, 10],
  ] as const) {
    await producer.emit('deployment.started', started(triple, seconds));
  }
  await dispatcher.catchUp();
  return { tell, own, woken, repository };
}

/** The chart alone, fed with the same events. */
function play(events: readonly CandidateEvent[]): CandidateSnapshot {
  const actor = createActor(candidateMachine, { input: INPUT }).start();
  for (const event of events) actor.send(event);
  return actor.getSnapshot();
}

const nameOf = (events: readonly CandidateEvent[]) => events.map(({ id }) => id).join(' > ');

/** The same events with a number of its own for each push, as a session gives them. */
function numbered(events: readonly CandidateEvent[]): CandidateEvent[] {
  let pushes = 0;
  return events.map((event) => {
    if (event.type === 'integration.push.attempted') pushes += 1;
    const { payload } = event;
    if (!('seq' in payload) || event.id.startsWith('another')) return event;
    return { ...event, payload: { ...payload, seq: Math.max(1, pushes) } } as CandidateEvent;
  });
}

/** Tells all events to the runtime and compares what it knows then with what the chart says. */
async function expectSame(
  way: readonly CandidateEvent[],
  end: CandidateSnapshot,
  openLogOf: () => Promise<EventLog> = memoryLog,
): Promise<void> {
  const events = numbered(way);
  const world = await openWorld(await openLogOf());
  for (const event of events) await world.tell(event);
  const chart = play(events);
  const { state, context } = world.own();
  expect({ state, context }, nameOf(events)).toEqual({ state: chart.value, context: chart.context });
  // The walk keeps one snapshot for all that are alike.
  expect(essenceOf(chart), nameOf(events)).toBe(essenceOf(end));
}

describe('the dispatcher follows the chart', () => {
  test('Card-S4 Card-S3 Card-S1 S3-3.1b every way through the chart, told to the log, ends in the snapshot of the chart', async () => {
    expect(whole.length).toBeGreaterThan(100);
    for (const { events, end } of whole) await expectSame(events, end);
  });

  test('Card-S4 Card-S3 each event in each state does in the runtime what it does in the chart', async () => {
    const seen = new Set<string>();
    const ways = new Map(walk.paths.map(({ end, events }) => [essenceOf(end), events]));
    for (const { from, event, to } of walk.steps) {
      const kind = `${String(from.value)} | ${event.id} | ${String(to.value)} | ${from.context.openPush !== null}`;
      if (seen.has(kind)) continue;
      const way = ways.get(essenceOf(from));
      if (!way) throw new Error(`no way to ${essenceOf(from)}`);
      const here = play(numbered(way));
      const next = eventsAt(here).find(({ id }) => id === event.id);
      if (!next) throw new Error(`no event ${event.id}`);
      // What was told on the way cannot be told again: the log would answer that it knows it.
      if (way.some(({ id }) => id === next.id)) continue;
      seen.add(kind);
      await expectSame([...way, next], to);
    }
    expect(seen.size).toBeGreaterThan(100);
  });

  test('Card-S3 S4-FR2.4 S3-3.1c through a real Redis it is the same: the longest way to each end and each rest', async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.stop());
    const longest = new Map<string, (typeof whole)[number]>();
    for (const way of whole) {
      const state = String(way.end.value);
      if (way.events.length > (longest.get(state)?.events.length ?? 0)) longest.set(state, way);
    }
    expect(longest.size).toBeGreaterThanOrEqual(4);
    for (const [state, { events, end }] of longest) {
      const connection = await connect({ socketPath: redis.socketPath });
      onTestFinished(() => connection.close());
      await openLeaseStore(connection, state).acquire('integrator-1', TOKEN, 120_000, FENCE - 1);
      await expectSame(events, end, async () => openLog(connection, state));
    }
  });

  test('Spec-3 Spec-4 only the step to ready queues a candidate and wakes the integrator, once', async () => {
    const snapshot = walk.snapshots[0];
    if (!snapshot) throw new Error('no snapshot');
    const named = (name: string) => {
      const event = eventsAt(snapshot).find(({ id }) => id === name);
      if (!event) throw new Error(`no event ${name}`);
      return event;
    };
    const world = await openWorld(await memoryLog());
    await world.tell(named('approved'));
    await world.tell(named('pushed'));
    expect(world.woken).toEqual([]);
    expect(world.repository.queue).toEqual([]);
    await world.tell(named('probed: fine'));
    expect(world.woken).toEqual([candidateKey(OWN)]);
    expect(world.repository.queue.map(({ id }) => id)).toEqual([candidateKey(OWN)]);
    await world.tell(named('approved for another commit'));
    await world.tell(named('a lower one started'));
    expect(world.woken).toEqual([candidateKey(OWN)]);
    expect(world.repository.queue.map(({ id }) => id)).toEqual([candidateKey(OWN)]);
  });
});
