/**
 * When the remote is asked: at a fixed interval about every candidate that is not over, and at once about those an
 * event concerns. One look at a time; what is wanted meanwhile is asked in the next. Never decides what a fact means.
 */
import type { Clock } from '../io/clock.ts';
import type { IntegrationRepository, RemoteView } from '../io/git/port.ts';
import type { CandidateRecord } from './candidate-record.ts';
import type { PipelineEvent } from './pipeline.ts';
import type { Prober } from './prober.ts';
import type { Repository } from './repository.ts';

export interface ProbeLoopOptions {
  clock: Clock;
  repository: Repository;
  git: IntegrationRepository;
  prober: Prober;
  /** Pause between looks at everything, ms; asked before each. */
  intervalMs(): number;
  report(message: string, details: Record<string, unknown>): void;
  /** The remote answers again after it did not. */
  onReachable(): void;
  /** The remote is looked at although nothing waits: in shadow another path moves main, and the radar wants its branches. */
  watches(): boolean;
  onSeen(view: RemoteView): void;
}

export class ProbeLoop {
  readonly #options: ProbeLoopOptions;
  readonly #stopping = new AbortController();
  /** Ids of candidates to ask about in the next look. */
  #wanted = new Set<string>();
  #all = false;
  /** Somebody pushed: a look is wanted, whatever it is about. */
  #pushed = false;
  #running: Promise<void> | null = null;
  #timer: unknown = null;
  #reachable = true;

  constructor(options: ProbeLoopOptions) {
    this.#options = options;
  }

  /** Asks about all candidates, now and from now on. */
  start(): void {
    this.#all = true;
    this.#go();
  }

  /** Wants the candidates that an applied event concerns. */
  applied({ domain }: PipelineEvent): void {
    const { repository } = this.#options;
    switch (domain?.type) {
      case 'deployment.started':
      case 'review.approved':
      case 'review.changes_requested':
      case 'integration.candidate.resumed':
        this.#want(repository.ofSlug(domain.payload.slug));
        return;
      case 'branch.pushed':
        this.#pushed = true;
        this.#want(repository.live().filter(({ context }) => context.branch === domain.payload.branch));
        return;
      case 'deployment.completed':
        this.#want(
          repository.live().filter(({ context }) => context.facts?.undelivered.includes(domain.payload.slug) === true),
        );
        return;
      default:
    }
  }

  /** Ends the question in hand and asks no more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    if (this.#timer !== null) this.#options.clock.clearTimeout(this.#timer as never);
    await this.#running;
  }

  #want(records: readonly CandidateRecord[]): void {
    for (const record of records) if (isOpen(record)) this.#wanted.add(record.id);
    if (this.#wanted.size > 0 || (this.#pushed && this.#options.watches())) this.#go();
  }

  #go(): void {
    if (this.#running || this.#stopping.signal.aborted) return;
    const { clock } = this.#options;
    if (this.#timer !== null) clock.clearTimeout(this.#timer as never);
    this.#timer = null;
    this.#running = this.#drain()
      .catch((error: unknown) => this.#options.report('the remote could not be asked', { error: String(error) }))
      .finally(() => {
        this.#running = null;
        if (this.#stopping.signal.aborted) return;
        this.#timer = clock.setTimeout(() => this.start(), this.#options.intervalMs());
      });
  }

  async #drain(): Promise<void> {
    const { repository, git, prober, report, onReachable, watches, onSeen } = this.#options;
    while ((this.#all || this.#pushed || this.#wanted.size > 0) && !this.#stopping.signal.aborted) {
      const wanted = this.#wanted;
      const records = repository.live().filter((record) => isOpen(record) && (this.#all || wanted.has(record.id)));
      const isWatching = (this.#all || this.#pushed) && watches();
      this.#all = false;
      this.#pushed = false;
      this.#wanted = new Set();
      if (records.length === 0 && this.#reachable && !isWatching) continue;
      const look = await git.look(this.#stopping.signal);
      const result = look.kind === 'seen' ? await prober.probe(records, look.view) : look;
      if (this.#stopping.signal.aborted) return;
      const reachable = result.kind === 'probed';
      if (!reachable && this.#reachable) report('the remote does not answer', { detail: result.detail });
      if (reachable && !this.#reachable) {
        report('the remote answers again', {});
        onReachable();
      }
      this.#reachable = reachable;
      if (look.kind === 'seen') onSeen(look.view);
      // The next look at everything asks again.
      if (!reachable) return;
    }
  }
}

/** A session asks about what it has in hand by itself. */
function isOpen({ state }: CandidateRecord): boolean {
  return state === 'pending' || state === 'ready' || state === 'blocked';
}
