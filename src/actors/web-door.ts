/**
 * The daemon's second door: HTTP on loopback, for browsers and for programs that cannot open a unix socket. Decides who
 * comes in; behind it lie the same routes as behind the first. Any user and any web page of this machine can reach a
 * port, so a question must name the door as its host, come from no other site, and carry the token.
 *
 * Never ends the daemon: a door that cannot be opened is told in the log, in `daemon.json` and by the doctor.
 */
import { closeServer, type HttpLimits, httpServer, type Refusal, type RequestHead } from '../io/http-server.ts';
import { loopbackNames } from '../io/loopback.ts';
import { listenOnLoopback } from '../io/web-server.ts';
import { isSameSecret, removeWebToken, writeWebToken } from '../io/web-token.ts';
import type { Report } from './steward.ts';

/** Characters of path and query. */
export const URL_LENGTH_MAX = 4096;
/** Who guesses waits so long for each wrong answer, ms. */
const WRONG_TOKEN_MS = 250;
/** Anyone on the machine can fill the door; the socket stays free for the owner. */
export const CONNECTIONS_MAX = 64;
/** Refusals are counted and told once in this time, ms, or anyone could fill the log. */
const TOLD_EVERY_MS = 60_000;

/** What every answer of the door carries: nothing of it is to be framed, stored, guessed at, or used by another site. */
export const DOOR_HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
  'cross-origin-resource-policy': 'same-origin',
  'x-frame-options': 'DENY',
};

const METHODS = ['GET', 'HEAD', 'POST'];
/** Of these a second one could be read by one side and not by the other. */
const ONCE = ['host', 'origin', 'authorization', 'sec-fetch-site', 'content-type'];

/** What a scraper asks for; it has a token of its own, which opens this alone. */
export const METRICS_PATH = '/metrics';

/** What the door knows to judge by. */
export interface DoorKeys {
  /** `host:port` by which it may be called, in small letters. */
  names: readonly string[];
  isToken(given: string): boolean;
  /** Opens `METRICS_PATH` and nothing else. */
  isMetricsToken(given: string): boolean;
}

/** Whether a question may come in, by its head alone: null, or why not. The token is asked last, so that only who is let near may try one. */
export function judge({ method, target, headers }: RequestHead, keys: DoorKeys): Refusal | null {
  const { names } = keys;
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
  const site = given('sec-fetch-site');
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    return refusal(403, 'CROSS_SITE', 'the question comes from another site');
  if (!METHODS.includes(method)) {
    const allow = { allow: METHODS.join(', ') };
    return { ...refusal(405, 'WRONG_METHOD', `the door takes ${METHODS.join(', ')}`), headers: allow };
  }
  const [path] = target.split('?', 1);
  const isToken = (token: string) => keys.isToken(token) || (path === METRICS_PATH && keys.isMetricsToken(token));
  return judgeToken(given('authorization'), isToken);
}

function judgeToken(authorization: string | undefined, isToken: DoorKeys['isToken']): Refusal | null {
  const hint = 'send the line in the file web-token of the state folder as a header';
  const headers = { 'www-authenticate': 'Bearer' };
  if (authorization === undefined) return { ...refusal(401, 'NO_TOKEN', 'the question has no token', hint), headers };
  const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? '';
  if (isToken(token)) return null;
  const wrong = refusal(401, 'WRONG_TOKEN', 'the token is not that of the running daemon', hint);
  return { ...wrong, headers, delayMs: WRONG_TOKEN_MS };
}

function refusal(status: number, code: string, message: string, hint = 'docs/protocol.md says who may ask'): Refusal {
  return { status, code, message, hint };
}

export interface DoorParts {
  host: string;
  port: number;
  /** State folder; the token is kept there. */
  folder: string;
  token: string;
  /** Opens the metrics alone; null when there is none. */
  metricsToken: string | null;
  fetch(request: Request): Response | Promise<Response>;
  report: Report;
  limits?: Partial<HttpLimits>;
}

export interface WebDoor {
  /** `http://host:port`, or null when it could not be opened. */
  url: string | null;
  /** Why it could not be opened. */
  fault: string | null;
  /** Takes no more questions, lets answers under way end, removes the token. */
  close(): Promise<void>;
}

/** Opens the door. Throws nothing that the system refuses: then the door is closed, and says why. */
export async function openWebDoor(parts: DoorParts): Promise<WebDoor> {
  const { host, port, folder, token, metricsToken, fetch, report, limits } = parts;
  let names: string[] = [];
  const refusals = tally(report);
  const server = httpServer({
    fetch,
    admit(head) {
      const refused = judge(head, {
        names,
        isToken: (given) => isSameSecret(given, token),
        isMetricsToken: (given) => metricsToken !== null && isSameSecret(given, metricsToken),
      });
      if (refused) refusals.count(refused.code);
      return refused;
    },
    onFault: (error) => report.error('the web door has a fault', error),
    headers: DOOR_HEADERS,
    limits: { connections: CONNECTIONS_MAX, ...limits },
  });
  const place = keepToken(folder, token) ?? (await listenOnLoopback(server, host, port));
  if (place.port === null) {
    removeWebToken(folder, token);
    report.warn('the web door stays closed', { fault: place.fault });
    return { url: null, fault: place.fault, close: async () => undefined };
  }
  names = loopbackNames(host, place.port);
  const taken = port !== 0 && place.port !== port ? { taken: port } : {};
  report.info('the web door is open', { url: `http://${names[0]}`, ...taken });
  return {
    url: `http://${names[0]}`,
    fault: null,
    async close() {
      removeWebToken(folder, token);
      await closeServer(server);
      refusals.end();
    },
  };
}

/** Writes the token down, before anybody can be asked for it; answers why that cannot be done, else null. */
function keepToken(folder: string, token: string): { port: null; fault: string } | null {
  try {
    writeWebToken(folder, token);
    return null;
  } catch (error) {
    return { port: null, fault: `the token cannot be written down (${(error as NodeJS.ErrnoException).code})` };
  }
}

/** Counts refusals by their code and tells them: the first at once, then what came together since. */
function tally(report: Pick<Report, 'warn'>): { count(code: string): void; end(): void } {
  let counts: Record<string, number> = {};
  let timer: NodeJS.Timeout | null = null;
  const tell = (): boolean => {
    if (Object.keys(counts).length === 0) return false;
    report.warn('the web door refused questions', { refused: counts });
    counts = {};
    return true;
  };
  const tellNowAndLater = () => {
    timer = tell() ? setTimeout(tellNowAndLater, TOLD_EVERY_MS).unref() : null;
  };
  return {
    count(code) {
      counts[code] = (counts[code] ?? 0) + 1;
      if (timer === null) tellNowAndLater();
    },
    end() {
      if (timer !== null) clearTimeout(timer);
      tell();
    },
  };
}
