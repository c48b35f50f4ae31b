/** The sender of a surface under a clock moved by hand: what goes out, what is changed in place, and what storms cost. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { SurfaceSender } from '../../src/actors/notify/sender.ts';
import type { Surface, SurfaceAnswer, Telling } from '../../src/io/surfaces/surface.ts';
import type { NotificationRow } from '../../src/machines/notification.ts';
import { type HandClock, handClock } from '../support/simple-clock.ts';
import { type ToldTwin, toldTwin } from '../support/twins/told.ts';

interface Shown {
  id: string;
  lines: string[];
}

/** A surface in memory: what it shows, what it was asked, and the answers it gives first. */
function surfaceOf(clock: HandClock, edits = true) {
  const shown: Shown[] = [];
  const calls: { at: number; what: string }[] = [];
  const answers: (SurfaceAnswer | 'hang' | 'throw')[] = [];
  const linesOf = ({ items, moved }: Telling) => [
    ...items.map(({ subject, tone }) => `${subject} ${tone}`),
    ...moved.map((subject) => `${subject} moved`),
  ];
  const asked = async (what: string, take: () => SurfaceAnswer): Promise<SurfaceAnswer> => {
    calls.push({ at: clock.monotonic(), what });
    const answer = answers.shift();
    if (answer === 'hang') return new Promise(() => undefined);
    if (answer === 'throw') throw new Error('https://api.example/bot-secret-token/sendMessage broke');
    return answer ?? take();
  };
  let last = 0;
  const surface: Surface = {
    name: 'telegram',
    place: 'here',
    perMinute: 20,
    send: (telling) =>
      asked('send', () => {
        last += 1;
        shown.push({ id: String(last), lines: linesOf(telling) });
        return { kind: 'taken', message: edits ? String(last) : null };
      }),
    edit: (message, telling) =>
      asked(`edit ${message}`, () => {
        const found = shown.find(({ id }) => id === message);
        if (!found) return { kind: 'missing' };
        found.lines = linesOf(telling);
        return { kind: 'taken', message };
      }),
  };
  return { surface, shown, calls, answers };
}

class Rows {
  readonly all = new Map<string, NotificationRow>();
  #entry = 10;

  /** A row as an event leaves it; without `tone` the event is no news. */
  set(slug: string, about: Partial<NotificationRow> & { quiet?: boolean }): string {
    const { quiet, ...rest } = about;
    this.#entry += 1;
    const id = `deployment/${slug}`;
    const before = this.all.get(id);
    const row: NotificationRow = {
      id,
      family: 'deployment',
      key: slug,
      slug,
      event: 'domain.software-development.deployment.started',
      level: 2,
      human_status: 'unseen',
      agent_status: 'in_progress',
      text: slug,
      created_at: '',
      updated_at: '',
      seen_at: null,
      claimed_at: null,
      claimed_by: null,
      resolved_at: null,
      subject: null,
      rank: null,
      ...before,
      ...rest,
      news: quiet ? (before?.news ?? null) : `${this.#entry}-0`,
    };
    this.all.set(id, row);
    return id;
  }
  started = (slug: string) => this.set(slug, { agent_status: 'in_progress', level: 2 });
  failed = (slug: string) => this.set(slug, { agent_status: 'none', level: 3 });
  done = (slug: string) =>
    this.set(slug, {
      agent_status: 'resolved',
      level: 2,
      event: 'domain.software-development.deployment.completed',
    });
  settled = (slug: string) => this.set(slug, { agent_status: 'resolved', quiet: true });
}

interface Bench {
  clock: HandClock;
  rows: Rows;
  store: ToldTwin;
  states: string[];
  refused: string[];
  start(surface: Surface, owner?: string): SurfaceSender;
}

function bench(): Bench {
  const clock = handClock();
  const rows = new Rows();
  const store = toldTwin(clock);
  const states: string[] = [];
  const refused: string[] = [];
  return {
    clock,
    rows,
    store,
    states,
    refused,
    start(surface, owner = 'one') {
      const sender = new SurfaceSender({
        surface,
        store,
        row: (id) => rows.all.get(id),
        ids: () => rows.all.keys(),
        since: '10-0',
        owner,
        repoId: 'shop',
        web: null,
        clock,
        roll: () => 1,
        scrub: (text) => text.replaceAll('bot-secret-token', '***'),
        onState: (state, detail) => {
          const said = detail === null ? state : `${state}: ${detail}`;
          if (states.at(-1) !== said) states.push(said);
        },
        onRefused: (ids, detail) => refused.push(`${ids.join(' ')}: ${detail}`),
      });
      sender.start();
      onTestFinished(() => {
        void sender.stop();
      });
      return sender;
    },
  };
}

