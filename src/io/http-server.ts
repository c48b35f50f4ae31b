/**
 * The HTTP server both doors of the daemon stand on: bounded in bytes, time and connections, and every answer JSON, also
 * to what is no HTTP. Who may come in is judged from the head of a question before anything more of it is read.
 * Knows nothing of routes and of rules; what is let in is given to `fetch`.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener, RequestError } from '@hono/node-server';
import { EXIT } from '../errors.ts';
import { CHANNELS_MAX, type SocketsSetup, webSockets } from './web-sockets.ts';

/** Bytes of the line and the headers of a question together. */
export const HEAD_BYTES_MAX = 8 * 1024;
/** How long an answer under way may take when the server ends, ms. */
const CLOSE_MS = 1000;

/** Bounds of one server; times in ms. */
export interface HttpLimits {
  /** Connections at once; one more is closed unanswered. */
  connections: number;
  /** From the first byte of a question to the end of its headers. */
  headMs: number;
  /** From the first byte of a question to its last. */
  questionMs: number;
  /** A connection on which nothing moves, an answer under way included. */
  idleMs: number;
  /** A connection between two questions. */
  keepMs: number;
  /** Between two looks whether a listener on a WebSocket is still there. */
  pingMs: number;
}

/** An answer may take a minute: a session asks the remote before it begins. */
export const LIMITS: HttpLimits = {
  connections: 512,
  headMs: 5000,
  questionMs: 30_000,
  idleMs: 120_000,
  keepMs: 5000,
  pingMs: 25_000,
};

/** The head of a question as it came: nothing decoded, nothing merged. */
export interface RequestHead {
  method: string;
  /** What stands behind the method, mostly path and query. */
  target: string;
  /** In the order they came, names in small letters; a header given twice stands there twice. */
  headers: readonly (readonly [name: string, value: string])[];
  /** The connection is to become another one than of HTTP. */
  upgrade: boolean;
}

/** Why a question is not let in; the connection ends with it. */
export interface Refusal {
  status: number;
  code: string;
  message: string;
  hint: string;
  /** Further headers of the answer. */
  headers?: Record<string, string>;
  /** The answer waits so long, ms. */
  delayMs?: number;
}

export interface HttpSetup {
  fetch(request: Request): Response | Promise<Response>;
  /** Judges a question by its head; null lets it in. Absent: all are let in. */
  admit?(head: RequestHead): Refusal | null;
  /** Told what went wrong behind a question, and with the server itself while it listens. */
  onFault(error: unknown): void;
  /** Headers that every answer carries. */
  headers?: Record<string, string>;
  limits?: Partial<HttpLimits>;
  /** WebSockets by path, let in by the same judge. Absent: a question to become one is a question like any other. */
  feeds?: SocketsSetup['feeds'];
}

/** How the WebSockets of a server end, which it does not know of itself. */
const endings = new WeakMap<Server, () => void>();

