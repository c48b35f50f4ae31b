/**
 * The first door: an HTTP server on a unix socket of this user alone, mode 0600 in a folder of mode 0700 that is there
 * before the socket, its path short enough for the system. Knows nothing of routes; what is asked is given to `fetch`.
 * To be opened under a lock: a socket found in the way is that of a dead predecessor.
 */
import { chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { closeServer, httpServer } from './http-server.ts';
import { removeSocketFolder, socketFolder } from './runtime-dir.ts';
import type { Feed } from './web-sockets.ts';

const SOCKET_NAME = 'daemon.sock';

export interface SocketServer {
  /** Path of the socket. */
  path: string;
  /** Takes no more questions, lets answers under way end, removes the socket. */
  close(): Promise<void>;
}

export interface SocketPlace {
  stateFolder: string;
  env: Record<string, string | undefined>;
  /** Told what went wrong behind a question, and with the server itself. */
  onFault(error: unknown): void;
  /** WebSockets by path. */
  feeds: Readonly<Record<string, Feed>>;
}

/** Opens the socket and answers questions with `fetch`. Throws the system's error when it cannot listen. */
export async function listenOnSocket(
  place: SocketPlace,
  fetch: (request: Request) => Response | Promise<Response>,
): Promise<SocketServer> {
  const folder = socketFolder(place.stateFolder, SOCKET_NAME, place.env);
  const path = join(folder, SOCKET_NAME);
  rmSync(path, { force: true });
  const server = httpServer({ fetch, onFault: place.onFault, feeds: place.feeds });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });
  chmodSync(path, 0o600);
  return {
    path,
    async close() {
      await closeServer(server);
      rmSync(path, { force: true });
      removeSocketFolder(place.stateFolder, folder);
    },
  };
}
