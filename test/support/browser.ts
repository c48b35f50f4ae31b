/**
 * Chromium for tests of the page: a fresh profile for each page, and what a page must never do is noted: requests to
 * elsewhere, violations of the content policy, errors.
 */
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';

export const CHROMIUM = process.env['TELEC_BROWSER'] || '/usr/bin/chromium';

/** In a container there is neither a sandbox to be had nor much shared memory. */
export const SWITCHES = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking'];

export interface Watched {
  page: Page;
  /** Addresses asked outside of the door, policy violations and errors, as sentences; empty when all is well. */
  faults: string[];
  /** Every request, as `GET http://...`. */
  requests: string[];
  close(): Promise<void>;
}

/** A page of a new profile that watches itself. `origin`: the only place it may speak to. */
export async function openPage(
  browser: Browser,
  origin: string,
  options: BrowserContextOptions = {},
): Promise<Watched> {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    reducedMotion: 'reduce',
    ...options,
  });
  const page = await context.newPage();
  const faults: string[] = [];
  const requests: string[] = [];
  page.on('request', (request) => {
    requests.push(`${request.method()} ${request.url()}`);
    if (!request.url().startsWith(origin) && !request.url().startsWith('data:')) faults.push(`asked ${request.url()}`);
  });
  page.on('websocket', (socket) => {
    if (!socket.url().startsWith(origin.replace('http:', 'ws:'))) faults.push(`opened ${socket.url()}`);
  });
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  // Chromium says there what its policy kept from happening.
  page.on('console', (message) => {
    if (/Content Security Policy|violates/.test(message.text())) faults.push(message.text());
  });
  return { page, faults, requests, close: () => context.close() };
}

/** What a person can read of these elements, one text each. */
export const textsOf = (locator: Locator): Promise<string[]> => locator.allInnerTexts();

/** The same of one element. */
export const textOf = async (locator: Locator): Promise<string> => (await locator.first().allInnerTexts()).join('\n');
