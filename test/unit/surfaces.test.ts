/** Each surface against a server that behaves like the real one: what it takes, what it refuses, and what it gives away. */
import { describe, expect, test } from 'vitest';
import { openDiscord } from '../../src/io/surfaces/discord.ts';
import type { Surface, SurfaceAnswer, Telling, TellingItem } from '../../src/io/surfaces/surface.ts';
import { openTelegram } from '../../src/io/surfaces/telegram.ts';
import { openWebhook } from '../../src/io/surfaces/webhook.ts';
import { discordError, rateLimited, serveDiscordWebhook, WEBHOOK_TOKEN } from '../support/discord-webhook.ts';
import { type Reply, recordHttp } from '../support/http-recorder.ts';
import { BOT_TOKEN, CHAT_ID, serveTelegram, TOO_MANY, telegramError } from '../support/telegram-server.ts';

const never = new AbortController().signal;
const itemOf = (about: Partial<TellingItem> = {}): TellingItem => ({
  row: 'deployment/add-login',
  family: 'deployment',
  slug: 'add-login',
  subject: 'add-login',
  tone: 'alert',
  text: 'It could not be delivered: add-login. Next: merge main into it',
  event: 'domain.software-development.deployment.failed',
  level: 3,
  at: '2026-02-01T00:00:00.000Z',
  link: 'http://127.0.0.1:7433/#/notification/deployment%2Fadd-login',
  command: 'telec why add-login',
  ...about,
});
const telling = (items: Partial<TellingItem>[] = [{}], moved: string[] = []): Telling => ({
  id: 'deployment/add-login:1-0:alert',
  repoId: 'shop-0123456789ab',
  items: items.map(itemOf),
  moved,
});
const CANARIES = [BOT_TOKEN, BOT_TOKEN.split(':')[1] ?? '', WEBHOOK_TOKEN, 'hook-canary-31f0'];
/** The answer, which never tells a secret. */
function clean(answer: SurfaceAnswer): SurfaceAnswer {
  const text = JSON.stringify(answer);
  for (const canary of CANARIES) expect(text).not.toContain(canary);
  return answer;
}
const HOSTILE =
  '</code><a href="http://evil.example">@everyone</a> `code` **bold** [x](http://evil.example) @channel <@123> <b>& /start #tag\u202e\u0007';

