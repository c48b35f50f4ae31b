/** The page on a real daemon: what it shows is what the log says, and what a person does there is done. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CandidateDetailView, NotificationRow, ReplayView, StatusView } from '../../src/actors/client.ts';
import { linkOf } from '../../src/machines/links.ts';
import { textOf, textsOf } from '../support/browser.ts';
import { pages } from '../support/browser-world.ts';
import { makeWorld, type World } from '../support/daemon-world.ts';
import { git } from '../support/git-repo.ts';

const open = pages();
const HOSTILE_FILE = '<img src=x onerror=globalThis.hit=1>\u202egnp.txt';
const HOSTILE_MESSAGE = '"><script>globalThis.hit=1</script>\u202e\u0007';

let world: World;
beforeAll(async () => {
  world = await makeWorld({ files: { [HOSTILE_FILE]: 'first\n', 'shop.txt': 'first\n' } });
  await world.ok(['up']);
});
afterAll(() => world.close());

const detail = (slug: string) => world.ok<CandidateDetailView>(['candidate', slug]);
const tile = (page: Page, title: string) => page.locator('.tile', { hasText: title }).locator('.tile-value');

/** A commit on main as it is now, and its handing over. */
async function submit(slug: string, files: Record<string, string>, branch = `feature/${slug}`): Promise<void> {
  world.branch(branch, files);
  await world.ok(['submit', '--slug', slug]);
}

/** Two candidates that change the same lines: the first is delivered, the second blocked. */
async function conflict(first: string, second: string, file: string): Promise<void> {
  const hold = await world.ok(['hold', '--reason', 'both at once']);
  expect(hold).toBeTruthy();
  await submit(first, { [file]: `by ${first}\n` });
  await submit(second, { [file]: `by ${second}\n` });
  await world.ok(['unhold']);
  await world.settled(first);
  await world.settled(second, 'blocked');
}

