/**
 * An HTTP server on a unix socket of this user alone: mode 0600 in a folder of mode 0700, its path short enough for the
 * system. Knows nothing of routes; what is asked is given to `fetch`. To be opened under a lock: a socket found in the
 * way is that of a dead predecessor.
 */
import { chmodSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import { removeSocketFolder, socketFolder } from './runtime-dir.ts';

const SOCKET_NAME = 'daemon.sock';
/** How long an answer under way may take when the server ends, ms. */
const CLOSE_MS = 1000;

export interface SocketServer {
  /** Path of the socket. */
  path: string;
  /** Takes no more questions, lets answers under way end, removes the socket. */
  close(): Promise<void>;
}

export interface SocketPlace {
  stateFolder: string;
  env: Record<string, string | undefined>;
}

/** Opens the socket and answers questions with `fetch`. Throws the system's error when it cannot listen. */
export async function listenOnSocket(
  place: SocketPlace,
  fetch: (request: Request) => Response | Promise<Response>,
): Promise<SocketServer> {
  const folder = socketFolder(place.stateFolder, SOCKET_NAME, place.env);
  const path = join(folder, SOCKET_NAME);
  rmSync(path, { force: true });
  const server = createAdaptorServer({ fetch }) as Server;
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
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
      await closed;
      clearTimeout(timer);
      rmSync(path, { force: true });
      removeSocketFolder(place.stateFolder, folder);
    },
  };
}
