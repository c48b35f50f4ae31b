/**
 * `events archive` where no daemon runs: what was archived is read as before, whatever ends the command in the middle,
 * whoever else archives, and on hosts that have the files and hosts that have not.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import type { ArchiveView } from '../../src/actors/archive/views.ts';
import type {
  CandidateView,
  DoctorRow,
  EnvelopeView,
  Faults,
  ReplayView,
  StatusView,
} from '../../src/actors/client.ts';
import { runtime } from '../../src/actors/open.ts';
import { endWorlds, MORTAL_TELEC, makeWorld, type Run, type RunOptions, type World } from '../support/e2e-world.ts';

afterAll(endWorlds);

/** A world in which two were delivered and one was blocked, by sessions of their own. */
async function lived(): Promise<World> {
  const world = await makeWorld();
  await world.ready([{ slug: 'one', files: { 'app.txt': 'ONE\n' } }]);
  await world.integrate();
  await world.ready([{ slug: 'two', files: { 'app.txt': 'TWO\n' } }, { slug: 'three' }]);
  await world.integrate();
  expect(await world.states()).toEqual({ one: 'completed', two: 'blocked', three: 'completed' });
  return world;
}

const archive = (world: World, before: string, options: RunOptions = {}) =>
  world.run<ArchiveView>(['events', 'archive', '--before', before], options);
const lastId = async (world: World) => (await world.events()).at(-1)?.id ?? '';
const statusOf = async (world: World, options: RunOptions = {}) =>
  (await world.run<StatusView>(['status'], options)).json;
/** Code of the refusal and exit status. */
const refusal = ({ code, json }: Run) => [code, (json as { error?: { code: string } } | null)?.error?.code ?? null];

/** Everything of a world that archiving must not change. */
async function wholeOf(world: World) {
  const { log, counts, main, integrator } = await statusOf(world);
  return {
    events: await world.events(),
    candidates: (await world.run<CandidateView[]>(['candidates'])).json,
    replayed: (await world.run<ReplayView>(['replay'])).json.candidates,
    history: (await world.candidate('one')).history,
    notifications: (await world.run(['notifications'])).json,
    log,
    counts,
    main,
    integrator,
  };
}

/** The archives of the world's own host: path below the state folder -> entries. */
function filesOf(world: World, home = world.home): Record<string, string[]> {
  const all = existsSync(home) ? readdirSync(home, { recursive: true, encoding: 'utf8' }) : [];
  const files = all.filter((name) => name.endsWith('.ndjson.gz')).sort();
  return Object.fromEntries(
    files.map((name) => {
      const [, ...lines] = gunzipSync(readFileSync(join(home, name)))
        .toString('utf8')
        .trim()
        .split('\n');
      return [name, lines.map((line) => (JSON.parse(line) as { id: string }).id)];
    }),
  );
}

