/**
 * The cartridge pipeline and the trigger: what wakes the integrator, what passes unchanged, and that neither a replay
 * nor a cartridge that throws has an effect on the others.
 */
import { describe, expect, test, vi } from 'vitest';
import { Dispatcher } from '../../src/actors/dispatcher.ts';
import { NotificationBoard } from '../../src/actors/notifications.ts';
import { type Cartridge, integrationTrigger, Pipeline } from '../../src/actors/pipeline.ts';
import { createProducer } from '../../src/actors/producer.ts';
import { Repository } from '../../src/actors/repository.ts';
import { buildDefaultCatalogue } from '../../src/machines/events.ts';
import { handClock } from '../support/simple-clock.ts';
import { openTwinLog } from '../support/twins/log.ts';
import { createStore, directPort } from '../support/twins/store.ts';

const SHA = 'a'.repeat(40);
const AT = '2026-01-01T00:00:00.000Z';
const TRIPLE = { slug: 'login', branch: 'feature/login', sha: SHA };

function makeWorld(cartridges: Cartridge[] = [], positions: Record<string, string> = {}) {
  const clock = handClock(Date.parse(AT));
  const store = createStore(
    () => clock.now(),
    () => 'log',
  );
  const log = openTwinLog(store, directPort(clock));
  const catalogue = buildDefaultCatalogue();
  const repository = new Repository();
  const spawned: string[][] = [];
  const ready: string[] = [];
  const report = vi.fn();
  const open = () =>
    new Dispatcher({
      log,
      catalogue,
      repository,
      notifications: new NotificationBoard(),
      pipeline: new Pipeline({ cartridges, positions, report }),
      onCandidateReady: ({ key }) => ready.push(key),
      spawnIntegrator: (...triple) => spawned.push(triple),
    });
  const producer = createProducer({ log, catalogue, clock, source: 'worker/test' });
  const started = { ...TRIPLE, worker_session_id: 'w', orchestrator_session_id: 'o', ready_at: AT };
  const pushed = { branch: TRIPLE.branch, sha: SHA, remote: 'origin', pushed_at: AT, pusher: 'w' };
  const probed = {
    ...TRIPLE,
    session_id: 's',
    reachable: true,
    integrated: false,
    undelivered: [],
    previous: null,
    probed_at: AT,
  };
  const signals = {
    review: () =>
      producer.emit('review.approved', { slug: 'login', approved_at: AT, review_round: 1, reviewer_session_id: 'r' }),
    started: () => producer.emit('deployment.started', { ...started, pushed }),
    probed: (facts: object = {}) => producer.emit('integration.candidate.probed', { ...probed, ...facts }),
  };
  return { open, dispatcher: open(), repository, spawned, ready, report, signals, positions };
}

describe('the integration trigger', () => {
  test('S3-3.1d S4-Sc3 S4-FR3.1 S4-FR7.2 the events feed the candidates, and the one that makes ready wakes the integrator', async () => {
    const { dispatcher, signals, spawned, ready } = makeWorld();
    await signals.started();
    await signals.review();
    await dispatcher.catchUp();
    expect(spawned).toEqual([]);
    await signals.probed();
    await dispatcher.catchUp();
    expect(ready).toEqual([`login/feature/login@${SHA}`]);
    expect(spawned).toEqual([['login', 'feature/login', SHA]]);
  });

  test('one found on main wakes it too, though it is not ready', async () => {
    const { dispatcher, signals, spawned, repository } = makeWorld();
    await signals.started();
    await signals.probed({ integrated: true });
    await dispatcher.catchUp();
    expect(repository.queue).toEqual([]);
    expect(spawned).toEqual([['login', 'feature/login', SHA]]);
  });

  test('S3-3.1e an event it does not know passes unchanged and moves nothing', () => {
    const event = { id: '1-0', envelope: {}, schema: null, domain: null, annotations: new Map() } as never;
    const context = { repository: new Repository(), replaying: false } as never;
    expect(integrationTrigger.process(event, context)).toBe(event);
  });

  test('a replay wakes nobody: what was handled stands in the recorded position', async () => {
    const { dispatcher, signals, spawned, positions } = makeWorld();
    await signals.started();
    await signals.review();
    await signals.probed();
    await dispatcher.catchUp();
    const again = makeWorld([], { ...positions });
    await again.signals.started();
    await again.signals.review();
    await again.signals.probed();
    await again.dispatcher.catchUp();
    expect(spawned).toHaveLength(1);
    expect(again.spawned).toEqual([]);
    expect(again.repository.queue).toHaveLength(1);
  });
});

describe('cartridges', () => {
  test('S3-3.1a see every entry in order, and one that throws is reported and stops no other', async () => {
    const seen: string[] = [];
    const broken: Cartridge = {
      name: 'broken',
      process: () => {
        throw new Error('no');
      },
    };
    const listing: Cartridge = {
      name: 'listing',
      process: async (event) => {
        seen.push(event.envelope.event.replace('domain.software-development.', ''));
        return event;
      },
    };
    const { dispatcher, signals, report } = makeWorld([broken, listing]);
    await signals.started();
    await signals.review();
    await dispatcher.catchUp();
    expect(seen).toEqual(['deployment.started', 'branch.pushed', 'review.approved']);
    expect(report.mock.calls.map(([name]) => name)).toEqual(['broken', 'broken', 'broken']);
  });

  test('one that answers null ends the way of the entry, for those after it alone', async () => {
    const seen: string[] = [];
    const sieve: Cartridge = { name: 'sieve', process: () => null };
    const listing: Cartridge = {
      name: 'listing',
      process: (event) => {
        seen.push(event.id);
        return event;
      },
    };
    const { dispatcher, signals, repository } = makeWorld([sieve, listing]);
    await signals.started();
    await dispatcher.catchUp();
    expect(seen).toEqual([]);
    expect(repository.live()).toHaveLength(1);
  });
});
