/**
 * Hooks that are there already: with telec's part in them they do what they did, see what they saw, and come out byte for
 * byte. Real git, and a guard program that answers what the test wants.
 */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type GuardPlan, putGuards } from '../../src/actors/guards/install.ts';
import { discoverClone } from '../../src/io/git/clone.ts';
import { putIn, takeOut } from '../../src/io/guards/hook-file.ts';
import { KEPT } from '../../src/io/guards/shell-text.ts';
import { writeRepoId } from '../../src/io/state.ts';
import '../support/e2e-world.ts';
import { makeRouteBench, type RouteBench } from '../support/route-bench.ts';

interface Bench extends RouteBench {
  plan: GuardPlan;
  /** What the guard program was asked: its words and its stdin. */
  asked(): string;
  install(): Promise<boolean>;
}

/** A bench whose guard program is a script that answers `ANSWER`, 1 if that is not set. */
function bench(main = 'main'): Bench {
  const made = makeRouteBench();
  onTestFinished(made.remove);
  const script = join(made.dir, "guard's program");
  const heard = join(made.dir, 'asked');
  writeFileSync(script, `{ printf '%s\\n' "$@"; cat; } >'${heard}'\nexit \${ANSWER:-1}\n`);
  const plan: GuardPlan = {
    path: join(made.dir, 'state', 'guards.json'),
    repo_id: 'app-1',
    folder: join(made.dir, 'state'),
    log_id: 'x',
    main,
    remote: 'origin',
    places: [made.remote],
    work_tree: made.clone,
    shared: false,
    program: ['/bin/sh', script],
    bin: join(made.dir, 'state', 'bin'),
    record: false,
  };
  mkdirSync(plan.folder, { mode: 0o700 });
  // As every clone that telec knows has it.
  writeRepoId(join(made.clone, '.git'), plan.repo_id);
  const install = async () => putGuards(plan, [await discoverClone(made.clone)]);
  return { ...made, plan, install, asked: () => (existsSync(heard) ? readFileSync(heard, 'utf8') : '') };
}

const put = (path: string, text: string, mode = 0o755) => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
};

/** A hook's body that tells what it sees, and ends with STATUS. */
const TELLS = `printf '%s\\n' "name \${0##*/}" "words $*" >&2
while read -r line; do echo "line $line" >&2; done
exit \${STATUS:-0}
`;

/** A hook as somebody may have it, and where git finds it. */
interface Existing {
  name: string;
  /** Writes the hook; answers its path. */
  write(bench: RouteBench): string;
  /** It is a shell script that takes the block in. */
  block: boolean;
}

const hook = ({ clone }: RouteBench) => join(clone, '.git', 'hooks', 'pre-push');
const plainHook = (name: string, text: string, block: boolean): Existing => ({
  name,
  block,
  write(bench) {
    put(hook(bench), text);
    return hook(bench);
  },
});

/** As husky 9 has it: what git calls reads in one common script, which finds the hook proper by its own name and place. */
const COMMON_BY_NAME = `#!/usr/bin/env sh
name="\${0##*/}"
place=$(cd "$(dirname "$0")/.." && pwd)
test -f "$place/$name" || exit 0
sh -e "$place/$name" "$@"
status=$?
test "$status" = 0 || echo "the script $name ended with $status"
exit "$status"
`;

