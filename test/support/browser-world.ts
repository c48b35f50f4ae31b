/** Pages on a real daemon: signed in by `telec web` as a person would, ended with the test. */
import { type Browser, type BrowserContextOptions, chromium } from 'playwright-core';
import { afterAll, beforeAll, inject, onTestFinished } from 'vitest';
import type { WebView } from '../../src/actors/web-entry.ts';
import { openPage, type Watched } from './browser.ts';

/** Who can run telec: a world, or the demo's folder. */
interface Telec {
  ok<T>(args: string[]): Promise<T>;
}

/** Opens pages in the browser of the run. To be called once a file, outside of tests. */
export function pages(): (telec: Telec, what?: string[], options?: BrowserContextOptions) => Promise<Watched> {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.connect(inject('browser'));
  });
  afterAll(() => browser.close());
  return async (telec, what = [], options = {}) => {
    const { url } = await telec.ok<WebView>(['web', ...what, '--print']);
    const watched = await openPage(browser, new URL(url).origin, options);
    onTestFinished(() => watched.close());
    await watched.page.goto(url);
    await watched.page.waitForSelector('.pulse');
    return watched;
  };
}
