/** A command is run apart from who asked for it: closed environment, capped output, an end after its time. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type CommandRun, commandEnvironment, runCommand } from '../../src/io/command-run.ts';
import { poll } from '../support/redis-server.ts';
import { temporaryFolder } from '../support/temporary.ts';

function run(command: string, more: Partial<CommandRun> = {}) {
  const folder = temporaryFolder();
  const logPath = join(folder, 'after.log');
  const env = { PATH: process.env['PATH'] ?? '' };
  const ending = runCommand({ command, cwd: folder, env, logPath, timeoutMs: 30_000, ...more });
  return { folder, logPath, ending };
}

describe('a command', () => {
  test('ends with its status and the end of what it wrote, to either stream', async () => {
    const { ending, logPath } = run('echo out; echo err >&2; exit 3');
    expect(await ending).toMatchObject({ ended: 'exited', status: 3, signal: null, outputTail: 'out\nerr\n' });
    expect(readFileSync(logPath, 'utf8')).toBe('out\nerr\n');
    expect(statSync(logPath).mode & 0o777).toBe(0o600);
  });

  test('tells its output in whole lines, so that no half of a word stands there', async () => {
    const { ending } = run('i=0; while [ $i -lt 1000 ]; do echo "line-$i-of-many"; i=$((i+1)); done');
    const { outputTail } = await ending;
    expect(outputTail.length).toBeLessThanOrEqual(8192);
    expect(outputTail.length).toBeGreaterThan(8100);
    expect(outputTail.split('\n')[0]).toMatch(/^line-\d+-of-many$/);
  });

  test('that dies of a signal says which', async () => {
    expect(await run('kill -SEGV $$').ending).toMatchObject({ ended: 'signalled', status: null, signal: 'SIGSEGV' });
  });

  test('that hangs is ended after its time, with all it started', async () => {
    const { ending, folder } = run('trap "" TERM; echo $$ > leader; sleep 60 & echo $! > child; wait; sleep 60', {
      timeoutMs: 300,
      graceMs: 50,
    });
    expect(await ending).toMatchObject({ ended: 'timeout', signal: 'SIGKILL' });
    const pids = ['leader', 'child'].map((name) => Number(readFileSync(join(folder, name), 'utf8')));
    const isGone = (pid: number) => {
      try {
        return /^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
      } catch {
        return true;
      }
    };
    await poll(() => pids.every(isGone));
  });

  test('that cannot be started says why', async () => {
    const ended = await run('true', { cwd: '/nonexistent/folder' }).ending;
    expect(ended).toMatchObject({ ended: 'unstarted', status: null, detail: '/nonexistent/folder is gone' });
  });

  test('leaves what it started in peace when it ends by itself, output and all', async () => {
    const { ending, folder, logPath } = run('(while [ ! -e go ]; do sleep 0.02; done; echo later) & exit 0');
    expect(await ending).toMatchObject({ ended: 'exited', status: 0, outputTail: '' });
    writeFileSync(join(folder, 'go'), '');
    await poll(() => readFileSync(logPath, 'utf8') === 'later\n');
  });

  test('that writes without end does not fill the disk, and its output is harmless', async () => {
    const hostile = 'head -c 12000000 /dev/zero | tr "\\0" x; printf "\\033[2Jbye\\377\\000\\r\\n"';
    const { ending, logPath } = run(hostile);
    const { outputTail } = await ending;
    expect(outputTail).toHaveLength(8192);
    expect(outputTail.endsWith('x\ufffd[2Jbye\ufffd\ufffd\ufffd\n')).toBe(true);
    expect(statSync(logPath).size).toBeLessThan(100_000);
    expect(readFileSync(logPath, 'utf8').startsWith('[the beginning was cut]\n')).toBe(true);
  });

  test('keeps the output of the run before beside its own', async () => {
    const { ending, logPath, folder } = run('echo first');
    await ending;
    const env = { PATH: process.env['PATH'] ?? '' };
    await runCommand({ command: 'echo second', cwd: folder, env, logPath, timeoutMs: 30_000 });
    expect([`${logPath}.1`, logPath].map((path) => readFileSync(path, 'utf8'))).toEqual(['first\n', 'second\n']);
  });

  test('gets none of the sockets, tokens and rights to push of who asked for it', () => {
    const env = {
      PATH: '/bin',
      HOME: '/h',
      TELEC_HOME: '/state',
      TELEC_REDIS_URL: 'redis://:secret@host',
      TELEC_ROLE: 'integrator',
      SSH_AUTH_SOCK: '/agent',
      GIT_ASKPASS: 'x',
      GITHUB_TOKEN: 't',
      NODE_OPTIONS: '--inspect',
    };
    expect(commandEnvironment(env)).toEqual({ PATH: '/bin', HOME: '/h', TELEC_HOME: '/state' });
  });
});
