/** Checks in whole sessions: real commands on real trees, with what the log, the receipts and main say afterwards. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { alive, checksConfig, checksWorld } from '../support/checks-world.ts';
import { endWorlds, expectSound, type World } from '../support/e2e-world.ts';
import { git } from '../support/git-repo.ts';

afterAll(endWorlds);

interface Receipt {
  tree: string;
  checks: { check: string; tree: string; duration_ms: number }[];
}

async function receiptOf(world: World, slug: string): Promise<Receipt> {
  const found = (await world.events()).find(
    ({ event, payload }) => event.endsWith('deployment.completed') && payload['slug'] === slug,
  );
  return found?.payload['receipt'] as Receipt;
}

const bad = (slug: string, says = 'it is broken\n') => ({ slug, files: { [`${slug}.bad`]: says } });
const waiting = (slug: string) => ({ slug, files: { [`${slug}.txt`]: 'x\n', [`${slug}.wait`]: 'x\n' } });

test('S0-3.2a what passes lands with the checks of its very tree in the receipt', async () => {
  const world = await checksWorld({ checks: ['{name: lint, run: RUN}'] });
  await world.ready([{ slug: 'one' }, { slug: 'two' }]);
  expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 2, blocked: 0 });
  expect(world.landed()).toEqual(['one', 'two']);
  for (const slug of ['one', 'two']) {
    const { tree, checks } = await receiptOf(world, slug);
    expect([...checks].sort((a, b) => (a.check < b.check ? -1 : 1))).toEqual([
      { check: 'lint', tree, duration_ms: expect.any(Number) },
      { check: 'unit', tree, duration_ms: expect.any(Number) },
    ]);
    expect(world.ran()).toEqual(expect.arrayContaining([`unit ${tree}`, `lint ${tree}`]));
  }
  expect(git(world.remoteDir, 'rev-parse', 'refs/heads/main^{tree}').trim()).toBe((await receiptOf(world, 'two')).tree);
  expect(world.ran()).toHaveLength(4);
  await expectSound(world);
});

test('what fails is blocked with what the command said, and one line that shows it again in a clone', async () => {
  const world = await checksWorld();
  const main = world.main();
  const [, two] = await world.ready([{ slug: 'one' }, bad('two', 'the sum is\u0007 wrong\n'), { slug: 'three' }]);
  expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 2, blocked: 1 });
  expect(world.landed()).toEqual(['one', 'three']);
  const { blocked, evidence } = await world.candidate('two');
  const base = git(world.remoteDir, 'rev-parse', 'refs/heads/main~1').trim();
  const tree = git(world.remoteDir, 'merge-tree', '--write-tree', base, two?.sha ?? '').trim();
  expect(git(world.remoteDir, 'rev-parse', `${base}^`).trim()).toBe(main);
  expect(blocked).toMatchObject({
    kind: 'checks',
    conflict_evidence: [
      expect.stringMatching(/^check unit failed with status 1 after \d+\.\d s$/),
      `tree ${tree}`,
      `base ${base}`,
    ],
    next_action: 'mend work/two so that unit passes on main, push, then telec submit work/two --slug two',
  });
  expect(evidence).toMatchObject({ kind: 'checks', base, check: 'unit', output_tail: 'the sum is\uFFFD wrong\n' });
  const log = /^all its output: (\S+) on /m.exec(blocked?.diagnostics.join('\n') ?? '')?.[1] ?? '';
  expect(readFileSync(log, 'utf8')).toContain('the sum is');
  // What it names as the way to see it again, run in a clone, as somebody would.
  git(world.cloneDir, 'fetch', '--quiet', 'origin', '+refs/heads/*:refs/remotes/origin/*');
  const again = () =>
    execFileSync('/bin/sh', ['-c', blocked?.reproduce ?? ''], {
      cwd: world.cloneDir,
      env: { ...world.env, TMPDIR: world.dir },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  expect(again).toThrow(expect.objectContaining({ status: 1, stdout: Buffer.from('the sum is\u0007 wrong\n') }));
  await expectSound(world);
});

test('a secret in the output of a check is in no event and in no log', async () => {
  const world = await checksWorld();
  await world.ready([bad('one', 'cannot reach https://me:hunter2-of-ours@example.com/x\n')]);
  expect((await world.integrate()).json).toMatchObject({ blocked: 1 });
  expect(JSON.stringify(await world.events())).not.toContain('hunter2');
  const { blocked, evidence } = await world.candidate('one');
  expect(evidence?.output_tail).toMatch(/^cannot reach https:\/\/.*example\.com\/x\n$/);
  const log = /^all its output: (\S+) on /m.exec(blocked?.diagnostics.join('\n') ?? '')?.[1] ?? '';
  expect(readFileSync(log, 'utf8')).toMatch(/^cannot reach (?!.*hunter2)/m);
  await expectSound(world);
});

test('several are tested at a time, each on those before it, and land in the order of the queue', async () => {
  const world = await checksWorld({ speculation: 'window: 3, parallel: 3' });
  await world.ready([waiting('one'), { slug: 'two' }, { slug: 'three' }, { slug: 'four' }]);
  const done = world.integrate();
  await world.began(3);
  // The window is full: the fourth is not even built. All three contain the file that makes the script wait.
  expect(await world.runs()).toEqual(['one unit 1 started', 'two unit 1 started', 'three unit 1 started']);
  expect(await world.states()).toEqual({ one: 'integrating', two: 'integrating', three: 'integrating', four: 'ready' });
  expect(world.landed()).toEqual([]);
  world.open('one.wait');
  expect((await done).json).toMatchObject({ outcome: 'drained', completed: 4 });
  expect(world.landed()).toEqual(['one', 'two', 'three', 'four']);
  expect(new Set(world.ran()).size).toBe(4);
  await expectSound(world);
});

test('a later one that passed waits for those before it; behind one that failed all are built anew without it', async () => {
  const world = await checksWorld({ speculation: 'window: 3, parallel: 3' });
  await world.ready([waiting('one'), bad('two'), { slug: 'three' }]);
  const done = world.integrate();
  await world.began(3);
  world.open('one.wait');
  expect((await done).json).toMatchObject({ outcome: 'drained', completed: 2, blocked: 1 });
  expect(world.landed()).toEqual(['one', 'three']);
  expect(Object.keys(world.files())).not.toContain('two.bad');
  expect((await world.candidate('two')).blocked).toMatchObject({ kind: 'checks' });
  // What three was tested as with two before it did not count.
  const { tree } = await receiptOf(world, 'three');
  expect(world.ran().filter((line) => line === `unit ${tree}`)).toHaveLength(1);
  await expectSound(world);
});

test('a command that ends in time neither by itself nor when it is asked is ended, with all it began', async () => {
  const world = await checksWorld({ check: 'timeout_ms: 300' });
  await world.ready([{ slug: 'one', files: { 'one.stubborn': 'x\n' } }, { slug: 'two' }]);
  expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1, blocked: 1 });
  expect((await world.candidate('one')).blocked?.conflict_evidence[0]).toBe(
    'check unit ran longer than 0.3 s and was ended',
  );
  expect(world.landed()).toEqual(['two']);
  expect(alive(world.processes())).toEqual([]);
  await expectSound(world);
}, 60_000);

test('a failure that was none is tried again within its budget, and told as a flake', async () => {
  const world = await checksWorld({ check: 'retries: {failed: 1}' });
  await world.ready([{ slug: 'one', files: { 'one.once': 'x\n' } }]);
  expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1 });
  expect(await world.runs()).toEqual([
    'one unit 1 started',
    'one unit 1 failed failed again',
    'one unit 2 started',
    'one unit 2 passed flaked',
  ]);
  expect(new Set(world.ran()).size).toBe(1);
  await expectSound(world);
});

test('the budget of a commit is spent once: when it is resumed nothing is left of it', async () => {
  const world = await checksWorld({ check: 'retries: {failed: 1}' });
  await world.ready([bad('one')]);
  expect((await world.integrate()).json).toMatchObject({ blocked: 1 });
  expect((await world.candidate('one')).blocked?.diagnostics).toContain('it was tried 2 times');
  expect((await world.run(['resume', 'one', '--force', '--reason', 'look again'])).code).toBe(0);
  expect((await world.integrate()).json).toMatchObject({ blocked: 1 });
  expect(await world.runs()).toEqual([
    'one unit 1 started',
    'one unit 1 failed failed again',
    'one unit 2 started',
    'one unit 2 failed failed',
    'one unit 1 started',
    'one unit 1 failed failed',
  ]);
  await expectSound(world);
});

test('what passed once on the very same tree is not run again', async () => {
  const world = await checksWorld({ onMain: true });
  await world.ready([{ slug: 'one' }]);
  const controller = new AbortController();
  // It is told to end when all is tested and nothing pushed.
  const faults = { reach: (at: string) => (at === 'after-check-passed' ? controller.abort() : undefined) };
  const ended = await world.integrate({ faults, signal: controller.signal });
  expect(ended.code).toBe(130);
  const landed = world.landed().length;
  await world.integrate();
  expect(world.landed()).toEqual(['one']);
  expect(world.ran()).toHaveLength(1);
  if (landed === 0) expect((await world.runs()).at(-1)).toBe('one unit 1 passed cached');
  await expectSound(world);
});

test('a branch that loosens the checks is tested by those of main; those behind it by its own', async () => {
  const world = await checksWorld({ onMain: true });
  const from = world.main();
  const strict = `${checksConfig(world.dir)}`;
  const loose = strict.replace(/run: [^,}]+"/, 'run: "exit 0"');
  expect(loose).not.toBe(strict);
  await world.ready([
    { slug: 'sly', from, files: { 'telec.yaml': loose, 'sly.bad': 'sly\n' } },
    { slug: 'honest', from, files: { 'telec.yaml': loose } },
    { slug: 'free', from, files: { 'free.bad': 'no\n' } },
  ]);
  expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 2, blocked: 1 });
  expect((await world.candidate('sly')).blocked).toMatchObject({ kind: 'checks' });
  expect(world.landed()).toEqual(['honest', 'free']);
  await expectSound(world);
});

test('a check that sees only its paths keeps its verdict when what is beside them changes', async () => {
  const world = await checksWorld({ check: 'paths: ["lib/**"]', checks: ['{name: rest, run: RUN}'] });
  await world.ready([
    { slug: 'one', files: { 'doc/one.txt': 'x\n' } },
    { slug: 'two', files: { 'doc/two.txt': 'x\n' } },
    { slug: 'three', files: { 'lib/three.txt': 'x\n', 'lib/top.bad': 'no\n' } },
  ]);
  expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 3 });
  const trees = world.ran().filter((line) => line.startsWith('unit '));
  expect({ runs: trees.length, different: new Set(trees).size }).toEqual({ runs: 2, different: 2 });
  expect(world.ran().filter((line) => line.startsWith('rest '))).toHaveLength(3);
  expect((await world.runs()).filter((line) => line.includes('cached'))).toEqual(['two unit 1 passed cached']);
  expect((await receiptOf(world, 'two')).checks.map(({ check }) => check).sort()).toEqual(['rest', 'unit']);
  await expectSound(world);
});
