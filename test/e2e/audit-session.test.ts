/**
 * The audit after every push: what is wrong stops the queue before the next candidate, what a session that died left is
 * audited by the next one, and strict guards stop at a commit of somebody else. Wrong merges come from a git that lies.
 */
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import type { AuditView } from '../../src/actors/audit/views.ts';
import type { NotificationRow, StatusView } from '../../src/actors/client.ts';
import type { FaultPoint } from '../../src/actors/faults.ts';
import type { IntegrationRepository } from '../../src/io/git/port.ts';
import { LEVEL } from '../../src/machines/events.ts';
import { Plant } from '../support/audit-world.ts';
import { endWorlds, expectSound, makeWorld, shortType, type World } from '../support/e2e-world.ts';
import { git } from '../support/git-repo.ts';

/** How git lies in this test; null: it does not. */
let lie: ((git: IntegrationRepository) => Partial<IntegrationRepository>) | null = null;

vi.mock('../../src/io/git/repository.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../src/io/git/repository.ts')>();
  return {
    ...original,
    async openRepository(options: Parameters<typeof original.openRepository>[0]) {
      const honest = await original.openRepository(options);
      return new Proxy(honest, {
        get(target, name) {
          const lies: Partial<IntegrationRepository> = lie?.(target) ?? {};
          if (Object.hasOwn(lies, name)) return Reflect.get(lies, name);
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
    },
  };
});

afterEach(() => {
  lie = null;
});
afterAll(endWorlds);

const same = async () => ({ kind: 'same', skipped: 0 }) as const;

/** Merges that bring what the branch has and nothing of what main had since, as from a wrong merge base. */
const fromWrongBase = (honest: IntegrationRepository): Partial<IntegrationRepository> => ({
  selfCheck: same,
  async merge(request, signal) {
    const merged = await honest.merge(request, signal);
    if (merged.kind !== 'merged' || merged.commit === request.sha) return merged;
    const tree = await honest.treeOf(request.sha);
    const paths = await honest.listFiles(merged.commit, '');
    const kept = await honest.listFiles(request.sha, '');
    const gone = paths.filter((path) => !kept.includes(path)).map((path) => ({ path, content: null }));
    const content = await Promise.all(
      kept.map(async (path) => ({ path, content: await honest.readFile(request.sha, path) })),
    );
    const wrong = await honest.commitChanges({ ...request, parent: request.base, changes: [...gone, ...content] });
    return wrong === null || tree === null ? merged : { ...merged, commit: wrong, tree };
  },
});

const payloads = async (world: World, type: string) =>
  (await world.events()).filter(({ event }) => shortType(event) === type).map(({ payload }) => payload);
const alarms = async (world: World) =>
  (await payloads(world, 'integration.main.audited')).map(({ alarm }) => alarm).filter((alarm) => alarm !== null);
const statusOf = async (world: World) => (await world.run<StatusView>(['status'])).json;
const rowsOf = async (world: World) =>
  (await world.run<NotificationRow[]>(['notifications', '--unseen'])).json
    .filter(({ family }) => family === 'system')
    .map(({ id, level }) => `${id} ${level}`)
    .sort();

function once(point: FaultPoint, act: () => void | Promise<void>) {
  let done = false;
  return {
    async reach(name: string) {
      if (name !== point || done) return;
      done = true;
      await act();
    },
  };
}

describe('what is in order', () => {
  test.each(['merge', 'squash'] as const)(
    'every push of a drain is audited, commit by commit: %s',
    async (strategy) => {
      const files = { 'README.md': 'x\n', 'app.txt': 'one\n', 'todos/roadmap.yaml': '- slug: one\n' };
      const world = await makeWorld({
        config: `integration: {push_batch: 2, grace_ms: 0, strategy: ${strategy}}\n`,
        files,
      });
      await world.ready([
        { slug: 'one', files: { 'app.txt': 'ONE\n' } },
        { slug: 'two', files: { 'app.txt': 'TWO\n' } },
        { slug: 'three' },
        { slug: 'four' },
      ]);
      expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 3, blocked: 1 });
      const audits = await payloads(world, 'integration.main.audited');
      const line = git(world.remoteDir, 'rev-list', '--first-parent', '--count', `${world.first}..main`);
      expect(audits.reduce((sum, { commits }) => sum + Number(commits), 0)).toBe(Number(line));
      expect(audits.map(({ violations, alarm }) => [violations, alarm])).toEqual(audits.map(() => [[], null]));
      expect(audits.map(({ from }) => from)).toEqual([world.first, ...audits.slice(0, -1).map(({ to }) => to)]);
      expect(audits.at(-1)?.['to']).toBe(world.main());
      const { code, json } = await world.run<AuditView>(['audit']);
      expect({ code, json }).toEqual({
        code: 0,
        json: { from: world.first, to: world.main(), commits: Number(line), violations: [], remarks: [] },
      });
      await expectSound(world);
    },
  );

  test('an audit beside a session that has pushed and not recorded says that it is in flight, and finds nothing', async () => {
    const world = await makeWorld();
    await world.ready([{ slug: 'one' }]);
    let seen: { code: number; json: AuditView } | null = null;
    await world.integrate({
      faults: once('after-audit', async () => {
        seen = await world.run<AuditView>(['audit']);
      }),
    });
    expect(seen).toMatchObject({
      code: 0,
      json: { to: world.main(), commits: 1, violations: [], remarks: [{ commit: world.main(), code: 'in_flight' }] },
    });
  });
});

