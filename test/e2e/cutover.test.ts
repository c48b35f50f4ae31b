/**
 * The cutover as a person makes it: refused with everything that is missing, enabled on evidence, taken back by hand. Real
 * Redis, real git, the commands as they are typed.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { DoctorRow, NotificationRow, StatusView } from '../../src/actors/client.ts';
import type { CutoverView, EnabledView, RolledBackView } from '../../src/actors/modes/views.ts';
import { drill, enabledNow, guardsTried, plant, shadowSession } from '../support/cutover-world.ts';
import { endWorlds, makeWorld, shortType, type World } from '../support/e2e-world.ts';
import { git } from '../support/git-repo.ts';

afterAll(endWorlds);

type Refused = { error: { code: string; message: string; hint: string; problems: { message: string }[] } };

const THREE = 'integration:\n  parity_min: 3\n';
const items = ['one', 'two', 'three'].map((slug) => ({ slug }));

const cutover = <T = CutoverView>(world: World, ...args: string[]) => world.run<T>(['cutover', ...args]);
const enable = <T = EnabledView>(world: World, ...args: string[]) =>
  cutover<T>(world, 'enable', '--reason', 'time to go', ...args);
const payloads = async (world: World, type: string) =>
  (await world.events()).filter(({ event }) => shortType(event) === type).map(({ payload }) => payload);

/** A delivery that an older flow handed over in a work tree of the clone. */
function underOlderFlow(world: World, slug: string, push = true): string {
  const tree = join(world.dir, 'trees', slug);
  git(world.cloneDir, 'worktree', 'add', '--quiet', '-b', slug, tree, 'origin/main');
  writeFileSync(join(tree, `${slug}.txt`), `${slug}\n`);
  git(tree, 'add', '.');
  git(tree, 'commit', '--quiet', '-m', `work on ${slug}`);
  const sha = git(tree, 'rev-parse', 'HEAD');
  if (push) git(tree, 'push', '--quiet', 'origin', slug);
  const state = `build: complete\nreview: approved\nreview_round: 1\nfinalize:\n  status: ready\n  branch: ${slug}\n  sha: ${sha}\n  ready_at: '2026-01-05T10:00:00.000Z'\n`;
  mkdirSync(join(tree, 'todos', slug), { recursive: true });
  writeFileSync(join(tree, 'todos', slug, 'state.yaml'), state);
  return sha;
}

/** A world in shadow whose log shows all five points. */
async function provenWorld(options: Parameters<typeof makeWorld>[0] = {}): Promise<World> {
  const world = await makeWorld({ shadow: true, config: THREE, ...options });
  await shadowSession(world, 'integrator-shadow', await world.ready(items));
  await plant(world, guardsTried(), drill());
  return world;
}

const NOTHING_SEEN = [
  'no slice and no session that ran in shadow',
  '0 compared, 3 wanted',
  'no conflict among them',
  'no supersession among them',
  'no refused push of main is recorded',
  'no delivery is recorded',
  'no rollback was tried',
];

