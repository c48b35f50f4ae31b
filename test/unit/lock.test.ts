/** Kernel locks on files. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockFile } from '../../src/io/lock.ts';

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'telec-lock-'));
  path = join(dir, 'lock');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('a locked file is refused to everyone else until it is released, in the same process too', () => {
  const lock = lockFile(path);
  expect(lock).not.toBeNull();
  expect(lockFile(path)).toBeNull();
  lock?.release();
  lock?.release();
  const next = lockFile(path);
  expect(next).not.toBeNull();
  next?.release();
});

test('a child that inherits the file holds the lock as long as it lives, even when it is killed', async () => {
  const lock = lockFile(path);
  const child = spawn('sleep', ['60'], { stdio: ['ignore', 'ignore', 'ignore', lock?.fd] });
  const bystander = spawn('sleep', ['60'], { stdio: 'ignore' });
  lock?.release();
  expect(lockFile(path)).toBeNull();
  child.kill('SIGKILL');
  await once(child, 'exit');
  // The other child lives on and holds nothing: it did not inherit the file.
  const next = lockFile(path);
  expect(next).not.toBeNull();
  next?.release();
  bystander.kill('SIGKILL');
  await once(bystander, 'exit');
});

test('a lock file that was deleted and made anew is locked anew', () => {
  const old = lockFile(path);
  rmSync(path);
  const next = lockFile(path);
  expect(next).not.toBeNull();
  expect(lockFile(path)).toBeNull();
  old?.release();
  expect(lockFile(path)).toBeNull();
  next?.release();
});

test('a lock is not taken through a link, nor in a folder that is not there', () => {
  symlinkSync(path, join(dir, 'link'));
  expect(() => lockFile(join(dir, 'link'))).toThrow('ELOOP');
  expect(() => lockFile(join(dir, 'no', 'lock'))).toThrow('ENOENT');
});
