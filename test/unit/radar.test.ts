/** The radar's pure part: which branches can meet at all, what is told of them and when, what the log keeps of it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toldRows } from '../../src/actors/radar/rows.ts';
import type { DomainEvent, EventType, PayloadOf } from '../../src/machines/events.ts';
import { buildDefaultCatalogue, makeEnvelope } from '../../src/machines/events.ts';
import { type Change, collide, collidingPairs, footprintOf, WIDE } from '../../src/machines/footprint.ts';
import {
  CONFLICTS_MAX,
  type ForeseenConflict,
  newsOf,
  PATHS_MAX,
  RadarBook,
  type Sighting,
} from '../../src/machines/radar.ts';
import { SAMPLES, SHA_A, SHA_B } from '../support/sample-payloads.ts';

const AT = '2026-01-31T12:00:00.000Z';
let entries = 0;
function event<T extends EventType>(type: T, payload: PayloadOf<T>, timestamp = AT): DomainEvent {
  entries += 1;
  return { type, id: `${entries}-0`, timestamp, source: 'daemon/host', payload } as unknown as DomainEvent;
}

const conflict = (branch: string, more: Partial<ForeseenConflict> = {}): ForeseenConflict => ({
  kind: 'branch',
  branch,
  sha: SHA_B,
  slug: null,
  owner: null,
  owner_from: null,
  lands: null,
  paths: ['app.txt'],
  paths_omitted: 0,
  ...more,
});
const sighting = (conflicts: ForeseenConflict[], more: Partial<Sighting> = {}): Sighting => ({
  branch: 'work/a',
  sha: SHA_A,
  slug: null,
  owner: 'worker-a',
  owner_from: 'pushed',
  base: SHA_B,
  conflicts,
  complete: true,
  ...more,
});

/** Tells the book what is news of each sighting, as the daemon does; gives what was told, in brief. */
function tell(book: RadarBook, now: Sighting): string | null {
  const told = book.of(now.branch);
  const news = newsOf(told, now);
  const previous = book.lastOf(now.branch);
  if (news === null) return null;
  if (news.kind === 'clean') {
    const { branch, sha, slug } = now;
    book.apply(event('integration.conflict.cleared', { branch, sha, slug, reason: 'clean', previous }));
    return 'clean';
  }
  book.apply(event('integration.conflict.foreseen', { ...news.payload, previous }));
  const { conflicts, news: fresh } = news.payload;
  return `${conflicts.map(({ branch }) => branch).join(' ')} | ${fresh?.join(' ') ?? 'less'}`;
}

