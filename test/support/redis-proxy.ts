/** A proxy in front of a unix socket that can lose an answer, cut or go silent, to stage what networks do. */
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';

export interface RedisProxy {
  socketPath: string;
  /** Cuts the connection that next sends a request with `text`, after the server has answered it, keeping the answer. */
  loseAnswerTo(text: string): void;
  /** Resolves when a request with `text` has been handed to the server. */
  sawRequest(text: string): Promise<void>;
  /** Passes nothing more on existing connections, in either direction, without closing them. */
  freeze(): void;
  cutAll(): void;
  close(): Promise<void>;
}

export async function startProxy(upstreamPath: string): Promise<RedisProxy> {
  const socketPath = `${upstreamPath}.proxy`;
  const pairs = new Set<{ client: Socket; upstream: Socket; frozen: boolean }>();
  let losing: string | null = null;
  const watchers = new Map<string, () => void>();

  const server = createServer((client) => {
    const upstream = createConnection(upstreamPath);
    const pair = { client, upstream, frozen: false };
    pairs.add(pair);
    let losesNext = false;
    client.on('data', (data) => {
      if (pair.frozen) return;
      const text = data.toString('latin1');
      if (losing !== null && text.includes(losing)) {
        losing = null;
        losesNext = true;
      }
      upstream.write(data);
      for (const [wanted, seen] of watchers) if (text.includes(wanted)) seen();
    });
    upstream.on('data', (data) => {
      if (losesNext) client.destroy();
      else if (!pair.frozen) client.write(data);
    });
    const end = () => {
      client.destroy();
      upstream.destroy();
      pairs.delete(pair);
    };
    for (const socket of [client, upstream]) {
      socket.on('close', end);
      socket.on('error', end);
    }
  });
  server.listen(socketPath);
  await once(server, 'listening');
  return {
    socketPath,
    loseAnswerTo(text) {
      losing = text;
    },
    sawRequest: (text) =>
      new Promise((resolve) => {
        watchers.set(text, () => {
          watchers.delete(text);
          resolve();
        });
      }),
    freeze() {
      for (const pair of pairs) pair.frozen = true;
    },
    cutAll() {
      for (const { client } of pairs) client.destroy();
    },
    async close() {
      for (const { client } of pairs) client.destroy();
      server.close();
      await once(server, 'close');
      rmSync(socketPath, { force: true });
    },
  };
}
