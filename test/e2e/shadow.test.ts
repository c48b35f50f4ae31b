/** Sessions in shadow against a real remote: what they say, and that they move nothing. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { CandidateView, IntegrateView, QueueRow, WhyView } from '../../src/actors/client.ts';
import type { ShadowReport } from '../../src/actors/modes/shadow-views.ts';
import {
  type Candidate,
  endWorlds,
  MORTAL_TELEC,
  makeWorld,
  shortType,
  type Work,
  type World,
} from '../support/e2e-world.ts';
import { git } from '../support/git-repo.ts';
import { otherPath } from '../support/other-path.ts';

afterAll(endWorlds);

const shadowWorld = (config = '') => makeWorld({ shadow: true, config });

async function integrate(world: World, code = 0): Promise<IntegrateView> {
  const answer = await world.integrate();
  expect({ code: answer.code, stderr: answer.stderr }).toEqual({ code, stderr: code === 0 ? '' : answer.stderr });
  return answer.json;
}

async function candidates(world: World): Promise<CandidateView[]> {
  return (await world.run<CandidateView[]>(['candidates'])).json;
}

/** Slug, base, verdict, and verdict on top, of every verdict in the log. */
async function judged(world: World): Promise<string[]> {
  const events = (await world.events()).filter(({ event }) => shortType(event) === 'integration.shadow.judged');
  return events.map(({ payload }) => {
    const onTop = payload['on_top'] as { verdict: string };
    return `${payload['slug']} ${String(payload['base']).slice(0, 8)} ${payload['verdict']} ${onTop.verdict}`;
  });
}

const MIXED: Work[] = [
  { slug: 'one', files: { 'app.txt': 'ONE\ntwo\nthree\n' } },
  { slug: 'two', files: { 'app.txt': 'one\ntwo\nTHREE\n', 'two.txt': 'two\n' } },
  { slug: 'three', files: { 'app.txt': 'uno\ntwo\nthree\n' } },
  { slug: 'four', files: { 'four.txt': 'four\n' } },
];

test('S1-FR5.1 F28 a session in shadow says what it would do and moves no ref of the remote, the fence included; queue and candidates stay', async () => {
  const world = await shadowWorld();
  await world.ready(MIXED);
  const refs = world.refs();
  const before = await candidates(world);
  expect(await integrate(world)).toMatchObject({
    mode: 'shadow',
    outcome: 'drained',
    completed: 0,
    blocked: 0,
    shadow: { would_integrate: 4, would_block: 0, compared: 0 },
  });
  expect(world.refs()).toEqual(refs);
  const after = await candidates(world);
  expect(after.map(({ state }) => state)).toEqual(['ready', 'ready', 'ready', 'ready']);
  const facts = ({ slug, branch, sha, ready_at, attempt }: CandidateView) => ({ slug, branch, sha, ready_at, attempt });
  expect(after.map(facts)).toEqual(before.map(facts));
  expect(await world.trail('integration.push', 'integration.candidate.dequeued', 'deployment.completed')).toEqual([]);
  expect(after.map(({ slug, shadow }) => [slug, shadow?.verdict, shadow?.on_top?.verdict])).toEqual([
    ['one', 'would_integrate', 'would_integrate'],
    ['two', 'would_integrate', 'would_integrate'],
    ['three', 'would_integrate', 'would_block'],
    ['four', 'would_integrate', 'would_integrate'],
  ]);
  const queue = (await world.run<QueueRow[]>(['queue'])).json;
  expect(queue.map(({ slug, verdict }) => [slug, verdict])).toEqual(
    ['one', 'two', 'three', 'four'].map((slug) => [slug, 'would_integrate']),
  );
  expect((await world.run<WhyView>(['why', 'one'])).json.waiting_for).toMatchObject([
    { code: 'shadow', event: 'domain.software-development.integration.cutover.enabled' },
  ]);
});

