/**
 * The feed: who follows gets the whole, then what changes, as it comes. One fold and one account of what was given serve
 * all followers; while nobody follows nothing is kept and nothing is asked.
 *
 * Invariants: what a follower merged is what the fold was at `moment`, between two entries; a follower who does not read
 * costs a bounded number of messages, after which it is given the whole anew.
 */
import { EXIT, TelecError } from '../../errors.ts';
import { sleep } from '../../io/clock.ts';
import { envelopeView } from '../commands/reading.ts';
import { type NowParts, type Surroundings, surroundings } from '../status-now.ts';
import { lookNow } from './look.ts';
import { RECENT_MAX } from './overview.ts';
import type { Place } from './place.ts';
import { note, nothingNoted, Shown } from './shown.ts';
import type { LiveMessage } from './views.ts';

/** Changes that come within this time go out together, ms. */
const COALESCE_MS = 40;
/** How often the session in this process is looked at, and all that stands outside the log, ms. */
const SESSION_MS = 200;
const OUTSIDE_MS = 1000;
/** How long the daemon elsewhere and the guards are taken for what they were, ms. */
const SLOW_MS = 2000;
/** A server that does not answer for longer ends the following, ms. */
const PATIENCE_MS = 5000;
const PAUSE_MS = 500;
/** Messages, and rows in them, that wait for one follower at most. */
const WAITING_MAX = 256;
const WAITING_ROWS_MAX = 20_000;

export interface FeedParts extends NowParts {
  /** Nobody else follows the log into this host: the feed does while it is followed. */
  follows: boolean;
}

class Follower {
  #waiting: LiveMessage[] = [];
  #rows = 0;
  /** It knows nothing it could take a change into. */
  #isLost = true;
  #fault: unknown = null;
  #wake: () => void = () => undefined;

