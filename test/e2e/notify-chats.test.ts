/** What admins are told in their chats, from a real daemon with a real Redis and remote, by servers that behave like the real ones. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { DoctorRow, StatusView } from '../../src/actors/client.ts';
import { type RunningDaemon, startDaemon } from '../../src/index.ts';
import { makeWorld, type World } from '../support/daemon-world.ts';
import { serveDiscordWebhook, WEBHOOK_TOKEN } from '../support/discord-webhook.ts';
import { hermeticEnv } from '../support/git-repo.ts';
import { BOT_TOKEN, CHAT_ID, serveTelegram, TOO_MANY, telegramError } from '../support/telegram-server.ts';

Object.assign(process.env, { HOME: hermeticEnv['HOME'], GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' });

const BASE = 'integration:\n  grace_ms: 0\nlease:\n  ttl_ms: 3000\n  renew_ms: 300\nnotify:\n';

async function worldOf(notify: string, files: Record<string, string> = {}): Promise<World> {
  const world = await makeWorld({ config: `${BASE}${notify}`, files });
  onTestFinished(() => world.close());
  return world;
}

async function daemonOf(world: World, env: Record<string, string>): Promise<RunningDaemon> {
  const daemon = await startDaemon({ cwd: world.clone, env: { ...world.env, ...env } });
  onTestFinished(() => daemon.stop());
  return daemon;
}

/** Every file of the state folder, as text. */
function written(world: World): string {
  const folder = world.state();
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
  return paths
    .filter((path) => existsSync(path) && !path.includes('/git/') && /\.(log|json|aof|1)$/.test(path))
    .map((path) => readFileSync(path, 'latin1'))
    .join('\n');
}

test('S4-Sc6 S3-6.1c S4-VR2 Telegram shows a delivery as success and a conflict as alert with its next action and follow-up, and the later landing resolves it in place', async () => {
  const telegram = await serveTelegram();
  const world = await worldOf(`  telegram: {token_env: BOT, chat_id: ${CHAT_ID}, api_root: "${telegram.url}"}\n`, {
    'todos/roadmap.yaml': '- slug: one\n- slug: two\n',
  });
  // The first words meet a server that has enough for a second, and one that is broken.
  telegram.faults.push(TOO_MANY(1), telegramError(502, 'Bad Gateway'));
  await daemonOf(world, { BOT: BOT_TOKEN });
  const shown = (slug: string) => telegram.messages.filter(({ text }) => text.split('\n')[0]?.endsWith(` ${slug}`));
  world.branch('feature/one', { 'same.txt': 'one\n' });
  world.branch('feature/two', { 'same.txt': 'two\n' });
  await world.ok(['submit', 'feature/one', '--slug', 'one']);
  await world.until(() => shown('one').some(({ text }) => text.startsWith('✅ delivered one')));

  await world.ok(['submit', 'feature/two', '--slug', 'two']);
  await world.until(() => shown('two').some(({ text }) => text.startsWith('⚠️ needs attention two')));
  const alert = shown('two').find(({ text }) => text.startsWith('⚠️'));
  const [row] = (await world.ok<{ id: string; text: string }[]>(['notifications'])).filter(
    ({ id }) => id === 'deployment/two',
  );
  expect(alert?.text.split('\n')[1]).toBe(row?.text);
  expect(row?.text).toMatch(/Follow-up: two-integration-blocked-[0-9a-f]{7}/);
  expect(row?.text).toContain('Next: ');
  expect(alert?.text).toContain('telec why two');

  world.branch('feature/two-again', { 'other.txt': 'two\n' });
  await world.ok(['submit', 'feature/two-again', '--slug', 'two']);
  await world.until(() => alert?.text.startsWith('✅ delivered two') === true);
  expect(telegram.messages.filter(({ text }) => text.includes('⚠️'))).toEqual([]);
  expect((await world.ok<StatusView>(['status'])).surfaces).toMatchObject([
    { surface: 'telegram', state: 'ok', detail: null },
  ]);
  // Neither in what is kept nor in what is said.
  expect(written(world)).not.toContain(BOT_TOKEN.split(':')[1]);
  for (const command of [['status'], ['config', 'show'], ['doctor'], ['events', 'tail']])
    expect((await world.run([...command, '--json'], { env: { BOT: BOT_TOKEN } })).stdout).not.toContain(BOT_TOKEN);
});

test('S4-Sc6 Discord shows a delivery as success and a conflict as alert, which the later landing resolves in place; a dead chat beside it delays nothing', async () => {
  const discord = await serveDiscordWebhook();
  const telegram = await serveTelegram();
  const world = await worldOf(
    `  telegram: {token_env: BOT, chat_id: ${CHAT_ID}, api_root: "${telegram.url}"}\n  discord: {webhook_env: HOOK}\n  webhook: {url_env: NOT_SET}\n`,
  );
  const wrong = BOT_TOKEN.replace('canary', 'canary-wrong');
  await daemonOf(world, { BOT: wrong, HOOK: discord.address });
  const shown = (slug: string) => discord.messages.filter(({ content }) => content.includes(`** \`${slug}\``));
  world.branch('feature/one', { 'same.txt': 'one\n' });
  world.branch('feature/two', { 'same.txt': 'two\n' });
  await world.ok(['submit', 'feature/one', '--slug', 'one']);
  await world.until(() => shown('one').some(({ content }) => content.startsWith('**✅ delivered** `one`')));
  await world.ok(['submit', 'feature/two', '--slug', 'two']);
  await world.until(() => shown('two').some(({ content }) => content.startsWith('**⚠️ needs attention** `two`')));
  const alert = shown('two').find(({ content }) => content.includes('⚠️'));
  expect(alert?.content).toContain('Next: merge main into feature/two');
  world.branch('feature/two-again', { 'other.txt': 'two\n' });
  await world.ok(['submit', 'feature/two-again', '--slug', 'two']);
  await world.until(() => alert?.content.startsWith('**✅ delivered** `two`') === true);

  const { surfaces } = await world.ok<StatusView>(['status']);
  expect(surfaces).toEqual([
    { surface: 'discord', state: 'ok', detail: null, since: expect.any(String) },
    { surface: 'telegram', state: 'gone', detail: '401: Unauthorized', since: expect.any(String) },
    {
      surface: 'webhook',
      state: 'closed',
      detail: 'NOT_SET is not set in the environment of the daemon',
      since: expect.any(String),
    },
  ]);
  const rows = (await world.ok<DoctorRow[]>(['doctor'])).filter(({ check }) => check === 'notify');
  expect(rows.map(({ status, detail }) => `${status} ${detail.slice(0, detail.indexOf(' (since'))}`)).toEqual([
    'warn telegram: gone, 401: Unauthorized',
    'ok discord: ok',
    'warn webhook: closed, NOT_SET is not set in the environment of the daemon',
  ]);
  const said = readFileSync(join(world.state(), 'daemon.log'), 'utf8').split('\n');
  expect(said.filter((line) => line.includes('a surface takes no messages'))).toHaveLength(2);
  for (const secret of [WEBHOOK_TOKEN, wrong]) expect(written(world)).not.toContain(secret);
});
