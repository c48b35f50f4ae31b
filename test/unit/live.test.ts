/** The feed of those who watch: what goes out together, what goes out at all, and what becomes of a reader who does not read. */
import { describe, expect, test } from 'vitest';
import { merged } from '../../src/actors/live/merge.ts';
import type { LiveMessage, Overview } from '../../src/actors/live/views.ts';
import { TelecError } from '../../src/errors.ts';
import { type LiveWorld, liveWorld, still } from '../support/live-world.ts';
import { AT, type Said, START_MS } from '../support/random-logs.ts';

const hex = (number: number): string => number.toString(16).padStart(40, '0');
const fenced = { session_id: 's-1', fence: 1 };
const own = (name: string, number = 1) => ({ slug: name, branch: `work/${name}`, sha: hex(number) });
type Work = ReturnType<typeof own>;

const started = (work: Work, second = 0): Said => {
  const ready_at = new Date(START_MS + second * 1000).toISOString();
  return {
    type: 'deployment.started',
    payload: { ...work, worker_session_id: 'w', orchestrator_session_id: 'o', ready_at },
  };
};
const approved = (slug: string): Said => ({
  type: 'review.approved',
  payload: { slug, approved_at: AT, review_round: 1, reviewer_session_id: 'r' },
});
const probed = (work: Work, integrated: boolean): Said => ({
  type: 'integration.candidate.probed',
  payload: {
    ...work,
    session_id: 'd',
    reachable: true,
    integrated,
    undelivered: [],
    previous: null,
    probed_at: AT,
  },
});
const onMain = (work: Work): Said => probed(work, true);
const delivered = (work: Work): Said => ({
  type: 'deployment.completed',
  payload: { ...work, merge_commit: work.sha, integrated_at: AT, outcome: 'already_integrated', fence: 1 },
});
const ready = (work: Work): Said[] => [
  approved(work.slug),
  started(work),
  {
    type: 'branch.pushed',
    payload: { branch: work.branch, sha: work.sha, remote: 'origin', pushed_at: AT, pusher: 'w' },
  },
  probed(work, false),
];
const dequeued = (work: Work): Said => ({
  type: 'integration.candidate.dequeued',
  payload: { ...fenced, ...work, attempt: 1, as_of: '1-0', base: hex(9), train: 1 },
});
const failed = (work: Work, follow_up_slug?: string): Said => ({
  type: 'deployment.failed',
  payload: {
    ...work,
    ...(follow_up_slug ? { follow_up_slug } : {}),
    conflict_evidence: ['x'],
    diagnostics: ['x'],
    next_action: 'rebase it',
    blocked_at: AT,
    kind: 'conflict',
    fence: 1,
  },
});
const begun: Said[] = [
  { type: 'integration.lease.acquired', payload: { ...fenced, replaced_stale: false, floor: 0 } },
  { type: 'integration.session.started', payload: { ...fenced, host: 'h', version: '1', mode: 'live' } },
];

async function follow(world: LiveWorld) {
  const reader = world.read();
  await reader.catchUp();
  return reader;
}

const changes = (messages: LiveMessage[]) =>
  messages.filter((message): message is LiveMessage & { kind: 'change' } => message.kind === 'change');

