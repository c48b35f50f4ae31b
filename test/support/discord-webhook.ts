/** A webhook of Discord as far as telec asks it: messages that are executed and edited, and its refusals. */
import { type Asked, type Recorder, type Reply, recordHttp } from './http-recorder.ts';

const WEBHOOK_ID = '1098765432109876543';
export const WEBHOOK_TOKEN = 'discord-canary-Zk3_9xWqLp0aVb2nMm4cRt6yUi8oPs1d';

export interface WebhookMessage {
  id: string;
  content: string;
  edits: number;
}

export interface DiscordWebhook extends Recorder {
  /** Address of the webhook, its token in it. */
  address: string;
  messages: WebhookMessage[];
  /** Answers to the next requests, before anything is done. */
  faults: Reply[];
  remove(id: string): void;
}

export const discordError = (status: number, code: number, message: string): Reply => ({
  status,
  json: { message, code },
});

/** What Discord says to who asks too often: the pause in the body with its fraction, in the header without. */
export const rateLimited = (seconds: number): Reply => ({
  status: 429,
  json: { message: 'You are being rate limited.', retry_after: seconds, global: false },
  headers: {
    'retry-after': String(Math.ceil(seconds)),
    'x-ratelimit-limit': '5',
    'x-ratelimit-remaining': '0',
    'x-ratelimit-reset-after': String(seconds),
    'x-ratelimit-bucket': 'abcd1234',
    'x-ratelimit-scope': 'user',
    via: '1.1 google',
  },
});

export async function serveDiscordWebhook(): Promise<DiscordWebhook> {
  const messages: WebhookMessage[] = [];
  const faults: Reply[] = [];
  let last = 1_200_000_000_000_000_000n;
  const answer = ({ method, path, json }: Asked): Reply => {
    const fault = faults.shift();
    if (fault) return fault;
    const { pathname, searchParams } = new URL(path, 'http://host');
    const [, id, token, message] = /^\/api\/v10\/webhooks\/(\d+)\/([^/]+)(?:\/messages\/(\d+))?$/.exec(pathname) ?? [];
    if (id !== WEBHOOK_ID || token !== WEBHOOK_TOKEN) return discordError(404, 10_015, 'Unknown Webhook');
    if (json.content.length > 2000) return discordError(400, 50_035, 'Invalid Form Body');
    if (method === 'POST') {
      last += 1n;
      messages.push({ id: String(last), content: json.content, edits: 0 });
      if (searchParams.get('wait') !== 'true') return { status: 204 };
      return { status: 200, json: { id: String(last), content: json.content, type: 0 } };
    }
    const found = messages.find((each) => each.id === message);
    if (!found) return discordError(404, 10_008, 'Unknown Message');
    Object.assign(found, { content: json.content, edits: found.edits + 1 });
    return { status: 200, json: { id: found.id, content: found.content, type: 0 } };
  };
  const server = await recordHttp(answer);
  return {
    ...server,
    address: `${server.url}/api/webhooks/${WEBHOOK_ID}/${WEBHOOK_TOKEN}`,
    messages,
    faults,
    remove(id) {
      messages.splice(
        messages.findIndex((message) => message.id === id),
        1,
      );
    },
  };
}