describe('archived entries', () => {
  test('are read as before by every command, counted as before, and their keys are known', async () => {
    const world = await lived();
    const before = await wholeOf(world);
    const ids = before.events.map(({ id }) => id);
    const audited = before.events.findLast(({ event }) => event.endsWith('integration.main.audited'))?.id ?? '';
    const first = await archive(world, ids[5] ?? '');
    expect(first.code, first.stderr).toBe(0);
    expect(first.json).toMatchObject({
      archived: 5,
      through: ids[4],
      in_archives: 5,
      in_redis: ids.length - 5,
      held_back: null,
    });
    // A second time nothing is left to do.
    expect((await archive(world, ids[5] ?? '')).json).toMatchObject({ archived: 0, files: [], in_archives: 5 });
    const second = await archive(world, ids.at(-1) ?? '');
    const kept = ids.indexOf(audited) + 1;
    expect(second.json).toMatchObject({
      archived: kept - 5,
      through: audited,
      held_back: { through: audited, why: 'the next audit of main begins with them' },
    });
    expect(Object.values(filesOf(world))).toEqual([ids.slice(0, 5), ids.slice(5, kept)]);
    expect([...first.json.files, ...second.json.files].map((path) => relative(world.home, path))).toEqual(
      Object.keys(filesOf(world)),
    );
    expect(await wholeOf(world)).toEqual(before);
    for (const from of [0, 2, 4, 5, kept - 1, kept, ids.length - 1]) {
      const { lines } = await world.run<EnvelopeView>(['events', 'tail', '--from', ids[from] ?? '']);
      expect(lines).toEqual(before.events.slice(from + 1));
    }
    const at = (await world.run<ReplayView>(['replay', '--at', ids[3] ?? ''])).json;
    expect([at.entries, at.candidates.length]).toEqual([4, 1]);
    // What was told before is a duplicate, and what is new is integrated.
    const { payload } = before.events.find(({ event }) => event.endsWith('review.approved')) as EnvelopeView;
    const again = await world.run(['events', 'emit', 'review.approved', '--payload', JSON.stringify(payload)]);
    expect(again.json).toEqual({ id: ids.find((id) => id === (again.json as { id: string }).id), status: 'duplicate' });
    await world.ready([{ slug: 'four' }]);
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1 });
    expect((await world.run(['audit'])).code).toBe(0);
  });

  test('a fold from nothing goes through the archives', async () => {
    const world = await lived();
    const before = await wholeOf(world);
    await archive(world, await lastId(world));
    for (const name of readdirSync(world.home))
      for (const file of ['snapshot.json', 'summary.json']) rmSync(join(world.home, name, file), { force: true });
    expect(await wholeOf(world)).toEqual(before);
  });

  test('before the first audit of main, and while a shadow runs, nothing that they read leaves Redis', async () => {
    const world = await makeWorld();
    await world.ready([{ slug: 'one' }]);
    const live = await archive(world, await lastId(world));
    expect(live.json).toMatchObject({ archived: 0, through: null, held_back: { through: '0' } });
    const shadow = await makeWorld({ shadow: true });
    await shadow.ready([{ slug: 'one' }]);
    await shadow.integrate();
    const ids = (await shadow.events()).map(({ id, event }) => [id, event.split('.').at(-1)]);
    const began = ids.find(([, event]) => event === 'started')?.[0];
    const held = await archive(shadow, await lastId(shadow));
    expect(held.json.held_back).toEqual({ through: began, why: 'a shadow runs, and its comparison is read from them' });
    expect(held.json.through === null || held.json.through === began).toBe(true);
    expect((await shadow.run(['shadow', 'report'])).code).toBe(0);
  });

  test('an id above the newest entry is refused, and a worker may not archive', async () => {
    const world = await lived();
    expect(refusal(await archive(world, '99999999999999-0'))).toEqual([1, 'NO_SUCH_ENTRY']);
    expect((await archive(world, '1d', { env: { TELEC_ROLE: 'worker' } })).code).toBe(6);
    expect((await archive(world, '1d')).json).toMatchObject({ archived: 0, held_back: null });
  });

  test('a file that was changed is refused with words; states and queue go on without it', async () => {
    const world = await lived();
    const before = await wholeOf(world);
    await archive(world, await lastId(world));
    const [name = ''] = Object.keys(filesOf(world));
    const path = join(world.home, name);
    const good = readFileSync(path);
    const bad = Buffer.from(good);
    bad[bad.length - 20] = (bad[bad.length - 20] ?? 0) ^ 1;
    writeFileSync(path, bad);
    for (const line of [['events', 'tail'], ['replay'], ['candidate', 'one'], ['audit']])
      expect([line, ...refusal(await world.run(line))]).toEqual([line, 1, 'ARCHIVE_DAMAGED']);
    expect((await world.run(['candidates'])).json).toEqual(before.candidates);
    expect(
      (await world.run<EnvelopeView>(['events', 'tail', '--from', before.events.at(-2)?.id ?? ''])).lines,
    ).toHaveLength(1);
    const inRedis = async () => (await world.run<DoctorRow[]>(['doctor'])).json.find(({ check }) => check === 'redis');
    expect(await inRedis()).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining(`${path} cannot be trusted`),
    });
    writeFileSync(path, good);
    expect((await inRedis())?.status).toBe('ok');
    expect(await wholeOf(world)).toEqual(before);
  });
});