  give(message: LiveMessage & { kind: 'change' }): void {
    if (this.#isLost) return;
    this.#waiting.push(message);
    this.#rows += message.candidates.length + message.recent.length + message.notifications.length;
    if (this.#waiting.length > WAITING_MAX || this.#rows > WAITING_ROWS_MAX) this.#lose();
    this.#wake();
  }

  fail(error: unknown): void {
    this.#fault ??= error;
    this.#wake();
  }

  /** The next message; null when there is none yet. */
  next(whole: () => LiveMessage | null): LiveMessage | null {
    if (this.#fault) throw this.#fault;
    if (!this.#isLost) return this.#take();
    const message = whole();
    this.#isLost = message === null;
    return message;
  }

  /** Resolves when there may be one, or at `wake`. */
  async more(): Promise<void> {
    if (this.#fault || this.#waiting.length > 0) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  readonly wake = (): void => this.#wake();

  #take(): LiveMessage | null {
    const message = this.#waiting.shift() ?? null;
    if (this.#waiting.length === 0) this.#rows = 0;
    return message;
  }

  #lose(): void {
    this.#isLost = true;
    this.#waiting = [];
    this.#rows = 0;
  }
}

/** One time from the first follower to the last. */
class Watch {
  readonly followers = new Set<Follower>();
  readonly #parts: FeedParts;
  readonly #place: Place;
  readonly #ending = new AbortController();
  readonly #run: string;
  #shown: Shown | null = null;
  #noted = nothingNoted();
  #armed: unknown = null;
  #flushing: Promise<void> | null = null;
  #slow: ({ at: number } & Omit<Surroundings, 'stats' | 'lease'>) | null = null;
  #session = '';
  #failingSince: number | null = null;
  /** Nothing comes from it any more. */
  isOver = false;

  constructor(parts: FeedParts, place: Place, run: string) {
    this.#parts = parts;
    this.#place = place;
    this.#run = run;
  }

  /** Thrown: REDIS_UNREACHABLE (3). */
  async start(): Promise<void> {
    const { host, follows } = this.#parts;
    const { dispatcher } = host;
    if (follows) await dispatcher.catchUp();
    const momentOf = await this.#place.open();
    let first = '0';
    await dispatcher.between(() => {
      first = dispatcher.appliedId;
      const end = dispatcher.watch((entry, changes) => {
        note(this.#noted, envelopeView(entry), changes);
        this.#arm();
      });
      this.#ending.signal.addEventListener('abort', end, { once: true });
    });
    const recent = (await host.log.upTo(first, RECENT_MAX)).map(envelopeView);
    const around = await this.#surroundings();
    await dispatcher.between(() => {
      this.#shown = new Shown(lookNow(this.#parts, around, momentOf), [...recent, ...this.#noted.entries]);
      this.#noted = nothingNoted();
    });
    if (follows) void this.#follow();
    void this.#tick();
  }

  end(): void {
    this.#ending.abort();
    if (this.#armed !== null) this.#parts.host.clock.clearTimeout(this.#armed as never);
  }

  whole(): LiveMessage | null {
    return this.#shown && { kind: 'overview', run: this.#run, overview: this.#shown.overview() };
  }

  async #follow(): Promise<void> {
    const { host } = this.#parts;
    const { signal } = this.#ending;
    const pause = async (error: unknown) => {
      this.#failed(error);
      await sleep(host.clock, PAUSE_MS, signal).catch(() => undefined);
    };
    const isIntact = async () => {
      const { kind } = await host.log.check({ logId: host.logId, lastId: host.dispatcher.appliedId });
      // What was archived meanwhile is read from there.
      const goesOn = kind === 'intact' || kind === 'archived';
      if (!goesOn) this.#fail(logChanged());
      return goesOn;
    };
    await host.dispatcher.follow(signal, pause, { isIntact }).catch((error: unknown) => this.#fail(error));
  }

  /** Looks at what changes without an entry. */
  async #tick(): Promise<void> {
    const { host, session } = this.#parts;
    const { signal } = this.#ending;
    for (let elapsed = 0; !signal.aborted; elapsed += SESSION_MS) {
      await sleep(host.clock, SESSION_MS, signal).catch(() => undefined);
      const own = session();
      const seen = own ? `${own.id} ${own.state()} ${own.candidate()?.sha ?? ''}` : '';
      if (seen !== this.#session || elapsed >= OUTSIDE_MS) {
        this.#session = seen;
        elapsed = 0;
        this.#arm();
      }
    }
  }

  #arm(): void {
    if (this.#armed !== null || this.#ending.signal.aborted || !this.#shown) return;
    this.#armed = this.#parts.host.clock.setTimeout(() => {
      this.#flushing = (this.#flushing ?? Promise.resolve()).then(() => this.#flush());
    }, COALESCE_MS);
  }

  async #flush(): Promise<void> {
    this.#armed = null;
    const begun = this.#parts.host.clock.monotonic();
    try {
      const [around, momentOf] = await Promise.all([this.#surroundings(), this.#place.open()]);
      await this.#parts.host.dispatcher.between(() => {
        const noted = this.#noted;
        this.#noted = nothingNoted();
        const change = this.#shown?.update(lookNow(this.#parts, around, momentOf), noted);
        if (change) for (const follower of this.followers) follower.give(change);
      });
      this.#failingSince = null;
    } catch (error) {
      this.#failed(error, begun);
    }
  }

  async #surroundings(): Promise<Surroundings> {
    const { host } = this.#parts;
    const at = host.clock.monotonic();
    const slow = this.#slow;
    if (!slow || at - slow.at > SLOW_MS) {
      const all = await surroundings(this.#parts);
      const { stats: _, lease: __, ...rest } = all;
      this.#slow = { at, ...rest };
      return all;
    }
    const [stats, lease] = await Promise.all([host.log.stats(), host.leases.read()]);
    return { ...slow, stats, lease };
  }

  /** Something could not be read. Goes on, but not in silence for ever. */
  #failed(error: unknown, since = this.#parts.host.clock.monotonic()): void {
    const now = this.#parts.host.clock.monotonic();
    // A question that was tried again and again before it failed has been silence already.
    this.#failingSince ??= since;
    if (!(error instanceof TelecError) || now - this.#failingSince > PATIENCE_MS) this.#fail(error);
  }

  #fail(error: unknown): void {
    this.isOver = true;
    for (const follower of this.followers) follower.fail(error);
  }
}

export class Feed {
  readonly #parts: FeedParts;
  readonly #place: Place;
  readonly #run: string;
  #watch: { watch: Watch; ready: Promise<void> } | null = null;

  constructor(parts: FeedParts, place: Place) {
    this.#parts = parts;
    this.#place = place;
    this.#run = parts.host.ids.ulid();
  }

  /** Ends when `signal` aborts. Thrown: REDIS_UNREACHABLE (3) once the server is away for seconds, LOG_CHANGED (6). */
  async *follow(signal: AbortSignal): AsyncGenerator<LiveMessage, void> {
    const follower = new Follower();
    const { watch, ready } = this.#joined(follower);
    signal.addEventListener('abort', follower.wake, { once: true });
    try {
      await ready;
      while (!signal.aborted) {
        const message = follower.next(() => watch.whole());
        if (message) yield message;
        else await follower.more();
      }
    } finally {
      signal.removeEventListener('abort', follower.wake);
      watch.followers.delete(follower);
      if (watch.followers.size === 0) {
        watch.end();
        if (this.#watch?.watch === watch) this.#watch = null;
      }
    }
  }

  #joined(follower: Follower): { watch: Watch; ready: Promise<void> } {
    if (!this.#watch || this.#watch.watch.isOver) {
      const watch = new Watch(this.#parts, this.#place, this.#run);
      this.#watch = { watch, ready: watch.start() };
    }
    this.#watch.watch.followers.add(follower);
    return this.#watch;
  }
}

/** What this host read so far is of another log. */
export function logChanged(): TelecError {
  return new TelecError('LOG_CHANGED', EXIT.refused, 'the log is not the one that was followed any more', {
    hint: 'start again; the log is then read as it is',
  });
}