describe('a row on a surface', () => {
  test('is a message, made new for what asks for somebody, and resolved in place', async () => {
    const { clock, rows, start } = bench();
    const { surface, shown, calls } = surfaceOf(clock);
    const sender = start(surface);
    await clock.advance(0);
    sender.note([rows.started('login')]);
    await clock.advance(1000);
    expect(shown).toEqual([{ id: '1', lines: ['login info'] }]);
    sender.note([rows.failed('login')]);
    await clock.advance(2000);
    expect(shown).toEqual([
      { id: '1', lines: ['login moved'] },
      { id: '2', lines: ['login alert'] },
    ]);
    // Resumed: nothing is asked for any more, and nobody has to hear a sound for it.
    sender.note([rows.set('login', { agent_status: 'in_progress', level: 1, quiet: true })]);
    await clock.advance(1000);
    expect(shown[1]).toEqual({ id: '2', lines: ['login info'] });
    sender.note([rows.done('login')]);
    await clock.advance(1000);
    expect(shown[1]).toEqual({ id: '2', lines: ['login success'] });
    expect(calls.map(({ what }) => what)).toEqual(['send', 'send', 'edit 1', 'edit 2', 'edit 2']);
    await clock.advance(86_400_000);
    expect(calls).toHaveLength(5);
  });

  test('that a person only marked as seen is told nothing of; one that was settled by hand is', async () => {
    const { clock, rows, start } = bench();
    const { surface, shown, calls } = surfaceOf(clock);
    const sender = start(surface);
    sender.note([rows.failed('login')]);
    await clock.advance(1000);
    sender.note([rows.set('login', { human_status: 'seen', quiet: true })]);
    await clock.advance(1000);
    expect(calls).toHaveLength(1);
    sender.note([rows.settled('login')]);
    await clock.advance(1000);
    expect(shown).toEqual([{ id: '1', lines: ['login settled'] }]);
  });

  test('whose message somebody deleted is told anew', async () => {
    const { clock, rows, start } = bench();
    const { surface, shown, calls } = surfaceOf(clock);
    const sender = start(surface);
    sender.note([rows.failed('login')]);
    await clock.advance(1000);
    shown.length = 0;
    sender.note([rows.done('login')]);
    await clock.advance(2000);
    expect(shown).toEqual([{ id: '2', lines: ['login success'] }]);
    expect(calls.map(({ what }) => what)).toEqual(['send', 'edit 1', 'send']);
  });

  test('from before the surface was there is not told, one that changed while nobody ran is', async () => {
    const { clock, rows, start } = bench();
    const { surface, shown } = surfaceOf(clock);
    const old = rows.started('old');
    rows.all.set(old, { ...(rows.all.get(old) as NotificationRow), news: '9-0' });
    const first = start(surface);
    await clock.advance(1000);
    expect(shown).toEqual([]);
    await first.stop();
    rows.started('new');
    start(surface, 'two');
    await clock.advance(1000);
    expect(shown).toEqual([{ id: '1', lines: ['new info'] }]);
  });

  test('is told in its newest state alone: what happened in between is no message', async () => {
    const { clock, rows, start } = bench();
    const { surface, shown } = surfaceOf(clock);
    const sender = start(surface);
    await clock.advance(0);
    for (const step of [rows.started, rows.failed, rows.started, rows.done]) sender.note([step('login')]);
    await clock.advance(1000);
    expect(shown).toEqual([{ id: '1', lines: ['login success'] }]);
  });
});