describe('a change', () => {
  test('holds all that came within 40 ms, and nothing that stayed as it was', async () => {
    const world = liveWorld();
    await world.tell(...ready(own('first')), ...ready(own('other', 2)));
    const reader = await follow(world);
    await world.tell(dequeued(own('first')));
    await world.clock.advance(39);
    await world.tell(failed(own('first')));
    expect(changes(reader.messages)).toEqual([]);
    await world.clock.advance(1);
    const [change, ...more] = changes(reader.messages);
    expect(more).toEqual([]);
    expect(change).toMatchObject({
      moment: { index: 10, length: 10 },
      candidates: [
        {
          key: `first/work/first@${hex(1)}`,
          state: 'blocked',
          meaning: 'Could not be integrated; the evidence says why and what to do next.',
          blocked_kind: 'conflict',
          next_action: 'rebase it',
          waiting_for: [{ code: 'blocked', text: 'rebase it' }],
        },
      ],
      notifications: [{ id: 'deployment/first', human_status: 'unseen' }],
      recent: [{ event: expect.stringContaining('dequeued') }, { event: expect.stringContaining('failed') }],
      recent_omitted: 0,
    });
    await reader.end();
  });

  test('comes with a lease that is renewed, which is in no log; while all stays as it is nothing comes', async () => {
    const world = liveWorld();
    await world.host.leases.acquire('s-1', 't', 30_000, 0);
    await world.tell(...ready(own('first')));
    const reader = await follow(world);
    await world.clock.advance(10_000);
    expect(changes(reader.messages)).toEqual([]);
    await world.host.leases.renew('s-1', 't', 30_000);
    await world.clock.advance(1300);
    expect(changes(reader.messages)).toMatchObject([{ candidates: [], recent: [], status: { lease: { fence: 1 } } }]);
    await reader.end();
  });

  test('says what the session in this process does, without an entry', async () => {
    const world = liveWorld();
    await world.host.leases.acquire('s-1', 't', 60_000, 0);
    await world.tell(...ready(own('first')), ...begun, dequeued(own('first')));
    let state = 'draining.rechecking';
    const silent = { candidate: () => null, chain: () => null };
    world.session = { id: 's-1', state: () => state, ...silent } as unknown as LiveWorld['session'];
    const reader = await follow(world);
    state = 'draining.merging';
    await world.clock.advance(300);
    expect(changes(reader.messages)).toMatchObject([
      {
        status: { integrator: { state: 'draining.merging', session_id: 's-1' } },
        candidates: [
          {
            waiting_for: [
              {
                text: 'an integrator session works on it and is merging now: Merges exactly the approved commit in the object database and checks the result by another way.',
              },
            ],
          },
        ],
      },
    ]);
    await reader.end();
  });

  test('of a follow-up that is resolved reaches the candidate that waits for it', async () => {
    const world = liveWorld();
    await world.tell(...ready(own('first')), dequeued(own('first')), failed(own('first'), 'mend'));
    const reader = await follow(world);
    await world.tell(approved('mend'));
    await reader.catchUp();
    expect(reader.known().candidates[0]?.waiting_for.map(({ code, text }) => [code, text])).toEqual([
      ['blocked', 'rebase it'],
      ['follow_up', `the follow-up mend of first/work/first@${hex(1)} is resolved`],
    ]);
    await reader.end();
  });

  test('shows an entry that cannot be read', async () => {
    const world = liveWorld();
    const reader = world.read();
    await world.clock.advance(100);
    await world.tellRaw({ event: 'nonsense' });
    await reader.catchUp();
    expect(reader.known()).toMatchObject({
      recent: [{ event: 'nonsense', unreadable: expect.any(String) }],
      notifications: [{ id: 'system/DEAD_LETTER' }],
      moment: { index: 1, length: 1 },
    });
    await reader.end();
  });
});

describe('the notifications', () => {
  test('are the 100 that most need somebody, all unseen are counted, and who reads has them as they are', async () => {
    const world = liveWorld();
    await world.tell(...ready(own('first')), dequeued(own('first')), failed(own('first')));
    const reader = await follow(world);
    for (let at = 0; at < 120; at += 1) await world.tell(started(own(`s-${at}`, 2), at));
    await reader.catchUp();
    const unseen = ({ notifications }: Overview) =>
      notifications.filter(({ human_status }) => human_status === 'unseen');
    const before = reader.known();
    expect([before.notifications.length, unseen(before).length, before.unseen]).toEqual([100, 100, 122]);
    expect(before.notifications.map(({ id }) => id)).toContain('deployment/first');

    for (const [index, { id }] of unseen(before).entries())
      await world.tell({
        type: 'notification.seen',
        payload: { row: id, actor: 'ann', command_id: `01HZZZZZZZZZZZZZZZZZZZ${String(index).padStart(4, '0')}` },
      });
    await reader.catchUp();
    const after = reader.known();
    expect([after.notifications.length, unseen(after).length, after.unseen]).toEqual([100, 22, 22]);
    const anew = await follow(world);
    expect(anew.known().notifications).toEqual(after.notifications);
    await anew.end();
    await reader.end();
  });
});

