/** A blocked candidate from its follow-up on main to its resume, delivery and the follow-up's end; with real git. */
import { once } from 'node:events';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import type { CandidateView, NotificationRow, WhyView } from '../../src/actors/client.ts';
import { readDelivered } from '../../src/io/todos/delivered.ts';
import { readRoadmap } from '../../src/io/todos/roadmap.ts';
import { readState } from '../../src/io/todos/state-file.ts';
import { makeWorld as makeDaemonWorld } from '../support/daemon-world.ts';
import {
  ago,
  type Candidate,
  endWorlds,
  expectSound,
  MORTAL_TELEC,
  makeWorld,
  shortType,
  type World,
  type WorldOptions,
} from '../support/e2e-world.ts';
import { git } from '../support/git-repo.ts';

afterAll(endWorlds);

const ROADMAP = '# planned\n- slug: loser\n- slug: later # afterwards\n';

interface Failure {
  error: { code: string; hint: string; problems?: { path: string; message: string }[] };
}

interface Blocked {
  world: World;
  loser: Candidate;
  followUp: string;
  /** Path of one of its papers. */
  paper(name: string): string;
}

/** `loser` conflicts with `winner`; nothing is integrated yet. */
async function readyWorld(options: WorldOptions = {}): Promise<Blocked> {
  const world = await makeWorld({ files: { f: 'one\n', 'todos/roadmap.yaml': ROADMAP }, ...options });
  const [, loser] = await world.ready([
    { slug: 'winner', files: { f: 'uno\n' } },
    { slug: 'loser', files: { f: 'eins\n' } },
  ]);
  if (!loser) throw new Error('no work');
  const followUp = `loser-integration-blocked-${loser.sha.slice(0, 7)}`;
  return { world, loser, followUp, paper: (name) => `todos/${followUp}/${name}` };
}

async function blockedWorld(options: WorldOptions = {}): Promise<Blocked> {
  const blocked = await readyWorld(options);
  expect((await blocked.world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1, blocked: 1 });
  return blocked;
}

const approve = (world: World, slug: string, round = 1) =>
  world.run(['events', 'emit', 'review.approved', '--payload', JSON.stringify(approval(slug, round))]);

const approval = (slug: string, review_round: number) => ({
  slug,
  approved_at: ago(0),
  review_round,
  reviewer_session_id: 'reviewer',
});

const stateOf = ({ world, paper }: Blocked) => readState('state', world.files()[paper('state.yaml')] ?? null).state;
const todoFiles = (world: World) => Object.keys(world.files()).filter((path) => path.startsWith('todos/'));
const listed = (world: World) => readRoadmap(world.files()['todos/roadmap.yaml'] ?? null).rows.map(({ slug }) => slug);
const refusal = async (world: World, ...args: string[]) => {
  const run = await world.run<Failure>(['resume', ...args]);
  expect(run.code).toBe(1);
  return run.json.error;
};
const followUpEvents = async (world: World) =>
  (await world.events())
    .filter(({ event }) => shortType(event).startsWith('integration.followup.'))
    .map(({ event, payload }) => `${shortType(event)} ${payload['change'] ?? payload['reason']}`);

/** The remote refuses commits that `pattern` finds in the message. */
function refuseCommits(world: World, pattern: string): string {
  const hook = join(world.remoteDir, 'hooks', 'pre-receive');
  mkdirSync(join(world.remoteDir, 'hooks'), { recursive: true });
  writeFileSync(
    hook,
    `#!/bin/sh
while read old new ref; do
  [ "$ref" = refs/heads/main ] || continue
  if git log -1 --format=%B "$new" | grep -q '${pattern}'; then echo 'no follow-ups here' >&2; exit 1; fi
done
`,
  );
  chmodSync(hook, 0o755);
  return hook;
}

