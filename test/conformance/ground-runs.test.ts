/**
 * What a check is to the machine it runs on: what it is told and what it is not, what it writes, what it leaves behind,
 * and what the next one finds. Real processes on real work trees.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { GroundOptions } from '../../src/io/checks/ground.ts';
import type { CheckGround, CheckRunEnd } from '../../src/io/checks/port.ts';
import { scrubber } from '../../src/io/secrets.ts';
import { git } from '../support/git-repo.ts';
import { makeGroundWorld, type RealGroundWorld } from '../support/ground-world.ts';
import { poll } from '../support/redis-server.ts';
import { check } from './ground-suite.ts';

let world: RealGroundWorld;
let ground: CheckGround;
let tree: string;
let number = 0;

beforeEach(async () => {
  world = makeGroundWorld();
  onTestFinished(() => world.close());
  ground = await world.open();
  tree = await world.tree({ a: 'a', 'src/b': 'b' });
});

function run(line: string, more: Partial<Parameters<typeof check>[1]> & { on?: string; by?: CheckGround } = {}) {
  const { on = tree, by = ground, ...definition } = more;
  const signal = new AbortController().signal;
  return by.run({ definition: check(line, definition), tree: on, logName: `run-${number++}`, signal });
}

const openWith = (more: Partial<GroundOptions>) => world.open(more);
const slots = () => readdirSync(world.folder).filter((name) => /^\d+$/.test(name));
const isGone = (pid: number) => {
  try {
    return /^State:\t[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true;
  }
};
/** The ids that a line wrote, a line each. */
const pidsIn = ({ outputTail }: CheckRunEnd) => outputTail.trim().split('\n').map(Number);

/** Living gits that work in slots of this world. */
function gits(): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`GIT_DIR=${world.folder}/`);
    } catch {
      return false;
    }
  });
}

/** A session in a process of its own, which runs one check. */
function session(on: string, line: string): ChildProcess {
  const program = fileURLToPath(new URL('../support/ground-child.ts', import.meta.url));
  const args = ['--import', 'tsx', program, world.folder, world.repository, on, line];
  return spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}