describe('the finished', () => {
  test('are the newest 200; when one of them comes back, one that was left out takes its place', async () => {
    const world = liveWorld();
    // Of each slug one that was superseded, and the one that took its place, on main.
    for (let at = 0; at < 105; at += 1) {
      const [first, second] = [own(`s-${at}`, 1), own(`s-${at}`, 2)];
      await world.tell(started(first, at), started(second, at + 1000), onMain(second), delivered(second));
    }
    const reader = await follow(world);
    const over = ({ candidates }: Overview) => candidates.filter(({ state }) => state !== 'pending');
    expect([over(reader.known()).length, reader.known().candidates_hidden]).toEqual([200, 10]);
    const back = over(reader.known()).find(({ state }) => state === 'superseded');
    const { slug = '', branch = '', sha = '' } = back ?? {};
    await world.tell({
      type: 'integration.candidate.resumed',
      payload: {
        slug,
        branch,
        sha,
        generation: 1,
        ready_at: new Date(START_MS + 5_000_000).toISOString(),
        actor: 'a',
        forced: false,
        command_id: '0'.repeat(26),
      },
    });
    await reader.catchUp();
    expect(still(reader.known())).toEqual(still(await world.desk.overview()));
    expect(over(reader.known())).toHaveLength(200);
    expect(reader.known().candidates.find(({ key }) => key === back?.key)).toMatchObject({
      generation: 1,
      state: 'pending',
    });
    await reader.end();
  });
});

describe('a reader', () => {
  test('who does not read is given the whole anew instead of what piled up', async () => {
    const world = liveWorld();
    await world.tell(...ready(own('first')));
    const ending = new AbortController();
    const messages = world.desk.follow(ending.signal)[Symbol.asyncIterator]();
    const opening = messages.next();
    await world.clock.advance(100);
    expect((await opening).value).toMatchObject({ kind: 'overview' });
    for (let at = 0; at < 300; at += 1) {
      await world.tell(started(own(`s-${at}`)));
      await world.clock.advance(50);
    }
    const { value } = await messages.next();
    expect(value).toMatchObject({ kind: 'overview', overview: { moment: { index: 304 } } });
    // From there on changes fit again.
    await world.tell(started(own('last')));
    const next = messages.next();
    await world.clock.advance(50);
    const change = (await next).value as LiveMessage & { kind: 'change' };
    expect(change.candidates.map(({ slug }) => slug)).toEqual(['last']);
    expect(still(merged((value as LiveMessage & { kind: 'overview' }).overview, change))).toEqual(
      still(await world.desk.overview()),
    );
    ending.abort();
    expect(await messages.next()).toEqual({ done: true, value: undefined });
  });

  test('who reads nothing for a while and then all has missed nothing', async () => {
    const world = liveWorld();
    const reader = await follow(world);
    for (let at = 0; at < 20; at += 1) {
      await world.tell(started(own(`s-${at}`)));
      await world.clock.advance(41);
    }
    await reader.catchUp();
    expect(reader.messages.filter(({ kind }) => kind === 'overview')).toHaveLength(1);
    expect(reader.known().candidates).toHaveLength(20);
    await reader.end();
  });

  test('leaves nothing behind: after the last one nobody is asked any more', async () => {
    const world = liveWorld();
    const [one, two] = [await follow(world), await follow(world)];
    await one.end();
    await world.tell(started(own('first')));
    await two.catchUp();
    expect(two.known().candidates).toHaveLength(1);
    await two.end();
    let asked = 0;
    const { stats } = world.host.log;
    world.host.log.stats = () => {
      asked += 1;
      return stats();
    };
    await world.tell(started(own('second')));
    await world.clock.advance(20_000);
    expect(asked).toBe(0);
  });

  test.each([
    ['is told once the server is away for seconds', 'REDIS_UNREACHABLE'],
    ['is told at once that the log is another one', 'LOG_CHANGED'],
  ])('%s', async (_title, code) => {
    const world = liveWorld();
    const messages = world.desk.follow(new AbortController().signal)[Symbol.asyncIterator]();
    const opening = messages.next();
    await world.clock.advance(100);
    await opening;
    const told = messages.next().then(
      () => 'a message',
      (error: unknown) => (error instanceof TelecError ? error.code : String(error)),
    );
    if (code === 'LOG_CHANGED') world.store.logId = 'log-2';
    else world.host.log.stats = () => Promise.reject(new TelecError(code, 3, 'away'));
    let answer: string | null = null;
    void told.then((said) => {
      answer = said;
    });
    await world.tell(started(own('first')));
    await world.clock.advance(4000);
    expect(answer).toBe(code === 'LOG_CHANGED' ? code : null);
    await world.clock.advance(4000);
    expect(answer).toBe(code);
  });

  test('is told when the first question ends, if that took long', async () => {
    const world = liveWorld();
    const messages = world.desk.follow(new AbortController().signal)[Symbol.asyncIterator]();
    const opening = messages.next();
    await world.clock.advance(100);
    await opening;
    let answer: unknown = null;
    void messages.next().catch((error: TelecError) => {
      answer = error.code;
    });
    world.host.log.stats = () =>
      new Promise((_, reject) => {
        world.clock.setTimeout(() => reject(new TelecError('REDIS_UNREACHABLE', 3, 'away')), 10_000);
      });
    await world.tell(started(own('first')));
    await world.clock.advance(9000);
    expect(answer).toBe(null);
    await world.clock.advance(2000);
    expect(answer).toBe('REDIS_UNREACHABLE');
  });
});