describe('what is told of a branch', () => {
  test('a conflict is told once, whatever the heads; more of it is told again', () => {
    const book = new RadarBook();
    expect(tell(book, sighting([conflict('work/b')]))).toBe('work/b | work/b');
    expect(tell(book, sighting([conflict('work/b', { sha: SHA_A })], { sha: SHA_B }))).toBeNull();
    expect(tell(book, sighting([conflict('work/b', { paths: ['app.txt', 'lib.txt'] })]))).toBe('work/b | work/b');
    expect(tell(book, sighting([conflict('work/b')]))).toBeNull();
    expect(tell(book, sighting([conflict('work/b'), conflict('work/c')]))).toBe('work/b work/c | work/c');
  });

  test('what goes away is told without noise, and the end when nothing is left', () => {
    const book = new RadarBook();
    tell(book, sighting([conflict('work/b'), conflict('work/c')]));
    expect(tell(book, sighting([conflict('work/c')]))).toBe('work/c | less');
    expect(tell(book, sighting([]))).toBe('clean');
    expect(tell(book, sighting([]))).toBeNull();
    expect(book.rows).toEqual([]);
    expect(tell(book, sighting([conflict('work/c')]))).toBe('work/c | work/c');
  });

  test('one that comes into the queue, and one that comes to main, is news once; one that leaves the queue is none', () => {
    const book = new RadarBook();
    tell(book, sighting([conflict('work/b')]));
    const queued = conflict('work/b', { kind: 'candidate', lands: 'before' });
    expect(tell(book, sighting([queued]))).toBe('work/b | work/b');
    expect(tell(book, sighting([queued]))).toBeNull();
    expect(tell(book, sighting([conflict('work/b')]))).toBeNull();
    expect(tell(book, sighting([conflict('main', { kind: 'main', lands: 'before' })]))).toBe('main | main');
  });

  test('a comparison that is not finished takes nothing back', () => {
    const book = new RadarBook();
    tell(book, sighting([conflict('work/b')]));
    expect(tell(book, sighting([], { complete: false }))).toBeNull();
    expect(tell(book, sighting([conflict('work/c')], { complete: false }))).toBeNull();
    expect(tell(book, sighting([conflict('work/b'), conflict('work/c')]))).toBe('work/b work/c | work/c');
    const other = new RadarBook();
    expect(tell(other, sighting([conflict('work/b')], { complete: false }))).toBe('work/b | work/b');
  });

  test('of very many the first are told, main among them, and further ones are no news', () => {
    const many = Array.from({ length: 30 }, (_, index) => conflict(`work/b${10 + index}`));
    const book = new RadarBook();
    tell(book, sighting(many));
    const told = book.of('work/a');
    expect(told?.conflicts).toHaveLength(CONFLICTS_MAX);
    expect(told?.omitted).toBe(30 - CONFLICTS_MAX);
    expect(tell(book, sighting([...many, conflict('work/zz')]))).toBeNull();
    expect(tell(book, sighting([...many, conflict('main', { kind: 'main' })]))).toMatch(/^main .*\| main$/);
    const paths = Array.from({ length: 50 }, (_, index) => `p${index}`);
    const other = new RadarBook();
    tell(other, sighting([conflict('work/b', { paths })]));
    expect(other.of('work/a')?.conflicts[0]).toMatchObject({ paths: paths.slice(0, PATHS_MAX), paths_omitted: 30 });
    expect(tell(other, sighting([conflict('work/b', { paths })]))).toBeNull();
  });

  test('says what to do: by main, by who lands first, else by agreement', () => {
    const says = (one: ForeseenConflict) => {
      const news = newsOf(null, sighting([one]));
      return news?.kind === 'foreseen' ? `${news.payload.summary}. ${news.payload.next_action}` : '';
    };
    expect(says(conflict('main', { kind: 'main', lands: 'before' }))).toBe(
      'with main in app.txt. bring main into work/a, or rebase it on main, and push it again',
    );
    expect(says(conflict('work/b', { kind: 'candidate', lands: 'before', owner: 'worker-b' }))).toBe(
      'with work/b of worker-b (in the queue) in app.txt. work/b comes to main first: build on it now, or rebase work/a when it has landed',
    );
    expect(says(conflict('work/b', { lands: 'after' }))).toContain('the owner of work/b is told to rebase');
    expect(says(conflict('work/b', { paths: ['a', 'b', 'c', 'd', 'e'] }))).toContain('in a, b, c and 2 more');
  });

  test('whatever is sighted, what is told is valid, ends, and is never repeated', () => {
    const branches = ['main', 'work/b', 'work/c', 'work/d'];
    const arbitrary = fc.array(
      fc.record({
        complete: fc.boolean(),
        conflicts: fc.uniqueArray(
          fc.record({
            branch: fc.constantFrom(...branches),
            queued: fc.boolean(),
            paths: fc.uniqueArray(fc.constantFrom('x', 'y', 'z'), { minLength: 1 }),
          }),
          { selector: ({ branch }) => branch },
        ),
      }),
      { maxLength: 12 },
    );
    const catalogue = buildDefaultCatalogue();
    fc.assert(
      fc.property(arbitrary, (looks) => {
        const book = new RadarBook();
        for (const { complete, conflicts } of looks) {
          const now = sighting(
            conflicts.map(({ branch, queued, paths }) =>
              conflict(branch, { kind: branch === 'main' ? 'main' : queued ? 'candidate' : 'branch', paths }),
            ),
            { complete },
          );
          const news = newsOf(book.of('work/a'), now);
          if (news?.kind === 'foreseen') {
            const made = makeEnvelope(
              catalogue,
              'integration.conflict.foreseen',
              { ...news.payload, previous: null },
              { source: 'daemon/host', timestamp: AT },
            );
            expect(made).toMatchObject({ kind: 'ok' });
          }
          tell(book, now);
          // The same look again has nothing to say.
          expect(tell(book, now)).toBeNull();
          const known = book.of('work/a');
          if (now.conflicts.length > 0) expect(known).not.toBeNull();
          if (complete) expect(known?.conflicts.length ?? 0).toBe(now.conflicts.length);
        }
        const dumped = new RadarBook();
        dumped.load(JSON.parse(JSON.stringify(book.dump())));
        expect(dumped.dump()).toEqual(book.dump());
        expect(toldRows(dumped.rows)).toEqual(toldRows(book.rows));
      }),
    );
  });
});

