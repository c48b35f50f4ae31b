/**
 * telec as a library: a program registers an event type and cartridges of its own through the public door and runs the
 * daemon itself, against a real Redis and a real remote.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import {
  buildDefaultCatalogue,
  type Cartridge,
  createBridge,
  type EventSchema,
  LEVEL,
  type RunningDaemon,
  startDaemon,
} from '../../src/index.ts';
import { makeWorld } from '../support/daemon-world.ts';
import { hermeticEnv } from '../support/git-repo.ts';

// The user's own git settings are read from this process's environment; the tests' user has none.
Object.assign(process.env, { HOME: hermeticEnv['HOME'], GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' });

const built: EventSchema = {
  type: 'shop.build.finished',
  canonicalName: null,
  version: 1,
  level: LEVEL.OPERATIONAL,
  domain: 'shop',
  emitter: 'user',
  actionable: false,
  description: 'A build ended',
  payload: z.strictObject({ build: z.string(), passed: z.boolean() }),
  idempotencyFields: ['build'],
  lifecycle: null,
  fenced: false,
  moves: null,
  entityField: 'build',
};

/** A cartridge that writes down what it saw for the first time, by short name. */
function recorder(name: string): Cartridge & { seen: string[] } {
  const seen: string[] = [];
  return {
    name,
    seen,
    process(event, { replaying }) {
      if (!replaying) seen.push(`${event.envelope.event.replace('domain.software-development.', '')}`);
      return event;
    },
  };
}

const failing: Cartridge = {
  name: 'failing',
  process() {
    throw new Error('this cartridge always fails');
  },
};

function ownCatalogue() {
  const catalogue = buildDefaultCatalogue();
  catalogue.register(built);
  return catalogue;
}

test('S4-C4b S3-3.1a S3-3.1f a program adds a type and cartridges; each sees an entry once, and one that fails stops no other', async () => {
  const world = await makeWorld();
  onTestFinished(() => world.close());
  const running = new Set<RunningDaemon>();
  onTestFinished(async () => {
    for (const daemon of running) await daemon.stop();
  });
  const start = async (...cartridges: Cartridge[]) => {
    const daemon = await startDaemon({ cwd: world.clone, env: world.env, catalogue: ownCatalogue(), cartridges });
    running.add(daemon);
    return daemon;
  };

  const first = recorder('recorder');
  const daemon = await start(failing, first);
  expect(first.seen).toEqual(['integration.configured', 'integration.cutover.enabled']);
  const emitted = await daemon.producer.emit('shop.build.finished', { build: 'b1', passed: true });
  expect(emitted.status).toBe('appended');
  expect(await daemon.producer.emit('shop.build.finished', { build: 'b1', passed: 'yes' })).toMatchObject({
    status: 'rejected',
    problems: [{ path: 'passed' }],
  });
  const bridge = createBridge(daemon.producer, { now: Date.now });
  await bridge.emitReviewApproved('login', 'ann', 1);
  const [sent] = await daemon.client.emit([{ event: 'shop.build.finished', payload: { build: 'b2', passed: false } }]);
  expect(sent?.status).toBe('appended');
  const said = ['shop.build.finished', 'review.approved', 'shop.build.finished'];
  await vi.waitFor(() => expect(first.seen.slice(2)).toEqual(said));
  await daemon.stop();

  // A new cartridge sees the log from its first entry; for one that saw it the same entries are no news.
  const again = recorder('recorder');
  const late = recorder('late');
  const second = await start(again, late);
  expect(late.seen).toEqual([...first.seen]);
  expect(again.seen).toEqual([]);
  await second.producer.emit('shop.build.finished', { build: 'b3', passed: true });
  await vi.waitFor(() => expect(again.seen).toEqual(['shop.build.finished']));
  await second.stop();
  running.clear();

  // A telec that does not know the type passes it by and shows it.
  const shown = await world.events();
  expect(shown.filter(({ event }) => event === 'shop.build.finished')).toHaveLength(3);
  await expect(start(recorder('dedup'))).rejects.toMatchObject({ code: 'DUPLICATE_CARTRIDGE' });
  await world.ok(['up']);
  await expect(start()).rejects.toMatchObject({ code: 'DAEMON_RUNNING' });
});

test('S4-C4b the packed doors open: the whole, and the machines without any client of the network', () => {
  const script = `
    const machines = await import('telec/machines');
    const loaded = process.moduleLoadList.some((name) => / (net|tls|child_process)$/.test(name));
    const whole = await import('telec');
    process.stdout.write(JSON.stringify({ loaded, machine: machines.candidateMachine.id, names: Object.keys(whole).sort() }));`;
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  const run = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { cwd, encoding: 'utf8' });
  expect(run.stderr).toBe('');
  expect(JSON.parse(run.stdout)).toEqual({
    loaded: false,
    machine: 'candidate',
    names: [
      'EXIT',
      'EventCatalogue',
      'Host',
      'InvariantViolation',
      'LEVEL',
      'Pipeline',
      'TelecError',
      'buildDefaultCatalogue',
      'candidateMachine',
      'createBridge',
      'createProducer',
      'integratorMachine',
      'leaseMachine',
      'openHost',
      'registerIntegrationSchemas',
      'runtime',
      'startDaemon',
      'todoMachine',
    ],
  });
});