describe('the cutover', () => {
  test('S2-N2 without evidence it is refused, naming everything that is missing, and shadow goes on', async () => {
    const world = await makeWorld({ shadow: true, config: THREE });
    const refs = world.refs();
    const status = await cutover(world, 'status');
    expect(status).toMatchObject({
      code: 0,
      json: {
        mode: 'shadow',
        reason: 'another path moves main',
        enabled: false,
        parity_evidence_accepted: false,
        rollback_on_incomplete_parity: true,
        rollback_required: false,
        in_flight: [],
        missing: NOTHING_SEEN,
      },
    });
    expect(status.json.go.map(({ id, met }) => [id, met])).toEqual([
      ['shadow_delivered', false],
      ['parity', false],
      ['others_refused', false],
      ['integrator_passes', false],
      ['rollback', false],
    ]);

    // The guards are tried by that very command; what only time can show is still missing.
    const refused = await enable<Refused>(world);
    expect(refused).toMatchObject({ code: 6, json: { error: { code: 'CUTOVER_NOT_READY' } } });
    const left = [...NOTHING_SEEN.slice(0, 4), 'no rollback was tried'];
    expect(refused.json.error.problems.map(({ message }) => message)).toEqual(left);
    expect(await payloads(world, 'integration.guard.tried')).toMatchObject([
      { refused: 6, leaked: 0, passed: true, guards: ['pre_push', 'git', 'gh'], actor: 'admin/tester' },
    ]);
    expect(await payloads(world, 'integration.cutover.refused')).toMatchObject([
      { missing: left, reason: 'time to go', actor: 'admin/tester', main_sha: world.first },
    ]);
    expect((await world.run<StatusView>(['status'])).json).toMatchObject({ mode: 'shadow' });
    expect(world.refs()).toEqual(refs);

    // What comes in afterwards is still collected, and the next question finds it.
    await shadowSession(world, 'integrator-shadow', await world.ready(items));
    expect((await cutover(world, 'status')).json.missing).toEqual(['no rollback was tried']);
  });

  test('S4-Sc7 S2-G2 S2-G3 S2-G4 S2-G5 with all five points seen in the log it is enabled, its evidence is kept, and sessions move main', async () => {
    const world = await provenWorld();
    const { json } = await cutover(world, 'status');
    expect(json.missing).toEqual([]);
    expect(json.go.map(({ id, met }) => [id, met])).toEqual([
      ['shadow_delivered', true],
      ['parity', true],
      ['others_refused', true],
      ['integrator_passes', true],
      ['rollback', true],
    ]);
    expect(json.go[0]?.evidence).toBe('session integrator-shadow ran in shadow');
    expect(json.go[1]?.evidence).toContain('3 of 3 agree, 1 conflicts and 1 supersessions among them');
    expect(json.go[2]?.evidence).toMatch(/^trial of pre_push, git, gh, server at .*: 12 ways refused$/);
    expect(json.go[4]?.evidence).toMatch(/^docs\/operations\.md#rollback; tried at /);

    const enabled = await enable(world);
    expect(enabled).toMatchObject({
      code: 0,
      json: {
        changed: true,
        mode: 'live',
        reason: null,
        enabled: true,
        parity_evidence_accepted: true,
        rollback_on_incomplete_parity: true,
        rollback_required: false,
        missing: [],
      },
    });
    expect(enabled.json.cutover).toMatchObject({ main: world.first, dropped: [] });
    expect(enabled.json.cutover?.evidence).toContain('3 of 3 agree');
    const again = await enable(world);
    expect(again).toMatchObject({ code: 0, json: { changed: false, mode: 'live' } });
    expect(await payloads(world, 'integration.cutover.enabled')).toHaveLength(1);

    expect((await world.integrate()).json).toMatchObject({ mode: 'live', outcome: 'drained', completed: 3 });
    expect(world.landed()).toEqual(['one', 'two', 'three']);
  });

  test('is a no-go while nobody compared what came to main last: it may be where the two differ', async () => {
    const world = await provenWorld();
    const [before, last] = [world.main(), world.foreign({ 'hotfix.txt': 'by the other path\n' })];
    const refused = await enable<Refused>(world);
    expect(refused).toMatchObject({ code: 6, json: { error: { code: 'CUTOVER_NOT_READY' } } });
    const missing = [`main is at ${last.slice(0, 12)}, compared is what came up to ${before.slice(0, 12)}`];
    expect(refused.json.error.problems.map(({ message }) => message)).toEqual(missing);
    expect(refused.json.error.hint).toContain('telec integrate compares');
    expect(await payloads(world, 'integration.cutover.refused')).toMatchObject([{ main_sha: last, missing }]);
    expect((await world.integrate()).json).toMatchObject({ mode: 'shadow' });
    expect(await enable(world)).toMatchObject({ code: 0, json: { mode: 'live', changed: true } });
  });

  test('is refused while the fence of the remote is that of another log, until that one is adopted', async () => {
    const world = await makeWorld();
    await world.ready([{ slug: 'first' }]);
    await world.integrate();
    const elsewhere = {
      TELEC_HOME: join(world.dir, 'home-2'),
      TELEC_REDIS_URL: world.env['TELEC_REDIS_URL']?.replace(/0$/, '1') ?? '',
      TELEC_LEASE_TTL_MS: '1500',
      TELEC_LEASE_RENEW_MS: '100',
    };
    const there = { cwd: await world.clone('other'), env: elsewhere };
    const say = <T = EnabledView>(...args: string[]) => world.run<T>(args, there);
    const cutHere = ['cutover', 'enable', '--no-other-path', '--reason', 'ours now'];
    await say('init', '--shadow');
    await say('cutover', 'rollback', '--reason', 'drill');
    const fence = async () => (await say<DoctorRow[]>('doctor')).json.find(({ check }) => check === 'fence');
    expect(await fence()).toMatchObject({
      status: 'warn',
      mend: 'before a cutover here: telec cutover rollback there',
    });
    expect(await say<Refused>(...cutHere)).toMatchObject({
      code: 6,
      json: { error: { code: 'OTHER_LOG', hint: expect.stringContaining('telec lease adopt') } },
    });
    await expect
      .poll(async () => (await say('lease', 'adopt', '--reason', 'ours now')).code, { timeout: 10_000, interval: 200 })
      .toBe(0);
    expect(await say(...cutHere)).toMatchObject({ code: 0, json: { mode: 'live' } });
  });

  test('what the other path brought up to the cutover is not foreign afterwards, looked at in shadow or not', async () => {
    const world = await provenWorld({ config: `${THREE}guards: strict\n` });
    const last = world.foreign({ 'hotfix.txt': 'by the other path\n' });
    await plant(world, enabledNow(last));
    expect((await world.integrate()).json).toMatchObject({ mode: 'live', outcome: 'drained', completed: 3 });
    expect(await payloads(world, 'integration.main.foreign')).toEqual([]);
    const audit = await world.run<{ from: string; commits: number; violations: unknown[] }>(['audit']);
    expect(audit.json).toMatchObject({ from: last, commits: 3, violations: [] });
  });

  test.each([
    ['fewer were compared than the configuration wants', THREE.replace('3', '4'), [], ['3 compared, 4 wanted']],
    [
      'S2-G3 the newest trial found a way to main open',
      THREE,
      [guardsTried({ leaked: 1 })],
      ['ways to main that the guards left open when they were tried: 1'],
    ],
    [
      "S2-G4 the newest trial refused the integrator's own push",
      THREE,
      [guardsTried({ passed: false })],
      ['no delivery is recorded'],
    ],
  ])('is a no-go when %s', async (_what, config, events, missing) => {
    const world = await provenWorld({ config });
    if (events.length > 0) await plant(world, ...events);
    expect((await cutover(world, 'status')).json.missing).toEqual(missing);
  });

  test('S2-G3 S2-G4 counts a trial of guards that stand, and none of those that are not put in', async () => {
    const world = await provenWorld();
    expect((await world.run(['guard', 'uninstall'])).code).toBe(0);
    const refused = await enable<Refused>(world);
    expect(refused.json.error.problems.map(({ message }) => message)).toEqual([
      'no refused push of main is recorded',
      'no delivery is recorded',
    ]);
    expect(await payloads(world, 'integration.guard.tried')).toHaveLength(2);
    expect((await payloads(world, 'integration.guard.tried')).at(-1)).toMatchObject({ refused: 0, guards: [] });
  });

  test('is refused where the remote cannot take main and the fence as one', async () => {
    const world = await provenWorld();
    git(world.remoteDir, 'config', 'receive.advertiseAtomic', 'false');
    expect(await enable<Refused>(world)).toMatchObject({ code: 6, json: { error: { code: 'REMOTE_UNSUITABLE' } } });
    expect(await payloads(world, 'integration.cutover.enabled')).toEqual([]);
  });

  test('for a rollout the same points are judged as telec rollout judges them, and the refusal says where blockers go', async () => {
    const files = {
      'telec.yaml': THREE,
      'todos/roadmap.yaml': '- slug: search-cutover\n  group: search\n',
      'todos/search/state.yaml':
        'breakdown:\n  assessed: true\n  todos: [search-cutover]\nrollout:\n  shadow: search-shadow\n  cutover: search-cutover\n  rollback: docs/back.md\n',
      'todos/search-cutover/state.yaml': 'build: pending\n',
    };
    const world = await provenWorld({ files });
    const path = (name: string) => join(world.cloneDir, name);
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(path(name)), { recursive: true });
      writeFileSync(path(name), text);
    }
    const asked = await world.run<{ rollouts: { go: { points: unknown[] } }[] }>(['rollout', 'status']);
    const status = await cutover(world, 'status');
    expect(status.json.go).toEqual(asked.json.rollouts[0]?.go.points);
    expect(status.json.missing).toEqual([
      'search-shadow is not delivered',
      'no approval of search-shadow is known',
      'docs/back.md does not exist',
    ]);
    const refused = await enable<Refused>(world);
    expect(refused.code).toBe(6);
    expect(refused.json.error.hint).toContain('telec rollout report search-cutover --write');
  });
});