describe('the past', () => {
  test('refuses an entry that there is none of, and places beyond the ends are the ends', async () => {
    const world = liveWorld();
    await world.tell(started(own('first')), started(own('second')));
    const [first, second] = world.store.entries;
    await expect(world.desk.overview('5-0')).rejects.toMatchObject({ code: 'NO_SUCH_ENTRY', exit: 1 });
    expect(await world.desk.moment(0)).toEqual({ id: '0', at: null, index: 0, length: 2 });
    expect(await world.desk.moment(1)).toMatchObject({ id: first?.id, index: 1 });
    expect(await world.desk.moment(99)).toMatchObject({ id: second?.id, index: 2 });
    expect((await world.desk.overview('0')).candidates).toEqual([]);
    world.store.logId = 'log-2';
    await expect(world.desk.overview(first?.id)).rejects.toMatchObject({ code: 'LOG_CHANGED', exit: 6 });
  });

  test('shows candidate, session and lease as they were then', async () => {
    const world = liveWorld();
    await world.tell(...ready(own('first')), ...begun, dequeued(own('first')), failed(own('first')));
    const at = (index: number) => world.store.entries[index - 1]?.id ?? '0';
    const { desk } = world;
    const then = await desk.candidate('first', at(7));
    expect([then.state, then.history.map(({ to }) => to)]).toEqual([
      'integrating',
      ['pending', 'ready', 'integrating'],
    ]);
    expect((await desk.candidate('first', at(8))).history.at(-1)).toMatchObject({ id: at(8), to: 'blocked' });
    await expect(desk.candidate('first', at(1))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const { status } = await desk.overview(at(7));
    expect(status).toMatchObject({
      integrator: { state: 'draining.rechecking', session_id: 's-1', candidate: `first/work/first@${hex(1)}` },
      lease: { owner_session_id: 's-1', fence: 1, live: true },
      daemon: { running: false },
      counts: { integrating: 1, blocked: 0 },
      log: { last_id: at(7), applied_id: at(7), length: 8 },
    });
    expect((await desk.actors(at(7))).map(({ id, value }) => [id, value])).toEqual([
      ['s-1', 'draining.rechecking'],
      ['lease:s-1', 'holding'],
      [`first/work/first@${hex(1)}`, 'integrating'],
    ]);
    expect(await desk.actor('s-1', at(7))).toMatchObject({
      machine: 'integrator',
      accepts: [
        'session.stop',
        'session.wake',
        'hold.lifted',
        'checks.settled',
        'checks.stopped',
        'member.left',
        'lane.clear',
        'lease.lost',
      ],
      context: { fence: 1, candidate: `first/work/first@${hex(1)}` },
      mermaid: expect.stringContaining('class s_draining__rechecking current'),
    });
    expect((await desk.overview()).status.counts).toMatchObject({ integrating: 0, blocked: 1 });
  });
});
