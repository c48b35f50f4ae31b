/**
 * The radar as its users meet it: workers push to a real remote, a real daemon looks at it, and both owners are told of a
 * conflict before anybody hands anything over. Commands look for themselves, with or without a daemon.
 */
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { NotificationRow } from '../../src/actors/client.ts';
import type { RadarRow } from '../../src/actors/radar/views.ts';
import { type World as DaemonWorld, makeWorld as makeDaemonWorld } from '../support/daemon-world.ts';
import { endWorlds, makeWorld } from '../support/e2e-world.ts';
import { git } from '../support/git-repo.ts';

const CONFIG = 'integration:\n  grace_ms: 0\n  probe_ms: 100\nlease:\n  ttl_ms: 3000\n  renew_ms: 300\n';
const FILES = { 'app.txt': 'one\ntwo\nthree\n', 'other.txt': 'a\nb\nc\n' };

/** Branch, what it conflicts with, and in which paths. */
const brief = (rows: RadarRow[]) => rows.map((row) => [row.branch, row.with.kind, row.with.branch, row.paths]);

describe('telec radar, which looks for itself', () => {
  afterAll(endWorlds);

  test('branches that nobody handed over: with each other, with main, and with what stands in the queue', async () => {
    const world = await makeWorld({ files: FILES });
    world.work([
      { slug: 'left', files: { 'app.txt': 'left\ntwo\nthree\n' } },
      { slug: 'right', files: { 'app.txt': 'right\ntwo\nthree\n' } },
      { slug: 'far', files: { 'far.txt': 'far\n' } },
      { slug: 'stale', files: { 'other.txt': 'stale\nb\nc\n' } },
    ]);
    world.foreign({ 'other.txt': 'main\nb\nc\n' });
    const answer = await world.run<RadarRow[]>(['radar']);
    expect(answer.code, answer.stderr).toBe(0);
    expect(brief(answer.json).sort()).toEqual([
      ['work/left', 'branch', 'work/right', ['app.txt']],
      ['work/right', 'branch', 'work/left', ['app.txt']],
      ['work/stale', 'main', 'main', ['other.txt']],
    ]);
    expect(new Set(answer.json.map(({ since }) => since))).toEqual(new Set([null]));
    expect(new Set(answer.json.map(({ owner_from }) => owner_from))).toEqual(new Set(['author']));

    world.work([{ slug: 'queued', files: { 'app.txt': 'queued\ntwo\nthree\n' } }]);
    git(world.cloneDir, 'fetch', '--quiet', 'origin', 'work/queued:work/queued');
    expect((await world.run(['submit', 'work/queued'])).json).toMatchObject({ slug: 'queued', state: 'ready' });
    const one = await world.run<RadarRow[]>(['radar', 'work/left']);
    expect(brief(one.json)).toEqual([
      ['work/left', 'candidate', 'work/queued', ['app.txt']],
      ['work/left', 'branch', 'work/right', ['app.txt']],
    ]);
    expect(one.json[0]?.with).toMatchObject({ slug: 'queued', owner: 'tester', lands: 'before' });
    const text = await world.run(['radar', 'work/left'], { text: true });
    expect(text.stdout).toContain('work/queued (in the queue)');
    expect(await world.trail('integration.conflict')).toEqual([]);
  });

  test('main that changed the same place is told as main alone, not as every branch that has it already', async () => {
    const lines = Array.from({ length: 20 }, (_, index) => `line ${index}`);
    const long = (first: string, last: string) => [first, ...lines, last, ''].join('\n');
    const world = await makeWorld({ files: { 'long.txt': long('first', 'last') } });
    world.work([{ slug: 'old', files: { 'long.txt': long('old', 'last') } }]);
    const moved = world.foreign({ 'long.txt': long('main', 'last') });
    // It changes the same file, far from what main and the old branch changed.
    world.work([{ slug: 'new', from: moved, files: { 'long.txt': long('main', 'new') } }]);
    const { json } = await world.run<RadarRow[]>(['radar']);
    expect(brief(json)).toEqual([['work/old', 'main', 'main', ['long.txt']]]);
  });

  test('a file where another needs a folder, a folder that moved, and names that are no names', async () => {
    const world = await makeWorld({
      files: { ...FILES, 'lib/a.txt': 'a\n'.repeat(20), 'lib/b.txt': 'b\n'.repeat(20) },
    });
    world.work([
      { slug: 'file', files: { place: 'a file\n' } },
      { slug: 'folder', files: { 'place/in.txt': 'a folder\n' } },
      {
        slug: 'mover',
        files: { 'lib/a.txt': null, 'lib/b.txt': null, 'src/a.txt': 'a\n'.repeat(20), 'src/b.txt': 'b\n'.repeat(20) },
      },
      { slug: 'adder', files: { 'lib/new.txt': 'new\n' } },
      { slug: 'odd', branch: 'work/ü;$(x)', files: { 'we\tird\n.txt': 'one\n' } },
      { slug: 'odder', files: { 'we\tird\n.txt': 'two\n' } },
    ]);
    const { json } = await world.run<RadarRow[]>(['radar']);
    const pairs = new Set(json.map((row) => [row.branch, row.with.branch].sort().join(' | ')));
    expect([...pairs].sort()).toEqual([
      'work/adder | work/mover',
      'work/file | work/folder',
      'work/odder | work/ü;$(x)',
    ]);
    const text = await world.run(['radar', 'work/odder'], { text: true });
    expect(text.stdout).not.toMatch(/[\t\u0000-\u0009]/);
    expect(text.stdout).toContain('work/ü;$(x)');
  });

  test('a branch that is not there is said to be not there; a remote that does not answer, too', async () => {
    const world = await makeWorld({ files: FILES });
    expect((await world.run(['radar', 'work/none'])).json).toMatchObject({ error: { code: 'NOT_FOUND' } });
    expect((await world.run(['radar', 'main'])).json).toMatchObject({ error: { code: 'NOT_FOUND' } });
    git(world.cloneDir, 'remote', 'set-url', 'origin', `${world.remoteDir}-gone`);
    const answer = await world.run(['radar']);
    expect([answer.code, answer.json]).toMatchObject([3, { error: { code: 'REMOTE_UNREACHABLE' } }]);
  });
});

