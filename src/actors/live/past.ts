/**
 * The fold as it was at an entry: a second repository beside the living one, brought there from the nearest checkpoint it
 * made on its way. One at a time, others wait; what it keeps is bounded, and let go when nobody has asked for a while.
 *
 * Invariants: the living fold is never touched; nothing is appended or buried; what is shown of a place is the fold of
 * exactly the entries up to it.
 */
import type { Clock } from '../../io/clock.ts';
import type { EventLog } from '../../io/redis/log.ts';
import type { EventCatalogue } from '../../machines/events.ts';
import type { NotificationRow } from '../../machines/notification.ts';
import { beginningOf } from '../archive/beginning.ts';
import type { HistoryRow } from '../client.ts';
import { envelopeView } from '../commands/reading.ts';
import { Dispatcher } from '../dispatcher.ts';
import { NotificationBoard } from '../notifications.ts';
import { compareIds, Pipeline } from '../pipeline.ts';
import { Repository } from '../repository.ts';
import type { RepositoryDump } from '../repository-dump.ts';

/** Entries between two checkpoints at first; when there are too many of them, every second one goes and this doubles. */
const STRIDE = 1000;
const CHECKPOINTS_MAX = 24;
/** Characters of all checkpoints together. */
const KEPT_MAX = 96 * 1024 * 1024;
/** Entries between the place that was asked for last and a checkpoint before it, so that steps back are short. */
const NEAR = 100;
/** Time without a question after which everything is let go, ms. */
const IDLE_MS = 10 * 60_000;

/** The fold at one place. To be read at once: the next question moves it. */
export interface PastFold {
  repository: Repository;
  notifications: NotificationBoard;
  stale: { id: string; type: string } | null;
}

export interface PastParts {
  log: EventLog;
  catalogue: EventCatalogue;
  clock: Clock;
  /** Entries between two checkpoints, and before a place that was gone back to; tests shorten them. */
  stride?: number;
  near?: number;
}

interface Fold {
  repository: Repository;
  notifications: NotificationBoard;
  dispatcher: Dispatcher;
}

interface Checkpoint {
  id: string;
  /** JSON of a dump. */
  text: string;
}

interface Dump {
  repository: RepositoryDump;
  notifications: NotificationRow[];
}

export class Past {
  readonly #parts: PastParts;
  /** Oldest first. */
  #checkpoints: Checkpoint[] = [];
  #near: Checkpoint | null = null;
  #stride: number;
  #fold: Fold | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  #idle: unknown = null;

  constructor(parts: PastParts) {
    this.#parts = parts;
    this.#stride = parts.stride ?? STRIDE;
  }

