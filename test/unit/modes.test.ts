/** The modes: the table that decides them, what the log folds into it, and what takes a cutover back. */
import { describe, expect, test } from 'vitest';
import { narrowedBy, sessionMode } from '../../src/actors/modes/session-mode.ts';
import { statusView } from '../../src/actors/status.ts';
import { cutoverSwitch, paritySwitch } from '../../src/io/acting.ts';
import type { DomainEvent, EventType, PayloadOf } from '../../src/machines/events.ts';
import {
  decideMode,
  FRESH_MODES,
  foldModes,
  type Modes,
  modeOf,
  rollbackDue,
  whyNotLive,
} from '../../src/machines/modes.ts';
import { FRESH_STANDING, foldStanding } from '../../src/machines/standing.ts';

const sha = (digit: string) => digit.repeat(40);
const decided = { actor: 'admin/ann', reason: 'because', command_id: '01jgfjz0q7v5m8n3k2h1g0f9e8' };
let entry = 0;

function event<T extends EventType>(type: T, payload: Partial<PayloadOf<T>>): DomainEvent {
  entry += 1;
  return { type, id: `${entry}-0`, timestamp: '2026-01-01T10:00:00.000Z', payload } as unknown as DomainEvent;
}

const enabled = (more = {}) =>
  event('integration.cutover.enabled', { main_sha: sha('a'), evidence: 'e', ...decided, ...more });
const shadow = () => event('integration.shadow.started', { main_sha: sha('a'), ...decided });
const rolledBack = (trigger: PayloadOf<'integration.cutover.rolled_back'>['trigger'], drill = false) =>
  event('integration.cutover.rolled_back', { main_sha: sha('b'), trigger, evidence: 'seen', drill, ...decided });
const aborted = (reason: string) =>
  event('integration.session.aborted', { session_id: 'integrator-1', fence: 1, reason, detail: '' });
const completed = (session_id = 'integrator-1') => event('integration.session.completed', { session_id });
const granted = (fence: number, session_id: string) =>
  event('integration.lease.acquired', { fence, session_id, replaced_stale: false, floor: 0 });
const started = (fence: number, session_id: string) =>
  event('integration.session.started', { fence, session_id, host: 'h', version: '1', mode: 'live' });

const folded = (...events: DomainEvent[]): Modes =>
  events.reduce((modes, one) => foldModes(modes, one, false), FRESH_MODES);

