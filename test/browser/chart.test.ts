/** The charts and the bar of time in a browser: what is lit, what the keys do, and whether all of it can be read. */
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Overview } from '../../src/actors/live/views.ts';
import { openPage, textOf } from '../support/browser.ts';
import { type FakeDoor, fakeDoor, TICKET } from '../support/fake-door.ts';
import { overviewOf } from '../support/page-fixtures.ts';

let browser: Browser;
const open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  browser = await chromium.connect(inject('browser'));
});

afterAll(() => browser.close());

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function show(options: Parameters<typeof openPage>[2] = {}) {
  const door = await fakeDoor(overviewOf({ waiting: 6, delivered: 4, blocked: 1 }));
  const watched = await openPage(browser, door.url, options);
  open.push(door, watched);
  await watched.page.goto(`${door.url}/#enter=${TICKET}`);
  const panel = watched.page.locator('.chart-panel[data-machine="integrator"]');
  await panel.locator('svg.chart').waitFor();
  return { ...watched, door, panel };
}

/** The integrator is there now. */
async function moveTo(door: FakeDoor, panel: Locator, state: string): Promise<void> {
  const { status } = door.overview;
  door.overview = { ...door.overview, status: { ...status, integrator: { ...status.integrator, state } } };
  door.again();
  await panel.page().waitForSelector(`.chart-panel[data-machine="integrator"][data-value="${state}"]`);
}

const idsOf = (states: Locator) =>
  states.evaluateAll((elements) => elements.map((element) => element.getAttribute('data-state-id')));

const viewOf = async (panel: Locator) =>
  ((await panel.locator('svg.chart').getAttribute('viewBox')) ?? '').split(' ').map(Number);

describe('the chart of the integrator', () => {
  test('shows where it is, the way there, and says it in words', async () => {
    const { door, panel, faults } = await show();
    await moveTo(door, panel, 'draining.bookkeeping');
    expect(await idsOf(panel.locator('[aria-current="step"]'))).toEqual(['draining', 'draining.bookkeeping']);
    expect(
      await panel
        .locator('.chart-edge.is-taken')
        .evaluateAll((all) => all.map((edge) => edge.getAttribute('data-edge'))),
    ).toEqual(['draining.merging draining.bookkeeping']);
    expect(await textOf(panel.locator('.chart-now'))).toContain(
      'draining › bookkeeping Adds the commits that keep the books',
    );
    await moveTo(door, panel, 'releasing');
    expect(await idsOf(panel.locator('[aria-current="step"]'))).toEqual(['releasing']);
    expect(faults).toEqual([]);
  });

  test('is walked with the arrow keys from one stop of Tab, and tells of the state they reach', async () => {
    const { page, door, panel } = await show();
    await moveTo(door, panel, 'draining.merging');
    expect(await idsOf(panel.locator('[data-state-id][tabindex="0"]'))).toEqual(['draining.merging']);
    await panel.locator('[data-state-id][tabindex="0"]').focus();
    await page.keyboard.press('ArrowDown');
    const focused = page.locator('[data-state-id]:focus');
    expect(await focused.getAttribute('data-state-id')).toBe('draining.bookkeeping');
    expect(await focused.getAttribute('aria-pressed')).toBe('true');
    expect(await textOf(panel.locator('.chart-about h3'))).toBe('draining › bookkeeping');
    expect(await textOf(panel.locator('.chart-moves').first())).toContain(
      'done keepBooks [wasBooked] → draining › checking',
    );
    await page.keyboard.press('Escape');
    expect(await panel.locator('.chart-about h3').count()).toBe(0);
  });

  test('comes closer and goes back by keys, by buttons, and by the wheel with Ctrl alone', async () => {
    const { page, panel } = await show();
    const whole = await viewOf(panel);
    await panel.locator('[data-state-id][tabindex="0"]').focus();
    await page.keyboard.press('+');
    const close = await viewOf(panel);
    expect(close[2]).toBeCloseTo((whole[2] ?? 0) / 1.25, 3);
    await page.keyboard.press('Shift+ArrowRight');
    expect((await viewOf(panel))[0]).toBeGreaterThan(close[0] ?? 0);
    await page.keyboard.press('0');
    expect(await viewOf(panel)).toEqual(whole);
    await panel.getByRole('button', { name: 'Closer' }).click();
    expect((await viewOf(panel))[2]).toBeLessThan(whole[2] ?? 0);
    await panel.getByRole('button', { name: 'All', exact: true }).click();
    expect(await viewOf(panel)).toEqual(whole);
    await panel.locator('.chart-box').hover();
    await page.mouse.wheel(0, -100);
    expect(await viewOf(panel)).toEqual(whole);
    await page.keyboard.down('Control');
    await page.mouse.wheel(0, -100);
    await page.keyboard.up('Control');
    await expect.poll(async () => (await viewOf(panel))[2]).toBeCloseTo((whole[2] ?? 0) / 1.25, 3);
  });

  test.each([
    ['large at a desk', 1440, 900, true, 11],
    ['in its panel at a desk', 1440, 900, false, 11],
    ['on a phone', 390, 844, false, 9.5],
  ])('can be read %s: every word in its place, none too small', async (_where, width, height, large, smallest) => {
    const { page, panel } = await show({ viewport: { width, height } });
    if (large) await page.getByRole('button', { name: 'Larger' }).click();
    await expect.poll(() => wrongWords(page)).toEqual([]);
    expect(await smallestName(panel)).toBeGreaterThanOrEqual(smallest);
  });
});

