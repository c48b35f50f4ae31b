/** What the terminal view is made of, without a terminal: the scene, the plan, the lines, and how far a command is. */
import { describe, expect, test } from 'vitest';
import { examples } from '../../scripts/examples.ts';
import type { IntegrateView, TelecClient } from '../../src/actors/client.ts';
import type { LiveDesk, LiveMessage } from '../../src/actors/live/views.ts';
import type { OutputStream } from '../../src/cli/output.ts';
import { noPaint } from '../../src/cli/output.ts';
import { StatusLine } from '../../src/cli/status-line.ts';
import { Feed } from '../../src/cli/watch/feed.ts';
import { linesOf } from '../../src/cli/watch/lines.ts';
import { placeIn, take } from '../../src/cli/watch/model.ts';
import { planOf, windowOf } from '../../src/cli/watch/plan.ts';
import { noticeKind, stopwatch } from '../../src/cli/watch/words.ts';
import { candidateMeaning } from '../../src/machines/meaning.ts';
import { fakeRuntime, runTelec } from '../support/fake-runtime.ts';
import { change, NOW, notice, overview, row, StagedDesk } from '../support/watch-scene.ts';

const few = overview([
  row('late', 'ready', { ready_at: '2026-01-01T10:00:01.000Z' }),
  row('first', 'integrating'),
  row('idle', 'pending'),
  row('stuck', 'blocked'),
  row('over', 'completed'),
]);

describe('the scene', () => {
  test('a change before anything is known is of nothing', () => {
    expect(take(null, change({}), 0)).toBe(null);
  });

  test('lists what is in hand first, then the queue, then what waits; what is over is no part of it', () => {
    const scene = take(null, few, 0);
    expect(scene?.lists.queue.map(({ slug }) => slug)).toEqual(['first', 'late', 'idle']);
    expect(scene?.lists.blocked.map(({ slug }) => slug)).toEqual(['stuck']);
    expect(scene && placeIn(scene, row('late', 'ready').key)).toBe(1);
    expect(scene && placeIn(scene, row('first', 'integrating').key)).toBe(null);
  });

  test('lists unseen notifications first, of them alerts first', () => {
    const scene = take(
      null,
      overview([], {
        notifications: [
          notice('seen', 'deployment.failed', { human_status: 'seen', agent_status: 'none' }),
          notice('landed', 'deployment.completed', { agent_status: 'resolved' }),
          notice('review', 'review.approved', { family: 'review' }),
          notice('blocked', 'deployment.failed', { agent_status: 'none', updated_at: '2026-01-01T09:00:00.000Z' }),
        ],
      }),
      0,
    );
    expect(scene?.lists.notices.map(({ slug }) => slug)).toEqual(['blocked', 'landed', 'review', 'seen']);
  });

  test('a block is an alert until it is settled, an alarm too, a delivery is a success', () => {
    expect(noticeKind(notice('x', 'deployment.failed', { agent_status: 'claimed' }))).toBe('alert');
    expect(noticeKind(notice('x', 'deployment.failed', { agent_status: 'resolved' }))).toBe('info');
    expect(noticeKind(notice('x', 'integration.hold.placed', { family: 'system', agent_status: 'none' }))).toBe(
      'alert',
    );
    expect(noticeKind(notice('x', 'deployment.completed', { agent_status: 'resolved' }))).toBe('success');
  });
});

describe('the plan', () => {
  const counts = { queue: 100, blocked: 1, notices: 2, main: 50, events: 100 };

  test('gives every line to somebody who wants it, and each section one at least', () => {
    const [column = []] = planOf(80, 20, counts, 'queue');
    expect(column.map(({ section }) => section)).toEqual(['queue', 'blocked', 'notices', 'events']);
    expect(column.reduce((sum, { lines }) => sum + lines + 1, 0)).toBe(20);
    expect(column.find(({ section }) => section === 'notices')?.lines).toBe(2);
  });

  test('a wide screen has two columns, a small one the chosen list alone', () => {
    expect(planOf(140, 40, counts, 'queue').map((areas) => areas.map(({ section }) => section))).toEqual([
      ['queue', 'blocked', 'main'],
      ['notices', 'events'],
    ]);
    expect(planOf(40, 10, counts, 'notices')).toEqual([[{ section: 'notices', lines: 9 }]]);
    expect(planOf(80, 20, counts, 'main')[0]?.map(({ section }) => section)).toContain('main');
  });

  test('the window keeps the chosen row in view', () => {
    expect(windowOf(100, 10, 0)).toEqual({ start: 0, end: 10 });
    expect(windowOf(100, 10, 50)).toEqual({ start: 45, end: 55 });
    expect(windowOf(100, 10, 99)).toEqual({ start: 90, end: 100 });
    expect(windowOf(3, 10, 2)).toEqual({ start: 0, end: 3 });
  });

  test('a running time is short', () => {
    expect([0, 65_000, 3_661_000, 90_000_000].map(stopwatch)).toEqual(['0:00', '1:05', '1:01:01', '1 d 1 h']);
  });
});

