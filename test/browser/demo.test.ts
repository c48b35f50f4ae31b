/** The whole demo watched on the page, from its first candidate to its last, and compared with what the log says of it. */
import { execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import type { CandidateDetailView, CandidateView } from '../../src/actors/client.ts';
import type { DemoView } from '../../src/actors/demo/story.ts';
import { candidateKey } from '../../src/machines/identity.ts';
import { textsOf } from '../support/browser.ts';
import { pages } from '../support/browser-world.ts';
import { TELEC } from '../support/e2e-world.ts';
import { poll } from '../support/redis-server.ts';
import { temporaryFolder } from '../support/temporary.ts';

const open = pages();
const run = promisify(execFile);

test('the demo is watched from start to end, and every state the page shows is one the log has, in its order', async () => {
  const folder = realpathSync(temporaryFolder());
  const env = { PATH: process.env['PATH'] ?? '', TMPDIR: folder, HOME: '/nonexistent' };
  const child = spawn(process.execPath, [TELEC, 'demo', '--keep', '--json', '--quiet'], {
    cwd: '/',
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const told = text(child.stdout);
  const scratch = () => readdirSync(folder).find((name) => name.startsWith('telec-demo-'));
  const place = () => join(folder, scratch() ?? 'none');
  const state = () => {
    const home = join(place(), 'state');
    const [name] = existsSync(home) ? readdirSync(home) : [];
    return name === undefined ? null : join(home, name);
  };
  const telec = async (args: string[]) => {
    const options = {
      cwd: join(place(), 'ann'),
      env: { ...env, TELEC_HOME: join(place(), 'state') },
      maxBuffer: 2 ** 26,
    };
    return (await run(process.execPath, [TELEC, ...args, '--json'], options)).stdout;
  };
  const teller = { ok: async <T>(args: string[]) => JSON.parse(await telec(args)) as T };
  onTestFinished(async () => {
    child.kill('SIGKILL');
    if (state() !== null) await telec(['down', '--redis']);
  });

  await poll(() => state() !== null && existsSync(join(state() ?? '', 'daemon.json')), 60_000);
  const { page, faults } = await open(teller);
  // All states that are shown of each candidate, in the order in which they are shown.
  await page.evaluate(() => {
    const seen: Record<string, string[]> = {};
    Object.assign(globalThis, { seen });
    const look = () => {
      for (const row of document.querySelectorAll<HTMLElement>('[data-key][data-state]')) {
        const { key = '', state = '' } = row.dataset;
        seen[key] ??= [];
        if (seen[key].at(-1) !== state) seen[key].push(state);
      }
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true });
    look();
  });
  const { ok, candidates } = JSON.parse(await told) as DemoView;
  expect(ok).toBe(true);
  const { candidates: expected } = { candidates: await teller.ok<CandidateView[]>(['candidates']) };
  const completed = expected.filter((row) => row.state === 'completed');
  await page.waitForFunction(
    (count) => document.querySelectorAll('.panel-main [role=option]').length === count,
    completed.length,
  );
  const seen = (await page.evaluate('seen')) as Record<string, string[]>;

  expect(candidates).toHaveLength(10);
  for (const row of expected) {
    const key = candidateKey(row);
    const { history } = await teller.ok<CandidateDetailView>(['candidate', key]);
    const states = history.map(({ to }) => to).filter((to, index, all) => to !== all[index - 1]);
    const shown = seen[key] ?? [];
    expect(isWithin(shown, states), `${key} was shown ${shown}, the log has ${states}`).toBe(true);
    if (row.state === 'completed') expect(shown.at(-1)).toBe('completed');
    if (states.includes('blocked')) expect(shown).toContain('blocked');
    if (states.includes('integrating')) expect(shown, key).toContain('integrating');
  }
  const landed = await textsOf(page.locator('.panel-main .slug'));
  const events = (await telec(['events', 'tail'])).split('\n').filter(Boolean);
  const entries = events.map((line) => JSON.parse(line) as { event: string; payload: { slug: string } });
  const inLog = entries
    .filter(({ event }) => event.endsWith('.deployment.completed'))
    .map(({ payload }) => payload.slug);
  expect(landed).toEqual(inLog.reverse());
  expect(faults).toEqual([]);
});

/** Whether `some` come in `all` in their order. */
function isWithin(some: readonly string[], all: readonly string[]): boolean {
  let at = 0;
  for (const one of some) {
    at = all.indexOf(one, at) + 1;
    if (at === 0) return false;
  }
  return true;
}
