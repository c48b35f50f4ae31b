/**
 * The integrating process is ended by SIGKILL at every point it passes, each time it passes it, and another session
 * goes on: the same main, the same order, every terminal event once.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { FAULT_POINTS } from '../../src/actors/faults.ts';
import { expectBooksInLine } from '../support/books-world.ts';
import { endWorlds, expectSound, MORTAL_TELEC, makeWorld, shortType, type World } from '../support/e2e-world.ts';
import { git } from '../support/git-repo.ts';
import { poll } from '../support/redis-server.ts';

afterAll(endWorlds);

/** Worlds at once. */
const AT_ONCE = 2;

const config = (batch: number) => `integration: {push_batch: ${batch}, grace_ms: 0}\n`;
/** A lease that is over soon after its holder died. */
const SHORT_LEASE = { TELEC_LEASE_TTL_MS: '3000', TELEC_LEASE_RENEW_MS: '200' };

/**
 * Three candidates ready to land on main as it is; the second conflicts with the first. Each brings the papers of a work
 * item along when `papers` is set.
 */
async function threeMore(world: World, prefix = '', papers = false): Promise<void> {
  const from = world.main();
  const todo = (slug: string) => (papers ? { [`todos/${prefix}${slug}/requirements.md`]: `${slug}\n` } : {});
  await world.ready([
    {
      slug: `${prefix}one`,
      from,
      files: { 'app.txt': `${prefix}ONE\n`, [`${prefix}one.txt`]: 'one\n', ...todo('one') },
    },
    { slug: `${prefix}two`, from, files: { 'app.txt': `${prefix}uno\n`, ...todo('two') } },
    { slug: `${prefix}three`, from, files: { [`${prefix}three.txt`]: 'three\n', ...todo('three') } },
  ]);
}

/** Main of a repository that keeps books, so that the one that is blocked gets a follow-up. */
const PLANNED = {
  'README.md': 'a project\n',
  'app.txt': 'one\ntwo\nthree\n',
  'todos/roadmap.yaml': '# The plan\n- slug: later   # some day\n',
};

async function threeReady(batch: number, files?: Record<string, string>): Promise<World> {
  const world = await makeWorld({ config: config(batch), ...(files ? { files } : {}) });
  await threeMore(world);
  return world;
}

/** Follow-ups by what they do; they are dated, so the rest of main is compared without them. */
interface End {
  landed: string[];
  followUps: string[];
  files: Record<string, string>;
  /** Slug, type, and outcome or kind. */
  terminal: string[];
  /** Times commits of main were taken for somebody else's. */
  foreign: number;
  states: Record<string, string>;
  lease: unknown;
}

async function endOf(world: World): Promise<End> {
  const events = await world.events();
  return {
    landed: world.landed(),
    followUps: events
      .filter(({ event }) => shortType(event) === 'integration.followup.landed')
      .map(({ payload }) => `${payload['slug']} ${payload['change']}`.replace(/-[0-9a-f]{7} /, ' ')),
    files: withoutFollowUps(world),
    terminal: events
      .filter(({ event }) => ['deployment.completed', 'deployment.failed'].includes(shortType(event)))
      .map(({ event, payload }) => `${payload['slug']} ${shortType(event)} ${payload['outcome'] ?? payload['kind']}`)
      .sort(),
    foreign: events.filter(({ event }) => shortType(event) === 'integration.main.foreign').length,
    states: await world.states(),
    lease: (await world.run(['lease'])).json,
  };
}

const withoutFollowUps = (world: World): Record<string, string> =>
  Object.fromEntries(
    Object.entries(world.files()).filter(
      ([path]) => path !== 'todos/roadmap.yaml' && !path.includes('-integration-blocked-'),
    ),
  );

