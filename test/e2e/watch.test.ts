/** The terminal view on a real pseudo-terminal, with a real log: what it shows, its keys, its end; and its lines. */
import { once } from 'node:events';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import type { LiveMessage } from '../../src/actors/live/views.ts';
import { endWorlds, makeWorld, sharedRedis, type World } from '../support/e2e-world.ts';
import { type Pty, startPty } from '../support/pty.ts';

afterAll(endWorlds);

const lineWith = ({ terminal }: Pty, text: string) => terminal.lines().find((line) => line.includes(text)) ?? '';

/** A world with one candidate that conflicts with what has landed, and one that waits for its review. */
async function busyWorld(): Promise<World> {
  const world = await makeWorld({ files: { 'menu.txt': 'rolls\n' } });
  await world.ready([
    { slug: 'bread', files: { 'menu.txt': 'bread\n' } },
    { slug: 'cake', files: { 'menu.txt': 'cake\n' } },
  ]);
  await world.integrate();
  await world.announce(world.work([{ slug: 'later', files: { 'x.txt': 'x' } }]), { signals: ['pushed', 'started'] });
  return world;
}

describe('the view', () => {
  test('S4-Sc6 the terminal shows a delivery as success and a conflict as alert with its next action, which the later landing resolves in place', async () => {
    const world = await makeWorld({ files: { 'menu.txt': 'rolls\n' } });
    const pty = startPty(world, ['watch']);
    await pty.until((text) => text.includes('nothing is blocked'));
    await world.ready([
      { slug: 'bread', files: { 'menu.txt': 'bread\n' } },
      { slug: 'cake', files: { 'menu.txt': 'cake\n' } },
    ]);
    await pty.until((text) => /bread@[\s\S]*cake@/.test(text));
    await world.integrate();
    await pty.until((text) => text.includes('✖ cake') && text.includes('✔ bread'));
    const { blocked } = await world.candidate('cake');
    expect(blocked?.next_action).toMatch(/\w/);
    const said = blocked?.next_action.slice(0, 20) ?? '?';
    expect(lineWith(pty, 'conflict: ')).toContain(`conflict: ${said}`);
    await pty.press('\t', '\t', '\r');
    await pty.until((text) => text.includes(`next: ${said}`));
    await pty.press('\u001b');
    await pty.until((text) => text.includes(' Notifications '));
    const rows = () => pty.terminal.lines().filter((line) => /[✖✔•] (cake|bread) .*main|[✖✔] cake/.test(line)).length;
    const before = rows();
    await world.ready([
      { slug: 'cake', branch: 'feature/cake-2', from: world.main(), files: { 'menu.txt': 'bread\ncake\n' } },
    ]);
    await world.integrate();
    await pty.until((text) => text.includes('✔ cake') && text.includes('nothing is blocked'));
    expect(pty.terminal.text()).not.toContain('✖');
    expect(rows()).toBe(before);
    await pty.press('q');
    expect(await pty.ended).toMatchObject({ code: 0 });
  });

  test('holds with a reason, lifts it, marks as seen, resumes, shows in full, and gives the terminal back', async () => {
    const world = await busyWorld();
    const pty = startPty(world, ['watch']);
    await pty.until((text) => text.includes('later@') && text.includes('no daemon runs'));
    expect(pty.terminal).toMatchObject({ isOther: true, hasCursor: false, wraps: false });
    await pty.press('h', 'release ', 'in pragr', '\u007f\u007f\u007f', 'ogress', '\r');
    await pty.until((text) => text.includes('ON HOLD: release in progress ('));
    await pty.press('h', '\r');
    await pty.until((text) => text.includes('merging is free') && !text.includes('ON HOLD'));
    const holds = (await world.events()).filter(({ event }) => event.includes('.hold.'));
    expect(holds.map(({ payload }) => payload['reason'])).toEqual(['release in progress', '']);

    await pty.press('\t', '\r');
    await pty.until((text) => text.includes('blocked (conflict)') && text.includes('menu.txt'));
    await pty.press('r');
    await pty.until((text) => /Put cake@\w{7} back into the queue\? \[y\/N\]/.test(text));
    await pty.press('y');
    await pty.until((text) => /cake@\w{7} is ready/.test(text));
    expect((await world.candidate('cake')).state).toBe('ready');

    await pty.press('\u001b');
    await pty.until((text) => text.includes(' Notifications '));
    await pty.press('\t', 'S');
    await pty.until((text) => text.includes('Notifications  0 unseen'));
    pty.resize(120, 40);
    await pty.until((text) => text.includes(' Main ') && text.split('\n')[0]?.length === 120);
    pty.resize(40, 12);
    await pty.until((text) => text.split('\n')[0]?.length === 40);
    expect(pty.terminal.lines()[11]).toMatch(/q quit|are seen/);
    await pty.press('q');
    const { code, raw } = await pty.ended;
    expect(code).toBe(0);
    expect(pty.terminal).toMatchObject({ isOther: false, hasCursor: true, wraps: true });
    expect(raw).toMatch(/\u001b\[\?1049l$/);
  });

  test('a role that may not does not, and is told so', async () => {
    const world = await makeWorld();
    const pty = startPty(world, ['watch'], { TELEC_ROLE: 'nobody' });
    await pty.until((text) => text.includes('nothing waits'));
    await pty.press('h', 'because', '\r');
    await pty.until((text) => /nobody/.test(text.split('\n')[23] ?? ''));
    expect((await world.events()).filter(({ event }) => event.includes('.hold.'))).toEqual([]);
    await pty.press('q');
    await pty.ended;
  });

  test('ends with 130 on Ctrl-C and when it is told to end, with the terminal as it was', async () => {
    const world = await makeWorld();
    const typed = startPty(world, ['watch']);
    await typed.until((text) => text.includes('nothing waits'));
    await typed.press('h', 'half a rea', '\u0003');
    expect(await typed.ended).toMatchObject({ code: 130 });
    const told = startPty(world, ['watch']);
    await told.until((text) => text.includes('nothing waits'));
    process.kill(told.pid(), 'SIGTERM');
    expect(await told.ended).toMatchObject({ code: 130 });
    for (const { terminal } of [typed, told]) {
      expect(terminal).toMatchObject({ isOther: false, hasCursor: true, wraps: true });
      expect(terminal.raw).not.toContain('error:');
    }
  });

  test('says that Redis is gone, keeps what it showed, and goes on when it is back', async () => {
    const world = await busyWorld();
    const door = await redisDoor();
    const pty = startPty(world, ['watch'], { TELEC_REDIS_URL: door.url });
    await pty.until((text) => text.includes('later@'));
    door.shut();
    await pty.until((text) => text.includes('NOT CONNECTED, again in'));
    expect(pty.terminal.text()).toContain('later@');
    await door.open();
    await pty.until((text) => !text.includes('NOT CONNECTED'));
    await world.ready([{ slug: 'newcomer', files: { 'y.txt': 'y' } }]);
    await pty.until((text) => text.includes('newcomer@'));
    await pty.press('q');
    expect(await pty.ended).toMatchObject({ code: 0 });
  });
});

interface Door {
  url: string;
  /** Lets nobody in, and those who are in out. */
  shut(): void;
  open(): Promise<void>;
}

/** A way to the redis-server of the tests that can be shut. */
async function redisDoor(): Promise<Door> {
  const upstream = Number(new URL((await sharedRedis()).url).port);
  const inside = new Set<Socket>();
  let server: Server;
  let port = 0;
  const open = async () => {
    server = createServer((client) => {
      const behind = createConnection(upstream, '127.0.0.1');
      for (const socket of [client, behind]) {
        inside.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => {
          inside.delete(socket);
          client.destroy();
          behind.destroy();
        });
      }
      client.pipe(behind).pipe(client);
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as { port: number }).port;
  };
  const shut = () => {
    server.close();
    for (const socket of inside) socket.destroy();
  };
  await open();
  onTestFinished(shut);
  return { url: `redis://127.0.0.1:${port}/0`, shut, open };
}

describe('without a terminal', () => {
  test('it writes a line a change, and --json a message a line, until it is interrupted', async () => {
    const world = await makeWorld();
    const json = world.start(['watch']);
    const messages: LiveMessage[] = [];
    let rest = '';
    json.child.stdout?.on('data', (chunk: Buffer) => {
      rest += String(chunk);
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) messages.push(JSON.parse(line) as LiveMessage);
    });
    await world.ready([{ slug: 'bread', files: { 'menu.txt': 'bread\n' } }]);
    await world.integrate();
    await world.ready([{ slug: 'cake', files: { 'cake.txt': 'cake\n' } }]);
    const states = () =>
      messages.flatMap((message) => (message.kind === 'change' ? message.candidates : message.overview.candidates));
    await expect
      .poll(() => states().some(({ slug, state }) => slug === 'cake' && state === 'pending'), { timeout: 20_000 })
      .toBe(true);
    expect(messages[0]?.kind).toBe('overview');
    json.child.kill('SIGINT');
    expect(await json.done).toMatchObject({ code: 130, stderr: '' });
  });

  test('submit --wait and integrate tell on a terminal how far they are, in one line, and leave none of it behind', async () => {
    const world = await makeWorld();
    await world.ready([{ slug: 'bread', files: { 'menu.txt': 'bread\n' } }]);
    const pty = startPty(world, ['integrate']);
    const { code, raw } = await pty.ended;
    expect(code).toBe(0);
    expect(raw).toMatch(/\r\u001b\[K\d:\d\d {2}\w+( bread@\w{7})?: [A-Z]/);
    expect(raw).toContain('the queue is drained: 1 completed');
    const shown = raw.split('\n').map((line) => line.replace(/\r$/, '').split('\r\u001b[K').at(-1));
    expect(shown.filter((line) => /^\d:\d\d/.test(line ?? ''))).toEqual([]);
  });
});