test('each candidate is judged once on each main: again after main moved, never twice on the same', async () => {
  const world = await shadowWorld();
  await world.ready(MIXED.slice(0, 2));
  await integrate(world);
  const first = world.first.slice(0, 8);
  const once = [`one ${first} would_integrate would_integrate`, `two ${first} would_integrate would_integrate`];
  expect(await judged(world)).toEqual(once);
  expect(await integrate(world)).toMatchObject({ outcome: 'drained', shadow: { would_integrate: 0, would_block: 0 } });
  expect(await judged(world)).toEqual(once);
  await world.ready([MIXED[3] as Work]);
  await integrate(world);
  expect(await judged(world)).toEqual([...once, `four ${first} would_integrate would_integrate`]);
  const moved = otherPath(world).commit({ 'app.txt': 'changed\n' }).slice(0, 8);
  await integrate(world);
  expect((await judged(world)).slice(3)).toEqual([
    `one ${moved} would_block would_block`,
    `two ${moved} would_block would_block`,
    `four ${moved} would_integrate would_integrate`,
  ]);
});

/** What shadow said on top, and what a live session made of the same work: slug -> tree landed, or blocked. */
async function told(world: World): Promise<Record<string, string>> {
  const rows = await candidates(world);
  return Object.fromEntries(
    rows
      .filter(({ state }) => state !== 'superseded')
      .map(({ slug, shadow }) => [slug, shadow?.on_top?.tree ?? 'blocked']),
  );
}
async function done(world: World): Promise<Record<string, string>> {
  const rows = await candidates(world);
  return Object.fromEntries(
    rows
      .filter(({ state }) => state !== 'superseded')
      .map(({ slug, state, receipt }) => [slug, state === 'completed' ? String(receipt?.['tree']) : state]),
  );
}

test.each([1, 10])(
  'verdicts equal what a live session does with the same candidates, %i in a push: conflicts, supersession, attributes, a branch on another',
  async (batch) => {
    const config = `integration: {push_batch: ${batch}, grace_ms: 0}\n`;
    const files = {
      'app.txt': 'one\ntwo\nthree\n',
      'list.txt': 'a\n',
      'fixed.txt': 'x\ny\nz\n',
      '.gitattributes': 'list.txt merge=union\nfixed.txt -merge\n',
    };
    const both = async (shadow: boolean) => {
      const world = await makeWorld({ shadow, config, files });
      const [base] = world.work([{ slug: 'base', files: { 'base.txt': 'base\n' }, readyAt: '2026-01-01T00:00:00Z' }]);
      const later = world.work([
        ...MIXED,
        { slug: 'union-one', files: { 'list.txt': 'a\nb\n' } },
        { slug: 'union-two', files: { 'list.txt': 'a\nc\n' } },
        { slug: 'fixed-one', files: { 'fixed.txt': 'X\ny\nz\n' } },
        { slug: 'fixed-two', files: { 'fixed.txt': 'x\ny\nZ\n' } },
        { slug: 'above', files: { 'above.txt': 'above\n' }, from: base?.sha ?? '' },
        { slug: 'old', branch: 'work/old-1', files: { 'old.txt': '1\n' } },
        { slug: 'old', branch: 'work/old-2', files: { 'old.txt': '2\n' } },
        { slug: 'empty', files: {} },
      ]);
      await world.announce([base as Candidate, ...later]);
      expect((await world.integrate()).code).toBe(0);
      return world;
    };
    const [shadow, live] = [await both(true), await both(false)];
    const [said, did] = [await told(shadow), await done(live)];
    expect(said).toEqual(did);
    expect(
      Object.entries(did)
        .filter(([, end]) => end === 'blocked')
        .map(([slug]) => slug),
    ).toEqual(['three', 'fixed-two']);
    expect(Object.keys(did).length).toBe(12);
    expect(shadow.main()).toBe(shadow.first);
  },
);

/** Kills a session at a point, and lets the next one go on; the killed one's lease is broken by a person. */
async function dieAt(world: World, death: string): Promise<void> {
  const victim = await world.start(['integrate'], { program: MORTAL_TELEC, env: { TEST_KILL: death } }).done;
  expect(victim.signal).toBe('SIGKILL');
  expect((await world.run(['lease', 'break', '--reason', 'it was killed'])).code).toBe(0);
  await integrate(world);
}