  /** What `read` makes of the fold at entry `id`, which the log has, or before the first at '0'. */
  at<T>(id: string, read: (fold: PastFold) => T): Promise<T> {
    return this.#inTurn(async () => {
      const { repository, notifications, dispatcher } = await this.#foldAt(id);
      return read({ repository, notifications, stale: dispatcher.stale });
    });
  }

  /** Each step of one candidate up to entry `id`, oldest first; read from the start of the log, or of what is here. */
  steps(recordId: string, id: string): Promise<HistoryRow[]> {
    return this.#inTurn(async () => {
      const rows: HistoryRow[] = [];
      const { dispatcher } = this.#open(await this.#first(id));
      dispatcher.watch((entry, changes) => {
        const { timestamp: at, event } = envelopeView(entry);
        for (const { record, from, to } of changes)
          if (record.id === recordId) rows.push({ id: entry.id, at, event, from, to });
      });
      await dispatcher.catchUp(id);
      return rows;
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(async () => {
      const { clock } = this.#parts;
      if (this.#idle !== null) clock.clearTimeout(this.#idle as never);
      this.#idle = null;
      try {
        return await work();
      } finally {
        this.#idle = clock.setTimeout(() => this.#forget(), IDLE_MS);
        unref(this.#idle);
      }
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  #forget(): void {
    this.#checkpoints = [];
    this.#near = null;
    this.#fold = null;
    this.#stride = this.#parts.stride ?? STRIDE;
  }

  async #foldAt(id: string): Promise<Fold> {
    const isBefore = ({ id: other }: { id: string }) => compareIds(other, id) <= 0;
    const standing = this.#fold && { id: this.#fold.dispatcher.appliedId };
    const kept = [this.#checkpoints.findLast(isBefore) ?? null, this.#near]
      .filter((one) => one !== null && isBefore(one))
      .sort((a, b) => compareIds(b?.id ?? '0', a?.id ?? '0'))[0];
    const goesBack = standing !== null && !isBefore(standing);
    const stays = standing !== null && !goesBack && compareIds(standing.id, kept?.id ?? '0') >= 0;
    const best = kept ?? (stays ? null : await this.#first(id));
    const fold = stays && this.#fold ? this.#fold : this.#open(best ?? null);
    this.#fold = fold;
    const isNear = kept !== undefined && kept === this.#near;
    if (goesBack && !isNear) {
      const { log, near = NEAR } = this.#parts;
      const [before] = await log.upTo(id, near + 1);
      if (before) await fold.dispatcher.catchUp(before.id);
      this.#near = checkpointOf(fold);
    }
    await fold.dispatcher.catchUp(id);
    return fold;
  }

  /** Where what can be read begins, when that is not the first entry; before it reading says which archive is missing. */
  async #first(id: string): Promise<Checkpoint | null> {
    const { log } = this.#parts;
    const { id: begins, fold } = await beginningOf(log);
    if (fold === null) return null;
    if (compareIds(id, begins) < 0) await log.read('0', 1);
    const { repository, notifications } = fold;
    const dump: Dump = { repository, notifications };
    return { id: begins, text: JSON.stringify(dump) };
  }

  /** A fold at a checkpoint, or at the start of the log; it leaves checkpoints on its way where there are none yet. */
  #open(from: Checkpoint | null): Fold {
    const { log, catalogue } = this.#parts;
    const repository = new Repository();
    const notifications = new NotificationBoard();
    if (from) {
      const dump = JSON.parse(from.text) as Dump;
      repository.load(dump.repository);
      notifications.load(dump.notifications);
    }
    const pipeline = new Pipeline({ positions: {}, report: () => undefined });
    const appliedId = from?.id ?? '0';
    const dispatcher = new Dispatcher({
      log,
      catalogue,
      repository,
      notifications,
      pipeline,
      appliedId,
      readOnly: true,
    });
    const fold = { repository, notifications, dispatcher };
    let passed = 0;
    dispatcher.watch(({ id }) => {
      if (compareIds(id, this.#checkpoints.at(-1)?.id ?? '0') <= 0) return;
      passed += 1;
      if (passed < this.#stride) return;
      passed = 0;
      this.#keep(checkpointOf(fold));
    });
    return fold;
  }

  #keep(checkpoint: Checkpoint): void {
    this.#checkpoints.push(checkpoint);
    const isTooMuch = () =>
      this.#checkpoints.length > CHECKPOINTS_MAX ||
      this.#checkpoints.reduce((sum, { text }) => sum + text.length, 0) > KEPT_MAX;
    while (this.#checkpoints.length > 1 && isTooMuch()) {
      this.#checkpoints = this.#checkpoints.filter((_one, index) => index % 2 === 1);
      this.#stride *= 2;
    }
  }
}

function checkpointOf({ repository, notifications, dispatcher }: Fold): Checkpoint {
  const dump: Dump = { repository: repository.dump(), notifications: notifications.dump() };
  return { id: dispatcher.appliedId, text: JSON.stringify(dump) };
}

/** A timer of the system keeps no process alive for memory's sake. */
function unref(timer: unknown): void {
  (timer as { unref?: () => void } | null)?.unref?.();
}
