/**
 * What the web door serves beside the routes: the files of the page, with a policy that lets them talk to the door alone,
 * and the trade of a ticket for the token. Nothing here tells anything of the repository.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { EXIT } from '../errors.ts';
import { isPagePath, type PageFile } from '../io/page-files.ts';
import type { WebEntry } from './web-entry.ts';
import { ENTER_PATH, WRONG_TOKEN_MS } from './web-judge.ts';

/** The page of somebody else that `/stately` shows, once a person asked for it. */
const STATELY = 'https://stately.ai';
/** Bytes of a trade. */
const TRADE_BYTES_MAX = 1024;

interface PageParts {
  files: ReadonlyMap<string, PageFile>;
  entry: WebEntry;
  /** Answers everything else. */
  fetch(request: Request): Response | Promise<Response>;
}

const trade = z.strictObject({ ticket: z.string().regex(/^[0-9a-f]{64}$/) });

/** The web door's answers. */
export function pageApp({ files, entry, fetch }: PageParts): (request: Request) => Response | Promise<Response> {
  return (request) => {
    const { pathname, host } = new URL(request.url);
    if (request.method === 'POST') return pathname === ENTER_PATH ? enter(request, entry) : fetch(request);
    const file = files.get(pathname);
    if (file) return answerFile(file, request, policy(host, pathname));
    return isPagePath(pathname) ? notBuilt() : fetch(request);
  };
}

function answerFile(file: PageFile, request: Request, csp: string): Response {
  const headers = {
    'content-type': file.type,
    'content-security-policy': csp,
    // A page that another site opened is nothing that site holds on to.
    'cross-origin-opener-policy': 'same-origin',
    'cache-control': file.hashed ? 'private, max-age=31536000, immutable' : 'no-cache',
    etag: file.etag,
  };
  if (request.headers.get('if-none-match') === file.etag) return new Response(null, { status: 304, headers });
  const length = String(file.body.byteLength);
  const body = request.method === 'HEAD' ? null : new Uint8Array(file.body);
  return new Response(body, { headers: { ...headers, 'content-length': length } });
}

/** A page loads from the door and talks to the door. */
function policy(host: string, path: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    // Not every browser counts a WebSocket of the same host as 'self'.
    `connect-src 'self' ws://${host}`,
    ...(path === '/stately' ? [`frame-src ${STATELY}`] : []),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function notBuilt(): Response {
  const text =
    'The web page of telec was not built: run `npm run build` in its checkout, then telec down and telec up.\n';
  return new Response(text, { status: 503, headers: { 'content-type': 'text/plain; charset=utf-8' } });
}

async function enter(request: Request, entry: WebEntry): Promise<Response> {
  const ticket = await ticketIn(request);
  const token = ticket === null ? null : entry.enter(ticket);
  if (token !== null) return Response.json({ token });
  // Who guesses waits.
  await pause(WRONG_TOKEN_MS);
  const message = 'the ticket is not good: it can be used once, for a minute';
  const error = { code: 'WRONG_TICKET', message, hint: 'run telec web again', exit: EXIT.refused };
  return Response.json({ error }, { status: 401, headers: { connection: 'close' } });
}

async function ticketIn(request: Request): Promise<string | null> {
  if (!/^application\/json(\s*;|$)/i.test(request.headers.get('content-type') ?? '')) return null;
  const length = request.headers.get('content-length');
  if (length === null || Number(length) > TRADE_BYTES_MAX) return null;
  try {
    return trade.parse(await request.json()).ticket;
  } catch {
    return null;
  }
}
