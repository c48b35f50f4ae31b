/** One Chromium for all files of a run: started before the first, ended behind the last. */
import { chromium } from 'playwright-core';
import type { TestProject } from 'vitest/node';
import { CHROMIUM, SWITCHES } from './browser.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the browser is reached. */
    browser: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await chromium.launchServer({ executablePath: CHROMIUM, args: SWITCHES });
  project.provide('browser', server.wsEndpoint());
  return () => server.close();
}
