/**
 * Deliveries begun under an older flow, from the work tree they lie in to main: found, judged, told to the log with their
 * own moments and sessions, integrated. Real Redis, real git, real work trees.
 */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { AdoptRow, AdoptView } from '../../src/actors/sessions/views.ts';
import { endWorlds, expectSound, makeWorld, type Run, type World } from '../support/e2e-world.ts';
import { git } from '../support/git-repo.ts';

afterAll(endWorlds);

const READY_AT = '2026-01-05T10:00:00.000Z';

interface Older {
  /** Its own branch, pushed at the commit that is handed over. */
  tree: string;
  sha: string;
}

function put(folder: string, path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

/** A linked work tree with work on a branch of its own, as an older flow left it. */
function older(world: World, slug: string, state: (sha: string) => string | null, push = true): Older {
  const tree = join(world.dir, 'trees', slug);
  git(world.cloneDir, 'worktree', 'add', '--quiet', '-b', slug, tree, 'origin/main');
  put(tree, `${slug}.txt`, `${slug}\n`);
  git(tree, 'add', '.');
  git(tree, 'commit', '--quiet', '-m', `work on ${slug}`);
  const sha = git(tree, 'rev-parse', 'HEAD');
  if (push) git(tree, 'push', '--quiet', 'origin', slug);
  const text = state(sha);
  if (text !== null) put(tree, `todos/${slug}/state.yaml`, text);
  return { tree, sha };
}

const handedOver = (slug: string, sha: string, more = '') =>
  `schema_version: 1\nphase: in_progress\nbuild: complete\nreview: approved\nreview_round: 2\n` +
  `finalize:\n  status: ready\n  branch: ${slug}\n  sha: ${sha}\n  ready_at: '${READY_AT}'\n  worker_session_id: w-7\n${more}`;

const adopt = (world: World, ...args: string[]): Promise<Run<AdoptView>> => world.run<AdoptView>(['adopt', ...args]);
const brief = ({ json }: Run<AdoptView>) =>
  json.deliveries.map(({ slug, result, reasons }) => [slug, result, ...reasons.map(({ code }) => code)]);

test('S4-R1 an in-flight work tree is adopted and delivered, with the moment and session of its record', async () => {
  const world = await makeWorld();
  const { tree, sha } = older(world, 'login', (head) => handedOver('login', head));
  const plan = await adopt(world, '--dry-run');
  const events = ['review.approved', 'branch.pushed', 'deployment.started'];
  const row: AdoptRow = {
    slug: 'login',
    branch: 'login',
    sha,
    worktree: tree,
    found_by: 'finalize',
    ready_at: READY_AT,
    worker_session_id: 'w-7',
    result: 'adoptable',
    reasons: [],
    events,
  };
  expect([plan.code, plan.json]).toEqual([0, { dry_run: true, deliveries: [row] }]);
  expect(await world.trail('review', 'branch', 'deployment')).toEqual([]);

  const done = await adopt(world);
  expect([done.code, done.json]).toEqual([0, { dry_run: false, deliveries: [{ ...row, result: 'adopted' }] }]);
  expect(await world.states()).toEqual({ login: 'ready' });
  const told = (await world.events()).map(({ event, payload }) => [event.split('.').slice(2).join('.'), payload]);
  expect(told.find(([type]) => type === 'review.approved')?.[1]).toMatchObject({ slug: 'login', review_round: 2, sha });
  expect(told.find(([type]) => type === 'deployment.started')?.[1]).toMatchObject({
    slug: 'login',
    branch: 'login',
    sha,
    ready_at: READY_AT,
    worker_session_id: 'w-7',
    orchestrator_session_id: 'tester',
  });
  expect(told.find(([type]) => type === 'branch.pushed')?.[1]).toMatchObject({ branch: 'login', sha, pusher: 'w-7' });

  const before = (await world.events()).length;
  const again = await adopt(world);
  expect([again.code, brief(again)]).toEqual([0, [['login', 'already_known']]]);
  expect((await world.events()).length).toBe(before);

  expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1 });
  expect(world.landed()).toEqual(['login']);
  expect(brief(await adopt(world))).toSatisfy((rows: unknown[]) =>
    rows.every((each) => (each as string[])[1] === 'already_known'),
  );
  await expectSound(world);
});