/** Names that stick out of their state, and words that lie on a state or leave the picture, by the font of the browser. */
const wrongWords = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const svg = document.querySelector('.chart-panel[data-machine="integrator"] svg.chart');
    if (!svg) return ['no chart'];
    const bodies = [...svg.querySelectorAll('.chart-body')].map((body) => body.getBoundingClientRect());
    const whole = svg.getBoundingClientRect();
    const within = (inner: DOMRect, outer: DOMRect) =>
      inner.left >= outer.left - 0.5 &&
      inner.right <= outer.right + 0.5 &&
      inner.top >= outer.top - 0.5 &&
      inner.bottom <= outer.bottom + 0.5;
    const apart = (one: DOMRect, other: DOMRect) =>
      one.right <= other.left || other.right <= one.left || one.bottom <= other.top || other.bottom <= one.top;
    const names = [...svg.querySelectorAll('.chart-name, .is-foot .chart-word')].filter(
      (name) => !bodies.some((body) => within(name.getBoundingClientRect(), body)),
    );
    const words = [...svg.querySelectorAll('.chart-words:not(.is-foot) .chart-word')].filter((word) => {
      const box = word.getBoundingClientRect();
      return !within(box, whole) || bodies.some((body) => !apart(box, body));
    });
    return [...names, ...words].map((text) => text.textContent ?? '');
  });

/** Height of the smallest name of a state, in pixels of the screen. */
const smallestName = (panel: Locator): Promise<number> =>
  panel.locator('.chart-name').evaluateAll((names) =>
    Math.min(
      ...names.map((name) => {
        const scale = (name as SVGTextElement).getScreenCTM()?.a ?? 0;
        return Number.parseFloat(getComputedStyle(name).fontSize) * scale;
      }),
    ),
  );

describe('the bar of time', () => {
  /** A door that knows the past: after entry n the integrator selected, and there is nothing else. */
  function remember(door: FakeDoor) {
    const { length } = door.overview.moment;
    const momentOf = (index: number) => ({ id: `${index}-0`, at: '2026-03-01T10:00:00.000Z', index, length });
    const then = (index: number): Overview => {
      const { status } = door.overview;
      const integrator = { ...status.integrator, state: 'draining.selecting' };
      return { ...door.overview, moment: momentOf(index), status: { ...status, integrator }, candidates: [] };
    };
    door.answers.set('/v1/moment', (query) => ({ value: momentOf(Number(query.get('index'))) }));
    door.answers.set('/v1/overview', (query) => ({
      value: query.get('at') === null ? door.overview : then(Number.parseInt(query.get('at') ?? '', 10)),
    }));
    return length;
  }

  test('steps back, slides to the first entry and returns to now; the chart goes along', async () => {
    const { page, door, panel, faults } = await show();
    const length = remember(door);
    const bar = page.locator('.time-slider');
    expect(await bar.getAttribute('class')).toContain('is-live');
    await bar.getByRole('button', { name: 'One entry back' }).click();
    await expect.poll(() => textOf(bar.locator('.time-place'))).toBe(`entry ${length - 1} of ${length}`);
    await page.waitForSelector('.chart-panel[data-machine="integrator"][data-value="draining.selecting"]');
    expect(await bar.locator('time').getAttribute('datetime')).toBe('2026-03-01T10:00:00.000Z');
    const slider = bar.getByRole('slider');
    await slider.focus();
    await page.keyboard.press('Home');
    await expect.poll(() => textOf(bar.locator('.time-place'))).toBe(`before the first of ${length}`);
    expect(await slider.getAttribute('aria-valuetext')).toBe(`before the first of ${length}`);
    await expect
      .poll(() => door.asked.filter((asked) => asked.startsWith('GET /v1/moment')).at(-1))
      .toMatch(/index=0$/);
    await bar.getByRole('button', { name: 'Back to now' }).click();
    await page.waitForSelector('.time-slider.is-live');
    expect(await panel.getAttribute('data-value')).toBe('draining.merging');
    expect(await slider.inputValue()).toBe(String(length));
    expect(faults).toEqual([]);
  });

  test('tells of a lease of the past that it was held: when it would have ended is in no log', async () => {
    const { page, door } = await show();
    remember(door);
    await page
      .getByText(/^lease \d+, .* left$/)
      .or(page.locator('.lease-left', { hasText: /left/ }))
      .first()
      .waitFor();
    await page.locator('.time-slider').getByRole('button', { name: 'One entry back' }).click();
    await expect.poll(() => textOf(page.locator('.lease-left'))).toBe('held');
    expect(await page.getByText('ran out').count()).toBe(0);
  });

  test('plays entry after entry, and is live at the end', async () => {
    const { page, door } = await show();
    const length = remember(door);
    const bar = page.locator('.time-slider');
    for (const back of [1, 2]) {
      await bar.getByRole('button', { name: 'One entry back' }).click();
      await expect.poll(() => bar.getAttribute('data-index')).toBe(String(length - back));
    }
    await bar.getByRole('button', { name: 'Play from here' }).click();
    await page.waitForSelector('.time-slider.is-live');
    const asked = door.asked.filter((line) => line.startsWith('GET /v1/moment')).map((line) => line.split('index=')[1]);
    expect(asked).toEqual([length - 1, length - 2, length - 1].map(String));
    expect(await bar.getByRole('button', { name: 'Play from here' }).count()).toBe(1);
  });
});
