/** A web door in front of routes that repeat what they were asked, and raw bytes sent to it. */
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { onTestFinished } from 'vitest';
import { type DoorParts, openWebDoor, type WebDoor } from '../../src/actors/web-door.ts';
import { type WebEntry, webEntry } from '../../src/actors/web-entry.ts';
import { makeWebToken } from '../../src/io/web-token.ts';
import { temporaryFolder } from './temporary.ts';

export interface Room extends WebDoor {
  folder: string;
  token: string;
  port: number;
  told: unknown[][];
  asked: string[];
  entry: WebEntry;
}

/** A door in front of routes that repeat what they were asked. */
export async function room(parts: Partial<DoorParts> = {}): Promise<Room> {
  const folder = parts.folder ?? temporaryFolder();
  const token = makeWebToken();
  const told: unknown[][] = [];
  const asked: string[] = [];
  const entry = webEntry({ folder: existsSync(folder) ? folder : temporaryFolder(), token });
  const door = await openWebDoor({
    host: '127.0.0.1',
    port: 0,
    folder,
    token,
    metricsToken: null,
    async fetch(request) {
      asked.push(`${request.method} ${new URL(request.url).pathname} ${await request.text()}`);
      return Response.json({ asked: asked.length });
    },
    report: {
      info: (...words) => told.push(words),
      warn: (...words) => told.push(words),
      error: (...words) => told.push(words),
    },
    feeds: {},
    files: new Map(),
    entry,
    ...parts,
  });
  onTestFinished(() => door.close());
  return { ...door, folder, token, told, asked, entry, port: Number(/\d+$/.exec(door.url ?? '0')?.[0]) };
}

/** Sends bytes and gives all that comes back until the other side closes. */
export async function raw(port: number, ...texts: string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', () => undefined);
  for (const text of texts) socket.write(text);
  await new Promise((resolve) => socket.on('close', resolve));
  return Buffer.concat(chunks).toString('latin1');
}

export const codeIn = (answer: string) => [
  Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]),
  /"code":"(\w+)"/.exec(answer)?.[1] ?? null,
];