/** A server with these bounds that listens nowhere yet. */
export function httpServer({ fetch, admit, onFault, headers = {}, limits = {}, feeds }: HttpSetup): Server {
  const bounds = { ...LIMITS, ...limits };
  const listener = getRequestListener(fetch, {
    // A program that starts the daemon in its own process keeps its own Request and Response.
    overrideGlobalObjects: false,
    errorHandler(error) {
      if (error instanceof RequestError) return answerTo(faultOf('BAD_REQUEST'));
      onFault(error);
      return answerTo({ status: 500, code: 'BUG', message: 'the daemon has a bug', hint: 'its log has the details' });
    },
  });
  const answer = (incoming: IncomingMessage, outgoing: ServerResponse) =>
    listener(incoming, outgoing).catch((error: unknown) => {
      onFault(error);
      outgoing.destroy();
    });
  const unanswered = new WeakMap<Duplex, number>();
  const refused = new WeakSet<Duplex>();
  const server = createServer({
    maxHeaderSize: HEAD_BYTES_MAX,
    headersTimeout: bounds.headMs,
    requestTimeout: bounds.questionMs,
    keepAliveTimeout: bounds.keepMs,
    connectionsCheckingInterval: Math.min(1000, bounds.headMs),
  });
  server.maxConnections = bounds.connections;
  server.timeout = bounds.idleMs;
  const take = (incoming: IncomingMessage, outgoing: ServerResponse, letIn: () => void) => {
    const { socket } = incoming;
    // What was sent along with a refused question was read with it; it is the same sender's, and gets no answer.
    if (refused.has(socket)) return;
    unanswered.set(socket, (unanswered.get(socket) ?? 0) + 1);
    outgoing.once('close', () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1));
    for (const [name, value] of Object.entries(headers)) outgoing.setHeader(name, value);
    const refusal = admit?.(headOf(incoming, false)) ?? null;
    if (refusal === null) letIn();
    else {
      refused.add(socket);
      refuse(socket, outgoing, refusal);
    }
  };
  server.on('request', (incoming, outgoing) => take(incoming, outgoing, () => void answer(incoming, outgoing)));
  // Without somebody who listens, a connection that cannot be accepted would end the process.
  server.on('error', (error) => {
    if (server.listening) onFault(error);
  });
  server.on('checkContinue', (incoming, outgoing) =>
    take(incoming, outgoing, () => {
      outgoing.writeContinue();
      void answer(incoming, outgoing);
    }),
  );
  if (feeds) {
    const sockets = webSockets({ feeds, onFault, pingMs: bounds.pingMs });
    endings.set(server, () => sockets.close());
    server.on('upgrade', (incoming, socket, first) => {
      socket.on('error', () => socket.destroy());
      // An answer under way must not be mixed with what follows it.
      if (refused.has(socket) || (unanswered.get(socket) ?? 0) > 0) return socket.destroy();
      const end = (refusal: Refusal) => {
        const send = () => socket.end(rawAnswer(refusal, headers), () => socket.destroy());
        if (refusal.delayMs === undefined) send();
        else setTimeout(send, refusal.delayMs);
      };
      const head = headOf(incoming, true);
      const path = head.target.split('?', 1)[0] ?? '';
      const refusal = admit?.(head) ?? null;
      if (refusal !== null) end(refusal);
      else if (!sockets.has(path)) end(faultOf('NO_SUCH_SOCKET'));
      else if (sockets.full) end(faultOf('SOCKETS_FULL'));
      else sockets.take(path, incoming, socket, first, () => end(faultOf('BAD_UPGRADE')));
    });
  }
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // An answer under way must not be taken for the answer to what could not be read.
    if (!socket.writable || error.code === 'ECONNRESET' || (unanswered.get(socket) ?? 0) > 0) socket.destroy();
    else socket.end(rawAnswer(faultOf(error.code), headers), () => socket.destroy());
  });
  return server;
}

function headOf({ method = '', url = '', rawHeaders }: IncomingMessage, upgrade: boolean): RequestHead {
  const headers: [string, string][] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    headers.push([(rawHeaders[at] as string).toLowerCase(), rawHeaders[at + 1] as string]);
  return { method, target: url, headers, upgrade };
}

/** Answers and closes. */
function refuse(socket: Socket, outgoing: ServerResponse, refusal: Refusal): void {
  const send = () => {
    const body = textOf(refusal);
    outgoing.writeHead(refusal.status, { ...refusal.headers, ...jsonHeaders(body) });
    outgoing.end(body, () => socket.destroySoon());
  };
  if (refusal.delayMs === undefined) send();
  else setTimeout(send, refusal.delayMs);
}

const EXIT_OF: Record<number, number> = { 401: EXIT.refused, 403: EXIT.refused, 500: EXIT.bug };

const textOf = ({ code, message, hint, status }: Refusal): string =>
  JSON.stringify({ error: { code, message, hint, exit: EXIT_OF[status] ?? EXIT.usage } });

const jsonHeaders = (body: string) => ({
  connection: 'close',
  'content-type': 'application/json',
  'content-length': String(Buffer.byteLength(body)),
});

/** What is no question, or none that can be answered, in words. */
function faultOf(code: string | undefined): Refusal {
  const hint = 'docs/protocol.md says how the daemon is asked';
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return { status: 431, code: 'HEAD_TOO_LARGE', message: `a head has at most ${HEAD_BYTES_MAX} bytes`, hint };
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { status: 408, code: 'TOO_SLOW', message: 'the question did not come in time', hint };
    case 'NO_SUCH_SOCKET':
      return { status: 404, code: 'NO_ROUTE', message: 'there is no WebSocket at this path', hint };
    case 'SOCKETS_FULL':
      return { status: 503, code: 'TOO_MANY', message: `there are ${CHANNELS_MAX} listeners already`, hint };
    case 'BAD_UPGRADE':
      return { status: 400, code: 'NOT_WEBSOCKET', message: 'this is no handshake of a WebSocket', hint };
    default:
      return { status: 400, code: 'NOT_HTTP', message: 'this is no question in HTTP', hint };
  }
}

function answerTo(refusal: Refusal): Response {
  const body = textOf(refusal);
  return new Response(body, { status: refusal.status, headers: jsonHeaders(body) });
}

function rawAnswer(refusal: Refusal, headers: Record<string, string>): string {
  const body = textOf(refusal);
  const lines = Object.entries({ ...headers, ...jsonHeaders(body) }).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}`, ...lines, '', body].join('\r\n');
}

/** Takes no more questions and lets answers under way end, for a second. */
export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  endings.get(server)?.();
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
  await closed;
  clearTimeout(timer);
}
