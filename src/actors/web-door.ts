/**
 * The daemon's second door: HTTP on loopback, for browsers and for programs that cannot open a unix socket. Behind it lie
 * the same routes as behind the first, and the web page, which signs in here. Who comes in, the judge decides.
 *
 * Never ends the daemon: a door that cannot be opened is told in the log, in `daemon.json` and by the doctor.
 */
import { closeServer, type HttpLimits, httpServer } from '../io/http-server.ts';
import { loopbackNames } from '../io/loopback.ts';
import { isPagePath, type PageFile } from '../io/page-files.ts';
import { listenOnLoopback } from '../io/web-server.ts';
import type { Feed } from '../io/web-sockets.ts';
import { isSameSecret, removeWebToken, writeWebToken } from '../io/web-token.ts';
import type { Report } from './steward.ts';
import type { WebEntry } from './web-entry.ts';
import { judge } from './web-judge.ts';
import { pageApp } from './web-page.ts';

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

export interface DoorParts {
  host: string;
  port: number;
  /** State folder; the token is kept there. */
  folder: string;
  token: string;
  /** Opens the metrics alone; null when there is none. */
  metricsToken: string | null;
  fetch(request: Request): Response | Promise<Response>;
  /** WebSockets by path. */
  feeds: Readonly<Record<string, Feed>>;
  /** Files of the page by path. */
  files: ReadonlyMap<string, PageFile>;
  entry: WebEntry;
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
  const { host, port, folder, token, metricsToken, feeds, files, entry, report, limits } = parts;
  let names: string[] = [];
  const isFile = (path: string) => files.has(path) || isPagePath(path);
  const refusals = tally(report);
  const server = httpServer({
    fetch: pageApp({ files, entry, fetch: parts.fetch }),
    feeds,
    admit(head) {
      const refused = judge(head, {
        names,
        isToken: (given) => isSameSecret(given, token),
        isMetricsToken: (given) => metricsToken !== null && isSameSecret(given, metricsToken),
        isFile,
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
  entry.open(`http://${names[0]}`);
  const taken = port !== 0 && place.port !== port ? { taken: port } : {};
  report.info('the web door is open', { url: `http://${names[0]}`, ...taken });
  return {
    url: `http://${names[0]}`,
    fault: null,
    async close() {
      removeWebToken(folder, token);
      entry.close();
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
