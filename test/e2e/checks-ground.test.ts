/** The place where checks run, as a user meets it: what is left of a run, and what the doctor says of it. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { DoctorRow } from '../../src/actors/client.ts';
import { checksWorld } from '../support/checks-world.ts';
import { endWorlds, makeWorld, type World } from '../support/e2e-world.ts';

afterAll(endWorlds);

const doctor = async (world: World) =>
  (await world.run<DoctorRow[]>(['doctor'])).json.filter(({ check }) => check === 'checks');

test('the doctor says that nothing is tested where no checks are configured', async () => {
  const world = await makeWorld();
  expect(await doctor(world)).toEqual([
    { check: 'checks', status: 'ok', detail: 'none configured: deliveries are merged, not tested', mend: null },
  ]);
});

test('the doctor names the checks, and what is kept for the next ones is private', async () => {
  const world = await checksWorld();
  await world.ready([{ slug: 'one' }]);
  expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1 });
  const [row] = await doctor(world);
  expect(row).toMatchObject({ status: 'ok', mend: null });
  expect(row?.detail).toMatch(/^1 configured: unit; 1 work tree kept in \/.*\/checks, [\d.]+ GiB free$/);
  const folder = / kept in (.*), /.exec(row?.detail ?? '')?.[1] ?? '';
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  // Nothing of the run is left but its work tree, its log and its cache.
  expect(readdirSync(folder).sort()).toEqual(['0', '0.lock', 'cache', 'logs']);
  expect(readdirSync(join(folder, '0')).sort()).toEqual(['git', 'slot.json', 'tree']);
  const logs = readdirSync(join(folder, 'logs'));
  expect(logs).toHaveLength(1);
  expect(statSync(join(folder, 'logs', logs[0] ?? '')).mode & 0o777).toBe(0o600);
});
