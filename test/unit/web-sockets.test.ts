/** WebSockets of the web door: who is fed, who is dropped, and what a hostile listener gets. A real server, real sockets. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import WebSocket from 'ws';
import { CHANNELS_MAX, type Channel, type Feed } from '../../src/io/web-sockets.ts';
import { codeIn, type Room, raw, room } from '../support/door-room.ts';

const forever: Feed = ({ ended }) => new Promise((resolve) => ended.addEventListener('abort', () => resolve()));
const greeting: Feed = async (channel) => {
  await channel.send('hello');
  await forever(channel);
};

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const upgrade = ({ port, token }: Room, more: Record<string, string | null> = {}, path = '/v1/live') => {
  const headers = {
    Host: `127.0.0.1:${port}`,
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': KEY,
    Authorization: `Bearer ${token}`,
    ...more,
  };
  const lines = Object.entries(headers).filter(([, value]) => value !== null);
  return `GET ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
};

/** A WebSocket by hand, past the answer of the server. */
async function byHand(door: Room, path?: string): Promise<Socket> {
  const socket = connect(door.port, '127.0.0.1');
  socket.on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  socket.write(upgrade(door, {}, path));
  const [first] = (await once(socket, 'data')) as [Buffer];
  expect(first.toString('latin1')).toMatch(/^HTTP\/1\.1 101 /);
  return socket;
}

/** A frame as a client sends it, its mask all zeros. */
const frame = (opcode: number, payload: Buffer, length = payload.length) => {
  if (length < 126) return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | length, 0, 0, 0, 0]), payload]);
  const head = Buffer.alloc(14);
  head[0] = 0x80 | opcode;
  head[1] = 0xff;
  head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
};

function listen(door: Room, path = '/v1/live'): WebSocket {
  const socket = new WebSocket(`ws://127.0.0.1:${door.port}${path}`, ['telec.v1', `telec.token.${door.token}`]);
  socket.on('error', () => undefined);
  onTestFinished(() => socket.terminate());
  return socket;
}

/** Code and reason with which it ends. */
async function closing(socket: WebSocket): Promise<[number, string]> {
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
  return [code, reason.toString()];
}