const EXISTING: Existing[] = [
  plainHook('plain sh', `#!/bin/sh\n${TELLS}`, true),
  plainHook('sh -e', `#!/bin/sh -e\n${TELLS}`, true),
  plainHook('bash, strict', `#!/usr/bin/env bash\nset -euo pipefail\n${TELLS}`, true),
  plainHook('without a last line end', `#!/bin/sh\n${TELLS.trimEnd()}`, true),
  plainHook('bytes that are no UTF-8', `#!/bin/sh\n# \u00e9\u0001\n${TELLS}`, true),
  plainHook(
    'another language',
    `#!/usr/bin/env node
const tell = (line) => process.stderr.write(line + '\\n');
tell('name ' + process.argv[1].split('/').pop());
tell('words ' + process.argv.slice(2).join(' '));
for (const line of require('node:fs').readFileSync(0, 'utf8').split('\\n').filter(Boolean)) tell('line ' + line);
process.exit(Number(process.env.STATUS ?? 0));
`,
    false,
  ),
  plainHook('no first line that names a shell', `# a comment\n${TELLS}`, false),
  // The carriage returns stand in comments, where a shell on any system takes them.
  plainHook('line ends of Windows', `#!/bin/sh\n${TELLS.replaceAll('\n', ' #\r\n')}`, false),
  {
    name: 'husky 9: core.hooksPath, and a script that goes by $0',
    block: true,
    write(bench) {
      bench.run(bench.realGit, ['config', 'core.hooksPath', '.husky/_']);
      put(join(bench.clone, '.husky/_/h'), COMMON_BY_NAME, 0o644);
      put(join(bench.clone, '.husky/_/.gitignore'), '*', 0o644);
      put(join(bench.clone, '.husky/_/pre-push'), '#!/usr/bin/env sh\n. "$(dirname "$0")/h"');
      put(join(bench.clone, '.husky/pre-push'), TELLS, 0o644);
      return join(bench.clone, '.husky/_/pre-push');
    },
  },
  plainHook(
    'the pre-commit framework: bash, arrays, a place found by $0',
    `#!/usr/bin/env bash
words=(run --hook=pre-push)
place="$(cd "$(dirname "$0")" && pwd)"
words+=(--place "$place" -- "$@")
echo "hook dir \${place##*/}" >&2
${TELLS}`,
    true,
  ),
  plainHook(
    'lefthook: a function that is called last',
    `#!/bin/sh
if [ "$SKIP_HOOKS" = 1 ]; then exit 0; fi
run_all() {
  shift 2
${TELLS.replace('exit', '  return')}}
run_all run "pre-push" "$@"
`,
    true,
  ),
  {
    name: 'a link to a script elsewhere',
    block: false,
    write(bench) {
      put(join(bench.dir, 'bench', 'scripts', 'check'), `#!/bin/sh\n${TELLS.replace(/name [^"]+/, 'name pre-push')}`);
      mkdirSync(dirname(hook(bench)), { recursive: true });
      symlinkSync('../../../scripts/check', hook(bench));
      return hook(bench);
    },
  },
  {
    name: 'core.hooksPath to a folder outside',
    block: true,
    write(bench) {
      const folder = join(bench.dir, 'bench', "hooks of 'all'");
      bench.run(bench.realGit, ['config', 'core.hooksPath', folder]);
      put(join(folder, 'pre-push'), `#!/bin/sh\n${TELLS}`);
      return join(folder, 'pre-push');
    },
  },
];

const seen = ({ stderr }: { stderr: string }) =>
  stderr
    .split('\n')
    .filter((line) => /^(name|words|line|hook dir) /.test(line))
    .map((line) => line.replace(/\.telec-kept$/, ''));
const bytesAt = (path: string) => {
  const stat = lstatSync(path);
  return { mode: stat.mode, bytes: stat.isSymbolicLink() ? readlinkSync(path) : readFileSync(path, 'latin1') };
};

