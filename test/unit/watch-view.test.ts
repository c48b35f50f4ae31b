/** The terminal view: what it shows of a scene in every size, what its keys do, and how it leaves the terminal. */
import { render } from 'ink-testing-library';
import { createElement } from 'react';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { CandidateRow, DeliveryRow, LiveMessage } from '../../src/actors/live/views.ts';
import type { Acts } from '../../src/cli/watch/acts.ts';
import { lookOf } from '../../src/cli/watch/look.tsx';
import { Reader } from '../../src/cli/watch/reader.ts';
import { runView } from '../../src/cli/watch/run.tsx';
import { WatchStore } from '../../src/cli/watch/store.ts';
import { WatchView } from '../../src/cli/watch/view.tsx';
import { TestKeyboard, TestTerminal } from '../support/terminal.ts';
import { change, entry, NOW, notice, overview, row } from '../support/watch-scene.ts';

const now = () => Date.parse(NOW);
const said = (text: string) => async () => ({ text, tone: 'good' as const });

function acts(): { [name in keyof Acts]: ReturnType<typeof vi.fn> & Acts[name] } {
  return {
    hold: vi.fn(said('merging is on hold')),
    unhold: vi.fn(said('merging is free')),
    resume: vi.fn(said('it is ready')),
    seen: vi.fn(said('it is seen')),
    candidate: vi.fn(async () => ['the whole story', 'of it']),
  };
}

const ROWS = [
  row('checkout', 'integrating', { ready_at: '2026-01-01T09:58:00.000Z' }),
  row('search', 'ready', { ready_at: '2026-01-01T09:59:00.000Z' }),
  row('discount', 'ready', { ready_at: '2026-01-01T10:00:05.000Z' }),
  row('gifts', 'pending', { ready_at: '2026-01-01T10:00:10.000Z' }),
  row('header', 'blocked'),
];
const NOTICES = [
  notice('old', 'deployment.started', { human_status: 'seen' }),
  notice('footer', 'deployment.completed', { agent_status: 'resolved', text: 'footer is on main' }),
  notice('header', 'deployment.failed', { agent_status: 'none', text: 'header is blocked. Next: merge main' }),
];
const RECENT = [
  entry(1, 'branch.pushed', { slug: 'search', sha: 'a'.repeat(40) }),
  entry(2, 'deployment.completed', { slug: 'footer', sha: 'b'.repeat(40) }),
];
const few = (more: Parameters<typeof overview>[1] = {}) =>
  overview(ROWS, { notifications: NOTICES, recent: RECENT, ...more });

const waits = (text: string): CandidateRow['waiting_for'] => [{ code: 'check_runs', text, event: null, who: '' }];