describe('S4-R1b deliveries of an older flow', () => {
  test('are named, and refuse the cutover until each is landed, adopted or dropped by name', async () => {
    const world = await provenWorld();
    const shas = ['adopted', 'dropped', 'landed'].map((slug) => underOlderFlow(world, slug, slug !== 'dropped'));
    const status = await cutover(world, 'status');
    expect(status.json.in_flight.map(({ slug, branch, sha }) => [slug, branch, sha])).toEqual(
      ['adopted', 'dropped', 'landed'].map((slug, at) => [slug, slug, shas[at]]),
    );
    const missing = (...slugs: string[]) => slugs.map((slug) => `${slug} on ${slug} is still under an older flow`);
    const refused = await enable<Refused>(world);
    expect(refused).toMatchObject({ code: 6, json: { error: { code: 'CUTOVER_NOT_READY' } } });
    expect(refused.json.error.problems.map(({ message }) => message)).toEqual(missing('adopted', 'dropped', 'landed'));
    expect(refused.json.error.hint).toContain('telec adopt');

    // Landed by the other path.
    git(world.remoteDir, 'update-ref', 'refs/heads/main', shas[2] ?? '');
    git(world.cloneDir, 'fetch', '--quiet', 'origin');
    expect((await cutover(world, 'status')).json.in_flight.map(({ slug }) => slug)).toEqual(['adopted', 'dropped']);

    const slip = await enable<Refused>(world, '--drop', 'landed', '--drop', 'droped');
    expect(slip).toMatchObject({ code: 1, json: { error: { code: 'NOT_IN_FLIGHT' } } });
    expect(slip.json.error.message).toBe('no delivery of an older flow is called landed or droped');

    // One of them cannot be adopted, since it was never pushed.
    expect((await world.run(['adopt'])).code).toBe(1);
    await world.integrate();
    const enabled = await enable(world, '--drop', 'dropped');
    expect(enabled).toMatchObject({
      code: 0,
      json: { mode: 'live', in_flight: [], cutover: { dropped: ['dropped'] } },
    });
    expect(await payloads(world, 'integration.cutover.enabled')).toMatchObject([{ dropped: ['dropped'] }]);

    // What was in flight ends exactly once: adopted by a delivery, landed before and not again, dropped never.
    expect((await world.integrate()).json).toMatchObject({ mode: 'live', outcome: 'drained', completed: 4 });
    expect(world.landed()).toEqual(['adopted', 'one', 'two', 'three']);
    const completed = await payloads(world, 'deployment.completed');
    expect(completed.map(({ slug, outcome }) => [slug, outcome])).toEqual(
      ['adopted', 'one', 'two', 'three'].map((slug) => [slug, 'merged']),
    );
    expect(Object.keys(world.files()).sort()).toEqual(
      ['README.md', 'app.txt', ...['adopted', 'landed', 'one', 'three', 'two'].map((name) => `${name}.txt`)].sort(),
    );
  });
});