describe('whose work it is, as the log tells', () => {
  test('who told the push, or handed over last', () => {
    const book = new RadarBook();
    expect(book.ownerOf('feature/fix-login')).toBeNull();
    book.apply(event('branch.pushed', SAMPLES['branch.pushed']));
    expect(book.ownerOf('feature/fix-login')).toEqual({ owner: 'ada', owner_from: 'pushed' });
    book.apply(event('deployment.started', SAMPLES['deployment.started']));
    expect(book.ownerOf('feature/fix-login')).toEqual({ owner: 'w-1', owner_from: 'started' });
  });

  test('a conflict keeps the instant at which it was told first', () => {
    const book = new RadarBook();
    const foreseen = (at: string, conflicts: ForeseenConflict[]) =>
      book.apply(
        event('integration.conflict.foreseen', { ...SAMPLES['integration.conflict.foreseen'], conflicts }, at),
      );
    foreseen('2026-01-01T10:00:00.000Z', [conflict('work/b')]);
    foreseen('2026-01-01T11:00:00.000Z', [conflict('work/b'), conflict('work/c')]);
    expect(toldRows(book.rows).map((row) => [row.with.branch, row.since])).toEqual([
      ['work/b', '2026-01-01T10:00:00.000Z'],
      ['work/c', '2026-01-01T11:00:00.000Z'],
    ]);
  });
});

describe('which branches can meet', () => {
  const footprint = (...changes: string[]) =>
    footprintOf(
      changes.map((text): Change => {
        const how = text.startsWith('+') ? 'added' : text.startsWith('-') ? 'removed' : 'changed';
        return { path: text.replace(/^[+-]/, ''), how };
      }),
    );

  test.each([
    ['the same file', ['a.txt'], ['a.txt'], true],
    ['files beside each other', ['lib/a.txt'], ['lib/b.txt'], false],
    ['a file where the other needs a folder', ['+lib'], ['+lib/a.txt'], true],
    ['a file in a folder that the other moved', ['-old/a.txt', '+new/a.txt'], ['+old/b.txt'], true],
    ['a file deep in a folder that the other moved', ['-old/a.txt', '+new/a.txt'], ['+old/sub/b.txt'], true],
    ['a file in a folder above one that moved with it', ['-old/sub/a.txt', '+new/sub/a.txt'], ['+old/b.txt'], true],
    ['a file in a folder that the other took something out of', ['-old/a.txt'], ['+old/b.txt'], false],
    ['a change in a folder that the other moved', ['-old/a.txt', '+new/a.txt'], ['old/b.txt'], false],
    ['names that begin alike', ['lib'], ['library/a.txt'], false],
  ])('%s', (_name, one, other, expected) => {
    expect(collide(footprint(...one), footprint(...other))).toBe(expected);
    expect(collide(footprint(...other), footprint(...one))).toBe(expected);
  });

  test('one that changes very much meets everything', () => {
    const wide = footprintOf(
      Array.from({ length: WIDE + 1 }, (_, index) => ({ path: `p${index}`, how: 'added' as const })),
    );
    expect(wide).toBeNull();
    expect(collide(wide, footprint('other'))).toBe(true);
    expect(collidingPairs([footprint('a'), wide, footprint('b')])).toEqual([
      [0, 1],
      [1, 2],
    ]);
  });

  test('the index finds the pairs that a look at each would find', () => {
    const path = fc
      .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 })
      .map((parts) => parts.join('/'));
    const change = fc.record({ path, how: fc.constantFrom('added', 'changed', 'removed') }) as fc.Arbitrary<Change>;
    const list = fc.array(fc.array(change, { maxLength: 4 }), { maxLength: 6 });
    fc.assert(
      fc.property(list, (lists) => {
        const footprints = lists.map(footprintOf);
        const naive = footprints.flatMap((one, greater) =>
          footprints.slice(0, greater).flatMap((other, smaller) => (collide(one, other) ? [[smaller, greater]] : [])),
        );
        expect(collidingPairs(footprints)).toEqual(naive);
      }),
    );
  });
});
