/** What the page shows of checks: the window, the chain with a verdict each, the runs of a candidate, and what is foreseen. */
import axe from 'axe-core';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { radarView } from '../../scripts/radar-examples.ts';
import type { CandidateRow } from '../../src/actors/live/views.ts';
import { linkOf } from '../../src/machines/links.ts';
import { openPage, textOf, textsOf, type Watched } from '../support/browser.ts';
import { type FakeDoor, fakeDoor, TICKET } from '../support/fake-door.ts';
import { overviewOf, runOf } from '../support/page-fixtures.ts';

let browser: Browser;
const open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  browser = await chromium.connect(inject('browser'));
});

afterAll(() => browser.close());

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function show(door: FakeDoor, fragment = ''): Promise<Watched> {
  open.push(door);
  const watched = await openPage(browser, door.url);
  open.push(watched);
  const to = fragment === '' ? '' : `&to=${encodeURIComponent(fragment)}`;
  await watched.page.goto(`${door.url}/#enter=${TICKET}${to}`);
  await watched.page.waitForSelector('.pulse');
  return watched;
}

const scene = { waiting: 12, delivered: 4, blocked: 1, tested: true };

test('the chain stands above the chart in its order, each with its verdict and the checks that say so', async () => {
  const { page, faults } = await show(await fakeDoor(overviewOf(scene)));
  const rows = page.locator('.chain-row');
  expect(await rows.evaluateAll((all) => all.map((row) => row.getAttribute('data-verdict')))).toEqual([
    'landing',
    'passed',
    'running',
    'untested',
    'failed',
    'aside',
    'again',
  ]);
  const text = await textOf(page.getByRole('region', { name: 'What is tested' }));
  expect(text).toContain('window 4 of 8, 7 in the chain');
  expect(text).toContain('unit passed in 1.2 s, try 2 (flaky)');
  expect(text).toContain('set aside: failed');
  expect(await page.locator('.chain-width .open').count()).toBe(4);
  expect(await textOf(page.locator('.tile', { hasText: 'Integrator' }))).toContain('window 4 of 8, 7 in the chain');
  expect(await textsOf(page.locator('.proof'))).toEqual(
    expect.arrayContaining(['tested: unit 8.1 s', 'merged, not tested']),
  );
  expect(faults).toEqual([]);
});

test('where no checks are configured that is said, and before any session nothing', async () => {
  const { page } = await show(await fakeDoor(overviewOf({ ...scene, tested: false })));
  expect(await textOf(page.locator('.chain-none'))).toBe('No checks are configured: what lands is merged, not tested.');
  expect(await page.locator('.chain').count()).toBe(0);
});

test('a candidate shows each run, the end of what failed, and all of it when it is asked for; none of it is obeyed', async () => {
  const overview = overviewOf(scene);
  const row = overview.candidates[4] as CandidateRow;
  const door = await fakeDoor(overview);
  const tail = 'not ok 7 <img/src=x/onerror=globalThis.hit=1>\u001b[2J';
  const checks = [
    { ...runOf('lint', Date.now()), output_tail: null },
    { ...(row.checks[0] as CandidateRow['checks'][number]), output_tail: tail },
  ];
  const rest = { blocked: null, evidence: null, receipt: null, shadow: null, history: [] };
  door.answers.set('/v1/candidate', () => ({ value: { ...row, ...rest, checks } }));
  door.answers.set('/v1/checks/log', (query) => ({ value: { text: `all of ${query.get('check')}\n` } }));
  const { page, faults } = await show(door, linkOf({ kind: 'candidate', key: row.key }));
  const section = page.getByRole('region', { name: 'Checks' });
  await section.waitFor();
  expect(await textOf(section)).toContain('failed with status 1 in 12 s');
  expect(await textOf(section)).toContain('not ok 7 <img/src=x/onerror=globalThis.hit=1>\\x1b[2J');
  await page.getByRole('button', { name: 'All that unit wrote' }).click();
  await page.getByText('all of unit').waitFor();
  expect(door.asked).toContainEqual(expect.stringMatching(/^GET \/v1\/checks\/log\?selector=.*&check=unit$/));
  expect(await page.evaluate(() => 'hit' in globalThis)).toBe(false);
  expect(faults).toEqual([]);
  const found = await page.evaluate(
    `${axe.source}; axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id }) => id))`,
  );
  expect(found).toEqual([]);
});

test('conflicts that are foreseen have a panel, which is not there without any', async () => {
  const door = await fakeDoor({ ...overviewOf(scene), radar: radarView.rows });
  const { page } = await show(door);
  const [row] = radarView.rows;
  expect(await textOf(page.locator('#foreseen'))).toContain(`conflicts with ${row?.with.branch}`);
  const none = await show(await fakeDoor(overviewOf(scene)));
  expect(await none.page.locator('#foreseen').count()).toBe(0);
});
