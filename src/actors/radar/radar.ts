/**
 * The daemon's radar: after each look at the remote it compares what moved, and tells the log what is foreseen of each
 * branch when that is other than what was told. Works in short steps with pauses between them, longer ones while a session
 * runs, and ends at once when it is asked to. Never decides what counts as news, and moves nothing.
 *
 * Invariant: nothing waits for it; what fails here is reported once and tried again with the next look.
 */
import { sleep } from '../../io/clock.ts';
import type { IntegrationRepository, RemoteView } from '../../io/git/port.ts';
import { clearedOf, type Foreseen, newsOf } from '../../machines/radar.ts';
import type { Host } from '../host.ts';
import type { Report } from '../steward.ts';
import { aim, type Target } from './aim.ts';
import { Survey } from './survey.ts';

/** How long it merges at a stretch, ms. */
const STEP_MS = 200;
/** How often the first conflicts of a long comparison are told before its end, ms. */
const TELL_MS = 5000;
/** Its pause, as a multiple of the time it took: less than a tenth of the machine while a session runs. */
const REST = 1;
const REST_IN_SESSION = 12;
const REST_MAX_MS = 5000;
/** Branches whose moves are remembered. */
const MOVES_MAX = 5000;

export interface RadarOptions {
  host: Host;
  git: IntegrationRepository;
  /** Name of the main branch. */
  main: string;
  isOn(): boolean;
  /** A session runs in this process. */
  isBusy(): boolean;
  /** The log may be written to. */
  mayTell(): boolean;
  report: Pick<Report, 'info' | 'warn'>;
}

export class Radar {
  readonly #options: RadarOptions;
  readonly #survey: Survey;
  readonly #stopping = new AbortController();
  /** Branch -> its head as seen last, and when it was seen to move, seconds since the epoch. */
  readonly #moves = new Map<string, { sha: string; at: number | undefined }>();
  #view: RemoteView | null = null;
  #running: Promise<void> | null = null;
  /** All that the last whole comparison was about. */
  #done = '';
  /** What is being compared; empty while nothing is. */
  #comparing = '';
  #toldAt = 0;
  #isFailing = false;

  constructor(options: RadarOptions) {
    this.#options = options;
    this.#survey = new Survey(options.git, options.host.clock);
  }

  /** The remote was looked at: what moved is compared soon. Returns at once. */
  seen(view: RemoteView): void {
    if (!this.#options.isOn() || this.#stopping.signal.aborted) return;
    this.#noteMoves(view);
    const about = this.#about(view);
    if (about === this.#comparing || about === this.#done) return;
    this.#view = { ...view, heads: new Map(view.heads) };
    this.#running ??= this.#drain().finally(() => {
      this.#running = null;
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #drain(): Promise<void> {
    const { report } = this.#options;
    while (this.#view && !this.#stopping.signal.aborted) {
      const view = this.#view;
      this.#view = null;
      this.#comparing = this.#about(view);
      try {
        await this.#compare(view, this.#comparing);
        this.#isFailing = false;
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        if (!this.#isFailing) report.warn('branches could not be compared', { error: String(error) });
        this.#isFailing = true;
      }
      this.#comparing = '';
    }
  }

  async #compare(view: RemoteView, about: string): Promise<void> {
    const { host, git, main: mainBranch, isBusy, report } = this.#options;
    const { signal } = this.#stopping;
    const startedAt = host.clock.monotonic();
    const movedAt = (branch: string) => this.#moves.get(branch)?.at;
    const mayFetch = () => !isBusy();
    const target = await aim({ git, repository: host.repository, mainBranch, movedAt, signal, mayFetch }, view);
    if (target === null || signal.aborted) return;
    await this.#survey.aimAt(target);
    for (;;) {
      const before = host.clock.monotonic();
      const isDone = await this.#survey.step(STEP_MS, signal);
      if (signal.aborted) return;
      if (isDone || before - this.#toldAt > TELL_MS) {
        this.#toldAt = before;
        if (!(await this.#tell(target, view))) return;
      }
      if (isDone) break;
      // Something moved meanwhile: what is known by now stays known.
      if (this.#view) return;
      const took = host.clock.monotonic() - before;
      await sleep(host.clock, Math.min(REST_MAX_MS, took * (isBusy() ? REST_IN_SESSION : REST)), signal);
    }
    // A branch whose commit did not come is looked for again.
    if (target.isWhole) this.#done = about;
    report.info('branches were compared', {
      branches: target.nodes.length,
      left_out: target.leftOut,
      merges: this.#survey.merges,
      duration_ms: Math.round(host.clock.monotonic() - startedAt),
    });
  }

  /** Tells what is other than what was told. False when nothing may be told any more. */
  async #tell(target: Target, view: RemoteView): Promise<boolean> {
    const { host, mayTell } = this.#options;
    const { radar } = host.repository;
    const sightings = this.#survey.sightings();
    for (const sighting of sightings) {
      if (!mayTell() || this.#stopping.signal.aborted) return false;
      const { branch } = sighting;
      const told = radar.of(branch);
      const news = newsOf(told, sighting);
      const previous = radar.lastOf(branch);
      if (news?.kind === 'foreseen')
        await host.producer.emit('integration.conflict.foreseen', { ...news.payload, previous });
      else if (news && told)
        await host.producer.emit('integration.conflict.cleared', { ...clearedOf(told, 'clean'), previous });
    }
    const here = new Set(sightings.map(({ branch }) => branch));
    for (const told of radar.rows) {
      const head = view.heads.get(told.branch);
      if (here.has(told.branch)) continue;
      if (!mayTell()) return false;
      const isOnMain = head === undefined ? await this.#landed(told, target.main) : this.#isOnMain(head, view);
      if (head !== undefined && !isOnMain) continue;
      const reason = isOnMain ? 'delivered' : 'gone';
      const previous = radar.lastOf(told.branch);
      await host.producer.emit('integration.conflict.cleared', { ...clearedOf(told, reason), previous });
    }
    await host.dispatcher.catchUp();
    return true;
  }

  #isOnMain(head: string, { main }: RemoteView): boolean {
    return head === main || this.#survey.isMerged(head);
  }

  /** Whether what was told of a branch that is gone has come to main, in one commit perhaps. */
  async #landed({ branch, sha }: Foreseen, main: string): Promise<boolean> {
    const { git, host } = this.#options;
    for (const { state, context } of host.repository.records())
      if (state === 'completed' && context.branch === branch && context.sha === sha) return true;
    return (await git.ancestry(sha, main)) === 'yes';
  }

  #noteMoves({ heads }: RemoteView): void {
    const isFirst = this.#moves.size === 0;
    const at = this.#options.host.clock.now() / 1000;
    for (const [branch, sha] of heads) {
      const known = this.#moves.get(branch);
      if (known?.sha === sha) continue;
      this.#moves.delete(branch);
      this.#moves.set(branch, { sha, at: isFirst ? undefined : at });
    }
    for (const branch of this.#moves.keys()) {
      if (this.#moves.size <= MOVES_MAX) return;
      this.#moves.delete(branch);
    }
  }

  /** Everything a comparison depends on, as one text. */
  #about({ main, heads }: RemoteView): string {
    const { repository } = this.#options.host;
    const queue = repository.queue.map(({ id }) => id);
    const inHand = repository.live().filter(({ state }) => state === 'integrating');
    return JSON.stringify([main, [...heads], queue, inHand.map(({ id }) => id)]);
  }
}
