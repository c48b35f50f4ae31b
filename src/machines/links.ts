/**
 * Addresses of what the web view can show: a candidate, an entry of the log, a moment of the past, a notification. A
 * link is the fragment of an address, so what it names is never sent to a server. Decides how a link is written and
 * read; not where the view is, nor what it shows there.
 */
import { SLUG_LENGTH_MAX } from './identity.ts';

/** What a link leads to. */
export type Link =
  /** One candidate, by `<slug>/<branch>@<sha>`. */
  | { kind: 'candidate'; key: string }
  /** One entry of the log, as things are now. */
  | { kind: 'event'; id: string }
  /** Everything as it was after an entry; `0`: before the first. */
  | { kind: 'moment'; id: string }
  /** One notification row, as `deployment/add-login`. */
  | { kind: 'notification'; id: string };

/** Characters of a link; the longest name there may be, each of its bytes escaped, fits. */
const LINK_LENGTH_MAX = 4096;

const ENTRY = /^\d{1,20}-\d{1,20}$/;
const CANDIDATE = /^[^/]+\/.+@([0-9a-f]{40}|[0-9a-f]{64})$/s;
const ROW = /^[a-z][a-z0-9_-]*\/.+$/s;

const isTarget: Record<Link['kind'], (target: string) => boolean> = {
  candidate: (key) => CANDIDATE.test(key) && key.indexOf('/') <= SLUG_LENGTH_MAX,
  event: (id) => ENTRY.test(id),
  moment: (id) => id === '0' || ENTRY.test(id),
  notification: (id) => ROW.test(id),
};

/** The fragment of an address, `#` included: `#/event/1730000000000-0`. Has no character that a chat or a shell would take for its own. */
export function linkOf(link: Link): string {
  return `#/${link.kind}/${escaped(link.kind === 'candidate' ? link.key : link.id)}`;
}

/** What a fragment, `#` included, leads to; null when it is no link, or names what there cannot be. */
export function readLink(fragment: string): Link | null {
  if (fragment.length > LINK_LENGTH_MAX) return null;
  const [, kind = '', text = ''] = /^#\/([a-z]+)\/([^/]+)$/.exec(fragment) ?? [];
  const target = unescaped(text);
  if (target === null || !Object.hasOwn(isTarget, kind) || !isTarget[kind as Link['kind']](target)) return null;
  return kind === 'candidate'
    ? { kind, key: target }
    : { kind: kind as Exclude<Link['kind'], 'candidate'>, id: target };
}

/** The ticket that signs a browser in: 64 hex digits. */
const TICKET = /^#enter=([0-9a-f]{64})(?:&to=(.*))?$/s;

/** The fragment by which a browser is signed in and led on: `#enter=<ticket>`, or `#enter=<ticket>&to=<link, escaped>`. */
export function enterFragment(ticket: string, link: Link | null): string {
  return `#enter=${ticket}${link === null ? '' : `&to=${encodeURIComponent(linkOf(link))}`}`;
}

/** The ticket in a fragment and where it leads on; null when it is no such fragment. It must leave the address at once. */
export function readEnter(fragment: string): { ticket: string; link: Link | null } | null {
  const [, ticket, to] = TICKET.exec(fragment) ?? [];
  return ticket === undefined ? null : { ticket, link: to === undefined ? null : readLink(unescaped(to) ?? '') };
}

/** Percent escapes for all but letters, digits and `- . _`. Half a character, which has no escape, becomes U+FFFD. */
function escaped(text: string): string {
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd')).replace(
    /[!'()*~]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function unescaped(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
