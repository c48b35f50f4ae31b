/**
 * Where the reader of the view is and what is asked of them: keys in, a new place, a question or an act out. Kept outside
 * of the components, because keys come faster than a screen is drawn and each has to meet what the one before it left.
 */
import { plain, plainLines } from '../output.ts';
import type { Acts, Notice } from './acts.ts';
import { countOf, keyAt, type Scene } from './model.ts';
import { SECTIONS, type Section } from './plan.ts';
import type { WatchStore } from './store.ts';
import { nameOf, shown } from './words.ts';

/** A row of each list; without one the first, whichever that is. */
export type Picks = Readonly<Partial<Record<Section, string>>>;

/** Something shown in full over the lists. `key`: of the candidate it is about. */
export interface Over {
  title: string;
  lines: readonly string[];
  key: string | null;
  /** Lines scrolled past. */
  offset: number;
}

/** A question at the foot: for a line of text, or for a yes. */
export type Asking =
  | { kind: 'text'; text: string; typed: string; emptyIsFine: boolean; act(typed: string): Promise<Notice> }
  | { kind: 'yes'; text: string; act(): Promise<Notice> };

export interface ReaderState {
  focus: Section;
  picks: Picks;
  over: Over | null;
  asking: Asking | null;
  /** What came of the last act. */
  notice: Notice | null;
}

/** A key that is no letter. */
export interface KeyNames {
  ctrl: boolean;
  meta: boolean;
  shift: boolean;
  escape: boolean;
  return: boolean;
  tab: boolean;
  backspace: boolean;
  delete: boolean;
  upArrow: boolean;
  downArrow: boolean;
  leftArrow: boolean;
  rightArrow: boolean;
  pageUp: boolean;
  pageDown: boolean;
}

export const KEYS: readonly [string, string][] = [
  ['tab, left, right', 'the next or the previous list'],
  ['up, down, j, k', 'the row above or below'],
  ['page up, down, g, G', 'a page further, the first, the last'],
  ['enter', 'the row in full; esc closes it'],
  ['h', 'freeze merging, with a reason; again: let it go on'],
  ['r', 'resume the blocked candidate of the row'],
  ['s, S', 'mark the notification as seen; all of them'],
  ['e', 'the log'],
  ['q, ctrl-c', 'leave; nothing stops by it'],
];

/** Keys with a name that are a character as well. */
const NAMED: readonly [keyof KeyNames, string][] = [
  ['escape', '\u001b'],
  ['return', '\r'],
  ['tab', '\t'],
  ['backspace', '\u007f'],
  ['delete', '\u007f'],
];

/** Characters of a reason. */
const REASON_MAX = 500;
/** Notifications marked in one go. */
const SEEN_MAX = 200;
/** Lines of one thing in full. */
const LINES_MAX = 200;
/** How long what came of an act is shown, ms. */
const NOTICE_MS = 8000;

const letters = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

export interface ReaderParts {
  store: WatchStore;
  acts: Acts;
  /** The reader leaves, by `q` or by Ctrl-C. */
  leave(how: 'quit' | 'interrupted'): void;
}

