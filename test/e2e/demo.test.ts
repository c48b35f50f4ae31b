/**
 * The demo as its user runs it: the built program, its own remote, Redis and processes. Shows that it tells the truth
 * (exit 1 when an outcome is not the expected one) and leaves nothing behind, whether it ends, fails or is interrupted.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, realpathSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import type { DemoView } from '../../src/actors/demo/story.ts';
import { TELEC } from '../support/e2e-world.ts';
import { temporaryFolder } from '../support/temporary.ts';

interface Demo {
  child: ChildProcess;
  /** The demo's own temporary folder lies in here. */
  folder: string;
  end: Promise<{ status: number | null; stdout: string; stderr: string }>;
}

/** Starts the demo outside any repository, with nothing of this machine's git or telec state. */
function start(args: string[], env: Record<string, string> = {}): Demo {
  const folder = realpathSync(temporaryFolder());
  const child = spawn(process.execPath, [TELEC, 'demo', ...args], {
    cwd: '/',
    env: { PATH: process.env['PATH'] ?? '', TMPDIR: folder, HOME: '/nonexistent', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const end = (async () => {
    const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
    return { status: status as number | null, stdout, stderr };
  })();
  return { child, folder, end };
}

/** Processes whose command line names `folder`: its Redis, its daemon, its workers. */
function processesIn(folder: string): string[] {
  const { stdout } = spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
  return stdout.split('\n').filter((line) => line.includes(folder));
}

/** A `git` that refuses to push the branches whose name holds `word`. */
function gitWithout(word: string): Record<string, string> {
  const bin = join(temporaryFolder(), 'bin');
  mkdirSync(bin);
  const real = spawnSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).stdout.trim();
  const file = join(bin, 'git');
  writeFileSync(file, `#!/bin/sh\ncase " $* " in *" push "*${word}*) exit 1 ;; esac\nexec '${real}' "$@"\n`);
  chmodSync(file, 0o755);
  return { PATH: `${bin}${delimiter}${process.env['PATH']}` };
}

describe('telec demo', () => {
  test('delivers ten candidates as expected, says so as one document, and leaves nothing', async () => {
    const { folder, end } = start(['--json', '--quiet'], { TELEC_REDIS_URL: 'redis://127.0.0.1:1/0' });
    const { status, stdout, stderr } = await end;
    expect(stderr).toBe('');
    const view = JSON.parse(stdout) as DemoView;
    expect(view.candidates.filter(({ expected, actual }) => expected !== actual)).toEqual([]);
    expect(view).toMatchObject({ ok: true, problems: [], kept: null });
    expect(status).toBe(0);
    expect(view.main).toMatch(/^[0-9a-f]{40}$/);
    const outcomes = view.candidates.map(({ slug, actual }) => `${slug} ${actual}`);
    expect(outcomes).toEqual([
      'login completed',
      'search completed',
      'typo completed',
      'report superseded',
      'report completed',
      'prices completed',
      'discount superseded',
      'discount completed',
      'profile completed',
      'charts completed',
    ]);
    expect(view.graph[0]).toContain(`${view.main?.slice(0, 7)} Merge discount`);
    expect(readdirSync(folder)).toEqual([]);
    expect(processesIn(folder)).toEqual([]);
  });

  test('exits 1 when an outcome is not the expected one, names it, and still clears up', async () => {
    const { folder, end } = start([], gitWithout('search'));
    const { status, stdout } = await end;
    expect(status).toBe(1);
    expect(stdout).toMatch(/trouble +bob: telec submit feature\/search exited 1: feature\/search could not be pushed/);
    expect(stdout).toMatch(/^search@.* completed +unknown to the log /m);
    expect(stdout).toMatch(/^charts@.* completed +completed /m);
    expect(stdout).toContain('wrong: main lacks shop/search.txt');
    expect(stdout).toMatch(
      /^9 of 10 outcomes as expected, .*: not as it should be; nothing is left running or on disk$/m,
    );
    expect(readdirSync(folder)).toEqual([]);
    expect(processesIn(folder)).toEqual([]);
  });

  test('clears up when it is interrupted, and exits 130', async () => {
    const { child, folder, end } = start([]);
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    for await (const line of lines) if (/telec submit/.test(line)) break;
    expect(processesIn(folder).length).toBeGreaterThan(0);
    child.kill('SIGINT');
    expect(await end).toMatchObject({ status: 130, stderr: '' });
    expect(readdirSync(folder)).toEqual([]);
    expect(processesIn(folder)).toEqual([]);
  });

  test('says what is missing when there is no redis-server', async () => {
    const bin = join(temporaryFolder(), 'bin');
    mkdirSync(bin);
    const real = spawnSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).stdout.trim();
    writeFileSync(join(bin, 'git'), `#!/bin/sh\nPATH='${process.env['PATH']}' exec '${real}' "$@"\n`, { mode: 0o755 });
    const { folder, end } = start(['--json', '--quiet'], { PATH: bin });
    const { status, stdout, stderr } = await end;
    expect(status).toBe(3);
    expect(stderr).toMatch(/^error: found no redis-server or valkey-server on PATH\nhint: /);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'REDIS_MISSING' } });
    expect(readdirSync(folder)).toEqual([]);
  });
});
