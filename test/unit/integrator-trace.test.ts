/** The trace of a session, event by event; that it agrees with sessions as they run is shown in the simulation. */
import { describe, expect, test } from 'vitest';
import { diagramOf } from '../../src/machines/diagram.ts';
import type { DomainEvent } from '../../src/machines/events.ts';
import { integratorMachine } from '../../src/machines/integrator.ts';
import { FRESH_TRACE, foldTrace, type Trace } from '../../src/machines/integrator-trace.ts';
import { FRESH_STANDING, foldStanding } from '../../src/machines/standing.ts';

const AT = '2026-01-01T00:00:00.000Z';
const own = { session_id: 's-1', fence: 1 };
const login = { slug: 'login', branch: 'work', sha: 'a'.repeat(40) };
const KEY = `login/work@${login.sha}`;
const NEXT = `next/work@${login.sha}`;

const event = (type: string, payload: object): DomainEvent =>
  ({ type: type.replace(/^\+/, 'integration.'), id: '1-0', timestamp: AT, source: 'test/1', payload }) as never;

type Told = [type: string, payload: object, state: string, candidate?: string | null];

const BEGUN: Told[] = [
  ['+lease.acquired', own, 'acquiring'],
  ['+session.started', own, 'reconciling'],
];
const END: Told[] = [
  ['+session.completed', own, 'releasing'],
  ['+lease.released', own, 'standby'],
];
const hold = (owner: string, alarm: string | null) => ({ owner, alarm });

const STORIES: Record<string, Told[]> = {
  'a delivery': [
    ...BEGUN,
    ['+candidate.probed', { ...login, session_id: 's-1' }, 'reconciling'],
    ['+candidate.dequeued', { ...own, ...login }, 'draining.rechecking', KEY],
    ['+merge.succeeded', { ...own, ...login }, 'draining.bookkeeping', KEY],
    ['+push.attempted', { ...own, members: [login] }, 'draining.pushing'],
    ['+push.succeeded', own, 'draining.recording'],
    ['deployment.completed', { ...login, fence: 1 }, 'draining.recording'],
    ['+main.audited', own, 'draining.testing'],
    ['+candidate.cleaned', { ...login, session_id: 's-1' }, 'draining.cleaning'],
    ...END,
  ],
  'checks, and one that fails': [
    ...BEGUN,
    ['+candidate.dequeued', { ...own, ...login }, 'draining.rechecking', KEY],
    ['+merge.succeeded', { ...own, ...login }, 'draining.bookkeeping', KEY],
    ['+checks.started', { ...own, ...login, slug: 'other' }, 'draining.bookkeeping', KEY],
    ['+checks.started', { ...own, ...login }, 'draining.testing', KEY],
    ['+candidate.dequeued', { ...own, ...login, slug: 'next' }, 'draining.rechecking', NEXT],
    ['+checks.started', { ...own, ...login }, 'draining.rechecking', NEXT],
    ['+checks.failed', { ...own, ...login }, 'draining.rechecking', NEXT],
    ['+merge.conflicted', { ...own, ...login, slug: 'next', base: 'b', provisional: true }, 'draining.merging', NEXT],
    ['deployment.failed', { ...login, fence: 1, kind: 'checks' }, 'draining.testing'],
    ['+merge.conflicted', { ...own, ...login, slug: 'next', base: 'c', provisional: false }, 'draining.merging', NEXT],
    ['+merge.conflicted', { ...own, ...login, slug: 'next', base: 'b', provisional: false }, 'draining.ejecting', NEXT],
    ['deployment.failed', { ...login, slug: 'next', fence: 1, kind: 'conflict' }, 'draining.testing'],
    ...END,
  ],
  'a conflict, its follow-up, and a person who holds': [
    ...BEGUN,
    ['+candidate.dequeued', { ...own, ...login }, 'draining.rechecking', KEY],
    ['+merge.conflicted', { ...own, ...login }, 'draining.merging', KEY],
    ['+hold.placed', hold('ada', null), 'draining.merging', KEY],
    ['+hold.lifted', {}, 'draining.merging', KEY],
    ['deployment.failed', { ...login, fence: 1 }, 'draining.selecting'],
    ['+hold.placed', hold('ada', null), 'draining.holding'],
    ['+hold.lifted', {}, 'draining.selecting'],
    ['+push.attempted', { ...own, members: [] }, 'draining.followingUp'],
    ['+push.succeeded', own, 'draining.followingUp'],
    ['+followup.landed', own, 'draining.followingUp'],
    ...END,
  ],
  'what an earlier session left': [
    ...BEGUN,
    ['+push.burned', own, 'reconciling'],
    ['+push.succeeded', own, 'reconciling'],
    ['deployment.completed', { ...login, fence: 1 }, 'reconciling'],
    ['+candidate.requeued', { ...own, ...login, after: 'reconcile' }, 'reconciling'],
    ['+candidate.dequeued', { ...own, ...login }, 'draining.rechecking', KEY],
    ['+candidate.requeued', { ...own, ...login, after: 'recheck' }, 'draining.selecting'],
    ['deployment.completed', { ...login, fence: 1 }, 'draining.selecting'],
    ...END,
  ],
  shadow: [...BEGUN, ['+shadow.judged', { ...own, ...login }, 'draining.judging', KEY], ...END],
  'a halt': [
    ...BEGUN,
    ['+push.attempted', { ...own, members: [login] }, 'draining.pushing'],
    ['+hold.placed', hold('s-1', 'TREE_DIFFERS'), 'releasing'],
    ['+candidate.requeued', { ...own, ...login, after: 'rebuild' }, 'releasing'],
    ['+session.aborted', { session_id: 's-1', fence: 1, reason: 'halt' }, 'releasing'],
    ['+lease.released', own, 'standby'],
  ],
  'one that is told to stop': [
    ...BEGUN,
    ['+candidate.dequeued', { ...own, ...login }, 'draining.rechecking', KEY],
    ['+candidate.requeued', { ...own, ...login, after: 'shutdown' }, 'releasing'],
    ...END,
  ],
  'one that died': [...BEGUN, ['+session.aborted', { session_id: 's-1', fence: 1, reason: 'died' }, 'standby']],
  'one that lost its lease': [...BEGUN, ['+lease.lost', own, 'standby']],
  'what others write meanwhile': [
    ...BEGUN,
    ['+candidate.dequeued', { ...own, ...login }, 'draining.rechecking', KEY],
    ['+candidate.dequeued', { session_id: 's-0', fence: 0, ...login, slug: 'other' }, 'draining.rechecking', KEY],
    ['+candidate.cleaned', { ...login, session_id: 'janitor' }, 'draining.rechecking', KEY],
    ['deployment.failed', { ...login, fence: 9 }, 'draining.rechecking', KEY],
    ['+session.aborted', { session_id: 's-0', fence: 0, reason: 'died' }, 'draining.rechecking', KEY],
    ['review.approved', { slug: 'login' }, 'draining.rechecking', KEY],
  ],
};