describe('one candidate after the other', () => {
  test('S4-Sc6 in the web view a delivery shows as success, a conflict as alert with its next action, and the later landing resolves it in place', async () => {
    const { page, faults } = await open(world);
    await conflict('alpha', 'beta', 'shop.txt');
    const delivered = page.locator('.panel-main [role=option]', { hasText: 'alpha' });
    await delivered.waitFor();
    expect(await textOf(delivered)).toContain('merged, not tested');
    await page.getByRole('button', { name: 'Show seen' }).click();
    const row = (slug: string) => page.locator(`.notification[aria-label="deployment/${slug}"]`);
    await row('alpha').locator('.agent.resolved').waitFor();

    const { blocked } = await detail('beta');
    const next = blocked?.next_action ?? 'none';
    const alert = page.locator('.blocked-row', { hasText: 'beta' });
    await alert.waitFor();
    expect(await textOf(alert)).toContain(next);
    expect(await textOf(row('beta'))).toContain(`Next: ${next}`);
    expect(await textOf(row('beta'))).toContain('unseen');
    expect(await textOf(tile(page, 'Needs a person'))).toBe('1');

    await submit('beta', { 'shop.txt': 'by alpha\nby beta\n' }, 'feature/beta-again');
    await world.settled('beta');
    await row('beta').locator('.agent.resolved').waitFor();
    expect(await row('beta').count()).toBe(1);
    await page.getByText('Nothing is blocked.').waitFor();
    expect(await textOf(tile(page, 'Needs a person'))).toBe('0');
    expect(faults).toEqual([]);
  });

  test('evidence of a block with hostile file names and messages is shown as text', async () => {
    const { page, faults } = await open(world);
    git(world.clone, 'config', 'user.name', HOSTILE_MESSAGE.replace(/[<>\n]/g, ''));
    await conflict('gamma', 'delta', HOSTILE_FILE);
    await page.locator('.blocked-row', { hasText: 'delta' }).getByRole('link', { name: 'Evidence of delta' }).click();
    const evidence = page.locator('.evidence');
    await evidence.waitFor();
    const { blocked } = await detail('delta');
    expect(blocked?.conflict_evidence.join('\n')).toContain('onerror=globalThis.hit=1');
    expect(await textOf(evidence)).toContain('<img src=x onerror=globalThis.hit=1>');
    expect(await textOf(evidence)).toContain('\\u{202e}gnp.txt');
    await evidence.getByText('The findings as data').click();
    const seen = await page.evaluate(() => ({
      hit: 'hit' in globalThis,
      made: document.querySelectorAll('img, script:not([src]), iframe').length,
      turned: (document.body.textContent ?? '').includes('\u202e'),
    }));
    expect(seen).toEqual({ hit: false, made: 0, turned: false });
    expect(faults).toEqual([]);
  });

  test('hold, unhold and resume ask first, are done with their reason, and are seen at once', async () => {
    const { page, faults } = await open(world);
    await page.getByRole('button', { name: 'Hold…' }).click();
    const dialog = page.getByRole('dialog');
    expect(await dialog.getByRole('button', { name: 'Hold', exact: true }).isDisabled()).toBe(true);
    await dialog.getByLabel('Why, for everybody who waits').fill('the release is being cut');
    await page.keyboard.press('Escape');
    expect((await world.ok<StatusView>(['status'])).hold).toBeNull();

    await page.getByRole('button', { name: 'Hold…' }).click();
    await dialog.getByLabel('Why, for everybody who waits').fill('the release is being cut');
    await dialog.getByLabel('How long').selectOption('1 hour');
    await dialog.getByRole('button', { name: 'Hold', exact: true }).click();
    await page.locator('.banner', { hasText: 'the release is being cut' }).waitFor();
    const { hold } = await world.ok<StatusView>(['status']);
    expect(hold).toMatchObject({ reason: 'the release is being cut', main_busy: false, alarm: null });
    // The two instants are read one after the other.
    expect(Date.parse(hold?.until ?? '') - Date.parse(hold?.since ?? '')).toBeCloseTo(3_600_000, -3);

    await submit('epsilon', { 'epsilon.txt': 'new\n' });
    await page.locator('.candidate.ready', { hasText: 'epsilon' }).waitFor();
    await page.getByRole('button', { name: 'Resume delta' }).click();
    await dialog.getByLabel(/^Why, if/).fill('gamma may be asked');
    await dialog.getByRole('button', { name: 'Resume', exact: true }).click();
    await page.locator('.candidate.ready', { hasText: 'delta' }).waitFor();
    const resumed = (await world.events()).findLast(({ event }) => event.endsWith('.integration.candidate.resumed'));
    expect(resumed?.payload).toMatchObject({ slug: 'delta', reason: 'gamma may be asked' });

    await page.locator('.banner').getByRole('button', { name: 'Unhold…' }).click();
    await dialog.getByRole('button', { name: 'Unhold', exact: true }).click();
    await page.locator('.panel-main [role=option]', { hasText: 'epsilon' }).waitFor();
    expect(await page.locator('.banner').count()).toBe(0);
    expect((await world.ok<StatusView>(['status'])).hold).toBeNull();
    // It does not merge now either.
    await page.locator('.blocked-row', { hasText: 'delta' }).waitFor();
    expect(faults).toEqual([]);
  });

  test('a notification is seen, claimed and resolved by its buttons', async () => {
    const { page } = await open(world);
    const row = page.locator('.notification[aria-label="deployment/delta"]');
    await page.getByRole('button', { name: 'Show seen' }).click();
    await row.getByRole('button', { name: /^Seen/ }).click();
    await row.locator('.pip.seen').waitFor();
    await row.getByRole('button', { name: /^Claim/ }).click();
    await row.locator('.agent.claimed').waitFor();
    await row.getByRole('button', { name: /^Resolve/ }).click();
    await row.locator('.agent.resolved').waitFor();
    const rows = await world.ok<NotificationRow[]>(['notifications']);
    expect(rows.find(({ id }) => id === 'deployment/delta')).toMatchObject({
      human_status: 'seen',
      agent_status: 'resolved',
    });
  });
});