describe('another path', () => {
  test('there is none, says a person: shadow and parity are met by that word, the rest has to be seen', async () => {
    const world = await makeWorld({ shadow: true });
    const refused = await enable<Refused>(world, '--no-other-path');
    expect(refused.json.error.problems.map(({ message }) => message)).toEqual(['no rollback was tried']);
    await plant(world, drill());
    const enabled = await enable(world, '--no-other-path');
    expect(enabled).toMatchObject({ code: 0, json: { mode: 'live', changed: true } });
    expect(enabled.json.cutover?.evidence).toContain('admin/tester states that no other path moves main: time to go');
  });

  test('that word does not count once main has moved in shadow', async () => {
    const world = await makeWorld({ shadow: true });
    await plant(world, guardsTried(), drill());
    const moved = world.foreign({ 'by-hand.txt': 'x\n' });
    const refused = await enable<Refused>(world, '--no-other-path');
    expect(refused).toMatchObject({ code: 6, json: { error: { code: 'OTHER_PATH' } } });
    expect(refused.json.error.message).toContain(moved.slice(0, 12));
    expect(await payloads(world, 'integration.cutover.enabled')).toEqual([]);
  });
});

describe('S1-C2 S1-OQ3 the way back', () => {
  test('a person takes a live repository back: shadow at once, told to everybody, and main is where it was', async () => {
    const world = await makeWorld();
    await world.ready([{ slug: 'before' }]);
    await world.integrate();
    const refs = world.refs();
    const back = await cutover<RolledBackView>(world, 'rollback', '--reason', 'main is broken');
    expect(back).toMatchObject({ code: 0, json: { mode: 'shadow', drill: false, in_hand: [] } });
    expect(await payloads(world, 'integration.cutover.rolled_back')).toMatchObject([
      { trigger: 'person', drill: false, main_sha: world.main(), reason: 'main is broken', actor: 'admin/tester' },
    ]);
    const { json: status } = await world.run<StatusView>(['status']);
    expect(status).toMatchObject({ mode: 'shadow', rollback_required: false });
    expect(status.mode_reason).toContain('main is broken');
    const text = await world.run(['status'], { text: true });
    expect(text.stdout).toMatch(/mode +shadow: nothing is pushed; the cutover was taken back at .*: main is broken/);
    const { json: rows } = await world.run<NotificationRow[]>(['notifications', '--unseen']);
    expect(rows.filter(({ event }) => shortType(event) === 'integration.cutover.rolled_back')).toMatchObject([
      { family: 'system', level: 3, human_status: 'unseen' },
    ]);
    expect(world.refs()).toEqual(refs);

    // And on again: the word that nobody else moves main, guards that are tried, the way back that was just done.
    expect(await enable(world, '--no-other-path')).toMatchObject({ code: 0, json: { mode: 'live' } });
    await world.ready([{ slug: 'after' }]);
    expect((await world.integrate()).json).toMatchObject({ mode: 'live', completed: 1 });
    expect(world.landed()).toEqual(['before', 'after']);
    const { json: left } = await world.run<NotificationRow[]>(['notifications']);
    expect(left.find(({ event }) => shortType(event).startsWith('integration.cutover'))).toMatchObject({
      agent_status: 'resolved',
    });
  });

  test('in shadow it is a drill: nothing changes, and it counts as a way back that was tried', async () => {
    const world = await makeWorld({ shadow: true });
    const back = await cutover<RolledBackView>(world, 'rollback', '--reason', 'drill');
    expect(back).toMatchObject({ code: 0, json: { mode: 'shadow', drill: true } });
    const { json } = await cutover(world, 'status');
    expect(json).toMatchObject({ mode: 'shadow', reason: 'another path moves main', rollback: null });
    // It changed nothing, so nobody is told that nothing moves main any more.
    expect((await world.run<NotificationRow[]>(['notifications'])).json).toEqual([]);
    expect(json.go.find(({ id }) => id === 'rollback')).toMatchObject({ met: true });
  });

  test('both need a reason, and are a person’s to decide', async () => {
    const world = await makeWorld();
    const worker = { env: { TELEC_ROLE: 'worker' } };
    expect((await world.run(['cutover', 'rollback'])).code).toBe(2);
    expect((await world.run(['cutover', 'enable'])).code).toBe(2);
    expect((await world.run(['cutover', 'rollback', '--reason', 'x'], worker)).code).toBe(6);
    expect((await world.run(['cutover', 'enable', '--reason', 'x'], worker)).code).toBe(6);
    expect((await world.run(['cutover', 'status'], worker)).code).toBe(0);
    expect(await payloads(world, 'integration.cutover.rolled_back')).toEqual([]);
  });
});
