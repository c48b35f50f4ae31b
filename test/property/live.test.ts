/**
 * What those who watch are given, on logs nobody would write by hand: changes add up to the whole, and the past is what the
 * log was, from whatever place it is asked and whatever was asked before.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Overview } from '../../src/actors/live/views.ts';
import { liveWorld, still } from '../support/live-world.ts';
import { logs, type Said, SHAS } from '../support/random-logs.ts';

const sha = SHAS[0] ?? '';
const id = '0'.repeat(26);
const own = { session_id: 's-1', fence: 1 };

/** What surrounds the candidates, and changes what they wait for. */
const around: fc.Arbitrary<Said> = fc.constantFrom<Said>(
  { type: 'integration.lease.acquired', payload: { ...own, replaced_stale: false, floor: 0 } },
  { type: 'integration.session.started', payload: { ...own, host: 'h', version: '1', mode: 'live' } },
  {
    type: 'integration.hold.placed',
    payload: { owner: 'ada', reason: 'lunch', until: null, main_busy: false, alarm: null, command_id: id },
  },
  { type: 'integration.hold.lifted', payload: { actor: 'ada', reason: 'back', command_id: id } },
  { type: 'integration.lease.released', payload: own },
  { type: 'integration.shadow.started', payload: { actor: 'ada', main_sha: sha, reason: 'try', command_id: id } },
  {
    type: 'integration.session.aborted',
    payload: { session_id: 's-1', fence: 1, reason: 'died', command_id: id },
  },
);

const watched: fc.Arbitrary<Said[]> = fc
  .tuple(logs, fc.array(fc.tuple(fc.nat(), around), { maxLength: 8 }))
  .map(([said, extras]) => {
    const all = [...said];
    for (const [at, extra] of extras) all.splice(at % (all.length + 1), 0, extra);
    return all;
  });

/** What the log alone tells: who integrates now and what the server says of the lease differs from what it was. */
const folded = ({ candidates, deliveries, notifications, recent, candidates_hidden, status }: Overview) => ({
  candidates: candidates.map((row) => (row.state === 'integrating' ? { ...row, waiting_for: [] } : row)),
  deliveries,
  notifications,
  recent,
  candidates_hidden,
  counts: status.counts,
  mode: status.mode,
  hold: status.hold,
  main: status.main,
});

describe('following', () => {
  test('an overview and the changes after it are the overview of a new look, however they were cut', async () => {
    await fc.assert(
      fc.asyncProperty(watched, fc.infiniteStream(fc.nat(9)), async (said, sizes) => {
        const world = liveWorld();
        const first = sizes.next().value ?? 0;
        await world.tell(...said.slice(0, first));
        const reader = world.read();
        for (let at = first; at < said.length; ) {
          const size = 1 + (sizes.next().value ?? 0);
          await world.tell(...said.slice(at, at + size));
          at += size;
          await world.clock.advance((sizes.next().value ?? 0) * 10);
          if (size % 3 === 0) await reader.catchUp();
        }
        await reader.catchUp();
        expect(still(reader.known())).toEqual(still(await world.desk.overview()));
        expect(reader.messages.filter(({ kind }) => kind === 'overview')).toHaveLength(1);
        await reader.end();
      }),
      { numRuns: 150 },
    );
  });
});

describe('the past', () => {
  test('a look at any entry is the look of who read the log that far, in whatever order entries are asked', async () => {
    await fc.assert(
      fc.asyncProperty(watched, fc.array(fc.nat(), { minLength: 1, maxLength: 8 }), async (said, jumps) => {
        const world = liveWorld({ stride: 5, near: 2 });
        await world.tell(...said);
        const { entries } = world.store;
        for (const jump of jumps) {
          const index = jump % (entries.length + 1);
          const at = entries[index - 1]?.id ?? '0';
          expect(await world.desk.moment(index)).toMatchObject({ id: at, index, length: entries.length });
          const then = await world.desk.overview(at);
          expect(then.moment).toMatchObject({ id: at, index, length: entries.length });
          const prefix = liveWorld({}, entries.slice(0, index));
          const { moment: _then, ...seen } = then;
          const { moment: _fresh, ...fresh } = await prefix.desk.overview(at);
          fresh.status.log.length = entries.length;
          expect(seen).toEqual(fresh);
          expect(folded(then)).toEqual(folded(await prefix.desk.overview()));
        }
      }),
      { numRuns: 100 },
    );
  });
});
