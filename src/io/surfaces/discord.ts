/**
 * A channel of Discord, told by its webhook: messages are sent, and edited in place. The address is the secret. Nobody is
 * ever mentioned, whatever a text holds.
 */
import { faultOf, openRest } from './discord-rest.ts';
import type { Surface, SurfaceAnswer, Telling } from './surface.ts';
import { chatText, type Markup } from './words.ts';

/** A webhook takes thirty messages a minute. */
const PER_MINUTE = 25;
const SUPPRESS_EMBEDS = 4;
const UNKNOWN_MESSAGE = 10_008;
/** An archived thread takes new messages, and no edits. */
const ARCHIVED = 50_083;
/** `<api>[/v10]/webhooks/<id>/<token>` */
const ADDRESS = /^(.*?)(?:\/v\d{1,2})?\/webhooks\/(\d{1,20})\/([A-Za-z0-9_-]{16,200})\/?$/;

const MARKDOWN: Markup = {
  // Nothing ends it but the mark itself, which has no escape.
  code: (text) => `\`${text.replaceAll('`', 'ˋ') || ' '}\``,
  strong: (text) => `**${text}**`,
  link: (url, label) => (label === url ? `<${url}>` : `[${label}](<${url}>)`),
  lengthMax: 1900,
};

/** The surface of one webhook; null when `address` is none of Discord's form. */
export function openDiscord(address: string): Surface | null {
  if (!URL.canParse(address)) return null;
  const { protocol, origin, pathname, searchParams } = new URL(address);
  const [, root = '', id = '', token = ''] = ADDRESS.exec(pathname) ?? [];
  if (!/^https?:$/.test(protocol) || id === '') return null;
  const rest = openRest(`${origin}${root}`);
  const thread = searchParams.get('thread_id');
  const query = new URLSearchParams(thread === null ? {} : { thread_id: thread });
  const path = `/webhooks/${id}/${token}` as const;
  const body = (telling: Telling) => ({
    content: chatText(telling, MARKDOWN),
    allowed_mentions: { parse: [] },
    flags: SUPPRESS_EMBEDS,
  });
  return {
    name: 'discord',
    place: thread === null ? id : `${id}-${thread}`,
    perMinute: PER_MINUTE,
    send: (telling, signal) =>
      answered(async () => {
        // Without `wait` there would be no message to edit later.
        const asking = new URLSearchParams([...query, ['wait', 'true']]);
        const sent = await rest.post(path, { auth: false, query: asking, body: body(telling), signal });
        const { id: message } = sent as { id?: unknown };
        return { kind: 'taken', message: typeof message === 'string' ? message : null };
      }),
    edit: (message, telling, signal) =>
      answered(async () => {
        await rest.patch(`${path}/messages/${message}`, { auth: false, query, body: body(telling), signal });
        return { kind: 'taken', message };
      }),
  };
}

async function answered(call: () => Promise<SurfaceAnswer>): Promise<SurfaceAnswer> {
  try {
    return await call();
  } catch (error) {
    const fault = faultOf(error);
    if (fault.kind !== 'refused') return fault;
    const { code, status, detail } = fault;
    if (code === UNKNOWN_MESSAGE || code === ARCHIVED) return { kind: 'missing' };
    // 220001 and its like: a forum wants a thread named in the address.
    return { kind: status === 400 && code < 200_000 ? 'refused' : 'gone', detail };
  }
}
