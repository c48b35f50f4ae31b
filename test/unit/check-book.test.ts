/** The book of checks: which verdicts are used again, what was spent, and what the ends say of the window. */
import { describe, expect, test } from 'vitest';
import { CheckBook } from '../../src/machines/check-book.ts';
import type { DomainEvent, PayloadOf } from '../../src/machines/events.ts';
import { candidateKey } from '../../src/machines/identity.ts';
import { CREDIT_TIMES, openWindow } from '../../src/machines/speculation.ts';
import { sha } from '../support/fold-world.ts';

const one = { slug: 'one', branch: 'feature/one', sha: sha('a') };
const fenced = { session_id: 'integrator-1', fence: 1 };
const ABOUT = { seen: sha('5'), definition: 'd', toolchain: 't' };
const FULL = CREDIT_TIMES * 4;

function book() {
  const made = new CheckBook();
  let count = 0;
  const tell = (type: string, payload: object) => {
    count += 1;
    const timestamp = new Date(count * 1000).toISOString();
    made.apply({ type, id: `${count}-0`, timestamp, source: 's', payload } as unknown as DomainEvent);
  };
  const run = (more: object = {}) => ({
    ...one,
    ...fenced,
    attempt: 1,
    check: 'unit',
    tree: sha('5'),
    run: 1,
    ...ABOUT,
    duration_ms: 100,
    ...more,
  });
  return {
    made,
    session: (window?: number) => tell('integration.session.started', { ...fenced, window }),
    dequeued: () => tell('integration.candidate.dequeued', { ...one, ...fenced, attempt: 2 }),
    started: (more?: object) => tell('integration.checks.started', run(more)),
    passed: (more?: object) => tell('integration.checks.passed', run({ cached: false, flaked: false, ...more })),
    failed: (more?: object) =>
      tell(
        'integration.checks.failed',
        run({ kind: 'failed', exit_status: 1, signal: null, output_tail: '', log: '', final: true, ...more }),
      ),
    blocked: (kind: PayloadOf<'deployment.failed'>['kind'] = 'checks') => tell('deployment.failed', { ...one, kind }),
    landed: (checks: unknown[] = [{}]) => tell('deployment.completed', { ...one, receipt: { checks } }),
  };
}

describe('a verdict', () => {
  test.each(['seen', 'definition', 'toolchain'])('is used again for nothing with another %s', (part) => {
    const { made, passed } = book();
    passed();
    expect(made.passOf(ABOUT)).toEqual({ durationMs: 100, entryId: '1-0' });
    expect(made.passOf({ ...ABOUT, [part]: 'other' })).toBeNull();
  });

  test('is gone when the very same fails, and what failed is no flake twice', () => {
    const { made, passed, failed } = book();
    passed();
    failed();
    expect(made.passOf(ABOUT)).toBeNull();
    expect(made.hasFailed(ABOUT)).toBe(true);
    passed({ flaked: true });
    expect(made.passOf(ABOUT)).toMatchObject({ entryId: '3-0' });
    expect(made.hasFailed(ABOUT)).toBe(false);
  });

  test('that was taken from the book is no run of its own', () => {
    const { made, passed } = book();
    passed({ cached: true });
    expect(made.passOf(ABOUT)).toBeNull();
    passed({ flaked: true });
    const tally = { check: 'unit', passed: 1, failed: 0, flaked: 1, cached: 1, totalMs: 100 };
    expect(made.tallies()).toEqual([tally]);
  });
});

test('what is spent are the failures after which it was tried again, by kind, check and commit; it outlives the attempt', () => {
  const { made, failed, dequeued } = book();
  failed({ final: false });
  failed({ final: false, kind: 'timed_out' });
  failed({ final: false });
  failed({ final: true });
  dequeued();
  const about = { slug: 'one', sha: sha('a'), check: 'unit' };
  expect(made.spent(about)).toEqual({ failed: 2, timed_out: 1 });
  expect(made.spent({ ...about, check: 'lint' })).toEqual({});
  expect(made.spent({ ...about, sha: sha('b') })).toEqual({});
});

describe('the runs of a candidate', () => {
  const key = candidateKey(one);

  test('are the newest of each check on its newest tree, and those of the attempt alone', () => {
    const { made, started, passed, dequeued } = book();
    started();
    passed();
    started({ check: 'lint' });
    expect(made.runsOf(key).map(({ check, state }) => `${check} ${state}`)).toEqual(['unit passed', 'lint running']);
    started({ tree: sha('6') });
    expect(made.runsOf(key)).toMatchObject([{ check: 'unit', tree: sha('6'), state: 'running' }]);
    dequeued();
    expect(made.runsOf(key)).toEqual([]);
  });
});

describe('the window', () => {
  test('is halved by what is blocked for its checks alone, and grows by what was tested', () => {
    const { made, session, blocked, landed } = book();
    session(4);
    expect(made.credit).toBe(FULL);
    blocked('conflict');
    expect(made.credit).toBe(FULL);
    blocked();
    blocked();
    expect(made.credit).toBe(FULL / 4);
    landed([]);
    expect(made.credit).toBe(FULL / 4);
    landed();
    expect(made.credit).toBe(FULL / 4 + 1);
    expect(made.windowOf(4)).toEqual(openWindow(4, FULL / 4 + 1));
  });

  test('is wide open when another width is configured, and as it was left when the same is again', () => {
    const { made, session, blocked } = book();
    session(4);
    blocked();
    session(4);
    expect(made.windowOf(4).credit).toBe(FULL / 2);
    expect(made.windowOf(8)).toEqual(openWindow(8));
    session(8);
    expect(made.windowOf(8)).toEqual(openWindow(8));
  });
});

test('nothing is said of a failure rate before ten tested deliveries have ended', () => {
  const { made, blocked, landed } = book();
  for (let count = 0; count < 8; count += 1) landed();
  blocked('conflict');
  landed([]);
  blocked();
  expect(made.failureRate()).toBeNull();
  landed();
  expect(made.failureRate()).toBe(0.1);
});

test('comes back from a snapshot as it was', () => {
  const { made, session, started, passed, failed, blocked } = book();
  session(4);
  started();
  failed({ final: false });
  passed({ flaked: true });
  blocked();
  expect(CheckBook.from(made.dump()).dump()).toEqual(made.dump());
});
