/** Telegram's bot interface as far as telec asks it: tokens, one chat, messages that are sent and edited, and its refusals. */
import { type Asked, type Recorder, type Reply, recordHttp } from './http-recorder.ts';

export const BOT_TOKEN = '123456789:telegram-canary-AAF4x_9wQ2bP7';
export const CHAT_ID = -1001234567890;

export interface ChatMessage {
  id: number;
  /** Text as people see it, without marks. */
  text: string;
  /** As it was sent. */
  html: string;
  edits: number;
}

export interface TelegramServer extends Recorder {
  messages: ChatMessage[];
  /** Answers to the next requests, before anything is done. */
  faults: Reply[];
  /** As a person who deletes a message. */
  remove(id: number): void;
  methods(): string[];
}

export const telegramError = (code: number, description: string, parameters?: Record<string, unknown>): Reply => ({
  status: code,
  json: { ok: false, error_code: code, description, ...(parameters ? { parameters } : {}) },
});
export const TOO_MANY = (seconds: number): Reply =>
  telegramError(429, `Too Many Requests: retry after ${seconds}`, { retry_after: seconds });

const TEXT_MAX = 4096;

/** Text without its marks; null when the marks are none that Telegram takes. */
export function seen(html: string): string | null {
  const open: string[] = [];
  let text = '';
  for (const part of html.split(/(<[^>]*>)/)) {
    const closing = /^<\/(b|code|a)>$/.exec(part)?.[1];
    const opening = /^<(b|code|a)(?: href="[^"<>]*")?>$/.exec(part)?.[1];
    if (closing !== undefined && open.pop() !== closing) return null;
    if (opening !== undefined && open.includes('code')) return null;
    if (opening !== undefined) open.push(opening);
    if (closing !== undefined || opening !== undefined) continue;
    if (/[<>]/.test(part) || /&(?!#\d+;)/.test(part)) return null;
    text += part.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));
  }
  return open.length === 0 ? text : null;
}

export async function serveTelegram(): Promise<TelegramServer> {
  const messages: ChatMessage[] = [];
  const faults: Reply[] = [];
  let last = 0;
  const resultOf = ({ id, text }: ChatMessage): Reply => ({
    status: 200,
    json: {
      ok: true,
      result: { message_id: id, date: 1, chat: { id: CHAT_ID, type: 'supergroup', title: 't' }, text },
    },
  });
  const answer = ({ path, json }: Asked): Reply => {
    const fault = faults.shift();
    if (fault) return fault;
    const [, token, method] = /^\/bot([^/]+)\/(\w+)$/.exec(path) ?? [];
    if (token !== BOT_TOKEN) return telegramError(401, 'Unauthorized');
    if (json?.chat_id !== CHAT_ID) return telegramError(400, 'Bad Request: chat not found');
    const text = json.parse_mode === 'HTML' ? seen(json.text) : json.text;
    if (text === null) return telegramError(400, "Bad Request: can't parse entities: Unsupported start tag");
    if (text.length > TEXT_MAX) return telegramError(400, 'Bad Request: message is too long');
    if (method === 'sendMessage') {
      last += 1;
      const message = { id: last, text, html: json.text, edits: 0 };
      messages.push(message);
      return resultOf(message);
    }
    if (method !== 'editMessageText') return telegramError(404, 'Not Found');
    const message = messages.find(({ id }) => id === json.message_id);
    if (!message) return telegramError(400, 'Bad Request: message to edit not found');
    if (message.html === json.text)
      return telegramError(
        400,
        'Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message',
      );
    Object.assign(message, { text, html: json.text, edits: message.edits + 1 });
    return resultOf(message);
  };
  const server = await recordHttp(answer);
  return {
    ...server,
    messages,
    faults,
    remove(id) {
      messages.splice(
        messages.findIndex((message) => message.id === id),
        1,
      );
    },
    methods: () => server.asked.map(({ path }) => path.slice(path.lastIndexOf('/') + 1)),
  };
}
