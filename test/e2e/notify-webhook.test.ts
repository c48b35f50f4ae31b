/** What people outside are told, from a real daemon with a real Redis and remote, to a program that listens for HTTP. */
import { expect, onTestFinished, test } from 'vitest';
import { type RunningDaemon, startDaemon } from '../../src/index.ts';
import { makeWorld, type World } from '../support/daemon-world.ts';
import { hermeticEnv } from '../support/git-repo.ts';
import { type Recorder, recordHttp } from '../support/http-recorder.ts';

Object.assign(process.env, { HOME: hermeticEnv['HOME'], GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' });

const CONFIG =
  'integration:\n  grace_ms: 0\n  radar: false\nlease:\n  ttl_ms: 3000\n  renew_ms: 300\nnotify:\n  webhook: {url_env: HOOK_URL}\n';
const SECRET = 'hook-canary-31f0';

interface Item {
  row: string;
  tone: string;
  text: string;
  link: string;
}

/** What was told of a row, in order, each change once: `tone text`. */
const toldOf = ({ asked }: Recorder, row: string): Item[] =>
  asked.flatMap(({ json }) => (json.notifications as Item[]).filter((item) => item.row === row));

async function daemonOf(world: World, env: Record<string, string> = {}): Promise<RunningDaemon> {
  const daemon = await startDaemon({ cwd: world.clone, env: { ...world.env, ...env } });
  onTestFinished(() => daemon.stop());
  return daemon;
}

test('S3-7e S4-VR6 a program is told of a delivery from hand-over to main, of a conflict, and of nothing that was before it', async () => {
  const world = await makeWorld({ config: CONFIG });
  onTestFinished(() => world.close());
  world.branch('feature/early', { 'early.txt': '1\n' });
  await world.ok(['submit', '--slug', 'early', '--wait']);

  const hook = await recordHttp(() => ({ status: 204 }));
  const env = { HOOK_URL: `${hook.url}/in/${SECRET}` };
  let daemon = await daemonOf(world, env);
  world.branch('feature/one', { 'same.txt': 'one\n' });
  world.branch('feature/two', { 'same.txt': 'two\n' });
  await world.ok(['submit', 'feature/one', '--slug', 'one']);
  await world.until(() => toldOf(hook, 'deployment/one').at(-1)?.tone === 'success');
  await world.ok(['submit', 'feature/two', '--slug', 'two']);
  await world.until(() => toldOf(hook, 'deployment/two').at(-1)?.tone === 'alert');
  const [alert] = toldOf(hook, 'deployment/two').slice(-1);
  const rows = await world.ok<{ id: string; text: string }[]>(['notifications']);
  expect(alert?.text).toBe(rows.find(({ id }) => id === 'deployment/two')?.text);
  expect(alert?.text).toContain('Next: ');
  expect(alert?.link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#\/notification\/deployment%2Ftwo$/);
  expect(toldOf(hook, 'deployment/early')).toEqual([]);
  expect(hook.asked[0]).toMatchObject({ method: 'POST', path: `/in/${SECRET}`, json: { version: 1 } });

  await world.until(() => toldOf(hook, 'review/two').length === 1);
  // Starts tell nothing twice; what was said while nobody ran is told at the next.
  await daemon.stop();
  const before = hook.asked.length;
  for (let i = 0; i < 3; i += 1) {
    daemon = await daemonOf(world, env);
    await daemon.stop();
  }
  expect(hook.asked.length).toBe(before);
  const mended = world.branch('feature/two-again', { 'two.txt': 'elsewhere\n' });
  await world.ok(['submit', 'feature/two-again', '--slug', 'two', '--wait']);
  expect(hook.asked.length).toBe(before);
  await daemonOf(world, env);
  await world.until(() => toldOf(hook, 'deployment/two').at(-1)?.tone === 'success');
  expect(world.landed().at(-1)).toBe(`two/feature/two-again@${mended}`);
});
