/** What becomes of candidates: order, supersession, facts of git that change under them, squash, holds. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { CandidateView, HoldView, NotificationRow, QueueRow, WhyView } from '../../src/actors/client.ts';
import { ago, endWorlds, expectSound, makeWorld, shortType } from '../support/e2e-world.ts';
import { git } from '../support/git-repo.ts';

afterAll(endWorlds);

const drained = (counts: { completed?: number; blocked?: number; superseded?: number }) => ({
  session_id: expect.stringMatching(/^integrator-[0-9a-z]{26}$/),
  mode: 'live',
  outcome: 'drained',
  completed: 0,
  blocked: 0,
  superseded: 0,
  duration_ms: expect.any(Number),
  shadow: null,
  ...counts,
});

describe('the order of the queue', () => {
  test('S1-FR4.2 candidates land in the order of their instants, whatever their offsets and order of arrival', async () => {
    const world = await makeWorld();
    const second = Math.floor(Date.now() / 1000) - 1000;
    const at = (plus: number, offset: string) => {
      const [sign, hours] = [offset.startsWith('-') ? -1 : 1, Number(offset.slice(1, 3))];
      return new Date((second + plus + sign * hours * 3600) * 1000).toISOString().replace('Z', offset);
    };
    const candidates = world.work([
      { slug: 'late', readyAt: at(50, '-08:00') },
      { slug: 'middle', readyAt: at(30, '+05:00') },
      { slug: 'early', readyAt: at(10, '+00:00') },
      { slug: 'tie-b', readyAt: at(40, '+02:00') },
      { slug: 'tie-a', readyAt: at(40, '-03:00') },
    ]);
    await world.announce(candidates);
    expect((await world.integrate()).json).toEqual(drained({ completed: 5 }));
    expect(world.landed()).toEqual(['early', 'middle', 'tie-a', 'tie-b', 'late']);
    await expectSound(world);
  });

  test('S4-VR4 telec queue shows the waiting candidates in that order, with exactly its fields', async () => {
    const world = await makeWorld();
    const [bee, ant] = await world.ready([
      { slug: 'bee', readyAt: ago(60) },
      { slug: 'ant', readyAt: ago(90) },
    ]);
    let rows: QueueRow[] = [];
    await world.integrate({
      faults: {
        async reach(point) {
          if (point === 'after-reconcile') rows = (await world.run<QueueRow[]>(['queue'])).json;
        },
      },
    });
    const row = (position: number, { slug = '', branch = '', sha = '', readyAt = '' } = {}) => ({
      position,
      slug,
      branch,
      sha,
      ready_at: readyAt,
      waiting_ms: expect.any(Number),
      on_hold: false,
      verdict: null,
      priority: 'normal',
      overtakes: 0,
    });
    expect(rows).toEqual([row(1, ant), row(2, bee)]);
    expect(rows.map(({ waiting_ms }) => Math.round(waiting_ms / 10_000))).toEqual([9, 6]);
    expect((await world.run<QueueRow[]>(['queue'])).json).toEqual([]);
  });

  test('S1-FR4.2 a queue of sixty drains in one session, in order, each with its own merge commit', async () => {
    const world = await makeWorld();
    const slugs = Array.from({ length: 60 }, (_, index) => `item-${String(index).padStart(2, '0')}`);
    const shuffled = slugs.map((slug, index) => ({ slug, at: 600 - index })).sort((x, y) => (x.slug < y.slug ? 1 : -1));
    await world.announce(world.work(shuffled.map(({ slug, at }) => ({ slug, readyAt: ago(at) }))));
    expect((await world.integrate()).json).toEqual(drained({ completed: 60 }));
    expect(world.landed()).toEqual(slugs);
    const parents = git(world.remoteDir, 'log', '--first-parent', '--format=%P', `${world.first}..main`).split('\n');
    expect(parents.map((line) => line.split(' ').length)).toEqual(slugs.map(() => 2));
    await expectSound(world);
  });

  test('Spec-4 the same signals again change nothing, and a delivered candidate stays delivered', async () => {
    const world = await makeWorld();
    const candidates = await world.ready([{ slug: 'once' }]);
    await world.announce(candidates);
    expect((await world.integrate()).json).toEqual(drained({ completed: 1 }));
    const before = await world.events();
    const main = world.main();
    await world.announce(candidates);
    expect(await world.events()).toEqual(before);
    expect((await world.integrate()).json).toEqual(drained({}));
    expect(world.main()).toBe(main);
    await expectSound(world);
  });
});

describe('supersession', () => {
  test('S1-FR4.3 a newer candidate of the slug supersedes the older one before any session', async () => {
    const world = await makeWorld();
    const [old, young] = await world.ready([
      { slug: 'topic', branch: 'topic-1', readyAt: ago(90) },
      { slug: 'topic', branch: 'topic-2', readyAt: ago(60) },
    ]);
    expect((await world.integrate()).json).toEqual(drained({ completed: 1 }));
    const { json } = await world.run<CandidateView[]>(['candidates']);
    expect(json.map(({ branch, state, superseded_by }) => ({ branch, state, superseded_by }))).toEqual([
      { branch: 'topic-1', state: 'superseded', superseded_by: young?.key },
      { branch: 'topic-2', state: 'completed', superseded_by: null },
    ]);
    expect(git(world.remoteDir, 'rev-list', 'main').split('\n')).not.toContain(old?.sha);
    await expectSound(world);
  });

  test('Spec-16 an older candidate that arrives late is superseded at once and keeps its history', async () => {
    const world = await makeWorld();
    const [young] = await world.ready([{ slug: 'topic', branch: 'topic-2', readyAt: ago(60) }]);
    const [old] = await world.ready([{ slug: 'topic', branch: 'topic-1', readyAt: ago(90) }]);
    const view = await world.candidate(`topic/${old?.branch}`);
    expect(view.state).toBe('superseded');
    expect(view.superseded_by).toBe(young?.key);
    expect(view.history.map(({ event, from, to }) => [shortType(event), from, to])).toEqual([
      ['deployment.started', null, 'pending'],
      ['deployment.started', 'pending', 'superseded'],
    ]);
  });

  test('a candidate superseded while it is being merged is dropped and the newer one lands', async () => {
    const world = await makeWorld();
    const [, young] = world.work([
      { slug: 'topic', branch: 'topic-1', readyAt: ago(90) },
      { slug: 'topic', branch: 'topic-2', readyAt: ago(60) },
    ]);
    const [old] = world.work([{ slug: 'topic', branch: 'topic-1', readyAt: ago(90) }]);
    if (!old || !young) throw new Error('no work');
    await world.announce([old]);
    let told = false;
    const { json } = await world.integrate({
      faults: {
        async reach(point) {
          if (point !== 'after-merge' || told) return;
          told = true;
          await world.announce([young], { signals: ['started', 'pushed'] });
        },
      },
    });
    expect(json).toEqual(drained({ completed: 1, superseded: 1 }));
    expect((await world.candidate(`topic/${old.branch}`)).state).toBe('superseded');
    expect(world.landed()).toEqual(['topic']);
    expect(git(world.remoteDir, 'rev-list', 'main').split('\n')).toContain(young.sha);
    expect(git(world.remoteDir, 'rev-list', 'main').split('\n')).not.toContain(old.sha);
    await expectSound(world);
  });

  test('a candidate whose push is under way is not superseded: it lands, and the newer one lands after it', async () => {
    const world = await makeWorld();
    const [old, young] = world.work([
      { slug: 'topic', branch: 'topic-1', readyAt: ago(90) },
      { slug: 'topic', branch: 'topic-2', readyAt: ago(60), files: { 'more.txt': 'more\n' } },
    ]);
    if (!old || !young) throw new Error('no work');
    await world.announce([old]);
    let told = false;
    const { json } = await world.integrate({
      faults: {
        async reach(point) {
          if (point !== 'after-push-attempted' || told) return;
          told = true;
          await world.announce([young], { signals: ['started', 'pushed'] });
        },
      },
    });
    expect(json).toEqual(drained({ completed: 2 }));
    expect(world.landed()).toEqual(['topic', 'topic']);
    await expectSound(world);
  });
});

describe('facts that change', () => {
  test('F16 S1-FR3.2 a branch force-pushed to another commit after the hand-over: the approved commit does not land', async () => {
    const world = await makeWorld();
    const [candidate] = await world.ready([{ slug: 'moved' }]);
    const [other] = world.work([{ slug: 'other', branch: 'unrelated' }]);
    git(world.remoteDir, 'update-ref', `refs/heads/${candidate?.branch}`, other?.sha ?? '');
    expect((await world.integrate()).json).toEqual(drained({}));
    const { json } = await world.run<WhyView>(['why', 'moved']);
    expect(json).toEqual({
      slug: 'moved',
      state: 'pending',
      meaning: 'Waits for the conditions of readiness that do not hold yet.',
      place: null,
      waiting_for: [
        {
          code: 'sha_not_reachable',
          text: 'the branch on the remote does not contain this commit',
          event: 'domain.software-development.integration.candidate.probed',
          who: expect.any(String),
        },
      ],
    });
    expect(world.main()).toBe(world.first);
  });

  test('F16 a branch that only advanced still contains the commit: exactly the approved commit lands', async () => {
    const world = await makeWorld();
    const [candidate] = await world.ready([{ slug: 'grown' }]);
    world.work([
      { slug: 'grown', branch: candidate?.branch ?? '', from: candidate?.sha ?? '', files: { 'later.txt': 'no\n' } },
    ]);
    expect((await world.integrate()).json).toEqual(drained({ completed: 1 }));
    expect(Object.keys(world.files())).toEqual(['README.md', 'app.txt', 'grown.txt']);
  });

  test('a branch deleted after the hand-over keeps its candidate waiting, and one that returns lets it land', async () => {
    const world = await makeWorld();
    const [candidate] = await world.ready([{ slug: 'gone' }]);
    git(world.remoteDir, 'update-ref', '-d', `refs/heads/${candidate?.branch}`);
    expect((await world.integrate()).json).toEqual(drained({}));
    expect((await world.candidate('gone')).reasons.map(({ code }) => code)).toEqual(['sha_not_reachable']);
    git(world.remoteDir, 'update-ref', `refs/heads/${candidate?.branch}`, candidate?.sha ?? '');
    expect((await world.integrate()).json).toEqual(drained({ completed: 1 }));
    await expectSound(world);
  });

  test('Spec-6 F47 a branch that moves away between merge and push is found by the recheck and nothing is pushed', async () => {
    const world = await makeWorld();
    const [candidate] = await world.ready([{ slug: 'slips' }]);
    const { json } = await world.integrate({
      faults: {
        reach(point) {
          if (point === 'after-merge')
            git(world.remoteDir, 'update-ref', `refs/heads/${candidate?.branch}`, world.first);
        },
      },
    });
    expect(json).toEqual(drained({}));
    expect(world.main()).toBe(world.first);
    expect(await world.trail('integration.push')).toEqual([]);
    expect((await world.candidate('slips')).state).toBe('pending');
    expect(await world.trail('integration.candidate.requeued')).toEqual(['integration.candidate.requeued']);
  });

  test('an approval that names another commit does not make the candidate ready', async () => {
    const world = await makeWorld();
    const [candidate] = world.work([{ slug: 'bound' }]);
    if (!candidate) throw new Error('no work');
    await world.announce([{ ...candidate, sha: world.first }], { signals: ['review'], bindSha: true });
    await world.announce([candidate], { signals: ['started', 'pushed'] });
    expect((await world.integrate()).json).toEqual(drained({}));
    const { json } = await world.run<WhyView>(['why', 'bound']);
    expect(json.waiting_for.map(({ code, event }) => ({ code, event }))).toEqual([
      { code: 'approval_for_other_sha', event: 'domain.software-development.review.approved' },
    ]);
  });

  test('a push reported for another commit leaves the candidate without its own push', async () => {
    const world = await makeWorld();
    const [candidate] = world.work([{ slug: 'alone' }]);
    if (!candidate) throw new Error('no work');
    await world.announce([candidate], { signals: ['review', 'started'] });
    await world.announce([{ ...candidate, sha: world.first }], { signals: ['pushed'] });
    expect((await world.integrate()).json).toEqual(drained({}));
    expect((await world.candidate('alone')).reasons.map(({ code }) => code)).toEqual(['missing_branch_pushed']);
  });

  test('Spec-13 F1 a commit that is on main already is completed without a push', async () => {
    const world = await makeWorld();
    const [candidate] = await world.ready([{ slug: 'there' }]);
    git(world.remoteDir, 'update-ref', 'refs/heads/main', candidate?.sha ?? '');
    expect((await world.integrate()).json).toEqual(drained({ completed: 1 }));
    expect(world.main()).toBe(candidate?.sha);
    const view = await world.candidate('there');
    expect(view.merge_commit).toBe(candidate?.sha);
    expect(view.receipt).toMatchObject({ landed_by: candidate?.sha, merge_commit: candidate?.sha });
    expect(await world.trail('integration.push', 'deployment.completed', 'integration.candidate.already')).toEqual([
      'integration.candidate.already_merged',
      'deployment.completed',
    ]);
  });

  test('Spec-13 F13 a change that was cherry-picked to main is completed as already integrated by content', async () => {
    const world = await makeWorld();
    const [candidate] = await world.ready([{ slug: 'picked', files: { 'app.txt': 'one\nTWO\nthree\n' } }]);
    const main = world.foreign({ 'app.txt': 'one\nTWO\nthree\n' });
    expect((await world.integrate()).json).toEqual(drained({ completed: 1 }));
    expect(world.main()).toBe(main);
    const [done] = (await world.events()).filter(({ event }) => shortType(event) === 'deployment.completed');
    expect(done?.payload).toMatchObject({ outcome: 'already_integrated', merge_commit: candidate?.sha });
    const [said] = (await world.events()).filter(({ event }) => shortType(event).endsWith('already_merged'));
    expect(said?.payload).toMatchObject({ how: 'content', main_head: main });
  });

  test('F48 with squash a delivered triple is known by its receipt when main edited the same lines since', async () => {
    const world = await makeWorld({ config: 'integration: {strategy: squash}\n' });
    const [candidate] = await world.ready([{ slug: 'flat', files: { 'app.txt': 'one\nTWO\nthree\n' } }]);
    expect((await world.integrate()).json).toEqual(drained({ completed: 1 }));
    const landed = world.main();
    expect(git(world.remoteDir, 'log', '-1', '--format=%P', landed)).toBe(world.first);
    expect(git(world.remoteDir, 'rev-list', 'main').split('\n')).not.toContain(candidate?.sha);
    world.foreign({ 'app.txt': 'one\n2\nthree\n' });
    await world.announce([candidate as never]);
    expect((await world.integrate()).json).toEqual(drained({}));
    expect((await world.candidate('flat')).state).toBe('completed');
    expect((await world.candidate('flat')).receipt).toMatchObject({ strategy: 'squash', merge_commit: landed });
    await expectSound(world);
  });
});

describe('what a person sees and does', () => {
  test('a hold keeps candidates queued, an integrate under it ends as held, and unhold lets them land', async () => {
    const world = await makeWorld();
    await world.ready([{ slug: 'waits' }]);
    const { code, json } = await world.run<{ hold: HoldView }>(['hold', '--reason', 'release day']);
    expect({ code, json }).toEqual({
      code: 0,
      json: {
        hold: {
          owner: 'tester',
          reason: 'release day',
          since: expect.any(String),
          until: null,
          main_busy: false,
          alarm: null,
        },
      },
    });
    const held = await world.integrate();
    expect({ code: held.code, outcome: held.json.outcome }).toEqual({ code: 6, outcome: 'held' });
    expect(world.refs().has('refs/telec/fence')).toBe(false);
    expect((await world.run<{ hold: null }>(['unhold'])).json).toEqual({ hold: null });
    expect((await world.integrate()).json).toEqual(drained({ completed: 1 }));
  });

  test('a hold with a time ends by itself, and its end is in the log', async () => {
    const world = await makeWorld();
    await world.ready([{ slug: 'waits' }]);
    await world.run(['hold', '--for', '1s', '--reason', 'a moment']);
    expect((await world.integrate()).code).toBe(6);
    await expect
      .poll(async () => (await world.integrate()).json.outcome, { timeout: 5000, interval: 100 })
      .toBe('drained');
    expect(await world.trail('integration.hold')).toEqual(['integration.hold.placed', 'integration.hold.lifted']);
    expect(world.landed()).toEqual(['waits']);
  });

  test('Spec-8 manual work on main declared while a session works: what was dequeued lands, the rest waits for unhold', async () => {
    const world = await makeWorld({ config: 'integration: {push_batch: 1, grace_ms: 0}\n' });
    await world.ready([{ slug: 'first' }, { slug: 'second' }]);
    let held = false;
    const session = world.integrate({
      faults: {
        async reach(point) {
          if (point !== 'after-merge' || held) return;
          held = true;
          await world.run(['hold', '--main-busy']);
        },
      },
    });
    await expect.poll(() => world.landed(), { timeout: 10_000 }).toEqual(['first']);
    await expect.poll(async () => (await world.states())['first'], { timeout: 10_000 }).toBe('completed');
    const { json: why } = await world.run<WhyView>(['why', 'second']);
    expect(why.waiting_for.map(({ code }) => code)).toEqual(['on_hold']);
    const { json: queue } = await world.run<QueueRow[]>(['queue']);
    expect(queue.map(({ slug, position, on_hold }) => ({ slug, position, on_hold }))).toEqual([
      { slug: 'second', position: 1, on_hold: true },
    ]);
    await world.run(['unhold']);
    expect((await session).json).toEqual(drained({ completed: 2 }));
    expect(world.landed()).toEqual(['first', 'second']);
  });

  test('a hold with a time, placed while a session works, ends by itself and the session goes on, without a daemon', async () => {
    const world = await makeWorld({ config: 'integration: {push_batch: 1, grace_ms: 0}\n' });
    await world.ready([{ slug: 'first' }, { slug: 'second' }]);
    let held = false;
    const session = world.integrate({
      faults: {
        async reach(point) {
          if (point !== 'after-merge' || held) return;
          held = true;
          await world.run(['hold', '--for', '2s']);
        },
      },
    });
    expect((await session).json).toEqual(drained({ completed: 2 }));
    expect(await world.trail('integration.hold')).toEqual(['integration.hold.placed', 'integration.hold.lifted']);
  });

  test('S3-6.2a S3-6.2b S4-VR6 the notification of a delivery is in progress after the hand-over and resolved after it', async () => {
    const world = await makeWorld();
    await world.ready([{ slug: 'shown' }]);
    const rows = async () =>
      (await world.run<NotificationRow[]>(['notifications'])).json
        .filter(({ slug }) => slug === 'shown')
        .map(({ family, event, human_status, agent_status }) => [family, shortType(event), human_status, agent_status]);
    expect(await rows()).toEqual([
      ['deployment', 'deployment.started', 'unseen', 'in_progress'],
      ['review', 'review.approved', 'unseen', 'none'],
    ]);
    await world.integrate();
    expect(await rows()).toEqual([
      ['deployment', 'deployment.completed', 'unseen', 'resolved'],
      ['review', 'review.approved', 'unseen', 'resolved'],
    ]);
  });

  test('Spec-9 Spec-14 S4-Out2 F19 I15 a dirty checkout is no matter and nothing in it changes', async () => {
    const world = await makeWorld();
    const clone = world.cloneDir;
    writeFileSync(join(clone, 'app.txt'), 'half done\n');
    writeFileSync(join(clone, 'untracked.txt'), 'mine\n');
    git(clone, 'update-index', '--add', '--cacheinfo', `100644,${git(clone, 'rev-parse', 'HEAD:app.txt')},staged.txt`);
    const before = {
      status: git(clone, 'status', '--porcelain'),
      refs: git(clone, 'for-each-ref'),
      head: git(clone, 'rev-parse', 'HEAD'),
      index: readFileSync(join(clone, '.git/index'), 'hex'),
    };
    await world.ready([{ slug: 'clean', files: { 'app.txt': 'one\ntwo\nTHREE\n' } }]);
    expect((await world.integrate()).json).toEqual(drained({ completed: 1 }));
    expect({
      status: git(clone, 'status', '--porcelain'),
      refs: git(clone, 'for-each-ref'),
      head: git(clone, 'rev-parse', 'HEAD'),
      index: readFileSync(join(clone, '.git/index'), 'hex'),
    }).toEqual(before);
    expect(readFileSync(join(clone, 'app.txt'), 'utf8')).toBe('half done\n');
    expect(world.files()['app.txt']).toBe('one\ntwo\nTHREE\n');
  });

  test('a replay up to an entry shows the candidates as they were then', async () => {
    const world = await makeWorld();
    await world.ready([{ slug: 'past' }]);
    const entries = await world.events();
    await world.integrate();
    const at = entries.at(-1)?.id ?? '';
    const { json } = await world.run<{ candidates: CandidateView[]; entries: number; equal: null }>([
      'replay',
      '--at',
      at,
    ]);
    expect(json.candidates.map(({ slug, state, reasons }) => [slug, state, reasons.map(({ code }) => code)])).toEqual([
      ['past', 'pending', ['not_probed']],
    ]);
    expect({ entries: json.entries, equal: json.equal }).toEqual({ entries: entries.length, equal: null });
    const verify = await world.run(['replay', '--verify']);
    expect(verify.code).toBe(3);
  });
});
