/** A recorded log, simulated: the load is what happened, and the same settings bring the same ends in the same order. */
import { afterAll, expect, test } from 'vitest';
import { runtime } from '../../src/actors/open.ts';
import type { SimulateView } from '../../src/actors/simulate/views.ts';
import { simulate } from '../../src/actors/simulate/world.ts';
import { checksWorld } from '../support/checks-world.ts';
import { endWorlds, shortType } from '../support/e2e-world.ts';

afterAll(endWorlds);

test('what the log of a session tells comes to the same ends in the same order, in any window', async () => {
  const world = await checksWorld({ check: 'retries: {failed: 1}', speculation: 'window: 3, parallel: 3' });
  await world.ready([
    { slug: 'flaky', files: { 'flaky.once': 'x\n' } },
    { slug: 'one', files: { 'shared.txt': 'one\n' } },
    { slug: 'two', files: { 'two.bad': 'it is broken\n' } },
    { slug: 'four', files: { 'shared.txt': 'four\n' } },
    { slug: 'five' },
  ]);
  expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 3, blocked: 2 });
  const real = (await world.events())
    .map(({ event, payload }) => [shortType(event), payload['slug']])
    .filter(([event]) => event === 'deployment.completed' || event === 'deployment.failed');
  expect(real.map(([, slug]) => slug)).toEqual(['flaky', 'one', 'two', 'four', 'five']);

  const context = { cwd: world.cloneDir, env: world.env, say: () => undefined, signal: new AbortController().signal };
  const client = await runtime.openClient(context);
  const load = await client.recordedLoad({ from: null, to: null, checkMs: null });
  const late = await client.recordedLoad({ from: (await world.events()).at(-1)?.id ?? '', to: null, checkMs: null });
  await client.close();
  expect(late.changes).toEqual([]);
  expect(load.changes.map(({ slug, bad, conflict, flakes }) => [slug, bad, conflict, flakes])).toEqual([
    ['flaky', false, 'none', 1],
    ['one', false, 'none', 0],
    ['two', true, 'none', 0],
    ['four', false, 'always', 0],
    ['five', false, 'none', 0],
  ]);
  const settings = { batch: 1, patience: 0, parallel: 3, pushBatch: 10, retries: 1, mergeMs: 20, pushMs: 60 };
  for (const window of [1, 3, 8]) {
    const run = simulate(load, { ...settings, window });
    const ends = run.ended.map(({ change, end }) => [
      `deployment.${end === 'landed' ? 'completed' : 'failed'}`,
      change.slug,
    ]);
    expect(ends).toEqual(real);
    expect(run.flakes).toBe(1);
  }

  const { json } = await world.run<SimulateView>([
    'simulate',
    '--window',
    '3',
    '--retries',
    '0,1',
    '--check-time',
    '2m',
  ]);
  expect(json.load).toMatchObject({ source: 'recorded', candidates: 5, check_ms: 120_000, failure_rate: 0.2 });
  const rows = json.rows.filter(({ kind }) => kind === 'setting');
  expect(rows.map(({ retries, landed, blocked }) => ({ retries, landed, ...blocked }))).toEqual([
    { retries: 0, landed: 2, checks: 2, conflict: 1, wrongly: 1 },
    { retries: 1, landed: 3, checks: 1, conflict: 1, wrongly: 0 },
  ]);
});

test('where nothing came to an end it is refused, with the way to a generated load; that needs no repository', async () => {
  const world = await checksWorld();
  const none = await world.run(['simulate']);
  expect([none.code, none.stderr]).toEqual([
    1,
    'error: nothing in that part of the log came to an end\n' +
      'hint: take more of the log, or generate a load: telec simulate --candidates 1000 --check-time 10m\n',
  ]);
  const outside = await world.run(['simulate'], { cwd: '/', text: true });
  expect([outside.code, outside.stderr]).toEqual([
    2,
    'error: / is not in a checkout of a git repository\n' +
      'hint: run telec inside a clone, name one with -C <dir>, or describe a load: telec simulate --candidates 1000\n',
  ]);
  const failing = ['simulate', '--candidates', '5', '--failure-rate', '100%', '--window', '2'];
  const lines = (await world.run(failing, { cwd: '/', text: true })).stdout.split('\n');
  expect(lines.find((line) => line.startsWith('window 2'))).toMatch(/ 0\.00x +- +/);
  const generated = await world.run<SimulateView>(['simulate', '--candidates', '20', '--window', '2'], { cwd: '/' });
  expect(generated.json.rows.map(({ kind, landed }) => [kind, landed])).toEqual([
    ['serial', 20],
    ['setting', 20],
    ['oracle', 20],
  ]);
});