interface Stage {
  terminal: TestTerminal;
  keyboard: TestKeyboard;
  acts: ReturnType<typeof acts>;
  hear(message: LiveMessage): Promise<void>;
  lose(text: string): Promise<void>;
  press(...keys: string[]): Promise<void>;
  ended: Promise<'quit' | 'interrupted'>;
  end: AbortController;
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

/** The view on a terminal of a size. */
async function stage(message: LiveMessage | null, columns = 80, rows = 24, colour = false): Promise<Stage> {
  const terminal = new TestTerminal(columns, rows);
  const keyboard = new TestKeyboard();
  const store = new WatchStore(now);
  const end = new AbortController();
  const did = acts();
  onTestFinished(() => end.abort());
  if (message) store.hear({ kind: 'message', message });
  const ended = runView({
    store,
    acts: did,
    look: lookOf(colour, {}),
    terminal,
    stdin: keyboard as unknown as NodeJS.ReadStream,
    now,
    signal: end.signal,
  });
  await settled();
  return {
    terminal,
    keyboard,
    acts: did,
    async hear(next) {
      store.hear({ kind: 'message', message: next });
      await settled();
    },
    async lose(text) {
      store.hear({ kind: 'lost', text, againMs: 4000 });
      await settled();
    },
    async press(...keys) {
      for (const key of keys) {
        keyboard.press(key);
        await settled();
      }
    },
    ended,
    end,
  };
}

/** The line that has `text` in it. */
const lineWith = ({ terminal }: Stage, text: string) => terminal.lines().find((line) => line.includes(text)) ?? '';

describe('the view', () => {
  test('says of everything in a line what it is and what it waits for, in 80 columns and 24 lines', async () => {
    const { terminal } = await stage(few());
    const lines = terminal.lines();
    expect(lines[0]).toMatch(/^ LIVE {2}app-0123456789ab {2}origin\/main 3fa2c1d09b +● daemon$/);
    expect(lines[1]).toMatch(/^integrator merging login@3fa2c1d Merges exactly the approved commit in the obje…$/);
    expect(lines[2]).toMatch(/^lease {6}integrator-…g0f9e8, fence 7, 1 min 25 s left +0 landed$/);
    expect(lines[3]).toMatch(/^ Queue {2}1 integrating, 2 ready, 1 pending ─+$/);
    expect(lines[4]).toMatch(/^› ▶ +checkout@\w{7} +Makes the merge in the object database, .*… +3:05$/);
    expect(lines[5]).toMatch(/^ {2}1 +search@\w{7} +ready +2:05$/);
    expect(lines[6]).toMatch(/^ {2}2 +discount@\w{7} +ready +1:00$/);
    expect(lines[7]).toMatch(/^ {2}· +gifts@\w{7} +the newest review round is no approval +0:55$/);
    expect(lines[8]).toMatch(/^ Blocked {2}1 ─+$/);
    expect(lines[9]).toMatch(/^ {2}header@\w{7} +conflict: merge main into it, resolve, push, then te… +1:05$/);
    expect(lines[10]).toMatch(/^ Notifications {2}2 unseen ─+$/);
    expect(lines[11]).toMatch(/^ {2}✖ header +header is blocked\. Next: merge main +0:35$/);
    expect(lines[12]).toMatch(/^ {2}✔ footer +footer is on main +0:35$/);
    expect(lines[13]).toMatch(/^ {2}• old +old waits for the integrator +0:35$/);
    expect(lines[14]).toMatch(/^ Log {2}412 entries ─+$/);
    expect(lines[15]).toMatch(/^ {2}\d\d:\d\d:\d\d deployment\.completed +footer@bbbbbbb$/);
    expect(lines[23]).toBe('tab  enter open  h hold  r resume  s seen  e log  ? keys  q quit');
  });

  test('says how far ahead of main it tests, who waits for which verdict in the order of the chain, and what was tested', async () => {
    const rows = [
      row('second', 'integrating', { ready_at: '2026-01-01T09:59:00.000Z', waiting_for: waits('the verdict of unit') }),
      row('first', 'integrating', { waiting_for: waits('it passed its checks and lands next') }),
    ];
    const chain = [
      { key: rows[1]?.key ?? '', verdict: 'passed' as const, because: null },
      { key: rows[0]?.key ?? '', verdict: 'running' as const, because: null },
    ];
    const tests = { configured: true, window: { size: 2, max: 8 }, chain, running: 1, failure_rate: null };
    const [delivery] = few().overview.deliveries;
    const receipt = { checks: [{ check: 'unit', tree: '5'.repeat(40), duration_ms: 1200 }] };
    const { terminal } = await stage(
      overview(rows, {
        status: { ...few().overview.status, tests },
        deliveries: [{ ...(delivery as DeliveryRow), receipt }],
      }),
      180,
      40,
    );
    expect(terminal.lines()[3]).toMatch(/^tests {6}window 2 of 8; 2 in the chain: 1 tested now, 1 passed/);
    const text = terminal.text();
    expect(text.indexOf('lands next')).toBeGreaterThan(0);
    expect(text.indexOf('the verdict of unit')).toBeGreaterThan(text.indexOf('lands next'));
    expect(text).toContain('tested: unit 1.2 s');
  });

  test('writes only the lines that changed, and no colours where none are wanted', async () => {
    const staged = await stage(few());
    const { terminal } = staged;
    terminal.raw = '';
    await staged.hear(
      change({ recent: [entry(3, 'branch.pushed', { slug: 'x' })], moment: { ...few().overview.moment } }),
    );
    const changed = terminal.raw.match(/\u001b\[\d+;1H/g) ?? [];
    expect(changed.length).toBeGreaterThan(0);
    expect(changed.length).toBeLessThan(10);
    expect(terminal.raw).not.toMatch(/\u001b\[(?!0m|K|\d+;1H)/);
  });

  test.each([
    [100, 30],
    [140, 45],
    [80, 24],
    [60, 20],
    [40, 15],
    [20, 6],
    [10, 2],
    [300, 100],
  ])('fits %s columns and %s lines, with a thousand candidates too', async (columns, rows) => {
    const many = Array.from({ length: 1000 }, (_, index) =>
      row(`item-${index}`, index < 2 ? 'integrating' : index < 700 ? 'ready' : index < 900 ? 'pending' : 'blocked'),
    );
    const staged = await stage(overview(many, { notifications: NOTICES, recent: RECENT }), columns, rows);
    const lines = staged.terminal.lines();
    expect(lines).toHaveLength(rows);
    expect(lines.filter((line) => [...line].length > columns)).toEqual([]);
    if (rows > 10) expect(staged.terminal.text()).toContain('item-0@');
    if (columns >= 80) {
      expect(staged.terminal.text()).toMatch(/Queue {2}2 integrating, 698 ready, 200 pending .* 1-\d+ of 900/);
      for (const title of ['Blocked', 'Notifications', 'Log']) expect(staged.terminal.text()).toContain(` ${title} `);
    }
  });

  test('takes a new size at once, larger and smaller', async () => {
    const { terminal } = await stage(few());
    terminal.resize(140, 45);
    await vi.waitFor(() => expect(terminal.lines()[0]?.length).toBe(140));
    expect(terminal.text()).toContain(' Main ');
    terminal.resize(40, 15);
    await vi.waitFor(() => expect(terminal.lines()[14]).toContain('q quit'));
    expect(terminal.lines()[14]).toBe('tab  enter  h  r  s  e  ? keys  q quit');
    expect(terminal.lines()[0]?.length).toBe(40);
  });

  test('draws all of it anew when the process goes on after a stop, and not once it is closed', async () => {
    const { terminal, keyboard, end, ended } = await stage(few());
    const shown = terminal.text();
    keyboard.modes.length = 0;
    terminal.write('\u001b[1;1H$ a shell wrote here\u001b[?7h');
    process.emit('SIGCONT', 'SIGCONT');
    expect(terminal.text()).toBe(shown);
    expect(terminal.wraps).toBe(false);
    expect(keyboard.modes).toEqual([false, true]);
    end.abort();
    await ended;
    const after = terminal.raw.length;
    process.emit('SIGCONT', 'SIGCONT');
    expect(terminal.raw.slice(after)).toBe('');
  });

  test('shows what a branch, a reason or an entry says without obeying it', async () => {
    const evil = 'x\u001b]0;pwned\u0007\n\u202e\u001b[2J\u009b5n';
    const rows: CandidateRow[] = [
      row('login', 'ready', { branch: evil, waiting_for: [{ code: 'on_hold', text: evil, event: null, who: evil }] }),
      row('s'.repeat(300), 'ready', { branch: evil }),
      row('日本語の長い名前'.repeat(20), 'pending'),
      row('zalgo', 'blocked', { next_action: 'z\u0300\u0301\u0302\u0303 '.repeat(80), blocked_kind: evil }),
    ];
    const message = overview(rows, {
      notifications: [notice('login', 'deployment.failed', { text: evil, slug: evil })],
      recent: [entry(1, evil, { slug: evil, sha: evil, reason: evil })],
      status: { ...few().overview.status, repo_id: evil, hold: holdBy(evil), mode_reason: evil },
    });
    for (const [columns, rows] of [
      [80, 24],
      [140, 45],
      [40, 15],
    ] as const) {
      // What is no sequence of the view itself makes the terminal of the test throw.
      const staged = await stage(message, columns, rows);
      expect(staged.terminal.text()).toContain('pwned');
      expect(staged.terminal.text()).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
      staged.end.abort();
      await staged.ended;
    }
  });

  test('says on hold, halted, shadow, no daemon and a connection that is gone', async () => {
    const { status } = few().overview;
    const staged = await stage(few({ status: { ...status, hold: holdBy('lunch') } }));
    expect(lineWith(staged, 'ON HOLD')).toMatch(/^ON HOLD: lunch \(lunch, for 1 min 5 s\)$/);
    const halted = { ...holdBy('main was rewound'), alarm: 'MAIN_REWOUND' };
    await staged.hear(change({ status: { ...status, hold: halted } }));
    expect(lineWith(staged, 'HALTED')).toContain('HALTED by MAIN_REWOUND: main was rewound');
    const daemon = { running: false, pid: null, since: null, web: null };
    await staged.hear(change({ status: { ...status, mode: 'shadow', daemon } }));
    expect(lineWith(staged, 'SHADOW')).toMatch(/^ SHADOW .* ○ no daemon$/);
    expect(staged.terminal.text()).toContain('in shadow nothing is pushed');
    await staged.hear(change({ status: { ...status, daemon } }));
    expect(staged.terminal.text()).toContain(
      'no daemon runs: nothing is merged by itself (telec up, or telec integrate)',
    );
    await staged.lose('cannot reach Redis');
    expect(lineWith(staged, 'NOT CONNECTED')).toBe(
      'NOT CONNECTED, again in 4 s; below is from before: cannot reach Redis',
    );
    expect(staged.terminal.text()).toContain('search@');
    await staged.hear(few());
    expect(staged.terminal.text()).not.toContain('NOT CONNECTED');
  });

  test('uses plain signs where the locale has no others', () => {
    expect(lookOf(false, { LANG: 'de_DE.UTF-8' }).signs.work).toBe('▶');
    expect(lookOf(false, {}).signs.work).toBe('▶');
    expect(lookOf(false, { LANG: 'C' }).signs.work).toBe('*');
    expect(lookOf(false, { LANG: 'en_US.UTF-8', LC_ALL: 'en_US.ISO-8859-1' }).signs.work).toBe('*');
  });

  test('is a component that draws itself wherever ink does', () => {
    const store = new WatchStore(now);
    store.hear({ kind: 'message', message: few() });
    const reader = new Reader({ store, acts: acts(), leave: () => undefined });
    const view = render(createElement(WatchView, { store, reader, look: lookOf(false, {}), now }));
    onTestFinished(() => view.unmount());
    expect(view.lastFrame()).toContain('feature/search');
  });
});

function holdBy(text: string) {
  return { owner: text, reason: text, since: '2026-01-01T10:00:00.000Z', until: null, main_busy: false, alarm: null };
}

describe('keys', () => {
  test('tab and arrows move; the row stays the chosen one when the list moves under it', async () => {
    const staged = await stage(few());
    await staged.press('j', 'j');
    expect(lineWith(staged, '›')).toContain('discount@');
    await staged.hear(change({ candidates: [row('aaa', 'ready', { ready_at: '2026-01-01T09:50:00.000Z' })] }));
    expect(lineWith(staged, '›')).toMatch(/› 3 +discount@/);
    await staged.press('k', '\u001b[B', 'G');
    expect(lineWith(staged, '›')).toContain('gifts@');
    await staged.press('\t');
    expect(lineWith(staged, '›')).toContain('header@');
    await staged.press('\u001b[C');
    expect(lineWith(staged, '›')).toContain('✖ header');
    await staged.press('e');
    expect(lineWith(staged, '›')).toContain('deployment.completed');
  });

  test('enter shows the row in full, follows what becomes of it, and esc goes back', async () => {
    const staged = await stage(few());
    await staged.press('j', '\r');
    expect(staged.acts.candidate.mock.calls).toEqual([[ROWS[1]?.key]]);
    expect(staged.terminal.text()).toMatch(/search@\w{7} ─+\nthe whole story\nof it\n/);
    staged.acts.candidate.mockResolvedValueOnce(['another chapter']);
    await staged.hear(change({ candidates: [{ ...(ROWS[1] as CandidateRow), updated_at: NOW }] }));
    expect(staged.terminal.text()).toContain('another chapter');
    await staged.press('\u001b');
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(staged.terminal.text()).toContain(' Queue ');
  });

  test('h asks for the reason, takes corrections and what was typed ahead, and does nothing without one', async () => {
    const staged = await stage(few());
    await staged.press('h');
    expect(staged.terminal.lines()[23]).toBe('Freeze merging. Why? _');
    await staged.press('\r');
    expect(staged.acts.hold).not.toHaveBeenCalled();
    await staged.press('relq', '\u007f', 'ease q', '\u007f\u007f');
    expect(staged.terminal.lines()[23]).toBe('Freeze merging. Why? release_');
    await staged.press(' 1\r');
    expect(staged.acts.hold.mock.calls).toEqual([['release 1']]);
    expect(staged.terminal.lines()[23]).toBe('merging is on hold');
    await staged.press('j', 'h', 'x', '\u001b');
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(staged.acts.hold).toHaveBeenCalledTimes(1);
    expect(staged.terminal.lines()[23]).toContain('q quit');
  });

  test('h lifts a hold with or without a reason, and a halt only with one', async () => {
    const { status } = few().overview;
    const staged = await stage(few({ status: { ...status, hold: holdBy('x') } }));
    await staged.press('h', '\r');
    expect(staged.acts.unhold.mock.calls).toEqual([[null]]);
    await staged.hear(change({ status: { ...status, hold: { ...holdBy('x'), alarm: 'MAIN_REWOUND' } } }));
    await staged.press('h', '\r');
    expect(staged.terminal.lines()[23]).toBe('Lift the halt and accept main as it is. Why? _');
    await staged.press('it was meant', '\r');
    expect(staged.acts.unhold.mock.calls).toEqual([[null], ['it was meant']]);
  });

  test('r asks before it resumes the blocked candidate, and only that', async () => {
    const staged = await stage(few());
    await staged.press('r');
    expect(staged.terminal.lines()[23]).toBe('choose a blocked candidate first');
    await staged.press('\t', 'r');
    expect(staged.terminal.lines()[23]).toMatch(/^Put header@\w{7} back into the queue\? \[y\/N\]$/);
    await staged.press('x');
    expect(staged.acts.resume).not.toHaveBeenCalled();
    await staged.press('r', 'y');
    expect(staged.acts.resume.mock.calls).toEqual([[ROWS[4]?.key]]);
  });

  test('s marks the chosen notification, S all that are unseen', async () => {
    const staged = await stage(few());
    await staged.press('s');
    expect(staged.terminal.lines()[23]).toBe('choose a notification that is not seen');
    await staged.press('\t', '\t', 's', 'S');
    expect(staged.acts.seen.mock.calls).toEqual([
      [['deployment/header']],
      [['deployment/header', 'deployment/footer']],
    ]);
  });

  test('a refusal is told in its own words', async () => {
    const staged = await stage(few());
    staged.acts.resume.mockResolvedValueOnce({
      text: 'the follow-up is not resolved (telec resume --help)',
      tone: 'bad' as never,
    });
    await staged.press('\t', 'r', 'y');
    expect(staged.terminal.lines()[23]).toBe('the follow-up is not resolved (telec resume --help)');
  });

  test('several keys that come in one piece are several keys', async () => {
    const staged = await stage(few());
    await staged.press('hbecause\r', 'h', 'xy\u001b', 'jj');
    expect(staged.acts.hold.mock.calls).toEqual([['because']]);
    await staged.press('\u001b');
    await new Promise((resolve) => setTimeout(resolve, 150));
    await staged.press('\try');
    expect(staged.acts.resume.mock.calls).toEqual([[ROWS[4]?.key]]);
    await staged.press('hhalf a rea\u0003');
    expect(await staged.ended).toBe('interrupted');
  });

  test('? shows the keys', async () => {
    const staged = await stage(few());
    await staged.press('?');
    expect(staged.terminal.text()).toContain('freeze merging, with a reason');
    await staged.press('q');
    expect(staged.terminal.text()).toContain(' Queue ');
  });

  test.each([
    ['q', 'quit'],
    ['\u0003', 'interrupted'],
  ])('%j leaves, and gives the terminal back', async (key, how) => {
    const staged = await stage(few());
    expect(staged.terminal).toMatchObject({ isOther: true, hasCursor: false, wraps: false });
    expect(staged.keyboard.isRaw).toBe(true);
    await staged.press(key);
    expect(await staged.ended).toBe(how);
    expect(staged.terminal).toMatchObject({ isOther: false, hasCursor: true, wraps: true });
    expect(staged.keyboard.isRaw).toBe(false);
  });

  test('Ctrl-C leaves in the middle of a question too, and an end from outside anywhere', async () => {
    const asked = await stage(few());
    await asked.press('h', 'abc', '\u0003');
    expect(await asked.ended).toBe('interrupted');
    const empty = await stage(null);
    expect(empty.terminal.lines()[0]).toBe('telec');
    empty.end.abort();
    expect(await empty.ended).toBe('interrupted');
    expect(empty.terminal.isOther).toBe(false);
  });

  test('a terminal that is gone ends the view with its error', async () => {
    const staged = await stage(few());
    const gone = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    Object.assign(staged.terminal, { write: (_text: string, done?: (error: Error) => void) => done?.(gone) });
    const ended = expect(staged.ended).rejects.toBe(gone);
    await staged.press('j');
    await ended;
  });
});
