/** The guard's verdict from facts alone, and how it reads the words of git and gh. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readGhWords } from '../../src/io/guards/gh-words.ts';
import { dryRunWords, readGitWords, readPushWords, readRefspec, splitAlias } from '../../src/io/guards/git-words.ts';
import { readDryRun, readHookLines } from '../../src/io/guards/push-lines.ts';
import { withWrappers } from '../../src/io/guards/wrapper-files.ts';
import { FRESH_AUTHORITY } from '../../src/machines/authority.ts';
import {
  type GuardKnowledge,
  type GuardMove,
  type GuardQuestion,
  isGuardedRef,
  judgeGuard,
  mayBeGuarded,
  refusalLines,
} from '../../src/machines/guard.ts';
import { FRESH_MODES } from '../../src/machines/modes.ts';
import type { OpenPush } from '../../src/machines/standing.ts';

const MAIN = 'refs/heads/main';
const FENCE = 'refs/telec/fence';
const A = 'a'.repeat(40);
const F = 'f'.repeat(40);
const cutover = { id: '1-0', at: '2026-01-01T00:00:00.000Z', main: A, evidence: 'none', dropped: [] };
const push: OpenPush = {
  seq: 1,
  pushNumber: 1,
  base: 'b'.repeat(40),
  fenceFrom: 'c'.repeat(40),
  fenceTo: F,
  sessionId: 'integrator-1',
  members: [],
  tip: A,
  followUps: [],
};

type Standing = (GuardKnowledge & { kind: 'asked' })['standing'];
const live = (more: Partial<Standing> = {}): Standing => ({
  mode: 'live',
  modes: { ...FRESH_MODES, begun: true, enabled: true, parityAccepted: true, cutover },
  authority: FRESH_AUTHORITY,
  openPushes: [],
  ...more,
});
const asked = (standing: Standing, owner: string | null = null): GuardKnowledge => ({
  kind: 'asked',
  standing,
  lease: owner === null ? null : { owner },
  now: Date.parse('2026-01-01T12:00:00.000Z'),
});
const ask = (moves: GuardMove[], more: Partial<GuardQuestion> = {}): GuardQuestion => ({
  route: 'pre_push',
  place: 'main_work_tree',
  main: MAIN,
  moves,
  untold: null,
  ...more,
});
const verdict = (question: GuardQuestion, known: GuardKnowledge): string => {
  const judged = judgeGuard(question, known);
  return judged.kind === 'pass' ? judged.by : judged.code;
};
const main = { ref: MAIN, sha: A };
const fence = { ref: FENCE, sha: F };
const permit = { id: '2-0', commit: A, until: '2026-01-01T12:10:00.000Z', actor: 'ann', reason: 'r', used: false };
const pushing = live({ openPushes: [push] });

describe('the verdict', () => {
  test.each<[string, GuardQuestion, GuardKnowledge, string]>([
    ['main, in the main work tree', ask([main]), asked(live()), 'INTEGRATOR_MAIN_AUTH_BLOCKED'],
    ['main, anywhere else', ask([main], { place: 'elsewhere' }), asked(live()), 'MAIN_GUARDRAIL_BLOCKED'],
    ['a merge by gh', ask([main], { route: 'gh', place: 'elsewhere' }), asked(live()), 'INTEGRATOR_MAIN_AUTH_BLOCKED'],
    ['main, while a session works', ask([main]), asked(pushing, 'integrator-1'), 'INTEGRATOR_MAIN_AUTH_BLOCKED'],
    ['nobody can be asked', ask([main]), { kind: 'unasked', detail: 'gone' }, 'MAIN_GUARDRAIL_BLOCKED'],
    ['an emptied log', ask([main]), asked(live({ mode: null })), 'MAIN_GUARDRAIL_BLOCKED'],
    ['it cannot be told', ask([], { untold: 'why' }), asked(live()), 'MAIN_GUARDRAIL_BLOCKED'],
    ["the session's own push", ask([main, fence]), asked(pushing, 'integrator-1'), 'session'],
    ['the same without the lease', ask([main, fence]), asked(pushing), 'INTEGRATOR_MAIN_AUTH_BLOCKED'],
    [
      'the same under another lease',
      ask([main, fence]),
      asked(pushing, 'integrator-2'),
      'INTEGRATOR_MAIN_AUTH_BLOCKED',
    ],
    [
      'a fence nobody announced',
      ask([main, { ...fence, sha: A }]),
      asked(pushing, 'integrator-1'),
      'INTEGRATOR_MAIN_AUTH_BLOCKED',
    ],
    [
      'another commit under its fence',
      ask([{ ...main, sha: F }, fence]),
      asked(pushing, 'integrator-1'),
      'INTEGRATOR_MAIN_AUTH_BLOCKED',
    ],
    [
      'main deleted under its fence',
      ask([{ ...main, sha: null }, fence]),
      asked(pushing, 'integrator-1'),
      'INTEGRATOR_MAIN_AUTH_BLOCKED',
    ],
    ['its fence alone', ask([fence]), asked(pushing, 'integrator-1'), 'INTEGRATOR_MAIN_AUTH_BLOCKED'],
    [
      'its push and a planted ref',
      ask([main, fence, { ref: 'refs/heads/refs/heads/main', sha: A }]),
      asked(pushing, 'integrator-1'),
      'INTEGRATOR_MAIN_AUTH_BLOCKED',
    ],
    [
      'a fence, after a rollback',
      ask([main, fence]),
      asked({ ...pushing, mode: 'shadow' }, 'integrator-1'),
      'INTEGRATOR_CUTOVER_NOT_READY',
    ],
    [
      'a fence, before the first cutover',
      ask([main, fence]),
      asked({ ...pushing, mode: 'shadow', modes: { ...FRESH_MODES, begun: true } }, 'integrator-1'),
      'INTEGRATOR_CUTOVER_NOT_READY',
    ],
    [
      'main, before the first cutover',
      ask([main]),
      asked(live({ mode: 'shadow', modes: { ...FRESH_MODES, begun: true } })),
      'shadow',
    ],
    ['main, after a rollback', ask([main]), asked({ ...live(), mode: 'shadow' }), 'INTEGRATOR_MAIN_AUTH_BLOCKED'],
    [
      'a planted ref, before the first cutover',
      ask([{ ref: 'refs/tags/refs/heads/main', sha: A }]),
      asked(live({ mode: 'shadow', modes: { ...FRESH_MODES, begun: true } })),
      'INTEGRATOR_MAIN_AUTH_BLOCKED',
    ],
    ['main, after a rollback', ask([main]), asked(live({ mode: 'shadow' })), 'INTEGRATOR_MAIN_AUTH_BLOCKED'],
    ['a permitted commit', ask([main]), asked(live({ authority: { ...FRESH_AUTHORITY, permit } })), 'permit'],
    [
      'another commit than the permitted one',
      ask([{ ...main, sha: F }]),
      asked(live({ authority: { ...FRESH_AUTHORITY, permit } })),
      'INTEGRATOR_MAIN_AUTH_BLOCKED',
    ],
    [
      'a permission that is over',
      ask([main]),
      asked(live({ authority: { ...FRESH_AUTHORITY, permit: { ...permit, until: '2026-01-01T11:59:59.999Z' } } })),
      'INTEGRATOR_MAIN_AUTH_BLOCKED',
    ],
    [
      'a deletion under a permission',
      ask([{ ...main, sha: null }]),
      asked(live({ authority: { ...FRESH_AUTHORITY, permit } })),
      'INTEGRATOR_MAIN_AUTH_BLOCKED',
    ],
  ])('%s', (_name, question, known, expected) => {
    expect(verdict(question, known)).toBe(expected);
  });

  test('every refusal has mark, code, reason and what to do instead, each on one line', () => {
    for (const known of [asked(live()), { kind: 'unasked', detail: 'gone' } as const]) {
      for (const route of ['pre_push', 'git', 'gh'] as const) {
        const judged = judgeGuard(ask([main], { route }), known);
        if (judged.kind === 'pass') throw new Error('it passed');
        const lines = refusalLines(route, judged);
        expect(lines.map((line) => line.slice(0, line.indexOf(':')))).toEqual([
          'GUARDRAIL_MARKER',
          'ERROR',
          'error',
          'hint',
        ]);
        expect(lines[0]).toMatch(/^GUARDRAIL_MARKER: TELEC_(PRE_PUSH_MAIN|GIT_PUSH_MAIN|GH_MAIN_MERGE)_GUARD_BLOCK$/);
      }
    }
  });

  test('after a way back nothing comes to main by itself, and nobody is told so', () => {
    const judged = judgeGuard(ask([main]), asked(live({ mode: 'shadow' })));
    expect(judged).toMatchObject({
      why: `telec is in shadow, and ${MAIN} stays guarded after a way back`,
      instead: expect.stringContaining('telec guard allow <commit>'),
    });
    expect(judgeGuard(ask([main]), asked(live()))).toMatchObject({ instead: expect.stringContaining('telec submit') });
  });

  test('refs that are guarded, and names that may come to mean them', () => {
    const guarded = [MAIN, FENCE, 'refs/telec/x', 'refs/heads/refs/heads/x', 'refs/tags/refs/heads/main'];
    const free = [
      'refs/heads/mainline',
      'refs/heads/feature/main',
      'refs/tags/main',
      'refs/heads/telec/x',
      'refs/notes/x',
    ];
    for (const ref of guarded)
      expect([ref, isGuardedRef(ref, MAIN), mayBeGuarded(ref, MAIN)]).toEqual([ref, true, true]);
    for (const ref of free)
      expect([ref, isGuardedRef(ref, MAIN), mayBeGuarded(ref, MAIN)]).toEqual([ref, false, false]);
    for (const name of ['main', 'heads/main', 'telec/x'])
      expect([name, mayBeGuarded(name, MAIN)]).toEqual([name, true]);
    for (const name of ['topic', 'x/main', 'HEAD']) expect([name, mayBeGuarded(name, MAIN)]).toEqual([name, false]);
  });
});

describe('the words of git', () => {
  test('options in front, command, rest', () => {
    expect(readGitWords(['-C', 'push', '-c', 'a=b', '--git-dir=x', '-p', 'push', '-f'])).toEqual({
      globals: ['-C', 'push', '-c', 'a=b', '--git-dir=x', '-p'],
      command: 'push',
      rest: ['-f'],
    });
    expect(readGitWords(['--version']).command).toBeNull();
  });

  test.each<[string[], string | null, string[], string[]]>([
    [['origin', 'main'], 'origin', ['main'], []],
    [['-fu', 'origin', 'a'], 'origin', ['a'], ['force', 'set-upstream']],
    [['-o', 'origin', 'x', 'y'], 'x', ['y'], []],
    [['-oorigin', 'x', 'y'], 'x', ['y'], []],
    [['--push-option', 'v', '--receive-pack', 'r', 'x'], 'x', [], ['push-option', 'receive-pack']],
    [['--repo', 'x'], 'x', [], ['repo']],
    [['--no-veri', '--mir', '--dr'], null, [], ['no-verify', 'mirror', 'dry-run']],
    [['-n', '--no-dry-run'], null, [], ['no-dry-run']],
    [['--no-verify', '--verify'], null, [], ['verify']],
    [['--', '--all'], '--all', [], []],
    [['origin', '--delete', 'a', 'b'], 'origin', ['a', 'b'], ['delete']],
  ])('%j', (words, remote, names, options) => {
    const read = readPushWords(words);
    expect([read.remote, read.names, [...read.options].sort()]).toEqual([remote, names, options.sort()]);
  });

  test('a dry run is dry whatever was typed', () => {
    expect(dryRunWords(['origin', '--no-dry-run', '--no-porcelain', '--verify', 'main'])).toEqual([
      '--dry-run',
      '--porcelain',
      '--no-verify',
      'origin',
      'main',
    ]);
  });

  test('refspecs end at the last colon', () => {
    expect(readRefspec('+HEAD^{/a:b}:main')).toEqual({ from: 'HEAD^{/a:b}', to: 'main', pattern: false });
    expect(readRefspec(':main')).toEqual({ from: '', to: 'main', pattern: false });
    expect(readRefspec(':').pattern).toBe(true);
    expect(readRefspec('refs/heads/*:refs/heads/*').pattern).toBe(true);
  });

  test('an alias is split as git splits it', () => {
    expect(splitAlias(`push  "or igin" 'a"b' c\\ d ''`)).toEqual(['push', 'or igin', 'a"b', 'c d', '']);
    expect(splitAlias('push "origin')).toBeNull();
  });
});

describe('what git says of a push', () => {
  const id = '1'.repeat(40);
  test('the lines of a hook, whatever stands in front', () => {
    const text = [
      `refs/heads/x ${id} ${MAIN} ${id}`,
      `HEAD^{/a b refs/heads/no ${id} refs/heads/y} ${id} refs/heads/z ${id}`,
      'HEAD^{/one',
      `two} ${id} ${MAIN} ${id}`,
      `(delete) ${'0'.repeat(40)} refs/heads/gone ${id}`,
      '',
    ].join('\n');
    expect(readHookLines(text)).toEqual([
      { ref: MAIN, sha: id },
      { ref: 'refs/heads/z', sha: id },
      { ref: MAIN, sha: id },
      { ref: 'refs/heads/gone', sha: null },
    ]);
  });

  test('a guarded ref is found in any line that git could write', () => {
    const word = fc.string({ minLength: 1 }).filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(word, (local) => {
        expect(readHookLines(`${local} ${id} ${MAIN} ${id}\n`)).toContainEqual({ ref: MAIN, sha: id });
      }),
    );
  });

  test('the lines of a dry run, with the URL they are about; what is up to date moves nothing', () => {
    const text = `To /a b\n*\tHEAD:${MAIN}\t[new branch]\n=\tx:refs/heads/x\t[up to date]\nTo https://h/r\n-\t:${MAIN}\t[deleted]\n!\tHEAD^{/a:b}:refs/heads/y\t[rejected] (fetch first)\nDone\n`;
    expect(readDryRun(text)).toEqual([
      { url: '/a b', from: 'HEAD', to: MAIN },
      { url: 'https://h/r', from: '', to: MAIN },
      { url: 'https://h/r', from: 'HEAD^{/a:b}', to: 'refs/heads/y' },
    ]);
  });
});

describe('the words of gh', () => {
  const files: Record<string, string> = {
    'merge.graphql': 'mutation { mergePullRequest(input: {pullRequestId: "x"}) { clientMutationId } }',
    'main.json': '{"branch": "main", "ref": "refs/heads/main"}',
    'topic.json': '{"branch": "topic", "ref": "refs/heads/topic"}',
  };
  const act = (line: string[]) => readGhWords(line, 'main', (path) => files[path] ?? null);
  const api = (...words: string[]) => act(['api', ...words]).kind;
  const repo = 'repos/acme/app';

  test.each<[string[], string]>([
    [['pr', 'merge', '5'], 'pull'],
    [['pr', 'merge', '--disable-auto', '5'], 'harmless'],
    [['pr', '-R', 'acme/app', 'merge', '5'], 'pull'],
    [['pr', 'view', 'merge'], 'harmless'],
    [['repo', 'sync'], 'harmless'],
    [['repo', 'sync', 'acme/app'], 'moves'],
    [['repo', 'sync', 'acme/app', '-b', 'topic'], 'harmless'],
    [['land', '5'], 'alias'],
    [['issue', 'list'], 'harmless'],
    [['--version'], 'harmless'],
  ])('%j: %s', (line, kind) => {
    expect(act(line).kind).toBe(kind);
  });

  test.each<[string, string[], string]>([
    ['reads', [`${repo}/pulls/5/merge`], 'harmless'],
    ['merges', ['-X', 'PUT', `${repo}/pulls/5/merge`], 'pull'],
    ['merges, in one word', ['-XPUT', `/${repo}/pulls/5/merge`], 'pull'],
    ['merges, by full address', ['--method=put', `https://api.github.com/${repo}/pulls/5/merge`], 'pull'],
    ['merges, escaped', ['-X', 'PUT', `${repo}/pulls/5/%6Derge`], 'pull'],
    ['merges into main', [`${repo}/merges`, '-f', 'base=main', '-f', 'head=x'], 'moves'],
    ['merges into a branch', [`${repo}/merges`, '-f', 'base=topic', '-f', 'head=main'], 'harmless'],
    ['moves main', ['-X', 'PATCH', `${repo}/git/refs/heads/main`, '-f', 'sha=x'], 'moves'],
    ['moves a branch', ['-X', 'PATCH', `${repo}/git/refs/heads/topic`, '-f', 'sha=x'], 'harmless'],
    ['deletes main', ['-X', 'DELETE', `${repo}/git/refs/heads/main`], 'moves'],
    ['moves what is checked out', ['-X', 'PATCH', `${repo}/git/refs/heads/{branch}`, '-f', 'sha=x'], 'untold'],
    ['makes a branch', [`${repo}/git/refs`, '-f', 'ref=refs/heads/topic'], 'harmless'],
    ['plants a branch', [`${repo}/git/refs`, '-f', 'ref=refs/heads/refs/heads/main'], 'moves'],
    ['makes a ref from a file', [`${repo}/git/refs`, '--input', 'main.json'], 'moves'],
    ['makes a ref from stdin', [`${repo}/git/refs`, '--input', '-'], 'untold'],
    ['writes a file to the default branch', ['-X', 'PUT', `${repo}/contents/a/b`, '-f', 'message=m'], 'moves'],
    ['writes a file to a branch', ['-X', 'PUT', `${repo}/contents/a`, '-f', 'branch=topic'], 'harmless'],
    [
      'writes a file to a branch, from a file',
      ['-X', 'PUT', `${repo}/contents/a`, '--input', 'topic.json'],
      'harmless',
    ],
    ['brings main up to date', [`${repo}/merge-upstream`, '-f', 'branch=main'], 'moves'],
    ['renames main', [`${repo}/branches/main/rename`, '-f', 'new_name=x'], 'moves'],
    ['comments', [`${repo}/issues/5/comments`, '-f', 'body=main'], 'harmless'],
    ['asks by graphql', ['graphql', '-f', 'query={ viewer { login } }'], 'harmless'],
    ['merges by graphql', ['graphql', '-F', 'query=@merge.graphql'], 'untold'],
    ['merges by graphql from stdin', ['graphql', '--input', '-'], 'untold'],
    [
      'commits to main by graphql',
      ['graphql', '-f', 'query=mutation { createCommitOnBranch(input: {branch: {branchName: "main"}}) { x } }'],
      'moves',
    ],
    [
      'commits to a branch by graphql',
      [
        'graphql',
        '-f',
        'query=mutation($b: String!) { createCommitOnBranch(input: {branch: {branchName: $b}}) { x } }',
        '-f',
        'b=topic',
      ],
      'harmless',
    ],
    [
      'commits to a branch by its id',
      ['graphql', '-f', 'query=mutation { createCommitOnBranch(input: {branch: {id: "x"}}) { x } }'],
      'untold',
    ],
    [
      'moves a ref by its id',
      ['graphql', '-f', 'query=mutation { updateRef(input: {refId: "x", oid: "y"}) { x } }'],
      'untold',
    ],
  ])('api %s', (_name, words, kind) => {
    expect(api(...words)).toBe(kind);
  });
});

test('the wrappers stand first in a search path, once', () => {
  expect(withWrappers('/a:/w:/b', '/w')).toBe('/w:/a:/b');
  expect(withWrappers('/a::/b', '/w')).toBe('/w:/a::/b');
  expect(withWrappers(undefined, '/w')).toBe('/w');
});
