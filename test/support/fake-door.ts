/**
 * A daemon's web door without a daemon: the built page with the headers of the real one, the routes it asks, and
 * `/v1/live` that says what a test wants it to say. Notes every question. Listens on loopback; `close` ends it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type WebSocket, WebSocketServer } from 'ws';
import type { LiveMessage, Overview } from '../../src/actors/live/views.ts';

const PAGE = fileURLToPath(new URL('../../dist/page', import.meta.url));
const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
};

/** Signs a browser in at any fake door. */
export const TICKET = 'a1'.repeat(32);

export interface FakeDoor {
  url: string;
  /** What was asked, as `GET /v1/status`, with the body of a POST behind it. */
  asked: string[];
  overview: Overview;
  token: string;
  /** Answers by path, for what the door does not know by itself. */
  answers: Map<string, (query: URLSearchParams, body: unknown) => { status?: number; value: unknown }>;
  say(message: LiveMessage): void;
  /** Sends the overview as it is now to everybody. */
  again(): void;
  /** Breaks all lines; while `closed`, new ones are refused. */
  breakLines(closed: boolean): void;
  close(): Promise<void>;
}

export async function fakeDoor(overview: Overview): Promise<FakeDoor> {
  const lines = new Set<WebSocket>();
  let shut = false;
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'telec.v1' });
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://door');
    if (!url.pathname.startsWith('/v1/')) {
      const path = join(PAGE, url.pathname === '/' ? 'index.html' : url.pathname);
      if (!existsSync(path)) {
        response.writeHead(404).end();
        return;
      }
      response.writeHead(200, {
        'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
        'content-security-policy': `default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ws://${request.headers.host}; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`,
        'cache-control': 'no-store',
      });
      response.end(readFileSync(path));
      return;
    }
    const body = request.method === 'POST' ? await bodyOf(request) : undefined;
    door.asked.push(`${request.method} ${request.url}${body === undefined ? '' : ` ${JSON.stringify(body)}`}`);
    const { status = 200, value } = shut ? refusal(503, 'GONE') : answer(request, url, body);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(value));
  });
  const answer = (request: IncomingMessage, url: URL, body: unknown): { status?: number; value: unknown } => {
    if (url.pathname === '/v1/web/enter')
      return (body as { ticket: string }).ticket === TICKET
        ? { value: { token: door.token } }
        : refusal(401, 'WRONG_TICKET');
    if (request.headers.authorization !== `Bearer ${door.token}`) return refusal(401, 'WRONG_TOKEN');
    const own = door.answers.get(url.pathname);
    if (own) return own(url.searchParams, body);
    if (url.pathname === '/v1/status') return { value: door.overview.status };
    if (url.pathname === '/v1/overview') return { value: door.overview };
    return refusal(404, 'NO_ROUTE');
  };
  server.on('upgrade', (request, socket, head) => {
    if (shut || !request.headers['sec-websocket-protocol']?.includes(`telec.token.${door.token}`)) {
      socket.end('HTTP/1.1 401 Unauthorized\r\nconnection: close\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (line) => {
      lines.add(line);
      line.on('close', () => lines.delete(line));
      line.send(JSON.stringify({ kind: 'overview', run: 'run', overview: door.overview } satisfies LiveMessage));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const say = (message: LiveMessage) => {
    for (const line of lines) line.send(JSON.stringify(message));
  };
  const door: FakeDoor = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    overview,
    token: 'a-token-of-the-test',
    answers: new Map(),
    say,
    again: () => say({ kind: 'overview', run: 'run', overview: door.overview }),
    breakLines(closed) {
      shut = closed;
      for (const line of lines) line.terminate();
    },
    async close() {
      for (const line of lines) line.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return door;
}

const refusal = (status: number, code: string) => ({
  status,
  value: { error: { code, message: 'the door refuses', hint: null, exit: 6 } },
});

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return JSON.parse(text);
}
