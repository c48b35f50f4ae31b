/** A hold whose time is over binds nobody, whether or not somebody has come by to lift it. */
import { expect, test } from 'vitest';
import { holdAt } from '../../src/actors/status.ts';
import { queueRows, whyView } from '../../src/actors/views.ts';
import { aroundOf } from '../../src/actors/waits.ts';
import { foldWorld, work } from '../support/fold-world.ts';

const UNTIL = '2026-01-01T00:00:10.000Z';
const END = Date.parse(UNTIL);

test('is shown as lifted from its last moment on, in status, queue and why', () => {
  const world = foldWorld();
  world.ready(work('login'), 1);
  world.tell('integration.hold.placed', {
    owner: 'ada',
    reason: 'lunch',
    until: UNTIL,
    main_busy: false,
    alarm: null,
    command_id: 'a'.repeat(26),
  });
  const { repository } = world;
  const around = (now: number) =>
    aroundOf(repository, { hold: holdAt(repository.standing, now), narrowed: false, doing: null, chain: [] });
  const seen = (now: number) => [
    holdAt(repository.standing, now)?.reason ?? null,
    queueRows(repository, now).map(({ on_hold }) => on_hold),
    whyView(repository, 'login', around(now)).waiting_for.map(({ code }) => code),
  ];
  expect(seen(END - 1)).toEqual(['lunch', [true], ['on_hold']]);
  expect(seen(END)).toEqual([null, [false], ['queued']]);
});
