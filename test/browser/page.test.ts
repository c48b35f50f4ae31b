/** The page against a door that says what a test wants: what is shown of it, to whom, and what no text can do. */
import axe from 'axe-core';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import type { CandidateRow, Overview } from '../../src/actors/live/views.ts';
import { openPage, textOf, type Watched } from '../support/browser.ts';
import { type FakeDoor, fakeDoor, TICKET } from '../support/fake-door.ts';
import { candidateRow, entryOf, overviewOf, type Scene, statusOf } from '../support/page-fixtures.ts';

const FEW: Scene = { waiting: 6, delivered: 9, blocked: 2 };
const HOSTILE = [
  '<img/src=x/onerror=globalThis.hit=1>',
  'evil\u202egnp.exe\u2066\u200b',
  'x'.repeat(240),
  '"><script>globalThis.hit=1</script>',
];

let browser: Browser;
const open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  browser = await chromium.connect(inject('browser'));
});

afterAll(() => browser.close());

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function doorOf(scene: Scene | Overview): Promise<FakeDoor> {
  const door = await fakeDoor('waiting' in scene ? overviewOf(scene) : scene);
  open.push(door);
  return door;
}

/** The page, signed in, showing something. */
async function show(door: FakeDoor, options: Parameters<typeof openPage>[2] = {}, fragment = ''): Promise<Watched> {
  const watched = await openPage(browser, door.url, options);
  open.push(watched);
  const to = fragment === '' ? '' : `&to=${encodeURIComponent(fragment)}`;
  await watched.page.goto(`${door.url}/#enter=${TICKET}${to}`);
  await watched.page.waitForSelector('.pulse');
  return watched;
}

const detailOf = (row: CandidateRow, change: Record<string, unknown> = {}) => ({
  ...row,
  blocked: null,
  evidence: null,
  receipt: null,
  shadow: null,
  history: [],
  ...change,
});

describe('signing in', () => {
  test('a ticket is traded once, leaves the address, and is not asked for again', async () => {
    const door = await doorOf(FEW);
    const { page, faults } = await show(door);
    expect(page.url()).toBe(`${door.url}/`);
    await page.reload();
    await page.waitForSelector('.pulse');
    expect(door.asked.filter((asked) => asked.startsWith('POST'))).toEqual([
      `POST /v1/web/enter {"ticket":"${TICKET}"}`,
    ]);
    expect(faults).toEqual([]);
  });

  test('who has no token is told to run telec web, and nothing else', async () => {
    const door = await doorOf(FEW);
    const watched = await openPage(browser, door.url);
    open.push(watched);
    const { page } = watched;
    await page.goto(door.url);
    await page.getByText('telec web').waitFor();
    expect(await page.getByText('This browser has not been let in yet.').isVisible()).toBe(true);
    expect(door.asked).toEqual([]);
    await page.goto(`${door.url}/#enter=${'b'.repeat(64)}`);
    await page.getByText('This address was used already, or it is too old.').waitFor();
  });

  test('the token of an earlier daemon is forgotten, and the page says what to do', async () => {
    const door = await doorOf(FEW);
    const { page } = await show(door);
    door.token = 'another';
    door.breakLines(false);
    await page.getByText('The daemon was started anew since this page was opened.').waitFor();
    expect(await page.evaluate(() => localStorage.length)).toBe(0);
    await page.evaluate((fragment) => {
      location.hash = fragment;
    }, `#enter=${TICKET}`);
    await page.waitForSelector('.pulse');
  });

  test('all tabs of a browser say that the daemon is another one, and one that is let in lets in the others', async () => {
    const door = await doorOf(FEW);
    const { page } = await show(door);
    const other = await page.context().newPage();
    await other.goto(door.url);
    await other.waitForSelector('.pulse');
    door.token = 'another';
    door.breakLines(false);
    for (const tab of [page, other]) await tab.getByText('The daemon was started anew').waitFor();
    await other.goto(`${door.url}/#enter=${TICKET}`);
    await page.waitForSelector('.pulse');
  });
});

