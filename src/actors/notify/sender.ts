/**
 * Tells one surface: runs its delivery machine and does what that asks for, one message at a time. What is due is found
 * by comparing the rows with what the surface was told, so the newest state wins, a restart repeats nothing, and a
 * surface that is down for a day costs one small set of ids.
 *
 * Invariants: only who has the turn of the surface tells it; what was told is kept before the next message goes out.
 */
import { type Actor, createActor, fromPromise } from 'xstate';
import type { Clock } from '../../io/clock.ts';
import type { ToldStore } from '../../io/redis/told.ts';
import type { Surface, SurfaceAnswer, Telling } from '../../io/surfaces/surface.ts';
import { type DeliveryOutcome, deliveryMachine } from '../../machines/delivery.ts';
import { type Due, dueOf, type ToldMark, toneOf } from '../../machines/delivery-rules.ts';
import type { NotificationRow } from '../../machines/notification.ts';
import type { InspectionSink } from '../inspection.ts';
import { tellingItem } from './telling.ts';
import type { SurfaceState } from './views.ts';

/** More rows at once than this become one message. */
const APART_MAX = 3;
/** Rows of one message at most; what is beyond goes into the next. */
const GROUP_MAX = 500;
/** How long a daemon that says nothing keeps the turn, ms; longer than any one message takes. */
const TURN_MS = 45_000;
const ANSWER_MS = 10_000;
/** What is left of it for the message in hand when the daemon ends: of what is cut off nobody knows whether it was taken. */
const STOP_MS = 2000;
const GATHER_MS = 400;
const RECHECK_MS = 3_600_000;

export interface SenderParts {
  surface: Surface;
  store: ToldStore;
  /** The rows as they are. */
  row(id: string): NotificationRow | undefined;
  ids(): Iterable<string>;
  /** Entry after which a surface that was never told anything hears. */
  since: string;
  /** Who asks for the turn; unique to this daemon. */
  owner: string;
  repoId: string;
  web: string | null;
  clock: Clock;
  /** Chance, from 0 to 1. */
  roll(): number;
  /** Masks what nothing may show. */
  scrub(text: string): string;
  onState(state: SurfaceState, detail: string | null): void;
  onRefused(rows: readonly string[], detail: string): void;
  inspect?: InspectionSink;
}

/** One message that is to go out: the rows it shows, and the marks that hold once it was taken. */
interface Step {
  /** Message to be edited; null for a new one. */
  edit: string | null;
  telling: Telling;
  marks: Map<string, ToldMark>;
}

export class SurfaceSender {
  readonly #parts: SenderParts;
  readonly #actor: Actor<typeof deliveryMachine>;
  readonly #marks = new Map<string, ToldMark>();
  /** Message -> the rows it shows. */
  readonly #shown = new Map<string, Set<string>>();
  /** Rows that may have something due. */
  readonly #touched = new Set<string>();
  /** Marks that are not kept yet. */
  readonly #unkept = new Set<string>();
  readonly #ending = new AbortController();
  #since: string | null = null;
  #inHand: Promise<unknown> = Promise.resolve();