test.each(['before-judged:2', 'after-judged:2'])(
  'a session that dies at %s leaves nothing judged twice and nothing left out, and what comes on top is as without the death',
  async (death) => {
    const [world, calm] = [await shadowWorld(), await shadowWorld()];
    await world.ready(MIXED);
    await calm.ready(MIXED);
    await dieAt(world, death);
    await integrate(calm);
    expect((await judged(world)).map((line) => line.split(' ')[0])).toEqual(['one', 'two', 'three', 'four']);
    expect(await told(world)).toEqual(await told(calm));
    const report = await world.run<ShadowReport>(['shadow', 'report']);
    expect(report.json.counts).toMatchObject({ fifo_violations: 0, lease_overlaps: 0, pushes: 0 });
  },
);

test.each(['before-compared:2', 'after-compared:1', 'before-observed:1'])(
  'a session that dies at %s while it compares: each candidate is compared once, and no commit is listed that brought one',
  async (death) => {
    const world = await shadowWorld();
    const given = await world.ready([
      { slug: 'one' },
      { slug: 'two' },
      { slug: 'three', files: { 'three.txt': '3\n', 'app.txt': '3\n' } },
    ]);
    await integrate(world);
    const path = otherPath(world);
    path.merge(given[0]?.sha ?? '');
    path.squash(given[1]?.sha ?? '');
    const direct = path.commit({ 'by-hand.txt': 'hand\n' });
    path.rebase(given[2]?.sha ?? '');
    const refs = world.refs();
    await dieAt(world, death);
    expect(world.refs()).toEqual(refs);
    const { json } = await world.run<ShadowReport>(['shadow', 'report']);
    expect(json.compared.map(({ slug, class: kind }) => `${slug} ${kind}`)).toEqual([
      'one same',
      'two same',
      'three same',
    ]);
    expect(json.unmatched.map(({ commit }) => commit)).toEqual([direct]);
    expect(json.counts).toMatchObject({ compared: 3, agreeing: 3, unmatched: 1 });
    expect(await world.trail('deployment.completed')).toHaveLength(3);
  },
);

test('submit --wait in shadow ends with the verdict on main as it is: 0 when it would be merged, 1 when not, and again the same', async () => {
  const world = await shadowWorld();
  const clone = world.cloneDir;
  const branch = (name: string, text: string) => {
    git(clone, 'switch', '--quiet', '-c', name, world.first);
    writeFileSync(join(clone, 'app.txt'), text);
    git(clone, 'add', 'app.txt');
    git(clone, 'commit', '--quiet', '-m', name);
  };
  branch('good', 'GOOD\n');
  const good = await world.run<CandidateView>(['submit', 'good', '--wait', '--timeout', '30000']);
  expect([good.code, good.json.state, good.json.shadow?.verdict]).toEqual([0, 'ready', 'would_integrate']);
  const moved = otherPath(world).commit({ 'app.txt': 'somebody else\n' });
  const again = await world.run<CandidateView>(['submit', 'good', '--wait', '--timeout', '30000']);
  expect([again.code, again.json.state, again.json.shadow?.verdict, again.json.shadow?.base]).toEqual([
    1,
    'ready',
    'would_block',
    moved,
  ]);
  expect(again.stderr).toContain('in shadow: good would be blocked');
  expect(await judged(world)).toHaveLength(2);
  expect(world.main()).toBe(moved);
});

test('what a live session left is settled without the fence: what landed is completed, what did not stays open, the rest is judged', async () => {
  const world = await makeWorld();
  await world.ready([{ slug: 'pushed' }]);
  await world.start(['integrate'], { program: MORTAL_TELEC, env: { TEST_KILL: 'after-push:1' } }).done;
  await world.run(['lease', 'break', '--reason', 'killed']);
  await world.run(['cutover', 'rollback', '--reason', 'the other path again']);
  const refs = world.refs();
  await integrate(world);
  expect(world.refs()).toEqual(refs);
  expect(await world.candidate('pushed')).toMatchObject({ state: 'completed', shadow: null });
  expect(await world.trail('integration.push')).toEqual(['integration.push.attempted', 'integration.push.succeeded']);
});

