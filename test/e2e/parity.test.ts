/** The ledger of parity against a main that another path really moves: what is matched, how it is classed, what is listed. */
import { afterAll, expect, test } from 'vitest';
import type { CandidateView } from '../../src/actors/client.ts';
import type { ShadowReport } from '../../src/actors/modes/shadow-views.ts';
import { ago, type Candidate, endWorlds, makeWorld, type Work, type World } from '../support/e2e-world.ts';
import { otherPath } from '../support/other-path.ts';

afterAll(endWorlds);

const shadowWorld = () => makeWorld({ shadow: true });

async function integrate(world: World): Promise<void> {
  const refs = world.refs();
  const answer = await world.integrate();
  expect({ code: answer.code, stderr: answer.stderr }).toEqual({ code: 0, stderr: '' });
  expect(world.refs()).toEqual(refs);
}

async function report(world: World): Promise<ShadowReport> {
  const answer = await world.run<ShadowReport>(['shadow', 'report']);
  expect(answer.code, answer.stderr).toBe(0);
  return answer.json;
}

/** `slug class agrees`, and the commit that brought it. */
const rows = ({ compared }: ShadowReport) =>
  compared.map(({ slug, class: kind, agrees, landed_by }) => [`${slug} ${kind} ${agrees}`, landed_by]);

const one: Work = { slug: 'one', files: { 'app.txt': 'ONE\ntwo\nthree\n' } };
const rival: Work = { slug: 'rival', files: { 'app.txt': 'uno\ntwo\nthree\n' } };

async function begin(works: Work[]): Promise<{ world: World; given: Candidate[]; sha(slug: string): string }> {
  const world = await shadowWorld();
  const given = await world.ready(works);
  await integrate(world);
  return { world, given, sha: (slug) => given.find((candidate) => candidate.slug === slug)?.sha ?? '' };
}

test('a merge commit of the same tree agrees; the candidate is completed as on main already, and nothing was pushed', async () => {
  const { world, sha } = await begin([one]);
  const merge = otherPath(world).merge(sha('one'));
  await integrate(world);
  const { compared, counts, unmatched, unmerged, main } = await report(world);
  expect(compared).toMatchObject([
    {
      slug: 'one',
      class: 'same',
      agrees: true,
      landed_by: merge,
      base: world.first,
      verdict: 'would_integrate',
      evidence: [],
      superseded: 0,
    },
  ]);
  expect(compared[0]?.tree).toBe(compared[0]?.landed_tree);
  expect(counts).toEqual({
    compared: 1,
    agreeing: 1,
    conflicts: 0,
    supersessions: 0,
    unmatched: 0,
    pushes: 0,
    lease_overlaps: 0,
    fifo_violations: 0,
    sessions: 2,
  });
  expect({ unmatched, unmerged, main }).toEqual({ unmatched: [], unmerged: [], main: merge });
  const candidate = await world.candidate('one');
  expect(candidate).toMatchObject({
    state: 'completed',
    merge_commit: sha('one'),
    receipt: { landed_by: merge },
    shadow: {
      verdict: 'would_integrate',
      base: world.first,
      compared: { landed_by: merge, agrees: true, class: 'same' },
    },
  });
  await integrate(world);
  expect((await report(world)).counts.compared).toBe(1);
});

test('a squash, a pick, a rebase of several commits and a fast-forward carry the same change, and so agree', async () => {
  const world = await shadowWorld();
  const [low] = world.work([{ slug: 'low', files: { 'low.txt': '1\n' } }]);
  const works = world.work([
    { slug: 'squashed', files: { 'squashed.txt': 's\n' } },
    { slug: 'picked', files: { 'picked.txt': 'p\n' } },
    { slug: 'rebased', files: { 'low.txt': '1\n', 'high.txt': '2\n' }, from: low?.sha ?? '' },
  ]);
  await world.announce(works);
  await integrate(world);
  const sha = (slug: string) => works.find((work) => work.slug === slug)?.sha ?? '';
  const path = otherPath(world);
  const squashed = path.squash(sha('squashed'));
  const picked = path.pick(sha('picked'));
  const rebased = path.rebase(sha('rebased'));
  const nobody = path.commit({ 'readme.txt': 'by hand\n' });
  const [tall] = world.work([{ slug: 'tall', files: { 'tall.txt': '1\n' }, from: nobody }]);
  const forward = await world.ready([{ slug: 'forward', files: { 'forward.txt': '2\n' }, from: tall?.sha ?? '' }]);
  await integrate(world);
  const tip = path.fastForward(forward[0]?.sha ?? '');
  await integrate(world);
  const seen = await report(world);
  expect(rows(seen)).toEqual([
    ['squashed same true', squashed],
    ['picked same true', picked],
    ['rebased same true', rebased],
    ['forward same true', tip],
  ]);
  // The commits of a branch that came along one by one bring no other candidate, and are part of what they bring.
  expect(seen.unmatched.map(({ commit }) => commit)).toEqual([nobody]);
  expect(seen.counts).toMatchObject({ compared: 4, agreeing: 4, unmatched: 1 });
  expect(await world.states()).toEqual({
    squashed: 'completed',
    picked: 'completed',
    rebased: 'completed',
    forward: 'completed',
  });
});