describe('a check', () => {
  test('gets a closed environment: none of the sockets, tokens, settings and rights of who asked for it', async () => {
    const env = {
      PATH: process.env['PATH'],
      LANG: 'C.UTF-8',
      TZ: 'UTC',
      HOME: '/root',
      TELEC_HOME: '/state',
      TELEC_REDIS_URL: 'redis://:secret@host',
      TELEC_ROLE: 'integrator',
      SSH_AUTH_SOCK: '/agent',
      XDG_RUNTIME_DIR: '/run/user/0',
      XDG_CONFIG_HOME: '/config',
      DBUS_SESSION_BUS_ADDRESS: 'unix:path=/bus',
      GIT_DIR: '/repo',
      GIT_ASKPASS: 'x',
      GIT_CONFIG_COUNT: '1',
      GITHUB_TOKEN: 't',
      NODE_OPTIONS: '--inspect',
      LD_PRELOAD: '/evil.so',
      BASH_ENV: '/evil',
      ENV: '/evil',
      http_proxy: 'http://user:secret@proxy',
      CI: 'false',
    };
    const end = await run(
      'env -0 | tr "\\0\\n" "\\n;" | sort; stat -c "%a %n" "$HOME" "$TMPDIR"; ls -A "$HOME" "$TMPDIR"',
      {
        by: await openWith({ env }),
      },
    );
    const slot = join(world.folder, '0');
    const known = new Map(
      end.outputTail
        .split('\n')
        .filter((line) => line.includes('='))
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
    const { TELEC_CHECK_CACHE: cache = '', TMPDIR: temporary = '', ...rest } = Object.fromEntries(known);
    // What the shell itself adds.
    for (const name of ['PWD', 'OLDPWD', 'SHLVL', '_']) delete (rest as Record<string, string>)[name];
    expect(rest).toEqual({
      PATH: process.env['PATH'],
      LANG: 'C.UTF-8',
      TZ: 'UTC',
      SHELL: '/bin/sh',
      HOME: join(slot, 'home'),
      CI: '1',
      GIT_CEILING_DIRECTORIES: slot,
      GIT_TERMINAL_PROMPT: '0',
      TELEC_CHECK: 'unit',
      TELEC_TREE: tree,
    });
    expect(cache.startsWith(join(world.folder, 'cache', 'unit-'))).toBe(true);
    expect(end.outputTail).toContain(`700 ${join(slot, 'home')}\n700 ${temporary}\n`);
    // Both are empty at the beginning, and gone at the end.
    expect(end.outputTail.endsWith(`${join(slot, 'home')}:\n\n${temporary}:\n`)).toBe(true);
    expect([existsSync(join(slot, 'home')), existsSync(temporary)]).toEqual([false, false]);
  });

  test('has no input, no terminal, and stands in its work tree', async () => {
    const end = await run(
      'cat; test -t 0 || test -t 1 || echo none; pwd -P; find . -path ./.git -prune -o -type f -print | sort',
    );
    expect(end.outputTail).toBe(`none\n${join(world.folder, '0', 'tree')}\n./a\n./src/b\n`);
  });

  test('that asks git finds a repository of its tree alone, whatever repository the state folder lies in', async () => {
    git(world.dir, 'init', '--quiet', '.');
    const end = await run(
      'git rev-parse "HEAD^{tree}"; git status --porcelain; echo generated > a; git diff --name-only; git -C "$TMPDIR" rev-parse --git-dir 2>/dev/null || echo none; git -C "$HOME" rev-parse --git-dir 2>/dev/null || echo none',
    );
    expect(end).toMatchObject({ ended: 'passed', outputTail: `${tree}\na\nnone\nnone\n` });
  });

  test('finds nothing of what the one before it left, but its own cache', async () => {
    const leave =
      'echo x > a; touch new "$HOME/left" "$TMPDIR/left"; mkdir -p src/.git ignored; rm -r src/b; echo kept >> "$TELEC_CHECK_CACHE/kept"';
    await run(leave);
    const look =
      'cat a src/b; find . "$HOME" "$TMPDIR" -path ./.git -prune -o ! -type d -print | sort; cat "$TELEC_CHECK_CACHE/kept"';
    const other = await run(look);
    expect(other).toMatchObject({ ended: 'failed', exitStatus: 1 });
    expect(other.outputTail.replace(/^cat: .*\n/m, '')).toBe('ab./a\n./src/b\n');
    expect(slots()).toEqual(['0']);
    const again = `true; ${leave}; cat "$TELEC_CHECK_CACHE/kept"`;
    expect((await run(again)).outputTail).toBe('kept\n');
    expect((await run(again)).outputTail).toBe('kept\nkept\n');
    expect((await run(again, { name: 'other' })).outputTail).toBe('kept\n');
  });

  test.each([
    ['exit 0', { ended: 'passed', exitStatus: 0, signal: null }],
    ['exit 1', { ended: 'failed', exitStatus: 1, signal: null }],
    ['exit 255', { ended: 'failed', exitStatus: 255, signal: null }],
    ['nothing-of-that-name', { ended: 'failed', exitStatus: 127, signal: null }],
    ['if', { ended: 'failed', exitStatus: 2, signal: null }],
    ['kill -SEGV $$', { ended: 'killed', exitStatus: null, signal: 'SIGSEGV' }],
    // A shell tells that its command was killed by a status of its own.
    ["sh -c 'kill -KILL $$'; exit $?", { ended: 'killed', exitStatus: 137, signal: 'SIGKILL' }],
    ['exit 200', { ended: 'failed', exitStatus: 200, signal: null }],
  ])('that runs `%s` ends so', async (line, end) => {
    expect(await run(line)).toMatchObject(end);
  });

  test('whose line looks like an option or holds any character is a line all the same', async () => {
    expect(await run('-x')).toMatchObject({ ended: 'failed' });
    expect(await run('echo "$1 $0 \'q\' \\"d\\" \u00e9" # $(touch /tmp/never)\necho second')).toMatchObject({
      ended: 'passed',
      outputTail: ' /bin/sh \'q\' "d" \u00e9\nsecond\n',
    });
  });
});

describe('what a check writes', () => {
  test('is kept whole in a log for its owner alone', async () => {
    const end = await run('i=0; while [ $i -lt 20000 ]; do echo "line $i of many"; i=$((i+1)); done');
    const log = readFileSync(end.log, 'utf8');
    expect(log.split('\n')).toHaveLength(20_001);
    expect(statSync(end.log).mode & 0o777).toBe(0o600);
    expect(end.outputTail.length).toBeLessThanOrEqual(8192);
    expect(log.endsWith(end.outputTail)).toBe(true);
    expect(end.outputTail).toMatch(/^line \d+ of many\n/);
  });

  test('without end keeps its beginning and its end, and says what is left out', async () => {
    const end = await run('echo begin; head -c 60000000 /dev/zero | tr "\\0" "x" | fold -w 99; echo end');
    const log = readFileSync(end.log, 'latin1');
    expect(log.length).toBeLessThanOrEqual(16 * 1024 * 1024 + 100);
    expect(log.length).toBeGreaterThan(11 * 1024 * 1024);
    expect(log.startsWith('begin\nxxx')).toBe(true);
    expect(log.endsWith('xend\n')).toBe(true);
    const said = /^\[(\d+) bytes are left out here\]\n/m.exec(log);
    const whole = 'begin\nend\n'.length + 60_000_000 + Math.ceil(60_000_000 / 99);
    const left = log.length - (said?.[0].length ?? 0) + Number(said?.[1]);
    // `fold` does not end its last line.
    expect(left).toBe(whole - 1);
    // Whole lines on either side of the gap.
    expect(log.split('\n').every((line) => /^(x{1,99}(end)?|begin||\[\d+ bytes are left out here\])$/.test(line))).toBe(
      true,
    );
  });

  test('as fast as it can is neither lost time nor lost memory', async () => {
    const before = process.memoryUsage().rss;
    const end = await run('yes', { timeoutMs: 1500 });
    expect(end.ended).toBe('timed_out');
    expect(statSync(end.log).size).toBeLessThanOrEqual(16 * 1024 * 1024 + 100);
    expect(process.memoryUsage().rss - before).toBeLessThan(400 * 1024 * 1024);
  });

  test('is told without secrets, in the log as in the answer, and without what moves a cursor', async () => {
    const by = await openWith({ scrub: scrubber(['hunter2-hunter2']) });
    const line =
      'printf "a hunter2-hunter2 b\\n\\033[2J\\007\\377\\000caf\\303\\251 hunter2-hunter2\\r\\n"; echo https://user:pass@host/; i=0; while [ $i -lt 100000 ]; do echo padding; i=$((i+1)); done; echo ghp_012345678901234567890123456789';
    const end = await run(line, { by });
    const log = readFileSync(end.log, 'latin1');
    for (const secret of ['hunter2', 'pass@', 'ghp_']) expect(log.includes(secret)).toBe(false);
    expect(log.startsWith('a *** b\n\x1b[2J\x07\xff\0caf\xc3\xa9 ***\r\nhttps://user:***@host/\npadding\n')).toBe(true);
    expect(end.outputTail.endsWith('padding\n***\n')).toBe(true);
    const short = await run('printf "\\033[2Jbye hunter2-hunter2\\377\\000\\r\\n"', { by });
    expect(short.outputTail).toBe('\ufffd[2Jbye ***\ufffd\ufffd\ufffd\n');
  });

  test('goes where nothing of an older run of that name is left, and through no link', async () => {
    const signal = new AbortController().signal;
    const target = join(world.dir, 'mine');
    writeFileSync(target, 'mine');
    symlinkSync(target, join(world.folder, 'logs', 'same.log'));
    for (const text of ['first', 'second']) {
      const end = await ground.run({ definition: check(`echo ${text}`), tree, logName: 'same', signal });
      expect(readFileSync(end.log, 'utf8')).toBe(`${text}\n`);
    }
    expect(readFileSync(target, 'utf8')).toBe('mine');
    for (const logName of ['../x', '', '.hidden', 'a/b', '-x', 'x'.repeat(201), 'a\nb']) {
      const end = await ground.run({ definition: check('exit 0'), tree, logName, signal });
      expect(end).toMatchObject({ ended: 'not_started', log: '' });
    }
  });

  test('is kept of the newest runs alone', async () => {
    const by = await openWith({ limits: { logsMax: 3 } });
    const logs = [];
    for (let at = 0; at < 5; at += 1) {
      const end = await run(`echo ${at}`, { by });
      utimesSync(end.log, at, at);
      logs.push(end.log);
    }
    expect(logs.map((log) => existsSync(log))).toEqual([false, false, true, true, true]);
  });
});

describe('what a check leaves running', () => {
  test('ends with it, in its group or out of it', async () => {
    const end = await run(
      'sleep 300 & echo $!; setsid sleep 300 & echo $!; nohup setsid sh -c "trap \\"\\" TERM HUP; echo \\$\\$; sleep 300" & sleep 0.3; exit 0',
    );
    expect(end.ended).toBe('passed');
    const pids = pidsIn(end);
    expect(pids).toHaveLength(3);
    expect(pids.map(isGone)).toEqual([true, true, true]);
  });

  test('ends after its time, also when it will not', async () => {
    const end = await run(
      'trap "" TERM; echo $$; (trap "" TERM; sleep 300) & echo $!; setsid sleep 300 & echo $!; while :; do sleep 1; done',
      {
        timeoutMs: 500,
      },
    );
    expect(end).toMatchObject({ ended: 'timed_out', signal: 'SIGKILL' });
    expect(pidsIn(end).map(isGone)).toEqual([true, true, true]);
  });

  test('is asked first, so that it can tidy up', async () => {
    const end = await run('trap "echo asked; exit 7" TERM; sleep 300 & wait', { timeoutMs: 300 });
    expect(end).toMatchObject({ ended: 'timed_out', exitStatus: 7, outputTail: 'asked\n' });
  });

  test('ends when it is called off', async () => {
    const called = new AbortController();
    const definition = check(
      'echo $$ > "$TELEC_CHECK_CACHE/pids"; setsid sleep 300 & echo $! >> "$TELEC_CHECK_CACHE/pids"; trap "" TERM; wait; sleep 300',
    );
    const running = ground.run({ definition, tree, logName: 'called', signal: called.signal });
    const caches = join(world.folder, 'cache');
    const pids = () =>
      readdirSync(caches)
        .map((name) => join(caches, name, 'pids'))
        .filter(existsSync)
        .flatMap((path) => readFileSync(path, 'utf8').split('\n').filter(Boolean).map(Number));
    await poll(() => pids().length === 2);
    called.abort();
    expect((await running).ended).toBe('cancelled');
    expect(pids().map(isGone)).toEqual([true, true]);
  });

  test('and was left by a session that was killed ends with the next one', async () => {
    const said = join(world.dir, 'said');
    const line = `echo $$ >> ${said}; setsid sleep 300 & echo $! >> ${said}; trap "" TERM PIPE; while :; do sleep 1; done`;
    const child = session(tree, line);
    const pids = () => (existsSync(said) ? readFileSync(said, 'utf8').split('\n').filter(Boolean).map(Number) : []);
    await poll(() => pids().length === 2);
    // While it lives its slot is its own.
    expect(await run('test ! -e left')).toMatchObject({ ended: 'passed' });
    expect(slots().sort()).toEqual(['0', '1']);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(pids().map(isGone)).toEqual([false, false]);
    await world.open();
    expect(pids().map(isGone)).toEqual([true, true]);
    expect(slots().sort()).toEqual(['0', '1']);
  });

  test('is nobody else: a process with another home goes on', async () => {
    const bystander = spawn('sleep', ['300'], {
      cwd: join(world.folder),
      env: { PATH: process.env['PATH'], HOME: world.dir },
    });
    onTestFinished(() => void bystander.kill('SIGKILL'));
    expect((await run('sleep 300 & exit 0')).ended).toBe('passed');
    await world.open();
    expect(isGone(bystander.pid ?? 0)).toBe(false);
  });
});

describe('a slot', () => {
  test('is used again, and there are as many as checks ran at a time', async () => {
    await Promise.all([run('sleep 0.3'), run('sleep 0.3'), run('sleep 0.3')]);
    expect(slots().sort()).toEqual(['0', '1', '2']);
    for (let at = 0; at < 4; at += 1) await run('exit 0');
    const other = await world.open();
    await Promise.all([run('sleep 0.3'), run('sleep 0.3', { by: other })]);
    expect(slots().sort()).toEqual(['0', '1', '2']);
  });

  test('that has the tree is taken before others', async () => {
    const other = await world.tree({ other: 'other' });
    await Promise.all([run('sleep 0.5'), run('sleep 0.5', { on: other })]);
    const places = await Promise.all([run('pwd; sleep 0.2', { on: other }), run('pwd; sleep 0.2')]);
    const [first, second] = places.map(({ outputTail }) => outputTail.trim());
    expect((await run('pwd', { on: other })).outputTail.trim()).toBe(first);
    expect((await run('pwd')).outputTail.trim()).toBe(second);
  });

  test('whose work tree was broken is made anew, and nothing behind a link is touched', async () => {
    const outside = join(world.dir, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'a'), 'mine');
    const place = join(world.folder, '0');
    for (const mess of [
      () => rmSync(join(place, 'tree'), { recursive: true }),
      () => writeFileSync(join(place, 'git', 'index'), 'none'),
      () => {
        rmSync(join(place, 'tree'), { recursive: true });
        symlinkSync(outside, join(place, 'tree'));
      },
      () => {
        rmSync(join(place, 'tree', 'src'), { recursive: true });
        symlinkSync(outside, join(place, 'tree', 'src'));
      },
      () => {
        rmSync(join(place, 'git'), { recursive: true });
        symlinkSync(outside, join(place, 'git'));
      },
      () =>
        writeFileSync(
          join(place, 'slot.json'),
          '{"boot":"another run of the machine","tree":"x","run":null,"temporary":null}',
        ),
      () => writeFileSync(join(place, 'slot.json'), 'nonsense'),
      () => rmSync(place, { recursive: true }),
    ]) {
      expect((await run('exit 0')).ended).toBe('passed');
      mess();
      const end = await run('cat a src/b; find . -path ./.git -prune -o ! -type d -print | sort');
      expect(end).toMatchObject({ ended: 'passed', outputTail: 'ab./a\n./src/b\n' });
      expect(readdirSync(outside)).toEqual(['a']);
      expect(readFileSync(join(outside, 'a'), 'utf8')).toBe('mine');
    }
    expect(slots()).toEqual(['0']);
    expect(readdirSync(place).filter((name) => name.startsWith('gone-'))).toEqual([]);
  });

  test('of another run of the machine is not believed: files may be shorter than they seem after a power cut', async () => {
    const made = () => statSync(join(world.folder, '0', 'tree', 'a')).ctimeMs;
    await run('exit 0');
    const first = made();
    await run('exit 0');
    expect(made()).toBe(first);
    const path = join(world.folder, '0', 'slot.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace(/"boot":"[^"]*"/, '"boot":"another"'));
    await run('exit 0');
    expect(made()).not.toBe(first);
  });

  test('that nobody used for two weeks is taken down, one in use is not', async () => {
    await Promise.all([run('sleep 0.3'), run('sleep 0.3')]);
    const old = new Date(Date.now() - 15 * 86_400_000);
    for (const slot of slots()) utimesSync(join(world.folder, slot, 'slot.json'), old, old);
    const running = run('sleep 0.5');
    await poll(() => existsSync(join(world.folder, '0', 'home')));
    await world.open();
    expect(slots()).toEqual(['0']);
    expect((await running).ended).toBe('passed');
  });

  test('whose git was killed halfway is exact all the same', async () => {
    const many = Object.fromEntries(Array.from({ length: 1500 }, (_, at) => [`d${at % 50}/f${at}`, `text ${at}\n`]));
    const big = await world.tree(many);
    const sum =
      'find . -path ./.git -prune -o -type f -print | sort | xargs cat | cksum; find . -path ./.git -prune -o -type f -print | wc -l';
    const expected = (await run(sum, { on: big })).outputTail;
    const changed = await world.tree(
      Object.fromEntries(Object.entries(many).map(([path, text]) => [path, `${text}more\n`])),
    );
    for (const ms of [5, 20, 50, 100]) {
      const called = new AbortController();
      const running = ground.run({ definition: check('exit 0'), tree: changed, logName: 'cut', signal: called.signal });
      setTimeout(() => called.abort(), ms);
      await running;
      expect((await run(sum, { on: big })).outputTail).toBe(expected);
    }
    expect(slots()).toEqual(['0']);
  });

  test('whose session was killed while git made the work tree is exact, and no git of that session writes on', async () => {
    const many = (text: string) =>
      Object.fromEntries(Array.from({ length: 6000 }, (_, at) => [`d${at % 60}/f${at}`, `${text} ${at}\n`]));
    const [one, other] = [await world.tree(many('one')), await world.tree(many('other'))];
    const child = session(one, 'exit 0');
    await poll(() => existsSync(join(world.folder, '0', 'tree', 'd1')), 30_000);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(gits().length).toBeGreaterThan(0);
    const by = await world.open();
    expect(gits()).toEqual([]);
    const look =
      'cat d*/f* | sort | cksum; ls d* | grep -c f; sleep 1; cat d*/f* | sort | cksum; git status --porcelain | head -n 3';
    const found = await run(look, { on: other, by });
    rmSync(join(world.folder, '0'), { recursive: true });
    expect(found.outputTail).toBe((await run(look, { on: other, by })).outputTail);
    expect(found.outputTail).toMatch(/^(\d+ \d+)\n6000\n\1\n$/);
  });
});

test('a toolchain command that gives no answer is told, with why and without secrets; one that is called off is not', async () => {
  const told: unknown[] = [];
  const by = await world.open({
    scrub: scrubber(['hunter2hunter2']),
    report: (message, details) => told.push([message, details]),
  });
  const ask = (toolchain: string) => by.toolchain(check('exit 0', { toolchain }));
  await ask('echo 1');
  expect(told).toEqual([]);
  await ask('echo hunter2hunter2; exit 3');
  await ask('kill -KILL $$');
  const message = 'a toolchain command gave no answer: no verdict of its checks is used again';
  expect(told).toEqual([
    [message, { toolchain: 'echo hunter2hunter2; exit 3', why: 'ended with 3', wrote: '***\n' }],
    [message, { toolchain: 'kill -KILL $$', why: 'killed', wrote: '' }],
  ]);
  const asked = ask('sleep 60');
  await by.close();
  await asked;
  expect(told).toHaveLength(2);
});