describe('the table', () => {
  const any = [true, false];
  const rows: [shadow: boolean, enabled: boolean, parity: boolean, rollback: boolean, result: string][] = any.flatMap(
    (a) =>
      any.flatMap((b) =>
        any.flatMap((c) =>
          any.map((d): [boolean, boolean, boolean, boolean, string] => {
            if (a || !b) return [a, b, c, d, 'shadow'];
            if (c) return [a, b, c, d, 'live'];
            return [a, b, c, d, d ? 'shadow, rollback required' : 'refused'];
          }),
        ),
      ),
  );

  test('S4-FR6.1 has five rows, and each of the sixteen cases falls into one of them', () => {
    expect(rows).toHaveLength(16);
    for (const [shadowRequested, isEnabled, parityAccepted, rollbackOnIncompleteParity, result] of rows) {
      const decision = decideMode({ shadowRequested, enabled: isEnabled, parityAccepted, rollbackOnIncompleteParity });
      const said =
        decision.kind === 'shadow' && decision.rollbackRequired ? 'shadow, rollback required' : decision.kind;
      expect([shadowRequested, isEnabled, parityAccepted, rollbackOnIncompleteParity, said]).toEqual([
        shadowRequested,
        isEnabled,
        parityAccepted,
        rollbackOnIncompleteParity,
        result,
      ]);
    }
    const counted = rows.map(([, , , , result]) => result).sort();
    expect(counted.filter((result) => result === 'live')).toHaveLength(2);
    expect(counted.filter((result) => result === 'shadow')).toHaveLength(12);
  });

  test.each<[string, DomainEvent[], ReturnType<typeof modeOf>, string | null]>([
    ['nothing was set up', [], null, 'not set up yet'],
    ['row 2: shadow began', [shadow()], { kind: 'shadow', rollbackRequired: false }, 'another path moves main'],
    ['row 3: the cutover is enabled', [shadow(), enabled()], { kind: 'live' }, null],
    [
      'row 2: a person took it back',
      [enabled(), rolledBack('person')],
      { kind: 'shadow', rollbackRequired: false },
      'the cutover was taken back at 2026-01-01T10:00:00.000Z: because',
    ],
    [
      'row 4: telec took it back',
      [enabled(), rolledBack('tree_differs')],
      { kind: 'shadow', rollbackRequired: true },
      'the cutover was taken back at 2026-01-01T10:00:00.000Z: because; a person has to decide how it goes on',
    ],
    [
      'row 5: telec took it back, and nothing may follow',
      [enabled({ rollback_on_incomplete_parity: false }), rolledBack('tree_differs')],
      { kind: 'refused', detail: 'the cutover is enabled, but its evidence was withdrawn' },
      'no session begins, not even in shadow: the cutover was taken back at 2026-01-01T10:00:00.000Z: because',
    ],
    [
      'row 2 again: a person decided for the way back',
      [enabled({ rollback_on_incomplete_parity: false }), rolledBack('tree_differs'), rolledBack('person')],
      { kind: 'shadow', rollbackRequired: false },
      'the cutover was taken back at 2026-01-01T10:00:00.000Z: because',
    ],
    ['row 3 again: enabled anew', [enabled(), rolledBack('faulty_aborts'), enabled()], { kind: 'live' }, null],
    ['a drill changes nothing', [enabled(), rolledBack('person', true)], { kind: 'live' }, null],
  ])('is asked with what the log says: %s', (_row, events, decision, why) => {
    const modes = folded(...events);
    expect(modeOf(modes)).toEqual(decision);
    expect(whyNotLive(modes)).toBe(why);
  });

  test('row 5 refuses every session, in shadow as well, with the way out', () => {
    const modes = folded(enabled({ rollback_on_incomplete_parity: false }), rolledBack('fence_shared'));
    expect(() => sessionMode(modes, {})).toThrow(
      expect.objectContaining({
        code: 'CUTOVER_INCOMPLETE',
        exit: 6,
        hint: expect.stringContaining('telec cutover rollback'),
      }),
    );
    expect(() => sessionMode(modes, narrowedBy({ TELEC_INTEGRATOR_CUTOVER_ENABLED: '0' }))).toThrow(
      expect.objectContaining({ code: 'CUTOVER_INCOMPLETE' }),
    );
  });

  test('status says the mode, whether a way back is required and why, from the log', () => {
    const view = (...events: DomainEvent[]) => {
      const standing = events.reduce(foldStanding, FRESH_STANDING);
      const parts = { standing, session: null, narrowed: false, lease: { record: null, now: 0 } };
      const { mode, rollback_required, mode_reason } = statusView(parts as unknown as Parameters<typeof statusView>[0]);
      return [mode, rollback_required, mode_reason];
    };
    const taken = 'the cutover was taken back at 2026-01-01T10:00:00.000Z: because';
    expect(view()).toEqual(['shadow', false, 'not set up yet']);
    expect(view(enabled())).toEqual(['live', false, null]);
    expect(view(shadow())).toEqual(['shadow', false, 'another path moves main']);
    expect(view(enabled(), rolledBack('person'))).toEqual(['shadow', false, taken]);
    expect(view(enabled(), rolledBack('tree_differs'))).toEqual([
      'shadow',
      true,
      `${taken}; a person has to decide how it goes on`,
    ]);
  });
});

describe('S3-5.1n the switches of the environment', () => {
  const live = folded(enabled());
  const CUTOVER = ['TELEC_INTEGRATOR_CUTOVER_ENABLED', 'TELECLAUDE_INTEGRATOR_CUTOVER_ENABLED'];
  const PARITY = ['TELEC_INTEGRATOR_PARITY_EVIDENCE', 'TELECLAUDE_INTEGRATOR_PARITY_EVIDENCE'];

  test('absent, empty or yes they take nothing away', () => {
    expect(narrowedBy({})).toEqual({});
    for (const name of CUTOVER)
      for (const value of ['', '1', 'true', 'TRUE', 'yes', 'Yes', 'on']) {
        expect([name, value, narrowedBy({ [name]: value })]).toEqual([name, value, {}]);
        expect(sessionMode(live, narrowedBy({ [name]: value }))).toBe('live');
      }
    for (const name of PARITY) expect(narrowedBy({ [name]: 'accepted', [CUTOVER[0] ?? '']: '1' })).toEqual({});
  });

  test('anything else narrows a live session to shadow', () => {
    for (const name of CUTOVER)
      for (const value of [
        '0',
        'false',
        'no',
        'off',
        ' 1',
        '1 ',
        '11',
        'true;',
        'enabled',
        'accepted',
        'ｏｎ',
        '\n',
        'null',
      ]) {
        expect([name, value, cutoverSwitch({ [name]: value })]).toEqual([name, value, 'off']);
        expect(sessionMode(live, narrowedBy({ [name]: value }))).toBe('shadow');
      }
    for (const name of PARITY)
      for (const value of ['1', 'true', 'yes', 'Accepted', 'ACCEPTED', 'accepted ', 'rejected', '0']) {
        expect([name, value, paritySwitch({ [name]: value })]).toEqual([name, value, 'off']);
        expect(sessionMode(live, narrowedBy({ [name]: value }))).toBe('shadow');
      }
  });

  test('both names of a switch count: one no is enough, whatever the other says', () => {
    for (const [names, yes, no] of [
      [CUTOVER, '1', '0'],
      [PARITY, 'accepted', 'rejected'],
    ] as const) {
      const [own = '', older = ''] = names;
      expect(sessionMode(live, narrowedBy({ [own]: yes, [older]: no }))).toBe('shadow');
      expect(sessionMode(live, narrowedBy({ [own]: no, [older]: yes }))).toBe('shadow');
      expect(sessionMode(live, narrowedBy({ [own]: yes, [older]: yes }))).toBe('live');
    }
  });

  test('forged yeses widen nothing: what the log has in shadow stays in shadow, what it refuses stays refused', () => {
    const forged = narrowedBy(
      Object.fromEntries([...CUTOVER.map((name) => [name, '1']), ...PARITY.map((name) => [name, 'accepted'])]),
    );
    expect(forged).toEqual({});
    for (const events of [[shadow()], [enabled(), rolledBack('person')], [enabled(), rolledBack('tree_differs')]])
      expect(sessionMode(folded(...events), forged)).toBe('shadow');
    const refused = folded(enabled({ rollback_on_incomplete_parity: false }), rolledBack('tree_differs'));
    expect(() => sessionMode(refused, forged)).toThrow(expect.objectContaining({ code: 'CUTOVER_INCOMPLETE' }));
  });
});