describe('a storm', () => {
  test('of a thousand rows at once is two messages, and their thousand ends are edits of these', async () => {
    const { clock, rows, start } = bench();
    const { surface, shown, calls } = surfaceOf(clock);
    const sender = start(surface);
    await clock.advance(0);
    const slugs = Array.from({ length: 1000 }, (_, at) => `s${at}`);
    for (const slug of slugs) sender.note([rows.failed(slug)]);
    await clock.advance(5000);
    expect(shown.map(({ lines }) => lines.length)).toEqual([500, 500]);
    for (const slug of slugs) {
      sender.note([rows.done(slug)]);
      await clock.advance(100);
    }
    await clock.advance(120_000);
    expect(shown.flatMap(({ lines }) => lines).filter((line) => !line.endsWith(' success'))).toEqual([]);
    // A hundred seconds of changes at no more than twenty messages within any minute.
    expect(calls.length).toBeLessThan(70);
    for (const { at } of calls)
      expect(calls.filter((call) => call.at >= at && call.at < at + 60_000).length).toBeLessThanOrEqual(20);
  });

  test('of single rows, each a little after the other, is held to what the surface takes in a minute', async () => {
    const { clock, rows, start } = bench();
    const { surface, shown, calls } = surfaceOf(clock);
    const sender = start(surface);
    for (let at = 0; at < 300; at += 1) {
      sender.note([rows.failed(`s${at}`)]);
      await clock.advance(1000);
    }
    await clock.advance(120_000);
    expect(new Set(shown.flatMap(({ lines }) => lines)).size).toBe(300);
    for (const { at } of calls)
      expect(calls.filter((call) => call.at >= at && call.at < at + 60_000).length).toBeLessThanOrEqual(20);
  });
});

describe('a surface that', () => {
  const DAY_MS = 86_400_000;

  test('is down for a day is tried less and less, and told everything in one message when it is back', async () => {
    const { clock, rows, start, states } = bench();
    const { surface, shown, calls, answers } = surfaceOf(clock);
    const sender = start(surface);
    await clock.advance(0);
    answers.push(...Array.from({ length: 500 }, () => ({ kind: 'failed', detail: 'ECONNREFUSED' }) as const));
    for (let hour = 0; hour < 24; hour += 1) {
      for (let at = 0; at < 10; at += 1) sender.note([rows.failed(`s${hour}-${at}`)]);
      await clock.advance(DAY_MS / 24);
    }
    // Every ten minutes once the pauses are at their longest.
    expect(calls.length).toBeGreaterThan(140);
    expect(calls.length).toBeLessThan(160);
    const gaps = calls.slice(1, 7).map(({ at }, index) => at - (calls[index]?.at ?? 0));
    expect(gaps).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000]);
    answers.length = 0;
    await clock.advance(600_000);
    expect(shown.map(({ lines }) => lines.length)).toEqual([240]);
    expect(states).toEqual(['ok', 'failing: ECONNREFUSED', 'ok']);
  });

  test('names a pause is asked again after it, however long it says', async () => {
    const { clock, rows, start } = bench();
    const { surface, calls, answers } = surfaceOf(clock);
    const sender = start(surface);
    await clock.advance(0);
    answers.push({ kind: 'limited', retryAfterMs: 34_000 }, { kind: 'limited', retryAfterMs: 1e12 });
    sender.note([rows.failed('login')]);
    await clock.advance(DAY_MS);
    expect(calls.map(({ at }) => at)).toEqual([400, 34_400, 34_400 + 3_600_000]);
  });

  test('refuses for good is asked again each hour and when the daemon starts, and told what waits', async () => {
    const { clock, rows, start, states } = bench();
    const { surface, shown, calls, answers } = surfaceOf(clock);
    const sender = start(surface);
    await clock.advance(0);
    const gone = { kind: 'gone', detail: '401: Unauthorized' } as const;
    answers.push(gone, gone);
    sender.note([rows.failed('login')]);
    await clock.advance(3_600_400);
    expect(states).toEqual(['ok', 'gone: 401: Unauthorized']);
    sender.note([rows.failed('logout')]);
    await clock.advance(1_800_000);
    expect(calls).toHaveLength(2);
    await sender.stop();
    start(surface, 'two');
    await clock.advance(2000);
    expect(shown.map(({ lines }) => lines)).toEqual([['login alert'], ['logout alert']]);
  });

  test('never answers, or throws, counts as one that failed: nothing waits for it, and its words are masked', async () => {
    const { clock, rows, start, states } = bench();
    const { surface, shown, answers } = surfaceOf(clock);
    const sender = start(surface);
    await clock.advance(0);
    answers.push('hang', 'throw');
    sender.note([rows.failed('login')]);
    await clock.advance(20_000);
    expect(states).toEqual([
      'ok',
      'failing: no answer in time',
      'failing: https://api.example/***/sendMessage broke',
      'ok',
    ]);
    expect(shown).toEqual([{ id: '1', lines: ['login alert'] }]);
  });

  test('will never take one message takes the next; the one is named and left', async () => {
    const { clock, rows, start, refused } = bench();
    const { surface, shown, answers } = surfaceOf(clock);
    const sender = start(surface);
    await clock.advance(0);
    answers.push({ kind: 'refused', detail: '400: Invalid Form Body' });
    sender.note([rows.failed('login')]);
    await clock.advance(1000);
    sender.note([rows.failed('logout')]);
    await clock.advance(1000);
    expect(refused).toEqual(['deployment/login: 400: Invalid Form Body']);
    expect(shown.map(({ lines }) => lines)).toEqual([['logout alert']]);
  });

  test('cannot edit is told each change in a message of its own', async () => {
    const { clock, rows, start } = bench();
    const { surface, shown } = surfaceOf(clock, false);
    const sender = start(surface);
    for (const step of [rows.started, rows.failed, rows.done]) {
      sender.note([step('login')]);
      await clock.advance(1000);
    }
    expect(shown.map(({ lines }) => lines)).toEqual([['login info'], ['login alert'], ['login success']]);
  });
});