describe('F23 a hook that is there already', () => {
  test.each(EXISTING.map((existing) => [existing.name, existing] as const))(
    '%s: goes on as it was, and comes out as it was',
    async (_name, existing) => {
      const world = bench();
      const path = existing.write(world);
      const before = bytesAt(path);
      world.keep();
      const push = (env: Record<string, string> = {}) => world.git(['push', 'origin', 'topic', 'main:other'], { env });
      const plain = push();
      expect(seen(plain).length, plain.stderr).toBeGreaterThanOrEqual(4);
      world.restore();

      expect(await world.install()).toBe(true);
      expect(existsSync(join(dirname(path), KEPT))).toBe(!existing.block);
      const guarded = push();
      expect({ ...guarded, stderr: seen(guarded) }).toEqual({ ...plain, stderr: seen(plain) });
      expect(world.asked()).toBe('');
      expect(world.git(['push', 'origin', ':topic', 'main:third'], { env: { STATUS: '3' } }).status).toBe(1);
      expect(world.refs().has('refs/heads/topic')).toBe(true);

      const refused = world.git(['push', 'origin', 'HEAD:main']);
      expect([refused.status, seen(refused), world.moved()]).toEqual([1, [], []]);
      expect(world.asked()).toMatch(
        /^guard\ncheck\n--hook\npre-push\n--from\n.*guards\.json\n--\norigin\n.*remote\.git\n/,
      );
      expect(world.asked()).toContain(`HEAD ${world.commit} refs/heads/main ${world.first}\n`);
      const passed = world.git(['push', 'origin', 'HEAD:main'], { env: { ANSWER: '0' } });
      expect([passed.status, seen(passed)]).toEqual([
        0,
        expect.arrayContaining([expect.stringMatching(/^line HEAD .* refs\/heads\/main /)]),
      ]);

      expect(await world.install()).toBe(false);
      expect(takeOut(path, 'app-1')).toBe(true);
      expect(bytesAt(path)).toEqual(before);
      expect(existsSync(join(dirname(path), KEPT))).toBe(false);
      expect(takeOut(path, 'app-1')).toBe(false);
    },
  );

  test('one that is switched off stays off, and is there again afterwards', async () => {
    const world = bench();
    put(hook(world), `#!/bin/sh\n${TELLS}`, 0o644);
    const before = bytesAt(hook(world));
    await world.install();
    expect(seen(world.git(['push', 'origin', 'topic']))).toEqual([]);
    expect(world.git(['push', 'origin', 'main']).status).toBe(1);
    takeOut(hook(world), 'app-1');
    expect(bytesAt(hook(world))).toEqual(before);
  });

  test('a folder of that name is in nobody’s way, and is there again afterwards', async () => {
    const world = bench();
    mkdirSync(hook(world), { recursive: true });
    await world.install();
    expect(world.git(['push', 'origin', 'topic']).status).toBe(0);
    expect(world.git(['push', 'origin', 'main']).status).toBe(1);
    takeOut(hook(world), 'app-1');
    expect(lstatSync(hook(world)).isDirectory()).toBe(true);
  });

  test('where there is none, one stands while the guards are in', async () => {
    const world = bench();
    await world.install();
    expect(world.git(['push', 'origin', 'main']).status).toBe(1);
    takeOut(hook(world), 'app-1');
    expect(existsSync(hook(world))).toBe(false);
  });

  test('one that belongs to the work tree is left alone; with the line it asks for it meets pushes', async () => {
    const world = bench();
    world.run(world.realGit, ['config', 'core.hooksPath', '.githooks']);
    const path = join(world.clone, '.githooks', 'pre-push');
    put(path, `#!/bin/sh\n${TELLS}`);
    world.run(world.realGit, ['add', '.githooks']);
    await world.install();
    expect(readFileSync(path, 'utf8')).toBe(`#!/bin/sh\n${TELLS}`);
    expect(world.run(world.realGit, ['status', '--porcelain']).stdout).toBe('A  .githooks/pre-push\n');
    const { PART_LINE } = await import('../../src/io/guards/hook-file.ts');
    put(path, `#!/bin/sh\n${PART_LINE}\n${TELLS}`);
    expect(world.git(['push', 'origin', 'main'])).toMatchObject({ status: 1 });
    expect(seen(world.git(['push', 'origin', 'topic'])).at(-1)).toMatch(/^line refs\/heads\/topic /);
    expect(world.moved()).toEqual([]);
  });

  test('another telec puts its part beside the first, and each takes out its own', async () => {
    const world = bench();
    put(hook(world), `#!/bin/sh\n${TELLS}`);
    const before = bytesAt(hook(world));
    const facts = (repoId: string) => ({
      repoId,
      main: 'main',
      program: world.plan.program,
      guardFile: world.plan.path,
    });
    putIn(hook(world), facts('app-1'));
    putIn(hook(world), facts('app-2'));
    expect(seen(world.git(['push', 'origin', 'topic'])).length).toBe(3);
    takeOut(hook(world), 'app-1');
    expect(world.git(['push', 'origin', 'main']).status).toBe(1);
    takeOut(hook(world), 'app-2');
    expect(bytesAt(hook(world))).toEqual(before);
  });

  test('an older part is replaced where it stands', async () => {
    const world = bench();
    put(hook(world), `#!/bin/sh\n${TELLS}`);
    const before = bytesAt(hook(world));
    const facts = { repoId: 'app-1', main: 'trunk', program: ['/gone'], guardFile: '/gone' };
    putIn(hook(world), facts);
    expect(await world.install()).toBe(true);
    expect(readFileSync(hook(world), 'utf8')).not.toContain('trunk');
    takeOut(hook(world), 'app-1');
    expect(bytesAt(hook(world))).toEqual(before);
  });
});

