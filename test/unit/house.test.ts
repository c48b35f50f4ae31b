/**
 * The house rules that no compiler holds: which way imports run, how large a file is, what a name may be, what a machine
 * may touch. Reads the sources as text. Shows S4-C4, S4-C1 and Card-L1.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const LINES_MAX = 400;

function files(folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => posix.join(entry.parentPath.slice(root.length), entry.name))
    .sort();
}

const read = (path: string) => readFileSync(join(root, path), 'utf8');

/** The code without comments; strings stay, which is strict enough. */
const code = (text: string) => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/.*$/gm, '$1');

interface Import {
  /** Path from the root for a file of ours, else the name of the package. */
  target: string;
  kind: 'static' | 'type' | 'dynamic';
}

function importsOf(path: string): Import[] {
  const found: Import[] = [];
  const text = code(read(path));
  const add = (from: string | undefined, kind: Import['kind']) => {
    if (from === undefined) return;
    const own = from.startsWith('.')
      ? posix.join(dirname(path), from)
      : from.replace(/^(@[^/]+\/[^/]+|[^@/][^/]*).*$/, '$1');
    found.push({ target: own, kind });
  };
  for (const [, type, names, from] of text.matchAll(/^(?:import|export)\s+(type\s)?([^'";]*?)from\s+'([^']+)'/gm)) {
    const onlyTypes = type !== undefined || /^\{(\s*type\s[^,}]+,?)+\s*\}\s*$/.test(names ?? '');
    add(from, onlyTypes ? 'type' : 'static');
  }
  for (const [, from] of text.matchAll(/^import\s+'([^']+)'/gm)) add(from, 'static');
  for (const [, from] of text.matchAll(/\bimport\(\s*'([^']+)'/g)) add(from, 'dynamic');
  return found;
}

const sources = files('src').filter((path) => /\.tsx?$/.test(path));
const imports = sources.flatMap((path) => importsOf(path).map((entry) => ({ path, ...entry })));
/** The page stands with what serves it, and is a program of its own. */
const layer = (path: string) =>
  path.startsWith('src/io/page/') ? 'page' : (/^src\/([a-z]+)\//.exec(path)?.[1] ?? path);
const shown = (list: { path: string; target: string }[]) => list.map(({ path, target }) => `${path} -> ${target}`);

/** What each layer may import of the others. `src/index.ts` is the front door and may show all of them. */
const ALLOWED: Record<string, string[]> = {
  cli: ['cli', 'actors', 'machines', 'io', 'src/errors.ts'],
  actors: ['actors', 'machines', 'io', 'src/errors.ts'],
  machines: ['machines', 'src/errors.ts'],
  io: ['io', 'src/errors.ts'],
  // What runs in a browser knows the runtime by the shapes it is sent, and the pure part of the machines.
  page: ['page', 'machines'],
  'src/errors.ts': [],
  'src/index.ts': ['cli', 'actors', 'machines', 'io', 'src/errors.ts'],
};

/** Of which layers it may know the shapes, which are gone once it runs. */
const SHAPES: Record<string, string[]> = { page: ['actors'] };

/** Single files that stand elsewhere, are pure and load nothing, which it may use. */
const PURE: Record<string, string[]> = { page: ['src/io/plain-text.ts'] };

/** All that is loaded with these files, packages by name. */
const reachedFrom = (...paths: string[]): string[] => reached(['static'], paths);

/** All that these files import in one of these ways, and what that imports. */
function reached(kinds: Import['kind'][], paths: string[]): string[] {
  const found = new Set<string>();
  const visit = (path: string) => {
    if (found.has(path)) return;
    found.add(path);
    for (const { target, kind } of path.startsWith('src/') ? importsOf(path) : [])
      if (kinds.includes(kind)) visit(target);
  };
  for (const path of paths) visit(path);
  return [...found];
}

describe('imports', () => {
  test('are found at all', () => {
    expect(imports.length).toBeGreaterThan(50);
    expect(importsOf('src/cli/main.ts')).toContainEqual({ target: 'src/actors/open.ts', kind: 'dynamic' });
    expect(importsOf('src/cli/main.ts')).toContainEqual({ target: 'src/actors/client.ts', kind: 'type' });
    expect(importsOf('src/cli/main.ts')).toContainEqual({ target: 'commander', kind: 'static' });
  });

  test('run one way: cli, actors, then machines and io, which never see each other', () => {
    const wrong = imports.filter(
      ({ path, target, kind }) =>
        target.startsWith('src/') &&
        !ALLOWED[layer(path)]?.includes(layer(target)) &&
        !(kind === 'type' && SHAPES[layer(path)]?.includes(layer(target))) &&
        !PURE[layer(path)]?.includes(target),
    );
    expect(shown(wrong)).toEqual([]);
    expect(Object.values(PURE).flatMap((pure) => reachedFrom(...pure))).toEqual(Object.values(PURE).flat());
  });

  test('of the command line reach git and Redis only through the actors', () => {
    const wrong = imports.filter(({ path, target }) => layer(path) === 'cli' && /^src\/io\/(redis|git)\//.test(target));
    expect(shown(wrong)).toEqual([]);
  });

  test('S4-Out1 of the machines are xstate, zod and each other', () => {
    const wrong = imports.filter(
      ({ path, target }) =>
        layer(path) === 'machines' && !/^(xstate|zod|src\/machines\/.*|src\/errors\.ts)$/.test(target),
    );
    expect(shown(wrong)).toEqual([]);
  });

  test.each([
    ['ioredis', /^src\/io\/redis\//],
    ['simple-git', /^src\/io\/git\//],
    ['commander', /^src\/cli\//],
    ['pino', /^src\/io\/logger\.ts$/],
    ['yaml', /^src\/io\//],
    ['ws', /^src\/io\//],
    ['ink', /^src\/cli\/watch\//],
    ['react-dom', /^src\/io\/page\//],
    ['grammy', /^src\/io\/surfaces\//],
    ['@discordjs/core', /^src\/io\/surfaces\//],
    ['prom-client', /^src\/actors\/metrics/],
    ['playwright-core', /^$/],
  ])('S4-C4: %s is spoken to in one place', (name, place) => {
    const wrong = imports.filter(({ path, target }) => target === name && !place.test(path));
    expect(shown(wrong)).toEqual([]);
  });

  test('S4-C4: stream commands stand in the log alone', () => {
    const spoken = sources.filter((path) => /\b(xadd|xrange|xread|xreadgroup|xautoclaim)\b/i.test(code(read(path))));
    expect(spoken.filter((path) => !path.startsWith('src/io/redis/'))).toEqual([]);
  });

  test('S3-5.2b: one place feeds the fold, with what it read from the log', () => {
    const feeding = sources.filter((path) => /\brepository\.apply\(/.test(code(read(path))));
    expect(feeding).toEqual(['src/actors/pipeline.ts']);
    const running = imports.filter(({ target, kind }) => target === 'src/actors/pipeline.ts' && kind === 'static');
    expect(running.filter(({ path }) => /new Pipeline\(/.test(code(read(path)))).map(({ path }) => path)).toEqual([
      'src/actors/host.ts',
      // A fold of its own, of what was.
      'src/actors/live/past.ts',
    ]);
    expect(sources.filter((path) => /\bpipeline\.run\(/.test(code(read(path))))).toEqual(['src/actors/dispatcher.ts']);
  });

  test('S4-Out4: notifications are folded behind one board, which knows neither git nor Redis nor a candidate', () => {
    const using = imports.filter(({ target, kind }) => target === 'src/machines/notification.ts' && kind !== 'type');
    expect(using.map(({ path }) => path).filter((path) => path !== 'src/machines/index.ts')).toEqual([
      'src/actors/notifications.ts',
    ]);
    const reached = reachedFrom('src/actors/notifications.ts');
    expect(reached.filter((target) => /^src\/io\/|machines\/candidate|repository/.test(target))).toEqual([]);
  });

  test('S3-7c: main is pushed by a session alone, with the proof of its lease', () => {
    const pushing = sources.filter((path) => /\bgit\.push\(/.test(code(read(path))));
    expect(pushing.filter((path) => !path.startsWith('src/actors/session/'))).toEqual([]);
    expect(pushing.length).toBeGreaterThan(0);
    for (const path of pushing) expect(code(read(path))).toMatch(/assertHeld|keeper|proof/);
  });

  test('S1-R1 nothing but a session has a way to main: who names a push, where it leads, and who can reach it', () => {
    const naming = (pattern: RegExp) => sources.filter((path) => pattern.test(code(read(path))));
    // Words of git that move a ref of a remote. All other places are git's own answers.
    expect(naming(/'(push|send-pack|http-push)',\s*(\.\.\.|['\x60]-|['\x60]origin)/)).toEqual([
      // Scratch remotes of their own making.
      'src/actors/demo/plot.ts',
      'src/actors/guards/trial-ground.ts',
      'src/actors/guards/trial-routes.ts',
      'src/actors/guards/trial.ts',
      // A branch for its owner, by name and without force; never main, see `submit`.
      'src/io/git/clone.ts',
      // The integrator's.
      'src/io/git/remote.ts',
      // Asked with --dry-run what would be moved.
      'src/io/guards/user-git.ts',
    ]);
    expect(code(read('src/io/guards/user-git.ts'))).toMatch(/'push', '--dry-run'|DRY_RUN/);
    // The port's push with a fence, outside of sessions: into the scratch remote of a trial.
    expect(naming(/\.push\(\{[^}]*\bfenceFrom\b/)).toEqual([
      'src/actors/guards/trial.ts',
      'src/actors/session/permit-fence.ts',
      'src/actors/session/push.ts',
    ]);
    expect(code(read('src/actors/session/permit-fence.ts'))).toContain('tip: null');
    // A branch that is pushed for its owner comes from submit alone, which refuses main.
    expect(naming(/\bpushBranch\(/)).toEqual(['src/actors/commands/submit.ts', 'src/io/git/clone.ts']);
    expect(code(read('src/actors/commands/submit.ts'))).toMatch(/branch === workspace\.config\.main/);
    // Sessions start in one place, and merging is theirs.
    expect(naming(/\bstartSession\(\{/)).toEqual(['src/actors/host.ts']);
    expect(naming(/\bmergeCommits\(/)).toEqual(['src/io/git/merge.ts', 'src/io/git/repository.ts']);
    // A checkout is merged in the demo's scratch alone.
    expect(naming(/['"\x60]merge['"\x60]\s*,\s*['"\x60]--/)).toEqual(['src/actors/demo/plot.ts']);
  });

  test('S4-FR2.1p: one producer appends to the log, nothing else', () => {
    const appending = sources.filter(
      (path) => /\blog\w*\.append\(/i.test(code(read(path))) && !path.startsWith('src/io/'),
    );
    expect(appending.length).toBeLessThanOrEqual(1);
  });

  test('the short way to the status loads no package at all, with a daemon or without one', () => {
    const reached = reachedFrom('src/cli/telec.ts', 'src/actors/glance.ts');
    expect(reached.filter((target) => !target.startsWith('src/') && !target.startsWith('node:'))).toEqual([]);
    expect(reached.filter((target) => target.startsWith('src/machines/'))).toEqual([]);
  });

  test('a question to the daemon loads commander, node itself and small files of ours', () => {
    const reached = reachedFrom(
      ...['telec', 'main', 'commands/daemon', 'commands/candidate'].map((name) => `src/cli/${name}.ts`),
    );
    const packages = reached.filter((target) => !target.startsWith('src/') && !target.startsWith('node:'));
    expect(packages).toEqual(['commander']);
    // Words alone: it imports nothing that runs.
    expect(reached.filter((target) => /^src\/(actors|machines)\//.test(target))).toEqual([
      'src/machines/priority-names.ts',
      'src/machines/check-words.ts',
    ]);
  });
});

describe('the hand-over', () => {
  const halves = ['finalize', 'handover'].map((name) => `src/actors/todos/${name}.ts`);
  const ever = reached(['static', 'dynamic'], halves).filter((path) => path.startsWith('src/'));

  test('S3-4.1b S3-7b S4-FR4.2 S4-FR4.3 loads nothing of the integrator, now or later: no merge, no books, no demo, no clean-up, no push, no restart', () => {
    expect(ever).toContain('src/actors/todos/verify.ts');
    expect(ever).toContain('src/actors/commands/hand-in.ts');
    const integrators =
      /^src\/actors\/(session\/|integrator|foreground|supervisor|steward|daemon|host|demo\/|open|commands\/submit)|^src\/io\/git\/(merge|remote|repository|selfcheck|launcher)|^src\/machines\/(integrator|lease)/;
    expect(ever.filter((path) => integrators.test(path))).toEqual([]);
  });

  test('S3-2.1a S3-2.1f is told through the bridge, and the bridge speaks through the producer alone', () => {
    const bridge = 'src/actors/bridge.ts';
    expect(importsOf(bridge).filter(({ kind }) => kind !== 'type')).toEqual([]);
    expect([...code(read(bridge)).matchAll(/\b(\w+)\.(emit|append)\w*\(/g)].map(([, who]) => who)).toEqual(
      Array(4).fill('producer'),
    );
    expect(code(read('src/actors/commands/hand-in.ts'))).toMatch(/createBridge\([^)]*\)\.emitDeploymentStarted\(/);
    expect(code(read('src/actors/todos/tell.ts'))).toMatch(/createBridge\([^)]*\)\.emitReviewApproved\(/);
  });

  test('S3-4.1b S3-7b calls nothing that would change a ref, a tree or a book', () => {
    const acts =
      /\b(pushBranch|startSession|commitChanges|deleteBranch|writeFence|mergeCandidate|withDelivered|withoutSlug)\b|\bgit\.(push|merge|pack)\(|\bfiles\.(write|remove)\(|\b(spawn|execFile|runGit)\w*\(/;
    const wrong = ever.filter((path) => path.startsWith('src/actors/') && acts.test(code(read(path))));
    expect(wrong).toEqual([]);
  });
});

describe('files', () => {
  test(`have at most ${LINES_MAX} lines`, () => {
    const long = sources.filter((path) => read(path).split('\n').length - 1 > LINES_MAX);
    expect(long).toEqual([]);
  });

  test('are named for what they own', () => {
    const wrong = [...sources, ...files('test'), ...files('scripts')].filter((path) =>
      /\/(utils?|helpers?|types|common|constants|misc|shared)\.[a-z.]+$/.test(path),
    );
    expect(wrong).toEqual([]);
  });

  test('open with what they own', () => {
    const silent = sources.filter((path) => !/^(#!.*\n)?\/\*\*/.test(read(path)));
    expect(silent).toEqual([]);
  });

  test('hold nothing unfinished and no way around the types', () => {
    const marks = /\b(TODO|FIXME|XXX|HACK)\b|\bas any\b|@ts-(ignore|nocheck|expect-error)/;
    const wrong = [...sources, ...files('test'), ...files('scripts')].filter(
      (path) => /\.(ts|js|lua)$/.test(path) && path !== 'test/unit/house.test.ts' && marks.test(read(path)),
    );
    expect(wrong).toEqual([]);
  });

  test('of tests are all run, none left out or alone', () => {
    const wrong = files('test').filter(
      (path) => path !== 'test/unit/house.test.ts' && /\b(test|it|describe)\.(only|skip|todo|fixme)\b/.test(read(path)),
    );
    expect(wrong).toEqual([]);
  });

  test('name no path of the machine they were written on, and no registry but the public one', () => {
    const foreign =
      /(^|[\s'"`(=])\/(work|root|Users|home\/(?!ann\b)[a-z]+)\/|registry\.(?!npmjs\.org)[a-z0-9.-]+\.[a-z]+/m;
    const all = [
      ...sources,
      ...files('test'),
      ...files('scripts'),
      ...files('docs'),
      ...files('.ci'),
      'package.json',
      'package-lock.json',
    ];
    const wrong = all.filter((path) => path !== 'test/unit/house.test.ts' && foreign.test(read(path)));
    expect(wrong).toEqual([]);
  });

  test('S3-6.3d CI runs the one command that the README names, which checks and tests everything', () => {
    const scripts = (JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts;
    expect(read('.ci/run').trim().split('\n').at(-1)).toBe('npm test');
    expect(read('README.md')).toContain('npm test');
    expect(scripts['test']).toMatch(/npm run --silent check && vitest run$/);
    for (const part of ['biome check', 'typecheck', 'knip', 'docs -- --check'])
      expect(scripts['check']).toContain(part);
  });

  test('of decisions all stand in their index', () => {
    const decisions = files('docs/decisions').filter((path) => /\/\d{4}-.*\.md$/.test(path));
    const index = existsSync(join(root, 'docs/decisions/README.md')) ? read('docs/decisions/README.md') : '';
    expect(decisions.filter((path) => !index.includes(posix.basename(path)))).toEqual([]);
  });
});

describe('machines', () => {
  const machines = sources.filter((path) => path.startsWith('src/machines/'));

  test.each([
    ['a clock', /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\b/],
    ['chance', /\bMath\.random\b|\bcrypto\b/],
    ['timers', /\b(setTimeout|setInterval|setImmediate|queueMicrotask)\b/],
    ['the process or the console', /\bprocess\.|\bconsole\./],
    ['what takes time', /\basync\b|\bawait\b|\bnew Promise\b/],
    ['the network', /\bfetch\(/],
  ])('S4-C1: never touch %s', (_what, pattern) => {
    expect(machines.filter((path) => pattern.test(code(read(path))))).toEqual([]);
  });

  test('name their guards and actions, so that a chart can be read', () => {
    const inline = /\b(guard|actions|entry|exit)\s*:\s*(\[\s*)?(\(|async\b|function\b|assign\(|[a-z]\w*\s*=>)/;
    const wrong = machines.flatMap((path) => {
      const text = code(read(path));
      // Inside `setup({...})` they are defined; what follows it is the chart.
      const charts = text.split('.createMachine(').slice(1);
      return charts.some((chart) => inline.test(chart)) ? [path] : [];
    });
    expect(wrong).toEqual([]);
  });
});
