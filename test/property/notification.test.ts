import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EventType, PayloadOf } from '../../src/machines/events.ts';
import { NotificationLog } from '../support/notification-log.ts';
import { SAMPLES, ULID } from '../support/sample-payloads.ts';

const SLUGS = ['one', 'two'];
const candidate = fc.record({ slug: fc.constantFrom(...SLUGS), number: fc.integer({ min: 0, max: 4 }) });
const shaOf = (number: number) => String(number).repeat(40);
const readyAt = (number: number) => new Date(Date.parse('2026-01-01T00:00:00Z') + number * 1000).toISOString();

type Step = { [T in EventType]: { type: T; payload: PayloadOf<T> } }[EventType];
const step: fc.Arbitrary<Step> = fc.oneof(
  candidate.map(({ slug, number }): Step => {
    const { pushed: _, ...sample } = SAMPLES['deployment.started'];
    return { type: 'deployment.started', payload: { ...sample, slug, sha: shaOf(number), ready_at: readyAt(number) } };
  }),
  candidate.map(
    ({ slug, number }): Step => ({
      type: 'deployment.failed',
      payload: { ...SAMPLES['deployment.failed'], slug, sha: shaOf(number) },
    }),
  ),
  candidate.map(
    ({ slug, number }): Step => ({
      type: 'deployment.completed',
      payload: { ...SAMPLES['deployment.completed'], slug, sha: shaOf(number) },
    }),
  ),
  fc
    .tuple(
      fc.constantFrom('notification.seen', 'notification.claimed', 'notification.resolved'),
      fc.constantFrom(...SLUGS),
    )
    .map(([type, slug]): Step => ({ type, payload: { row: `deployment/${slug}`, actor: 'ada', command_id: ULID } })),
);

test('F21 one row a slug, which never goes back to an older candidate, and people and agents keep apart', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const log = new NotificationLog();
      for (const { type, payload } of steps) {
        const before = new Map(log.rows);
        const changes = log.tell(type, payload);
        for (const { row } of changes) {
          const old = before.get(row.id);
          expect(row.id).toBe(`${row.family}/${row.slug}`);
          if (!old) continue;
          expect(row.created_at).toBe(old.created_at);
          if (old.rank && row.rank) expect(Number(row.rank[0])).toBeGreaterThanOrEqual(Number(old.rank[0]));
          if (type === 'notification.seen') expect(row.agent_status).toBe(old.agent_status);
          if (type === 'notification.claimed' || type === 'notification.resolved' || type === 'deployment.completed')
            expect(row.human_status).toBe(old.human_status);
          if (old.claimed_at) expect(row.claimed_at).toBe(old.claimed_at);
          const isTerminal = type === 'deployment.failed' || type === 'deployment.completed';
          if (isTerminal && old.rank) expect(old.subject).toMatchObject({ sha: Reflect.get(payload, 'sha') });
        }
        if (changes.length === 0) expect(log.rows).toEqual(before);
      }
      expect(log.rows.size).toBeLessThanOrEqual(SLUGS.length);
    }),
  );
});