test('a live push of unknown outcome stays open in shadow, is told, and the rest is judged', async () => {
  const world = await makeWorld();
  await world.ready([{ slug: 'open' }]);
  await world.start(['integrate'], { program: MORTAL_TELEC, env: { TEST_KILL: 'after-push-attempted:1' } }).done;
  await world.run(['lease', 'break', '--reason', 'killed']);
  await world.run(['cutover', 'rollback', '--reason', 'the other path again']);
  const why = async () => (await world.run<WhyView>(['why', 'open'])).json.waiting_for;
  // Until somebody looked it may have landed.
  expect(await why()).toMatchObject([{ code: 'open_push', who: expect.stringContaining('looks whether it landed') }]);
  await world.ready([{ slug: 'waiting' }]);
  const refs = world.refs();
  await integrate(world);
  await integrate(world);
  expect(world.refs()).toEqual(refs);
  expect(await world.states()).toEqual({ open: 'integrating', waiting: 'ready' });
  expect((await judged(world)).map((line) => line.split(' ')[0])).toEqual(['waiting']);
  expect(await why()).toMatchObject([
    { code: 'open_push', who: 'a person (telec cutover enable): the next live session settles it' },
  ]);
});

test('a switch of the environment narrows a session to shadow, and the repository stays live', async () => {
  const world = await makeWorld();
  await world.ready([{ slug: 'one' }]);
  const narrow = await world.run<IntegrateView>(['integrate'], { env: { TELEC_INTEGRATOR_CUTOVER_ENABLED: '0' } });
  expect([narrow.code, narrow.json.mode, narrow.json.shadow]).toEqual([
    0,
    'shadow',
    { would_integrate: 1, would_block: 0, compared: 0 },
  ]);
  expect(world.main()).toBe(world.first);
  expect((await world.run<{ mode: string }>(['status'])).json.mode).toBe('live');
  expect((await world.integrate()).json).toMatchObject({ mode: 'live', completed: 1 });
});

test('the fence of another log hinders no session in shadow: its number is passed over, the ref is left alone', async () => {
  const other = await makeWorld();
  await other.ready([{ slug: 'theirs' }]);
  await other.integrate();
  const fence = other.ref('refs/telec/fence');
  const env = {
    TELEC_HOME: join(other.dir, 'second-home'),
    TELEC_REDIS_URL: other.env['TELEC_REDIS_URL']?.replace(/0$/, '7') ?? '',
  };
  expect((await other.run(['init', '--shadow'], { env })).code).toBe(0);
  const answer = await other.run<IntegrateView>(['integrate'], { env });
  expect([answer.code, answer.json.outcome]).toEqual([0, 'drained']);
  expect(other.ref('refs/telec/fence')).toBe(fence);
});

test('nothing is tidied up and no command follows in shadow, not even behind what another path brought', async () => {
  const world = await makeWorld({ shadow: true, config: 'integration: {grace_ms: 0, after_delivery: "touch ran"}\n' });
  const clone = world.cloneDir;
  git(clone, 'switch', '--quiet', '-c', 'work/mine', world.first);
  writeFileSync(join(clone, 'mine.txt'), 'mine\n');
  git(clone, 'add', 'mine.txt');
  git(clone, 'commit', '--quiet', '-m', 'mine');
  git(clone, 'switch', '--quiet', 'main');
  expect((await world.run(['submit', 'work/mine', '--slug', 'mine', '--wait'])).code).toBe(0);
  const sha = world.ref('refs/heads/work/mine') ?? '';
  otherPath(world).merge(sha);
  await integrate(world);
  expect((await world.candidate('mine')).state).toBe('completed');
  expect(world.ref('refs/heads/work/mine')).toBe(sha);
  expect(git(clone, 'rev-parse', 'work/mine')).toBe(sha);
  expect(git(clone, 'rev-parse', 'main')).toBe(world.first);
  expect(await world.trail('integration.after_delivery', 'integration.candidate.cleaned')).toEqual([]);
});

test('a hold counts in shadow as it does live', async () => {
  const world = await shadowWorld();
  await world.ready([{ slug: 'one' }]);
  await world.run(['hold', '--reason', 'a freeze']);
  expect((await world.integrate()).json).toMatchObject({ mode: 'shadow', outcome: 'held' });
  expect(await judged(world)).toEqual([]);
  await world.run(['unhold']);
  await integrate(world);
  expect(await judged(world)).toHaveLength(1);
});