test('a conflict that a person resolved agrees, by a merge and by a squash that takes the branch; an evil merge does not', async () => {
  const { world, sha } = await begin([
    one,
    rival,
    { slug: 'theirs', files: { 'app.txt': 'drei\ntwo\nthree\n' } },
    { slug: 'evil', files: { 'evil.txt': 'e\n' } },
  ]);
  const path = otherPath(world);
  const commits = [
    path.merge(sha('one')),
    path.mergeBy(sha('rival'), { 'app.txt': 'ONE and uno\ntwo\nthree\n' }),
    path.squashBy(sha('theirs'), { 'app.txt': 'drei\ntwo\nthree\n' }),
    path.mergeBy(sha('evil'), { 'more.txt': 'not of the branch\n' }),
  ];
  await integrate(world);
  const seen = await report(world);
  expect(rows(seen)).toEqual([
    ['one same true', commits[0]],
    ['rival conflict true', commits[1]],
    ['theirs conflict true', commits[2]],
    ['evil tree_differs false', commits[3]],
  ]);
  expect(seen.compared[1]?.evidence).toEqual(['conflict in app.txt (stages 1, 2, 3)']);
  expect(seen.counts).toMatchObject({ compared: 4, agreeing: 3, conflicts: 2 });
});

test('a candidate that was not ready is one that telec would not have merged', async () => {
  const world = await shadowWorld();
  const [early, unsaid] = world.work([{ slug: 'early' }, { slug: 'unsaid' }]) as [Candidate, Candidate];
  await world.announce([early], { signals: ['started', 'pushed'] });
  await integrate(world);
  const path = otherPath(world);
  const merge = path.merge(early.sha);
  const squash = path.squash(unsaid.sha);
  await integrate(world);
  const seen = await report(world);
  expect(rows(seen)).toEqual([['early decision_differs false', merge]]);
  expect(seen.compared[0]?.evidence).toEqual(['it was not ready: no review has approved it yet']);
  expect(seen.unmatched.map(({ commit }) => commit)).toEqual([squash]);
});

test('a candidate that telec hears of after main was looked at is compared where it landed', async () => {
  const world = await shadowWorld();
  const [late, carried] = world.work([{ slug: 'late' }, { slug: 'carried' }]) as [Candidate, Candidate];
  const path = otherPath(world);
  const merge = path.merge(late.sha);
  path.commit({ 'next.txt': 'n\n' });
  await integrate(world);
  expect((await report(world)).counts).toMatchObject({ compared: 0, unmatched: 2 });
  await world.announce([late, carried]);
  await integrate(world);
  const seen = await report(world);
  expect(rows(seen)).toEqual([['late same true', merge]]);
  expect(seen.unmatched).toHaveLength(1);
  expect(await world.states()).toEqual({ late: 'completed', carried: 'ready' });
});

test('what was on main before the comparison began is completed and compared with nothing', async () => {
  const world = await makeWorld({ raw: true });
  const [old] = world.work([{ slug: 'old' }]) as [Candidate];
  otherPath(world).merge(old.sha);
  expect((await world.run(['init', '--shadow'])).code).toBe(0);
  await world.announce([old]);
  await integrate(world);
  expect((await report(world)).compared).toEqual([]);
  expect(await world.states()).toEqual({ old: 'completed' });
});

test('supersession: the newer one counts the older ones in; an older one alone disagrees, but for one that was merged before there was a newer', async () => {
  const world = await shadowWorld();
  const [a1] = world.work([{ slug: 'a', branch: 'work/a', files: { 'a.txt': '1\n' }, readyAt: ago(900) }]) as [
    Candidate,
  ];
  const later = world.work([
    { slug: 'a', branch: 'work/a', files: { 'a.txt': '2\n' }, from: a1.sha, readyAt: ago(800) },
    { slug: 'b', branch: 'work/b-1', files: { 'b.txt': '1\n' }, readyAt: ago(700) },
    { slug: 'b', branch: 'work/b-2', files: { 'b.txt': '2\n' }, readyAt: ago(600) },
    { slug: 'c', branch: 'work/c-1', files: { 'c.txt': '1\n' }, readyAt: ago(500) },
    { slug: 'c', branch: 'work/c-2', files: { 'c.txt': '2\n' }, readyAt: ago(100) },
  ]) as [Candidate, Candidate, Candidate, Candidate, Candidate];
  const [a2, b1, , c1] = later;
  await world.announce([a1, ...later]);
  await integrate(world);
  const path = otherPath(world);
  const first = path.merge(a2.sha);
  const second = path.merge(b1.sha);
  path.clock = Date.now() - 300_000;
  const third = path.merge(c1.sha);
  await integrate(world);
  const seen = await report(world);
  expect(
    seen.compared.map(({ slug, sha, class: kind, agrees, superseded, landed_by }) => [
      slug,
      sha,
      kind,
      agrees,
      superseded,
      landed_by,
    ]),
  ).toEqual([
    ['a', a2.sha, 'same', true, 1, first],
    ['b', b1.sha, 'superseded_landed', false, 0, second],
    ['c', c1.sha, 'same', true, 0, third],
  ]);
  expect(seen.counts).toMatchObject({ compared: 3, agreeing: 2, supersessions: 1, unmatched: 0 });
  expect(seen.unmerged.map(({ slug, branch }) => `${slug} ${branch}`)).toEqual(['b work/b-2', 'c work/c-2']);
});

