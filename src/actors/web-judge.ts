/**
 * Who comes in through the web door, judged from the head of a question alone. Any user and any web page of this machine
 * can reach a port, so a question must name the door as its host, come from no other site, and carry the token. Two
 * things are to be had without it: the files of the page, in which nothing is told, and the trade of a ticket for it.
 */
import type { Refusal, RequestHead } from '../io/http-server.ts';
import { PROTOCOL } from '../io/web-sockets.ts';

/** Characters of path and query. */
export const URL_LENGTH_MAX = 4096;
/** Who guesses waits so long for each wrong answer, ms. */
export const WRONG_TOKEN_MS = 250;
/** Where a ticket is traded for the token. */
export const ENTER_PATH = '/v1/web/enter';
/** The feed whose official receiver can set no header: it alone takes the token in its address. */
export const INSPECT_PATH = '/v1/inspect';

/** What a scraper asks for; it has a token of its own, which opens this alone. */
export const METRICS_PATH = '/metrics';

/** What stands before the token where a browser offers it among the protocols of a WebSocket. */
const TOKEN_PROTOCOL = 'telec.token.';
const METHODS = ['GET', 'HEAD', 'POST'];
/** Of these a second one could be read by one side and not by the other. */
const ONCE = [
  'host',
  'origin',
  'authorization',
  'sec-fetch-site',
  'sec-fetch-mode',
  'sec-fetch-dest',
  'content-type',
  'sec-websocket-protocol',
];

/** What the door knows to judge by. */
export interface DoorKeys {
  /** `host:port` by which it may be called, in small letters. */
  names: readonly string[];
  isToken(given: string): boolean;
  /** Opens `METRICS_PATH` and nothing else. */
  isMetricsToken(given: string): boolean;
  /** Whether a path is that of a file of the page. */
  isFile(path: string): boolean;
}

/** Whether a question may come in, by its head alone: null, or why not. The token is asked last, so that only who is let near may try one. */
export function judge(head: RequestHead, keys: DoorKeys): Refusal | null {
  const { names, isFile } = keys;
  const { method, target, headers, upgrade } = head;
  const [twice] = ONCE.filter((name) => headers.filter(([other]) => other === name).length > 1);
  if (twice !== undefined) return refusal(400, 'HEADER_TWICE', `the header ${twice} is given twice`);
  const given = (name: string) => headers.find(([other]) => other === name)?.[1];
  if (target.length > URL_LENGTH_MAX)
    return refusal(414, 'URL_TOO_LONG', `path and query have at most ${URL_LENGTH_MAX} characters`);
  if (!target.startsWith('/')) return refusal(400, 'NO_PATH', 'what is asked for is no path');
  const host = given('host')?.toLowerCase();
  if (host === undefined || !names.includes(host))
    return refusal(403, 'WRONG_HOST', 'the question names another host than this door', `ask http://${names[0]}`);
  const origin = given('origin');
  if (origin !== undefined && origin.toLowerCase() !== `http://${host}`)
    return refusal(403, 'WRONG_ORIGIN', 'the question comes from another site');
  const path = target.split('?', 1)[0] as string;
  const file = !upgrade && method !== 'POST' && isFile(path);
  const site = given('sec-fetch-site');
  // A link in a chat leads to the page; nothing else of another site does.
  const followed = file && given('sec-fetch-mode') === 'navigate' && given('sec-fetch-dest') === 'document';
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !followed)
    return refusal(403, 'CROSS_SITE', 'the question comes from another site');
  if (!METHODS.includes(method)) {
    const allow = { allow: METHODS.join(', ') };
    return { ...refusal(405, 'WRONG_METHOD', `the door takes ${METHODS.join(', ')}`), headers: allow };
  }
  if (file) return null;
  // Only the page itself trades, and a browser says that it is the page.
  if (!upgrade && method === 'POST' && path === ENTER_PATH)
    return origin === undefined ? refusal(403, 'WRONG_ORIGIN', 'a ticket is traded by the page alone') : null;
  const isToken = (token: string) => keys.isToken(token) || (path === METRICS_PATH && keys.isMetricsToken(token));
  return judgeToken(given('authorization'), upgrade ? tokenOfUpgrade(path, target, given) : null, isToken);
}

/** The token of who asks for a WebSocket and can set no header of its own. */
function tokenOfUpgrade(path: string, target: string, given: (name: string) => string | undefined): string | null {
  const offered = (given('sec-websocket-protocol') ?? '').split(',').map((name) => name.trim());
  const token = offered.find((name) => name.startsWith(TOKEN_PROTOCOL))?.slice(TOKEN_PROTOCOL.length);
  if (token !== undefined && offered.includes(PROTOCOL)) return token;
  return path === INSPECT_PATH ? new URLSearchParams(target.slice(path.length)).get('access_token') : null;
}

function judgeToken(
  authorization: string | undefined,
  other: string | null,
  isToken: DoorKeys['isToken'],
): Refusal | null {
  const hint =
    'telec web signs a browser in; programs send the line in the file web-token of the state folder as a header';
  const headers = { 'www-authenticate': 'Bearer' };
  if (authorization === undefined && other === null)
    return { ...refusal(401, 'NO_TOKEN', 'the question has no token', hint), headers };
  const token = authorization === undefined ? other : /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  if (isToken(token ?? '')) return null;
  const wrong = refusal(401, 'WRONG_TOKEN', 'the token is not that of the running daemon', hint);
  return { ...wrong, headers, delayMs: WRONG_TOKEN_MS };
}

function refusal(status: number, code: string, message: string, hint = 'docs/protocol.md says who may ask'): Refusal {
  return { status, code, message, hint };
}
