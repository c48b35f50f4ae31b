import { afterAll, describe, expect, test } from 'vitest';
import type { AuditView } from '../../src/actors/audit/views.ts';
import { endWorlds, makeWorld } from '../support/e2e-world.ts';
afterAll(endWorlds);
describe('x', () => {
  test('clean', async () => {
    const world = await makeWorld();
    await world.ready([{ slug: 'one' }, { slug: 'two' }]);
    process.stderr.write("\n" + String(JSON.stringify([(await world.integrate()).json])));
    const run = await world.run<AuditView>(['audit']);
    process.stderr.write("\n" + String(JSON.stringify([run.code, run.stdout, run.stderr])));
    const f = world.foreign({ 'x.txt': 'x\n' });
    process.stderr.write("\n" + String(JSON.stringify([(await world.run<AuditView>(['audit'], { text: true })).stdout, f])));
    await world.ready([{ slug: 'three' }]);
    process.stderr.write("\n" + String(JSON.stringify([(await world.integrate()).json])));
    process.stderr.write("\n" + String(JSON.stringify([(await world.run<AuditView>(['audit'], { text: true })).stdout, f])));
    process.stderr.write("\n" + String(JSON.stringify([(await world.events()).filter((e) => e.event.includes('audited')).map((e) => JSON.stringify(e.payload))])));
    expect(1).toBe(1);
  });
});
