/** Checks as people see them while a session runs them and afterwards: asked beside it, by other commands, of real runs. */
import { afterAll, expect, test } from 'vitest';
import type { CandidateDetailView, StatusView, WhyView } from '../../src/actors/client.ts';
import type { CheckLogView, ChecksView } from '../../src/actors/tests/views.ts';
import { checkLogText } from '../../src/cli/checks-messages.ts';
import { candidateDetailText, statusText } from '../../src/cli/messages.ts';
import { noPaint } from '../../src/cli/output.ts';
import { checksWorld } from '../support/checks-world.ts';
import { endWorlds } from '../support/e2e-world.ts';

afterAll(endWorlds);

test('while checks run, status, why and candidate say which, on what tree and who waits for whom; a check that failed is shown with all it wrote', async () => {
  const world = await checksWorld({ speculation: 'window: 4, parallel: 4' });
  const ask = async <T>(...args: string[]): Promise<T> => (await world.run([...args, '--json'])).json as T;
  await world.ready([
    { slug: 'one', files: { 'one.txt': 'x\n', 'one.wait': 'x\n' } },
    { slug: 'two', files: { 'two.bad': 'the sum is wrong\u001b[31m\n' } },
  ]);
  const integrating = world.integrate();
  // Both see the file that makes the first one wait.
  await world.began(2);
  const status = await ask<StatusView>('status');
  expect(status.tests).toMatchObject({ configured: true, window: { size: 4, max: 4 }, running: 2 });
  expect(status.tests.chain.map(({ key, verdict }) => [key.split('/')[0], verdict])).toEqual([
    ['one', 'running'],
    ['two', 'running'],
  ]);
  const why = await ask<WhyView>('why', 'two');
  expect(why.waiting_for).toMatchObject([
    { code: 'check_runs', text: expect.stringMatching(/^the verdict of unit on tree /) },
  ]);
  const during = await ask<CandidateDetailView>('candidate', 'one');
  expect(during.checks).toMatchObject([{ check: 'unit', state: 'running', run: 1, duration_ms: null, failure: null }]);
  expect(statusText(status, 0, noPaint)).toMatch(/^tests +window 4 of 4; 2 in the chain: 2 tested now$/m);
  world.open('one.wait');
  expect((await integrating).json).toMatchObject({ outcome: 'drained', completed: 1, blocked: 1 });
  const after = await ask<StatusView>('status');
  expect(after.tests).toMatchObject({ chain: [], running: 0, window: { max: 4 } });
  const two = await ask<CandidateDetailView>('candidate', 'two');
  expect(two.checks).toMatchObject([
    { check: 'unit', state: 'failed', failure: { kind: 'failed', exit_status: 1, final: true } },
  ]);
  expect(two.checks[0]?.output_tail).toContain('the sum is wrong');
  const one = await ask<CandidateDetailView>('candidate', 'one');
  expect(candidateDetailText(one, noPaint)).toMatch(/; tested: unit \d/);
  const checks = await ask<ChecksView>('checks');
  expect(checks.checks).toMatchObject([{ check: 'unit', passed: 1, failed: 1, pass_rate: 0.5 }]);
  expect(checks.failing).toMatchObject([{ slug: 'two', check: 'unit', candidate_state: 'blocked' }]);
  const log = await ask<CheckLogView>('checks', 'log', 'two', 'unit');
  expect([log.text, checkLogText(log)]).toEqual(['the sum is wrong\u001b[31m\n', 'the sum is wrong\\x1b[31m']);
  const none = await world.run(['checks', 'log', 'one']);
  expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('no check of it failed')]);
});