describe('a chat of Telegram', () => {
  const open = (apiRoot: string, token = BOT_TOKEN) => openTelegram({ token, chatId: CHAT_ID, apiRoot }) as Surface;

  test('takes a message and its edit, with no preview of links', async () => {
    const server = await serveTelegram();
    const surface = open(server.url);
    expect(await surface.send(telling(), never)).toEqual({ kind: 'taken', message: '1' });
    expect(server.messages[0]?.text).toBe(
      [
        '⚠️ needs attention add-login',
        'It could not be delivered: add-login. Next: merge main into it',
        'shop-0123456789ab telec why add-login',
        'http://127.0.0.1:7433/#/notification/deployment%2Fadd-login',
      ].join('\n'),
    );
    expect(server.asked[0]?.json).toMatchObject({ link_preview_options: { is_disabled: true } });
    const done = telling([{ tone: 'success', text: 'The candidate is on main: add-login' }]);
    expect(await surface.edit('1', done, never)).toEqual({ kind: 'taken', message: '1' });
    expect(server.messages).toMatchObject([{ edits: 1, text: expect.stringContaining('✅ delivered add-login') }]);
    // The same again, as after an answer that was lost.
    expect(await surface.edit('1', done, never)).toEqual({ kind: 'taken', message: '1' });
  });

  test('shows whatever a text holds as it is: no mark, no mention, no link of its own', async () => {
    const server = await serveTelegram();
    await open(server.url).send(telling([{ text: HOSTILE, subject: HOSTILE }]), never);
    const { html = '', text = '' } = server.messages[0] ?? {};
    expect([...html.matchAll(/<(?!\/?(?:b|code)>)[^>]*>/g)].map(([tag]) => tag)).toEqual([
      '<a href="http://127.0.0.1:7433/#/notification/deployment%2Fadd-login">',
      '</a>',
    ]);
    expect(text).toContain('</code><a href="http://evil.example">@everyone</a> `code`');
    expect(text).not.toMatch(/[\u202e\u0007]/);
    // Outside of code there is nothing of it.
    expect(html.replace(/<code>[^<]*<\/code>/g, '')).not.toMatch(/everyone|evil|start|tag/);
  });

  test.each<[string, Reply, SurfaceAnswer]>([
    ['429 with its pause', TOO_MANY(34), { kind: 'limited', retryAfterMs: 34_000 }],
    [
      'a bad gateway in HTML',
      { status: 502, text: '<html>bad gateway</html>' },
      { kind: 'failed', detail: 'the connection failed' },
    ],
    [
      'JSON that is none of Telegram',
      { status: 502, json: { error: 'bad gateway' } },
      { kind: 'failed', detail: 'it does not answer as Telegram does' },
    ],
    ['a cut connection', 'drop', { kind: 'failed', detail: 'ECONNRESET' }],
    [
      'an internal error',
      telegramError(500, 'Internal Server Error'),
      { kind: 'failed', detail: '500: Internal Server Error' },
    ],
    ['a wrong token', telegramError(401, 'Unauthorized'), { kind: 'gone', detail: '401: Unauthorized' }],
    [
      'a bot that was thrown out',
      telegramError(403, 'Forbidden: bot was kicked from the supergroup chat'),
      { kind: 'gone', detail: '403: Forbidden: bot was kicked from the supergroup chat' },
    ],
    [
      'a chat that moved',
      telegramError(400, 'Bad Request: group chat was upgraded to a supergroup chat', { migrate_to_chat_id: -100987 }),
      {
        kind: 'gone',
        detail: '400: Bad Request: group chat was upgraded to a supergroup chat; set chat_id to -100987',
      },
    ],
    [
      'a message that is none',
      telegramError(400, "Bad Request: can't parse entities: Unsupported start tag"),
      { kind: 'refused', detail: "400: Bad Request: can't parse entities: Unsupported start tag" },
    ],
  ])('%s is told as what it is, without the token', async (_, fault, answer) => {
    const server = await serveTelegram();
    server.faults.push(fault);
    expect(clean(await open(server.url).send(telling(), never))).toEqual(answer);
    expect(server.asked).toHaveLength(1);
  });

  test('an edit of a message that somebody deleted finds it missing', async () => {
    const server = await serveTelegram();
    expect(await open(server.url).edit('7', telling(), never)).toEqual({ kind: 'missing' });
  });

  test('a redirect is not followed: the token would go with it', async () => {
    const other = await serveTelegram();
    const server = await serveTelegram();
    server.faults.push({ status: 302, headers: { location: `${other.url}/bot${BOT_TOKEN}/sendMessage` } });
    expect(clean(await open(server.url).send(telling(), never)).kind).toBe('failed');
    expect(other.asked).toEqual([]);
  });

  test('a server that never answers is left when the signal says so', async () => {
    const server = await serveTelegram();
    server.faults.push('hang');
    const ending = new AbortController();
    const sent = open(server.url).send(telling(), ending.signal);
    while (server.asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
    ending.abort();
    expect(clean(await sent)).toMatchObject({ kind: 'failed' });
  });

  test('a token of another form is not tried', () => {
    for (const token of ['', 'token', '123:short', 'https://api.telegram.org/bot1:x'])
      expect(openTelegram({ token, chatId: CHAT_ID, apiRoot: 'http://127.0.0.1:1' })).toBeNull();
  });
});

describe('a webhook of Discord', () => {
  const open = (address: string) => openDiscord(address) as Surface;

  test('takes a message and its edit, mentions nobody and shows no preview', async () => {
    const server = await serveDiscordWebhook();
    const surface = open(server.address);
    const sent = await surface.send(telling([{ text: HOSTILE }]), never);
    const [message] = server.messages;
    expect(sent).toEqual({ kind: 'taken', message: message?.id });
    expect(server.asked[0]?.json).toMatchObject({ allowed_mentions: { parse: [] }, flags: 4 });
    // Nothing of it stands outside of the two backticks of its line.
    const line = message?.content.split('\n')[1] ?? '';
    expect(line).toMatch(/^`[^`]+`$/);
    expect(line).toContain('@everyone');
    const done = telling([{ tone: 'success', text: 'The candidate is on main: add-login' }]);
    expect(await surface.edit(message?.id ?? '', done, never)).toEqual({ kind: 'taken', message: message?.id });
    expect(server.messages).toMatchObject([{ edits: 1, content: expect.stringContaining('✅ delivered') }]);
  });

  test.each<[string, Reply, SurfaceAnswer]>([
    [
      '429 with its pause',
      rateLimited(2.5),
      { kind: 'limited', retryAfterMs: expect.any(Number) as unknown as number },
    ],
    [
      'an unknown webhook',
      discordError(404, 10_015, 'Unknown Webhook'),
      { kind: 'gone', detail: '404: Unknown Webhook (10015)' },
    ],
    [
      'a channel it may not write to',
      discordError(403, 50_013, 'Missing Permissions'),
      { kind: 'gone', detail: '403: Missing Permissions (50013)' },
    ],
    [
      'a forum without a thread',
      discordError(400, 220_001, 'Webhooks posted to forum channels must have a thread_name or thread_id'),
      {
        kind: 'gone',
        detail: '400: Webhooks posted to forum channels must have a thread_name or thread_id (220001)',
      },
    ],
    [
      'a message that is none',
      discordError(400, 50_035, 'Invalid Form Body'),
      { kind: 'refused', detail: '400: Invalid Form Body (50035)' },
    ],
    [
      'an internal error',
      { status: 503, text: 'upstream connect error' },
      { kind: 'failed', detail: 'it answers 503' },
    ],
  ])('%s is told as what it is, without the token', async (_, fault, answer) => {
    const server = await serveDiscordWebhook();
    server.faults.push(fault);
    expect(clean(await open(server.address).send(telling(), never))).toEqual(answer);
    expect(server.asked).toHaveLength(1);
  });

  test('a pause is at least as long as Discord asks', async () => {
    const server = await serveDiscordWebhook();
    server.faults.push(rateLimited(2.5));
    const answer = await open(server.address).send(telling(), never);
    expect(answer.kind === 'limited' && answer.retryAfterMs).toBeGreaterThanOrEqual(2500);
  });

  test('an edit of a message that somebody deleted finds it missing', async () => {
    const server = await serveDiscordWebhook();
    expect(await open(server.address).edit('1200000000000000009', telling(), never)).toEqual({ kind: 'missing' });
  });

  test('an address of another form is not tried', () => {
    for (const address of ['', 'https://discord.com/api/webhooks/', 'ftp://host/api/webhooks/1/aaaaaaaaaaaaaaaa', 'x'])
      expect(openDiscord(address)).toBeNull();
  });
});

describe('any program', () => {
  test.each<[string, Reply, SurfaceAnswer]>([
    ['is told', { status: 200, text: 'x'.repeat(100_000) }, { kind: 'taken', message: null }],
    ['asks for a pause', { status: 429, headers: { 'retry-after': '7' } }, { kind: 'limited', retryAfterMs: 7000 }],
    [
      'asks for a pause until an instant',
      { status: 503, headers: { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' } },
      { kind: 'limited', retryAfterMs: 30_000 },
    ],
    ['fails', { status: 500 }, { kind: 'failed', detail: 'it answers 500' }],
    ['is cut off', 'drop', { kind: 'failed', detail: 'UND_ERR_SOCKET' }],
    ['is not there any more', { status: 410 }, { kind: 'gone', detail: 'it answers 410' }],
    ['does not take this one', { status: 422 }, { kind: 'refused', detail: 'it answers 422' }],
    [
      'sends us elsewhere',
      { status: 307, headers: { location: 'http://127.0.0.1:1/other' } },
      { kind: 'gone', detail: 'it answers 307, a redirect, which is not followed' },
    ],
  ])('%s', async (_, reply, answer) => {
    const server = await recordHttp(() => reply);
    const surface = openWebhook(`${server.url}/in/hook-canary-31f0`) as Surface;
    expect(clean(await surface.send(telling(), never))).toEqual(answer);
    expect(server.asked[0]).toMatchObject({
      headers: { 'idempotency-key': 'deployment/add-login:1-0:alert' },
      json: {
        version: 1,
        repo_id: 'shop-0123456789ab',
        notifications: [{ row: 'deployment/add-login', tone: 'alert' }],
      },
    });
  });

  test('nobody who listens is a failure that says its code alone', async () => {
    const server = await recordHttp(() => ({ status: 200 }));
    const surface = openWebhook(`${server.url}/in/hook-canary-31f0`) as Surface;
    await server.close();
    expect(clean(await surface.send(telling(), never))).toEqual({ kind: 'failed', detail: 'ECONNREFUSED' });
  });
});

describe('a message of many rows', () => {
  const many = Array.from({ length: 1000 }, (_, at) => ({
    row: `deployment/slug-${at}`,
    subject: `slug-${at}`,
    text: `${'<&"`'.repeat(300)} ${at}`,
    tone: at % 2 === 0 ? ('alert' as const) : ('success' as const),
  }));

  test('fits, whatever it holds, and counts what it does not name', async () => {
    const [telegram, discord] = [await serveTelegram(), await serveDiscordWebhook()];
    const surfaces = [
      openTelegram({ token: BOT_TOKEN, chatId: CHAT_ID, apiRoot: telegram.url }),
      openDiscord(discord.address),
    ];
    for (const items of [many, many.slice(0, 1), [{ text: '"'.repeat(1000), subject: '&'.repeat(400) }]])
      for (const surface of surfaces)
        expect(await surface?.send(telling(items), never), surface?.name).toMatchObject({ kind: 'taken' });
    const shown = telegram.messages[0]?.text ?? '';
    expect(shown.split('\n')[0]).toBe('⚠️ needs attention: 500, ✅ delivered: 500 shop-0123456789ab');
    const named = shown.split('\n').filter((line) => /slug-\d/.test(line)).length;
    expect(named).toBeGreaterThan(2);
    expect(shown).toContain(`and ${1000 - named} more: telec notifications --unseen`);
  });

  test('a message whose rows all stand further down by now says so', async () => {
    const server = await serveTelegram();
    const surface = openTelegram({ token: BOT_TOKEN, chatId: CHAT_ID, apiRoot: server.url });
    await surface?.send(telling([], ['add-login', 'add-logout']), never);
    expect(server.messages[0]?.text).toBe('told anew below add-login, add-logout');
  });
});
