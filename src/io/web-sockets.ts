/**
 * WebSockets on the daemon's doors: text out, nothing in. Bounded in number, in what may come in, and in how long a
 * listener may be silent; who is too slow holds up himself alone. Knows nothing of what is told, and judges nobody:
 * who is let in was judged before.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';

/** Listeners at once. */
export const CHANNELS_MAX = 32;
/** Bytes of a frame that comes in: the frames that hold the connection itself have no more than 125. */
const FRAME_BYTES_MAX = 1024;
/** The name under which the text of a door is understood; what else a listener offers is not for telling back. */
export const PROTOCOL = 'telec.v1';
/** Why a channel closes, as the protocol of WebSockets counts it. */
const CLOSE = { done: 1000, away: 1001, policy: 1008, fault: 1011 } as const;

/** One listener. */
export interface Channel {
  /** Resolves when the text has been taken over by the system, at once when nobody listens any more. */
  send(text: string): Promise<void>;
  /** Aborts when the listener is gone. */
  readonly ended: AbortSignal;
}

/** Tells a listener; the channel closes when it resolves. Waits for each text to be sent before it makes many more. */
export type Feed = (channel: Channel) => Promise<void>;

export interface SocketsSetup {
  /** By path. */
  feeds: Readonly<Record<string, Feed>>;
  /** Told what went wrong in a feed. */
  onFault(error: unknown): void;
  /** How often a listener is asked whether it is still there; who has not answered by the next time is dropped. */
  pingMs: number;
}

export interface Sockets {
  /** Whether one more may come. */
  readonly full: boolean;
  has(path: string): boolean;
  /** Makes a WebSocket of a connection and feeds it; `refuse` when what it sent is no proper handshake. */
  take(path: string, incoming: IncomingMessage, socket: Duplex, first: Buffer, refuse: () => void): void;
  /** Tells all that they are over, and ends their connections. */
  close(): void;
}

/** The WebSockets of one server. */
export function webSockets({ feeds, onFault, pingMs }: SocketsSetup): Sockets {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: FRAME_BYTES_MAX,
    // A listener could make it hold a window of memory, and what is told is told on this machine.
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(PROTOCOL) ? PROTOCOL : false),
  });
  const refusals = new WeakMap<Duplex, () => void>();
  server.on('wsClientError', (_error, socket) => refusals.get(socket)?.());
  /** What was sent to each that did not come back yet. */
  const asked = new WeakMap<WebSocket, string>();
  const timer = setInterval(() => {
    for (const socket of server.clients) {
      if (asked.has(socket)) socket.terminate();
      else {
        const word = randomBytes(8).toString('hex');
        asked.set(socket, word);
        socket.ping(word);
      }
    }
  }, pingMs).unref();

  const serve = (socket: WebSocket, feed: Feed) => {
    const ending = new AbortController();
    socket.on('close', () => ending.abort());
    // The connection ends with it; whoever sent it knows best.
    socket.on('error', () => undefined);
    // Only the word itself counts: who sends answers unasked has read nothing.
    socket.on('pong', (word) => {
      if (asked.get(socket) === word.toString('latin1')) asked.delete(socket);
    });
    socket.on('message', () => socket.close(CLOSE.policy, 'nothing is to be sent here'));
    feed({ send: (text) => sendTo(socket, text), ended: ending.signal }).then(
      () => socket.close(CLOSE.done),
      (error: unknown) => {
        if (!ending.signal.aborted) onFault(error);
        socket.close(CLOSE.fault, 'the daemon has a fault');
      },
    );
  };

  return {
    get full() {
      return server.clients.size >= CHANNELS_MAX;
    },
    has: (path) => Object.hasOwn(feeds, path),
    take(path, incoming, socket, first, refuse) {
      refusals.set(socket, refuse);
      server.handleUpgrade(incoming, socket, first, (taken) => serve(taken, feeds[path] as Feed));
    },
    close() {
      clearInterval(timer);
      for (const socket of server.clients) {
        socket.close(CLOSE.away, 'the daemon ends');
        // What it was told goes out; it is not waited for.
        setImmediate(() => socket.terminate());
      }
    },
  };
}

function sendTo(socket: WebSocket, text: string): Promise<void> {
  return new Promise((resolve) => {
    // When the connection is closing it calls back at once; a feed that goes on until it hears of the end must hear of it.
    socket.send(text, (error) => (error ? setImmediate(resolve) : resolve()));
  });
}