describe('lines', () => {
  test('begin with what is open, in the words of the rows and the machines', () => {
    expect(linesOf(null, few, noPaint).map((line) => line.replace(/@\w{7}/, ''))).toEqual([
      'app-0123456789ab: live, main 3fa2c1d09b',
      expect.stringMatching(/^integrator: merging login: Merges exactly the approved commit/),
      'late  ready  its turn in the queue',
      expect.stringMatching(/^first {2}integrating {2}Makes the merge/),
      'idle  pending  the newest review round is no approval',
      'stuck  blocked  conflict: merge main into it, resolve, push, then telec submit',
    ]);
  });

  test('tell a change of state once, and moving up in the queue never', () => {
    const scene = take(null, few, 0);
    const { status } = few.overview;
    const tell = (message: LiveMessage) => linesOf(scene, message, noPaint).map((line) => line.replace(/@\w{7}/, ''));
    expect(tell(change({ status, candidates: [row('late', 'ready', { updated_at: NOW })] }))).toEqual([]);
    expect(tell(change({ status, candidates: [row('first', 'completed', { merge_commit: '9'.repeat(40) })] }))).toEqual(
      ['first  integrating -> completed  merged as 9999999999'],
    );
    expect(tell(change({ status, candidates: [row('late', 'superseded')] }))).toEqual([
      `late  ready -> superseded  ${candidateMeaning('superseded')}`,
    ]);
    expect(tell(change({ status: { ...status, hold: examples.hold, mode: 'shadow' } }))).toEqual([
      'mode: live -> shadow',
      expect.stringMatching(/^ON HOLD: release in progress \(ann@desk, for 1 min 5 s, lifts in/),
      'in shadow nothing is pushed',
    ]);
    const alarm = notice('x', 'integration.alarm', {
      id: 'system/X',
      family: 'system',
      agent_status: 'none',
      text: 'main was rewound',
    });
    expect(tell(change({ status, notifications: [alarm] }))).toEqual(['alarm: main was rewound']);
  });
});

describe('telec watch without a terminal', () => {
  /** The runtime of a desk that tells these, then nothing more. */
  const telling = (...messages: (LiveMessage | Error)[]) => {
    const desk = {
      async *follow() {
        for (const message of messages) {
          if (message instanceof Error) throw message;
          yield message;
        }
      },
    } as unknown as LiveDesk;
    return fakeRuntime({ live: async () => desk });
  };

  test('--json is one message a line, and lines have the instant before them', async () => {
    const messages = [few, change({ candidates: [row('first', 'ready')] })];
    const json = await runTelec(['watch', '--json'], { runtime: telling(...messages).runtime });
    expect(
      json.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(messages);
    const fake = telling(...messages);
    const plain = await runTelec(['watch', '--plain'], { runtime: fake.runtime });
    expect(plain).toMatchObject({ status: 0, stderr: '' });
    expect(plain.stdout).toMatch(/^2026-01-01T10:01:05\.000Z {2}app-0123456789ab: live/);
    expect(plain.stdout).toMatch(/first@\w{7} {2}integrating -> ready/);
    expect(fake.closed()).toBe(true);
  });

  test('says that the connection is lost, opens it anew and begins with the whole again', async () => {
    let opened = 0;
    const fake = fakeRuntime({
      live: async () => {
        opened++;
        const desk = new StagedDesk();
        if (opened === 1) desk.tell(few, new Error('cannot reach Redis'));
        else
          return {
            ...desk,
            async *follow() {
              yield few;
            },
          } as unknown as LiveDesk;
        return desk as unknown as LiveDesk;
      },
    });
    const run = await runTelec(['watch', '--json'], { runtime: fake.runtime });
    expect(run.stdout.trimEnd().split('\n')).toHaveLength(2);
    expect(run.stderr).toBe('not connected: cannot reach Redis; trying again in 500 ms\n');
    expect(fake.closed()).toBe(true);
  });

  test('Ctrl-C ends it with 130', async () => {
    const desk = new StagedDesk();
    const fake = fakeRuntime({ live: async () => desk as unknown as LiveDesk });
    const end = new AbortController();
    const run = runTelec(['watch'], { runtime: fake.runtime, signal: end.signal });
    setTimeout(() => end.abort(), 20);
    expect(await run).toMatchObject({ status: 130, stdout: '' });
    expect(fake.closed()).toBe(true);
  });

  test('a repository that cannot be opened at all is an error like any other', async () => {
    const fake = fakeRuntime({}, { openClient: async () => Promise.reject(new Error('no such place')) });
    expect((await runTelec(['watch'], { runtime: fake.runtime })).status).toBe(70);
  });

  test('the pauses before it is tried again grow, and an end of them is obeyed at once', async () => {
    const end = new AbortController();
    const client = { live: async () => Promise.reject(new Error('gone')), close: async () => undefined };
    const feed = await Feed.open({ open: async () => client as unknown as TelecClient });
    const pauses: number[] = [];
    for await (const heard of feed.follow(end.signal)) {
      if (heard.kind === 'lost') pauses.push(heard.againMs);
      if (pauses.length === 2) end.abort();
    }
    expect(pauses).toEqual([500, 1000]);
  });
});

interface Sink extends OutputStream {
  text: string;
}

const sink = (isTTY: boolean): Sink => ({
  isTTY,
  columns: 40,
  text: '',
  write(text, callback) {
    this.text += text;
    callback?.();
    return true;
  },
});

describe('how far a command is', () => {
  const settling = (...messages: LiveMessage[]) => {
    const desk = new StagedDesk();
    desk.tell(...messages);
    return fakeRuntime({
      live: async () => desk as unknown as LiveDesk,
      settle: async () => {
        await new Promise((resolve) => setTimeout(resolve, 30));
        return { kind: 'settled', candidate: examples.completed };
      },
      integrate: async () => {
        await new Promise((resolve) => setTimeout(resolve, 30));
        return examples.integrate;
      },
    });
  };
  const { slug, branch, sha } = examples.submit;
  const login = (state: 'ready' | 'integrating') => row(slug, state, { branch, sha });

  test('without a terminal submit --wait tells what becomes of its candidate, a line a change', async () => {
    const other = row('search', 'ready', { ready_at: '2026-01-01T09:00:00.000Z' });
    const messages = [
      overview([other, login('ready')]),
      change({ candidates: [row('else', 'pending')] }),
      change({ candidates: [login('integrating')] }),
    ];
    const run = await runTelec(['submit', '--wait'], { runtime: settling(...messages).runtime });
    expect(run.stderr.split('\n').slice(1, -1)).toEqual([
      'login@3fa2c1d is ready, place 2 in the queue: its turn in the queue',
      'login@3fa2c1d is integrating: Makes the merge in the object database, and checks it by other means.',
    ]);
    expect(run.stdout).toContain('completed');
  });

  test('without a terminal integrate tells of every candidate what became of it', async () => {
    const messages = [
      overview([login('ready')]),
      change({ candidates: [login('integrating')] }),
      change({ candidates: [row(slug, 'completed', { branch, sha, merge_commit: '9'.repeat(40) })] }),
    ];
    const run = await runTelec(['integrate'], { runtime: settling(...messages).runtime });
    expect(run.stderr).toMatch(
      /^login@3fa2c1d is integrating: .*\nlogin@3fa2c1d is completed: merged as 9999999999\n$/,
    );
  });

  test('is not told to programs and not with --quiet, and nothing is followed then', async () => {
    for (const flag of ['--json', '--quiet']) {
      const fake = settling(few);
      const run = await runTelec(['integrate', flag], { runtime: fake.runtime });
      expect(run).toMatchObject({ status: 0, stderr: '' });
      expect(fake.asked.map(([method]) => method)).toEqual(['integrate']);
    }
  });

  test('on a terminal it is one line in its place, which fits and is gone in the end', async () => {
    const stderr = sink(true);
    const long = row(slug, 'ready', {
      branch,
      sha,
      waiting_for: [{ code: 'x', text: '日本'.repeat(40), event: null, who: '' }],
    });
    const run = await runTelec(['submit', '--wait'], { runtime: settling(overview([long])).runtime, stderr });
    const [said, ...shown] = stderr.text.split('\r\u001b[K');
    expect(said).toMatch(/^login is \w+; waiting for its end\n$/);
    expect(shown).toEqual(['0:00  login@3fa2c1d is ready, place 1 i', '']);
    expect(run.stdout).toContain('completed');
  });

  test('on a dumb terminal it is a line for each step, with nothing that moves a cursor', async () => {
    const stderr = sink(true);
    const fake = settling(overview([row(slug, 'ready', { branch, sha })]));
    await runTelec(['submit', '--wait'], { runtime: fake.runtime, stderr, env: { TERM: 'dumb' } });
    expect(stderr.text).toMatch(
      /^login is \w+; waiting for its end\nlogin@3fa2c1d is ready, place 1 in the queue.*\n$/,
    );
  });

  test('what cannot be followed never fails the work', async () => {
    const integrate = () => new Promise<IntegrateView>((resolve) => setTimeout(resolve, 30, examples.integrate));
    const fake = fakeRuntime({ live: async () => Promise.reject(new Error('no desk')), integrate });
    const run = await runTelec(['integrate'], { runtime: fake.runtime });
    expect(run).toMatchObject({ status: 0, stderr: 'how far it is cannot be told: no desk\n' });
  });

  test('stays below whatever else is written', () => {
    const stream = sink(true);
    const line = new StatusLine(stream);
    line.show('far');
    line.around(() => stream.write('a word\n'));
    line.show(null);
    line.show(null);
    expect(stream.text).toBe('\r\u001b[Kfar\r\u001b[Ka word\n\r\u001b[Kfar\r\u001b[K');
  });
});