/** Waits until nobody holds the lease any more, as seen by the server's clock. */
async function leaseIsOver(world: World): Promise<void> {
  for (;;) {
    const { json } = await world.run<{ live: boolean } | null>(['lease']);
    if (json === null || !json.live) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Runs `job` for every item, a few at once, and gives all failures together. */
async function each<T>(items: readonly T[], job: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items];
  const failures: string[] = [];
  const worker = async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) {
      await job(item).catch((error: unknown) => {
        failures.push(`${String(item)}: ${error instanceof Error ? error.message : String(error)}`);
      });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  expect(failures).toEqual([]);
}

/** Every point an undisturbed session passes, with the time it passes it. */
async function pointsPassed(batch: number): Promise<string[]> {
  const world = await threeReady(batch, PLANNED);
  const passed = join(world.dir, 'passed');
  writeFileSync(passed, '');
  const { done } = world.start(['integrate'], { program: MORTAL_TELEC, env: { TEST_PASSED: passed } });
  expect(await done).toMatchObject({ code: 0 });
  expect(await endOf(world)).toEqual({
    landed: ['one', 'three'],
    followUps: ['two-integration-blocked opened'],
    files: expect.any(Object),
    terminal: [
      'one deployment.completed merged',
      'three deployment.completed merged',
      'two deployment.failed conflict',
    ],
    states: { one: 'completed', two: 'blocked', three: 'completed' },
    foreign: 0,
    lease: null,
  });
  const seen = new Map<string, number>();
  const deaths = readFileSync(passed, 'utf8')
    .split('\n')
    .filter(Boolean)
    .flatMap((point) => {
      const times = (seen.get(point) ?? 0) + 1;
      seen.set(point, times);
      // From the third time on the same step is taken in the same situation; a third push is the one of follow-ups.
      return times > (point.includes('push') ? 3 : 2) ? [] : [`${point}:${times}`];
    });
  expect(new Set(seen.keys())).toEqual(new Set(FAULT_POINTS));
  return deaths;
}

/** Three candidates, a session that dies, another that goes on: the end is the one of an undisturbed session. */
async function dieAndGoOn(world: World, death: string, prefix: string): Promise<void> {
  const before = { landed: world.landed(), files: withoutFollowUps(world) };
  await threeMore(world, prefix, true);
  const victim = await world.start(['integrate'], { program: MORTAL_TELEC, env: { TEST_KILL: death } }).done;
  expect(victim.signal).toBe('SIGKILL');
  // A person who knows that it is dead does not wait for the lease to end.
  expect((await world.run(['lease', 'break', '--reason', 'it was killed'])).code).toBe(0);
  expect((await world.integrate()).json).toMatchObject({ outcome: 'drained' });
  const end = await endOf(world);
  expect(end.landed).toEqual([...before.landed, `${prefix}one`, `${prefix}three`]);
  expect(withoutFollowUps(world)).toEqual({
    ...before.files,
    'app.txt': `${prefix}ONE\n`,
    [`${prefix}one.txt`]: 'one\n',
    [`${prefix}three.txt`]: 'three\n',
    'todos/delivered.yaml': expect.any(String),
  });
  await expectBooksInLine(world);
  expect(end.terminal.filter((text) => text.startsWith(prefix))).toEqual([
    `${prefix}one deployment.completed merged`,
    `${prefix}three deployment.completed merged`,
    `${prefix}two deployment.failed conflict`,
  ]);
  expect(end.followUps.filter((text) => text.startsWith(prefix))).toEqual([`${prefix}two-integration-blocked opened`]);
  expect(Object.keys(world.files()).filter((path) => path.startsWith(`todos/${prefix}two-`))).toHaveLength(3);
  expect({ foreign: end.foreign, lease: end.lease }).toEqual({ foreign: 0, lease: null });
}

for (const batch of [1, 10]) {
  test(`S4-R2 S4-Why Spec-12 I5 I6 killed at any point, with ${batch} in a push: same main, same order, same books, each end once`, async () => {
    const deaths = await pointsPassed(batch);
    // A world takes one death after the other: its log and its remote remember all of them.
    const rest = deaths.map((death, index) => ({ death, prefix: `r${index}-` }));
    const failures: string[] = [];
    const worker = async () => {
      const world = await makeWorld({ config: config(batch), files: PLANNED });
      for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
        const { death, prefix } = next;
        await dieAndGoOn(world, death, prefix).catch((error: unknown) => failures.push(`${death}: ${String(error)}`));
      }
      await expectSound(world);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    expect(failures).toEqual([]);
  }, 2_400_000);
}

test('told to stop at any point a session finishes what it pushed, gives the rest and the lease back', async () => {
  const calm = await threeReady(1, PLANNED);
  await calm.integrate();
  const expected = await endOf(calm);
  await each(FAULT_POINTS, async (point) => {
    const world = await threeReady(1, PLANNED);
    const controller = new AbortController();
    const told = await world.integrate({
      signal: controller.signal,
      faults: { reach: (name) => (name === point ? controller.abort() : undefined) },
    });
    expect({ point, code: told.code }).toEqual({ point, code: 130 });
    expect((await world.run(['lease'])).json).toBeNull();
    const states = Object.values(await world.states());
    expect(states.filter((state) => !['pending', 'ready', 'completed', 'blocked'].includes(state))).toEqual([]);
    expect(await world.trail('integration.session.completed', 'integration.session.aborted')).toEqual(
      // Before the lease is asked for there is no session that could end.
      point === 'before-acquire' ? [expect.any(String)] : ['integration.session.completed'],
    );
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained' });
    expect(await endOf(world)).toEqual(expected);
    await expectSound(world);
  });
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} ends the process in order: lease free at once, nothing half done`, async () => {
    const world = await threeReady(1);
    const stalled = stallOnce(world);
    const { child, done } = world.start(['integrate']);
    await poll(() => existsSync(stalled.reached), 30_000);
    child.kill(signal);
    writeFileSync(stalled.go, '');
    const { code, stdout } = await done;
    expect(code).toBe(130);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'aborted', completed: 1 });
    expect(world.landed()).toEqual(['one']);
    expect((await world.run(['lease'])).json).toBeNull();
    expect(await world.states()).toMatchObject({ one: 'completed', two: 'ready', three: 'ready' });
    await expectSound(world);
  });
}

/** Lets the first push of main wait inside the remote until `go` exists. */
function stallOnce(world: World): { reached: string; go: string; over: string } {
  const [reached, go, over] = ['reached', 'go', 'over'].map((name) => join(world.dir, name)) as [
    string,
    string,
    string,
  ];
  const hook = join(world.remoteDir, 'hooks', 'pre-receive');
  mkdirSync(join(world.remoteDir, 'hooks'), { recursive: true });
  writeFileSync(
    hook,
    `#!/bin/sh
grep -q ' refs/heads/main$' || exit 0
[ -e '${reached}' ] && exit 0
: > '${reached}'
while [ ! -e '${go}' ]; do sleep 0.02; done
: > '${over}'
`,
  );
  chmodSync(hook, 0o755);
  return { reached, go, over };
}

test('a push that outlives its killed session and arrives after the next one has worked changes nothing', async () => {
  const world = await threeReady(10);
  const stalled = stallOnce(world);
  const { child, done } = world.start(['integrate'], { env: SHORT_LEASE });
  await poll(() => existsSync(stalled.reached), 30_000);
  child.kill('SIGKILL');
  await done;
  await leaseIsOver(world);
  expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 2, blocked: 1 });
  const before = { end: await endOf(world), refs: world.refs() };
  writeFileSync(stalled.go, '');
  await poll(() => existsSync(stalled.over));
  // The late push is refused when its transaction is tried, right after the hook.
  await poll(() => !existsSync(join(world.remoteDir, 'refs/heads/main.lock')));
  expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 0 });
  const { refs, end } = { end: await endOf(world), refs: world.refs() };
  expect(end).toEqual(before.end);
  expect(refs.get('refs/heads/main')).toBe(before.refs.get('refs/heads/main'));
  expect(await world.trail('integration.push.burned')).toEqual(['integration.push.burned']);
  await expectSound(world);
});

test('a push that outlives its killed session and lands before the next one begins is found and recorded once', async () => {
  const world = await threeReady(10);
  const stalled = stallOnce(world);
  const { child, done } = world.start(['integrate'], { env: SHORT_LEASE });
  await poll(() => existsSync(stalled.reached), 30_000);
  child.kill('SIGKILL');
  await done;
  writeFileSync(stalled.go, '');
  await poll(() => world.landed().length === 1);
  await leaseIsOver(world);
  expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 2, blocked: 1 });
  expect(world.landed()).toEqual(['one', 'three']);
  expect((await endOf(world)).foreign).toBe(0);
  expect(await world.trail('integration.push')).toEqual([
    'integration.push.attempted',
    'integration.push.succeeded',
    'integration.push.attempted',
    'integration.push.succeeded',
  ]);
  await expectSound(world);
});

/** A `git` in front of the real one that dies by SIGKILL when it is asked for `verb`, before or after doing it, `times` times. */
function dyingGit(world: World, verb: string, when: 'before' | 'after', times = 1): Record<string, string> {
  const folder = join(world.dir, 'bin');
  mkdirSync(folder);
  const died = join(world.dir, 'died');
  const real = git('/', '--exec-path').replace(/\/lib.*|\/libexec.*/, '/bin/git');
  writeFileSync(
    join(folder, 'git'),
    `#!/bin/sh
if [ "$1" = '${verb}' ] && [ "$(cat '${died}' 2> /dev/null | wc -l)" -lt ${times} ]; then
  echo >> '${died}'
  ${when === 'after' ? `'${real}' "$@" > /dev/null 2>&1` : ':'}
  kill -9 $$
fi
exec '${real}' "$@"
`,
  );
  chmodSync(join(folder, 'git'), 0o755);
  return { PATH: `${folder}:${process.env['PATH']}` };
}

for (const [verb, when] of [
  ['ls-remote', 'before'],
  ['fetch', 'before'],
  ['push', 'before'],
  ['push', 'after'],
  ['merge-tree', 'before'],
  ['cat-file', 'before'],
  ['diff-tree', 'before'],
] as const) {
  test(`git ${verb} killed ${when} it did its work: the same end, nothing lost and nothing twice`, async () => {
    const world = await threeReady(10);
    const env = dyingGit(world, verb, when);
    const tuning = JSON.stringify({ timings: { retryFirstMs: 20, retryMaxMs: 50, retryTotalMs: 2000 } });
    const run = await world.start(['integrate'], { program: MORTAL_TELEC, env: { ...env, TEST_TUNING: tuning } }).done;
    expect(run.code, run.stdout + run.stderr).toBe(0);
    expect(existsSync(join(world.dir, 'died'))).toBe(true);
    expect(await endOf(world)).toEqual({
      landed: ['one', 'three'],
      followUps: [],
      files: expect.any(Object),
      terminal: [
        'one deployment.completed merged',
        'three deployment.completed merged',
        'two deployment.failed conflict',
      ],
      states: { one: 'completed', two: 'blocked', three: 'completed' },
      foreign: 0,
      lease: null,
    });
    expect(world.files()).toEqual({
      'README.md': 'a project\n',
      'app.txt': 'ONE\n',
      'one.txt': 'one\n',
      'three.txt': 'three\n',
    });
    await expectSound(world);
  });
}

test('F13 a merge that is killed again and again is an error and no no-op: blocked, nothing pushed of it', async () => {
  const world = await threeReady(1);
  const run = await world.start(['integrate'], { env: dyingGit(world, 'merge-tree', 'before', 3) }).done;
  expect(run.code, run.stderr).toBe(0);
  // Without the first one nothing stands in the way of the second.
  expect(world.landed()).toEqual(['two', 'three']);
  expect((await world.candidate('one')).blocked).toMatchObject({ kind: 'error' });
  await expectSound(world);
});

test('git that breaks down while the candidates are probed ends the session; the next one does all of it', async () => {
  const world = await threeReady(10);
  const run = await world.start(['integrate'], { env: dyingGit(world, 'rev-list', 'before') }).done;
  expect(run.code).toBe(1);
  expect(JSON.parse(run.stdout)).toMatchObject({ outcome: 'aborted', completed: 0, blocked: 0 });
  expect((await world.run(['lease'])).json).toBeNull();
  expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 2, blocked: 1 });
  await expectSound(world);
});
