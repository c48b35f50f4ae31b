/** Discord as a bot with buttons meets it: its gateway, its channels and threads, and presses of people with the answers they see. */
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { discordError } from './discord-webhook.ts';
import { type Asked, type Recorder, type Reply, recordHttp } from './http-recorder.ts';

export const LAUNCHER_TOKEN = 'MTA5ODc2NTQzMjEwOTg3NjU0Mw.Gcanary.launcher_canary_5dK2mQ8rT1vX7zB4nL9p';
const APPLICATION = '1098765432109876000';
const FORUM_KIND = 15;

interface Message {
  id: string;
  channel: string;
  // biome-ignore lint/suspicious/noExplicitAny: what was sent; a test says what it expects of it.
  body: any;
  edits: number;
}

export interface DiscordServer extends Recorder {
  /** `<url>/api` */
  apiRoot: string;
  /** Every message there is, those that begin a thread included. */
  messages: Message[];
  pinned: Set<string>;
  archived: Set<string>;
  /** Bots that are connected. */
  connected(): number;
  /** As a person who presses a button; gives the id of the press. `again`: the same press told once more. */
  press(message: string, customId: string, about?: { user?: string; again?: string }): string;
  /** What the presser sees, by press; `deferred` while the bot is said to think. */
  answers: Map<string, { flags: number; content: string | null }>;
  remove(id: string): void;
}

/** `channels`: id -> kind (15 a forum, 0 a channel of text), or what is said of it instead. */
export async function serveDiscord(channels: Record<string, number | Reply>): Promise<DiscordServer> {
  const messages: Message[] = [];
  const pinned = new Set<string>();
  const archived = new Set<string>();
  const answers = new Map<string, { flags: number; content: string | null }>();
  const bots = new Set<WebSocket>();
  let last = 1_300_000_000_000_000_000n;
  let gatewayUrl = '';
  const next = () => {
    last += 1n;
    return String(last);
  };

  const inChannel = ({ method, json }: Asked, channel: string, rest: string): Reply => {
    const kind = channels[channel];
    const message = /^messages\/(\d+)$/.exec(rest)?.[1];
    const found = messages.find(({ id }) => id === (message ?? channel));
    if (typeof kind === 'object' || typeof kind === 'string') return kind;
    if (kind === undefined && found === undefined) return discordError(404, 10_003, 'Unknown Channel');
    if (method === 'GET' && rest === '') return { status: 200, json: { id: channel, type: kind } };
    if (method === 'POST' && rest === 'threads' && kind === FORUM_KIND) {
      const id = next();
      messages.push({ id, channel: id, body: json.message, edits: 0 });
      return { status: 201, json: { id, type: 11, name: json.name, parent_id: channel } };
    }
    if (method === 'POST' && rest === 'messages') {
      if (kind === FORUM_KIND) return discordError(400, 40_058, 'Cannot send a message in a forum channel');
      const id = next();
      messages.push({ id, channel, body: json, edits: 0 });
      return { status: 200, json: { id, channel_id: channel } };
    }
    if (method === 'PATCH' && rest === '') {
      if (json.flags === 2) pinned.add(channel);
      if (json.archived === false) archived.delete(channel);
      return { status: 200, json: { id: channel, type: 11 } };
    }
    if (method === 'PATCH' && message !== undefined) {
      if (archived.has(channel)) return discordError(400, 50_083, 'Thread is archived');
      if (!found) return discordError(404, 10_008, 'Unknown Message');
      Object.assign(found, { body: json, edits: found.edits + 1 });
      return { status: 200, json: { id: found.id, channel_id: channel } };
    }
    const toPin = /^(?:pins|messages\/pins)\/(\d+)$/.exec(rest)?.[1];
    if (method === 'PUT' && toPin !== undefined) {
      pinned.add(toPin);
      return { status: 204 };
    }
    return discordError(404, 0, '404: Not Found');
  };

  const answer = (asked: Asked): Reply => {
    const { method, path, headers, json } = asked;
    const [, words = ''] = /^\/api\/v10\/([^?]*)/.exec(path) ?? [];
    const reply = /^interactions\/(\d+)\/([^/]+)\/callback$/.exec(words);
    if (reply) {
      if (answers.has(reply[1] ?? '')) return discordError(400, 40_060, 'Interaction has already been acknowledged.');
      if (json.type !== 5) return discordError(400, 50_035, 'Invalid Form Body');
      answers.set(reply[1] ?? '', { flags: json.data?.flags ?? 0, content: null });
      return { status: 204 };
    }
    const original = /^webhooks\/(\d+)\/answer-(\d+)\/messages\/(?:@|%40)original$/.exec(words);
    if (original) {
      const seen = answers.get(original[2] ?? '');
      if (!seen) return discordError(404, 10_015, 'Unknown Webhook');
      seen.content = json.content;
      return { status: 200, json: { id: next() } };
    }
    if (headers.authorization !== `Bot ${LAUNCHER_TOKEN}`)
      return { status: 401, json: { message: '401: Unauthorized', code: 0 } };
    if (words === 'gateway/bot') {
      const limit = { total: 1000, remaining: 999, reset_after: 1000, max_concurrency: 1 };
      return { status: 200, json: { url: gatewayUrl, shards: 1, session_start_limit: limit } };
    }
    const channel = /^channels\/(\d+)(?:\/(.*))?$/.exec(words);
    if (channel) return inChannel(asked, channel[1] ?? '', channel[2] ?? '');
    return { status: method === 'GET' ? 404 : 405, json: { message: '404: Not Found', code: 0 } };
  };

  const gateway = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await new Promise((resolve) => gateway.once('listening', resolve));
  gatewayUrl = `ws://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
  gateway.on('connection', (socket) => {
    const send = (payload: unknown) => socket.send(JSON.stringify(payload));
    send({ op: 10, d: { heartbeat_interval: 41_250 }, s: null, t: null });
    socket.on('close', () => bots.delete(socket));
    socket.on('message', (data) => {
      const { op, d } = JSON.parse(String(data));
      if (op === 1) send({ op: 11, d: null, s: null, t: null });
      if (op !== 2) return;
      if (d.token !== LAUNCHER_TOKEN) return socket.close(4004, 'Authentication failed.');
      bots.add(socket);
      const user = { id: APPLICATION, username: 'telec', bot: true };
      const application = { id: APPLICATION, flags: 0 };
      send({
        op: 0,
        t: 'READY',
        s: 1,
        d: { v: 10, user, guilds: [], session_id: 'session', resume_gateway_url: gatewayUrl, application },
      });
    });
  });
  onTestFinished(() => {
    for (const socket of gateway.clients) socket.terminate();
    gateway.close();
  });
  const server = await recordHttp(answer);
  let sequence = 1;
  return {
    ...server,
    apiRoot: `${server.url}/api`,
    messages,
    pinned,
    archived,
    answers,
    connected: () => bots.size,
    press(message, customId, { user = '42', again } = {}) {
      const id = again ?? next();
      sequence += 1;
      const d = {
        id,
        application_id: APPLICATION,
        type: 3,
        token: `answer-${id}`,
        version: 1,
        channel: { id: messages.find((each) => each.id === message)?.channel ?? '1', type: 11 },
        member: { user: { id: user, username: 'somebody' }, roles: [] },
        message: { id: message },
        data: { custom_id: customId, component_type: 2 },
      };
      for (const bot of bots) bot.send(JSON.stringify({ op: 0, t: 'INTERACTION_CREATE', s: sequence, d }));
      return id;
    },
    remove(id) {
      messages.splice(
        messages.findIndex((message) => message.id === id),
        1,
      );
    },
  };
}