describe('S1-OQ3 what takes a cutover back', () => {
  const live = [enabled()];

  test('three sessions in a row that a fault of telec ended, of any of its kinds', () => {
    expect(rollbackDue(folded(...live, aborted('bug'), aborted('invariant')))).toBe(null);
    expect(rollbackDue(folded(...live, aborted('bug'), aborted('invariant'), aborted('self_check')))).toEqual({
      trigger: 'faulty_aborts',
      evidence: '3 sessions in a row ended by a fault of telec',
    });
  });

  test('a session that ended well breaks the row; one that ended for another reason neither counts nor breaks it', () => {
    expect(rollbackDue(folded(...live, aborted('bug'), aborted('bug'), completed(), aborted('bug')))).toBe(null);
    const others = ['contention', 'lease_lost', 'died', 'git', 'rolled_back', 'mode_changed'].map(aborted);
    expect(rollbackDue(folded(...live, ...others, ...others))).toBe(null);
    expect(rollbackDue(folded(...live, aborted('bug'), ...others, aborted('bug'), aborted('bug')))?.trigger).toBe(
      'faulty_aborts',
    );
  });

  test('two sessions under one fence', () => {
    expect(rollbackDue(folded(...live, granted(5, 'integrator-a'), started(5, 'integrator-a')))).toBe(null);
    expect(rollbackDue(folded(...live, granted(5, 'integrator-a'), started(5, 'integrator-b')))).toEqual({
      trigger: 'fence_shared',
      evidence: 'fence 5 was used by integrator-a and integrator-b',
    });
  });

  test('a halt over a tree that differs or over a foreign commit, and no other hold', () => {
    const held = (alarm: PayloadOf<'integration.hold.placed'>['alarm']) =>
      event('integration.hold.placed', { owner: 'integrator-1', reason: 'seen', until: null, main_busy: false, alarm });
    expect(rollbackDue(folded(...live, held('TREE_DIFFERS')))).toEqual({ trigger: 'tree_differs', evidence: 'seen' });
    expect(rollbackDue(folded(...live, held('FOREIGN_COMMIT')))).toEqual({
      trigger: 'foreign_commit',
      evidence: 'seen',
    });
    for (const alarm of [null, 'CHANGE_LOST', 'MAIN_REWOUND', 'REF_PLANTED'] as const)
      expect(rollbackDue(folded(...live, held(alarm)))).toBe(null);
    expect(rollbackDue(folded(...live, held('TREE_DIFFERS'), rolledBack('tree_differs'), enabled()))).toBe(null);
  });

  test('nothing is due in shadow, after the way back, or once it was enabled anew', () => {
    const faults = [aborted('bug'), aborted('bug'), aborted('bug')];
    expect(rollbackDue(folded(shadow(), ...faults))).toBe(null);
    expect(rollbackDue(folded(...live, ...faults, rolledBack('faulty_aborts')))).toBe(null);
    expect(rollbackDue(folded(...live, ...faults, rolledBack('faulty_aborts'), enabled()))).toBe(null);
  });
});
