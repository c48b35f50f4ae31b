/** The `notify` part of the configuration: what it takes, what it refuses, and that it holds and shows no secret. */
import { describe, expect, test } from 'vitest';
import { TelecError } from '../../src/errors.ts';
import { readConfig } from '../../src/io/config.ts';
import { notifySecrets } from '../../src/io/config-notify.ts';

const read = (workTree: string, env: Record<string, string> = {}) => readConfig({ main: null, workTree, env });

function problems(text: string, env: Record<string, string> = {}): string[] {
  try {
    read(text, env);
    return [];
  } catch (error) {
    if (!(error instanceof TelecError)) throw error;
    return (error.problems ?? []).map(({ path, message }) => `${path}: ${message}`);
  }
}

const LAUNCHER = `notify:
  discord:
    webhook_env: HOOK
    bot_token_env: BOT
    launcher:
      forums: ["1234567890123456789"]
      agents:
        - {name: claude, run: "tmux new -d claude"}
        - {name: codex, enabled: false, run: [codex, --full-auto]}
`;

describe('who is told', () => {
  test('is nobody unless the file says so', () => {
    expect(read('').config.notify).toEqual({ telegram: null, discord: null, webhook: null });
    expect(read('notify:\n  telegram:\n').config.notify.telegram).toBeNull();
  });

  test('is taken as it is written, with what is usual for the rest', () => {
    const { notify } = read(
      'notify:\n  telegram: {token_env: BOT, chat_id: -1001234567890}\n  webhook: {url_env: HOOK_URL}\n',
    ).config;
    expect(notify.telegram).toEqual({
      token_env: 'BOT',
      chat_id: -1_001_234_567_890,
      api_root: 'https://api.telegram.org',
    });
    expect(notify.webhook).toEqual({ url_env: 'HOOK_URL' });
    expect(read(LAUNCHER).config.notify.discord?.launcher).toEqual({
      forums: ['1234567890123456789'],
      agents: [
        { name: 'claude', enabled: true, run: 'tmux new -d claude' },
        { name: 'codex', enabled: false, run: ['codex', '--full-auto'] },
      ],
    });
  });

  test('may come from the environment as JSON, which beats the file', () => {
    const text = 'notify:\n  telegram: {token_env: BOT, chat_id: 1}\n';
    const env = { TELEC_NOTIFY_TELEGRAM: '{"token_env": "OTHER", "chat_id": "@channel"}' };
    const { config, rows } = read(text, env);
    expect(config.notify.telegram).toMatchObject({ token_env: 'OTHER', chat_id: '@channel' });
    expect(rows.find(({ key }) => key === 'notify.telegram')?.source).toBe('TELEC_NOTIFY_TELEGRAM');
    expect(read(text, { TELEC_NOTIFY_TELEGRAM: 'null' }).config.notify.telegram).toBeNull();
    expect(problems(text, { TELEC_NOTIFY_TELEGRAM: 'BOT' })).toEqual([
      expect.stringMatching(/^notify\.telegram: .*\(TELEC_NOTIFY_TELEGRAM\)$/),
    ]);
  });

  test.each([
    ['notify: {telegram: {token_env: BOT}}', 'notify.telegram.chat_id'],
    ['notify: {telegram: {token_env: BOT, chat_id: "t.me/x"}}', 'notify.telegram.chat_id'],
    ['notify: {telegram: {token_env: BOT, chat_id: 1, api_root: "https://u:p@host"}}', 'notify.telegram.api_root'],
    ['notify: {telegram: {token_env: BOT, chat_id: 1, api_root: "https://host/"}}', 'notify.telegram.api_root'],
    ['notify: {webhook: {url_env: "https://host/secret"}}', 'notify.webhook.url_env'],
    [LAUNCHER.replace('    bot_token_env: BOT\n', ''), 'notify.discord.bot_token_env'],
    [LAUNCHER.replace('name: codex', 'name: claude'), 'notify.discord.launcher.agents'],
    [LAUNCHER.replace('name: codex', 'name: "a b"'), 'notify.discord.launcher.agents.1.name'],
    [LAUNCHER.replace('run: [codex, --full-auto]', 'run: []'), 'notify.discord.launcher.agents.1.run'],
  ])('%j: refused at %s', (text, path) => {
    expect(problems(text).map((problem) => problem.slice(0, problem.indexOf(':')))).toEqual([path]);
  });

  test('an unknown key is told with the one that was meant', () => {
    expect(problems('notify: {telegrm: {}}')[0]).toContain('notify.telegrm: is no key of telec; telegram was probably');
    expect(problems('notify: {telegram: {token_env: BOT, chatid: 1, chat_id: 1}}')[0]).toContain(
      'notify.telegram.chatid: is no key of telec; chat_id was probably meant',
    );
    expect(problems(LAUNCHER.replace('enabled: false', 'enable: false'))[0]).toContain('enabled was probably meant');
  });

  test('an id of Discord without quotes is refused: as a number it would be another', () => {
    expect(problems(LAUNCHER.replace('"1234567890123456789"', '1234567890123456789'))).toEqual([
      expect.stringContaining('notify.discord.launcher.forums.0: is not exact as a number; write it in quotes'),
    ]);
  });
});

describe('a secret', () => {
  const TOKEN = '123456789:secret-canary-AAF4x_9wQ2bP7';

  test('written where the name of a variable belongs is refused and not repeated', () => {
    const found = problems(`notify: {telegram: {token_env: "${TOKEN}", chat_id: 1}}`);
    expect(found).toEqual([
      expect.stringContaining('notify.telegram.token_env: is no name of an environment variable'),
    ]);
    expect(found.join()).not.toContain('canary');
  });

  test('that shows itself by its form is not shown with the configuration', () => {
    const text = LAUNCHER.replace('tmux new -d claude', 'claude https://user:pw-canary@host');
    const row = read(text).rows.find(({ key }) => key === 'notify.discord');
    expect(JSON.stringify(row)).not.toContain('pw-canary');
    expect(row?.value).toMatchObject({ webhook_env: 'HOOK' });
  });

  test('is known with the parts by which a client may name it, and nothing else is', () => {
    const { notify } = read(`${LAUNCHER}  telegram: {token_env: TG, chat_id: 1}\n  webhook: {url_env: URL}\n`).config;
    const env = {
      TG: TOKEN,
      HOOK: 'https://discord.com/api/webhooks/1098765432109876543/discord-canary-Zk3_9xWqLp0',
      BOT: 'bot-canary',
      URL: 'https://host/in/hook-canary-31f0-long?key=query-canary-0123',
      PATH: '/usr/bin',
    };
    const secrets = notifySecrets(notify, env);
    for (const value of [env.TG, env.HOOK, env.BOT, env.URL, 'discord-canary-Zk3_9xWqLp0', 'hook-canary-31f0-long'])
      expect(secrets).toContain(value);
    expect(secrets).toContain('query-canary-0123');
    expect(secrets).not.toContain('/usr/bin');
    expect(notifySecrets(notify, {})).toEqual([]);
  });
});
