#!/usr/bin/env node
// The built program with a death in it: `TEST_KILL=<point>:<n>` ends the process by SIGKILL when it reaches that fault
// point for the n-th time; `TEST_PASSED=<file>` writes down every point passed. `TEST_TUNING` is JSON of shorter durations.
import { appendFileSync } from 'node:fs';
import { main } from '../../dist/cli/main.js';

const { TEST_KILL = '', TEST_PASSED, TEST_TUNING } = process.env;
const [point, times = '1'] = TEST_KILL.split(':');
let left = Number(times);
const controller = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => controller.abort());

const { env, argv, stdin, stdout, stderr } = process;
process.exitCode = await main(argv.slice(2), {
  env,
  cwd: process.cwd(),
  stdin,
  stdout,
  stderr,
  signal: controller.signal,
  ...(TEST_TUNING ? { tuning: JSON.parse(TEST_TUNING) } : {}),
  faults: {
    reach(name) {
      if (TEST_PASSED) appendFileSync(TEST_PASSED, `${name}\n`);
      if (name === point && --left === 0) process.kill(process.pid, 'SIGKILL');
    },
  },
});
