import { describe, expect, test } from 'vitest';
import { type StatusParts, statusView } from '../../src/actors/status.ts';
import { FRESH_TRACE } from '../../src/machines/integrator-trace.ts';
import { FRESH_STANDING } from '../../src/machines/standing.ts';

const record = {
  ownerSessionId: 'integrator-other',
  fence: 3,
  acquiredAt: 1000,
  renewedAt: 1000,
  expiresAt: 5000,
};

/** What status says of the integrator when the log has the session and no session runs in this process. */
function integrator(session: string | null, lease: StatusParts['lease']) {
  const parts = {
    standing: {
      ...FRESH_STANDING,
      trace: { ...FRESH_TRACE, session: 'integrator-other', state: 'draining.pushing', candidate: 'login/work@a' },
      configured: null,
      main: null,
      mode: 'live',
      hold: null,
      session: session === null ? null : { id: session },
    },
    session: null,
    lease,
  } as unknown as StatusParts;
  return statusView(parts).integrator;
}

describe('the integrator in status', () => {
  test('a session of another process that holds the lease is where its events show it', () => {
    expect(integrator('integrator-other', { record, now: 4999 })).toEqual({
      state: 'draining.pushing',
      session_id: 'integrator-other',
      candidate: 'login/work@a',
    });
  });

  test.each<[string, string | null, StatusParts['lease']]>([
    ['none began', null, { record: null, now: 0 }],
    ['the one that began let its lease run out', 'integrator-other', { record, now: 5000 }],
    ['the lease is of another one', 'integrator-late', { record, now: 0 }],
    ['the lease was broken', 'integrator-other', { record: null, now: 0 }],
  ])('no session is on standby: %s', (_why, session, lease) => {
    expect(integrator(session, lease)).toEqual({ state: 'standby', session_id: null, candidate: null });
  });
});