describe('a conflict opens a follow-up', () => {
  test('S3-3.3c S3-6.1c S4-FR5.5 S4-VR2 S1-VR4 S1-FR5.3 failed, followed up on main by one commit, told, resolved, resumed, delivered, gone', async () => {
    const blocked = await blockedWorld();
    const { world, loser, followUp, paper } = blocked;
    const line = git(world.remoteDir, 'log', '--first-parent', '--format=%s', `${world.first}..main`).split('\n');
    expect(line).toEqual([`Follow-ups: open ${followUp}`, 'Merge winner (work/winner)']);
    expect(git(world.remoteDir, 'log', '-1', '--format=%(trailers)', 'main').trim()).toBe(
      `Telec-Follow-Up: ${followUp}\nTelec-Fence: 1`,
    );
    expect(await world.trail('deployment.failed', 'integration.push', 'integration.followup')).toEqual([
      'integration.push.attempted',
      'integration.push.succeeded',
      'deployment.failed',
      'integration.push.attempted',
      'integration.push.succeeded',
      'integration.followup.landed',
    ]);
    expect(todoFiles(world)).toEqual([
      paper('implementation-plan.md'),
      paper('requirements.md'),
      paper('state.yaml'),
      'todos/roadmap.yaml',
    ]);
    const view = await world.candidate('loser');
    expect(view).toMatchObject({ state: 'blocked', follow_up_slug: followUp });
    expect(stateOf(blocked)).toMatchObject({
      build: 'pending',
      review: 'pending',
      follow_up: { slug: 'loser', branch: loser.branch, sha: loser.sha, blocked_at: view.blocked?.blocked_at },
    });
    expect(world.files()['todos/roadmap.yaml']).toBe(
      `# planned\n- slug: loser\n- slug: ${followUp}\n  group: loser\n  description: What keeps loser off main\n- slug: later # afterwards\n`,
    );
    const rows = (await world.run<NotificationRow[]>(['notifications', '--unseen'])).json;
    const row = rows.find(({ id }) => id === 'deployment/loser');
    expect(row).toMatchObject({ human_status: 'unseen', agent_status: 'none' });
    expect(row?.text).toContain(`Follow-up: ${followUp}. Next: merge main into`);
    const why = async (slug: string) =>
      (await world.run<WhyView>(['why', slug])).json.waiting_for.map(({ code, event }) => [
        code,
        shortType(event ?? ''),
      ]);
    expect(await why('loser')).toEqual([
      ['blocked', 'integration.candidate.resumed'],
      ['follow_up', 'review.approved'],
    ]);
    expect(await why(followUp)).toEqual(await why('loser'));

    expect(await refusal(world, 'loser')).toMatchObject({ code: 'FOLLOW_UP_UNRESOLVED' });
    await approve(world, followUp);
    expect((await why('loser')).at(-1)).toEqual(['follow_up', 'integration.candidate.resumed']);
    world.foreign({ f: 'one\n' });
    const resumed = await world.run<CandidateView>(['resume', followUp]);
    expect(resumed.json).toMatchObject({ slug: 'loser', state: 'ready', ready_at: loser.readyAt });
    expect((await world.integrate()).json).toMatchObject({ completed: 1, blocked: 0 });
    expect((await world.candidate('loser')).state).toBe('completed');
    expect(todoFiles(world).filter((path) => path.includes('integration-blocked'))).toEqual([]);
    expect(listed(world)).not.toContain(followUp);
    expect(world.files()['f']).toBe('eins\n');
    expect(await followUpEvents(world)).toEqual([
      'integration.followup.landed opened',
      'integration.followup.landed closed',
    ]);
    expect(await refusal(world, followUp)).toMatchObject({ code: 'ALREADY_COMPLETED' });
    await expectSound(world);
  });

  test('S1-FR5.3 after a pull it is a work item among the others, and its source names it and is no container', async () => {
    const { world, followUp } = await blockedWorld();
    git(world.cloneDir, 'pull', '--quiet');
    const { json } = await world.run<{ slug: string; container: boolean; follow_ups: string[] }[]>(['todo', 'list']);
    expect(json.map(({ slug, container, follow_ups }) => ({ slug, container, follow_ups }))).toEqual([
      { slug: 'loser', container: false, follow_ups: [followUp] },
      { slug: followUp, container: false, follow_ups: [] },
      { slug: 'later', container: false, follow_ups: [] },
    ]);
  });

  test('before a pull the list shows it from the log, and no validation finds fault with what telec wrote', async () => {
    const { world, followUp } = await blockedWorld();
    const listed = async () => (await world.run<{ slug: string; next: { text: string } }[]>(['todo', 'list'])).json;
    const [first] = (await listed()).filter(({ slug }) => slug === followUp);
    expect(first?.next.text).toBe('main has it: git pull');
    git(world.cloneDir, 'pull', '--quiet');
    expect((await listed()).filter(({ slug }) => slug === followUp)).toHaveLength(1);
    expect(await world.run(['todo', 'validate', followUp])).toMatchObject({
      code: 0,
      json: { ok: true, problems: [] },
    });
  });

  test('S1-FR5.3 it is worked on like any work item, needs no verdict on its readiness, and its approval resolves it', async () => {
    const { world, followUp } = await blockedWorld();
    world.foreign({ f: 'one\n' });
    const tree = join(world.dir, 'mending');
    git(world.cloneDir, 'fetch', '--quiet');
    git(world.cloneDir, 'worktree', 'add', '--quiet', '-b', 'mending', tree, 'origin/main');
    const phases = [
      ['build', 'started'],
      ['build', 'complete'],
      ['review', 'started'],
      ['review', 'approved'],
    ];
    expect(await refusal(world, followUp)).toMatchObject({ code: 'FOLLOW_UP_UNRESOLVED' });
    for (const phase of phases) {
      const marked = await world.run(['todo', 'mark-phase', followUp, ...phase], { cwd: tree });
      expect([marked.code, marked.code === 0 ? '' : marked.stderr]).toEqual([0, '']);
    }
    expect((await world.run(['resume', followUp])).code).toBe(0);
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1 });
    expect(Object.keys(world.files()).filter((path) => path.includes('blocked'))).toEqual([]);
    await expectSound(world);
  });

  test('S3-7e the notification of a slug lives from hand-over to delivery: started, failed, resumed, resolved', async () => {
    const { world, followUp } = await readyWorld();
    const row = async () => {
      const { json } = await world.run<NotificationRow[]>(['notifications']);
      const found = json.find(({ id }) => id === 'deployment/loser');
      return [shortType(found?.event ?? ''), found?.human_status, found?.agent_status];
    };
    expect(await row()).toEqual(['deployment.started', 'unseen', 'in_progress']);
    await world.run(['notifications', 'seen', 'deployment/loser']);
    expect(await row()).toEqual(['deployment.started', 'seen', 'in_progress']);
    await world.integrate();
    expect(await row()).toEqual(['deployment.failed', 'unseen', 'none']);
    await approve(world, followUp);
    world.foreign({ f: 'one\n' });
    await world.run(['resume', 'loser']);
    expect(await row()).toEqual(['integration.candidate.resumed', 'unseen', 'in_progress']);
    await world.integrate();
    expect(await row()).toEqual(['deployment.completed', 'unseen', 'resolved']);
  });

  test('S1-FR5.3 a repository without work items has no follow-up, and the candidate is resumed as it is', async () => {
    const { world } = await blockedWorld({ files: { f: 'one\n' } });
    expect(await world.candidate('loser')).toMatchObject({ state: 'blocked', follow_up_slug: null });
    expect(Object.keys(world.files())).toEqual(['f']);
    expect(await world.trail('integration.followup', 'integration.push')).toEqual([
      'integration.push.attempted',
      'integration.push.succeeded',
    ]);
    expect((await world.run(['resume', 'loser'])).code).toBe(0);
    await expectSound(world);
  });

  test('work items without a roadmap get the papers alone', async () => {
    const { world, paper } = await blockedWorld({ files: { f: 'one\n', 'todos/other/requirements.md': 'x\n' } });
    expect(todoFiles(world)).toEqual([
      paper('implementation-plan.md'),
      paper('requirements.md'),
      paper('state.yaml'),
      'todos/other/requirements.md',
    ]);
  });

  test('F27 its name is that of no other work item: folder, roadmap, icebox, delivered, log', async () => {
    const { world, loser, followUp } = await readyWorld();
    world.foreign({
      [`todos/${followUp}/requirements.md`]: 'mine\n',
      'todos/roadmap.yaml': `- slug: ${followUp}-2\n`,
      'todos/icebox.yaml': `- slug: ${followUp}-3\n`,
      'todos/delivered.yaml': `- slug: ${followUp}-4\n`,
    });
    await approve(world, `${followUp}-5`);
    await world.integrate();
    expect((await world.candidate(loser.slug)).follow_up_slug).toBe(`${followUp}-6`);
    expect(world.files()).toMatchObject({ [`todos/${followUp}/requirements.md`]: 'mine\n' });
    expect(listed(world)).toEqual([`${followUp}-2`, `${followUp}-6`]);
    await expectSound(world);
  });

  test('several of one drain travel in one commit', async () => {
    const { world } = await readyWorld();
    await world.ready([{ slug: 'third', files: { f: 'tre\n' } }]);
    expect((await world.integrate()).json).toMatchObject({ completed: 1, blocked: 2 });
    const slugs = (await world.run<CandidateView[]>(['candidates', '--state', 'blocked'])).json.map(
      (view) => view.follow_up_slug,
    );
    const line = git(world.remoteDir, 'rev-list', '--first-parent', `${world.first}..main`).trim().split('\n');
    expect(line).toHaveLength(2);
    expect(
      git(world.remoteDir, 'log', '-1', '--format=%(trailers:key=Telec-Follow-Up,valueonly)', 'main').split('\n'),
    ).toEqual(expect.arrayContaining(slugs));
    expect(listed(world)).toEqual(expect.arrayContaining(slugs));
    await expectSound(world);
  });
});

