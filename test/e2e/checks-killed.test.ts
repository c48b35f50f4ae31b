/**
 * The integrating process is ended while deliveries are tested: by SIGKILL at every point of a run, in the middle of a
 * command, by a lost lease, and in order. The same main, every end told once, and nobody left running.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import type { CandidateView } from '../../src/actors/client.ts';
import { CHECK_FAULT_POINTS } from '../../src/actors/faults.ts';
import { alive, type ChecksWorld, checksWorld, testing } from '../support/checks-world.ts';
import { makeWorld as makeDaemonWorld } from '../support/daemon-world.ts';
import { endWorlds, expectSound, MORTAL_TELEC, shortType } from '../support/e2e-world.ts';
import { poll } from '../support/redis-server.ts';

afterAll(endWorlds);

const OPTIONS = { check: 'retries: {failed: 1}', speculation: 'window: 2, parallel: 2' };

/** A passed one, one that fails for good, and one that passes when it is tried again. */
async function threeMore(world: ChecksWorld, prefix: string): Promise<void> {
  const from = world.main();
  await world.ready([
    { slug: `${prefix}one`, from },
    { slug: `${prefix}two`, from, files: { [`${prefix}two.bad`]: 'x\n' } },
    { slug: `${prefix}three`, from, files: { [`${prefix}three.once`]: 'x\n' } },
  ]);
}

async function terminal(world: ChecksWorld, prefix: string): Promise<string[]> {
  return (await world.events())
    .filter(({ event }) => ['deployment.completed', 'deployment.failed'].includes(shortType(event)))
    .map(({ event, payload }) => `${payload['slug']} ${shortType(event)} ${payload['outcome'] ?? payload['kind']}`)
    .filter((line) => line.startsWith(prefix));
}

test('S4-R2 I5 I6 killed at any point of a test: same main, same order, each end once, nobody left running', async () => {
  const world = await checksWorld(OPTIONS);
  const deaths = CHECK_FAULT_POINTS.flatMap((point) =>
    (point === 'before-eject' ? [1] : [1, 2]).map((n) => `${point}:${n}`),
  );
  const failures: string[] = [];
  for (const [index, death] of deaths.entries()) {
    const prefix = `r${index}-`;
    const before = world.landed();
    try {
      await threeMore(world, prefix);
      const victim = await world.start(['integrate'], { program: MORTAL_TELEC, env: { TEST_KILL: death } }).done;
      expect(victim.signal).toBe('SIGKILL');
      expect((await world.run(['lease', 'break', '--reason', 'it was killed'])).code).toBe(0);
      expect((await world.integrate()).json).toMatchObject({ outcome: 'drained' });
      expect(world.landed()).toEqual([...before, `${prefix}one`, `${prefix}three`]);
      expect((await terminal(world, prefix)).sort()).toEqual([
        `${prefix}one deployment.completed merged`,
        `${prefix}three deployment.completed merged`,
        `${prefix}two deployment.failed checks`,
      ]);
      expect(testing(world)).toEqual([]);
    } catch (error) {
      failures.push(`${death}: ${String(error)}`);
    }
  }
  expect(failures).toEqual([]);
  await expectSound(world);
}, 240_000);

test('killed while a command runs: the next session ends what is left of it and begins anew', async () => {
  const world = await checksWorld();
  await world.ready([{ slug: 'one', files: { 'one.wait': 'x\n', 'one.stubborn': 'x\n' } }]);
  const { child, done } = world.start(['integrate']);
  await world.began(1);
  child.kill('SIGKILL');
  await done;
  const [orphan = 0] = world.processes();
  expect(alive([orphan])).toEqual([orphan]);
  expect((await world.run(['lease', 'break', '--reason', 'it was killed'])).code).toBe(0);
  const going = world.integrate();
  await world.began(2);
  expect(alive([orphan])).toEqual([]);
  for (const gate of ['one.wait', 'one.stubborn']) world.open(gate);
  expect((await going).json).toMatchObject({ outcome: 'drained', completed: 1 });
  expect(testing(world)).toEqual([]);
  await expectSound(world);
}, 60_000);

test('told to stop while it tests: the commands are ended, nothing lands, all go back to the queue', async () => {
  const world = await checksWorld();
  await world.ready([{ slug: 'one', files: { 'one.stubborn': 'x\n' } }, { slug: 'two' }]);
  const controller = new AbortController();
  const going = world.integrate({ signal: controller.signal });
  await world.began(2);
  controller.abort();
  expect((await going).code).toBe(130);
  expect(testing(world)).toEqual([]);
  expect(world.landed()).toEqual([]);
  expect(await world.states()).toEqual({ one: 'ready', two: 'ready' });
  expect((await world.run(['lease'])).json).toBeNull();
  world.open('one.stubborn');
  expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 2 });
  expect(world.landed()).toEqual(['one', 'two']);
  await expectSound(world);
}, 60_000);

test('the lease is taken away while it tests: the commands are ended at once, and their verdicts count for nothing', async () => {
  const world = await checksWorld();
  await world.ready([{ slug: 'one', files: { 'one.wait': 'x\n' } }]);
  const lease = { TELEC_LEASE_TTL_MS: '3000', TELEC_LEASE_RENEW_MS: '100' };
  const going = world.integrate({ env: lease });
  await world.began(1);
  expect((await world.run(['lease', 'break', '--reason', 'somebody else shall'])).code).toBe(0);
  await poll(() => testing(world).length === 0, 10_000);
  expect((await going).json).toMatchObject({ outcome: 'aborted', completed: 0 });
  expect(await world.runs()).toEqual(['one unit 1 started']);
  world.open('one.wait');
  expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1 });
  expect(await world.runs()).toEqual(['one unit 1 started', 'one unit 1 started', 'one unit 1 passed']);
  await expectSound(world);
}, 60_000);

test('the daemon is told to end while it tests: it does in time, and the next one delivers', async () => {
  const gate = 'while [ ! -e "$TELEC_CHECK_CACHE/go" ]; do sleep 0.05; done';
  const config = `integration:\n  grace_ms: 0\nchecks:\n  - {name: unit, run: ${JSON.stringify(`trap "" TERM; ${gate}`)}}\n`;
  const world = await makeDaemonWorld({ config });
  onTestFinished(() => world.close());
  await world.ok(['up']);
  world.branch('feature/one', { 'one.txt': '1\n' });
  await world.ok(['submit', '--slug', 'one']);
  await poll(() => testing(world).length > 0, 30_000);
  const began = performance.now();
  await world.ok(['down']);
  expect(performance.now() - began).toBeLessThan(30_000);
  expect(testing(world)).toEqual([]);
  const caches = join(world.state(), 'checks', 'cache');
  for (const name of readdirSync(caches)) writeFileSync(join(caches, name, 'go'), '');
  await world.ok(['up']);
  await world.settled('one');
  expect(await world.ok<CandidateView>(['candidate', 'one'])).toMatchObject({ state: 'completed', attempt: 2 });
}, 120_000);
