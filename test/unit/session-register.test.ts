/** The register of sessions as a fold, the words of a command, and what kind of session they make. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Host } from '../../src/actors/host.ts';
import { keepProcess, openProcessFiles, ownProcess } from '../../src/actors/sessions/processes.ts';
import { wasDispatched } from '../../src/actors/sessions/register.ts';
import { TelecError } from '../../src/errors.ts';
import type { DomainEvent, EventType, PayloadOf } from '../../src/machines/events.ts';
import { ENDED_MAX, foldSessions, type SessionBook } from '../../src/machines/session-book.ts';
import { checkKind, kindOf, wordsOf } from '../../src/machines/session-kinds.ts';
import { SAMPLES, ULID } from '../support/sample-payloads.ts';

let entries = 0;
function event<T extends EventType>(type: T, payload: Partial<PayloadOf<T>> = {}): DomainEvent {
  entries += 1;
  const timestamp = new Date(Date.UTC(2026, 0, 1) + entries * 1000).toISOString();
  const all = { ...SAMPLES[type], ...payload };
  return { type, id: `${entries}-0`, timestamp, source: 'admin/ada', payload: all } as unknown as DomainEvent;
}
const fold = (events: DomainEvent[], book: SessionBook = []) => events.reduce(foldSessions, book);

describe('the register', () => {
  test('F38 knows a session by what was recorded of it, from its beginning to its end', () => {
    const begun = fold([event('session.started'), event('session.spawned')]);
    expect(begun).toMatchObject([
      { id: 'builder-1', role: 'worker', kind: 'builder', pid: 4711, mark: 'boot/1', parent: 'o-1', endedAt: null },
    ]);
    const over = fold([event('session.ended'), event('session.ended', { reason: 'exited' })], begun);
    expect(over).toMatchObject([{ id: 'builder-1', reason: 'asked', checkpoint: null }]);
    expect(over[0]?.endedAt).not.toBeNull();
  });

  test('S3-3.3j keeps the checkpoint of a run of the integrator, F31 each its own counts', () => {
    const run = (id: string, completed: number) => [
      event('integration.session.started', { session_id: id }),
      event('integration.session.completed', {
        session_id: id,
        counts: { completed, blocked: 1, superseded: 0 },
        outcome: 'drained',
      }),
    ];
    const book = fold([...run('integrator-a', 2), ...run('integrator-b', 5)]);
    expect(book.map(({ id, checkpoint }) => [id, checkpoint?.completed, checkpoint?.blocked])).toEqual([
      ['integrator-a', 2, 1],
      ['integrator-b', 5, 1],
    ]);
    const died = fold([
      event('integration.session.started', { session_id: 'integrator-c' }),
      event('integration.session.aborted', { session_id: 'integrator-c', reason: 'died' }),
    ]);
    expect(died).toMatchObject([{ id: 'integrator-c', reason: 'died', checkpoint: null }]);
  });

  test('remembers what a session handed over, each once', () => {
    const handed = event('deployment.started', { worker_session_id: 'builder-1' });
    const [entry] = fold([event('session.started'), handed, handed]);
    expect(entry?.handOvers).toHaveLength(1);
  });

  test('takes the same session once, and nothing about one it does not know', () => {
    const book = fold([event('session.started'), event('session.started', { kind: 'fixer' })]);
    expect(book.map(({ kind }) => kind)).toEqual(['builder']);
    expect(fold([event('session.ended', { session_id: 'x' }), event('session.spawned', { session_id: 'x' })])).toEqual(
      [],
    );
    expect(foldSessions(book, event('review.approved'))).toBe(book);
  });

  test('does not grow without end: of sessions that are over the newest stay, those that run all', () => {
    const running = event('session.started', { session_id: 'runs' });
    const over = Array.from({ length: ENDED_MAX + 5 }, (_, at) => [
      event('session.started', { session_id: `s-${at}`, command_id: ULID }),
      event('session.ended', { session_id: `s-${at}` }),
    ]);
    const book = fold([running, ...over.flat()]);
    expect(book).toHaveLength(ENDED_MAX + 1);
    expect(book[0]?.id).toBe('runs');
    expect(book[1]?.id).toBe('s-5');
  });
});

describe('a registered session', () => {
  const host = (book: SessionBook) => ({ repository: { sessions: book } }) as unknown as Host;

  test('S0-2.2p was dispatched when somebody else started it for just that command', () => {
    const gate = {
      session_id: 'g-1',
      kind: 'gate-checker',
      command: 'next-prepare-gate login',
      parent: 'o-1',
    } as const;
    const book = fold([
      event('session.started', gate),
      event('session.started', { ...gate, session_id: 'own', parent: 'own' }),
      event('session.started', { ...gate, session_id: 'shell', command: null }),
    ]);
    expect(wasDispatched(host(book), 'g-1', 'next-prepare-gate')).toBe(true);
    expect(wasDispatched(host(book), 'g-1', 'next-prepare-draft')).toBe(false);
    expect(wasDispatched(host(book), 'g-1', 'toString')).toBe(false);
    for (const id of ['own', 'shell', 'nobody']) expect(wasDispatched(host(book), id, 'next-prepare-gate')).toBe(false);
  });

  test('has a process of ours only by the proof in the state folder, and no id from the log leaves that folder', () => {
    const folder = mkdtempSync(join(tmpdir(), 'telec-proof-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const id = `builder-${ULID}`;
    openProcessFiles(folder, id, []);
    expect(ownProcess(folder, { id })).toBeNull();
    keepProcess(folder, id, { pid: 4711, mark: 'boot/1' });
    expect(ownProcess(folder, { id })).toEqual({ pid: 4711, mark: 'boot/1' });
    writeFileSync(join(folder, `x-${ULID}.json`), JSON.stringify({ pid: 1, mark: null }));
    expect(ownProcess(folder, { id: `../x-${ULID}` })).toBeNull();
    openProcessFiles(folder, `fixer-${ULID}`, []);
    expect(ownProcess(folder, { id })).toBeNull();
  });
});

describe('a command', () => {
  test.each([
    ['a b  c', ['a', 'b', 'c']],
    ['a "b c" \'d "e\' f\\ g', ['a', 'b c', 'd "e', 'f g']],
    ['a "" \'\'', ['a', '', '']],
    ['a "b\\"c" $HOME `x` ; rm * | y > z', ['a', 'b"c', '$HOME', '`x`', ';', 'rm', '*', '|', 'y', '>', 'z']],
    ["agent -p '/next-build login'", ['agent', '-p', '/next-build login']],
    ['a\nb\tc', ['a', 'b', 'c']],
  ])('%j is split into words, and nothing in it is expanded', (text, words) => {
    expect(wordsOf(text)).toEqual(words);
  });

  test.each(['', '   ', '""', 'a "b', "a 'b", 'a\\', 'a\u0000b', 'a \u001b[2J'])('%j is refused', (text) => {
    let fault: unknown;
    try {
      wordsOf(text);
    } catch (error) {
      fault = error;
    }
    expect(fault).toBeInstanceOf(TelecError);
    expect(fault).toMatchObject({ code: 'INVALID_COMMAND', exit: 2 });
  });

  test.each([
    ['next-build login', 'builder'],
    ["agent -p '/next-build login'", 'builder'],
    ['agent /next-review login', 'reviewer'],
    ['next-fix-review login', 'fixer'],
    ['bin/next-finalize login', 'finalizer'],
    ['next-prepare-draft login', 'drafter'],
    ['next-prepare-gate login', 'gate-checker'],
    ['agent --model next-buildx', 'utility'],
    ['sleep 1', 'utility'],
  ] as const)('%j makes a worker a %s', (command, kind) => {
    expect(kindOf(wordsOf(command), 'worker')).toBe(kind);
  });

  test('of the work flow is refused in a role it is not for', () => {
    expect(() => checkKind(kindOf(['next-integrate'], 'worker'), 'worker')).toThrow(/role integrator, not worker/);
    expect(() => checkKind('utility', 'admin')).not.toThrow();
    expect(kindOf([], 'orchestrator')).toBe('orchestrator');
    expect(kindOf([], 'integrator')).toBe('integrator');
  });
});
