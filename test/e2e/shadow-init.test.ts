/** `telec init --shadow`: how a repository begins whose main another path still moves, and what it may become from there. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { InitView, StatusView } from '../../src/actors/client.ts';
import { endWorlds, makeWorld } from '../support/e2e-world.ts';
import { git } from '../support/git-repo.ts';

afterAll(endWorlds);

type Refused = { error: { code: string; message: string; hint: string } };

test('init --shadow begins the comparison and nothing else: the remote is untouched, and doing it again changes nothing', async () => {
  const world = await makeWorld({ raw: true });
  const refs = world.refs();
  const first = await world.run<InitView>(['init', '--shadow']);
  expect(first).toMatchObject({ code: 0, json: { mode: 'shadow', changed: true } });
  expect(await world.trail('integration.')).toEqual(['integration.configured', 'integration.shadow.started']);
  const events = await world.events();
  expect(events.at(-1)?.payload).toMatchObject({ main_sha: world.first, reason: 'telec init --shadow' });

  const again = await world.run<InitView>(['init', '--shadow']);
  expect(again).toMatchObject({ code: 0, json: { mode: 'shadow', changed: false } });
  const bare = await world.run<InitView>(['init'], { text: true });
  expect(bare.code).toBe(0);
  expect(bare.stdout).toContain('was set up before (shadow); nothing changed');
  expect(bare.stdout).toContain('telec cutover enable');
  expect(await world.events()).toEqual(events);
  expect(world.refs()).toEqual(refs);
  expect((await world.run<StatusView>(['status'])).json).toMatchObject({ mode: 'shadow', rollback_required: false });
});

test('a live repository is not taken back to shadow by init: it is refused, with the way that does it', async () => {
  const world = await makeWorld();
  const events = await world.events();
  const refused = await world.run<Refused>(['init', '--shadow']);
  expect(refused).toMatchObject({
    code: 6,
    json: { error: { code: 'ALREADY_LIVE', hint: 'telec cutover rollback --reason "..." goes back to shadow' } },
  });
  expect(await world.events()).toEqual(events);
});

test('shadow does with a remote that cannot take several refs as one, which live mode refuses', async () => {
  const world = await makeWorld({ raw: true });
  git(world.remoteDir, 'config', 'receive.advertiseAtomic', 'false');
  expect(await world.run<Refused>(['init'])).toMatchObject({ code: 6, json: { error: { code: 'REMOTE_UNSUITABLE' } } });
  expect(await world.events()).toEqual([]);
  const shadow = await world.run<InitView>(['init', '--shadow']);
  expect(shadow).toMatchObject({ code: 0, json: { mode: 'shadow', changed: true } });
  expect(shadow.stderr).toContain('the remote cannot serve live mode yet, which shadow does not need');
  expect((await world.run<InitView>(['init'])).json).toMatchObject({ mode: 'shadow', changed: false });
});

test('init --shadow still agrees with an earlier set-up of the same remote on its id and its main', async () => {
  const world = await makeWorld();
  await world.ready([{ slug: 'one' }]);
  expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1 });
  const other = await world.clone('other');
  const elsewhere = { TELEC_HOME: join(world.dir, 'elsewhere') };
  writeFileSync(join(other, 'telec.yaml'), 'main: trunk\n');
  const otherMain = await world.run<Refused>(['init', '--shadow'], { cwd: other, env: elsewhere });
  expect(otherMain).toMatchObject({ code: 6, json: { error: { code: 'OTHER_MAIN' } } });
  writeFileSync(join(other, 'telec.yaml'), 'repo_id: another\n');
  const otherId = await world.run<Refused>(['init', '--shadow'], { cwd: other, env: elsewhere });
  expect(otherId).toMatchObject({ code: 6, json: { error: { code: 'OTHER_REPOSITORY' } } });
});
