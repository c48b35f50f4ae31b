/**
 * The bot of the launcher at Discord's gateway: it hears of presses of buttons and of nothing else, answers who pressed
 * for their eyes alone, and says when the connection is lost for good. What a press means is decided elsewhere.
 */
import { type API, Client, GatewayDispatchEvents, InteractionType, MessageFlags } from '@discordjs/core';
import { WebSocketManager, WebSocketShardEvents } from '@discordjs/ws';
import { openRest } from './discord-rest.ts';

/** One press of a button. */
export interface Press {
  /** Of this press; the same for a repeat. */
  id: string;
  customId: string;
  /** Who pressed. */
  user: string;
  /** Message that has the button. */
  message: string;
  channel: string;
  /** Says that something is being done; within three seconds, or the press counts as failed. */
  acknowledge(): Promise<void>;
  /** What came of it, shown to the presser alone. */
  answer(text: string): Promise<void>;
}

export interface Bot {
  readonly api: API;
  /** Resolves once presses are heard. Throws what the client throws. */
  connect(): Promise<void>;
  close(): Promise<void>;
}

/** No intents: presses come to their own bot without any. */
const INTENTS = 0;

/** The bot of `token` at `apiRoot` (`https://discord.com/api`). Nothing is asked before `connect`. */
export function openBot(
  apiRoot: string,
  token: string,
  on: { press(press: Press): void; closed(code: number): void },
): Bot {
  const rest = openRest(apiRoot, token);
  const gateway = new WebSocketManager({ token, intents: INTENTS, rest });
  const client = new Client({ rest, gateway });
  // Both tell of one fault; whoever connects hears of it, and what is lost later is connected again by the client.
  gateway.on(WebSocketShardEvents.Error, () => undefined);
  gateway.on(WebSocketShardEvents.SocketError, () => undefined);
  gateway.on(WebSocketShardEvents.Closed, (code) => on.closed(code));
  client.on(GatewayDispatchEvents.InteractionCreate, ({ data }) => {
    if (data.type !== InteractionType.MessageComponent) return;
    const user = data.member?.user ?? data.user;
    on.press({
      id: data.id,
      customId: data.data.custom_id,
      user: user?.id ?? '',
      message: data.message.id,
      channel: data.channel.id,
      acknowledge: async () => {
        await client.api.interactions.defer(data.id, data.token, { flags: MessageFlags.Ephemeral });
      },
      answer: async (content) => {
        const body = { content, allowed_mentions: { parse: [] } };
        await client.api.interactions.editReply(data.application_id, data.token, body);
      },
    });
  });
  return {
    api: client.api,
    connect: async () => gateway.connect(),
    close: async () => gateway.destroy({ reason: 'the daemon ends' }),
  };
}