describe('a listener', () => {
  test('with the token is fed, and the token is not told back to it', async () => {
    const door = await room({ feeds: { '/v1/live': greeting } });
    const socket = listen(door);
    const [text] = (await once(socket, 'message')) as [Buffer];
    expect([text.toString(), socket.protocol, socket.extensions]).toEqual(['hello', 'telec.v1', '']);

    const answers = await Promise.all([
      raw(door.port, upgrade(door, { 'Sec-WebSocket-Protocol': 'x, y' }), frame(8, Buffer.alloc(0)).toString('latin1')),
      raw(
        door.port,
        upgrade(door, { Authorization: null, 'Sec-WebSocket-Protocol': `telec.token.${door.token}, telec.v1` }),
        frame(8, Buffer.alloc(0)).toString('latin1'),
      ),
    ]);
    expect(answers.map((answer) => codeIn(answer)[0])).toEqual([101, 101]);
    expect(answers[0]?.toLowerCase()).not.toContain('sec-websocket-protocol');
    expect(answers[1]).toContain('Sec-WebSocket-Protocol: telec.v1\r\n');
    expect(answers.join()).not.toContain(door.token);
    expect(JSON.stringify(door.told)).not.toContain(door.token);
  });

  test('is told that the daemon ends', async () => {
    const door = await room({ feeds: { '/v1/live': greeting } });
    const socket = listen(door);
    await once(socket, 'message');
    const [end] = await Promise.all([closing(socket), door.close()]);
    expect(end).toEqual([1001, 'the daemon ends']);
  });

  test('hears that the feed is over, or has a fault; the fault stays inside', async () => {
    const fault = new Error('inner workings');
    const door = await room({
      feeds: {
        '/v1/live': async ({ send }) => send('all'),
        '/v1/inspect': async () => {
          throw fault;
        },
      },
    });
    expect(await closing(listen(door))).toEqual([1000, '']);
    expect(await closing(listen(door, '/v1/inspect'))).toEqual([1011, 'the daemon has a fault']);
    expect(door.told.flat()).toContain(fault);
  });

  test('that reads nothing holds up its own feed alone', async () => {
    let sent = 0;
    const endless: Feed = async ({ send, ended }) => {
      while (!ended.aborted) {
        await send('x'.repeat(1024 * 1024));
        sent += 1;
      }
    };
    const door = await room({ feeds: { '/v1/live': greeting, '/v1/inspect': endless } });
    const socket = connect(door.port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.write(upgrade(door, {}, '/v1/inspect'));
    await once(socket, 'connect');
    let before = -1;
    // Until the buffers of the system are full.
    while (sent !== before) {
      before = sent;
      await pause(200);
    }
    expect(sent).toBeLessThan(40);
    expect((await once(listen(door), 'message'))[0].toString()).toBe('hello');
    socket.destroy();
  });

  test('that answers no more is dropped, also when it answers what it was not asked', async () => {
    const ended: string[] = [];
    const watched =
      (name: string): Feed =>
      async (channel: Channel) => {
        await forever(channel);
        ended.push(name);
      };
    const door = await room({
      feeds: { '/v1/live': watched('silent'), '/v1/inspect': watched('babbling'), '/v1/good': watched('good') },
      limits: { pingMs: 150 },
    });
    const good = listen(door, '/v1/good');
    const silent = await byHand(door);
    const babbling = await byHand(door, '/v1/inspect');
    const words = setInterval(() => babbling.write(frame(10, Buffer.from('anything'))), 20);
    onTestFinished(() => clearInterval(words));
    for (const socket of [silent, babbling]) socket.on('error', () => undefined).resume();
    // Who still talks may be told by an error that nobody listens any more.
    await Promise.all([silent, babbling].map((socket) => new Promise((resolve) => socket.once('close', resolve))));
    await pause(400);
    expect(ended.sort()).toEqual(['babbling', 'silent']);
    expect(good.readyState).toBe(WebSocket.OPEN);
  });
});

describe('what is sent to the door', () => {
  test.each<[string, Buffer, number]>([
    ['a text', frame(1, Buffer.from('{}')), 1008],
    ['a frame that claims to be as large as a disk', frame(2, Buffer.alloc(10), 2 ** 40), 1009],
    ['a frame of more than a kilobyte', frame(1, Buffer.alloc(2000)), 1009],
    ['a compressed frame, which was not agreed on', Buffer.from([0xc1, 0x80, 0, 0, 0, 0]), 1002],
    ['a frame without a mask', Buffer.from([0x81, 0x01, 0x61]), 1002],
  ])('%s ends the connection', async (_what, bytes, code) => {
    const door = await room({ feeds: { '/v1/live': forever } });
    const socket = await byHand(door);
    socket.write(bytes);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect([answer[0], answer.readUInt16BE(2)]).toEqual([0x88, code]);
  });
});

describe('a question for a WebSocket', () => {
  test.each<[string, (door: Room) => string, (number | string | null)[]]>([
    ['without the token', (door) => upgrade(door, { Authorization: null }), [401, 'NO_TOKEN']],
    ['with a wrong token', (door) => upgrade(door, { Authorization: 'Bearer wrong' }), [401, 'WRONG_TOKEN']],
    ['of a page of another site', (door) => upgrade(door, { Origin: 'http://evil.example' }), [403, 'WRONG_ORIGIN']],
    ['of a name that was bent to this machine', (door) => upgrade(door, { Host: 'evil.example' }), [403, 'WRONG_HOST']],
    ['at a path that has none', (door) => upgrade(door, {}, '/v1/status'), [404, 'NO_ROUTE']],
    ['at a path of every object', (door) => upgrade(door, {}, '/constructor'), [404, 'NO_ROUTE']],
    ['without a key', (door) => upgrade(door, { 'Sec-WebSocket-Key': null }), [400, 'NOT_WEBSOCKET']],
    ['of an older version', (door) => upgrade(door, { 'Sec-WebSocket-Version': '12' }), [400, 'NOT_WEBSOCKET']],
    ['by a POST', (door) => upgrade(door).replace('GET', 'POST'), [400, 'NOT_WEBSOCKET']],
    ['for another protocol', (door) => upgrade(door, { Upgrade: 'h2c' }), [400, 'NOT_WEBSOCKET']],
    ['with a broken offer', (door) => upgrade(door, { 'Sec-WebSocket-Protocol': ',,' }), [400, 'NOT_WEBSOCKET']],
    [
      'with a head too large',
      (door) => upgrade(door, { 'Sec-WebSocket-Protocol': 'x'.repeat(9000) }),
      [431, 'HEAD_TOO_LARGE'],
    ],
  ])('%s is refused as JSON, and closed', async (_how, text, expected) => {
    const door = await room({ feeds: { '/v1/live': greeting } });
    const answer = await raw(door.port, text(door));
    expect(codeIn(answer)).toEqual(expected);
    expect(answer.toLowerCase()).toContain("content-security-policy: default-src 'none'");
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4))).toHaveProperty('error.hint');
  });

  test('by a wrong token waits for its answer', async () => {
    const door = await room({ feeds: { '/v1/live': greeting } });
    const began = performance.now();
    await raw(door.port, upgrade(door, { Authorization: 'Bearer wrong' }));
    expect(performance.now() - began).toBeGreaterThanOrEqual(245);
  });

  test('that never ends, or follows a question still to be answered, is cut off', async () => {
    const door = await room({
      feeds: { '/v1/live': greeting },
      limits: { headMs: 200, questionMs: 400 },
      fetch: () => new Promise<Response>((resolve) => setTimeout(() => resolve(Response.json({})), 300)),
    });
    expect(codeIn(await raw(door.port, upgrade(door).slice(0, -2)))).toEqual([408, 'TOO_SLOW']);
    const question = `GET /v1/status HTTP/1.1\r\nHost: 127.0.0.1:${door.port}\r\nAuthorization: Bearer ${door.token}\r\n\r\n`;
    expect(await raw(door.port, question + upgrade(door))).not.toContain('101 Switching');
  });

  test('is one too many when there are as many as the door feeds, and the door still answers', async () => {
    const door = await room({ feeds: { '/v1/live': greeting } });
    const listeners = Array.from({ length: CHANNELS_MAX }, () => listen(door));
    await Promise.all(listeners.map((socket) => once(socket, 'message')));
    expect(codeIn(await raw(door.port, upgrade(door)))).toEqual([503, 'TOO_MANY']);
    const question = `GET /v1/status HTTP/1.1\r\nHost: 127.0.0.1:${door.port}\r\nAuthorization: Bearer ${door.token}\r\nConnection: close\r\n\r\n`;
    expect(codeIn(await raw(door.port, question))).toEqual([200, null]);
    listeners[0]?.terminate();
    let again: (number | string | null)[] = [];
    for (let tries = 0; tries < 50 && again[0] !== 101; tries++) {
      await pause(20);
      again = codeIn(await raw(door.port, upgrade(door) + frame(8, Buffer.alloc(0)).toString('latin1')));
    }
    expect(again[0]).toBe(101);
  });
});
