import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { examples } from '../../scripts/examples.ts';
import { writeRepoId } from '../../src/io/state.ts';
import { fakeRuntime, runTelec } from '../support/fake-runtime.ts';
import { temporaryFolder } from '../support/temporary.ts';

const entry = fileURLToPath(new URL('../support/fake-daemon.js', import.meta.url));

/** A registered clone whose daemon, once started, behaves as told. The daemon is ended with the test. */
function world(behaviour = 'well') {
  const folder = temporaryFolder();
  const cwd = join(folder, 'clone');
  mkdirSync(join(cwd, '.git'), { recursive: true });
  writeFileSync(join(cwd, '.git', 'HEAD'), 'ref: refs/heads/main\n');
  writeRepoId(join(cwd, '.git'), 'app-1');
  const state = join(folder, 'state', 'app-1');
  const env = {
    PATH: process.env['PATH'],
    TELEC_HOME: join(folder, 'state'),
    FAKE_FOLDER: state,
    FAKE_DAEMON: behaviour,
  };
  const started = new Set<number>();
  onTestFinished(() => {
    for (const pid of started) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended by itself.
      }
    }
  });
  const telec = async (...argv: string[]) => {
    const fake = fakeRuntime();
    const run = await runTelec([...argv], { cwd, env, entry, runtime: fake.runtime });
    const said = run.stdout.startsWith('{') ? (run.json() as { pid?: number }) : {};
    if (typeof said.pid === 'number') started.add(said.pid);
    return { ...run, asked: fake.asked };
  };
  return { telec, state, cwd };
}

test('up starts the daemon once, questions go to it, down ends it', async () => {
  const { telec, state, cwd } = world();
  const up = await telec('up', '--json');
  expect(up).toMatchObject({ status: 0, stderr: 'redis is loading\n' });
  const { pid } = up.json() as { pid: number };
  expect(up.json()).toEqual({ running: true, pid, changed: true });

  const status = await telec('status', '--json');
  expect(status.json()).toEqual({ from: 'daemon', argv: ['-C', cwd, '--json', 'up', '--foreground'] });
  expect(status.asked).toEqual([]);
  expect((await telec('candidate', 'a/b@c', '--json')).json()).toEqual({ from: 'daemon' });
  // A daemon of another version answers what this one cannot show: that is not told as a bug.
  const other = await telec('candidate', 'a/b@c');
  expect({ status: other.status, stdout: other.stdout }).toEqual({ status: 3, stdout: '' });
  expect(other.stderr).toMatch(
    /^error: the daemon's answer cannot be shown: .*\nhint: .*telec down, then telec up.*\n$/,
  );

  const missing = await telec('why', 'x', '--json');
  expect(missing.status).toBe(1);
  expect(missing.json()).toEqual({ error: { code: 'NOT_FOUND', message: 'no x', hint: 'telec candidates' } });

  expect((await telec('up', '--json')).json()).toEqual({ running: true, pid, changed: false });
  expect((await telec('down', '--json')).json()).toEqual({ running: false, pid: null, changed: true });
  expect(() => process.kill(pid, 0)).toThrow();
  expect(existsSync(join(state, 'daemon.json'))).toBe(false);
  expect((await telec('down', '--json')).json()).toEqual({ running: false, pid: null, changed: false });
  expect((await telec('down')).stdout).toBe('the daemon does not run; nothing changed\n');
  expect((await telec('up')).stdout).toMatch(/^the daemon runs as process \d+\n$/);
  expect((await telec('down')).stdout).toBe('stopped\n');
});

test('what the daemon refuses to start for is the answer of up', async () => {
  const run = await world('refuse').telec('up', '--json');
  expect(run).toMatchObject({ status: 6, stderr: 'error: not set up\nhint: telec init\n' });
  expect(run.json()).toEqual({ error: { code: 'NOT_INITIALIZED', message: 'not set up', hint: 'telec init' } });
});

test('a daemon that ends without a word is a failure to start', async () => {
  const run = await world('die').telec('up', '--json');
  expect(run.status).toBe(3);
  expect(run.json()).toMatchObject({ error: { code: 'DAEMON_START' } });
});

test('a daemon that hangs up on questions is unreachable, not absent', async () => {
  const { telec } = world('silent');
  expect((await telec('up', '--json')).status).toBe(0);
  const run = await telec('status', '--json');
  expect(run.status).toBe(3);
  expect(run.json()).toMatchObject({ error: { code: 'DAEMON_SILENT' } });
});

test('the file of a daemon that is gone counts for nothing: the log is folded here', async () => {
  const { telec, state } = world();
  mkdirSync(state, { recursive: true });
  writeFileSync(join(state, 'daemon.json'), JSON.stringify({ pid: 999_999, socket: join(state, 'gone.sock') }));
  const run = await telec('status', '--json');
  expect(run.json()).toEqual(examples.status);
  expect(run.asked).toEqual([['status']]);
  expect((await telec('down', '--redis', '--json')).json()).toEqual({ running: false, pid: null, changed: true });
});