describe('the daemon, which tells both owners', () => {
  let world: DaemonWorld;
  afterEach(() => world.close());

  const push = (branch: string, files: Record<string, string>) => {
    const sha = world.branch(branch, files);
    git(world.clone, 'push', '--quiet', '--force', 'origin', branch);
    return sha;
  };
  const rows = async () =>
    ((await world.ok<NotificationRow[]>(['notifications'])) as NotificationRow[]).filter(
      (row) => row.family === 'radar',
    );
  const told = async () =>
    (await world.events())
      .filter(({ event }) => event.includes('integration.conflict'))
      .map(({ event, payload }) => [event.split('.').at(-1), payload['branch']]);
  const open = async () => (await rows()).filter((row) => row.agent_status !== 'resolved').map((row) => row.id);

  test('before anybody submits; settled after a rebase; said once', async () => {
    world = await makeDaemonWorld({ config: CONFIG, files: FILES });
    await world.ok(['up']);
    push('work/a', { 'app.txt': 'a\ntwo\nthree\n' });
    const b = push('work/b', { 'app.txt': 'b\ntwo\nthree\n' });
    await world.ok([
      ...['events', 'emit', 'branch.pushed', '--set', 'branch=work/b', '--set', `sha=${b}`, '--set', 'remote=origin'],
      ...['--set', `pushed_at=${new Date().toISOString()}`, '--set', 'pusher=worker-b'],
    ]);
    await world.until(async () => (await open()).length === 2);
    expect((await open()).sort()).toEqual(['radar/work/a', 'radar/work/b']);
    const row = (await rows()).find(({ id }) => id === 'radar/work/a');
    expect(row).toMatchObject({ level: 2, human_status: 'unseen', agent_status: 'none' });
    expect(row?.text).toMatch(
      /^A conflict is foreseen: work\/a: with work\/b of .* in app\.txt\. Next: agree with the owner of work\/b/,
    );
    const [shown] = await world.ok<RadarRow[]>(['radar', 'work/a']);
    expect(shown).toMatchObject({
      branch: 'work/a',
      with: { branch: 'work/b', owner: 'worker-b', owner_from: 'pushed' },
    });
    expect(shown?.since).toMatch(/^20/);

    // Another commit with the same conflict is no news.
    push('work/a', { 'app.txt': 'a\ntwo\nthree\n', 'more.txt': 'more\n' });
    push('work/c', { 'other.txt': 'c\nb\nc\n' });
    push('work/d', { 'other.txt': 'd\nb\nc\n' });
    await world.until(async () => (await open()).length === 4);
    expect((await told()).sort()).toEqual([
      ['foreseen', 'work/a'],
      ['foreseen', 'work/b'],
      ['foreseen', 'work/c'],
      ['foreseen', 'work/d'],
    ]);

    git(world.clone, 'push', '--quiet', 'origin', ':work/d');
    push('work/b', { 'b.txt': 'b\n' });
    await world.until(async () => (await open()).length === 0);
    const cleared = (await world.events()).filter(({ event }) => event.endsWith('conflict.cleared'));
    expect(cleared.map(({ payload }) => `${payload['branch']} ${payload['reason']}`).sort()).toEqual([
      'work/a clean',
      'work/b clean',
      'work/c clean',
      'work/d gone',
    ]);
    expect((await world.ok<{ equal: boolean }>(['replay', '--verify'])).equal).toBe(true);
  }, 120_000);

  test('one that lands first: the other is told of the queue, then of main, and the one that landed is settled', async () => {
    world = await makeDaemonWorld({ config: CONFIG, files: FILES });
    await world.ok(['up']);
    await world.ok(['hold', '--reason', 'to look at the queue']);
    push('work/late', { 'app.txt': 'late\ntwo\nthree\n' });
    world.branch('work/first', { 'app.txt': 'first\ntwo\nthree\n' });
    await world.ok(['submit', 'work/first']);
    const kinds = async () => {
      const events = await world.events();
      return events
        .filter(({ event, payload }) => event.endsWith('conflict.foreseen') && payload['branch'] === 'work/late')
        .map(({ payload }) =>
          (payload['conflicts'] as { kind: string; lands: string | null }[]).map(({ kind }) => kind),
        );
    };
    await world.until(async () => (await kinds()).some((list) => list.includes('candidate')));
    await world.ok(['unhold', '--reason', 'seen']);
    await world.settled('first');
    await world.until(async () => (await kinds()).at(-1)?.join() === 'main');
    await world.until(async () => (await open()).join() === 'radar/work/late');
    const cleared = (await world.events()).filter(({ event }) => event.endsWith('conflict.cleared'));
    expect(cleared.map(({ payload }) => [payload['branch'], payload['reason']])).toEqual([['work/first', 'delivered']]);
  }, 120_000);

  test('switched off on main it says nothing and looks at nothing', async () => {
    world = await makeDaemonWorld({
      config: `${CONFIG.replace('probe_ms: 100', 'probe_ms: 100\n  radar: false')}`,
      files: FILES,
    });
    await world.ok(['up']);
    push('work/a', { 'app.txt': 'a\ntwo\nthree\n' });
    push('work/b', { 'app.txt': 'b\ntwo\nthree\n' });
    // A delivery shows that the daemon had time to look.
    world.branch('work/ok', { 'ok.txt': 'ok\n' });
    await world.ok(['submit', 'work/ok', '--wait']);
    expect(await told()).toEqual([]);
    expect((await world.ok<RadarRow[]>(['radar'])).length).toBe(2);
  }, 120_000);
});
