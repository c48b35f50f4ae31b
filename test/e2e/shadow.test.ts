/** Sessions in shadow against a real remote: what they say, and that they move nothing. */
import { afterAll, expect, test } from 'vitest';
import type { CandidateView, IntegrateView, QueueRow, WhyView } from '../../src/actors/client.ts';
import { type Candidate, endWorlds, makeWorld, shortType, type Work, type World } from '../support/e2e-world.ts';
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

test('S1-FR5.1 S4-C1 a session in shadow says what it would do and moves no ref of the remote, the fence included; queue and candidates stay', async () => {
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
