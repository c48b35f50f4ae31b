/**
 * How fast the page is with a thousand candidates. The figures are told; what is asserted leaves room for a machine that
 * does other things at the same time.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EmitResult } from '../../src/actors/client.ts';
import { pages } from '../support/browser-world.ts';
import { makeWorld, type World } from '../support/daemon-world.ts';

const open = pages();
const CANDIDATES = 1000;
/** What is promised on an idle machine, ms, and how much longer a busy one may take. */
const PROMISED = { paint: 1500, change: 200 };
const ROOM = 4;

let world: World;
beforeAll(async () => {
  world = await makeWorld();
  await world.ok(['up']);
  for (let from = 0; from < CANDIDATES; from += 200)
    await emit(Array.from({ length: 200 }, (_, at) => handedOver(from + at)));
});
afterAll(() => world.close());

const handedOver = (number: number) => {
  const slug = `work-${number}`;
  const sha = number.toString(16).padStart(40, '0');
  const ready_at = new Date(Date.now() - 3_600_000 + number * 1000).toISOString();
  return {
    event: 'deployment.started',
    payload: {
      slug,
      branch: `feature/${slug}`,
      sha,
      ready_at,
      worker_session_id: 'tester',
      orchestrator_session_id: 'tester',
    },
  };
};

async function emit(events: unknown[]): Promise<string[]> {
  const results = (await world.ask<EmitResult[]>('/v1/events', { events })) ?? [];
  return results.map((result) => {
    expect(result.status, JSON.stringify(result)).toBe('appended');
    return 'id' in result ? result.id : '';
  });
}

test('a thousand candidates are there at once, and a change is seen as it happens', async ({ annotate }) => {
  const { page } = await open(world);
  await page.addInitScript(() => {
    const look = new MutationObserver(() => {
      if (document.querySelector('.panel-queue .nothing, .panel-queue [role=option]') === null) return;
      look.disconnect();
      requestAnimationFrame(() => Object.assign(globalThis, { shownAt: performance.now() }));
    });
    look.observe(document, { subtree: true, childList: true });
  });
  const paints: number[] = [];
  for (let load = 0; load < 3; load++) {
    await page.reload();
    paints.push(
      (await (await page.waitForFunction(() => (globalThis as { shownAt?: number }).shownAt)).jsonValue()) as number,
    );
  }
  await page.getByRole('tab', { name: /Not ready/ }).click();
  await page.evaluate(() => {
    const counts: Record<string, number> = {};
    Object.assign(globalThis, { counts });
    const tab = document.querySelectorAll('[role=tab]')[1] as Element;
    new MutationObserver(() => {
      counts[tab.querySelector('.count')?.textContent ?? ''] ??= Date.now();
    }).observe(tab, { subtree: true, characterData: true, childList: true });
  });
  const changes: number[] = [];
  for (let more = 1; more <= 10; more++) {
    const count = String(CANDIDATES + more);
    const [id = ''] = await emit([handedOver(CANDIDATES + more)]);
    const at = (await (
      await page.waitForFunction(
        (name) => (globalThis as unknown as { counts: Record<string, number> }).counts[name],
        count,
      )
    ).jsonValue()) as number;
    changes.push(at - Number(id.split('-')[0]));
  }
  const middle = (list: number[]) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;
  await annotate(
    `all of ${CANDIDATES} candidates shown after ${paints.map(Math.round).join(', ')} ms; a change after ${changes.join(', ')} ms`,
  );
  expect(await page.locator('.panel-queue [role=option]').count()).toBeLessThan(60);
  expect(middle(paints)).toBeLessThan(PROMISED.paint * ROOM);
  expect(middle(changes)).toBeLessThan(PROMISED.change * ROOM);
});