test('S4-R1 deliveries take their places by the moments of their records, beside those of the new flow', async () => {
  const world = await makeWorld();
  older(world, 'late', (sha) => handedOver('late', sha).replace(READY_AT, '2026-01-07T10:00:00.000Z'));
  older(world, 'early', (sha) => handedOver('early', sha).replace('ready\n', 'handed_off\n'));
  await world.ready([{ slug: 'newer', readyAt: '2026-01-06T10:00:00.000Z' }]);
  expect(brief(await adopt(world))).toEqual([
    ['early', 'adopted'],
    ['late', 'adopted'],
  ]);
  await world.integrate();
  expect(world.landed()).toEqual(['early', 'newer', 'late']);
});

test('S4-R1 a branch that is built and approved is found without a work tree, and one that is neither is not', async () => {
  const world = await makeWorld();
  const branch = (slug: string, text: string) => {
    git(world.cloneDir, 'switch', '--quiet', '-c', `feature/${slug}`, 'origin/main');
    put(world.cloneDir, `todos/${slug}/state.yaml`, text);
    git(world.cloneDir, 'add', 'todos');
    git(world.cloneDir, 'commit', '--quiet', '-m', slug);
    git(world.cloneDir, 'push', '--quiet', 'origin', `feature/${slug}`);
  };
  branch('done', 'build: complete\nreview: approved\n');
  branch('half', 'build: complete\nreview: started\n');
  git(world.cloneDir, 'switch', '--quiet', '--detach', 'origin/main');
  const run = await adopt(world);
  expect(brief(run)).toEqual([['done', 'adopted']]);
  expect(run.json.deliveries[0]).toMatchObject({ found_by: 'review', worktree: null, worker_session_id: null });
  expect(await world.states()).toEqual({ done: 'ready' });
});

test('S4-R1 what stands in the way is named, each and all; nothing is told of it, the rest is adopted', async () => {
  const world = await makeWorld();
  const other = 'f'.repeat(40);
  older(world, 'fine', (sha) => handedOver('fine', sha));
  const dirty = older(world, 'dirty', (sha) => handedOver('dirty', sha));
  put(dirty.tree, 'more.txt', 'not committed\n');
  older(world, 'moved', () => handedOver('moved', other), false);
  older(world, 'unread', (sha) => handedOver('unread', sha).replace('approved', 'started'));
  older(world, 'broken', () => 'finalize: [\n');
  const linked = older(world, 'linked', () => null);
  mkdirSync(join(linked.tree, 'todos/linked'), { recursive: true });
  symlinkSync(join(world.dir, 'trees/fine/todos/fine/state.yaml'), join(linked.tree, 'todos/linked/state.yaml'));
  const run = await adopt(world);
  expect(run.code).toBe(1);
  expect(brief(run)).toEqual([
    ['dirty', 'not_adoptable', 'not_clean'],
    ['fine', 'adopted'],
    ['moved', 'not_adoptable', 'head_moved', 'not_pushed'],
    ['unread', 'not_adoptable', 'not_reviewed'],
  ]);
  expect(run.stderr).toContain('todos/broken/state.yaml of broken cannot be read');
  expect(await world.states()).toEqual({ fine: 'ready' });
  expect(git(dirty.tree, 'status', '--porcelain')).toContain('more.txt');
});

test("a state that main has just so is nobody's hand-over", async () => {
  const text = handedOver('work', 'f'.repeat(40));
  const world = await makeWorld({ files: { 'app.txt': 'one\n', 'todos/work/state.yaml': text } });
  git(world.cloneDir, 'branch', 'work', 'origin/main');
  expect(brief(await adopt(world))).toEqual([]);
  const people = await world.run(['adopt'], { text: true });
  expect(people.stdout).toBe('no delivery of an older flow was found in this clone\n');
});

test('F37 workers see what there is and adopt nothing', async () => {
  const world = await makeWorld();
  older(world, 'login', (sha) => handedOver('login', sha));
  const env = { TELEC_ROLE: 'worker' };
  expect((await world.run(['adopt', '--dry-run'], { env })).code).toBe(0);
  expect((await world.run(['adopt'], { env })).code).toBe(6);
  expect(await world.states()).toEqual({});
  expect((await world.run(['adopt'], { env: { TELEC_ROLE: 'orchestrator' } })).code).toBe(0);
});
