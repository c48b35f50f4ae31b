import { describe, expect, it } from 'vitest';
import { classifyPush, describe as describeResult, type PushEvidence } from '../../src/io/git/classify.ts';

const FAILED = "error: failed to push some refs to '/srv/app.git'\n";
const HUNG_UP = 'fatal: the remote end hung up unexpectedly\n';

interface Captured {
  status?: number | null;
  ended?: 'timeout' | 'signalled' | 'aborted' | 'overflow' | 'unstarted';
  lines?: string[];
  stderr?: string;
  sent?: boolean;
}

function verdict({ status = 1, ended, lines = [], stderr = '', sent = true }: Captured, main = true) {
  const evidence: PushEvidence = {
    result: { ended: ended ?? 'exited', status: ended ? null : status, stdout: lines.join('\n'), stderr },
    sent,
    mainRef: main ? 'refs/heads/main' : null,
  };
  return classifyPush(evidence).kind;
}

const to = (flag: string, ref: string, rest: string) => `${flag}\tabc:${ref}\t${rest}`;
const main = (flag: string, rest: string) => to(flag, 'refs/heads/main', rest);
const fence = (flag: string, rest: string) => to(flag, 'refs/telec/fence', rest);

describe('what a push came to, from outputs captured from git', () => {
  it.each<[string, string, Captured]>([
    ['accepted', 'pushed', { status: 0, lines: ['To x', main(' ', '1..2'), fence(' ', '3..4'), 'Done'] }],
    ['the first fence', 'pushed', { status: 0, lines: [main(' ', '1..2'), fence('*', '[new reference]'), 'Done'] }],
    [
      'repeated after it landed',
      'pushed',
      { status: 0, lines: [main('=', '[up to date]'), fence('=', '[up to date]'), 'Done'] },
    ],
    ['success without a word about main', 'unknown', { status: 0, lines: [fence(' ', '3..4'), 'Done'] }],
    [
      'main moved, its commit known here',
      'main_moved',
      {
        lines: [main('!', '[rejected] (non-fast-forward)'), fence('!', '[rejected] (atomic push failed)'), 'Done'],
        stderr: FAILED,
        sent: false,
      },
    ],
    [
      'main moved, its commit not known here',
      'main_moved',
      {
        lines: [main('!', '[rejected] (fetch first)'), fence('!', '[rejected] (atomic push failed)'), 'Done'],
        sent: false,
      },
    ],
    [
      'the fence was replaced',
      'fence_moved',
      {
        lines: [main('!', '[rejected] (atomic push failed)'), fence('!', '[rejected] (stale info)'), 'Done'],
        sent: false,
      },
    ],
    [
      'both moved: the fence counts',
      'fence_moved',
      {
        lines: [main('!', '[rejected] (non-fast-forward)'), fence('!', '[rejected] (stale info)'), 'Done'],
        sent: false,
      },
    ],
    [
      'a pre-receive hook said no',
      'refused',
      {
        lines: [
          main('!', '[remote rejected] (pre-receive hook declined)'),
          fence('!', '[remote rejected] (pre-receive hook declined)'),
          'Done',
        ],
        stderr: `remote: no way\n${FAILED}`,
      },
    ],
    [
      'an update hook said no to main',
      'refused',
      {
        lines: [
          main('!', '[remote rejected] (hook declined)'),
          fence('!', '[remote rejected] (atomic push failure)'),
          'Done',
        ],
      },
    ],
    [
      'a protected branch',
      'refused',
      {
        lines: [
          main('!', '[remote rejected] (protected branch hook declined)'),
          fence('!', '[remote rejected] (atomic push failure)'),
        ],
      },
    ],
    [
      'a hidden ref',
      'refused',
      {
        lines: [
          main('!', '[remote rejected] (atomic push failure)'),
          fence('!', '[remote rejected] (deny updating a hidden ref)'),
        ],
      },
    ],
    [
      'a race inside the server, or a lock left behind',
      'ask',
      {
        lines: [
          main('!', '[remote rejected] (atomic transaction failed)'),
          fence('!', '[remote rejected] (atomic transaction failed)'),
          'Done',
        ],
        stderr: "remote: error: cannot lock ref 'refs/heads/main': is at 1 but expected 2\n",
      },
    ],
    [
      'one ref could not be locked',
      'ask',
      {
        lines: [
          main('!', '[remote rejected] (failed to update ref)'),
          fence('!', '[remote rejected] (atomic push failure)'),
        ],
      },
    ],
    [
      'the disk of the server is full',
      'transient',
      {
        lines: [main('!', '[remote rejected] (unpacker error)'), fence('!', '[remote rejected] (unpacker error)')],
        stderr:
          'remote: fatal: write error: No space left on device\nerror: remote unpack failed: index-pack abnormal exit\n',
      },
    ],
    [
      'a pack the server does not accept',
      'refused',
      {
        lines: [main('!', '[remote rejected] (unpacker error)'), fence('!', '[remote rejected] (unpacker error)')],
        stderr: 'remote: fatal: pack exceeds maximum allowed size (10 bytes)\n',
      },
    ],
    [
      'no status for a ref',
      'unknown',
      {
        lines: [
          main('!', '[remote failure] (remote failed to report status)'),
          fence('!', '[remote failure] (remote failed to report status)'),
        ],
      },
    ],
    [
      'the server died after it had accepted',
      'unknown',
      { lines: [main(' ', '1..2'), fence(' ', '3..4')], stderr: `error: error in sideband demultiplexer\n${FAILED}` },
    ],
    ['one of two accepted', 'unknown', { lines: [main('!', '[remote rejected] (hook declined)'), fence(' ', '3..4')] }],
    [
      'our fence is there, main went on',
      'ask',
      { lines: [main('!', '[rejected] (non-fast-forward)'), fence('=', '[up to date]')], sent: false },
    ],
    [
      'the server hung up while it worked',
      'unknown',
      {
        status: 128,
        stderr: `fatal: ref updates aborted by hook\nsend-pack: unexpected disconnect while reading sideband packet\n${HUNG_UP}`,
      },
    ],
    [
      'no such remote',
      'transient',
      { status: 128, stderr: "fatal: '/srv/gone' does not appear to be a git repository\n", sent: false },
    ],
    [
      'no route',
      'transient',
      { status: 128, stderr: 'ssh: connect to host h port 22: No route to host\n', sent: false },
    ],
    [
      'a server error',
      'transient',
      {
        status: 128,
        stderr: "fatal: unable to access 'https://h/': The requested URL returned error: 502\n",
        sent: false,
      },
    ],
    [
      'no right to write',
      'refused',
      {
        status: 128,
        stderr: "fatal: unable to access 'https://h/': The requested URL returned error: 403\n",
        sent: false,
      },
    ],
    [
      'a server error after the sending began',
      'unknown',
      { stderr: 'error: RPC failed; HTTP 502 curl 22 The requested URL returned error: 502\n' },
    ],
    [
      'no atomic pushes',
      'unsupported',
      { status: 128, stderr: `fatal: the receiving end does not support --atomic push\n${HUNG_UP}`, sent: false },
    ],
    [
      'the remote says so itself after the sending began',
      'unknown',
      { status: 128, stderr: 'remote: fatal: the receiving end does not support --atomic push\n' },
    ],
    [
      'a planted ref makes main ambiguous',
      'ask',
      { stderr: `error: dst refspec refs/heads/main matches more than one\n${FAILED}`, sent: false },
    ],
    [
      'a planted ref was taken for the fence',
      'planted',
      { status: 0, lines: [main(' ', '1..2'), to(' ', 'refs/heads/refs/telec/fence', '3..4'), 'Done'] },
    ],
    ['no answer in time', 'unknown', { ended: 'timeout' }],
    ['killed', 'unknown', { ended: 'signalled' }],
    ['aborted', 'unknown', { ended: 'aborted' }],
    ['too much output', 'unknown', { ended: 'overflow' }],
    ['never started', 'transient', { ended: 'unstarted' }],
  ])('%s: %s', (_, kind, captured) => {
    expect(verdict(captured)).toBe(kind);
  });

  it('judges a push of the fence alone by the fence alone', () => {
    expect(verdict({ status: 0, lines: [fence(' ', '3..4'), 'Done'] }, false)).toBe('pushed');
    expect(verdict({ lines: [fence('!', '[rejected] (stale info)'), 'Done'], sent: false }, false)).toBe('fence_moved');
  });

  it('tells people what was said, without secrets and advice', () => {
    const stderr = "hint: do this\nfatal: unable to access 'https://user:hunter2@host/app': no\n";
    expect(describeResult({ ended: 'exited', status: 128, stderr })).toBe(
      "git ended with 128: fatal: unable to access 'https://user:***@host/app': no",
    );
  });
});
