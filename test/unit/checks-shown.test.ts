/** Checks, chain and flakes in words and views: what the log tells of them, the same wherever it is shown. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Repository } from '../../src/actors/repository.ts';
import { checkRows, logOf } from '../../src/actors/tests/desk.ts';
import { type ChainOf, chainRows, testsView } from '../../src/actors/tests/shown.ts';
import type { ChainRow } from '../../src/actors/tests/views.ts';
import { candidateDetail, whyView } from '../../src/actors/views.ts';
import { aroundOf } from '../../src/actors/waits.ts';
import { checkLogText } from '../../src/cli/checks-messages.ts';
import { chainWords, receiptWords, runWords, shortSpan } from '../../src/machines/check-words.ts';
import { candidateKey } from '../../src/machines/identity.ts';
import { sha, work } from '../support/fold-world.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { checkedWorld, INDEX, LOGIN, SEARCH, TREE } from '../support/tested-world.ts';

const PREFIX = 'domain.software-development.';
const passed = { state: 'passed', run: 1, duration_ms: 1234, cached: false, flaked: false, failure: null } as const;
const failure = { kind: 'failed', exit_status: 1, signal: null, final: true } as const;

describe('in words', () => {
  test('a run says how it ended, how long it took and which try it was', () => {
    expect(runWords(passed)).toBe('passed in 1.2 s');
    expect(runWords({ ...passed, run: 2, flaked: true })).toBe('passed in 1.2 s, try 2 (flaky)');
    expect(runWords({ ...passed, cached: true })).toBe('passed before on the same');
    expect(runWords({ ...passed, state: 'running', duration_ms: null, run: 3 })).toBe('runs, try 3');
    const failed = { ...passed, state: 'failed', failure } as const;
    expect(runWords(failed)).toBe('failed with status 1 in 1.2 s');
    expect(runWords({ ...failed, failure: { ...failure, final: false } })).toMatch(/; it is tried again$/);
    const killed = { ...failure, kind: 'killed', exit_status: null, signal: 'SIGKILL' } as const;
    expect(runWords({ ...failed, failure: killed })).toBe('was killed by SIGKILL in 1.2 s');
  });

  test.each([
    [40, '40 ms'],
    [9949, '9.9 s'],
    [9951, '10 s'],
    [59_600, '1 min'],
    [185_000, '3 min 5 s'],
    [7_260_000, '2 h 1 min'],
  ])('%i ms is %s', (ms, said) => {
    expect(shortSpan(ms)).toBe(said);
  });

  test('a receipt says what it proves; one without checks that nothing was tested', () => {
    const check = (name: string) => ({ check: name, tree: TREE, duration_ms: 1200 });
    expect(receiptWords({ checks: [check('unit'), check('lint')] })).toBe('tested: unit 1.2 s, lint 1.2 s');
    expect(receiptWords({ checks: ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(check) })).toMatch(/e 1\.2 s and 2 more$/);
    expect(receiptWords({ checks: [] })).toBe('merged, not tested');
    expect(receiptWords(null)).toBe(null);
  });

  test('nothing is said of tests before a session began; without checks that nothing is tested', () => {
    const view = { configured: null, window: null, chain: [] };
    expect(chainWords(view)).toBe(null);
    expect(chainWords({ ...view, configured: false })).toMatch(/merged, not tested$/);
  });
});

describe('what the log tells', () => {
  test('the chain stands in the order of the dequeues, with what the runs of each say, and the window beside it', () => {
    const { repository, checks } = checkedWorld();
    const verdicts = () => testsView(repository, null).chain.map(({ key, verdict }) => [key.split('/')[0], verdict]);
    expect(verdicts().slice(0, 2)).toEqual([
      ['login', 'passed'],
      ['search', 'running'],
    ]);
    expect(testsView(repository, null)).toMatchObject({ configured: true, window: { size: 4, max: 4 }, running: 1 });
    checks.failed(SEARCH, 'unit', { final: false });
    expect(verdicts()[1]).toEqual(['search', 'running']);
    checks.began(SEARCH, 'unit', 2);
    checks.failed(SEARCH, 'unit', { run: 2 });
    expect(verdicts()[1]).toEqual(['search', 'failed']);
  });

  test('the session of this process knows better: what lands, what stands aside and why, what is merged again', () => {
    const taken = (one: typeof LOGIN) => ({ ...one, attempt: 1, dequeuedAt: '2026-01-01T00:00:00.000Z' });
    const member = (one: typeof LOGIN) => ({
      ...taken(one),
      base: sha('1'),
      mergeCommit: sha('2'),
      tip: sha('3'),
      tree: TREE,
      skipped: 0,
    });
    const more = work('more', 'd');
    const chain: ChainOf = {
      window: { size: 2, max: 4, credit: 2 },
      train: [{ ...member(LOGIN), verdict: 'passed' }],
      chain: [{ ...member(INDEX), verdict: 'untested' }],
      aside: [{ ...taken(SEARCH), base: sha('3'), because: 'conflict' }],
      worklist: [taken(more)],
      order: [LOGIN, SEARCH, INDEX, more].map(candidateKey),
    };
    expect(chainRows(chain).map(({ key, verdict, because }) => [key.split('/')[0], verdict, because])).toEqual([
      ['login', 'landing', null],
      ['search', 'aside', 'conflict'],
      ['index', 'untested', null],
      ['more', 'again', null],
    ]);
    const { repository } = checkedWorld();
    expect(testsView(repository, chain).window).toEqual({ size: 2, max: 4 });
  });

  test('where nothing is tested there is no chain, whatever the session has in hand', () => {
    expect(testsView(new Repository(), null)).toEqual({
      configured: null,
      window: null,
      chain: [],
      running: 0,
      failure_rate: null,
    });
  });

  test('a candidate has its runs while a session has it and once it is blocked, with the end of what failed', () => {
    const world = checkedWorld();
    const { repository, checks } = world;
    checks.failed(SEARCH, 'unit', { tail: 'not ok 7' });
    const detail = () => candidateDetail(repository, world.record(SEARCH)).checks;
    expect(detail()).toMatchObject([
      { check: 'unit', state: 'failed', tree: TREE, output_tail: 'not ok 7', failure: { exit_status: 1, final: true } },
    ]);
    // Ended with the turn, without a verdict: nobody tells one any more.
    checks.began(SEARCH, 'lint');
    expect(detail()).toHaveLength(2);
    world.failed(SEARCH);
    expect(detail().map(({ check, state }) => [check, state])).toEqual([['unit', 'failed']]);
    world.resumed(SEARCH, 0, '2026-01-01T00:00:00Z');
    expect(world.record(SEARCH).state).toBe('ready');
    expect(detail()).toEqual([]);
  });

  test('the fold of the same log, kept and taken up again, shows the same', () => {
    const world = checkedWorld();
    world.checks.passed(SEARCH, 'lint', { cached: true });
    const again = new Repository();
    again.load(structuredClone(world.repository.dump()));
    expect(testsView(again, null)).toEqual(testsView(world.repository, null));
    expect(again.tests.tallies()).toEqual(world.repository.tests.tallies());
    expect(again.tests.tested).toBe(true);
  });
});

describe('why', () => {
  const BEHIND: ChainRow[] = [{ key: candidateKey(INDEX), verdict: 'running', because: null }];
  const waits = (verdict: ChainRow['verdict'], because: ChainRow['because'] = null, behind: ChainRow[] = BEHIND) => {
    const { repository } = checkedWorld();
    const chain: ChainRow[] = [
      { key: candidateKey(LOGIN), verdict: 'passed', because: null },
      { key: candidateKey(SEARCH), verdict, because },
      ...behind,
    ];
    const around = aroundOf(repository, { hold: null, narrowed: false, doing: null, chain });
    return whyView(repository, 'search', around).waiting_for.map(({ code, text, event }) => [
      code,
      text,
      event?.replace(PREFIX, ''),
    ]);
  };

  test('names the check that runs, the tree and the event that ends the wait', () => {
    expect(waits('running')).toEqual([
      [
        'check_runs',
        expect.stringMatching(/^the verdict of unit on tree 5{10}; it runs since \d\d:\d\d:\d\d UTC$/),
        'integration.checks.passed',
      ],
    ]);
  });

  test.each<[ChainRow['verdict'], ChainRow['because'], string, string, string]>([
    ['passed', null, 'tested', 'it passed its checks; login lands first', 'deployment.completed'],
    ['untested', null, 'batch', 'a later delivery of its batch is tested with it in it', 'integration.checks.passed'],
    [
      'aside',
      'conflict',
      'aside',
      'it does not merge with what stands before it; it is judged for good once login is on main',
      'deployment.failed',
    ],
    ['landing', null, 'landing', 'it is on its way to main', 'deployment.completed'],
    ['again', null, 'again', 'it is merged again: what it was built on changed', 'integration.merge.succeeded'],
  ])('of one that %s (%s) says %s', (verdict, because, code, text, event) => {
    expect(waits(verdict, because)).toEqual([[code, text, event]]);
  });

  test.each<ChainRow[][]>([[[]], [[{ key: candidateKey(INDEX), verdict: 'aside', because: 'checks' }]]])(
    'of one whose checks have not begun, with nobody behind it that could be tested in its place, says so: %j',
    (behind) => {
      expect(waits('untested', null, behind)).toEqual([
        [
          'check_begins',
          'the beginning of its checks: a place in the window, and the answers of their toolchain commands',
          'integration.checks.started',
        ],
      ]);
      expect(chainWords({ configured: true, window: { size: 4, max: 4 }, chain: [{ verdict: 'untested' }] })).toBe(
        'window 4 of 4; 1 in the chain: 1 waiting for a test',
      );
    },
  );
});

describe('telec checks', () => {
  const definition = {
    run: 'npm test',
    timeoutMs: 1000,
    paths: null,
    toolchain: null,
    retries: { failed: 0, timed_out: 0, killed: 1, not_started: 2 },
  };

  test('counts runs, flakes and known verdicts of each check as configured, then of those that are no more', () => {
    const { repository, checks } = checkedWorld();
    checks.failed(SEARCH, 'unit', { final: false });
    checks.passed(SEARCH, 'unit', { run: 2, flaked: true, ms: 800 });
    checks.passed(INDEX, 'unit', { cached: true, ms: 0 });
    checks.passed(INDEX, 'gone');
    const rows = checkRows(
      [
        { name: 'lint', ...definition },
        { name: 'unit', ...definition },
      ],
      repository.tests.tallies(),
    );
    expect(rows.map(({ check }) => check)).toEqual(['lint', 'unit', 'gone']);
    expect(rows[0]).toMatchObject({ passed: 0, pass_rate: null, mean_ms: null, timeout_ms: 1000 });
    expect(rows[1]).toMatchObject({ passed: 2, failed: 1, flaked: 1, cached: 1, pass_rate: 2 / 3, flake_rate: 1 / 3 });
    expect(rows[1]?.mean_ms).toBe(Math.round((1200 + 12_300 + 800) / 3));
    expect(rows[2]).toMatchObject({ run: null, passed: 1 });
  });

  test('a log is read from this host alone, by its name: never from a path that the log of events names', () => {
    const { repository, checks } = checkedWorld();
    const folder = temporaryFolder();
    const logs = join(folder, 'checks', 'logs');
    mkdirSync(logs, { recursive: true });
    writeFileSync(join(folder, 'secret.log'), 'a secret');
    writeFileSync(join(logs, 'mine.log'), 'ok 1\u001b[2J\nnot ok 2 token=hunter2\n');
    symlinkSync(join(folder, 'secret.log'), join(logs, 'link.log'));
    const scrub = (text: string) => text.replace('hunter2', '***');
    const ask = (log: string, check: string | null = null) => {
      checks.failed(SEARCH, 'unit', { log });
      return logOf(repository, { selector: 'search', check, folder, scrub });
    };
    const view = ask('/elsewhere/checks/logs/mine.log');
    expect(view).toMatchObject({
      check: 'unit',
      file: join(logs, 'mine.log'),
      text: 'ok 1\u001b[2J\nnot ok 2 token=***\n',
    });
    expect(checkLogText(view)).toBe('ok 1\\x1b[2J\nnot ok 2 token=***');
    for (const log of [join(folder, 'secret.log'), '../../secret.log', 'link.log', '..', '/etc/passwd'])
      expect(() => ask(log)).toThrow(expect.objectContaining({ code: 'CHECK_LOG_ELSEWHERE' }));
    expect(() => ask('mine.log', 'lint')).toThrow(expect.objectContaining({ code: 'NO_CHECK_LOG' }));
    expect(() => ask('')).toThrow(
      expect.objectContaining({ code: 'NO_CHECK_LOG', hint: expect.stringContaining(`logs in ${logs}`) }),
    );
    expect(() => logOf(repository, { selector: 'none', check: null, folder, scrub })).toThrow(
      expect.objectContaining({ code: 'NOT_FOUND' }),
    );
  });
});