const states = new Set(diagramOf(integratorMachine).nodes.map(({ id }) => id));

describe.each(Object.entries(STORIES))('the trace of %s', (_name, told) => {
  test('is at each event where the session goes on', () => {
    let trace: Trace = FRESH_TRACE;
    for (const [type, payload, state, candidate = null] of told) {
      trace = foldTrace(trace, event(type, payload));
      expect([type, trace.state, trace.candidate]).toEqual([type, state, candidate]);
      expect(states).toContain(trace.state);
    }
  });
});

test('the lease is who was granted it, until it was given back, lost or broken', () => {
  const granted = foldTrace(FRESH_TRACE, event('+lease.acquired', own));
  expect(granted.lease).toEqual({ owner: 's-1', fence: 1, acquiredAt: AT });
  for (const type of ['+lease.released', '+lease.lost', '+lease.broken'])
    expect(foldTrace(granted, event(type, own)).lease, type).toBeNull();
  expect(foldTrace(granted, event('+lease.acquired', { session_id: 's-2', fence: 2 })).lease?.owner).toBe('s-2');
  const released = foldTrace(granted, event('+lease.released', { session_id: 's-0', fence: 0 }));
  expect(released).toBe(granted);
});

test('the standing keeps it, and is the same object after an event that says nothing', () => {
  const standing = foldStanding(FRESH_STANDING, event('+lease.acquired', own));
  expect(standing.trace).toMatchObject({ session: 's-1', state: 'acquiring' });
  expect(foldStanding(standing, event('+candidate.probed', { ...login, session_id: 'd' })).trace).toBe(standing.trace);
});
