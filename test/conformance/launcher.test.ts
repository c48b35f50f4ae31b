/** Git started through the launching process ends as git started directly does, and a lost launcher claims nothing. */
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Launcher } from '../../src/io/git/launcher.ts';
import { type GitRun, runGit } from '../../src/io/git/run.ts';
import { hermeticEnv } from '../support/git-repo.ts';
import { poll } from '../support/redis-server.ts';

let dir: string;
let launcher: Launcher;

const request = (args: string[], more: Partial<GitRun> = {}): GitRun => ({ args, cwd: dir, env: hermeticEnv, ...more });

/** The launching process of this test process, found as its child. */
function launcherPid(): number | undefined {
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const parent = /^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${entry}/status`, 'utf8'))?.[1];
      if (Number(parent) === process.pid && readFileSync(`/proc/${entry}/cmdline`, 'utf8').includes('launcher-process'))
        return Number(entry);
    } catch {
      // It ended meanwhile.
    }
  }
  return undefined;
}

/** Runs git until the launching process does it. */
async function warm(): Promise<void> {
  await launcher.run(request(['version']));
  await poll(() => launcher.isUp);
}

/** A git that does what `body` says, found before the real one. */
function fakeGit(body: string): Record<string, string> {
  writeFileSync(join(dir, 'git'), `#!/bin/sh\n${body}\n`);
  chmodSync(join(dir, 'git'), 0o755);
  return { ...hermeticEnv, PATH: `${dir}:${hermeticEnv['PATH']}` };
}

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'telec-launcher-'));
  launcher = new Launcher({ after: 0, execArgv: ['--import', 'tsx'], cwd: process.cwd() });
});

afterEach(async () => {
  await launcher.close();
  rmSync(dir, { recursive: true, force: true });
});

describe('git through the launching process', () => {
  test('gives the same bytes, words and status as git run directly', async () => {
    await warm();
    const requests = [
      request(['version']),
      request(['no-such-command']),
      request(['hash-object', '--stdin'], { stdin: Buffer.from([0, 255, 10, 13]) }),
      request(['var', 'GIT_PAGER'], { env: fakeGit('printf "a\\000\\377"; echo "words" >&2; exit 7') }),
    ];
    for (const run of requests) expect(await launcher.run(run)).toEqual(await runGit(run));
  });

  test('keeps limits of time and output, and ends on an abort', async () => {
    await warm();
    const slow = { env: fakeGit('exec sleep 60') };
    expect(await launcher.run(request(['slow'], { ...slow, timeoutMs: 50 }))).toMatchObject({ ended: 'timeout' });
    const abort = new AbortController();
    const running = launcher.run(request(['slow'], { ...slow, signal: abort.signal }));
    abort.abort();
    expect(await running).toMatchObject({ ended: 'aborted' });
    expect(await launcher.run(request(['slow'], { ...slow, signal: abort.signal }))).toMatchObject({
      ended: 'unstarted',
    });
    const much = request(['much'], { env: fakeGit('exec cat /dev/zero'), outputLimit: 1000 });
    expect(await launcher.run(much)).toMatchObject({ ended: 'overflow' });
  });

  test('says nothing about a run whose launching process was killed, and goes on without it', async () => {
    await warm();
    const started = join(dir, 'started');
    const env = fakeGit(`: >"${started}"; exec sleep 2`);
    const running = launcher.run(request(['slow'], { env }));
    await poll(() => readdirSync(dir).includes('started'));
    const pid = launcherPid();
    expect(pid).toBeDefined();
    process.kill(pid ?? 0, 'SIGKILL');
    expect(await running).toMatchObject({ ended: 'signalled', status: null });
    expect(await launcher.run(request(['version']))).toMatchObject({ ended: 'exited', status: 0 });
  });

  test('is not begun for a few commands, and is gone after the close', async () => {
    const patient = new Launcher({ after: 3, execArgv: ['--import', 'tsx'], cwd: process.cwd() });
    for (let run = 0; run < 3; run += 1) await patient.run(request(['version']));
    expect(launcherPid()).toBeUndefined();
    await patient.close();
    await warm();
    expect(launcherPid()).toBeDefined();
    await launcher.close();
    expect(launcherPid()).toBeUndefined();
  });
});