describe('the sh in hook and wrappers', () => {
  test.each(["it's", 'a"b', `$(touch\${IFS}pwned)`, '`id`', 'a;b', 'ü', '-x', 'a%b'])(
    'a main branch called %s is guarded, and nothing in its name is run',
    async (name) => {
      const world = bench(name);
      await world.install();
      const ref = `refs/heads/${name}`;
      expect(world.run(world.realGit, ['push', 'origin', `HEAD:${ref}`]).status).toBe(1);
      expect(world.refs().has(ref)).toBe(false);
      expect(world.run(world.realGit, ['push', 'origin', `HEAD:${ref}y`]).status).toBe(0);
      expect(existsSync(join(world.clone, 'pwned'))).toBe(false);
    },
  );

  test('a program that is gone, or dies, refuses main and nothing else', async () => {
    const world = bench();
    await world.install();
    const gone = { ...world.plan, program: ['/bin/sh', join(world.dir, 'nothing')] };
    for (const [plan, env] of [
      [world.plan, { ANSWER: '70' }],
      [gone, {}],
    ] as const) {
      await putGuards(plan, [await discoverClone(world.clone)]);
      const refused = world.git(['push', 'origin', 'main'], { env });
      expect(refused.status).toBe(1);
      expect(refused.stderr).toContain(
        'GUARDRAIL_MARKER: TELEC_PRE_PUSH_MAIN_GUARD_BLOCK\nERROR: MAIN_GUARDRAIL_BLOCKED\n',
      );
      const wrapped = { PATH: `${plan.bin}:${world.env['PATH']}`, ...env };
      const around = world.git(['push', '--no-verify', 'origin', 'main'], { env: wrapped });
      expect([around.status, around.stderr.split('\n')[1]]).toEqual([1, 'ERROR: MAIN_GUARDRAIL_BLOCKED']);
      expect(world.git(['push', 'origin', 'topic'], { env: plan === gone ? wrapped : env }).status).toBe(0);
      expect(world.git(['status', '--porcelain'], { env: wrapped })).toEqual({ status: 0, stdout: '', stderr: '' });
      expect(world.moved()).toEqual([]);
    }
  });

  test('F25 a wrapper starts the real program once, in its place, with its status, streams and words', async () => {
    const world = bench();
    await world.install();
    const real = join(world.dir, 'real');
    const log = join(world.dir, 'calls');
    for (const name of ['git', 'gh']) {
      put(
        join(real, name),
        `#!/bin/sh\n{ echo "${name} $#"; printf '<%s>' "$@"; echo; } >>'${log}'\ncat\necho out\necho err >&2\nexit 37\n`,
      );
    }
    const env = { PATH: `${world.plan.bin}:${real}:${world.env['PATH']}`, ANSWER: '0' };
    const words = ['status', '', 'a b', "it's", '--', '-x', '$(id)', 'new\nline', '*'];
    const calls: [string, string[]][] = [
      ['git', words],
      ['git', ['-c', 'x=y', 'push', ...words]],
      ['gh', ['issue', ...words]],
      ['gh', ['api', ...words]],
      ['git', []],
    ];
    for (const [program, given] of calls) {
      writeFileSync(log, '');
      const answer = world.run(program, given, { env, stdin: 'in\n' });
      expect(answer).toEqual({ status: 37, stdout: 'in\nout\n', stderr: 'err\n' });
      expect(readFileSync(log, 'utf8')).toBe(
        `${program} ${given.length}\n${given.length === 0 ? '<>' : given.map((word) => `<${word}>`).join('')}\n`,
      );
    }
    writeFileSync(log, '');
    expect(world.run('git', ['push', 'x'], { env: { ...env, ANSWER: '1' } }).status).toBe(1);
    expect(readFileSync(log, 'utf8')).toBe('');
  });

  test('wrappers of several repositories end in the real program, in any order and however often they are named', async () => {
    const world = bench();
    await world.install();
    const second = {
      ...world.plan,
      repo_id: 'app-2',
      path: join(world.dir, 'two.json'),
      bin: join(world.dir, 'two', 'bin'),
    };
    mkdirSync(join(world.dir, 'two'), { mode: 0o700 });
    await putGuards(second, []);
    const [a, b, rest] = [world.plan.bin, second.bin, world.env['PATH'] ?? ''];
    for (const path of [`${a}:${b}:${rest}`, `${b}:${a}:${b}:${rest}`, `${a}:${a}/:${rest}`, `${rest}:${a}:${b}`]) {
      expect(world.run(join(a, 'git'), ['--version'], { env: { PATH: path } }).stdout).toMatch(/^git version/);
      expect(world.run(join(b, 'git'), ['--version'], { env: { PATH: path } }).stdout).toMatch(/^git version/);
    }
    const none = world.run(join(a, 'git'), ['--version'], { env: { PATH: `${a}:${b}` } });
    expect(none).toEqual({ status: 127, stdout: '', stderr: 'telec: there is no git in PATH\n' });
  });

  test('the wrapper of git adds less than 30 ms to git status', async () => {
    const world = bench();
    await world.install();
    const wrapped = { PATH: `${world.plan.bin}:${world.env['PATH']}` };
    const time = (env: Record<string, string>) => {
      const start = performance.now();
      expect(world.git(['status'], { env }).status).toBe(0);
      return performance.now() - start;
    };
    time({});
    // Pairs, one right behind the other, so that what else the machine does is in both.
    const more = Array.from({ length: 31 }, () => time(wrapped) - time({})).sort((x, y) => x - y);
    expect(more[15]).toBeLessThan(30);
  });
});
