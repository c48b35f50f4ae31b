/**
 * A chat of Telegram, told by a bot: messages are sent, and edited in place. The token stands in the path of every
 * request, so nothing of the client's errors is passed on but the code, and what Telegram itself says.
 */
import { createHash } from 'node:crypto';
import { Api, GrammyError } from 'grammy';
import { faultCode, pauseOf, type Surface, type SurfaceAnswer, type Telling } from './surface.ts';
import { chatText, type Markup } from './words.ts';

/** A group takes twenty messages a minute. */
const PER_MINUTE = 18;
/** The form of a token: the number of the bot, and its secret. */
const TOKEN = /^(\d{1,20}):[A-Za-z0-9_-]{20,200}$/;
/** Of what Telegram says with status 400, what concerns the message to be changed. */
const NOT_MODIFIED = /message is not modified/i;
const MISSING = /message to edit not found|message can't be edited|MESSAGE_ID_INVALID/i;
/** And what no message will ever get past. The rest concerns the one message. */
const OF_THE_CHAT = /chat|rights|bot |group|peer|topic|thread|user|WRITE_FORBIDDEN|CHANNEL/i;

const HTML: Markup = {
  code: (text) => `<code>${escaped(text)}</code>`,
  strong: (text) => `<b>${escaped(text)}</b>`,
  link: (url, label) => `<a href="${escaped(url)}">${escaped(label)}</a>`,
  // The limit is 4,096 after the marks are taken out.
  lengthMax: 4000,
};

export interface TelegramPlace {
  token: string;
  /** Number of the chat, or `@name` of a channel. */
  chatId: string | number;
  /** Without a slash at its end. */
  apiRoot: string;
}

/** The surface of one chat; null when `token` is none. */
export function openTelegram({ token, chatId, apiRoot }: TelegramPlace): Surface | null {
  const bot = TOKEN.exec(token)?.[1];
  if (bot === undefined) return null;
  const api = new Api(token, { apiRoot, timeoutSeconds: 30, baseFetchConfig: { redirect: 'error' } });
  const options = { parse_mode: 'HTML', link_preview_options: { is_disabled: true } } as const;
  return {
    name: 'telegram',
    place: createHash('sha256').update(`${apiRoot} ${bot} ${chatId}`).digest('hex').slice(0, 12),
    perMinute: PER_MINUTE,
    send: (telling, signal) =>
      answered(async () => {
        const sent = await api.sendMessage(chatId, chatText(telling, HTML), options, signal as never);
        return { kind: 'taken', message: String(sent.message_id) };
      }),
    edit: (message, telling: Telling, signal) =>
      answered(async () => {
        await api.editMessageText(chatId, Number(message), chatText(telling, HTML), options, signal as never);
        return { kind: 'taken', message };
      }, message),
  };
}

async function answered(call: () => Promise<SurfaceAnswer>, message: string | null = null): Promise<SurfaceAnswer> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof GrammyError)) return { kind: 'failed', detail: faultCode(error) };
    // JSON that is none of Telegram's: of a proxy, or of whatever answers at `api_root`.
    if (typeof error.error_code !== 'number') return { kind: 'failed', detail: 'it does not answer as Telegram does' };
    return saidBy(error, message);
  }
}

function saidBy({ error_code: code, description, parameters }: GrammyError, message: string | null): SurfaceAnswer {
  const detail = `${code}: ${String(description).slice(0, 200)}`;
  if (code === 429) return { kind: 'limited', retryAfterMs: pauseOf(parameters.retry_after) };
  if (code >= 500) return { kind: 'failed', detail };
  if (message !== null && NOT_MODIFIED.test(description)) return { kind: 'taken', message };
  if (message !== null && MISSING.test(description)) return { kind: 'missing' };
  if (parameters.migrate_to_chat_id !== undefined)
    return { kind: 'gone', detail: `${detail}; set chat_id to ${parameters.migrate_to_chat_id}` };
  return { kind: code !== 400 || OF_THE_CHAT.test(description) ? 'gone' : 'refused', detail };
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}