  constructor(parts: SenderParts) {
    this.#parts = parts;
    const { surface, clock, inspect } = parts;
    const machine = deliveryMachine.provide({
      actors: {
        sendNext: fromPromise<DeliveryOutcome>(() => {
          const work = this.#sendNext().catch((error: unknown) => this.#failed(error));
          this.#inHand = work;
          return work;
        }),
      },
    });
    const { name, perMinute } = surface;
    this.#actor = createActor(machine, {
      id: `delivery:${name}`,
      clock,
      input: { surface: name, gatherMs: GATHER_MS, perMinute, recheckMs: RECHECK_MS },
      ...(inspect ? { inspect } : {}),
    });
    this.#actor.subscribe(({ value, context }) => {
      const state = STATES[value];
      if (state !== undefined)
        parts.onState(state === 'ok' && context.fault !== null ? 'failing' : state, context.fault);
    });
  }

  start(): void {
    this.#actor.start();
  }

  /** These rows changed. Returns at once. */
  note(ids: readonly string[]): void {
    for (const id of ids) this.#touched.add(id);
    this.#actor.send({ type: 'delivery.due', at: this.#parts.clock.monotonic() });
  }

  /** Waits a little for the message in hand, and gives the turn back. */
  async stop(): Promise<void> {
    const { clock } = this.#parts;
    this.#actor.send({ type: 'delivery.stop' });
    const timer = clock.setTimeout(() => this.#ending.abort(), STOP_MS);
    await this.#inHand;
    clock.clearTimeout(timer as never);
    await this.#parts.store.endTurn(this.#key, this.#parts.owner).catch(() => undefined);
  }

  get #key(): string {
    const { name, place } = this.#parts.surface;
    return `${name}:${place}`;
  }

  #failed(error: unknown): DeliveryOutcome {
    const detail = this.#parts.scrub(error instanceof Error ? error.message : 'it failed').slice(0, 300);
    return { kind: 'failed', detail, roll: this.#parts.roll() };
  }

  async #sendNext(): Promise<DeliveryOutcome> {
    const { store, owner, clock, surface } = this.#parts;
    const turn = await store.takeTurn(this.#key, owner, TURN_MS);
    if (turn.kind === 'other') return { kind: 'others', leftMs: turn.leftMs };
    if (turn.kind === 'taken' || this.#since === null) await this.#load();
    if (!(await this.#keep())) return { kind: 'others', leftMs: TURN_MS };
    const step = this.#next();
    if (step === null) return { kind: 'nothing' };
    const answer = await this.#ask((signal) =>
      step.edit === null ? surface.send(step.telling, signal) : surface.edit(step.edit, step.telling, signal),
    );
    switch (answer.kind) {
      case 'limited':
        return answer;
      case 'failed':
        return { ...answer, detail: this.#parts.scrub(answer.detail), roll: this.#parts.roll() };
      case 'gone':
        return { ...answer, detail: this.#parts.scrub(answer.detail) };
      case 'missing':
        if (step.edit !== null) this.#lost(step.edit);
        break;
      case 'refused':
        this.#parts.onRefused([...step.marks.keys()], this.#parts.scrub(answer.detail));
        this.#take(step, step.edit);
        break;
      default:
        this.#take(step, answer.message ?? step.edit);
    }
    // What cannot be kept now is kept before the next message; the turn may be another's by then.
    await this.#keep();
    return { kind: 'sent', at: clock.monotonic(), more: this.#next() !== null };
  }

  /** The answer, or that none came in time, whether or not the client heeds the signal. */
  async #ask(call: (signal: AbortSignal) => Promise<SurfaceAnswer>): Promise<SurfaceAnswer> {
    const { clock } = this.#parts;
    const late = new AbortController();
    const given: Promise<SurfaceAnswer> = new Promise((resolve) => {
      late.signal.addEventListener('abort', () => resolve({ kind: 'failed', detail: 'no answer in time' }));
    });
    const timer = clock.setTimeout(() => late.abort(), ANSWER_MS);
    const end = () => late.abort();
    this.#ending.signal.addEventListener('abort', end, { once: true });
    if (this.#ending.signal.aborted) end();
    try {
      return await Promise.race([call(late.signal), given]);
    } finally {
      clock.clearTimeout(timer as never);
      this.#ending.signal.removeEventListener('abort', end);
    }
  }

  /** Reads what the surface was told, by whomever; what this daemon could not keep yet counts before it. */
  async #load(): Promise<void> {
    const { store, since, ids } = this.#parts;
    const kept = await store.load(this.#key, since);
    const own = new Map([...this.#unkept].map((id) => [id, this.#marks.get(id)]));
    this.#since = kept.since;
    this.#marks.clear();
    this.#shown.clear();
    for (const [id, text] of kept.marks) {
      const mark = readMark(text);
      if (mark) this.#mark(id, mark);
    }
    for (const [id, mark] of own) if (mark) this.#mark(id, mark);
    for (const id of ids()) this.#touched.add(id);
  }

  /** Keeps what is not kept yet; false when the turn is another's. */
  async #keep(): Promise<boolean> {
    if (this.#unkept.size === 0) return true;
    const { store, owner } = this.#parts;
    const ids = [...this.#unkept];
    const marks = new Map(ids.map((id) => [id, JSON.stringify(this.#marks.get(id))]));
    const written = await store.write(this.#key, owner, marks);
    if (!written) this.#since = null;
    for (const id of ids) this.#unkept.delete(id);
    return written;
  }

  /** The next message there is to send or to change; null when the surface shows everything as it is. */
  #next(): Step | null {
    const sends: NotificationRow[] = [];
    let first: { row: NotificationRow; due: Due } | null = null;
    for (const id of this.#touched) {
      const row = this.#parts.row(id);
      const due = row ? dueOf(row, this.#marks.get(id) ?? null, this.#since ?? this.#parts.since) : null;
      if (!row || due === null) this.#touched.delete(id);
      else if (due === 'send') sends.push(row);
      else first ??= { row, due };
    }
    if (sends.length > 0) return this.#sending(sends);
    if (first === null) return null;
    const mark = this.#marks.get(first.row.id);
    const message = first.due === 'leave' ? mark?.left : mark?.message;
    return message ? this.#editing(message) : null;
  }

  #sending(sends: NotificationRow[]): Step {
    const urgent = (row: NotificationRow) => (toneOf(row) === 'alert' ? 0 : 1);
    sends.sort((a, b) => urgent(a) - urgent(b));
    const rows = sends.length > APART_MAX ? sends.slice(0, GROUP_MAX) : sends.slice(0, 1);
    const marks = new Map(
      rows.map((row) => {
        const before = this.#marks.get(row.id);
        return [row.id, { ...markOf(row), left: before?.message ?? before?.left ?? null }];
      }),
    );
    return { edit: null, telling: this.#telling(rows, []), marks };
  }

  /** A message anew, with all rows that it shows as they are now. */
  #editing(message: string): Step {
    const rows: NotificationRow[] = [];
    const moved: string[] = [];
    const marks = new Map<string, ToldMark>();
    for (const id of this.#shown.get(message) ?? []) {
      const row = this.#parts.row(id);
      if (!row) continue;
      const before = this.#marks.get(id);
      rows.push(row);
      marks.set(id, { ...markOf(row), message, left: before?.left ?? null });
    }
    for (const id of this.#touched) {
      const mark = this.#marks.get(id);
      const row = this.#parts.row(id);
      if (mark?.left !== message || !row) continue;
      moved.push(row.slug ?? row.key);
      marks.set(id, { ...mark, left: null });
    }
    return { edit: message, telling: this.#telling(rows, moved), marks };
  }

  #telling(rows: readonly NotificationRow[], moved: string[]): Telling {
    const { repoId, web } = this.#parts;
    const items = rows.map((row) => tellingItem(row, web));
    const [first] = items;
    const newest = rows
      .map(({ news }) => news ?? '')
      .sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
      .at(-1);
    return { id: `${first?.row ?? 'moved'}:${newest ?? ''}:${first?.tone ?? ''}`, repoId, items, moved };
  }

  #take({ marks, edit }: Step, message: string | null): void {
    for (const [id, mark] of marks) {
      // A row that only left this message is shown by another.
      const stays = edit !== null && mark.message !== edit;
      this.#mark(id, stays ? mark : { ...mark, message });
      this.#unkept.add(id);
    }
  }

  /** A message that is gone shows nothing any more: what changed in it is told anew. */
  #lost(message: string): void {
    for (const [id, mark] of this.#marks) {
      if (mark.message !== message && mark.left !== message) continue;
      const shows = mark.message === message ? null : mark.message;
      this.#mark(id, { ...mark, message: shows, left: mark.left === message ? null : mark.left });
      this.#unkept.add(id);
    }
  }

  #mark(id: string, mark: ToldMark): void {
    const before = this.#marks.get(id)?.message;
    if (before) this.#shown.get(before)?.delete(id);
    if (before && this.#shown.get(before)?.size === 0) this.#shown.delete(before);
    this.#marks.set(id, mark);
    if (mark.message === null) return;
    const rows = this.#shown.get(mark.message) ?? new Set();
    this.#shown.set(mark.message, rows.add(id));
  }
}

/** What the surface is in a state of the machine that lasts; the others say nothing of it. */
const STATES: Record<string, SurfaceState> = {
  idle: 'ok',
  pacing: 'ok',
  limited: 'limited',
  standby: 'standby',
  backingOff: 'failing',
  gone: 'gone',
};

const markOf = (row: NotificationRow): ToldMark => ({
  news: row.news ?? '0',
  tone: toneOf(row),
  message: null,
  left: null,
});

/** A mark as kept; null for what another version wrote. */
function readMark(text: string): ToldMark | null {
  try {
    const mark = JSON.parse(text) as Partial<ToldMark>;
    const { news, tone, message = null, left = null } = mark;
    return typeof news === 'string' && typeof tone === 'string' ? { news, tone, message, left } : null;
  } catch {
    return null;
  }
}
