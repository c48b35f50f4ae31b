/** What the log says of the audit and of permissions. */
import { describe, expect, test } from 'vitest';
import { type Authority, FRESH_AUTHORITY, foldAuthority } from '../../src/machines/authority.ts';
import type { DomainEvent, EventType, PayloadOf } from '../../src/machines/events.ts';

const sha = (digit: string) => digit.repeat(40);
const event = <T extends EventType>(id: string, type: T, payload: Partial<PayloadOf<T>>): DomainEvent =>
  ({ type, id, timestamp: '2026-01-01T10:00:00.000Z', payload }) as unknown as DomainEvent;
const folded = (...events: DomainEvent[]): Authority => events.reduce(foldAuthority, FRESH_AUTHORITY);
const permitted = (commit: string) =>
  event('1-0', 'integration.guard.permitted', { commit, until: '2026-01-01T10:10:00.000Z', actor: 'a', reason: 'r' });

describe('the fold of authority', () => {
  test('main as it was audited last, with the entry that says so', () => {
    const audited = (id: string, to: string) => event(id, 'integration.main.audited', { to, violations: [] });
    expect(folded().audited).toBe(null);
    expect(folded(audited('5-0', sha('a')), audited('7-0', sha('b'))).audited).toEqual({ id: '7-0', main: sha('b') });
  });

  test('a newer permission takes the place of an older one; what both permitted is remembered, the newest fifty', () => {
    const two = folded(permitted(sha('a')), permitted(sha('b')));
    expect(two.permit?.commit).toBe(sha('b'));
    expect(two.permitted).toEqual([sha('a'), sha('b')]);
    const many = folded(...Array.from({ length: 60 }, (_, index) => permitted(String(index).padStart(40, '0'))));
    expect(many.permitted).toHaveLength(50);
    expect(many.permitted.at(-1)).toBe('59'.padStart(40, '0'));
  });
});