describe('daemons', () => {
  test('of one Redis: one tells, the other stands by and goes on where the first ended', async () => {
    const { clock, rows, start } = bench();
    const { surface, shown, calls } = surfaceOf(clock);
    const senders = [start(surface, 'one'), start(surface, 'two')];
    const tell = async (id: string) => {
      for (const sender of senders) sender.note([id]);
      await clock.advance(2000);
    };
    await tell(rows.started('login'));
    await tell(rows.failed('login'));
    expect(shown.map(({ lines }) => lines)).toEqual([['login moved'], ['login alert']]);
    await senders[0]?.stop();
    senders.shift();
    await tell(rows.done('login'));
    await clock.advance(60_000);
    expect(shown.map(({ lines }) => lines)).toEqual([['login moved'], ['login success']]);
    expect(calls).toHaveLength(4);
  });

  test('that are started twenty times tell nothing twice', async () => {
    const { clock, rows, start } = bench();
    const { surface, calls } = surfaceOf(clock);
    const first = start(surface);
    first.note([rows.failed('login')]);
    await clock.advance(1000);
    await first.stop();
    for (let at = 0; at < 20; at += 1) {
      const sender = start(surface, `again-${at}`);
      await clock.advance(1000);
      await sender.stop();
    }
    expect(calls).toHaveLength(1);
  });

  test('that die without a word are followed by another when their turn is over', async () => {
    const { clock, rows, start, store } = bench();
    const { surface, shown } = surfaceOf(clock);
    await store.takeTurn('telegram:here', 'dead', 45_000);
    start(surface).note([rows.failed('login')]);
    await clock.advance(44_000);
    expect(shown).toEqual([]);
    await clock.advance(2000);
    expect(shown).toEqual([{ id: '1', lines: ['login alert'] }]);
  });

  test('whose Redis is away tell once it is back, and remember what they told though it could not be kept', async () => {
    const { clock, rows, start, store } = bench();
    const { surface, shown, calls } = surfaceOf(clock);
    const sender = start(surface);
    await clock.advance(0);
    store.broken = true;
    sender.note([rows.failed('login')]);
    await clock.advance(30_000);
    expect(calls).toEqual([]);
    store.broken = false;
    await clock.advance(60_000);
    expect(shown).toEqual([{ id: '1', lines: ['login alert'] }]);
    // It breaks between the message and the keeping of it.
    const { write } = store;
    store.write = async () => {
      throw new Error('cut');
    };
    sender.note([rows.failed('logout')]);
    // For longer than the turn lasts, so that what was kept is read anew.
    await clock.advance(130_000);
    store.write = write;
    await clock.advance(300_000);
    await sender.stop();
    start(surface, 'two');
    await clock.advance(60_000);
    expect(shown.map(({ lines }) => lines)).toEqual([['login alert'], ['logout alert']]);
  });

  test('that end wait a little for the message in hand, and not for one that never comes', async () => {
    const { clock, rows, start } = bench();
    const { surface, answers } = surfaceOf(clock);
    const sender = start(surface);
    await clock.advance(0);
    answers.push('hang');
    sender.note([rows.failed('login')]);
    await clock.advance(1000);
    let ended = false;
    const stopping = sender.stop().then(() => {
      ended = true;
    });
    await clock.advance(1900);
    expect(ended).toBe(false);
    await clock.advance(200);
    await stopping;
  });
});