describe('notifications', () => {
  test('are counted in full, and all are marked, also those there is no room for', async () => {
    const door = await doorOf({ ...overviewOf(FEW), unseen: 321 });
    const ids = Array.from({ length: 321 }, (_, index) => ({ id: `deployment/s-${index}` }));
    door.answers.set('/v1/notifications', () => ({ value: ids }));
    door.answers.set('/v1/notifications/seen', () => ({ value: [] }));
    const { page } = await show(door);
    expect(await textOf(page.locator('.tile', { hasText: 'Needs a person' }))).toContain('321 unseen');
    await page.getByRole('button', { name: 'All seen' }).click();
    const marked = () => door.asked.filter((asked) => asked.startsWith('POST /v1/notifications/seen'));
    await expect.poll(() => marked().length).toBe(2);
    expect(marked().flatMap((asked) => JSON.parse(asked.slice(asked.indexOf('{'))).ids)).toEqual(
      ids.map(({ id }) => id),
    );
  });
});

describe('a line that breaks', () => {
  test('is said, nothing can be done meanwhile, and the page comes back by itself with what is new', async () => {
    const door = await doorOf(FEW);
    const { page, faults } = await show(door);
    door.breakLines(true);
    const banner = page.locator('.banner', { hasText: 'The daemon cannot say what goes on.' });
    await banner.waitFor();
    // What it refused with, for whoever can mend that.
    expect(await textOf(banner)).toContain('the door refuses');
    expect(await page.getByRole('button', { name: 'Hold…' }).isDisabled()).toBe(true);
    expect(await page.getByRole('button', { name: /^Resume/ }).count()).toBe(0);
    door.overview = overviewOf({ waiting: 1, delivered: 0, blocked: 0 });
    door.breakLines(false);
    await page.getByText('Nothing is blocked.').waitFor({ timeout: 10_000 });
    expect(await banner.count()).toBe(0);
    expect(faults).toEqual([]);
  });
});

describe('what is shown', () => {
  test('the four answers, the queue in its order with places, and why others wait', async () => {
    const { page } = await show(await doorOf(FEW));
    const tiles = await page.locator('.tile').allInnerTexts();
    expect(tiles.map((text) => text.split('\n').slice(0, 2))).toEqual([
      ['origin/main', '10e9f23459'],
      ['Integrator', 'merging'],
      ['Waits for main', '4'],
      ['Needs a person', '2'],
    ]);
    const rows = page.locator('.panel-queue [role=option]');
    expect(await rows.locator('.slug').allInnerTexts()).toEqual([
      'add-login',
      'mend-search',
      'faster-index',
      'dark-theme',
      'retry-uploads',
    ]);
    expect(await rows.locator('.place').allInnerTexts()).toEqual(['', '1', '2', '3', '4']);
    await page.getByRole('tab', { name: /Not ready/ }).click();
    await page.locator('.panel-queue').getByText('no review has approved it').waitFor();
  });

  test('waiting times and the lease go on by the second, by the clock of the daemon', async () => {
    const now = Date.now() + 3_600_000;
    const { page } = await show(await doorOf({ ...FEW, now }));
    const left = page.locator('.lease-left');
    const before = await textOf(left);
    expect(before).toMatch(/^1 min 5\d s left$/);
    await page.waitForFunction((text) => document.querySelector('.lease-left')?.textContent !== text, before);
    expect(await textOf(left)).toMatch(/^1 min (5\d|4\d) s left$/);
  });

  test('a delivery without checks says that it was not tested', async () => {
    const { page } = await show(await doorOf(FEW));
    const proofs = await page.locator('.delivery .proof').allInnerTexts();
    expect(proofs.slice(0, 5)).toEqual([
      'merged, not tested',
      'tested: unit 8.1 s',
      'merged, not tested',
      'tested: unit 8.1 s',
      'was on main already',
    ]);
  });

  test('nothing at all is said to be nothing', async () => {
    const { page } = await show(await doorOf({ waiting: 0, delivered: 0, blocked: 0, entries: 0 }));
    for (const text of [
      'Nothing waits.',
      'Nothing is blocked.',
      'Nothing has been delivered yet.',
      'The log is empty.',
    ])
      expect(await page.getByText(text).isVisible()).toBe(true);
  });

  test('changes move rows, and the end of a candidate is spoken', async () => {
    const door = await doorOf(FEW);
    const { page } = await show(door);
    const now = Date.now();
    const row = door.overview.candidates[0] as CandidateRow;
    const done = candidateRow(0, 'completed', now, { key: row.key });
    const all = door.overview.candidates.map((other) => (other.key === row.key ? done : other));
    door.say({
      kind: 'change',
      moment: { ...door.overview.moment, index: 41, length: 41 },
      now: new Date(now).toISOString(),
      status: statusOf(now, all),
      candidates: [done],
      deliveries: [],
      notifications: [],
      radar: null,
      unseen: 0,
      recent: [entryOf(40, now, { id: `${now}-5` })],
      recent_omitted: 0,
    });
    await page
      .locator('[aria-live=polite]', { hasText: 'add-login: Its change is on main' })
      .waitFor({ state: 'attached' });
    expect(await textOf(page.locator('.tile', { hasText: 'Integrator' }))).toContain('standby');
    expect(await textOf(page.locator('.panel-queue [role=option] .slug').first())).toBe('mend-search');
    expect(await page.locator('.panel-log').getByText('41 entries').isVisible()).toBe(true);
  });

  test('a hold stands above everything with its reason, a halt more so', async () => {
    const since = new Date(Date.now() - 60_000).toISOString();
    const hold = { owner: 'ann', reason: 'release freeze', since, until: null, main_busy: false, alarm: null };
    const door = await doorOf({ ...FEW, status: { hold } });
    const { page } = await show(door);
    expect(await textOf(page.locator('.banner'))).toMatch(
      /^Merging is on hold\. release freeze\s*·?\s*ann, for 1 min.*, until lifted/,
    );
    door.overview = overviewOf({ ...FEW, status: { hold: { ...hold, alarm: 'INVARIANT' } } });
    door.again();
    await page.getByText('Merging is halted.').waitFor();
    await page.locator('.banner').getByRole('button', { name: 'Unhold…' }).click();
    expect(await page.getByRole('button', { name: 'Unhold', exact: true }).isDisabled()).toBe(true);
  });
});