describe('time travel', () => {
  test('each moment shows states, queue and counts as a replay up to there, nothing can be done in it, and now is one press away', async () => {
    const { page, faults } = await open(world);
    const entries = await world.events();
    const slider = page.getByLabel('Entry of the log');
    for (const share of [0.2, 0.5, 0.8]) {
      const index = Math.floor(entries.length * share);
      const { id } = entries[index - 1] as { id: string };
      await slider.fill(String(index));
      await page.getByText(`after entry ${index} of`).waitFor();
      await page.waitForFunction((fragment) => location.hash === fragment, linkOf({ kind: 'moment', id }));
      const { candidates } = await world.ok<ReplayView>(['replay', '--at', id]);
      const slugs = (...states: string[]) =>
        candidates.filter(({ state }) => states.includes(state)).map(({ slug }) => slug);
      expect(await textOf(tile(page, 'Waits for main'))).toBe(String(slugs('ready').length));
      expect(await textOf(tile(page, 'Needs a person'))).toBe(String(slugs('blocked').length));
      expect(await textsOf(page.locator('.panel-queue .slug'))).toEqual([...slugs('integrating'), ...slugs('ready')]);
      expect((await textsOf(page.locator('.panel-blocked .slug'))).sort()).toEqual(slugs('blocked').sort());
      expect((await textsOf(page.locator('.panel-main .slug'))).sort()).toEqual(slugs('completed').sort());
      expect(await page.getByRole('button', { name: /^(Hold|Unhold|Resume|Seen|Claim|Resolve)/ }).count()).toBe(0);
    }
    await page.locator('.banner.past').getByRole('button', { name: 'Back to now' }).click();
    await page.getByText('You are looking at the past.').waitFor({ state: 'detached' });
    expect(await page.getByRole('button', { name: 'Hold…' }).isEnabled()).toBe(true);
    expect(faults).toEqual([]);
  });

  test('a look at the past stays where it is while the log grows', async () => {
    const { page } = await open(world);
    await page.keyboard.press('[');
    await page.getByText(/after entry \d+ of/).waitFor();
    const before = await textOf(page.locator('.panel-main'));
    await submit('zeta', { 'zeta.txt': 'new\n' });
    await world.settled('zeta');
    await page.waitForFunction(
      (length) => document.querySelector('.time-place')?.textContent?.endsWith(length),
      ` of ${(await world.events()).length}`,
    );
    expect(await textOf(page.locator('.panel-main'))).toBe(before);
    await page.keyboard.press('0');
    await page.locator('.panel-main [role=option]', { hasText: 'zeta' }).waitFor();
  });
});

describe('deep links', () => {
  test('lead to a candidate, an entry, a moment and a notification, also in a page that is open', async () => {
    const entries = await world.events();
    const delivered = entries.find(({ event }) => event.endsWith('.deployment.completed'));
    const id = delivered?.id ?? '';
    const byCandidate = await open(world, ['candidate', 'delta']);
    await byCandidate.page.locator('.drawer h2', { hasText: 'delta' }).waitFor();
    const { sha, branch } = await detail('delta');
    expect(byCandidate.page.url()).toContain(linkOf({ kind: 'candidate', key: `delta/${branch}@${sha}` }));
    const { page } = await open(world, ['event', id]);
    await page.locator('.drawer h2', { hasText: 'deployment.completed' }).waitFor();
    const go = (fragment: string) =>
      page.evaluate((to) => {
        location.hash = to;
      }, fragment);
    await go(linkOf({ kind: 'notification', id: 'deployment/delta' }));
    await page.locator('.drawer .notification[aria-label="deployment/delta"]').waitFor();
    await page.goBack();
    await page.locator('.drawer h2', { hasText: 'deployment.completed' }).waitFor();
    await go(linkOf({ kind: 'moment', id }));
    await page.getByText(`after entry ${entries.findIndex((entry) => entry.id === id) + 1} of`).waitFor();
    await page.keyboard.press('0');
    await go(linkOf({ kind: 'event', id: '1-1' }));
    await page.getByText('the log has no entry 1-1').waitFor();
  });
});
