/**
 * The fold of the log against its laws, on logs nobody would write by hand: every prefix agrees with a second, plain
 * implementation, and neither a snapshot in between nor entries delivered again make a difference.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Dispatcher } from '../../src/actors/dispatcher.ts';
import { NotificationBoard } from '../../src/actors/notifications.ts';
import { Pipeline } from '../../src/actors/pipeline.ts';
import { Repository } from '../../src/actors/repository.ts';
import type { RepositoryDump } from '../../src/actors/repository-dump.ts';
import { buildDefaultCatalogue, type DomainEvent, encodeEnvelope, makeEnvelope } from '../../src/machines/events.ts';
import { Model, type Told } from '../simulation/model.ts';
import { AT, instant, logs, outer, type Said, SHAS, START_MS } from '../support/random-logs.ts';
import { handClock } from '../support/simple-clock.ts';
import { openTwinLog } from '../support/twins/log.ts';
import { createStore, directPort } from '../support/twins/store.ts';

const asEvents = (said: readonly Said[]): DomainEvent[] =>
  said.map(
    ({ type, payload }, index) =>
      ({
        type,
        payload,
        id: `${index + 1}-0`,
        timestamp: new Date(START_MS + index).toISOString(),
        source: 'test/1',
      }) as unknown as DomainEvent,
  );

function folded(events: readonly DomainEvent[], into = new Repository()): Repository {
  for (const event of events) into.apply(event);
  return into;
}

const copied = (repository: Repository): RepositoryDump => JSON.parse(JSON.stringify(repository.dump()));
const queue = (list: readonly { id: string }[]) => list.map(({ id }) => id);
const states = (list: readonly { id: string; state: string }[]) => list.map(({ id, state }) => `${id} ${state}`).sort();

describe('the fold of any log', () => {
  test('agrees with the plain model after every entry: states, and the queue in order', () => {
    fc.assert(
      fc.property(logs, (said) => {
        const repository = new Repository();
        const model = new Model();
        for (const event of asEvents(said)) {
          repository.apply(event);
          model.apply(event as Told);
          expect(states(repository.all())).toEqual(states(model.candidates));
          expect(queue(repository.queue)).toEqual(queue(model.queue()));
        }
      }),
      { numRuns: 300 },
    );
  });

  test('is the same from the start and from a snapshot taken anywhere', () => {
    fc.assert(
      fc.property(logs, fc.nat(), (said, at) => {
        const events = asEvents(said);
        const cut = at % (events.length + 1);
        const restored = new Repository();
        restored.load(copied(folded(events.slice(0, cut))));
        folded(events.slice(cut), restored);
        const whole = folded(events);
        const sorted = (repository: Repository) => {
          const dump = copied(repository);
          return { ...dump, records: dump.records.sort((a, b) => (a.record.id < b.record.id ? -1 : 1)) };
        };
        expect(sorted(restored)).toEqual(sorted(whole));
        expect(queue(restored.queue)).toEqual(queue(whole.queue));
        expect(restored.counts()).toEqual(whole.counts());
      }),
      { numRuns: 300 },
    );
  });

  test('reaches an end once: a finished candidate changes no more', () => {
    fc.assert(
      fc.property(logs, (said) => {
        const ended = new Map<string, string>();
        const repository = new Repository();
        for (const event of asEvents(said)) {
          repository.apply(event);
          for (const { id, state } of repository.all()) {
            expect(state).toBe(ended.get(id) ?? state);
            if (state === 'completed' || state === 'superseded') ended.set(id, state);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  test('is not changed by entries that are delivered again, in any overlap', async () => {
    const catalogue = buildDefaultCatalogue();
    await fc.assert(
      fc.asyncProperty(logs, fc.array(fc.nat(10), { maxLength: 20 }), async (said, overlaps) => {
        const clock = handClock(START_MS);
        const store = createStore(clock.now, () => 'log-1');
        const log = openTwinLog(store, directPort(clock));
        const key = (index: number) => ({ key: String(index), digest: 'd', latestInstantMs: 0 });
        const origin = { source: 'test/1', timestamp: AT };
        for (const [index, { type, payload }] of said.entries()) {
          const made = makeEnvelope(catalogue, type, payload, origin);
          if (made.kind !== 'ok') throw new Error(JSON.stringify(made.problems));
          const [envelope] = made.envelopes;
          if (envelope) await log.append([{ ...key(index), fields: encodeEnvelope(envelope) }]);
        }
        const fold = async (read: typeof log.read) => {
          const repository = new Repository();
          const notifications = new NotificationBoard();
          const pipeline = new Pipeline({
            positions: {},
            report: (_name, _id, error) => expect.unreachable(String(error)),
          });
          const options = { catalogue, repository, notifications, pipeline, readOnly: true };
          const dispatcher = new Dispatcher({ ...options, log: { ...log, read } });
          do await dispatcher.catchUp();
          while (dispatcher.appliedId !== store.lastId);
          return { records: repository.all(), queue: queue(repository.queue), rows: notifications.rows() };
        };
        const again: typeof log.read = async (after) => {
          const next = store.entries.findIndex(({ id }) => id === after) + 1;
          return store.entries.slice(Math.max(0, next - (overlaps.pop() ?? 0)), Math.max(next, next + 7));
        };
        expect(await fold(again)).toEqual(await fold(log.read));
      }),
      { numRuns: 60 },
    );
  });
});

describe('the three signals', () => {
  const own = { slug: 'one', branch: 'left', sha: SHAS[0] ?? '' };
  const SIGNALS: Said[] = [
    { type: 'review.approved', payload: { slug: 'one', approved_at: AT, review_round: 1, reviewer_session_id: 'r' } },
    { type: 'branch.pushed', payload: { ...own, remote: 'origin', pushed_at: AT, pusher: 'w' } as never },
    {
      type: 'deployment.started',
      payload: { ...own, worker_session_id: 'w', orchestrator_session_id: 'o', ready_at: AT },
    },
  ];
  const probe: Said = {
    type: 'integration.candidate.probed',
    payload: {
      ...own,
      session_id: 'd',
      reachable: true,
      integrated: false,
      undelivered: [],
      previous: null,
      probed_at: AT,
    },
  };
  /** Events of the other slug only, so that nothing concerns this candidate. */
  const noise = fc.array(
    outer.filter(({ payload }) => 'slug' in payload && payload.slug === 'two'),
    { maxLength: 10 },
  );

  test('S1-FR3.1 all of them make it ready in all six orders, whatever others do in between', () => {
    const orders = fc.shuffledSubarray(SIGNALS, { minLength: 3 });
    fc.assert(
      fc.property(orders, fc.tuple(noise, noise, noise), (order, others) => {
        const said = order.flatMap((signal, index) => [...(others[index] ?? []), signal]);
        const repository = folded(asEvents([...said, probe]));
        expect(repository.queue.filter(({ context }) => context.slug === 'one')).toHaveLength(1);
      }),
      { numRuns: 200 },
    );
  });

  test('S1-FR3.1 any two, one or none of them do not, told however often', () => {
    const some = fc.shuffledSubarray(SIGNALS, { maxLength: 2 });
    fc.assert(
      fc.property(some, noise, (part, others) => {
        const repository = folded(asEvents([...part, ...others, probe, ...part, probe]));
        expect(repository.queue.filter(({ context }) => context.slug === 'one')).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});

describe('candidates of one slug', () => {
  test('the greatest rank by instant, branch and commit is left, in whatever order they were announced', () => {
    const announced = fc.uniqueArray(fc.tuple(fc.constantFrom('left', 'right'), fc.constantFrom(...SHAS), instant), {
      minLength: 1,
      selector: ([branch, sha]) => `${branch} ${sha}`,
    });
    fc.assert(
      fc.property(announced, fc.infiniteStream(fc.nat()), (list, order) => {
        const shuffled = list.map((item) => ({ item, at: order.next().value ?? 0 })).sort((a, b) => a.at - b.at);
        const said = shuffled.map(
          ({ item: [branch, sha, ready_at] }): Said => ({
            type: 'deployment.started',
            payload: { slug: 'one', branch, sha, worker_session_id: 'w', orchestrator_session_id: 'o', ready_at },
          }),
        );
        const best = [...list].sort(
          ([aBranch, aSha, a], [bBranch, bSha, b]) =>
            Date.parse(b) - Date.parse(a) || (aBranch < bBranch ? 1 : aBranch > bBranch ? -1 : aSha < bSha ? 1 : -1),
        )[0];
        const left = folded(asEvents(said)).live();
        expect(left.map(({ context }) => [context.branch, context.sha])).toEqual([best?.slice(0, 2)]);
      }),
    );
  });

  test('S4-VR4 instants compare as instants: the text of the offset never decides the queue', () => {
    const ready = (name: string, ready_at: string): Said[] => {
      const own = { slug: name, branch: name, sha: SHAS[0] ?? '' };
      const facts = { reachable: true, integrated: false, undelivered: [], previous: null, probed_at: AT };
      return [
        {
          type: 'review.approved',
          payload: { slug: name, approved_at: AT, review_round: 1, reviewer_session_id: 'r' },
        },
        {
          type: 'deployment.started',
          payload: { ...own, worker_session_id: 'w', orchestrator_session_id: 'o', ready_at },
        },
        {
          type: 'branch.pushed',
          payload: { branch: name, sha: own.sha, remote: 'origin', pushed_at: AT, pusher: 'w' },
        },
        { type: 'integration.candidate.probed', payload: { ...own, session_id: 'd', ...facts } },
      ];
    };
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,3}$/), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(names, fc.infiniteStream(instant), (slugs, times) => {
        const placed = slugs.map((name) => ({ name, at: times.next().value ?? AT }));
        const repository = folded(asEvents(placed.flatMap(({ name, at }) => ready(name, at))));
        const byInstant = [...placed].sort((a, b) => Date.parse(a.at) - Date.parse(b.at) || (a.name < b.name ? -1 : 1));
        expect(repository.queue.map(({ context }) => context.slug)).toEqual(byInstant.map(({ name }) => name));
      }),
    );
  });
});