describe('a follow-up is resolved for its newest block only', () => {
  test('F26 F27 blocked again it is reopened: state pending, a dated section, nothing of people overwritten, the old approval void', async () => {
    const blocked = await blockedWorld();
    const { world, followUp, paper } = blocked;
    const first = world.files();
    const written = {
      [paper('requirements.md')]: `${first[paper('requirements.md')]}\nI looked at it.\n`,
      [paper('implementation-plan.md')]: 'my own plan\n',
      [paper('state.yaml')]:
        `# mine\n${first[paper('state.yaml')]?.replaceAll('pending', 'approved').replace('build: approved', 'build: complete')}owner: ada\n`,
    };
    world.foreign(written);
    expect((await world.run(['resume', 'loser'])).code).toBe(0);
    expect((await world.integrate()).json).toMatchObject({ blocked: 1 });
    const files = world.files();
    const { blocked: again, follow_up_slug } = await world.candidate('loser');
    expect(follow_up_slug).toBe(followUp);
    expect(files[paper('implementation-plan.md')]).toBe('my own plan\n');
    const text = files[paper('requirements.md')] ?? '';
    expect(text.startsWith(written[paper('requirements.md')] ?? '-')).toBe(true);
    expect(text.match(/^## Blocked again, .*$/gm)).toEqual([`## Blocked again, ${again?.blocked_at}`]);
    expect(stateOf(blocked)).toMatchObject({
      build: 'pending',
      review: 'pending',
      owner: 'ada',
      follow_up: { blocked_at: again?.blocked_at },
    });
    expect(files[paper('state.yaml')]).toContain('# mine\n');
    expect(listed(world).filter((slug) => slug === followUp)).toHaveLength(1);
    expect(await refusal(world, 'loser')).toMatchObject({ code: 'FOLLOW_UP_UNRESOLVED' });
    expect(await followUpEvents(world)).toEqual([
      'integration.followup.landed opened',
      'integration.followup.landed reopened',
    ]);
    // What says approved for the earlier block says nothing of this one.
    world.foreign({ [paper('state.yaml')]: written[paper('state.yaml')] ?? '' });
    expect(await refusal(world, 'loser')).toMatchObject({ code: 'FOLLOW_UP_UNRESOLVED' });
    await approve(world, followUp, 1);
    expect((await world.run(['resume', 'loser'])).code).toBe(0);
    await world.integrate();
    expect(await refusal(world, followUp)).toMatchObject({ code: 'FOLLOW_UP_UNRESOLVED' });
    await expectSound(world);
  });

  test('delivered as a work item of its own it is resolved, and once more only by another word', async () => {
    const { world, followUp } = await blockedWorld();
    await world.ready([{ slug: followUp, from: world.main(), files: { 'helper.txt': 'x\n' } }]);
    await world.run(['resume', 'loser', '--force', '--reason', 'to see it fail']);
    expect((await world.integrate()).json).toMatchObject({ completed: 1, blocked: 1 });
    // The approval and the delivery came before or after the second block; only what came after counts.
    const { json } = await world.run<CandidateView>(['candidate', followUp]);
    expect(json.state).toBe('completed');
    expect(readDelivered(world.files()['todos/delivered.yaml'] ?? null).rows.map(({ slug }) => slug)).toEqual([
      followUp,
    ]);
    expect(listed(world)).toContain('loser');
    expect(listed(world)).not.toContain(followUp);
    expect((await world.run<{ slug: string }[]>(['todo', 'list'])).json.map(({ slug }) => slug)).not.toContain(
      followUp,
    );
    expect((await world.run(['resume', 'loser'])).code).toBe(0);
    await world.integrate();
    expect(await refusal(world, 'loser')).toMatchObject({ code: 'FOLLOW_UP_UNRESOLVED' });
    // What is delivered is over: it is not planned once more, the next one has a name of its own.
    const next = `${followUp}-2`;
    expect((await world.candidate('loser')).follow_up_slug).toBe(next);
    expect(listed(world)).toEqual(expect.arrayContaining(['loser', next]));
    expect(listed(world)).not.toContain(followUp);
    await approve(world, next, 1);
    expect((await world.run(['resume', next])).code).toBe(0);
  });

  test('a row in the list of delivered work items counts when it came after the follow-up', async () => {
    const { world, followUp } = await blockedWorld();
    expect(await refusal(world, 'loser')).toMatchObject({ code: 'FOLLOW_UP_UNRESOLVED' });
    world.foreign({ 'todos/delivered.yaml': `- slug: ${followUp}\n` });
    await world.run(['resume', 'loser']);
    expect((await world.integrate()).json).toMatchObject({ blocked: 1 });
    expect(await refusal(world, 'loser')).toMatchObject({ code: 'FOLLOW_UP_UNRESOLVED' });
  });
});

describe('resume asks in order', () => {
  test('follow-up known, resolved, blocked, ready; each refusal has its code, exit 1 and a hint', async () => {
    const { world, loser, followUp } = await blockedWorld();
    const codeOf = async (...args: string[]) => {
      const run = await world.run<Failure>(['resume', ...args]);
      if (run.code !== 0)
        expect({ exit: run.code, hint: run.json.error.hint }).toEqual({ exit: 1, hint: expect.any(String) });
      return run.code === 0 ? 'resumed' : run.json.error.code;
    };
    expect(await codeOf(`loser-integration-blocked-0000000`)).toBe('FOLLOW_UP_UNKNOWN');
    expect(await codeOf('nobody')).toBe('NOT_FOUND');
    git(world.remoteDir, 'update-ref', '-d', `refs/heads/${loser.branch}`);
    expect(await codeOf(followUp)).toBe('FOLLOW_UP_UNRESOLVED');
    expect(await codeOf(followUp, '--force', '--reason', 'I know')).toBe('NOT_READY');
    await approve(world, followUp);
    expect(await codeOf('loser')).toBe('NOT_READY');
    git(world.remoteDir, 'update-ref', `refs/heads/${loser.branch}`, loser.sha);
    expect(await codeOf(followUp)).toBe('resumed');
    expect(await codeOf(followUp)).toBe('resumed');
    expect(await world.trail('integration.candidate.resumed')).toHaveLength(1);
    await world.ready([{ slug: 'loser', branch: 'other', files: { g: 'x\n' } }]);
    expect(await codeOf(followUp)).toBe('NOT_BLOCKED');
  });

  test('forced it is resumed without a word of a reviewer, and the log says so', async () => {
    const { world, followUp } = await blockedWorld();
    expect((await world.run(['resume', followUp, '--force', '--reason', 'by hand'])).code).toBe(0);
    const resumed = (await world.events()).find(({ event }) => shortType(event) === 'integration.candidate.resumed');
    expect(resumed?.payload).toMatchObject({ slug: 'loser', forced: true, reason: 'by hand' });
  });

  test('submit of a blocked commit is a resume and asks the same; it tells nothing before', async () => {
    const { world, loser, followUp } = await blockedWorld();
    git(world.cloneDir, 'fetch', '--quiet', 'origin');
    git(world.cloneDir, 'branch', loser.branch, loser.sha);
    const before = (await world.events()).length;
    const run = await world.run<Failure>(['submit', loser.branch, '--slug', 'loser']);
    expect({ code: run.code, error: run.json.error.code }).toEqual({ code: 1, error: 'FOLLOW_UP_UNRESOLVED' });
    expect(await world.events()).toHaveLength(before);
    await approve(world, followUp);
    expect((await world.run(['submit', loser.branch, '--slug', 'loser'])).json).toMatchObject({ state: 'ready' });
  });
});

describe('the end of a follow-up', () => {
  test('a new commit of the slug takes the place of the blocked one, and its delivery removes the follow-up', async () => {
    const { world, followUp } = await blockedWorld();
    await world.ready([{ slug: 'loser', from: world.main(), files: { f: 'uno, eins\n' } }]);
    expect((await world.run<WhyView>(['why', 'loser'])).json.waiting_for.map(({ code }) => code)).toEqual([
      'not_probed',
    ]);
    expect((await world.integrate()).json).toMatchObject({ completed: 1, blocked: 0 });
    expect(todoFiles(world).filter((path) => path.includes(followUp))).toEqual([]);
    expect(listed(world)).not.toContain(followUp);
    expect((await followUpEvents(world)).at(-1)).toBe('integration.followup.landed closed');
    await expectSound(world);
  });

  test('merged by somebody else, its source takes the follow-up along', async () => {
    const { world, loser, followUp } = await blockedWorld();
    const tree = git(world.remoteDir, 'rev-parse', 'main^{tree}').trim();
    const parents = ['-p', world.main(), '-p', loser.sha];
    const merge = git(world.remoteDir, 'commit-tree', ...parents, '-m', 'by hand', tree).trim();
    git(world.remoteDir, 'update-ref', 'refs/heads/main', merge);
    expect((await world.integrate()).json).toMatchObject({ completed: 1 });
    expect((await world.candidate('loser')).state).toBe('completed');
    expect(todoFiles(world).filter((path) => path.includes(followUp))).toEqual([]);
    expect(git(world.remoteDir, 'log', '-1', '--format=%s', 'main').trim()).toBe(`Follow-ups: close ${followUp}`);
    await expectSound(world);
  });

  test('gone from main already when its source is delivered, it is closed by a word in the log, without a commit', async () => {
    const { world, paper, followUp } = await blockedWorld();
    const papers = ['requirements.md', 'implementation-plan.md', 'state.yaml'].map(paper);
    world.foreign({
      f: 'one\n',
      'todos/roadmap.yaml': ROADMAP,
      ...Object.fromEntries(papers.map((path) => [path, null])),
    });
    await world.run(['resume', followUp, '--force', '--reason', 'by hand']);
    expect((await world.integrate()).json).toMatchObject({ completed: 1 });
    expect(git(world.remoteDir, 'log', '-1', '--format=%s', 'main').trim()).toBe('Deliver loser: bookkeeping');
    const landed = (await world.events()).findLast(({ event }) => shortType(event) === 'integration.followup.landed');
    expect(landed?.payload).toMatchObject({ slug: followUp, change: 'closed', commit: world.main() });
    await world.integrate();
    expect(await followUpEvents(world)).toHaveLength(2);
    await expectSound(world);
  });

  test('superseded before it came to main, it never comes there', async () => {
    const { world } = await readyWorld();
    const run = await world.integrate({
      faults: {
        reach: async (point) => {
          if (point !== 'after-block') return;
          await world.ready([{ slug: 'loser', branch: 'again', from: world.main(), files: { f: 'both\n' } }]);
        },
      },
    });
    expect(run.json).toMatchObject({ completed: 2, blocked: 1 });
    expect(todoFiles(world)).toEqual(['todos/delivered.yaml', 'todos/roadmap.yaml']);
    expect(await followUpEvents(world)).toEqual([]);
    await expectSound(world);
  });
});

describe('what stands in the way of a follow-up', () => {
  test('killed before it is pushed, the next session brings it, once', async () => {
    const { world, followUp, paper } = await readyWorld();
    const death = { program: MORTAL_TELEC, env: { TEST_KILL: 'before-follow-ups:1' } };
    expect((await world.start(['integrate'], death).done).signal).toBe('SIGKILL');
    expect(todoFiles(world)).toEqual(['todos/roadmap.yaml']);
    await world.run(['lease', 'break', '--reason', 'it was killed']);
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 0, blocked: 0 });
    expect(Object.keys(world.files())).toContain(paper('state.yaml'));
    expect(await followUpEvents(world)).toEqual(['integration.followup.landed opened']);
    expect(listed(world).filter((slug) => slug === followUp)).toHaveLength(1);
    await expectSound(world);
  });

  test('S4-R3 killed before it is pushed, a daemon that is started has nothing to do but that, and does it', async () => {
    const world = await makeDaemonWorld({ files: { f: 'one\n', 'todos/roadmap.yaml': ROADMAP } });
    onTestFinished(() => world.close());
    for (const slug of ['winner', 'loser']) {
      world.branch(slug, { f: `${slug}\n` });
      await world.ok(['submit', '--slug', slug]);
    }
    const child = world.start(['integrate'], { program: MORTAL_TELEC, env: { TEST_KILL: 'before-follow-ups:1' } });
    await once(child, 'close');
    expect(child.signalCode).toBe('SIGKILL');
    await world.ok(['up']);
    await world.until(() => git(world.remote, 'ls-tree', '-r', '--name-only', 'main').includes('integration-blocked'));
    await world.until(async () =>
      (await world.events()).some(({ event }) => shortType(event) === 'integration.lease.released'),
    );
    const told = (await world.events()).map(({ event }) => shortType(event));
    expect(told.filter((type) => type === 'integration.session.started')).toHaveLength(2);
    expect(told.filter((type) => type === 'integration.followup.landed')).toHaveLength(1);
  });

  test('main moves under the push: it is made again on the new main', async () => {
    const { world, paper } = await readyWorld();
    let moves = 0;
    await world.integrate({
      faults: {
        reach: (point) => {
          if (point === 'before-follow-ups' && moves++ === 0) world.foreign({ 'foreign.txt': 'x\n' });
        },
      },
    });
    expect(moves).toBe(2);
    expect(Object.keys(world.files())).toEqual(expect.arrayContaining(['foreign.txt', paper('state.yaml')]));
    await expectSound(world);
  });

  test('main moves each time: after the last try it is left to the next session, which ends well', async () => {
    const { world, paper } = await readyWorld();
    let moves = 0;
    const run = await world.integrate({
      faults: {
        reach: (point) => {
          if (point === 'before-follow-ups') world.foreign({ [`foreign-${moves++}.txt`]: 'x\n' });
        },
      },
    });
    expect({ moves, outcome: run.json.outcome }).toEqual({ moves: 3, outcome: 'drained' });
    expect(Object.keys(world.files())).not.toContain(paper('state.yaml'));
    await world.integrate();
    expect(Object.keys(world.files())).toContain(paper('state.yaml'));
    await expectSound(world);
  });

  test('refused by the remote: told once, nobody is blocked for it, the next session tries again', async () => {
    const { world, loser, paper } = await readyWorld();
    const hook = refuseCommits(world, '^Telec-Follow-Up');
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1, blocked: 1 });
    const row = async () =>
      (await world.run<NotificationRow[]>(['notifications'])).json.find(({ id }) => id === 'system/FOLLOW_UP_LEFT');
    expect(await row()).toMatchObject({ human_status: 'unseen', agent_status: 'none', slug: null });
    expect(await world.candidate('loser')).toMatchObject({ state: 'blocked', sha: loser.sha });
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 0, blocked: 0 });
    expect(await followUpEvents(world)).toEqual(['integration.followup.left refused']);
    expect(await world.trail('integration.push.rejected')).toHaveLength(2);
    rmSync(hook);
    await world.integrate();
    expect(Object.keys(world.files())).toContain(paper('state.yaml'));
    expect(await row()).toMatchObject({ agent_status: 'resolved' });
    await expectSound(world);
  });

  for (const [what, text] of [
    ['a roadmap with a merge left in it', '<<<<<<< ours\n- slug: a\n=======\n'],
    ['a roadmap that is no list', 'slug: a\n'],
  ] as const) {
    test(`${what}: nothing is written, the follow-up stands in the log, the session ends well`, async () => {
      const { world, followUp } = await readyWorld({ files: { f: 'one\n', 'todos/roadmap.yaml': text } });
      expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 0, blocked: 2 });
      expect(world.files()).toEqual({ f: 'one\n', 'todos/roadmap.yaml': text });
      expect((await world.candidate('loser')).follow_up_slug).toBe(followUp);
      expect(await followUpEvents(world)).toEqual(Array(2).fill('integration.followup.left unreadable'));
      world.foreign({ 'todos/roadmap.yaml': ROADMAP });
      await world.integrate();
      expect(listed(world)).toContain(followUp);
      await expectSound(world);
    });
  }

  test('a state file that cannot be read is not overwritten when the candidate is blocked again', async () => {
    const { world, paper } = await blockedWorld();
    world.foreign({ [paper('state.yaml')]: 'build: [\n' });
    await world.run(['resume', 'loser', '--force', '--reason', 'again']);
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', blocked: 1 });
    expect(world.files()[paper('state.yaml')]).toBe('build: [\n');
    expect((await followUpEvents(world)).at(-1)).toBe('integration.followup.left unreadable');
    await expectSound(world);
  });

  test('requirements that are not UTF-8 are not written back when the candidate is blocked again', async () => {
    const { world, paper } = await blockedWorld();
    world.foreign({ [paper('requirements.md')]: new Uint8Array([0x6d, 0xff, 0x0a]) });
    const blob = () => git(world.remoteDir, 'rev-parse', `main:${paper('requirements.md')}`);
    const before = blob();
    await world.run(['resume', 'loser', '--force', '--reason', 'again']);
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', blocked: 1 });
    expect(blob()).toBe(before);
    expect((await followUpEvents(world)).at(-1)).toBe('integration.followup.left unreadable');
  });

  test('more than fit into one commit come in several', async () => {
    const { world } = await readyWorld();
    const many = Array.from({ length: 105 }, (_, index) => ({ slug: `more-${index}`, files: { f: `${index}\n` } }));
    await world.ready(many);
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1, blocked: 106 });
    const line = git(world.remoteDir, 'rev-list', '--first-parent', `${world.first}..main`).trim().split('\n');
    expect(line).toHaveLength(3);
    expect(listed(world)).toHaveLength(2 + 106);
    await expectSound(world);
  });

  test('hold: a follow-up does not move main either, and comes when the hold is lifted', async () => {
    const { world, paper } = await readyWorld();
    const run = await world.integrate({
      faults: {
        reach: async (point) => {
          if (point === 'after-block') await world.run(['hold', '--reason', 'release', '--for', '1s']);
        },
      },
    });
    expect(run.json.outcome).toBe('drained');
    expect(Object.keys(world.files())).toContain(paper('state.yaml'));
    await expectSound(world);
  });
});
