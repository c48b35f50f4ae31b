/** Real processes: one is told from a later one of its number, and ends with all it started; nobody else is touched. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { askToEnd, endProcess, launch, processMark } from '../../src/io/process.ts';
import { isAlive } from '../support/daemon-world.ts';
import { poll } from '../support/redis-server.ts';

const ENV = { PATH: process.env['PATH'] ?? '' };

/** A process of its own group that says when it is ready, and the lines it says. */
async function stubborn(script: string): Promise<{ child: ChildProcess; pid: number; said: string }> {
  const child = spawn(process.execPath, ['-e', script], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: ENV,
  });
  const [first] = await once(child.stdout as NonNullable<typeof child.stdout>, 'data');
  const pid = child.pid as number;
  onTestFinished(() => {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It is gone, as it should be.
    }
  });
  return { child, pid, said: String(first).trim() };
}

test('a process that lives has a mark that stays, and none when it is gone', async () => {
  const { child, pid } = await stubborn("console.log('up'); setInterval(() => {}, 1000)");
  const mark = processMark(pid);
  expect(mark).not.toBeNull();
  expect(processMark(pid)).toBe(mark);
  expect(processMark(process.pid)).not.toBe(mark);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(processMark(pid)).toBeNull();
  for (const none of [0, 1, -1, Number.NaN]) expect(processMark(none)).toBeNull();
});

test('who ends when asked is asked, with everything it started', async () => {
  const inner = "require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])";
  const { pid, said } = await stubborn(`const c = ${inner}; console.log(c.pid); setInterval(() => {}, 1000)`);
  const child = Number(said);
  expect(isAlive(child)).toBe(true);
  expect(await endProcess({ pid, mark: processMark(pid) }, 5000)).toBe('ended');
  expect([isAlive(pid), isAlive(child)]).toEqual([false, false]);
});

test('who does not listen is killed after the grace', async () => {
  const { pid } = await stubborn("process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1000)");
  expect(await endProcess({ pid, mark: processMark(pid) }, 100)).toBe('ended');
  await poll(() => !isAlive(pid));
});

test('a number that was given to somebody else is left alone, and so is one that nothing proves', async () => {
  const { pid } = await stubborn("console.log('up'); setInterval(() => {}, 1000)");
  expect(await endProcess({ pid, mark: 'boot/1' }, 100)).toBe('foreign');
  expect(await endProcess({ pid, mark: null }, 100)).toBe('foreign');
  expect(askToEnd({ pid, mark: 'boot/1' })).toBe(false);
  expect(isAlive(pid)).toBe(true);
  expect(askToEnd({ pid, mark: processMark(pid) })).toBe(true);
  await poll(() => !isAlive(pid));
  expect(await endProcess({ pid, mark: 'boot/1' }, 100)).toBe('gone');
});

test('what is launched gets words as they are, its output in a file of its user alone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'telec-launch-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const log = join(folder, 'x.log');
  const script = 'console.log(JSON.stringify([process.argv.slice(1), process.cwd(), process.env.A]))';
  const words = [process.execPath, '-e', script, '$HOME; echo `x`', '--', '*'];
  const launched = await launch({ words, cwd: folder, env: { ...ENV, A: 'b' }, log });
  expect(launched).toEqual({ pid: expect.any(Number) });
  await poll(() => readFileSync(log, 'utf8').endsWith('\n'));
  expect(JSON.parse(readFileSync(log, 'utf8'))).toEqual([['$HOME; echo `x`', '--', '*'], expect.any(String), 'b']);
  expect(statSync(log).mode & 0o777).toBe(0o600);
  const none = await launch({ words: ['no-such-program-anywhere'], cwd: folder, env: ENV, log });
  expect(none).toEqual({ failed: 'there is no program no-such-program-anywhere' });
});
