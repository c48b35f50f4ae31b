import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** One project a kind of test; budgets stand in docs/testing.md. */
const project = (name: string, extra: Record<string, unknown> = {}) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout: 30_000, hookTimeout: 30_000, ...extra },
});

export default defineConfig({
  test: {
    // Quiet while all is well: a dot a test, what a test printed only if it failed, one closing line.
    // A person sees it move; a log holds what failed, and the closing line.
    reporters: [process.stdout.isTTY ? 'dot' : 'minimal', './test/support/closing-reporter.ts'],
    silent: 'passed-only',
    // Most tests wait for processes of their own; one worker leaves half of a small machine idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      project('spec'),
      project('unit'),
      project('property', { testTimeout: 60_000 }),
      project('simulation', { testTimeout: 300_000 }),
      project('conformance', { testTimeout: 60_000 }),
      project('e2e', { testTimeout: 120_000, hookTimeout: 120_000, globalSetup: './test/support/built-program.ts' }),
      project('browser', {
        testTimeout: 120_000,
        hookTimeout: 120_000,
        globalSetup: ['./test/support/built-program.ts', './test/support/browser-server.ts'],
      }),
    ],
  },
});
