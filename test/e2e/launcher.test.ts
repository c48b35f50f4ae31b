/** The launcher from a real daemon: its buttons in several forums, and what a press starts, once, on this machine. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { StatusView } from '../../src/actors/client.ts';
import { type RunningDaemon, startDaemon } from '../../src/index.ts';
import { makeWorld, type World } from '../support/daemon-world.ts';
import { type DiscordServer, LAUNCHER_TOKEN, serveDiscord } from '../support/discord-server.ts';
import { discordError, serveDiscordWebhook } from '../support/discord-webhook.ts';
import { hermeticEnv } from '../support/git-repo.ts';

Object.assign(process.env, { HOME: hermeticEnv['HOME'], GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' });

const [FORUM, OTHER, TEXT] = ['1110000000000000001', '1110000000000000002', '1110000000000000003'];
const FORBIDDEN = discordError(403, 50_001, 'Missing Access');

interface Bench {
  world: World;
  start(): Promise<RunningDaemon>;
}

async function benchOf(discord: DiscordServer, agents: string, token = LAUNCHER_TOKEN): Promise<Bench> {
  const hook = await serveDiscordWebhook();
  const world = await makeWorld({
    config: [
      'integration: {grace_ms: 0}',
      'notify:',
      '  discord:',
      '    webhook_env: HOOK',
      '    bot_token_env: BOT',
      `    api_root: "${discord.apiRoot}"`,
      '    launcher:',
      `      forums: ["${FORUM}", "${OTHER}", "${TEXT}"]`,
      `      agents: ${agents}`,
      '',
    ].join('\n'),
  });
  onTestFinished(() => world.close());
  const start = async () => {
    const daemon = await startDaemon({ cwd: world.clone, env: { ...world.env, HOOK: hook.address, BOT: token } });
    onTestFinished(() => daemon.stop());
    return daemon;
  };
  return { world, start };
}

const lines = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : []);
const labels = (discord: DiscordServer) =>
  discord.messages.map(({ body }) =>
    body.components.flatMap((row: { components: { label: string }[] }) => row.components.map(({ label }) => label)),
  );

test('S1-Sc5 each forum has one pinned message with a button for every enabled agent, and one that fails stops no other', async () => {
  const discord = await serveDiscord({ [FORUM as string]: 15, [OTHER as string]: FORBIDDEN, [TEXT as string]: 0 });
  const { world, start } = await benchOf(
    discord,
    '[{name: claude, run: "true"}, {name: old, enabled: false, run: "true"}, {name: codex, run: [sh, -c, "true"]}]',
  );
  let daemon = await start();
  await world.until(() => discord.messages.length === 2 && discord.pinned.size === 2);
  expect(labels(discord)).toEqual([
    ['Claude', 'Codex'],
    ['Claude', 'Codex'],
  ]);
  expect(discord.messages[0]?.body.components).toEqual([
    {
      type: 1,
      components: [
        { type: 2, style: 1, label: 'Claude', custom_id: 'launch:claude' },
        { type: 2, style: 1, label: 'Codex', custom_id: 'launch:codex' },
      ],
    },
  ]);
  await world.until(async () =>
    (await world.ok<StatusView>(['status'])).surfaces.some(
      ({ detail }) => detail?.includes(`forum ${OTHER}: 403`) === true,
    ),
  );
  // The next start changes the messages in place, one that was put away too, and makes anew what somebody removed.
  await daemon.stop();
  discord.archived.add(discord.messages[0]?.id ?? '');
  discord.remove(discord.messages[1]?.id ?? '');
  daemon = await start();
  await world.until(() => discord.messages.length === 2 && discord.messages[0]?.edits === 1);
  expect(discord.messages.map(({ edits }) => edits)).toEqual([1, 0]);
});

test('S1-Sc5 a press starts the command of its agent once and tells the presser what came of it; anything else is refused', async () => {
  const discord = await serveDiscord({ [FORUM as string]: 15, [OTHER as string]: 15, [TEXT as string]: 0 });
  const { world, start } = await benchOf(
    discord,
    JSON.stringify([
      { name: 'claude', run: 'printf "%s\\n" "<$BOT$HOOK> started" >>started.txt; pwd >>started.txt' },
      { name: 'broken', run: ['false', '$(touch shell.txt)'] },
      { name: 'missing', run: ['/no/such/program'] },
      { name: 'old', enabled: false, run: 'touch old.txt' },
    ]),
  );
  await start();
  await world.until(() => discord.messages.length === 3 && discord.connected() === 1);
  const [message] = discord.messages;
  const seen = async (press: string) => {
    await world.until(() => typeof discord.answers.get(press)?.content === 'string');
    return discord.answers.get(press);
  };
  const press = discord.press(message?.id ?? '', 'launch:claude');
  expect(await seen(press)).toEqual({ flags: 64, content: 'claude was started.' });
  // Told twice more, as by a gateway that lost its connection.
  discord.press(message?.id ?? '', 'launch:claude', { again: press });
  discord.press(message?.id ?? '', 'launch:claude', { again: press });
  const answer = async (id: string, custom: string) => (await seen(discord.press(id, custom)))?.content;
  expect(await answer(message?.id ?? '', 'launch:broken')).toMatch(
    /^broken ended at once with 1\. Its output is in launched\/broken\.log/,
  );
  expect(await answer(message?.id ?? '', 'launch:missing')).toMatch(/^missing could not be started/);
  for (const custom of ['launch:old', 'launch:unknown', 'launch:', 'launch:claude; touch shell.txt'])
    expect(await answer(message?.id ?? '', custom)).toMatch(/^That agent is not to be had here/);
  // A button of the same name that somebody else put somewhere.
  expect(await answer('1399999999999999999', 'launch:claude')).toMatch(/^That agent is not to be had here/);
  // Neither telec's secrets nor a shell are lent to it, and it ran once, where the work is.
  expect(lines(join(world.clone, 'started.txt'))).toEqual(['<> started', world.clone]);
  for (const name of ['old.txt', 'shell.txt']) expect(existsSync(join(world.clone, name))).toBe(false);
  const log = readFileSync(join(world.state(), 'daemon.log'), 'utf8');
  expect(log.match(/"an agent is started"|an agent is started/g)).toHaveLength(3);
  expect(log).not.toContain(LAUNCHER_TOKEN);
});

test('a wrong token keeps the launcher shut and nothing else, and is said without being shown', async () => {
  const discord = await serveDiscord({ [FORUM as string]: 15, [OTHER as string]: 15, [TEXT as string]: 0 });
  const wrong = LAUNCHER_TOKEN.replace('5dK2', 'XXXX');
  const { world, start } = await benchOf(discord, '[{name: claude, run: "true"}]', wrong);
  await start();
  const launcher = async () =>
    (await world.ok<StatusView>(['status'])).surfaces.find(({ surface }) => surface === 'launcher');
  await world.until(async () => (await launcher())?.state === 'gone');
  expect((await launcher())?.detail).toMatch(/401/);
  expect(discord.messages).toEqual([]);
  expect(readFileSync(join(world.state(), 'daemon.log'), 'utf8')).not.toContain(wrong);
});