describe('what is wrong', () => {
  test('I3 I4 a merge from a wrong base halts the queue before the next candidate and takes the cutover back', async () => {
    const world = await makeWorld({ config: 'integration: {push_batch: 1, grace_ms: 0, strategy: squash}\n' });
    await world.ready([{ slug: 'one' }, { slug: 'two' }, { slug: 'three' }]);
    lie = fromWrongBase;
    const halted = await world.integrate();
    expect({ code: halted.code, ...halted.json }).toMatchObject({ code: 6, outcome: 'halted', completed: 2 });
    const wrong = world.main();
    expect(Object.keys(world.files())).toEqual(['README.md', 'app.txt', 'two.txt']);
    expect(await world.states()).toEqual({ one: 'completed', two: 'completed', three: 'ready' });
    expect((await payloads(world, 'integration.main.audited')).at(-1)).toMatchObject({
      to: wrong,
      alarm: 'TREE_DIFFERS',
      violations: [
        { commit: wrong, code: 'change_lost', text: expect.stringMatching(/did not touch: one\.txt$/) },
        { commit: wrong, code: 'merge_differs' },
      ],
    });
    expect(
      (await payloads(world, 'integration.cutover.rolled_back')).map(({ trigger, main_sha }) => [trigger, main_sha]),
    ).toEqual([['tree_differs', wrong]]);
    expect(await statusOf(world)).toMatchObject({ mode: 'shadow', hold: { alarm: 'TREE_DIFFERS' } });
    expect(await rowsOf(world)).toEqual([
      `system/CUTOVER_ROLLED_BACK ${LEVEL.BUSINESS}`,
      `system/TREE_DIFFERS ${LEVEL.BUSINESS}`,
    ]);
    lie = null;
    const audit = await world.run<AuditView>(['audit']);
    expect({ code: audit.code, commits: audit.json.violations.map(({ commit }) => commit) }).toEqual({
      code: 1,
      commits: [wrong, wrong],
    });
    expect((await world.run(['unhold', '--reason', 'we mended it'])).code).toBe(0);
    const after = await world.run<AuditView>(['audit']);
    expect({ code: after.code, violations: after.json.violations }).toEqual({ code: 0, violations: [] });
    expect(after.json.remarks.map(({ code, text }) => [code, text.slice(0, 40)])).toEqual(
      [1, 2].map(() => ['accepted', 'accepted by admin/tester (we mended it):']),
    );
  });

  test('I3 a landed tree that differs from what was to be recorded', async () => {
    const world = await makeWorld();
    await world.ready([{ slug: 'one' }]);
    lie = (honest) => ({
      async merge(request, signal) {
        const merged = await honest.merge(request, signal);
        return merged.kind === 'merged' ? { ...merged, tree: (await honest.treeOf(request.base)) ?? '' } : merged;
      },
    });
    expect((await world.integrate()).json).toMatchObject({ outcome: 'halted', completed: 1 });
    expect((await payloads(world, 'integration.main.audited')).at(-1)).toMatchObject({
      alarm: 'TREE_DIFFERS',
      violations: [{ commit: world.main(), code: 'tree_differs' }],
    });
    lie = null;
    expect((await world.run<AuditView>(['audit'])).json.violations).toMatchObject([{ code: 'tree_differs' }]);
  });

  test('I4 a change that a branch dropped in a merge of its own halts with CHANGE_LOST; the mode stays', async () => {
    const world = await makeWorld({ config: 'integration: {push_batch: 1, grace_ms: 0}\n' });
    await world.ready([{ slug: 'one', files: { 'app.txt': 'ONE\ntwo\nthree\n' } }]);
    await world.integrate();
    const [own] = world.work([{ slug: 'two' }]);
    const tree = git(world.remoteDir, 'rev-parse', `${own?.sha}^{tree}`);
    const parents = ['-p', own?.sha ?? '', '-p', world.main()];
    const dropped = git(world.remoteDir, 'commit-tree', tree, ...parents, '-m', 'Merge main into two');
    git(world.remoteDir, 'update-ref', 'refs/heads/work/two', dropped);
    const [three] = world.work([{ slug: 'three', from: world.main(), readyAt: new Date().toISOString() }]);
    if (!own || !three) throw new Error('no work');
    await world.announce([{ ...own, sha: dropped, key: `two/work/two@${dropped}` }, three]);
    const halted = await world.integrate();
    expect({ code: halted.code, ...halted.json }).toMatchObject({ code: 6, outcome: 'halted', completed: 1 });
    expect(await alarms(world)).toEqual(['CHANGE_LOST']);
    expect(await world.states()).toEqual({ one: 'completed', two: 'completed', three: 'ready' });
    expect(await statusOf(world)).toMatchObject({ mode: 'live', hold: { alarm: 'CHANGE_LOST' } });
    const audit = await world.run<AuditView>(['audit']);
    expect({ code: audit.code, violations: audit.json.violations }).toMatchObject({
      code: 1,
      violations: [{ commit: world.main(), code: 'change_lost' }],
    });
    expect((await world.run(['unhold', '--reason', 'the next branch brings it back'])).code).toBe(0);
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1 });
    expect((await world.run<AuditView>(['audit'])).code).toBe(0);
  });

  test.each(['before-audit', 'after-audit', 'after-push'] as const)(
    'a session that dies at %s with a wrong merge on main: the next one halts before it takes a candidate',
    async (point) => {
      const world = await makeWorld({ config: 'integration: {push_batch: 1, grace_ms: 0}\n' });
      await world.ready([{ slug: 'one' }]);
      await world.integrate();
      await world.ready([{ slug: 'two' }, { slug: 'three' }]);
      lie = fromWrongBase;
      const died = await world.integrate({
        faults: once(point, () => {
          throw new Error('the machine went away');
        }),
      });
      expect(died.code).toBe(70);
      lie = null;
      const dequeued = (await payloads(world, 'integration.candidate.dequeued')).length;
      expect((await world.integrate()).json).toMatchObject({ outcome: 'halted', completed: 1 });
      expect((await payloads(world, 'integration.candidate.dequeued')).length).toBe(dequeued);
      expect(await alarms(world)).toEqual(['TREE_DIFFERS']);
      expect((await statusOf(world)).mode).toBe('shadow');
    },
  );

  test('a delivery that a dead session left is recorded as it was made, whatever is configured by then', async () => {
    const world = await makeWorld({ config: 'integration: {strategy: squash, grace_ms: 0}\n' });
    await world.ready([{ slug: 'one' }]);
    await world.integrate({
      faults: once('after-push', () => {
        throw new Error('the machine went away');
      }),
    });
    world.writeConfig('integration: {strategy: merge, grace_ms: 0}\n');
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1 });
    expect((await world.candidate('one')).receipt).toMatchObject({ strategy: 'squash' });
    expect(await payloads(world, 'integration.main.audited')).toMatchObject([
      { from: world.first, to: world.main(), commits: 1, violations: [] },
    ]);
    await expectSound(world);
  });

  test('what another path brought in shadow is nothing that the first live session finds wrong', async () => {
    const world = await makeWorld({ config: 'guards: strict\n' });
    await world.ready([{ slug: 'one' }]);
    await world.integrate();
    const plant = await Plant.begin(world);
    const live = world.main();
    const other = plant.commit([live], { 'README.md': 'by another path\n' });
    const observed = { from: live, to: other, commits: 1, unmatched: [other] };
    await plant.tell(
      ...plant.decision('rolled_back', live),
      ...plant.seen(observed),
      ...plant.decision('enabled', other),
    );
    await plant.end(other);
    await world.ready([{ slug: 'two' }]);
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1 });
    expect(
      (await payloads(world, 'integration.main.audited')).map(({ from, to, violations }) => [from, to, violations]),
    ).toEqual([
      [world.first, live, []],
      [live, other, []],
      [other, world.main(), []],
    ]);
    expect((await world.run<AuditView>(['audit'])).json).toMatchObject({
      violations: [],
      remarks: [{ commit: other, code: 'shadow' }],
    });
  });

  test('git that breaks down once while the audit is made costs nothing; for good, the next session audits', async () => {
    const world = await makeWorld({ config: 'integration: {push_batch: 1, grace_ms: 0}\n' });
    await world.ready([{ slug: 'one' }]);
    let failures = 1;
    lie = (honest) => ({
      async remerge(requests, signal) {
        if (failures-- > 0) return requests.map(() => ({ kind: 'error', detail: 'out of memory' }));
        return honest.remerge(requests, signal);
      },
    });
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1 });
    await world.ready([{ slug: 'two' }]);
    failures = 2;
    expect((await world.integrate()).json).toMatchObject({ outcome: 'aborted', completed: 0 });
    expect(await world.states()).toEqual({ one: 'completed', two: 'integrating' });
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1 });
    await expectSound(world);
  });
});