describe('ended in the middle', () => {
  test.each(['archive-folded', 'archive-written', 'archive-recorded'])(
    'at %s nothing is lost or twice',
    async (point) => {
      const world = await lived();
      const before = await wholeOf(world);
      const newest = before.events.at(-1)?.id ?? '';
      const killed = await world.start(['events', 'archive', '--before', newest], {
        program: MORTAL_TELEC,
        env: { TEST_KILL: `${point}:1` },
      }).done;
      expect(killed.signal).toBe('SIGKILL');
      expect(await wholeOf(world)).toEqual(before);
      const moved = (await statusOf(world)).log.length;
      const again = await archive(world, newest);
      expect(again.code, again.stderr).toBe(0);
      expect(again.json.archived > 0).toBe(point !== 'archive-recorded');
      expect((await statusOf(world)).log.length).toBe(moved);
      expect(await wholeOf(world)).toEqual(before);
      const archived = Object.values(filesOf(world)).flat();
      expect(archived).toEqual(before.events.slice(0, archived.length).map(({ id }) => id));
    },
  );
});

/** Everything time travel shows of some places of the log, by the host of the options. */
async function pastOf(world: World, ids: string[], { cwd = world.cloneDir, env = {} }: RunOptions = {}) {
  const { signal } = new AbortController();
  const context = { cwd, env: { ...world.env, ...env }, say: () => undefined, signal };
  const client = await runtime.openClient(context);
  try {
    const desk = await client.live();
    const shown: unknown[] = [];
    for (const id of ids) {
      const { now: _now, ...overview } = await desk.overview(id);
      shown.push(overview, await desk.moment(overview.moment.index), await desk.actors(id));
    }
    const { recent, moment } = await desk.overview();
    return { shown, recent: recent.map(({ id }) => id), moment };
  } finally {
    await client.close();
  }
}

test('time travel goes through the archives, and numbers stay those of the whole log', async () => {
  const world = await lived();
  const ids = (await world.events()).map(({ id }) => id);
  const places = [ids[2], ids[7], ids[20], ids.at(-4), ids.at(-1)].map((id) => id ?? '');
  const before = await pastOf(world, places);
  const other = await otherHost(world);
  await archive(world, ids[10] ?? '');
  await archive(world, ids.at(-1) ?? '');
  const { json: status } = await world.run<StatusView>(['status']);
  expect(await pastOf(world, places)).toEqual(before);
  // Without the files: from where they end, with the same numbers; before that it says what is missing.
  const near = [ids.at(-4) ?? '', ids.at(-1) ?? ''];
  const there = await pastOf(world, near, other.options);
  const { log } = status;
  expect(there.moment).toEqual({ ...before.moment, index: log.length });
  expect(there.recent).toEqual(before.recent.slice(-there.recent.length));
  expect(there.shown.filter((_one, at) => at % 3 > 0)).toEqual(before.shown.slice(9).filter((_one, at) => at % 3 > 0));
  await expect(pastOf(world, [ids[7] ?? ''], other.options)).rejects.toMatchObject({ code: 'ARCHIVE_ELSEWHERE' });
  other.take();
  expect(await pastOf(world, places, other.options)).toEqual(before);
});

/** Runs `meanwhile` once, when the command reaches the point. */
function at(point: string, meanwhile: () => Promise<void>): { faults: Faults } {
  let done = false;
  return {
    faults: {
      async reach(name) {
        if (done || name !== point) return;
        done = true;
        await meanwhile();
      },
    },
  };
}

describe('two at once', () => {
  test('of one machine: the second is refused, and the first ends its work', async () => {
    const world = await lived();
    const before = await wholeOf(world);
    const newest = await lastId(world);
    let second: Run | null = null;
    const first = await archive(
      world,
      newest,
      at('archive-written', async () => {
        second = await archive(world, newest);
      }),
    );
    expect(second && refusal(second)).toEqual([6, 'ARCHIVE_RUNNING']);
    expect(first.json.archived).toBeGreaterThan(0);
    expect(await wholeOf(world)).toEqual(before);
  });

  test.each([
    ['less', 4],
    ['more', -1],
  ])('of two machines, when the other archives %s meanwhile: each entry is in one file', async (_word, upTo) => {
    const world = await lived();
    const before = await wholeOf(world);
    const ids = before.events.map(({ id }) => id);
    const other = await otherHost(world);
    const first = await archive(
      world,
      ids[12] ?? '',
      at('archive-written', async () => {
        const answer = await archive(world, ids.at(upTo) ?? '', other.options);
        expect(answer.json.archived).toBeGreaterThan(0);
      }),
    );
    expect(first.code, first.stderr).toBe(0);
    expect(first.json.archived).toBe(upTo === 4 ? 8 : 0);
    expect((await statusOf(world)).log).toEqual(before.log);
    // Each host has its own part; with both it reads as before.
    other.handOver();
    expect(await wholeOf(world)).toEqual(before);
  });
});