export class Reader {
  readonly #parts: ReaderParts;
  readonly #listeners = new Set<() => void>();
  #state: ReaderState = { focus: 'queue', picks: {}, over: null, asking: null, notice: null };
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** As the candidate shown in full was when it was read. */
  #readAt: string | null = null;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
    parts.store.subscribe(() => this.#readAgain());
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly state = (): ReaderState => this.#state;

  close(): void {
    if (this.#timer) clearTimeout(this.#timer);
  }

  /** One piece of input, as ink tells it; `page`: rows of a page. Over a slow line it holds several keys. */
  key(input: string, key: KeyNames, page: number) {
    if (key.ctrl) return input === 'c' ? this.#parts.leave('interrupted') : undefined;
    const step = key.upArrow ? -1 : key.downArrow ? 1 : key.pageUp ? -page : key.pageDown ? page : 0;
    const name = NAMED.find(([each]) => key[each])?.[1];
    if (step !== 0) return this.#state.asking ? undefined : this.#move(step);
    if (key.leftArrow || key.rightArrow) return this.#state.asking ? undefined : this.#turn(key.leftArrow ? -1 : 1);
    if (name === '\t' && key.shift) return this.#state.asking ? undefined : this.#turn(-1);
    if (name !== undefined) return this.#stroke(name);
    if (!key.meta) for (const letter of input) this.#stroke(letter);
  }

  /** One key; which question it answers is what the one before it left. */
  #stroke(letter: string) {
    if (letter === '\u0003') return this.#parts.leave('interrupted');
    const { asking, over } = this.#state;
    if (asking?.kind === 'text') return this.#type(asking, letter);
    if (asking?.kind === 'yes') return /^y/i.test(letter) ? this.#perform(asking.act()) : this.#set({ asking: null });
    this.#tell(null);
    if (letter === '\u001b') return this.#set({ over: null });
    if (letter === '\t') return this.#turn(1);
    if (letter === '\r' || letter === '\n') return over ? this.#set({ over: null }) : this.#open();
    this.#letter(letter);
  }

  #letter(letter: string) {
    if (letter === 'q') return this.#state.over ? this.#set({ over: null }) : this.#parts.leave('quit');
    if (letter === '?') return this.#show('Keys', helpLines());
    if (letter === 'j') this.#move(1);
    if (letter === 'k') this.#move(-1);
    if (letter === 'g') this.#move(Number.NEGATIVE_INFINITY);
    if (letter === 'G') this.#move(Number.MAX_SAFE_INTEGER);
    if (letter === 'h') this.#hold();
    if (letter === 'r') this.#resume();
    if (letter === 's' || letter === 'S') this.#seen(letter === 'S');
    if (letter === 'e') this.#set({ over: null, focus: 'events' });
  }