describe('strict guards', () => {
  const STRICT = 'guards: strict\nintegration: {push_batch: 1, grace_ms: 0}\n';

  test('a commit of somebody else halts, takes the cutover back and is told', async () => {
    const world = await makeWorld({ config: STRICT });
    await world.ready([{ slug: 'one' }]);
    const foreign = world.foreign({ 'x.txt': 'x\n' });
    const halted = await world.integrate();
    expect({ code: halted.code, ...halted.json }).toMatchObject({ code: 6, outcome: 'halted', completed: 0 });
    expect(world.main()).toBe(foreign);
    expect((await payloads(world, 'integration.main.foreign')).map(({ commits }) => commits)).toEqual([[foreign]]);
    expect(
      (await payloads(world, 'integration.cutover.rolled_back')).map(({ trigger, main_sha }) => [trigger, main_sha]),
    ).toEqual([['foreign_commit', foreign]]);
    expect(await statusOf(world)).toMatchObject({ mode: 'shadow', hold: { alarm: 'FOREIGN_COMMIT' } });
    expect(await rowsOf(world)).toEqual(
      ['CUTOVER_ROLLED_BACK', 'FOREIGN_COMMIT', 'MAIN_FOREIGN'].map((key) => `system/${key} ${LEVEL.BUSINESS}`),
    );
    expect((await world.run<AuditView>(['audit'])).json.violations).toMatchObject([
      { commit: foreign, code: 'no_receipt' },
    ]);
  });

  test('a commit of somebody else in the middle of a drain: what was in hand goes back to the queue', async () => {
    const world = await makeWorld({ config: STRICT });
    await world.ready([{ slug: 'one' }, { slug: 'two' }]);
    let foreign = '';
    let merges = 0;
    const halted = await world.integrate({
      faults: {
        reach(point) {
          if (point === 'after-merge' && ++merges === 2) foreign = world.foreign({ 'x.txt': 'x\n' });
        },
      },
    });
    expect(halted.json).toMatchObject({ outcome: 'halted', completed: 1 });
    expect(world.main()).toBe(foreign);
    expect(await world.states()).toEqual({ one: 'completed', two: 'ready' });
  });

  test('what a person permitted is told, not foreign; the audit names it', async () => {
    const world = await makeWorld({ config: STRICT });
    await world.ready([{ slug: 'one' }]);
    await world.integrate();
    const clone = world.cloneDir;
    git(clone, 'fetch', '--quiet', 'origin');
    const main = world.main();
    const commit = (parent: string, message: string) =>
      git(clone, 'commit-tree', `${world.first}^{tree}`, '-p', parent, '-m', message);
    const below = commit(main, 'a step');
    const allowed = commit(below, 'mend it now');
    const asked = await world.run(['guard', 'allow', allowed, '--reason', 'the registry was down']);
    expect(asked.code, asked.stderr).toBe(0);
    git(clone, 'push', '--quiet', '--no-verify', 'origin', `${allowed}:refs/heads/main`);
    expect((await world.run(['unhold', '--reason', 'it is there'])).code).toBe(0);
    await world.ready([{ slug: 'two' }]);
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1 });
    expect((await payloads(world, 'integration.main.foreign')).map(({ commits }) => commits)).toEqual([
      [below, allowed],
    ]);
    expect((await payloads(world, 'integration.main.audited'))[1]).toMatchObject({
      from: main,
      to: allowed,
      commits: 2,
      violations: [],
    });
    const { code, json } = await world.run<AuditView>(['audit']);
    const who = 'by admin/tester (the registry was down)';
    expect({ code, json }).toMatchObject({
      code: 0,
      json: {
        violations: [],
        remarks: [
          { commit: below, code: 'permitted', text: `came along with ${allowed.slice(0, 12)}, permitted ${who}` },
          { commit: allowed, code: 'permitted', text: `permitted ${who}` },
        ],
      },
    });
    world.foreign({ 'x.txt': 'x\n' });
    expect((await world.integrate()).json).toMatchObject({ outcome: 'halted' });
  });
});