interface OtherHost {
  home: string;
  options: RunOptions;
  /** Brings its archives to the first host, as a person would by copying. */
  handOver(): void;
  /** Brings the first host's archives to it. */
  take(): void;
}

/** Another machine: a clone and a state folder of its own on the same Redis. */
async function otherHost(world: World): Promise<OtherHost> {
  const cwd = await world.clone('elsewhere');
  const home = join(world.dir, 'other-home');
  const copy = (from: string, to: string) => {
    for (const name of Object.keys(filesOf(world, from))) {
      mkdirSync(dirname(join(to, name)), { recursive: true });
      cpSync(join(from, name), join(to, name));
    }
  };
  const options = { cwd, env: { TELEC_HOME: home } };
  // It has folded the log so far, and has a snapshot of that.
  expect((await world.run(['candidates'], options)).code).toBe(0);
  expect(readdirSync(join(home, readdirSync(home)[0] ?? ''))).toContain('snapshot.json');
  return { home, options, handOver: () => copy(home, world.home), take: () => copy(world.home, home) };
}

describe('a host without the files', () => {
  test('goes on from the fold that was kept, integrates, and says which file it lacks where it needs one', async () => {
    const world = await makeWorld();
    const other = await otherHost(world);
    await world.ready([{ slug: 'one' }]);
    await world.integrate();
    const ids = (await world.events()).map(({ id }) => id);
    const { json: view } = await archive(world, ids.at(-1) ?? '');
    expect(view.archived).toBeGreaterThan(10);
    const there = <T>(...line: string[]) => world.run<T>(line, other.options);
    // Its snapshot is from before what was archived.
    for (const line of [['candidates'], ['queue'], ['notifications']])
      expect([line, (await there(...line)).json]).toEqual([line, (await world.run(line)).json]);
    expect((await statusOf(world, other.options)).log).toEqual((await statusOf(world)).log);
    const replayed = await there<ReplayView>('replay');
    expect(replayed.json.candidates).toEqual((await world.run<CandidateView[]>(['candidates'])).json);
    expect(replayed.stderr).toContain(`entries up to ${view.through} are in archives of another machine`);
    const first = 'its first steps are in archives that are not on this machine: telec events tail says which file\n';
    expect((await there('candidate', 'one')).stderr).toBe(first);
    expect((await world.run(['candidate', 'one'])).stderr).toBe('');
    expect((await there<{ slug: string }>('candidate', 'one')).json.slug).toBe('one');
    for (const line of [
      ['events', 'tail'],
      ['events', 'tail', '--from', ids[1] ?? ''],
      ['replay', '--at', ids[2] ?? ''],
      ['audit'],
    ]) {
      const refused = await there(...line);
      expect([line, ...refusal(refused)]).toEqual([line, 3, 'ARCHIVE_ELSEWHERE']);
      expect(refused.stderr).toContain(join(other.home, Object.keys(filesOf(world))[0] ?? ''));
    }
    expect((await there('events', 'tail', '--from', view.through ?? '')).lines).toHaveLength(view.in_redis);
    // It integrates: what a session reads never leaves Redis.
    await world.ready([{ slug: 'two' }]);
    expect((await there('integrate')).json).toMatchObject({ outcome: 'drained', completed: 1 });
    expect(await world.states()).toEqual({ one: 'completed', two: 'completed' });
    // And archives what follows, though it has not what came before.
    const more = await there<ArchiveView>('events', 'archive', '--before', await lastId(world));
    expect(more.code, more.stderr).toBe(0);
    expect(more.json.archived).toBeGreaterThan(10);
    expect(refusal(await world.run(['events', 'tail']))).toEqual([3, 'ARCHIVE_ELSEWHERE']);
    other.take();
    other.handOver();
    const events = (await world.events()).map(({ id }) => id);
    expect(events.slice(0, ids.length)).toEqual(ids);
    expect((await there<EnvelopeView>('events', 'tail')).lines.map(({ id }) => id)).toEqual(events);
    expect((await there('audit')).code).toBe(0);
  });
});