  #type(asking: Asking & { kind: 'text' }, letter: string) {
    const { typed } = asking;
    if (letter === '\u001b') return this.#set({ asking: null });
    if (letter === '\r' || letter === '\n') {
      if (typed.trim() !== '' || asking.emptyIsFine) this.#perform(asking.act(typed.trim()));
      return;
    }
    const isTaken = letter === '\u007f' || letter === '\b';
    const now = isTaken ? withoutLast(typed) : typed.length < REASON_MAX ? typed + plain(letter) : typed;
    this.#set({ asking: { ...asking, typed: now } });
  }

  #hold() {
    const held = this.#scene?.status.hold;
    if (held === undefined) return;
    const { acts } = this.#parts;
    if (held === null) return this.#ask('Freeze merging. Why?', false, (reason) => acts.hold(reason));
    if (held.alarm)
      return this.#ask('Lift the halt and accept main as it is. Why?', false, (reason) => acts.unhold(reason));
    this.#ask('Let merging go on. Why (may stay empty)?', true, (reason) => acts.unhold(reason || null));
  }

  #resume() {
    const { over, focus } = this.#state;
    const key = over?.key ?? (focus === 'blocked' ? this.#picked() : null);
    const row = key === null ? undefined : this.#scene?.candidates.get(key);
    if (row?.state !== 'blocked') return this.#tell({ text: 'choose a blocked candidate first', tone: 'warn' });
    const text = `Put ${nameOf(row)} back into the queue?`;
    this.#set({ asking: { kind: 'yes', text, act: () => this.#parts.acts.resume(row.key) } });
  }

  #seen(all: boolean) {
    const rows = this.#scene?.lists.notices.filter((row) => row.human_status === 'unseen') ?? [];
    const picked = this.#state.focus === 'notices' ? this.#picked() : null;
    const ids = rows.map(({ id }) => id).filter((id) => all || id === picked);
    if (ids.length > 0) return this.#perform(this.#parts.acts.seen(ids.slice(0, SEEN_MAX)));
    this.#tell({ text: all ? 'all are seen' : 'choose a notification that is not seen', tone: 'warn' });
  }

  #open() {
    const scene = this.#scene;
    if (!scene) return;
    const { focus, picks } = this.#state;
    const place = placeOf(scene, focus, picks);
    if (focus === 'events') {
      const entry = scene.recent[place];
      if (entry) this.#show(`Entry ${shown(entry.id)}`, inFull(entry));
    } else if (focus === 'main') {
      const landed = scene.deliveries[place];
      if (landed) this.#show(nameOf(landed), inFull(landed), landed.key);
    } else if (focus === 'notices') {
      const notice = scene.lists.notices[place];
      if (notice) this.#show(shown(notice.id), plainLines(notice.text), newestOf(scene, notice.slug));
    } else {
      const row = scene.lists[focus][place];
      if (row) this.#show(nameOf(row), ['…'], row.key);
    }
  }

  #show(title: string, lines: readonly string[], key: string | null = null) {
    this.#readAt = null;
    this.#set({ over: { title, lines, key, offset: 0 } });
    this.#readAgain();
  }

  /** Reads the candidate that is shown in full when something became of it. */
  #readAgain() {
    const key = this.#state.over?.key ?? null;
    const changedAt = key === null ? null : (this.#scene?.candidates.get(key)?.updated_at ?? null);
    if (key === null || changedAt === null || changedAt === this.#readAt) return;
    this.#readAt = changedAt;
    void this.#parts.acts.candidate(key).then((lines) => {
      const { over } = this.#state;
      if (over?.key === key) this.#set({ over: { ...over, lines } });
    });
  }

  #move(by: number) {
    const { over, focus, picks } = this.#state;
    if (over) {
      const offset = Math.max(0, Math.min(over.offset + by, over.lines.length - 1));
      return this.#set({ over: { ...over, offset } });
    }
    const scene = this.#scene;
    if (!scene) return;
    const place = Math.max(0, Math.min(placeOf(scene, focus, picks) + by, countOf(scene, focus) - 1));
    const { [focus]: _, ...others } = picks;
    const key = place === 0 ? null : keyAt(scene, focus, place);
    this.#set({ picks: key === null ? others : { ...others, [focus]: key } });
  }

  #turn(by: number) {
    const place = SECTIONS.indexOf(this.#state.focus) + by + SECTIONS.length;
    this.#set({ focus: SECTIONS[place % SECTIONS.length] ?? 'queue', over: null });
  }

  #picked(): string | null {
    const { focus, picks } = this.#state;
    return this.#scene && keyAt(this.#scene, focus, placeOf(this.#scene, focus, picks));
  }

  #ask(text: string, emptyIsFine: boolean, act: (typed: string) => Promise<Notice>) {
    this.#set({ asking: { kind: 'text', text, typed: '', emptyIsFine, act } });
  }

  #perform(act: Promise<Notice>) {
    this.#set({ asking: null });
    this.#tell({ text: '…', tone: 'dim' });
    void act.then((notice) => this.#tell(notice));
  }

  #tell(notice: Notice | null) {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = notice && setTimeout(() => this.#tell(null), NOTICE_MS);
    if (notice !== this.#state.notice) this.#set({ notice });
  }

  get #scene(): Scene | null {
    return this.#parts.store.known().scene;
  }

  #set(change: Partial<ReaderState>) {
    this.#state = { ...this.#state, ...change };
    for (const listener of [...this.#listeners]) listener();
  }
}

export function placeOf(scene: Scene, section: Section, picks: Picks): number {
  const key = picks[section];
  if (key === undefined) return 0;
  for (let place = 0; place < countOf(scene, section); place++) if (keyAt(scene, section, place) === key) return place;
  return 0;
}

export const helpLines = (): string[] => KEYS.map(([keys, meaning]) => `  ${keys.padEnd(21)}${meaning}`);

const inFull = (value: object): string[] => plainLines(JSON.stringify(value, null, 2), LINES_MAX);

/** The newest candidate of a slug, by its key. */
function newestOf({ candidates }: Scene, slug: string | null): string | null {
  const rows = [...candidates.values()].filter((row) => row.slug === slug);
  return rows.sort((a, b) => Date.parse(b.ready_at) - Date.parse(a.ready_at))[0]?.key ?? null;
}

function withoutLast(text: string): string {
  const last = [...letters.segment(text)].at(-1);
  return last ? text.slice(0, last.index) : text;
}