describe('the log', () => {
  test('is filtered by type, slug and text; an entry opens with all it says', async () => {
    const { page } = await show(await doorOf(FEW));
    const rows = page.locator('.panel-log [role=option]');
    await page.getByLabel('Type of event').selectOption('branch.pushed');
    expect(new Set(await rows.locator('.event-type').allInnerTexts())).toEqual(new Set(['branch.pushed']));
    await page.getByLabel('Type of event').selectOption('');
    await page.getByLabel('Slug', { exact: true }).fill('dark-theme');
    expect(new Set(await rows.locator('.ref').allInnerTexts())).toEqual(new Set(['dark-theme']));
    await page.getByLabel('Slug', { exact: true }).fill('');
    await page.keyboard.press('Escape');
    await page.keyboard.press('/');
    await page.keyboard.type('no such text');
    await page.getByText('No entry fits the filter.').waitFor();
    await page.getByLabel('Text in the entry').fill('');
    await rows.first().click();
    expect(await textOf(page.locator('.drawer'))).toContain('integrator/integrator-01JD8Z4M2YQ7VQK3T5W6X7Y8Z9');
    expect(page.url()).toMatch(/#\/event\/\d+-0$/);
    await page.keyboard.press('Escape');
    await page.locator('.drawer').waitFor({ state: 'detached' });
  });
});

describe('keys', () => {
  test('go to a list, through it, open and close', async () => {
    const door = await doorOf(FEW);
    door.answers.set('/v1/candidate', (query) => ({
      value: detailOf(door.overview.candidates.find(({ key }) => key === query.get('selector')) as CandidateRow),
    }));
    const { page } = await show(door);
    await page.keyboard.press('g');
    await page.keyboard.press('q');
    for (const key of ['j', 'j', 'ArrowDown', 'k', 'Enter']) await page.keyboard.press(key);
    await page.locator('.drawer h2', { hasText: 'mend-search' }).waitFor();
    for (const key of ['j', 'Enter']) await page.keyboard.press(key);
    await page.locator('.drawer h2', { hasText: 'faster-index' }).waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.drawer').waitFor({ state: 'detached' });
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });
});

describe('names from outside', () => {
  test.each([1440, 390])('are text at %i px: no markup, no direction, no length breaks out', async (width) => {
    const door = await doorOf({
      ...FEW,
      blocked: 4,
      names: Array.from({ length: 12 }, (_, index) => HOSTILE[index % 4] as string),
    });
    const blocked = door.overview.candidates.filter(({ state }) => state === 'blocked');
    const lines = [...HOSTILE, 'src/\u001b[31mred\u0007.ts'];
    door.answers.set('/v1/candidate', (query) => {
      const row = blocked.find(({ key }) => key === query.get('selector')) as CandidateRow;
      return {
        value: detailOf(row, {
          blocked: {
            kind: 'conflict',
            conflict_evidence: lines,
            diagnostics: lines,
            next_action: HOSTILE[0],
            blocked_at: row.updated_at,
            reproduce: HOSTILE.join(' '),
          },
          evidence: { [HOSTILE[0] as string]: lines, nested: { deep: HOSTILE } },
        }),
      };
    });
    const { page, faults } = await show(door, { viewport: { width, height: 844 } });
    await page.locator('.blocked-row .button').first().click();
    await page.locator('.evidence li', { hasText: '<img/src=x' }).first().waitFor();
    await page.locator('.evidence summary').click();
    const seen = await page.evaluate(() => ({
      hit: 'hit' in globalThis,
      images: document.querySelectorAll('img, script:not([src]), iframe').length,
      unsafe: /[\u202a-\u202e\u2066-\u2069\u200b\u001b\u0007]/.test(document.body.textContent ?? ''),
      over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      wide: [...document.querySelectorAll('.drawer *')].filter(
        (element) => element.getBoundingClientRect().right > innerWidth + 1,
      ).length,
    }));
    expect(seen).toEqual({ hit: false, images: 0, unsafe: false, over: 0, wide: 0 });
    expect(await textOf(page.locator('.drawer'))).toContain('evil\\u{202e}gnp.exe\\u{2066}\\u{200b}');
    expect(faults).toEqual([]);
  });
});

describe('who cannot see it, or not all of it', () => {
  test.each([
    ['light', 1440],
    ['dark', 1440],
    ['light', 390],
    ['dark', 390],
  ] as const)('axe finds nothing serious: %s, %i px', async (colorScheme, width) => {
    const door = await doorOf({
      ...FEW,
      status: {
        hold: {
          owner: 'ann',
          reason: 'freeze',
          since: new Date().toISOString(),
          until: null,
          main_busy: false,
          alarm: null,
        },
      },
    });
    door.answers.set('/v1/candidate', () => ({ value: detailOf(door.overview.candidates.at(-3) as CandidateRow) }));
    const { page } = await show(door, { colorScheme, viewport: { width, height: 844 }, bypassCSP: true });
    const serious = async () => {
      await page.evaluate(axe.source);
      const { violations } = (await page.evaluate('axe.run()')) as {
        violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[];
      };
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(
          ({ id, nodes }) =>
            `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join('; ')}`,
        );
    };
    expect(await serious()).toEqual([]);
    await page.locator('.blocked-row .button').first().click();
    await page.locator('.detail h3').first().waitFor();
    expect(await serious()).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Unhold…' }).click();
    await page.getByRole('dialog').waitFor();
    expect(await serious()).toEqual([]);
  });

  test('one column at 390 px, what needs a person before the queue, and no sideways scrolling', async () => {
    const { page } = await show(await doorOf({ ...FEW, waiting: 40 }), { viewport: { width: 390, height: 844 } });
    const tops = await page.evaluate(() =>
      ['blocked', 'queue', 'integrator', 'main', 'notifications', 'log'].map((id) => {
        const { top, left, right } = (document.getElementById(id) as HTMLElement).getBoundingClientRect();
        return { top, left, right };
      }),
    );
    expect(tops.map(({ top }) => top)).toEqual([...tops.map(({ top }) => top)].sort((a, b) => a - b));
    expect(tops.every(({ left, right }) => left >= 0 && right <= 390)).toBe(true);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  });

  test('the colours are those of the system until a person chooses, and the choice stays', async () => {
    const door = await doorOf(FEW);
    const { page } = await show(door, { colorScheme: 'dark' });
    const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const dark = await ground();
    await page.getByRole('button', { name: 'Colours: system' }).click();
    expect(await ground()).not.toBe(dark);
    await page.reload();
    await page.getByRole('button', { name: 'Colours: light' }).click();
    expect(await ground()).toBe(dark);
  });
});