test('several candidates in one step are compared in the order of the queue, one on top of the other', async () => {
  const { world, sha } = await begin([one, { slug: 'two', files: { 'app.txt': 'one\ntwo\nTHREE\n' } }]);
  const octopus = otherPath(world).merge(sha('one'), sha('two'));
  await integrate(world);
  const seen = await report(world);
  expect(rows(seen)).toEqual([
    ['one same true', octopus],
    ['two same true', octopus],
  ]);
  expect(seen.compared.map(({ base }) => base === world.first)).toEqual([true, false]);
});

test('a branch that took main in before main was moved onto it is compared with main as it was', async () => {
  const world = await shadowWorld();
  const path = otherPath(world);
  const [branch] = (await world.ready([{ slug: 'fox', files: { 'fox.txt': 'f\n' } }])) as [Candidate];
  const before = path.commit({ 'main.txt': 'm\n' });
  await integrate(world);
  const tip = path.foxtrot(branch.sha);
  await integrate(world);
  const seen = await report(world);
  expect(rows(seen)).toEqual([['fox same true', tip]]);
  expect(seen.compared[0]?.base).toBe(before);
  expect(seen.unmatched).toEqual([{ commit: before, seen_at: expect.any(String) }]);
});

test('a commit that nobody announced stays listed, also where the branch that came after it stands on it', async () => {
  const world = await shadowWorld();
  const path = otherPath(world);
  const direct = path.commit({ 'direct.txt': 'd\n' });
  const [above] = (await world.ready([{ slug: 'above', from: direct }])) as [Candidate];
  const merge = path.merge(above.sha);
  await integrate(world);
  const seen = await report(world);
  expect(rows(seen)).toEqual([['above same true', merge]]);
  expect(seen.unmatched.map(({ commit }) => commit)).toEqual([direct]);
});

test('S2-N2 in shadow it stays: evidence goes on being collected, and the report says what disagrees; restart begins anew', async () => {
  const { world, sha } = await begin([one, rival, { slug: 'four', files: { 'four.txt': '4\n' } }]);
  const path = otherPath(world);
  path.mergeBy(sha('one'), { 'more.txt': 'evil\n' });
  await integrate(world);
  const text = await world.run(['shadow', 'report'], { text: true });
  expect(text.code).toBe(0);
  expect(text.stdout).toContain('1 compared, 0 agree');
  expect(text.stdout).toContain('both merged it, with another tree');
  const refused = await world.run<{ error: { code: string } }>(['cutover', 'enable', '--reason', 'now']);
  expect([refused.code, refused.json.error.code]).toEqual([6, 'CUTOVER_NOT_READY']);
  expect((await world.run<{ mode: string }>(['status'])).json.mode).toBe('shadow');
  path.mergeBy(sha('rival'), { 'app.txt': 'both\n' });
  await integrate(world);
  expect((await report(world)).counts).toMatchObject({ compared: 2, agreeing: 1, conflicts: 1 });
  const denied = await world.run(['shadow', 'restart', '--reason', 'mended'], { env: { TELEC_ROLE: 'worker' } });
  expect(denied.code).toBe(6);
  const anew = await world.run<{ since: { main: string } }>(['shadow', 'restart', '--reason', 'mended']);
  expect([anew.code, anew.json.since.main]).toEqual([0, world.main()]);
  expect((await report(world)).counts).toMatchObject({ compared: 0, agreeing: 0, sessions: 0 });
  path.merge(sha('four'));
  await integrate(world);
  expect((await report(world)).counts).toMatchObject({ compared: 1, agreeing: 1 });
  const rows = (await world.run<CandidateView[]>(['candidates'])).json;
  expect(rows.map(({ state }) => state)).toEqual(['completed', 'completed', 'completed']);
});

test('a main that lost what was seen of it halts in shadow, too', async () => {
  const { world, sha } = await begin([one]);
  const path = otherPath(world);
  path.merge(sha('one'));
  await integrate(world);
  world.foreign({ 'app.txt': 'rewritten\n' }, world.first);
  const answer = await world.integrate();
  expect(answer.code).toBe(6);
  expect((await world.run<{ hold: { alarm: string } }>(['status'])).json.hold.alarm).toBe('MAIN_REWOUND');
});
