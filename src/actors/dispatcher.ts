/**
 * The one ordered loop from the log to the actors. For every entry, in this order, and nothing else in between:
 *
 * 1. read      from the id after the last applied one, never from "now"
 * 2. decode    strictly; what cannot be read goes to the dead-letter stream and the loop goes on
 * 3. dedup     an entry at or below the last applied id ends here
 * 4. fold      candidate actors, standing, notification rows, users' cartridges
 * 5. record    the position
 * 6. notify    whoever waits for an entry or for a change
 *
 * An entry of a newer version, or an unknown type of the integration and deployment families, stops the fold: what
 * this program does not understand it must not act on.
 */
import type { EventLog, LogEntry } from '../io/redis/log.ts';
import type { EventCatalogue } from '../machines/events.ts';
import { readEntry } from '../machines/events.ts';
import type { CandidateRecord, Change } from './candidate-record.ts';
import type { NotificationBoard } from './notifications.ts';
import { compareIds, type Pipeline, type PipelineEvent } from './pipeline.ts';
import type { Repository } from './repository.ts';

/** Entries of one page; a page of the largest events is 250 MiB, of usual ones 300 KiB. */
const PAGE_ENTRIES = 1000;
/** How long one blocking read lasts before it is made again, ms. */
const BLOCK_MS = 5000;

export interface DispatcherOptions {
  log: EventLog;
  catalogue: EventCatalogue;
  repository: Repository;
  notifications: NotificationBoard;
  pipeline: Pipeline;
  /** A reader that only looks buries nothing. */
  readOnly?: boolean;
  /** The last entry the given repository has applied already; '0' for a fresh one. */
  appliedId?: string;
  onCandidateReady?(record: CandidateRecord): void;
  spawnIntegrator?(slug: string, branch: string, sha: string): void;
  /** Called after each applied entry. */
  onApplied?(event: PipelineEvent, changes: readonly Change[]): void;
  onDead?(entryId: string, reason: string): void;
}

/** Told of each entry behind the last applied one, read or not, with the steps that candidates took. Never throws. */
export type Watcher = (entry: LogEntry, changes: readonly Change[]) => void;

/** What a long-lived follower adds to following. */
export interface FollowCare {
  /** Asked after every pause, before anything is applied; false ends the following. */
  isIntact?(): Promise<boolean>;
  /** Nothing came for a while. */
  onIdle?(): Promise<void>;
}

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #watchers = new Set<Watcher>();
  #appliedId: string;
  #applied = 0;
  #stale: { id: string; type: string } | null = null;
  #frozen = false;
  #turn: Promise<void> = Promise.resolve();

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#appliedId = options.appliedId ?? '0';
  }

  /** Id of the last applied entry. */
  get appliedId(): string {
    return this.#appliedId;
  }

  /** Entries applied by this dispatcher. */
  get applied(): number {
    return this.#applied;
  }

  /** The entry at which the fold stopped because this version cannot read it. */
  get stale(): { id: string; type: string } | null {
    return this.#stale;
  }

  /** Applies nothing any more: the log is not the one that was followed. */
  freeze(): void {
    this.#frozen = true;
  }

  /** From now on `watcher` is told of every entry; gives what ends that. */
  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** Runs `work` between two entries, when what was applied and the recorded position agree. */
  between(work: () => void): Promise<void> {
    return this.#inTurn(async () => work());
  }

  /** Applies everything in the log up to `until` (default: its end). Calls are served one after the other. */
  catchUp(until?: string): Promise<void> {
    return this.#inTurn(async () => {
      for (;;) {
        if (this.#stale || this.#frozen || (until !== undefined && compareIds(this.#appliedId, until) >= 0)) return;
        const page = await this.#options.log.read(this.#appliedId, PAGE_ENTRIES);
        await this.#ingest(until === undefined ? page : page.filter(({ id }) => compareIds(id, until) <= 0));
        if (page.length < PAGE_ENTRIES) return;
      }
    });
  }

  /** Follows the log until `signal` aborts. A failed read is given to `onError`, which waits as long as it likes. */
  async follow(signal: AbortSignal, onError: (error: unknown) => Promise<void>, care: FollowCare = {}): Promise<void> {
    while (!signal.aborted && !this.#stale && !this.#frozen) {
      try {
        const entries = await this.#options.log.wait(this.#appliedId, BLOCK_MS, signal);
        if (signal.aborted || (care.isIntact && !(await care.isIntact()))) return;
        if (entries.length > 0) await this.#inTurn(() => this.#ingest(entries));
        else await care.onIdle?.();
      } catch (error) {
        if (signal.aborted) return;
        await onError(error);
      }
    }
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #ingest(entries: readonly LogEntry[]): Promise<void> {
    const { repository, notifications, pipeline } = this.#options;
    for (const entry of entries) {
      if (compareIds(entry.id, this.#appliedId) <= 0) continue;
      const read = this.#decode(entry);
      if (read.kind === 'stale') {
        this.#stale = { id: entry.id, type: read.type };
        return;
      }
      if (read.kind === 'dead') {
        await this.#bury(entry, read.reason);
      } else {
        const rejections: string[] = [];
        await pipeline.run(read.event, {
          repository,
          notifications,
          appliedId: this.#appliedId,
          onCandidateReady: (record) => {
            this.#options.onCandidateReady?.(record);
            const { slug, branch, sha } = record.context;
            this.#options.spawnIntegrator?.(slug, branch, sha);
          },
          spawnIntegrator: (slug, branch, sha) => this.#options.spawnIntegrator?.(slug, branch, sha),
          reject: (reason) => rejections.push(reason),
        });
        for (const reason of rejections) await this.#bury(entry, reason);
      }
      this.#appliedId = entry.id;
      this.#applied += 1;
      const noted = read.kind === 'event' ? read.event.annotations.get('changes') : undefined;
      const changes = (noted as Change[] | undefined) ?? [];
      if (read.kind === 'event') this.#options.onApplied?.(read.event, changes);
      for (const watcher of this.#watchers) watcher(entry, changes);
    }
  }

  #decode(
    entry: LogEntry,
  ): { kind: 'event'; event: PipelineEvent } | { kind: 'dead'; reason: string } | { kind: 'stale'; type: string } {
    const read = readEntry(this.#options.catalogue, entry.id, entry.fields);
    if (read.kind === 'newer') return { kind: 'stale', type: read.type };
    if (read.kind === 'malformed') return { kind: 'dead', reason: inWords(read.problems) };
    const event: PipelineEvent = {
      id: entry.id,
      envelope: read.envelope,
      schema: read.kind === 'unregistered' ? null : read.schema,
      domain: read.kind === 'event' ? read.event : null,
      annotations: new Map(),
    };
    return { kind: 'event', event };
  }

  async #bury(entry: LogEntry, reason: string): Promise<void> {
    this.#options.notifications.deadLetter(entry.id, reason);
    if (this.#options.readOnly) return;
    if (await this.#options.log.bury(entry.id, reason, entry.fields)) this.#options.onDead?.(entry.id, reason);
  }
}

const inWords = (problems: readonly { path: string; message: string }[]): string =>
  problems.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; ');
